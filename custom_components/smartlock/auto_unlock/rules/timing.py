"""How long things may take, and when a rule wants to be woken."""

from custom_components.smartlock.auto_unlock.rules.effects import Phase, Reason
from custom_components.smartlock.auto_unlock.rules.signal import GAP
from custom_components.smartlock.auto_unlock.rules.state import Proximity

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

# An armed rule is forgotten if the phone has not said for so long that it is away.
AWAY_AGE = 12 * 3600.0
# Coming to the door takes so long at most from where the phone is first heard; some unload the car before.
LINGER = 480.0
# One position may be an outlier.
SECOND_FIX = 60.0
# The phone is asked where it is so often at most, and so many times for one purpose: while it comes to the door
# every answer counts, while it is away there is time.
ASK_EVERY = 7.0
ASK_AGAIN = 60.0
ASKS = 6
# The caller always answers; if it does not, nothing waits for ever.
OUTCOME_WITHIN = 120.0


def due(rule: Proximity, now: float) -> float | None:
    """When a `Tick` is needed if nothing else happens before; None if never."""
    approach, settings = rule.approach, rule.settings
    times: list[float | None] = []
    match rule.phase:
        case Phase.HOME | Phase.LEAVING:
            times = [ask_at(rule)]
        case Phase.AWAY if approach.away_at is not None:
            times = [approach.away_at + AWAY_AGE, ask_at(rule)]
        case Phase.RETURNING | Phase.NEAR:
            newest = rule.signal.newest
            times = [
                ask_at(rule),
                None if approach.returned_at is None else approach.returned_at + settings.window,
                None if approach.heard_from is None else approach.heard_from + LINGER,
                None if newest is None or rule.phase is Phase.RETURNING else newest + GAP,
                approach.confirm_until,
            ]
        case Phase.FIRED:
            times = [rule.since + OUTCOME_WITHIN]
        case Phase.COOLING_DOWN:
            times = [rule.since + settings.cool_down]
    known = [at for at in times if at is not None]
    # A little later, so that "longer than" is true by then.
    return max(now, min(known)) + 0.001 if known else None


def ask_at(rule: Proximity) -> float | None:
    """When the phone is asked whether it is away: after a start, and while it must go on being away."""
    approach, settings = rule.approach, rule.settings
    if not settings.can_locate or approach.asks >= ASKS:
        return None
    if approach.left_at is not None and rule.phase is not Phase.AWAY:
        return max(
            approach.left_at + SECOND_FIX, approach.out_at + settings.arm_after, approach.asked_at + ASK_AGAIN
        )
    if rule.reason is Reason.RESTARTED and not approach.asks:
        return rule.since
    if rule.phase is Phase.RETURNING:
        # Not heard: perhaps it only came past.
        return None if approach.asks or approach.heard_from is not None else rule.since + settings.arm_after
    return None if approach.doubt_at is None else max(approach.doubt_at, approach.asked_at) + ASK_AGAIN
