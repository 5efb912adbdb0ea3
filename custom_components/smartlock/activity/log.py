"""The one reader of a lock's log: whatever wants to know something of it shares what each link brings."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import field
from functools import partial

from custom_components.smartlock.activity.rules.cursor import News, in_order
from custom_components.smartlock.activity.rules.reading import NEWEST, Page, Reading
from custom_components.smartlock.pin.guard import PinGuard, PinSession
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.errors import LinkError
from custom_components.smartlock.protocol.messages import (
    EnableLogging,
    KeyturnerStates,
    LogEntry,
    LogEntryCount,
)
from custom_components.smartlock.protocol.values import dataclass

__all__ = ["NEWEST", "LogPage", "LogReader"]

# An action of somebody else is not to wait for a long log, and a link is not to be held for it.
_PAGES_A_LINK = 3

type TakeNews = Callable[[Reading, News, PinSession], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class LogPage:
    """The newest entries of a log."""

    count: LogEntryCount | None
    """What the lock logs, and how many entries there are beyond where somebody began to read."""
    entries: tuple[LogEntry, ...] = field(repr=False)
    """The newest first; `NEWEST` of them, or as many as there are."""


class LogReader:
    """Reads the log of one lock."""

    def __init__(self, pin: PinGuard) -> None:
        """Prepare; nothing is sent yet."""
        self._pin = pin
        self._page: LogPage | None = None
        """The newest entries, as of the link that is in use."""
        self._recent: tuple[LogEntry, ...] = ()
        """The last entries that were news, the newest first."""
        self._count_misleads = False
        self._turn = asyncio.Lock()

    @property
    def recent(self) -> tuple[LogEntry, ...]:
        """The newest entries that were read, up to `NEWEST` of them, the newest first."""
        return self._recent

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

    async def read_before(
        self, session: PinSession, index: int, count: int
    ) -> tuple[LogEntryCount | None, tuple[LogEntry, ...]]:
        """Read up to so many entries before an index (0: the newest), the newest first; they are no news to anybody.

        Raises what `PinSession.request` raises.
        """
        async with self._turn:
            counted, found = await session.request(partial(conversations.read_log, beyond=index, count=count))
            return counted, in_order(found)

    async def catch_up(self, reading: Reading, take: TakeNews) -> LogEntryCount | None:
        """Read on from where `reading` is, as far as this link is meant for it, and say what the lock logs.

        `take` is handed what each page brings, the oldest first, and how far the log has been read then; it stores
        that before anybody is notified. Raises what `PinGuard.session` and `PinSession.request` raise.
        """
        reported: LogEntryCount | None = None
        reading = reading.begun()
        async with self._turn, self._pin.session() as session:
            for _ in range(_PAGES_A_LINK):
                page = reading.page
                counted, found = await self._whole_page(session, page)
                reported = counted or reported
                first = reading.cursor is None
                reading, news = reading.took(found, None if counted is None else counted.count)
                new = found if first else news.entries
                kept = () if news.began_again else self._recent
                newest = 0 if reading.cursor is None else reading.cursor.index
                self._recent = in_order(each for each in (*kept, *new) if each.index <= newest)[:NEWEST]
                await take(reading, news, session)
                if reading.done:
                    break
            # The newest entries are among them, or all there ever were.
            oldest = self._recent[-1].index if self._recent else newest + 1
            if reading.done and (len(self._recent) == NEWEST or oldest == 1):
                self._page = LogPage(count=reported, entries=self._recent)
        return reported

    async def switch(self, *, enabled: bool) -> LogEntryCount | None:
        """Have the lock keep a log, or not; return what it says of that afterwards.

        Raises what `PinGuard.session` and `PinSession.request` raise.
        """
        in_doubt: PinSession | None = None
        async with self._pin.session() as session:
            try:
                await session.request(partial(conversations.order, EnableLogging(enabled=int(enabled))))
            except LinkError:
                if not session.tries.sent:
                    raise
                # The log itself tells.
                in_doubt = session
        async with self._pin.session() as session:
            count, _ = await self.read_before(session, 0, 0)
        if in_doubt is not None:
            await self._pin.async_carried_out(in_doubt)
        return count

    async def _whole_page(
        self, session: PinSession, page: Page
    ) -> tuple[LogEntryCount | None, tuple[LogEntry, ...]]:
        """Read a page; once more if entries of it have been lost on the way, which would be taken for missing."""
        counted, found = await self._request(session, page)
        if counted is None or len(found) >= min(counted.count, page.count) or self._count_misleads:
            return counted, found
        counted_again, again = await self._request(session, page)
        both = in_order((*found, *again))
        # A lock that counts what it does not send is not asked twice for ever.
        self._count_misleads = len(both) == len(found) == len(again)
        return counted_again or counted, both

    async def _request(
        self, session: PinSession, page: Page
    ) -> tuple[LogEntryCount | None, tuple[LogEntry, ...]]:
        return await session.request(
            partial(
                conversations.read_log,
                beyond=page.beyond,
                count=page.count,
                newest_first=page.newest_first,
            )
        )

    async def _read(self, session: PinSession) -> LogPage:
        count, found = await session.request(partial(conversations.read_log, count=NEWEST))
        return LogPage(count=count, entries=in_order(found))
