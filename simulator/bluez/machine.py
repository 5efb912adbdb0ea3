"""A virtual machine with a Linux kernel, D-Bus and `bluetoothd`; its programs come from this machine's own disk.

The root is this machine's, read-only, so that the Python environment of the checkout works inside, too. Everything
is emulated (no KVM needed, one processor), nothing is installed, and the machine reaches no network: a port of the
loopback interface leads to the web server inside, and that is all.
"""

import asyncio
from collections.abc import Sequence
import contextlib
import json
import os
from pathlib import Path
import shutil
import signal
import tempfile
import time
from typing import Any, Final, Self, override

from simulator.bluez.boot import ADDRESS, Share, initramfs
from simulator.home_assistant.process import Program, die_with_parent

__all__ = ["Machine", "MachineError", "MachineProgram"]

CHECKOUT: Final = Path(__file__).resolve().parents[2]
GUEST: Final = Path(__file__).with_name("guest.py")
LIBRARIES: Final = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")
LOADER: Final = "ld-linux-x86-64.so.2"

MEMORY: Final = "1200M"
# Seconds. Emulation is slow, and slower still beside others.
BOOT_TIMEOUT: Final = 300.0
REQUEST_TIMEOUT: Final = 120.0
END_TIMEOUT: Final = 60.0

