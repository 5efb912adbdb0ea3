"""Settings of the lock with a fixed set of values."""

from typing import override

from homeassistant.components.select import SelectEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.auto_unlock.entities import RuleModeSelect, async_remove_former_switches
from custom_components.smartlock.auto_unlock.runners import async_add_rule_entities
from custom_components.smartlock.runtime import SmartLockConfigEntry
from custom_components.smartlock.settings.descriptions import SELECTS, SettingSelectDescription
from custom_components.smartlock.settings.entity import SettingEntity, async_add_settings

# All settings of a lock are written together.
PARALLEL_UPDATES = 0


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
        return self.entity_description.option(self.setting)

    @property
    @override
    def options(self) -> list[str]:
        return self.entity_description.options_with(self.current_option)

    @override
    async def async_select_option(self, option: str) -> None:
        # A value without a name can only be the current one.
        if option in self.entity_description.values:
            await self.async_change(self.entity_description.values[option])
