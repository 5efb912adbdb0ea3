"""Sensors for how hard the bolt turns, and for the figures of the last run of the motor."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    EntityCategory,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfRatio,
    UnitOfTemperature,
)

from custom_components.smartlock.entity import SmartLockEntity
from custom_components.smartlock.features.motor_run import MotorRun
from custom_components.smartlock.features.wear import WearHistory
from custom_components.smartlock.runtime import SmartLockRuntime

# The vendor's document says mWs and degrees. One mWs is one mJ.
_ENERGY_BY_DISTANCE = "mJ/°"
_MILLIOHM = "mΩ"


@dataclass(frozen=True, kw_only=True)
class WearSensorDescription(SensorEntityDescription):
    """A sensor and where its value comes from; None is unknown."""

    value_fn: Callable[[WearHistory], float | None]


def _wear(history: WearHistory) -> int | None:
    return None if history.wear is None else history.wear.percent


def _of_last_run(
    key: str,
    value_fn: Callable[[MotorRun], float],
    unit: str,
    device_class: SensorDeviceClass | None = None,
    *,
    shown_in: str | None = None,
    precision: int = 0,
) -> WearSensorDescription:
    """Return a sensor for those who want to see the curves behind the wear."""
    return WearSensorDescription(
        key=key,
        device_class=device_class,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=unit,
        suggested_unit_of_measurement=shown_in,
        suggested_display_precision=precision,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda history: None if history.last_run is None else value_fn(history.last_run),
    )


WEAR_SENSORS = (
    WearSensorDescription(
        key="wear",
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=_wear,
    ),
    _of_last_run("run_energy", lambda run: run.energy, _ENERGY_BY_DISTANCE, precision=2),
    _of_last_run(
        "run_max_current",
        lambda run: run.max_current,
        UnitOfElectricCurrent.MILLIAMPERE,
        SensorDeviceClass.CURRENT,
    ),
    _of_last_run(
        "run_start_voltage",
        lambda run: run.start_voltage,
        UnitOfElectricPotential.MILLIVOLT,
        SensorDeviceClass.VOLTAGE,
        shown_in=UnitOfElectricPotential.VOLT,
        precision=2,
    ),
    _of_last_run(
        "run_lowest_voltage",
        lambda run: run.lowest_voltage,
        UnitOfElectricPotential.MILLIVOLT,
        SensorDeviceClass.VOLTAGE,
        shown_in=UnitOfElectricPotential.VOLT,
        precision=2,
    ),
    _of_last_run("battery_resistance", lambda run: run.resistance, _MILLIOHM),
    _of_last_run(
        "run_temperature",
        lambda run: run.temperature,
        UnitOfTemperature.CELSIUS,
        SensorDeviceClass.TEMPERATURE,
    ),
)


class WearSensor(SmartLockEntity, SensorEntity):
    """A figure of the last run, or of all of them."""

    entity_description: WearSensorDescription

    def __init__(self, runtime: SmartLockRuntime, description: WearSensorDescription) -> None:
        """Bind a description to a lock."""
        super().__init__(runtime.coordinator, description)
        self._watch = runtime.wear

    @property
    @override
    def native_value(self) -> float | None:
        return self.entity_description.value_fn(self._watch.history)


def wear_sensors(runtime: SmartLockRuntime) -> Iterator[WearSensor]:
    """Yield the sensors of a lock."""
    return (WearSensor(runtime, description) for description in WEAR_SENSORS)
