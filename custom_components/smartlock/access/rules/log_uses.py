"""What an entry of the log says about a keypad code."""

from custom_components.smartlock.protocol.enums import CompletionStatus, LockAction
from custom_components.smartlock.protocol.messages import LogEntry, LoggedKeypadAction
from custom_components.smartlock.protocol.values import dataclass

_LOCKS = (LockAction.LOCK, LockAction.FULL_LOCK)


@dataclass(frozen=True)
class Use:
    """A log entry, as far as it is about a keypad code."""

    index: int
    code_id: int | None
    """The code that the entry is about, if any."""
    opened: bool = True
    """Whether it has opened the lock."""


def use_of(entry: LogEntry) -> Use:
    """Return what a log entry says about a code. Locking is not a use; an action that is not known is one."""
    details = entry.details
    if not isinstance(details, LoggedKeypadAction):
        return Use(entry.index, None, opened=False)
    success = details.completion_status == CompletionStatus.SUCCESS
    return Use(entry.index, details.code_id, opened=success and int(details.action) not in _LOCKS)
