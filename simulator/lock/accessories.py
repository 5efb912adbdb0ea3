"""What belongs to the lock beside it: the door sensor, a fob, a keypad.

States of the door sensor: Nuki Smart Lock API V2.3.0, Keyturner States. Settings of door sensor and Keypad 2:
I-Connect/NukiBleEsp32.
"""

from dataclasses import dataclass
from enum import StrEnum

from custom_components.smartlock.protocol.enums import (
    AccessoryBattery,
    AuthorizationIdType,
    BatteryType,
    DoorSensorState,
    KeypadAction,
)
from custom_components.smartlock.protocol.undocumented import DoorSensorConfig, Keypad2Config


class SensorCondition(StrEnum):
    """Whether the door sensor can tell where the door is."""

    WORKING = "working"
    UNKNOWN = "unknown"
    CALIBRATING = "calibrating"
    UNCALIBRATED = "uncalibrated"
    TAMPERED = "tampered"


@dataclass
class Door:
    """The door and what its sensor says."""

    has_sensor: bool
    built_in: bool
    """Whether the sensor is part of the lock (generation 2)."""
    open: bool = False
    condition: SensorCondition = SensorCondition.WORKING
    logging: bool = True
    ajar_timeout: int = 0
    ajar_logging: int = 0
    mismatch_logging: int = 0

    @property
    def seen_open(self) -> bool:
        """Whether the lock knows that the door is open."""
        return self.state == DoorSensorState.OPENED

    @property
    def state(self) -> DoorSensorState:
        """State as Keyturner States tell it."""
        if not self.has_sensor:
            return DoorSensorState.DEACTIVATED if self.built_in else DoorSensorState.UNAVAILABLE
        match self.condition:
            case SensorCondition.WORKING:
                return DoorSensorState.OPENED if self.open else DoorSensorState.CLOSED
            case SensorCondition.UNKNOWN:
                return DoorSensorState.UNKNOWN if self.built_in else DoorSensorState.UNKNOWN_GEN_3
            case SensorCondition.CALIBRATING:
                return DoorSensorState.CALIBRATING if self.built_in else DoorSensorState.UNCALIBRATED
            case SensorCondition.UNCALIBRATED:
                return DoorSensorState.UNKNOWN if self.built_in else DoorSensorState.UNCALIBRATED
            case SensorCondition.TAMPERED:
                return DoorSensorState.UNKNOWN if self.built_in else DoorSensorState.TAMPERED

    @property
    def config(self) -> DoorSensorConfig:
        """Door Sensor Config."""
        return DoorSensorConfig(
            enabled=int(self.has_sensor),
            door_ajar_timeout=self.ajar_timeout,
            door_ajar_logging_enabled=self.ajar_logging,
            door_status_mismatch_logging_enabled=self.mismatch_logging,
        )


class Accessory(StrEnum):
    """An accessory that can be paired with the lock."""

    FOB = "fob"
    KEYPAD = "keypad"
    KEYPAD_2 = "keypad-2"

    @property
    def id_type(self) -> AuthorizationIdType:
        """Its kind in the list of authorizations."""
        return AuthorizationIdType[self.name]


BATTERIES = ("keypad", "door-sensor")
"""Accessories whose battery Keyturner States tell about."""


class Accessories:
    """What is paired with the lock, and whose battery is nearly empty."""

    def __init__(self, door: Door) -> None:
        """Start with the door sensor alone."""
        self._door = door
        self.paired: set[Accessory] = set()
        self.critical: set[str] = set()
        """Names in BATTERIES."""
        self.keypad_2_config = Keypad2Config(
            update_pending=0,
            led_brightness=3,
            battery_type=BatteryType.ALKALI,
            button_mode=0,
            lock_action=KeypadAction.INTELLIGENT,
        )

    @property
    def has_keypad(self) -> bool:
        """Whether codes can be typed."""
        return bool(self.paired & {Accessory.KEYPAD, Accessory.KEYPAD_2})

    def reports(self, battery: str) -> bool:
        """Return whether there is such a battery to tell about."""
        return self.has_keypad if battery == "keypad" else self._door.has_sensor and not self._door.built_in

    @property
    def batteries(self) -> AccessoryBattery:
        """Accessory byte of Keyturner States."""
        flags = AccessoryBattery(0)
        for name, reported, critical in (
            ("keypad", AccessoryBattery.KEYPAD_REPORTED, AccessoryBattery.KEYPAD_CRITICAL),
            ("door-sensor", AccessoryBattery.DOOR_SENSOR_REPORTED, AccessoryBattery.DOOR_SENSOR_CRITICAL),
        ):
            if self.reports(name):
                flags |= reported | (critical if name in self.critical else AccessoryBattery(0))
        return flags
