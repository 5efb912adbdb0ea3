"""When to read the log over a link that is open anyway, as pure steps."""

from dataclasses import replace
from typing import Self

from custom_components.smartlock.activity.rules.last import Sign, sign_of
from custom_components.smartlock.protocol.messages import KeyturnerStates
from custom_components.smartlock.protocol.values import dataclass

# Seconds after which the log is read though the lock shows nothing new.
LONGEST = 86400.0
# Somebody who goes in or out moves the door several times, and each time it is a link of its own. The door itself is
# shown at once; what the log says of it is read with the next thing, or after so many seconds.
DOOR_PAUSE = 60.0
# The entry of a run is written at its end; who reads the states at once is too early. Seconds until another look.
WRITING_TIME = 2.0


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the lock showed when its log was read to the end."""

    sign: Sign | None = None
    """None before the first time, and if there is a reason to look again."""
    door: int | None = None
    """State of the door sensor of that time."""
    moved: bool = False
    """The door was moved since, and that has been put off."""
    state: int | None = None
    """The lock state of that time."""
    index: int = 0
    """Of its newest entry."""
    at: float = 0.0
    """Seconds of a clock that never goes back."""

    def due(self, states: KeyturnerStates, *, now: float, keypad: bool, logging: bool, door: bool) -> bool:
        """Whether to read.

        `keypad`: there is one, and a wrong code shows nowhere but in the log. `logging`: the log is not known to be
        switched off. `door`: neither is that of the door.
        """
        if self.sign is None:
            return True
        age = now - self.at
        if not logging:
            return age >= LONGEST
        if self.sign != _lock_of(states):
            return True
        if self.passed(states).moved:
            return (door or keypad) and age >= DOOR_PAUSE
        return keypad or age >= LONGEST

    def passed(self, states: KeyturnerStates) -> Self:
        """Return it after a read without a look at the log."""
        return replace(self, moved=self.moved or self.door != states.door_sensor_state)

    def too_early(self, states: KeyturnerStates, index: int) -> bool:
        """Whether the bolt was moved, and nothing in the log, now at `index`, says so yet."""
        return index == self.index and self.state is not None and states.lock_state != self.state

    def read(self, states: KeyturnerStates, index: int, *, now: float, again: bool) -> Self:
        """Return it after the log has been read up to `index`; `again`: there is more, or should be."""
        return replace(
            self,
            sign=None if again else _lock_of(states),
            door=states.door_sensor_state,
            moved=False,
            state=states.lock_state,
            index=index,
            at=now,
        )


def _lock_of(states: KeyturnerStates) -> Sign:
    return (*sign_of(states), states.nuki_state)
