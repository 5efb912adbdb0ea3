"""What happens in one simulated day, and what of it Home Assistant gets to know."""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["Advertisement", "Arrival", "ByHand", "Day", "Entrance", "Position", "Restart", "Stretch", "Trace"]


class Advertisement(NamedTuple):
    """A scanner heard the phone."""

    at: float
    scanner: str
    rssi: int


class Position(NamedTuple):
    """The app told where the phone is."""

    at: float
    taken_at: float
    distance: float
    accuracy: float


class Restart(NamedTuple):
    """Home Assistant started again."""

    at: float


class ByHand(NamedTuple):
    """Somebody unlocked the door; `noticed` if Home Assistant gets to know."""

    at: float
    noticed: bool


class Entrance(NamedTuple):
    """Another entrance that is watched was opened."""

    at: float


type Trace = Advertisement | ByHand | Entrance | Position | Restart


@dataclass(frozen=True)
class Arrival:
    """Somebody comes to the door to go in."""

    at: float
    """At the door."""
    genuine: bool
    """Home from a way of 300 m and more and ten minutes and more: who should be let in."""


class Stretch(NamedTuple):
    """From here on the phone is so far away, changing by so much each second; up to the next stretch."""

    since: float
    distance: float
    speed: float
    inside: bool


@dataclass
class Day:
    """One day."""

    traces: list[Trace] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    wrong: list[tuple[float, float, float, float]] = field(default_factory=list)
    """The phone takes another place for its own: from, until, distance, accuracy."""

    def stretch(self, at: float) -> Stretch:
        """Return where the person is."""
        return self.stretches[max(0, bisect_right(self.stretches, at, key=lambda each: each.since) - 1)]

    def distance(self, at: float) -> float:
        """Return how far from home the phone is, m."""
        stretch = self.stretch(at)
        return max(0.0, stretch.distance + stretch.speed * (at - stretch.since))

    def inside(self, at: float) -> bool:
        """Return whether the person is inside."""
        return self.stretch(at).inside
