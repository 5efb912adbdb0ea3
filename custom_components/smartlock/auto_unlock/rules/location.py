"""What one position of the phone proves."""

from enum import Enum, auto
import math

from custom_components.smartlock.auto_unlock.rules.events import Located
from custom_components.smartlock.auto_unlock.rules.settings import RuleSettings

__all__ = ["Side", "may_be_away", "side_of"]

# A position that is older on arrival says where the phone was.
FIX_AGE = 120.0


class Side(Enum):
    """On which side of the border a position is."""

    HOME = auto()
    NEARBY = auto()
    """Outside the zone, but too near for a departure: enough for a return."""
    AWAY = auto()
    VAGUE = auto()
    """Too inaccurate or too old to prove anything, but no reason for doubt."""
    UNKNOWN = auto()


def side_of(fix: Located, settings: RuleSettings, now: float) -> Side:
    """Return what a position proves."""
    at_home, distance, accuracy = fix.at_home, fix.distance, fix.accuracy
    if distance is None and accuracy is None:
        # The app reports only the zone: enough for a return, not for a departure.
        return Side.HOME if at_home is True else Side.UNKNOWN
    # Home Assistant shows zero for an unknown accuracy, and iOS gives a negative one for an invalid position.
    if accuracy is None or not math.isfinite(accuracy) or accuracy <= 0:
        return Side.UNKNOWN
    if distance is not None and not (math.isfinite(distance) and distance >= 0):
        return Side.UNKNOWN
    if accuracy > settings.arm_accuracy:
        return Side.VAGUE
    if at_home is True:
        # In Home Assistant the app's zones override its position; here they do not.
        border = max(settings.arm_distance, fix.radius or 0.0)
        disproved = distance is not None and distance - accuracy > border
        return Side.VAGUE if disproved else Side.HOME
    if distance is not None and distance < settings.arm_distance:
        return Side.NEARBY
    if distance is None and at_home is None:
        return Side.UNKNOWN
    return Side.AWAY if now - fix.fixed_at <= FIX_AGE else Side.VAGUE


def may_be_away(fix: Located, settings: RuleSettings) -> bool:
    """Return whether, by this position, somebody may be on the way out, which is worth another question."""
    distance, accuracy = fix.distance, fix.accuracy
    if distance is None or accuracy is None:
        return False
    return fix.at_home is not True or distance + accuracy >= settings.arm_distance
