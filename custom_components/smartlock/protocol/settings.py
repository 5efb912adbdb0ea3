"""Settings as they are written: read as a whole, changed, written as a whole, verified.

Only the fields that this lock's firmware has are written; what it does not send is not invented.

Limits: Nuki Smart Lock API V2.1 and V2.3.0, and the ranges of the vendor's app and Web API.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, cast, override

from .dialects import Dialect
from .enums import AdvertisingMode, BatteryType, ButtonAction, Command, DstMode, FobAction, MotorSpeed
from .errors import BadSettingError, SettingsNotKeptError
from .messages import (
    AdvancedConfig,
    Config,
    Message,
    SetAdvancedConfig,
    SetAdvancedConfigWithMotor,
    SetConfig,
)
from .time_zones import NO_TIME_ZONE, TIME_ZONES
from .wire import Time2, WireField

type Setting = int | str | bytes | Time2

# Immediate auto lock of a lock that does not support it; the vendor's document wants 0 written back.
NOT_SUPPORTED = 0xFF

# What the vendor's app offers, in seconds.
LOCK_N_GO_TIMEOUTS = (5, 10, 15, 20, 30, 45, 60)
UNLATCH_DURATIONS = (1, 3, 5, 7, 10, 15, 20, 30)

_FLAG = range(2)


class _Ranges(Collection[int]):
    """The numbers of several ranges; a set of as many numbers would take megabytes."""

    def __init__(self, *ranges: range) -> None:
        self._ranges = ranges

    @override
    def __contains__(self, number: object) -> bool:
        return any(number in each for each in self._ranges)

    @override
    def __iter__(self) -> Iterator[int]:
        return chain.from_iterable(self._ranges)

    @override
    def __len__(self) -> int:
        return sum(map(len, self._ranges))


# What a number may be. Every number that is not listed is a flag.
LIMITS: Mapping[str, Collection[int]] = {
    "led_brightness": range(6),
    "time_zone_offset": range(-12 * 60, 14 * 60 + 1),
    "dst_mode": frozenset(DstMode),
    "fob_action_1": frozenset(FobAction),
    "fob_action_2": frozenset(FobAction),
    "fob_action_3": frozenset(FobAction),
    "advertising_mode": frozenset(AdvertisingMode),
    "time_zone_id": frozenset({*TIME_ZONES, NO_TIME_ZONE}),
    "unlocked_position_offset": range(-90, 181),
    "locked_position_offset": range(-180, 91),
    "single_locked_position_offset": range(-180, 181),
    "unlocked_to_locked_transition_offset": range(-180, 181),
    "lock_n_go_timeout": LOCK_N_GO_TIMEOUTS,
    "single_button_press_action": frozenset(ButtonAction),
    "double_button_press_action": frozenset(ButtonAction),
    "battery_type": frozenset(BatteryType),
    "unlatch_duration": UNLATCH_DURATIONS,
    # 0 is how firmware without a switch for auto lock has it off; see `changed`.
    "auto_lock_timeout": _Ranges(range(1), range(2, 0x10000)),
    "motor_speed": frozenset(MotorSpeed),
}

_FIELDS: Mapping[type[Config | AdvancedConfig], Mapping[str, WireField]] = {
    kind: {field.name: field for field in written.wire_fields}
    for kind, written in ((Config, SetConfig), (AdvancedConfig, SetAdvancedConfigWithMotor))
}

KINDS: Mapping[str, type[Config | AdvancedConfig]] = {
    name: kind for kind, fields in _FIELDS.items() for name in fields
}
"""Where each setting that can be written stands."""

_FOB_ACTIONS = ("fob_action_1", "fob_action_2", "fob_action_3")


def has_setting(config: Config, advanced: AdvancedConfig, name: str) -> bool:
    """Whether a setting does anything in a lock with these settings."""
    if name in _FOB_ACTIONS:
        return config.has_fob != 0
    if name == "time_zone_offset":
        # A time zone brings its own.
        return config.time_zone_id in (None, NO_TIME_ZONE)
    value = getattr(config if KINDS[name] is Config else advanced, name)
    return value is not None and not (name == "immediate_auto_lock_enabled" and value == NOT_SUPPORTED)


def check_possible(kind: type[Config | AdvancedConfig], values: Mapping[str, Setting]) -> None:
    """Raise BadSettingError unless some lock could have these settings of Config or Advanced Config."""
    fields = _FIELDS[kind]
    bad = tuple(
        name for name, value in values.items() if name not in fields or not _possible(fields[name], value)
    )
    if bad:
        raise BadSettingError(bad)


def _possible(field: WireField, value: Setting) -> bool:
    try:
        # A name that is too long is refused, never cut.
        field.kind.pack(value)
    except ValueError:
        return False
    match value:
        case str():
            # What follows a NUL would be kept and never shown.
            return "\0" not in value
        case Time2():
            return value.time is not None
        case int():
            return value in LIMITS.get(field.name, _FLAG)
        case _:
            return True


def changed[S: Config | AdvancedConfig](before: S, values: Mapping[str, Setting]) -> S:
    """Return the settings of a lock with some of them changed.

    Raises BadSettingError for what this lock does not have or cannot do.
    """
    bad = tuple(name for name, value in values.items() if not _has(before, name, value))
    if bad:
        raise BadSettingError(bad)
    return replace(before, **cast(Any, values))


def _has(before: Config | AdvancedConfig, name: str, value: Setting) -> bool:
    if getattr(before, name) is None:
        return False
    if isinstance(before, AdvancedConfig) and name == "immediate_auto_lock_enabled":
        return value == 0 or before.immediate_auto_lock_enabled != NOT_SUPPORTED
    if isinstance(before, AdvancedConfig) and name == "auto_lock_timeout":
        return value != 0 or before.auto_lock_enabled is None
    return True


def writable_config(config: Config) -> SetConfig:
    """Return what is written to keep these settings."""
    return SetConfig(**{field.name: getattr(config, field.name) for field in SetConfig.wire_fields})


def writable_advanced_config(dialect: Dialect, config: AdvancedConfig) -> SetAdvancedConfig:
    """Return what is written to keep these settings, in the form of the generation."""
    kind = cast(type[SetAdvancedConfig], dialect.requests[Command.SET_ADVANCED_CONFIG])
    values = {field.name: getattr(config, field.name) for field in kind.wire_fields}
    if values["immediate_auto_lock_enabled"] == NOT_SUPPORTED:
        values["immediate_auto_lock_enabled"] = 0
    return kind(**values)


def writable(dialect: Dialect, config: Config | AdvancedConfig) -> Message:
    """Return what is written to keep these settings, whichever they are."""
    if isinstance(config, Config):
        return writable_config(config)
    return writable_advanced_config(dialect, config)


def verify_kept(wanted: Message, found: Message) -> None:
    """Raise SettingsNotKeptError unless the lock has what was written."""
    lost = tuple(
        field.name
        for field in wanted.wire_fields
        if getattr(wanted, field.name) != getattr(found, field.name)
    )
    if lost:
        raise SettingsNotKeptError(lost)
