"""Pairing: how a client gets an authorization while the lock is in pairing mode.

Generations 1 to 4 prove the shared key in both directions, in plain messages (`pair_gen1_4`); the fifth
generation seals the last exchange, which carries the security PIN (`pair_gen5`).
Source: Nuki Smart Lock API V2.1 and V2.3.0, section 5 and the transcripts of section 9.
"""

from dataclasses import field

from . import crypto
from .conversations import Conversation, ask
from .enums import AuthorizationIdType, Command, StatusCode
from .errors import PinNotSetError, ProtocolError
from .frames import Session
from .messages import (
    AuthorizationAuthenticator,
    AuthorizationData,
    AuthorizationDataWithPin,
    AuthorizationId,
    AuthorizationIdConfirmation,
    AuthorizationInfo,
    Challenge,
    EncryptedAuthorizationId,
    PublicKey,
    RequestData,
    Status,
)
from .values import dataclass
from .wire import text, uint32

# Stands for the authorization that does not exist yet. Locks take any number here and answer with this one.
_PAIRING_AUTHORIZATION_ID = 0x7FFFFFFF


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """What a finished pairing leaves behind."""

    session: Session
    uuid: bytes = field(repr=False)
    """Of the lock; random, 16 bytes, new after a factory reset."""
    confirmation: AuthorizationIdConfirmation | None = None
    """What generations 1 to 4 wait for before the authorization counts; see `confirm`."""


def _agree(private_key: bytes) -> Conversation[tuple[bytes, bytes, bytes]]:
    """Exchange public keys; return the shared key, what both sides sign, and the first nonce."""
    own = crypto.public_key(private_key)
    lock = yield from ask(RequestData(requested=Command.PUBLIC_KEY), PublicKey)
    key = crypto.shared_key(private_key, lock.key)
    challenge = yield from ask(PublicKey(key=own), Challenge)
    return key, own + lock.key, challenge.nonce


def pair_gen1_4(
    *, id_type: AuthorizationIdType, app_id: int, name: str, private_key: bytes, nonce: bytes
) -> Conversation[Pairing]:
    """Pair with generations 1 to 4, up to the confirmation; `private_key` and `nonce` are 32 random bytes each.

    Raises NotPairingError outside pairing mode, LockRefusedError for other refusals, and AuthenticationError
    if the lock does not prove that it holds the key.
    """
    key, public_keys, challenge = yield from _agree(private_key)
    second = yield from ask(
        AuthorizationAuthenticator(authenticator=crypto.authenticator(key, public_keys, challenge)), Challenge
    )
    claim = bytes([id_type]) + uint32.pack(app_id) + text(32).pack(name) + nonce
    granted = yield from ask(
        AuthorizationData(
            authenticator=crypto.authenticator(key, claim, second.nonce),
            id_type=id_type,
            app_id=app_id,
            name=name,
            nonce=nonce,
        ),
        AuthorizationId,
    )
    authorization_id = uint32.pack(granted.authorization_id)
    crypto.verify_authenticator(
        key, granted.authenticator, authorization_id, granted.uuid, granted.nonce, nonce
    )
    confirmation = AuthorizationIdConfirmation(
        authenticator=crypto.authenticator(key, authorization_id, granted.nonce),
        authorization_id=granted.authorization_id,
    )
    session = Session(authorization_id=granted.authorization_id, shared_key=key)
    return Pairing(session=session, uuid=granted.uuid, confirmation=confirmation)


def confirm(confirmation: AuthorizationIdConfirmation) -> Conversation[None]:
    """Tell a lock of the generations 1 to 4 that its authorization has arrived, and is kept."""
    status = yield from ask(confirmation, Status)
    if status.status != StatusCode.COMPLETE:
        raise ProtocolError(f"pairing ended with status {status.status.name}")


def pair_gen5(*, app_id: int, name: str, pin: int, private_key: bytes) -> Conversation[Pairing]:
    """Pair with the fifth generation; `pin` is the six-digit security PIN, `private_key` 32 random bytes.

    Raises NotPairingError outside pairing mode, PinError for a wrong PIN, PinNotSetError if the lock has
    none, LockRefusedError for other refusals, and AuthenticationError for a reply sealed with another key.
    """
    key, public_keys, challenge = yield from _agree(private_key)
    info = yield from ask(
        AuthorizationAuthenticator(authenticator=crypto.authenticator(key, public_keys, challenge)),
        AuthorizationInfo,
    )
    if info.pin_set == 0:
        raise PinNotSetError
    granted = yield from ask(
        AuthorizationDataWithPin(app_id=app_id, name=name, security_pin=pin),
        EncryptedAuthorizationId,
        session=Session(authorization_id=_PAIRING_AUTHORIZATION_ID, shared_key=key),
    )
    session = Session(authorization_id=granted.authorization_id, shared_key=key)
    return Pairing(session=session, uuid=granted.uuid)
