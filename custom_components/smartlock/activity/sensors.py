"""Entities that tell who was last, and whether rights can be relied on."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import EntityCategory

from custom_components.smartlock.access.removals import Removals
from custom_components.smartlock.activity.rules.entries import Method, word
from custom_components.smartlock.activity.rules.last import Operation
from custom_components.smartlock.activity.tracker import ActivityTracker
from custom_components.smartlock.clock.rules import Doubt
from custom_components.smartlock.entity import SmartLockEntity
from custom_components.smartlock.entity_sensor import SmartLockSensorDescription


def _last_opening(tracker: ActivityTracker) -> Operation | None:
    return tracker.last.last_opening(log_readable=tracker.reads)


def _last_user(tracker: ActivityTracker) -> str | None:
    opening = _last_opening(tracker)
    return None if opening is None else tracker.user_of(opening)


def _opening(tracker: ActivityTracker) -> Mapping[str, Any] | None:
    opening = _last_opening(tracker)
    if opening is None:
        return None
    return {
        "method": opening.method.value,
        "action": word(opening.action),
        "happened_at": None if opening.happened_at is None else opening.happened_at.isoformat(),
    }


def _last_method(tracker: ActivityTracker) -> str | None:
    operation = tracker.last.operation
    return None if operation is None else operation.method.value


ACTIVITY_SENSORS = (
    SmartLockSensorDescription[ActivityTracker](
        key="last_user",
        # The logbook has a sentence about each of them, which would be followed by a line with the name.
        entity_registry_enabled_default=False,
        value_fn=_last_user,
        facts_fn=_opening,
        always_available=True,
    ),
    SmartLockSensorDescription[ActivityTracker](
        key="last_method",
        device_class=SensorDeviceClass.ENUM,
        entity_registry_enabled_default=False,
        options=list(Method),
        value_fn=_last_method,
        always_available=True,
    ),
)

RIGHTS_UNRELIABLE = BinarySensorEntityDescription(
    key="rights_unreliable",
    device_class=BinarySensorDeviceClass.PROBLEM,
    entity_category=EntityCategory.DIAGNOSTIC,
    entity_registry_enabled_default=False,
)


class RightsBinarySensor(SmartLockEntity, BinarySensorEntity):
    """Whether rights that are limited in time, time control, or removals may not do what their owner means."""

    def __init__(self, tracker: ActivityTracker, removals: Removals) -> None:
        """Take the tracker, which knows whether there are limited rights, and the promised removals."""
        super().__init__(tracker.coordinator, RIGHTS_UNRELIABLE)
        self._tracker = tracker
        self._removals = removals

    @property
    @override
    def available(self) -> bool:
        # A removal waits just because the lock is out of reach.
        return self._removals.overdue or super().available

    @property
    @override
    def is_on(self) -> bool | None:
        if self._removals.overdue:
            return True
        limited, doubts = self._tracker.people.limited, self._tracker.clock.doubts
        # If our own clock may be the wrong one, nobody knows.
        return None if limited and doubts == (Doubt.OWN_CLOCK_WRONG,) else limited and bool(doubts)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        reasons = [doubt.value for doubt in self._tracker.clock.doubts]
        return {"reasons": [*reasons, "removal_pending"] if self._removals.overdue else reasons}

    @property
    @override
    def basis(self) -> tuple[object, ...]:
        # Doubts are looked for only once, as that takes longer than anything else that is compared.
        return (
            self.available,
            self._tracker.people.limited,
            self._removals.overdue,
            self._tracker.clock.doubts,
        )
