"""The entries of time control: reading, adding, changing, removing."""

from custom_components.smartlock.protocol.enums import ErrorCode
from custom_components.smartlock.protocol.messages import (
    AddTimeControlEntry,
    RemoveTimeControlEntry,
    TimeControlEntry,
    TimeControlEntryCount,
    TimeControlEntryId,
    UpdateTimeControlEntry,
)
from simulator.lock.request import Request
from simulator.lock.time_control import Entry


def request_time_control_entries(request: Request) -> None:
    """Tell how many there are, then all of them."""
    entries = list(request.device.time_control)
    request.answer(TimeControlEntryCount(count=len(entries)))
    request.answer_list(
        TimeControlEntry(
            entry_id=entry_id,
            enabled=entry.enabled,
            weekdays=entry.weekdays,
            time=entry.time,
            lock_action=entry.lock_action,
        )
        for entry_id, entry in entries
    )


def add_time_control_entry(request: Request) -> None:
    """Add an entry, which is enabled from then on."""
    wanted = AddTimeControlEntry.decode(request.fields)
    entry = Entry(weekdays=wanted.weekdays, time=wanted.time, lock_action=wanted.lock_action)
    time_control = request.device.time_control
    if not entry.possible:
        request.refuse(ErrorCode.K_BAD_PARAMETER)
    elif time_control.full:
        request.refuse(ErrorCode.K_TOO_MANY_ENTRIES)
    else:
        entry_id = time_control.add(entry)
        _written(request)
        request.answer_id(TimeControlEntryId(entry_id=entry_id))


def update_time_control_entry(request: Request) -> None:
    """Replace an entry."""
    update = UpdateTimeControlEntry.decode(request.fields)
    entry = Entry(
        weekdays=update.weekdays,
        time=update.time,
        lock_action=update.lock_action,
        enabled=update.enabled,
    )
    if update.entry_id not in request.device.time_control or not entry.possible:
        request.refuse(ErrorCode.K_BAD_PARAMETER)
        return
    request.device.time_control.replace(update.entry_id, entry)
    _written(request)
    request.complete()


def remove_time_control_entry(request: Request) -> None:
    """Delete an entry."""
    entry_id = RemoveTimeControlEntry.decode(request.fields).entry_id
    if entry_id not in request.device.time_control:
        request.refuse(ErrorCode.K_BAD_PARAMETER)
        return
    request.device.time_control.remove(entry_id)
    _written(request)
    request.complete()


def _written(request: Request) -> None:
    request.note_written(["time_control"])
    request.device.automation.changed()
