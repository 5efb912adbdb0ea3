"""What is known of a lock at one moment: frozen values shared above the protocol."""

from dataclasses import dataclass, replace

from custom_components.smartlock.protocol.enums import CompletionStatus, ErrorCode
from custom_components.smartlock.protocol.messages import (
    AdvancedConfig,
    BatteryReport,
    Config,
    KeyturnerStates,
)


@dataclass(frozen=True, kw_only=True)
class LockSnapshot:
    """The last read of a lock. None means "not known", never a known state."""

    last_states: KeyturnerStates | None = None
    """As last read, whatever has happened since."""
    outdated: bool = False
    """The lock is known to have changed, or to have been told to move, since it was last read."""
    config: Config | None = None
    advanced_config: AdvancedConfig | None = None
    battery_report: BatteryReport | None = None
    """About the last run whose report was read, which need not be the last run."""
    run_error: ErrorCode | None = None
    """What the lock reported live about a run that failed, until a run succeeds."""

    @property
    def states(self) -> KeyturnerStates | None:
        """The state as far as it may be believed."""
        return None if self.outdated else self.last_states

    def with_states(self, states: KeyturnerStates) -> LockSnapshot:
        """Take a state that the lock has just told."""
        before = self.last_states
        recovered = (
            before is not None
            and before.last_lock_action_completion_status not in (None, CompletionStatus.SUCCESS)
            and states.last_lock_action_completion_status == CompletionStatus.SUCCESS
        )
        return replace(
            self,
            last_states=states,
            outdated=False,
            run_error=None if recovered else self.run_error,
        )

    def with_run_succeeded(self) -> LockSnapshot:
        """Forget the failure of an earlier run."""
        return replace(self, run_error=None)

    def with_run_failed(self, code: ErrorCode) -> LockSnapshot:
        """Take the Error Report of a run."""
        return replace(self, run_error=code)

    def with_change_unseen(self) -> LockSnapshot:
        """The lock has changed, or may have, and could not be read."""
        return replace(self, outdated=True)
