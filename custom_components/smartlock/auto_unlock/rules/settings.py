"""The owner's choices for one rule. Distances in m, times in s, signal strength in dBm."""

from enum import StrEnum

from custom_components.smartlock.protocol.values import dataclass

__all__ = ["WINDOW_MAX", "WINDOW_MIN", "PhoneEvidence", "RuleAction", "RuleSettings"]

# The range of the vendor's own window after the return.
WINDOW_MIN = 5 * 60.0
WINDOW_MAX = 40 * 60.0


class PhoneEvidence(StrEnum):
    """What shows that the phone is at the door, the strongest first. None of it is proof."""

    PRIVATE_DEVICE = "private_device"
    """Its rotating address, resolved with its identity key."""
    IBEACON = "ibeacon"
    """A constant number: anyone who has received it can send it."""
    ENTITY = "entity"
    """Another integration's entity."""


class RuleAction(StrEnum):
    """The action to send to the lock."""

    UNLOCK = "unlock"
    UNLATCH = "unlatch"


@dataclass(frozen=True, kw_only=True)
class RuleSettings:
    """One person at one lock."""

    enabled: bool = False
    dry_run: bool = False
    """Only report what would have been done."""
    evidence: PhoneEvidence = PhoneEvidence.PRIVATE_DEVICE
    door_scanners: frozenset[str] = frozenset()
    """Sources of the advertisements that count as received at the door."""
    threshold: float = -70.0
    """Level at the door, calibrated there."""
    window: float = 20 * 60.0
    """How long after the return somebody is expected at the door."""
    arm_distance: float = 200.0
    arm_accuracy: float = 100.0
    """A less accurate position proves nothing."""
    arm_after: float = 5 * 60.0
    """Minimum absence."""
    cool_down: float = 10 * 60.0
    action: RuleAction = RuleAction.UNLOCK
    unlatching_allowed: bool = False
    """The door may open by itself; then only after a confirmation on the phone."""
    confirm: bool = False
    """Always ask on the phone first."""
    hold_battery_critical: bool = True
    alarm: bool = False
    """An alarm was chosen that must be known to be disarmed."""
    phone_confirmed: bool = True
    """The owner has confirmed that this phone was away with them, or was never asked."""
    can_locate: bool = False
    """The phone can be asked for its location (`AskLocation`)."""

    def __post_init__(self) -> None:
        """Reject invalid combinations. Raises ValueError."""
        if not WINDOW_MIN <= self.window <= WINDOW_MAX:
            raise ValueError("window out of range")
        if min(self.arm_distance, self.arm_accuracy, self.arm_after, self.cool_down) <= 0:
            raise ValueError("distances and times are positive")
