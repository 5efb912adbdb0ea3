"""The messages of the protocol, declared like the vendor's tables.

Each class names its command and the proof that it needs; each line is one field: name, type, wire type, unit
or meaning. `default=None` marks what older firmware does not send or a request may leave out.
Integers that stand for yes and no stay numbers, so that an undocumented value is kept.

Source: Nuki Smart Lock API V2.1 (2020) and V2.3.0 (2025), sections 5 to 7; what only public clients know is marked.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import ClassVar, Self, override

from .enums import (
    AccessoryBattery,
    AdvertisingMode,
    AuthorizationIdType,
    BatteryType,
    ButtonAction,
    Command,
    CompletionStatus,
    DeviceType,
    DoorSensorEvent,
    DoorSensorState,
    DstMode,
    ErrorCode,
    FobAction,
    KeypadAction,
    KeypadSource,
    LockAction,
    LockActionFlag,
    LockState,
    LogEntryType,
    MotorSpeed,
    NukiState,
    ProductVariant,
    RemoteAccess,
    SortOrder,
    StatusCode,
    Trigger,
    Weekdays,
)
from .errors import DecodeError, LockRefusedError, refusal
from .wire import (
    Date7,
    Layout,
    Time2,
    Version,
    block,
    date7,
    enum8,
    enum16,
    flags8,
    float32,
    int8,
    int16,
    raw,
    text,
    time2,
    uint8,
    uint16,
    uint32,
    version2,
    version3,
    wire,
)


class Proof(Enum):
    """What follows the fields of a request to prove that it is authorized."""

    NONE = auto()
    CHALLENGE = auto()
    """The nonce of the lock's last Challenge, 32 bytes."""
    CHALLENGE_AND_PIN = auto()
    """The nonce, then the security PIN in the size of the generation."""


