"""The sides of the comparison: this integration's rule, a plain threshold of the signal, and a plain geofence."""

from dataclasses import replace
from math import inf
from typing import override

from custom_components.smartlock.auto_unlock.rules import (
    AskLocation,
    Door as DoorSensor,
    Fire,
    Heard,
    Located,
    LockFacts,
    LockTold,
    Outcome,
    Paused,
    PreConnect,
    QuietHours,
    Reset,
    Result,
    RulePhase,
    RuleSettings,
    RuleState,
    Signal,
    Tick,
    Trouble,
    Unlocked,
    due,
    start,
    step,
)
from custom_components.smartlock.auto_unlock.rules.events import RuleInput
from simulator.walks import Advertisement, ByHand, Entrance, Position, Restart
from simulator.walks.traces import Trace
from tests.benchmarks.door import COLD_UNLOCK, FAILING, READ, WARM_UNLOCK, Door, Side

__all__ = ["Geofence", "LateRule", "Rule", "Threshold"]

# A plain threshold is ready again when the phone was away from the door for so long.
_READY_AGAIN = 60.0
_FACTS = LockFacts(
    moving=False,
    jammed=False,
    faulty=False,
    battery_critical=False,
    door=DoorSensor.CLOSED,
    auto_unlatch=False,
)


class Rule(Side):
    """The rule as it ships."""

    ignores = ()

    def __init__(self, settings: RuleSettings) -> None:
        self._rule = start(settings, 0.0)
        self._due: float | None = None
        for event in (Paused(False), QuietHours(False), Trouble(False)):
            self._rule, _ = step(self._rule, event, 0.0)

    @property
    @override
    def stands(self) -> str:
        return f"{self._rule.phase} ({self._rule.reason})"

    @property
    def rule(self) -> RuleState:
        return self._rule

    @override
    def sees(self, trace: Trace, door: Door) -> None:
        match trace:
            case Advertisement(at, scanner, rssi):
                self.take(Heard(rssi=rssi, scanner=scanner, at=at), door)
            case Position():
                self.take(_located(trace, door), door)
            case ByHand() | Entrance():
                self.take(Unlocked(), door)
            case Restart():
                self.take(Reset(), door)
                for event in (Paused(False), QuietHours(False), Trouble(False)):
                    self.take(event, door)

    @property
    @override
    def due(self) -> float:
        return inf if self._due is None else self._due

    @override
    def ticks(self, door: Door) -> None:
        self.take(Tick(), door)

    def take(self, event: RuleInput, door: Door) -> None:
        self._rule, effects = step(self._rule, event, door.now)
        for effect in effects:
            match effect:
                case PreConnect():
                    self._connect(door)
                case AskLocation():
                    self._ask(door)
                case Fire():
                    door.later(WARM_UNLOCK, lambda: self._fired(door))
        self._due = due(self._rule, door.now)

    def _connect(self, door: Door) -> None:
        door.figures.connections += 1
        if door.rng.random() >= FAILING:
            door.later(READ, lambda: self._read(door))

    def _ask(self, door: Door) -> None:
        told = door.answer()
        if told is not None:
            door.later(told.at - door.now, lambda: self.take(_located(told, door), door))

    def _read(self, door: Door) -> None:
        self.take(LockTold(replace(_FACTS, read_at=door.now, locked=door.locked)), door)

    def _fired(self, door: Door) -> None:
        door.unlock()
        self.take(Outcome(Result.DONE), door)


class LateRule(Rule):
    """The same without connecting before somebody is near."""

    def __init__(self, settings: RuleSettings) -> None:
        super().__init__(settings)
        self._wanted = False

    @override
    def take(self, event: RuleInput, door: Door) -> None:
        super().take(event, door)
        if self._wanted and self.rule.phase is RulePhase.NEAR:
            self._wanted = False
            super()._connect(door)

    @override
    def _connect(self, door: Door) -> None:
        self._wanted = True


class Threshold(Side):
    """Unlocks whenever the phone comes near, however it got there."""

    stands = "too weak"
    ignores = (Entrance, Position, Restart)
    due = inf

    def __init__(self, settings: RuleSettings) -> None:
        self._settings = settings
        self._signal = Signal()
        self._near_at = -_READY_AGAIN

    @override
    def sees(self, trace: Trace, door: Door) -> None:
        if not isinstance(trace, Advertisement) or trace.scanner not in self._settings.door_scanners:
            return
        self._signal = self._signal.heard(trace.rssi, trace.at)
        level = self._signal.level(trace.at)
        if level is None or level < self._settings.threshold:
            return
        ready, self._near_at = door.now >= self._near_at + _READY_AGAIN, door.now
        if ready:
            door.figures.connections += 1
            door.later(COLD_UNLOCK, door.unlock)

    @override
    def ticks(self, door: Door) -> None:
        pass


class Geofence(Side):
    """Unlocks when the phone enters the zone of the home."""

    stands = "not in the zone, or there already"
    ignores = (Advertisement, Entrance, Restart)
    due = inf

    def __init__(self) -> None:
        self._home: bool | None = None

    @override
    def sees(self, trace: Trace, door: Door) -> None:
        if isinstance(trace, Position):
            home = _in_zone(trace, door)
            if home and self._home is False:
                door.figures.connections += 1
                door.later(COLD_UNLOCK, door.unlock)
            self._home = home

    @override
    def ticks(self, door: Door) -> None:
        pass


def _in_zone(told: Position, door: Door) -> bool:
    """Home Assistant counts a position as in a zone that its circle of error touches."""
    return told.distance - told.accuracy < door.world.zone_radius


def _located(told: Position, door: Door) -> Located:
    return Located(
        at_home=_in_zone(told, door), distance=told.distance, accuracy=told.accuracy, fixed_at=told.taken_at
    )
