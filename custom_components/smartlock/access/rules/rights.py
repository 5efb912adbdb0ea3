"""When a keypad code or an authorization is valid: always, between two dates, on weekdays and hours, or both.

A lock stores dates in UTC, and weekdays and hours in its own local time. Dates are converted with the offset
of their zone on that very date; weekdays and hours are never converted.

A lock that has lost its clock restarts it years in the past, where only a start date keeps anyone out. So
every limit is written with one, and a start at a past midnight UTC without an end is read as no period.
"""

from datetime import UTC, datetime, time, tzinfo
from enum import StrEnum
from typing import Self

from custom_components.smartlock.protocol.enums import Weekdays
from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.protocol.wire import Date7, Time2

# None has the same effect on the lock; the vendor's examples use this.
EVERY_DAY = (
    Weekdays.MONDAY
    | Weekdays.TUESDAY
    | Weekdays.WEDNESDAY
    | Weekdays.THURSDAY
    | Weekdays.FRIDAY
    | Weekdays.SATURDAY
    | Weekdays.SUNDAY
)
_MIDNIGHT = time(0, 0)
_LAST_MINUTE = time(23, 59)
# The first and the last second that there are.
_EDGES = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))


class Kind(StrEnum):
    """What limits a right."""

    ALWAYS = "always"
    PERIOD = "period"
    RECURRING = "recurring"
    PERIOD_AND_RECURRING = "period_and_recurring"


class Flaw(StrEnum):
    """Why a right is impossible, as the key of a text."""

    BAD_PERIOD = "bad_period"
    """It ends before it begins, or has already ended."""
    BAD_HOURS = "bad_hours"
    """One of the two hours is missing, both are the same, or they include seconds."""
    HOURS_OVER_MIDNIGHT = "hours_over_midnight"
    """Its effect is not documented; two rights achieve the same."""
    NO_SUCH_TIME = "no_such_time"
    """The time is skipped when daylight saving begins."""


class RightError(ValueError):
    """A right that is impossible."""

    def __init__(self, flaw: Flaw) -> None:
        """Keep the reason."""
        super().__init__(flaw)
        self.flaw = flaw


@dataclass(frozen=True, kw_only=True)
class Period:
    """Between two moments, aware, in whole seconds; None: open on that side."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Recurrence:
    """On some weekdays between two times of day, in the lock's local time; without hours: the whole day."""

    weekdays: Weekdays = EVERY_DAY
    start: time | None = None
    end: time | None = None


@dataclass(frozen=True, kw_only=True)
class Right:
    """When somebody may open the lock; always, if there is neither a period nor a recurrence."""

    period: Period | None = None
    recurrence: Recurrence | None = None

    @property
    def kind(self) -> Kind:
        """What limits it."""
        if self.period is None:
            return Kind.ALWAYS if self.recurrence is None else Kind.RECURRING
        return Kind.PERIOD if self.recurrence is None else Kind.PERIOD_AND_RECURRING

    @classmethod
    def of(cls, time_limited: int, limit: TimeLimit | None, now: datetime) -> Self:
        """Return the right that the fields of an entry express at an aware moment.

        Never fails: an impossible date or time of day counts as none. Unusual hours, such as those across
        midnight, are kept.
        """
        if not time_limited or limit is None:
            return cls()
        return cls(period=_period_of(limit, now), recurrence=_recurrence_of(limit))

    def limit(self, now: datetime) -> tuple[int, TimeLimit]:
        """Return the fields `time_limited` and `limit` that express this right from an aware moment on.

        Raises RightError.
        """
        if self.kind is Kind.ALWAYS:
            return 0, TimeLimit()
        period, recurrence = self.period or Period(), self.recurrence or Recurrence()
        start, end = _moment(period.start), _moment(period.end)
        if start is None:
            start = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if end is not None and (end <= start or end <= now):
            raise RightError(Flaw.BAD_PERIOD)
        first, last = hours_written(recurrence)
        return 1, TimeLimit(
            allowed_from=Date7.of(start),
            allowed_until=Date7() if end is None else Date7.of(end),
            allowed_weekdays=recurrence.weekdays or EVERY_DAY,
            allowed_from_time=first,
            allowed_until_time=last,
        )

    def allows(self, moment: datetime, zone: tzinfo) -> bool:
        """Whether somebody may open the lock at an aware moment; `zone` is the lock's.

        What happens in the very last minute of hours is not documented: here it is too late already.
        """
        period, recurrence = self.period or Period(), self.recurrence or Recurrence()
        if period.start is not None and moment < period.start:
            return False
        if period.end is not None and moment > period.end:
            return False
        local = moment.astimezone(zone)
        if not recurrence.weekdays & (Weekdays.MONDAY >> local.weekday()):
            return False
        first, last = recurrence.start, recurrence.end
        if first is None or last is None or first == last:
            return True
        now = local.time()
        return first <= now < last if first < last else now >= first or now < last

    def expired(self, moment: datetime) -> bool:
        """Whether it will never be good again after an aware moment."""
        return self.period is not None and self.period.end is not None and moment > self.period.end


