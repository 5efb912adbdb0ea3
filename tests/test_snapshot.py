"""What is known of a lock, and for how long it may be believed."""

from dataclasses import FrozenInstanceError

import pytest

from custom_components.smartlock.protocol.enums import CompletionStatus, ErrorCode, LockState
from custom_components.smartlock.snapshot import LockSnapshot
from tests.snapshots import states

FAILED = states(last_lock_action_completion_status=CompletionStatus.CLUTCH_FAILURE)
SUCCEEDED = states()
OLD_FIRMWARE = states(last_lock_action_completion_status=None)


def test_nothing_is_known_at_first() -> None:
    snapshot = LockSnapshot()
    assert (snapshot.states, snapshot.last_states, snapshot.config, snapshot.run_error) == (None,) * 4


def test_change_that_was_not_seen_makes_the_state_unknown() -> None:
    """But it is not forgotten: some of it does not change with the bolt."""
    snapshot = LockSnapshot().with_states(SUCCEEDED).with_change_unseen()
    assert snapshot.states is None
    assert snapshot.last_states == SUCCEEDED
    unlocked = states(lock_state=LockState.UNLOCKED)
    assert snapshot.with_states(unlocked).states == unlocked


def test_failed_run_is_remembered_until_one_succeeds() -> None:
    snapshot = LockSnapshot().with_states(FAILED).with_run_failed(ErrorCode.K_CLUTCH_FAILURE)
    assert snapshot.with_states(FAILED).run_error == ErrorCode.K_CLUTCH_FAILURE
    assert snapshot.with_change_unseen().run_error == ErrorCode.K_CLUTCH_FAILURE
    assert snapshot.with_run_succeeded().run_error is None
    assert snapshot.with_states(SUCCEEDED).run_error is None


@pytest.mark.parametrize("before", [None, SUCCEEDED, OLD_FIRMWARE])
def test_success_of_before_does_not_excuse_a_failed_run(before: object) -> None:
    """Only a change from failure to success says that somebody's run has gone well since."""
    snapshot = LockSnapshot(last_states=before).with_run_failed(ErrorCode.K_MOTOR_TIMEOUT)  # type: ignore[arg-type]
    assert snapshot.with_states(SUCCEEDED).run_error == ErrorCode.K_MOTOR_TIMEOUT
    assert snapshot.with_states(OLD_FIRMWARE).run_error == ErrorCode.K_MOTOR_TIMEOUT


def test_nobody_edits_it() -> None:
    with pytest.raises(FrozenInstanceError):
        LockSnapshot().outdated = True  # type: ignore[misc]
