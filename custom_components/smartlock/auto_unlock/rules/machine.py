"""Whether the bolt moves automatically for somebody who comes home: one step for each event.

    home --away, accurate--> leaving --still away after 5 min--> away (armed)
    away --the phone reports that it is back--> returning (window open) --level high and rising--> near
    near --no hold--> fired --> cooling down --> home

Every doubt leads to home, which is not armed: a restart, an unknown location, an unlock by anyone, a location
that contradicts what is received. A hold at the door ends the approach like an unlock: whatever the reason, a
second try later might serve somebody who is inside by then. docs/proximity.md describes the threats.
"""

from dataclasses import replace

from custom_components.smartlock.auto_unlock.rules.closeness import closeness
from custom_components.smartlock.auto_unlock.rules.departure import SILENT
from custom_components.smartlock.auto_unlock.rules.effects import (
    AskConfirmation,
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
    Located,
    LocationLost,
    OnNetwork,
    Outcome,
    PhoneReceived,
    ReferencesChecked,
    Reported,
    Reset,
    Result,
    RuleInput,
    Scanner,
    ZonesEdited,
)
from custom_components.smartlock.auto_unlock.rules.holds import STATE_AGE, holds, still_good, would_unlatch
from custom_components.smartlock.auto_unlock.rules.journey import RECEIVED_UNTIL_FIX, SILENCE, Journey
from custom_components.smartlock.auto_unlock.rules.settings import PhoneEvidence, RuleSettings
from custom_components.smartlock.auto_unlock.rules.signal import Signal
from custom_components.smartlock.auto_unlock.rules.state import Approach, RuleState
from custom_components.smartlock.auto_unlock.rules.steps import EXPECTING
from custom_components.smartlock.auto_unlock.rules.timing import AWAY_AGE, LINGER, OUTCOME_WITHIN

__all__ = ["may_write", "start", "step"]

# Resolution of the reception time in seconds: a phone may send ten times a second.
ABOUT = 1.0
# Limits how often, and how many times in one window, the link is opened, to save the owner's battery.
CONNECT_EVERY = 3.0
CONNECTS = 8
# Some people sit in the car in front of the door: so many are kept for who is at the door.
CONNECTS_AT_DOOR = 3
CONFIRM_WITHIN = 60.0
# From the position that is home, while still on the way, to the key in the door.
BACK_BY_KEY = 300.0

# These end by themselves while somebody stands at the door; every other hold ends the approach.
_PASSING = frozenset({Hold.STATE_NOT_READ, Hold.MOVING})
_LISTENING = frozenset({RulePhase.AWAY, RulePhase.RETURNING, RulePhase.NEAR})
_BACK = frozenset({RuleReason.BACK_TOO_SOON, RuleReason.HEARD_AT_HOME})
_RESULTS = {
    Result.DONE: RuleReason.DONE,
    Result.REFUSED: RuleReason.REFUSED_BY_LOCK,
    Result.OUTCOME_UNKNOWN: RuleReason.OUTCOME_UNKNOWN,
    Result.NOT_SENT: RuleReason.NOT_SENT,
}


def start(settings: RuleSettings, now: float) -> RuleState:
    """Return a rule as after every start: not armed, nothing known, earlier positions void."""
    state = RuleState(
        settings=settings, since=now, began_at=now, fixed_at=now, exact_at=now, unasked_at=now, to_ask=True
    )
    if settings.enabled:
        return state.gone(RulePhase.HOME, RuleReason.RESTARTED, now)
    return replace(state, reason=RuleReason.SWITCHED_OFF)


def step(state: RuleState, event: RuleInput, now: float) -> tuple[RuleState, tuple[Effect, ...]]:
    """Take one event and return the new state with its effects. `now` is in seconds of a monotonic clock."""
    match event:
        case Configured(settings):
            return _configured(state, settings, now), ()
        case Reset(reason):
            return _reset(state, reason, now), ()
    conditions = state.conditions.after(event, now)
    unlocked = conditions.unlocked_at != state.conditions.unlocked_at
    if state.phase is RulePhase.DISABLED:
        return replace(state, conditions=conditions), ()
    run = _Run(state, now)
    run.expire()
    run.state = replace(run.state, conditions=conditions)
    if unlocked:
        run.let_in(RuleReason.UNLOCKED)
    elif run.may_be_at_door and conditions.opened_since(state.conditions):
        run.let_in(Hold.DOOR_OPEN)
    else:
        run.take(event)
    if run.state.phase in EXPECTING:
        run.judge()
    return run.state, tuple(run.effects)


def may_write(state: RuleState, now: float) -> bool:
    """Whether an unlock that was decided may still be sent. It may have waited for the link."""
    return (
        state.phase is RulePhase.FIRED
        and not state.settings.dry_run
        and still_good(state.settings, state.conditions, now)
    )


def _reset(state: RuleState, reason: RuleReason, now: float) -> RuleState:
    fresh = replace(start(replace(state.settings, enabled=False), now), record=state.record)
    fresh = replace(fresh, settings=state.settings)
    return fresh.gone(RulePhase.HOME, reason, now) if state.settings.enabled else fresh


