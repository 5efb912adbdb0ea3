"""Time limits, and when a rule needs a `Tick`."""

import math

from custom_components.smartlock.auto_unlock.rules.departure import LASTS, PAUSE
from custom_components.smartlock.auto_unlock.rules.effects import RulePhase
from custom_components.smartlock.auto_unlock.rules.signal import GAP
from custom_components.smartlock.auto_unlock.rules.state import Approach, RuleState

__all__ = [
    "ASKS",
    "ASK_EVERY",
    "AWAY_AGE",
    "LINGER",
    "OUTCOME_WITHIN",
    "SECOND_FIX",
    "ask_at",
    "askable_at",
    "due",
]

# An armed rule is disarmed if the phone has not reported its absence for so long.
AWAY_AGE = 12 * 3600.0
# Maximum time from first receiving the phone to the door; some people unload the car before.
LINGER = 480.0
# A single position may be an outlier.
SECOND_FIX = 60.0
# How often, and how many times for one purpose, the phone is asked for its location: on the way to the door
# every answer counts, during an absence there is time.
ASK_EVERY = 5.0
ASK_AGAIN = 60.0
ASKS = 6
# A phone whose departure was not seen is asked on, so many times in all this often, and then rarely: positions that
# move prove that it left, and one that was never away says so.
ASKS_MOVING, ASK_MOVES, ASK_RARELY = 20, 120.0, 1800.0
# A question without an answer is repeated once this soon; and the nearer the phone was, the sooner it is asked
# again: it does not come faster than this, m/s. Not sooner, so that answers are not taken for stored positions.
ASK_UNANSWERED, ASK_PACE = 31.0, 20.0
# The caller always answers; if it does not, nothing waits endlessly.
OUTCOME_WITHIN = 120.0


def due(state: RuleState, now: float) -> float | None:
    """When a `Tick` is needed if no other event comes first; None if never."""
    approach, settings = state.approach, state.settings
    times: list[float | None] = []
    match state.phase:
        case RulePhase.HOME | RulePhase.LEAVING:
            times = [ask_at(state), _lasts_at(state, now)]
        case RulePhase.AWAY if approach.away_at is not None:
            times = [approach.away_at + AWAY_AGE, ask_at(state)]
        case RulePhase.RETURNING | RulePhase.NEAR:
            newest = state.signal.newest
            times = [
                ask_at(state),
                None if approach.returned_at is None else approach.returned_at + settings.window,
                None if approach.received_since is None else approach.received_since + LINGER,
                None if newest is None or state.phase is RulePhase.RETURNING else newest + GAP,
                approach.confirm_until,
            ]
        case RulePhase.FIRED:
            times = [state.since + OUTCOME_WITHIN]
        case RulePhase.COOLING_DOWN:
            times = [state.since + settings.cool_down]
    known = [at for at in times if at is not None]
    # A little later, so that "longer than" is true by then.
    return max(now, min(known)) + 0.001 if known else None


def ask_at(state: RuleState) -> float | None:
    """When to ask the phone whether it is away: after a start, and while it must remain away."""
    approach, settings = state.approach, state.settings
    if not settings.can_locate:
        return None
    if approach.asks >= ASKS:
        soonest = askable_at(state)
        return soonest if math.isfinite(soonest) else None
    if approach.left_at is not None and state.phase is not RulePhase.AWAY:
        again = max(approach.left_at + SECOND_FIX, approach.asked_at + _pause(approach))
        if approach.awake or approach.answered:
            return max(again, approach.out_at + settings.arm_after)
        # For a phone that was silent only an answer counts, which must be recognizable as one. The sooner,
        # the better; but not just before it could arm.
        soonest, arms_at = max(again, state.fixed_at + PAUSE), approach.out_at + settings.arm_after
        return arms_at if soonest < arms_at < soonest + ASK_AGAIN else soonest
    if state.to_ask:
        return state.since
    if state.phase is RulePhase.RETURNING:
        # Not received: perhaps it only passed by.
        return (
            None if approach.asks or approach.received_since is not None else state.since + settings.arm_after
        )
    if approach.doubt_at is None:
        return None
    soon = ASK_AGAIN
    if state.phase is RulePhase.AWAY:
        soon = max(ASK_UNANSWERED, min(ASK_AGAIN, approach.away_distance / ASK_PACE))
    return max(approach.doubt_at + soon, approach.asked_at + min(soon, _pause(approach)))


def askable_at(state: RuleState) -> float:
    """Return when the phone may be asked again; infinite if it was asked often enough."""
    approach = state.approach
    if approach.asks < ASKS:
        return approach.asked_at + ASK_EVERY
    if state.phase is RulePhase.LEAVING and not approach.left:
        return approach.asked_at + (ASK_MOVES if approach.asks < ASKS_MOVING else ASK_RARELY)
    return math.inf


def _lasts_at(state: RuleState, now: float) -> float | None:
    """When the positions of a phone that cannot be asked have lasted long enough."""
    series_at = state.approach.series_at
    if state.settings.can_locate or series_at is None or now > series_at + LASTS:
        return None
    return series_at + LASTS


def _pause(approach: Approach) -> float:
    """Return how long to wait after a question until the next one, in s."""
    unanswered = approach.away_at is None or approach.away_at < approach.asked_at
    return ASK_UNANSWERED if unanswered and approach.asks % 2 else ASK_AGAIN
