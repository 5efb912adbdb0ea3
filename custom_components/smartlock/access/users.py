"""The authorizations of one lock, its users: listed, changed, deleted. The vendor's app alone invites new ones."""

from dataclasses import field, replace
from datetime import datetime
from functools import partial
from typing import override

from homeassistant.util import dt as dt_util

from custom_components.smartlock.access import directory
from custom_components.smartlock.access.base import check_name, check_right
from custom_components.smartlock.access.directory import Progress
from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.limits import NAME_OF_USER, max_users
from custom_components.smartlock.access.lists import ListKind, LockLists
from custom_components.smartlock.access.revoking import RevocableList, store_allows, withdraws
from custom_components.smartlock.access.rules.changes import NO_CHANGE, RightChange, differing, with_right
from custom_components.smartlock.access.rules.entries import PROTECTED, User
from custom_components.smartlock.access.rules.notes import Owner, Why
from custom_components.smartlock.access.rules.rights import RightError
from custom_components.smartlock.access.store import NoteStore
from custom_components.smartlock.clock.sync import LockClock
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.protocol.errors import SettingsNotKeptError
from custom_components.smartlock.protocol.messages import AuthorizationEntry
from custom_components.smartlock.protocol.values import dataclass
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


class Users(RevocableList[AuthorizationEntry]):
    """The authorizations of one lock."""

    kind = ListKind.AUTHORIZATIONS
    owner = Owner.USER
    missing = AccessProblem.NO_SUCH_USER

    def __init__(
        self, coordinator: SmartLockCoordinator, lists: LockLists, clock: LockClock, store: NoteStore
    ) -> None:
        """Prepare; nothing is sent yet."""
        super().__init__(coordinator, lists, clock, store)
        allowed = store_allows(store)
        # Our own comes back with a new pairing.
        lists.async_archive_only(
            self.kind, lambda entry: entry.authorization_id != self.own_id and allowed(entry)
        )

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
        self,
        user_id: int,
        change: UserChange,
        *,
        confirmed: bool = False,
        created: datetime | None = None,
        keep_trying: bool = True,
    ) -> User:
        """Change an authorization, and return it as the lock has it. What is not named stays byte for byte.

        `confirmed`: the owner knows what an accessory is for. `created` is when the caller's entry was made, should
        another have its id by now. With `keep_trying` a change that only disables it is done later if the lock cannot be
        reached: AccessError with `NOT_REMOVED_YET`. Our own keeps everything but its name. Raises AccessError, nearly
        always before anything is sent, OwnClockError before a limited right is written by a wrong clock,
        SettingsNotKeptError if the lock reads back something else, and SmartLockError.
        """
        if user_id == self.own_id and not change.only_name:
            raise AccessError(AccessProblem.OWN_AUTHORIZATION)
        if change.name is not None:
            check_name(change.name, NAME_OF_USER)
        check_right(change.right)
        key = self.key_of(user_id, created)
        if change == UserChange(enabled=False):
            await self._revoke(key, Why.PAUSED, keep_trying=keep_trying, confirmed=confirmed)
            return await self._shown(self._find(self._entries, key))
        async with self._lists.turn():
            entry = self._find(await self._read(), key)
            if not change.only_name:
                self._check_removal(entry, confirmed=confirmed)
            entry = await self._change(entry, change)
            removal = self._store.notes.removal_of(entry)
            if removal is not None and withdraws(
                removal.why, enabled=change.enabled is True, gives=change.gives
            ):
                await self._store.async_keep(self._store.notes.without_removal(removal.key))
            return await self._shown(entry)

    async def _shown(self, entry: AuthorizationEntry) -> User:
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
        self,
        user_id: int,
        *,
        confirmed: bool = False,
        created: datetime | None = None,
        keep_trying: bool = True,
    ) -> None:
        """Delete an authorization, never our own.

        If the lock cannot be reached, it is deleted later (`keep_trying`): AccessError with `NOT_REMOVED_YET`. Raises
        like `async_update`.
        """
        if user_id == self.own_id:
            raise AccessError(AccessProblem.OWN_AUTHORIZATION)
        key = self.key_of(user_id, created)
        await self._revoke(key, Why.REVOKED, keep_trying=keep_trying, confirmed=confirmed)

    @override
    def _check_removal(self, entry: AuthorizationEntry, *, confirmed: bool) -> None:
        if entry.authorization_id == self.own_id:
            raise AccessError(AccessProblem.OWN_AUTHORIZATION)
        if entry.id_type in PROTECTED and not confirmed:
            raise AccessError(AccessProblem.CONFIRM_NEEDED)

    @override
    async def _pause(self, entry: AuthorizationEntry) -> None:
        await self._change(entry, UserChange(enabled=False))

    @override
    async def _remove(self, entry: AuthorizationEntry) -> None:
        after = await self._write_and_see(
            partial(directory.remove_authorization, authorization_id=entry.authorization_id),
            done=lambda found: not any(_is(each, entry) for each in found),
            gone=lambda each: _was(each, entry),
        )
        if any(_is(each, entry) for each in after):
            raise SettingsNotKeptError(("authorization",))


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
