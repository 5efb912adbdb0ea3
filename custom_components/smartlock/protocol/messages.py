"""The messages of the protocol, declared like the vendor's tables.

Each class names its command and the proof that it needs; each line is one field: name, type, wire type, unit
or meaning. `default=None` marks what older firmware does not send or a request may leave out.
Integers that stand for yes and no stay numbers, so that a value nobody knows yet is kept.

Source: Nuki Smart Lock API V2.1 and V2.3.0; `docs/protocol.md` names the few fields from elsewhere.
"""

from enum import Enum, auto
from typing import ClassVar, Self, override

from . import enums
from .enums import Command
from .errors import LockRefusedError, refusal
from .wire import (
    Date7,
    Layout,
    Version,
    date7,
    enum8,
    enum16,
    float32,
    int8,
    int16,
    raw,
    text,
    uint8,
    uint16,
    uint32,
    version2,
    version3,
    wire,
)


class Proof(Enum):
    """What stands behind the fields of a request to prove that it may be made."""

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

    trailing: bytes = b""

    @override
    def __init_subclass__(
        cls, *, command: Command | None = None, proof: Proof = Proof.NONE, moves_bolt: bool = False
    ) -> None:
        """Bind a declaration to its command."""
        super().__init_subclass__()
        if command is not None:
            cls.command = command
        cls.proof = proof
        cls.moves_bolt = moves_bolt

    def encode(self) -> bytes:
        """Return the payload without proof. Raises ValueError for a value that does not fit."""
        return self._pack() + self.trailing

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Return the message of a payload without proof. Raises DecodeError if it is too short."""
        values, trailing = cls._unpack(payload)
        return cls(**values, trailing=trailing)


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

    status: enums.StatusCode = wire(enum8(enums.StatusCode))


class ErrorReport(Message, command=Command.ERROR_REPORT):
    """Refusal of a command."""

    code: enums.ErrorCode = wire(enum8(enums.ErrorCode))
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
    id_type: enums.AuthorizationIdType = wire(enum8(enums.AuthorizationIdType))
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

    nuki_state: enums.NukiState = wire(enum8(enums.NukiState))
    lock_state: enums.LockState = wire(enum8(enums.LockState))
    trigger: enums.Trigger = wire(enum8(enums.Trigger), "of the last state change")
    current_time: Date7 = wire(date7, "UTC")
    time_zone_offset: int = wire(int16, "min")
    battery: int = wire(uint8, "bit 0 critical, bit 1 charging, bits 2-7 percent / 2")
    config_update_count: int | None = wire(uint8, default=None)
    lock_n_go_timer: int | None = wire(uint8, "s, 0 = inactive", default=None)
    last_lock_action: enums.LockAction | None = wire(enum8(enums.LockAction), default=None)
    last_lock_action_trigger: enums.Trigger | None = wire(enum8(enums.Trigger), default=None)
    last_lock_action_completion_status: enums.CompletionStatus | None = wire(
        enum8(enums.CompletionStatus), default=None
    )
    door_sensor_state: enums.DoorSensorState | None = wire(enum8(enums.DoorSensorState), default=None)
    night_mode_active: int | None = wire(uint8, default=None)
    accessory_battery: int | None = wire(
        uint8, "bit 0/1 keypad supported/critical, bit 2/3 door sensor; 0xFF not reported", default=None
    )
    remote_access: int | None = wire(uint8, "bits, see 10.10", default=None)
    ble_rssi: int | None = wire(int8, "dBm lock to Bridge; 0 invalid, 1 not supported", default=None)
    wifi_rssi: int | None = wire(int8, "dBm; 0 invalid, 1 not supported", default=None)
    wifi_status: int | None = wire(uint8, "bits, see 10.10", default=None)
    mqtt_status: int | None = wire(uint8, "bits, see 10.10", default=None)
    thread_status: int | None = wire(uint8, "bits, see 10.10", default=None)

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
    lock_action: enums.LockAction = wire(enum8(enums.LockAction))
    start_voltage: int = wire(uint16, "mV")
    lowest_voltage: int = wire(uint16, "mV")
    lock_distance: int = wire(uint16, "degrees")
    start_temperature: int = wire(int8, "degrees C")
    max_turn_current: int = wire(uint16, "mA")
    battery_resistance: int = wire(uint16, "mOhm")


# --- Actions ----------------------------------------------------------------------------------------------


class LockActionRequest(Message, command=Command.LOCK_ACTION, proof=Proof.CHALLENGE, moves_bolt=True):
    """Move the bolt or the latch."""

    action: enums.LockAction = wire(enum8(enums.LockAction))
    app_id: int = wire(uint32, "the one sent at pairing")
    flags: int = wire(uint8, "bit 0 auto unlock, bit 1 force", default=0)
    name_suffix: str | None = wire(text(20), "appended to the name in the log", default=None, secret=True)


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
    dst_mode: int = wire(uint8, "0 off, 1 European")
    has_fob: int = wire(uint8)
    fob_action_1: enums.FobAction = wire(enum8(enums.FobAction))
    fob_action_2: enums.FobAction = wire(enum8(enums.FobAction))
    fob_action_3: enums.FobAction = wire(enum8(enums.FobAction))
    single_lock: int = wire(uint8, "1 = one turn only")
    advertising_mode: enums.AdvertisingMode = wire(enum8(enums.AdvertisingMode))
    has_keypad: int = wire(uint8)
    firmware_version: Version = wire(version3)
    hardware_revision: Version = wire(version2)
    homekit_status: int | None = wire(uint8, "0 not available, 1 disabled, 2 enabled, 3 paired", default=None)
    time_zone_id: int | None = wire(uint16, "0xFFFF none", default=None)
    device_type: enums.DeviceType | None = wire(enum8(enums.DeviceType), default=None)
    capabilities: int | None = wire(uint8, "bit 0 Wi-Fi, bit 1 Thread and Matter", default=None)
    has_keypad_2: int | None = wire(uint8, default=None)
    matter_status: int | None = wire(uint8, "0 not available to 4 enabled and paired", default=None)
    product_variant: enums.ProductVariant | None = wire(enum8(enums.ProductVariant), default=None)


# --- PIN --------------------------------------------------------------------------------------------------


class VerifySecurityPin(Message, command=Command.VERIFY_SECURITY_PIN, proof=Proof.CHALLENGE_AND_PIN):
    """Ask whether the security PIN in the proof is right."""
