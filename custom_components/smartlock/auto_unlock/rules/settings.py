"""What the owner may choose for one rule. Distances in m, times in s, signal strength in dBm."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["WINDOW_MAX", "WINDOW_MIN", "Evidence", "RuleAction", "RuleSettings"]

# The range of the vendor's own window after the return.
WINDOW_MIN = 5 * 60.0
WINDOW_MAX = 40 * 60.0


class Evidence(StrEnum):
    """What tells that the phone is at the door, the strongest first. None of them is proof."""

    PRIVATE_DEVICE = "private_device"
    """Its rotating address, resolved with its identity key."""
    IBEACON = "ibeacon"
    """A number that never changes: whoever has heard it can send it."""
    ENTITY = "entity"
    """Another integration says so."""


class RuleAction(StrEnum):
    """What the lock is told to do."""

    UNLOCK = "unlock"
    UNLATCH = "unlatch"


@dataclass(frozen=True, kw_only=True)
class RuleSettings:
    """One person at one lock."""

    enabled: bool = False
    dry_run: bool = False
    """Only report what would have been done."""
    evidence: Evidence = Evidence.PRIVATE_DEVICE
    door_scanners: frozenset[str] = frozenset()
    """Sources of the advertisements that count as heard at the door."""
    threshold: float = -70.0
    """Level at the door, calibrated there."""
    window: float = 20 * 60.0
    """How long after the return somebody is expected at the door."""
    arm_distance: float = 200.0
    arm_accuracy: float = 100.0
    """A fix that is less exact than this proves nothing."""
    arm_after: float = 5 * 60.0
    """So long somebody must have been away."""
    cool_down: float = 10 * 60.0
    action: RuleAction = RuleAction.UNLOCK
    unlatching_allowed: bool = False
    """The door may open by itself; then only after a confirmation on the phone."""
    confirm: bool = False
    """Every time ask on the phone first."""
    hold_battery_critical: bool = True
    alarm: bool = False
    """An alarm was chosen that must be known to be disarmed."""
    phone_confirmed: bool = True
    """The owner has said that this phone was away with them, or set the rule up before that was asked."""
    can_locate: bool = False
    """The phone can be asked where it is (`AskLocation`)."""

    def __post_init__(self) -> None:
        """Refuse what makes no sense. Raises ValueError."""
        if not WINDOW_MIN <= self.window <= WINDOW_MAX:
            raise ValueError("window out of range")
        if min(self.arm_distance, self.arm_accuracy, self.arm_after, self.cool_down) <= 0:
            raise ValueError("distances and times are positive")
