"""Binary sensors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.activity.sensors import RightsBinarySensor
from custom_components.smartlock.entity import SmartLockEntity, async_add_when_known
from custom_components.smartlock.faults.rules.battery import door_sensor_battery_low, keypad_battery_low
from custom_components.smartlock.faults.sensors import FAULT_BINARY_SENSORS, FaultBinarySensor
from custom_components.smartlock.protocol.enums import DoorSensorState
from custom_components.smartlock.runtime import SmartLockConfigEntry
from custom_components.smartlock.snapshot import LockSnapshot

# The coordinator reads everything.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class SmartLockBinarySensorDescription(BinarySensorEntityDescription):
    """A binary sensor and where its value comes from; None is unknown."""

    value_fn: Callable[[LockSnapshot], bool | None]


def door_open(snapshot: LockSnapshot) -> bool | None:
    """Whether the door is open. Only two values of the door sensor are certain; any other means unknown."""
    states = snapshot.states
    if states is None:
        return None
    if states.door_sensor_state == DoorSensorState.OPENED:
        return True
    return False if states.door_sensor_state == DoorSensorState.CLOSED else None


def _battery_critical(snapshot: LockSnapshot) -> bool | None:
    return None if snapshot.last_states is None else snapshot.last_states.battery_critical


def _battery_charging(snapshot: LockSnapshot) -> bool | None:
    return None if snapshot.last_states is None else snapshot.last_states.battery_charging


BINARY_SENSORS = (
    SmartLockBinarySensorDescription(
        key="door",
        device_class=BinarySensorDeviceClass.DOOR,
        value_fn=door_open,
    ),
    SmartLockBinarySensorDescription(
        key="battery_critical",
        device_class=BinarySensorDeviceClass.BATTERY,
        entity_category=EntityCategory.DIAGNOSTIC,
        # Home Assistant would count it as a second battery that is low.
        entity_registry_enabled_default=False,
        value_fn=_battery_critical,
    ),
    SmartLockBinarySensorDescription(
        key="battery_charging",
        device_class=BinarySensorDeviceClass.BATTERY_CHARGING,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=_battery_charging,
    ),
)
# None as long as the lock does not report them.
ACCESSORY_BATTERIES = tuple(
    SmartLockBinarySensorDescription(
        key=key,
        device_class=BinarySensorDeviceClass.BATTERY,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=value_fn,
    )
    for key, value_fn in (
        ("keypad_battery", lambda snapshot: keypad_battery_low(snapshot.last_states)),
        ("door_sensor_battery", lambda snapshot: door_sensor_battery_low(snapshot.last_states)),
    )
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartLockConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities(SmartLockBinarySensor(coordinator, description) for description in BINARY_SENSORS)
    async_add_entities(
        FaultBinarySensor(entry.runtime_data.faults, description) for description in FAULT_BINARY_SENSORS
    )
    async_add_entities([RightsBinarySensor(entry.runtime_data.activity, entry.runtime_data.access.removals)])
    async_add_when_known(
        coordinator,
        Platform.BINARY_SENSOR,
        ACCESSORY_BATTERIES,
        exists=lambda snapshot, description: description.value_fn(snapshot) is not None,
        create=lambda description: SmartLockBinarySensor(coordinator, description),
        async_add_entities=async_add_entities,
    )


class SmartLockBinarySensor(SmartLockEntity, BinarySensorEntity):
    """Something that the lock reports as true, as false, or not at all."""

    entity_description: SmartLockBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool | None:
        return self.entity_description.value_fn(self.snapshot)

    @property
    @override
    def basis(self) -> tuple[object, ...]:
        return self.available, self.is_on
