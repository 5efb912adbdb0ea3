"""When something happened, by a clock that may be wrong, lost, or set in between."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.smartlock.activity.rules.moments import Moment, Watches, moment_of
from custom_components.smartlock.clock.rules import ClockSet
from custom_components.smartlock.protocol.wire import Date7

NOW = datetime(2027, 3, 28, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def logged(ago: timedelta, ahead: timedelta = timedelta(), **watches: ClockSet | None) -> Moment:
    """Return when an entry was written, by what a lock tells that was so much ahead."""
    return moment_of(Date7.of(NOW - ago + ahead), Watches(now=NOW, ahead=ahead, **watches))


@pytest.mark.parametrize("ahead", [timedelta(), MINUTE, -MINUTE])
def test_a_clock_that_is_right_enough_is_taken_as_it_is(ahead: timedelta) -> None:
    moment = logged(5 * MINUTE, ahead)
    assert moment == Moment(at=NOW - 5 * MINUTE + ahead, certain=True, late=False)


@pytest.mark.parametrize("ahead", [MINUTE + SECOND, -3 * HOUR, DAY])
def test_a_clock_that_is_wrong_is_corrected(ahead: timedelta) -> None:
    assert logged(5 * MINUTE, ahead) == Moment(at=NOW - 5 * MINUTE, certain=True, late=False)


def test_a_clock_that_is_days_off_is_only_quoted() -> None:
    moment = logged(MINUTE, 3 * DAY)
    assert (moment.at, moment.certain) == (NOW - MINUTE + 3 * DAY, False)


def test_what_is_told_of_the_future_is_late() -> None:
    """It was told at once only if a clock that is days off happens to say so."""
    assert logged(50 * HOUR, 3 * DAY).late


def test_nothing_is_made_of_a_clock_that_cannot_be_compared() -> None:
    told = NOW - MINUTE
    moment = moment_of(Date7.of(told), Watches(now=NOW, ahead=None))
    assert (moment.at, moment.certain) == (told, False)


@pytest.mark.parametrize("told", [Date7(2000, 1, 1, 0, 5, 0), Date7(), Date7(2027, 13, 32, 25, 61, 61)])
@pytest.mark.parametrize("ahead", [None, timedelta()])
def test_a_lost_clock_tells_nothing(told: Date7, ahead: timedelta | None) -> None:
    assert moment_of(told, Watches(now=NOW, ahead=ahead)) == Moment(at=None, certain=True, late=True)


@pytest.mark.parametrize(("ago", "late"), [(15 * MINUTE, False), (15 * MINUTE + SECOND, True), (DAY, True)])
def test_late(ago: timedelta, *, late: bool) -> None:
    assert logged(ago).late is late
    assert logged(ago, HOUR).late is late


@pytest.mark.parametrize("was", [-2 * HOUR, -10 * MINUTE, timedelta(days=-9000), None])
def test_a_clock_that_was_behind_until_it_was_set(was: timedelta | None) -> None:
    """Each entry has its own honest time: what was written before is told by the clock of then."""
    before = ClockSet(at=NOW - HOUR, ahead=was)
    watches = Watches(now=NOW, ahead=timedelta(), before=before)
    since = NOW - 30 * MINUTE
    assert moment_of(Date7.of(since), watches) == Moment(at=since, certain=True, late=True)
    until = NOW - 90 * MINUTE
    if was is not None and abs(was) < DAY:
        assert moment_of(Date7.of(until + was), watches) == Moment(at=until, certain=True, late=True)
    elif was is not None:
        assert moment_of(Date7.of(until + was), watches).at is None


def test_a_clock_that_was_ahead_until_it_was_set() -> None:
    """Where both are possible, what the lock says is only quoted."""
    before = ClockSet(at=NOW - HOUR, ahead=10 * MINUTE)
    watches = Watches(now=NOW, ahead=timedelta(), before=before)
    for ago, certain in ((2 * HOUR, True), (30 * MINUTE, True)):
        at = NOW - ago
        told = at + (10 * MINUTE if ago > HOUR else timedelta())
        assert moment_of(Date7.of(told), watches) == Moment(at=at, certain=certain, late=True)
    told = NOW - 55 * MINUTE
    assert moment_of(Date7.of(told), watches) == Moment(at=told, certain=False, late=True)
