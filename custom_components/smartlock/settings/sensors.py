"""Sensors about the settings archive."""

from datetime import datetime

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import EntityCategory

from custom_components.smartlock.entity_sensor import SmartLockSensorDescription
from custom_components.smartlock.settings.archive import SettingsArchive


def _kept_at(archive: SettingsArchive) -> datetime | None:
    newest = archive.kept.newest
    return None if newest is None else newest.taken_at


def _firmware(archive: SettingsArchive) -> str | None:
    """Return the version in the lock, as last read; what the newest one is, only Nuki's servers know."""
    config = archive.coordinator.data.config
    return archive.kept.known.firmware if config is None else str(config.firmware_version)


SETTINGS_SENSORS = (
    SmartLockSensorDescription[SettingsArchive](
        key="firmware",
        entity_category=EntityCategory.DIAGNOSTIC,
        # The page of the device has it already.
        entity_registry_enabled_default=False,
        value_fn=_firmware,
        always_available=True,
    ),
    *(
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
    ),
)
