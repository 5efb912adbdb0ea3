"""When the clock of a lock is set."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.smartlock.clock import rules as clock
from custom_components.smartlock.clock.rules import ClockDifference, Doubt, Written
from custom_components.smartlock.protocol.enums import DstMode
from custom_components.smartlock.system_clock.rules import Clocks, released
from tests.lock_of import config

RELEASE = released(2026, 10)
NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LOST = datetime(2000, 1, 1, tzinfo=UTC)


class Home:
    """A lock, and a machine whose time of day may be moved."""

    def __init__(self, written: Iterable[datetime] = ()) -> None:
        """Begin some time after the machine was started."""
        self.clocks = Clocks.started(NOW, 5000.0, 0.0)
        self.difference = ClockDifference()
        self.written = Written(times=tuple(written))

    def later(self, by: timedelta = MINUTE, step: timedelta = timedelta()) -> None:
        """Let time pass, and the time of day step."""
        before = self.clocks
        self.clocks = before.after(
            before.wall + by + step, before.monotonic + by.total_seconds(), before.asleep
        )

    def look(self, ahead: timedelta | None) -> bool:
        """Look at a lock that is ahead of us (None: it has lost the time), and tell whether to set it."""
        lock_time = LOST if ahead is None else self.clocks.wall + ahead
        self.difference = self.difference.looked(lock_time, self.clocks, RELEASE)
        return clock.needs_setting(self.difference, self.written, self.clocks)

    def write(self) -> None:
        """Set the lock's clock."""
        self.written = self.written.after(self.clocks.wall, self.clocks.course)


@pytest.mark.parametrize(
    ("lock_time", "expected"),
    [(None, True), (LOST, True), (RELEASE - SECOND, True), (RELEASE, False), (NOW, False)],
)
def test_lost(*, lock_time: datetime | None, expected: bool) -> None:
    assert clock.is_lost(lock_time, RELEASE) is expected


@pytest.mark.parametrize("ahead", [timedelta(), 30 * SECOND, -30 * SECOND])
def test_right_enough(ahead: timedelta) -> None:
    home = Home()
    assert not home.look(ahead)
    home.later()
    assert not home.look(ahead)


@pytest.mark.parametrize("ahead", [31 * SECOND, -31 * SECOND, 3 * HOUR, -300 * DAY / 10])
def test_two_looks_prove_a_difference(ahead: timedelta) -> None:
    home = Home()
    assert not home.look(ahead)
    home.later(59 * SECOND)
    assert not home.look(ahead)
    home.later(SECOND)
    assert home.look(ahead)


def test_two_different_differences_prove_nothing() -> None:
    home = Home()
    assert not home.look(HOUR)
    home.later()
    assert not home.look(2 * HOUR)


def test_agreement_proves_it_at_once() -> None:
    home = Home()
    assert not home.look(timedelta())
    home.later()
    assert home.look(HOUR)


def test_step_of_ours_is_no_difference_of_the_lock() -> None:
    """It agreed before, so that it is a witness: the new time must last."""
    home = Home()
    assert not home.look(timedelta())
    home.later(DAY)
    home.later(step=HOUR)
    for _ in range(59):
        assert not home.look(-HOUR)
        home.later()
    home.later()
    assert home.look(-HOUR)


def test_step_back_ends_the_doubt() -> None:
    home = Home()
    home.look(timedelta())
    home.later(step=HOUR)
    home.look(-HOUR)
    home.later(step=-HOUR)
    home.look(HOUR)
    home.later()
    assert home.look(HOUR)


def test_look_before_a_step_is_not_counted() -> None:
    """By chance the same difference."""
    home = Home()
    assert not home.look(HOUR)
    home.later(step=HOUR)
    assert not home.look(HOUR)


def test_lost_needs_no_proof() -> None:
    home = Home(written=[NOW - HOUR])
    assert home.look(None)


def test_never_more_than_six_times_a_day() -> None:
    home = Home()
    for _ in range(6):
        assert home.look(None)
        home.write()
        home.later()
    assert not home.look(None)
    home.later(DAY)
    assert home.look(None)


@pytest.mark.parametrize(
    ("last", "ahead", "expected"),
    [
        (NOW - HOUR, MINUTE, False),
        (NOW - HOUR, 6 * MINUTE, True),
        (NOW - DAY, MINUTE, True),
        # From a clock of ours that was wrong.
        (NOW + 64 * 365 * DAY, MINUTE, True),
        (NOW + HOUR, MINUTE, True),
    ],
)
def test_pause(*, last: datetime, ahead: timedelta, expected: bool) -> None:
    home = Home(written=[last])
    home.look(ahead)
    home.clocks = replace(home.clocks, monotonic=home.clocks.monotonic + 60)
    assert home.look(ahead) is expected


