"""How well wear is judged: false alarms in healthy lives, and warnings before a lock breaks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from custom_components.smartlock.features.motor_run import MotorRun
from custom_components.smartlock.features.wear import WearHistory
from simulator.ageing import (
    BEGIN,
    WORLD,
    Ailment,
    ContactLoosening,
    FrictionGrowing,
    Life,
    MotorDying,
    ReportedRun,
    World,
)

AILMENTS: dict[str, Callable[[Random], Ailment]] = {
    "growing friction": FrictionGrowing,
    "dying motor": MotorDying,
    "loosening contact": ContactLoosening,
}
WARNED_IN_TIME = timedelta(days=14)
# An owner who looks at the door, finds nothing, and says that this is how it turns now.
_OWNER_ACCEPTS = timedelta(days=14)
# When an ailment begins, days after mounting.
_ONSET = (150, 500)
_LONGEST = 3000


@dataclass(frozen=True)
class Healthy:
    """A life without an ailment."""

    days: int
    alarms: int
    warned_days: float


@dataclass(frozen=True)
class Ailing:
    """A life that ends with a broken lock."""

    slow: bool
    """Whether it took a month or more from the first sign to the end: nothing faster can be told two weeks before."""
    lead: float | None
    """Days from the last warning that began before the end, and stood, to the end; None without one."""
    false_before: bool
    """Whether the warning stood already when the ailment began."""

    @property
    def in_time(self) -> bool:
        """Whether the owner knew two weeks before."""
        return not self.false_before and self.lead is not None and self.lead >= WARNED_IN_TIME.days


def judged(runs: Iterable[ReportedRun], *, accepts: bool) -> Iterable[tuple[datetime, WearHistory]]:
    """Yield the history after each run, through storage format and all that Home Assistant does with it."""
    history = WearHistory()
    for reported in runs:
        run = MotorRun.of(reported.report, reported.at)
        assert run is not None
        history = history.with_run(run)
        if (
            accepts
            and history.warned_since is not None
            and reported.at - history.warned_since >= _OWNER_ACCEPTS
        ):
            history = history.accepted(reported.at)
        yield reported.at, history


def healthy(seed: int, *, years: int = 5, world: World = WORLD) -> Healthy:
    """Live without an ailment."""
    life = Life(seed=seed, days=years * 365, world=world)
    alarms, warned, since = 0, timedelta(), None
    for at, history in judged(life.runs(), accepts=True):
        if history.warned_since is not None and since is None:
            alarms, since = alarms + 1, at
        if history.warned_since is None and since is not None:
            warned, since = warned + (at - since), None
    return Healthy(days=life.days, alarms=alarms, warned_days=warned.total_seconds() / 86400)


def ailing(seed: int, ailment: str, *, world: World = WORLD) -> Ailing | None:
    """Live until the ailment has broken the lock; None if it outlives the campaign."""
    random = Random(f"{ailment} {seed}")
    onset = random.randint(*_ONSET)
    life = Life(seed=seed, days=_LONGEST, ailment=AILMENTS[ailment](random), onset=onset, world=world)
    warned_since: datetime | None = None
    false_before = False
    for at, history in judged(life.runs(), accepts=False):
        warned_since = history.warned_since
        if at < BEGIN + timedelta(days=onset):
            false_before = warned_since is not None
    if life.broken_at is None:
        return None
    lead = None if warned_since is None else (life.broken_at - warned_since).total_seconds() / 86400
    slow = life.broken_at - BEGIN >= timedelta(days=onset + 30)
    return Ailing(slow=slow, lead=lead, false_before=false_before)
