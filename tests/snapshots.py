"""Values that tests of pure decisions begin with."""

from typing import Any

from custom_components.smartlock.protocol.enums import (
    CompletionStatus,
    DoorSensorState,
    LockAction,
    LockState,
    NukiState,
    Trigger,
)
from custom_components.smartlock.protocol.messages import KeyturnerStates
from custom_components.smartlock.protocol.wire import Date7

__all__ = ["states"]


def states(**changes: Any) -> KeyturnerStates:
    """Return Keyturner States of a locked lock with nothing wrong, but for some changes."""
    fields: dict[str, Any] = {
        "nuki_state": NukiState.DOOR_MODE,
        "lock_state": LockState.LOCKED,
        "trigger": Trigger.SYSTEM,
        "current_time": Date7(2026, 11, 20, 12, 0, 0),
        "time_zone_offset": 60,
        "battery": 0xC8,
        "config_update_count": 0,
        "lock_n_go_timer": 0,
        "last_lock_action": LockAction.LOCK,
        "last_lock_action_trigger": Trigger.SYSTEM,
        "last_lock_action_completion_status": CompletionStatus.SUCCESS,
        "door_sensor_state": DoorSensorState.CLOSED,
        "night_mode_active": 0,
    }
    return KeyturnerStates(**(fields | changes))
