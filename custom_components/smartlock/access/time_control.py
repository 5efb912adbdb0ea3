"""The time control of one lock: what it does on its own at set times of day."""

from dataclasses import replace
import datetime as dt
from datetime import time
from functools import partial
from typing import override

from custom_components.smartlock.access import schedules
from custom_components.smartlock.access.base import AccessList
from custom_components.smartlock.access.directory import Progress
from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.lists import ListKind
from custom_components.smartlock.access.rules.entries import DANGEROUS_ACTIONS, TIMED_ACTIONS, Timed
from custom_components.smartlock.access.rules.rights import EVERY_DAY, same_days
from custom_components.smartlock.protocol.enums import ErrorCode, Weekdays
from custom_components.smartlock.protocol.errors import LockRefusedError, SettingsNotKeptError, SmartLockError
from custom_components.smartlock.protocol.messages import TimeControlEntry
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.protocol.wire import Time2


@dataclass(frozen=True, kw_only=True)
class NewTimed:
    """An entry to add; `time` is the lock's local time, to the minute."""

    time: time
    action: str
    """One of TIMED_ACTIONS."""
    weekdays: Weekdays = EVERY_DAY
    enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class TimedChange:
    """What to change of an entry; None: as it is."""

    time: dt.time | None = None
    action: str | None = None
    weekdays: Weekdays | None = None
    enabled: bool | None = None

    @property
    def gives(self) -> bool:
        """Whether the lock may do something then that it did not do before."""
        return self != TimedChange() and self.enabled is not False


class TimeControl(AccessList[TimeControlEntry]):
    """The entries of one lock's time control."""

    kind = ListKind.TIME_CONTROL

    async def async_list(self, *, refresh: bool = True) -> tuple[Timed, ...]:
        """Return all entries; without `refresh` as they were last read. Raises what `LockLists.time_control` raises."""
        return tuple(Timed.of(entry) for entry in await self._known(None, refresh=refresh))

    @override
    async def _fetch(self, progress: Progress | None = None) -> tuple[TimeControlEntry, ...]:
        return await self._lists.time_control()

    async def async_add(self, new: NewTimed, *, confirmed: bool = False) -> Timed:
        """Add an entry and return it as the lock has it.

        `confirmed`: whether the owner knows that the lock will open by the clock. Raises AccessError, nearly always
        before anything is sent, OwnClockError if the lock's clock is wrong, and SmartLockError. Only after
        `OUTCOME_UNKNOWN` the entry may be there.
        """
        _check_confirmed(new.action, confirmed=confirmed)
        wanted = TimeControlEntry(
            entry_id=0,
            enabled=1,
            weekdays=new.weekdays,
            time=_written(new.time),
            lock_action=TIMED_ACTIONS[new.action],
        )
        async with self._lists.turn():
            await self._clock.async_ensure_right()
            before = {entry.entry_id for entry in await self._read()}

            def added(found: tuple[TimeControlEntry, ...]) -> TimeControlEntry | None:
                new_ones = (each for each in found if each.entry_id not in before)
                return next((each for each in new_ones if not _differing(wanted, each)), None)

            try:
                entry_id, after = await self._write(
                    partial(schedules.add_schedule, entry=wanted),
                    done=lambda found: added(found) is not None,
                )
            except LockRefusedError as error:
                if error.code == ErrorCode.K_TOO_MANY_ENTRIES:
                    raise AccessError(AccessProblem.TOO_MANY_SCHEDULES) from error
                raise
            if after is None:
                if not new.enabled:
                    raise AccessError(AccessProblem.OUTCOME_UNKNOWN)
                return Timed.of(replace(wanted, entry_id=entry_id or 0))
            entry = added(after)
            if entry is None:
                raise SettingsNotKeptError(("time_control",))
            return Timed.of(entry if new.enabled else await self._switch_off(entry))

    async def _switch_off(self, entry: TimeControlEntry) -> TimeControlEntry:
        """Disable an entry that was just added. Raises AccessError with `OUTCOME_UNKNOWN`: it may be there, and enabled."""
        try:
            return await self._change(entry, TimedChange(enabled=False))
        except SmartLockError as error:
            raise AccessError(AccessProblem.OUTCOME_UNKNOWN) from error

    async def async_update(self, entry_id: int, change: TimedChange, *, confirmed: bool = False) -> Timed:
        """Change an entry, and return it as the lock has it; what is not named stays. Raises like `async_add`."""
        if change.action is not None and change.enabled is not False:
            _check_confirmed(change.action, confirmed=confirmed)
        async with self._lists.turn():
            entry = _find(await self._read(), entry_id)
            merged = _merged(entry, change)
            if change.gives and merged.enabled:
                _check_confirmed(Timed.of(merged).action, confirmed=confirmed)
            return Timed.of(await self._change(entry, change))

    async def _change(self, entry: TimeControlEntry, change: TimedChange) -> TimeControlEntry:
        wanted = _merged(entry, change)
        if wanted == entry:
            return entry
        if change.gives and wanted.enabled:
            await self._clock.async_ensure_right()
        after = await self._write_and_see(
            partial(schedules.change_schedule, entry=wanted),
            done=lambda found: any(_same(wanted, each) for each in found),
            gone=lambda each: _same(each, entry),
        )
        found = _find(after, entry.entry_id)
        if fields := _differing(wanted, found):
            raise SettingsNotKeptError(fields)
        return found

    async def async_delete(self, entry_id: int) -> None:
        """Delete an entry. Raises like `async_add`."""
        async with self._lists.turn():
            entry = _find(await self._read(), entry_id)
            after = await self._write_and_see(
                partial(schedules.remove_schedule, entry_id=entry_id),
                done=lambda found: all(each.entry_id != entry_id for each in found),
                gone=lambda each: not _differing(each, entry),
            )
            if any(_same(entry, each) for each in after):
                raise SettingsNotKeptError(("time_control",))


