"""Who may speak to the lock: the table of authorizations with their keys."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from custom_components.smartlock.protocol.enums import AuthorizationIdType
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.wire import Date7
from simulator.lock.rights import ALWAYS, NEVER

# Nonces remembered to notice one that is used twice.
_NONCES_KEPT = 1000


@dataclass
class Authorization:
    """One client that has paired."""

    index: int
    """Number by which the journal calls it: 0 is the first that this lock ever had."""
    session: Session
    id_type: AuthorizationIdType
    app_id: int | None
    """The one sent at pairing; None for a client that was invited."""
    name: str = field(repr=False)
    enabled: int = 1
    remote_allowed: int = 1
    created: Date7 = NEVER
    last_active: Date7 = NEVER
    lock_count: int = 0
    time_limited: int = 0
    limit: TimeLimit = ALWAYS
    challenge: bytes | None = field(default=None, repr=False)
    """The one nonce that its next request may carry."""
    nonces: deque[bytes] = field(default_factory=lambda: deque(maxlen=_NONCES_KEPT), repr=False)
    """Nonces of its encrypted messages."""

    @property
    def is_bridge(self) -> bool:
        """Whether it was paired as Bridge."""
        return self.id_type == AuthorizationIdType.BRIDGE

    def use_challenge(self, nonce: bytes, *, keep_if_wrong: bool) -> bool:
        """Return whether a request carries the current challenge, which is thereby used up."""
        right = nonce == self.challenge
        if right or not keep_if_wrong:
            self.challenge = None
        return right


class AuthorizationTable:
    """The authorizations in the lock's memory."""

    def __init__(self, max_entries: int) -> None:
        """Start empty."""
        self._max_entries = max_entries
        self._entries: dict[int, Authorization] = {}
        self._made = 0
        self._last_id = 0

    def __iter__(self) -> Iterator[Authorization]:
        """Iterate in the order in which they were made."""
        return iter(self._entries.values())

    def __len__(self) -> int:
        """Return the number of authorizations."""
        return len(self._entries)

    @property
    def bridge(self) -> Authorization | None:
        """The one Bridge, if there is one."""
        return next((entry for entry in self if entry.is_bridge), None)

    def find(self, authorization_id: int) -> Authorization | None:
        """Return the authorization with this id."""
        return self._entries.get(authorization_id)

    def at(self, index: int) -> Authorization:
        """Return the authorization that the journal calls by this number. Raises KeyError."""
        for entry in self:
            if entry.index == index:
                return entry
        raise KeyError(f"the lock has no authorization {index}")

    def listed(self, caller: Authorization, id_type: AuthorizationIdType | None) -> list[Authorization]:
        """Return the authorizations of one kind, or all, as a list shows them: the caller's own first."""
        entries = [caller, *(entry for entry in self if entry is not caller)]
        return [entry for entry in entries if id_type is None or entry.id_type == id_type]

    def has_room(self, app_id: int | None, id_type: AuthorizationIdType) -> bool:
        """Return whether a client can be added, be it in place of another."""
        return len(self) - len(self.replaced(app_id, id_type)) < self._max_entries

    def replaced(self, app_id: int | None, id_type: AuthorizationIdType) -> list[Authorization]:
        """Return who has to go for a new client: the one with its app id, and the Bridge for a Bridge."""
        bridge = id_type == AuthorizationIdType.BRIDGE
        return [
            entry
            for entry in self
            if (app_id is not None and entry.app_id == app_id) or (bridge and entry.is_bridge)
        ]

    def next_id(self) -> int:
        """Return the authorization id that the next client gets; ids are never used again."""
        return self._last_id + 1

    def add(
        self,
        shared_key: bytes,
        *,
        app_id: int | None,
        name: str,
        id_type: AuthorizationIdType = AuthorizationIdType.APP,
        authorization_id: int | None = None,
        created: Date7 = NEVER,
    ) -> Authorization:
        """Add a client that shares a key; any client that it replaces must have been deleted before."""
        new_id = self.next_id() if authorization_id is None else authorization_id
        entry = Authorization(
            index=self._made,
            session=Session(authorization_id=new_id, shared_key=shared_key),
            id_type=id_type,
            app_id=app_id,
            name=name,
            created=created,
        )
        self._made += 1
        self._last_id = max(self._last_id, new_id)
        self._entries[new_id] = entry
        return entry

    def delete(self, entry: Authorization) -> None:
        """Delete a client; its messages cannot be read any more."""
        del self._entries[entry.session.authorization_id]
