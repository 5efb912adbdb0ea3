"""Monitors how hard the bolt turns: reads the report of each motor run and warns of a stiff bolt."""

from typing import Any, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.moments import date_text
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.enums import CompletionStatus, LockAction, Trigger
from custom_components.smartlock.protocol.messages import KeyturnerStates, Message
from custom_components.smartlock.storage import LockStore, lock_store
from custom_components.smartlock.system_clock.trust import system_clock
from custom_components.smartlock.wear.rules.history import WearHistory
from custom_components.smartlock.wear.rules.motor_run import MotorRun, settings_of

STORE = "wear"
ISSUE = "stiffer_than_usual"
FLOW = "wear"

# Fields of the states that change when the motor has run.
type _Mark = tuple[object, ...]


class WearMonitor(LockPart):
    """Keeps the history of one lock's motor runs."""

    def __init__(self, hass: HomeAssistant, coordinator: SmartLockCoordinator, issues: LockIssues) -> None:
        """Prepare; `async_load` comes first."""
        self._hass = hass
        self._coordinator = coordinator
        self._issues = issues
        self._store: LockStore[dict[str, Any]] = lock_store(hass, coordinator.nuki_id, STORE)
        self._clock = system_clock(hass)
        self.history = WearHistory()
        # None at first: a run during an outage is worth one read.
        self._seen: _Mark | None = None

    @override
    async def async_load(self) -> None:
        """Load the history."""
        self.history = await self._store.async_load(WearHistory.from_json) or WearHistory()

    @override
    @callback
    def start(self) -> None:
        """Follow the lock."""
        self._show_issue()
        self._coordinator.config_entry.async_on_unload(
            self._coordinator.async_add_message_listener(self._message_received)
        )

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Read the Battery Report if the motor has run since the last one. Raises SmartLockError."""
        mark = _mark_of(states)
        if states.lock_state.in_motion or mark == self._seen:
            return
        by_hand = states.last_lock_action_trigger == Trigger.MANUAL
        known = self._seen is not None
        # Set before reading, so that a lock that refuses is asked once for each run, not on each link.
        self._seen = mark
        if by_hand and known:
            # A key or the knob: the report is still about the run before.
            return
        report = await self._coordinator.client.read(conversations.read_battery_report)
        # How the run before a turn by hand ended is not known.
        if not by_hand and states.last_lock_action_completion_status in (None, CompletionStatus.SUCCESS):
            if (now := self._clock.settled_now) is None:
                # A run in 1970 could not be compared with any other, and would make all others look late.
                return
            run = MotorRun.of(report, now, self._settings_of(report.lock_action, states))
            if run is not None and (history := self.history.with_run(run)) is not self.history:
                await self._keep(history)

    def _settings_of(self, action: LockAction, states: KeyturnerStates) -> str:
        known = self._coordinator.data
        return settings_of(action, known.config, known.advanced_config, night=states.night_mode_active == 1)

    async def async_accept(self) -> None:
        """Accept how the lock turns now as its new baseline."""
        await self._keep(self.history.accepted(dt_util.utcnow()))

    @callback
    def _message_received(self, message: Message) -> None:
        """Note a bolt in motion: repeating an action ends in the same states."""
        if isinstance(message, KeyturnerStates) and message.lock_state.moving:
            self._seen = ()

    async def _keep(self, history: WearHistory) -> None:
        self.history = history
        await self._store.async_try_save(history.to_json)
        self._show_issue()
        self._coordinator.async_update_listeners()

    @property
    def issue_words(self) -> dict[str, str]:
        """The placeholders of the warning; empty if there is none."""
        wear, since = self.history.wear, self.history.usual_since
        if wear is None or since is None or self.history.warned_since is None:
            return {}
        return {
            "name": self._coordinator.config_entry.title,
            "percent": str(wear.percent),
            "energy": f"{wear.energy:+d}",
            "current": f"{wear.current:+d}",
            "before": f"{wear.before:+d}",
            "before_at": date_text(self._hass, wear.before_at),
            "since": date_text(self._hass, since),
        }

    @callback
    def _show_issue(self) -> None:
        """Show the warning with the current numbers, or withdraw it."""
        if words := self.issue_words:
            self._issues.show(ISSUE, flow=FLOW, learn_more="docs/wear.md", placeholders=words)
        else:
            self._issues.withdraw(ISSUE)


def _mark_of(states: KeyturnerStates) -> _Mark:
    return (
        states.lock_state,
        states.last_lock_action,
        states.last_lock_action_trigger,
        states.last_lock_action_completion_status,
    )
