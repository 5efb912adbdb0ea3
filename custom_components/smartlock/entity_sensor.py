"""The sensor class of this integration; each feature describes what its sensors show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, override

from homeassistant.components.sensor import SensorEntity, SensorEntityDescription

from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.entity import SmartLockEntity


@dataclass(frozen=True, kw_only=True)
class SmartLockSensorDescription[P](SensorEntityDescription):
    """A sensor with the sources of its value and attributes in one part of the lock; None is unknown."""

    value_fn: Callable[[P], str | float | datetime | None]
    facts_fn: Callable[[P], Mapping[str, Any] | None] = lambda part: None
    always_available: bool = False
    """Whether the value stays valid while the lock is out of range."""


class SmartLockSensor[P](SmartLockEntity, SensorEntity):
    """A value that the lock reports, or that we know about it."""

    entity_description: SmartLockSensorDescription[P]

    def __init__(
        self, coordinator: SmartLockCoordinator, part: P, description: SmartLockSensorDescription[P]
    ) -> None:
        """Bind a description to a part of a lock."""
        super().__init__(coordinator, description)
        self._part = part

    @property
    @override
    def available(self) -> bool:
        return self.entity_description.always_available or super().available

    @property
    @override
    def native_value(self) -> str | float | datetime | None:
        return self.entity_description.value_fn(self._part)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        return self.entity_description.facts_fn(self._part)

    @property
    @override
    def basis(self) -> tuple[object, ...]:
        return self.available, self.native_value, self.extra_state_attributes
