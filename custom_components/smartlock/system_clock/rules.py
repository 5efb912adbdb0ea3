"""Whether the clocks of the machine can be believed: the time of day, and the one that only counts seconds.

The two run alike. Where they part, one of two things has happened: somebody, mostly the network, has set the time of
day; or the machine slept, during which the counting clock stands still. A system that counts its sleep tells the two
apart. Where it does not, a time of day that is suddenly later may be either, and one that is earlier was set back.

    what has happened            the time of day                             what was known of the world
    slept, and counted           as right as before                          is out of date
    later without a count        not believed until it proves itself         is out of date
    earlier                      not believed until it proves itself         is as right as before

A new time of day proves itself by being the old one again, by agreeing with a lock, or by lasting for an hour.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self

# Seconds by which the two clocks must part before it counts. The network moves a clock by less at a time, and
# wherever a date matters here so little harms nobody.
GAP = 30.0
# A machine without a clock chip starts with an old time and learns the right one from the network.
SETTLING = timedelta(minutes=10)
# A time of day that has lasted for so long, in seconds, is believed whatever was before it.
PROVED_AFTER = 3600.0
# No release of Home Assistant is run for longer: a later time is as impossible as one from before it.
LIFETIME = timedelta(days=3650)


def released(year: int, month: int) -> datetime:
    """Return the first moment of the month in which a version of Home Assistant, say 2026.10, was released.

    A machine that runs it has no business before that, and neither has a lock that it speaks with.
    """
    return datetime(year, month, 1, tzinfo=UTC)


def plausible(now: datetime, release: datetime) -> bool:
    """Whether a time of day is one at which that release may be running."""
    return release <= now < release + LIFETIME


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """How the clocks of the machine have run beside each other, as of the last look."""

    wall: datetime
    """The time of day (aware)."""
    monotonic: float
    """Seconds of a clock that never goes back, and may stand still while the machine sleeps."""
    asleep: float = 0.0
    """Seconds that the machine has slept in all, as far as it counts them."""
    missed: float = 0.0
    """Seconds that it may have slept in all since the first look."""
    parted: float = 0.0
    """Seconds by which the time of day has moved on further than the counting clock since the first look."""
    course: int = 0
    """How often the time of day was set: what was compared with it before says nothing about it now."""
    since: float
    """Since when it has run on evenly, on the counting clock."""
    held_before: float = 0.0
    """For how many seconds it had run on evenly before that."""
    lead: float = 0.0
    """By how many seconds it is ahead of the time of day that was believed last."""
    vouched: bool = False
    """A lock has agreed with it since."""

    @classmethod
    def started(cls, wall: datetime, monotonic: float, asleep: float) -> Self:
        """Begin to watch."""
        return cls(wall=wall, monotonic=monotonic, asleep=asleep, since=monotonic)

    def after(self, wall: datetime, monotonic: float, asleep: float) -> Self:
        """Look at the clocks again."""
        slept = asleep - self.asleep
        step = (wall - self.wall).total_seconds() - (monotonic - self.monotonic) - slept
        looked = replace(
            self,
            wall=wall,
            monotonic=monotonic,
            asleep=asleep,
            missed=self.missed + slept,
            parted=self.parted + slept,
        )
        if abs(step) <= GAP:
            return looked
        lead = step if self.proved else self.lead + step
        return replace(
            looked,
            missed=looked.missed + max(0.0, step),
            parted=looked.parted + step,
            course=self.course + 1,
            since=monotonic,
            held_before=monotonic - self.since,
            # Close enough to the old time is the old time.
            lead=0.0 if abs(lead) <= GAP else lead,
            vouched=False,
        )

    @property
    def held(self) -> float:
        """For how many seconds the time of day has run on evenly."""
        return self.monotonic - self.since

    @property
    def proved(self) -> bool:
        """Whether nothing speaks against the time of day, or it has proved itself since."""
        return self.lead == 0.0 or self.vouched or self.held >= PROVED_AFTER