def test_step_lifts_the_pause() -> None:
    """What we set then was as wrong as we were."""
    home = Home()
    home.later(20 * MINUTE)
    home.write()
    home.look(timedelta())
    home.later(step=-MINUTE)
    assert not home.look(MINUTE)
    home.later(20 * MINUTE)
    assert not home.look(MINUTE)
    home.later(MINUTE)
    assert home.look(MINUTE)
    home.write()
    home.later()
    assert not home.look(MINUTE)


def test_stored() -> None:
    written = Written(times=(NOW, NOW + HOUR), course=3)
    assert Written.from_json(written.to_json()) == Written(times=(NOW, NOW + HOUR))
    # As versions before this one wrote it.
    assert Written.from_json({"set_at": NOW.isoformat()}) == Written(times=(NOW,))
    assert Written.from_json({}) == Written()
    damaged: Any
    for damaged in ({"set_at": ["2026-11-29T12:00:00"]}, {"set_at": [5]}, [], None):
        with pytest.raises((TypeError, ValueError)):
            # A time without a zone could not be compared with any other, at each link.
            Written.from_json(damaged)


# --- Whether rights hold at the time that their owner means -----------------------------------------------

BERLIN, LONDON, VIENNA, LAGOS = (
    ZoneInfo(name) for name in ("Europe/Berlin", "Europe/London", "Europe/Vienna", "Africa/Lagos")
)
BERLIN_ID, LONDON_ID, LAGOS_ID = 37, 40, 1


def looked(ahead: timedelta | None) -> ClockDifference:
    """Return what a look at a lock finds whose clock is ahead of ours."""
    home = Home()
    home.look(ahead)
    return home.difference


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (timedelta(), ()),
        (5 * MINUTE, ()),
        (5 * MINUTE + SECOND, (Doubt.CLOCK_WRONG,)),
        (-5 * MINUTE - SECOND, (Doubt.CLOCK_WRONG,)),
        (None, (Doubt.CLOCK_LOST,)),
    ],
)
def test_a_clock_that_rights_can_follow(ahead: timedelta | None, expected: tuple[Doubt, ...]) -> None:
    assert clock.clock_doubts(looked(ahead), believed=True) == expected


@pytest.mark.parametrize(
    ("fields", "zone", "home", "expected"),
    [
        ({"time_zone_id": BERLIN_ID}, BERLIN, BERLIN, ()),
        # The vendor's table knows no Vienna; its clocks are those of Berlin.
        ({"time_zone_id": BERLIN_ID}, BERLIN, VIENNA, ()),
        ({"time_zone_id": LONDON_ID}, LONDON, BERLIN, (Doubt.OTHER_TIME_ZONE,)),
        # In winter the same time as in Berlin.
        ({"time_zone_id": LAGOS_ID}, LAGOS, BERLIN, (Doubt.OTHER_TIME_ZONE,)),
        ({"time_zone_id": LAGOS_ID, "dst_mode": DstMode.OFF}, LAGOS, LAGOS, ()),
        ({"time_zone_id": BERLIN_ID, "dst_mode": DstMode.OFF}, BERLIN, BERLIN, (Doubt.NO_DAYLIGHT_SAVING,)),
        (
            {"time_zone_id": LONDON_ID, "dst_mode": DstMode.OFF},
            LONDON,
            BERLIN,
            (Doubt.OTHER_TIME_ZONE, Doubt.NO_DAYLIGHT_SAVING),
        ),
        ({"time_zone_id": 0xFFFF}, None, BERLIN, (Doubt.NO_TIME_ZONE,)),
        # A zone that the vendor has added since.
        ({"time_zone_id": 999}, None, BERLIN, (Doubt.NO_TIME_ZONE,)),
        ({"time_zone_id": None}, None, BERLIN, ()),
        # Not looked up yet.
        ({"time_zone_id": BERLIN_ID}, None, BERLIN, ()),
    ],
)
def test_a_time_zone_that_rights_can_follow(
    fields: dict[str, Any], zone: tzinfo | None, home: tzinfo, expected: tuple[Doubt, ...]
) -> None:
    assert clock.zone_doubts(config(**fields), zone, home=home, now=NOW) == expected


def test_what_is_not_known_is_no_reason_to_doubt() -> None:
    assert clock.clock_doubts(ClockDifference(), believed=True) == ()
    assert clock.zone_doubts(None, None, home=BERLIN, now=NOW) == ()


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [(MINUTE, ()), (HOUR, (Doubt.OWN_CLOCK_WRONG,)), (None, (Doubt.CLOCK_LOST,))],
)
def test_our_own_clock_is_not_believed(ahead: timedelta | None, expected: tuple[Doubt, ...]) -> None:
    """It may be the one that is wrong; but a lock that has forgotten what day it is, has."""
    assert clock.clock_doubts(looked(ahead), believed=False) == expected
