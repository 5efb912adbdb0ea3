"""Changes of a right, merged into what the lock has: what is not named goes back byte for byte.

A lock replaces an entry as a whole. So a change is made from an entry that was read a moment ago, field by field on
what the lock sent: also bits nobody knows, and names that are no text, stay as they are.
"""

from dataclasses import replace
from datetime import UTC, datetime, time

from custom_components.smartlock.access.rules.rights import (
    EVERY_DAY,
    Flaw,
    Recurrence,
    RightError,
    hours_written,
    same_days,
)
from custom_components.smartlock.protocol.enums import Weekdays
from custom_components.smartlock.protocol.messages import AuthorizationEntry, KeypadCode, TimeLimit
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.protocol.wire import Date7, Time2

_NO_DATE = Date7()
_MIDNIGHT = Time2()


@dataclass(frozen=True, kw_only=True)
class RightChange:
    """What to change of a right; None: as it is. Moments are aware, hours in the lock's local time."""

    start: datetime | None = None
    end: datetime | None = None
    weekdays: Weekdays | None = None
    start_time: time | None = None
    end_time: time | None = None
    clear_period: bool = False
    """Take the dates away first."""
    clear_recurrence: bool = False
    """Take weekdays and hours away first."""

    def __bool__(self) -> bool:
        """Whether anything is to change."""
        return self != RightChange()

    def check(self, now: datetime) -> None:
        """Raise RightError for what is wrong at an aware moment whatever the lock has."""
        if self.end is not None and (self.end <= now or (self.start is not None and self.end <= self.start)):
            raise RightError(Flaw.BAD_PERIOD)
        if self.start_time is not None and self.end_time is not None:
            hours_written(Recurrence(start=self.start_time, end=self.end_time))

    @property
    def dated(self) -> bool:
        """Whether it names a date."""
        return self.start is not None or self.end is not None


NO_CHANGE = RightChange()


def with_right(
    time_limited: int, limit: TimeLimit | None, change: RightChange, now: datetime
) -> tuple[int, TimeLimit]:
    """Return the fields `time_limited` and `limit` after a change at an aware moment.

    A limit gets a start date in any case, since a lock that has lost its clock begins again years in the past. Raises
    RightError.
    """
    if not change:
        return time_limited, limit or TimeLimit()
    # What stands in a limit that is off means nothing.
    found = limit if time_limited and limit is not None else TimeLimit(allowed_weekdays=EVERY_DAY)
    wanted = _with_hours(_with_dates(found, change, now), change)
    if _limits_nothing(wanted, now):
        return 0, TimeLimit()
    if wanted.allowed_from == _NO_DATE:
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        wanted = replace(wanted, allowed_from=Date7.of(midnight))
    return 1, wanted


def _with_dates(limit: TimeLimit, change: RightChange, now: datetime) -> TimeLimit:
    if change.clear_period:
        limit = replace(limit, allowed_from=_NO_DATE, allowed_until=_NO_DATE)
    if change.start is not None:
        limit = replace(limit, allowed_from=Date7.of(change.start))
    if change.end is not None:
        limit = replace(limit, allowed_until=Date7.of(change.end))
    if change.dated and (end := limit.allowed_until.moment) is not None:
        start = limit.allowed_from.moment
        if end <= now or (start is not None and end <= start):
            raise RightError(Flaw.BAD_PERIOD)
    return limit


def _with_hours(limit: TimeLimit, change: RightChange) -> TimeLimit:
    if change.clear_recurrence:
        limit = replace(
            limit,
            allowed_weekdays=_with_days(limit.allowed_weekdays, EVERY_DAY),
            allowed_from_time=_MIDNIGHT,
            allowed_until_time=_MIDNIGHT,
        )
    if change.weekdays is not None:
        limit = replace(limit, allowed_weekdays=_with_days(limit.allowed_weekdays, change.weekdays))
    if change.start_time is not None or change.end_time is not None:
        whole_day = limit.allowed_from_time == limit.allowed_until_time
        had = (None, None) if whole_day else (limit.allowed_from_time.time, limit.allowed_until_time.time)
        start, end = (
            before if given is None else given
            for given, before in zip((change.start_time, change.end_time), had, strict=True)
        )
        first, last = hours_written(Recurrence(start=start, end=end))
        limit = replace(limit, allowed_from_time=first, allowed_until_time=last)
    return limit


def _with_days(found: Weekdays, wanted: Weekdays) -> Weekdays:
    """Return weekdays with the bits that nobody knows as they were."""
    return (wanted & EVERY_DAY or EVERY_DAY) | (found & ~EVERY_DAY)


def _limits_nothing(limit: TimeLimit, now: datetime) -> bool:
    start = limit.allowed_from.moment
    begun = start is None or (start <= now and start.time() == time(0, 0))
    return (
        begun
        and limit.allowed_until == _NO_DATE
        and same_days(limit.allowed_weekdays & EVERY_DAY) == EVERY_DAY
        and limit.allowed_from_time == limit.allowed_until_time
    )


def meaning(time_limited: int, limit: TimeLimit | None) -> TimeLimit:
    """Return a limit so that two that mean the same are equal, however a lock writes them.

    Without a limit some locks send an empty one and others none, and no weekday means every day.
    """
    stored = limit if time_limited and limit is not None else TimeLimit()
    return replace(stored, allowed_weekdays=same_days(stored.allowed_weekdays))


def same_right(one: KeypadCode | AuthorizationEntry, other: KeypadCode | AuthorizationEntry) -> bool:
    """Whether two entries are good at the same times."""
    return bool(one.time_limited) == bool(other.time_limited) and (
        meaning(one.time_limited, one.limit) == meaning(other.time_limited, other.limit)
    )


def differing(
    wanted: KeypadCode | AuthorizationEntry, found: KeypadCode | AuthorizationEntry
) -> tuple[str, ...]:
    """Return the names of what can be set, and is not as wanted."""
    other = "code" if isinstance(wanted, KeypadCode) else "remote_allowed"
    names = ("name", "enabled", other)
    fields = tuple(name for name in names if getattr(wanted, name) != getattr(found, name))
    return fields if same_right(wanted, found) else (*fields, "limit")
