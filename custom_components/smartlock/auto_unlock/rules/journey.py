"""Away and back: where somebody is, judged by positions, the home's network and the rule's surroundings."""

from dataclasses import replace
import math

from custom_components.smartlock.auto_unlock.rules.departure import (
    ANSWER_UNTIL,
    LASTS,
    MOVED,
    SILENT,
    STEPS,
    away_noted,
    departure_of,
    untrusted,
)
from custom_components.smartlock.auto_unlock.rules.effects import Hold, RulePhase, RuleReason
from custom_components.smartlock.auto_unlock.rules.events import Located
from custom_components.smartlock.auto_unlock.rules.location import Side, may_be_away, side_of
from custom_components.smartlock.auto_unlock.rules.signal import Signal
from custom_components.smartlock.auto_unlock.rules.state import Approach
from custom_components.smartlock.auto_unlock.rules.steps import EXPECTING, OBSTACLES, RESTING, Step
from custom_components.smartlock.auto_unlock.rules.timing import SECOND_FIX

__all__ = ["Journey"]

# A phone that reports to be away but is received here, from so long before the position was taken, is not
# away.
RECEIVED_BEFORE_FIX = 10.0
RECEIVED_UNTIL_FIX = 30.0
# A position this much nearer, and this near, in m, or at the present pace this near in s, means soon at home, so
# the phone is asked again.
COMING, NEARER, SOON = 1500.0, 100.0, 300.0
# Somebody who is back is nearer by at least this; a larger zone brings nobody nearer. Nobody, or hardly
# anybody, comes home faster than this, m/s.
CAME_NEARER, FASTEST, FAST = 50.0, 50.0, 20.0
# Positions that follow each other within this time, s, were stored, or requested.
HASTY = 30.0
# A packet after this much silence starts a new approach.
SILENCE = 60.0
_SETTLED = frozenset({RulePhase.AWAY, RulePhase.FIRED, RulePhase.COOLING_DOWN})


