"""The security PIN: unset, set or forgotten, and the lockout after too many wrong ones."""

import asyncio

from custom_components.smartlock.protocol.enums import ErrorCode
from simulator.lock.habits import Habits, LostPin, Timing


class SecurityPin:
    """Checks the PINs that clients send.

    On generations 1 to 4 an unset PIN is 0. A fifth-generation lock without a PIN takes none.
    """

    def __init__(self, number: int | None, *, unset_is_zero: bool, timing: Timing, habits: Habits) -> None:
        """Set the PIN; None leaves it unset."""
        self._number = number
        self._unset_is_zero = unset_is_zero
        self._forgotten = False
        self._timing = timing
        self._habits = habits
        self._wrong = 0
        self._blocked_until = 0.0

    @property
    def is_set(self) -> bool:
        """Whether the lock has a PIN, as Authorization Info tells it."""
        return self._number is not None and not self._forgotten

    def set(self, number: int | None) -> None:
        """Set the PIN as the owner does in the app; None unsets it."""
        self._number = number
        self._forgotten = False

    def lose(self) -> None:
        """Forget the PIN as locks did after a battery change; what is taken then is a habit."""
        self._forgotten = True

    def may_be(self, number: int) -> bool:
        """Return whether a number can become the PIN: on generations 1 to 4 also 0, for none."""
        return 0 <= number <= 9999 if self._unset_is_zero else 0 < number <= 999_999

    def check(self, number: int, *, for_new_pin: bool = False) -> ErrorCode | None:
        """Return the error for a PIN, None if it is right. Wrong ones are counted.

        Args:
            number: What the client sent.
            for_new_pin: Whether it wants to set a new one.
        """
        now = asyncio.get_running_loop().time()
        if now < self._blocked_until:
            return ErrorCode.K_TOO_MANY_PIN_ATTEMPTS
        if self._is_right(number, for_new_pin=for_new_pin):
            self._wrong = 0
            return None
        self._wrong += 1
        if self._wrong >= self._habits.pin_tries:
            self._wrong = 0
            self._blocked_until = now + self._timing.pin_lockout
        return ErrorCode.K_BAD_PIN

    def _is_right(self, number: int, *, for_new_pin: bool) -> bool:
        if self._forgotten:
            if self._habits.lost_pin is LostPin.ACCEPTS_ZERO:
                return number == 0
            return for_new_pin and self._habits.lost_pin is LostPin.ACCEPTS_NEW
        if self._number is None:
            return self._unset_is_zero and number == 0
        return number == self._number
