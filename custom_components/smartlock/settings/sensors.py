"""Sensors about what is kept of the settings."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription
from homeassistant.const import EntityCategory

from custom_components.smartlock.entity import SmartLockEntity
from custom_components.smartlock.features.settings_keeping import Keeping
from custom_components.smartlock.runtime import SmartLockRuntime


@dataclass(frozen=True, kw_only=True)
class KeepingSensorDescription(SensorEntityDescription):
    """A point in time that is kept; None is unknown."""

    value_fn: Callable[[Keeping], datetime | None]


SENSORS = tuple(
    KeepingSensorDescription(
        key=key,
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=value_fn,
    )
    for key, value_fn in (
        ("battery_changed_at", lambda kept: kept.changed_at),
        ("settings_kept_at", lambda kept: None if kept.newest is None else kept.newest.taken_at),
    )
)


def settings_sensors(runtime: SmartLockRuntime) -> list[KeepingSensor]:
    """Return the sensors of a lock."""
    return [KeepingSensor(runtime, description) for description in SENSORS]


class KeepingSensor(SmartLockEntity, SensorEntity):
    """Says what has happened, which stays true while nobody hears the lock."""

    entity_description: KeepingSensorDescription

    def __init__(self, runtime: SmartLockRuntime, description: KeepingSensorDescription) -> None:
        """Bind a description to a lock."""
        super().__init__(runtime.coordinator, description)
        self._keeper = runtime.keeper

    @property
    @override
    def available(self) -> bool:
        return True

    @property
    @override
    def native_value(self) -> datetime | None:
        return self.entity_description.value_fn(self._keeper.kept)
