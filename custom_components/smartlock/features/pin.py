"""Whether the security PIN may be sent."""

from enum import StrEnum


class PinState(StrEnum):
    """What is known of the security PIN."""

    VALID = "valid"
    INVALID = "invalid"
    BLOCKED = "blocked"
    NOT_SET = "not_set"
    UNKNOWN = "unknown"
