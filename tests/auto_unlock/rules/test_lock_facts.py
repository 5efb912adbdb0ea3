"""What a rule takes from a snapshot and its faults: every state of bolt and door, and what is not known."""

from datetime import UTC, datetime
from typing import Any

import pytest

from custom_components.smartlock.auto_unlock.rules import Door, LockFacts, lock_facts
from custom_components.smartlock.faults.rules.faults import Faults
from custom_components.smartlock.protocol.enums import (
    Command,
    CompletionStatus,
    DoorSensorState,
    ErrorCode,
    LockState,
)
from custom_components.smartlock.snapshot import LockSnapshot
from tests.lock_of import config
from tests.snapshots import states

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WELL = Faults().with_states_from(states(), NOW)


def facts(faults: Faults = WELL, auto_unlatch: int = 0, **changes: Any) -> LockFacts:
    snapshot = LockSnapshot(last_states=states(**changes), config=config(auto_unlatch=auto_unlatch))
    return lock_facts(snapshot, faults, read_at=5.0)


def test_everything_well() -> None:
    assert facts() == LockFacts(
        read_at=5.0,
        locked=True,
        moving=False,
        jammed=False,
        faulty=False,
        battery_critical=False,
        door=Door.CLOSED,
        auto_unlatch=False,
    )


@pytest.mark.parametrize("state", [*LockState, LockState(0x42)])
def test_every_state_of_the_bolt(state: LockState) -> None:
    found = facts(lock_state=state)
    assert (found.locked is True) is (state == LockState.LOCKED)
    assert (found.locked is False) is (
        state in (LockState.UNLOCKED, LockState.UNLATCHED, LockState.UNLOCKED_LOCK_N_GO)
    )
    assert found.moving is (state.in_motion if state.known else None)


@pytest.mark.parametrize("sensor", [*DoorSensorState, DoorSensorState(0x42), None])
def test_every_state_of_the_door(sensor: DoorSensorState | None) -> None:
    door = facts(door_sensor_state=sensor).door
    if sensor == DoorSensorState.CLOSED:
        assert door is Door.CLOSED
    elif sensor == DoorSensorState.OPENED:
        assert door is Door.OPEN
    elif sensor in (None, DoorSensorState.UNAVAILABLE, DoorSensorState.DEACTIVATED):
        assert door is Door.NO_SENSOR
    else:
        assert door is Door.UNKNOWN


@pytest.mark.parametrize(("value", "auto_unlatch"), [(0, False), (1, True), (2, None)])
def test_auto_unlatch(value: int, auto_unlatch: bool | None) -> None:
    assert facts(auto_unlatch=value).auto_unlatch is auto_unlatch


def test_settings_that_were_not_read() -> None:
    assert lock_facts(LockSnapshot(last_states=states()), WELL, read_at=5.0).auto_unlatch is None


def test_faults() -> None:
    blocked = states(last_lock_action_completion_status=CompletionStatus.MOTOR_BLOCKED)
    assert facts(Faults().with_states_from(blocked, NOW)).jammed is True
    clutch = WELL.with_error_report(ErrorCode.K_CLUTCH_POWER_FAILURE, Command.LOCK_ACTION, NOW)
    assert facts(clutch).faulty is True
    assert (facts(Faults()).jammed, facts(Faults()).faulty) == (None, None)


def test_a_state_that_is_not_believed_is_not_known() -> None:
    snapshot = LockSnapshot(last_states=states(), outdated=True)
    assert lock_facts(snapshot, WELL, read_at=5.0) == LockFacts()
    assert lock_facts(LockSnapshot(), WELL, read_at=5.0) == LockFacts()
