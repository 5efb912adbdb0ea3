"""Which fault a lock has, from its live error reports and the completion of its last run.

One fault shows in several places with different numbers (vendor's developer forum, topic 13487): a clutch
without current is 0x4B live and 0x07 in the completion status, which is also what a motor without current gives.
"""

from custom_components.smartlock.protocol.enums import CompletionStatus, ErrorCode, LockState
from custom_components.smartlock.snapshot import LockSnapshot

_CLUTCH_ERRORS = frozenset(
    {ErrorCode.K_CLUTCH_FAILURE, ErrorCode.K_CLUTCH_POWER_FAILURE, ErrorCode.K_MOTOR_POWER_FAILURE}
)
_CLUTCH_COMPLETIONS = frozenset({CompletionStatus.CLUTCH_FAILURE, CompletionStatus.MOTOR_POWER_FAILURE})
_BLOCKED_ERRORS = frozenset(
    {ErrorCode.K_MOTOR_BLOCKED, ErrorCode.K_MOTOR_TIMEOUT, ErrorCode.K_MOTOR_LOW_VOLTAGE}
)
_BLOCKED_COMPLETIONS = frozenset({CompletionStatus.MOTOR_BLOCKED, CompletionStatus.LOW_MOTOR_VOLTAGE})


def clutch_fault(snapshot: LockSnapshot) -> bool | None:
    """Whether the clutch, or the motor behind it, has failed; None if the lock has not told yet."""
    return _has_fault(snapshot, _CLUTCH_ERRORS, _CLUTCH_COMPLETIONS)


def motor_blocked(snapshot: LockSnapshot) -> bool | None:
    """Whether the motor is blocked; None if the lock has not told yet."""
    states = snapshot.states
    if states is not None and states.lock_state == LockState.MOTOR_BLOCKED:
        return True
    return _has_fault(snapshot, _BLOCKED_ERRORS, _BLOCKED_COMPLETIONS)


def _has_fault(
    snapshot: LockSnapshot, errors: frozenset[ErrorCode], completions: frozenset[CompletionStatus]
) -> bool | None:
    if snapshot.run_error in errors:
        return True
    # A failed run does not heal because a newer state could not be read.
    states = snapshot.last_states
    completion = None if states is None else states.last_lock_action_completion_status
    if completion in completions:
        return True
    if (
        snapshot.outdated
        or completion is None
        or completion == CompletionStatus.UNKNOWN
        or not completion.known
    ):
        return None
    return False
