"""Traces of what a lock tells, and whether its batteries were changed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.smartlock.protocol.enums import LockAction, LockState
from custom_components.smartlock.protocol.messages import BatteryReport
from custom_components.smartlock.protocol.wire import Date7, Version
from custom_components.smartlock.settings.rules import battery_change as b
from custom_components.smartlock.settings.rules.battery_change import BatteryChangeDetector, Event
from custom_components.smartlock.settings.rules.battery_signs import AT_ONCE, SOURCES, STRONG, Sign
from tests.lock_of import NOON, config, states

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
LOST_TIME = datetime(2000, 1, 1, tzinfo=UTC)


def told(at: float = 0.0, percent: int | None = 80, **fields: Any) -> Event:
    """Return a state told `at` seconds after noon; both clocks are right unless the test says otherwise."""
    our_time = fields.pop("our_time", NOON + timedelta(seconds=at))
    fields.setdefault("time", NOON + timedelta(seconds=at))
    return b.StatesReceived(states=states(percent, **fields), our_time=our_time)


def read(changes: int = 0, *, ours: bool = False, **fields: Any) -> Event:
    """Return a read of the settings."""
    return b.SettingsRead(config=config(**fields), changes=changes, ours=ours)


def report(voltage: int) -> Event:
    """Return a battery report."""
    return b.BatteryRead(
        report=BatteryReport(
            battery_drain=0,
            battery_voltage=voltage,
            critical_battery_state=0,
            lock_action=LockAction.LOCK,
            start_voltage=voltage,
            lowest_voltage=voltage,
            lock_distance=0,
            start_temperature=20,
            max_turn_current=0,
            battery_resistance=0,
        )
    )


def counters(**fields: Any) -> b.Counters:
    """Return General Statistics."""
    values: dict[str, Any] = {
        "last_reboot": (2026, 5, 1, 8, 0, 0),
        "unexpected_reboots": 2,
        "cycle_actions": 700,
        "initial_voltage": 5600,
    }
    return b.Counters(**values | fields)


type Trace = Sequence[tuple[float, Event]]

BEFORE: Trace = (
    (0, told()),
    (1, read()),
    (2, report(5200)),
    (3, counters()),
    (4, b.LogRead(newest=40)),
)
"""An ordinary lock, looked at with a PIN."""


def verdicts(
    trace: Trace, watch: BatteryChangeDetector | None = None
) -> list[tuple[float, tuple[Sign, ...]]]:
    """Return when a change was found, and why."""
    watch = watch or BatteryChangeDetector()
    found = []
    for now, event in trace:
        watch = watch.after(event, now)
        if watch.verdict is not None:
            found.append((now, watch.verdict.reasons))
    return found


T = 600.0
"""When something happens, after a quiet while; settings are read right after."""


@pytest.mark.parametrize(
    ("trace", "reasons"),
    [
        # --- Strong: one is enough.
        ([(T, told(T, lock_state=LockState.BOOT_RUN)), (T + 1, read())], [Sign.BOOT_RUN]),
        ([(T, told(T, time=LOST_TIME)), (T + 1, read())], [Sign.CLOCK_LOST]),
        ([(T, told(T, time=Date7())), (T + 1, read())], [Sign.CLOCK_LOST]),
        ([(T, told(T, time=Date7(2026, 13, 32, 25, 61, 61))), (T + 1, read())], [Sign.CLOCK_LOST]),
        ([(T, told(T, config_update_count=0)), (T + 1, read())], [Sign.COUNTER_FELL]),
        ([(T, read(1, name="Nuki_33C335C5"))], [Sign.MEMORY_DAMAGED]),
        ([(T, read(1, name=""))], [Sign.MEMORY_DAMAGED]),
        ([(T, read(1, name="\udcff\udcfeT\0"))], [Sign.MEMORY_DAMAGED]),
        ([(T, read(1, time_zone_id=0xFFFF))], [Sign.MEMORY_DAMAGED]),
        ([(T, counters(unexpected_reboots=3)), (T + 1, read())], [Sign.RESTART_COUNTED]),
        ([(T, counters(last_reboot=(2027, 1, 1, 12, 9, 0))), (T + 1, read())], [Sign.RESTART_COUNTED]),
        ([(T, counters(cycle_actions=0)), (T + 1, read())], [Sign.RESTART_COUNTED]),
        ([(T, counters(initial_voltage=5900)), (T + 1, read())], [Sign.RESTART_COUNTED]),
        ([(T, b.LogRead(newest=42, boot_runs=(41,))), (T + 1, read())], [Sign.BOOT_LOGGED]),
        # --- Two of medium or weak.
        (
            [(T, told(T, 100, last_lock_action=LockAction.NONE)), (T + 1, read())],
            [Sign.CHARGE_ROSE, Sign.ACTION_FORGOTTEN],
        ),
        (
            [(T, b.OutOfSight(others_received=True)), (T + 1, told(T + 1, 100)), (T + 2, read())],
            [Sign.CHARGE_ROSE, Sign.NOT_HEARD],
        ),
        (
            [
                (T, b.OutOfSight(others_received=True)),
                (T + 1, told(T + 1, last_lock_action=LockAction.NONE)),
                (T + 2, read()),
            ],
            [Sign.ACTION_FORGOTTEN, Sign.NOT_HEARD],
        ),
        (
            [(T, told(T, 100)), (T + 14 * MINUTE, b.PinRefused()), (T + 14 * MINUTE + 1, read())],
            [Sign.PIN_FORGOTTEN, Sign.CHARGE_ROSE],
        ),
        (
            [(T, report(5600)), (T + 1, told(T + 1, lock_state=LockState.UNCALIBRATED)), (T + 2, read())],
            [Sign.VOLTAGE_ROSE, Sign.UNCALIBRATED],
        ),
        (
            [
                (T, told(T, 100, time=NOON + timedelta(seconds=T, minutes=-7))),
                (T + 1, read()),
            ],
            [Sign.CLOCK_BEHIND, Sign.CHARGE_ROSE],
        ),
        (
            [
                (T, told(T, 4, critical=True)),
                (T + 30 * MINUTE, b.OutOfSight(others_received=True)),
                (T + 30 * MINUTE + 1, told(T + 30 * MINUTE + 1, 100)),
                (T + 30 * MINUTE + 2, read()),
            ],
            [Sign.CHARGE_ROSE, Sign.NOT_CRITICAL, Sign.NOT_HEARD],
        ),
        # --- What comes after a calibration of ours, or waited for its end.
        (
            [
                (T, b.Calibration(running=True)),
                (T + 20, b.Calibration(running=False)),
                (T + 150, told(T + 150, lock_state=LockState.BOOT_RUN)),
                (T + 151, read()),
            ],
            [Sign.BOOT_RUN],
        ),
        (
            [
                (T, b.Calibration(running=True)),
                (T + 20, b.Calibration(running=False)),
                (T + 30, told(T + 30, time=LOST_TIME)),
                (T + 31, read()),
                (T + 200, told(T + 200, time=LOST_TIME)),
                (T + 201, read()),
            ],
            [Sign.CLOCK_LOST],
        ),
        ([(T, told(T, 100)), (T + 1, read(b.MANY_SETTINGS))], [Sign.CHARGE_ROSE, Sign.MANY_CHANGES]),
        # --- All at once, in the order of their weight.
        (
            [
                (T, told(T, 100, time=LOST_TIME, config_update_count=0, last_lock_action=LockAction.NONE)),
                (T + 1, b.PinRefused()),
                (T + 2, read(9, name="Nuki_33C335C5")),
            ],
            [
                Sign.CLOCK_LOST,
                Sign.COUNTER_FELL,
                Sign.MEMORY_DAMAGED,
                Sign.PIN_FORGOTTEN,
                Sign.CHARGE_ROSE,
                Sign.ACTION_FORGOTTEN,
                Sign.MANY_CHANGES,
            ],
        ),
    ],
)
def test_changes_are_found(trace: Trace, reasons: list[Sign]) -> None:
    found = verdicts([*BEFORE, *trace])
    assert [set(why) for _, why in found] == [set(reasons)]
    assert list(found[0][1]) == sorted(found[0][1], key=list(Sign).index)


@pytest.mark.parametrize(
    "trace",
    [
        pytest.param([(T, told(T, 78)), (T + 1, read())], id="nothing happens"),
        pytest.param([(T, read(2, led_brightness=0))], id="settings changed in the app"),
        pytest.param(
            [(T, told(T, config_update_count=8)), (T + 1, read(1, name="Home"))], id="renamed in the app"
        ),
        pytest.param([(T, read(12, led_brightness=0))], id="an evening with the app"),
        pytest.param(
            [(T, told(T, config_update_count=8)), (T + 1, read(1, ours=True, name="Nuki_33C335C5"))],
            id="we gave it its first name",
        ),
        # --- Charging.
        pytest.param(
            [
                (T, told(T, 90, charging=True)),
                (2 * T, told(2 * T, 100, charging=True)),
                (3 * T, told(3 * T, 100)),
                (3 * T + 1, read(5)),
            ],
            id="a pack is charged",
        ),
        pytest.param(
            [
                (T, told(T, 60, charging=True)),
                (9 * HOUR, told(9 * HOUR, 100)),
                (9 * HOUR + 1, b.OutOfSight(others_received=True)),
                (9 * HOUR + 2, read()),
            ],
            id="charged while nobody looked",
        ),
        pytest.param(
            [(T, told(T, 30)), (DAY, told(DAY, 100)), (DAY + 1, read())], id="charged, never seen charging"
        ),
        pytest.param(
            [(T, told(T, 20, critical=True)), (2 * T, told(2 * T, 22)), (2 * T + 1, read())],
            id="charge about the limit",
        ),
        pytest.param(
            [
                (T, told(T, 10, critical=True)),
                (2 * T, told(2 * T, 40)),
                (2 * T + 1, report(5600)),
                (2 * T + 2, read()),
            ],
            id="one source, three times",
        ),
        # --- Radio.
        pytest.param(
            [
                (T, b.OutOfSight(others_received=False)),
                (T + 1, told(T + 1, last_lock_action=LockAction.NONE)),
                (T + 2, read()),
            ],
            id="the proxy restarted",
        ),
        pytest.param(
            [(T, b.OutOfSight(others_received=True)), (T + 1, told(T + 1)), (T + 2, read(3))],
            id="out of range, and settings changed",
        ),
        pytest.param(
            [
                (T, b.OutOfSight(others_received=True)),
                (T + 1, told(T + 1)),
                (T + 2, read()),
                (T + 20 * MINUTE, told(T + 20 * MINUTE, 100)),
                (T + 20 * MINUTE + 1, read()),
            ],
            id="two signs with too much time between",
        ),
        # --- Clocks.
        pytest.param(
            [(T, told(T, time=NOON + timedelta(seconds=T, hours=1))), (T + 1, read())],
            id="summer time in the lock",
        ),
        pytest.param(
            [
                (T, told(T, 100, time=NOON + timedelta(seconds=T, hours=-1))),
                (T + 1, read()),
            ],
            id="winter time in the lock, after charging",
        ),
        pytest.param(
            [
                (T, told(T, 100, time=NOON + timedelta(seconds=T, hours=-9, minutes=-30))),
                (T + 1, read()),
            ],
            id="another time zone",
        ),
        pytest.param(
            [(T, told(T, our_time=NOON + timedelta(days=90))), (T + 1, read())], id="our clock was set on"
        ),
        pytest.param(
            [(T, told(T, our_time=NOON - timedelta(days=90))), (T + 1, read())], id="our clock was set back"
        ),
        pytest.param(
            [
                (T, told(T, our_time=NOON + timedelta(days=90))),
                (2 * T, told(2 * T, our_time=NOON + timedelta(days=90, seconds=T))),
                (3 * T, told(3 * T)),
                (3 * T + 1, read()),
            ],
            id="our clock was wrong for a while",
        ),
        pytest.param(
            [(T, told(T, time=LOST_TIME, our_time=None)), (T + 1, read())], id="we do not know the time"
        ),
        pytest.param(
            [(T, told(T, 100, time=NOON + timedelta(seconds=T, minutes=7))), (T + 1, read())],
            id="the clock of the lock was set on",
        ),
        pytest.param(
            [(T, told(T, time=NOON + timedelta(seconds=T, minutes=-7))), (T + 1, read())],
            id="the clock of the lock was set back",
        ),
        # --- Counters.
        pytest.param([(T, told(T, config_update_count=120)), (T + 1, read())], id="many settings changed"),
        pytest.param([(T, counters(cycle_actions=720)), (T + 1, read())], id="the lock is used"),
        pytest.param([(T, b.LogRead(newest=60)), (T + 1, read())], id="the lock is used, says its log"),
        pytest.param(
            [(T, b.LogRead(newest=44, boot_runs=(30,))), (T + 1, read())], id="a boot run of last year"
        ),
        pytest.param([(T, b.PinRefused()), (T + 1, read())], id="the PIN was changed in the app"),
        pytest.param(
            [(T, told(T, lock_state=LockState.UNCALIBRATED)), (T + 1, read())], id="calibration was deleted"
        ),
        pytest.param(
            [
                (T, told(T, lock_state=LockState.CALIBRATION)),
                (T + 1, told(T + 1, lock_state=LockState.LOCKED)),
                (T + 2, read()),
            ],
            id="calibrated anew",
        ),
        pytest.param([(T, told(T, lock_state=LockState.BOOT_RUN))], id="the settings could not be read yet"),
        # --- A calibration of ours.
        pytest.param(
            [
                (T, b.Calibration(running=True)),
                (T + 1, told(T + 1, lock_state=LockState.BOOT_RUN)),
                (T + 2, read()),
                (T + 20, told(T + 20, last_lock_action=LockAction.NONE)),
                (T + 21, b.Calibration(running=False)),
                (T + 22, read()),
                (T + 300, told(T + 300, last_lock_action=LockAction.NONE)),
                (T + 301, read()),
            ],
            id="old firmware calls it a boot run",
        ),
        pytest.param(
            [
                (T, b.Calibration(running=True)),
                (T + 1, b.Calibration(running=False)),
                (T + 100, told(T + 100, 100, lock_state=LockState.UNCALIBRATED)),
                (T + 119, b.LogRead(newest=42, boot_runs=(41,))),
                (T + 120, read()),
            ],
            id="and so does its log, and it shows for a while",
        ),
        # --- Critical.
        pytest.param(
            [
                (T, told(T, 88, critical=True)),
                (T + 5 * MINUTE, b.OutOfSight(others_received=True)),
                (T + 5 * MINUTE + 1, told(T + 5 * MINUTE + 1, 88)),
                (T + 5 * MINUTE + 2, read()),
            ],
            id="critical for one moment, then not heard",
        ),
        pytest.param(
            [
                (T, told(T, 88, critical=True)),
                (T + 30 * MINUTE, told(T + 30 * MINUTE, 88, critical=True)),
                (T + 35 * MINUTE, b.OutOfSight(others_received=True)),
                (T + 35 * MINUTE + 1, told(T + 35 * MINUTE + 1, 88)),
                (T + 35 * MINUTE + 2, read()),
            ],
            id="critical for a while, with the same charge before and after",
        ),
        pytest.param(
            [
                (T, told(T, None, critical=True)),
                (T + 5 * MINUTE, b.OutOfSight(others_received=True)),
                (T + 5 * MINUTE + 1, told(T + 5 * MINUTE + 1, None)),
                (T + 5 * MINUTE + 2, read()),
            ],
            id="critical for one moment, in a lock that tells no charge",
        ),
        # --- Restarts with another reason.
        pytest.param(
            [
                (T, b.Restarted()),
                (T + 1, told(T + 1, lock_state=LockState.BOOT_RUN)),
                (T + 4, told(T + 4, last_lock_action=LockAction.NONE)),
                (T + 5, counters(last_reboot=(2027, 1, 1, 12, 10, 0))),
                (T + 6, b.LogRead(newest=41, boot_runs=(41,))),
                (T + 7, read()),
            ],
            id="restarted by us",
        ),
        pytest.param(
            [
                (T, b.Restarted()),
                (DAY, counters(last_reboot=(2027, 1, 1, 12, 10, 0))),
                (DAY + 1, b.LogRead(newest=41, boot_runs=(41,))),
                (DAY + 2, read()),
            ],
            id="restarted by us, read the next day",
        ),
        pytest.param(
            [
                (T, b.OutOfSight(others_received=True)),
                (T + 1, told(T + 1, lock_state=LockState.BOOT_RUN)),
                (T + 4, told(T + 4, last_lock_action=LockAction.NONE)),
                (T + 5, read(firmware_version=Version(3, 12, 0))),
                (T + 6, counters(last_reboot=(2027, 1, 1, 12, 10, 0))),
                (T + 7, read(firmware_version=Version(3, 12, 0))),
            ],
            id="new firmware",
        ),
    ],
)
def test_false_alarms(trace: Trace) -> None:
    assert verdicts([*BEFORE, *trace]) == []


def test_wrapped_counter() -> None:
    """An uint8 that goes on from 255 to 0 has not fallen."""
    trace = [(T * count, told(T * count, config_update_count=count % 256)) for count in range(0, 600, 100)]
    assert verdicts([*trace, (4000, read())]) == []


@pytest.mark.parametrize("percent", [None, 80])
def test_a_lock_seen_for_the_first_time(percent: int | None) -> None:
    """Whatever it is like: nothing is known to compare it with."""
    trace = [
        (0, told(0, percent, last_lock_action=LockAction.NONE, time=LOST_TIME, config_update_count=0)),
        (1, counters()),
        (2, b.LogRead(newest=3, boot_runs=(3,))),
        (3, read(name="", time_zone_id=0xFFFF)),
    ]
    assert verdicts(trace) == []


def test_new_firmware_does_not_hide_lost_settings() -> None:
    trace = [
        (T, told(T, lock_state=LockState.BOOT_RUN)),
        (T + 1, read(firmware_version=Version(3, 12, 0), name="Nuki_33C335C5")),
    ]
    assert [why for _, why in verdicts([*BEFORE, *trace])] == [(Sign.MEMORY_DAMAGED,)]


def test_signs_wait_until_the_settings_can_be_read() -> None:
    """A lock that is out of reach after its boot run, say; but two weak signs must be close to each other."""
    late = T + 3 * HOUR
    trace = [(T, told(T, lock_state=LockState.BOOT_RUN)), (late, read())]
    assert verdicts([*BEFORE, *trace]) == [(late, (Sign.BOOT_RUN,))]
    trace = [
        (T, told(T, 100)),
        (T + HOUR, b.OutOfSight(others_received=True)),
        (late, read()),
    ]
    assert verdicts([*BEFORE, *trace]) == []


def test_a_write_of_ours_is_no_verdict() -> None:
    """The next read is."""
    trace = [
        (T, told(T, lock_state=LockState.BOOT_RUN)),
        (T + 1, read(ours=True, name="")),
        (T + 2, read(name="")),
    ]
    assert verdicts([*BEFORE, *trace]) == [(T + 2, (Sign.BOOT_RUN,))]


def test_one_change_is_found_once() -> None:
    """The signs trickle in: the clock and the PIN are looked at after the settings."""
    trace = [
        (T, told(T, lock_state=LockState.BOOT_RUN)),
        (T + 1, read()),
        (T + 2, told(T + 2, 100, time=LOST_TIME, last_lock_action=LockAction.NONE)),
        (T + 3, b.PinRefused()),
        (T + 4, counters(unexpected_reboots=3)),
        (T + 5, read()),
        (T + 14 * MINUTE, read(name="")),
    ]
    assert [now for now, _ in verdicts([*BEFORE, *trace])] == [T + 1]


@pytest.mark.parametrize("changes", [0, 1])
@pytest.mark.parametrize(
    "again",
    [
        {"lock_state": LockState.BOOT_RUN},
        {"config_update_count": 0},
        {"time": LOST_TIME},
    ],
)
def test_power_that_is_lost_again_soon(again: dict[str, Any], changes: int) -> None:
    """It is another change if it has taken more, and not if it has taken nothing."""
    second = T + 300
    trace = [
        (T, told(T, lock_state=LockState.BOOT_RUN)),
        (T + 1, read()),
        (T + 60, told(T + 60, 100)),
        (second, told(second, 100, **again)),
        (second + 1, read(changes)),
        (second + 60, told(second + 60, 100)),
        (second + 61, read(5)),
    ]
    assert [now for now, _ in verdicts([*BEFORE, *trace])] == [T + 1, second + 1][: 1 + changes]


def test_settings_that_the_lock_has_counted() -> None:
    """Many at once are an evening with the app; and nobody puts back unasked what somebody may have wanted."""
    unheard = [*BEFORE, (T, b.OutOfSight(others_received=True))]
    counted = [(T + 1, told(T + 1, config_update_count=12)), (T + 2, read(5))]
    later = [(T + 300, told(T + 300, config_update_count=12)), (T + 301, read(5))]
    assert verdicts([*unheard, *counted, *later]) == []
    assert verdicts([*unheard, (T + 1, told(T + 1)), (T + 2, read(5))]) != []
    for count, wanted in ((12, True), (7, False), (0, False)):
        watch = BatteryChangeDetector()
        trace = [
            (T, told(T, lock_state=LockState.BOOT_RUN, config_update_count=count)),
            (T + 1, read(1)),
        ]
        for now, event in (*BEFORE, *trace):
            watch = watch.after(event, now)
        assert watch.verdict is not None
        assert watch.verdict.counted is wanted


def test_the_next_change_is_found_too() -> None:
    second = T + 400 * DAY
    trace = [
        (T, told(T, lock_state=LockState.BOOT_RUN)),
        (T + 1, read()),
        (second, told(second, lock_state=LockState.BOOT_RUN)),
        (second + 1, read()),
    ]
    assert [now for now, _ in verdicts([*BEFORE, *trace])] == [T + 1, second + 1]


def test_a_change_while_nobody_looked() -> None:
    """What was known before is kept when Home Assistant restarts, with a clock that starts again."""
    watch = BatteryChangeDetector()
    for now, event in BEFORE:
        watch = watch.after(event, now)
    again = BatteryChangeDetector(known=watch.known)
    trace = [
        (10.0, told(DAY, 100, config_update_count=0, last_lock_action=LockAction.NONE)),
        (11.0, read(3, led_brightness=5)),
    ]
    ((now, reasons),) = verdicts(trace, again)
    assert now == 11
    assert set(reasons) == {Sign.COUNTER_FELL, Sign.CHARGE_ROSE, Sign.ACTION_FORGOTTEN}


def test_every_sign_has_a_source() -> None:
    assert set(SOURCES) == set(Sign)


_events = st.one_of(
    st.builds(
        told,
        st.floats(0, DAY),
        st.sampled_from([None, 10, 50, 100]),
        charging=st.booleans(),
        critical=st.booleans(),
        lock_state=st.sampled_from(list(LockState)),
        config_update_count=st.sampled_from([None, 0, 1, 100, 255]),
        last_lock_action=st.sampled_from([None, LockAction.NONE, LockAction.LOCK]),
        time=st.sampled_from([NOON, LOST_TIME, Date7()]),
    ),
    st.builds(read, st.integers(0, 9), ours=st.booleans(), name=st.sampled_from(["Villa", "", "\0"])),
    st.builds(b.OutOfSight, others_received=st.booleans()),
    st.just(b.PinRefused()),
    st.just(b.Restarted()),
    st.builds(counters, unexpected_reboots=st.integers(0, 3)),
    st.builds(b.LogRead, newest=st.integers(0, 9), boot_runs=st.just((5,))),
)


@given(st.lists(st.tuples(st.floats(0.1, 2000), _events), max_size=30))
@hypothesis_settings(max_examples=300)
def test_whatever_happens(steps: list[tuple[float, Event]]) -> None:
    """A verdict comes with a read of the settings, has reasons enough, and never twice in the same window.

    Unless more was lost meanwhile.
    """
    watch, now, last = BatteryChangeDetector(), 0.0, -b.WINDOW
    for pause, event in steps:
        now += pause
        watch = watch.after(event, now)
        if watch.verdict is not None:
            reasons = set(watch.verdict.reasons)
            assert isinstance(event, b.SettingsRead)
            assert reasons & STRONG or len({SOURCES[sign] for sign in reasons}) > 1
            assert now - last >= b.WINDOW or (event.changes and reasons & AT_ONCE)
            assert not watch.suspects
            last = now


def test_a_lock_that_tells_no_charge() -> None:
    """That it is not critical any more counts if it has been for a while."""
    watch = BatteryChangeDetector()
    trace: Trace = [
        (0, told(0, None)),
        (1, read()),
        (T, told(T, None, critical=True)),
        (T + 20 * MINUTE, told(T + 20 * MINUTE, None, critical=True)),
        (T + 30 * MINUTE, b.OutOfSight(others_received=True)),
        (T + 30 * MINUTE + 1, told(T + 30 * MINUTE + 1, None)),
        (T + 30 * MINUTE + 2, read()),
    ]
    ((_, reasons),) = verdicts(trace, watch)
    assert set(reasons) == {Sign.NOT_CRITICAL, Sign.NOT_HEARD}
