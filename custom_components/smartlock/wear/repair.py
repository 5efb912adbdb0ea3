"""The lock turns stiffer than usual: what to look at, and the owner's word that this is how it turns now."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.components.repairs import ConfirmRepairFlow
from homeassistant.components.repairs.models import RepairsFlowResult

from custom_components.smartlock.runtime import SmartLockConfigEntry

FLOW = "wear"


class StifferThanUsualFlow(ConfirmRepairFlow):
    """Says what helps; to confirm it starts a new baseline."""

    def __init__(self, entry: SmartLockConfigEntry, data: Mapping[str, Any]) -> None:
        """Take the lock."""
        self._entry = entry

    @override
    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        if user_input is not None:
            await self._entry.runtime_data.wear.async_accept()
        return await super().async_step_confirm(user_input)