def _configured(state: RuleState, settings: RuleSettings, now: float) -> RuleState:
    was_off = state.phase is RulePhase.DISABLED
    if was_off:
        # Nothing was received.
        state = replace(state, began_at=now)
    state = replace(state, settings=settings, signal=Signal(), approach=Approach())
    state = replace(state, fixed_at=now, exact_at=now, unasked_at=now)
    if not settings.enabled:
        return state.gone(RulePhase.DISABLED, RuleReason.SWITCHED_OFF, now)
    if not state.conditions.complete:
        return state.gone(RulePhase.HOME, Hold.REFERENCE_GONE, now)
    return state.gone(RulePhase.HOME, RuleReason.SWITCHED_ON if was_off else RuleReason.CONFIGURED, now)


class _Run(Journey):
    """One step of a rule that is turned on."""

    # Time

    def expire(self) -> None:
        """Leave a phase whose time is over."""
        state, approach, now = self.state, self.state.approach, self.now
        match state.phase:
            case RulePhase.AWAY if approach.away_at is None or now > approach.away_at + AWAY_AGE:
                self.go_home(RuleReason.LOCATION_STALE)
            case RulePhase.LEAVING if not state.settings.can_locate:
                self.take_time()
            case RulePhase.HOME | RulePhase.LEAVING | RulePhase.AWAY:
                self.ask_again()
            case RulePhase.RETURNING | RulePhase.NEAR:
                if approach.returned_at is None or now > approach.returned_at + state.settings.window:
                    self.over(RuleReason.WINDOW_OVER)
                elif approach.received_since is not None and now > approach.received_since + LINGER:
                    self.report_refusal(RuleReason.LINGERED)
                    self.over(RuleReason.LINGERED)
                elif approach.confirm_until is not None and now > approach.confirm_until:
                    self.refuse(Hold.NOT_CONFIRMED)
                else:
                    self.ask_again()
            case RulePhase.FIRED if now > state.since + OUTCOME_WITHIN:
                self.go(RulePhase.COOLING_DOWN, RuleReason.OUTCOME_UNKNOWN)
            case RulePhase.COOLING_DOWN if now > state.since + state.settings.cool_down:
                self.over(RuleReason.COOLED_DOWN)

    # Events

    def take(self, event: RuleInput) -> None:
        """Take an event that is not an unlock."""
        match event:
            case Located():
                self.take_position(event)
            case LocationLost(tracker) if self.is_ours(tracker):
                self.disarm(RuleReason.LOCATION_LOST)
            case OnNetwork(present):
                self.take_network(present)
            case Scanner(present):
                self.take_scanner(present=present)
            case ReferencesChecked(complete):
                self.take_references(complete=complete)
            case ZonesEdited():
                self.disarm(RuleReason.ZONES_EDITED)
                self.state = replace(self.state, to_ask=True)
            case PhoneReceived():
                self._received(event)
            case Reported(near) if self.state.settings.evidence is PhoneEvidence.ENTITY:
                if near is not None:
                    self._contact()
                if near:
                    self._noticed(at_door=True)
                else:
                    self.note(reported_far=near is False)
            case Confirmed(yes) if self.state.approach.confirm_until is not None:
                if yes:
                    self.note(confirmed=True)
                else:
                    self.refuse(Hold.NOT_CONFIRMED)
            case Outcome() if self.state.phase is RulePhase.FIRED:
                self._answered(event)

    def let_in(self, reason: RuleReason | Hold) -> None:
        """Somebody was let in, and it is unknown who. A phone that is still away can report so again."""
        state = self.state
        if state.phase in (RulePhase.LEAVING, RulePhase.AWAY) and self.now > state.received_at + SILENCE:
            # It did leave, but only a position from after the unlock proves that it is not back; and only an
            # answer is known to be from then.
            self.note(awake=False, answered=False, series_at=None)
            self.over(reason)
            return
        # Who has just come back without being expected uses the key: that is no way out.
        back = state.reason in _BACK and self.now <= state.since + BACK_BY_KEY
        if state.phase in _LISTENING or (state.phase is RulePhase.HOME and back):
            self.state = replace(state, came_in_at=self.now)
        self.disarm(reason)

    @property
    def may_be_at_door(self) -> bool:
        """Whether somebody who goes in by a door that is not locked may be this person."""
        phase, received = self.state.phase, self.now <= self.state.received_at + SILENCE
        return phase is RulePhase.RETURNING or (phase is RulePhase.AWAY and received)

    def _contact(self) -> None:
        """Take a sign of life."""
        state, now = self.state, self.now
        if now < state.contact_at + ABOUT:
            return
        # The absent phone has come into range.
        if state.phase not in _LISTENING and now > max(state.contact_at, state.began_at) + SILENT:
            state = replace(state, awake_from=now)
        self.state = replace(state, contact_at=now)

    def _received(self, event: PhoneReceived) -> None:
        state = self.state
        if state.settings.evidence is PhoneEvidence.ENTITY or event.at > self.now:
            return
        self._contact()
        state = self.state
        at_door = event.scanner in state.settings.door_scanners
        if at_door and state.phase in _LISTENING:
            self.state = replace(state, signal=state.signal.received(event.rssi, event.at))
        self._noticed(at_door=at_door and event.rssi >= state.settings.threshold)

    def _noticed(self, *, at_door: bool) -> None:
        """Take that the phone is near, at the door or elsewhere in the house."""
        state, approach, now = self.state, self.state.approach, self.now
        silent = now > state.received_at + SILENCE
        if now >= (state.door_at if at_door else state.received_at) + ABOUT:
            self.state = replace(state, received_at=now, door_at=now if at_door else state.door_at)
        if at_door and approach.left:
            # Back, and not only passing: another departure has to be shown again.
            self.note(left=False)
        match state.phase:
            case RulePhase.LEAVING | RulePhase.COOLING_DOWN if (
                approach.left_at is not None and now > approach.left_at + RECEIVED_UNTIL_FIX
            ):
                self.disarm(RuleReason.HEARD_AT_HOME)
            case RulePhase.AWAY:
                if silent or approach.received_since is None:
                    self.note(received_since=now, asks=0)
                self.ask_location()
            case RulePhase.RETURNING | RulePhase.NEAR if approach.received_since is None:
                self.note(received_since=now)

    def _answered(self, event: Outcome) -> None:
        reason = _RESULTS[event.result]
        kind = ReportKind.FIRED if event.result is Result.DONE else ReportKind.REFUSED
        # Its evidence is in the record of the firing; by now the approach is forgotten.
        proof = self.state.record[-1].proof
        self.effects.append(Report(kind=kind, reason=reason, proof=proof, code=event.code))
        self.state = self.state.gone(RulePhase.COOLING_DOWN, reason, self.now, code=event.code)

    # Decision

    def judge(self) -> None:
        """Decide whether somebody is at the door, and whether it is unlocked."""
        coming, near = closeness(self.state, self.now)
        if coming:
            self._pre_connect(CONNECTS if near else CONNECTS - CONNECTS_AT_DOOR)
        if not near:
            self._gone_by()
            return
        if self.state.phase is RulePhase.RETURNING:
            self.go(RulePhase.NEAR, RuleReason.AT_THE_DOOR)
        state = self.state
        approach = state.approach
        found = list(
            holds(
                state.settings,
                state.conditions,
                approach.connected_at,
                self.now,
                returned_at=approach.returned_at,
            )
        )
        lasting = next((hold for hold in found if hold not in _PASSING), None)
        if lasting is not None:
            self.refuse(lasting)
        elif found:
            self._wait(found[0])
        elif self._may_fire():
            self._fire()

    def _pre_connect(self, limit: int) -> None:
        approach, now = self.state.approach, self.now
        if (
            self.state.conditions.state_is_fresh(approach.connected_at, now)
            or now < approach.connect_at + CONNECT_EVERY
            or approach.connects >= limit
        ):
            return
        self.effects.append(PreConnect(until=now + STATE_AGE))
        first = now if approach.connected_at is None else approach.connected_at
        self.note(connected_at=first, connect_at=now, connects=approach.connects + 1)

    def _may_fire(self) -> bool:
        """Whether no confirmation is needed, or the owner has given it."""
        state = self.state
        if not state.settings.confirm and not would_unlatch(state.settings, state.conditions.facts):
            return True
        if state.approach.confirm_until is None:
            until = self.now + CONFIRM_WITHIN
            self.effects.append(AskConfirmation(until=until))
            self.note(confirm_until=until)
        if not self.state.approach.confirmed:
            self._wait(Hold.NOT_CONFIRMED)
        return self.state.approach.confirmed

    def _fire(self) -> None:
        proof, settings = self.state.proof(self.now), self.state.settings
        if settings.dry_run:
            self.effects.append(Report(kind=ReportKind.WOULD_FIRE, reason=RuleReason.WOULD_FIRE, proof=proof))
            self.go(RulePhase.COOLING_DOWN, RuleReason.WOULD_FIRE)
        else:
            self.effects.append(Fire(action=settings.action, proof=proof))
            self.go(RulePhase.FIRED, RuleReason.FIRED)
        self.state = replace(self.state, approach=Approach(), came_in_at=self.now)

    def _wait(self, hold: Hold) -> None:
        self.state = replace(self.state, reason=hold)

    def _gone_by(self) -> None:
        if self.state.phase is not RulePhase.NEAR:
            return
        # Somebody was there, and the lock could not be read: that is worth a report. A question stays open; the hand that
        # answers it covers the phone.
        if isinstance(self.state.reason, Hold) and self.state.approach.confirm_until is None:
            self.report_refusal(self.state.reason)
        self.go(RulePhase.RETURNING, RuleReason.WENT_BY)
