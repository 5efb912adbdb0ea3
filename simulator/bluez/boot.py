"""What the machine boots from: the kernel's modules that it needs and a script, packed as the kernel wants it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import lzma
from pathlib import Path
import re
import shlex
from typing import Final

__all__ = ["Share", "initramfs", "modules_in_order"]

# Ciphers first, which others ask for by name and which are tested with each other when they are loaded; then virtio,
# the root over 9p, the network, and Bluetooth.
NEEDED: Final = (
    "sha3_generic",
    "sha512_generic",
    "hmac",
    "ctr",
    "ecb",
    "cmac",
    "jitterentropy_rng",
    "drbg",
    "algif_hash",
    "algif_skcipher",
    "virtio_pci",
    "virtio_console",
    "virtio_net",
    "9pnet_virtio",
    "9p",
    "bluetooth",
    "hci_vhci",
)

# The machine's address in the network that QEMU makes up.
ADDRESS: Final = "10.0.2.15"

_MODULE: Final = re.compile(r"\.ko(\.xz)?$")

SCRIPT: Final = """\
#!/bin/busybox sh
set -e
export PATH=/bin
mount() {{ busybox mount "$@"; }}
mount -t proc proc /proc
{insert}
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=loose,ro host /root
mount -t proc proc /root/proc
mount -t sysfs sys /root/sys
mount -t devtmpfs dev /root/dev
mount -t tmpfs run /root/run
mount -t tmpfs state /root/var/lib
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none,access=any share /root{share}
busybox mkdir -p /root/run/dbus /root/run/tmp
busybox ifconfig lo up
busybox ifconfig eth0 {address} netmask 255.255.255.0 up
exec busybox switch_root /root {command}
"""


@dataclass(frozen=True, kw_only=True)
class Share:
    """What the machine starts with: a folder that it may write to, and its first program."""

    folder: Path
    command: tuple[str, ...]


def initramfs(packages: Path, share: Share) -> bytes:
    """Return the first root file system: an archive of busybox, modules and a script that mounts the real root."""
    modules = modules_in_order(packages, NEEDED)
    script = SCRIPT.format(
        insert="\n".join(f"busybox insmod /modules/{name}" for name in modules),
        share=shlex.quote(str(share.folder)),
        address=ADDRESS,
        command=shlex.join(share.command),
    )
    files = {f"modules/{name}": content for name, content in modules.items()}
    files["bin/busybox"] = next(packages.glob("**/bin/busybox")).read_bytes()
    files["init"] = script.encode()
    return _archive(("bin", "modules", "proc", "root"), files)


def modules_in_order(packages: Path, needed: tuple[str, ...]) -> dict[str, bytes]:
    """Return modules by file name, each after those that it depends on; what the kernel has built in is left out."""
    files = {
        _MODULE.sub("", file.name).replace("-", "_"): file
        for file in packages.glob("**/lib/modules/**/*.ko*")
        if _MODULE.search(file.name)
    }
    found: dict[str, bytes] = {}

    def add(module: str) -> None:
        name = module.replace("-", "_")
        file = files.get(name)
        if file is None or f"{name}.ko" in found:
            return
        content = file.read_bytes()
        if file.suffix == ".xz":
            content = lzma.decompress(content)
        for dependency in _dependencies(content):
            add(dependency)
        found[f"{name}.ko"] = content

    for name in needed:
        add(name)
    return found


def _dependencies(module: bytes) -> list[str]:
    """Return the modules that a module names in its own description."""
    named = re.search(rb"\0depends=([^\0]*)\0", module)
    return [name.decode() for name in named[1].split(b",") if name] if named else []


def _archive(folders: tuple[str, ...], files: Mapping[str, bytes]) -> bytes:
    """Return an archive in the format "newc" of cpio (Documentation/driver-api/early-userspace/buffer-format.rst)."""

    def entries() -> Iterator[bytes]:
        everything = (
            *((folder, 0o040755, b"") for folder in folders),
            *((name, 0o100755, content) for name, content in files.items()),
            ("TRAILER!!!", 0, b""),
        )
        for number, (name, mode, content) in enumerate(everything, 1):
            path = name.encode() + b"\0"
            fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(path), 0)
            yield _padded(b"070701" + b"".join(b"%08X" % field for field in fields) + path)
            yield _padded(content)

    return b"".join(entries())


def _padded(part: bytes) -> bytes:
    return part + bytes(-len(part) % 4)