class Journey(Step):
    """The part of a step that deals with the journey."""

    def take_network(self, present: bool | None) -> None:
        """Take whether a router sees the phone. It cannot prove a return, only disprove an absence."""
        if present is None:
            self.disarm(RuleReason.LOCATION_LOST)
        elif self.state.phase is RulePhase.AWAY:
            # From now on the time runs, whenever the app reports the return.
            self.note(sign_at=self.now if present else None)
            if present:
                self.ask_location()
        elif present and self.state.phase is RulePhase.LEAVING:
            self.go_home(RuleReason.ON_NETWORK)
        elif present and self.state.phase in RESTING:
            self.state = replace(self.state, approach=Approach())

    def take_scanner(self, *, present: bool) -> None:
        """Take whether the scanners at the door work. After an outage everyone seems to come to the door."""
        if not present:
            self.disarm(RuleReason.SCANNER_GONE)
        elif self.state.reason is RuleReason.SCANNER_GONE:
            self.state = replace(self.state, to_ask=True)
            self.note(asks=0)
            self.ask_again()

    def take_references(self, *, complete: bool) -> None:
        """Take whether everything that the owner has chosen still exists."""
        if not complete and self.state.phase not in (RulePhase.FIRED, RulePhase.COOLING_DOWN):
            self.go_home(Hold.REFERENCE_GONE)
        elif complete and self.state.reason is Hold.REFERENCE_GONE:
            self.go_home(RuleReason.COMPLETE)

    def is_ours(self, tracker: str) -> bool:
        """Whether a tracker counts: any while nobody is away, then only the one that reported it."""
        approach = self.state.approach
        return (approach.left_at is None and approach.away_at is None) or tracker == approach.tracker

    def take_position(self, fix: Located) -> None:
        """Take the report of a tracker that measures positions."""
        state = self.state
        side = side_of(fix, state.settings, self.now)
        # A departure that may be a wrong position must not exclude the phone's own tracker.
        departs = side is Side.AWAY and state.phase is RulePhase.LEAVING and not state.approach.left
        if not self.is_ours(fix.tracker):
            if not departs:
                return
            self.state = state = replace(state, approach=Approach())
        # A repeated position, one that was overtaken, or one from the future.
        if not state.fixed_at < fix.fixed_at <= self.now + 1.0:
            return
        at, before = fix.fixed_at, state.exact_at
        answers = self.now <= state.approach.asked_at + ANSWER_UNTIL
        hasty, quiet, exact_at = state.hasty, state.quiet_before, before
        if side is not Side.VAGUE:
            exact_at = at
            if at - before < HASTY:
                hasty += 1
            else:
                hasty, quiet = 0, 0.0 if answers else at - before
        self.state = replace(state, fixed_at=at)
        match side:
            case Side.UNKNOWN:
                named = fix.distance is None and fix.accuracy is None and fix.at_home is False
                self.disarm(RuleReason.NO_POSITION if named else RuleReason.LOCATION_LOST)
            case Side.AWAY:
                self._away(fix)
            case Side.HOME:
                self._back(fix, before)
            case Side.NEARBY if state.phase is RulePhase.AWAY:
                self._back(fix, before)
            case Side.NEARBY if state.phase is RulePhase.LEAVING:
                self._moved_near(fix, before)
            case Side.VAGUE if fix.at_home is not True and state.phase is RulePhase.HOME:
                self.explain(RuleReason.POSITION_INEXACT)
            case Side.VAGUE if state.phase is RulePhase.AWAY and state.approach.doubt_at is None:
                self.note(doubt_at=self.now)
        unasked_at = state.unasked_at if answers else at
        self.state = replace(
            self.state, hasty=hasty, quiet_before=quiet, exact_at=exact_at, unasked_at=unasked_at
        )
        if self.state.phase is RulePhase.HOME and may_be_away(fix, self.state.settings):
            self.note(doubt_at=self.now)

    def _away(self, fix: Located) -> None:
        state, at = self.state, fix.fixed_at
        if not state.conditions.complete or not state.conditions.scanner:
            self.disarm(RuleReason.SCANNER_GONE if state.conditions.complete else Hold.REFERENCE_GONE)
            return
        # A phone in the home's network, or with an unknown network, cannot be away.
        if state.conditions.on_network is not False:
            # One of the two is wrong: no proof of leaving; somebody who has left may be coming back.
            if state.phase is not RulePhase.AWAY:
                self.disarm(RuleReason.ON_NETWORK)
            return
        if state.conditions.unlocked_at is not None and at <= state.conditions.unlocked_at:
            # From before somebody was let in.
            return
        received_since = state.approach.received_since
        if (
            received_since is not None
            and received_since + RECEIVED_BEFORE_FIX <= at
            and (state.conditions.reported is True or at <= state.received_at + RECEIVED_UNTIL_FIX)
        ):
            self.note(away_distance=math.inf if fix.distance is None else fix.distance)
            self.disarm(RuleReason.HEARD_AT_HOME)
            return
        if state.phase in EXPECTING and self._jumped_away(fix):
            self.go_home(RuleReason.POSITION_JUMPED)
            return
        self.state = replace(state, approach=away_noted(state, fix, self.now))
        if state.phase is RulePhase.AWAY:
            self._look_for_return(state.approach, fix)
        if state.phase is RulePhase.HOME:
            self.note(asks=0)
            self.go(RulePhase.LEAVING, RuleReason.WENT_OUT)
        if state.phase not in _SETTLED:
            self._arm(at)

    def _moved_near(self, fix: Located, before: float) -> None:
        """Take a position on the last part of a way home that shows that the phone had left."""
        approach = self.state.approach
        if fix.distance is None or fix.accuracy is None or approach.away_at is None:
            return
        at_most = fix.distance + fix.accuracy
        third = approach.steps >= STEPS - 1 and approach.nearest - at_most >= MOVED
        if third or (
            approach.farthest - at_most >= MOVED and not untrusted(self.state, approach.left_at or 0.0)
        ):
            self.note(left=True)
            self._arm(approach.away_at)
            if self.state.phase is RulePhase.AWAY:
                self._back(fix, before)

    def _jumped_away(self, fix: Located) -> bool:
        """Whether the phone is farther than anybody gets since it was back: it does not know where it is."""
        state, returned_at = self.state, self.state.approach.returned_at
        if fix.distance is None or fix.accuracy is None or returned_at is None:
            return False
        way = fix.distance - fix.accuracy - state.settings.arm_distance
        return way > FASTEST * max(0.0, fix.fixed_at - returned_at)

    def _look_for_return(self, before: Approach, fix: Located) -> None:
        """Ask again soon if somebody may be on the way home."""
        if fix.distance is None or before.away_at is None:
            self.note(doubt_at=None)
            return
        nearer = before.away_distance - fix.distance
        pace = nearer / max(1.0, fix.fixed_at - before.away_at) if math.isfinite(nearer) else 0.0
        near = fix.distance < max(COMING, pace * SOON)
        comes = nearer > NEARER or (before.doubt_at is not None and nearer > 0.0)
        self.note(doubt_at=self.now if near and comes else None)
        if nearer > NEARER:
            self.note(asks=0)

    def _lasts(self) -> bool:
        """Whether the positions of a phone that cannot be asked are away for longer than stored ones."""
        series_at = self.state.approach.series_at
        return not self.state.settings.can_locate and series_at is not None and self.now > series_at + LASTS

    def take_time(self) -> None:
        """Take that no position has contradicted the ones that are away."""
        away_at = self.state.approach.away_at
        if away_at is not None and self._lasts():
            self._arm(away_at)

    def _arm(self, at: float) -> None:
        """Arm if somebody has been away long enough, and was seen leaving."""
        state, approach = self.state, self.state.approach
        if approach.left_at is None:
            return
        lasts = self._lasts()
        since = self.now if lasts else at
        if since - approach.left_at < SECOND_FIX or since - approach.out_at < state.settings.arm_after:
            return
        if state.conditions.reported is True:
            # An entity that has shown "near" ever since: no event contradicts what the phone says.
            self.disarm(RuleReason.HEARD_AT_HOME)
        elif not approach.left:
            self.explain(RuleReason.NOT_SEEN_LEAVING)
        elif not (approach.awake or approach.answered or lasts):
            self.explain(RuleReason.PHONE_SILENT)
        else:
            far = state.conditions.reported is False
            armed = replace(departure_of(approach), reported_far=far)
            self.state = replace(state, approach=armed, signal=Signal())
            self.go(RulePhase.AWAY, RuleReason.STAYED_AWAY)

    def _back(self, fix: Located, before: float) -> None:
        match self.state.phase:
            case RulePhase.HOME | RulePhase.FIRED | RulePhase.COOLING_DOWN:
                self.state = replace(self.state, approach=Approach())
                if self.state.phase is RulePhase.HOME and self.state.reason in OBSTACLES:
                    self.explain(RuleReason.AT_HOME)
            case RulePhase.LEAVING:
                self.go_home(RuleReason.BACK_TOO_SOON)
            case RulePhase.AWAY:
                self._returned(fix, before)
            case RulePhase.RETURNING | RulePhase.NEAR:
                # Positions jump on the way: the window stays, but a new absence starts from zero.
                self.note(left_at=None, nearest=math.inf, farthest=-math.inf)

    def _returned(self, fix: Located, before: float) -> None:
        """Open the window for somebody who was away, if the position has moved and is not an old one."""
        state, approach, at = self.state, self.state.approach, fix.fixed_at
        nearer = approach.away_distance - (fix.distance or 0.0)
        if fix.distance is not None and nearer < CAME_NEARER:
            return
        since = 0.0 if approach.away_at is None else at - approach.away_at
        way = nearer - (fix.accuracy or 0.0) if math.isfinite(nearer) else 0.0
        # A long silence, then a series: its former locations, and then home, perhaps for long.
        kept = at - before < HASTY and state.quiet_before >= SILENT and (state.hasty or way > FAST * since)
        if kept or (state.hasty and way > FASTEST * since):
            self.go_home(RuleReason.POSITION_JUMPED)
            return
        if self.now > state.received_at + SILENCE:
            self.note(received_since=None)
        returned_at = at if approach.sign_at is None else min(at, approach.sign_at)
        self.note(returned_at=returned_at, left_at=None, asks=0, nearest=math.inf, farthest=-math.inf)
        self.go(RulePhase.RETURNING, RuleReason.CAME_BACK)
        if self.now > returned_at + state.settings.window:
            self.over(RuleReason.WINDOW_OVER)
