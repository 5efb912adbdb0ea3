"""Whether the bolt moves by itself for somebody who comes home: one step for each event.

    home --away, accurate--> leaving --still away after 5 min--> away (armed)
    away --the phone says that it is back--> returning (window open) --level high and rising--> near
    near --no hold--> fired --> cooling down --> home

Every doubt leads to home, which is not armed: a restart, an unknown location, an unlock by anybody, a location
that contradicts what is heard. A hold at the door ends the approach as an unlock does: whatever is the matter,
a second try a little later would come from somebody who is inside by then. docs/proximity.md tells the threats.
"""

from dataclasses import replace
import math

from custom_components.smartlock.auto_unlock.rules.closeness import closeness
from custom_components.smartlock.auto_unlock.rules.departure import away_noted, departure_of
from custom_components.smartlock.auto_unlock.rules.effects import (
    AskConfirmation,
    AskLocation,
    Effect,
    Fire,
    Hold,
    PreConnect,
    Report,
    ReportKind,
    RulePhase,
    RuleReason,
)
from custom_components.smartlock.auto_unlock.rules.events import (
    Configured,
    Confirmed,
    Heard,
    Located,
    LocationLost,
    OnNetwork,
    Outcome,
    Reported,
    Reset,
    Result,
    RuleInput,
)
from custom_components.smartlock.auto_unlock.rules.holds import STATE_AGE, holds, still_good, would_unlatch
from custom_components.smartlock.auto_unlock.rules.location import Side, may_be_away, side_of
from custom_components.smartlock.auto_unlock.rules.settings import Evidence, RuleSettings
from custom_components.smartlock.auto_unlock.rules.signal import Signal
from custom_components.smartlock.auto_unlock.rules.state import Approach, RuleState
from custom_components.smartlock.auto_unlock.rules.timing import (
    ASK_EVERY,
    ASKS,
    AWAY_AGE,
    LINGER,
    OUTCOME_WITHIN,
    SECOND_FIX,
    ask_at,
)

__all__ = ["may_write", "start", "step"]

# A phone that says it is away and is heard here, so long before it took its position and since, is not away.
HEARD_BEFORE_FIX = 10.0
HEARD_UNTIL_FIX = 30.0
# When it was heard is known to so much: a phone may send ten times a second.
ABOUT = 1.0
# Heard again after this silence: another approach.
SILENCE = 60.0
# Positions that come nearer by so much, and are so near, in m: soon at home, so the phone is asked again.
COMING, NEARER = 1500.0, 100.0
# The link is asked for so often at most, and so many times in one window: the battery is the owner's.
CONNECT_EVERY = 3.0
CONNECTS = 8
CONFIRM_WITHIN = 60.0

# These pass by themselves while somebody stands at the door; every other hold ends the approach.
_PASSING = frozenset({Hold.STATE_NOT_READ, Hold.MOVING})
_RESTING = frozenset({RulePhase.DISABLED, RulePhase.HOME, RulePhase.FIRED, RulePhase.COOLING_DOWN})
_SETTLED = frozenset({RulePhase.AWAY, RulePhase.FIRED, RulePhase.COOLING_DOWN})
_LISTENING = frozenset({RulePhase.AWAY, RulePhase.RETURNING, RulePhase.NEAR})
_EXPECTING = frozenset({RulePhase.RETURNING, RulePhase.NEAR})
_RESULTS = {
    Result.DONE: RuleReason.DONE,
    Result.REFUSED: RuleReason.REFUSED_BY_LOCK,
    Result.OUTCOME_UNKNOWN: RuleReason.OUTCOME_UNKNOWN,
    Result.NOT_SENT: RuleReason.NOT_SENT,
}


def start(settings: RuleSettings, now: float) -> RuleState:
    """Return a rule as it is after every start: not armed, nothing known, positions from before worth nothing."""
    state = RuleState(settings=settings, since=now, fixed_at=now)
    return state.gone(RulePhase.HOME, RuleReason.RESTARTED, now) if settings.enabled else state


def step(state: RuleState, event: RuleInput, now: float) -> tuple[RuleState, tuple[Effect, ...]]:
    """Take one event and return what to do. `now` is in seconds of a clock that never goes back."""
    match event:
        case Configured(settings):
            return _configured(state, settings, now), ()
        case Reset():
            return start(state.settings, now), ()
    conditions = state.conditions.told(event, now)
    unlocked = conditions.unlocked_at != state.conditions.unlocked_at
    if state.phase is RulePhase.DISABLED:
        return replace(state, conditions=conditions), ()
    run = _Run(state, now)
    run.expire()
    run.state = replace(run.state, conditions=conditions)
    if unlocked:
        run.unlocked()
    else:
        run.take(event)
    if run.state.phase in _EXPECTING:
        run.judge()
    return run.state, tuple(run.effects)


