"""Settings of the lock with a fixed set of values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.auto_unlock.entities import RuleModeSelect, async_remove_former_switches
from custom_components.smartlock.auto_unlock.runners import async_add_rule_entities
from custom_components.smartlock.protocol.enums import (
    AdvertisingMode,
    BatteryType,
    ButtonAction,
    FobAction,
    MotorSpeed,
    OpenEnum,
)
from custom_components.smartlock.protocol.settings import LOCK_N_GO_TIMEOUTS, UNLATCH_DURATIONS
from custom_components.smartlock.protocol.time_zones import NO_TIME_ZONE, TIME_ZONES
from custom_components.smartlock.runtime import SmartLockConfigEntry
from custom_components.smartlock.settings.entity import SettingEntity, async_add_settings

# All settings of a lock are written together.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class SettingSelectDescription(SelectEntityDescription):
    """A setting and its values by name."""

    values: Mapping[str, int]
    hidden: frozenset[str] = frozenset()
    """Names of values that are shown but not offered."""


def _enum(
    key: str, kind: type[OpenEnum], *, common: bool = True, hidden: frozenset[str] = frozenset()
) -> SettingSelectDescription:
    return SettingSelectDescription(
        key=key,
        values={member.name.lower(): member for member in kind},
        hidden=hidden,
        entity_registry_enabled_default=common,
    )


def _seconds(key: str, values: tuple[int, ...]) -> SettingSelectDescription:
    return SettingSelectDescription(key=key, values={str(value): value for value in values})


SELECTS = (
    _enum("single_button_press_action", ButtonAction),
    _enum("double_button_press_action", ButtonAction),
    _enum("fob_action_1", FobAction),
    _enum("fob_action_2", FobAction),
    _enum("fob_action_3", FobAction),
    _seconds("lock_n_go_timeout", LOCK_N_GO_TIMEOUTS),
    _seconds("unlatch_duration", UNLATCH_DURATIONS),
    _enum("motor_speed", MotorSpeed),
    _enum("advertising_mode", AdvertisingMode, common=False),
    # Built-in cells cannot be changed.
    _enum("battery_type", BatteryType, common=False, hidden=frozenset({"fixed"})),
    SettingSelectDescription(
        key="time_zone_id",
        values={name: number for number, name in TIME_ZONES.items()} | {"none": NO_TIME_ZONE},
        hidden=frozenset({"none"}),
        entity_registry_enabled_default=False,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartLockConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the selects that the lock has."""
    async_add_settings(
        entry.runtime_data.settings, Platform.SELECT, SELECTS, SettingSelect, async_add_entities
    )
    rules = entry.runtime_data.auto_unlock
    for rule in rules:
        async_remove_former_switches(hass, rule)
    async_add_rule_entities(rules, async_add_entities, lambda rule: [RuleModeSelect(rule)])


class SettingSelect(SettingEntity, SelectEntity):
    """A setting with named values. A number without a name is shown as such; any other value is unknown."""

    entity_description: SettingSelectDescription

    @property
    @override
    def current_option(self) -> str | None:
        value = self.setting
        for name, number in self.entity_description.values.items():
            if number == value:
                return name
        return str(value) if isinstance(value, int) and not isinstance(value, OpenEnum) else None

    @property
    @override
    def options(self) -> list[str]:
        description, current = self.entity_description, self.current_option
        offered = [name for name in description.values if name not in description.hidden]
        return offered if current is None or current in offered else [*offered, current]

    @override
    async def async_select_option(self, option: str) -> None:
        # A value without a name can only be the current one.
        if option in self.entity_description.values:
            await self.async_change(self.entity_description.values[option])
