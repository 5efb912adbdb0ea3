"""What an Opener says differently: states, actions, settings and the ring in its log.

Source: Nuki Opener API V1.1.0 as cited by public clients, I-Connect/NukiBleEsp32 (src/NukiOpenerConstants.h). It
pairs like generations 1 to 4.
"""

from typing import override

from .enums import (
    AdvertisingMode,
    BatteryType,
    ButtonAction,
    Command,
    CompletionStatus,
    DoorSensorState,
    DstMode,
    FobAction,
    LockActionFlag,
    LogEntryType,
    NukiState,
    OpenerAction,
    OpenerState,
    Trigger,
)
from .messages import LOG_DETAILS, LogDetails, LogEntry, Message, Proof
from .wire import (
    Date7,
    Layout,
    Version,
    date7,
    enum8,
    flags8,
    float32,
    int16,
    text,
    uint8,
    uint16,
    uint32,
    version2,
    version3,
    wire,
)


class OpenerStates(Message, command=Command.KEYTURNER_STATES):
    """State of an Opener; the same bytes as Keyturner States with other meanings."""

    nuki_state: NukiState = wire(enum8(NukiState), "continuous mode is on in state 3")
    opener_state: OpenerState = wire(enum8(OpenerState))
    trigger: Trigger = wire(enum8(Trigger), "of the last state change")
    current_time: Date7 = wire(date7, "UTC")
    time_zone_offset: int = wire(int16, "min")
    battery: int = wire(uint8, "bit 0 critical; no percent")
    config_update_count: int | None = wire(uint8, default=None)
    ring_to_open_timer: int | None = wire(uint8, "min, 0 = inactive", default=None)
    last_action: OpenerAction | None = wire(enum8(OpenerAction), default=None)
    last_action_trigger: Trigger | None = wire(enum8(Trigger), default=None)
    last_action_completion_status: CompletionStatus | None = wire(enum8(CompletionStatus), default=None)
    door_sensor_state: DoorSensorState | None = wire(enum8(DoorSensorState), default=None)

    @property
    def battery_critical(self) -> bool:
        """Whether the Opener calls its battery critical."""
        return bool(self.battery & 0x01)


class OpenerActionRequest(Message, command=Command.LOCK_ACTION, proof=Proof.CHALLENGE, moves_bolt=True):
    """Open the door, or switch ring to open or continuous mode."""

    action: OpenerAction = wire(enum8(OpenerAction))
    app_id: int = wire(uint32, "the one sent at pairing")
    flags: LockActionFlag = wire(flags8(LockActionFlag), default=LockActionFlag.NONE)
    name_suffix: str | None = wire(text(20), "appended to the name in the log", default=None, secret=True)


class OpenerConfig(Message, command=Command.CONFIG):
    """Settings of an Opener."""

    nuki_id: int = wire(uint32)
    name: str = wire(text(32), secret=True)
    latitude: bytes = wire(float32, secret=True)
    longitude: bytes = wire(float32, secret=True)
    capabilities: int = wire(uint8, "0 opens only, 1 both, 2 ring to open only")
    pairing_enabled: int = wire(uint8)
    button_enabled: int = wire(uint8)
    led_enabled: int = wire(uint8)
    current_time: Date7 = wire(date7, "UTC")
    time_zone_offset: int = wire(int16, "min")
    dst_mode: DstMode = wire(enum8(DstMode))
    has_fob: int = wire(uint8)
    fob_action_1: FobAction = wire(enum8(FobAction))
    fob_action_2: FobAction = wire(enum8(FobAction))
    fob_action_3: FobAction = wire(enum8(FobAction))
    operating_mode: int = wire(uint8, "kind of intercom, 0 generic to 15")
    advertising_mode: AdvertisingMode = wire(enum8(AdvertisingMode))
    has_keypad: int = wire(uint8)
    firmware_version: Version = wire(version3)
    hardware_revision: Version = wire(version2)
    time_zone_id: int = wire(uint16, "0xFFFF none")
    has_keypad_2: int | None = wire(uint8, default=None)


