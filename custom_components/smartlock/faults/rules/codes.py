"""What each of the lock's codes says about its mechanics: a fault has a number in each of several lists.

Nuki Smart Lock API V2.3.0: error codes (live Error Report) and completion status (Keyturner States, log). Which
pairs belong to one fault: the vendor's developer forum, topic 13487, where a clutch without current was 0x4B live
and 0x07 in the log, which by its name is a motor without current.
"""

from collections.abc import Mapping
from enum import StrEnum

from custom_components.smartlock.protocol.enums import Command, CompletionStatus, ErrorCode


class FaultKind(StrEnum):
    """The kinds of mechanical faults."""

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
    """A run failed with a number that is undocumented, or that says no more than that."""


CLUTCH_KINDS = frozenset(
    {FaultKind.CLUTCH_FAILURE, FaultKind.CLUTCH_POWER_FAILURE, FaultKind.MOTOR_POWER_FAILURE}
)
"""The clutch, or the motor behind it: a dead clutch logs the code of the motor."""
BLOCKED_KINDS = frozenset({FaultKind.MOTOR_BLOCKED, FaultKind.MOTOR_TIMEOUT, FaultKind.LOW_VOLTAGE})
CALIBRATION_KINDS = frozenset(
    {FaultKind.NOT_CALIBRATED, FaultKind.CALIBRATION_REFUSED, FaultKind.POSITION_LIMIT}
)
"""Faults that end with a calibration, regardless of who starts it."""
GRAVE_KINDS = frozenset(FaultKind) - {
    FaultKind.CALIBRATION_REFUSED,
    FaultKind.POSITION_LIMIT,
    FaultKind.INCOMPLETE,
    FaultKind.HANDLE_NOT_LIFTED,
}
"""The lock may ignore an action, so that somebody may face a closed door, or leave an open one."""

SHORT_KINDS = frozenset({FaultKind.INCOMPLETE, FaultKind.HANDLE_NOT_LIFTED})
"""The bolt may not be where the lock says that it is, though nothing keeps it from moving."""

# One row for each named number; None is not a mechanical fault.
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
    ErrorCode.K_REJECTED: None,
    ErrorCode.K_REJECTED_NIGHT_MODE: None,
    ErrorCode.K_NOT_IN_MAINTENANCE_MODE: None,
    ErrorCode.K_ALREADY_CONFIGURED: None,
    ErrorCode.K_TIMEOUT: None,
    ErrorCode.K_NO_NUKI_ID: None,
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

# Completion statuses that the run of a fault can leave, besides the one of the same name.
SAME_FAULT: Mapping[FaultKind, frozenset[CompletionStatus]] = {
    FaultKind.CLUTCH_FAILURE: frozenset({CompletionStatus.MOTOR_POWER_FAILURE}),
    FaultKind.CLUTCH_POWER_FAILURE: frozenset(
        {CompletionStatus.MOTOR_POWER_FAILURE, CompletionStatus.CLUTCH_FAILURE}
    ),
    FaultKind.MOTOR_TIMEOUT: frozenset({CompletionStatus.INCOMPLETE, CompletionStatus.OTHER_ERROR}),
}

# Requests whose refusal with an unknown number is a failed run. Other requests are refused for other reasons;
# 0 stands for a request that the lock could not read.
_RUNS = frozenset(
    {Command.LOCK_ACTION, Command.SIMPLE_LOCK_ACTION, Command.KEYPAD_ACTION, Command.REQUEST_CALIBRATION}
)


def fault_of_error(code: ErrorCode, command: Command | None) -> FaultKind | None:
    """Return the fault that an Error Report about a command indicates; None if it indicates none."""
    kind = ERRORS.get(code, None if code.about_door_sensor else FaultKind.UNKNOWN)
    return None if kind is FaultKind.UNKNOWN and command not in _RUNS else kind


def fault_of_completion(status: CompletionStatus, *, moved: bool = False) -> FaultKind | None:
    """Return the fault that the completion status of a run indicates; None if it indicates none.

    `moved`: the bolt was seen to move during the run, so an unnamed number cannot mean that somebody was
    denied.
    """
    return COMPLETIONS.get(status, None if status.denied and not moved else FaultKind.UNKNOWN)
