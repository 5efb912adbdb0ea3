"""The numbers of the protocol and the vendor's names for them.

Firmware grows: a value without a name here is kept as a member `UNKNOWN_0x..` of its number and written
back unchanged. Such members are not singletons: compare with `==`, never with `is`.

Source: Nuki Smart Lock API V2.1 and V2.3.0; members that only other public clients know are marked.
"""

from collections.abc import Callable, Mapping
from enum import Enum, IntEnum, IntFlag
from typing import Self, override

from .values import dataclass


class Memo[T](dict[int, T]):
    """What numbers of one or two bytes are converted to, each of them once: most of a message is such numbers."""

    def __init__(self, convert: Callable[[int], T]) -> None:
        """Start with none."""
        super().__init__()
        self._convert = convert

    def __missing__(self, number: int) -> T:
        """Convert a number that is asked for for the first time."""
        value = self[number] = self._convert(number)
        return value


class OpenEnum(IntEnum):
    """An integer enumeration that keeps values it has no name for."""

    @classmethod
    @override
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_0x{value:02X}"
        member._value_ = value
        return member

    @property
    def known(self) -> bool:
        """Whether this number has a name."""
        return self._value_ in type(self)._value2member_map_


class Command(OpenEnum):
    """Command identifiers (uint16)."""

    REQUEST_DATA = 0x0001
    PUBLIC_KEY = 0x0003
    CHALLENGE = 0x0004
    AUTHORIZATION_AUTHENTICATOR = 0x0005
    AUTHORIZATION_DATA = 0x0006
    AUTHORIZATION_ID = 0x0007
    REMOVE_AUTHORIZATION_ENTRY = 0x0008
    REQUEST_AUTHORIZATION_ENTRIES = 0x0009
    AUTHORIZATION_ENTRY = 0x000A
    AUTHORIZATION_DATA_INVITE = 0x000B
    KEYTURNER_STATES = 0x000C
    LOCK_ACTION = 0x000D
    STATUS = 0x000E
    MOST_RECENT_COMMAND = 0x000F
    OPENINGS_CLOSINGS_SUMMARY = 0x0010
    BATTERY_REPORT = 0x0011
    ERROR_REPORT = 0x0012
    SET_CONFIG = 0x0013
    REQUEST_CONFIG = 0x0014
    CONFIG = 0x0015
    SET_SECURITY_PIN = 0x0019
    REQUEST_CALIBRATION = 0x001A
    REQUEST_REBOOT = 0x001D
    AUTHORIZATION_ID_CONFIRMATION = 0x001E
    AUTHORIZATION_ID_INVITE = 0x001F
    VERIFY_SECURITY_PIN = 0x0020
    UPDATE_TIME = 0x0021
    UPDATE_AUTHORIZATION_ENTRY = 0x0025
    AUTHORIZATION_ENTRY_COUNT = 0x0027
    REQUEST_LOG_ENTRIES = 0x0031
    LOG_ENTRY = 0x0032
    LOG_ENTRY_COUNT = 0x0033
    ENABLE_LOGGING = 0x0034
    SET_ADVANCED_CONFIG = 0x0035
    REQUEST_ADVANCED_CONFIG = 0x0036
    ADVANCED_CONFIG = 0x0037
    ADD_TIME_CONTROL_ENTRY = 0x0039
    TIME_CONTROL_ENTRY_ID = 0x003A
    REMOVE_TIME_CONTROL_ENTRY = 0x003B
    REQUEST_TIME_CONTROL_ENTRIES = 0x003C
    TIME_CONTROL_ENTRY_COUNT = 0x003D
    TIME_CONTROL_ENTRY = 0x003E
    UPDATE_TIME_CONTROL_ENTRY = 0x003F
    ADD_KEYPAD_CODE = 0x0041
    KEYPAD_CODE_ID = 0x0042
    REQUEST_KEYPAD_CODES = 0x0043
    KEYPAD_CODE_COUNT = 0x0044
    KEYPAD_CODE = 0x0045
    UPDATE_KEYPAD_CODE = 0x0046
    REMOVE_KEYPAD_CODE = 0x0047
    KEYPAD_ACTION = 0x0048
    AUTHORIZATION_INFO = 0x004C
    # From here on undocumented (I-Connect/NukiBleEsp32), but for the last one.
    CONTINUOUS_MODE_ACTION = 0x0057
    REQUEST_DOOR_SENSOR_CONFIG = 0x0058
    DOOR_SENSOR_CONFIG = 0x0059
    REQUEST_DAILY_STATISTICS = 0x0060
    DAILY_STATISTICS = 0x0061
    REQUEST_GENERAL_STATISTICS = 0x0063
    GENERAL_STATISTICS = 0x0064
    REQUEST_INTERNAL_LOG_ENTRIES = 0x0065
    INTERNAL_LOG_ENTRY = 0x0066
    ACCESSORY_INFO = 0x0090
    REQUEST_ACCESSORY_INFO = 0x0091
    REQUEST_KEYPAD_2_CONFIG = 0x009A
    KEYPAD_2_CONFIG = 0x009B
    SIMPLE_LOCK_ACTION = 0x0100


