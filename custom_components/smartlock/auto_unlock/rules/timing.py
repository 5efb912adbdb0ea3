"""Time limits, and when a rule needs a `Tick`."""

from custom_components.smartlock.auto_unlock.rules.departure import PAUSE
from custom_components.smartlock.auto_unlock.rules.effects import RulePhase
from custom_components.smartlock.auto_unlock.rules.signal import GAP
from custom_components.smartlock.auto_unlock.rules.state import RuleState

__all__ = [
    "ASKS",
    "ASK_EVERY",
    "AWAY_AGE",
    "LINGER",
    "OUTCOME_WITHIN",
    "SECOND_FIX",
    "ask_at",
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
ASK_EVERY = 7.0
ASK_AGAIN = 60.0
ASKS = 6
# The caller always answers; if it does not, nothing waits endlessly.
OUTCOME_WITHIN = 120.0


def due(state: RuleState, now: float) -> float | None:
    """When a `Tick` is needed if no other event comes first; None if never."""
    approach, settings = state.approach, state.settings
    times: list[float | None] = []
    match state.phase:
        case RulePhase.HOME | RulePhase.LEAVING:
            times = [ask_at(state)]
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
    if not settings.can_locate or approach.asks >= ASKS:
        return None
    if approach.left_at is not None and state.phase is not RulePhase.AWAY:
        again = max(approach.left_at + SECOND_FIX, approach.asked_at + ASK_AGAIN)
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
    return None if approach.doubt_at is None else max(approach.doubt_at, approach.asked_at) + ASK_AGAIN
