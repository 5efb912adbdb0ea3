"""Sensors."""

from collections.abc import Callable, Mapping
from datetime import datetime
from operator import attrgetter

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import SIGNAL_STRENGTH_DECIBELS_MILLIWATT, EntityCategory, UnitOfRatio, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.auto_unlock.entities import SENSORS as RULE_SENSORS, RuleSensor
from custom_components.smartlock.client.figures import Phase, Summary
from custom_components.smartlock.coordinator import CONNECTION_STATES, SmartLockCoordinator
from custom_components.smartlock.entity_sensor import SmartLockSensor, SmartLockSensorDescription
from custom_components.smartlock.faults.sensors import FAULT_SENSORS
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.runtime import SmartLockConfigEntry, SmartLockRuntime
from custom_components.smartlock.settings.sensors import SETTINGS_SENSORS
from custom_components.smartlock.wear.sensors import WEAR_SENSORS

# Everything is read by the coordinator.
PARALLEL_UPDATES = 0


def _battery(runtime: SmartLockRuntime) -> int | None:
    # A charge does not become wrong because the bolt has moved since.
    states = runtime.coordinator.data.last_states
    return None if states is None else states.battery_percent


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
        value_fn=lambda runtime: value_fn(runtime.coordinator),
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
        value_fn=lambda runtime: runtime.coordinator.connection_state,
        always_available=True,
    ),
    SmartLockSensorDescription(
        key="pin_state",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=list(PinState),
        value_fn=lambda runtime: runtime.pin.state,
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
    runtime = entry.runtime_data
    descriptions = (*SENSORS, *SETTINGS_SENSORS, *WEAR_SENSORS, *FAULT_SENSORS)
    async_add_entities(SmartLockSensor(runtime, description) for description in descriptions)
    for rule in runtime.auto_unlock:
        async_add_entities(
            [RuleSensor(rule, description) for description in RULE_SENSORS],
            config_subentry_id=rule.rule.subentry_id,
        )
