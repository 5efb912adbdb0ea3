"""Settings of the lock that are a time of day, in its own local time."""

from datetime import time
from typing import override

from homeassistant.components.time import TimeEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.protocol.wire import Time2
from custom_components.smartlock.runtime import SmartLockConfigEntry
from custom_components.smartlock.settings.descriptions import TIMES
from custom_components.smartlock.settings.entity import SettingEntity, async_add_settings

# All settings of a lock are written together.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartLockConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the times that the lock has."""
    async_add_settings(entry.runtime_data.settings, Platform.TIME, TIMES, SettingTime, async_add_entities)


class SettingTime(SettingEntity, TimeEntity):
    """A setting in hours and minutes; an impossible time is unknown."""

    @property
    @override
    def native_value(self) -> time | None:
        value = self.setting
        return value.time if isinstance(value, Time2) else None

    @override
    async def async_set_value(self, value: time) -> None:
        if value.second or value.microsecond:
            self.refuse()
        await self.async_change(Time2(value.hour, value.minute))
