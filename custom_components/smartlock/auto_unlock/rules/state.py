"""The state of one rule: a frozen value."""

from dataclasses import field, replace
import math
from typing import Any, Self

from custom_components.smartlock.auto_unlock.rules.effects import (
    Decision,
    DecisionFigures,
    Hold,
    RulePhase,
    RuleReason,
)
from custom_components.smartlock.auto_unlock.rules.holds import Conditions
from custom_components.smartlock.auto_unlock.rules.settings import RuleSettings
from custom_components.smartlock.auto_unlock.rules.signal import Signal
from custom_components.smartlock.protocol.values import dataclass

__all__ = ["Approach", "RuleState"]

RECORD = 50


@dataclass(frozen=True, kw_only=True)
class Approach:
    """The phone since it left."""

    tracker: str = ""
    """The tracker that reported the absence, and alone may report the return."""
    awake: bool = False
    """It was received before it left, and not only just after a long silence: its positions are current."""
    answered: bool = False
    """It reported the absence in answer to a question: its positions are current."""
    left_at: float | None = None
    """The first of an unbroken series of positions that are away."""
    series_at: float | None = None
    """The first of these positions since somebody was last let in."""
    out_at: float = -math.inf
    """Since when it is out: last received at the door, or the first of these positions."""
    away_at: float | None = None
    """The newest of them."""
    nearest: float = math.inf
    farthest: float = -math.inf
    """Distances of these positions: at most to the nearest, at least to the farthest, in m."""
    steps: int = 0
    """How often they moved beyond where they had been before."""
    elsewhere: bool = False
    """One of them is of no place that the phone took for its own lately."""
    left: bool = False
    """There is more evidence of a departure than positions that may be wrong: received at the door going out,
    or positions that moved."""
    sign_at: float | None = None
    """Since when a router sees the phone in the home's network: it is back, whatever its app reports."""
    returned_at: float | None = None
    received_since: float | None = None
    """Since when the phone has been received without a long silence."""
    reported_far: bool = False
    """The evidence entity has shown "not near" since the rule was armed."""
    away_distance: float = math.inf
    """The distance in its newest report, in m."""
    doubt_at: float | None = None
    """When a position suggested requesting another one: on the way out, or on the way back."""
    asked_at: float = -math.inf
    asks: int = 0
    """How often the phone was asked for its location, for one purpose."""
    connected_at: float | None = None
    """When the link was first requested."""
    connect_at: float = -math.inf
    """When it was last requested."""
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
    """Since when anything can be known at all."""
    to_ask: bool = False
    """Nothing is known of the phone: if it is away it can report so, and is asked once."""
    fixed_at: float = -math.inf
    """When the newest position was taken."""
    exact_at: float = -math.inf
    """When the newest one that proves anything was taken."""
    unasked_at: float = -math.inf
    """When the newest one that nobody had requested was taken."""
    hasty: int = 0
    """Number of positions in a row, each quickly after the one before."""
    quiet_before: float = 0.0
    """The silence before the first of them, in s; 0 if it was requested."""
    door_at: float = -math.inf
    """When the phone was last near the door."""
    received_at: float = -math.inf
    """When it was last received anywhere."""
    contact_at: float = -math.inf
    """When it last gave a sign of life other than a position: received, or seen by the evidence entity."""
    awake_from: float = -math.inf
    """When its last long silence ended."""
    came_in_at: float = -math.inf
    """When the lock was unlocked for somebody who may have been this person."""
    contradicted_at: float = -math.inf
    """When it was last received at home though it said that it was away."""
    wrong_places: tuple[float, ...] = ()
    """Where it said that it was, in m from home: the last places."""
    record: tuple[Decision, ...] = ()
    """The last fifty decisions, oldest first; nothing personal."""

    def proof(self, now: float) -> DecisionFigures:
        """Return the present evidence for a decision."""
        returned_at, read_at = self.approach.returned_at, self.conditions.facts.read_at
        return DecisionFigures(
            level=self.signal.level(now),
            rise=self.signal.rise(now),
            samples=self.signal.count(now),
            since_return=None if returned_at is None else now - returned_at,
            state_age=None if read_at is None else now - read_at,
        )

    def noted(self, **changes: Any) -> Self:
        """Return the state with changes of the approach."""
        return replace(self, approach=replace(self.approach, **changes))

    def gone(
        self, phase: RulePhase, reason: RuleReason | Hold, now: float, *, code: int | None = None
    ) -> Self:
        """Return the state in another phase, with a line in the record."""
        decision = Decision(at=now, phase=phase, reason=reason, proof=self.proof(now), code=code)
        record = (*self.record, decision)[-RECORD:]
        return replace(self, phase=phase, since=now, reason=reason, record=record)
