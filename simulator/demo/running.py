"""Runs the demo, or its check, from start to end."""

import argparse
import asyncio
from collections.abc import Coroutine
import contextlib
from dataclasses import replace
import getpass
import os
from pathlib import Path
import shutil
import signal
import sys
import tempfile
import time
from typing import Any, Final

from simulator.control import CONTROL_FILE
from simulator.demo import PORT, PROXY_PORT
from simulator.demo.check import CheckFailedError, add_lock, check, step
from simulator.demo.owner import DOMAIN
from simulator.demo.phone import IRK
from simulator.demo.world import CHECKOUT, CODE, NUKI_ID, RESIDENT, World, has_esphome, world
from simulator.home_assistant import HomeAssistantError, HomeAssistantProcess, free_port, port_is_free
from simulator.virtual_lock import MODELS

FOLDER: Final = CHECKOUT / ".cache" / "demo"

# Of the log, shown after a failed check.
LOG_LINES: Final = 60

# homeassistant.const: somebody asked for a restart in the user interface.
RESTART_EXIT_CODE: Final = 100

WELCOME: Final = """\

  Home Assistant  {url}
  User            {user}
  Password        {password}
  Lock            Nuki_{nuki_id:08X}, a virtual {model} with the PIN {pin}
  Log             {log}

{first}
Then lock, unlock and open it in Home Assistant, and try in a second terminal:

  scripts/virtual-lock enter-code {code}  {resident} comes in with a code, and the lock says so
  scripts/virtual-lock enter-code 999999  somebody tries one that is wrong
  scripts/virtual-lock turn-key unlock    somebody turns the key
  scripts/virtual-lock open-door          and opens the door
  scripts/virtual-lock jam clutch         the next lock or unlock fails; see Settings > System > Repairs
  scripts/virtual-lock repair
  scripts/virtual-lock battery 10         the batteries are nearly empty
  scripts/virtual-lock swap-batteries     the lock is silent for a while, then back
  scripts/virtual-lock phone away         {resident} goes out; six minutes later: phone at-door (for auto-unlock: key {irk})
  scripts/virtual-lock status             what really is so, and how often the motor ran
  scripts/virtual-lock --help             the rest

Ctrl-C ends everything.
"""

# For a demo that runs on another computer.
FROM_AFAR: Final = """\
It listens on that computer only. To look at it from yours, run there, and leave open:

  ssh -N -L {port}:127.0.0.1:{port} {user}@{computer}

"""

ADD_IT: Final = """\
The lock has been discovered: Settings > Devices & services > Add. When the dialog asks for the
button, press it in a second terminal. With the PIN you also see who opens the door.

  scripts/virtual-lock press-button
"""

ADDED: Final = "The lock has been added, paired as {how} with the PIN.\n"


def run(options: argparse.Namespace) -> int:
    """Run a demo or a check, as the command line says; return the exit code."""
    esphome = not options.without_esphome and has_esphome()
    plan = World(
        folder=FOLDER,
        model=MODELS[options.model],
        control=CONTROL_FILE,
        # A check needs no fixed ports and gets along with a demo that is running.
        port=options.port or (free_port() if options.check else PORT),
        proxy_port=options.proxy_port or (0 if options.check else PROXY_PORT),
        esphome=esphome,
    )
    if not esphome and not options.without_esphome:
        print(
            "demo: ESPHome's packages could not be compiled here, so the lock and a Bluetooth adapter\n"
            "are put into Home Assistant's own process instead of behind an ESPHome proxy.",
            flush=True,
        )
    for port, option in ((plan.port, "--port"), (plan.proxy_port, "--proxy-port")):
        if port and not port_is_free(port):
            print(f"demo: port {port} is in use; choose another with {option}.", file=sys.stderr)
            return 1
    try:
        return asyncio.run(_run(_check(plan) if options.check else _demo(plan, options)))
    except asyncio.CancelledError:
        return 130
    except (CheckFailedError, HomeAssistantError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1


async def _run(work: Coroutine[Any, Any, int]) -> int:
    """Work until it is done, or until somebody asks to end: then everything is stopped in good order."""
    task = asyncio.current_task()
    assert task is not None
    for request in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(request, task.cancel)
    return await work


async def _check(plan: World) -> int:
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="smartlock-check-") as folder:
        plan = replace(plan, folder=Path(folder), control=Path(folder) / "virtual-lock.json")
        async with contextlib.AsyncExitStack() as stack:
            running = stack.enter_async_context(world(plan))
            home_assistant = await step(_started(plan), running)
            try:
                await check(home_assistant.api, plan)
            except CheckFailedError:
                print(home_assistant.log_tail(LOG_LINES), file=sys.stderr)
                raise
    print(f"ok  everything stopped  ({time.monotonic() - start:.0f} s in all)")
    return 0


async def _demo(plan: World, options: argparse.Namespace) -> int:
    if not options.keep:
        shutil.rmtree(plan.folder / "config", ignore_errors=True)
        (plan.folder / "lock.json").unlink(missing_ok=True)
    print("Starting Home Assistant, which takes some seconds.", flush=True)
    async with world(plan) as home_assistant:
        print(_welcome(plan, home_assistant, await _prepare(plan, options, home_assistant)), flush=True)
        while (code := await home_assistant.wait()) == RESTART_EXIT_CODE:
            print("Home Assistant restarts.", flush=True)
            await home_assistant.start()
    print(f"demo: Home Assistant has ended with code {code}. {home_assistant.log_tail()}", file=sys.stderr)
    return 1


async def _prepare(plan: World, options: argparse.Namespace, home_assistant: HomeAssistantProcess) -> str:
    """Bring the lock to where the demo begins; return what to tell about it."""
    api = home_assistant.api
    if not await api.entries(DOMAIN):
        if not options.ready:
            await api.wait_for_discovery(DOMAIN)
            return ADD_IT
        await add_lock(api, plan)
    return ADDED.format(how="an app" if plan.model.dialect.pin_for_pairing else "a bridge")


def _welcome(plan: World, home_assistant: HomeAssistantProcess, first: str) -> str:
    return WELCOME.format(
        url=home_assistant.url,
        user=home_assistant.login.name,
        password=home_assistant.login.password,
        nuki_id=NUKI_ID,
        model=plan.model.name,
        pin=plan.pin,
        code=CODE,
        resident=RESIDENT,
        irk=IRK.hex(),
        log=home_assistant.log_file,
        first=_from_afar(plan.port) + first,
    )


def _from_afar(port: int) -> str:
    """Return how to reach the demo for who is logged in from another computer."""
    connection = os.environ.get("SSH_CONNECTION", "").split()
    if len(connection) != 4:
        return ""
    return FROM_AFAR.format(port=port, user=getpass.getuser(), computer=connection[2])


def _started(plan: World) -> str:
    carrier = "an ESPHome Bluetooth proxy" if plan.esphome else "an adapter of its own"
    return f"Home Assistant started, with {carrier}"
