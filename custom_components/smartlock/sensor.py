"""Sensors."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from operator import attrgetter

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
    EntityCategory,
    Platform,
    UnitOfRatio,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.activity.sensors import ACTIVITY_SENSORS
from custom_components.smartlock.auto_unlock.entities import SENSORS as RULE_SENSORS, RuleSensor
from custom_components.smartlock.auto_unlock.runners import async_add_rule_entities
from custom_components.smartlock.client.statistics import Phase, Summary
from custom_components.smartlock.coordinator import CONNECTION_STATES, SmartLockCoordinator
from custom_components.smartlock.entity import async_add_when_known
from custom_components.smartlock.entity_sensor import SmartLockSensor, SmartLockSensorDescription
from custom_components.smartlock.faults.sensors import FAULT_SENSORS
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.protocol.enums import LockState
from custom_components.smartlock.runtime import SmartLockConfigEntry, SmartLockRuntime
from custom_components.smartlock.settings.sensors import SETTINGS_SENSORS
from custom_components.smartlock.wear.sensors import RUN_SENSORS, WEAR_SENSOR

# The coordinator reads everything.
PARALLEL_UPDATES = 0


def _battery(coordinator: SmartLockCoordinator) -> int | None:
    # The battery charge stays valid although the bolt has moved since.
    states = coordinator.data.last_states
    return None if states is None else states.battery_percent


def _lock_state(coordinator: SmartLockCoordinator) -> str | None:
    states = coordinator.data.states
    return states.lock_state.name.lower() if states is not None and states.lock_state.known else None


def _duration(
    phase: Phase, value: Callable[[Summary], float]
) -> Callable[[SmartLockCoordinator], float | None]:
    def duration(coordinator: SmartLockCoordinator) -> float | None:
        summary = coordinator.client.statistics.summary(phase)
        return None if summary is None else value(summary)

    return duration


def _figure(
    key: str,
    value_fn: Callable[[SmartLockCoordinator], str | float | datetime | None],
    *,
    device_class: SensorDeviceClass | None = None,
    unit: str | None = None,
) -> SmartLockSensorDescription[SmartLockCoordinator]:
    """Return the description of a sensor about the radio, disabled by default."""
    return SmartLockSensorDescription[SmartLockCoordinator](
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
"""Key of the sensor with the median of each phase; the 95th percentile has the suffix `_95`."""

SENSORS = (
    SmartLockSensorDescription[SmartLockCoordinator](
        key="battery",
        device_class=SensorDeviceClass.BATTERY,
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=_battery,
    ),
    SmartLockSensorDescription[SmartLockCoordinator](
        key="connection",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        options=list(CONNECTION_STATES),
        value_fn=lambda coordinator: coordinator.connection_state,
        always_available=True,
    ),
    SmartLockSensorDescription[SmartLockCoordinator](
        key="lock_state",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        # The lock entity says nearly the same.
        entity_registry_enabled_default=False,
        options=[state.name.lower() for state in LockState],
        value_fn=_lock_state,
    ),
    _figure(
        "signal_strength",
        lambda coordinator: coordinator.presence.signal_strength,
        device_class=SensorDeviceClass.SIGNAL_STRENGTH,
        unit=SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
    ),
    _figure(
        "last_seen",
        lambda coordinator: coordinator.presence.last_seen,
        device_class=SensorDeviceClass.TIMESTAMP,
    ),
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
    _figure(
        "connections_a_day",
        lambda coordinator: coordinator.client.statistics.connections_in_a_day(coordinator.hass.loop.time()),
    ),
    _figure(
        "reads_a_day",
        lambda coordinator: coordinator.client.statistics.reads_in_a_day(coordinator.hass.loop.time()),
    ),
)


PIN_SENSORS = (
    SmartLockSensorDescription[PinGuard](
        key="pin_state",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        options=list(PinState),
        value_fn=lambda guard: guard.state,
        always_available=True,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartLockConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors."""
    runtime = entry.runtime_data
    async_add_entities(
        [
            *_sensors(runtime, runtime.coordinator, SENSORS),
            *_sensors(runtime, runtime.pin, PIN_SENSORS),
            *_sensors(runtime, runtime.activity, ACTIVITY_SENSORS),
            *_sensors(runtime, runtime.archive, SETTINGS_SENSORS),
            *_sensors(runtime, runtime.wear, RUN_SENSORS),
            *_sensors(runtime, runtime.faults, FAULT_SENSORS),
        ]
    )
    async_add_when_known(
        runtime.coordinator,
        Platform.SENSOR,
        [WEAR_SENSOR],
        # It takes weeks to learn what is usual.
        exists=lambda _, description: description.value_fn(runtime.wear) is not None,
        create=lambda description: SmartLockSensor(runtime.coordinator, runtime.wear, description),
        async_add_entities=async_add_entities,
    )
    async_add_rule_entities(
        runtime.auto_unlock,
        async_add_entities,
        lambda rule: [RuleSensor(rule, description) for description in RULE_SENSORS],
    )


def _sensors[P](
    runtime: SmartLockRuntime, part: P, descriptions: Iterable[SmartLockSensorDescription[P]]
) -> Iterator[SmartLockSensor[P]]:
    """Return the sensors of one part of the lock."""
    return (SmartLockSensor(runtime.coordinator, part, description) for description in descriptions)
