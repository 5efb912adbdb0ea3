"""What can break, and what a failed run looks like in the three places that tell of it.

Source: Nuki Smart Lock API V2.3.0, section 8 (error codes) and Keyturner States (completion status); the pair of
K_ERROR_CLUTCH_POWER_FAILURE and motor power failure was reported in the vendor's developer forum (thread 13487).
"""

from dataclasses import dataclass
from enum import StrEnum

from custom_components.smartlock.protocol.enums import CompletionStatus, ErrorCode, LockState


class Jam(StrEnum):
    """What is broken."""

    MOTOR = "motor"
    """The bolt meets something and stops."""
    CLUTCH = "clutch"
    CLUTCH_POWER = "clutch-power"
    """The clutch draws no current: the app shows 4B, the log 0x07."""
    MOTOR_POWER = "motor-power"
    LOW_VOLTAGE = "low-voltage"


@dataclass(frozen=True)
class Failure:
    """What one fault looks like: live, in the log, and in the lock state."""

    error: ErrorCode
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
}
CANCELED = Failure(ErrorCode.K_CANCELED, CompletionStatus.CANCELED, LockState.UNDEFINED)
