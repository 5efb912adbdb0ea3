"""The owner's choices about the radio, each with what it costs."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.const import CONF_PIN
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)
import voluptuous as vol

from custom_components.smartlock.client.client import ACTION_DEADLINE, IDLE_TIME
from custom_components.smartlock.const import (
    CLIENT_TYPE_BRIDGE,
    CONF_ACTION_DEADLINE,
    CONF_CLIENT_TYPE,
    CONF_IDLE_TIME,
    CONF_PIN_REFUSED,
    CONF_READ_INTERVAL,
    CONF_STAY_CONNECTED,
)
from custom_components.smartlock.features.reading import POLL_APP, POLL_BRIDGE


class SmartLockOptionsFlow(OptionsFlowWithReload):
    """How to use the radio: each choice with what it costs."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and store the choices."""
        entry = self.config_entry
        if user_input is not None:
            # The PIN is changed by pairing again, where the lock checks it.
            kept = {key: entry.options[key] for key in (CONF_PIN, CONF_PIN_REFUSED) if key in entry.options}
            return self.async_create_entry(data=kept | user_input)
        bridge = entry.data.get(CONF_CLIENT_TYPE) == CLIENT_TYPE_BRIDGE
        schema = vol.Schema(
            {
                vol.Required(CONF_READ_INTERVAL, default=(POLL_BRIDGE if bridge else POLL_APP) / 60): _number(
                    5, 180, "min"
                ),
                vol.Required(CONF_IDLE_TIME, default=IDLE_TIME): _number(2, 15, "s"),
                vol.Required(CONF_STAY_CONNECTED, default=False): BooleanSelector(),
                vol.Required(CONF_ACTION_DEADLINE, default=ACTION_DEADLINE): _number(5, 60, "s"),
            }
        )
        return self.async_show_form(
            step_id="init", data_schema=self.add_suggested_values_to_schema(schema, entry.options)
        )


def _number(low: int, high: int, unit: str) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(min=low, max=high, step=1, unit_of_measurement=unit, mode=NumberSelectorMode.BOX)
    )
