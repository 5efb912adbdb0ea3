"""Sensors for a lock's faults, and for the codes that it reports about itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import EntityCategory

from custom_components.smartlock.entity import SmartLockEntity
from custom_components.smartlock.entity_sensor import SmartLockSensorDescription
from custom_components.smartlock.faults.rules.battery import BatteryCondition
from custom_components.smartlock.faults.rules.codes import BLOCKED_KINDS, CLUTCH_KINDS, FaultKind
from custom_components.smartlock.faults.rules.faults import Faults
from custom_components.smartlock.faults.tracker import FaultTracker, fault_facts

NO_FAULT = "none"


@dataclass(frozen=True, kw_only=True)
class FaultBinarySensorDescription(BinarySensorEntityDescription):
    """A binary sensor that is on while a lock has a fault of certain kinds; None is unknown."""

    kinds: frozenset[FaultKind]
    value_fn: Callable[[Faults], bool | None]
    certain_fn: Callable[[Faults], bool]


def _certain(kinds: frozenset[FaultKind]) -> Callable[[Faults], bool]:
    return lambda faults: any(fault.kind in kinds and fault.certain for fault in faults.active)


def _last_fault(tracker: FaultTracker) -> str | None:
    """Return the newest fault that is not over; what was last stays among the attributes."""
    faults = tracker.faults
    if faults.active:
        return faults.active[-1].kind.value
    return None if faults.run is None and faults.last is None else NO_FAULT


def _last_fault_facts(tracker: FaultTracker) -> Mapping[str, Any] | None:
    faults = tracker.faults
    last = faults.last
    if last is None:
        return None
    active = faults.active_fault(last.kind)
    ended_at = faults.ended_at if active is None else None
    return {
        "fault": last.kind.value,
        "since": last.since.isoformat(),
        "active": active is not None,
        "ended": None if ended_at is None else ended_at.isoformat(),
        **fault_facts(active or last),
    }


FAULT_BINARY_SENSORS = (
    FaultBinarySensorDescription(
        key="clutch_fault",
        device_class=BinarySensorDeviceClass.PROBLEM,
        kinds=CLUTCH_KINDS,
        value_fn=lambda faults: faults.clutch_fault,
        certain_fn=lambda faults: faults.clutch_certain,
    ),
    FaultBinarySensorDescription(
        key="motor_blocked",
        device_class=BinarySensorDeviceClass.PROBLEM,
        kinds=BLOCKED_KINDS,
        value_fn=lambda faults: faults.motor_blocked,
        certain_fn=_certain(BLOCKED_KINDS),
    ),
)
FAULT_SENSORS = (
    SmartLockSensorDescription[FaultTracker](
        key="last_fault",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        # The event tells the same.
        entity_registry_enabled_default=False,
        options=[NO_FAULT, *(kind.value for kind in FaultKind)],
        value_fn=_last_fault,
        facts_fn=_last_fault_facts,
        always_available=True,
    ),
    SmartLockSensorDescription[FaultTracker](
        key="battery_condition",
        device_class=SensorDeviceClass.ENUM,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        options=list(BatteryCondition),
        value_fn=lambda tracker: tracker.battery_condition,
    ),
)


class FaultBinarySensor(SmartLockEntity, BinarySensorEntity):
    """A fault that is present, absent or unknown."""

    entity_description: FaultBinarySensorDescription

    def __init__(self, tracker: FaultTracker, description: FaultBinarySensorDescription) -> None:
        """Bind a description to a lock's faults."""
        super().__init__(tracker.coordinator, description)
        self._tracker = tracker

    @property
    def faults(self) -> Faults:
        """The faults of the lock."""
        return self._tracker.faults

    @property
    @override
    def available(self) -> bool:
        # A fault persists while the lock is out of range.
        return super().available or bool(self.is_on)

    @property
    @override
    def is_on(self) -> bool | None:
        has = self.entity_description.value_fn(self.faults)
        # That there is no fault does not stay true by itself.
        return has if has or self.snapshot.states is not None else None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        ours = [fault for fault in self.faults.active if fault.kind in self.entity_description.kinds]
        if not ours:
            return None
        return {
            "fault": ours[-1].kind.value,
            "since": min(fault.since for fault in ours).isoformat(),
            **fault_facts(ours[-1]),
            "certain": self.entity_description.certain_fn(self.faults),
        }

    @property
    @override
    def basis(self) -> tuple[object, ...]:
        return self.available, self.is_on, self.extra_state_attributes
