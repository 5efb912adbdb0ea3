"""A lock on a door for years."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import exp
from random import Random

from custom_components.smartlock.protocol.enums import LockAction
from custom_components.smartlock.protocol.messages import BatteryReport
from simulator.ageing.ailments import HEALTHY, Ailment, Condition
from simulator.ageing.cells import Cells
from simulator.ageing.climate import Climate, events
from simulator.ageing.world import WORLD, World

BEGIN = datetime(2027, 1, 1, tzinfo=UTC)
# A run that stalls is not yet the end; this many in a row are.
_RUNS_UNTIL_BROKEN = 3
# Degrees of a turn of the key for bolts of one or two turns, and of the latch.
_WAYS = (460, 915, 1005)
_LATCH = 90
# The latch against its spring takes so much more torque than the bolt.
_LATCH_TORQUE = 1.35
# Volts for each degree a second of a healthy motor: about 360 degrees a second with a usual load.
_MOTOR_CONSTANT = 0.0114
_WEATHER_STRIP_SETTLES = 25.0
_OIL_DRIES = 300.0


@dataclass(frozen=True)
class ReportedRun:
    """A run that succeeded and whose report was read."""

    at: datetime
    report: BatteryReport


@dataclass(frozen=True)
class _Change:
    """A step of the friction at some day, of which a part goes away with time."""

    day: int
    step: float
    stays: float = 1.0
    fades: float = 1.0

    def factor(self, day: float) -> float:
        age = day - self.day
        return 1.0 if age < 0 else 1 + self.step * (self.stays + (1 - self.stays) * exp(-age / self.fades))


@dataclass(kw_only=True)
class Life:
    """One lock, drawn from a seed. Iterate over `runs` once; `broken_at` is known then."""

    seed: int
    days: int
    ailment: Ailment | None = None
    onset: int = 0
    """Day on which the ailment begins."""
    world: World = WORLD
    broken_at: datetime | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Draw the door, the motor and the people."""
        random = self._random = Random(self.seed)
        world = self.world
        self._climate = Climate(random, world)
        self._cells = Cells(random)
        self._turns_a_day = min(40.0, max(0.4, world.runs_a_day * exp(random.gauss(0, 0.7))))
        self._by_hand = random.uniform(*world.by_hand)
        self._noticed = random.uniform(*world.noticed)
        self._unlatches = random.uniform(0, 0.4)
        self._way = random.choice(_WAYS)
        self._load = random.uniform(0.25, 0.42)  # A of a healthy motor
        self._by_action = {
            LockAction.LOCK: 1.0,
            LockAction.UNLOCK: random.uniform(0.85, 1.0),
            LockAction.UNLATCH: 1.0,
        }
        self._grease = random.uniform(0.15, 0.4)
        self._grease_slope = random.uniform(0.010, 0.035)
        self._winding = random.uniform(1.8, 3.0)  # Ohm
        self._limit = random.uniform(0.80, 1.05)  # A, where the firmware gives up
        self._peak = random.uniform(1.1, 1.3)
        self._noise = random.uniform(*world.noise)
        self._drift = random.uniform(*world.drift)
        self._running_in = random.uniform(0.02, 0.12)
        self._changes = (
            *(
                _Change(day, random.gauss(0, world.settling))
                for day in events(random, world.settlings_a_year, self.days)
            ),
            *(
                _Change(day, random.uniform(0.1, 0.3), 0.4, _WEATHER_STRIP_SETTLES)
                for day in events(random, world.weather_strips_a_year, self.days)
            ),
            *(
                _Change(day, -random.uniform(0.05, 0.2), 0.0, _OIL_DRIES)
                for day in events(random, world.oilings_a_year, self.days)
            ),
        )
        self._absent = {
            day + extra
            for day in events(random, world.absences_a_year, self.days)
            for extra in range(random.randint(3, 14))
        }

    def runs(self) -> Iterator[ReportedRun]:
        """Yield what Home Assistant would read, until the lock breaks or the days are over."""
        random, stalled, runs, locked = self._random, 0, 0, True
        for day in range(self.days):
            self._climate.begin(day)
            self._cells.day()
            if day in self._absent:
                continue
            turns = round(random.gauss(self._turns_a_day, self._turns_a_day**0.5))
            for hour in sorted(random.triangular(6, 23.9) for _ in range(turns)):
                locked = not locked
                if random.random() < self._by_hand:
                    continue
                runs += 1
                action = LockAction.LOCK if locked else LockAction.UNLOCK
                if not locked and random.random() < self._unlatches:
                    action = LockAction.UNLATCH
                at = BEGIN + timedelta(days=day, hours=hour)
                report = self._run(action, day + hour / 24, hour, runs)
                stalled = 0 if report else stalled + 1
                if stalled == _RUNS_UNTIL_BROKEN:
                    self.broken_at = at
                    return
                if report is not None and random.random() < self._noticed:
                    yield ReportedRun(at, report)

    def _friction(self, day: float, temperature: float, runs: int) -> float:
        cold = 1 - self._grease + self._grease * exp(-self._grease_slope * (temperature - 20))
        friction = cold * self._climate.fit * (1 + self._drift * day / 365)
        friction *= 1 + self._running_in * exp(-runs / 60)
        for change in self._changes:
            friction *= change.factor(day)
        return friction

    def _run(self, action: LockAction, day: float, hour: float, runs: int) -> BatteryReport | None:
        """Turn the bolt; return the report, None if the motor stalls."""
        random, cells = self._random, self._cells
        condition: Condition = HEALTHY
        if self.ailment is not None and day >= self.onset:
            condition = self.ailment.condition(day - self.onset, random)
        if condition.dead:
            return None
        temperature = self._climate.temperature(hour)
        friction = self._friction(day, temperature, runs) * condition.friction
        friction *= exp(random.gauss(0, self._noise * condition.restless)) * self._by_action[action]
        peak = self._peak * condition.peak * exp(random.gauss(0, self._noise))
        if random.random() < self.world.disturbed:
            friction, peak = friction * random.uniform(1.05, 1.3), peak * random.uniform(1.1, 1.5)
        way = self._way
        if action == LockAction.UNLATCH:
            # The last part of the way is the latch.
            friction *= (way + _LATCH_TORQUE * _LATCH) / (way + _LATCH)
            way += _LATCH
        way = round(random.gauss(way, 4) * (random.uniform(0.4, 0.9) if random.random() < 0.02 else 1))
        voltage, resistance = cells.voltage, cells.resistance(temperature)
        inner = resistance + self._winding * condition.winding + condition.contact
        current = self._load * friction / condition.torque
        highest = current * max(1.0, peak)
        # The torque at the worst place, and speed left there.
        if highest > min(self._limit, 0.8 * voltage / inner):
            return None
        speed = (voltage - current * inner) / (_MOTOR_CONSTANT * condition.torque)
        energy = (voltage - current * resistance) * current * way / speed
        cells.drain(energy)
        start = 0.9 * voltage / inner
        return BatteryReport(
            battery_drain=min(65535, round(1000 * energy)),
            battery_voltage=round(1000 * voltage),
            critical_battery_state=cells.critical,
            lock_action=action,
            start_voltage=round(1000 * voltage),
            lowest_voltage=round(1000 * (voltage - start * resistance)),
            lock_distance=way,
            start_temperature=max(-128, min(127, round(temperature))),
            max_turn_current=round(1000 * max(highest, start if self.world.inrush_in_report else 0)),
            battery_resistance=round(1000 * cells.measured_resistance(temperature)),
        )
