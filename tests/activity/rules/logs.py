"""A log that behaves as one is known or feared to behave, and entries for it."""

from collections.abc import Callable
from dataclasses import dataclass, field
import random

from custom_components.smartlock.activity.rules.cursor import News
from custom_components.smartlock.activity.rules.reading import Page, Reading
from custom_components.smartlock.protocol.enums import LogEntryType
from custom_components.smartlock.protocol.messages import LogEntry
from custom_components.smartlock.protocol.wire import Date7

NAME = "Pippi"


def entry(index: int, *, life: int = 1, name: str = NAME, padding: int = 1) -> LogEntry:
    """Return an entry; of another life of the lock it has another date."""
    return LogEntry(
        index=index,
        timestamp=Date7(2026, life, 1, 12, index % 60, 0),
        authorization_id=7,
        name=name,
        type=LogEntryType.LOCK_ACTION,
        trailing=bytes([1, 0, 0, 0]) + bytes(padding),
    )


@dataclass(kw_only=True)
class FakeLog:
    """The log of a lock."""

    capacity: int = 1000
    knows_ascending: bool = True
    disorder: random.Random | None = None
    tells_count: bool = True
    entries: list[LogEntry] = field(default_factory=list)
    last: int = 0
    life: int = 1
    pages: int = 0

    def grow(self, count: int = 1) -> None:
        """Add entries."""
        for _ in range(count):
            self.last += 1
            self.entries.append(entry(self.last, life=self.life))
        del self.entries[: -self.capacity]

    def begin_again(self) -> None:
        """Forget everything."""
        self.entries, self.last, self.life = [], 0, self.life + 1

    def lose_newest(self, count: int) -> None:
        """Lose what was not written for good when the power went."""
        del self.entries[-count:]
        self.last, self.life = self.entries[-1].index if self.entries else 0, self.life + 1

    def answer(self, page: Page) -> tuple[tuple[LogEntry, ...], int | None]:
        """Return a page, and how many entries there are."""
        self.pages += 1
        if page.newest_first or not self.knows_ascending:
            there = [each for each in reversed(self.entries) if not page.beyond or each.index < page.beyond]
        else:
            there = [each for each in self.entries if each.index > page.beyond]
        found = there[: page.count]
        if self.disorder is not None:
            self.disorder.shuffle(found)
            found += found[:1]
        return tuple(found), len(there) if self.tells_count else None


def look(
    reading: Reading, log: FakeLog, tell: Callable[[News], None] = lambda news: None, pages: int = 3
) -> Reading:
    """Read over one link."""
    reading = reading.begun()
    for _ in range(pages):
        reading, news = reading.took(*log.answer(reading.page))
        if news:
            tell(news)
        if reading.done:
            break
    return reading
