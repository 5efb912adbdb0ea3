"""Sensors about the settings archive."""

from datetime import datetime

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import EntityCategory

from custom_components.smartlock.entity_sensor import SmartLockSensorDescription
from custom_components.smartlock.settings.archive import SettingsArchive


def _kept_at(archive: SettingsArchive) -> datetime | None:
    newest = archive.kept.newest
    return None if newest is None else newest.taken_at


SETTINGS_SENSORS = tuple(
    SmartLockSensorDescription[SettingsArchive](
        key=key,
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=value_fn,
        always_available=True,
    )
    for key, value_fn in (
        ("battery_changed_at", lambda archive: archive.kept.changed_at),
        ("settings_kept_at", _kept_at),
    )
)
