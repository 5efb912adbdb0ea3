"""What an entry of the log says: what happened, how, by whom, and with what result."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from custom_components.smartlock.protocol.enums import (
    AuthorizationIdType,
    CompletionStatus,
    DoorSensorEvent,
    KeypadSource,
    LockAction,
    LockActionFlag,
    LogEntryType,
    OpenEnum,
    Trigger,
)
from custom_components.smartlock.protocol.messages import (
    LogEntry,
    LoggedDoorEvent,
    LoggedFirmware,
    LoggedKeypadAction,
    LoggedRun,
    LoggedSwitch,
)
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.protocol.wire import shown


class Happening(StrEnum):
    """What happened, as the type of an event."""

    UNLOCKED = "unlocked"
    LOCKED = "locked"
    OPENED = "opened"
    LOCK_N_GO = "lock_n_go"
    BUTTON_PRESSED = "button_pressed"
    """A press that is set to do nothing."""
    FAILED = "failed"
    DOOR_OPENED = "door_opened"
    DOOR_CLOSED = "door_closed"
    DOOR_SENSOR_FAULT = "door_sensor_fault"
    CALIBRATED = "calibrated"
    STARTED = "started"
    LOGGING_CHANGED = "logging_changed"
    FIRMWARE_UPDATED = "firmware_updated"
    OTHER = "other"


class Denial(StrEnum):
    """How somebody was not let in, as the type of an event."""

    WRONG_CODE = "wrong_code"
    WRONG_FINGERPRINT = "wrong_fingerprint"
    NOT_ALLOWED = "not_allowed"
    """Known, but not now: switched off, expired, or outside the hours."""
    AUTO_UNLOCK_REFUSED = "auto_unlock_refused"


class Method(StrEnum):
    """How somebody operated the lock."""

    HOME_ASSISTANT = "home_assistant"
    KEYPAD_CODE = "keypad_code"
    FINGERPRINT = "fingerprint"
    KEYPAD_BUTTON = "keypad_button"
    KEYPAD = "keypad"
    APP = "app"
    BRIDGE = "bridge"
    FOB = "fob"
    BUTTON = "button"
    MANUAL = "manual"
    AUTO_LOCK = "auto_lock"
    AUTO_UNLOCK = "auto_unlock"
    TIME_CONTROL = "time_control"
    HOMEKIT = "homekit"
    MQTT = "mqtt"
    WEB = "web"
    ACCESSORY = "accessory"
    SYSTEM = "system"
    UNKNOWN = "unknown"


_SUCCESSES: Mapping[LockAction, Happening] = {
    LockAction.UNLOCK: Happening.UNLOCKED,
    LockAction.LOCK: Happening.LOCKED,
    LockAction.FULL_LOCK: Happening.LOCKED,
    LockAction.UNLATCH: Happening.OPENED,
    LockAction.LOCK_N_GO: Happening.LOCK_N_GO,
    LockAction.LOCK_N_GO_WITH_UNLATCH: Happening.LOCK_N_GO,
}
# What somebody does who comes in. Anyone who locks need not have been in.
OPENING = frozenset({Happening.UNLOCKED, Happening.OPENED, Happening.LOCK_N_GO})
_PRESSES = frozenset({LockAction.FOB_WITHOUT_ACTION, LockAction.BUTTON_WITHOUT_ACTION})
_DOOR: Mapping[DoorSensorEvent, Happening] = {
    DoorSensorEvent.OPENED: Happening.DOOR_OPENED,
    DoorSensorEvent.CLOSED: Happening.DOOR_CLOSED,
    DoorSensorEvent.JAMMED: Happening.DOOR_SENSOR_FAULT,
    DoorSensorEvent.TAMPERED: Happening.DOOR_SENSOR_FAULT,
}
_UNKNOWN_KEY: Mapping[CompletionStatus, Denial] = {
    CompletionStatus.INVALID_CODE: Denial.WRONG_CODE,
    CompletionStatus.INVALID_FINGERPRINT: Denial.WRONG_FINGERPRINT,
}
_REJECTIONS = frozenset({CompletionStatus.REJECTED, CompletionStatus.REJECTED_NIGHT_MODE})
_SOURCES: Mapping[KeypadSource, Method] = {
    KeypadSource.FINGERPRINT: Method.FINGERPRINT,
    KeypadSource.CODE: Method.KEYPAD_CODE,
    KeypadSource.ARROW_KEY: Method.KEYPAD_BUTTON,
}
# Nobody who has an authorization is behind these.
TRIGGERS: Mapping[Trigger, Method] = {
    Trigger.MANUAL: Method.MANUAL,
    Trigger.BUTTON: Method.BUTTON,
    Trigger.AUTO_LOCK: Method.AUTO_LOCK,
    Trigger.HOMEKIT: Method.HOMEKIT,
    Trigger.MQTT: Method.MQTT,
    Trigger.WEB: Method.WEB,
    Trigger.APP: Method.APP,
    Trigger.ACCESSORY: Method.ACCESSORY,
}
_USERS: Mapping[AuthorizationIdType, Method] = {
    AuthorizationIdType.APP: Method.APP,
    AuthorizationIdType.BRIDGE: Method.BRIDGE,
    AuthorizationIdType.FOB: Method.FOB,
    AuthorizationIdType.KEYPAD: Method.KEYPAD,
    AuthorizationIdType.KEYPAD_2: Method.KEYPAD,
    AuthorizationIdType.DOOR_SENSOR: Method.ACCESSORY,
}
# Where bit 0 of the flags may be the number of presses (the vendor's MQTT document), and means no auto unlock.
_NO_FLAGS = frozenset({Trigger.MANUAL, Trigger.BUTTON, Trigger.AUTOMATIC, Trigger.AUTO_LOCK})


@dataclass(frozen=True, kw_only=True)
class Record:
    """What an entry says, before anybody asks when it was and what its author is called."""

    index: int
    what: Happening | Denial
    method: Method
    authorization_id: int = field(default=0, repr=False)
    """0: nobody's."""
    name: str | None = field(default=None, repr=False)
    """What the entry calls its author; None for nothing, and for anyone who was not recognized."""
    code_id: int | None = None
    lock_action: LockAction | None = None
    result: str | None = None
    auto_unlock: bool = False
    more: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Attributes that only some have."""

    @property
    def denied(self) -> bool:
        """Whether somebody was not let in: that is kept apart from what happened."""
        return isinstance(self.what, Denial)

    @property
    def moved(self) -> bool:
        """Whether the bolt or the latch was moved, with success."""
        return self.what in _SUCCESSES.values()

    @property
    def opened(self) -> bool:
        """Whether somebody unlocked or opened, with success."""
        return self.what in OPENING


@dataclass(frozen=True, kw_only=True)
class Known:
    """Whom a lock knows."""

    own_id: int = field(repr=False)
    """The authorization id of Home Assistant."""
    types: Mapping[int, AuthorizationIdType] = field(default_factory=dict, repr=False)
    """What holds each authorization, by its id."""


def word(value: OpenEnum) -> str:
    """Return a value of the lock as a word in lower case, or as a number if it has no name."""
    return value.name.lower() if value.known else f"0x{int(value):02X}"


def record_of(entry: LogEntry, known: Known) -> Record:
    """Return what an entry says. Never fails: what nobody understands is called other or unknown."""
    match entry.type, entry.details:
        case LogEntryType.LOCK_ACTION, LoggedRun() as run:
            return _run(entry, run, _run_outcome(run, known.types.get(entry.authorization_id)), known)
        case LogEntryType.CALIBRATION, LoggedRun() as run:
            return _run(entry, run, Happening.CALIBRATED, known)
        case LogEntryType.INITIALIZATION_RUN, LoggedRun() as run:
            return _run(entry, run, Happening.STARTED, known)
        case LogEntryType.KEYPAD_ACTION, LoggedKeypadAction() as keypad:
            return _keypad(entry, keypad, known)
        case _, LoggedDoorEvent() as door if door.event in _DOOR:
            return _plain(entry, _DOOR[door.event], known)
        case _, LoggedSwitch() as switch:
            logs = "door" if entry.type == LogEntryType.DOOR_SENSOR_LOGGING else "activity"
            facts = {"what": logs, "enabled": bool(switch.enabled)}
            return _plain(entry, Happening.LOGGING_CHANGED, known, facts)
        case _, LoggedFirmware() as firmware:
            return _plain(entry, Happening.FIRMWARE_UPDATED, known, {"version": str(firmware.version)})
        case _:
            return _plain(entry, Happening.OTHER, known, {"entry_type": f"0x{int(entry.type):02X}"})


def _plain(
    entry: LogEntry, what: Happening, known: Known, more: Mapping[str, Any] = MappingProxyType({})
) -> Record:
    """Return an entry that no operation of the lock is behind."""
    method = _user_method(entry.authorization_id, known) or Method.UNKNOWN
    return Record(
        index=entry.index,
        what=what,
        method=method,
        authorization_id=entry.authorization_id,
        name=shown(entry.name) or None,
        more=more,
    )


def _user_method(authorization_id: int, known: Known) -> Method | None:
    if authorization_id and authorization_id == known.own_id:
        return Method.HOME_ASSISTANT
    return _USERS.get(known.types[authorization_id]) if authorization_id in known.types else None


def _run(entry: LogEntry, run: LoggedRun, what: Happening | Denial, known: Known) -> Record:
    more: dict[str, Any] = {}
    presses = int(run.flags)
    if what is Happening.BUTTON_PRESSED and 1 <= presses <= 9:
        more["presses"] = presses
    if what is Happening.OTHER:
        more["entry_type"] = f"0x{int(entry.type):02X}"
    auto_unlock = _is_auto_unlock(run, known.types.get(entry.authorization_id))
    method = _run_method(entry.authorization_id, run.trigger, known, auto_unlock=auto_unlock)
    if method is Method.UNKNOWN:
        more["trigger"] = f"0x{int(run.trigger):02X}"
    return Record(
        index=entry.index,
        what=what,
        method=method,
        authorization_id=entry.authorization_id,
        name=None if what in _UNKNOWN_KEY.values() else shown(entry.name) or None,
        lock_action=run.action,
        result=word(run.completion_status),
        auto_unlock=auto_unlock,
        more=more,
    )


def _is_auto_unlock(run: LoggedRun, holder: AuthorizationIdType | None) -> bool:
    marked = bool(run.flags & LockActionFlag.AUTO_UNLOCK)
    presses = run.action in _PRESSES or run.trigger in _NO_FLAGS or holder == AuthorizationIdType.FOB
    return marked and not presses


def _run_outcome(run: LoggedRun, holder: AuthorizationIdType | None) -> Happening | Denial:
    completion, auto_unlock = run.completion_status, _is_auto_unlock(run, holder)
    if completion in _UNKNOWN_KEY:
        return _UNKNOWN_KEY[completion]
    if auto_unlock and (completion in _REJECTIONS or completion == CompletionStatus.TOO_RECENT):
        return Denial.AUTO_UNLOCK_REFUSED
    if completion in _REJECTIONS:
        return Denial.NOT_ALLOWED
    if run.action in _PRESSES:
        return Happening.BUTTON_PRESSED
    if completion != CompletionStatus.SUCCESS:
        return Happening.FAILED
    return _SUCCESSES.get(run.action, Happening.OTHER)


def _run_method(authorization_id: int, trigger: Trigger, known: Known, *, auto_unlock: bool) -> Method:
    if authorization_id and authorization_id == known.own_id:
        return Method.HOME_ASSISTANT
    if trigger == Trigger.AUTO_LOCK:
        return Method.AUTO_LOCK
    if auto_unlock and authorization_id:
        return Method.AUTO_UNLOCK
    if trigger in TRIGGERS:
        return TRIGGERS[trigger]
    if (method := _user_method(authorization_id, known)) is not None:
        return method
    if trigger == Trigger.AUTOMATIC:
        # With somebody behind it, it is no time control: the vendor's MQTT document shows a fob so.
        return Method.FOB if authorization_id else Method.TIME_CONTROL
    if trigger == Trigger.SYSTEM and not authorization_id:
        return Method.SYSTEM
    return Method.UNKNOWN


def _keypad(entry: LogEntry, keypad: LoggedKeypadAction, known: Known) -> Record:
    # The vendor's document calls it a lock action; the keypad's own numbers agree with those as far as they go.
    action, completion = LockAction(int(keypad.action)), keypad.completion_status
    more: dict[str, Any] = {}
    what: Happening | Denial
    if completion in _UNKNOWN_KEY:
        what = _UNKNOWN_KEY[completion]
    elif completion in _REJECTIONS:
        what = Denial.NOT_ALLOWED
    elif completion != CompletionStatus.SUCCESS:
        what = Happening.FAILED
    else:
        what = _SUCCESSES.get(action, Happening.OTHER)
        if what is Happening.OTHER:
            more["entry_type"] = f"0x{int(entry.type):02X}"
    # It carries the keypad's own name then, which is nobody's.
    unrecognized = completion in _UNKNOWN_KEY or keypad.source == KeypadSource.ARROW_KEY
    return Record(
        index=entry.index,
        what=what,
        method=_SOURCES.get(keypad.source, Method.KEYPAD),
        authorization_id=entry.authorization_id,
        name=None if unrecognized else shown(entry.name) or None,
        code_id=keypad.code_id or None,
        lock_action=action,
        result=word(completion),
        more=more,
    )
