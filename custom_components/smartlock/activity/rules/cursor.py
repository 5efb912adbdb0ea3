"""How far the log of a lock has been read, and what of the entries that come is new.

Indices only grow, entries older than the last thousand are forgotten, and a reset of the lock may begin the log again.
An index alone does not tell an old log from a new one that has grown as far, so the cursor knows its entry as well.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import hashlib
from typing import Any, Self

from custom_components.smartlock.protocol.messages import LogEntry


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """The newest entry that has been seen."""

    index: int
    fingerprint: str
    """Of that entry; see `fingerprint`."""

    @classmethod
    def at(cls, entry: LogEntry) -> Self:
        """Return the cursor that stands on an entry."""
        return cls(index=entry.index, fingerprint=fingerprint(entry))

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"index": self.index, "fingerprint": self.fingerprint}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return what was stored. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(index=int(data["index"]), fingerprint=str(data["fingerprint"]))


@dataclass(frozen=True, kw_only=True)
class News:
    """What has come to the log since the cursor."""

    entries: tuple[LogEntry, ...] = ()
    """The oldest first."""
    missed: int = 0
    """How many entries between the cursor and these were not read."""
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


def reaches(cursor: Cursor | None, entries: tuple[LogEntry, ...]) -> bool:
    """Whether entries, the newest first, leave none unread between them and the cursor."""
    return cursor is None or not entries or entries[-1].index <= cursor.index


def news(cursor: Cursor | None, entries: tuple[LogEntry, ...]) -> News:
    """Return what is new in the newest entries, the newest first.

    Without a cursor nothing is: what happened before anybody looked is no news. An empty log says nothing, since
    logging may be switched off.
    """
    if cursor is None or not entries:
        return News()
    if _began_again(cursor, entries):
        return News(entries=entries[::-1], began_again=True)
    new = tuple(entry for entry in reversed(entries) if entry.index > cursor.index)
    return News(entries=new, missed=entries[0].index - cursor.index - len(new))


def moved(cursor: Cursor | None, entries: tuple[LogEntry, ...]) -> Cursor:
    """Return the cursor after entries, the newest first, have been seen; in an empty log it precedes the first."""
    if entries:
        return Cursor.at(entries[0])
    return cursor or Cursor(index=0, fingerprint="")


def _began_again(cursor: Cursor, entries: tuple[LogEntry, ...]) -> bool:
    if entries[0].index < cursor.index:
        return True
    same = next((entry for entry in entries if entry.index == cursor.index), None)
    return same is not None and fingerprint(same) != cursor.fingerprint
