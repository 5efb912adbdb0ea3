"""Who may open the lock: the codes of its keypad, and its authorizations.

Everything here runs in a session with the PIN. Lists are read in pages, each a request of its own, so that an action
of somebody else need not wait for the whole list. A change writes an entry as a whole: what it leaves out is lost.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from custom_components.smartlock.pin.guard import PinSession
from custom_components.smartlock.protocol import conversations, paging
from custom_components.smartlock.protocol.conversations import Conversation
from custom_components.smartlock.protocol.messages import (
    AddKeypadCode,
    AuthorizationEntry,
    KeypadCode,
    KeypadCodeId,
    RemoveAuthorization,
    RemoveKeypadCode,
    TimeLimit,
    UpdateAuthorization,
    UpdateKeypadCode,
)


class _Count(Protocol):
    @property
    def count(self) -> int: ...


class _ReadPage[C: _Count, E](Protocol):
    def __call__(
        self, pin: int, *, offset: int, count: int
    ) -> Conversation[tuple[C | None, Sequence[E]]]: ...


@dataclass(frozen=True, kw_only=True)
class Authorizations:
    """Everybody who may operate the lock by a key of their own."""

    own: AuthorizationEntry | None
    """Home Assistant's, as the lock lists it."""
    others: tuple[AuthorizationEntry, ...]


# --- Keypad codes -----------------------------------------------------------------------------------------


async def read_codes(session: PinSession) -> tuple[KeypadCode, ...]:
    """Read all codes. Raises what `PinSession.request` raises, and IncompleteListError."""
    return await _read(session, conversations.read_keypad_codes, lambda code: code.code_id)


async def add_code(session: PinSession, code: KeypadCode) -> int:
    """Add a code and return the id that the lock gave it; the id, dates and count of `code` do not matter.

    Raises what `PinSession.request` raises: LockRefusedError for digits that the lock has already, or does not take.
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
    """Have the code with this id be as `code` says. Raises what `PinSession.request` raises."""
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
    """Delete a code, and with it its fingerprints. Raises what `PinSession.request` raises."""
    await session.request(partial(conversations.order, RemoveKeypadCode(code_id=code_id)))


# --- Authorizations ---------------------------------------------------------------------------------------


async def read_authorizations(session: PinSession) -> Authorizations:
    """Read all authorizations. Raises what `PinSession.request` raises, and IncompleteListError."""
    entries = await _read(session, conversations.read_authorizations, lambda entry: entry.authorization_id)
    own_id = session.client.authorization_id
    return Authorizations(
        own=next((entry for entry in entries if entry.authorization_id == own_id), None),
        others=tuple(entry for entry in entries if entry.authorization_id != own_id),
    )


async def change_authorization(session: PinSession, entry: AuthorizationEntry) -> None:
    """Have the authorization with this id be as `entry` says; its key and type stay.

    Raises ValueError, with nothing sent, for a change that would lock Home Assistant out, and what
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
    """Delete an authorization of somebody else. Raises like `change_authorization`."""
    _check_not_own(session, authorization_id)
    request = RemoveAuthorization(authorization_id=authorization_id)
    await session.request(partial(conversations.order, request))


def _check_not_own(session: PinSession, authorization_id: int) -> None:
    if authorization_id == session.client.authorization_id:
        raise ValueError("Home Assistant may not lock itself out")


async def _read[C: _Count, E](
    session: PinSession, page: _ReadPage[C, E], key: Callable[[E], int]
) -> tuple[E, ...]:
    """Read a list to its end."""
    walk = paging.walk(key)
    offset = next(walk)
    while True:
        announced, entries = await session.request(partial(page, offset=offset, count=paging.PAGE))
        try:
            offset = walk.send((None if announced is None else announced.count, entries))
        except StopIteration as end:
            whole: tuple[E, ...] = end.value
            return whole
