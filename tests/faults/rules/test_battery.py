"""The batteries in words, and those of the accessories."""

from datetime import UTC, datetime

import pytest

from custom_components.smartlock.faults.rules.battery import (
    BatteryCondition,
    battery_condition,
    door_sensor_battery_low,
    keypad_battery_low,
)
from custom_components.smartlock.faults.rules.faults import Faults
from custom_components.smartlock.protocol.enums import AccessoryBattery, Command, ErrorCode
from tests.snapshots import states

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
# Keyturner States, battery: bit 0 critical, bits 2-7 percent / 2.
PERCENT = {percent: percent // 2 << 2 for percent in (0, 18, 20, 22, 100)}


@pytest.mark.parametrize(
    ("byte", "condition"),
    [
        (PERCENT[100], BatteryCondition.OK),
        (PERCENT[20], BatteryCondition.OK),
        (PERCENT[18], BatteryCondition.LOW),
        (PERCENT[0], BatteryCondition.LOW),
        (PERCENT[18] | 1, BatteryCondition.CRITICAL),
        (PERCENT[100] | 1, BatteryCondition.CRITICAL),
    ],
)
def test_condition(byte: int, condition: BatteryCondition) -> None:
    assert battery_condition(states(battery=byte), Faults()) is condition


@pytest.mark.parametrize("code", [ErrorCode.K_MOTOR_LOW_VOLTAGE, ErrorCode.K_VOLTAGE_TOO_LOW])
def test_too_weak_for_a_run(code: ErrorCode) -> None:
    """Whatever charge the lock believes they have."""
    weak = Faults().with_error_report(code, Command.LOCK_ACTION, NOW)
    assert battery_condition(states(battery=PERCENT[100]), weak) is BatteryCondition.TOO_WEAK
    assert battery_condition(states(battery=PERCENT[100]), weak.run_succeeded(NOW)) is BatteryCondition.OK


def test_not_known() -> None:
    assert battery_condition(None, Faults()) is None
    # The oldest firmware tells nothing but whether they are critical.
    old = {"night_mode_active": None, "door_sensor_state": None}
    assert battery_condition(states(battery=0, **old), Faults()) is BatteryCondition.OK
    assert battery_condition(states(battery=1, **old), Faults()) is BatteryCondition.CRITICAL


def test_what_was_low_stays_so_until_it_is_clearly_more() -> None:
    assert battery_condition(states(battery=PERCENT[22]), Faults(), low_percent=30) is BatteryCondition.LOW


@pytest.mark.parametrize("byte", [None, *range(256)])
def test_accessories(byte: int | None) -> None:
    """A critical bit counts only beside its reported bit."""
    told = states(accessory_battery=None if byte is None else AccessoryBattery(byte))
    keypad = bool(byte & 2) if byte not in (None, 0xFF) and byte & 1 else None
    door = bool(byte & 8) if byte not in (None, 0xFF) and byte & 4 else None
    assert (keypad_battery_low(told), door_sensor_battery_low(told)) == (keypad, door)
    assert (keypad_battery_low(None), door_sensor_battery_low(None)) == (None, None)
