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
    Kind,
    Phase,
    PreConnect,
    Reason,
    Report,
)
from custom_components.smartlock.auto_unlock.rules.events import (
    Configured,
    Confirmed,
    Event,
    Heard,
    Located,
    LocationLost,
    OnNetwork,
    Outcome,
    Reported,
    Restarted,
    Result,
)
from custom_components.smartlock.auto_unlock.rules.holds import STATE_AGE, holds, still_good, would_unlatch
from custom_components.smartlock.auto_unlock.rules.location import Side, may_be_away, side_of
from custom_components.smartlock.auto_unlock.rules.settings import Evidence, RuleSettings
from custom_components.smartlock.auto_unlock.rules.signal import Signal
from custom_components.smartlock.auto_unlock.rules.state import Approach, Proximity
from custom_components.smartlock.auto_unlock.rules.timing import (
    ASK_EVERY,
    ASKS,
    AWAY_AGE,
    LINGER,
    OUTCOME_WITHIN,
    SECOND_FIX,
    ask_at,
)

__all__ = ["Step", "may_write", "start", "step"]

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
_RESTING = frozenset({Phase.DISABLED, Phase.HOME, Phase.FIRED, Phase.COOLING_DOWN})
_SETTLED = frozenset({Phase.AWAY, Phase.FIRED, Phase.COOLING_DOWN})
_LISTENING = frozenset({Phase.AWAY, Phase.RETURNING, Phase.NEAR})
_EXPECTING = frozenset({Phase.RETURNING, Phase.NEAR})
_RESULTS = {
    Result.DONE: Reason.DONE,
    Result.REFUSED: Reason.REFUSED_BY_LOCK,
    Result.OUTCOME_UNKNOWN: Reason.OUTCOME_UNKNOWN,
    Result.NOT_SENT: Reason.NOT_SENT,
}

type Step = tuple[Proximity, tuple[Effect, ...]]


def start(settings: RuleSettings, now: float) -> Proximity:
    """Return a rule as it is after every start: not armed, nothing known, positions from before worth nothing."""
    rule = Proximity(settings=settings, since=now, fixed_at=now)
    return rule.gone(Phase.HOME, Reason.RESTARTED, now) if settings.enabled else rule


def step(rule: Proximity, event: Event, now: float) -> Step:
    """Take one event and return what to do. `now` is in seconds of a clock that never goes back."""
    match event:
        case Configured(settings):
            return _configured(rule, settings, now), ()
        case Restarted():
            return start(rule.settings, now), ()
    conditions = rule.conditions.told(event, now)
    unlocked = conditions.unlocked_at != rule.conditions.unlocked_at
    if rule.phase is Phase.DISABLED:
        return replace(rule, conditions=conditions), ()
    run = _Run(rule, now)
    run.expire()
    run.rule = replace(run.rule, conditions=conditions)
    if unlocked:
        run.unlocked()
    else:
        run.take(event)
    if run.rule.phase in _EXPECTING:
        run.judge()
    return run.rule, tuple(run.effects)


def may_write(rule: Proximity, now: float) -> bool:
    """Whether an unlock that was decided on may still be sent. It may have waited for the link."""
    return (
        rule.phase is Phase.FIRED
        and not rule.settings.dry_run
        and still_good(rule.settings, rule.conditions, now)
    )


def _configured(rule: Proximity, settings: RuleSettings, now: float) -> Proximity:
    was_off = rule.phase is Phase.DISABLED
    rule = replace(rule, settings=settings, signal=Signal(), approach=Approach(), fixed_at=now)
    if not settings.enabled:
        return rule.gone(Phase.DISABLED, Reason.SWITCHED_OFF, now)
    return rule.gone(Phase.HOME, Reason.SWITCHED_ON if was_off else Reason.CONFIGURED, now)


