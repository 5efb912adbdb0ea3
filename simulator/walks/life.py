"""One person's days: where they go, what the scanners hear of their phone and what its app tells."""

from collections.abc import Iterator
from itertools import pairwise
from math import exp, hypot, inf, log
import random
from typing import Any

from simulator.walks.accidents import happen
from simulator.walks.phone import Locator
from simulator.walks.radio import Ear
from simulator.walks.traces import Advertisement, Arrival, ByHand, Day, Entrance, Restart, Stretch, Trip
from simulator.walks.world import Point, Variant, World

__all__ = ["Life"]

DAY = 86400.0
_WEEKEND = (5, 6)
_AWAKE = (7.0, 23.0)
# Who should be let in: from so far away, after so long.
_GENUINE_METRES = 300.0
_GENUINE_SECONDS = 600.0
# So long after coming in the phone is still received now and then.
_HEARD_INSIDE = 1800.0
_HALL: Point = (0.0, -1.2, 0)
_AT_DOOR_INSIDE: Point = (0.0, -0.6, 0)
_AT_DOOR: Point = (0.0, 0.8, 0)
_STEPS_AWAY: Point = (0.0, 8.0, 0)
_BINS: Point = (5.0, 7.0, 0)
_GARDEN: Point = (0.0, -15.0, 0)
_NEIGHBOUR: Point = (12.0, 2.0, 0)


