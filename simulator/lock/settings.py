"""What the owner has set, and what may be written there.

Every field is called as in the declarations of Set Config and Set Advanced Config. The ranges are those of the
vendor's Web API and of the lists in its app; which of them a lock checks itself is not documented.
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, fields
import math
import struct
from typing import Any

from custom_components.smartlock.protocol.enums import (
    AdvertisingMode,
    BatteryType,
    ButtonAction,
    DstMode,
    FobAction,
    MotorSpeed,
)
from custom_components.smartlock.protocol.messages import SetAdvancedConfig, SetConfig
from custom_components.smartlock.protocol.wire import Time2
from simulator.lock.models import Model
from simulator.lock.time_zones import NO_TIME_ZONE, TIME_ZONES

_NIGHT_BEGINS, _NIGHT_ENDS = Time2(22, 0), Time2(6, 0)


@dataclass
class Settings:
    """Config and Advanced Config; the defaults are the factory's."""

    name: str
    latitude: bytes = bytes(4)
    longitude: bytes = bytes(4)
    auto_unlatch: int = 0
    pairing_enabled: int = 1
    button_enabled: int = 1
    led_enabled: int = 1
    led_brightness: int = 5
    time_zone_offset: int = 0
    """Minutes; 0 on locks that use a time zone id."""
    dst_mode: DstMode = DstMode.EUROPEAN
    fob_action_1: FobAction = FobAction.INTELLIGENT
    fob_action_2: FobAction = FobAction.LOCK_N_GO
    fob_action_3: FobAction = FobAction.LOCK
    single_lock: int = 0
    advertising_mode: AdvertisingMode = AdvertisingMode.AUTOMATIC
    time_zone_id: int = 37  # Europe/Berlin

    unlocked_position_offset: int = 0
    locked_position_offset: int = 0
    single_locked_position_offset: int = 0
    unlocked_to_locked_transition_offset: int = 0
    lock_n_go_timeout: int = 20
    """Seconds."""
    single_button_press_action: ButtonAction = ButtonAction.INTELLIGENT
    double_button_press_action: ButtonAction = ButtonAction.LOCK_N_GO
    detached_cylinder: int = 0
    battery_type: BatteryType = BatteryType.ALKALI
    automatic_battery_type_detection: int = 1
    unlatch_duration: int = 3
    """Seconds."""
    auto_lock_timeout: int = 300
    """Seconds."""
    auto_unlock_disabled: int = 0
    night_mode_enabled: int = 0
    night_mode_start: Time2 = _NIGHT_BEGINS
    night_mode_end: Time2 = _NIGHT_ENDS
    night_mode_auto_lock_enabled: int = 1
    night_mode_auto_unlock_disabled: int = 1
    night_mode_immediate_lock_on_start: int = 1
    auto_lock_enabled: int = 0
    immediate_auto_lock_enabled: int = 0
    auto_update_enabled: int = 1
    motor_speed: MotorSpeed = MotorSpeed.STANDARD
    slow_speed_during_night_mode: int = 0


class SettingsStore:
    """The settings in the lock's memory, with the count of their changes."""

    def __init__(self, factory_name: str, model: Model, on_change: Callable[[], None]) -> None:
        """Start with what the factory set; `on_change` is called after each change."""
        self._factory_name = factory_name
        self._model = model
        self._on_change = on_change
        self.update_count = 0
        self.lose()

    def change(self, **values: Any) -> None:
        """Change settings by their names in Settings, without a look at the ranges."""
        unknown = values.keys() - {field.name for field in fields(Settings)}
        if unknown:
            raise ValueError(f"no such settings: {', '.join(sorted(unknown))}")
        for name, value in values.items():
            setattr(self.values, name, value)
        self.update_count = (self.update_count + 1) % 256
        self._on_change()

    def lose(self) -> None:
        """Go back to the factory's settings, the count included."""
        self.values = Settings(name=self._factory_name)
        self.update_count = 0
        if not self._model.auto_lock_switch:
            self.values.auto_lock_timeout = 0

    def difference(self, message: SetConfig | SetAdvancedConfig) -> dict[str, Any]:
        """Return the settings that a message would change."""
        written = {entry.name: getattr(message, entry.name) for entry in message.wire_fields}
        return {
            name: value
            for name, value in written.items()
            if value is not None and value != getattr(self.values, name)
        }

    def impossible(self, changes: Mapping[str, Any], *, door_sensor: bool) -> list[str]:
        """Return the names of the changes that are out of range; what is there already may stay."""
        wrong = [name for name, value in changes.items() if not self._possible(name, value)]
        if changes.get("immediate_auto_lock_enabled") and not door_sensor:
            wrong.append("immediate_auto_lock_enabled")
        return wrong

    def _possible(self, name: str, value: Any) -> bool:
        match value:
            case str():
                return True
            case bytes():
                (degrees,) = struct.unpack("<f", value)
                return math.isfinite(degrees) and abs(degrees) <= _GREATEST_COORDINATE[name]
            case Time2():
                return value.time is not None
            case _:
                off = name == "auto_lock_timeout" and value == 0 and not self._model.auto_lock_switch
                return off or value in _RANGES.get(name, _YES_OR_NO)


_YES_OR_NO = range(2)
_GREATEST_COORDINATE = {"latitude": 90, "longitude": 180}

# Every whole number that is not 0 or 1.
_RANGES: Mapping[str, Container[int]] = {
    "led_brightness": range(6),
    "time_zone_offset": range(-12 * 60, 14 * 60 + 1),
    "dst_mode": range(2),
    "fob_action_1": range(5),
    "fob_action_2": range(5),
    "fob_action_3": range(5),
    "advertising_mode": range(4),
    "time_zone_id": {*TIME_ZONES, NO_TIME_ZONE},
    "unlocked_position_offset": range(-90, 181),
    "locked_position_offset": range(-180, 91),
    "single_locked_position_offset": range(-180, 181),
    "unlocked_to_locked_transition_offset": range(-180, 181),
    "lock_n_go_timeout": {5, 10, 15, 20, 30, 45, 60},
    "single_button_press_action": range(7),
    "double_button_press_action": range(7),
    "battery_type": range(4),
    "unlatch_duration": {1, 3, 5, 7, 10, 15, 20, 30},
    "auto_lock_timeout": range(2, 0x10000),
    "motor_speed": range(3),
}
