"""When an authorization or a keypad code is good: dates in UTC, days and hours in the lock's local time.

The base of the dates and hours is what the vendor's staff said in its developer forum (thread 39789).
"""

from dataclasses import replace
from datetime import UTC, datetime, time

from custom_components.smartlock.protocol.enums import Weekdays
from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.wire import Date7
from simulator.lock.habits import DEFAULT, Habits, OverMidnight

_MONDAY = Weekdays.MONDAY
_EVERY_DAY = Weekdays(127)

NEVER = Date7()
"""No date."""
ALWAYS = TimeLimit()
"""No limit."""


def allows(limit: TimeLimit, utc: datetime, local: datetime, habits: Habits = DEFAULT) -> bool:
    """Return whether a limit allows a moment, given as aware UTC and as naive local time."""
    first, last = limit.allowed_from.moment, limit.allowed_until.moment
    if first is None and habits.start_needed:
        return True
    if (first is not None and utc < first) or (last is not None and utc > last):
        return False
    if limit.allowed_weekdays and not limit.allowed_weekdays & (_MONDAY >> local.weekday()):
        return False
    start, end = limit.allowed_from_time.time, limit.allowed_until_time.time
    if start is None or end is None or start == end:
        return True
    if end < start and habits.over_midnight is not OverMidnight.ALLOWED:
        return False
    if habits.until_inclusive and (local.hour, local.minute) == (end.hour, end.minute):
        return True
    return in_hours(local.time(), start, end)


def in_hours(now: time, start: time, end: time) -> bool:
    """Return whether a time of day lies from `start` up to `end`, which may be past midnight."""
    return start <= now < end if start <= end else now >= start or now < end


def is_possible(limit: TimeLimit, habits: Habits = DEFAULT) -> bool:
    """Return whether a limit can be written: real dates in order, or none; real hours; known days."""
    first, last = limit.allowed_from, limit.allowed_until
    for date in (first, last):
        if any(date) and date.moment is None:
            return False
    if any(first) and any(last) and (first.moment or _EVER) > (last.moment or _EVER):
        return False
    start, end = limit.allowed_from_time.time, limit.allowed_until_time.time
    if start is None or end is None or limit.allowed_weekdays > _EVERY_DAY:
        return False
    return start <= end or habits.over_midnight is not OverMidnight.REFUSED


def stored(limit: TimeLimit, habits: Habits) -> TimeLimit:
    """Return a limit as the lock keeps it."""
    if limit.allowed_weekdays or not habits.mask_zero_becomes_127:
        return limit
    return replace(limit, allowed_weekdays=_EVERY_DAY)


_EVER = datetime.max.replace(tzinfo=UTC)