class NukiState(OpenEnum):
    """Operating mode of the device (Keyturner States, byte 0)."""

    UNINITIALIZED = 0x00
    PAIRING_MODE = 0x01
    DOOR_MODE = 0x02
    CONTINUOUS_MODE = 0x03
    MAINTENANCE_MODE = 0x04
    OFF_DOOR_CHARGING = 0x05  # Web API only


class Place(Enum):
    """Where the bolt is."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"


@dataclass(frozen=True, kw_only=True)
class _StateFacts:
    """What a state of the bolt means; the defaults are those of a state that says nothing about it."""

    place: Place | None = None
    heading: Place | None = None
    moving: bool = False
    passing: bool = False
    at_rest: bool = False


class LockState(OpenEnum):
    """State of the bolt (Keyturner States, byte 1)."""

    UNCALIBRATED = 0x00
    LOCKED = 0x01
    UNLOCKING = 0x02
    UNLOCKED = 0x03
    LOCKING = 0x04
    UNLATCHED = 0x05
    UNLOCKED_LOCK_N_GO = 0x06
    UNLATCHING = 0x07
    CALIBRATION = 0xFC
    BOOT_RUN = 0xFD
    MOTOR_BLOCKED = 0xFE
    UNDEFINED = 0xFF

    @property
    def _facts(self) -> _StateFacts:
        return _STATES.get(self, _UNNAMED_STATE)

    @property
    def place(self) -> Place | None:
        """Where the bolt is; None where the state does not say so."""
        return self._facts.place

    @property
    def heading(self) -> Place | None:
        """Where the bolt is or is being moved to; None where the state does not say so."""
        return self._facts.heading or self._facts.place

    @property
    def moving(self) -> bool:
        """Whether the motor runs in this state; a state without a name is not known to be moving."""
        return self._facts.moving

    @property
    def in_motion(self) -> bool:
        """Whether a run is not over: the motor runs, or holds a latch that it will release."""
        return self._facts.moving or self == LockState.UNLATCHED

    @property
    def passing(self) -> bool:
        """Whether it ends without anybody doing anything: in motion, or about to lock again."""
        return self._facts.passing

    @property
    def at_rest(self) -> bool:
        """Whether it stays as it is and nothing is wrong: the motor is free for something else."""
        return self._facts.at_rest


_UNNAMED_STATE = _StateFacts()
_STATES: Mapping[LockState, _StateFacts] = {
    LockState.UNCALIBRATED: _StateFacts(at_rest=True),
    LockState.LOCKED: _StateFacts(place=Place.LOCKED, at_rest=True),
    LockState.UNLOCKING: _StateFacts(heading=Place.UNLOCKED, moving=True, passing=True),
    LockState.UNLOCKED: _StateFacts(place=Place.UNLOCKED, at_rest=True),
    LockState.LOCKING: _StateFacts(heading=Place.LOCKED, moving=True, passing=True),
    LockState.UNLATCHED: _StateFacts(place=Place.UNLOCKED, passing=True),
    LockState.UNLOCKED_LOCK_N_GO: _StateFacts(place=Place.UNLOCKED, passing=True),
    LockState.UNLATCHING: _StateFacts(heading=Place.UNLOCKED, moving=True, passing=True),
    LockState.CALIBRATION: _StateFacts(moving=True, passing=True),
    LockState.BOOT_RUN: _StateFacts(moving=True, passing=True),
    LockState.MOTOR_BLOCKED: _UNNAMED_STATE,
    LockState.UNDEFINED: _UNNAMED_STATE,
}


class Trigger(OpenEnum):
    """What caused a change of the lock state."""

    SYSTEM = 0x00
    MANUAL = 0x01
    BUTTON = 0x02
    AUTOMATIC = 0x03
    WEB = 0x04  # Web API only, like the next one
    APP = 0x05
    AUTO_LOCK = 0x06
    ACCESSORY = 0x07
    HOMEKIT = 0xAB  # I-Connect/NukiBleEsp32, like the next one
    MQTT = 0xAC
    UNDEFINED = 0xFF


@dataclass(frozen=True, kw_only=True)
class _ActionFacts:
    """What an action does to the bolt; the defaults are those of an action that moves nothing by itself."""

    goal: Place | None = None
    leaves: frozenset[Place] = frozenset()
    shows: frozenset[LockState] = frozenset()
    unlatches: bool = False


class LockAction(OpenEnum):
    """The action requested from the lock, or its last one."""

    NONE = 0x00
    UNLOCK = 0x01
    LOCK = 0x02
    UNLATCH = 0x03
    LOCK_N_GO = 0x04
    LOCK_N_GO_WITH_UNLATCH = 0x05
    FULL_LOCK = 0x06
    FOB_WITHOUT_ACTION = 0x50  # log only, I-Connect/NukiBleEsp32, like the next one
    BUTTON_WITHOUT_ACTION = 0x5A
    FOB_ACTION_1 = 0x81
    FOB_ACTION_2 = 0x82
    FOB_ACTION_3 = 0x83

    @property
    def _facts(self) -> _ActionFacts:
        return _ACTIONS.get(self, _UNNAMED_ACTION)

    @property
    def goal(self) -> Place | None:
        """Where the bolt has to be when it is done; None for an action that goes on by itself, or moves nothing."""
        return self._facts.goal

    @property
    def leaves(self) -> frozenset[Place]:
        """Where a run that succeeded may have left the bolt; empty for what is no run of the motor."""
        return self._facts.leaves

    @property
    def shows(self) -> frozenset[LockState]:
        """States of which one is shown in the course of a run that succeeds."""
        return self._facts.shows

    @property
    def unlatches(self) -> bool:
        """Whether it pulls the latch, and so never goes without the motor."""
        return self._facts.unlatches


_OPEN_STATES = frozenset(state for state, facts in _STATES.items() if facts.place is Place.UNLOCKED)
_UNNAMED_ACTION = _ActionFacts()
_UNLOCKS = _ActionFacts(goal=Place.UNLOCKED, leaves=frozenset({Place.UNLOCKED}), shows=_OPEN_STATES)
_LOCKS = _ActionFacts(
    goal=Place.LOCKED, leaves=frozenset({Place.LOCKED}), shows=frozenset({LockState.LOCKED})
)
_ACTIONS: Mapping[LockAction, _ActionFacts] = {
    LockAction.UNLOCK: _UNLOCKS,
    LockAction.LOCK: _LOCKS,
    LockAction.FULL_LOCK: _LOCKS,
    LockAction.UNLATCH: _ActionFacts(
        leaves=frozenset({Place.UNLOCKED}), shows=frozenset({LockState.UNLATCHED}), unlatches=True
    ),
    LockAction.LOCK_N_GO: _ActionFacts(leaves=frozenset(Place), shows=_OPEN_STATES),
    LockAction.LOCK_N_GO_WITH_UNLATCH: _ActionFacts(
        leaves=frozenset(Place), shows=frozenset({LockState.UNLATCHED}), unlatches=True
    ),
}


class LockActionFlag(IntFlag):
    """Flags of a lock action: marked as auto unlock, checks such as "too recent" skipped."""

    NONE = 0x00
    AUTO_UNLOCK = 0x01
    FORCE = 0x02


class CompletionStatus(OpenEnum):
    """How the last lock action ended."""

    SUCCESS = 0x00
    MOTOR_BLOCKED = 0x01
    CANCELED = 0x02
    TOO_RECENT = 0x03
    BUSY = 0x04
    LOW_MOTOR_VOLTAGE = 0x05
    CLUTCH_FAILURE = 0x06
    MOTOR_POWER_FAILURE = 0x07
    INCOMPLETE = 0x08
    REJECTED = 0x09
    REJECTED_NIGHT_MODE = 0x0A
    HANDLE_NOT_LIFTED = 0x0B
    INVALID_CODE = 0xE0
    INVALID_FINGERPRINT = 0xE1
    OTHER_ERROR = 0xFE
    UNKNOWN = 0xFF

    @property
    def denied(self) -> bool:
        """Whether somebody was not let in: a wrong code, an unknown finger, and the unnamed numbers next to them."""
        return 0xE0 <= self <= 0xEF


class DoorSensorState(OpenEnum):
    """State of the door sensor; the values differ by generation and do not collide."""

    UNAVAILABLE = 0x00
    DEACTIVATED = 0x01
    CLOSED = 0x02
    OPENED = 0x03
    UNKNOWN = 0x04
    CALIBRATING = 0x05
    UNCALIBRATED = 0x10
    TAMPERED = 0xF0
    UNKNOWN_GEN_3 = 0xFF


class StatusCode(OpenEnum):
    """Progress of a command."""

    COMPLETE = 0x00
    ACCEPTED = 0x01


class AuthorizationIdType(OpenEnum):
    """Kind of client that an authorization belongs to (generations 1 to 4)."""

    APP = 0x00
    BRIDGE = 0x01
    FOB = 0x02
    KEYPAD = 0x03
    DOOR_SENSOR = 0x04
    KEYPAD_2 = 0x05


class ButtonAction(OpenEnum):
    """What a press of the lock's button does."""

    NO_ACTION = 0x00
    INTELLIGENT = 0x01
    UNLOCK = 0x02
    LOCK = 0x03
    UNLATCH = 0x04
    LOCK_N_GO = 0x05
    SHOW_STATUS = 0x06


