"""A rule and what happens around it, in few words."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from custom_components.smartlock.auto_unlock.rules import (
    Alarm,
    Confirmed,
    Door,
    Effect,
    Located,
    LockFacts,
    LockReported,
    Outcome,
    Paused,
    PhoneReceived,
    PreConnect,
    QuietHours,
    Result,
    RuleInput,
    RulePhase,
    RuleSettings,
    RuleState,
    Trouble,
    start,
    step,
)

DOOR = "AA:AA:AA:AA:AA:01"
UPSTAIRS = "AA:AA:AA:AA:AA:02"
RULE = RuleSettings(enabled=True, door_scanners=frozenset({DOOR}))
FACTS = LockFacts(
    read_at=0.0,
    locked=True,
    moving=False,
    jammed=False,
    faulty=False,
    battery_critical=False,
    door=Door.CLOSED,
    auto_unlatch=False,
)
FAR = 2000.0
KNOWN: Sequence[RuleInput] = (Paused(False), QuietHours(False), Trouble(False), Alarm(False))


@dataclass
class Scene:
    """Plays events into a rule and keeps what came of them."""

    settings: RuleSettings = RULE
    now: float = 1000.0
    facts: LockFacts | None = FACTS
    """What the lock tells when the link is opened; None: it is out of reach."""
    told: Sequence[RuleInput] = KNOWN
    """What is known from the start."""
    rule: RuleState = field(init=False)
    effects: list[Effect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rule = start(self.settings, self.now)
        self.know()
        # The phone is about the house, and not silent.
        self.tell(PhoneReceived(rssi=-90, scanner=UPSTAIRS, at=self.now))

    def know(self) -> None:
        """Tell what is known from the start, as after each start."""
        for event in self.told:
            self.tell(event)

    def is_in(self, phase: RulePhase) -> bool:
        return self.rule.phase == phase

    def tell(self, event: RuleInput, after: float = 0.0) -> list[Effect]:
        """Let time pass, tell one thing, answer a wish for the state at once."""
        self.now += after
        self.rule, effects = step(self.rule, event, self.now)
        new = list(effects)
        self.effects += effects
        if self.facts is not None and any(isinstance(effect, PreConnect) for effect in effects):
            new += self.tell(LockReported(replace(self.facts, read_at=self.now)), 0.5)
        return new

    def located(self, distance: float, after: float = 0.0, accuracy: float = 20.0) -> list[Effect]:
        self.now += after
        fix = Located(at_home=distance < 100, distance=distance, accuracy=accuracy, fixed_at=self.now)
        return self.tell(fix)

    def leave(self) -> None:
        """Go far away and stay there until the rule is armed."""
        self.hear(-90, scanner=UPSTAIRS)
        self.located(FAR / 2, 60)
        self.located(FAR, 301)
        assert self.is_in(RulePhase.AWAY)

    def come_back(self) -> None:
        """Leave, and enter the home's zone."""
        self.leave()
        self.located(50, 1800)
        assert self.is_in(RulePhase.RETURNING)

    def walk_up(self, first: float = -95.0, last: float = -60.0, every: float = 0.5) -> list[Effect]:
        """Walk to the door: the level rises by 2 dB with each advertisement, and stays for a few seconds."""
        came: list[Effect] = []
        level = first
        for _ in range(int((last - first) / 2) + 8):
            self.now += every
            came += self.tell(PhoneReceived(rssi=level, scanner=DOOR, at=self.now))
            level = min(level + 2, last)
        return came

    def hear(self, rssi: float, *, after: float = 0.0, scanner: str = DOOR) -> list[Effect]:
        """Hear one advertisement."""
        self.now += after
        return self.tell(PhoneReceived(rssi=rssi, scanner=scanner, at=self.now))

    def confirm(self, *, yes: bool = True) -> list[Effect]:
        """Answer on the phone, still standing at the door."""
        return self.tell(Confirmed(yes), 1)

    def answer(self, result: Result = Result.DONE, code: int | None = None) -> list[Effect]:
        return self.tell(Outcome(result, code), 2)
