"""Who may open the lock: keypad codes and authorizations.

Everything here runs in a session with the PIN. Lists are read in pages, one request each, so that another
user's action need not wait for the whole list. A change writes the whole entry: fields that are left out are
lost.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from custom_components.smartlock.pin.guard import PinSession
from custom_components.smartlock.protocol import conversations, paging
from custom_components.smartlock.protocol.conversations import Conversation
from custom_components.smartlock.protocol.messages import (
    AddKeypadCode,
    AuthorizationEntry,
    AuthorizationEntryCount,
    KeypadCode,
    KeypadCodeCount,
    KeypadCodeId,
    RemoveAuthorization,
    RemoveKeypadCode,
    TimeLimit,
    UpdateAuthorization,
    UpdateKeypadCode,
)
from custom_components.smartlock.protocol.values import dataclass


class _Count(Protocol):
    @property
    def count(self) -> int: ...


type Progress = Callable[[int, int | None], None]
"""Receives the number of entries read, and the number announced by the lock (None: unknown)."""


class _ReadPage[C: _Count, E](Protocol):
    def __call__(
        self, pin: int, *, offset: int, count: int
    ) -> Conversation[tuple[C | None, Sequence[E]]]: ...


@dataclass(frozen=True, kw_only=True)
class Authorizations:
    """All authorizations: everyone with a key of their own."""

    own: AuthorizationEntry | None
    """Home Assistant's own authorization."""
    others: tuple[AuthorizationEntry, ...]


class ListReading[C: _Count, E]:
    """A list that is being read; when a link has ended, it goes on from the page that did not come."""

    def __init__(self, page: _ReadPage[C, E], key: Callable[[E], int], progress: Progress | None) -> None:
        """Begin with the first page."""
        self._page = page
        self._progress = progress
        self._walk = paging.walk(key)
        self._offset = next(self._walk)

    async def finish(self, session: PinSession) -> tuple[E, ...]:
        """Read what is left, and return the whole list.

        Raises what `PinSession.request` raises, after which it can be called again, and IncompleteListError.
        """
        while True:
            announced, entries = await session.request(
                partial(self._page, offset=self._offset, count=paging.PAGE)
            )
            count = None if announced is None else announced.count
            try:
                self._offset = self._walk.send((count, entries))
            except StopIteration as end:
                whole: tuple[E, ...] = end.value
                return whole
            if self._progress is not None:
                self._progress(self._offset, count)


def reading_codes(progress: Progress | None = None) -> ListReading[KeypadCodeCount, KeypadCode]:
    """Return a reading of all codes."""
    return ListReading(conversations.read_keypad_codes, lambda code: code.code_id, progress)


def reading_authorizations(
    progress: Progress | None = None,
) -> ListReading[AuthorizationEntryCount, AuthorizationEntry]:
    """Return a reading of all authorizations, our own among them."""
    return ListReading(conversations.read_authorizations, lambda entry: entry.authorization_id, progress)


# --- Keypad codes -----------------------------------------------------------------------------------------


async def read_codes(session: PinSession) -> tuple[KeypadCode, ...]:
    """Read all codes. Raises what `PinSession.request` raises, and IncompleteListError."""
    return await reading_codes().finish(session)


async def add_code(session: PinSession, code: KeypadCode) -> int:
    """Add a code and return the id that the lock assigned; id, dates and count of `code` are ignored.

    Raises what `PinSession.request` raises: LockRefusedError for digits that exist already or are not
    allowed.
    """
    request = AddKeypadCode(
        code=code.code,
        name=code.name,
        time_limited=code.time_limited,
        limit=code.limit or TimeLimit(),
    )
    added = await session.request(partial(conversations.add_entry, request, KeypadCodeId))
    return added.code_id


async def change_code(session: PinSession, code: KeypadCode) -> None:
    """Replace the code with this id by `code`. Raises what `PinSession.request` raises."""
    request = UpdateKeypadCode(
        code_id=code.code_id,
        code=code.code,
        name=code.name,
        enabled=code.enabled,
        time_limited=code.time_limited,
        limit=code.limit or TimeLimit(),
    )
    await session.request(partial(conversations.order, request))


async def remove_code(session: PinSession, code_id: int) -> None:
    """Delete a code and its fingerprints. Raises what `PinSession.request` raises."""
    await session.request(partial(conversations.order, RemoveKeypadCode(code_id=code_id)))


# --- Authorizations ---------------------------------------------------------------------------------------


async def read_authorizations(session: PinSession) -> Authorizations:
    """Read all authorizations. Raises what `PinSession.request` raises, and IncompleteListError."""
    entries = await reading_authorizations().finish(session)
    own_id = session.client.authorization_id
    return Authorizations(
        own=next((entry for entry in entries if entry.authorization_id == own_id), None),
        others=tuple(entry for entry in entries if entry.authorization_id != own_id),
    )


async def change_authorization(session: PinSession, entry: AuthorizationEntry) -> None:
    """Replace the authorization with this id by `entry`, except for its key and type.

    Raises ValueError, with nothing sent, for a change that would lock Home Assistant out, and whatever
    `PinSession.request` raises.
    """
    if not entry.enabled or entry.time_limited:
        _check_not_own(session, entry.authorization_id)
    request = UpdateAuthorization(
        authorization_id=entry.authorization_id,
        name=entry.name,
        enabled=entry.enabled,
        remote_allowed=entry.remote_allowed,
        time_limited=entry.time_limited,
        limit=entry.limit or TimeLimit(),
    )
    await session.request(partial(conversations.order, request))


async def remove_authorization(session: PinSession, authorization_id: int) -> None:
    """Delete somebody else's authorization. Raises like `change_authorization`."""
    _check_not_own(session, authorization_id)
    request = RemoveAuthorization(authorization_id=authorization_id)
    await session.request(partial(conversations.order, request))


def _check_not_own(session: PinSession, authorization_id: int) -> None:
    if authorization_id == session.client.authorization_id:
        raise ValueError("Home Assistant may not lock itself out")