def _written(at: time) -> Time2:
    """Return a time of day as it is written. Raises AccessError for one with seconds."""
    if at != at.replace(second=0, microsecond=0):
        raise AccessError(AccessProblem.BAD_HOURS)
    return Time2(at.hour, at.minute)


def _check_confirmed(action: str, *, confirmed: bool) -> None:
    if action in DANGEROUS_ACTIONS and not confirmed:
        raise AccessError(AccessProblem.CONFIRM_NEEDED)


def _merged(entry: TimeControlEntry, change: TimedChange) -> TimeControlEntry:
    """Return an entry with what is named of a change. Raises AccessError."""
    return replace(
        entry,
        time=entry.time if change.time is None else _written(change.time),
        lock_action=entry.lock_action if change.action is None else TIMED_ACTIONS[change.action],
        weekdays=entry.weekdays if change.weekdays is None else change.weekdays,
        enabled=entry.enabled if change.enabled is None else int(change.enabled),
    )


def _differing(wanted: TimeControlEntry, found: TimeControlEntry) -> tuple[str, ...]:
    """Return the names of what is not as wanted."""
    pairs: dict[str, tuple[object, object]] = {
        "weekdays": (same_days(wanted.weekdays), same_days(found.weekdays)),
        "time": (wanted.time, found.time),
        "lock_action": (wanted.lock_action, found.lock_action),
        "enabled": (wanted.enabled, found.enabled),
    }
    return tuple(name for name, (one, other) in pairs.items() if one != other)


def _same(one: TimeControlEntry, other: TimeControlEntry) -> bool:
    return one.entry_id == other.entry_id and not _differing(one, other)


def _find(entries: tuple[TimeControlEntry, ...], entry_id: int) -> TimeControlEntry:
    """Return the entry with an id. Raises AccessError."""
    for entry in entries:
        if entry.entry_id == entry_id:
            return entry
    raise AccessError(AccessProblem.NO_SUCH_SCHEDULE)
