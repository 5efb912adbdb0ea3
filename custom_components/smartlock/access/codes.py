"""The codes of one lock's keypad: listed, added, changed, deleted."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
import secrets
from typing import override

from homeassistant.util import dt as dt_util

from custom_components.smartlock.access import directory
from custom_components.smartlock.access.base import AccessList, check_name
from custom_components.smartlock.access.directory import Progress
from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.limits import NAME_OF_CODE, max_codes
from custom_components.smartlock.access.lists import ListKind
from custom_components.smartlock.access.rules import digits as digits_rules
from custom_components.smartlock.access.rules.changes import (
    NO_CHANGE,
    RightChange,
    differing,
    same_right,
    with_right,
)
from custom_components.smartlock.access.rules.entries import Code, Known
from custom_components.smartlock.access.rules.rights import RightError
from custom_components.smartlock.protocol.enums import ErrorCode
from custom_components.smartlock.protocol.errors import LockRefusedError, SettingsNotKeptError
from custom_components.smartlock.protocol.messages import KeypadCode
from custom_components.smartlock.protocol.wire import Date7, shown

_REFUSALS = {
    ErrorCode.K_CODE_ALREADY_EXISTS: AccessProblem.CODE_EXISTS,
    ErrorCode.K_CODE_INVALID: AccessProblem.BAD_CODE_DIGITS,
    ErrorCode.K_TOO_MANY_ENTRIES: AccessProblem.TOO_MANY_CODES,
}


@dataclass(frozen=True, kw_only=True)
class NewCode:
    """A code to add."""

    name: str = field(repr=False)
    digits: str | None = field(default=None, repr=False)
    """None: Home Assistant makes them."""
    right: RightChange = NO_CHANGE
    enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class CodeChange:
    """What to change of a code; None: as it is."""

    name: str | None = field(default=None, repr=False)
    digits: str | None = field(default=None, repr=False)
    enabled: bool | None = None
    right: RightChange = NO_CHANGE

    @property
    def gives(self) -> bool:
        """Whether it may let somebody in who could not come in before."""
        return bool(self.right) or self.enabled is True or self.digits is not None


class KeypadCodes(AccessList[KeypadCode]):
    """The codes of one lock."""

    kind = ListKind.KEYPAD_CODES

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

    def _beside(self, entry: KeypadCode) -> Known:
        return Known()

    async def async_max(self) -> int:
        """Return how many codes the lock takes. Raises SmartLockError."""
        return max_codes(await self.config())

    async def _check_keypad(self) -> None:
        """Raise AccessError for a lock without a keypad, and SmartLockError if its settings cannot be read."""
        config = await self.config()
        if not config.has_keypad and not config.has_keypad_2:
            raise AccessError(AccessProblem.NO_KEYPAD)

    async def async_id_of(self, name: str) -> int:
        """Return the id of the one code with a name, by a fresh read. Raises AccessError and like `async_list`."""
        found = [code.code_id for code in await self.async_list() if code.name == shown(name)]
        if not found:
            raise AccessError(AccessProblem.NO_SUCH_CODE)
        if len(found) > 1:
            raise AccessError(AccessProblem.NAME_NOT_UNIQUE, count=str(len(found)))
        return found[0]

    # --- Adding -------------------------------------------------------------------------------------------

    async def async_add(self, new: NewCode) -> Code:
        """Add a code and return it as the lock has it, with its digits.

        Raises AccessError, nearly always before anything is sent, OwnClockError before a limited right is written by a
        wrong clock, and SmartLockError. Only after `OUTCOME_UNKNOWN` the code may be there.
        """
        entry = self._new_entry(new)
        await self._check_keypad()
        async with self._lists.turn():
            if entry.time_limited:
                await self._clock.async_ensure_right()
            entry = self._with_digits(entry, await self._read())
            try:
                added, after = await self._write(
                    partial(directory.add_code, code=entry),
                    done=lambda found: any(_same_code(entry, each) for each in found),
                )
            except LockRefusedError as error:
                raise _explained(error) from error
            if after is None:
                # It exists: the lock has reported its id.
                return await self._shown(replace(entry, code_id=added or 0))
            found = next((each for each in after if each.code == entry.code), None)
            if found is None:
                raise SettingsNotKeptError(("code",))
            if not new.enabled:
                found = await self._change(found, CodeChange(enabled=False))
            return await self._shown(found)

    def _new_entry(self, new: NewCode) -> KeypadCode:
        """Return what is to be written, without digits that are not chosen yet. Raises AccessError."""
        check_name(new.name, NAME_OF_CODE)
        if new.digits is not None:
            _check_digits(new.digits)
        try:
            time_limited, limit = with_right(0, None, new.right, dt_util.utcnow())
        except RightError as error:
            raise AccessError.of(error) from error
        return KeypadCode(
            code_id=0,
            code=int(new.digits or 0),
            name=new.name,
            enabled=1,
            date_created=Date7.of(dt_util.utcnow()),
            date_last_active=Date7(),
            lock_count=0,
            time_limited=time_limited,
            limit=limit,
        )

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
        self, code_id: int, change: CodeChange, *, created: datetime | None = None
    ) -> Code:
        """Change a code, and return it as the lock has it. What is not named stays byte for byte.

        `created` is when the caller's code was made, should another have its id by now. Raises like `async_add`, and
        SettingsNotKeptError if the lock reads back something else.
        """
        if change.name is not None:
            check_name(change.name, NAME_OF_CODE)
        if change.digits is not None:
            _check_digits(change.digits)
        await self._check_keypad()
        created = created or self._created(code_id)
        async with self._lists.turn():
            entry = _find(await self._read(), code_id, created)
            return await self._shown(await self._change(entry, change))

    async def _change(self, entry: KeypadCode, change: CodeChange) -> KeypadCode:
        """Change an entry that was read a moment ago, inside a turn."""
        wanted = _merged(entry, change)
        if wanted == entry:
            return entry
        if change.digits is not None and any(
            each.code == wanted.code and each.code_id != entry.code_id for each in self._entries
        ):
            raise AccessError(AccessProblem.CODE_EXISTS)
        if change.gives and wanted.time_limited and wanted.enabled:
            await self._clock.async_ensure_right()
        try:
            after = await self._write_and_see(
                partial(directory.change_code, code=wanted),
                done=lambda found: any(_is(each, wanted) and not differing(wanted, each) for each in found),
                gone=lambda each: _is(each, entry),
            )
        except LockRefusedError as error:
            raise _explained(error) from error
        found = _find(after, entry.code_id, entry.date_created.moment)
        if fields := differing(wanted, found):
            raise SettingsNotKeptError(fields)
        return found

    # --- Deleting -----------------------------------------------------------------------------------------

    async def async_delete(self, codes: Iterable[int], *, created: datetime | None = None) -> None:
        """Delete codes, and with each its fingerprints. Raises like `async_update`."""
        wanted = tuple(codes)
        await self._check_keypad()
        async with self._lists.turn():
            for code_id in wanted:
                entry = _find(await self._read(), code_id, created or self._created(code_id))
                await self._remove(entry)

    async def _remove(self, entry: KeypadCode) -> None:
        after = await self._write_and_see(
            partial(directory.remove_code, code_id=entry.code_id),
            done=lambda found: not any(_is(each, entry) for each in found),
            # Whatever it was called, its digits are not to come back.
            gone=lambda each: _is(each, entry) or each.code == entry.code,
        )
        if any(_is(each, entry) for each in after):
            raise SettingsNotKeptError(("code",))

    def _created(self, code_id: int) -> datetime | None:
        """Return when the code with an id was made, as it was last read."""
        found = next((each for each in self._entries if each.code_id == code_id), None)
        return None if found is None else found.date_created.moment


def new_digits(choose: Callable[[str], str] = secrets.choice) -> str:
    """Return random digits that keep the rules and nobody would guess first."""
    return digits_rules.made(choose)


def _check_digits(digits: str) -> None:
    if not digits_rules.are_possible(digits):
        raise AccessError(AccessProblem.BAD_CODE_DIGITS)


def _merged(entry: KeypadCode, change: CodeChange) -> KeypadCode:
    """Return an entry with what is named of a change. Raises AccessError."""
    try:
        time_limited, limit = with_right(entry.time_limited, entry.limit, change.right, dt_util.utcnow())
    except RightError as error:
        raise AccessError.of(error) from error
    return replace(
        entry,
        # A name that reads the same stays as it is, whatever stands behind its end.
        name=entry.name if change.name in (None, shown(entry.name)) else change.name,
        code=entry.code if change.digits is None else int(change.digits),
        enabled=entry.enabled if change.enabled is None else int(change.enabled),
        time_limited=time_limited,
        limit=limit if change.right else entry.limit,
    )


def _is(one: KeypadCode, other: KeypadCode) -> bool:
    """Whether two entries are the same code: ids may be given again."""
    return one.code_id == other.code_id and one.date_created == other.date_created


def _same_code(wanted: KeypadCode, found: KeypadCode) -> bool:
    """Whether an entry is the one that was to be added."""
    return wanted.code == found.code and wanted.name == found.name and same_right(wanted, found)


def _find(entries: Iterable[KeypadCode], code_id: int, created: datetime | None) -> KeypadCode:
    """Return the code with an id that was made then (None: whenever). Raises AccessError."""
    for entry in entries:
        if entry.code_id == code_id and (created is None or entry.date_created.moment == created):
            return entry
    raise AccessError(AccessProblem.NO_SUCH_CODE)


def _explained(error: LockRefusedError) -> AccessError | LockRefusedError:
    """Return a refusal in words that fit codes."""
    problem = _REFUSALS.get(error.code)
    return error if problem is None else AccessError(problem)
