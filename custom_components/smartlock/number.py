"""Settings of the lock that are numbers."""

from typing import override

from homeassistant.components.number import NumberEntity, NumberEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.runtime import SmartLockConfigEntry
from custom_components.smartlock.settings.descriptions import NUMBERS, lowest
from custom_components.smartlock.settings.entity import SettingEntity, async_add_settings

# All settings of a lock are written together.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartLockConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the numbers that the lock has."""
    async_add_settings(
        entry.runtime_data.settings, Platform.NUMBER, NUMBERS, SettingNumber, async_add_entities
    )


class SettingNumber(SettingEntity, NumberEntity):
    """A setting that is a whole number."""

    entity_description: NumberEntityDescription

    @property
    @override
    def native_min_value(self) -> float:
        return lowest(self.snapshot, self.entity_description)

    @property
    @override
    def native_value(self) -> float | None:
        value = self.setting
        return value if isinstance(value, int) else None

    @override
    async def async_set_native_value(self, value: float) -> None:
        if not value.is_integer():
            self.refuse()
        await self.async_change(int(value))
