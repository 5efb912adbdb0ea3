"""Accidents of real homes, put into a simulated day: each may make somebody who is inside, or nobody, look like an arrival.

asleep            the machine sleeps from the morning into the evening; its loop knows nothing of it
flight_mode       the phone is silent, and delivers where it was when its owner has long come in by key
second_tracker    a tablet of the same person stays at home and says so; somebody plays the phone at the door
bluetooth         a Bluetooth tracker of the person takes that somebody for the phone
router            a router says that the phone is at home; somebody plays it at the door
zone_edited       the zone of the home becomes large enough for wherever the phone is; somebody plays it
entrance_renamed  the contact of the other entrance has another name than the rule was given
entrance_dead     that contact is not available when it is opened
scanner_dead      the scanner at the door is gone when its owner comes in by key, and back a little later
"""

from collections.abc import Callable
from dataclasses import replace
import random
from typing import TYPE_CHECKING

from simulator.walks.attacks import impersonate_at
from simulator.walks.traces import (
    Advertisement,
    ByHand,
    Day,
    Entrance,
    EntranceKnown,
    FellAsleep,
    Position,
    Presence,
    ScannerThere,
    Trip,
    Woke,
    ZoneEdited,
)

if TYPE_CHECKING:
    from simulator.walks.life import Life

__all__ = ["ACCIDENTS", "happen"]

# A phone out of flight mode delivers one kept position after the other, s.
_RUN = (0.5, 20.0)
_KEPT = 6
# Who has come in is about the hall so soon, s.
_SOON = (60.0, 900.0)
_DEAF_BEFORE, _DEAF_AFTER = (600.0, 7200.0), (60.0, 1200.0)
# A scanner is known to be gone after so long without a packet, s.
_NOTICED = 90.0
_LARGE = 100_000.0
_TABLET_EVERY = (900.0, 5400.0)


def happen(name: str, life: Life, day: Day, rng: random.Random, *, attacked: bool) -> None:
    """Let one accident happen on one of the trips of a day, if it has any.

    `attacked`: where the words above say so, somebody plays the phone at the door, and nothing else would open it.
    """
    trips = [trip for trip in day.trips if trip.leaves - trip.there > 900.0]
    if not trips:
        return
    trip = rng.choice(trips)
    ACCIDENTS[name](life, day, trip, rng)
    if attacked and name in _ATTACKED:
        impersonate_at(day, _moment(trip), rng)
    day.traces.sort(key=lambda trace: trace.at)


def _asleep(life: Life, day: Day, trip: Trip, rng: random.Random) -> None:
    begins = rng.uniform(trip.there, trip.leaves)
    ends = trip.ends + rng.uniform(*_SOON)
    _miss(day, begins, ends, lambda _: True)
    _by_key(day, begins, ends)
    day.traces += [FellAsleep(begins), Woke(ends, ends - begins)]
    life.passes_hall(day, ends + rng.uniform(*_SOON))


def _flight_mode(life: Life, day: Day, trip: Trip, rng: random.Random) -> None:
    # From before leaving, or from the middle of it, when the rule has seen the departure.
    begins = trip.out - 60.0 if rng.random() < 0.5 else rng.uniform(trip.there, trip.leaves)
    ends = trip.ends + rng.uniform(600.0, 5400.0)
    kept = [trace for trace in day.traces if isinstance(trace, Position) and begins <= trace.at < ends]
    _miss(day, begins, ends, lambda trace: isinstance(trace, Advertisement | Position))
    _by_key(day, begins, ends)
    day.cut_off.append((begins, ends))
    at = ends
    kept = [trace for trace in kept if trace.distance > life.world.zone_radius] or [
        Position(at, at, rng.uniform(500.0, 5000.0), 20.0) for _ in range(_KEPT)
    ]
    pause = rng.uniform(*_RUN)
    for trace in kept[-_KEPT:]:
        day.traces.append(trace._replace(at=at, taken_at=at))
        at += pause * rng.uniform(0.5, 1.5)
    day.traces.append(Position(at, at, rng.uniform(0.0, 40.0), 20.0))
    life.passes_hall(day, at + rng.uniform(*_SOON))


