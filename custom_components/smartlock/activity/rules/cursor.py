"""How far the log of a lock has been read, and what of the entries that come is new.

Indices only grow, entries older than the last thousand are forgotten, and a reset of the lock may begin the log again.
An index alone does not tell an old log from a new one that has grown as far, so the cursor knows its entry as well; and
the two before it, since a loss of power may take the last one back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field
import hashlib
from typing import Any, Self

from custom_components.smartlock.protocol.messages import LogEntry
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.rules.stored import integer, listed, obj, text

# So many of the last entries are recognized again.
MARKS = 3


@dataclass(frozen=True, kw_only=True)
class Mark:
    """An entry that has been seen."""

    index: int
    fingerprint: str
    """See `fingerprint`."""

    @classmethod
    def on(cls, entry: LogEntry) -> Self:
        """Return what recognizes an entry."""
        return cls(index=entry.index, fingerprint=fingerprint(entry))

    def is_on(self, entry: LogEntry) -> bool:
        """Whether it is this entry."""
        return self == Mark.on(entry)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return what was stored. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(index=integer(data["index"]), fingerprint=text(data["fingerprint"]))

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"index": self.index, "fingerprint": self.fingerprint}


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """The newest entry that has been seen, and those before it; none of an empty log."""

    marks: tuple[Mark, ...] = ()
    """The newest first."""

    @property
    def index(self) -> int:
        """Of the newest entry; 0 before the first."""
        return self.marks[0].index if self.marks else 0

    def after(self, entries: Iterable[LogEntry]) -> Self:
        """Return the cursor after more entries, the oldest first."""
        new = tuple(Mark.on(entry) for entry in entries)[::-1]
        return type(self)(marks=(*new, *self.marks)[:MARKS])

    def back_to(self, mark: Mark) -> Self:
        """Return the cursor on one of its marks: the log has lost what came after."""
        return type(self)(marks=self.marks[self.marks.index(mark) :])

    def to_json(self) -> list[dict[str, Any]]:
        """Return plain data."""
        return [mark.to_json() for mark in self.marks]

    @classmethod
    def from_json(cls, stored: object) -> Self:
        """Return what was stored. Raises KeyError, TypeError or ValueError for anything else."""
        if isinstance(stored, dict):
            # One entry, as it was kept at first; one without a fingerprint stood before the first.
            mark = Mark.from_json(stored)
            return cls(marks=(mark,) if mark.fingerprint else ())
        return cls(marks=listed(lambda each: Mark.from_json(obj(each)), stored)[:MARKS])


@dataclass(frozen=True, kw_only=True)
class News:
    """What has come to the log since the cursor."""

    entries: tuple[LogEntry, ...] = field(default=(), repr=False)
    """The oldest first."""
    missed: int = 0
    """How many entries between the cursor and the last of these were not read."""
    began_again: bool = False
    """The log does not go on from the cursor: the lock has forgotten it."""

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.entries) or self.began_again


def fingerprint(entry: LogEntry) -> str:
    """Return what recognizes an entry, and says nothing about who it was."""
    content = f"{entry.index} {tuple(entry.timestamp)} {int(entry.type)} {entry.trailing.rstrip(b'\0').hex()}"
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def in_order(entries: Iterable[LogEntry]) -> tuple[LogEntry, ...]:
    """Return entries with the newest first, each once, in whatever order they came; of twins the later."""
    found = {entry.index: entry for entry in entries}
    return tuple(found[index] for index in sorted(found, reverse=True))
