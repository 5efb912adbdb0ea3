"""Sensors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import SIGNAL_STRENGTH_DECIBELS_MILLIWATT, EntityCategory, UnitOfRatio, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.auto_unlock.entities import SENSORS as RULE_SENSORS, RuleSensor
from custom_components.smartlock.client.figures import Phase, Summary
from custom_components.smartlock.coordinator import CONNECTION_STATES, SmartLockCoordinator
from custom_components.smartlock.entity import SmartLockEntity
from custom_components.smartlock.faults.sensors import fault_sensors
from custom_components.smartlock.features.pin import PinState
from custom_components.smartlock.runtime import SmartLockConfigEntry, SmartLockRuntime
from custom_components.smartlock.settings.sensors import settings_sensors
from custom_components.smartlock.wear.sensors import wear_sensors

# Everything is read by the coordinator.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class SmartLockSensorDescription(SensorEntityDescription):
    """A sensor and where its value comes from; None is unknown."""

    value_fn: Callable[[SmartLockCoordinator], str | float | datetime | None]
    always_available: bool = False
    """Whether it says something that is true while nobody hears the lock."""


def _battery(coordinator: SmartLockCoordinator) -> int | None:
    # A charge does not become wrong because the bolt has moved since.
    states = coordinator.data.last_states
    return None if states is None else states.battery_percent


def _pin_state(coordinator: SmartLockCoordinator) -> str:
    runtime: SmartLockRuntime = coordinator.config_entry.runtime_data
    return runtime.pin.state


def _duration(
    phase: Phase, value: Callable[[Summary], float]
) -> Callable[[SmartLockCoordinator], float | None]:
    def duration(coordinator: SmartLockCoordinator) -> float | None:
        summary = coordinator.client.figures.summary(phase)
        return None if summary is None else value(summary)

    return duration


def _figure(
    key: str,
    value_fn: Callable[[SmartLockCoordinator], str | float | datetime | None],
    *,
    device_class: SensorDeviceClass | None = None,
    unit: str | None = None,
) -> SmartLockSensorDescription:
    """Return a sensor for those who look into how the radio does."""
    return SmartLockSensorDescription(
        key=key,
        device_class=device_class,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=unit,
        state_class=None if device_class is SensorDeviceClass.TIMESTAMP else SensorStateClass.MEASUREMENT,
        suggested_display_precision=2 if device_class is SensorDeviceClass.DURATION else None,
        value_fn=value_fn,
        always_available=True,
    )


TIMES: Mapping[Phase, str] = {
    Phase.CONNECT: "connect_time",
    Phase.CHALLENGE: "challenge_time",
    Phase.ACCEPTED: "accept_time",
    Phase.COMPLETED: "complete_time",
}
"""Key of the sensor with the median of each phase; with `_95` behind it that of the 95th percentile."""

SENSORS = (
    SmartLockSensorDescription(
        key="battery",
        device_class=SensorDeviceClass.BATTERY,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=_battery,
    ),
    SmartLockSensorDescription(
        key="connection",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=list(CONNECTION_STATES),
        value_fn=lambda coordinator: coordinator.connection_state,
        always_available=True,
    ),
    SmartLockSensorDescription(
        key="pin_state",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=list(PinState),
        value_fn=_pin_state,
        always_available=True,
    ),
    _figure(
        "signal_strength",
        lambda coordinator: coordinator.signal_strength,
        device_class=SensorDeviceClass.SIGNAL_STRENGTH,
        unit=SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
    ),
    _figure("last_seen", lambda coordinator: coordinator.last_seen, device_class=SensorDeviceClass.TIMESTAMP),
    _figure("last_read", lambda coordinator: coordinator.last_read, device_class=SensorDeviceClass.TIMESTAMP),
    *(
        _figure(
            f"{key}{suffix}",
            _duration(phase, value),
            device_class=SensorDeviceClass.DURATION,
            unit=UnitOfTime.SECONDS,
        )
        for phase, key in TIMES.items()
        for suffix, value in (("", attrgetter("median")), ("_95", attrgetter("percentile_95")))
    ),
    _figure("connections_a_day", lambda coordinator: coordinator.connections_in_a_day),
    _figure("reads_a_day", lambda coordinator: coordinator.reads_in_a_day),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartLockConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors."""
    async_add_entities(
        SmartLockSensor(entry.runtime_data.coordinator, description) for description in SENSORS
    )
    async_add_entities(settings_sensors(entry.runtime_data))
    async_add_entities(wear_sensors(entry.runtime_data))
    async_add_entities(fault_sensors(entry.runtime_data))
    for rule in entry.runtime_data.auto_unlock:
        async_add_entities(
            [RuleSensor(rule, description) for description in RULE_SENSORS],
            config_subentry_id=rule.rule.subentry_id,
        )


class SmartLockSensor(SmartLockEntity, SensorEntity):
    """A value that the lock tells, or that we know of it."""

    entity_description: SmartLockSensorDescription

    @property
    @override
    def available(self) -> bool:
        return self.entity_description.always_available or super().available

    @property
    @override
    def native_value(self) -> str | float | datetime | None:
        return self.entity_description.value_fn(self.coordinator)
