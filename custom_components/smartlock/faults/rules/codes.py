"""What each code of the lock says about its mechanics: one fault has a number in each of several lists.

Nuki Smart Lock API V2.3.0: error codes (live Error Report) and completion status (Keyturner States, log). Which
pairs belong to one fault: the vendor's developer forum, topic 13487, where a clutch without current was 0x4B live
and 0x07 in the log, which by its name is a motor without current.
"""

from collections.abc import Mapping
from enum import StrEnum

from custom_components.smartlock.protocol.enums import Command, CompletionStatus, ErrorCode


class FaultKind(StrEnum):
    """What is wrong with the mechanics."""

    CLUTCH_FAILURE = "clutch_failure"
    CLUTCH_POWER_FAILURE = "clutch_power_failure"
    MOTOR_POWER_FAILURE = "motor_power_failure"
    MOTOR_BLOCKED = "motor_blocked"
    MOTOR_TIMEOUT = "motor_timeout"
    LOW_VOLTAGE = "low_voltage"
    CALIBRATION_REFUSED = "calibration_refused"
    NOT_CALIBRATED = "not_calibrated"
    POSITION_LIMIT = "position_limit"
    INCOMPLETE = "incomplete"
    HANDLE_NOT_LIFTED = "handle_not_lifted"
    FIRMWARE_UPDATE_NEEDED = "firmware_update_needed"
    UNKNOWN = "unknown_fault"
    """A run failed with a number that has no meaning here, or says no more than that."""


CLUTCH_KINDS = frozenset(
    {FaultKind.CLUTCH_FAILURE, FaultKind.CLUTCH_POWER_FAILURE, FaultKind.MOTOR_POWER_FAILURE}
)
"""The clutch, or the motor behind it: what a dead clutch logs has the name of the motor."""
BLOCKED_KINDS = frozenset({FaultKind.MOTOR_BLOCKED, FaultKind.MOTOR_TIMEOUT, FaultKind.LOW_VOLTAGE})
CALIBRATION_KINDS = frozenset(
    {FaultKind.NOT_CALIBRATED, FaultKind.CALIBRATION_REFUSED, FaultKind.POSITION_LIMIT}
)
"""What a calibration ends, by whomever."""
GRAVE_KINDS = frozenset(FaultKind) - {
    FaultKind.CALIBRATION_REFUSED,
    FaultKind.POSITION_LIMIT,
    FaultKind.INCOMPLETE,
    FaultKind.HANDLE_NOT_LIFTED,
}
"""The lock may not do what it is told, so that somebody may stand in front of a closed door, or of an open one."""

