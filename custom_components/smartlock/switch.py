"""Settings of the lock that are on or off."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.access.entities import async_add_code_switches
from custom_components.smartlock.runtime import SmartLockConfigEntry
from custom_components.smartlock.settings.entity import SettingEntity, async_add_settings

# All settings of a lock are written together.
PARALLEL_UPDATES = 0


def _switch(key: str, *, common: bool = True) -> SwitchEntityDescription:
    return SwitchEntityDescription(key=key, entity_registry_enabled_default=common)


SWITCHES = (
    _switch("led_enabled"),
    _switch("button_enabled"),
    _switch("auto_lock_enabled"),
    _switch("immediate_auto_lock_enabled"),
    _switch("night_mode_enabled"),
    _switch("night_mode_auto_lock_enabled"),
    _switch("night_mode_auto_unlock_disabled", common=False),
    _switch("night_mode_immediate_lock_on_start", common=False),
    _switch("slow_speed_during_night_mode", common=False),
    _switch("auto_unlock_disabled", common=False),
    _switch("auto_unlatch", common=False),
    _switch("single_lock", common=False),
    _switch("pairing_enabled", common=False),
    _switch("automatic_battery_type_detection", common=False),
    _switch("auto_update_enabled", common=False),
    _switch("detached_cylinder", common=False),
    _switch("dst_mode", common=False),
)


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
