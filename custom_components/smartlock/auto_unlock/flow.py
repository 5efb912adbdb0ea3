"""Adding a rule in three pages, and changing it: phone, door, conditions and risks."""

from typing import Any, override

from homeassistant.config_entries import SubentryFlowResult
from homeassistant.helpers.selector import BooleanSelector, SelectOptionDict
import voluptuous as vol

from custom_components.smartlock.auto_unlock import forms
from custom_components.smartlock.auto_unlock.arrivals import arrivals_table
from custom_components.smartlock.auto_unlock.door_steps import DoorSteps
from custom_components.smartlock.auto_unlock.references import notify_of, phone_name
from custom_components.smartlock.auto_unlock.rule import (
    CONF_ACTION,
    CONF_ALARM,
    CONF_CONFIRM,
    CONF_ENTRANCES,
    CONF_EVIDENCE,
    CONF_NOTIFY,
    CONF_PERSON,
    CONF_QUIET_FROM,
    CONF_QUIET_TO,
    CONF_TRY,
    pinned_data,
)
from custom_components.smartlock.auto_unlock.rules import PhoneEvidence, RuleAction
from custom_components.smartlock.dialogs import as_markdown, is_set_up

_CONF_UNDERSTOOD = "understood"


class AutoUnlockFlow(DoorSteps):
    """One rule: three pages for a new one, or a single page for an existing one."""

    # --- Beginning and end --------------------------------------------------------------------------------

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Add a rule."""
        return await self.async_step_person()

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Let the owner choose what to change."""
        self._before = pinned_data(self.hass, self._get_reconfigure_subentry().data)
        self._data = dict(self._before)
        door = () if self._data[CONF_EVIDENCE] == PhoneEvidence.ENTITY else ("door",)
        return self.async_show_menu(
            step_id="reconfigure", menu_options=["arrivals", "person", *door, "conditions", "limits"]
        )

    async def async_step_arrivals(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the last arrivals."""
        entry, subentry_id = self._get_entry(), self._reconfigure_subentry_id
        rules = entry.runtime_data.auto_unlock if is_set_up(entry) else ()
        last = next((each.arrivals.last for each in rules if each.rule.subentry_id == subentry_id), ())
        return self.async_show_menu(
            step_id="arrivals" if last else "arrivals_none",
            menu_options=["reconfigure"],
            description_placeholders={
                "person": as_markdown(self._title),
                "rows": arrivals_table(self.hass, last),
            },
        )

    async_step_arrivals_none = async_step_arrivals

    @override
    async def async_step_risk(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Explain the risks before a rule is created, with what everybody needs to know about this one."""
        errors = {}
        if user_input is not None:
            if user_input[_CONF_UNDERSTOOD]:
                app = self._app()
                # A rule that lacks something begins switched off.
                self._take(forms.DEFAULTS | app | ({CONF_TRY: True} if app else {}), CONF_NOTIFY)
                return self.async_create_entry(
                    title=self._title, data=self._whole(), description="tried" if app else None
                )
            errors = {_CONF_UNDERSTOOD: "not_understood"}
        fields = {vol.Required(_CONF_UNDERSTOOD, default=False): BooleanSelector()}
        app = self._app()
        return self._form(
            "risk" if app else "risk_no_app", fields, errors, {}, {"person": self._title, **app}
        )

    async_step_risk_no_app = async_step_risk

    def _app(self) -> dict[str, str]:
        """Return the notify action of the person's phone, if there is one and only one."""
        notify = notify_of(self.hass, self._data[CONF_PERSON])
        return {} if notify is None else {CONF_NOTIFY: notify}

    # --- Conditions ---------------------------------------------------------------------------------------

    async def async_step_conditions(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask what the rule does at the door, and what prevents it."""
        errors = {}
        schema = forms.conditions(self._phones_to_ask())
        if user_input is not None:
            asks = user_input[CONF_CONFIRM] or user_input[CONF_ACTION] == RuleAction.UNLATCH
            if asks and CONF_NOTIFY not in user_input:
                errors[CONF_NOTIFY] = "phone_needed"
            if (CONF_QUIET_FROM in user_input) != (CONF_QUIET_TO in user_input):
                errors[CONF_QUIET_TO] = "both_times"
            if not errors:
                self._forget(str(key) for key in schema)
                self._take(user_input, CONF_ALARM, CONF_ENTRANCES, CONF_NOTIFY)
                return await self._done(self.async_step_limits)
        return self._form("conditions", schema, errors, user_input)

    def _phones_to_ask(self) -> list[SelectOptionDict]:
        """Return the phones that can be asked: the notify actions of the companion app, by the names of the phones."""
        known = {
            name
            for name in self.hass.services.async_services_for_domain("notify")
            if name.startswith("mobile_app_")
        }
        if CONF_NOTIFY in self._data:
            known.add(self._data[CONF_NOTIFY])
        return [SelectOptionDict(value=name, label=phone_name(self.hass, name)) for name in sorted(known)]

    async def async_step_limits(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for distance and duration of an absence, and for the time allowed for the return."""
        if user_input is not None:
            self._data |= user_input
            return await self._done(self.async_step_risk)
        return self._form("limits", forms.LIMITS)