def may_write(state: RuleState, now: float) -> bool:
    """Whether an unlock that was decided on may still be sent. It may have waited for the link."""
    return (
        state.phase is RulePhase.FIRED
        and not state.settings.dry_run
        and still_good(state.settings, state.conditions, now)
    )


def _configured(state: RuleState, settings: RuleSettings, now: float) -> RuleState:
    was_off = state.phase is RulePhase.DISABLED
    state = replace(state, settings=settings, signal=Signal(), approach=Approach(), fixed_at=now)
    if not settings.enabled:
        return state.gone(RulePhase.DISABLED, RuleReason.SWITCHED_OFF, now)
    return state.gone(RulePhase.HOME, RuleReason.SWITCHED_ON if was_off else RuleReason.CONFIGURED, now)


class _Run:
    """One step: the rule as it becomes, and what is asked for on the way."""

    def __init__(self, state: RuleState, now: float) -> None:
        self.state = state
        self.now = now
        self.effects: list[Effect] = []

    # What time does

    def expire(self) -> None:
        """Leave a phase whose time is over."""
        state, approach, now = self.state, self.state.approach, self.now
        match state.phase:
            case RulePhase.AWAY if approach.away_at is None or now > approach.away_at + AWAY_AGE:
                self._home(RuleReason.LOCATION_STALE)
            case RulePhase.HOME | RulePhase.LEAVING | RulePhase.AWAY:
                self._ask_again()
            case RulePhase.RETURNING | RulePhase.NEAR:
                if approach.returned_at is None or now > approach.returned_at + state.settings.window:
                    self._over(RuleReason.WINDOW_OVER)
                elif approach.heard_from is not None and now > approach.heard_from + LINGER:
                    self._report_refusal(RuleReason.LINGERED)
                    self._over(RuleReason.LINGERED)
                elif approach.confirm_until is not None and now > approach.confirm_until:
                    self._refuse(Hold.NOT_CONFIRMED)
                else:
                    self._ask_again()
            case RulePhase.FIRED if now > state.since + OUTCOME_WITHIN:
                self._go(RulePhase.COOLING_DOWN, RuleReason.OUTCOME_UNKNOWN)
            case RulePhase.COOLING_DOWN if now > state.since + state.settings.cool_down:
                self._over(RuleReason.COOLED_DOWN)

    # What is told

    def take(self, event: RuleInput) -> None:
        """Take an event that is not an unlock."""
        match event:
            case Located():
                self._located(event)
            case LocationLost() | OnNetwork(None):
                self._disarm(RuleReason.LOCATION_LOST)
            case OnNetwork(True):
                self._back(self.now)
            case Heard():
                self._heard(event)
            case Reported(near) if self.state.settings.evidence is Evidence.ENTITY:
                if near:
                    self._noticed(at_door=True)
                else:
                    self._note(reported_far=near is False)
            case Confirmed(yes) if self.state.approach.confirm_until is not None:
                if yes:
                    self._note(confirmed=True)
                else:
                    self._refuse(Hold.NOT_CONFIRMED)
            case Outcome() if self.state.phase is RulePhase.FIRED:
                self._answered(event)

    def unlocked(self) -> None:
        """Somebody was let in, and nobody knows who. Whoever is still away can say so again."""
        state = self.state
        if state.phase is RulePhase.AWAY and self.now > state.heard_at + SILENCE:
            # That it left is still true, but only a position from after the unlock says that it is not back.
            self._over(RuleReason.UNLOCKED)
            return
        if state.phase in _LISTENING:
            self.state = replace(state, came_in_at=self.now)
        self._disarm(RuleReason.UNLOCKED)

    def _located(self, fix: Located) -> None:
        # The same position told again, one that was overtaken, or one from the future.
        if not self.state.fixed_at < fix.fixed_at <= self.now + 1.0:
            return
        self.state = replace(self.state, fixed_at=fix.fixed_at)
        match side_of(fix, self.state.settings, self.now):
            case Side.UNKNOWN:
                self._disarm(RuleReason.LOCATION_LOST)
            case Side.AWAY:
                self._away(fix)
            case Side.HOME:
                self._back(fix.fixed_at)
            case Side.NEARBY if self.state.phase is RulePhase.AWAY:
                self._back(fix.fixed_at)
        if self.state.phase is RulePhase.HOME and may_be_away(fix, self.state.settings):
            self._note(doubt_at=self.now)

    def _away(self, fix: Located) -> None:
        state, at = self.state, fix.fixed_at
        # A phone cannot be away that is in the home's network, or of which that is not known.
        if state.conditions.on_network is not False:
            self._disarm(RuleReason.ON_NETWORK)
            return
        if state.conditions.unlocked_at is not None and at <= state.conditions.unlocked_at:
            # From before somebody was let in.
            return
        heard_from = state.approach.heard_from
        if heard_from is not None and heard_from + HEARD_BEFORE_FIX <= at <= state.heard_at + HEARD_UNTIL_FIX:
            self._disarm(RuleReason.HEARD_AT_HOME)
            return
        self.state = replace(state, approach=away_noted(state, fix))
        if state.phase is RulePhase.AWAY:
            coming = fix.distance is not None and fix.distance < min(
                COMING, state.approach.away_distance - NEARER
            )
            self._note(doubt_at=self.now if coming else None)
        if state.phase is RulePhase.HOME:
            self._note(asks=0)
            self._go(RulePhase.LEAVING, RuleReason.WENT_OUT)
        approach = self.state.approach
        if state.phase in _SETTLED or approach.left_at is None or not approach.left:
            return
        if at - approach.left_at >= SECOND_FIX and at - approach.out_at >= state.settings.arm_after:
            far = state.conditions.reported is False
            armed = replace(departure_of(approach), reported_far=far)
            self.state = replace(self.state, approach=armed, signal=Signal())
            self._go(RulePhase.AWAY, RuleReason.STAYED_AWAY)

    def _back(self, at: float) -> None:
        match self.state.phase:
            case RulePhase.HOME | RulePhase.FIRED | RulePhase.COOLING_DOWN:
                self.state = replace(self.state, approach=Approach())
            case RulePhase.LEAVING:
                self._home(RuleReason.BACK_TOO_SOON)
            case RulePhase.AWAY:
                if self.now > self.state.heard_at + SILENCE:
                    self._note(heard_from=None)
                self._note(returned_at=at, left_at=None, asks=0, nearest=math.inf, farthest=-math.inf)
                self._go(RulePhase.RETURNING, RuleReason.CAME_BACK)
            case RulePhase.RETURNING | RulePhase.NEAR:
                # Positions jump about on the way: the window stays, but a new absence begins anew.
                self._note(left_at=None, nearest=math.inf, farthest=-math.inf)

    def _heard(self, event: Heard) -> None:
        state = self.state
        if state.settings.evidence is Evidence.ENTITY or event.at > self.now:
            return
        at_door = event.scanner in state.settings.door_scanners
        if at_door and state.phase in _LISTENING:
            self.state = replace(state, signal=state.signal.heard(event.rssi, event.at))
        self._noticed(at_door=at_door and event.rssi >= state.settings.threshold)

    def _noticed(self, *, at_door: bool) -> None:
        """Take that the phone is about, at the door or elsewhere in the house."""
        state, approach, now = self.state, self.state.approach, self.now
        silent = now > state.heard_at + SILENCE
        if now >= (state.door_at if at_door else state.heard_at) + ABOUT:
            self.state = replace(state, heard_at=now, door_at=now if at_door else state.door_at)
        if at_door and approach.left:
            # Back, and not only passing: that it has left again is to be shown anew.
            self._note(left=False)
        match state.phase:
            case RulePhase.LEAVING | RulePhase.COOLING_DOWN if (
                approach.left_at is not None and now > approach.left_at + HEARD_UNTIL_FIX
            ):
                self._disarm(RuleReason.HEARD_AT_HOME)
            case RulePhase.AWAY:
                if silent or approach.heard_from is None:
                    self._note(heard_from=now, asks=0)
                self._ask_location()
            case RulePhase.RETURNING | RulePhase.NEAR if approach.heard_from is None:
                self._note(heard_from=now)

    def _answered(self, event: Outcome) -> None:
        reason = _RESULTS[event.result]
        kind = ReportKind.FIRED if event.result is Result.DONE else ReportKind.REFUSED
        # What it rested on is in the line about the firing; by now the approach is forgotten.
        proof = self.state.record[-1].proof
        self.effects.append(Report(kind=kind, reason=reason, proof=proof, code=event.code))
        self.state = self.state.gone(RulePhase.COOLING_DOWN, reason, self.now, code=event.code)

    # What follows

    def judge(self) -> None:
        """Decide whether somebody is at the door, and whether it is unlocked."""
        coming, near = closeness(self.state, self.now)
        if coming:
            self._pre_connect()
        if not near:
            self._gone_by()
            return
        if self.state.phase is RulePhase.RETURNING:
            self._go(RulePhase.NEAR, RuleReason.AT_THE_DOOR)
        state = self.state
        found = list(holds(state.settings, state.conditions, state.approach.connected_at, self.now))
        lasting = next((hold for hold in found if hold not in _PASSING), None)
        if lasting is not None:
            self._refuse(lasting)
        elif found:
            self._wait(found[0])
        elif self._may_fire():
            self._fire()

    def _pre_connect(self) -> None:
        approach, now = self.state.approach, self.now
        if (
            self.state.conditions.state_is_fresh(approach.connected_at, now)
            or now < approach.connect_at + CONNECT_EVERY
            or approach.connects >= CONNECTS
        ):
            return
        self.effects.append(PreConnect(until=now + STATE_AGE))
        first = now if approach.connected_at is None else approach.connected_at
        self._note(connected_at=first, connect_at=now, connects=approach.connects + 1)

    def _may_fire(self) -> bool:
        """Whether nobody need be asked, or the owner has said yes."""
        state = self.state
        if not state.settings.confirm and not would_unlatch(state.settings, state.conditions.facts):
            return True
        if state.approach.confirm_until is None:
            until = self.now + CONFIRM_WITHIN
            self.effects.append(AskConfirmation(until=until))
            self._note(confirm_until=until)
        if not self.state.approach.confirmed:
            self._wait(Hold.NOT_CONFIRMED)
        return self.state.approach.confirmed

    def _fire(self) -> None:
        proof, settings = self.state.proof(self.now), self.state.settings
        if settings.dry_run:
            self.effects.append(Report(kind=ReportKind.WOULD_FIRE, reason=RuleReason.WOULD_FIRE, proof=proof))
            self._go(RulePhase.COOLING_DOWN, RuleReason.WOULD_FIRE)
        else:
            self.effects.append(Fire(action=settings.action, proof=proof))
            self._go(RulePhase.FIRED, RuleReason.FIRED)
        self.state = replace(self.state, approach=Approach(), came_in_at=self.now)

    def _wait(self, hold: Hold) -> None:
        self.state = replace(self.state, reason=hold)

    def _gone_by(self) -> None:
        if self.state.phase is not RulePhase.NEAR:
            return
        # Somebody was there, and the lock could not be asked or nobody answered: that is worth telling.
        if isinstance(self.state.reason, Hold):
            self._report_refusal(self.state.reason)
        self._go(RulePhase.RETURNING, RuleReason.WENT_BY)

    def _refuse(self, reason: RuleReason | Hold) -> None:
        self._report_refusal(reason)
        self._home(reason)

    def _report_refusal(self, reason: RuleReason | Hold) -> None:
        self.effects.append(Report(kind=ReportKind.REFUSED, reason=reason, proof=self.state.proof(self.now)))

    def _ask_location(self) -> None:
        approach = self.state.approach
        if (
            self.state.settings.can_locate
            and approach.asks < ASKS
            and self.now >= approach.asked_at + ASK_EVERY
        ):
            self.effects.append(AskLocation())
            self._note(asked_at=self.now, asks=approach.asks + 1)

    def _ask_again(self) -> None:
        wanted_at = ask_at(self.state)
        if wanted_at is not None and self.now > wanted_at:
            self._ask_location()

    def _disarm(self, reason: RuleReason) -> None:
        if self.state.phase in _RESTING:
            # A departure that was noted meanwhile is in doubt too.
            self.state = replace(self.state, approach=Approach())
        else:
            self._home(reason)

    def _home(self, reason: RuleReason | Hold) -> None:
        self._go(RulePhase.HOME, reason)
        self.state = replace(self.state, approach=Approach())

    def _over(self, reason: RuleReason) -> None:
        """Expect nobody any more; somebody who has left meanwhile goes on leaving."""
        approach = self.state.approach
        self._go(RulePhase.HOME if approach.left_at is None else RulePhase.LEAVING, reason)
        self.state = replace(self.state, approach=departure_of(approach))
        if approach.left:
            self._ask_location()

    def _go(self, phase: RulePhase, reason: RuleReason | Hold) -> None:
        self.state = self.state.gone(phase, reason, self.now)

    def _note(self, **changes: object) -> None:
        self.state = self.state.noted(**changes)
