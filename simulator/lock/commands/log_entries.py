"""Reading the log, page by page."""

from custom_components.smartlock.protocol.enums import ErrorCode, LogEntryType, SortOrder
from custom_components.smartlock.protocol.messages import LogEntry, LogEntryCount, RequestLogEntries
from simulator.lock.log import LogRecord
from simulator.lock.models import Model
from simulator.lock.request import Request

# Entries that say one thing in one byte.
_SWITCHES = (LogEntryType.LOGGING, LogEntryType.DOOR_SENSOR, LogEntryType.DOOR_SENSOR_LOGGING)


def request_log_entries(request: Request) -> None:
    """Tell how many entries there are beyond an index, if that is wanted, then the wanted ones."""
    device, wanted = request.device, RequestLogEntries.decode(request.fields)
    if not wanted.sort_order.known or wanted.total_count not in (0, 1):
        request.refuse(ErrorCode.K_BAD_PARAMETER)
        return
    order = SortOrder.DESCENDING if device.habits.ascending_ignored else SortOrder(wanted.sort_order)
    records = device.log.beyond(wanted.start_index, order)
    if wanted.total_count:
        request.answer(
            LogEntryCount(
                logging_enabled=int(device.log.enabled),
                count=len(records),
                door_sensor_enabled=int(device.door.has_sensor),
                door_sensor_logging_enabled=int(device.door.logging),
            )
        )
    page = records[: wanted.count]
    if device.habits.list_in_disorder:
        page.sort(key=lambda record: device.random(4))
    request.answer_list(_entry(device.model, record) for record in page)


def _entry(model: Model, record: LogRecord) -> LogEntry:
    size = model.log_switch_bytes if record.type in _SWITCHES else model.log_run_bytes
    return LogEntry(
        index=record.index,
        timestamp=record.timestamp,
        authorization_id=record.authorization_id,
        name=record.name,
        type=record.type,
        trailing=record.data.ljust(size, b"\0"),
    )
