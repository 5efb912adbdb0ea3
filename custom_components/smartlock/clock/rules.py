"""Whether to set the lock's clock: time control and time-limited rights depend on it.

Our own clock may be the wrong one, so a difference needs a proof: either the lock agreed with us before and
both of our clocks have run evenly since, or two comparisons at least a minute apart have found the same
difference. A lock that has lost the time needs no proof, as any time we set is better.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any, Self

from custom_components.smartlock.protocol.enums import DstMode
from custom_components.smartlock.protocol.messages import Config
from custom_components.smartlock.protocol.time_zones import TIME_ZONES
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.rules.stored import listed, moment, obj
from custom_components.smartlock.system_clock.rules import PROVED_AFTER, SETTLING, Clocks

# Smaller differences do no harm, and each write wears the lock's storage.
TOLERANCE = timedelta(seconds=30)
# Other clients set the clock at each contact (the vendor's Bridge) or every 12 h; drift needs no more.
PAUSE = timedelta(days=1)
# A larger error is no drift, and time-limited rights are wrong until it is corrected, which cannot wait until
# tomorrow. But a clock that does not keep its time is not set indefinitely.
FAR_OFF = timedelta(minutes=5)
TIMES_A_DAY = 6
# Seconds between two comparisons that prove a difference; the lock reports whole seconds.
PROOF_TIME = 60.0
_SAME = timedelta(seconds=5)
# Two zones are the same if they agree on every day of the year ahead.
_YEAR = tuple(timedelta(days=day) for day in range(366))


class Doubt(StrEnum):
    """Why the lock may not keep the time that its owner means, when somebody has rights at certain times."""

    CLOCK_LOST = "clock_lost"
    """It has forgotten what day it is."""
    CLOCK_WRONG = "clock_wrong"
    """Its clock is off by more than FAR_OFF."""
    OWN_CLOCK_WRONG = "own_clock_wrong"
    """They differ by more than FAR_OFF, and ours is not believed: nobody knows which of the two is wrong."""
    NO_TIME_ZONE = "no_time_zone"
    OTHER_TIME_ZONE = "other_time_zone"
    """Its days and hours are not those of Home Assistant."""
    NO_DAYLIGHT_SAVING = "no_daylight_saving"
    """It is switched off, and its zone has it."""


def is_lost(lock_time: datetime | None, release: datetime) -> bool:
    """Whether a lock shows an impossible time (None), or one before the running Home Assistant's release."""
    return lock_time is None or lock_time < release


@dataclass(frozen=True, kw_only=True)
class Written:
    """When we have set the lock's clock, or tried to."""

    times: tuple[datetime, ...] = ()
    """Attempts of the last day, as far as known (aware)."""
    course: int | None = None
    """The period of our own clock during the last attempt; None if that was before Home Assistant started."""

    def after(self, now: datetime, course: int) -> Self:
        """Return the value after another attempt."""
        return replace(self, times=(*self.recent(now), now), course=course)

    def recent(self, now: datetime) -> tuple[datetime, ...]:
        """Return only attempts of the last day. A future time stems from a wrong clock of ours."""
        return tuple(at for at in self.times if timedelta() <= now - at < PAUSE)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"set_at": [at.isoformat() for at in self.times]}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Return the value that `to_json` has written. Raises TypeError or ValueError for anything else."""
        times = obj(stored).get("set_at") or []
        return cls(times=listed(moment, [times] if isinstance(times, str) else times))


@dataclass(frozen=True, kw_only=True)
class ClockSet:
    """That the lock's clock was set by us, and how it had been before."""

    at: datetime
    """Aware, by our clock."""
    ahead: timedelta | None
    """By how much the lock's was ahead until then; None if it had lost the time."""


