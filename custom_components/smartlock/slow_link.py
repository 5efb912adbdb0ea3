"""Reports when connecting takes longer than an action may wait, so that no action is ever sent."""

from typing import override

from homeassistant.core import callback

from custom_components.smartlock.actions import LockActions
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.lock_part import LockPart

ISSUE = "slow_link"
# A single dropped action may be bad luck.
_DROPPED_FOR_ISSUE = 3
_LEARN_MORE = "README.md#when-something-is-wrong"


class SlowLink(LockPart):
    """Counts the actions of one lock that were dropped while it was being connected."""

    def __init__(self, coordinator: SmartLockCoordinator, actions: LockActions, issues: LockIssues) -> None:
        """Prepare; `start` begins counting."""
        self._coordinator = coordinator
        self._actions = actions
        self._issues = issues
        self._dropped = 0
        self._seconds: float | None = None
        """Seconds that the last connection took, if that was too long."""

    @override
    @callback
    def start(self) -> None:
        """Follow connections and dropped actions."""
        self._coordinator.client.statistics.on_connected = self._connected
        self._coordinator.config_entry.async_on_unload(self._actions.async_on_dropped(self._action_dropped))

    @callback
    def _connected(self, seconds: float) -> None:
        if seconds > self._coordinator.action_deadline:
            self._seconds = seconds
            self._show()
        else:
            self._dropped, self._seconds = 0, None
            self._issues.withdraw(ISSUE)

    @callback
    def _action_dropped(self) -> None:
        self._dropped += 1
        self._show()

    def _show(self) -> None:
        """Show the issue once it has happened often enough and the time to connect is known."""
        if self._dropped >= _DROPPED_FOR_ISSUE and self._seconds is not None:
            self._issues.show(
                ISSUE,
                learn_more=_LEARN_MORE,
                placeholders={
                    "seconds": f"{self._seconds:.0f}",
                    "deadline": f"{self._coordinator.action_deadline:.0f}",
                },
            )
