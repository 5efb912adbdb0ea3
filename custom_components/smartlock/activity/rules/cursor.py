"""How far a lock's log has been read, and which of the entries read are new.

Indices only grow, a lock keeps its last thousand entries, and a reset may restart the log. An old log and a
new one that has grown as long have the same indices, so the cursor stores a fingerprint of its entry as well.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import hashlib
from typing import Any, Self

from custom_components.smartlock.protocol.messages import LogEntry
from custom_components.smartlock.rules.stored import integer, text


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """The newest entry that has been read."""

    index: int
    fingerprint: str
    """Fingerprint of that entry; see `fingerprint`."""

    @classmethod
    def at(cls, entry: LogEntry) -> Self:
        """Return the cursor of an entry."""
        return cls(index=entry.index, fingerprint=fingerprint(entry))

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"index": self.index, "fingerprint": self.fingerprint}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the stored cursor. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(index=integer(data["index"]), fingerprint=text(data["fingerprint"]))


@dataclass(frozen=True, kw_only=True)
class News:
    """The entries added to the log since the cursor."""

    entries: tuple[LogEntry, ...] = ()
    """Oldest first."""
    missed: int = 0
    """Number of entries between the cursor and these that were not read."""
    began_again: bool = False
    """The log does not continue from the cursor: it has been restarted."""

    def __bool__(self) -> bool:
        """Whether there is anything to report."""
        return bool(self.entries) or self.began_again


def fingerprint(entry: LogEntry) -> str:
    """Return a value that identifies an entry without revealing whom it is about."""
    content = f"{entry.index} {tuple(entry.timestamp)} {int(entry.type)} {entry.trailing.rstrip(b'\0').hex()}"
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def in_order(entries: Iterable[LogEntry]) -> tuple[LogEntry, ...]:
    """Return each entry once, newest first, from any order; of two with the same index the later."""
    found = {entry.index: entry for entry in entries}
    return tuple(found[index] for index in sorted(found, reverse=True))


def reaches(cursor: Cursor | None, entries: tuple[LogEntry, ...]) -> bool:
    """Whether entries, newest first, leave no gap between them and the cursor."""
    return cursor is None or not entries or entries[-1].index <= cursor.index


def news(cursor: Cursor | None, entries: tuple[LogEntry, ...]) -> News:
    """Return which of the newest entries, newest first, are new.

    Without a cursor none are: what happened before the first read is not news. An empty log proves nothing,
    because logging may be switched off.
    """
    if cursor is None or not entries:
        return News()
    if _began_again(cursor, entries):
        return News(entries=entries[::-1], began_again=True)
    new = tuple(entry for entry in reversed(entries) if entry.index > cursor.index)
    return News(entries=new, missed=entries[0].index - cursor.index - len(new))


def moved(cursor: Cursor | None, entries: tuple[LogEntry, ...]) -> Cursor:
    """Return the cursor after these entries, newest first; in an empty log it precedes the first entry."""
    if entries:
        return Cursor.at(entries[0])
    return cursor or Cursor(index=0, fingerprint="")


def _began_again(cursor: Cursor, entries: tuple[LogEntry, ...]) -> bool:
    if entries[0].index < cursor.index:
        return True
    same = next((entry for entry in entries if entry.index == cursor.index), None)
    return same is not None and fingerprint(same) != cursor.fingerprint
