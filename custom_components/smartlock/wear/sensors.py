"""Sensors for how hard the bolt turns, and for the figures of the last motor run."""

from collections.abc import Callable

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    EntityCategory,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfRatio,
    UnitOfTemperature,
)

from custom_components.smartlock.entity_sensor import SmartLockSensorDescription
from custom_components.smartlock.wear.monitor import WearMonitor
from custom_components.smartlock.wear.rules.motor_run import MotorRun

# The vendor's document says mWs and degrees. One mWs is one mJ.
_ENERGY_BY_DISTANCE = "mJ/°"
_MILLIOHM = "mΩ"


def _wear(watch: WearMonitor) -> int | None:
    wear = watch.history.wear
    return None if wear is None else wear.percent


def _of_last_run(
    key: str,
    value_fn: Callable[[MotorRun], float],
    unit: str,
    device_class: SensorDeviceClass | None = None,
    *,
    shown_in: str | None = None,
    precision: int = 0,
) -> SmartLockSensorDescription[WearMonitor]:
    """Return the description of a sensor for the details behind the wear, disabled by default."""

    def value(watch: WearMonitor) -> float | None:
        run = watch.history.last_run
        return None if run is None else value_fn(run)

    return SmartLockSensorDescription[WearMonitor](
        key=key,
        device_class=device_class,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        native_unit_of_measurement=unit,
        suggested_unit_of_measurement=shown_in,
        suggested_display_precision=precision,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=value,
    )


WEAR_SENSOR = SmartLockSensorDescription[WearMonitor](
    key="wear",
    entity_category=EntityCategory.DIAGNOSTIC,
    native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
    state_class=SensorStateClass.MEASUREMENT,
    value_fn=_wear,
)
RUN_SENSORS = (
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
