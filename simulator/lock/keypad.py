"""The codes and fingers of the keypad: their rules, and what happens after wrong codes.

Source of the rules: technyon/nuki_hub, README. Pauses: the vendor's forum, thread 787, where how long the second one
is has been cut off. Fingers: the vendor's help, article 8972059134353.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from custom_components.smartlock.protocol.enums import ErrorCode
from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.wire import Date7
from simulator.lock.rights import ALWAYS, NEVER

_DIGITS = 6
# Wrong codes in a row after which a pause begins: its error code and its length in seconds. What the third error
# code is for is not public.
_PAUSES = {
    5: (ErrorCode.K_CODE_INVALID_TIMEOUT_1, 30.0),
    15: (ErrorCode.K_CODE_INVALID_TIMEOUT_2, 600.0),
}
_MAX_FINGERS = 20


@dataclass
class Code:
    """One keypad code."""

    code_id: int
    code: int = field(repr=False)
    name: str = field(repr=False)
    created: Date7
    enabled: int = 1
    last_active: Date7 = NEVER
    lock_count: int = 0
    time_limited: int = 0
    limit: TimeLimit = ALWAYS


class KeypadCodes:
    """The codes in the lock's memory with their fingers, and how many wrong codes came in a row."""

    def __init__(self, max_entries: int, *, ids_reused: bool = False) -> None:
        """Start empty; `ids_reused` gives a new code the lowest id that is free."""
        self._max_entries = max_entries
        self._ids_reused = ids_reused
        self.clear()

    def __iter__(self) -> Iterator[Code]:
        """Iterate in the order in which they were made."""
        return iter(self._codes.values())

    def __len__(self) -> int:
        """Return the number of codes."""
        return len(self._codes)

    def clear(self) -> None:
        """Forget everything, as a factory reset does."""
        self._codes: dict[int, Code] = {}
        self._fingers: dict[int, int] = {}
        self._last_id = 0
        self._wrong = 0
        self._pause: ErrorCode | None = None
        self._pause_ends = 0.0

    def get(self, code_id: int) -> Code | None:
        """Return the code with this id."""
        return self._codes.get(code_id)

    def problem(self, number: int, *, code_id: int | None = None) -> ErrorCode | None:
        """Return why a code cannot be added, or given to the entry with this id."""
        digits = str(number)
        if len(digits) != _DIGITS or "0" in digits or digits.startswith("12"):
            return ErrorCode.K_CODE_INVALID
        if any(code.code == number and code.code_id != code_id for code in self):
            return ErrorCode.K_CODE_ALREADY_EXISTS
        if code_id is None and len(self) >= self._max_entries:
            return ErrorCode.K_TOO_MANY_ENTRIES
        return None

    def add(self, number: int, *, name: str, created: Date7, time_limited: int, limit: TimeLimit) -> Code:
        """Add a code that nothing is wrong with."""
        self._last_id += 1
        code_id = self._last_id
        if self._ids_reused:
            code_id = next(free for free in range(1, code_id + 1) if free not in self._codes)
        code = Code(
            code_id=code_id,
            code=number,
            name=name,
            created=created,
            time_limited=time_limited,
            limit=limit,
        )
        self._codes[code.code_id] = code
        return code

    def remove(self, code: Code) -> None:
        """Delete a code, and its fingers for good."""
        del self._codes[code.code_id]
        self._fingers = {
            finger: code_id for finger, code_id in self._fingers.items() if code_id != code.code_id
        }

    @property
    def paused(self) -> bool:
        """Whether the keypad takes nothing because of too many wrong codes."""
        return self._pause is not None and asyncio.get_running_loop().time() < self._pause_ends

    def enrol(self, code_id: int) -> int:
        """Learn a finger for a code, and return the number by which a test calls it. Raises ValueError."""
        if code_id not in self._codes:
            raise ValueError(f"there is no code {code_id} to which a finger could belong")
        if len(self._fingers) >= _MAX_FINGERS:
            raise ValueError(f"a keypad knows {_MAX_FINGERS} fingers at most")
        finger = max(self._fingers, default=0) + 1
        self._fingers[finger] = code_id
        return finger

    def fingers(self, code_id: int) -> list[int]:
        """Return the fingers of a code."""
        return [finger for finger, owner in self._fingers.items() if owner == code_id]

    def touch(self, finger: int) -> Code | ErrorCode:
        """Return the code of a finger, or why it is not taken; unknown fingers are not counted as wrong codes."""
        if self._pause is not None and self.paused:
            return self._pause
        code_id = self._fingers.get(finger)
        return ErrorCode.K_CODE_INVALID if code_id is None else self._codes[code_id]

    def enter(self, number: int) -> Code | ErrorCode:
        """Return the code that somebody typed, or why it is not taken; wrong ones are counted."""
        if self._pause is not None and self.paused:
            return self._pause
        if (found := next((code for code in self if code.code == number), None)) is not None:
            self._wrong = 0
            return found
        self._wrong += 1
        if (pause := _PAUSES.get(self._wrong)) is not None:
            self._pause, self._pause_ends = pause[0], asyncio.get_running_loop().time() + pause[1]
            if self._wrong == max(_PAUSES):
                self._wrong -= 1  # From here on every wrong code leads to the longest pause.
        return ErrorCode.K_CODE_INVALID
