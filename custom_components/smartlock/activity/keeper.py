"""What happens at one lock: reads it in the log over links that are open anyway, and tells it, each entry once."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from custom_components.smartlock.activity.log import LogReader
from custom_components.smartlock.activity.people import People, read_people
from custom_components.smartlock.activity.rules.cursor import Cursor, News
from custom_components.smartlock.activity.rules.entries import Known, Method, record_of
from custom_components.smartlock.activity.rules.events import Activity, Names
from custom_components.smartlock.activity.rules.last import Last, Operation, method_of
from custom_components.smartlock.activity.rules.moments import RIGHT_ENOUGH, Watches, moment_of
from custom_components.smartlock.activity.rules.reading import Reading
from custom_components.smartlock.activity.rules.when import WRITING_TIME, Look
from custom_components.smartlock.assumptions import Assumption
from custom_components.smartlock.clock.sync import LockClock
from custom_components.smartlock.const import CONF_AUTHORIZATION_ID, CONF_SHOW_NAMES, LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.listeners import Listeners
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.pin.guard import PinGuard, PinSession
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.protocol.errors import IncompleteListError, LinkError, LockRefusedError
from custom_components.smartlock.protocol.messages import KeyturnerStates, LogEntry, Message
from custom_components.smartlock.rules.stored import integer, mapped, obj, optional
from custom_components.smartlock.storage import LockStore, lock_store
from custom_components.smartlock.system_clock.trust import system_clock

# How often the lists of people may be read because of somebody unknown, and how often they are read anyway; seconds.
_LISTS_PAUSE, _LISTS_EVERY = 3600.0, 86400.0
# After so many links that ended before they were read, what is new is told without.
_LISTS_TRIES = 3


class ActivityKeeper(LockPart):
    """Tells what happens at one lock, and knows who was last."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        coordinator: SmartLockCoordinator,
        *,
        pin: PinGuard,
        log: LogReader,
        clock: LockClock,
    ) -> None:
        """Prepare; `async_load` comes first."""
        self._hass = hass
        self._entry = entry
        self.coordinator = coordinator
        self._pin = pin
        self._log = log
        self._clock = clock
        self._store: LockStore[dict[str, Any]] = lock_store(hass, coordinator.nuki_id, "activity")
        self._reading = Reading()
        self._look = Look()
        self._complete_at = dt_util.utcnow() - RIGHT_ENOUGH
        """When the log was last read to its end."""
        self.last = Last()
        self.people = People()
        self._people_at: float | None = None
        """When the lists were last read, or refused, in seconds of the loop."""
        self._lists_failed = 0
        """How often the link has ended since before they were read."""
        self._numbers: dict[int, int] = {}
        self.logging: bool | None = None
        """Whether the lock keeps a log; None if that is not known."""
        self._saved: dict[str, Any] | None = None
        self._turn = asyncio.Lock()
        self._listeners = Listeners[Activity]()

    # --- Life ---------------------------------------------------------------------------------------------

    @override
    async def async_load(self) -> None:
        """Go on from where an earlier run of Home Assistant was."""
        # Without it, what is in the log now is not reported.
        await self._store.async_load(self._restore)

    def _restore(self, stored: Mapping[str, Any]) -> None:
        cursor = optional(Cursor.from_json, stored["cursor"])
        last = optional(lambda each: Last.from_json(obj(each)), stored.get("last"))
        people = optional(lambda each: People.from_json(obj(each)), stored.get("people"))
        numbers = mapped(integer, stored.get("numbers", {}))
        self._reading = Reading(cursor=cursor)
        self.last, self.people = last or Last(), people or People()
        self._numbers = {int(each): number for each, number in numbers.items()}

    def _data(self) -> dict[str, Any]:
        cursor = self._reading.cursor
        return {
            "cursor": None if cursor is None else cursor.to_json(),
            "last": self.last.to_json(),
            "people": self.people.to_json(),
            "numbers": {str(each): number for each, number in self._numbers.items()},
        }

    @override
    @callback
    def start(self) -> None:
        """Listen to what the lock shows."""
        self._entry.async_on_unload(self.coordinator.async_add_message_listener(self._message_received))

    @callback
    def _message_received(self, message: Message) -> None:
        if isinstance(message, KeyturnerStates):
            self.last = self.last.seen(message)

    @callback
    def async_subscribe(self, listener: Callable[[Activity], None]) -> CALLBACK_TYPE:
        """Call `listener` with each entry of the log that is new, once and in order.

        It is on disk by then that it was read, unless the disk fails.
        """
        return self._listeners.add(listener)

    # --- What is shown ------------------------------------------------------------------------------------

    @property
    def reads(self) -> bool:
        """Whether the log can be read, and the lock keeps one."""
        return self._pin.state is PinState.VALID and self.logging is not False

    @property
    def changed(self) -> tuple[str | None, Method] | None:
        """By whom, if that is known, and how the lock came to be as it is shown; None if nothing explains it."""
        states = self.coordinator.data.states
        if states is None:
            return None
        if self.reads:
            operation = self.last.explained
            return None if operation is None else (operation.user, operation.method)
        method = method_of(states)
        return None if method is None else (None, method)

    @property
    def has_keypad(self) -> bool:
        """Whether the lock has a keypad. Its settings are said to be wrong about that sometimes."""
        config = self.coordinator.data.config
        return self.people.keypad or (config is not None and bool(config.has_keypad or config.has_keypad_2))

    # --- Visits -------------------------------------------------------------------------------------------

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Read what is new in the log, if there may be something. Raises SmartLockError."""
        if states.lock_state.moving or self._pin.state is not PinState.VALID:
            return
        due = self._look.due(states, now=self._now, keypad=self.has_keypad, logging=self.logging is not False)
        if due:
            await self.async_catch_up(states)

    async def async_catch_up(self, states: KeyturnerStates) -> None:
        """Read what is new in the log over a link that is open. Raises SmartLockError."""
        async with self._turn:
            before = self._reading.cursor
            await self._catch_up()
            early = self._is_early(states, before)
            if early:
                await asyncio.sleep(WRITING_TIME)
                await self._catch_up()
                # The next visit looks again.
                early = self._is_early(states, before)
            self._look = self._look.read(states, now=self._now, again=early or not self._reading.done)
            if self._reading.done:
                self._complete_at = dt_util.utcnow()
                self.last = self.last.read(self.coordinator.data.states or states)
            await self._async_save()
            self.coordinator.async_update_listeners()
            if self._lists_age >= _LISTS_EVERY:
                async with self._pin.session() as session:
                    await self._read_lists(session)

    async def _catch_up(self) -> None:
        count = await self._log.catch_up(self._reading, self._take)
        if count is not None:
            self.logging = bool(count.logging_enabled)

    def _is_early(self, states: KeyturnerStates, before: Cursor | None) -> bool:
        return self._reading.done and self._look.too_early(states, new=self._reading.cursor != before)

    async def _take(self, reading: Reading, news: News, session: PinSession) -> None:
        """Store how far the log has been read, then tell what is new in it. Raises LinkError if it is to wait."""
        before = self._reading
        if self._lists_age >= _LISTS_PAUSE and any(self._is_unknown(each) for each in news.entries):
            # They say what kind of thing was used.
            await self._read_lists(session)
        self._reading = reading
        if before.cursor is not None and before.cursor.marks and news:
            self.coordinator.assumptions.count(Assumption.LOG_GOES_ON, not news.began_again)
        told = tuple(self._told(news.entries, missed=news.missed))
        for each in told:
            self._note(each)
        # A full disk is no reason to keep quiet. At worst something is told once more after a restart.
        await self._async_save()
        if news.missed:
            LOGGER.warning("%s entries of the log of a lock could not be read", news.missed)
        for each in told:
            self._listeners.notify(each)

    def _told(self, entries: Iterable[LogEntry], *, missed: int = 0) -> Iterable[Activity]:
        """Return entries as they are told."""
        watches, names, known = self._watches, self.names, self._known
        for entry in entries:
            record = record_of(entry, known)
            yield Activity(
                record=record,
                moment=moment_of(entry.timestamp, watches),
                user=names.of(record),
                missed=missed,
            )
            missed = 0

    @callback
    def _note(self, activity: Activity) -> None:
        """Take note of who was last."""
        record = activity.record
        if record.moved and record.lock_action is not None:
            operation = Operation(
                index=record.index,
                method=record.method,
                action=record.lock_action,
                user=activity.user,
                happened_at=activity.moment.at,
            )
            self.last = self.last.succeeded(operation, opening=record.opened)

    # --- Whom and when ------------------------------------------------------------------------------------

    async def _async_save(self) -> None:
        """Have on disk what is known, unless it is there already."""
        if (data := self._data()) != self._saved and await self._store.async_try_save(self._data):
            self._saved = data

    @property
    def _now(self) -> float:
        return self._hass.loop.time()

    @property
    def _lists_age(self) -> float:
        return _LISTS_EVERY if self._people_at is None else self._now - self._people_at

    def _is_unknown(self, entry: LogEntry) -> bool:
        return entry.authorization_id not in (0, self._known.own_id, *self.people.types)

    @property
    def _known(self) -> Known:
        return Known(own_id=self._entry.data[CONF_AUTHORIZATION_ID], types=self.people.types)

    @property
    def names(self) -> Names:
        """What people and codes are called."""
        return Names(
            users=self.people.names,
            codes=self.people.codes,
            numbers=self._numbers,
            shown=self._entry.options.get(CONF_SHOW_NAMES, True),
        )

    @property
    def _watches(self) -> Watches:
        ahead, last_set = self._clock.ahead, self._clock.last_set
        # Two clocks that agree need no other proof.
        agree = ahead is not None and abs(ahead) <= RIGHT_ENOUGH
        believed = agree or system_clock(self._hass).trusted_now() is not None
        unread = last_set is not None and self._complete_at < last_set.at - RIGHT_ENOUGH
        return Watches(
            now=dt_util.utcnow(),
            ahead=ahead if believed else None,
            before=last_set if unread else None,
        )

    async def _read_lists(self, session: PinSession) -> None:
        """Get to know who may operate the lock. Raises LinkError if that is to be tried again over the next link."""
        try:
            self.people = await read_people(session, keypad=self.has_keypad)
        except LinkError:
            self._lists_failed += 1
            if self._lists_failed < _LISTS_TRIES:
                raise
        except (IncompleteListError, LockRefusedError) as error:
            LOGGER.debug("The lists of a lock were not read: %s", type(error).__name__)
        self._people_at, self._lists_failed = self._now, 0
        for each in self.people.types:
            self._numbers.setdefault(each, len(self._numbers) + 1)
