"""When the log is read over a link that is open anyway."""

import pytest

from custom_components.smartlock.activity.rules.when import DOOR_PAUSE, LONGEST, Look
from custom_components.smartlock.protocol.enums import DoorSensorState, LockAction, LockState, Trigger
from custom_components.smartlock.protocol.messages import KeyturnerStates
from tests.lock_of import states

SHOWN = states(door_sensor_state=DoorSensorState.CLOSED)
OPENED = states(door_sensor_state=DoorSensorState.OPENED)
TURNED = states(lock_state=LockState.UNLOCKED, door_sensor_state=DoorSensorState.CLOSED)


def due(
    look: Look,
    shown: KeyturnerStates,
    now: float = 1000.0,
    *,
    keypad: bool = False,
    logging: bool = True,
    door: bool = False,
) -> bool:
    """Whether the log is read."""
    return look.due(shown, now=now, keypad=keypad, logging=logging, door=door)


def looked(*, again: bool = False) -> Look:
    """Return a look at a lock, at second 1000."""
    return Look().read(SHOWN, 5, now=1000.0, again=again)


def test_at_first_and_where_more_is_expected() -> None:
    assert due(Look(), SHOWN)
    assert due(looked(again=True), SHOWN)
    assert not due(looked(), SHOWN)


@pytest.mark.parametrize(
    "shown",
    [
        TURNED,
        states(trigger=Trigger.MANUAL, door_sensor_state=DoorSensorState.CLOSED),
        states(last_lock_action=LockAction.UNLOCK, door_sensor_state=DoorSensorState.CLOSED),
        states(last_lock_action_trigger=Trigger.BUTTON, door_sensor_state=DoorSensorState.CLOSED),
    ],
)
def test_when_the_lock_shows_something_new(shown: KeyturnerStates) -> None:
    assert due(looked(), shown)
    assert not due(looked(), shown, logging=False)


@pytest.mark.parametrize("keypad", [False, True])
@pytest.mark.parametrize("door", [False, True])
def test_the_door_waits_for_what_comes_with_it(*, door: bool, keypad: bool) -> None:
    """Somebody who goes in or out opens and closes it within seconds."""
    assert not due(looked(), OPENED, 1000 + DOOR_PAUSE - 1, door=door, keypad=keypad)
    assert due(looked(), OPENED, 1000 + DOOR_PAUSE, door=door, keypad=keypad) is (door or keypad)
    # It was put off, and not forgotten: also if it is closed again.
    passed = looked().passed(OPENED)
    assert not due(passed, SHOWN, 1000 + DOOR_PAUSE - 1, door=door, keypad=keypad)
    assert due(passed, SHOWN, 1000 + DOOR_PAUSE, door=door, keypad=keypad) is (door or keypad)
    assert due(passed, TURNED, door=door, keypad=keypad)


@pytest.mark.parametrize("keypad", [False, True])
def test_a_wrong_code_shows_nowhere_else(*, keypad: bool) -> None:
    assert due(looked(), SHOWN, keypad=keypad) is keypad


@pytest.mark.parametrize("logging", [False, True])
def test_once_a_day_in_any_case(*, logging: bool) -> None:
    assert not due(looked(), SHOWN, 1000 + LONGEST - 1, logging=logging)
    assert due(looked(), SHOWN, 1000 + LONGEST, logging=logging)


def test_too_early() -> None:
    """The bolt was moved, and its entry is not there."""
    assert looked().too_early(TURNED, 5)
    assert not looked().too_early(TURNED, 6)
    assert not looked().too_early(OPENED, 5)
    # Nobody knows what was before.
    assert not Look().too_early(TURNED, 0)
