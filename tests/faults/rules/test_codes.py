"""What each number says: every one of the 256 values of both lists."""

import pytest

from custom_components.smartlock.faults.rules.codes import (
    BLOCKED_KINDS,
    CLUTCH_KINDS,
    COMPLETIONS,
    ERRORS,
    FaultKind,
    fault_of_completion,
    fault_of_error,
)
from custom_components.smartlock.protocol.enums import Command, CompletionStatus, ErrorCode

# Nuki Smart Lock API V2.3.0, by number.
LIVE = {
    0x42: FaultKind.MOTOR_BLOCKED,
    0x43: FaultKind.CLUTCH_FAILURE,
    0x44: FaultKind.MOTOR_TIMEOUT,
    0x47: FaultKind.NOT_CALIBRATED,
    0x48: FaultKind.POSITION_LIMIT,
    0x49: FaultKind.LOW_VOLTAGE,
    0x4A: FaultKind.MOTOR_POWER_FAILURE,
    0x4B: FaultKind.CLUTCH_POWER_FAILURE,
    0x4C: FaultKind.CALIBRATION_REFUSED,
    0x4D: FaultKind.FIRMWARE_UPDATE_NEEDED,
}
ENDED = {
    0x01: FaultKind.MOTOR_BLOCKED,
    0x05: FaultKind.LOW_VOLTAGE,
    0x06: FaultKind.CLUTCH_FAILURE,
    0x07: FaultKind.MOTOR_POWER_FAILURE,
    0x08: FaultKind.INCOMPLETE,
    0x0B: FaultKind.HANDLE_NOT_LIFTED,
    0xFE: FaultKind.UNKNOWN,
}
# Refused, stopped by somebody, or not told: nothing is wrong with the mechanics.
NO_FAULT = {0x00, 0x02, 0x03, 0x04, 0x09, 0x0A, 0xE0, 0xE1, 0xFF}
# Names without a run of the motor, from the vendor's newer list: rejected (also at night), the door sensor, set-up.
NO_RUN = {0x4E, 0x4F, *range(0x60, 0x70), 0xE0, 0xE1, 0xE2, 0xE3}


@pytest.mark.parametrize("value", range(256))
def test_live_error(value: int) -> None:
    code = ErrorCode(value)
    wanted = LIVE.get(value)
    if wanted is None and value not in NO_RUN and (value == 0xFF or not code.known):
        wanted = FaultKind.UNKNOWN
    assert fault_of_error(code, Command.LOCK_ACTION) == wanted


@pytest.mark.parametrize("value", range(256))
def test_completion_status(value: int) -> None:
    """A number next to a wrong code and an unknown finger is denied as well, unless the bolt has moved for it."""
    known = ENDED.get(value, None if value in NO_FAULT else FaultKind.UNKNOWN)
    denied = 0xE0 <= value <= 0xEF
    assert fault_of_completion(CompletionStatus(value)) == (None if denied else known)
    assert fault_of_completion(CompletionStatus(value), moved=True) == known


@pytest.mark.parametrize("command", [None, Command.SET_CONFIG, Command.REQUEST_LOG_ENTRIES, Command(0x7777)])
def test_a_number_that_nobody_knows_is_a_fault_of_a_run_only(command: Command | None) -> None:
    """Settings and lists are refused for reasons that have nothing to do with the mechanics."""
    assert fault_of_error(ErrorCode(0x51), command) is None
    assert fault_of_error(ErrorCode.UNKNOWN, command) is None
    assert fault_of_error(ErrorCode.K_CLUTCH_FAILURE, command) is FaultKind.CLUTCH_FAILURE


def test_tables_are_complete() -> None:
    assert set(ERRORS) == set(ErrorCode)
    assert set(COMPLETIONS) == set(CompletionStatus)
    assert not CLUTCH_KINDS & BLOCKED_KINDS
