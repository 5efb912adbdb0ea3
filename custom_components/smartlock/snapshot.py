"""What is known about a lock at one moment: frozen values shared by everything above the protocol."""

from dataclasses import dataclass, replace

from custom_components.smartlock.protocol.enums import LockAction
from custom_components.smartlock.protocol.messages import (
    AdvancedConfig,
    BatteryReport,
    Config,
    KeyturnerStates,
)

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
    """What the lock has accepted and is carrying out, until it reports its state."""
    config: Config | None = None
    advanced_config: AdvancedConfig | None = None
    battery_report: BatteryReport | None = None
    """About the last run whose report was read, which need not be the last run."""

    @property
    def states(self) -> KeyturnerStates | None:
        """The state, as far as it can be believed."""
        return None if self.outdated else self.last_states

    def with_states(self, states: KeyturnerStates) -> LockSnapshot:
        """Take a state that the lock has just reported."""
        return replace(self, last_states=states, outdated=False, running=None)

    def with_change_unseen(self) -> LockSnapshot:
        """The lock has changed, or may have, and could not be read."""
        return replace(self, outdated=True)
