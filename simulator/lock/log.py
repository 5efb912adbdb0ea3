"""The log of the lock: a ring of entries with indices that only grow.

Source: Nuki Smart Lock API V2.1 and V2.3.0, Request Log Entries and Log Entry.
"""

from collections import deque
from dataclasses import dataclass, field

from custom_components.smartlock.protocol.enums import LogEntryType, SortOrder
from custom_components.smartlock.protocol.wire import Date7

_NAME_SIZE = 32


@dataclass(frozen=True, kw_only=True)
class LogRecord:
    """One entry, without the padding that depends on the model."""

    index: int
    timestamp: Date7
    type: LogEntryType
    data: bytes
    authorization_id: int = field(repr=False)
    name: str = field(repr=False)


class Log:
    """What happened, as far as the log was switched on."""

    def __init__(self, capacity: int) -> None:
        """Start empty; of more than `capacity` entries the oldest are forgotten."""
        self.enabled = True
        self.number = 0
        """How often it began again."""
        self._records: deque[LogRecord] = deque(maxlen=capacity)
        self._last_index = 0

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._records)

    def add(
        self,
        kind: LogEntryType,
        data: bytes,
        *,
        timestamp: Date7,
        authorization_id: int = 0,
        name: str = "",
    ) -> LogRecord:
        """Add an entry, whether the log is switched on or not."""
        self._last_index += 1
        record = LogRecord(
            index=self._last_index,
            timestamp=timestamp,
            type=kind,
            data=data,
            authorization_id=authorization_id,
            name=cut_name(name),
        )
        self._records.append(record)
        return record

    def beyond(self, start: int, order: SortOrder) -> list[LogRecord]:
        """Return the entries newer (ascending) or older (descending) than an index; 0 stands for all."""
        if order == SortOrder.ASCENDING:
            return [record for record in self._records if record.index > start]
        return [record for record in reversed(self._records) if not start or record.index < start]

    def clear(self) -> None:
        """Forget everything and begin again; whether the index does so too after a factory reset is not public."""
        self._records.clear()
        self._last_index = 0
        self.number += 1


def with_suffix(name: str, suffix: str | None) -> str:
    """Return the name of an authorization as the log has it; how the two are joined is a choice."""
    return f"{name} ({suffix})" if suffix else name


def cut_name(name: str) -> str:
    """Return as much of a name as fits; like firmware, without regard to where a character ends."""
    data = name.encode("utf-8", "surrogateescape")[:_NAME_SIZE]
    return data.decode("utf-8", "surrogateescape")