class FobAction(OpenEnum):
    """What a press of a fob does."""

    NO_ACTION = 0x00
    UNLOCK = 0x01
    LOCK = 0x02
    LOCK_N_GO = 0x03
    INTELLIGENT = 0x04


class AdvertisingMode(OpenEnum):
    """How often the lock advertises."""

    AUTOMATIC = 0x00
    NORMAL = 0x01
    SLOW = 0x02
    SLOWEST = 0x03


class BatteryType(OpenEnum):
    """What the cells are made of (Advanced Config)."""

    ALKALI = 0x00
    ACCUMULATOR = 0x01
    LITHIUM = 0x02
    FIXED = 0x03  # Web API only


class MotorSpeed(OpenEnum):
    """How fast a lock of the fifth generation turns (Advanced Config)."""

    STANDARD = 0x00
    INSANE = 0x01
    GENTLE = 0x02


class DstMode(OpenEnum):
    """Rule for daylight saving time (Config)."""

    OFF = 0x00
    EUROPEAN = 0x01


class Weekdays(IntFlag):
    """Days of the week; none set means every day."""

    NONE = 0x00
    SUNDAY = 0x01
    SATURDAY = 0x02
    FRIDAY = 0x04
    THURSDAY = 0x08
    WEDNESDAY = 0x10
    TUESDAY = 0x20
    MONDAY = 0x40