class Message(Layout):
    """A command with its payload. Bytes behind the declared fields are kept in `trailing`."""

    command: ClassVar[Command]
    proof: ClassVar[Proof] = Proof.NONE
    moves_bolt: ClassVar[bool] = False
    """Whether the lock may move its bolt or latch: such a message is written at most once."""
    longer_form: ClassVar[type[Message] | None] = None
    """Declaration of the same command for a payload that is long enough for it."""

    _keeps_trailing = True
    trailing: bytes = b""

    @override
    def __init_subclass__(
        cls,
        *,
        command: Command | None = None,
        proof: Proof = Proof.NONE,
        moves_bolt: bool = False,
        longer_form: type[Message] | None = None,
    ) -> None:
        """Bind a declaration to its command."""
        super().__init_subclass__()
        if command is not None:
            cls.command = command
        cls.proof = proof
        cls.moves_bolt = moves_bolt
        cls.longer_form = longer_form

    def encode(self) -> bytes:
        """Return the payload without proof. Raises ValueError for a value that does not fit."""
        return self.pack() + self.trailing

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Return the message of a payload without proof. Raises DecodeError if it is too short."""
        return cls.unpack(payload)


def decode(kind: type[Message], payload: bytes) -> Message:
    """Return the message of a payload in the longest declared form that it has bytes for."""
    while kind.longer_form is not None and len(payload) >= kind.longer_form.minimum_size:
        kind = kind.longer_form
    return kind.decode(payload)


class UnknownMessage(Message):
    """A command that is not declared; its payload is `trailing`."""

    unknown_command: Command

    @classmethod
    def of(cls, command: Command, payload: bytes) -> Self:
        """Keep a command and its payload as they came."""
        return cls(unknown_command=command, trailing=payload)


# --- Reading ----------------------------------------------------------------------------------------------


class RequestData(Message, command=Command.REQUEST_DATA):
    """Ask for the message of another command."""

    requested: Command = wire(enum16(Command), "command to be answered")


class Challenge(Message, command=Command.CHALLENGE):
    """Nonce of the lock; good for one request."""

    nonce: bytes = wire(raw(32), secret=True)


class Status(Message, command=Command.STATUS):
    """Progress of a command."""

    status: StatusCode = wire(enum8(StatusCode))


class ErrorReport(Message, command=Command.ERROR_REPORT):
    """Refusal of a command."""

    code: ErrorCode = wire(enum8(ErrorCode))
    refused: Command = wire(enum16(Command), "command that was refused, 0 if the lock could not read it")

    def error(self) -> LockRefusedError:
        """Return the report as an error to raise."""
        return refusal(self.code, self.refused or None)


# --- Pairing, generations 1 to 4 --------------------------------------------------------------------------


class PublicKey(Message, command=Command.PUBLIC_KEY):
    """X25519 public key of the sender."""

    key: bytes = wire(raw(32))


class AuthorizationAuthenticator(Message, command=Command.AUTHORIZATION_AUTHENTICATOR):
    """Proof that both sides derived the same shared key."""

    authenticator: bytes = wire(raw(32), secret=True)


class AuthorizationData(Message, command=Command.AUTHORIZATION_DATA):
    """Who asks for an authorization (generations 1 to 4)."""

    authenticator: bytes = wire(raw(32), secret=True)
    id_type: AuthorizationIdType = wire(enum8(AuthorizationIdType))
    app_id: int = wire(uint32)
    name: str = wire(text(32), secret=True)
    nonce: bytes = wire(raw(32), "random, made by the client", secret=True)


class AuthorizationId(Message, command=Command.AUTHORIZATION_ID):
    """The new authorization (generations 1 to 4)."""

    authenticator: bytes = wire(raw(32), secret=True)
    authorization_id: int = wire(uint32, secret=True)
    uuid: bytes = wire(raw(16), "of the lock; random, unchanged until factory reset", secret=True)
    nonce: bytes = wire(raw(32), secret=True)


class AuthorizationIdConfirmation(Message, command=Command.AUTHORIZATION_ID_CONFIRMATION):
    """Proof that the client received its authorization id."""

    authenticator: bytes = wire(raw(32), secret=True)
    authorization_id: int = wire(uint32, secret=True)


# --- Pairing, fifth generation ----------------------------------------------------------------------------


class AuthorizationInfo(Message, command=Command.AUTHORIZATION_INFO):
    """Whether the lock has a security PIN, without which it cannot be paired."""

    pin_set: int = wire(uint8, "1 = a security PIN is set, 0 = not set")


class AuthorizationDataWithPin(Message, command=Command.AUTHORIZATION_DATA):
    """Who asks for an authorization (fifth generation; encrypted)."""

    app_id: int = wire(uint32)
    name: str = wire(text(32), secret=True)
    security_pin: int = wire(uint32, "six digits", secret=True)


class EncryptedAuthorizationId(Message, command=Command.AUTHORIZATION_ID):
    """The new authorization (fifth generation; encrypted)."""

    authorization_id: int = wire(uint32, secret=True)
    uuid: bytes = wire(raw(16), "of the lock; random, unchanged until factory reset", secret=True)


# --- State ------------------------------------------------------------------------------------------------


class KeyturnerStates(Message, command=Command.KEYTURNER_STATES):
    """State of the lock, on request and pushed on change. 13 bytes on the oldest firmware, 27 on the newest."""

    nuki_state: NukiState = wire(enum8(NukiState))
    lock_state: LockState = wire(enum8(LockState))
    trigger: Trigger = wire(enum8(Trigger), "of the last state change")
    current_time: Date7 = wire(date7, "UTC")
    time_zone_offset: int = wire(int16, "min")
    battery: int = wire(uint8, "bit 0 critical, bit 1 charging, bits 2-7 percent / 2")
    config_update_count: int | None = wire(uint8, default=None)
    lock_n_go_timer: int | None = wire(uint8, "s, 0 = inactive", default=None)
    last_lock_action: LockAction | None = wire(enum8(LockAction), default=None)
    last_lock_action_trigger: Trigger | None = wire(enum8(Trigger), default=None)
    last_lock_action_completion_status: CompletionStatus | None = wire(enum8(CompletionStatus), default=None)
    door_sensor_state: DoorSensorState | None = wire(enum8(DoorSensorState), default=None)
    night_mode_active: int | None = wire(uint8, default=None)
    accessory_battery: AccessoryBattery | None = wire(
        flags8(AccessoryBattery), "0xFF = not reported", default=None
    )
    remote_access: RemoteAccess | None = wire(flags8(RemoteAccess), default=None)
    ble_rssi: int | None = wire(int8, "dBm lock to Bridge; 0 invalid, 1 not supported", default=None)
    wifi_rssi: int | None = wire(int8, "dBm; 0 invalid, 1 not supported", default=None)
    wifi_status: int | None = wire(
        uint8,
        "bits 0-1: 0 disabled, 1 disconnected, 2 connecting, 3 connected; bits 2-3 SSE: 0 suspended, "
        "1 not reachable, 2 connecting, 3 connected; bits 4-7 quality",
        default=None,
    )
    mqtt_status: int | None = wire(
        uint8,
        "bits 0-1: 0 disabled, 1 disconnected, 2 connecting, 3 connected; bit 2: 0 Wi-Fi, 1 Thread",
        default=None,
    )
    thread_status: int | None = wire(
        uint8,
        "bits 0-1: 0 Matter disabled, 1 disconnected, 2 connecting, 3 connected; bits 2-3 SSE as for Wi-Fi; "
        "bit 4 Matter commissioning; bit 5 Wi-Fi suspended",
        default=None,
    )

    @property
    def battery_critical(self) -> bool:
        """Whether the lock calls its battery critical."""
        return bool(self.battery & 0x01)

    @property
    def battery_charging(self) -> bool | None:
        """Whether the battery is charged; None from firmware that reports nothing but the critical bit."""
        return bool(self.battery & 0x02) if self._battery_detailed else None

    @property
    def battery_percent(self) -> int | None:
        """Charge in percent in steps of 2; None if it is not reported or impossible."""
        percent = (self.battery >> 2) * 2
        return percent if self._battery_detailed and percent <= 100 else None

    @property
    def _battery_detailed(self) -> bool:
        # Firmware of document V2.1 sends 0 or 1 only, in payloads without the night mode byte (10.8).
        return bool(self.battery >> 1) or self.night_mode_active is not None


class BatteryReport(Message, command=Command.BATTERY_REPORT):
    """State of the batteries during the last motor run."""

    battery_drain: int = wire(uint16, "mWs")
    battery_voltage: int = wire(uint16, "mV")
    critical_battery_state: int = wire(uint8)
    lock_action: LockAction = wire(enum8(LockAction))
    start_voltage: int = wire(uint16, "mV")
    lowest_voltage: int = wire(uint16, "mV")
    lock_distance: int = wire(uint16, "degrees")
    start_temperature: int = wire(int8, "degrees C")
    max_turn_current: int = wire(uint16, "mA")
    battery_resistance: int = wire(uint16, "mOhm")


# --- Actions ----------------------------------------------------------------------------------------------


class LockActionRequest(Message, command=Command.LOCK_ACTION, proof=Proof.CHALLENGE, moves_bolt=True):
    """Move the bolt or the latch."""

    action: LockAction = wire(enum8(LockAction))
    app_id: int = wire(uint32, "the one sent at pairing")
    flags: LockActionFlag = wire(flags8(LockActionFlag), default=LockActionFlag.NONE)
    name_suffix: str | None = wire(text(20), "appended to the name in the log", default=None, secret=True)


class SimpleLockAction(Message, command=Command.SIMPLE_LOCK_ACTION, proof=Proof.CHALLENGE, moves_bolt=True):
    """Lock or unlock, without app id and flags."""

    action: LockAction = wire(enum8(LockAction), "unlock or lock")
    name_suffix: str | None = wire(text(20), "not on firmware of document V2.1", default=None, secret=True)


class KeypadActionRequest(Message, command=Command.KEYPAD_ACTION, proof=Proof.CHALLENGE, moves_bolt=True):
    """What a keypad sends after a code."""

    source: KeypadSource = wire(enum8(KeypadSource))
    code: int = wire(uint32, secret=True)
    action: KeypadAction = wire(enum8(KeypadAction))


class RequestCalibration(
    Message, command=Command.REQUEST_CALIBRATION, proof=Proof.CHALLENGE_AND_PIN, moves_bolt=True
):
    """Find the end positions again; the bolt moves."""


class RequestReboot(Message, command=Command.REQUEST_REBOOT, proof=Proof.CHALLENGE_AND_PIN, moves_bolt=True):
    """Start again as after a battery change; the bolt may move in the positioning run."""


# --- Settings ---------------------------------------------------------------------------------------------


class RequestConfig(Message, command=Command.REQUEST_CONFIG, proof=Proof.CHALLENGE):
    """Ask for Config; needs no PIN."""


class Config(Message, command=Command.CONFIG):
    """Settings of the lock. 71 bytes on old firmware, 79 on the fifth generation."""

    nuki_id: int = wire(uint32)
    name: str = wire(text(32), secret=True)
    latitude: bytes = wire(float32, secret=True)
    longitude: bytes = wire(float32, secret=True)
    auto_unlatch: int = wire(uint8)
    pairing_enabled: int = wire(uint8)
    button_enabled: int = wire(uint8)
    led_enabled: int = wire(uint8)
    led_brightness: int = wire(uint8, "0 (off) to 5")
    current_time: Date7 = wire(date7, "UTC")
    time_zone_offset: int = wire(int16, "min")
    dst_mode: DstMode = wire(enum8(DstMode))
    has_fob: int = wire(uint8)
    fob_action_1: FobAction = wire(enum8(FobAction))
    fob_action_2: FobAction = wire(enum8(FobAction))
    fob_action_3: FobAction = wire(enum8(FobAction))
    single_lock: int = wire(uint8, "1 = one turn only")
    advertising_mode: AdvertisingMode = wire(enum8(AdvertisingMode))
    has_keypad: int = wire(uint8)
    firmware_version: Version = wire(version3)
    hardware_revision: Version = wire(version2)
    homekit_status: int | None = wire(uint8, "0 not available, 1 disabled, 2 enabled, 3 paired", default=None)
    time_zone_id: int | None = wire(uint16, "0xFFFF none", default=None)
    device_type: DeviceType | None = wire(enum8(DeviceType), default=None)
    capabilities: int | None = wire(uint8, "bit 0 Wi-Fi, bit 1 Thread and Matter", default=None)
    has_keypad_2: int | None = wire(uint8, default=None)
    matter_status: int | None = wire(uint8, "0 not available to 4 enabled and paired", default=None)
    product_variant: ProductVariant | None = wire(
        enum8(ProductVariant), "I-Connect/NukiBleEsp32", default=None
    )


class SetConfig(Message, command=Command.SET_CONFIG, proof=Proof.CHALLENGE_AND_PIN):
    """Write the settings of Config; all at once."""

    name: str = wire(text(32), secret=True)
    latitude: bytes = wire(float32, secret=True)
    longitude: bytes = wire(float32, secret=True)
    auto_unlatch: int = wire(uint8)
    pairing_enabled: int = wire(uint8, "0 keeps everybody from pairing until it is changed in the app")
    button_enabled: int = wire(uint8)
    led_enabled: int = wire(uint8)
    led_brightness: int = wire(uint8, "0 (off) to 5")
    time_zone_offset: int = wire(int16, "min")
    dst_mode: DstMode = wire(enum8(DstMode))
    fob_action_1: FobAction = wire(enum8(FobAction))
    fob_action_2: FobAction = wire(enum8(FobAction))
    fob_action_3: FobAction = wire(enum8(FobAction))
    single_lock: int = wire(uint8, "1 = one turn only")
    advertising_mode: AdvertisingMode = wire(enum8(AdvertisingMode))
    time_zone_id: int | None = wire(
        uint16, "0xFFFF none; not on firmware whose Config lacks it", default=None
    )


class RequestAdvancedConfig(Message, command=Command.REQUEST_ADVANCED_CONFIG, proof=Proof.CHALLENGE):
    """Ask for Advanced Config; needs no PIN."""


class AdvancedConfig(Message, command=Command.ADVANCED_CONFIG):
    """Further settings of the lock. 28 bytes on old firmware, 33 on the fifth generation."""

    total_degrees: int = wire(uint16, "degrees; found by calibration")
    unlocked_position_offset: int = wire(int16, "degrees, -90 to 180")
    locked_position_offset: int = wire(int16, "degrees, -180 to 90")
    single_locked_position_offset: int = wire(int16, "degrees, -180 to 180")
    unlocked_to_locked_transition_offset: int = wire(int16, "degrees, -180 to 180")
    lock_n_go_timeout: int = wire(uint8, "s")
    single_button_press_action: ButtonAction = wire(enum8(ButtonAction))
    double_button_press_action: ButtonAction = wire(enum8(ButtonAction))
    detached_cylinder: int = wire(uint8)
    battery_type: BatteryType = wire(enum8(BatteryType))
    automatic_battery_type_detection: int = wire(uint8)
    unlatch_duration: int = wire(uint8, "s")
    auto_lock_timeout: int = wire(uint16, "s, at least 2")
    auto_unlock_disabled: int = wire(uint8)
    night_mode_enabled: int = wire(uint8)
    night_mode_start: Time2 = wire(time2, "local time")
    night_mode_end: Time2 = wire(time2, "local time")
    night_mode_auto_lock_enabled: int = wire(uint8)
    night_mode_auto_unlock_disabled: int = wire(uint8)
    night_mode_immediate_lock_on_start: int = wire(uint8)
    auto_lock_enabled: int | None = wire(uint8, default=None)
    immediate_auto_lock_enabled: int | None = wire(
        uint8, "needs a door sensor; 0xFF = not supported", default=None
    )
    auto_update_enabled: int | None = wire(uint8, default=None)
    motor_speed: MotorSpeed | None = wire(enum8(MotorSpeed), default=None)
    slow_speed_during_night_mode: int | None = wire(uint8, default=None)


class SetAdvancedConfig(Message, command=Command.SET_ADVANCED_CONFIG, proof=Proof.CHALLENGE_AND_PIN):
    """Write the settings of Advanced Config; all at once, and only those that the lock has."""

    unlocked_position_offset: int = wire(int16, "degrees, -90 to 180")
    locked_position_offset: int = wire(int16, "degrees, -180 to 90")
    single_locked_position_offset: int = wire(int16, "degrees, -180 to 180")
    unlocked_to_locked_transition_offset: int = wire(int16, "degrees, -180 to 180")
    lock_n_go_timeout: int = wire(uint8, "s")
    single_button_press_action: ButtonAction = wire(enum8(ButtonAction))
    double_button_press_action: ButtonAction = wire(enum8(ButtonAction))
    detached_cylinder: int = wire(uint8)
    battery_type: BatteryType = wire(enum8(BatteryType))
    automatic_battery_type_detection: int = wire(uint8)
    unlatch_duration: int = wire(uint8, "s")
    auto_lock_timeout: int = wire(uint16, "s, at least 2")
    auto_unlock_disabled: int = wire(uint8)
    night_mode_enabled: int = wire(uint8)
    night_mode_start: Time2 = wire(time2, "local time")
    night_mode_end: Time2 = wire(time2, "local time")
    night_mode_auto_lock_enabled: int = wire(uint8)
    night_mode_auto_unlock_disabled: int = wire(uint8)
    night_mode_immediate_lock_on_start: int = wire(uint8)
    auto_lock_enabled: int | None = wire(uint8, default=None)
    immediate_auto_lock_enabled: int | None = wire(uint8, "0 where it is not supported", default=None)
    auto_update_enabled: int | None = wire(uint8, default=None)


class SetAdvancedConfigWithMotor(
    SetAdvancedConfig, command=Command.SET_ADVANCED_CONFIG, proof=Proof.CHALLENGE_AND_PIN
):
    """The same with the two settings of the motor that only the fifth generation has."""

    motor_speed: MotorSpeed | None = wire(enum8(MotorSpeed), default=None)
    slow_speed_during_night_mode: int | None = wire(uint8, default=None)


class UpdateTime(Message, command=Command.UPDATE_TIME, proof=Proof.CHALLENGE_AND_PIN):
    """Set the clock."""

    time: Date7 = wire(date7, "UTC")


# --- PIN --------------------------------------------------------------------------------------------------


class VerifySecurityPin(Message, command=Command.VERIFY_SECURITY_PIN, proof=Proof.CHALLENGE_AND_PIN):
    """Ask whether the security PIN in the proof is right."""


class SetSecurityPin(Message, command=Command.SET_SECURITY_PIN, proof=Proof.CHALLENGE_AND_PIN):
    """Set a new security PIN; the one in the proof is the current one (generations 1 to 4)."""

    new_security_pin: int = wire(uint16, "0 = none", secret=True)


class SetLongSecurityPin(Message, command=Command.SET_SECURITY_PIN, proof=Proof.CHALLENGE_AND_PIN):
    """Set a new security PIN; the one in the proof is the current one (fifth generation)."""

    new_security_pin: int = wire(uint32, "six digits", secret=True)


# --- Authorizations ---------------------------------------------------------------------------------------


class TimeLimit(Layout):
    """When an authorization or a keypad code is good: dates in UTC, days and hours in the lock's local time."""

    allowed_from: Date7 = wire(date7, "UTC", default=Date7())
    allowed_until: Date7 = wire(date7, "UTC", default=Date7())
    allowed_weekdays: Weekdays = wire(flags8(Weekdays), "0 = every day", default=Weekdays.NONE)
    allowed_from_time: Time2 = wire(time2, "local time", default=Time2())
    allowed_until_time: Time2 = wire(time2, "local time", default=Time2())


