"""The codes of one lock's keypad: listed, added, changed, deleted."""

from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
import secrets
from typing import override

from homeassistant.util import dt as dt_util

from custom_components.smartlock.access import directory
from custom_components.smartlock.access.code_changes import (
    CodeChange,
    NewCode,
    check_change,
    check_uses,
    end_of,
    is_added,
    is_same,
    merged,
    new_entry,
)
from custom_components.smartlock.access.directory import Progress
from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.limits import max_codes
from custom_components.smartlock.access.lists import ListKind, LockLists
from custom_components.smartlock.access.revoking import RevocableList, is_switched, withdraws
from custom_components.smartlock.access.rules import digits as digits_rules
from custom_components.smartlock.access.rules.changes import differing, meaning
from custom_components.smartlock.access.rules.entries import Code
from custom_components.smartlock.access.rules.notes import Adding, Key, Owner, Why
from custom_components.smartlock.access.store import NoteStore
from custom_components.smartlock.access.uses import UseLog
from custom_components.smartlock.clock.sync import LockClock
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.protocol.enums import AuthorizationIdType, ErrorCode
from custom_components.smartlock.protocol.errors import (
    LinkError,
    LockRefusedError,
    ProtocolError,
    SettingsNotKeptError,
    SmartLockError,
)
from custom_components.smartlock.protocol.messages import KeypadCode
from custom_components.smartlock.protocol.wire import shown

__all__ = ["CodeChange", "KeypadCodes", "NewCode", "new_digits"]

_REFUSALS = {
    ErrorCode.K_CODE_ALREADY_EXISTS: AccessProblem.CODE_EXISTS,
    ErrorCode.K_CODE_INVALID: AccessProblem.BAD_CODE_DIGITS,
    ErrorCode.K_TOO_MANY_ENTRIES: AccessProblem.TOO_MANY_CODES,
}


