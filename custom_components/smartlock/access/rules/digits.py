"""The digits of a keypad code: which a lock takes, and how new ones are made.

Source of the rules: technyon/nuki_hub, README, and the vendor's developer forum (thread 16794).
"""

from collections.abc import Callable
from itertools import pairwise

LENGTH = 6
_DIGITS = "123456789"
# The vendor keeps them for itself.
_FORBIDDEN_START = "12"


def are_possible(digits: str) -> bool:
    """Whether a lock takes these: six of 1 to 9, not beginning with 12."""
    return (
        len(digits) == LENGTH
        and all(digit in _DIGITS for digit in digits)
        and not digits.startswith(_FORBIDDEN_START)
    )


def made(choose: Callable[[str], str]) -> str:
    """Return digits that a lock takes and nobody would guess first; `choose` picks one of several at random."""
    while True:
        digits = "".join(choose(_DIGITS) for _ in range(LENGTH))
        if are_possible(digits) and not _is_guessed_first(digits):
            return digits


def _is_guessed_first(digits: str) -> bool:
    """Whether these are six equal ones, or a run like 234567 or 987654."""
    steps = {int(after) - int(before) for before, after in pairwise(digits)}
    return len(steps) == 1 and steps <= {-1, 0, 1}
