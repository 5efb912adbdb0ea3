"""Settings of the lock that are on or off."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.access.entities import async_add_code_switches
from custom_components.smartlock.runtime import SmartLockConfigEntry
from custom_components.smartlock.settings.descriptions import SWITCHES
from custom_components.smartlock.settings.entity import SettingEntity, async_add_settings

# All settings of a lock are written together.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartLockConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches that the lock has."""
    async_add_settings(
        entry.runtime_data.settings, Platform.SWITCH, SWITCHES, SettingSwitch, async_add_entities
    )
    async_add_code_switches(entry.runtime_data.access, async_add_entities)


class SettingSwitch(SettingEntity, SwitchEntity):
    """A setting that is 0 or 1; anything else is unknown."""

    @property
    @override
    def is_on(self) -> bool | None:
        value = self.setting
        return bool(value) if value in (0, 1) else None

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self.async_change(1)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self.async_change(0)