class _Run:
    """One step: the rule as it becomes, and what is asked for on the way."""

    def __init__(self, rule: Proximity, now: float) -> None:
        self.rule = rule
        self.now = now
        self.effects: list[Effect] = []

    # What time does

    def expire(self) -> None:
        """Leave a phase whose time is over."""
        rule, approach, now = self.rule, self.rule.approach, self.now
        match rule.phase:
            case Phase.AWAY if approach.away_at is None or now > approach.away_at + AWAY_AGE:
                self._home(Reason.LOCATION_STALE)
            case Phase.HOME | Phase.LEAVING | Phase.AWAY:
                self._ask_again()
            case Phase.RETURNING | Phase.NEAR:
                if approach.returned_at is None or now > approach.returned_at + rule.settings.window:
                    self._over(Reason.WINDOW_OVER)
                elif approach.heard_from is not None and now > approach.heard_from + LINGER:
                    self._report_refusal(Reason.LINGERED)
                    self._over(Reason.LINGERED)
                elif approach.confirm_until is not None and now > approach.confirm_until:
                    self._refuse(Hold.NOT_CONFIRMED)
                else:
                    self._ask_again()
            case Phase.FIRED if now > rule.since + OUTCOME_WITHIN:
                self._go(Phase.COOLING_DOWN, Reason.OUTCOME_UNKNOWN)
            case Phase.COOLING_DOWN if now > rule.since + rule.settings.cool_down:
                self._over(Reason.COOLED_DOWN)

    # What is told

    def take(self, event: Event) -> None:
        """Take an event that is not an unlock."""
        match event:
            case Located():
                self._located(event)
            case LocationLost() | OnNetwork(None):
                self._disarm(Reason.LOCATION_LOST)
            case OnNetwork(True):
                self._back(self.now)
            case Heard():
                self._heard(event)
            case Reported(near) if self.rule.settings.evidence is Evidence.ENTITY:
                if near:
                    self._noticed(at_door=True)
                else:
                    self._note(reported_far=near is False)
            case Confirmed(yes) if self.rule.approach.confirm_until is not None:
                if yes:
                    self._note(confirmed=True)
                else:
                    self._refuse(Hold.NOT_CONFIRMED)
            case Outcome() if self.rule.phase is Phase.FIRED:
                self._answered(event)

    def unlocked(self) -> None:
        """Somebody was let in, and nobody knows who. Whoever is still away can say so again."""
        rule = self.rule
        if rule.phase is Phase.AWAY and self.now > rule.heard_at + SILENCE:
            # That it left is still true, but only a position from after the unlock says that it is not back.
            self._over(Reason.UNLOCKED)
            return
        if rule.phase in _LISTENING:
            self.rule = replace(rule, came_in_at=self.now)
        self._disarm(Reason.UNLOCKED)

    def _located(self, fix: Located) -> None:
        # The same position told again, one that was overtaken, or one from the future.
        if not self.rule.fixed_at < fix.fixed_at <= self.now + 1.0:
            return
        self.rule = replace(self.rule, fixed_at=fix.fixed_at)
        match side_of(fix, self.rule.settings, self.now):
            case Side.UNKNOWN:
                self._disarm(Reason.LOCATION_LOST)
            case Side.AWAY:
                self._away(fix)
            case Side.HOME:
                self._back(fix.fixed_at)
            case Side.NEARBY if self.rule.phase is Phase.AWAY:
                self._back(fix.fixed_at)
        if self.rule.phase is Phase.HOME and may_be_away(fix, self.rule.settings):
            self._note(doubt_at=self.now)

    def _away(self, fix: Located) -> None:
        rule, at = self.rule, fix.fixed_at
        # A phone cannot be away that is in the home's network, or of which that is not known.
        if rule.conditions.on_network is not False:
            self._disarm(Reason.ON_NETWORK)
            return
        if rule.conditions.unlocked_at is not None and at <= rule.conditions.unlocked_at:
            # From before somebody was let in.
            return
        heard_from = rule.approach.heard_from
        if heard_from is not None and heard_from + HEARD_BEFORE_FIX <= at <= rule.heard_at + HEARD_UNTIL_FIX:
            self._disarm(Reason.HEARD_AT_HOME)
            return
        self.rule = replace(rule, approach=away_noted(rule, fix))
        if rule.phase is Phase.AWAY:
            coming = fix.distance is not None and fix.distance < min(
                COMING, rule.approach.away_distance - NEARER
            )
            self._note(doubt_at=self.now if coming else None)
        if rule.phase is Phase.HOME:
            self._note(asks=0)
            self._go(Phase.LEAVING, Reason.WENT_OUT)
        approach = self.rule.approach
        if rule.phase in _SETTLED or approach.left_at is None or not approach.left:
            return
        if at - approach.left_at >= SECOND_FIX and at - approach.out_at >= rule.settings.arm_after:
            far = rule.conditions.reported is False
            armed = replace(departure_of(approach), reported_far=far)
            self.rule = replace(self.rule, approach=armed, signal=Signal())
            self._go(Phase.AWAY, Reason.STAYED_AWAY)

    def _back(self, at: float) -> None:
        match self.rule.phase:
            case Phase.HOME | Phase.FIRED | Phase.COOLING_DOWN:
                self.rule = replace(self.rule, approach=Approach())
            case Phase.LEAVING:
                self._home(Reason.BACK_TOO_SOON)
            case Phase.AWAY:
                if self.now > self.rule.heard_at + SILENCE:
                    self._note(heard_from=None)
                self._note(returned_at=at, left_at=None, asks=0, nearest=math.inf, farthest=-math.inf)
                self._go(Phase.RETURNING, Reason.CAME_BACK)
            case Phase.RETURNING | Phase.NEAR:
                # Positions jump about on the way: the window stays, but a new absence begins anew.
                self._note(left_at=None, nearest=math.inf, farthest=-math.inf)

    def _heard(self, event: Heard) -> None:
        rule = self.rule
        if rule.settings.evidence is Evidence.ENTITY or event.at > self.now:
            return
        at_door = event.scanner in rule.settings.door_scanners
        if at_door and rule.phase in _LISTENING:
            self.rule = replace(rule, signal=rule.signal.heard(event.rssi, event.at))
        self._noticed(at_door=at_door and event.rssi >= rule.settings.threshold)

    def _noticed(self, *, at_door: bool) -> None:
        """Take that the phone is about, at the door or elsewhere in the house."""
        rule, approach, now = self.rule, self.rule.approach, self.now
        silent = now > rule.heard_at + SILENCE
        if now >= (rule.door_at if at_door else rule.heard_at) + ABOUT:
            self.rule = replace(rule, heard_at=now, door_at=now if at_door else rule.door_at)
        if at_door and approach.left:
            # Back, and not only passing: that it has left again is to be shown anew.
            self._note(left=False)
        match rule.phase:
            case Phase.LEAVING | Phase.COOLING_DOWN if (
                approach.left_at is not None and now > approach.left_at + HEARD_UNTIL_FIX
            ):
                self._disarm(Reason.HEARD_AT_HOME)
            case Phase.AWAY:
                if silent or approach.heard_from is None:
                    self._note(heard_from=now, asks=0)
                self._ask_location()
            case Phase.RETURNING | Phase.NEAR if approach.heard_from is None:
                self._note(heard_from=now)

    def _answered(self, event: Outcome) -> None:
        reason = _RESULTS[event.result]
        kind = Kind.FIRED if event.result is Result.DONE else Kind.REFUSED
        # What it rested on is in the line about the firing; by now the approach is forgotten.
        proof = self.rule.record[-1].proof
        self.effects.append(Report(kind=kind, reason=reason, proof=proof, code=event.code))
        self.rule = self.rule.gone(Phase.COOLING_DOWN, reason, self.now, code=event.code)

    # What follows

    def judge(self) -> None:
        """Decide whether somebody is at the door, and whether it is unlocked."""
        coming, near = closeness(self.rule, self.now)
        if coming:
            self._pre_connect()
        if not near:
            self._gone_by()
            return
        if self.rule.phase is Phase.RETURNING:
            self._go(Phase.NEAR, Reason.AT_THE_DOOR)
        rule = self.rule
        found = list(holds(rule.settings, rule.conditions, rule.approach.connected_at, self.now))
        lasting = next((hold for hold in found if hold not in _PASSING), None)
        if lasting is not None:
            self._refuse(lasting)
        elif found:
            self._wait(found[0])
        elif self._may_fire():
            self._fire()

    def _pre_connect(self) -> None:
        approach, now = self.rule.approach, self.now
        if (
            self.rule.conditions.state_is_fresh(approach.connected_at, now)
            or now < approach.connect_at + CONNECT_EVERY
            or approach.connects >= CONNECTS
        ):
            return
        self.effects.append(PreConnect(until=now + STATE_AGE))
        first = now if approach.connected_at is None else approach.connected_at
        self._note(connected_at=first, connect_at=now, connects=approach.connects + 1)

    def _may_fire(self) -> bool:
        """Whether nobody need be asked, or the owner has said yes."""
        rule = self.rule
        if not rule.settings.confirm and not would_unlatch(rule.settings, rule.conditions.facts):
            return True
        if rule.approach.confirm_until is None:
            until = self.now + CONFIRM_WITHIN
            self.effects.append(AskConfirmation(until=until))
            self._note(confirm_until=until)
        if not self.rule.approach.confirmed:
            self._wait(Hold.NOT_CONFIRMED)
        return self.rule.approach.confirmed

    def _fire(self) -> None:
        proof, settings = self.rule.proof(self.now), self.rule.settings
        if settings.dry_run:
            self.effects.append(Report(kind=Kind.WOULD_FIRE, reason=Reason.WOULD_FIRE, proof=proof))
            self._go(Phase.COOLING_DOWN, Reason.WOULD_FIRE)
        else:
            self.effects.append(Fire(action=settings.action, proof=proof))
            self._go(Phase.FIRED, Reason.FIRED)
        self.rule = replace(self.rule, approach=Approach(), came_in_at=self.now)

    def _wait(self, hold: Hold) -> None:
        self.rule = replace(self.rule, reason=hold)

    def _gone_by(self) -> None:
        if self.rule.phase is not Phase.NEAR:
            return
        # Somebody was there, and the lock could not be asked or nobody answered: that is worth telling.
        if isinstance(self.rule.reason, Hold):
            self._report_refusal(self.rule.reason)
        self._go(Phase.RETURNING, Reason.WENT_BY)

    def _refuse(self, reason: Reason | Hold) -> None:
        self._report_refusal(reason)
        self._home(reason)

    def _report_refusal(self, reason: Reason | Hold) -> None:
        self.effects.append(Report(kind=Kind.REFUSED, reason=reason, proof=self.rule.proof(self.now)))

    def _ask_location(self) -> None:
        approach = self.rule.approach
        if (
            self.rule.settings.can_locate
            and approach.asks < ASKS
            and self.now >= approach.asked_at + ASK_EVERY
        ):
            self.effects.append(AskLocation())
            self._note(asked_at=self.now, asks=approach.asks + 1)

    def _ask_again(self) -> None:
        wanted_at = ask_at(self.rule)
        if wanted_at is not None and self.now > wanted_at:
            self._ask_location()

    def _disarm(self, reason: Reason) -> None:
        if self.rule.phase in _RESTING:
            # A departure that was noted meanwhile is in doubt too.
            self.rule = replace(self.rule, approach=Approach())
        else:
            self._home(reason)

    def _home(self, reason: Reason | Hold) -> None:
        self._go(Phase.HOME, reason)
        self.rule = replace(self.rule, approach=Approach())

    def _over(self, reason: Reason) -> None:
        """Expect nobody any more; somebody who has left meanwhile goes on leaving."""
        approach = self.rule.approach
        self._go(Phase.HOME if approach.left_at is None else Phase.LEAVING, reason)
        self.rule = replace(self.rule, approach=departure_of(approach))
        if approach.left:
            self._ask_location()

    def _go(self, phase: Phase, reason: Reason | Hold) -> None:
        self.rule = self.rule.gone(phase, reason, self.now)

    def _note(self, **changes: object) -> None:
        self.rule = self.rule.noted(**changes)
