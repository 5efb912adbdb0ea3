"""What one rule knows: a frozen value."""

from dataclasses import dataclass, field, replace
import math
from typing import Any, Self

from custom_components.smartlock.auto_unlock.rules.effects import Decision, Hold, Proof, RulePhase, RuleReason
from custom_components.smartlock.auto_unlock.rules.holds import Conditions
from custom_components.smartlock.auto_unlock.rules.settings import RuleSettings
from custom_components.smartlock.auto_unlock.rules.signal import Signal

__all__ = ["Approach", "RuleState"]

RECORD = 50


@dataclass(frozen=True, kw_only=True)
class Approach:
    """The phone since it left."""

    tracker: str = ""
    """What reported that it is away, and alone may report that it is back."""
    awake: bool = False
    """It was heard before it left, and not only just out of a long silence: its positions are of now."""
    answered: bool = False
    """It reported that it is away when it was asked: its positions are of now."""
    left_at: float | None = None
    """The first of an unbroken row of positions that are away."""
    out_at: float = -math.inf
    """Since when it is out: heard at the door for the last time, or the first of these positions."""
    away_at: float | None = None
    """The newest of them."""
    nearest: float = math.inf
    farthest: float = -math.inf
    """How far away these positions were: the nearest at most, the farthest at least, in m."""
    left: bool = False
    """There is more for having left than positions that may be wrong: heard at the door on the way out, or
    positions that moved."""
    sign_at: float | None = None
    """Since when a router sees the phone in the home's network: it is back, though its app has not said so."""
    returned_at: float | None = None
    heard_from: float | None = None
    """Since when the phone is heard without a long silence."""
    reported_far: bool = False
    """The entity that is the evidence has said "not near" since the rule was armed."""
    away_distance: float = math.inf
    """What the newest of them said, in m."""
    doubt_at: float | None = None
    """When a position said that another one is worth asking for: on the way out, or on the way back."""
    asked_at: float = -math.inf
    asks: int = 0
    """How often the phone was asked where it is, for one purpose."""
    connected_at: float | None = None
    """When the link was asked for first."""
    connect_at: float = -math.inf
    """When it was asked for last."""
    connects: int = 0
    confirm_until: float | None = None
    confirmed: bool = False


@dataclass(frozen=True, kw_only=True)
class RuleState:
    """One person at one lock."""

    settings: RuleSettings
    phase: RulePhase = RulePhase.DISABLED
    since: float = 0.0
    """When the phase began."""
    reason: RuleReason | Hold | None = None
    """Why it is in this phase, or what keeps somebody waiting at the door."""
    conditions: Conditions = field(default_factory=Conditions)
    signal: Signal = field(default_factory=Signal)
    approach: Approach = field(default_factory=Approach)
    began_at: float = -math.inf
    """Since when there is anything to be known at all."""
    to_ask: bool = False
    """Nothing is known of the phone any more: whoever is away can say so, and is asked once."""
    fixed_at: float = -math.inf
    """When the newest position was taken."""
    hasty: int = 0
    """How many positions came in a row, each quickly after the one before."""
    quiet_before: float = 0.0
    """How long there was none before the first of them, in s; 0 if it was asked for."""
    door_at: float = -math.inf
    """When the phone was last about the door."""
    heard_at: float = -math.inf
    """When it was last heard anywhere."""
    contact_at: float = -math.inf
    """When it last gave a sign of life other than a position: heard, or seen by the entity that is the evidence."""
    awake_from: float = -math.inf
    """When its last long silence ended."""
    came_in_at: float = -math.inf
    """When the lock was unlocked for somebody who may have been this person."""
    record: tuple[Decision, ...] = ()
    """The last fifty decisions, oldest first; nothing personal."""

    def proof(self, now: float) -> Proof:
        """Return what a decision rests on at this moment."""
        returned_at, read_at = self.approach.returned_at, self.conditions.facts.read_at
        return Proof(
            level=self.signal.level(now),
            rise=self.signal.rise(now),
            samples=self.signal.count(now),
            since_return=None if returned_at is None else now - returned_at,
            state_age=None if read_at is None else now - read_at,
        )

    def noted(self, **changes: Any) -> Self:
        """Return the same with changes of the approach."""
        return replace(self, approach=replace(self.approach, **changes))

    def gone(
        self, phase: RulePhase, reason: RuleReason | Hold, now: float, *, code: int | None = None
    ) -> Self:
        """Return the rule in another phase, with a line in the record."""
        decision = Decision(at=now, phase=phase, reason=reason, proof=self.proof(now), code=code)
        record = (*self.record, decision)[-RECORD:]
        return replace(self, phase=phase, since=now, reason=reason, record=record)
