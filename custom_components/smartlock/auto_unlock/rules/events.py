"""What a rule is told. Times are seconds of the same clock as the `now` that comes with an event."""

from dataclasses import dataclass
from enum import StrEnum

from custom_components.smartlock.auto_unlock.rules.lock_facts import LockFacts
from custom_components.smartlock.auto_unlock.rules.settings import RuleSettings

__all__ = [
    "Alarm",
    "Configured",
    "Confirmed",
    "Heard",
    "Located",
    "LocationLost",
    "LockTold",
    "OnNetwork",
    "Outcome",
    "Paused",
    "QuietHours",
    "Reported",
    "Reset",
    "Result",
    "RuleInput",
    "Tick",
    "Trouble",
    "Unlocked",
]


@dataclass(frozen=True, kw_only=True)
class Located:
    """The phone's app told where it is. Never a state that was restored after a restart, nor one told twice."""

    at_home: bool | None
    """In the zone of the home; None if that was not told."""
    distance: float | None
    """From the home in m."""
    accuracy: float | None
    """In m, as the phone says."""
    fixed_at: float
    """When the position was taken, or first heard of if the phone does not tell."""


@dataclass(frozen=True)
class LocationLost:
    """Where the phone is became unknown or unavailable."""


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
    """Home Assistant or the integration started again: whatever was known is not."""


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
    | Heard
    | Located
    | LocationLost
    | LockTold
    | OnNetwork
    | Outcome
    | Paused
    | QuietHours
    | Reported
    | Reset
    | Tick
    | Trouble
    | Unlocked
)