class Life:
    """One variant of the world."""

    def __init__(self, world: World, variant: Variant, seed: int, *, listening: float = 1.0) -> None:
        """Start. `listening`: share of the time that the scanners listen."""
        self.world, self.variant = world, variant
        self._rng = random.Random(seed)
        self.house = self._house = world.houses[variant.house]
        self._phone = world.phones[variant.phone]
        self.locator = Locator(world, self._phone, random.Random(seed + 1))
        radio = random.Random(seed + 2)
        self._ears = {
            name: Ear(world, self._house, at, level=self._phone.level, listening=listening, rng=radio)
            for name, at in self._house.scanners.items()
        }
        self._accidents = random.Random(seed + 3)
        self._came_in_at = inf
        self._usual = self._carry()
        self._carried = self._usual
        self._wrong_place = self._rng.uniform(*world.wrong_positions["metres"])

    def calibration(self, place: str, seconds: float = 20.0) -> list[float]:
        """Return what the scanner at the door hears while the owner, who has just come, stands there."""
        day = Day()
        self._carried = self.world.carried[place]
        there = self._walk(day, 0.0, [_STEPS_AWAY, _AT_DOOR])
        self._walk(day, there, [_AT_DOOR], [seconds])
        heard = [trace for trace in day.traces if isinstance(trace, Advertisement)]
        return [trace.rssi for trace in heard if trace.scanner == "door" and trace.at > there]

    def days(self, count: int, accident: str | None = None) -> Iterator[Day]:
        """Yield one day after the other, with accidents as often as the file says, or with the same one each day."""
        chance = self._accidents
        for number in range(count):
            day = self._day(number)
            for name, often in self.world.accidents.items():
                if name == accident or (accident is None and chance.random() < often):
                    happen(name, self, day, chance, attacked=accident is not None)
            yield day

    def passes_hall(self, day: Day, at: float) -> None:
        """Go through the hall, once more than planned."""
        rng = self._accidents
        rooms = self._house.rooms
        self._walk(day, at, [rng.choice(rooms), _HALL, _AT_DOOR_INSIDE, rng.choice(rooms)])

    def _day(self, number: int) -> Day:
        rng, habits = self._rng, self.world.habits
        begins = number * DAY
        day = Day(stretches=[Stretch(begins, 0.0, 0.0, True)])
        plan = self.world.days["weekend" if number % 7 in _WEEKEND else self.variant.days]
        agenda: list[tuple[float, str]] = [
            (begins + 3600 * rng.gauss(hour, 0.5), trip) for trip, hour, share in plan if rng.random() < share
        ]
        for what in ("passes_hall", "stands_at_door_inside", "rubbish", "garden", "neighbour"):
            agenda += [(begins + 3600 * rng.uniform(*_AWAKE), what) for _ in range(self._times(habits[what]))]
        free_at = begins + 6 * 3600
        for planned_at, what in sorted(agenda):
            trip = self.world.trips.get(what)
            if planned_at < free_at and not trip:
                continue
            at = max(planned_at, free_at)
            self._stay_in(day, at)
            self._carried = self._usual if rng.random() < self.world.usual_place else self._carry()
            free_at = self._trip(day, at, trip) if trip else self._at_home(day, at, what)
            free_at += rng.uniform(60, 600)
        self._stay_in(day, begins + DAY)
        for _ in range(self._times(habits["others_unlock"])):
            day.traces.append(self._by_hand(begins + 3600 * rng.uniform(*_AWAKE)))
        for _ in range(self._times(habits["restarts"])):
            day.traces.append(Restart(begins + DAY * rng.random()))
        self._take_wrong_positions(day, begins)
        day.traces.sort(key=lambda trace: trace.at)
        return day

    # At home

    def _at_home(self, day: Day, at: float, what: str) -> float:
        rng = self._rng
        room, other = rng.choice(self._house.rooms), rng.choice(self._house.rooms)
        match what:
            case "passes_hall":
                return self._walk(day, at, [room, _HALL, other])
            case "stands_at_door_inside":
                return self._walk(day, at, [room, _AT_DOOR_INSIDE, other], [0, rng.uniform(5, 40), 0])
            case "garden":
                day.stretches.append(Stretch(at, 15.0, 0.0, False))
                ends = self._walk(day, at, [_GARDEN, _GARDEN], [rng.uniform(60, 1200), 0], thin=10.0)
                day.stretches.append(Stretch(ends, 0.0, 0.0, True))
                return ends
        place = _BINS if what == "rubbish" else _NEIGHBOUR
        stay = rng.uniform(15, 90) if what == "rubbish" else rng.uniform(600, 5400)
        out = self._walk(day, at, [room, _AT_DOOR_INSIDE, _AT_DOOR], [0, 3, 2])
        day.traces.append(self._by_hand(out - 5))
        day.stretches.append(Stretch(out, hypot(*place[:2]), 0.0, False))
        there = self._walk(day, out, [_AT_DOOR, place])
        back = self._walk(day, there, [place, place], [stay, 0], thin=5.0)
        return self._come_in(day, back, [place, _AT_DOOR], genuine=False)

    # Away and back

    def _trip(self, day: Day, at: float, trip: dict[str, Any]) -> float:
        rng, world = self._rng, self.world
        low, high = trip["metres"]
        metres = exp(rng.uniform(log(low), log(high)))
        stay = rng.uniform(*trip["stay"])
        mode = rng.choices(list(trip["modes"]), trip["modes"].values())[0]
        car = mode == "car"
        last = min(metres, world.last_metres_on_foot[mode])
        way = [self._house.park] if car else self._house.arrive[:-1]
        near = _length([*way, _AT_DOOR])
        room = rng.choice(self._house.rooms)
        out = self._walk(
            day, at, [room, _AT_DOOR_INSIDE, _AT_DOOR], [0, rng.uniform(3, 20), rng.uniform(2, 6)]
        )
        day.traces.append(self._by_hand(out - 6))
        self._walk(day, out, [_AT_DOOR, *reversed(way)])
        there = self._travel(day, out, metres, mode, last, outward=True)
        leaves = leaves_first = there + stay
        day.stretches.append(Stretch(there, metres, 0.0, False))
        if rng.random() < world.habits["passes_by_on_a_trip"]:
            leaves = self._pass_by(day, leaves, metres, mode)
            metres = 600.0
            last = min(metres, last)
        home = self._travel(day, leaves, metres, mode, last, outward=False, until=near)
        sitting = 0.0
        if car:
            often = rng.random() < world.habits["sits_in_the_car"]
            sitting = rng.uniform(90, 480) if often else rng.uniform(5, 25)
            day.stretches.append(Stretch(home, near, 0.0, False))
            self._walk(day, home, [way[0]], [sitting], extra=world.propagation["car"], thin=2.0)
        genuine = metres >= _GENUINE_METRES and home - out >= _GENUINE_SECONDS
        other = self._house.other_entrance
        if car and other and rng.random() < world.habits["other_entrance"]:
            in_front = self._walk(day, home + sitting, other[:2])
            if self._house.entrance_watched:
                day.traces.append(Entrance(in_front))
            inside = self._walk(day, in_front, other[1:])
            day.stretches.append(Stretch(inside - 6, 0.0, 0.0, True))
            ends = self._came_in_at = inside
        else:
            ends = self._come_in(day, home + sitting, [*way, _AT_DOOR], genuine=genuine)
        day.traces += self.locator.on_a_trip(day, out, ends)
        day.trips.append(Trip(out, there, leaves_first, ends))
        return ends

    def _travel(
        self, day: Day, at: float, metres: float, mode: str, last: float, *, outward: bool, until: float = 0.0
    ) -> float:
        """Go away, or come back up to `until` metres before the door; the last metres are walked. Return when."""
        speeds = self.world.speeds
        parts = [(last - until, speeds["foot"]), (metres - last, speeds[mode])]
        distance = until if outward else metres
        for length, speed in parts if outward else reversed(parts):
            if length <= 0:
                continue
            day.stretches.append(Stretch(at, distance, speed if outward else -speed, False))
            distance += length if outward else -length
            at += length / speed
        return at

    def _pass_by(self, day: Day, at: float, metres: float, mode: str) -> float:
        """Come past the house without going in, and stop for a while further on."""
        way = self._house.pass_by
        reach = hypot(*way[0][:2])
        at = self._travel(day, at, metres, mode, min(metres, 400.0), outward=False, until=reach)
        day.stretches.append(Stretch(at, 20.0, 0.0, False))
        at = self._walk(day, at, way)
        day.stretches.append(Stretch(at, reach, self.world.speeds["foot"], False))
        at += (600.0 - reach) / self.world.speeds["foot"]
        day.stretches.append(Stretch(at, 600.0, 0.0, False))
        return at + self._rng.uniform(120, 1800)

    def _come_in(self, day: Day, at: float, way: list[Point], *, genuine: bool) -> float:
        """Walk to the door, wait until it is open or the key is out, go in."""
        rng, patience = self._rng, self.world.patience
        length = _length(way)
        speed = self._pace()
        arrives = at + length / speed
        day.stretches.append(Stretch(at, length, -speed, False))
        day.stretches.append(Stretch(arrives, 0.0, 0.0, False))
        day.stretches.append(Stretch(arrives + patience, 0.0, 0.0, True))
        day.arrivals.append(Arrival(arrives, genuine))
        if rng.random() < self.world.habits["let_in_by_others"]:
            day.traces.append(self._by_hand(arrives + rng.uniform(1, 6)))
        room = rng.choice(self._house.rooms)
        waits = [0.0] * (len(way) - 1) + [patience, rng.uniform(3, 20), 0.0]
        ends = self._walk(day, at, [*way, _HALL, room], waits, speed=speed)
        self._came_in_at = ends
        return ends

    def _stay_in(self, day: Day, until: float) -> None:
        """Be about the house after coming in, until the next thing happens."""
        rng, at = self._rng, self._came_in_at
        silent_from = at + (120.0 if rng.random() < self._phone.idle_silent else _HEARD_INSIDE)
        while (at := at + rng.expovariate(1 / 20.0)) < min(until, silent_from):
            self._walk(day, at, [rng.choice(self._house.rooms)], [self._phone.interval])
        self._came_in_at = inf

    # The radio

    def _walk(
        self,
        day: Day,
        at: float,
        points: list[Point],
        waits: list[float] | None = None,
        *,
        speed: float = 0.0,
        thin: float = 1.0,
        extra: float = 0.0,
    ) -> float:
        """Walk from point to point and stop at each; return when it is over. `thin`: received so much more rarely."""
        rng = self._rng
        speed = speed or self._pace()
        interval = self._phone.interval * thin
        next_at = at + rng.uniform(0, interval)
        deaf_from = at + rng.uniform(0, 30) if rng.random() < self.world.habits["scanner_pauses"] else None
        heading = (0.0, -1.0)
        for index, (x, y, floor) in enumerate(points):
            begins, (px, py, _) = at, points[max(0, index - 1)]
            length = hypot(x - px, y - py)
            at += length / speed
            if length:
                heading = ((x - px) / length, (y - py) / length)
            stops = at + (waits[index] if waits else 0.0)
            while next_at < stops:
                walking = next_at < at
                part = (next_at - begins) / (at - begins) if walking else 1.0
                if deaf_from is None or not deaf_from < next_at < deaf_from + 40:
                    here = (px + part * (x - px), py + part * (y - py), floor)
                    self._advertise(day, next_at, here, heading, extra, walking=walking)
                next_at += interval + rng.uniform(0, 0.01)
            at = stops
        return at

    def _advertise(
        self, day: Day, at: float, here: Point, heading: tuple[float, float], extra: float, *, walking: bool
    ) -> None:
        x, y, floor = here
        for name, ear in self._ears.items():
            sx, sy, _ = self._house.scanners[name]
            toward = (sx - x) * heading[0] + (sy - y) * heading[1] > 0
            body = self._carried["toward" if toward else "away"] + extra
            rssi = ear.hears(at, x, y, floor, body, walking=walking)
            if rssi is not None:
                day.traces.append(Advertisement(at, name, rssi))

    # Chance

    def _carry(self) -> dict[str, float]:
        places = list(self.world.carried.values())
        return self._rng.choices(places, [place["share"] for place in places])[0]

    def _pace(self) -> float:
        return max(0.6, self._rng.gauss(self.world.speeds["foot"], 0.15))

    def _by_hand(self, at: float) -> ByHand:
        return ByHand(at, self._rng.random() < self.world.habits["unlock_noticed"])

    def _times(self, mean: float) -> int:
        """Return how often something happens whose mean is known (Poisson)."""
        left, times = exp(-mean), -1
        product = 1.0
        while product > left:
            times += 1
            product *= self._rng.random()
        return times

    def _take_wrong_positions(self, day: Day, begins: float) -> None:
        """Let the phone lie at home and take another place for its own."""
        rng, wrong = self._rng, self.world.wrong_positions
        for _ in range(self._times(self.variant.wrong_positions)):
            since = begins + DAY * rng.random()
            until = since + 60 * exp(rng.gauss(log(wrong["minutes"][0]), wrong["minutes"][1]))
            if not day.inside(since):
                continue
            leaves = next(
                (each.since for each in day.stretches if each.since > since and not each.inside), until
            )
            until = min(until, leaves)
            again = rng.random() < wrong["second_place"]
            place = rng.uniform(*wrong["metres"]) if again else self._wrong_place
            day.wrong.append((since, until, place, rng.uniform(*wrong["accuracy"])))
            at = since + rng.uniform(1, 30)
            silent = rng.random() < self._phone.idle_silent
            while at < until:
                day.traces.append(self.locator.told(day, at))
                pause = rng.uniform(*wrong["every"])
                if not silent:
                    for _ in range(4):
                        room = rng.choice(self._house.rooms)
                        seen_at = min(at + rng.uniform(0, pause), until)
                        self._walk(day, seen_at, [room], [self._phone.interval])
                at += pause
            day.traces.append(self.locator.told(day, until + rng.uniform(1, 60)))


def _length(way: list[Point]) -> float:
    return sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(way))