@dataclass(frozen=True, kw_only=True)
class ClockDifference:
    """How the clock of a lock compares with ours."""

    ahead: timedelta | None = None
    """Seconds by which the lock's clock is ahead; None if it has lost the time."""
    course: int | None = None
    """The period of our own clock to which this applies; None before the first comparison."""
    since: float = 0.0
    """When this difference was first seen, in seconds of the monotonic clock."""
    agreed: bool = False
    """The lock has agreed with us in this period."""

    @property
    def right(self) -> bool:
        """Whether the lock's clock is accurate enough."""
        return self.ahead is not None and abs(self.ahead) <= TOLERANCE

    def looked(self, lock_time: datetime | None, clocks: Clocks, release: datetime) -> Self:
        """Compare the time that the lock has just reported."""
        ahead = None if lock_time is None or is_lost(lock_time, release) else lock_time - clocks.wall
        here = self.course == clocks.course
        same = here and ahead is not None and self.ahead is not None and abs(ahead - self.ahead) <= _SAME
        looked = replace(
            self,
            ahead=ahead,
            course=clocks.course,
            since=self.since if same else clocks.monotonic,
            agreed=here and self.agreed,
        )
        return replace(looked, agreed=True) if looked.right else looked


def clock_doubts(difference: ClockDifference, *, believed: bool) -> tuple[Doubt, ...]:
    """Return why the lock's clock may show another time than its owner's; `believed`: whether our own clock is.

    A clock that was not looked at yet is no reason.
    """
    if difference.course is None:
        return ()
    if difference.ahead is None:
        return (Doubt.CLOCK_LOST,)
    if abs(difference.ahead) <= FAR_OFF:
        return ()
    return (Doubt.CLOCK_WRONG if believed else Doubt.OWN_CLOCK_WRONG,)


def zone_doubts(
    config: Config | None, zone: tzinfo | None, *, home: tzinfo, now: datetime
) -> tuple[Doubt, ...]:
    """Return why the lock's days and hours may be others than its owner's, as far as its settings are known.

    `zone` is that of the time zone in `config`, None for none; `home` that of Home Assistant; `now` is aware. Two zones
    are compared over a year, which takes longer than all else that an update of the entities asks for.
    """
    found: list[Doubt] = []
    # Older firmware knows of no zones: nobody can mend that.
    if config is not None and config.time_zone_id is not None:
        if config.time_zone_id not in TIME_ZONES:
            found.append(Doubt.NO_TIME_ZONE)
        elif zone is not None:
            days = [now + day for day in _YEAR]
            if any(day.astimezone(zone).utcoffset() != day.astimezone(home).utcoffset() for day in days):
                found.append(Doubt.OTHER_TIME_ZONE)
            if config.dst_mode == DstMode.OFF and any(day.astimezone(zone).dst() for day in days):
                found.append(Doubt.NO_DAYLIGHT_SAVING)
    return tuple(found)


def needs_setting(difference: ClockDifference, written: Written, clocks: Clocks) -> bool:
    """Whether to set the lock's clock now. Our own must be plausible, see `settled_now`."""
    recent: Sequence[datetime] = written.recent(clocks.wall)
    if difference.right or len(recent) >= TIMES_A_DAY:
        return False
    if difference.ahead is None:
        return True
    if difference.course != clocks.course or not _proved(difference, written, clocks):
        return False
    # A time that we set before our own clock was corrected may be our mistake.
    ours = written.course is not None and written.course != clocks.course
    return ours or abs(difference.ahead) > FAR_OFF or not recent


def _proved(difference: ClockDifference, written: Written, clocks: Clocks) -> bool:
    if difference.agreed:
        return True
    if clocks.monotonic - difference.since < PROOF_TIME:
        return False
    if clocks.proved:
        return True
    # The lock shows the time that we set, so it cannot confirm the clock we had then: ours need only have run
    # evenly for longer than that one.
    return (
        written.course is not None
        and written.course != clocks.course
        and clocks.held >= max(SETTLING.total_seconds(), min(PROVED_AFTER, clocks.held_before))
    )
