"""What is known of a lock, and for how long it may be believed."""

from dataclasses import FrozenInstanceError

import pytest

from custom_components.smartlock.protocol.enums import LockState
from custom_components.smartlock.snapshot import LockSnapshot
from tests.snapshots import states

LOCKED = states()


def test_nothing_is_known_at_first() -> None:
    snapshot = LockSnapshot()
    assert (snapshot.states, snapshot.last_states, snapshot.config) == (None,) * 3


def test_change_that_was_not_seen_makes_the_state_unknown() -> None:
    """But it is not forgotten: some of it does not change with the bolt."""
    snapshot = LockSnapshot().with_states(LOCKED).with_change_unseen()
    assert snapshot.states is None
    assert snapshot.last_states == LOCKED
    unlocked = states(lock_state=LockState.UNLOCKED)
    assert snapshot.with_states(unlocked).states == unlocked


def test_nobody_edits_it() -> None:
    with pytest.raises(FrozenInstanceError):
        LockSnapshot().outdated = True  # type: ignore[misc]