BUS_SOCKET: Final = "/run/dbus/system_bus_socket"
BUS: Final = f"unix:path={BUS_SOCKET}"
BUS_CONFIGURATION: Final = f"""\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>{BUS}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""

# `main.conf` of BlueZ. Home Assistant's own system has both parts (home-assistant/operating-system, etc/bluetooth), and
# Home Assistant scans passively if interfaces that are experimental are there.
SETTINGS: Final = "[Policy]\nAutoEnable=true\n"
PASSIVE: Final = "[General]\nExperimental=true\nTemporaryTimeout=195\n"


class MachineError(Exception):
    """The machine did not do what was asked of it."""


class Machine:
    """One virtual machine. Use it with `async with`.

    Attributes:
        folder: What the machine may write to, by the same path inside.
        kernel: Release of its kernel, once it runs.
        boot_seconds: How long it took to boot.
        controller: Socket at which somebody may plug in a Bluetooth controller.
        web_port: TCP port of the loopback interface that leads to the same one inside.
    """

    def __init__(self, *, packages: Path, folder: Path, web_port: int, passive: bool = False) -> None:
        """Plan a machine.

        Args:
            packages: The folder that `unpack-bluez` has filled.
            folder: What the machine may write to.
            web_port: TCP port of the loopback interface.
            passive: Whether `bluetoothd` lets Home Assistant scan passively, as on Home Assistant's own system.
        """
        self.folder = folder
        self.kernel = ""
        self.boot_seconds = 0.0
        self.web_port = web_port
        self._settings = PASSIVE + SETTINGS if passive else SETTINGS
        self._host, self._guest = packages / "host", packages / "guest"
        # The path of a socket must be short.
        self._sockets = Path(tempfile.mkdtemp(prefix="bluez-"))
        self.controller = self._sockets / "hci"
        self._qemu: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._requests = 0
        self._running: dict[int, MachineProgram] = {}

    async def __aenter__(self) -> Self:
        """Boot. Raises MachineError."""
        try:
            await self._boot()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Switch off."""
        await self.stop()

    async def _boot(self) -> None:
        begin = time.monotonic()
        root = self.folder / "initramfs"
        command = (str(CHECKOUT / ".cache" / "venv" / "bin" / "python"), "-I", str(GUEST))
        root.write_bytes(initramfs(self._guest, Share(folder=self.folder, command=command)))
        (self.folder / "bus.conf").write_text(BUS_CONFIGURATION, encoding="ascii")
        (self.folder / "main.conf").write_text(self._settings, encoding="ascii")
        self._qemu = await asyncio.create_subprocess_exec(
            *self._command(root),
            env=os.environ | {"LD_LIBRARY_PATH": _libraries(self._host)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=(self.folder / "qemu.log").open("wb"),
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(os.getpid()),
        )
        try:
            async with asyncio.timeout(BOOT_TIMEOUT):
                reader = await self._connect()
                self._reading = asyncio.create_task(self._read(reader))
                ready = asyncio.create_task(self._ready.wait())
                await asyncio.wait((ready, self._reading), return_when=asyncio.FIRST_COMPLETED)
            ready.cancel()
            if self._reading.done():
                raise MachineError(f"The machine has ended. {self.console()}")
        except TimeoutError:
            raise MachineError(f"The machine did not boot. {self.console()}") from None
        self.boot_seconds = time.monotonic() - begin

    def _command(self, root: Path) -> list[str]:
        share, qemu = self._host / "usr" / "share", self._host / "usr" / "bin" / "qemu-system-x86_64"
        firmware = [argument for name in ("qemu", "seabios") for argument in ("-L", str(share / name))]
        ports = [
            argument
            for name in ("hci", "control")
            for argument in (
                *("-chardev", f"socket,id={name},path={self._sockets / name},server=on,wait=off"),
                *("-device", f"virtserialport,chardev={name},name={name}"),
            )
        ]
        return [
            *("nice", str(qemu), *firmware),
            *("-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
            *("-machine", "pc,accel=tcg", "-cpu", "max", "-smp", "1", "-m", MEMORY),
            *("-kernel", str(self._guest / "vmlinuz"), "-initrd", str(root)),
            *("-append", "console=ttyS0 quiet panic=-1 mitigations=off nokaslr random.trust_cpu=on"),
            *("-serial", f"file:{self.folder / 'console.log'}"),
            *(
                "-virtfs",
                "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap",
            ),
            *("-virtfs", f"local,path={self.folder},mount_tag=share,security_model=none"),
            *("-device", "virtio-serial-pci", *ports),
            "-netdev",
            f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.web_port}-{ADDRESS}:{self.web_port}",
            *("-device", "virtio-net-pci,netdev=net,romfile="),
        ]

    async def _connect(self) -> asyncio.StreamReader:
        while True:
            if self._qemu is not None and self._qemu.returncode is not None:
                raise MachineError(f"QEMU ended. {(self.folder / 'qemu.log').read_text(errors='replace')}")
            with contextlib.suppress(OSError):
                reader, self._writer = await asyncio.open_unix_connection(self._sockets / "control")
                return reader
            await asyncio.sleep(0.1)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            message = json.loads(line)
            if "ready" in message:
                self.kernel = message["ready"]
                self._ready.set()
            elif "ended" in message:
                if program := self._running.pop(message["pid"], None):
                    program.ended(message["code"])
            elif answer := self._answers.pop(message["id"], None):
                if "error" in message:
                    answer.set_exception(MachineError(message["error"]))
                else:
                    answer.set_result(message["result"])
        for answer in self._answers.values():
            answer.set_exception(MachineError(f"The machine has ended. {self.console()}"))
        for program in self._running.values():
            program.ended(-signal.SIGKILL)

    def ask(self, do: str, /, **arguments: Any) -> asyncio.Future[Any]:
        """Have `guest.py` do something; the future is its result or a MachineError."""
        answer = asyncio.get_running_loop().create_future()
        if self._writer is None or self._reading is None or self._reading.done():
            answer.set_exception(MachineError("the machine does not run"))
            return answer
        self._requests += 1
        self._answers[self._requests] = answer
        request = {"id": self._requests, "do": do, "with": arguments}
        self._writer.write(json.dumps(request).encode() + b"\n")
        return answer

    async def start(self, name: str, argv: Sequence[str], *, log: Path | None = None) -> MachineProgram:
        """Start a program; its output goes to `log`, or else to `folder / (name + ".log")`."""
        output = str(log or self.folder / f"{name}.log")
        async with asyncio.timeout(REQUEST_TIMEOUT):
            pid = await self.ask("start", name=name, argv=list(argv), env=self._environment(), log=output)
        program = self._running[pid] = MachineProgram(self, name, pid)
        return program

    async def run(self, *argv: str) -> str:
        """Run a program to its end and return its output. Raises MachineError."""
        async with asyncio.timeout(REQUEST_TIMEOUT):
            printed: str = await self.ask("run", argv=list(argv), env=self._environment())
        return printed

    async def start_bus(self) -> MachineProgram:
        """Start D-Bus, as the system's bus, and wait until it takes connections."""
        daemon = self.program("usr/bin/dbus-daemon")
        bus = await self.start(
            "dbus", [*daemon, f"--config-file={self.folder / 'bus.conf'}", "--nofork", "--nopidfile"]
        )
        await self.run("/bin/sh", "-c", f"until test -S {BUS_SOCKET}; do sleep 0.1; done")
        return bus

    async def start_bluetoothd(self, *options: str) -> MachineProgram:
        """Start `bluetoothd`, which switches adapters on as that of Home Assistant's own system does."""
        settings = f"--configfile={self.folder / 'main.conf'}"
        return await self.start("bluetoothd", [*self.bluetoothd, "--nodetach", settings, *options])

    @property
    def bluetoothd(self) -> list[str]:
        """The command of `bluetoothd`, which has moved between Debian's releases."""
        return self.program("usr/libexec/bluetooth/bluetoothd", "usr/lib/bluetooth/bluetoothd")

    def program(self, *places: str) -> list[str]:
        """Return the command of a program of the packages: the first place where it is, by their own loader."""
        program = next(self._guest / place for place in places if (self._guest / place).exists())
        loader = next(
            self._guest / place / LOADER for place in LIBRARIES if (self._guest / place / LOADER).exists()
        )
        return [str(loader), "--library-path", _libraries(self._guest), str(program)]

    def console(self) -> str:
        """Return the last lines of the machine's console."""
        log = self.folder / "console.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return "\n".join(["The last lines of its console:", *lines[-20:]])

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": "/run",
            "TMPDIR": "/run/tmp",
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "DBUS_SYSTEM_BUS_ADDRESS": BUS,
        }

    async def stop(self) -> None:
        """Switch off; what runs inside ends at once."""
        if self._writer is not None:
            self._writer.close()
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
        if self._qemu is not None and self._qemu.returncode is None:
            self._qemu.kill()
            await self._qemu.wait()
        shutil.rmtree(self._sockets, ignore_errors=True)


