"""What the door sensor says, for every value that a lock can send."""

import pytest

from custom_components.smartlock.binary_sensor import door_open
from custom_components.smartlock.protocol.enums import DoorSensorState
from custom_components.smartlock.snapshot import LockSnapshot
from tests.snapshots import states


@pytest.mark.parametrize("value", [*range(256), None])
def test_only_two_values_are_known(value: int | None) -> None:
    """Deactivated, tampered, not calibrated, or a value of tomorrow: neither open nor closed."""
    state = None if value is None else DoorSensorState(value)
    snapshot = LockSnapshot(last_states=states(door_sensor_state=state))
    assert door_open(snapshot) is {2: False, 3: True}.get(-1 if value is None else value)


def test_door_is_unknown_when_the_state_is() -> None:
    assert door_open(LockSnapshot()) is None
    opened = LockSnapshot(last_states=states(door_sensor_state=DoorSensorState.OPENED))
    assert door_open(opened) is True
    assert door_open(opened.with_change_unseen()) is None
