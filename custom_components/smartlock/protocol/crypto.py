"""The cryptography of the protocol; the only module that imports `nacl`.

The vendor's names (Nuki Smart Lock API, section 4) and the functions here:

    dh1 and kdf1   `shared_key`     X25519, then HSalsa20 over 16 zero bytes
    h1             `authenticator`  HMAC-SHA256
    e1             `seal`, `unseal` XSalsa20-Poly1305 with a 24-byte nonce, 16-byte tag first

There is no Bluetooth bonding below this and no key per connection: the shared key lives as long as the
authorization. Randomness is an argument.
"""

import hashlib
import hmac

from nacl import bindings
from nacl.exceptions import CryptoError

from .errors import AuthenticationError

KEY_SIZE = 32
NONCE_SIZE = 24
TAG_SIZE = 16


def public_key(private_key: bytes) -> bytes:
    """Return the X25519 public key (32 bytes) of a private key (32 random bytes)."""
    return bindings.crypto_scalarmult_base(private_key)


def shared_key(private_key: bytes, peer_public_key: bytes) -> bytes:
    """Return the long-term shared key (32 bytes).

    Raises AuthenticationError for a public key of low order, with which anybody would know the result.
    """
    try:
        return bindings.crypto_box_beforenm(peer_public_key, private_key)
    except (CryptoError, RuntimeError) as error:
        raise AuthenticationError("the public key of the lock is not acceptable") from error


def authenticator(key: bytes, *parts: bytes) -> bytes:
    """Return the HMAC-SHA256 (32 bytes) over the parts in order."""
    return hmac.digest(key, b"".join(parts), hashlib.sha256)


def verify_authenticator(key: bytes, received: bytes, *parts: bytes) -> None:
    """Raise AuthenticationError unless `received` is the authenticator of the parts."""
    if not hmac.compare_digest(authenticator(key, *parts), received):
        raise AuthenticationError("the authenticator of the lock is wrong")


def seal(key: bytes, nonce: bytes, plain: bytes) -> bytes:
    """Return tag and ciphertext (16 bytes longer than `plain`). A nonce is never used twice with a key."""
    return bindings.crypto_secretbox(plain, nonce, key)


def unseal(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    """Return the plain text. Raises AuthenticationError if it was not sealed with this key."""
    try:
        return bindings.crypto_secretbox_open(sealed, nonce, key)
    except CryptoError as error:
        raise AuthenticationError("a message was not sealed with our key") from error
