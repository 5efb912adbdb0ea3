"""How much fits into a lock: S-4407512064785 of the vendor's help centre and thread 1282 of its developer forum."""

from custom_components.smartlock.protocol.messages import Config

NAME_OF_CODE = 20
"""Bytes."""
NAME_OF_USER = 32
"""Bytes."""


def max_codes(config: Config) -> int:
    """Return how many keypad codes a lock takes; other reports say that the first generations take one less."""
    return 100 if config.firmware_version.major <= 2 else 200


def max_users(config: Config) -> int:
    """Return how many authorizations a lock takes."""
    return 100 if config.firmware_version.major <= 1 else 200


def excess(name: str, size: int) -> int:
    """Return how many characters have to go from the end of a name so that it fits into so many bytes; 0: it fits."""
    kept = name
    while len(kept.encode("utf-8", "surrogateescape")) > size:
        kept = kept[:-1]
    return len(name) - len(kept)
