"""Sensors about what is kept of the settings."""

from datetime import datetime

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import EntityCategory

from custom_components.smartlock.entity_sensor import SmartLockSensorDescription
from custom_components.smartlock.runtime import SmartLockRuntime


def _kept_at(runtime: SmartLockRuntime) -> datetime | None:
    newest = runtime.keeper.kept.newest
    return None if newest is None else newest.taken_at


SETTINGS_SENSORS = tuple(
    SmartLockSensorDescription(
        key=key,
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=value_fn,
        always_available=True,
    )
    for key, value_fn in (
        ("battery_changed_at", lambda runtime: runtime.keeper.kept.changed_at),
        ("settings_kept_at", _kept_at),
    )
)
