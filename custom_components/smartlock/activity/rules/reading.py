"""Which page of the log to ask for next, and what each page brings, as pure steps.

    from the cursor on     ascending, from the cursor's own entry: what comes first must be that entry
    back from the newest   if it is not: overrun, begun again, or a lock that knows no other order

The way back is gathered until an entry is recognized, or the log ends, and reported then: nothing is reported out of order.
It may take several links. What is gathered is lost in a restart, and gathered again.
"""

from dataclasses import field, replace
from typing import Self

from custom_components.smartlock.activity.rules.cursor import Cursor, Mark, News, in_order
from custom_components.smartlock.protocol.messages import LogEntry
from custom_components.smartlock.protocol.values import dataclass

# Entries on a page; an action of somebody else is not to wait for more.
PAGE = 21
# Somebody who comes back after months gets so many entries, and the number of the others.
MOST = 200
# Enough for everybody who looks for something that has just happened: a fault, a boot run, the very last thing.
NEWEST = 8


@dataclass(frozen=True, kw_only=True)
class Page:
    """What to ask the lock for."""

    beyond: int
    """The entry that the page goes on from, without it; 0: from the newest or the oldest."""
    count: int
    newest_first: bool


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How far a log has been read."""

    cursor: Cursor | None = None
    """None before the first time: what is in the log then is not news."""
    back: tuple[LogEntry, ...] | None = field(default=None, repr=False)
    """What has been gathered on the way back from the newest entry, the newest first; None: not on that way."""
    ascending: bool = True
    """Whether the lock has not been seen to ignore that order."""
    done: bool = False
    """Nothing more is to be read over this link."""

    def begun(self) -> Self:
        """Return it at the beginning of another look."""
        return replace(self, done=False)

    @property
    def page(self) -> Page:
        """What to ask for next."""
        if self.cursor is None:
            return Page(beyond=0, count=NEWEST, newest_first=True)
        if self.back is not None:
            return Page(beyond=self.back[-1].index if self.back else 0, count=PAGE, newest_first=True)
        if not self.ascending:
            return Page(beyond=0, count=NEWEST, newest_first=True)
        return Page(beyond=max(self.cursor.index - 1, 0), count=PAGE, newest_first=False)

    def took(self, found: tuple[LogEntry, ...], available: int | None) -> tuple[Self, News]:
        """Take the page, in whatever order it came, and return what is new.

        `available` is how many entries the lock says there are beyond the page's beginning; None if it did not say.
        """
        entries = in_order(found)
        if self.cursor is None:
            return replace(self, cursor=Cursor().after(entries[::-1]), done=True), News()
        if self.page.newest_first:
            return self._took_older(self.cursor, entries)
        return self._took_newer(self.cursor, entries[::-1], available or 0)

    def _took_newer(self, cursor: Cursor, entries: tuple[LogEntry, ...], available: int) -> tuple[Self, News]:
        """Take entries from the cursor's on, the oldest first."""
        seen = cursor.marks[:1]
        if not _goes_on(seen, entries):
            return replace(self, back=(), ascending=False), News()
        if available > len(seen) + MOST:
            return replace(self, back=()), News()
        new = entries[len(seen) :]
        return self._moved_on(cursor, new, since=cursor.index, done=len(entries) < PAGE)

    def _took_older(self, cursor: Cursor, entries: tuple[LogEntry, ...]) -> tuple[Self, News]:
        """Take entries on the way back."""
        gathered = self.back or ()
        back = in_order((*gathered, *entries))
        for mark in cursor.marks:
            if any(mark.is_on(entry) for entry in back):
                new = tuple(entry for entry in reversed(back) if entry.index > mark.index)[-MOST:]
                # A lock that has the newest entry that we know would have shown it first, if it knew that order.
                ascending = self.ascending or mark != cursor.marks[0]
                reading, news = self._moved_on(cursor.back_to(mark), new, since=mark.index, done=True)
                return replace(reading, ascending=ascending), news
        passed = bool(back) and back[-1].index <= cursor.index
        more = len(back) > len(gathered) and len(entries) == self.page.count
        marks_left = passed and bool(cursor.marks) and back[-1].index > cursor.marks[-1].index
        if more and (len(back) < MOST or marks_left):
            return replace(self, back=back), News()
        if not back:
            # The log is empty, or switched off. That says nothing of the entries to come.
            return replace(self, ascending=True, back=None, done=True), News()
        new = back[:MOST][::-1]
        if passed:
            missed = new[0].index - 1 if more or len(back) > len(new) else 0
            reading, news = self._moved_on(Cursor(), new, since=0, done=True)
            news = replace(news, missed=missed, began_again=True)
        else:
            reading, news = self._moved_on(cursor, new, since=cursor.index, done=True)
        return replace(reading, ascending=True), news

    def _moved_on(
        self, cursor: Cursor, new: tuple[LogEntry, ...], *, since: int, done: bool
    ) -> tuple[Self, News]:
        """Move on over entries that are new, the oldest first, and say how many there should have been."""
        missed = new[-1].index - since - len(new) if new else 0
        moved = replace(self, cursor=cursor.after(new), back=None, done=done)
        return moved, News(entries=new, missed=missed)


def _goes_on(seen: tuple[Mark, ...], entries: tuple[LogEntry, ...]) -> bool:
    """Whether entries, the oldest first, begin with the one that was seen last, or with the first one of all."""
    if not entries:
        return not seen
    return seen[0].is_on(entries[0]) if seen else entries[0].index == 1
