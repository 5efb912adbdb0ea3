"""Facts about states of the bolt and about actions: one row for each value, and nothing about unknown ones."""

import pytest

from custom_components.smartlock.protocol.enums import LockAction, LockState, Place

L, U = Place.LOCKED, Place.UNLOCKED


@pytest.mark.parametrize(
    ("state", "places", "flags"),
    [
        (LockState.UNCALIBRATED, (None, None), "rests"),
        (LockState.LOCKED, (L, L), "rests"),
        (LockState.UNLOCKING, (None, U), "moves passes"),
        (LockState.UNLOCKED, (U, U), "rests"),
        (LockState.LOCKING, (None, L), "moves passes"),
        (LockState.UNLATCHED, (U, U), "holds passes"),
        (LockState.UNLOCKED_LOCK_N_GO, (U, U), "passes"),
        (LockState.UNLATCHING, (None, U), "moves passes"),
        (LockState.CALIBRATION, (None, None), "moves passes"),
        (LockState.BOOT_RUN, (None, None), "moves passes"),
        (LockState.MOTOR_BLOCKED, (None, None), ""),
        (LockState.UNDEFINED, (None, None), ""),
        # Firmware that knows more than we do: nothing is taken for granted.
        (LockState(0x42), (None, None), ""),
    ],
)
def test_states(state: LockState, places: tuple[Place | None, Place | None], flags: str) -> None:
    assert (state.place, state.heading) == places
    assert state.moving is ("moves" in flags)
    assert state.in_motion is ("moves" in flags or "holds" in flags)
    assert state.passing is ("passes" in flags)
    assert state.at_rest is ("rests" in flags)


@pytest.mark.parametrize(
    ("action", "goal", "leaves", "unlatches"),
    [
        (LockAction.UNLOCK, U, {U}, False),
        (LockAction.LOCK, L, {L}, False),
        (LockAction.FULL_LOCK, L, {L}, False),
        (LockAction.UNLATCH, None, {U}, True),
        (LockAction.LOCK_N_GO, None, {L, U}, False),
        (LockAction.LOCK_N_GO_WITH_UNLATCH, None, {L, U}, True),
        (LockAction.FOB_ACTION_1, None, set(), False),
        (LockAction.NONE, None, set(), False),
        (LockAction(0x42), None, set(), False),
    ],
)
def test_actions(action: LockAction, goal: Place | None, leaves: set[Place], unlatches: bool) -> None:
    assert (action.goal, set(action.leaves), action.unlatches) == (goal, leaves, unlatches)
    assert bool(action.shows) is bool(leaves)


@pytest.mark.parametrize("state", list(LockState))
def test_states_agree_with_themselves(state: LockState) -> None:
    """The motor runs for a while only; what stays is not on its way."""
    assert not (state.moving and (state.at_rest or not state.passing))
    assert not (state.in_motion and not state.passing)
    assert not (state.at_rest and state.passing)
    assert state.place is None or state.heading is state.place
