"""The one place that turns errors of the client into Home Assistant's, in plain words."""

from abc import abstractmethod
from collections.abc import Mapping

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.enums import CompletionStatus, ErrorCode
from custom_components.smartlock.protocol.errors import (
    AuthenticationError,
    BadSettingError,
    LinkError,
    LockRefusedError,
    MovingError,
    NoFreeSlotError,
    NotStartedError,
    OutcomeUnknownError,
    ProtocolError,
    ReplacedError,
    RunFailedError,
    SettingsNotKeptError,
    SettingsUnknownError,
    SmartLockError,
    UnreachableError,
)


class TranslatableError(SmartLockError):
    """An error of a feature that brings its own text."""

    invalid: bool = False
    """Whether it is about what the caller gave."""

    @abstractmethod
    def translation(self) -> tuple[str, dict[str, str]]:
        """Return the translation key under `exceptions`, and the placeholders of its text."""


# Refusals with a meaning for the owner. Any other code is shown as a number.
REFUSALS: Mapping[ErrorCode, str] = {
    ErrorCode.K_NOT_AUTHORIZED: "not_authorized",
    ErrorCode.K_BAD_PIN: "wrong_pin",
    ErrorCode.K_TOO_MANY_PIN_ATTEMPTS: "pin_blocked",
    ErrorCode.K_DISABLED: "authorization_disabled",
    ErrorCode.K_TIME_NOT_ALLOWED: "time_not_allowed",
    ErrorCode.K_AUTO_UNLOCK_TOO_RECENT: "auto_unlock_too_recent",
    ErrorCode.K_POSITION_UNKNOWN: "position_unknown",
    ErrorCode.K_MOTOR_BLOCKED: "motor_blocked",
    ErrorCode.K_CLUTCH_FAILURE: "clutch_failure",
    ErrorCode.K_MOTOR_TIMEOUT: "motor_timeout",
    ErrorCode.K_BUSY: "busy",
    ErrorCode.K_CANCELED: "canceled",
    ErrorCode.K_NOT_CALIBRATED: "not_calibrated",
    ErrorCode.K_MOTOR_POSITION_LIMIT: "position_limit",
    ErrorCode.K_MOTOR_LOW_VOLTAGE: "low_voltage",
    ErrorCode.K_MOTOR_POWER_FAILURE: "motor_power_failure",
    ErrorCode.K_CLUTCH_POWER_FAILURE: "clutch_power_failure",
    ErrorCode.K_VOLTAGE_TOO_LOW: "low_voltage",
    ErrorCode.K_FIRMWARE_UPDATE_NEEDED: "firmware_update_needed",
    ErrorCode.K_REJECTED: "rejected",
    ErrorCode.K_REJECTED_NIGHT_MODE: "rejected_night_mode",
    ErrorCode.K_NOT_IN_MAINTENANCE_MODE: "lock_setup",
    ErrorCode.K_ALREADY_CONFIGURED: "lock_setup",
    ErrorCode.K_TIMEOUT: "lock_setup",
    ErrorCode.K_NO_NUKI_ID: "lock_setup",
}

# Likewise for the completion status of a run without an Error Report.
RUN_FAILURES: Mapping[CompletionStatus, str] = {
    CompletionStatus.MOTOR_BLOCKED: "motor_blocked",
    CompletionStatus.CANCELED: "canceled",
    CompletionStatus.TOO_RECENT: "auto_unlock_too_recent",
    CompletionStatus.BUSY: "busy",
    CompletionStatus.LOW_MOTOR_VOLTAGE: "low_voltage",
    CompletionStatus.CLUTCH_FAILURE: "clutch_failure",
    CompletionStatus.MOTOR_POWER_FAILURE: "motor_power_failure",
    CompletionStatus.INCOMPLETE: "incomplete",
    CompletionStatus.REJECTED: "rejected",
    CompletionStatus.REJECTED_NIGHT_MODE: "rejected_night_mode",
    CompletionStatus.HANDLE_NOT_LIFTED: "handle_not_lifted",
}

SETTING_PROBLEMS: Mapping[type[SmartLockError], str] = {
    BadSettingError: "bad_setting",
    SettingsNotKeptError: "settings_not_kept",
    SettingsUnknownError: "settings_unknown",
}


def problem(error: SmartLockError) -> tuple[str, dict[str, str]]:
    """Return the translation key and the placeholders that explain an error to the owner."""
    match error:
        case TranslatableError():
            return error.translation()
        case LockRefusedError():
            code = f"0x{error.code:02X}"
            other = "door_sensor" if error.code.about_door_sensor else "refused"
            return REFUSALS.get(error.code, other), {"code": code}
        case RunFailedError():
            code = f"0x{error.completion:02X}"
            other = "denied" if error.completion.denied else "run_failed"
            return RUN_FAILURES.get(error.completion, other), {"code": code}
        case OutcomeUnknownError():
            return "outcome_unknown", {}
        case NoFreeSlotError():
            return "no_free_slot", {"reason": error.reason}
        case UnreachableError():
            return "unreachable", {"reason": error.reason}
        case ReplacedError():
            return "replaced", {}
        case NotStartedError():
            return "not_started", {"reason": ""}
        case LinkError():
            return "connection_lost", {}
        case AuthenticationError():
            return "not_genuine", {}
        case ProtocolError():
            return "not_understood", {}
        case MovingError():
            return "moving", {}
        case BadSettingError() | SettingsNotKeptError() | SettingsUnknownError():
            return SETTING_PROBLEMS[type(error)], {"fields": ", ".join(error.fields)}
        case _:
            return "failed", {}


# Refusals that dialogs explain. Those about the bolt have no meaning there.
_EXPLAINED = frozenset({"authorization_disabled", "busy", "not_authorized", "pin_blocked", "wrong_pin"})


def explained(error: SmartLockError) -> tuple[str, str]:
    """Return the translation key of an error in a dialog, and the reason for its text."""
    key, placeholders = problem(error)
    if isinstance(error, LockRefusedError) and key not in _EXPLAINED:
        key = "refused"
    return key, placeholders.get("reason", "") or placeholders.get("code", "")


def translated(
    error: SmartLockError, reason: str = "", fields: str = "", *, moving: bool = False
) -> HomeAssistantError:
    """Return the error that a caller in Home Assistant sees.

    `reason` explains the state of the connection; `fields` names the settings that the error is about, if it is
    about any. `moving`: the bolt was to move, so the text says whether it has.
    """
    key, placeholders = problem(error)
    if key == "connection_lost" and not moving:
        key = "nothing_changed"
    if key == "not_started":
        placeholders = {"reason": reason}
    if fields:
        placeholders = {"fields": fields}
    # A mistake of the caller is not a failure of the lock.
    invalid = error.invalid if isinstance(error, TranslatableError) else isinstance(error, BadSettingError)
    kind = ServiceValidationError if invalid else HomeAssistantError
    return kind(translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders)
