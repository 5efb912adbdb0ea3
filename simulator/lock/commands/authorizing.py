"""The list of authorizations: reading it, inviting, changing, removing."""

from dataclasses import replace

from custom_components.smartlock.protocol.enums import AuthorizationIdType, ErrorCode
from custom_components.smartlock.protocol.messages import (
    AuthorizationEntry,
    AuthorizationEntryCount,
    InviteAuthorization,
    InvitedAuthorizationId,
    RemoveAuthorization,
    RequestAuthorizationEntries,
    UpdateAuthorization,
)
from simulator.lock.authorizations import Authorization
from simulator.lock.device import Device
from simulator.lock.habits import Habits
from simulator.lock.journal import Kind
from simulator.lock.request import Request
from simulator.lock.rights import is_possible, stored

_INVITABLE = (
    AuthorizationIdType.APP,
    AuthorizationIdType.BRIDGE,
    AuthorizationIdType.FOB,
    AuthorizationIdType.KEYPAD,
)
_YES_OR_NO = (0, 1)


def request_authorization_entries(request: Request) -> None:
    """Tell how many there are, then those that are wanted."""
    wanted = RequestAuthorizationEntries.decode(request.fields)
    if wanted.id_type is not None and not wanted.id_type.known:
        request.refuse(ErrorCode.K_BAD_PARAMETER)
        return
    entries = request.device.authorizations.listed(request.authorization, wanted.id_type)
    page = entries[wanted.offset : wanted.offset + wanted.count]
    request.answer(AuthorizationEntryCount(count=len(entries)))
    request.answer_list(_entry(request.device, entry) for entry in page)


def _entry(device: Device, entry: Authorization) -> AuthorizationEntry:
    without_limit = device.habits.limit_block_only_if_limited and not entry.time_limited
    return AuthorizationEntry(
        authorization_id=entry.session.authorization_id,
        id_type=entry.id_type,
        name=entry.name,
        enabled=entry.enabled,
        remote_allowed=entry.remote_allowed,
        date_created=device.date(entry.created),
        date_last_active=device.date(entry.last_active),
        lock_count=entry.lock_count,
        time_limited=entry.time_limited,
        limit=None if without_limit else entry.limit,
    )


def invite_authorization(request: Request) -> None:
    """Add a client that nobody has to press a button for; its key is in the request."""
    device, invitation = request.device, InviteAuthorization.decode(request.fields)
    table = device.authorizations
    bridge = invitation.id_type == AuthorizationIdType.BRIDGE
    if (
        invitation.id_type not in _INVITABLE
        or (bridge and not device.model.dialect.client_types)
        or not _possible(invitation, device.habits)
    ):
        request.refuse(ErrorCode.K_BAD_PARAMETER)
        return
    if not table.has_room(None, invitation.id_type):
        request.refuse(ErrorCode.K_TOO_MANY_ENTRIES)
        return
    for replaced in table.replaced(None, invitation.id_type):
        device.delete_authorization(replaced, "replaced by an invitation")
    entry = table.add(
        invitation.shared_key,
        app_id=None,
        name=invitation.name,
        id_type=invitation.id_type,
        created=device.now,
    )
    entry.remote_allowed = invitation.remote_allowed
    entry.time_limited, entry.limit = invitation.time_limited, stored(invitation.limit, device.habits)
    device.journal.record(
        Kind.AUTHORIZATION_ADDED,
        authorization=entry.index,
        id_type=entry.id_type.name,
        connection=request.link.number,
        why="invited",
    )
    request.answer_id(
        InvitedAuthorizationId(authorization_id=entry.session.authorization_id, date_created=entry.created)
    )


def update_authorization(request: Request) -> None:
    """Replace everything of an entry but its key and its kind."""
    update, habits = UpdateAuthorization.decode(request.fields), request.device.habits
    entry = request.device.authorizations.find(update.authorization_id)
    if entry is None:
        request.refuse(ErrorCode.K_INVALID_AUTH_ID)
    elif not _possible(update, habits) or update.enabled not in _YES_OR_NO:
        request.refuse(ErrorCode.K_BAD_PARAMETER)
    else:
        update = replace(update, limit=stored(update.limit, habits))
        changed = [
            name
            for name in ("name", "enabled", "remote_allowed", "time_limited", "limit")
            if getattr(entry, name) != getattr(update, name)
        ]
        for name in changed:
            setattr(entry, name, getattr(update, name))
        request.note_written(changed)
        request.complete()


def remove_authorization(request: Request) -> None:
    """Delete an entry, be it the caller's own."""
    device = request.device
    entry = device.authorizations.find(RemoveAuthorization.decode(request.fields).authorization_id)
    if entry is None:
        request.refuse(ErrorCode.K_INVALID_AUTH_ID)
        return
    device.delete_authorization(entry, "removed by a client")
    request.complete()


def _possible(message: InviteAuthorization | UpdateAuthorization, habits: Habits) -> bool:
    return (
        message.remote_allowed in _YES_OR_NO
        and message.time_limited in _YES_OR_NO
        and (not message.time_limited or is_possible(message.limit, habits))
    )
