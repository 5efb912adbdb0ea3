"""Messages that the vendor's document does not have, as far as public clients agree on them; reading only.

Source: I-Connect/NukiBleEsp32, src/NukiDataTypes.h and NukiLockConstants.h; uriyacovy/ESPHome_nuki_lock. Which
product answers which of them is not known, so every refusal of one is to be expected. The commands that hand out
secrets ("for migration") and Restore Config are left out on purpose (`docs/decisions/`).

What ships uses General Statistics alone; the others are declared for the simulator, the documents and for
inspecting a lock's answers.
"""

from .enums import BatteryType, Command, KeypadAction, SortOrder
from .messages import Message, Proof
from .wire import Date7, Version, date7, enum8, raw, uint8, uint16, uint32, version2, version3, wire


class RequestDoorSensorConfig(Message, command=Command.REQUEST_DOOR_SENSOR_CONFIG, proof=Proof.CHALLENGE):
    """Ask for Door Sensor Config; needs no PIN."""


class DoorSensorConfig(Message, command=Command.DOOR_SENSOR_CONFIG):
    """Settings of the door sensor."""

    enabled: int = wire(uint8)
    door_ajar_timeout: int = wire(uint8)
    door_ajar_logging_enabled: int = wire(uint8)
    door_status_mismatch_logging_enabled: int = wire(uint8)


class RequestGeneralStatistics(
    Message, command=Command.REQUEST_GENERAL_STATISTICS, proof=Proof.CHALLENGE_AND_PIN
):
    """Ask for General Statistics."""


class GeneralStatistics(Message, command=Command.GENERAL_STATISTICS):
    """Counters since the first calibration and since the batteries were changed."""

    version: int = wire(uint8)
    first_calibration_year: int = wire(uint16)
    first_calibration_month: int = wire(uint8)
    first_calibration_day: int = wire(uint8)
    calibration_count: int = wire(uint16)
    lock_action_count: int = wire(uint16)
    unlatch_count: int = wire(uint16)
    last_reboot: Date7 = wire(date7, "UTC")
    last_charge: Date7 = wire(date7, "UTC")
    initial_battery_voltage: int = wire(uint16, "mV")
    battery_cycle_action_count: int = wire(uint16)
    unexpected_reboot_count: int = wire(uint16)


class RequestDailyStatistics(
    Message, command=Command.REQUEST_DAILY_STATISTICS, proof=Proof.CHALLENGE_AND_PIN
):
    """Ask for Daily Statistics. What the five bytes mean is not known."""

    unknown: bytes = wire(raw(5), default=bytes([0, 0, 0, 0, 5]))


class DailyStatistics(Message, command=Command.DAILY_STATISTICS):
    """What happened on one day."""

    year: int = wire(uint16)
    month: int = wire(uint8)
    day: int = wire(uint8)
    version: int = wire(uint8)
    lock_actions_succeeded: int = wire(uint16)
    lock_actions_failed: int = wire(uint16)
    average_current_lock: int = wire(uint16, "mA")
    max_current_lock: int = wire(uint16, "mA")
    min_start_voltage_lock: int = wire(uint16, "mV")
    unlatches_succeeded: int = wire(uint16)
    unlatches_failed: int = wire(uint16)
    average_current_unlatch: int = wire(uint16, "mA")
    max_current_unlatch: int = wire(uint16, "mA")
    min_start_voltage_unlatch: int = wire(uint16, "mV")
    incoming_commands: int = wire(uint16)
    outgoing_commands: int = wire(uint16)
    max_temperature: int = wire(uint8, "degrees C")
    min_temperature: int = wire(uint8, "degrees C")
    average_temperature: int = wire(uint8, "degrees C")
    door_sensor_changes: int = wire(uint16)
    max_battery: int = wire(uint8, "%")
    min_battery: int = wire(uint8, "%")
    idle_time: int = wire(uint32)
    connection_time: int = wire(uint32)
    action_time: int = wire(uint32)


class RequestKeypad2Config(Message, command=Command.REQUEST_KEYPAD_2_CONFIG, proof=Proof.CHALLENGE):
    """Ask for Keypad 2 Config; needs no PIN."""


class Keypad2Config(Message, command=Command.KEYPAD_2_CONFIG):
    """Settings of a Keypad 2."""

    update_pending: int = wire(uint8)
    led_brightness: int = wire(uint8)
    battery_type: BatteryType = wire(enum8(BatteryType))
    button_mode: int = wire(uint8)
    lock_action: KeypadAction = wire(enum8(KeypadAction))


class RequestAccessoryInfo(Message, command=Command.REQUEST_ACCESSORY_INFO, proof=Proof.CHALLENGE_AND_PIN):
    """Ask for Accessory Info of one kind of accessory."""

    accessory_type: int = wire(uint8)


class AccessoryInfo(Message, command=Command.ACCESSORY_INFO):
    """An accessory as the lock last received it; more bytes of unknown meaning follow."""

    date: Date7 = wire(date7, "UTC")
    nuki_id: int = wire(uint32, "of the accessory", secret=True)
    accessory_type: int = wire(uint8)
    firmware_version: Version = wire(version3)
    hardware_revision: Version = wire(version2)
    variant: int = wire(uint8)
    battery_voltage: int = wire(uint16, "mV")
    temperature: int = wire(uint8, "degrees C")


class RequestInternalLogEntries(
    Message, command=Command.REQUEST_INTERNAL_LOG_ENTRIES, proof=Proof.CHALLENGE_AND_PIN
):
    """Ask for internal log entries, as for log entries."""

    start_index: int = wire(uint32)
    count: int = wire(uint16)
    sort_order: SortOrder = wire(enum8(SortOrder))
    total_count: int = wire(uint8)


class InternalLogEntry(Message, command=Command.INTERNAL_LOG_ENTRY):
    """One internal log entry; its data is not decoded."""

    index: int = wire(uint32)
    timestamp: Date7 = wire(date7, "UTC")
    authorization_id: int = wire(uint32, secret=True)
    type: int = wire(uint8)
    data: bytes = wire(raw(40), secret=True)
