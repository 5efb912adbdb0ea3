"""Settings of the lock that are text."""

from typing import override

from homeassistant.components.text import TextEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.protocol.wire import shown
from custom_components.smartlock.runtime import SmartLockConfigEntry
from custom_components.smartlock.settings.descriptions import TEXTS
from custom_components.smartlock.settings.entity import SettingEntity, async_add_settings

# All settings of a lock are written together.
PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartLockConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the texts that the lock has."""
    async_add_settings(entry.runtime_data.settings, Platform.TEXT, TEXTS, SettingText, async_add_entities)


class SettingText(SettingEntity, TextEntity):
    """A text stored in the lock and visible to everyone; empty is unknown."""

    @property
    @override
    def native_value(self) -> str | None:
        value = self.setting
        return (shown(value) or None) if isinstance(value, str) else None

    @override
    async def async_set_value(self, value: str) -> None:
        if shown(value) != value:
            # Home Assistant would not show it as it was entered.
            self.refuse()
        await self.async_change(value)
