"""The owner's choices about what happens at the lock: the log itself, and whether people are named."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.helpers.selector import BooleanSelector
import voluptuous as vol

from custom_components.smartlock.activity.texts import ActivityTexts
from custom_components.smartlock.activity.tracker import ActivityTracker
from custom_components.smartlock.const import CONF_SHOW_NAMES
from custom_components.smartlock.dialogs import as_markdown, is_set_up
from custom_components.smartlock.pin.memory import PinUnavailableError
from custom_components.smartlock.problems import explained
from custom_components.smartlock.protocol.errors import SmartLockError

# In the form only: the lock keeps it.
_LOG = "log"
_ENTRIES = 20


class ActivityOptions(OptionsFlow):
    """Steps of the options flow about the log."""

    async def async_step_activity(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the last entries, and store the owner's choices."""
        if not is_set_up(self.config_entry):
            return self.async_abort(reason="not_loaded")
        tracker: ActivityTracker = self.config_entry.runtime_data.activity
        errors: dict[str, str] = {}
        reason = entries = ""
        try:
            if user_input is not None:
                if user_input[_LOG] != (tracker.logging is not False):
                    await tracker.async_set_log(enabled=user_input[_LOG])
                names = {CONF_SHOW_NAMES: user_input[CONF_SHOW_NAMES]}
                return self.async_create_entry(data={**self.config_entry.options, **names})
            found = await tracker.async_history(limit=_ENTRIES)
        except PinUnavailableError:
            return await self.async_step_activity_without_pin()
        except SmartLockError as error:
            errors["base"], reason = explained(error)
        else:
            texts = ActivityTexts(self.hass)
            entries = "\n".join(f"- {as_markdown(texts.line(each))}" for each in found.entries)
        schema = vol.Schema(
            {
                vol.Required(_LOG, default=tracker.logging is not False): BooleanSelector(),
                vol.Required(
                    CONF_SHOW_NAMES, default=self.config_entry.options.get(CONF_SHOW_NAMES, True)
                ): BooleanSelector(),
            }
        )
        return self.async_show_form(
            step_id="activity",
            data_schema=schema,
            errors=errors,
            description_placeholders={"entries": entries or "–", "reason": reason},
        )

    async def async_step_activity_without_pin(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say what is missing, and lead to it."""
        return self.async_show_menu(step_id="activity_without_pin", menu_options=["pin"])
