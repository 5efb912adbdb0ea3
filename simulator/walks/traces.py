"""What happens in one simulated day, and what of it Home Assistant gets to know."""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = [
    "Advertisement",
    "Arrival",
    "ByHand",
    "Day",
    "Entrance",
    "EntranceKnown",
    "FellAsleep",
    "Position",
    "Presence",
    "Restart",
    "ScannerThere",
    "Stretch",
    "Trace",
    "Trip",
    "Woke",
    "ZoneEdited",
]


class Advertisement(NamedTuple):
    """A scanner received an advertisement of the phone."""

    at: float
    scanner: str
    rssi: int


class Position(NamedTuple):
    """The app reported where the phone is."""

    at: float
    taken_at: float
    distance: float
    accuracy: float
    tracker: str = "phone"


class Presence(NamedTuple):
    """A tracker of the person that measures no position ("router" or "bluetooth") sees the phone, or not."""

    at: float
    kind: str
    home: bool


class FellAsleep(NamedTuple):
    """The machine sleeps from here on: nothing that it planned happens."""

    at: float


class Woke(NamedTuple):
    """The machine slept for so many seconds before."""

    at: float
    slept: float


class ZoneEdited(NamedTuple):
    """The zone of the home has another radius, m."""

    at: float
    radius: float


class ScannerThere(NamedTuple):
    """The scanner at the door is there again, or is noticed to be gone."""

    at: float
    present: bool


class EntranceKnown(NamedTuple):
    """The contact of the other entrance is available, or not any more."""

    at: float
    known: bool


class Trip(NamedTuple):
    """Out of the door, where it goes, from there, and in again."""

    out: float
    there: float
    leaves: float
    ends: float


class Restart(NamedTuple):
    """Home Assistant started again."""

    at: float


class ByHand(NamedTuple):
    """Somebody unlocked the door; `noticed` if Home Assistant gets to know."""

    at: float
    noticed: bool


class Entrance(NamedTuple):
    """Another entrance that is watched was opened; its contact has another name than the rule was given."""

    at: float
    renamed: bool = False


type Trace = (
    Advertisement
    | ByHand
    | Entrance
    | EntranceKnown
    | FellAsleep
    | Position
    | Presence
    | Restart
    | ScannerThere
    | Woke
    | ZoneEdited
)


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
    trips: list[Trip] = field(default_factory=list)
    cut_off: list[tuple[float, float]] = field(default_factory=list)
    """From when until when the phone answers nobody."""
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
