"""The weather at a door, from day to day and from year to year."""

from collections.abc import Iterator
from math import cos, pi, sqrt
from random import Random

from simulator.ageing.world import World

_YEAR = 365.25
_ROOM = 20.0
# Of the weather around the season: standard deviation in K, and how much of it is left the next day.
_WEATHER, _PERSISTENCE = 3.5, 0.8
# From morning to afternoon, K.
_DAY_SWING = 4.0
# Friction by the humidity of a week, relative.
_DAMP, _DAMP_PERSISTENCE = 0.02, 0.87


class Climate:
    """Temperature of the lock, and how the door sits in its frame because of the season."""

    def __init__(self, random: Random, world: World) -> None:
        """Draw a place and a door."""
        self._random = random
        self._outdoors = random.uniform(*world.outdoors)
        self._mean = random.uniform(*world.yearly_mean)
        self._swing = random.uniform(*world.yearly_swing)
        self._start = random.uniform(0, _YEAR)
        self._swelling = min(3 * world.swelling, abs(random.gauss(0, world.swelling)))
        self._swelling_phase = random.uniform(0, _YEAR)
        self._weather = random.gauss(0, _WEATHER)
        self._damp = random.gauss(0, _DAMP)
        self._day = 0.0

    def begin(self, day: int) -> None:
        """Go to a day; days come in order."""
        self._day = day
        self._weather = _step(self._random, self._weather, _WEATHER, _PERSISTENCE)
        self._damp = _step(self._random, self._damp, _DAMP, _DAMP_PERSISTENCE)

    def temperature(self, hour: float) -> float:
        """Return the temperature of the lock at an hour of the day."""
        season = cos(2 * pi * (self._day + self._start) / _YEAR)
        outdoors = (
            self._mean + self._swing * season + self._weather - _DAY_SWING * cos(2 * pi * (hour - 3) / 24)
        )
        indoors = _ROOM + 2 * season
        return self._outdoors * outdoors + (1 - self._outdoors) * indoors

    @property
    def fit(self) -> float:
        """Factor on the friction, around 1."""
        season = cos(2 * pi * (self._day + self._swelling_phase) / _YEAR)
        return max(0.7, 1 + self._swelling * season + self._damp)


def _step(random: Random, value: float, deviation: float, persistence: float) -> float:
    return persistence * value + sqrt(1 - persistence**2) * random.gauss(0, deviation)


def events(random: Random, a_year: float, days: int) -> Iterator[int]:
    """Yield the days of things that happen so often a year, in order."""
    day = 0.0
    while a_year and (day := day + random.expovariate(a_year / _YEAR)) < days:
        yield int(day)
