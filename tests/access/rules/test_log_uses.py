"""Which entries of a lock's log are uses of a keypad code."""

import pytest

from custom_components.smartlock.access.rules.log_uses import Use, use_of
from custom_components.smartlock.protocol.enums import CompletionStatus, KeypadAction, LogEntryType
from custom_components.smartlock.protocol.messages import LogEntry
from custom_components.smartlock.protocol.wire import Date7


def logged(kind: LogEntryType, data: bytes) -> LogEntry:
    """Return an entry of the log with the data of its type."""
    return LogEntry(
        index=7, timestamp=Date7(2026, 11, 1), authorization_id=0, name="", type=kind, trailing=data
    )


@pytest.mark.parametrize(
    ("action", "status", "opened"),
    [
        (KeypadAction.UNLOCK, CompletionStatus.SUCCESS, True),
        (KeypadAction.LOCK, CompletionStatus.SUCCESS, False),
        (KeypadAction.UNLOCK, CompletionStatus.MOTOR_BLOCKED, False),
        # What a later firmware calls it is not known; better one use too many than one too few.
        (0xEE, CompletionStatus.SUCCESS, True),
    ],
)
def test_an_action_at_the_keypad(action: int, status: CompletionStatus, opened: bool) -> None:
    entry = logged(LogEntryType.KEYPAD_ACTION, bytes([action, 1, status]) + (300).to_bytes(2, "little"))
    assert use_of(entry) == Use(7, 300, opened=opened)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (LogEntryType.LOCK_ACTION, bytes([1, 0, 0, 0])),
        (LogEntryType.DOOR_SENSOR, b"\0"),
        # Cut off in the middle, and a type without a name.
        (LogEntryType.KEYPAD_ACTION, b"\1"),
        (LogEntryType(0xEE), b"\1\1\0\x2c\1"),
    ],
)
def test_anything_else_is_about_no_code(kind: LogEntryType, data: bytes) -> None:
    assert use_of(logged(kind, data)) == Use(7, None, opened=False)