class KeypadCodes(RevocableList[KeypadCode]):
    """The codes of one lock."""

    kind = ListKind.KEYPAD_CODES
    owner = Owner.CODE
    missing = AccessProblem.NO_SUCH_CODE

    def __init__(
        self,
        coordinator: SmartLockCoordinator,
        lists: LockLists,
        clock: LockClock,
        store: NoteStore,
        log: UseLog,
    ) -> None:
        """Prepare; nothing is sent yet."""
        super().__init__(coordinator, lists, clock, store)
        self._log = log
        self._adding_digits: int | None = None
        """Of the code that is being added, as long as Home Assistant runs."""

    # --- Reading ------------------------------------------------------------------------------------------

    async def async_list(self, progress: Progress | None = None, *, refresh: bool = True) -> tuple[Code, ...]:
        """Return all codes; without `refresh` as they were last read, if they were.

        `progress` is called after each page with the number of entries read. Raises AccessError without a
        keypad, and what `LockLists.codes` raises.
        """
        await self._check_keypad()
        entries = await self._known(progress, refresh=refresh)
        now, zone = dt_util.utcnow(), await self.zone()
        return tuple(Code.of(entry, now, zone, self._beside(entry)) for entry in entries)

    @override
    async def _fetch(self, progress: Progress | None = None) -> tuple[KeypadCode, ...]:
        return await self._lists.codes(progress)

    async def _shown(self, entry: KeypadCode) -> Code:
        return Code.of(entry, dt_util.utcnow(), await self.zone(), self._beside(entry))

    async def async_max(self) -> int:
        """Return how many codes the lock takes. Raises SmartLockError."""
        return max_codes(await self.config())

    async def async_keypad(self) -> str:
        """Return which keypad the lock has: `none`, `keypad` or `keypad_2`. Raises SmartLockError."""
        config = await self.config()
        # The settings are said to be wrong about a keypad sometimes; the list of those who have a key is not.
        seen = self._log.keypads
        if config.has_keypad_2 or AuthorizationIdType.KEYPAD_2 in seen:
            return "keypad_2"
        return "keypad" if config.has_keypad or seen else "none"

    async def _check_keypad(self, *, may_wait: bool = False) -> None:
        """Raise AccessError for a lock without a keypad, and SmartLockError if its settings cannot be read.

        With `may_wait` a lock that never could be asked may have one.
        """
        try:
            keypad = await self.async_keypad()
        except LinkError:
            if not may_wait:
                raise
            return
        if keypad == "none":
            raise AccessError(AccessProblem.NO_KEYPAD)

    async def async_id_of(self, name: str, *, may_wait: bool = False) -> int:
        """Return the id of the one code with a name, by a fresh read. Raises AccessError and like `async_list`.

        With `may_wait` a lock that cannot be reached has the codes that were read last, or whose removal was promised.
        """
        wanted = shown(name)
        try:
            found = {code.code_id for code in await self.async_list() if code.name == wanted}
        except LinkError, ProtocolError:
            found = {each.code_id for each in self.entries if shown(each.name) == wanted}
            found |= self._promised(wanted)
            if not may_wait or not found:
                raise
        if not found:
            raise AccessError(AccessProblem.NO_SUCH_CODE)
        if len(found) > 1:
            raise AccessError(AccessProblem.NAME_NOT_UNIQUE, count=str(len(found)))
        return found.pop()

    def _promised(self, name: str) -> set[int]:
        """Return the ids of the codes with a name whose removal is pending."""
        return {
            removal.key.entry_id
            for removal in self._store.notes.removals
            if removal.key.owner is Owner.CODE and removal.name == name
        }

    # --- Adding -------------------------------------------------------------------------------------------

    async def async_add(self, new: NewCode) -> Code:
        """Add a code and return it as the lock has it, with its digits.

        A code with `uses` gets an end, 24 h from now, if none is given: Home Assistant may be off when it is used. Raises
        AccessError, nearly always before anything is sent, OwnClockError before a limited right is written by a
        wrong clock, and SmartLockError. The code may be there only after `OUTCOME_UNKNOWN`.
        """
        entry = new_entry(new)
        await self._check_keypad()
        async with self._lists.turn():
            if new.uses is not None:
                await self._begin_counting()
            if entry.time_limited:
                await self._clock.async_ensure_right()
            found = await self._read()
            entry = self._with_digits(entry, found)
            adding = Adding(
                before=frozenset(each.code_id for each in found),
                name=entry.name,
                guest=new.guest,
                expires=end_of(entry),
                uses_left=new.uses,
                paused=not new.enabled,
                limit=meaning(entry.time_limited, entry.limit),
            )
            self._adding_digits = entry.code
            await self._store.async_keep_first(lambda notes: replace(notes, adding=adding))
            added = await self._add(entry, adding)
            if not new.enabled:
                added = await self._pause_added(added)
            return await self._shown(added)

    async def _pause_added(self, entry: KeypadCode) -> KeypadCode:
        """Disable a code that was just added, or have that done later. Raises AccessError with `NOT_REMOVED_YET`."""
        notes = self._store.notes
        try:
            if notes.adding is not None:
                # It was not read back.
                raise AccessError(AccessProblem.OUTCOME_UNKNOWN)
            paused = await self._change(entry, CodeChange(enabled=False))
        except SmartLockError as error:
            self._pending_listeners.notify()
            raise AccessError(AccessProblem.NOT_REMOVED_YET) from error
        await self._store.async_keep(self._store.notes.without_removal(Key.of(entry)))
        return paused

    async def _add(self, entry: KeypadCode, adding: Adding) -> KeypadCode:
        """Write a new entry, and return it as the lock has it."""
        try:
            with _in_words():
                added, after = await self._write(
                    partial(directory.add_code, code=entry),
                    done=lambda found: any(is_added(entry, each) for each in found),
                )
        except SmartLockError as error:
            if not (isinstance(error, AccessError) and error.problem is AccessProblem.OUTCOME_UNKNOWN):
                await self._store.async_keep(replace(self._store.notes, adding=None))
            raise
        if after is None:
            # It is there: the lock has reported its id. The note about it is completed with the next list.
            return replace(entry, code_id=added or 0)
        found = next((each for each in after if each.code == entry.code), None)
        if found is None:
            await self._store.async_keep(replace(self._store.notes, adding=None))
            raise SettingsNotKeptError(("code",))
        completed = adding.completed(self._store.notes, found, dt_util.utcnow())
        await self._store.async_keep(replace(completed, adding=None))
        return found

    async def async_complete(self) -> None:
        """Find out what became of an addition that was cut off, and note what was to be noted of it.

        Raises what `async_list` raises.
        """
        async with self._lists.turn():
            entries = await self._read()
            if (adding := self._store.notes.adding) is not None:
                notes = replace(self._store.notes, adding=None)
                digits = self._adding_digits
                fitting = [each for each in adding.found(entries) if digits in (None, each.code)]
                # Another one like it was added in the app, and is not ours.
                for entry in fitting[:1]:
                    notes = adding.completed(notes, entry, dt_util.utcnow())
                await self._store.async_keep(notes)

    async def _begin_counting(self) -> None:
        """Have the log be read from here on. Raises AccessError with `LOG_IS_OFF`, and SmartLockError."""
        found = await self._log.newest(fresh=True)
        if found.logging is False:
            raise AccessError(AccessProblem.LOG_IS_OFF)
        if not self._store.notes.counting:
            newest = found.uses[-1].index if found.uses else 0
            await self._store.async_keep_first(
                lambda notes: replace(notes, log_index=newest, uncertain=False)
            )

    async def async_recount(self) -> None:
        """Read the lock's own use counters, after log entries may have been missed. Raises what `async_list` raises."""
        async with self._lists.turn():
            entries = await self._read()
            notes, now = self._store.notes, dt_util.utcnow()
            notes = notes.checked(entries, now) if notes.uncertain else notes.counted(entries)
            # What was deleted in the app is not counted for ever.
            notes = notes.only(Owner.CODE, frozenset(Key.of(entry) for entry in entries))
            await self._store.async_keep(notes)

    def _with_digits(self, entry: KeypadCode, found: Collection[KeypadCode]) -> KeypadCode:
        """Return an entry whose digits the lock does not have yet. Raises AccessError."""
        taken = {each.code for each in found}
        if entry.code in taken:
            raise AccessError(AccessProblem.CODE_EXISTS)
        while not entry.code or entry.code in taken:
            entry = replace(entry, code=int(new_digits()))
        return entry

    # --- Changing -----------------------------------------------------------------------------------------

    async def async_update(
        self,
        code_id: int,
        change: CodeChange,
        *,
        created: datetime | None = None,
        keep_trying: bool = True,
    ) -> Code:
        """Change a code, and return it as the lock has it. What is not named stays byte for byte.

        `created` is when the caller's code was made, should another have its id by now. With `keep_trying` a change that only
        disables the code is done later if the lock cannot be reached: AccessError with `NOT_REMOVED_YET`. Raises like
        `async_add`, and SettingsNotKeptError if the lock reads back something else.
        """
        check_change(change)
        await self._check_keypad(may_wait=keep_trying and change.only_pauses)
        key = self.key_of(code_id, created)
        if change.only_pauses:
            await self._revoke(key, Why.PAUSED, keep_trying=keep_trying)
            return await self._shown(self._find(self._entries, key))
        async with self._lists.turn():
            entry = self._find(await self._read(), key)
            check_uses(entry, change, self._store.notes.about(entry).uses_left)
            if change.uses is not None:
                await self._begin_counting()
            entry = await self._change(entry, change)
            await self._note(entry, change)
            return await self._shown(entry)

    async def _note(self, entry: KeypadCode, change: CodeChange) -> None:
        """Keep what Home Assistant remembers of a code in step with a change of it."""
        notes = self._store.notes
        made = notes.about(entry)
        if change.uses is not None:
            made = replace(made, uses_left=change.uses, count_seen=entry.lock_count)
        if change.clear_uses:
            made = replace(made, uses_left=None)
        if change.guest is not None:
            made = replace(made, guest=change.guest)
        if made.made_here and change.right:
            made = replace(made, expires=end_of(entry))
        removal = notes.removal_of(entry)
        if removal is not None and withdraws(
            removal.why,
            enabled=change.enabled is True,
            gives=change.gives,
            counts=change.uses is not None or change.clear_uses,
        ):
            notes = notes.without_removal(removal.key)
        await self._store.async_keep(notes.noting(made))

    async def async_pause_guests(self, *, enabled: bool) -> int:
        """Disable or enable every code that is marked as a guest's, and return how many were changed.

        Raises like `async_update`; those before the error are changed. With `NOT_REMOVED_YET` all that could not be
        disabled will be.
        """
        try:
            await self.async_list()
        except LinkError:
            keys = [made.key for made in self._store.notes.made if made.guest]
            if enabled or not keys:
                raise
            await self._for_each(keys, lambda key: self._revoke(key, Why.PAUSED, keep_trying=True))
            return len(keys)
        notes, change = self._store.notes, CodeChange(enabled=enabled)
        guests = [
            each
            for each in self.entries
            if notes.about(each).guest and is_switched(each.enabled, notes.removal_of(each), enabled=enabled)
        ]
        await self._for_each(
            guests,
            lambda each: self.async_update(each.code_id, change, created=each.date_created.moment),
        )
        return len(guests)

    async def _for_each[T](self, codes: Collection[T], change: Callable[[T], Awaitable[object]]) -> None:
        """Take a right away from each code; that one of them has to wait, or is gone, keeps none of the others."""
        pending: AccessError | None = None
        for code in codes:
            try:
                await change(code)
            except AccessError as error:
                if error.problem is AccessProblem.NOT_REMOVED_YET:
                    pending = error
                elif error.problem is not self.missing:
                    raise
        if pending is not None:
            raise pending

    async def _change(self, entry: KeypadCode, change: CodeChange) -> KeypadCode:
        """Change an entry that was read a moment ago, inside a turn."""
        wanted = merged(entry, change)
        if wanted == entry:
            return entry
        if change.digits is not None and any(
            each.code == wanted.code and each.code_id != entry.code_id for each in self._entries
        ):
            raise AccessError(AccessProblem.CODE_EXISTS)
        if change.gives and wanted.time_limited and wanted.enabled:
            await self._clock.async_ensure_right()
        with _in_words():
            after = await self._write_and_see(
                partial(directory.change_code, code=wanted),
                done=lambda found: any(
                    is_same(each, wanted) and not differing(wanted, each) for each in found
                ),
                gone=lambda each: is_same(each, entry),
            )
        found = self._find(after, Key.of(entry))
        if fields := differing(wanted, found):
            raise SettingsNotKeptError(fields)
        return found

    # --- Deleting -----------------------------------------------------------------------------------------

    async def async_delete(
        self, code_id: int, *, created: datetime | None = None, keep_trying: bool = True
    ) -> None:
        """Delete a code, and with it its fingerprints.

        If the lock cannot be reached, it is deleted later (`keep_trying`): AccessError with `NOT_REMOVED_YET`. Raises
        like `async_update`.
        """
        await self._check_keypad(may_wait=keep_trying)
        await self._revoke(self.key_of(code_id, created), Why.REVOKED, keep_trying=keep_trying)

    async def async_delete_expired(self, *, keep_trying: bool = True) -> tuple[int, ...]:
        """Delete every code whose period is over, regardless of who made it, and return their ids.

        Raises like `async_delete`, and OwnClockError if a wrong clock may have ended them.
        """
        expired = [code for code in await self.async_list() if code.expired]
        if expired:
            self._clock.check_ours()
        await self._for_each(
            expired,
            lambda code: self.async_delete(code.code_id, created=code.created, keep_trying=keep_trying),
        )
        return tuple(code.code_id for code in expired)

    @override
    async def _pause(self, entry: KeypadCode) -> None:
        await self._change(entry, CodeChange(enabled=False))

    @override
    async def _still_good(self, entry: KeypadCode) -> None:
        made = replace(self._store.notes.about(entry), expires=end_of(entry))
        await self._store.async_keep(self._store.notes.noting(made))

    @override
    async def _remove(self, entry: KeypadCode) -> None:
        after = await self._write_and_see(
            partial(directory.remove_code, code_id=entry.code_id),
            done=lambda found: not any(is_same(each, entry) for each in found),
            # Whatever it was called, its digits are not to come back.
            gone=lambda each: is_same(each, entry) or each.code == entry.code,
        )
        if any(is_same(each, entry) for each in after):
            raise SettingsNotKeptError(("code",))


def new_digits(choose: Callable[[str], str] = secrets.choice) -> str:
    """Return random digits that keep the rules and nobody would guess first."""
    return digits_rules.made(choose)


@contextmanager
def _in_words() -> Iterator[None]:
    """Turn a refusal that is about codes into the AccessError for it."""
    try:
        yield
    except LockRefusedError as error:
        if (problem := _REFUSALS.get(error.code)) is None:
            raise
        raise AccessError(problem) from error
