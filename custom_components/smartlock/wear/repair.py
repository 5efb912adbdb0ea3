"""The lock turns stiffer than usual: what to look at, and the owner's word that this is how it turns now."""

from typing import Any

from homeassistant.components.repairs.models import RepairsFlowResult
import voluptuous as vol

from custom_components.smartlock.dialogs import LockRepairFlow, while_loaded
from custom_components.smartlock.wear.monitor import FLOW, WearMonitor

__all__ = ["FLOW", "StifferThanUsualFlow"]


class StifferThanUsualFlow(LockRepairFlow[WearMonitor]):
    """Says what helps; to confirm it starts a new baseline."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin with the only step."""
        return await self.async_step_confirm()

    @while_loaded
    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Say what helps, and take the owner's word."""
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=vol.Schema({}),
                description_placeholders=self.part.issue_words,
            )
        await self.part.async_accept()
        return self.async_create_entry(data={})
