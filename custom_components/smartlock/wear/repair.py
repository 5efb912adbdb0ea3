"""The lock turns stiffer than usual: what to check, and the owner's confirmation of a new baseline."""

from typing import Any

from homeassistant.components.repairs.models import RepairsFlowResult
import voluptuous as vol

from custom_components.smartlock.dialogs import LockRepairFlow, while_loaded
from custom_components.smartlock.wear.monitor import FLOW, WearMonitor

__all__ = ["FLOW", "StifferThanUsualFlow"]


class StifferThanUsualFlow(LockRepairFlow[WearMonitor]):
    """Explains what helps; confirming it starts a new baseline."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Start with the only step."""
        return await self.async_step_confirm()

    @while_loaded
    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Explain what helps, and take the owner's confirmation."""
        if user_input is None:
            return self.async_show_form(
                step_id="confirm",
                data_schema=vol.Schema({}),
                description_placeholders=self.part.issue_words,
            )
        await self.part.async_accept()
        return self.async_create_entry(data={})
