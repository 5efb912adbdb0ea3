"""What can break, and what a failed run looks like in the three places that tell of it.

Source: Nuki Smart Lock API V2.3.0, section 8 (error codes) and Keyturner States (completion status); the pair of
K_ERROR_CLUTCH_POWER_FAILURE and motor power failure was reported in the vendor's developer forum (thread 13487).
No error code is documented for a handle that was not lifted, so that nothing but the completion status tells of it.
What a run leaves behind that finds no end stop is a choice among the statuses that would fit.
"""

from dataclasses import dataclass
from enum import StrEnum

from custom_components.smartlock.protocol.enums import CompletionStatus, ErrorCode, LockAction, LockState


class Jam(StrEnum):
    """What is broken."""

    MOTOR = "motor"
    """The bolt meets something and stops."""
    CLUTCH = "clutch"
    CLUTCH_POWER = "clutch-power"
    """The clutch draws no current: the app shows 4B, the log 0x07."""
    MOTOR_POWER = "motor-power"
    LOW_VOLTAGE = "low-voltage"
    END_STOP = "end-stop"
    """The motor turns without ever meeting the end."""
    POSITION_MEMORY = "position-memory"
    """There is no room for another calibration; everything else works."""
    HANDLE = "handle"
    """The handle of the door has not been lifted."""
    UNKNOWN = "unknown"
    """Something for which there is only a number, seen in the field (kvj/hass_nuki_ng issue 204)."""


@dataclass(frozen=True)
class Failure:
    """What one fault looks like: live, in the log, and in the lock state."""

    error: ErrorCode | None
    """None if the run is reported as complete."""
    completion: CompletionStatus
    state: LockState | None
    """Lock state afterwards; None if the bolt never left its place."""


FAILURES = {
    Jam.MOTOR: Failure(ErrorCode.K_MOTOR_BLOCKED, CompletionStatus.MOTOR_BLOCKED, LockState.MOTOR_BLOCKED),
    Jam.CLUTCH: Failure(ErrorCode.K_CLUTCH_FAILURE, CompletionStatus.CLUTCH_FAILURE, None),
    Jam.CLUTCH_POWER: Failure(ErrorCode.K_CLUTCH_POWER_FAILURE, CompletionStatus.MOTOR_POWER_FAILURE, None),
    Jam.MOTOR_POWER: Failure(ErrorCode.K_MOTOR_POWER_FAILURE, CompletionStatus.MOTOR_POWER_FAILURE, None),
    Jam.LOW_VOLTAGE: Failure(
        ErrorCode.K_MOTOR_LOW_VOLTAGE, CompletionStatus.LOW_MOTOR_VOLTAGE, LockState.MOTOR_BLOCKED
    ),
    Jam.END_STOP: Failure(ErrorCode.K_MOTOR_TIMEOUT, CompletionStatus.INCOMPLETE, LockState.UNDEFINED),
    Jam.POSITION_MEMORY: Failure(ErrorCode.K_MOTOR_POSITION_LIMIT, CompletionStatus.OTHER_ERROR, None),
    Jam.HANDLE: Failure(None, CompletionStatus.HANDLE_NOT_LIFTED, None),
    Jam.UNKNOWN: Failure(ErrorCode(0x51), CompletionStatus(0x51), None),
}
CANCELED = Failure(ErrorCode.K_CANCELED, CompletionStatus.CANCELED, LockState.UNDEFINED)

_LOCKING = (LockAction.LOCK, LockAction.FULL_LOCK)


def hinders(jam: Jam, action: LockAction) -> bool:
    """Return whether a run for an action fails; a calibration has the action NONE."""
    match jam:
        case Jam.POSITION_MEMORY:
            return action == LockAction.NONE
        case Jam.HANDLE:
            return action in _LOCKING
        case _:
            return True