class RequestAuthorizationEntries(
    Message, command=Command.REQUEST_AUTHORIZATION_ENTRIES, proof=Proof.CHALLENGE_AND_PIN
):
    """Ask for the authorizations; the first one is the caller's own."""

    offset: int = wire(uint16)
    count: int = wire(uint16)
    id_type: AuthorizationIdType | None = wire(
        enum8(AuthorizationIdType), "only these; generation 4 and later", default=None
    )


class AuthorizationEntryCount(Message, command=Command.AUTHORIZATION_ENTRY_COUNT):
    """How many authorizations follow."""

    count: int = wire(uint16)


class AuthorizationEntry(Message, command=Command.AUTHORIZATION_ENTRY):
    """One authorization. Locks differ in whether they send the limit if there is none."""

    authorization_id: int = wire(uint32, secret=True)
    id_type: AuthorizationIdType = wire(enum8(AuthorizationIdType))
    name: str = wire(text(32), secret=True)
    enabled: int = wire(uint8)
    remote_allowed: int = wire(uint8)
    date_created: Date7 = wire(date7, "UTC")
    date_last_active: Date7 = wire(date7, "UTC")
    lock_count: int = wire(uint16)
    time_limited: int = wire(uint8)
    limit: TimeLimit | None = wire(block(TimeLimit), default=None)


