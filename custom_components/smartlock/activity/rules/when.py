"""When to read the log over a link that is open anyway, as pure steps."""

from dataclasses import dataclass, replace
from typing import Self

from custom_components.smartlock.activity.rules.last import Sign, sign_of
from custom_components.smartlock.protocol.messages import KeyturnerStates

# Seconds after which the log is read though the lock shows nothing new.
LONGEST = 86400.0
# The entry of a run is written at its end; who reads the states at once is too early. Seconds until another look.
WRITING_TIME = 2.0


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the lock showed when its log was read to the end."""

    sign: Sign | None = None
    """None before the first time, and if there is a reason to look again."""
    state: int | None = None
    """The lock state of that time."""
    at: float = 0.0
    """Seconds of a clock that never goes back."""

    def due(self, states: KeyturnerStates, *, now: float, keypad: bool, logging: bool) -> bool:
        """Whether to read.

        `keypad`: a wrong code shows nowhere but in the log. `logging`: the log is not known to be switched off.
        """
        if self.sign is None:
            return True
        if not logging:
            return now - self.at >= LONGEST
        return keypad or self.sign != _all_of(states) or now - self.at >= LONGEST

    def too_early(self, states: KeyturnerStates, *, new: bool) -> bool:
        """Whether the bolt was moved, and nothing in the log says so yet."""
        return not new and self.state is not None and states.lock_state != self.state

    def read(self, states: KeyturnerStates, *, now: float, again: bool) -> Self:
        """Return it after the log has been read; `again`: there is more, or should be."""
        return replace(self, sign=None if again else _all_of(states), state=states.lock_state, at=now)


def _all_of(states: KeyturnerStates) -> Sign:
    return (*sign_of(states), states.nuki_state, states.door_sensor_state)
