"""What is known about a lock at one moment: frozen values shared by everything above the protocol."""

from dataclasses import replace

from custom_components.smartlock.protocol.enums import LockAction
from custom_components.smartlock.protocol.messages import AdvancedConfig, Config, KeyturnerStates
from custom_components.smartlock.protocol.values import dataclass

# Below this charge, in percent, the vendor warns (support article 14838368305553).
LOW_BATTERY_PERCENT = 20


@dataclass(frozen=True, kw_only=True)
class LockSnapshot:
    """The last read of a lock. None means "not known", never a known state."""

    last_states: KeyturnerStates | None = None
    """As last read, regardless of what has happened since."""
    outdated: bool = False
    """The lock has changed, or may have moved, since it was last read."""
    running: LockAction | None = None
    """What the lock has accepted and is carrying out, until it reports the bolt where that brings it."""
    begun: bool = False
    """The lock has reported its state since it has accepted that."""
    config: Config | None = None
    advanced_config: AdvancedConfig | None = None

    @property
    def states(self) -> KeyturnerStates | None:
        """The state, as far as it can be believed."""
        return None if self.outdated else self.last_states

    def with_states(self, states: KeyturnerStates) -> LockSnapshot:
        """Take a state that the lock has just reported."""
        running = self.running if states.lock_state.moving or self._rests_elsewhere(states) else None
        return replace(self, last_states=states, outdated=False, running=running, begun=running is not None)

    @property
    def under_way(self) -> LockAction | None:
        """What the lock carries out for us without showing it: it has not begun, or has not said yet why it failed."""
        states = self.states
        if not self.begun or (states is not None and self._rests_elsewhere(states)):
            return self.running
        return None

    def _rests_elsewhere(self, states: KeyturnerStates) -> bool:
        """Whether the bolt is at rest where an action that succeeds does not bring it."""
        state = states.lock_state
        return (
            self.running is not None
            and state.at_rest
            and state.place is not None
            and state not in self.running.shows
        )

    def with_change_unseen(self) -> LockSnapshot:
        """The lock has changed, or may have, and could not be read."""
        return replace(self, outdated=True)