class InviteAuthorization(Message, command=Command.AUTHORIZATION_DATA_INVITE, proof=Proof.CHALLENGE_AND_PIN):
    """Create an authorization without pairing mode; the shared key is made by the client."""

    name: str = wire(text(32), secret=True)
    id_type: AuthorizationIdType = wire(enum8(AuthorizationIdType))
    shared_key: bytes = wire(raw(32), secret=True)
    remote_allowed: int = wire(uint8)
    time_limited: int = wire(uint8)
    limit: TimeLimit = wire(block(TimeLimit), default=TimeLimit())


class InvitedAuthorizationId(Message, command=Command.AUTHORIZATION_ID_INVITE):
    """The authorization that an invitation created."""

    authorization_id: int = wire(uint32, secret=True)
    date_created: Date7 = wire(date7, "UTC")


class UpdateAuthorization(Message, command=Command.UPDATE_AUTHORIZATION_ENTRY, proof=Proof.CHALLENGE_AND_PIN):
    """Change an authorization; all fields replace the previous ones."""

    authorization_id: int = wire(uint32, secret=True)
    name: str = wire(text(32), secret=True)
    enabled: int = wire(uint8)
    remote_allowed: int = wire(uint8)
    time_limited: int = wire(uint8)
    limit: TimeLimit = wire(block(TimeLimit), default=TimeLimit())