def _libraries(packages: Path) -> str:
    return ":".join(str(packages / folder) for folder in LIBRARIES)


class MachineProgram(Program):
    """A program that runs in the machine, to be handled like a process of this one."""

    def __init__(self, machine: Machine, name: str, pid: int) -> None:
        """Handle a program that was started under this name."""
        self._pid = pid
        self._returncode: int | None = None
        self._machine = machine
        self._name = name
        self._ended = asyncio.Event()

    def ended(self, code: int) -> None:
        """Take note of its end."""
        self._returncode = code
        self._ended.set()

    @property
    @override
    def pid(self) -> int:
        """Process id in the machine."""
        return self._pid

    @property
    @override
    def returncode(self) -> int | None:
        """Exit code, None while it runs."""
        return self._returncode

    @override
    def send_signal(self, signal: int) -> None:
        """Send a signal."""
        self._machine.ask("signal", name=self._name, number=int(signal))

    @override
    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    @override
    async def wait(self) -> int:
        """Wait for its end and return its exit code."""
        await self._ended.wait()
        assert self._returncode is not None
        return self._returncode

    async def stop(self, number: int = signal.SIGTERM) -> None:
        """End it with a signal and wait for it. Raises MachineError."""
        self.send_signal(number)
        try:
            async with asyncio.timeout(END_TIMEOUT):
                await self.wait()
        except TimeoutError:
            raise MachineError(f"{self._name} did not end") from None
