"""What a rule is told. Times are seconds of the same clock as the `now` that comes with an event."""

from dataclasses import dataclass
from enum import StrEnum

from custom_components.smartlock.auto_unlock.rules.effects import RuleReason
from custom_components.smartlock.auto_unlock.rules.lock_facts import LockFacts
from custom_components.smartlock.auto_unlock.rules.settings import RuleSettings

__all__ = [
    "Alarm",
    "Configured",
    "Confirmed",
    "Entrances",
    "Heard",
    "Located",
    "LocationLost",
    "LockTold",
    "OnNetwork",
    "Outcome",
    "Paused",
    "QuietHours",
    "References",
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
    """A tracker of the kind that measures positions told where it is.

    Never a state that was restored after a restart, nor one told twice; never what a router or Bluetooth says.
    """

    tracker: str = ""
    """Which one, if the person has several: only the one that was away can be back."""
    at_home: bool | None
    """In the zone of the home; None if that was not told."""
    distance: float | None
    """From the home in m."""
    accuracy: float | None
    """In m, as the phone says."""
    fixed_at: float
    """When the position was taken, or first heard of if the phone does not tell."""
    radius: float | None = None
    """Of the home's zone in m; None if not known."""


@dataclass(frozen=True)
class LocationLost:
    """Where the phone is became unknown or unavailable."""

    tracker: str = ""


@dataclass(frozen=True)
class OnNetwork:
    """Whether the phone is in the home's own network (router or app); None if not known any more."""

    present: bool | None


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One advertisement of the phone, whether it changed or not."""

    rssi: float
    """In dBm."""
    scanner: str
    at: float


@dataclass(frozen=True)
class Reported:
    """The entity that is the evidence says whether the phone is at the door; None if it does not know."""

    near: bool | None


@dataclass(frozen=True)
class LockTold:
    """What is known of the lock, each time that it was read or has told something."""

    facts: LockFacts


@dataclass(frozen=True)
class Unlocked:
    """Somebody was let in, by hand or not, this rule's own action included.

    The lock was unlocked, or another entrance that the owner watches was opened.
    """


@dataclass(frozen=True)
class Alarm:
    """Whether the chosen alarm is armed; None if not known."""

    armed: bool | None


@dataclass(frozen=True)
class QuietHours:
    """Whether the owner wants no automatic unlock at this time of day; None if not known."""

    active: bool | None


@dataclass(frozen=True)
class Scanner:
    """Whether every scanner at the door is there and hears something."""

    present: bool


@dataclass(frozen=True)
class Entrances:
    """Whether every entrance that the owner watches reports whether it is open."""

    known: bool


@dataclass(frozen=True)
class References:
    """Whether everything that the owner chose for the rule still exists."""

    complete: bool


@dataclass(frozen=True)
class ZonesEdited:
    """The home was moved, or a zone was added, changed or removed: what was home may be away, and the reverse."""


@dataclass(frozen=True)
class Paused:
    """The owner's switch."""

    active: bool


@dataclass(frozen=True)
class Trouble:
    """Whether the PIN or the authorization is known to be refused; None if not known."""

    present: bool | None


@dataclass(frozen=True)
class Confirmed:
    """The answer from the phone to `AskConfirmation`."""

    yes: bool


@dataclass(frozen=True)
class Reset:
    """Home Assistant started again, or the machine was asleep: whatever was known is not."""

    reason: RuleReason = RuleReason.RESTARTED


@dataclass(frozen=True)
class Configured:
    """The owner changed the rule."""

    settings: RuleSettings


class Result(StrEnum):
    """What became of `Fire`."""

    DONE = "done"
    REFUSED = "refused"
    """The lock said no: too recent, night mode, disabled, or a code without a name."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    NOT_SENT = "not_sent"
    """The link failed before the action was written, or it was superseded."""


@dataclass(frozen=True)
class Outcome:
    """What became of `Fire`, told exactly once."""

    result: Result
    code: int | None = None
    """The lock's error code or completion status, if it named one."""


@dataclass(frozen=True)
class Tick:
    """Nothing happened, but `due` has passed."""


type RuleInput = (
    Alarm
    | Configured
    | Confirmed
    | Entrances
    | Heard
    | Located
    | LocationLost
    | LockTold
    | OnNetwork
    | Outcome
    | Paused
    | QuietHours
    | References
    | Reported
    | Reset
    | Scanner
    | Tick
    | Trouble
    | Unlocked
    | ZonesEdited
)
