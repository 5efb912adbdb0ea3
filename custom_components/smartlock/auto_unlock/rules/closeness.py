"""Whether somebody is coming to the door, or there."""

from custom_components.smartlock.auto_unlock.rules.effects import RulePhase
from custom_components.smartlock.auto_unlock.rules.settings import PhoneEvidence
from custom_components.smartlock.auto_unlock.rules.state import RuleState

__all__ = ["RISE", "closeness"]

# Decibels above the lowest level of the last minute that count as rising; near the door it may drop by so
# much again.
RISE = 6.0
SLACK = 6.0
# A value that stands alone must be this much louder, dB.
LOUD = 6.0
# And only so soon after the phone was first received, s: somebody who comes home is at the door within a minute.
# Later it may have come in with a key that nobody noticed, and a packet in the hall is loud, too.
LOUD_WITHIN = 60.0
# Seconds at almost the threshold that count as at the door, with the phone in another pocket than when
# calibrating.
STANDING = 5.0
# Decibels below the threshold at which somebody is some seconds from the door: time to connect.
COMING_MARGIN = 12.0


def closeness(state: RuleState, now: float) -> tuple[bool, bool]:
    """Return whether somebody is coming to the door, and whether somebody is there."""
    if state.settings.evidence is PhoneEvidence.ENTITY:
        there = state.conditions.reported is True and state.approach.reported_far
        return there, there
    level, rise = state.signal.level(now), state.signal.rise(now)
    if level is None or rise is None:
        single = state.signal.single(now)
        since = state.approach.received_since
        comes = since is not None and now <= since + LOUD_WITHIN
        loud = comes and single is not None and single >= state.settings.threshold + LOUD
        return loud, loud
    threshold, rising = state.settings.threshold, rise >= RISE
    if state.phase is RulePhase.NEAR:
        return True, level >= threshold - SLACK
    standing = state.signal.lowest(STANDING, now)
    near = level >= threshold or (standing is not None and standing >= threshold - SLACK)
    return rising and level >= threshold - COMING_MARGIN, rising and near
