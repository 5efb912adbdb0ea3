"""Watches how hard the bolt turns: reads the report of each motor run and tells the owner of a stiff one."""

from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from custom_components.smartlock.const import DOMAIN, LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.enums import CompletionStatus, Trigger
from custom_components.smartlock.protocol.messages import KeyturnerStates, Message
from custom_components.smartlock.storage import lock_store
from custom_components.smartlock.wear.rules.history import WearHistory
from custom_components.smartlock.wear.rules.motor_run import MotorRun

STORE = "wear"
ISSUE = "stiffer_than_usual"
LEARN_MORE = "https://github.com/smartlock-ha/smartlock/blob/main/docs/wear.md"

# What changes in the states when the motor has run.
type _Mark = tuple[object, ...]


class WearWatch:
    """Keeps the history of one lock's motor runs."""

    def __init__(self, hass: HomeAssistant, coordinator: SmartLockCoordinator) -> None:
        """Prepare; `async_start` loads what is stored and begins."""
        self._hass = hass
        self._coordinator = coordinator
        self._store: Store[dict[str, Any]] = lock_store(hass, coordinator.nuki_id, STORE)
        self.history = WearHistory()
        # None at first: whatever ran while nobody looked is worth one question.
        self._seen: _Mark | None = None

    async def async_start(self) -> CALLBACK_TYPE:
        """Load the history, and read the report of each run from now on; return what ends it."""
        stored = await self._store.async_load()
        if stored is not None:
            try:
                self.history = WearHistory.from_json(stored)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                LOGGER.warning(
                    "The history of motor runs cannot be read and starts anew: %s", type(error).__name__
                )
        self._show_issue()
        end_visits = self._coordinator.async_add_visit(self.visit)
        end_listening = self._coordinator.async_add_message_listener(self._heard)

        @callback
        def end() -> None:
            end_visits()
            end_listening()

        return end

    async def visit(self, states: KeyturnerStates) -> None:
        """Read the Battery Report if the motor has run since the last one. Raises SmartLockError."""
        mark = _mark_of(states)
        if states.lock_state.in_motion or mark == self._seen:
            return
        by_hand = self._seen is not None and states.last_lock_action_trigger == Trigger.MANUAL
        # Before reading: a lock that refuses is asked once for each run, not at each visit.
        self._seen = mark
        if by_hand:
            # A key or the knob: the report is still that of the run before.
            return
        report = await self._coordinator.client.read(conversations.read_battery_report)
        self._coordinator.async_take(report)
        if states.last_lock_action_completion_status in (None, CompletionStatus.SUCCESS):
            run = MotorRun.of(report, dt_util.utcnow())
            if run is not None and (history := self.history.with_run(run)) is not self.history:
                await self._keep(history)

    async def async_accept(self) -> None:
        """Take how the lock turns now as its new usual."""
        await self._keep(self.history.accepted(dt_util.utcnow()))

    @callback
    def _heard(self, message: Message) -> None:
        """Note a bolt in motion: the same action again ends in the same states."""
        if isinstance(message, KeyturnerStates) and message.lock_state.moving:
            self._seen = ()

    async def _keep(self, history: WearHistory) -> None:
        self.history = history
        await self._store.async_save(history.to_json())
        self._show_issue()
        self._coordinator.async_update_listeners()

    @callback
    def _show_issue(self) -> None:
        """Show the warning with the numbers of now, or take it back."""
        wear, since = self.history.wear, self.history.usual_since
        if wear is None or since is None or self.history.warned_since is None:
            async_forget_warning(self._hass, self._coordinator.nuki_id)
            return
        entry = self._coordinator.config_entry
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            _issue_id(self._coordinator.nuki_id),
            data={"flow": STORE, "entry_id": entry.entry_id},
            is_fixable=True,
            learn_more_url=LEARN_MORE,
            severity=ir.IssueSeverity.WARNING,
            translation_key=ISSUE,
            translation_placeholders={
                "name": entry.title,
                "percent": str(wear.percent),
                "energy": f"{wear.energy:+d}",
                "current": f"{wear.current:+d}",
                "before": f"{wear.before:+d}",
                "before_at": wear.before_at.date().isoformat(),
                "since": since.date().isoformat(),
            },
        )


@callback
def async_forget_warning(hass: HomeAssistant, nuki_id: str) -> None:
    """Take the warning about a lock back."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(nuki_id))


def _issue_id(nuki_id: str) -> str:
    return f"{ISSUE}_{nuki_id}"


def _mark_of(states: KeyturnerStates) -> _Mark:
    return (
        states.lock_state,
        states.last_lock_action,
        states.last_lock_action_trigger,
        states.last_lock_action_completion_status,
    )
