"""Inside the Home Assistant of `benchmarks.trace`: notes when an action is passed on, and to whom.

Linked into a configuration's `custom_components`. Each mark says who has the action from that moment on, on the clock that all
processes of a machine share. Nothing is written to the disk before an action is over.
"""

from collections.abc import Callable, Coroutine
from functools import wraps
import json
from pathlib import Path
import time
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType

from custom_components.smartlock.actions import LockActions
from custom_components.smartlock.client.ble import BleTransport, _BleLink
from custom_components.smartlock.client.connection import Connection
from custom_components.smartlock.storage import LockStore

DOMAIN = "hop_trace"
FILE = "hops.json"
OURS, HOME_ASSISTANT, DISK, RADIO = "our code", "Home Assistant", "disk", "radio and lock"

CONFIG_SCHEMA = cv.empty_config_schema(DOMAIN)

type Work = Callable[..., Coroutine[Any, Any, Any]]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Put marks around what an action passes through."""
    marks: list[tuple[float, str]] = []

    def mark(who: str) -> None:
        marks.append((time.monotonic(), who))

    def between(work: Work, begin: str, end: str) -> Work:
        @wraps(work)
        async def marked(*arguments: Any, **options: Any) -> Any:
            mark(begin)
            try:
                return await work(*arguments, **options)
            finally:
                mark(end)

        return marked

    # From here on the stack below us has it: bleak, its wrappers, `esphome`, and the socket.
    for kind, names in ((BleTransport, ("connect",)), (_BleLink, ("subscribe", "write"))):
        for name in names:
            _put(kind, name, between(getattr(kind, name), HOME_ASSISTANT, OURS))
    _put(Connection, "_answer", between(Connection._answer, RADIO, OURS))
    _put(LockStore, "_write", between(LockStore._write, DISK, OURS))
    act, received = LockActions.async_act, _BleLink._received

    def marked_received(self: _BleLink, *arguments: Any) -> None:
        mark(OURS)
        received(self, *arguments)

    async def marked_act(self: LockActions, *arguments: Any, **options: Any) -> None:
        mark(OURS)
        try:
            await act(self, *arguments, **options)
        finally:
            told = json.dumps(marks)
            marks.clear()
            file = Path(hass.config.path(FILE))
            await hass.async_add_executor_job(file.write_text, told, "utf-8")

    _put(_BleLink, "_received", marked_received)
    _put(LockActions, "async_act", marked_act)
    return True


def _put(kind: type, name: str, marked: Callable[..., Any]) -> None:
    setattr(kind, name, marked)
