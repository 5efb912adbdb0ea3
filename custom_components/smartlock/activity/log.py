"""The only reader of a lock's log: all features that need it share one request for each link."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from custom_components.smartlock.activity.rules.cursor import Cursor, News, in_order, moved, news, reaches
from custom_components.smartlock.assumptions import Assumption, Assumptions
from custom_components.smartlock.listeners import Listeners
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.pin.guard import PinGuard, PinSession
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.messages import KeyturnerStates, LogEntry, LogEntryCount
from custom_components.smartlock.storage import LockStore, lock_store

# Enough for any feature that looks for something recent: a fault, a boot run.
NEWEST = 8
# Only a subscriber needs all entries since the last read. A lock stores a thousand, and one that was not read
# for days must not be kept busy for them: anything older counts as missed.
_MORE = 25
_MORE_PAGES = 8


@dataclass(frozen=True, kw_only=True)
class LogPage:
    """The newest entries of a log."""

    count: LogEntryCount | None
    """The lock's number of entries, and what it logs."""
    entries: tuple[LogEntry, ...]
    """The newest first: `NEWEST` of them, or more."""


class LogReader(LockPart):
    """Reads the log of one lock and remembers, also over a restart, how far it has been read."""

    def __init__(self, hass: HomeAssistant, nuki_id: str, pin: PinGuard, assumptions: Assumptions) -> None:
        """Prepare; call `async_load` before anything else."""
        self._assumptions = assumptions
        self._pin = pin
        self._store: LockStore[dict[str, Any]] = lock_store(hass, nuki_id, "activity")
        self._cursor: Cursor | None = None
        self._page: LogPage | None = None
        """The entries read over the present link."""
        self._turn = asyncio.Lock()
        self._listeners = Listeners[News]()

    @override
    async def async_load(self) -> None:
        """Continue where an earlier run of Home Assistant stopped."""
        # Without a stored cursor, entries that are in the log already are not reported.
        self._cursor = await self._store.async_load(lambda stored: Cursor.from_json(stored["cursor"]))

    @callback
    def async_subscribe(self, listener: Callable[[News], None]) -> CALLBACK_TYPE:
        """Call `listener` with the entries added to the log since the last read, each entry once.

        The cursor is on disk by then, unless the disk fails. As long as there is a listener, all entries
        since the last read are read, in several requests if necessary.
        """
        return self._listeners.add(listener)

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Note a new link: entries read before may no longer be the newest."""
        self._page = None

    async def read(self, session: PinSession | None = None, *, fresh: bool = False) -> LogPage:
        """Return the newest entries, read once for each shared link.

        `session` is used if given. `fresh`: read in any case, because the link is not shared.
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
        self._assumptions.count(
            Assumption.LOG_GOES_ON, not new.began_again if self._cursor and entries else None
        )
        if (cursor := moved(self._cursor, entries)) != self._cursor:
            self._cursor = cursor
            # A full disk is no reason to hold entries back. At worst one is reported again after a restart.
            await self._store.async_try_save(lambda: {"cursor": cursor.to_json()})
        if new:
            self._listeners.notify(new)
        return LogPage(count=count, entries=entries)

    async def _read_on(self, session: PinSession, entries: tuple[LogEntry, ...]) -> tuple[LogEntry, ...]:
        """Add older entries until the cursor or the end of the log is reached."""
        for _ in range(_MORE_PAGES):
            if reaches(self._cursor, entries):
                break
            oldest = entries[-1].index
            _, found = await session.request(partial(conversations.read_log, beyond=oldest, count=_MORE))
            entries = in_order((*found, *entries))
            if entries[-1].index == oldest:
                break
        return entries
