"""What happens at one lock: reads it in the log over links that are open anyway, and tells it, each entry once."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from custom_components.smartlock.access.rules.notes import Owner
from custom_components.smartlock.activity.bus import async_fire
from custom_components.smartlock.activity.log import LogReader
from custom_components.smartlock.activity.people import People, read_people
from custom_components.smartlock.activity.rules.cursor import Cursor, News
from custom_components.smartlock.activity.rules.entries import Known, Method, record_of
from custom_components.smartlock.activity.rules.events import Activity, History, Names
from custom_components.smartlock.activity.rules.last import Last, Operation, method_of
from custom_components.smartlock.activity.rules.moments import RIGHT_ENOUGH, Watches, moment_of
from custom_components.smartlock.activity.rules.reading import PAGE, Reading
from custom_components.smartlock.activity.rules.when import WRITING_TIME, Look
from custom_components.smartlock.activity.texts import ActivityTexts
from custom_components.smartlock.assumptions import Assumption
from custom_components.smartlock.clock.sync import LockClock
from custom_components.smartlock.const import CONF_AUTHORIZATION_ID, CONF_SHOW_NAMES, LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.listeners import Listeners
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.pin.guard import PinGuard, PinSession
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.protocol.errors import (
    IncompleteListError,
    LinkError,
    LockRefusedError,
    OutcomeUnknownError,
)
from custom_components.smartlock.protocol.messages import (
    AuthorizationEntry,
    KeypadCode,
    KeyturnerStates,
    LogEntry,
    LogEntryCount,
    Message,
    TimeControlEntry,
)
from custom_components.smartlock.rules.stored import flag, integer, mapped, obj, optional
from custom_components.smartlock.storage import LockStore, lock_store
from custom_components.smartlock.system_clock.trust import system_clock

# How often the lists of people may be read because of somebody unknown, and how often they are read anyway; seconds.
_LISTS_PAUSE, _LISTS_EVERY = 3600.0, 86400.0
# After so many links that ended before they were read, what is new is shown without.
_LISTS_TRIES = 3
# So many pages are read back on request; a log has about fifty.
_PAGES_BACK = 12
# Where the bolt is is stored after so many seconds, as nothing else stores it while the log cannot be read.
_SAVE_DELAY = 60.0


class ActivityTracker(LockPart):
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
        self.clock = clock
        """The lock's clock, which rights with a time limit follow."""
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
        self.door_logging: bool | None = None
        """Whether it logs the door too."""
        self.off_by_owner = False
        """Whether the log was switched off from here."""
        self._saved: dict[str, Any] | None = None
        self._turn = asyncio.Lock()
        self._listeners = Listeners[Activity]()
        self.persons_of: Callable[[Owner], dict[int, str]] = lambda _: {}
        """Tells which person a code or a user is linked to; set by who knows."""

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
        self._reading, self.last, self.people = Reading(cursor=cursor), last or Last(), people or People()
        self.off_by_owner = flag(stored.get("off_by_owner", False))
        self._numbers = {int(each): number for each, number in numbers.items()}

    def _data(self) -> dict[str, Any]:
        cursor = self._reading.cursor
        return {
            "cursor": None if cursor is None else cursor.to_json(),
            "last": self.last.to_json(),
            "off_by_owner": self.off_by_owner,
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
            before, self.last = self.last, self.last.seen(message)
            if self.last.to_json() != before.to_json():
                self._store.async_save_later(self._data, _SAVE_DELAY)
        elif not self.people.limited and (
            (
                isinstance(message, KeypadCode | AuthorizationEntry)
                and message.enabled
                and message.time_limited
            )
            or (isinstance(message, TimeControlEntry) and message.enabled)
        ):
            # Anyone who reads the lists, as after each change of ours; that there are none is found out daily.
            self.people = replace(self.people, limited=True)
            self.coordinator.async_update_listeners()

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
        data = self.coordinator.data
        states = data.states
        if states is None or data.running is not None:
            return None
        if self.reads:
            # They may be newer than what has been taken from them.
            operation = self.last.seen(states).explained
            return None if operation is None else (self.user_of(operation), operation.method)
        method = method_of(states)
        return None if method is None else (None, method)

    def user_of(self, operation: Operation) -> str | None:
        """Return whose operation it was, by name only if names are to be shown now."""
        return operation.user if self.names.shown else operation.alias

    @property
    def has_keypad(self) -> bool:
        """Whether the lock has a keypad. Its settings are said to be wrong about that sometimes."""
        config = self.coordinator.data.config
        in_config = config is not None and (config.has_keypad or config.has_keypad_2)
        return bool(self.people.keypads or in_config)

    # --- Links --------------------------------------------------------------------------------------------

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Read what is new in the log, if there may be something. Raises SmartLockError."""
        if states.lock_state.moving or self._pin.state is not PinState.VALID:
            return
        due = self._look.due(
            states,
            now=self._now,
            keypad=self.has_keypad,
            logging=self.logging is not False,
            door=self.door_logging is not False,
        )
        if due:
            await self.async_catch_up(states)
        else:
            self._look = self._look.passed(states)

    async def async_catch_up(self, states: KeyturnerStates) -> None:
        """Read what is new in the log over a link that is open. Raises SmartLockError."""
        async with self._turn:
            await self._catch_up()
            if self._is_early(states):
                await asyncio.sleep(WRITING_TIME)
                await self._catch_up()
            # If it still is, the next link is used to look again.
            again = self._is_early(states) or not self._reading.done
            self._look = self._look.read(states, self._index, now=self._now, again=again)
            if self._reading.done:
                self._complete_at = dt_util.utcnow()
                self.last = self.last.read(states)
            await self._async_save()
            self.coordinator.async_update_listeners()
            if self._lists_age >= _LISTS_EVERY:
                async with self._pin.session() as session:
                    await self._read_lists(session)
            if self.last.operation is None and not again:
                await self._look_back(states)

    async def _look_back(self, states: KeyturnerStates) -> None:
        """Learn who was last from what was in the log before it was first read; that is not news."""
        before = self.last
        for each in self._activities(reversed(self._log.recent)):
            self._note(each)
        self.last = self.last.read(states)
        if self.last.explained is None:
            # Somebody else may have been there since, whose entry is written later.
            self.last = before
            return
        await self._async_save()
        self.coordinator.async_update_listeners()

    async def _catch_up(self) -> None:
        count = await self._log.catch_up(self._reading, self._take)
        self._note_logging(count)

    @callback
    def _note_logging(self, count: LogEntryCount | None) -> None:
        if count is None:
            return
        before, self.logging = self.logging, bool(count.logging_enabled)
        self.off_by_owner = self.off_by_owner and not self.logging
        if count.door_sensor_logging_enabled is not None:
            self.door_logging = bool(count.door_sensor_logging_enabled)
        if self.logging is not before:
            self.coordinator.async_update_listeners()

    @property
    def _index(self) -> int:
        """Index of the newest entry that was read."""
        return 0 if self._reading.cursor is None else self._reading.cursor.index

    def _is_early(self, states: KeyturnerStates) -> bool:
        # What a lock without a log will never say is not waited for.
        return self._reading.done and self.logging is not False and self._look.too_early(states, self._index)

    async def _take(self, reading: Reading, news: News, session: PinSession) -> None:
        """Store how far the log has been read, then tell what is new in it. Raises LinkError if it is to wait."""
        before = self._reading
        if self._lists_age >= _LISTS_PAUSE and any(self._is_unknown(each) for each in news.entries):
            # They say what kind of thing was used.
            await self._read_lists(session)
        self._reading = reading
        if before.cursor is not None and before.cursor.marks and news:
            self.coordinator.assumptions.count(Assumption.LOG_GOES_ON, not news.began_again)
        activities = tuple(self._activities(news.entries, missed=news.missed))
        for each in activities:
            self._note(each)
        # A full disk is no reason to keep quiet. At worst listeners are notified once more after a restart.
        await self._async_save()
        if activities:
            self.coordinator.async_update_listeners()
        if news.missed:
            LOGGER.warning("%s entries of the log of a lock could not be read", news.missed)
        for each in activities:
            self._listeners.notify(each)
            async_fire(self._hass, self.coordinator.nuki_id, each)

    def _activities(self, entries: Iterable[LogEntry], *, missed: int = 0) -> Iterable[Activity]:
        """Return entries as they are shown."""
        watches, names, known = self._watches, self.names, self._known
        for entry in entries:
            record = record_of(entry, known)
            yield Activity(
                record=record,
                moment=moment_of(entry.timestamp, watches),
                user=names.of(record),
                person=names.person_of(record),
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
                alias=replace(self.names, shown=False).of(record),
                happened_at=activity.moment.at,
            )
            self.last = self.last.succeeded(operation, opening=record.opened)

    # --- The owner's requests -----------------------------------------------------------------------------

    async def async_history(
        self, *, limit: int, before: int = 0, types: Collection[str] | None = None, refresh: bool = True
    ) -> History:
        """Return up to `limit` entries of the log before an index (0: the newest), of all types or of these.

        Listeners are notified first of what is new in it. Without `refresh` nothing is asked of the lock, and only what
        was read last is known. Raises SmartLockError.
        """
        if not refresh:
            recent = tuple(each for each in self._log.recent if not before or each.index < before)
            return self._history(recent, limit, types, more=True)
        client = self.coordinator.client
        self._pin.check_usable()
        async with client.keep_connected():
            await self.async_catch_up(await client.read_states())
            async with self._pin.session() as session:
                entries, more = await self._read_back(session, limit, before, types)
        return self._history(entries, limit, types, more=more)

    async def _read_back(
        self, session: PinSession, limit: int, before: int, types: Collection[str] | None
    ) -> tuple[tuple[LogEntry, ...], bool]:
        """Read back from an index until there is enough of some types; say whether there is more."""
        entries: tuple[LogEntry, ...] = ()
        for _ in range(_PAGES_BACK):
            # One more than is wanted shows whether there are more.
            wanted = min(PAGE, limit + 1 - len(entries)) if types is None else PAGE
            oldest = entries[-1].index if entries else before
            count, page = await self._log.read_before(session, oldest, wanted)
            self._note_logging(count)
            entries = (*entries, *page)
            if len(page) < wanted:
                return entries, False
            known = self._known
            if limit < sum(types is None or record_of(each, known).what in types for each in entries):
                break
        return entries, True

    def _history(
        self, entries: tuple[LogEntry, ...], limit: int, types: Collection[str] | None, *, more: bool
    ) -> History:
        found = [each for each in self._activities(entries) if types is None or each.type in types]
        cursor = self._reading.cursor
        newest = entries[0].index if entries and cursor is None else None if cursor is None else cursor.index
        gaps = entries[0].index - entries[-1].index + 1 - len(entries) if entries else 0
        return History(
            entries=tuple(found[:limit]), newest=newest, more=more or len(found) > limit, missed=gaps
        )

    async def async_set_log(self, *, enabled: bool) -> None:
        """Have the lock keep a log, or not, and see that it does so. Raises SmartLockError."""
        count = await self._log.switch(enabled=enabled)
        self.off_by_owner = not enabled
        self._note_logging(count)
        await self._async_save()
        self.coordinator.async_update_listeners()
        if count is None or bool(count.logging_enabled) != enabled:
            raise OutcomeUnknownError("switching the log", None)

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
        texts = ActivityTexts(self._hass)
        return Names(
            users=self.people.names,
            codes=self.people.codes,
            persons_of_users=self.persons_of(Owner.USER),
            persons_of_codes=self.persons_of(Owner.CODE),
            numbers=self._numbers,
            shown=self._entry.options.get(CONF_SHOW_NAMES, True),
            code=texts.code,
            person=texts.person,
        )

    @property
    def _watches(self) -> Watches:
        ahead, last_set = self.clock.ahead, self.clock.last_set
        # Two clocks that agree need no other proof.
        agree = ahead is not None and abs(ahead) <= RIGHT_ENOUGH
        believed = agree or system_clock(self._hass).trusted_now() is not None
        unread = last_set is not None and self._complete_at < last_set.at - RIGHT_ENOUGH
        return Watches(
            now=dt_util.utcnow(), ahead=ahead if believed else None, before=last_set if unread else None
        )

    async def _read_lists(self, session: PinSession) -> None:
        """Get to know who may operate the lock. Raises LinkError if that is to be tried again over the next link."""
        try:
            people = await read_people(session, keypad=self.has_keypad)
            if people != self.people:
                self.people = people
                self.coordinator.async_update_listeners()
        except LinkError:
            self._lists_failed += 1
            if self._lists_failed < _LISTS_TRIES:
                raise
        except (IncompleteListError, LockRefusedError) as error:
            LOGGER.debug("The lists of a lock were not read: %s", type(error).__name__)
        self._people_at, self._lists_failed = self._now, 0
        for each in self.people.types:
            self._numbers.setdefault(each, len(self._numbers) + 1)
