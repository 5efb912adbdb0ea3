"""The one reader of a lock's log: whatever wants to know something of it shares one request for each link."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.storage import Store

from custom_components.smartlock.activity.rules.cursor import Cursor, News, in_order, moved, news, reaches
from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.listeners import Listeners
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.pin.guard import PinGuard, PinSession
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.messages import KeyturnerStates, LogEntry, LogEntryCount
from custom_components.smartlock.storage import lock_store

# Enough for everybody who looks for something that has just happened: a fault, a boot run.
NEWEST = 8
# Only a subscriber wants what lies between these and the last time. A lock stores a thousand entries, and one that
# was not read for days is not to be held up for them: what lies further back counts as missed.
_MORE = 25
_MORE_PAGES = 8


@dataclass(frozen=True, kw_only=True)
class LogPage:
    """The newest entries of a log."""

    count: LogEntryCount | None
    """How many the lock has, and what it logs."""
    entries: tuple[LogEntry, ...]
    """The newest first; `NEWEST` of them, or more."""


class LogReader(LockPart):
    """Reads the log of one lock, and knows how far it has been read, also before a restart."""

    def __init__(self, hass: HomeAssistant, nuki_id: str, pin: PinGuard) -> None:
        """Prepare; `async_load` comes first."""
        self._pin = pin
        self._store: Store[dict[str, Any]] = lock_store(hass, nuki_id, "activity")
        self._cursor: Cursor | None = None
        self._page: LogPage | None = None
        """What was read over the link that is in use."""
        self._turn = asyncio.Lock()
        self._listeners = Listeners[News]()

    @override
    async def async_load(self) -> None:
        """Go on from where an earlier run of Home Assistant was."""
        try:
            stored = await self._store.async_load()
            self._cursor = None if stored is None else Cursor.from_json(stored["cursor"])
        except KeyError, TypeError, ValueError:
            LOGGER.warning(
                "How far the log of the lock was read cannot be read; what is in it now is not reported"
            )

    @callback
    def async_subscribe(self, listener: Callable[[News], None]) -> CALLBACK_TYPE:
        """Call `listener` with what has come to the log since it was read last, each entry once.

        It is on disk by then that it was read. As long as somebody listens, everything back to the last time is read,
        in more than one request if need be.
        """
        return self._listeners.add(listener)

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Note that this is another link: what was read before may not be the newest any more."""
        self._page = None

    async def read(self, session: PinSession | None = None, *, fresh: bool = False) -> LogPage:
        """Return the newest entries, read once for each link that is shared.

        `session` is used if there is one. `fresh`: read them in any case, because nobody else uses this link.
        Raises what `PinGuard.session` and `PinSession.request` raise.
        """
        async with self._turn:
            if self._page is None or fresh:
                if session is not None:
                    self._page = await self._read(session)
                else:
                    async with self._pin.session() as own:
                        self._page = await self._read(own)
            return self._page

    async def _read(self, session: PinSession) -> LogPage:
        count, found = await session.request(partial(conversations.read_log, count=NEWEST))
        entries = in_order(found)
        if self._listeners:
            entries = await self._read_on(session, entries)
        new = news(self._cursor, entries)
        if (cursor := moved(self._cursor, entries)) != self._cursor:
            await self._store.async_save({"cursor": cursor.to_json()})
            self._cursor = cursor
        if new:
            self._listeners.notify(new)
        return LogPage(count=count, entries=entries)

    async def _read_on(self, session: PinSession, entries: tuple[LogEntry, ...]) -> tuple[LogEntry, ...]:
        """Add older entries until the cursor is reached, or the end of the log."""
        for _ in range(_MORE_PAGES):
            if reaches(self._cursor, entries):
                break
            oldest = entries[-1].index
            _, found = await session.request(partial(conversations.read_log, beyond=oldest, count=_MORE))
            entries = in_order((*found, *entries))
            if entries[-1].index == oldest:
                break
        return entries
