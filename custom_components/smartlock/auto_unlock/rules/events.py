"""The events of a rule. Times are seconds of the same clock as the `now` that comes with an event."""

from enum import StrEnum

from custom_components.smartlock.auto_unlock.rules.effects import RuleReason
from custom_components.smartlock.auto_unlock.rules.lock_facts import LockFacts
from custom_components.smartlock.auto_unlock.rules.settings import RuleSettings
from custom_components.smartlock.protocol.values import dataclass

__all__ = [
    "Alarm",
    "Configured",
    "Confirmed",
    "Entrances",
    "Located",
    "LocationLost",
    "LockReported",
    "OnNetwork",
    "Outcome",
    "Paused",
    "PhoneReceived",
    "QuietHours",
    "ReferencesChecked",
    "Reported",
    "Reset",
    "Result",
    "RuleInput",
    "Scanner",
    "Tick",
    "Trouble",
    "Unlocked",
    "ZonesEdited",
]


@dataclass(frozen=True, kw_only=True)
class Located:
    """A tracker that measures positions reported its location.

    Never a state that was restored after a restart, nor a repeated one; never a router's or Bluetooth's.
    """

    tracker: str = ""
    """Which tracker, if the person has several: only the one that was away can be back."""
    at_home: bool | None
    """In the home's zone; None if unknown."""
    distance: float | None
    """From the home in m."""
    accuracy: float | None
    """In m, according to the phone."""
    fixed_at: float
    """When the position was taken, or first received if the phone does not report it."""
    radius: float | None = None
    """Of the home's zone in m; None if unknown."""


@dataclass(frozen=True)
class LocationLost:
    """The phone's location became unknown or unavailable."""

    tracker: str = ""


@dataclass(frozen=True)
class OnNetwork:
    """Whether the phone is in the home's network (router or app); None if unknown."""

    present: bool | None


@dataclass(frozen=True, kw_only=True)
class PhoneReceived:
    """One advertisement of the phone, whether it changed or not."""

    rssi: float
    """In dBm."""
    scanner: str
    at: float


@dataclass(frozen=True)
class Reported:
    """The evidence entity's state: whether the phone is at the door; None if unknown."""

    near: bool | None


@dataclass(frozen=True)
class LockReported:
    """What is known about the lock, whenever it was read or has reported something."""

    facts: LockFacts


@dataclass(frozen=True)
class Unlocked:
    """Somebody was let in, manually or not, including this rule's own action.

    The lock was unlocked, or another entrance that the owner watches was opened.
    """


@dataclass(frozen=True)
class Alarm:
    """Whether the chosen alarm is armed; None if unknown."""

    armed: bool | None


@dataclass(frozen=True)
class QuietHours:
    """Whether the owner wants no automatic unlock at this time of day; None if unknown."""

    active: bool | None


@dataclass(frozen=True)
class Scanner:
    """Whether every scanner at the door exists and receives something."""

    present: bool


@dataclass(frozen=True)
class Entrances:
    """Whether every watched entrance reports whether it is open."""

    known: bool


@dataclass(frozen=True)
class ReferencesChecked:
    """Whether everything that the owner has chosen for the rule still exists."""

    complete: bool


@dataclass(frozen=True)
class ZonesEdited:
    """The home was moved, or a zone was added, changed or removed: home and away may have swapped."""


@dataclass(frozen=True)
class Paused:
    """The owner's choice of a mode."""

    active: bool


@dataclass(frozen=True)
class Trouble:
    """Whether PIN or authorization is known to be refused; None if unknown."""

    present: bool | None


@dataclass(frozen=True)
class Confirmed:
    """The answer from the phone to `AskConfirmation`."""

    yes: bool


@dataclass(frozen=True)
class Reset:
    """Home Assistant was restarted, or the machine was asleep: all knowledge is void."""

    reason: RuleReason = RuleReason.RESTARTED


@dataclass(frozen=True)
class Configured:
    """The owner changed the rule."""

    settings: RuleSettings


class Result(StrEnum):
    """The outcome of `Fire`."""

    DONE = "done"
    REFUSED = "refused"
    """The lock refused: too recent, night mode, disabled, or an unnamed code."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    NOT_SENT = "not_sent"
    """The link failed before the action was written, or the action was superseded."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of `Fire`, sent exactly once."""

    result: Result
    code: int | None = None
    """The lock's error code or completion status, if it named one."""


@dataclass(frozen=True)
class Tick:
    """No event, but `due` has passed."""


type RuleInput = (
    Alarm
    | Configured
    | Confirmed
    | Entrances
    | PhoneReceived
    | Located
    | LocationLost
    | LockReported
    | OnNetwork
    | Outcome
    | Paused
    | QuietHours
    | ReferencesChecked
    | Reported
    | Reset
    | Scanner
    | Tick
    | Trouble
    | Unlocked
    | ZonesEdited
)
