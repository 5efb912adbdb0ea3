"""What the lock does by itself at a time of day (Nuki Smart Lock API V2.1, Time Control Entry)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from custom_components.smartlock.protocol.enums import LockAction, Weekdays
from custom_components.smartlock.protocol.wire import Time2

_ACTIONS = (
    LockAction.UNLOCK,
    LockAction.LOCK,
    LockAction.UNLATCH,
    LockAction.LOCK_N_GO,
    LockAction.LOCK_N_GO_WITH_UNLATCH,
    LockAction.FULL_LOCK,
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An action at a time of day on some days, in the lock's local time."""

    weekdays: Weekdays
    time: Time2
    lock_action: LockAction
    enabled: int = 1

    @property
    def possible(self) -> bool:
        """Whether this can be written."""
        return (
            self.time.time is not None
            and self.lock_action in _ACTIONS
            and self.weekdays < Weekdays.MONDAY << 1
            and self.enabled in (0, 1)
        )

    def due(self, local: datetime) -> bool:
        """Return whether it is due in this minute; no day set means every day."""
        today = not self.weekdays or bool(self.weekdays & (Weekdays.MONDAY >> local.weekday()))
        return bool(self.enabled) and today and self.time == (local.hour, local.minute)


class TimeControl:
    """The entries in the lock's memory."""

    def __init__(self, max_entries: int) -> None:
        """Start empty."""
        self._max_entries = max_entries
        self.clear()

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def __iter__(self) -> Iterator[tuple[int, Entry]]:
        """Iterate over ids and entries."""
        return iter(self._entries.items())

    def __contains__(self, entry_id: int) -> bool:
        """Return whether there is an entry with this id."""
        return entry_id in self._entries

    @property
    def full(self) -> bool:
        """Whether no entry can be added."""
        return len(self) >= self._max_entries

    @property
    def active(self) -> bool:
        """Whether anything can ever be due."""
        return any(entry.enabled for entry in self._entries.values())

    def add(self, entry: Entry) -> int:
        """Add an entry and return its id, the lowest one that is free."""
        entry_id = next(number for number in range(1, 256) if number not in self)
        self._entries[entry_id] = entry
        return entry_id

    def replace(self, entry_id: int, entry: Entry) -> None:
        """Put another entry in the place of one."""
        self._entries[entry_id] = entry

    def remove(self, entry_id: int) -> None:
        """Delete an entry."""
        del self._entries[entry_id]

    def clear(self) -> None:
        """Delete all entries, as a factory reset does."""
        self._entries: dict[int, Entry] = {}

    def due(self, local: datetime) -> list[LockAction]:
        """Return what is to be done in this minute."""
        return [entry.lock_action for entry in self._entries.values() if entry.due(local)]
