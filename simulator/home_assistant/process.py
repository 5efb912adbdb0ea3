"""A real Home Assistant in a process of its own, for the demo and the end-to-end tests.

It gets a config folder that starts nothing but the user interface, and a message bus address that
leads nowhere, so that it neither reaches the network by itself nor touches a Bluetooth adapter of the
machine it runs on. All Bluetooth comes from proxies that are added to it.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
import contextlib
import ctypes
from dataclasses import dataclass, field
from http import HTTPStatus
import json
import os
from pathlib import Path
import random
import signal
import socket
import sys
import time
from typing import IO, Any, Final, Protocol

import aiohttp

from simulator.home_assistant.api import HomeAssistantApi
from simulator.home_assistant.connection import HomeAssistantError, Login

__all__ = ["HomeAssistantProcess", "Program", "die_with_parent", "free_port", "port_is_free"]

HOST: Final = "127.0.0.1"
CHECKOUT: Final = Path(__file__).resolve().parents[2]

INTEGRATION: Final = {"custom_components/smartlock": CHECKOUT / "custom_components" / "smartlock"}

# Seconds. A start takes 5 to 10 s on two cores, a stop one or two; the rest is for a busy machine.
START_TIMEOUT: Final = 120.0
STOP_TIMEOUT: Final = 120.0
POLL_INTERVAL: Final = 0.2

LOG_TAIL_LINES: Final = 30

# Below those that Linux gives to connections and to servers that do not care, at any time and to anybody.
SERVER_PORTS: Final = range(20_000, 32_768)

# linux/prctl.h: the signal a process receives when its parent dies.
PR_SET_PDEATHSIG: Final = 1

# `default_config` would look for devices in the network; this is the part of it that does not.
# Home Assistant complains about a missing country, and would ask the network for the place.
CONFIGURATION: Final = """\
homeassistant:
  name: Home
  country: AT
  currency: EUR
  language: en
  latitude: 47.07
  longitude: 15.44
  elevation: 353
  time_zone: Europe/Vienna
  unit_system: metric
config:
frontend:
logger:
  default: warning
  logs:
    # Missing programs of no concern here.
    haffmpeg: critical
    homeassistant.components.camera.img_util: critical
{logs}"""

# Everything but the owner's account: the step "core_config" starts integrations that need the
# network (a weather service, a text-to-speech service, a radio directory).
ONBOARDING_DONE: Final = ("core_config", "analytics", "integration")


def free_port() -> int:
    """Return a TCP port of the loopback interface that nobody uses, and that nobody else will soon be given."""
    while not port_is_free(port := random.choice(SERVER_PORTS)):
        pass
    return port


def port_is_free(port: int) -> bool:
    """Return whether a server can listen on this TCP port of the loopback interface."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
    return True


# Enabling an entity later sets the whole lock up again, half a minute after.
_ENABLING = """
import sys
from homeassistant.__main__ import main
from homeassistant.helpers.entity import Entity

def enabled(entity):
    description = getattr(entity, "entity_description", None)
    return description is None or description.key in {keys} or description.entity_registry_enabled_default

Entity.entity_registry_enabled_default = property(enabled)
sys.exit(main())
"""


class Program(Protocol):
    """A running program: a process of this machine or of another one."""

    @property
    def pid(self) -> int:
        """Process id."""

    @property
    def returncode(self) -> int | None:
        """Exit code, None while it runs."""

    def send_signal(self, signal: int) -> None:
        """Send a signal."""

    def kill(self) -> None:
        """End it at once."""

    async def wait(self) -> int:
        """Wait for its end and return its exit code."""


