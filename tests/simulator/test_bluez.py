"""What `scripts/bluez-campaign` boots a machine with; the campaign itself needs other people's packages."""

import lzma
from pathlib import Path

import pytest

from simulator.bluez.boot import Share, initramfs, modules_in_order
from simulator.bluez.guest import packets

RESET = bytes.fromhex("01030c00")
DATA = bytes.fromhex("02400004000000040a")
EVENT = bytes.fromhex("040e0401030c00")
ISO = bytes.fromhex("05000002000102")


def module(*dependencies: str) -> bytes:
    """Return as much of a module as is read."""
    return b"\x7fELF\0license=GPL\0depends=" + ",".join(dependencies).encode() + b"\0name=x\0"


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """Modules as two releases of Debian have them, and busybox."""
    folder = tmp_path / "usr" / "lib" / "modules" / "6.1" / "kernel"
    folder.mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "busybox").write_bytes(b"busybox")
    (folder / "bluetooth.ko").write_bytes(module("rfkill", "ecdh_generic"))
    (folder / "hci_vhci.ko.xz").write_bytes(lzma.compress(module("bluetooth")))
    (folder / "rfkill.ko").write_bytes(module())
    (folder / "ecdh_generic.ko").write_bytes(module("ecc"))
    (folder / "ecc.ko").write_bytes(module())
    (folder / "other.ko").write_bytes(module("rfkill"))
    return tmp_path


def test_packets_are_cut_out_wherever_they_were_cut() -> None:
    stream = RESET + DATA + EVENT + ISO
    received = bytearray()
    found: list[bytes] = []
    for byte in stream:
        received.append(byte)
        found += packets(received)
    assert found == [RESET, DATA, EVENT, ISO]
    received = bytearray(stream + RESET[:2])
    assert list(packets(received)) == [RESET, DATA, EVENT, ISO]
    assert received == RESET[:2]


def test_what_is_no_packet() -> None:
    with pytest.raises(ValueError, match="0x2a"):
        list(packets(bytearray(b"*")))


def test_modules_come_after_those_that_they_need(kernel: Path) -> None:
    """What is named and not there is built into the kernel."""
    modules = modules_in_order(kernel, ("hci_vhci", "virtio_pci", "bluetooth"))
    assert list(modules) == ["rfkill.ko", "ecc.ko", "ecdh_generic.ko", "bluetooth.ko", "hci_vhci.ko"]
    assert modules["hci_vhci.ko"] == module("bluetooth")


def unpacked(archive: bytes) -> dict[str, bytes]:
    """Return the files of an archive as the kernel reads it (buffer-format.rst in its documentation)."""
    files: dict[str, bytes] = {}
    at = 0
    while True:
        assert archive[at : at + 6] == b"070701"
        fields = [int(archive[at + 6 + 8 * field : at + 14 + 8 * field], 16) for field in range(13)]
        size, length = fields[6], fields[11]
        name = archive[at + 110 : at + 110 + length]
        assert name.endswith(b"\0")
        start = (at + 110 + length + 3) // 4 * 4
        if name == b"TRAILER!!!\0":
            return files
        files[name[:-1].decode()] = archive[start : start + size]
        at = (start + size + 3) // 4 * 4


def test_the_kernel_can_unpack_what_it_is_given(kernel: Path) -> None:
    share = Share(folder=Path("/srv/with space"), command=("/usr/bin/python", "guest.py"))
    files = unpacked(initramfs(kernel, share))
    assert files["bin/busybox"] == b"busybox"
    assert files["modules/hci_vhci.ko"] == module("bluetooth")
    script = files["init"].decode()
    assert script.index("insmod /modules/bluetooth.ko") < script.index("insmod /modules/hci_vhci.ko")
    assert "/root'/srv/with space'" in script
    assert script.splitlines()[-1] == "exec busybox switch_root /root /usr/bin/python guest.py"
