"""The sides of the comparison: this integration's rule, a plain threshold of the signal, and a plain geofence."""

from dataclasses import replace
from math import inf
from typing import override

from benchmarks.door import COLD_UNLOCK, FAILING, READ, WARM_UNLOCK, Door, Side
from custom_components.smartlock.auto_unlock.rules import (
    AskLocation,
    Entrances,
    Fire,
    Located,
    LockReported,
    OnNetwork,
    Outcome,
    Paused,
    PhoneReceived,
    PreConnect,
    QuietHours,
    Reset,
    Result,
    RulePhase,
    RuleReason,
    RuleSettings,
    RuleState,
    Scanner,
    Signal,
    Tick,
    Trouble,
    Unlocked,
    ZonesEdited,
    due,
    start,
    step,
)
from custom_components.smartlock.auto_unlock.rules.events import RuleInput
from simulator.walks import (
    Advertisement,
    ByHand,
    Entrance,
    EntranceKnown,
    FellAsleep,
    Position,
    Presence,
    Restart,
    ScannerThere,
    Woke,
    ZoneEdited,
)
from simulator.walks.traces import Trace
from tests.auto_unlock.rules.scenes import FACTS

__all__ = ["Geofence", "LateRule", "Rule", "Threshold"]

# A plain threshold is ready again when the phone was away from the door for so long.
_READY_AGAIN = 60.0
# What the plain sides do not even know of.
_NOTHING_TO_THEM = (EntranceKnown, FellAsleep, Presence, Restart, ScannerThere, Woke, ZoneEdited)


class Rule(Side):
    """The rule as it ships."""

    ignores: tuple[type, ...] = ()
    lets_go = True
    """Whether the link through a proxy at the door is let go of between the read and the unlock."""

    def __init__(self, settings: RuleSettings) -> None:
        self._rule = start(settings, 0.0)
        self._due: float | None = None
        # The clock of the loop stands still while the machine sleeps.
        self._slept = 0.0
        self._asleep = False
        self._radius: float | None = None
        self._link_until = -inf
        self._surroundings: dict[str, RuleInput] = {}
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
                if not self._misses(scanner, at, door):
                    self.take(PhoneReceived(rssi=rssi, scanner=scanner, at=at - self._slept), door)
            case Position():
                self.take(self._located(trace, door), door)
            case ByHand() | Entrance():
                self.take(Unlocked(), door)
            case Presence(kind="router", home=home):
                self.take(OnNetwork(home), door)
            case ZoneEdited(radius=radius):
                self._radius = radius
                self.take(ZonesEdited(), door)
            case ScannerThere(present=present):
                self._surroundings["scanner"] = Scanner(present)
                self.take(Scanner(present), door)
            case EntranceKnown(known=known):
                self._surroundings["entrance"] = Entrances(known)
                self.take(Entrances(known), door)
            case Restart():
                self._begin_again(RuleReason.RESTARTED, door)
            case FellAsleep():
                self._asleep = True
            case Woke(slept=slept):
                self._asleep = False
                self._slept += slept
                self._begin_again(RuleReason.CLOCK_GAP, door)

    def _begin_again(self, reason: RuleReason, door: Door) -> None:
        # What is there and what is not is looked at again, as after each start.
        present = self._surroundings.values()
        for event in (Reset(reason), Paused(False), QuietHours(False), Trouble(False), *present):
            self.take(event, door)

    def _misses(self, scanner: str, at: float, door: Door) -> bool:
        """Whether the proxy at the door carries a connection, and hears a tenth."""
        return (
            at < self._link_until
            and scanner == "door"
            and door.life.house.proxy
            and door.rng.random() > door.world.proxy_listens
        )

    @property
    @override
    def due(self) -> float:
        return inf if self._due is None or self._asleep else self._due + self._slept

    @override
    def ticks(self, door: Door) -> None:
        self.take(Tick(), door)

    def take(self, event: RuleInput, door: Door) -> None:
        now = door.now - self._slept
        self._rule, effects = step(self._rule, event, now)
        for effect in effects:
            match effect:
                case PreConnect(until):
                    self._connect(door, until + self._slept)
                case AskLocation():
                    self._ask(door)
                case Fire():
                    # A link through the proxy at the door was let go of after the read.
                    door.later(
                        COLD_UNLOCK if door.life.house.proxy else WARM_UNLOCK, lambda: self._fired(door)
                    )
        self._due = due(self._rule, now)

    def _connect(self, door: Door, until: float) -> None:
        door.figures.connections += 1
        self._link_until = door.now + READ if door.life.house.proxy and self.lets_go else until
        if door.rng.random() >= FAILING:
            door.later(READ, lambda: self._read(door))

    def _ask(self, door: Door) -> None:
        told = door.answer()
        if told is not None:
            door.later(told.at - door.now, lambda: self.take(self._located(told, door), door))

    def _read(self, door: Door) -> None:
        self.take(LockReported(replace(FACTS, read_at=door.now - self._slept, locked=door.locked)), door)

    def _fired(self, door: Door) -> None:
        door.unlock()
        self.take(Outcome(Result.DONE), door)

    def _located(self, told: Position, door: Door) -> Located:
        radius = door.world.zone_radius if self._radius is None else self._radius
        return Located(
            tracker=told.tracker,
            at_home=_in_zone(told, radius),
            distance=told.distance,
            accuracy=told.accuracy,
            fixed_at=told.taken_at - self._slept,
            radius=radius,
        )


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
            super()._connect(door, door.now)

    @override
    def _connect(self, door: Door, until: float) -> None:
        self._wanted = True


class Threshold(Side):
    """Unlocks whenever the phone comes near, however it got there."""

    stands = "too weak"
    ignores = (Entrance, Position, *_NOTHING_TO_THEM)
    due = inf

    def __init__(self, settings: RuleSettings) -> None:
        self._settings = settings
        self._signal = Signal()
        self._near_at = -_READY_AGAIN

    @override
    def sees(self, trace: Trace, door: Door) -> None:
        if not isinstance(trace, Advertisement) or trace.scanner not in self._settings.door_scanners:
            return
        self._signal = self._signal.received(trace.rssi, trace.at)
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
    ignores = (Advertisement, Entrance, *_NOTHING_TO_THEM)
    due = inf

    def __init__(self) -> None:
        self._home: bool | None = None

    @override
    def sees(self, trace: Trace, door: Door) -> None:
        if isinstance(trace, Position):
            home = _in_zone(trace, door.world.zone_radius)
            if home and self._home is False:
                door.figures.connections += 1
                door.later(COLD_UNLOCK, door.unlock)
            self._home = home

    @override
    def ticks(self, door: Door) -> None:
        pass


def _in_zone(told: Position, radius: float) -> bool:
    """Home Assistant counts a position as in a zone that its circle of error touches."""
    return told.distance - told.accuracy < radius
