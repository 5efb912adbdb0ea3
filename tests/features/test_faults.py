"""Which fault a lock has: the table of live errors and completion statuses, each value of it."""

import pytest

from custom_components.smartlock.features.faults import clutch_fault, motor_blocked
from custom_components.smartlock.protocol.enums import CompletionStatus, ErrorCode, LockState
from custom_components.smartlock.snapshot import LockSnapshot
from tests.snapshots import states

CLUTCH_COMPLETIONS = {CompletionStatus.CLUTCH_FAILURE, CompletionStatus.MOTOR_POWER_FAILURE}
BLOCKED_COMPLETIONS = {CompletionStatus.MOTOR_BLOCKED, CompletionStatus.LOW_MOTOR_VOLTAGE}
CLUTCH_ERRORS = {
    ErrorCode.K_CLUTCH_FAILURE,
    ErrorCode.K_CLUTCH_POWER_FAILURE,
    ErrorCode.K_MOTOR_POWER_FAILURE,
}
BLOCKED_ERRORS = {ErrorCode.K_MOTOR_BLOCKED, ErrorCode.K_MOTOR_TIMEOUT, ErrorCode.K_MOTOR_LOW_VOLTAGE}


def after(completion: CompletionStatus | None, lock_state: LockState = LockState.LOCKED) -> LockSnapshot:
    """Return what is known after a read."""
    return LockSnapshot().with_states(
        states(last_lock_action_completion_status=completion, lock_state=lock_state)
    )


@pytest.mark.parametrize("value", range(256))
def test_completion_of_the_last_run(value: int) -> None:
    """A status that nobody knows proves neither a fault nor its absence."""
    completion = CompletionStatus(value)
    silent = not completion.known or completion == CompletionStatus.UNKNOWN
    clutch = True if completion in CLUTCH_COMPLETIONS else None if silent else False
    blocked = True if completion in BLOCKED_COMPLETIONS else None if silent else False
    assert (clutch_fault(after(completion)), motor_blocked(after(completion))) == (clutch, blocked)


@pytest.mark.parametrize("code", list(ErrorCode), ids=lambda code: code.name)
def test_live_error(code: ErrorCode) -> None:
    """It counts although the status read before said that all was well."""
    snapshot = after(CompletionStatus.SUCCESS).with_run_failed(code)
    assert clutch_fault(snapshot) is (code in CLUTCH_ERRORS)
    assert motor_blocked(snapshot) is (code in BLOCKED_ERRORS)


def test_nothing_is_known_at_first() -> None:
    assert clutch_fault(LockSnapshot()) is None
    assert motor_blocked(LockSnapshot()) is None


def test_old_firmware_does_not_tell() -> None:
    assert clutch_fault(after(None)) is None
    assert motor_blocked(after(None)) is None
    assert clutch_fault(after(None).with_run_failed(ErrorCode.K_CLUTCH_FAILURE)) is True


def test_blocked_state_says_it_too() -> None:
    assert motor_blocked(after(CompletionStatus.SUCCESS, LockState.MOTOR_BLOCKED)) is True
    assert motor_blocked(after(None, LockState.MOTOR_BLOCKED)) is True
    assert clutch_fault(after(CompletionStatus.SUCCESS, LockState.MOTOR_BLOCKED)) is False


def test_what_cannot_be_read_heals_nothing() -> None:
    """And does not break anything either: what was well is not known any more."""
    failed = after(CompletionStatus.CLUTCH_FAILURE).with_change_unseen()
    assert (clutch_fault(failed), motor_blocked(failed)) == (True, None)
    blocked = after(CompletionStatus.SUCCESS, LockState.MOTOR_BLOCKED).with_change_unseen()
    assert motor_blocked(blocked) is None


def test_success_ends_every_fault() -> None:
    failed = after(CompletionStatus.MOTOR_POWER_FAILURE).with_run_failed(ErrorCode.K_CLUTCH_POWER_FAILURE)
    assert clutch_fault(failed) is True
    healed = failed.with_states(states())
    assert (clutch_fault(healed), motor_blocked(healed)) == (False, False)
