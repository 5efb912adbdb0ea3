"""The authorizations of one lock, its users: listed, changed, deleted. The vendor's app alone invites new ones."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import override

from homeassistant.util import dt as dt_util

from custom_components.smartlock.access import directory
from custom_components.smartlock.access.base import AccessList, check_name
from custom_components.smartlock.access.directory import Progress
from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.limits import NAME_OF_USER, max_users
from custom_components.smartlock.access.lists import ListKind
from custom_components.smartlock.access.rules.changes import NO_CHANGE, RightChange, differing, with_right
from custom_components.smartlock.access.rules.entries import PROTECTED, Known, User
from custom_components.smartlock.access.rules.rights import RightError
from custom_components.smartlock.protocol.errors import SettingsNotKeptError
from custom_components.smartlock.protocol.messages import AuthorizationEntry
from custom_components.smartlock.protocol.wire import shown


@dataclass(frozen=True, kw_only=True)
class UserChange:
    """What to change of an authorization; None: as it is."""

    name: str | None = field(default=None, repr=False)
    enabled: bool | None = None
    remote_allowed: bool | None = None
    right: RightChange = NO_CHANGE

    @property
    def gives(self) -> bool:
        """Whether it may let somebody in who could not come in before."""
        return bool(self.right) or self.enabled is True

    @property
    def only_name(self) -> bool:
        """Whether it changes nothing but the name."""
        return self.enabled is None and self.remote_allowed is None and not self.right


class Users(AccessList[AuthorizationEntry]):
    """The authorizations of one lock."""

    kind = ListKind.AUTHORIZATIONS

    @property
    def own_id(self) -> int:
        """Our own authorization."""
        return self.coordinator.client.authorization_id

    async def async_list(self, progress: Progress | None = None, *, refresh: bool = True) -> tuple[User, ...]:
        """Return all authorizations, our own among them; without `refresh` as they were last read, if they were.

        `progress` is called after each page with the number of entries read. Raises what
        `LockLists.authorizations` raises.
        """
        entries = await self._known(progress, refresh=refresh)
        now, zone = dt_util.utcnow(), await self.zone()
        return tuple(User.of(entry, self.own_id, now, zone, self._beside(entry)) for entry in entries)

    @override
    async def _fetch(self, progress: Progress | None = None) -> tuple[AuthorizationEntry, ...]:
        return await self._lists.authorizations(progress)

    async def async_max(self) -> int:
        """Return how many authorizations the lock takes. Raises SmartLockError."""
        return max_users(await self.config())

    async def async_update(
        self, user_id: int, change: UserChange, *, confirmed: bool = False, created: datetime | None = None
    ) -> User:
        """Change an authorization, and return it as the lock has it. What is not named stays byte for byte.

        `confirmed`: whether the owner knows what an accessory is for. `created` is when the caller's entry was made,
        should another have its id by now. Our own keeps everything but its name. Raises AccessError, nearly always
        before anything is sent, OwnClockError before a limited right is written by a wrong clock,
        SettingsNotKeptError if the lock reads back something else, and SmartLockError.
        """
        if user_id == self.own_id and not change.only_name:
            raise AccessError(AccessProblem.OWN_AUTHORIZATION)
        if change.name is not None:
            check_name(change.name, NAME_OF_USER)
        async with self._lists.turn():
            entry = await self._find(user_id, created)
            if not change.only_name:
                _check_confirmed(entry, confirmed=confirmed)
            entry = await self._change(entry, change)
        return User.of(entry, self.own_id, dt_util.utcnow(), await self.zone(), self._beside(entry))

    async def _change(self, entry: AuthorizationEntry, change: UserChange) -> AuthorizationEntry:
        wanted = _merged(entry, change)
        if wanted == entry:
            return entry
        if change.gives and wanted.time_limited and wanted.enabled:
            await self._clock.async_ensure_right()
        after = await self._write_and_see(
            partial(directory.change_authorization, entry=wanted),
            done=lambda found: any(_is(each, wanted) and not differing(wanted, each) for each in found),
            gone=lambda each: _was(each, entry),
        )
        found = next((each for each in after if _is(each, wanted)), None)
        if found is None:
            raise AccessError(AccessProblem.NO_SUCH_USER)
        if fields := differing(wanted, found):
            raise SettingsNotKeptError(fields)
        return found

    async def async_delete(
        self, user_id: int, *, confirmed: bool = False, created: datetime | None = None
    ) -> None:
        """Delete an authorization, never our own. Raises like `async_update`."""
        if user_id == self.own_id:
            raise AccessError(AccessProblem.OWN_AUTHORIZATION)
        async with self._lists.turn():
            entry = await self._find(user_id, created)
            _check_confirmed(entry, confirmed=confirmed)
            await self._remove(entry)

    async def _remove(self, entry: AuthorizationEntry) -> None:
        after = await self._write_and_see(
            partial(directory.remove_authorization, authorization_id=entry.authorization_id),
            done=lambda found: not any(_is(each, entry) for each in found),
            gone=lambda each: _was(each, entry),
        )
        if any(_is(each, entry) for each in after):
            raise SettingsNotKeptError(("authorization",))

    async def _find(self, user_id: int, created: datetime | None) -> AuthorizationEntry:
        """Return an authorization by a fresh read. Raises AccessError, and like `async_list`."""
        before = next((each for each in self._entries if each.authorization_id == user_id), None)
        created = created or (None if before is None else before.date_created.moment)
        for entry in await self._read():
            if entry.authorization_id == user_id and created in (None, entry.date_created.moment):
                return entry
        raise AccessError(AccessProblem.NO_SUCH_USER)

    def _beside(self, entry: AuthorizationEntry) -> Known:
        return Known()

    @override
    def _may_be_kept(self, entry: AuthorizationEntry) -> bool:
        # Our own comes back with a new pairing.
        return entry.authorization_id != self.own_id


def _check_confirmed(entry: AuthorizationEntry, *, confirmed: bool) -> None:
    if entry.id_type in PROTECTED and not confirmed:
        raise AccessError(AccessProblem.CONFIRM_NEEDED)


def _merged(entry: AuthorizationEntry, change: UserChange) -> AuthorizationEntry:
    """Return an entry with what is named of a change. Raises AccessError."""
    try:
        time_limited, limit = with_right(entry.time_limited, entry.limit, change.right, dt_util.utcnow())
    except RightError as error:
        raise AccessError.of(error) from error
    return replace(
        entry,
        # A name that reads the same stays as it is, whatever stands behind its end.
        name=entry.name if change.name in (None, shown(entry.name)) else change.name,
        enabled=entry.enabled if change.enabled is None else int(change.enabled),
        remote_allowed=entry.remote_allowed if change.remote_allowed is None else int(change.remote_allowed),
        time_limited=time_limited,
        limit=limit if change.right else entry.limit,
    )


def _is(one: AuthorizationEntry, other: AuthorizationEntry) -> bool:
    """Whether two entries are the same authorization: ids may be given again."""
    return one.authorization_id == other.authorization_id and one.date_created == other.date_created


def _was(kept: AuthorizationEntry, entry: AuthorizationEntry) -> bool:
    """Whether an entry that is kept without its id was this one."""
    return (
        kept.date_created == entry.date_created and kept.name == entry.name and kept.id_type == entry.id_type
    )
