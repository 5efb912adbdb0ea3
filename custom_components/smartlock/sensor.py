"""Sensors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfRatio
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.coordinator import SmartLockConfigEntry
from custom_components.smartlock.entity import SmartLockEntity
from custom_components.smartlock.protocol.messages import KeyturnerStates

# Everything is read by the coordinator.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class SmartLockSensorDescription(SensorEntityDescription):
    """A sensor and where its value comes from."""

    value_fn: Callable[[KeyturnerStates], int | None]


SENSORS = (
    SmartLockSensorDescription(
        key="battery",
        device_class=SensorDeviceClass.BATTERY,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda states: states.battery_percent,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartLockConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors."""
    async_add_entities(SmartLockSensor(entry.runtime_data, description) for description in SENSORS)


class SmartLockSensor(SmartLockEntity, SensorEntity):
    """A value that the lock tells."""

    entity_description: SmartLockSensorDescription

    @property
    @override
    def native_value(self) -> int | None:
        # A charge does not become wrong because the bolt has moved since.
        states = self.snapshot.last_states
        return None if states is None else self.entity_description.value_fn(states)
