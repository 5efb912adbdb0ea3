"""Guides through a mechanical fault: its effect on the door, what to try, and what can be done from here."""

import asyncio
from collections.abc import Callable
from typing import Any, override

from homeassistant.components.repairs.models import RepairsFlowResult
from homeassistant.config_entries import ConfigEntry
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import BooleanSelector
import voluptuous as vol

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.dialogs import while_loaded
from custom_components.smartlock.faults.issues import FLOW, fault_words
from custom_components.smartlock.faults.rules.codes import CALIBRATION_KINDS, CLUTCH_KINDS, FaultKind
from custom_components.smartlock.faults.rules.records import Fault
from custom_components.smartlock.faults.tracker import FaultTracker
from custom_components.smartlock.phones.notices import PhoneNotices
from custom_components.smartlock.phones.repair import TellsPhonesFlow

__all__ = ["FLOW", "FaultFlow"]

# Faults that a calibration may cure.
CALIBRATION_HELPS = CLUTCH_KINDS | CALIBRATION_KINDS | {FaultKind.MOTOR_BLOCKED, FaultKind.MOTOR_TIMEOUT}
_CONSENT = "bolt_may_move"


class FaultFlow(TellsPhonesFlow[FaultTracker]):
    """Guides through one fault; succeeds when the lock no longer has it."""

    def __init__(
        self,
        entry: ConfigEntry,
        tracker: Callable[[], FaultTracker],
        notices: Callable[[], PhoneNotices],
        kind: FaultKind,
    ) -> None:
        """Prepare for one lock, its faults, its phones, and the kind of this fault."""
        super().__init__(entry, tracker, notices)
        self._kind = kind
        self._shown: Fault | None = None
        self._calibration: asyncio.Task[None] | None = None

    @while_loaded
    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Explain the fault, and offer what can be done from here."""
        fault = self._fault
        if fault is None:
            return self.async_create_entry(data={})
        self._shown = fault
        calibration = ["calibrate"] if self._kind in CALIBRATION_HELPS else []
        return self.async_show_menu(
            step_id="init",
            menu_options=["read", *calibration, "repaired", "phones"],
            description_placeholders=self.name | fault_words(self.hass, fault),
        )

    @while_loaded
    async def async_step_read(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Read the lock again: somebody may have operated it in the meantime."""
        coordinator = self.part.coordinator
        await coordinator.async_refresh()
        if not coordinator.last_update_success:
            reason = coordinator.presence.explain()
            return self.async_abort(reason="not_read", description_placeholders={"reason": reason})
        return self._outcome()

    @while_loaded
    async def async_step_calibrate(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask whether the bolt may move."""
        if not self.part.can_calibrate:
            return self.async_abort(reason="pin_needed")
        errors = {}
        if user_input is not None:
            if user_input[_CONSENT]:
                return await self.async_step_calibrating()
            errors[_CONSENT] = "must_agree"
        return self.async_show_form(
            step_id="calibrate",
            data_schema=vol.Schema({vol.Required(_CONSENT, default=False): BooleanSelector()}),
            errors=errors,
            description_placeholders=self.name,
        )

    @while_loaded
    async def async_step_calibrating(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Calibrate the lock, once, even if the dialog is closed meanwhile."""
        if self._calibration is None:
            self._calibration = self._entry.async_create_background_task(
                self.hass, self.part.async_calibrate(), f"{DOMAIN} calibration"
            )
            # Closing the dialog cancels the task that it waits for, which must not be the calibration itself.
            self._waiting = self.hass.async_create_background_task(
                self._ended(), f"{DOMAIN} wait for calibration"
            )
        if not self._waiting.done():
            return self.async_show_progress(
                step_id="calibrating",
                progress_action="calibrating",
                progress_task=self._waiting,
                description_placeholders=self.name,
            )
        return self.async_show_progress_done(next_step_id="calibrated")

    async def async_step_calibrated(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Report the result."""
        assert self._calibration is not None
        error = None if self._calibration.cancelled() else self._calibration.exception()
        if error is None:
            return self._outcome()
        reason = str(error) if isinstance(error, HomeAssistantError) else type(error).__name__
        # Home Assistant takes the last full stop away.
        return self.async_abort(
            reason="calibration_failed", description_placeholders={"reason": f"{reason.removesuffix('.')}."}
        )

    @while_loaded
    async def async_step_repaired(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Accept the owner's statement that the fault is repaired."""
        if user_input is None:
            return self.async_show_form(
                step_id="repaired",
                data_schema=vol.Schema({}),
                description_placeholders=self.name,
            )
        await self.part.async_repaired()
        return self.async_create_entry(data={})

    @override
    def async_remove(self) -> None:
        """Consume the result of a calibration whose dialog was closed."""
        if self._calibration is not None:
            self._calibration.add_done_callback(lambda task: task.cancelled() or task.exception())

    @property
    def _fault(self) -> Fault | None:
        return self.part.faults.active_fault(self._kind)

    async def _ended(self) -> None:
        assert self._calibration is not None
        await asyncio.wait([self._calibration])

    def _outcome(self) -> RepairsFlowResult:
        # A live report in the meantime may have given the same fault another name.
        if self._shown is None or self.part.faults.successor(self._shown) is None:
            return self.async_create_entry(data={})
        return self.async_abort(reason="still_there")
