"""The question, asked once after a rule was set up, whether its phone was the one away with its owner."""

from collections.abc import Callable
from typing import Any

from homeassistant.components.repairs.models import RepairsFlowResult
from homeassistant.config_entries import ConfigEntry
from homeassistant.exceptions import HomeAssistantError

from custom_components.smartlock.auto_unlock.runner import RuleRunner
from custom_components.smartlock.auto_unlock.runners import Rules
from custom_components.smartlock.dialogs import LockRepairFlow, while_loaded


class PhoneFlow(LockRepairFlow[Rules]):
    """Asks, and turns the rule off if it was a different phone."""

    def __init__(self, entry: ConfigEntry, rules: Callable[[], Rules], rule: str) -> None:
        """Prepare for one lock, its rules, and one of them."""
        super().__init__(entry, rules)
        self._rule = rule

    @property
    def _runner(self) -> RuleRunner | None:
        """The rule, if it still exists."""
        return next((each for each in self.part if each.rule.subentry_id == self._rule), None)

    @while_loaded
    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Ask."""
        if (runner := self._runner) is None:
            return self.async_create_entry(data={})
        return self.async_show_menu(
            step_id="init",
            menu_options=["with_me", "not_with_me"],
            description_placeholders=runner.phone_question,
        )

    @while_loaded
    async def async_step_with_me(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Trust the phone from now on."""
        if (runner := self._runner) is not None:
            try:
                await runner.async_confirm_phone(mine=True)
            except HomeAssistantError:
                return self.async_abort(reason="not_stored")
        return self.async_create_entry(data={})

    @while_loaded
    async def async_step_not_with_me(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Turn the rule off."""
        if (runner := self._runner) is not None:
            try:
                await runner.async_confirm_phone(mine=False)
            except HomeAssistantError:
                return self.async_abort(reason="not_saved")
        return self.async_abort(reason="switched_off")