class AccessoryBattery(IntFlag):
    """Batteries of accessories; a critical bit counts only beside its reported bit."""

    KEYPAD_REPORTED = 0x01
    KEYPAD_CRITICAL = 0x02
    DOOR_SENSOR_REPORTED = 0x04
    DOOR_SENSOR_CRITICAL = 0x08


class RemoteAccess(IntFlag):
    """Ways in which the lock is reached from elsewhere (generation 4 and later)."""

    SSE_UPLINK = 0x01
    BRIDGE_PAIRED = 0x02
    SSE_OVER_WIFI = 0x04
    SSE_CONNECTED = 0x08
    SSE_OVER_THREAD = 0x10
    THREAD_UPLINK_ENABLED = 0x20
    NAT64_AVAILABLE = 0x40


class LogEntryType(OpenEnum):
    """What a log entry is about."""

    LOGGING = 0x01
    LOCK_ACTION = 0x02
    CALIBRATION = 0x03
    INITIALIZATION_RUN = 0x04
    KEYPAD_ACTION = 0x05
    DOOR_SENSOR = 0x06
    DOOR_SENSOR_LOGGING = 0x07
    FIRMWARE_UPDATE = 0x0A  # nuki-io/nuki-cli


class DoorSensorEvent(OpenEnum):
    """What the door sensor logged."""

    OPENED = 0x00
    CLOSED = 0x01
    JAMMED = 0x02
    TAMPERED = 0x03


class KeypadSource(OpenEnum):
    """How somebody identified at the keypad."""

    ARROW_KEY = 0x00
    CODE = 0x01
    FINGERPRINT = 0x02  # I-Connect/NukiBleEsp32, Web API


