"""A right becomes what the lock stores and comes back as it was: dates in UTC, hours in local time."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.smartlock.access.rules.rights import (
    EVERY_DAY,
    Flaw,
    Kind,
    Period,
    Recurrence,
    Right,
    RightError,
    in_utc,
    moment_of,
    same_days,
)
from custom_components.smartlock.protocol.enums import Weekdays
from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.wire import Date7, Time2
from simulator.lock.rights import allows, is_possible

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 12, 7, 15, 30, tzinfo=UTC)
TODAY = Date7(2026, 12, 7)

naive = datetime.fromisoformat

moments = st.datetimes(
    min_value=naive("2026-01-01T00:00"), max_value=naive("2090-01-01T00:00"), timezones=st.just(UTC)
).map(lambda moment: moment.replace(microsecond=0))
minutes = st.times().map(lambda each: each.replace(second=0, microsecond=0))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    """Return a period that can be given and is not what an open start is written as."""
    start = draw(moments)
    end = draw(st.none() | moments)
    if end is not None:
        end = max(start, NOW) + abs(end - start) + timedelta(seconds=1)
    elif start.time() == time(0, 0) and start <= NOW:
        start += timedelta(seconds=1)
    return Period(start=start, end=end)


@st.composite
def recurrences(draw: st.DrawFn) -> Recurrence:
    """Return a recurrence that can be given and limits something."""
    weekdays = Weekdays(draw(st.integers(1, 127)))
    first, last = sorted(draw(st.tuples(minutes, minutes)))
    if first != last:
        return Recurrence(weekdays=weekdays, start=first, end=last)
    return Recurrence(weekdays=weekdays if weekdays != EVERY_DAY else Weekdays.MONDAY)


rights = st.builds(Right, period=st.none() | periods(), recurrence=st.none() | recurrences())


@given(rights)
def test_what_is_written_reads_as_it_was(right: Right) -> None:
    time_limited, limit = right.limit(NOW)
    assert Right.of(time_limited, limit, NOW) == right
    assert TimeLimit.unpack(limit.pack()) == limit
    assert is_possible(limit)


@given(rights)
def test_every_limit_has_a_start(right: Right) -> None:
    """A lock that has lost its clock lets nobody in, then."""
    time_limited, limit = right.limit(NOW)
    assert bool(time_limited) == (right.kind is not Kind.ALWAYS)
    if time_limited:
        assert limit.allowed_from.moment is not None
        lost = datetime(2000, 1, 1, tzinfo=UTC)
        assert not allows(limit, lost, lost.replace(tzinfo=None))


@given(
    time_limited=st.integers(0, 255),
    limit=st.none() | st.binary(min_size=19, max_size=19).map(TimeLimit.unpack),
    now=moments,
)
def test_whatever_a_lock_sends_can_be_read(time_limited: int, limit: TimeLimit | None, now: datetime) -> None:
    right = Right.of(time_limited, limit, now)
    if limit is not None and time_limited:
        kept = EVERY_DAY if right.recurrence is None else right.recurrence.weekdays
        assert kept & EVERY_DAY == (limit.allowed_weekdays or EVERY_DAY) & EVERY_DAY
        assert right.period is None or right.period.start == limit.allowed_from.moment
    else:
        assert right == Right()


@pytest.mark.parametrize(
    ("right", "kind", "limit"),
    [
        (Right(), Kind.ALWAYS, TimeLimit()),
        (
            Right(period=Period(end=datetime(2027, 4, 1, 12, 0, tzinfo=BERLIN))),
            Kind.PERIOD,
            TimeLimit(
                allowed_from=TODAY, allowed_until=Date7(2027, 4, 1, 10, 0, 0), allowed_weekdays=EVERY_DAY
            ),
        ),
        (
            Right(recurrence=Recurrence(weekdays=Weekdays.MONDAY, start=time(9, 0), end=time(12, 0))),
            Kind.RECURRING,
            TimeLimit(
                allowed_from=TODAY,
                allowed_weekdays=Weekdays.MONDAY,
                allowed_from_time=Time2(9, 0),
                allowed_until_time=Time2(12, 0),
            ),
        ),
        (
            Right(
                period=Period(start=datetime(2027, 1, 1, 0, 0, tzinfo=BERLIN)),
                recurrence=Recurrence(start=time(18, 0), end=time(0, 0)),
            ),
            Kind.PERIOD_AND_RECURRING,
            TimeLimit(
                allowed_from=Date7(2026, 12, 31, 23, 0, 0),
                allowed_weekdays=EVERY_DAY,
                allowed_from_time=Time2(18, 0),
                allowed_until_time=Time2(23, 59),
            ),
        ),
    ],
)
def test_what_is_written(right: Right, kind: Kind, limit: TimeLimit) -> None:
    assert right.kind is kind
    assert right.limit(NOW) == (int(kind is not Kind.ALWAYS), limit)


@pytest.mark.parametrize(
    ("right", "flaw"),
    [
        (Right(period=Period(start=NOW, end=NOW)), Flaw.BAD_PERIOD),
        (Right(period=Period(start=NOW + timedelta(days=2), end=NOW + timedelta(days=1))), Flaw.BAD_PERIOD),
        (Right(period=Period(end=NOW - timedelta(minutes=1))), Flaw.BAD_PERIOD),
        (Right(recurrence=Recurrence(start=time(9, 0))), Flaw.BAD_HOURS),
        (Right(recurrence=Recurrence(end=time(9, 0))), Flaw.BAD_HOURS),
        (Right(recurrence=Recurrence(start=time(9, 0), end=time(9, 0))), Flaw.BAD_HOURS),
        (Right(recurrence=Recurrence(start=time(9, 0, 30), end=time(10, 0))), Flaw.BAD_HOURS),
        (Right(recurrence=Recurrence(start=time(23, 59), end=time(0, 0))), Flaw.BAD_HOURS),
        (Right(recurrence=Recurrence(start=time(22, 0), end=time(6, 0))), Flaw.HOURS_OVER_MIDNIGHT),
    ],
)
def test_what_cannot_be_given(right: Right, flaw: Flaw) -> None:
    with pytest.raises(RightError) as refused:
        right.limit(NOW)
    assert refused.value.flaw is flaw


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Pacific/Auckland", "UTC"])
@pytest.mark.parametrize("is_end", [False, True])
@pytest.mark.parametrize("local", [naive("0001-01-01T00:00"), naive("9999-12-31T23:59:59")])
def test_for_ever(local: datetime, is_end: bool, zone: str) -> None:
    """It may be a date that UTC does not have."""
    moment = moment_of(local, ZoneInfo(zone), is_end=is_end)
    assert moment.tzinfo is UTC
    assert abs(moment.replace(tzinfo=None) - local) < timedelta(days=1)
    assert in_utc(moment) == moment


@pytest.mark.parametrize(
    ("local", "is_end", "utc"),
    [
        # By the zone's rule on that date, whenever it is entered.
        (naive("2027-04-01T12:00"), False, datetime(2027, 4, 1, 10, 0, tzinfo=UTC)),
        (naive("2027-01-01T12:00"), False, datetime(2027, 1, 1, 11, 0, tzinfo=UTC)),
        # It comes twice.
        (naive("2026-10-25T02:30"), False, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (naive("2026-10-25T02:30"), True, datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_local_date_in_utc(local: datetime, is_end: bool, utc: datetime) -> None:
    assert moment_of(local, BERLIN, is_end=is_end) == utc


@pytest.mark.parametrize("is_end", [False, True])
def test_a_date_that_the_clocks_skip(is_end: bool) -> None:
    with pytest.raises(RightError) as refused:
        moment_of(naive("2027-03-28T02:30"), BERLIN, is_end=is_end)
    assert refused.value.flaw is Flaw.NO_SUCH_TIME


@given(local=st.datetimes(naive("2026-01-01T00:00"), naive("2040-01-01T00:00")), is_end=st.booleans())
def test_local_dates_come_back(local: datetime, is_end: bool) -> None:
    """Every date that exists, in a zone with daylight saving."""
    try:
        moment = moment_of(local, BERLIN, is_end=is_end)
    except RightError:
        assert (local.month, local.hour) == (3, 2)
    else:
        assert moment.tzinfo is UTC
        assert moment.astimezone(BERLIN).replace(tzinfo=None, fold=0) == local


@pytest.mark.parametrize(
    ("limit", "right"),
    [
        # Nothing but a start that has passed: as the lock has it, that is always.
        (TimeLimit(allowed_from=TODAY, allowed_weekdays=EVERY_DAY), Right()),
        (TimeLimit(), Right()),
        # A start still to come, and one at another hour, are the owner's.
        (
            TimeLimit(allowed_from=Date7(2026, 12, 8)),
            Right(period=Period(start=datetime(2026, 12, 8, tzinfo=UTC))),
        ),
        (
            TimeLimit(allowed_from=Date7(2026, 12, 6, 23, 0, 0)),
            Right(period=Period(start=datetime(2026, 12, 6, 23, 0, tzinfo=UTC))),
        ),
        # Impossible dates and hours are none.
        (TimeLimit(allowed_from=Date7(2026, 2, 30), allowed_from_time=Time2(25, 0)), Right()),
        # Hours over midnight stay as they are, and so does a bit without a name.
        (
            TimeLimit(
                allowed_weekdays=Weekdays(0x81),
                allowed_from_time=Time2(22, 0),
                allowed_until_time=Time2(6, 0),
            ),
            Right(recurrence=Recurrence(weekdays=Weekdays(0x81), start=time(22, 0), end=time(6, 0))),
        ),
    ],
)
def test_what_is_read(limit: TimeLimit, right: Right) -> None:
    assert Right.of(1, limit, NOW) == right
    assert Right.of(0, limit, NOW) == Right()


def test_no_weekday_means_every_day() -> None:
    assert same_days(Weekdays.NONE) == EVERY_DAY
    assert same_days(Weekdays.MONDAY) == Weekdays.MONDAY
