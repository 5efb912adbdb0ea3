"""Settings of the lock that are numbers."""

from typing import override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import Platform, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.runtime import SmartLockConfigEntry
from custom_components.smartlock.settings.entity import SettingEntity, async_add_settings

# All settings of a lock are written together.
PARALLEL_UPDATES = 0

NUMBERS = (
    NumberEntityDescription(
        key="led_brightness",
        native_min_value=0,
        native_max_value=5,
        native_step=1,
        mode=NumberMode.SLIDER,
    ),
    NumberEntityDescription(
        key="auto_lock_timeout",
        device_class=NumberDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        native_min_value=2,
        # The choices of the vendor's app.
        native_max_value=1800,
        native_step=1,
        mode=NumberMode.BOX,
    ),
    NumberEntityDescription(
        key="time_zone_offset",
        device_class=NumberDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        native_min_value=-12 * 60,
        native_max_value=14 * 60,
        # Some time zones differ by a quarter of an hour.
        native_step=15,
        mode=NumberMode.BOX,
        entity_registry_enabled_default=False,
    ),
)


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

    @property
    @override
    def native_min_value(self) -> float:
        settings = self.snapshot.advanced_config
        if (
            self.entity_description.key == "auto_lock_timeout"
            and settings is not None
            and settings.auto_lock_enabled is None
        ):
            # Auto lock without a switch of its own is turned off by a time of zero.
            return 0
        return super().native_min_value

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
