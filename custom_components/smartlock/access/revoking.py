"""Taking rights away: a promise that is on disk before anything is sent, and kept until the lock shows that it is done."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.util import dt as dt_util

from custom_components.smartlock.access.base import AccessList
from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.lists import LockLists
from custom_components.smartlock.access.persons import entity_id_of, reference_to
from custom_components.smartlock.access.rules.entries import Known
from custom_components.smartlock.access.rules.notes import Key, Owner, Removal, Why
from custom_components.smartlock.access.rules.rights import Right
from custom_components.smartlock.access.store import NoteStore
from custom_components.smartlock.clock.sync import LockClock
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.listeners import Listeners
from custom_components.smartlock.protocol.errors import (
    LinkError,
    ProtocolError,
    SettingsNotKeptError,
    SmartLockError,
)
from custom_components.smartlock.protocol.messages import AuthorizationEntry, KeypadCode
from custom_components.smartlock.protocol.wire import Date7, shown


class RevocableList[E: (KeypadCode, AuthorizationEntry)](AccessList[E]):
    """A list whose entries let somebody in, and can be taken away even while the lock is out of reach."""

    owner: Owner
    missing: AccessProblem
    """What is wrong if the lock does not have an entry."""

    def __init__(
        self, coordinator: SmartLockCoordinator, lists: LockLists, clock: LockClock, store: NoteStore
    ) -> None:
        """Prepare; nothing is sent yet."""
        super().__init__(coordinator, lists, clock)
        self._store = store
        self._pending_listeners = Listeners[[]]()
        lists.async_archive_only(self.kind, store_allows(store))

    @callback
    def async_on_pending(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call `listener` when a removal could not be done at once."""
        return self._pending_listeners.add(listener)

    @abstractmethod
    async def _remove(self, entry: E) -> None:
        """Delete an entry that was read a moment ago, inside a turn."""

    @abstractmethod
    async def _pause(self, entry: E) -> None:
        """Disable an entry that was read a moment ago, inside a turn."""

    def _check_removal(self, entry: E, *, confirmed: bool) -> None:
        """Raise AccessError for an entry that must not go without the owner's confirmation."""

    # --- Finding ------------------------------------------------------------------------------------------

    def key_of(self, entry_id: int, created: datetime | None = None) -> Key:
        """Return the key of an entry by its id, and by its creation date as far as it is known."""
        known = next((Key.of(each) for each in self._entries if _id(each) == entry_id), None)
        if created is not None and (
            known is None or known.created is None or known.created.moment != created
        ):
            # The caller has seen another entry with this id than the one that was read last.
            return Key(owner=self.owner, entry_id=entry_id, created=Date7.of(created))
        # Without a list, as after a restart out of reach, what is noted of it tells which one is meant.
        made = (each.key for each in self._store.notes.made)
        noted = next((key for key in made if (key.owner, key.entry_id) == (self.owner, entry_id)), None)
        return known or noted or Key(owner=self.owner, entry_id=entry_id, created=None)

    def _find(self, entries: tuple[E, ...], key: Key) -> E:
        """Return an entry. Raises AccessError."""
        for entry in entries:
            if key.names(entry):
                return entry
        raise AccessError(self.missing)

    def _beside(self, entry: E) -> Known:
        """Return what is remembered of an entry beside the lock."""
        made = self._store.notes.about(entry)
        return Known(
            uses_left=made.uses_left,
            guest=made.guest,
            person=entity_id_of(self.coordinator.hass, made.person),
            removing=self._store.notes.removal_of(entry) is not None,
        )

    # --- Revoking -----------------------------------------------------------------------------------------

    async def _revoke(self, key: Key, why: Why, *, keep_trying: bool, confirmed: bool = False) -> None:
        """Delete or disable an entry for the owner.

        Raises AccessError with `NOT_REMOVED_YET` if the lock could not be reached: it will be done later. After any
        other error it will not. Raises NotStoredError if the promise could not be stored: nothing was sent.
        """
        known = next((each for each in self._entries if key.names(each)), None)
        if known is not None:
            self._check_removal(known, confirmed=confirmed)
        name = "" if known is None else shown(known.name)
        removal = Removal(key=key, why=why, since=dt_util.utcnow(), name=name, confirmed=confirmed)
        before = self._store.notes
        await self._store.async_keep_first(lambda notes: notes.with_removal(removal))
        try:
            await self.async_carry_out(removal, strict=True)
        except SmartLockError as error:
            if not keep_trying or not _may_come_right(error):
                # What was promised before still is.
                notes = self._store.notes.without_removal(key)
                earlier = next((each for each in before.removals if each.key == key), None)
                await self._store.async_keep(notes if earlier is None else notes.with_removal(earlier))
                raise
            await self.async_forget(removal)
            self._pending_listeners.notify()
            raise AccessError(AccessProblem.NOT_REMOVED_YET) from error

    async def async_carry_out(self, removal: Removal, *, strict: bool = False) -> None:
        """Do what was promised, unless it is done or withdrawn already; with `strict` the entry must be there.

        Raises what `async_list` raises, and AccessError.
        """
        async with self._lists.turn():
            if not strict and removal not in self._store.notes.removals:
                # The owner has thought better of it, or somebody else was faster.
                return
            entries = await self._read()
            entry = next((each for each in entries if removal.key.names(each)), None)
            if entry is None:
                if strict:
                    raise AccessError(self.missing)
            else:
                await self._carry_out(removal, entry)
        notes = self._store.notes.done(removal)
        if entry is None:
            notes = notes.gone(removal.key)
        elif not any(Key.of(entry).names(each) for each in self._entries):
            notes = notes.gone(removal.key).gone(Key.of(entry))
        await self._store.async_keep(notes)

    async def _carry_out(self, removal: Removal, entry: E) -> None:
        self._check_removal(entry, confirmed=removal.confirmed)
        match removal.why:
            case Why.PAUSED:
                await self._pause(entry)
            case Why.EXPIRED:
                # It may have been prolonged in the app, and our own clock may be wrong by now.
                self._clock.check_ours()
                if Right.of(entry.time_limited, entry.limit, dt_util.utcnow()).expired(dt_util.utcnow()):
                    await self._remove(entry)
                else:
                    await self._still_good(entry)
            case _:
                await self._remove(entry)

    async def _still_good(self, entry: E) -> None:
        """Take note that an entry has not ended after all."""

    async def async_forget(self, removal: Removal) -> None:
        """Have nobody restore an entry that is about to go. Raises NotStoredError."""
        await self._lists.forget(self.kind, lambda each: is_archived(removal, each))

    async def async_link(self, entry_id: int, person: str | None, created: datetime | None = None) -> None:
        """Link an entry to a person by entity id, or to nobody. Raises AccessError if it was never read."""
        key = self.key_of(entry_id, created)
        entry = self._find(self._entries, key)
        notes = self._store.notes
        reference = None if person is None else reference_to(self.coordinator.hass, person)
        await self._store.async_keep(notes.noting(replace(notes.about(entry), person=reference)))