# A row for every number with a name; None is no fault of the mechanics.
ERRORS: Mapping[ErrorCode, FaultKind | None] = {
    ErrorCode.BAD_CRC: None,
    ErrorCode.BAD_LENGTH: None,
    ErrorCode.UNKNOWN: FaultKind.UNKNOWN,
    ErrorCode.P_NOT_PAIRING: None,
    ErrorCode.P_BAD_AUTHENTICATOR: None,
    ErrorCode.P_BAD_PARAMETER: None,
    ErrorCode.P_MAX_USER: None,
    ErrorCode.K_NOT_AUTHORIZED: None,
    ErrorCode.K_BAD_PIN: None,
    ErrorCode.K_BAD_NONCE: None,
    ErrorCode.K_BAD_PARAMETER: None,
    ErrorCode.K_INVALID_AUTH_ID: None,
    ErrorCode.K_DISABLED: None,
    ErrorCode.K_REMOTE_NOT_ALLOWED: None,
    ErrorCode.K_TIME_NOT_ALLOWED: None,
    ErrorCode.K_TOO_MANY_PIN_ATTEMPTS: None,
    ErrorCode.K_TOO_MANY_ENTRIES: None,
    ErrorCode.K_CODE_ALREADY_EXISTS: None,
    ErrorCode.K_CODE_INVALID: None,
    ErrorCode.K_CODE_INVALID_TIMEOUT_1: None,
    ErrorCode.K_CODE_INVALID_TIMEOUT_2: None,
    ErrorCode.K_CODE_INVALID_TIMEOUT_3: None,
    ErrorCode.K_AUTO_UNLOCK_TOO_RECENT: None,
    ErrorCode.K_POSITION_UNKNOWN: None,
    ErrorCode.K_MOTOR_BLOCKED: FaultKind.MOTOR_BLOCKED,
    ErrorCode.K_CLUTCH_FAILURE: FaultKind.CLUTCH_FAILURE,
    ErrorCode.K_MOTOR_TIMEOUT: FaultKind.MOTOR_TIMEOUT,
    ErrorCode.K_BUSY: None,
    ErrorCode.K_CANCELED: None,
    ErrorCode.K_NOT_CALIBRATED: FaultKind.NOT_CALIBRATED,
    ErrorCode.K_MOTOR_POSITION_LIMIT: FaultKind.POSITION_LIMIT,
    ErrorCode.K_MOTOR_LOW_VOLTAGE: FaultKind.LOW_VOLTAGE,
    ErrorCode.K_MOTOR_POWER_FAILURE: FaultKind.MOTOR_POWER_FAILURE,
    ErrorCode.K_CLUTCH_POWER_FAILURE: FaultKind.CLUTCH_POWER_FAILURE,
    ErrorCode.K_VOLTAGE_TOO_LOW: FaultKind.CALIBRATION_REFUSED,
    ErrorCode.K_FIRMWARE_UPDATE_NEEDED: FaultKind.FIRMWARE_UPDATE_NEEDED,
}
COMPLETIONS: Mapping[CompletionStatus, FaultKind | None] = {
    CompletionStatus.SUCCESS: None,
    CompletionStatus.MOTOR_BLOCKED: FaultKind.MOTOR_BLOCKED,
    CompletionStatus.CANCELED: None,
    CompletionStatus.TOO_RECENT: None,
    CompletionStatus.BUSY: None,
    CompletionStatus.LOW_MOTOR_VOLTAGE: FaultKind.LOW_VOLTAGE,
    CompletionStatus.CLUTCH_FAILURE: FaultKind.CLUTCH_FAILURE,
    CompletionStatus.MOTOR_POWER_FAILURE: FaultKind.MOTOR_POWER_FAILURE,
    CompletionStatus.INCOMPLETE: FaultKind.INCOMPLETE,
    CompletionStatus.REJECTED: None,
    CompletionStatus.REJECTED_NIGHT_MODE: None,
    CompletionStatus.HANDLE_NOT_LIFTED: FaultKind.HANDLE_NOT_LIFTED,
    CompletionStatus.INVALID_CODE: None,
    CompletionStatus.INVALID_FINGERPRINT: None,
    CompletionStatus.OTHER_ERROR: FaultKind.UNKNOWN,
    CompletionStatus.UNKNOWN: None,
}

# Which completion status the run of a fault can leave behind, beside the one that has its name.
SAME_FAULT: Mapping[FaultKind, frozenset[CompletionStatus]] = {
    FaultKind.CLUTCH_FAILURE: frozenset({CompletionStatus.MOTOR_POWER_FAILURE}),
    FaultKind.CLUTCH_POWER_FAILURE: frozenset(
        {CompletionStatus.MOTOR_POWER_FAILURE, CompletionStatus.CLUTCH_FAILURE}
    ),
    FaultKind.MOTOR_TIMEOUT: frozenset({CompletionStatus.INCOMPLETE, CompletionStatus.OTHER_ERROR}),
}

# Requests whose refusal with a number that nobody knows is a failed run. Other requests are refused for other
# reasons; 0 stands for a request that the lock could not read.
_RUNS = frozenset(
    {Command.LOCK_ACTION, Command.SIMPLE_LOCK_ACTION, Command.KEYPAD_ACTION, Command.REQUEST_CALIBRATION}
)


def fault_of_error(code: ErrorCode, command: Command | None) -> FaultKind | None:
    """Return the fault that an Error Report about a command tells of, None if it tells of none."""
    kind = ERRORS.get(code, FaultKind.UNKNOWN)
    return None if kind is FaultKind.UNKNOWN and command not in _RUNS else kind


def fault_of_completion(status: CompletionStatus) -> FaultKind | None:
    """Return the fault that the completion status of a run tells of, None if it tells of none."""
    return COMPLETIONS.get(status, FaultKind.UNKNOWN)
