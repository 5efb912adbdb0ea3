"""The figures of one run."""

from datetime import UTC, datetime, timedelta, timezone
import json
from math import log
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.smartlock.protocol.enums import LockAction, MotorSpeed
from custom_components.smartlock.protocol.messages import BatteryReport
from custom_components.smartlock.wear.rules.motor_run import MotorRun, settings_of, typical
from tests.lock_of import advanced_config as advanced, config

NOW = datetime(2027, 3, 1, 8, 30, 15, 999_999, tzinfo=UTC)


def report(**changes: int) -> BatteryReport:
    """Return the report of the test vector, changed."""
    fields: dict[str, Any] = {
        "battery_drain": 4200,
        "battery_voltage": 5480,
        "critical_battery_state": 0,
        "lock_action": LockAction.LOCK,
        "start_voltage": 5500,
        "lowest_voltage": 5010,
        "lock_distance": 915,
        "start_temperature": 21,
        "max_turn_current": 412,
        "battery_resistance": 310,
    }
    return BatteryReport(**(fields | changes))


def run(**changes: int) -> MotorRun:
    """Return a run like that."""
    taken = MotorRun.of(report(**changes), NOW)
    assert taken is not None
    return taken


def test_figures() -> None:
    assert run().energy == pytest.approx(4.59, abs=0.01)
    assert run().figures == pytest.approx((log(4200 / 915), log(412), 21, 5.5 - 0.4 * 0.31))
    assert run().figures.temperature == 21
    assert run().at == NOW.replace(microsecond=0)
    assert not run().critical
    assert run(critical_battery_state=1).critical


@pytest.mark.parametrize(
    "changes",
    [
        {"lock_action": LockAction.NONE},
        {"battery_drain": 0},
        {"lock_distance": 0},
        {"max_turn_current": 0},
        {"start_voltage": 0},
    ],
)
def test_no_run(changes: dict[str, int]) -> None:
    """As after a battery change, or with a motor that draws no current."""
    assert MotorRun.of(report(**changes), NOW) is None


def test_what_can_be_compared() -> None:
    assert run().kind == run(lock_distance=905, battery_drain=9000, start_temperature=-5).kind
    assert run().kind != run(lock_action=LockAction.UNLOCK).kind
    assert run().kind != run(lock_distance=457).kind
    # Whatever unit the distance has.
    assert run(lock_distance=9150).kind == run(lock_distance=9050).kind
    assert run(lock_action=LockAction(0x77)).kind.startswith("unknown_0x77")


def test_one_run_is_told_twice() -> None:
    later = MotorRun.of(report(battery_voltage=5490), NOW + timedelta(hours=1))
    assert later is not None
    assert later.same_as(run())
    assert not run().same_as(None)
    assert not run().same_as(run(battery_drain=4201))


@pytest.mark.parametrize(
    ("action", "settings", "night", "found"),
    [
        (LockAction.LOCK, {}, False, ""),
        (LockAction.UNLOCK, {}, True, ""),
        (LockAction.UNLATCH, {"unlatch_duration": 3}, False, "3s"),
        (LockAction.LOCK_N_GO_WITH_UNLATCH, {"unlatch_duration": 10}, False, "10s"),
        # An unlock that pulls the latch too.
        (LockAction.UNLOCK, {"auto_unlatch": 1, "unlatch_duration": 5}, False, "5s"),
        (LockAction.LOCK, {"auto_unlatch": 1, "unlatch_duration": 5}, False, ""),
        (LockAction.LOCK, {"motor_speed": MotorSpeed.STANDARD}, False, ""),
        (LockAction.LOCK, {"motor_speed": MotorSpeed.INSANE}, False, "insane"),
        (LockAction.LOCK, {"motor_speed": MotorSpeed(7)}, False, "unknown_0x07"),
        (LockAction.LOCK, {"slow_speed_during_night_mode": 1}, False, ""),
        (LockAction.LOCK, {"slow_speed_during_night_mode": 1}, True, "gentle"),
        (LockAction.LOCK, {"slow_speed_during_night_mode": 0}, True, ""),
        (LockAction.UNLATCH, {"motor_speed": MotorSpeed.GENTLE, "unlatch_duration": 1}, True, "1s_gentle"),
    ],
)
def test_settings_that_a_run_depends_on(
    action: LockAction, settings: dict[str, Any], night: bool, found: str
) -> None:
    latch = {"auto_unlatch": settings.pop("auto_unlatch", 0)}
    assert settings_of(action, config(**latch), advanced(**settings), night=night) == found
    # Not read yet.
    assert settings_of(action, None, advanced(**settings), night=night) == ""
    assert settings_of(action, config(**latch), None, night=night) == ""


def test_settings_make_another_kind_and_no_other_run() -> None:
    plain, slow = MotorRun.of(report(), NOW), MotorRun.of(report(), NOW, "gentle")
    assert plain is not None
    assert slow is not None
    assert plain.kind != slow.kind
    assert slow.same_as(plain)
    # Files from before settings counted.
    assert MotorRun.from_json(plain.to_json()[:10]) == plain


def test_median_is_not_moved_by_odd_runs() -> None:
    figures = [run(battery_drain=4200 + i).figures for i in range(5)]
    odd = [run(battery_drain=60000, max_turn_current=2000).figures] * 2
    assert typical([*figures, *odd]).current == pytest.approx(log(412))
    assert typical([*figures, *odd]).energy == pytest.approx(log(4203 / 915))


uint16 = st.integers(1, 0xFFFF)
RUNS = st.builds(
    MotorRun,
    at=st.integers(0, 2**32 - 1).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    action=st.integers(1, 255).map(LockAction),
    drain=uint16,
    distance=uint16,
    start_voltage=uint16,
    lowest_voltage=st.integers(0, 0xFFFF),
    temperature=st.integers(-128, 127),
    max_current=uint16,
    resistance=st.integers(0, 0xFFFF),
    critical=st.booleans(),
    settings=st.sampled_from(["", "3s", "10s_gentle"]),
)


@given(RUNS)
def test_storage(stored: MotorRun) -> None:
    assert MotorRun.from_json(json.loads(json.dumps(stored.to_json()))) == stored
    assert all(abs(figure) < 200 for figure in stored.figures)


def test_time_is_kept_in_utc() -> None:
    somewhere = NOW.astimezone(timezone(timedelta(hours=-11)))
    taken = MotorRun.of(report(), somewhere)
    assert taken is not None
    assert (taken.at, taken.at.tzinfo) == (NOW.replace(microsecond=0), UTC)


@pytest.mark.parametrize(
    "stored",
    [
        [],
        [1] * 9,
        [1] * 11,
        [*[1] * 10, "3s", ""],
        [0] * 10,
        ["1"] * 10,
        None,
        [1, 2, 3, -4, 5, 6, 7, 8, 9, 0],
    ],
)
def test_what_is_stored_is_not_trusted(stored: list[int]) -> None:
    with pytest.raises((TypeError, ValueError)):
        MotorRun.from_json(stored)
