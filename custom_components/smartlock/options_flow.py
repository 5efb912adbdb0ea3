"""The owner's choices: a menu with a form for each topic."""

from typing import Any, override

from homeassistant.config_entries import ConfigFlowContext, ConfigFlowResult
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)
import voluptuous as vol

from custom_components.smartlock.access.flows.codes import CodeSteps
from custom_components.smartlock.access.flows.leave import LeaveSteps
from custom_components.smartlock.access.flows.time_control import TimeControlSteps
from custom_components.smartlock.access.flows.users import UserSteps
from custom_components.smartlock.activity.options import ActivityOptions
from custom_components.smartlock.client.client import ACTION_DEADLINE, IDLE_TIME
from custom_components.smartlock.const import (
    CLIENT_TYPE_BRIDGE,
    CONF_ACTION_DEADLINE,
    CONF_CLIENT_TYPE,
    CONF_IDLE_TIME,
    CONF_PHONES,
    CONF_READ_INTERVAL,
    CONF_STAY_CONNECTED,
)
from custom_components.smartlock.dashboard import DashboardSteps
from custom_components.smartlock.link.rules import POLL_APP, POLL_BRIDGE
from custom_components.smartlock.phones.flow import PhoneSteps
from custom_components.smartlock.pin.flow import PinSteps
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.protocol.errors import SmartLockError
from custom_components.smartlock.runtime import SmartLockConfigEntry
from custom_components.smartlock.settings.forms import SettingsForms
from custom_components.smartlock.settings.options import BackupOptions

# The menu, each item a step. The steps of a feature are in a base class in its own module.
MENU = (
    "users",
    "codes",
    "time_control",
    "activity",
    "settings",
    "backup",
    "radio",
    "phones",
    "pin",
    "dashboard",
    "leave",
)
# They speak with the lock.
_LOADED_ONLY = ("users", "codes", "time_control", "settings", "leave")


class SmartLockOptionsFlow(
    PinSteps[ConfigFlowContext, ConfigFlowResult],
    PhoneSteps[ConfigFlowContext, ConfigFlowResult],
    ActivityOptions,
    SettingsForms,
    BackupOptions,
    CodeSteps,
    UserSteps,
    TimeControlSteps,
    LeaveSteps,
    DashboardSteps,
):
    """Lets the owner choose what to change. The entry's update listener applies the changes."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the menu."""
        return self.async_show_menu(
            step_id="init", menu_options=[item for item in MENU if self._offers(item)]
        )

    def _offers(self, item: str) -> bool:
        if item not in _LOADED_ONLY:
            return True
        if not self.is_loaded:
            return False
        runtime = self.pin_entry.runtime_data
        return item != "codes" or runtime.coordinator.data.config is None or runtime.activity.has_keypad

    async def async_step_pin(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what can be done about the PIN."""
        return self.pin_menu("pin")

    @property
    @override
    def pin_entry(self) -> SmartLockConfigEntry:
        return self.config_entry

    @property
    @override
    def pin_guard(self) -> PinGuard:
        return self.pin_entry.runtime_data.pin

    @override
    def pin_done(self) -> ConfigFlowResult:
        if self.after_pin and self.pin_guard.state is PinState.VALID:
            return self.async_show_menu(step_id="pin_accepted", menu_options=self.after_pin)
        # What the lock has accepted is stored already.
        return self.async_create_entry(data=dict(self.config_entry.options))

    @override
    async def async_pin_failed(self, error: SmartLockError) -> ConfigFlowResult | None:
        return None

    @property
    @override
    def phones_entry(self) -> SmartLockConfigEntry:
        return self.config_entry

    @override
    async def async_phones_chosen(self, phones: list[str]) -> ConfigFlowResult:
        return self.async_create_entry(data={**self.config_entry.options, CONF_PHONES: phones})

    async def async_step_radio(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show and store how to use the radio; the form explains what each choice costs."""
        entry = self.config_entry
        if user_input is not None:
            return self.async_create_entry(data={**entry.options, **user_input})
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
            step_id="radio", data_schema=self.add_suggested_values_to_schema(schema, entry.options)
        )


def _number(low: int, high: int, unit: str) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(min=low, max=high, step=1, unit_of_measurement=unit, mode=NumberSelectorMode.BOX)
    )
