"""Buttons: only what is harmless however often it is pressed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.access.entities import async_add_pause_button
from custom_components.smartlock.entity import SmartLockEntity
from custom_components.smartlock.runtime import SmartLockConfigEntry, SmartLockRuntime
from custom_components.smartlock.settings.actions import save

# The client queues requests itself; Home Assistant must not hold any back.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class SmartLockButtonDescription(ButtonEntityDescription):
    """A button and its action, which raises HomeAssistantError."""

    press: Callable[[SmartLockRuntime], Awaitable[object]]


BUTTONS = (
    SmartLockButtonDescription(
        key="save_settings",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        press=lambda runtime: save(runtime.archive),
    ),
    SmartLockButtonDescription(
        key="sync_time",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        press=lambda runtime: runtime.clock.async_sync(),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartLockConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the buttons."""
    async_add_entities(SmartLockButton(entry.runtime_data, description) for description in BUTTONS)
    async_add_pause_button(entry.runtime_data.access, async_add_entities)


class SmartLockButton(SmartLockEntity, ButtonEntity):
    """Does something that moves no bolt and changes no right."""

    entity_description: SmartLockButtonDescription

    def __init__(self, runtime: SmartLockRuntime, description: SmartLockButtonDescription) -> None:
        """Bind a description to a lock."""
        super().__init__(runtime.coordinator, description)
        self._runtime = runtime

    @property
    @override
    def basis(self) -> tuple[object, ...]:
        return (self.available,)

    @override
    async def async_press(self) -> None:
        await self.entity_description.press(self._runtime)
