"""How well wear is judged: false alarms in healthy lives, and warnings before a lock breaks."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from custom_components.smartlock.wear.rules.history import WearHistory
from custom_components.smartlock.wear.rules.motor_run import MotorRun
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

    years: int
    alarms: int


@dataclass(frozen=True)
class Ailing:
    """A life that ends with a broken lock."""

    days: float
    """From the first sign to the end."""
    lead: float
    """Days from the warning that stood at the end to the end; 0 without one."""

    @property
    def in_time(self) -> bool:
        """Whether the owner knew two weeks before."""
        return self.lead >= WARNED_IN_TIME.days


def judged(
    runs: Iterable[ReportedRun], *, healthy_until: datetime | None = None
) -> Iterator[tuple[datetime, WearHistory]]:
    """Yield the history after each run.

    The owner of a healthy lock looks at it after a warning, finds nothing, and accepts how it turns.
    """
    history = WearHistory()
    for reported in runs:
        run = MotorRun.of(reported.report, reported.at)
        assert run is not None
        history = history.with_run(run)
        since = history.warned_since
        if (
            since is not None
            and (healthy_until is None or since < healthy_until)
            and reported.at - since >= _OWNER_ACCEPTS
        ):
            history = history.accepted(reported.at)
        yield reported.at, history


def healthy(seed: int, *, years: int = 3, world: World = WORLD) -> Healthy:
    """Live without an ailment."""
    life = Life(seed=seed, days=years * 365, world=world)
    alarms, warned = 0, False
    for _, history in judged(life.runs()):
        alarms += history.warned_since is not None and not warned
        warned = history.warned_since is not None
    return Healthy(years=years, alarms=alarms)


def ailing(seed: int, ailment: str, *, world: World = WORLD) -> Ailing | None:
    """Live until the ailment has broken the lock; None if the lock outlives the campaign."""
    random = Random(f"{ailment} {seed}")
    onset = random.randint(*_ONSET)
    life = Life(seed=seed, days=_LONGEST, ailment=AILMENTS[ailment](random), onset=onset, world=world)
    began = BEGIN + timedelta(days=onset)
    warned_since: datetime | None = None
    for _, history in judged(life.runs(), healthy_until=began):
        warned_since = history.warned_since
    if life.broken_at is None:
        return None
    known = warned_since is not None and warned_since >= began
    return Ailing(
        days=_days(life.broken_at - began),
        lead=_days(life.broken_at - warned_since) if known and warned_since is not None else 0.0,
    )


def _days(time: timedelta) -> float:
    return time / timedelta(days=1)
