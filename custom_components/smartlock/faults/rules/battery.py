"""The state of the batteries, as one value."""

from enum import StrEnum

from custom_components.smartlock.faults.rules.codes import FaultKind
from custom_components.smartlock.faults.rules.faults import Faults
from custom_components.smartlock.protocol.enums import AccessoryBattery
from custom_components.smartlock.protocol.messages import KeyturnerStates
from custom_components.smartlock.snapshot import LOW_BATTERY_PERCENT

# Cells recover while they rest: a low charge counts as low until it is clearly higher, in percent.
RECOVERED_PERCENT = 30
# The accessory byte of firmware that does not report them.
_NOT_REPORTED = 0xFF


class BatteryCondition(StrEnum):
    """The state of the lock's batteries."""

    OK = "ok"
    LOW = "low"
    """Below the charge at which the vendor warns."""
    CRITICAL = "critical"
    """The lock itself calls them critical."""
    TOO_WEAK = "too_weak"
    """The lock has refused or aborted a run because of them."""


def battery_condition(
    states: KeyturnerStates | None, faults: Faults, *, low_percent: int = LOW_BATTERY_PERCENT
) -> BatteryCondition | None:
    """Return the state of the batteries; None if unknown."""
    if any(faults.active_fault(kind) for kind in (FaultKind.LOW_VOLTAGE, FaultKind.CALIBRATION_REFUSED)):
        return BatteryCondition.TOO_WEAK
    if states is None:
        return None
    if states.battery_critical:
        return BatteryCondition.CRITICAL
    percent = states.battery_percent
    return BatteryCondition.LOW if percent is not None and percent < low_percent else BatteryCondition.OK


def keypad_battery_low(states: KeyturnerStates | None) -> bool | None:
    """Whether the keypad's battery is nearly empty; None if the lock does not report it."""
    return _accessory(states, AccessoryBattery.KEYPAD_REPORTED, AccessoryBattery.KEYPAD_CRITICAL)


def door_sensor_battery_low(states: KeyturnerStates | None) -> bool | None:
    """Whether the door sensor's battery is nearly empty; None if the lock does not report it."""
    return _accessory(states, AccessoryBattery.DOOR_SENSOR_REPORTED, AccessoryBattery.DOOR_SENSOR_CRITICAL)


def _accessory(
    states: KeyturnerStates | None, reported: AccessoryBattery, critical: AccessoryBattery
) -> bool | None:
    byte = None if states is None else states.accessory_battery
    if byte is None or byte == _NOT_REPORTED or not byte & reported:
        return None
    return bool(byte & critical)