class RemoveAuthorization(Message, command=Command.REMOVE_AUTHORIZATION_ENTRY, proof=Proof.CHALLENGE_AND_PIN):
    """Delete an authorization."""

    authorization_id: int = wire(uint32, secret=True)


# --- Log --------------------------------------------------------------------------------------------------


class RequestLogEntries(Message, command=Command.REQUEST_LOG_ENTRIES, proof=Proof.CHALLENGE_AND_PIN):
    """Ask for log entries beyond an index, not including it."""

    start_index: int = wire(uint32, "0 = from the newest or oldest")
    count: int = wire(uint16)
    sort_order: SortOrder = wire(enum8(SortOrder))
    total_count: int = wire(uint8, "1 = send Log Entry Count first")


class LogEntryCount(Message, command=Command.LOG_ENTRY_COUNT):
    """How many entries there are beyond the start index, and what is logged."""

    logging_enabled: int = wire(uint8)
    count: int = wire(uint16)
    door_sensor_enabled: int | None = wire(uint8, default=None)
    door_sensor_logging_enabled: int | None = wire(uint8, default=None)


type LogDetails = Mapping[LogEntryType, type[Layout]]
"""What the data of each type of log entry is."""


class LogEntry(Message, command=Command.LOG_ENTRY):
    """One log entry. What follows the type depends on it and is padded differently by each generation."""

    index: int = wire(uint32)
    timestamp: Date7 = wire(date7, "UTC")
    authorization_id: int = wire(uint32, "0 = none", secret=True)
    name: str = wire(text(32), "of the authorization, with its suffix", secret=True)
    type: LogEntryType = wire(enum8(LogEntryType))

    @classmethod
    def detail_kinds(cls) -> LogDetails:
        """Return what each type carries."""
        return LOG_DETAILS

    @property
    def details(self) -> Layout | None:
        """What the type says; None for a type without a name, or data that is too short."""
        kind = self.detail_kinds().get(self.type)
        try:
            return None if kind is None else kind.unpack(self.trailing)
        except DecodeError:
            return None


