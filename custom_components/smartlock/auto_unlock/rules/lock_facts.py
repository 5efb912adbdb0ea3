"""What a rule must know about the lock. None is "not known", and never sufficient."""

from enum import StrEnum

from custom_components.smartlock.faults.rules.codes import BLOCKED_KINDS
from custom_components.smartlock.faults.rules.faults import Faults
from custom_components.smartlock.protocol.enums import DoorSensorState, LockState
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.snapshot import LockSnapshot

__all__ = ["Door", "LockFacts", "lock_facts"]

_NOT_LOCKED = frozenset({LockState.UNLOCKED, LockState.UNLOCKED_LOCK_N_GO, LockState.UNLATCHED})
# A lock without a sensor, or with a disabled one, does not report its door.
_NO_SENSOR = frozenset({DoorSensorState.UNAVAILABLE, DoorSensorState.DEACTIVATED})


class Door(StrEnum):
    """State of the lock's door sensor."""

    CLOSED = "closed"
    OPEN = "open"
    NO_SENSOR = "no_sensor"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class LockFacts:
    """The lock at one moment."""

    read_at: float | None = None
    """When the lock itself reported its state, on an open link; None if it has not."""
    locked: bool | None = None
    moving: bool | None = None
    jammed: bool | None = None
    faulty: bool | None = None
    battery_critical: bool | None = None
    door: Door = Door.UNKNOWN
    auto_unlatch: bool | None = None
    """An unlock pulls the latch too: the door opens."""


def lock_facts(snapshot: LockSnapshot, faults: Faults, *, read_at: float | None) -> LockFacts:
    """Return the facts from a snapshot and the faults. `read_at`: when the state came from the lock."""
    states, config = snapshot.states, snapshot.config
    auto_unlatch = None if config is None else {0: False, 1: True}.get(config.auto_unlatch)
    if states is None:
        return LockFacts(auto_unlatch=auto_unlatch)
    state = states.lock_state
    return LockFacts(
        read_at=read_at,
        locked=True if state == LockState.LOCKED else False if state in _NOT_LOCKED else None,
        moving=state.in_motion if state.known else None,
        jammed=faults.motor_blocked,
        faulty=any(fault.kind not in BLOCKED_KINDS for fault in faults.active) or faults.clutch_fault,
        battery_critical=states.battery_critical,
        door=_door(states.door_sensor_state),
        auto_unlatch=auto_unlatch,
    )


def _door(sensor: DoorSensorState | None) -> Door:
    if sensor == DoorSensorState.CLOSED:
        return Door.CLOSED
    if sensor == DoorSensorState.OPENED:
        return Door.OPEN
    # Firmware that does not send the field has no sensor.
    return Door.NO_SENSOR if sensor is None or sensor in _NO_SENSOR else Door.UNKNOWN
