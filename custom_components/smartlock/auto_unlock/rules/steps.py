"""One step of a rule: the new state, the effects, and the ways in which a phase ends."""

from dataclasses import replace

from custom_components.smartlock.auto_unlock.rules.departure import departure_of, wrong_noted
from custom_components.smartlock.auto_unlock.rules.effects import (
    AskLocation,
    Effect,
    Hold,
    Report,
    ReportKind,
    RulePhase,
    RuleReason,
)
from custom_components.smartlock.auto_unlock.rules.state import Approach, RuleState
from custom_components.smartlock.auto_unlock.rules.timing import ask_at, askable_at

__all__ = ["EXPECTING", "OBSTACLES", "RESTING", "Step"]

RESTING = frozenset({RulePhase.DISABLED, RulePhase.HOME, RulePhase.FIRED, RulePhase.COOLING_DOWN})
EXPECTING = frozenset({RulePhase.RETURNING, RulePhase.NEAR})
# Reasons why a departure would go unnoticed; they end when the phone reports to be at home.
OBSTACLES = frozenset(
    {
        RuleReason.LOCATION_LOST,
        RuleReason.NO_POSITION,
        RuleReason.ON_NETWORK,
        RuleReason.POSITION_INEXACT,
        RuleReason.SCANNER_GONE,
    }
)


class Step:
    """The state while one event is processed."""

    def __init__(self, state: RuleState, now: float) -> None:
        """Start with the state before the event. `now` is in seconds."""
        self.state = state
        self.now = now
        self.effects: list[Effect] = []

    def report_refusal(self, reason: RuleReason | Hold) -> None:
        """Report to the owner that somebody at the door is not let in."""
        self.effects.append(Report(kind=ReportKind.REFUSED, reason=reason, proof=self.state.proof(self.now)))

    def refuse(self, reason: RuleReason | Hold) -> None:
        """Report to the owner, and stop expecting anyone."""
        self.report_refusal(reason)
        self.go_home(reason)

    def ask_location(self) -> None:
        """Ask the phone for its location, unless that was done recently or too often."""
        if self.state.settings.can_locate and self.now >= askable_at(self.state):
            self.effects.append(AskLocation())
            self.state = replace(self.state, to_ask=False)
            self.note(asked_at=self.now, asks=self.state.approach.asks + 1)

    def ask_again(self) -> None:
        """Ask the phone for its location if it is time to."""
        wanted_at = ask_at(self.state)
        if wanted_at is not None and self.now > wanted_at:
            self.ask_location()

    def disarm(self, reason: RuleReason | Hold) -> None:
        """Forget what was known about the absence."""
        if reason is RuleReason.HEARD_AT_HOME:
            self.state = wrong_noted(self.state, self.now)
        if self.state.phase in RESTING:
            # A departure noted meanwhile is in doubt too.
            self.state = replace(self.state, approach=Approach())
            if self.state.phase is RulePhase.HOME and reason in OBSTACLES | {Hold.REFERENCE_GONE}:
                self.explain(reason)
        else:
            self.go_home(reason)

    def explain(self, reason: RuleReason | Hold) -> None:
        """Show why the rule makes no progress, without changing the phase."""
        if self.state.reason is not reason:
            self.go(self.state.phase, reason)

    def go_home(self, reason: RuleReason | Hold) -> None:
        """Stop expecting anyone, and forget what was known."""
        self.go(RulePhase.HOME, reason)
        self.state = replace(self.state, approach=Approach())

    def over(self, reason: RuleReason | Hold) -> None:
        """Stop expecting anyone; somebody who has left meanwhile continues to leave."""
        approach = self.state.approach
        self.go(RulePhase.HOME if approach.left_at is None else RulePhase.LEAVING, reason)
        self.state = replace(self.state, approach=departure_of(approach))
        if approach.left:
            self.ask_location()

    def go(self, phase: RulePhase, reason: RuleReason | Hold) -> None:
        """Go to a phase, with a line in the record."""
        self.state = self.state.gone(phase, reason, self.now)

    def note(self, **changes: object) -> None:
        """Change what is known about the approach."""
        self.state = self.state.noted(**changes)
