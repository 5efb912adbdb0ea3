"""The effects and reports of a rule."""

from enum import StrEnum

from custom_components.smartlock.auto_unlock.rules.settings import RuleAction
from custom_components.smartlock.protocol.values import dataclass

__all__ = [
    "AskConfirmation",
    "AskLocation",
    "Decision",
    "DecisionFigures",
    "Effect",
    "Fire",
    "Hold",
    "PreConnect",
    "Report",
    "ReportKind",
    "RulePhase",
    "RuleReason",
]


class RulePhase(StrEnum):
    """The phases of a rule."""

    DISABLED = "disabled"
    HOME = "home"
    """Not armed."""
    LEAVING = "leaving"
    AWAY = "away"
    """Armed."""
    RETURNING = "returning"
    NEAR = "near"
    FIRED = "fired"
    COOLING_DOWN = "cooling_down"


class Hold(StrEnum):
    """Why somebody at the door is not let in."""

    PAUSED = "paused"
    QUIET_HOURS = "quiet_hours"
    ALARM_ARMED = "alarm_armed"
    ALARM_UNKNOWN = "alarm_unknown"
    STATE_NOT_READ = "state_not_read"
    """The lock has not reported its state since somebody came near."""
    STATE_UNKNOWN = "state_unknown"
    NOT_LOCKED = "not_locked"
    MOVING = "moving"
    JAMMED = "jammed"
    FAULTY = "faulty"
    BATTERY_CRITICAL = "battery_critical"
    DOOR_OPEN = "door_open"
    DOOR_UNKNOWN = "door_unknown"
    TROUBLE = "trouble"
    """PIN or authorization is refused."""
    WOULD_UNLATCH = "would_unlatch"
    """With the lock's auto unlatch on, or unknown, the door would open."""
    SOMEBODY_UNLOCKED = "somebody_unlocked"
    NOT_CONFIRMED = "not_confirmed"
    ENTRANCE_UNKNOWN = "entrance_unknown"
    """A watched entrance does not report, or did not until recently: somebody may have come in through it."""
    REFERENCE_GONE = "reference_gone"
    """An entity, a person, a scanner or a notify action that the rule uses no longer exists."""
    PHONE_NOT_CONFIRMED = "phone_not_confirmed"
    """Nobody has confirmed yet that this phone was the one away with its owner."""


class RuleReason(StrEnum):
    """Why a rule changed its phase, if not because of a hold."""

    SWITCHED_OFF = "switched_off"
    SWITCHED_ON = "switched_on"
    CONFIGURED = "configured"
    RESTARTED = "restarted"
    CLOCK_GAP = "clock_gap"
    """The machine was asleep, or its clock jumped."""
    SCANNER_GONE = "scanner_gone"
    ZONES_EDITED = "zones_edited"
    COMPLETE = "complete"
    """Something that was missing is back."""
    AT_HOME = "at_home"
    """The app reports the phone at home, after a reason for not arming was shown."""
    NO_POSITION = "no_position"
    """The app reports zones only, which do not prove a departure."""
    POSITION_INEXACT = "position_inexact"
    POSITION_JUMPED = "position_jumped"
    """Back sooner than anyone can travel: positions that were stored and sent late."""
    PHONE_SILENT = "phone_silent"
    """It was silent before it reported positions that are away: they may be old."""
    NOT_SEEN_LEAVING = "not_seen_leaving"
    WENT_OUT = "went_out"
    STAYED_AWAY = "stayed_away"
    CAME_BACK = "came_back"
    BACK_TOO_SOON = "back_too_soon"
    LOCATION_LOST = "location_lost"
    LOCATION_STALE = "location_stale"
    ON_NETWORK = "on_network"
    HEARD_AT_HOME = "heard_at_home"
    """The phone reports to be away but is received here: one of the two is wrong."""
    AT_THE_DOOR = "at_the_door"
    WENT_BY = "went_by"
    LINGERED = "lingered"
    """Around the house for longer than an approach takes."""
    WINDOW_OVER = "window_over"
    UNLOCKED = "unlocked"
    FIRED = "fired"
    WOULD_FIRE = "would_fire"
    DONE = "done"
    REFUSED_BY_LOCK = "refused_by_lock"
    OUTCOME_UNKNOWN = "outcome_unknown"
    NOT_SENT = "not_sent"
    COOLED_DOWN = "cooled_down"


@dataclass(frozen=True, kw_only=True)
class DecisionFigures:
    """The evidence for a decision: figures, nothing personal."""

    level: float | None = None
    """Smoothed level at the door in dBm."""
    rise: float | None = None
    """By how much it rose on the way, in dB."""
    samples: int = 0
    since_return: float | None = None
    """Seconds since the phone reported that it was back."""
    state_age: float | None = None
    """Seconds since the lock reported its state."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One line of the record."""

    at: float
    phase: RulePhase
    """After it."""
    reason: RuleReason | Hold
    proof: DecisionFigures
    code: int | None = None
    """The lock's answer."""


@dataclass(frozen=True)
class PreConnect:
    """Open the link, read the state, answer with `LockReported`, and keep the link open until then."""

    until: float


@dataclass(frozen=True)
class AskLocation:
    """Ask the phone for its location."""


@dataclass(frozen=True)
class AskConfirmation:
    """Ask the owner on the phone; an answer after `until` is void."""

    until: float


@dataclass(frozen=True, kw_only=True)
class Fire:
    """Send the action to the lock, once, with the auto unlock flag, and answer with `Outcome`."""

    action: RuleAction
    proof: DecisionFigures


class ReportKind(StrEnum):
    """What is reported to the owner."""

    FIRED = "fired"
    WOULD_FIRE = "would_fire"
    """Dry run."""
    REFUSED = "refused"
    """By a hold, or by the lock."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Report to the owner."""

    kind: ReportKind
    reason: RuleReason | Hold
    proof: DecisionFigures
    code: int | None = None


type Effect = AskConfirmation | AskLocation | Fire | PreConnect | Report
