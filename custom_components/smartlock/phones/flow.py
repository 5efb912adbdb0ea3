"""Asks which phones are notified of low batteries and faults: in the options, and in the repairs themselves."""

from abc import abstractmethod
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.data_entry_flow import FlowContext, FlowHandler, FlowResult
from homeassistant.helpers.selector import DeviceFilterSelectorConfig, DeviceSelector, DeviceSelectorConfig
import voluptuous as vol

from custom_components.smartlock.const import CONF_PHONES
from custom_components.smartlock.phones.app import MOBILE_APP

_PHONES = DeviceSelector(
    DeviceSelectorConfig(multiple=True, filter=[DeviceFilterSelectorConfig(integration=MOBILE_APP)])
)


class PhoneSteps[C: FlowContext, R: FlowResult[Any, Any]](FlowHandler[C, R, str]):
    """The form about phones."""

    @property
    @abstractmethod
    def phones_entry(self) -> ConfigEntry:
        """The lock that the dialog is about."""

    @abstractmethod
    async def async_phones_chosen(self, phones: list[str]) -> R:
        """Store the choice, and end the dialog."""

    async def async_step_phones(self, user_input: dict[str, Any] | None = None) -> R:
        """Ask for the phones."""
        if user_input is not None:
            return await self.async_phones_chosen(user_input.get(CONF_PHONES, []))
        chosen = self.phones_entry.options.get(CONF_PHONES)
        field = vol.Optional(CONF_PHONES, description={"suggested_value": chosen})
        return self.async_show_form(step_id="phones", data_schema=vol.Schema({field: _PHONES}))
