"""What must never leave an installation, in every spelling that somebody could read."""

import base64
from collections.abc import Iterator
import re

from custom_components.smartlock.protocol.frames import Session

__all__ = ["found", "spellings_of_keys", "spellings_of_number"]


def spellings_of_number(number: int, size: int) -> Iterator[str]:
    """Yield a number in decimal, and in hex of `size` bytes in both orders, as hex and as a repr of bytes."""
    yield str(number)
    for order in ("big", "little"):
        data = number.to_bytes(size, order)
        yield data.hex()
        yield data.hex(":")
        yield data.hex(" ")
        yield repr(data)[2:-1]


def spellings_of_keys(session: Session) -> Iterator[str]:
    """Yield the key and the id of an authorization."""
    key = session.shared_key
    yield key.hex()
    yield base64.b64encode(key).decode()
    yield repr(key)[2:-1]
    yield str(list(key))
    yield from spellings_of_number(session.authorization_id, 4)


def found(spellings: Iterator[str] | list[str], text: str) -> list[str]:
    """Return the spellings that stand in a text, whatever the case; digits count only as a whole number."""
    hits = []
    for spelling in spellings:
        pattern = re.escape(spelling)
        if spelling.isdigit():
            pattern = rf"(?<![\w.:]){pattern}(?![\w.:])"
        if re.search(pattern, text, re.IGNORECASE):
            hits.append(spelling)
    return hits
