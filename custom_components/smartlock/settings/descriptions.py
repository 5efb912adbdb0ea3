"""The settings of a lock as owners see them, for entities and for forms; each key is the name of its field."""

from collections.abc import Mapping
from dataclasses import dataclass

from homeassistant.components.number import NumberDeviceClass, NumberEntityDescription, NumberMode
from homeassistant.components.select import SelectEntityDescription
from homeassistant.components.switch import SwitchEntityDescription
from homeassistant.components.text import TextEntityDescription
from homeassistant.components.time import TimeEntityDescription
from homeassistant.const import UnitOfTime

from custom_components.smartlock.protocol.enums import (
    AdvertisingMode,
    BatteryType,
    ButtonAction,
    FobAction,
    MotorSpeed,
    OpenEnum,
)
from custom_components.smartlock.protocol.messages import Config
from custom_components.smartlock.protocol.settings import (
    KINDS,
    LOCK_N_GO_TIMEOUTS,
    UNLATCH_DURATIONS,
    Setting,
    has_setting,
)
from custom_components.smartlock.protocol.time_zones import NO_TIME_ZONE, TIME_ZONES
from custom_components.smartlock.snapshot import LockSnapshot

# What can go wrong with a setting beyond what its name suggests; the texts are in the translations.
CAUTIONS: Mapping[str, str] = {
    "auto_unlatch": "unlocking_opens_the_door",
    "pairing_enabled": "nobody_can_pair",
}


@dataclass(frozen=True, kw_only=True)
class SettingSelectDescription(SelectEntityDescription):
    """A setting and its values by name."""

    values: Mapping[str, int]
    hidden: frozenset[str] = frozenset()
    """Names of values that are shown but not offered."""

    def option(self, value: Setting | None) -> str | None:
        """Return the name of a value. A number without a name is shown as such; any other value is unknown."""
        for name, number in self.values.items():
            if number == value:
                return name
        return str(value) if isinstance(value, int) and not isinstance(value, OpenEnum) else None

    def options_with(self, current: str | None) -> list[str]:
        """Return what is offered, with the present value."""
        offered = [name for name in self.values if name not in self.hidden]
        return offered if current is None or current in offered else [*offered, current]


def _switch(key: str) -> SwitchEntityDescription:
    return SwitchEntityDescription(key=key, entity_registry_enabled_default=False)


def _enum(
    key: str, kind: type[OpenEnum], *, hidden: frozenset[str] = frozenset()
) -> SettingSelectDescription:
    return SettingSelectDescription(
        key=key,
        values={member.name.lower(): member for member in kind},
        hidden=hidden,
        entity_registry_enabled_default=False,
    )


def _seconds(key: str, values: tuple[int, ...]) -> SettingSelectDescription:
    return SettingSelectDescription(
        key=key,
        values={str(value): value for value in values},
        entity_registry_enabled_default=False,
    )


# All of them are in the forms, so none is enabled at first: it can be for an automation.
SWITCHES = (
    _switch("led_enabled"),
    _switch("button_enabled"),
    _switch("auto_lock_enabled"),
    _switch("immediate_auto_lock_enabled"),
    _switch("night_mode_enabled"),
    _switch("night_mode_auto_lock_enabled"),
    _switch("night_mode_auto_unlock_disabled"),
    _switch("night_mode_immediate_lock_on_start"),
    _switch("slow_speed_during_night_mode"),
    _switch("auto_unlock_disabled"),
    _switch("auto_unlatch"),
    _switch("single_lock"),
    _switch("pairing_enabled"),
    _switch("automatic_battery_type_detection"),
    _switch("auto_update_enabled"),
    _switch("detached_cylinder"),
    _switch("dst_mode"),
)
NUMBERS = (
    NumberEntityDescription(
        key="led_brightness",
        native_min_value=0,
        native_max_value=5,
        native_step=1,
        mode=NumberMode.SLIDER,
        entity_registry_enabled_default=False,
    ),
    NumberEntityDescription(
        key="auto_lock_timeout",
        device_class=NumberDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        native_min_value=2,
        # The choices of the vendor's app.
        native_max_value=1800,
        native_step=1,
        mode=NumberMode.BOX,
        entity_registry_enabled_default=False,
    ),
    NumberEntityDescription(
        key="time_zone_offset",
        device_class=NumberDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        native_min_value=-12 * 60,
        native_max_value=14 * 60,
        # Some time zones differ by a quarter of an hour.
        native_step=15,
        mode=NumberMode.BOX,
        entity_registry_enabled_default=False,
    ),
)
SELECTS = (
    _enum("single_button_press_action", ButtonAction),
    _enum("double_button_press_action", ButtonAction),
    _enum("fob_action_1", FobAction),
    _enum("fob_action_2", FobAction),
    _enum("fob_action_3", FobAction),
    _seconds("lock_n_go_timeout", LOCK_N_GO_TIMEOUTS),
    _seconds("unlatch_duration", UNLATCH_DURATIONS),
    _enum("motor_speed", MotorSpeed),
    _enum("advertising_mode", AdvertisingMode),
    # Built-in cells cannot be changed.
    _enum("battery_type", BatteryType, hidden=frozenset({"fixed"})),
    SettingSelectDescription(
        key="time_zone_id",
        values={name: number for number, name in TIME_ZONES.items()} | {"none": NO_TIME_ZONE},
        hidden=frozenset({"none"}),
        entity_registry_enabled_default=False,
    ),
)
TIMES = tuple(
    TimeEntityDescription(key=key, entity_registry_enabled_default=False)
    for key in ("night_mode_start", "night_mode_end")
)
# The lock has room for 32 bytes; the writer refuses more.
TEXTS = (
    TextEntityDescription(key="name", native_min=1, native_max=32, entity_registry_enabled_default=False),
)


def has(snapshot: LockSnapshot, key: str) -> bool | None:
    """Whether the lock has a setting; None if its settings have not been read yet."""
    if snapshot.config is None or snapshot.advanced_config is None:
        return None
    return has_setting(snapshot.config, snapshot.advanced_config, key)


def value_of(snapshot: LockSnapshot, key: str) -> Setting | None:
    """Return a setting as last read; None if it has not been read yet."""
    settings = snapshot.config if KINDS[key] is Config else snapshot.advanced_config
    value: Setting | None = getattr(settings, key, None)
    return value


def by_message(values: Mapping[str, Setting]) -> tuple[dict[str, Setting], dict[str, Setting]]:
    """Return which of these settings are in Config, and which in Advanced Config."""
    config = {key: value for key, value in values.items() if KINDS[key] is Config}
    return config, {key: value for key, value in values.items() if key not in config}


def lowest(snapshot: LockSnapshot, description: NumberEntityDescription) -> float:
    """Return the smallest number that a setting of this lock can be."""
    settings = snapshot.advanced_config
    if description.key == "auto_lock_timeout" and settings is not None and settings.auto_lock_enabled is None:
        # Auto lock without a switch of its own is turned off by a time of zero.
        return 0
    assert description.native_min_value is not None
    return description.native_min_value