class LoggedSwitch(Layout):
    """Logging, or logging of the door sensor, was switched."""

    enabled: int = wire(uint8)


class LoggedRun(Layout):
    """A lock action, calibration or initialization run."""

    action: LockAction = wire(enum8(LockAction))
    trigger: Trigger = wire(enum8(Trigger))
    flags: LockActionFlag = wire(flags8(LockActionFlag))
    completion_status: CompletionStatus = wire(enum8(CompletionStatus))


class LoggedKeypadAction(Layout):
    """An action at the keypad, granted or refused."""

    action: KeypadAction = wire(enum8(KeypadAction))
    source: KeypadSource = wire(enum8(KeypadSource))
    completion_status: CompletionStatus = wire(enum8(CompletionStatus))
    code_id: int | None = wire(uint16, default=None)


class LoggedDoorEvent(Layout):
    """The door sensor noticed something."""

    event: DoorSensorEvent = wire(enum8(DoorSensorEvent))


class LoggedFirmware(Layout):
    """The firmware was updated."""

    version: Version = wire(version3)


LOG_DETAILS: LogDetails = {
    LogEntryType.LOGGING: LoggedSwitch,
    LogEntryType.LOCK_ACTION: LoggedRun,
    LogEntryType.CALIBRATION: LoggedRun,
    LogEntryType.INITIALIZATION_RUN: LoggedRun,
    LogEntryType.KEYPAD_ACTION: LoggedKeypadAction,
    LogEntryType.DOOR_SENSOR: LoggedDoorEvent,
    LogEntryType.DOOR_SENSOR_LOGGING: LoggedSwitch,
    LogEntryType.FIRMWARE_UPDATE: LoggedFirmware,
}


