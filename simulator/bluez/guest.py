"""The first process in the virtual machine: carries a Bluetooth controller in, and runs programs on request.

It is started as a file with nothing but the standard library. Two virtio ports lead out of the machine. "hci" carries
the packets of a controller (UART framing: Bluetooth Core, Vol 4, Part A) to `/dev/vhci`; the controller is plugged in
for as long as somebody holds the other end. "control" carries one JSON object a line in each direction.
"""

from collections.abc import Iterator
import contextlib
import json
import os
from pathlib import Path
import select
import signal
import subprocess
import sys
import threading
import time
from typing import Any, BinaryIO, Final

# Packet type: size of the header that follows, offset and size of the length in it.
_PACKETS: Final = {1: (3, 2, 1), 2: (4, 2, 2), 3: (3, 2, 1), 4: (2, 1, 1), 5: (4, 2, 2)}

# drivers/bluetooth/hci_vhci.c: a packet of this type makes the controller (of the type "primary") and reports it.
_VENDOR: Final = 0xFF
_PRIMARY: Final = 0x00

_CHUNK: Final = 4096


def packets(buffer: bytearray) -> Iterator[bytes]:
    """Take the whole packets out of what has been received. Raises ValueError if it is none."""
    while buffer:
        if buffer[0] not in _PACKETS:
            raise ValueError(f"no packet begins with {buffer[0]:#04x}")
        header, offset, size = _PACKETS[buffer[0]]
        if len(buffer) < 1 + header:
            return
        start = 1 + offset
        length = 1 + header + int.from_bytes(buffer[start : start + size], "little")
        if len(buffer) < length:
            return
        yield bytes(buffer[:length])
        del buffer[:length]


def _port(name: str) -> str:
    """Return the device file of a virtio port."""
    for port in Path("/sys/class/virtio-ports").iterdir():
        if (port / "name").read_text(encoding="ascii").strip() == name:
            return f"/dev/{port.name}"
    raise FileNotFoundError(f"there is no port {name}")


def carry(line: int, controller: int) -> None:
    """Carry packets between the port and the controller until the other end of the port is gone."""
    poll = select.poll()
    poll.register(line, select.POLLIN)
    poll.register(controller, select.POLLIN)
    received = bytearray()
    while True:
        ready = dict(poll.poll())
        if ready.get(line, 0) & select.POLLHUP:
            return
        if ready.get(line, 0) & select.POLLIN:
            if not (data := os.read(line, _CHUNK)):
                return
            received += data
            for packet in packets(received):
                os.write(controller, packet)
        if ready.get(controller, 0) & select.POLLIN:
            packet = os.read(controller, _CHUNK)
            if packet[0] != _VENDOR:
                while packet:
                    packet = packet[os.write(line, packet) :]


def plug() -> None:
    """Plug the controller in whenever somebody holds the other end of the port, for ever."""
    line = os.open(_port("hci"), os.O_RDWR)
    poll = select.poll()
    poll.register(line, 0)
    while True:
        while any(event & select.POLLHUP for _, event in poll.poll(0)):
            time.sleep(0.1)
        controller = os.open("/dev/vhci", os.O_RDWR)
        try:
            os.write(controller, bytes([_VENDOR, _PRIMARY]))
            carry(line, controller)
        finally:
            os.close(controller)


class Control:
    """Does what is asked for on the control port."""

    def __init__(self, port: BinaryIO) -> None:
        """Answer on a port that is open for reading and writing."""
        self._port = port
        self._writing = threading.Lock()
        self._programs: dict[str, subprocess.Popen[bytes]] = {}

    def serve(self) -> None:
        """Do what is asked for until the other end is gone."""
        self._report(ready=os.uname().release)
        while line := self._port.readline():
            request = json.loads(line)
            try:
                result = getattr(self, f"do_{request.pop('do')}")(**request["with"])
            except (OSError, KeyError, subprocess.SubprocessError) as error:
                self._report(id=request["id"], error=f"{type(error).__name__}: {error}")
            else:
                self._report(id=request["id"], result=result)

    def do_start(self, *, name: str, argv: list[str], env: dict[str, str], log: str) -> int:
        """Start a program, whose end is reported. Returns the process id."""
        with Path(log).open("ab") as output:
            program = subprocess.Popen(
                argv,
                env=env,
                cwd="/run",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._programs[name] = program
        threading.Thread(target=self._wait, args=(name, program), daemon=True).start()
        return program.pid

    def do_signal(self, *, name: str, number: int) -> None:
        """Send a signal to a program."""
        self._programs[name].send_signal(signal.Signals(number))

    def do_run(self, *, argv: list[str], env: dict[str, str]) -> str:
        """Run a program to its end and return what it printed."""
        return subprocess.run(
            argv,
            env=env,
            cwd="/run",
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
        ).stdout.decode(errors="replace")

    def _wait(self, name: str, program: subprocess.Popen[bytes]) -> None:
        self._report(ended=name, pid=program.pid, code=program.wait())

    def _report(self, **message: Any) -> None:
        with self._writing, contextlib.suppress(OSError):
            self._port.write(json.dumps(message).encode() + b"\n")


def main() -> None:
    """Run until the other end of the control port is gone; the machine ends with its first process."""
    threading.Thread(target=plug, daemon=True).start()
    with open(_port("control"), "r+b", buffering=0) as port:  # noqa: PTH123 - cannot be looked for by seeking
        Control(port).serve()


if __name__ == "__main__":
    main()
    sys.exit()
