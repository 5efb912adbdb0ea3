"""Common base of the settings entities, and when they are added.

The key of each entity is the name of its field in Config or Advanced Config.
"""

from collections.abc import Callable, Iterable
from typing import override

from homeassistant.const import EntityCategory, Platform
from homeassistant.core import callback
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.entity import SmartLockEntity, async_add_when_known
from custom_components.smartlock.problems import translated
from custom_components.smartlock.protocol.errors import BadSettingError
from custom_components.smartlock.protocol.settings import Setting
from custom_components.smartlock.settings.descriptions import CAUTIONS, by_message, has, value_of
from custom_components.smartlock.settings.writer import SettingsWriter, named_settings


class SettingEntity(SmartLockEntity):
    """One setting of a lock."""

    _attr_entity_category = EntityCategory.CONFIG

    def __init__(self, writer: SettingsWriter, description: EntityDescription) -> None:
        """Bind a description to a lock through the writer of its settings."""
        super().__init__(writer.coordinator, description)
        self._writer = writer
        if caution := CAUTIONS.get(description.key):
            self._attr_extra_state_attributes = {"caution": caution}

    @property
    @override
    def available(self) -> bool:
        # A fob may have been removed since, or a firmware update may have dropped the setting. The settings are read right
        # after the state of the lock.
        there = has(self.snapshot, self.entity_description.key)
        return super().available and (there or (there is None and not self.coordinator.last_update_success))

    @property
    @override
    def basis(self) -> tuple[object, ...]:
        # What can be chosen may depend on other settings.
        return self.available, self.snapshot.config, self.snapshot.advanced_config

    @property
    def setting(self) -> Setting | None:
        """The setting as last read; None if it has not been read yet."""
        return value_of(self.snapshot, self.entity_description.key)

    async def async_change(self, value: Setting) -> None:
        """Write the setting and return when the lock is seen to have it. Raises HomeAssistantError."""
        await self._writer.change(*by_message({self.entity_description.key: value}))

    def refuse(self) -> None:
        """Report a value that the setting cannot have."""
        error = BadSettingError((self.entity_description.key,))
        raise translated(error, fields=named_settings(self.hass, error))


@callback
def async_add_settings[D: EntityDescription](
    writer: SettingsWriter,
    platform: Platform,
    descriptions: Iterable[D],
    create: Callable[[SettingsWriter, D], SettingEntity],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add entities for the lock's settings: known ones at once, others once they have been read."""
    async_add_when_known(
        writer.coordinator,
        platform,
        descriptions,
        exists=lambda snapshot, description: has(snapshot, description.key),
        create=lambda description: create(writer, description),
        async_add_entities=async_add_entities,
    )
