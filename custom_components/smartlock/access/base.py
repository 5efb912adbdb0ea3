"""What changes of codes, authorizations and time control have in common."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from datetime import datetime, tzinfo

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.util import dt as dt_util

from custom_components.smartlock.access.directory import Progress
from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.limits import excess
from custom_components.smartlock.access.lists import Entry, ListKind, LockLists
from custom_components.smartlock.access.rules.changes import RightChange
from custom_components.smartlock.access.rules.rights import RightError
from custom_components.smartlock.access.rules.zones import unnamed_zone, zone_name
from custom_components.smartlock.clock.sync import LockClock
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.listeners import Listeners
from custom_components.smartlock.pin.guard import PinSession
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.messages import Config


class AccessList[E: Entry](ABC):
    """One of the lists of a lock: read, changed one entry at a time, and remembered as it was last read."""

    kind: ListKind

    def __init__(self, coordinator: SmartLockCoordinator, lists: LockLists, clock: LockClock) -> None:
        """Prepare; nothing is sent yet."""
        self.coordinator = coordinator
        self._lists = lists
        self._clock = clock
        self.read_at: datetime | None = None
        """When the list was last read as a whole."""
        self._entries: tuple[E, ...] = ()
        """As it was last read."""
        self._stale = True
        """Whether it was never read, or may have been changed since."""
        self._read_listeners = Listeners[[]]()

    # --- Reading and writing ------------------------------------------------------------------------------

    @abstractmethod
    async def _fetch(self, progress: Progress | None = None) -> tuple[E, ...]:
        """Read the list. Raises what `LockLists.codes` raises."""

    async def _read(self, progress: Progress | None = None) -> tuple[E, ...]:
        """Read the list inside a turn, and remember it. Raises like `_fetch`."""
        return self._took(await self._fetch(progress))

    async def _known(self, progress: Progress | None, *, refresh: bool) -> tuple[E, ...]:
        """Return the list: by a fresh read, or as it is known if it is."""
        if not refresh and not self._stale:
            return self._entries
        async with self._lists.turn():
            return await self._read(progress)

    def _took(self, entries: tuple[E, ...]) -> tuple[E, ...]:
        self._entries, self._stale, self.read_at = entries, False, dt_util.utcnow()
        self._read_listeners.notify()
        return entries

    @property
    def entries(self) -> tuple[E, ...]:
        """The list as it was last read; empty before."""
        return self._entries

    @callback
    def async_on_read(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call `listener` each time the list has been read."""
        return self._read_listeners.add(listener)

    async def _write[T](
        self,
        write: Callable[[PinSession], Awaitable[T]],
        *,
        done: Callable[[tuple[E, ...]], bool],
        gone: Callable[[E], bool] = lambda entry: False,
    ) -> tuple[T | None, tuple[E, ...] | None]:
        """Do what `LockLists.change` does, and remember the list after it."""
        self._stale = True
        answer, after = await self._lists.change(self.kind, write, self._fetch, done=done, gone=gone)
        if after is not None:
            self._took(after)
        return answer, after

    async def _write_and_see(
        self,
        write: Callable[[PinSession], Awaitable[None]],
        *,
        done: Callable[[tuple[E, ...]], bool],
        gone: Callable[[E], bool] = lambda entry: False,
    ) -> tuple[E, ...]:
        """Do the same, and return the list. Raises AccessError with `OUTCOME_UNKNOWN` if it could not be read."""
        _, after = await self._write(write, done=done, gone=gone)
        if after is None:
            raise AccessError(AccessProblem.OUTCOME_UNKNOWN)
        return after

    # --- The lock -----------------------------------------------------------------------------------------

    async def config(self) -> Config:
        """Return the settings of the lock, read if they never were. Raises SmartLockError."""
        if (config := self.coordinator.data.config) is None:
            config = await self.coordinator.client.read(conversations.read_config)
            self.coordinator.async_take(config)
        return config

    async def zone(self) -> tzinfo:
        """Return the lock's own zone, in which weekdays and hours count. Raises SmartLockError."""
        config = await self.config()
        name = zone_name(config)
        zone = None if name is None else await dt_util.async_get_time_zone(name)
        return zone or unnamed_zone(config)

    @property
    def zone_name(self) -> str | None:
        """The IANA name of the lock's zone; None if it has none, or was not read yet."""
        config = self.coordinator.data.config
        return None if config is None else zone_name(config)

    @property
    def clock_offset(self) -> int | None:
        """Seconds to add to the lock's clock, when it last reported the time, to get ours; None if unknown."""
        ahead = self._clock.ahead
        return None if ahead is None else round(-ahead.total_seconds())


def check_name(name: str, size: int) -> None:
    """Raise AccessError for a name that a lock does not take: none, or more than so many bytes."""
    if not name.strip():
        raise AccessError(AccessProblem.NAME_MISSING)
    if too_many := excess(name, size):
        raise AccessError(AccessProblem.NAME_TOO_LONG, count=str(too_many), size=str(size))


def check_right(change: RightChange) -> None:
    """Raise AccessError for a right that nobody can have, whatever the lock has."""
    try:
        change.check(dt_util.utcnow())
    except RightError as error:
        raise AccessError.of(error) from error