@dataclass(kw_only=True)
class HomeAssistantProcess:
    """Prepares, starts, restarts and ends one Home Assistant on 127.0.0.1.

    Attributes:
        config: The config folder; made if it does not exist, used as it is if it does.
        port: TCP port of the web server.
        links: What is linked into the config folder, by name there: custom integrations, and
            packages that they import.
        configuration: More lines for configuration.yaml.
        loggers: Log levels by logger name; everything else logs warnings.
        login: The owner's account, created at the first start.
        enabled: Keys of entities that are enabled although an integration disables them at first.
        listens: Address that the web server listens on.
        environment: More environment variables, such as for a library that is loaded first.
        start_seconds: How long the last start took until everything was set up.
    """

    config: Path
    port: int
    links: Mapping[str, Path] = field(default_factory=lambda: INTEGRATION)
    configuration: str = ""
    loggers: Mapping[str, str] = field(default_factory=lambda: {"custom_components.smartlock": "debug"})
    login: Login = field(default_factory=lambda: Login(name="demo", password="demo"))
    enabled: Collection[str] = ()
    listens: str = HOST
    environment: Mapping[str, str] = field(default_factory=dict)
    start_seconds: float = field(default=0.0, init=False)
    _process: Program | None = field(default=None, init=False)
    _api: HomeAssistantApi | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Address of the user interface."""
        return f"http://{HOST}:{self.port}"

    @property
    def api(self) -> HomeAssistantApi:
        """The owner's connection to the running Home Assistant."""
        if self._api is None:
            raise HomeAssistantError("Home Assistant is not running")
        return self._api

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def log_file(self) -> Path:
        """What Home Assistant wrote to its console, over all starts."""
        return self.config / "console.log"

    def log(self) -> str:
        """Return the whole log."""
        if not self.log_file.exists():
            return ""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def log_tail(self, lines: int = LOG_TAIL_LINES) -> str:
        """Return the last lines of the log, to be shown with an error."""
        tail = self.log().splitlines()[-lines:]
        return "\n".join([f"The last lines of {self.log_file}:", *tail])

    def storage(self, key: str) -> dict[str, Any]:
        """Return the data of one of Home Assistant's storage files, empty if it is not there."""
        file = self.config / ".storage" / key
        if not file.exists():
            return {}
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["data"]
        return data

    def prepare(self) -> None:
        """Write the config folder; what is already there stays, except port and integrations."""
        storage = self.config / ".storage"
        storage.mkdir(parents=True, exist_ok=True)
        logs = "".join(f"    {name}: {level}\n" for name, level in self.loggers.items())
        (self.config / "configuration.yaml").write_text(
            CONFIGURATION.format(logs=logs) + self.configuration,
            encoding="utf-8",
        )
        for name, folder in self.links.items():
            link = self.config / name
            link.parent.mkdir(exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(folder, target_is_directory=True)
        # `http:` in the YAML file is only tried for five minutes and then reverted.
        _write_store(
            storage / "http",
            version=1,
            data={"server_host": [self.listens], "server_port": self.port},
        )
        if not (storage / "onboarding").exists():
            _write_store(storage / "onboarding", version=4, data={"done": [*ONBOARDING_DONE]})

    async def start(self, *, timeout: float = START_TIMEOUT) -> None:
        """Start, create the owner if there is none, log in and wait until it runs.

        Raises:
            HomeAssistantError: It ended, or was not running after `timeout` seconds.
        """
        if self.pid is not None:
            raise HomeAssistantError("Home Assistant is already running")
        begin = time.monotonic()
        self.prepare()
        with self.log_file.open("ab") as log:
            self._process = await self._spawn(log)
        try:
            async with asyncio.timeout(timeout):
                await self._wait_until_running()
            self.start_seconds = time.monotonic() - begin
        except TimeoutError:
            await self.kill()
            raise HomeAssistantError(
                f"Home Assistant was not running after {timeout:.0f} s. {self.log_tail()}"
            ) from None
        except BaseException:
            await self.kill()
            raise

    async def wait(self) -> int:
        """Wait until it ends by itself; return its exit code."""
        if self._process is None:
            raise HomeAssistantError("Home Assistant is not running")
        code = await self._process.wait()
        await self._close_api()
        return code

    async def stop(self, *, timeout: float = STOP_TIMEOUT) -> None:
        """End it in good order: it writes what it has not written yet. Kills it if it does not end."""
        await self._close_api()
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(timeout):
                await process.wait()
        except TimeoutError:
            await self.kill()
            raise HomeAssistantError(
                f"Home Assistant did not stop within {timeout:.0f} s and was killed. {self.log_tail()}"
            ) from None
        finally:
            self._process = None

    async def kill(self) -> None:
        """End it at once, as a power failure would."""
        await self._close_api()
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def restart(self) -> None:
        """Stop and start again with the same config folder."""
        await self.stop()
        await self.start()

    async def reconnect(self) -> None:
        """Log in again, as a browser does whose login has ended."""
        await self._close_api()
        self._api = await HomeAssistantApi.connect(self.url, self.login)

    async def _spawn(self, log: IO[bytes]) -> Program:
        """Start the program with its output in the log."""
        # No adapter of this machine, and so no lock of the neighbours.
        no_adapters = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.config / 'no-dbus'}"}
        return await asyncio.create_subprocess_exec(
            *self._command(),
            cwd=self.config,
            env={**os.environ, **no_adapters, **self.environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C in the terminal is for the parent, which then stops this in good order.
            start_new_session=True,
            preexec_fn=die_with_parent(os.getpid()),
        )

    def _command(self) -> Sequence[str]:
        # Everything it needs was installed before, so it is never to ask a package index.
        options = ("--skip-pip", "--log-no-color", "--config", str(self.config))
        if not self.enabled:
            return (sys.executable, "-m", "homeassistant", *options)
        return (sys.executable, "-c", _ENABLING.format(keys=sorted(self.enabled)), *options)

    async def _wait_until_running(self) -> None:
        async with aiohttp.ClientSession() as session:
            while not await self._is_serving(session):
                await asyncio.sleep(POLL_INTERVAL)
        self._api = await HomeAssistantApi.connect(self.url, self.login)
        while await self._api.running_state() != "RUNNING":
            self._check_alive()
            await asyncio.sleep(POLL_INTERVAL)

    async def _is_serving(self, session: aiohttp.ClientSession) -> bool:
        """Return whether a login is possible; creates the owner if that is still to be done."""
        self._check_alive()
        try:
            async with session.get(f"{self.url}/auth/providers") as response:
                if response.status == HTTPStatus.OK:
                    return True
                if response.status != HTTPStatus.BAD_REQUEST:
                    return False
                problem = await response.json()
        except aiohttp.ClientConnectionError:
            return False
        if problem["code"] != "onboarding_required":
            raise HomeAssistantError(f"No login: {problem['message']}")
        await self.login.create(session, self.url)
        return True

    def _check_alive(self) -> None:
        if self._process is not None and self._process.returncode is not None:
            raise HomeAssistantError(
                f"Home Assistant ended with code {self._process.returncode}. {self.log_tail()}"
            )

    async def _close_api(self) -> None:
        api, self._api = self._api, None
        if api is not None:
            await api.close()


def _write_store(file: Path, *, version: int, data: Mapping[str, object]) -> None:
    """Write a storage file in Home Assistant's format."""
    content = {"version": version, "minor_version": 1, "key": file.name, "data": data}
    file.write_text(json.dumps(content), encoding="utf-8")


def die_with_parent(parent: int) -> Callable[[], None]:
    """Return what the child does before the program starts: ask to end when its parent does.

    That holds however the parent ends, so nothing is left behind by a killed test run.
    """
    libc = ctypes.CDLL(None)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # It died before it was asked.
            os._exit(1)

    return ask
