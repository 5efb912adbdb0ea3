"""Repairs about the log, and about the clock that rights follow."""

from typing import Any, override

from homeassistant.components.repairs.models import RepairsFlowResult
from homeassistant.core import callback
import voluptuous as vol

from custom_components.smartlock.activity.tracker import ActivityTracker
from custom_components.smartlock.clock.rules import Doubt
from custom_components.smartlock.dialogs import LockRepairFlow, while_loaded
from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.problems import explained
from custom_components.smartlock.protocol.errors import SmartLockError

LOG_OFF = FLOW = "activity_log_off"
RIGHTS_CLOCK = "rights_clock"


class ActivityNotices(LockPart):
    """Keeps the repairs of one lock in line with what is known of its log and its clock."""

    def __init__(self, tracker: ActivityTracker, pin: PinGuard, issues: LockIssues) -> None:
        """Prepare; nothing is shown yet."""
        self._tracker = tracker
        self._pin = pin
        self._issues = issues

    @override
    @callback
    def start(self) -> None:
        """Follow the lock."""
        coordinator = self._tracker.coordinator
        coordinator.config_entry.async_on_unload(coordinator.async_add_listener(self._update))
        self._update()

    @callback
    def _update(self) -> None:
        tracker = self._tracker
        if tracker.logging is False and not tracker.off_by_owner:
            self._issues.show(LOG_OFF, flow=FLOW)
        elif tracker.logging or tracker.off_by_owner:
            self._issues.withdraw(LOG_OFF)
        if tracker.coordinator.data.last_states is None:
            return
        # Without the PIN nobody may ever have read whether there are such rights. With it, the clock is set.
        wrong = not {Doubt.CLOCK_LOST, Doubt.CLOCK_WRONG}.isdisjoint(tracker.clock.doubts)
        if wrong and self._pin.state is not PinState.VALID and tracker.people.limited is not False:
            self._issues.show(RIGHTS_CLOCK)
        else:
            self._issues.withdraw(RIGHTS_CLOCK)


class LogOffFlow(LockRepairFlow[ActivityTracker]):
    """Switches the log on."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Start with the only step."""
        return await self.async_step_confirm()

    @while_loaded
    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Say what stops working without the log, and switch it on."""
        errors, reason = {}, ""
        if user_input is not None:
            try:
                await self.part.async_set_log(enabled=True)
            except SmartLockError as error:
                errors["base"], reason = explained(error)
            else:
                return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({}),
            errors=errors,
            description_placeholders=self.name | {"reason": reason},
        )
