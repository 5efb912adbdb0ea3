"""What the lock does by itself at set times of day: its time control entries, in a session with the PIN."""

from functools import partial

from custom_components.smartlock.pin.guard import PinSession
from custom_components.smartlock.protocol import conversations, paging
from custom_components.smartlock.protocol.messages import (
    AddTimeControlEntry,
    RemoveTimeControlEntry,
    TimeControlEntry,
    TimeControlEntryId,
    UpdateTimeControlEntry,
)


async def read_schedules(session: PinSession) -> tuple[TimeControlEntry, ...]:
    """Read all entries. Raises what `PinSession.request` raises, and IncompleteListError."""
    announced, entries = await session.request(conversations.read_time_control)
    count = None if announced is None else announced.count
    return paging.whole((count, entries), lambda entry: entry.entry_id)


async def add_schedule(session: PinSession, entry: TimeControlEntry) -> int:
    """Add an entry, enabled, and return the id that the lock assigned; the id of `entry` is ignored.

    Raises what `PinSession.request` raises.
    """
    request = AddTimeControlEntry(weekdays=entry.weekdays, time=entry.time, lock_action=entry.lock_action)
    added = await session.request(partial(conversations.add_entry, request, TimeControlEntryId))
    return added.entry_id


async def change_schedule(session: PinSession, entry: TimeControlEntry) -> None:
    """Replace the entry with this id by `entry`. Raises what `PinSession.request` raises."""
    request = UpdateTimeControlEntry(
        entry_id=entry.entry_id,
        enabled=entry.enabled,
        weekdays=entry.weekdays,
        time=entry.time,
        lock_action=entry.lock_action,
    )
    await session.request(partial(conversations.order, request))


async def remove_schedule(session: PinSession, entry_id: int) -> None:
    """Delete an entry. Raises what `PinSession.request` raises."""
    await session.request(partial(conversations.order, RemoveTimeControlEntry(entry_id=entry_id)))