def _second_tracker(life: Life, day: Day, trip: Trip, rng: random.Random) -> None:
    at = trip.out + rng.uniform(*_TABLET_EVERY)
    while at < trip.leaves:
        told = rng.uniform(0.0, 40.0)
        day.traces.append(Position(at, at, told, rng.uniform(10.0, 60.0), "tablet"))
        at += rng.uniform(*_TABLET_EVERY)


def _bluetooth(life: Life, day: Day, trip: Trip, rng: random.Random) -> None:
    at = _moment(trip)
    day.traces += [Presence(trip.out + 600.0, "bluetooth", False), Presence(at + 1.0, "bluetooth", True)]


def _router(life: Life, day: Day, trip: Trip, rng: random.Random) -> None:
    at = _moment(trip)
    day.traces += [
        Presence(at - rng.uniform(5.0, 120.0), "router", True),
        Presence(at + rng.uniform(120.0, 900.0), "router", False),
    ]


def _zone_edited(life: Life, day: Day, trip: Trip, rng: random.Random) -> None:
    at = _moment(trip)
    edited = at - rng.uniform(5.0, 300.0)
    where = max(1.0, day.distance(edited))
    day.traces += [
        ZoneEdited(edited, _LARGE),
        # Home Assistant puts the phone, which has not moved, into the new zone.
        Position(edited + 0.5, edited + 0.5, where, 20.0),
        ZoneEdited(at + 600.0, life.world.zone_radius),
    ]


def _entrance_renamed(life: Life, day: Day, trip: Trip, rng: random.Random) -> None:
    day.traces = [
        trace._replace(renamed=True) if isinstance(trace, Entrance) else trace for trace in day.traces
    ]


def _entrance_dead(life: Life, day: Day, trip: Trip, rng: random.Random) -> None:
    if life.house.other_entrance is None or not life.house.entrance_watched:
        return
    begins, ends = trip.leaves - rng.uniform(0.0, 7200.0), trip.ends + rng.uniform(0.0, 600.0)
    _miss(day, begins, ends, lambda trace: isinstance(trace, Entrance))
    day.traces += [EntranceKnown(begins, False), EntranceKnown(ends, True)]


def _scanner_dead(life: Life, day: Day, trip: Trip, rng: random.Random) -> None:
    begins = trip.ends - rng.uniform(*_DEAF_BEFORE)
    ends = trip.ends + rng.uniform(*_DEAF_AFTER)
    _miss(day, begins, ends, lambda trace: isinstance(trace, Advertisement) and trace.scanner == "door")
    _by_key(day, begins, ends)
    if ends - begins > _NOTICED:
        day.traces += [ScannerThere(begins + _NOTICED, False), ScannerThere(ends, True)]
    life.passes_hall(day, ends + rng.uniform(5.0, 300.0))


ACCIDENTS: dict[str, Callable[[Life, Day, Trip, random.Random], None]] = {
    "asleep": _asleep,
    "flight_mode": _flight_mode,
    "second_tracker": _second_tracker,
    "bluetooth": _bluetooth,
    "router": _router,
    "zone_edited": _zone_edited,
    "entrance_renamed": _entrance_renamed,
    "entrance_dead": _entrance_dead,
    "scanner_dead": _scanner_dead,
}


_ATTACKED = frozenset({"second_tracker", "bluetooth", "router", "zone_edited"})


def _miss(day: Day, begins: float, ends: float, what: Callable[[object], bool]) -> None:
    """Take out what nobody gets to know."""
    kept = []
    for trace in day.traces:
        if not (begins <= trace.at < ends and what(trace)):
            kept.append(trace)
        elif isinstance(trace, ByHand):
            # The bolt turns all the same.
            kept.append(trace._replace(noticed=False))
    day.traces = kept


def _by_key(day: Day, begins: float, ends: float) -> None:
    """Nobody can be let in whom nobody hears; who comes then uses the key."""
    day.arrivals = [
        replace(arrival, genuine=False) if begins <= arrival.at < ends else arrival
        for arrival in day.arrivals
    ]


def _moment(trip: Trip) -> float:
    """Return a moment at which the phone's owner is where the trip went."""
    return (trip.there + trip.leaves) / 2
