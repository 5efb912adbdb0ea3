"""The question, once after a rule was set up, whether its phone is the one that was away with its owner."""

from collections.abc import Iterable
from typing import Any

from homeassistant.components.repairs import RepairsFlow
from homeassistant.components.repairs.models import RepairsFlowResult

from custom_components.smartlock.auto_unlock.runner import RuleRunner


class PhoneFlow(RepairsFlow):
    """Asks, and switches the rule off if it was another phone."""

    def __init__(self, runners: Iterable[RuleRunner], rule: str) -> None:
        """Find the rule by its id, if it is still there."""
        self._runner = next((each for each in runners if each.rule.subentry_id == rule), None)

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask."""
        if self._runner is None:
            return self.async_create_entry(data={})
        return self.async_show_menu(
            step_id="init",
            menu_options=["with_me", "not_with_me"],
            description_placeholders=self._runner.phone_question,
        )

    async def async_step_with_me(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Believe the phone from now on."""
        assert self._runner is not None
        await self._runner.async_confirm_phone(mine=True)
        return self.async_create_entry(data={})

    async def async_step_not_with_me(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Switch the rule off."""
        assert self._runner is not None
        await self._runner.async_confirm_phone(mine=False)
        return self.async_abort(reason="switched_off")
