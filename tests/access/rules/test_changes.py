"""Changes of a right: what is not named goes back byte for byte, whatever the lock had."""

from dataclasses import fields, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.smartlock.access.code_changes import CodeChange, merged
from custom_components.smartlock.access.errors import AccessError
from custom_components.smartlock.access.rules.changes import NO_CHANGE, RightChange, with_right
from custom_components.smartlock.access.rules.digits import are_possible, made
from custom_components.smartlock.access.rules.rights import EVERY_DAY, Flaw, RightError
from custom_components.smartlock.protocol.enums import Weekdays
from custom_components.smartlock.protocol.messages import KeypadCode, TimeLimit
from custom_components.smartlock.protocol.wire import Date7, Time2

NOW = datetime(2026, 12, 7, 15, 30, tzinfo=UTC)

bytes_ = st.integers(0, 255)
dates = st.builds(Date7, st.integers(0, 0xFFFF), bytes_, bytes_, bytes_, bytes_, bytes_)
limits = st.builds(
    TimeLimit,
    allowed_from=dates,
    allowed_until=dates,
    allowed_weekdays=st.builds(Weekdays, bytes_),
    allowed_from_time=st.builds(Time2, bytes_, bytes_),
    allowed_until_time=st.builds(Time2, bytes_, bytes_),
)
codes = st.builds(
    KeypadCode,
    code_id=st.integers(0, 0xFFFF),
    code=st.integers(0, 999999),
    name=st.binary(max_size=20).map(lambda data: data.rstrip(b"\0").decode("utf-8", "surrogateescape")),
    enabled=st.integers(0, 1),
    date_created=dates,
    date_last_active=dates,
    lock_count=st.integers(0, 0xFFFF),
    time_limited=st.integers(0, 1),
    limit=st.none() | limits,
)
changes = st.builds(
    CodeChange,
    name=st.none() | st.text(min_size=1, max_size=5),
    digits=st.none() | st.just("345678"),
    enabled=st.none() | st.booleans(),
    right=st.builds(
        RightChange,
        end=st.none() | st.just(NOW.replace(year=2099)),
        weekdays=st.none() | st.builds(Weekdays, st.integers(1, 127)),
        clear_period=st.booleans(),
        clear_recurrence=st.booleans(),
    ),
)
# Which fields of the limit each field of a change may touch; a start is added where there is none.
TOUCHES: dict[str, set[str]] = {
    "end": {"allowed_until"},
    "weekdays": {"allowed_weekdays"},
    "clear_period": {"allowed_from", "allowed_until"},
    "clear_recurrence": {"allowed_weekdays", "allowed_from_time", "allowed_until_time"},
}


@given(codes, changes)
def test_what_is_not_named_stays(entry: KeypadCode, change: CodeChange) -> None:
    try:
        wanted = merged(entry, change)
    except AccessError:
        return
    for name in ("code_id", "date_created", "date_last_active", "lock_count", "trailing"):
        assert getattr(wanted, name) == getattr(entry, name)
    if change.name is None:
        assert wanted.name == entry.name
    if change.digits is None:
        assert wanted.code == entry.code
    if change.enabled is None:
        assert wanted.enabled == entry.enabled
    if not change.right:
        assert (wanted.time_limited, wanted.limit) == (entry.time_limited, entry.limit)
    elif wanted.time_limited and entry.time_limited and entry.limit is not None:
        assert wanted.limit is not None
        touched = {"allowed_from"} if entry.limit.allowed_from == Date7() else set()
        for field in fields(change.right):
            if getattr(change.right, field.name) != getattr(NO_CHANGE, field.name):
                touched |= TOUCHES[field.name]
        before: dict[str, Any] = {name: getattr(wanted.limit, name) for name in touched}
        assert replace(entry.limit, **before) == wanted.limit
        unknown = ~EVERY_DAY & 0xFF
        assert wanted.limit.allowed_weekdays & unknown == entry.limit.allowed_weekdays & unknown


@given(codes)
def test_nothing_named_changes_nothing(entry: KeypadCode) -> None:
    assert merged(entry, CodeChange()) == entry
    assert merged(merged(entry, CodeChange(enabled=False)), CodeChange(enabled=bool(entry.enabled))) == entry


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        (RightChange(end=NOW), Flaw.BAD_PERIOD),
        (RightChange(start=NOW + timedelta(days=2), end=NOW + timedelta(days=1)), Flaw.BAD_PERIOD),
        (RightChange(start_time=time(9)), Flaw.BAD_HOURS),
        (RightChange(start_time=time(9), end_time=time(9)), Flaw.BAD_HOURS),
        (RightChange(start_time=time(9, 0, 1), end_time=time(10)), Flaw.BAD_HOURS),
        (RightChange(start_time=time(22), end_time=time(6)), Flaw.HOURS_OVER_MIDNIGHT),
    ],
)
def test_what_cannot_be_given(change: RightChange, flaw: Flaw) -> None:
    with pytest.raises(RightError) as caught:
        with_right(0, None, change, NOW)
    assert caught.value.flaw is flaw


def test_the_end_of_a_day() -> None:
    limit = with_right(0, None, RightChange(start_time=time(9), end_time=time(0)), NOW)[1]
    assert limit.allowed_until_time == Time2(23, 59)
    assert with_right(0, None, RightChange(start_time=time(0), end_time=time(0)), NOW) == (0, TimeLimit())


def test_taking_all_limits_away() -> None:
    limited = with_right(0, None, RightChange(weekdays=Weekdays.MONDAY, end=NOW + timedelta(days=1)), NOW)
    assert limited[0] == 1
    free = with_right(*limited, RightChange(clear_period=True, clear_recurrence=True), NOW)
    assert free == (0, TimeLimit())


def test_digits() -> None:
    assert [
        are_possible(digits) for digits in ("345678", "129999", "34567", "345670", "34567a", "²45678")
    ] == [
        True,
        False,
        False,
        False,
        False,
        False,
    ]
    tries = iter("111111" + "345678" + "987654" + "122222" + "483926")
    assert made(lambda digits: next(tries)) == "483926"