def withdraws(why: Why, *, enabled: bool, gives: bool, counts: bool = False) -> bool:
    """Whether the owner wants an entry again that is about to go, by what a change does.

    `enabled`: it enables the entry. `gives`: it may let somebody in who could not come in before. `counts`: it says again
    how many times a code may open.
    """
    match why:
        case Why.PAUSED:
            return enabled
        case Why.USED_UP:
            return counts
        case _:
            return gives or counts


def is_switched(now: int, removal: Removal | None, *, enabled: bool) -> bool:
    """Whether an entry is to be switched together with others.

    `now` is whether it is enabled, and `removal` what is promised about it. A pause that is only promised is taken back with
    those that are done; what is to be deleted is not enabled before.
    """
    if not enabled:
        return bool(now)
    return not now if removal is None else removal.why is Why.PAUSED


def store_allows(store: NoteStore) -> Callable[[KeypadCode | AuthorizationEntry], bool]:
    """Return what says whether a restore may ever write an entry again."""

    def allowed(entry: KeypadCode | AuthorizationEntry) -> bool:
        return store.notes.may_be_archived(entry)

    return allowed


def is_archived(removal: Removal, entry: KeypadCode | AuthorizationEntry) -> bool:
    """Whether an archived entry, which may lack its id, is the one to be removed."""
    key = removal.key
    if isinstance(entry, KeypadCode):
        return key.owner is Owner.CODE and key.names(entry)
    same_name = not removal.name or shown(entry.name) == removal.name
    return key.owner is Owner.USER and key.created == entry.date_created and same_name


def _id(entry: KeypadCode | AuthorizationEntry) -> int:
    return entry.code_id if isinstance(entry, KeypadCode) else entry.authorization_id


def _may_come_right(error: SmartLockError) -> bool:
    """Whether it was the radio, and not the lock or the owner that was in the way."""
    if isinstance(error, AccessError):
        return error.problem is AccessProblem.OUTCOME_UNKNOWN
    return isinstance(error, LinkError | ProtocolError | SettingsNotKeptError)