def moment_of(local: datetime, zone: tzinfo, *, is_end: bool = False) -> datetime:
    """Return the aware moment of a naive date and time in a zone.

    If the time occurs twice when daylight saving ends, a start is the first and an end the second. Raises
    RightError for a skipped time.
    """
    aware = local.replace(tzinfo=zone, fold=int(is_end))
    moment = in_utc(aware)
    if moment in _EDGES:
        return moment
    if moment.astimezone(zone).replace(tzinfo=None, fold=0) != local.replace(fold=0):
        raise RightError(Flaw.NO_SUCH_TIME)
    return moment


def in_utc(moment: datetime) -> datetime:
    """Return an aware moment in UTC; "for ever" may be later than the last date that there is, and is that one."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return _EDGES[moment.year != 1]


def same_days(weekdays: Weekdays) -> Weekdays:
    """Normalize weekdays, so that equal meanings compare equal: none set means every day."""
    return weekdays or EVERY_DAY


def _moment(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC).replace(microsecond=0)


def hours_written(recurrence: Recurrence) -> tuple[Time2, Time2]:
    """Return the hours as they are written: midnight twice for the whole day. Raises RightError."""
    first, last = _hours(recurrence)
    return Time2(first.hour, first.minute), Time2(last.hour, last.minute)


def _hours(recurrence: Recurrence) -> tuple[time, time]:
    start, end = recurrence.start, recurrence.end
    if start is None and end is None:
        return _MIDNIGHT, _MIDNIGHT
    if (
        start is None
        or end is None
        or any(each != each.replace(second=0, microsecond=0) for each in (start, end))
    ):
        raise RightError(Flaw.BAD_HOURS)
    if start == end == _MIDNIGHT:
        return start, end
    end = _LAST_MINUTE if end == _MIDNIGHT else end
    if start == end:
        raise RightError(Flaw.BAD_HOURS)
    if start > end:
        raise RightError(Flaw.HOURS_OVER_MIDNIGHT)
    return start, end


def _period_of(limit: TimeLimit, now: datetime) -> Period | None:
    start, end = limit.allowed_from.moment, limit.allowed_until.moment
    if start is not None and end is None and start.time() == _MIDNIGHT and start <= now:
        return None
    return None if start is None and end is None else Period(start=start, end=end)


def _recurrence_of(limit: TimeLimit) -> Recurrence | None:
    start, end = limit.allowed_from_time.time, limit.allowed_until_time.time
    if start is None or end is None or start == end == _MIDNIGHT:
        start = end = None
    weekdays = same_days(limit.allowed_weekdays)
    if start is None and weekdays & EVERY_DAY == EVERY_DAY:
        return None
    return Recurrence(weekdays=weekdays, start=start, end=end)