class KeypadAction(OpenEnum):
    """What the keypad asks for."""

    INTELLIGENT = 0x00
    UNLOCK = 0x01
    LOCK = 0x02
    UNLATCH = 0x03
    LOCK_N_GO = 0x04


class SortOrder(OpenEnum):
    """Order in which log entries are sent."""

    ASCENDING = 0x00
    DESCENDING = 0x01


class OpenerState(OpenEnum):
    """State of an Opener, in the place of the lock state."""

    UNTRAINED = 0x00
    ONLINE = 0x01
    RING_TO_OPEN_ACTIVE = 0x03
    OPEN = 0x05
    OPENING = 0x07
    BOOT_RUN = 0xFD
    UNDEFINED = 0xFF


class OpenerAction(OpenEnum):
    """The action requested from an Opener, or its last one, in place of the lock action."""

    NONE = 0x00
    ACTIVATE_RING_TO_OPEN = 0x01
    DEACTIVATE_RING_TO_OPEN = 0x02
    ELECTRIC_STRIKE_ACTUATION = 0x03
    ACTIVATE_CONTINUOUS_MODE = 0x04
    DEACTIVATE_CONTINUOUS_MODE = 0x05
    FOB_ACTION_1 = 0x81
    FOB_ACTION_2 = 0x82
    FOB_ACTION_3 = 0x83


class DeviceType(OpenEnum):
    """Hardware family (Config, byte 74)."""

    SMART_LOCK_1_2 = 0x00
    OPENER = 0x02
    SMART_DOOR = 0x03
    SMART_LOCK_3_4 = 0x04
    SMART_LOCK_5 = 0x05


class ProductVariant(OpenEnum):
    """Model of the fifth generation (Config, byte 78; I-Connect/NukiBleEsp32)."""

    GO = 0x01
    PRO = 0x02
    ULTRA = 0x03


class ErrorCode(OpenEnum):
    """Codes of the Error Report."""

    BAD_CRC = 0xFD
    BAD_LENGTH = 0xFE
    UNKNOWN = 0xFF
    P_NOT_PAIRING = 0x10
    P_BAD_AUTHENTICATOR = 0x11
    P_BAD_PARAMETER = 0x12
    P_MAX_USER = 0x13
    K_NOT_AUTHORIZED = 0x20
    K_BAD_PIN = 0x21
    K_BAD_NONCE = 0x22
    K_BAD_PARAMETER = 0x23
    K_INVALID_AUTH_ID = 0x24
    K_DISABLED = 0x25
    K_REMOTE_NOT_ALLOWED = 0x26
    K_TIME_NOT_ALLOWED = 0x27
    K_TOO_MANY_PIN_ATTEMPTS = 0x28
    K_TOO_MANY_ENTRIES = 0x29
    K_CODE_ALREADY_EXISTS = 0x2A
    K_CODE_INVALID = 0x2B
    K_CODE_INVALID_TIMEOUT_1 = 0x2C
    K_CODE_INVALID_TIMEOUT_2 = 0x2D
    K_CODE_INVALID_TIMEOUT_3 = 0x2E
    K_AUTO_UNLOCK_TOO_RECENT = 0x40
    K_POSITION_UNKNOWN = 0x41
    K_MOTOR_BLOCKED = 0x42
    K_CLUTCH_FAILURE = 0x43
    K_MOTOR_TIMEOUT = 0x44
    K_BUSY = 0x45
    K_CANCELED = 0x46
    K_NOT_CALIBRATED = 0x47
    K_MOTOR_POSITION_LIMIT = 0x48
    K_MOTOR_LOW_VOLTAGE = 0x49
    K_MOTOR_POWER_FAILURE = 0x4A
    K_CLUTCH_POWER_FAILURE = 0x4B
    K_VOLTAGE_TOO_LOW = 0x4C
    K_FIRMWARE_UPDATE_NEEDED = 0x4D
    # The vendor's web documentation (docs.nuki.io, error codes), like all below.
    K_REJECTED = 0x4E
    K_REJECTED_NIGHT_MODE = 0x4F
    K_NOT_IN_MAINTENANCE_MODE = 0xE0
    K_ALREADY_CONFIGURED = 0xE1
    K_TIMEOUT = 0xE2
    K_NO_NUKI_ID = 0xE3

    @property
    def about_door_sensor(self) -> bool:
        """Whether it is about the door sensor and not about the bolt; these numbers have no names here."""
        return 0x60 <= self <= 0x6F
