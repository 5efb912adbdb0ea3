"""When a phone's app tells where the phone is, and how wrong it is."""

from collections.abc import Iterator
from math import exp, log
import random

from simulator.walks.traces import Day, Position
from simulator.walks.world import Phone, World

__all__ = ["Locator"]

# The operating systems tell of a zone's border late: somewhere behind it, when leaving.
_EXIT_BEYOND = (30.0, 120.0)
# A border whose crossing was missed is made good by the next position.
_MADE_GOOD = (300.0, 1500.0)
# What a phone tells that knows nothing but its cell, m.
_CELL = (500.0, 2000.0)
# How old a position is when it is reported, s.
_AGE = (0.0, 4.0)
_STEP = 20.0


class Locator:
    """The app on one phone."""

    def __init__(self, world: World, phone: Phone, rng: random.Random) -> None:
        """Start with what the file says."""
        self._radius, self._phone, self._rng = world.zone_radius, phone, rng

    def told(self, day: Day, at: float) -> Position:
        """Return what the app tells at a moment."""
        rng, phone = self._rng, self._phone
        taken_at = at - rng.uniform(*_AGE)
        for since, until, distance, accuracy in day.wrong:
            if since <= taken_at <= until:
                return Position(at, taken_at, max(0.0, rng.gauss(distance, accuracy / 3)), accuracy)
        low, high = _CELL if rng.random() < phone.vague else phone.accuracy
        accuracy = rng.uniform(low, high)
        # The radius that is reported holds the place two times out of three.
        return Position(at, taken_at, abs(rng.gauss(day.distance(taken_at), accuracy / 1.5)), accuracy)

    def asked(self, day: Day, at: float) -> Position | None:
        """Return the answer to a request for the position; None if none comes."""
        if self._rng.random() < self._phone.reply_lost:
            return None
        if any(begins <= at < ends for begins, ends in day.cut_off):
            return None
        return self.told(day, at + self._lag(self._phone.reply))

    def on_a_trip(self, day: Day, begins: float, ends: float) -> Iterator[Position]:
        """Yield what the app tells by itself from leaving the house until a while after coming back."""
        rng, phone = self._rng, self._phone
        beyond = self._radius + rng.uniform(*_EXIT_BEYOND)
        inside, left = True, False
        told_at, told_distance, rests_at = begins, 0.0, begins + phone.rest_every
        at = begins
        while at < ends + _STEP:
            distance = day.distance(at)
            if inside and distance > beyond:
                inside, left = False, True
                told = self.told(day, at + self._lag(phone.exit_lag))
                told_at, told_distance = told.at, day.distance(told.at)
                yield told
            elif not inside and distance <= self._radius:
                inside = True
                missed = rng.random() < phone.enter_missed
                yield self.told(
                    day, at + (rng.uniform(*_MADE_GOOD) if missed else self._lag(phone.enter_lag))
                )
            elif (
                left
                and at >= told_at + phone.travel_every * rng.uniform(0.8, 1.2)
                and abs(distance - told_distance) >= phone.travel_metres
            ):
                told_at, told_distance = at, distance
                yield self.told(day, at)
            if at > rests_at:
                rests_at = at + phone.rest_every * rng.uniform(0.5, 1.5)
                yield self.told(day, at)
            # Far away nothing happens quickly.
            at += _STEP if distance < 1000 or day.stretch(at).speed else 60.0

    def _lag(self, median_and_spread: list[float]) -> float:
        median, spread = median_and_spread
        return exp(self._rng.gauss(log(median), spread))
