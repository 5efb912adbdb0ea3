"""Messages of a lock as a test wants it; everything it does not name is ordinary."""

from datetime import UTC, datetime
from typing import Any

from custom_components.smartlock.protocol.enums import (
    AdvertisingMode,
    BatteryType,
    ButtonAction,
    DstMode,
    FobAction,
    LockAction,
    LockState,
    NukiState,
    Trigger,
)
from custom_components.smartlock.protocol.messages import AdvancedConfig, Config, KeyturnerStates
from custom_components.smartlock.protocol.wire import Date7, Time2, Version
from custom_components.smartlock.settings.rules.snapshot import SettingsSnapshot, SnapshotReason

__all__ = ["NOON", "advanced_config", "config", "settings", "states"]

NUKI_ID = 0x33C335C5
NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)


def states(percent: int | None = 80, **fields: Any) -> KeyturnerStates:
    """Return Keyturner States with a charge; None is firmware that tells none."""
    critical, charging = fields.pop("critical", False), fields.pop("charging", False)
    time = fields.pop("time", NOON)
    values: dict[str, Any] = {
        "nuki_state": NukiState.DOOR_MODE,
        "lock_state": LockState.LOCKED,
        "trigger": Trigger.SYSTEM,
        "current_time": Date7.of(time) if isinstance(time, datetime) else time,
        "time_zone_offset": 0,
        "battery": critical | charging << 1 | ((percent or 0) // 2) << 2,
        "config_update_count": 7,
        "lock_n_go_timer": 0,
        "last_lock_action": LockAction.LOCK,
        "last_lock_action_trigger": Trigger.MANUAL,
    }
    return KeyturnerStates(**values | fields)


def config(**fields: Any) -> Config:
    """Return Config."""
    values: dict[str, Any] = {
        "nuki_id": NUKI_ID,
        "name": "Villa",
        "latitude": bytes(4),
        "longitude": bytes(4),
        "auto_unlatch": 0,
        "pairing_enabled": 1,
        "button_enabled": 1,
        "led_enabled": 1,
        "led_brightness": 3,
        "current_time": Date7.of(NOON),
        "time_zone_offset": 0,
        "dst_mode": DstMode.EUROPEAN,
        "has_fob": 0,
        "fob_action_1": FobAction.UNLOCK,
        "fob_action_2": FobAction.LOCK,
        "fob_action_3": FobAction.NO_ACTION,
        "single_lock": 0,
        "advertising_mode": AdvertisingMode.AUTOMATIC,
        "has_keypad": 0,
        "firmware_version": Version(3, 11, 1),
        "hardware_revision": Version(3, 0),
        "homekit_status": 0,
        "time_zone_id": 37,
    }
    return Config(**values | fields)


def advanced_config(**fields: Any) -> AdvancedConfig:
    """Return Advanced Config."""
    values: dict[str, Any] = {
        "total_degrees": 920,
        "unlocked_position_offset": 0,
        "locked_position_offset": 0,
        "single_locked_position_offset": 0,
        "unlocked_to_locked_transition_offset": 0,
        "lock_n_go_timeout": 20,
        "single_button_press_action": ButtonAction.INTELLIGENT,
        "double_button_press_action": ButtonAction.LOCK_N_GO,
        "detached_cylinder": 0,
        "battery_type": BatteryType.ALKALI,
        "automatic_battery_type_detection": 1,
        "unlatch_duration": 3,
        "auto_lock_timeout": 300,
        "auto_unlock_disabled": 0,
        "night_mode_enabled": 0,
        "night_mode_start": Time2(22, 0),
        "night_mode_end": Time2(6, 0),
        "night_mode_auto_lock_enabled": 1,
        "night_mode_auto_unlock_disabled": 1,
        "night_mode_immediate_lock_on_start": 1,
        "auto_lock_enabled": 1,
        "immediate_auto_lock_enabled": 0,
        "auto_update_enabled": 1,
    }
    return AdvancedConfig(**values | fields)


_ADVANCED = frozenset(entry.name for entry in AdvancedConfig.wire_fields)
_CONFIG = frozenset(entry.name for entry in Config.wire_fields)


def settings(**fields: Any) -> SettingsSnapshot:
    """Return the settings of a lock; a field may be one of Config, Advanced Config, or the snapshot's own."""
    basic = {name: fields.pop(name) for name in list(fields) if name in _CONFIG}
    advanced = {name: fields.pop(name) for name in list(fields) if name in _ADVANCED}
    values: dict[str, Any] = {"taken_at": NOON, "reason": SnapshotReason.CHANGED}
    return SettingsSnapshot(
        config=config(**basic), advanced_config=advanced_config(**advanced), **values | fields
    )
