"""Whether somebody has really left.

Positions alone can be wrong for hours: a phone in a drawer mistakes a moved access point for its location,
reports that it is 500 m away, accurate to 30 m, and repeats that when asked. Somebody who really leaves was
received near the door while it was used, and nowhere in the house afterwards; or moves: positions further
apart than their errors explain.
"""

from dataclasses import replace
import math

from custom_components.smartlock.auto_unlock.rules.events import Located
from custom_components.smartlock.auto_unlock.rules.state import Approach, RuleState

__all__ = [
    "DOUBTED_FOR",
    "LASTS",
    "MOVED",
    "PAUSE",
    "SILENT",
    "STEPS",
    "awake",
    "away_noted",
    "departure_of",
    "untrusted",
    "wrong_noted",
]

# From the door to the first position that is away; phones notice a departure late.
DOOR_BEFORE_FIX = 600.0
# Somebody who goes out uses the lock or the door then, and locks it a little later; reports take their time.
USED_BEFORE, USED_AFTER = 60.0, 120.0
# Somebody who has just come in is near the door, too.
IN_AGAIN = 180.0
# Out of range after the door.
RECEIVED_AFTER_DOOR = 90.0
# Minimum distance between the positions, whatever their errors.
MOVED = 100.0
# A phone that was received at home while it said that it was away is in doubt for so long. It mostly takes the same place
# for its own again: so many are remembered, and somebody who was seen leaving must also have been elsewhere, beyond the
# error of the position. Two distances that differ by at most this are remembered as one place.
DOUBTED_FOR, PLACES, SAME_PLACE = 7 * 86400.0, 2, 150.0
# It may also take two places for its own, one after the other, which looks like a way: its positions must move on this
# many times, so that they show three places.
STEPS = 2
# A phone that was silent for so long may report an old location: it was in flight mode, and is home again.
# The same holds for so long after a silence: the radio may be faster than the app.
SILENT = 900.0
# A phone that delivers stored positions ends with where it is, at home, within this time, s. One that cannot be
# asked and is away for longer reports where it is.
LASTS = 600.0
# Seconds within which an answer to a question arrives; and positions that nobody requested are not arriving in
# a series anyway.
ANSWER_FROM, ANSWER_UNTIL, PAUSE = 1.0, 15.0, 60.0


def away_noted(state: RuleState, fix: Located, now: float) -> Approach:
    """Return the evidence of a departure with one more position that is away. `now`: when it arrived."""
    approach, at = state.approach, fix.fixed_at
    begins = approach.left_at is None
    # Somebody who passes by and goes on was known to be on the way.
    known = approach.returned_at is not None and (approach.awake or approach.answered)
    asked_at = approach.asked_at
    answered = (
        asked_at + ANSWER_FROM <= now <= asked_at + ANSWER_UNTIL and state.unasked_at <= asked_at - PAUSE
    )
    nearest, farthest, steps = approach.nearest, approach.farthest, approach.steps
    if fix.distance is not None and fix.accuracy is not None:
        nearest = min(nearest, fix.distance + fix.accuracy)
        farthest = max(farthest, fix.distance - fix.accuracy)
        steps += max(approach.nearest - nearest, farthest - approach.farthest) >= MOVED and not begins
    first = at if approach.left_at is None else approach.left_at
    doubted = untrusted(state, first)
    elsewhere = (approach.elsewhere and not begins) or not _took_for_its_own(state, fix)
    used = state.conditions.used_at - state.door_at
    seen_off = (
        state.came_in_at + IN_AGAIN <= state.door_at
        and first <= state.door_at + DOOR_BEFORE_FIX
        and state.received_at <= state.door_at + RECEIVED_AFTER_DOOR
        and -USED_BEFORE <= used <= USED_AFTER
        and state.conditions.reported is not True
        and (elsewhere or not doubted)
    )
    return replace(
        approach,
        tracker=fix.tracker,
        awake=(awake(state, at) or known) if begins else approach.awake,
        answered=answered or (approach.answered and not begins),
        left_at=first,
        series_at=at if begins or approach.series_at is None else approach.series_at,
        out_at=state.door_at if seen_off else first if approach.left_at is None else approach.out_at,
        away_at=at,
        away_distance=math.inf if fix.distance is None else fix.distance,
        nearest=nearest,
        farthest=farthest,
        steps=steps,
        elsewhere=elsewhere,
        left=approach.left or seen_off or (farthest - nearest >= MOVED and (steps >= STEPS or not doubted)),
    )


def awake(state: RuleState, at: float) -> bool:
    """Whether a phone that now reports to be away was received before, and not only just after a silence."""
    return at - state.contact_at <= SILENT and at - state.awake_from >= SILENT


def untrusted(state: RuleState, first: float) -> bool:
    """Whether the phone took another place for its own in the week before it was away, first reported then."""
    return first <= state.contradicted_at + DOUBTED_FOR


def wrong_noted(state: RuleState, now: float) -> RuleState:
    """Return the state with a phone that was received at home though it said that it was away."""
    approach, places = state.approach, state.wrong_places
    place = approach.away_distance
    if not math.isfinite(place):
        # Nothing newer than all of its positions together.
        place = (approach.nearest + approach.farthest) / 2
    if math.isfinite(place):
        others = [each for each in places if abs(each - place) > SAME_PLACE]
        places = (*others, place)[-PLACES:]
    return replace(state, contradicted_at=now, wrong_places=places)


def _took_for_its_own(state: RuleState, fix: Located) -> bool:
    """Whether a position may be of a place that the phone took for its own lately."""
    if fix.distance is None or fix.accuracy is None:
        return True
    return any(abs(fix.distance - each) <= fix.accuracy + MOVED for each in state.wrong_places)


def departure_of(approach: Approach) -> Approach:
    """Return the evidence of having left, without that of coming back."""
    return Approach(
        tracker=approach.tracker,
        awake=approach.awake,
        answered=approach.answered,
        left_at=approach.left_at,
        series_at=approach.series_at,
        out_at=approach.out_at,
        away_at=approach.away_at,
        nearest=approach.nearest,
        farthest=approach.farthest,
        steps=approach.steps,
        elsewhere=approach.elsewhere,
        left=approach.left,
    )