class EnableLogging(Message, command=Command.ENABLE_LOGGING, proof=Proof.CHALLENGE_AND_PIN):
    """Switch the log on or off."""

    enabled: int = wire(uint8)


# --- Time control -----------------------------------------------------------------------------------------


class AddTimeControlEntry(Message, command=Command.ADD_TIME_CONTROL_ENTRY, proof=Proof.CHALLENGE_AND_PIN):
    """Have the lock act automatically at a time of day."""

    weekdays: Weekdays = wire(flags8(Weekdays))
    time: Time2 = wire(time2, "local time")
    lock_action: LockAction = wire(enum8(LockAction))


class TimeControlEntryId(Message, command=Command.TIME_CONTROL_ENTRY_ID):
    """The entry that was added."""

    entry_id: int = wire(uint8)


class RequestTimeControlEntries(
    Message, command=Command.REQUEST_TIME_CONTROL_ENTRIES, proof=Proof.CHALLENGE_AND_PIN
):
    """Ask for all time control entries."""


class TimeControlEntryCount(Message, command=Command.TIME_CONTROL_ENTRY_COUNT):
    """How many time control entries follow."""

    count: int = wire(uint8)


class TimeControlEntry(Message, command=Command.TIME_CONTROL_ENTRY):
    """One time control entry."""

    entry_id: int = wire(uint8)
    enabled: int = wire(uint8)
    weekdays: Weekdays = wire(flags8(Weekdays))
    time: Time2 = wire(time2, "local time")
    lock_action: LockAction = wire(enum8(LockAction))


