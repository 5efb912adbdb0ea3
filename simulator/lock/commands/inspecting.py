"""What only public clients know of: door sensor, statistics, Keypad 2, accessories, internal log; reading only."""

from custom_components.smartlock.protocol.enums import AuthorizationIdType, ErrorCode, SortOrder
from custom_components.smartlock.protocol.undocumented import (
    AccessoryInfo,
    InternalLogEntry,
    RequestAccessoryInfo,
    RequestDailyStatistics,
    RequestInternalLogEntries,
)
from custom_components.smartlock.protocol.wire import Version
from simulator.lock.accessories import Accessory
from simulator.lock.device import Device
from simulator.lock.request import Request

_INTERNAL_DATA_SIZE = 40
_ACCESSORY_FIRMWARE = Version(1, 6, 4)
_ACCESSORY_HARDWARE = Version(1, 0)
_FULL, _NEARLY_EMPTY = 4600, 3500


def request_door_sensor_config(request: Request) -> None:
    """Tell the settings of the door sensor."""
    request.answer(request.device.door.config)


def request_general_statistics(request: Request) -> None:
    """Tell the counters."""
    request.answer(request.device.statistics.general())


def request_daily_statistics(request: Request) -> None:
    """Tell about the last days; the last of the five bytes is taken for their number."""
    device = request.device
    count = RequestDailyStatistics.decode(request.fields).unknown[-1]
    request.answer_list(device.statistics.daily(count, device.battery.percent))


def request_keypad_2_config(request: Request) -> None:
    """Tell the settings of a Keypad 2."""
    if Accessory.KEYPAD_2 not in request.device.accessories.paired:
        request.refuse(ErrorCode.K_BAD_PARAMETER)
        return
    request.answer(request.device.accessories.keypad_2_config)


def request_accessory_info(request: Request) -> None:
    """Tell about an accessory, if there is one of this kind."""
    kind = RequestAccessoryInfo.decode(request.fields).accessory_type
    battery = _battery_of(request.device, AuthorizationIdType(kind))
    if battery is None:
        request.refuse(ErrorCode.K_BAD_PARAMETER)
        return
    device = request.device
    request.answer(
        AccessoryInfo(
            date=device.now,
            nuki_id=device.nuki_id ^ 0x01000000 * kind,
            accessory_type=kind,
            firmware_version=_ACCESSORY_FIRMWARE,
            hardware_revision=_ACCESSORY_HARDWARE,
            variant=0,
            battery_voltage=_NEARLY_EMPTY if battery in device.accessories.critical else _FULL,
            temperature=device.battery.temperature,
        )
    )


def _battery_of(device: Device, kind: AuthorizationIdType) -> str | None:
    """Return what the battery of an accessory is called, None if there is no such accessory."""
    if kind == AuthorizationIdType.DOOR_SENSOR:
        return "door-sensor" if device.accessories.reports("door-sensor") else None
    paired = next((entry for entry in device.accessories.paired if entry.id_type == kind), None)
    if paired is None:
        return None
    return "fob" if paired is Accessory.FOB else "keypad"


def request_internal_log_entries(request: Request) -> None:
    """Tell what the lock noted for its maker: here the same as its log."""
    wanted = RequestInternalLogEntries.decode(request.fields)
    if not wanted.sort_order.known:
        request.refuse(ErrorCode.K_BAD_PARAMETER)
        return
    records = request.device.log.beyond(wanted.start_index, SortOrder(wanted.sort_order))
    request.answer_list(
        InternalLogEntry(
            index=record.index,
            timestamp=record.timestamp,
            authorization_id=record.authorization_id,
            type=record.type,
            data=record.data.ljust(_INTERNAL_DATA_SIZE, b"\0"),
        )
        for record in records[: wanted.count]
    )
