"""A door through simulated days: who unlocks it when, and whether somebody was there to be let in."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from itertools import count
from math import inf
import random
from typing import Protocol

from simulator.walks import Arrival, ByHand, Day, Life, Position, World
from simulator.walks.traces import Trace

__all__ = [
    "ABOUT",
    "AWAY",
    "COLD_UNLOCK",
    "INSIDE",
    "MOTOR",
    "READ",
    "WARM_UNLOCK",
    "Door",
    "Figures",
    "Side",
    "live",
]

# Seconds. What the rows of the latency benchmark measure on the same radio, and the virtual lock's motor.
READ, COLD_UNLOCK, WARM_UNLOCK, MOTOR = 0.43, 0.46, 0.1, 2.5
# Where somebody is who is not in front of the door to come in.
INSIDE, AWAY, ABOUT = "inside", "away", "about the house"
# One connection in so many fails.
FAILING = 0.03


@dataclass
class Figures:
    """What came of the days."""

    days: int = 0
    arrivals: int = 0
    served: int = 0
    delays: list[float] = field(default_factory=list)
    """Seconds between arriving at the door and unlocked; the key, where nothing else unlocked."""
    unsafe: Counter[str] = field(default_factory=Counter)
    """Unlocks while nobody was at the door to come in, by where the person was."""
    connections: int = 0
    requests: int = 0
    """Times that a phone was asked where it is."""
    why: Counter[str] = field(default_factory=Counter)
    """Where the side stood when it did not serve somebody."""

    def add(self, other: Figures) -> None:
        """Take the figures of other days in."""
        for name in ("days", "arrivals", "served", "connections", "requests"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.delays += other.delays
        self.unsafe += other.unsafe
        self.why += other.why


class Side(Protocol):
    """What decides about the door."""

    def sees(self, trace: Trace, door: Door) -> None:
        """Take what Home Assistant gets to know."""

    def ticks(self, door: Door) -> None:
        """Do what is due now."""

    @property
    def ignores(self) -> tuple[type, ...]:
        """Return what it does not even look at."""

    @property
    def due(self) -> float:
        """Return when something is due though nothing happens."""

    @property
    def stands(self) -> str:
        """Return how it stands, for the table of those who were not served."""


class Door:
    """The lock, the time, and the truth about the person."""

    def __init__(self, life: Life, world: World, figures: Figures, seed: int) -> None:
        self.life, self.world, self.figures = life, world, figures
        self.rng = random.Random(seed)
        self.now = 0.0
        self.day = Day()
        self.openings: list[tuple[float, bool]] = []
        """When the bolt came to be open, and whether the side did it."""
        self._order = count()
        self._later: list[tuple[float, int, Callable[[], None]]] = []

    @property
    def locked(self) -> bool:
        """It locks by itself some time after each unlock."""
        return not self.openings or self.now >= self.openings[-1][0] + self.world.auto_lock

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Do something later."""
        heappush(self._later, (self.now + seconds, next(self._order), do))

    def unlock(self) -> None:
        """The motor unlocks now: judge whether anybody was there."""
        if not self.locked:
            return
        where = self._where()
        if where is not None:
            self.figures.unsafe[where] += 1
        self.later(MOTOR, partial(self.open, by_side=True))

    def open(self, *, by_side: bool) -> None:
        """The bolt is open."""
        self.openings.append((self.now, by_side))

    def live_until(self, at: float, side: Side) -> None:
        """Do what is due before."""
        while True:
            later = self._later[0][0] if self._later else inf
            due = side.due
            if min(later, due) > at:
                break
            if due <= later:
                self.now = max(self.now, due)
                side.ticks(self)
            else:
                self.now, _, do = heappop(self._later)
                do()
        self.now = at

    def answer(self) -> Position | None:
        """Return what the phone answers to the question where it is."""
        self.figures.requests += 1
        return self.life.locator.asked(self.day, self.now)

    def _where(self) -> str | None:
        """Return where the person is instead of in front of the door, or on the last steps to it."""
        world, distance = self.world, self.day.distance(self.now)
        for arrival in self.day.arrivals:
            begins = arrival.at - (world.in_time if distance <= world.last_steps else 0.0)
            if begins <= self.now <= arrival.at + world.patience:
                return None
        if self.day.inside(self.now):
            return INSIDE
        return AWAY if distance > world.last_steps else ABOUT


def live(side: Side, door: Door, day: Day) -> None:
    """Live through one day."""
    door.day = day
    figures = door.figures
    figures.days += 1
    waiting = sorted(day.arrivals, key=lambda arrival: arrival.at)
    ignored = side.ignores
    traces = (trace for trace in day.traces if not isinstance(trace, ignored))
    trace = next(traces, None)
    while trace is not None or waiting:
        gives_up_at = waiting[0].at + door.world.patience if waiting else inf
        if trace is None or gives_up_at <= trace.at:
            arrival = waiting.pop(0)
            door.live_until(gives_up_at, side)
            _served(arrival, side, door)
            continue
        door.live_until(trace.at, side)
        if isinstance(trace, ByHand):
            door.open(by_side=False)
        if not isinstance(trace, ByHand) or trace.noticed:
            side.sees(trace, door)
        trace = next(traces, None)


def _served(arrival: Arrival, side: Side, door: Door) -> None:
    """Judge an arrival when its patience is over; then the key opens."""
    figures, patience = door.figures, door.world.patience
    since = arrival.at - door.world.auto_lock
    openings = [(at, by_side) for at, by_side in door.openings if at > since]
    ours = [at for at, by_side in openings if by_side]
    if not ours and openings:
        # The door was open, or others opened it: nothing to serve.
        return
    if arrival.genuine:
        figures.arrivals += 1
        figures.delays.append(max(0.0, ours[-1] - arrival.at) if ours else patience)
        if ours:
            figures.served += 1
        else:
            figures.why[side.stands] += 1
    if not ours:
        door.open(by_side=False)
        if door.rng.random() < door.world.habits["unlock_noticed"]:
            side.sees(ByHand(door.now, noticed=True), door)
