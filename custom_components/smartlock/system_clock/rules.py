"""Whether our machine's clocks can be believed: the wall clock, and the monotonic one.

The two advance alike. If they diverge, one of two things has happened: the wall clock was set, usually by the
network; or the machine slept, during which the monotonic clock stands still. A system that counts its sleep
can tell which. Otherwise a sudden jump of the wall clock forward may be either, and a jump back means that it
was set.

    what has happened            the wall clock                              knowledge about locks
    slept, and counted           as right as before                          outdated
    jumped forward, not counted  not believed until it proves itself         outdated
    jumped back                  not believed until it proves itself         as right as before

A new wall-clock time proves itself by returning to the old one, by agreeing with a lock, or by lasting for an
hour.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Self

from custom_components.smartlock.protocol.values import dataclass

# Seconds by which the two clocks must diverge to count. Time synchronization adjusts a clock by less at a
# time, and so little does no harm to any date here.
GAP = 30.0
# A machine without a battery-backed clock starts with an old time and gets the right one from the network.
SETTLING = timedelta(minutes=10)
# A wall-clock time that has lasted for this many seconds is believed, whatever it was before.
PROVED_AFTER = 3600.0
# No release of Home Assistant stays in use longer: a later time is as impossible as one before it.
LIFETIME = timedelta(days=3650)


def released(year: int, month: int) -> datetime:
    """Return the first moment of the month in which a version of Home Assistant, say 2026.10, was released.

    No machine that runs it can be in an earlier month, and neither can a lock that it communicates with.
    """
    return datetime(year, month, 1, tzinfo=UTC)


def plausible(now: datetime, release: datetime) -> bool:
    """Whether that release may be running at this time of day."""
    return release <= now < release + LIFETIME


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """How the machine's clocks have run relative to each other, as of the last check."""

    wall: datetime
    """The wall clock (aware)."""
    monotonic: float
    """Seconds of the monotonic clock, which may stand still while the machine sleeps."""
    asleep: float = 0.0
    """Seconds that the machine has slept in total, as far as it counts them."""
    missed: float = 0.0
    """Seconds that it may have slept in total since the first check."""
    parted: float = 0.0
    """Seconds by which the wall clock has advanced more than the monotonic clock since the first check."""
    course: int = 0
    """How often the wall clock was set; comparisons from before that are void."""
    since: float
    """Since when it has run evenly, on the monotonic clock."""
    held_before: float = 0.0
    """For how many seconds it had run evenly before that."""
    lead: float = 0.0
    """Seconds by which it is ahead of the last believed wall-clock time."""
    vouched: bool = False
    """A lock has agreed with it since."""

    @classmethod
    def started(cls, wall: datetime, monotonic: float, asleep: float) -> Self:
        """Start watching."""
        return cls(wall=wall, monotonic=monotonic, asleep=asleep, since=monotonic)

    def after(self, wall: datetime, monotonic: float, asleep: float) -> Self:
        """Check the clocks again."""
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
            # Close enough to the old time counts as the old time.
            lead=0.0 if abs(lead) <= GAP else lead,
            vouched=False,
        )

    @property
    def held(self) -> float:
        """For how many seconds the wall clock has run evenly."""
        return self.monotonic - self.since

    @property
    def proved(self) -> bool:
        """Whether there is no evidence against the wall clock, or it has proved itself since."""
        return self.lead == 0.0 or self.vouched or self.held >= PROVED_AFTER
