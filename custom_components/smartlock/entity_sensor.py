"""The one sensor of this integration; features describe what it shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import SensorEntity, SensorEntityDescription

from custom_components.smartlock.entity import SmartLockEntity
from custom_components.smartlock.runtime import SmartLockRuntime


@dataclass(frozen=True, kw_only=True)
class SmartLockSensorDescription(SensorEntityDescription):
    """A sensor and where its value and its attributes come from; None is unknown."""

    value_fn: Callable[[SmartLockRuntime], str | float | datetime | None]
    facts_fn: Callable[[SmartLockRuntime], Mapping[str, Any] | None] = lambda runtime: None
    always_available: bool = False
    """Whether it says something that is true while nobody hears the lock."""


class SmartLockSensor(SmartLockEntity, SensorEntity):
    """A value that the lock tells, or that we know of it."""

    entity_description: SmartLockSensorDescription

    def __init__(self, runtime: SmartLockRuntime, description: SmartLockSensorDescription) -> None:
        """Bind a description to a lock."""
        super().__init__(runtime.coordinator, description)
        self._runtime = runtime

    @property
    @override
    def available(self) -> bool:
        return self.entity_description.always_available or super().available

    @property
    @override
    def native_value(self) -> str | float | datetime | None:
        return self.entity_description.value_fn(self._runtime)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        return self.entity_description.facts_fn(self._runtime)