class OpenerAdvancedConfigLong(Message, command=Command.ADVANCED_CONFIG):
    """Further settings of an Opener, in the form that I-Connect/NukiBleEsp32 reads (26 or 27 bytes)."""

    intercom_id: int = wire(uint16)
    bus_mode_switch: int = wire(uint8)
    short_circuit_duration: int = wire(uint16, "ms")
    electric_strike_delay: int = wire(uint16, "ms")
    random_electric_strike_delay: int = wire(uint8)
    electric_strike_duration: int = wire(uint16, "ms")
    disable_ring_to_open_after_ring: int = wire(uint8)
    ring_to_open_timeout: int = wire(uint8, "min")
    unknown: int = wire(uint8, "not in the vendor's document")
    doorbell_suppression: int = wire(
        uint8, "bits for continuous mode, ring to open and ring; sources disagree which is which"
    )
    doorbell_suppression_duration: int = wire(uint16, "ms")
    sound_ring: int = wire(uint8)
    sound_open: int = wire(uint8)
    sound_ring_to_open: int = wire(uint8)
    sound_continuous_mode: int = wire(uint8)
    sound_confirmation: int = wire(uint8)
    sound_level: int = wire(uint8)
    single_button_press_action: ButtonAction = wire(enum8(ButtonAction))
    double_button_press_action: ButtonAction = wire(enum8(ButtonAction))
    battery_type: BatteryType = wire(enum8(BatteryType))
    automatic_battery_type_detection: int = wire(uint8)
    auto_update_enabled: int | None = wire(uint8, default=None)


class OpenerAdvancedConfig(Message, command=Command.ADVANCED_CONFIG, longer_form=OpenerAdvancedConfigLong):
    """Further settings of an Opener, in the form of the vendor's document (25 bytes)."""

    intercom_id: int = wire(uint16)
    bus_mode_switch: int = wire(uint8)
    short_circuit_duration: int = wire(uint16, "ms")
    electric_strike_delay: int = wire(uint16, "ms")
    random_electric_strike_delay: int = wire(uint8)
    electric_strike_duration: int = wire(uint16, "ms")
    disable_ring_to_open_after_ring: int = wire(uint8)
    ring_to_open_timeout: int = wire(uint8, "min")
    doorbell_suppression: int = wire(
        uint8, "bits for continuous mode, ring to open and ring; sources disagree which is which"
    )
    doorbell_suppression_duration: int = wire(uint16, "ms")
    sound_ring: int = wire(uint8)
    sound_open: int = wire(uint8)
    sound_ring_to_open: int = wire(uint8)
    sound_continuous_mode: int = wire(uint8)
    sound_confirmation: int = wire(uint8)
    sound_level: int = wire(uint8)
    single_button_press_action: ButtonAction = wire(enum8(ButtonAction))
    double_button_press_action: ButtonAction = wire(enum8(ButtonAction))
    battery_type: BatteryType = wire(enum8(BatteryType))
    automatic_battery_type_detection: int = wire(uint8)


class LoggedRing(Layout):
    """Somebody rang (log entry type 6 of an Opener)."""

    mode: int = wire(uint8, "bit 0 ring to open, bit 1 continuous mode")
    source: int = wire(uint8, "0 bell, 1 time control, 2 app, 3 button, 4 fob, 5 bridge, 6 keypad")
    geofence: int = wire(uint8)
    doorbell_suppressed: int = wire(uint8)
    sound_id: int = wire(uint8)
    completion_status: CompletionStatus = wire(enum8(CompletionStatus))
    code_id: int | None = wire(uint16, default=None)


# The number of the door sensor in a lock is that of the doorbell in an Opener.
OPENER_LOG_DETAILS: LogDetails = {
    **LOG_DETAILS,
    LogEntryType.DOOR_SENSOR: LoggedRing,
}


class OpenerLogEntry(LogEntry, command=Command.LOG_ENTRY):
    """One log entry of an Opener: type 6 is a ring."""

    @classmethod
    @override
    def detail_kinds(cls) -> LogDetails:
        """Return what each type carries."""
        return OPENER_LOG_DETAILS