class UpdateTimeControlEntry(
    Message, command=Command.UPDATE_TIME_CONTROL_ENTRY, proof=Proof.CHALLENGE_AND_PIN
):
    """Change a time control entry."""

    entry_id: int = wire(uint8)
    enabled: int = wire(uint8)
    weekdays: Weekdays = wire(flags8(Weekdays))
    time: Time2 = wire(time2, "local time")
    lock_action: LockAction = wire(enum8(LockAction))


class RemoveTimeControlEntry(
    Message, command=Command.REMOVE_TIME_CONTROL_ENTRY, proof=Proof.CHALLENGE_AND_PIN
):
    """Delete a time control entry."""

    entry_id: int = wire(uint8)


# --- Keypad codes -----------------------------------------------------------------------------------------


class AddKeypadCode(Message, command=Command.ADD_KEYPAD_CODE, proof=Proof.CHALLENGE_AND_PIN):
    """Create a keypad code: six digits, no 0, not starting with 12, not there yet."""

    code: int = wire(uint32, secret=True)
    name: str = wire(text(20), secret=True)
    time_limited: int = wire(uint8)
    limit: TimeLimit = wire(block(TimeLimit), default=TimeLimit())


class KeypadCodeId(Message, command=Command.KEYPAD_CODE_ID):
    """The code that was added."""

    code_id: int = wire(uint16)
    date_created: Date7 = wire(date7, "UTC")


class RequestKeypadCodes(Message, command=Command.REQUEST_KEYPAD_CODES, proof=Proof.CHALLENGE_AND_PIN):
    """Ask for keypad codes."""

    offset: int = wire(uint16)
    count: int = wire(uint16)


class KeypadCodeCount(Message, command=Command.KEYPAD_CODE_COUNT):
    """How many keypad codes there are."""

    count: int = wire(uint16)


class KeypadCode(Message, command=Command.KEYPAD_CODE):
    """One keypad code. Locks differ in whether they send the limit if there is none."""

    code_id: int = wire(uint16)
    code: int = wire(uint32, secret=True)
    name: str = wire(text(20), secret=True)
    enabled: int = wire(uint8)
    date_created: Date7 = wire(date7, "UTC")
    date_last_active: Date7 = wire(date7, "UTC")
    lock_count: int = wire(uint16)
    time_limited: int = wire(uint8)
    limit: TimeLimit | None = wire(block(TimeLimit), default=None)


class UpdateKeypadCode(Message, command=Command.UPDATE_KEYPAD_CODE, proof=Proof.CHALLENGE_AND_PIN):
    """Change a keypad code; all fields replace the previous ones, including the limit."""

    code_id: int = wire(uint16)
    code: int = wire(uint32, secret=True)
    name: str = wire(text(20), secret=True)
    enabled: int = wire(uint8)
    time_limited: int = wire(uint8)
    limit: TimeLimit = wire(block(TimeLimit), default=TimeLimit())


class RemoveKeypadCode(Message, command=Command.REMOVE_KEYPAD_CODE, proof=Proof.CHALLENGE_AND_PIN):
    """Delete a keypad code."""

    code_id: int = wire(uint16)


# --- Summaries --------------------------------------------------------------------------------------------


class MostRecentCommand(Message, command=Command.MOST_RECENT_COMMAND):
    """The last command that the lock carried out; old firmware."""

    most_recent: Command = wire(enum16(Command))


class OpeningsClosingsSummary(Message, command=Command.OPENINGS_CLOSINGS_SUMMARY):
    """How often the door was opened and closed; generation 1."""

    openings_total: int = wire(uint16)
    closings_total: int = wire(uint16)
    openings_since_boot: int = wire(uint16)
    closings_since_boot: int = wire(uint16)
