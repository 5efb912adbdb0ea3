"""Adding and changing a rule: person, evidence, scanners, conditions and risks."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
import secrets
from typing import Any, override
from uuid import UUID

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import ATTR_FRIENDLY_NAME
from homeassistant.core import callback
from homeassistant.helpers.selector import BooleanSelector, TextSelector, TextSelectorConfig, TextSelectorType
import voluptuous as vol

from custom_components.smartlock.auto_unlock import forms
from custom_components.smartlock.auto_unlock.calibration import SignalCalibration, scanner_names
from custom_components.smartlock.auto_unlock.phone_radio import parse_irk
from custom_components.smartlock.auto_unlock.references import without_ids
from custom_components.smartlock.auto_unlock.rule import (
    CONF_ACTION,
    CONF_ALARM,
    CONF_CONFIRM,
    CONF_ENTITY,
    CONF_ENTRANCES,
    CONF_EVIDENCE,
    CONF_IRK,
    CONF_MAJOR,
    CONF_MINOR,
    CONF_NEAR_BELOW,
    CONF_NEAR_STATE,
    CONF_NOTIFY,
    CONF_PERSON,
    CONF_PHONE_CHECK,
    CONF_QUIET_FROM,
    CONF_QUIET_TO,
    CONF_SCANNERS,
    CONF_THRESHOLD,
    CONF_UUID,
    phone_of,
    pinned_data,
)
from custom_components.smartlock.auto_unlock.rules import PhoneEvidence, RuleAction

type NextForm = Callable[[], Coroutine[Any, Any, SubentryFlowResult]]

_CONF_MEASURE, _CONF_AGAIN, _CONF_UNDERSTOOD = "measure", "again", "understood"
# Depends on the kind of evidence: changing the kind makes it void.
_OF_EVIDENCE: Mapping[PhoneEvidence, tuple[str, ...]] = {
    PhoneEvidence.PRIVATE_DEVICE: (CONF_IRK,),
    PhoneEvidence.IBEACON: (CONF_UUID, CONF_MAJOR, CONF_MINOR),
    PhoneEvidence.ENTITY: (CONF_ENTITY, CONF_NEAR_STATE, CONF_NEAR_BELOW),
}
_BINARY = "binary_sensor."
# A change of one of these may mean a different phone.
_WHOSE_PHONE = (CONF_PERSON, CONF_EVIDENCE, CONF_IRK, CONF_UUID, CONF_MAJOR, CONF_MINOR, CONF_ENTITY)


class AutoUnlockFlow(ConfigSubentryFlow):
    """One rule: all forms in a row for a new one, or a single form for an existing one."""

    def __init__(self) -> None:
        """Start with an empty rule."""
        self._data: dict[str, Any] = {}
        self._before: Mapping[str, Any] = {}
        self._measuring: asyncio.Task[SignalCalibration] | None = None
        self._calibration: SignalCalibration | None = None

    @override
    @callback
    def async_remove(self) -> None:
        """Stop measuring when the dialog is closed."""
        if self._measuring is not None:
            self._measuring.cancel()

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
            step_id="reconfigure", menu_options=["person", *door, "conditions", "limits"]
        )

    async def _done(self, following: NextForm) -> SubentryFlowResult:
        """Continue with a new rule; store a changed one."""
        if self.source != SOURCE_RECONFIGURE:
            return await following()
        return self.async_update_and_abort(
            self._get_entry(),
            self._get_reconfigure_subentry(),
            title=self._title,
            data=self._whole(),
            reason="reconfigure_successful",
        )

    async def async_step_risk(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Explain the risks before a rule is created."""
        errors = {}
        if user_input is not None:
            if user_input[_CONF_UNDERSTOOD]:
                return self.async_create_entry(title=self._title, data=self._whole())
            errors = {_CONF_UNDERSTOOD: "not_understood"}
        return self._form("risk", {vol.Required(_CONF_UNDERSTOOD, default=False): BooleanSelector()}, errors)

    def _whole(self) -> dict[str, Any]:
        """Return the data; if the phone has changed, its owner is asked again whether it is theirs."""
        if any(self._data.get(key) != self._before.get(key) for key in _WHOSE_PHONE):
            self._data[CONF_PHONE_CHECK] = secrets.token_hex(4)
        return self._data

    def _take(self, user_input: Mapping[str, Any], *keys: str) -> None:
        """Take the submitted values. `keys` name entities by their present names, not by former ones."""
        self._data |= user_input
        self._data = pinned_data(self.hass, without_ids(self._data, keys))

    @property
    def _title(self) -> str:
        state = self.hass.states.get(self._data[CONF_PERSON])
        name = None if state is None else state.attributes.get(ATTR_FRIENDLY_NAME)
        return str(name or self._data[CONF_PERSON])

    # --- Person and evidence ------------------------------------------------------------------------------

    async def async_step_person(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the person and the kind of evidence."""
        errors = {}
        if user_input is not None:
            taken = user_input[CONF_PERSON] in self._persons_of_others()
            if not taken:
                evidence = PhoneEvidence(user_input[CONF_EVIDENCE])
                for other, keys in _OF_EVIDENCE.items():
                    if other is not evidence:
                        self._forget(keys)
                self._take(user_input, CONF_PERSON)
                return await self._evidence_step(evidence)()
            errors = {CONF_PERSON: "person_taken"}
        return self._form("person", forms.PERSON, errors, user_input)

    def _persons_of_others(self) -> set[str]:
        own = self._reconfigure_subentry_id if self.source == SOURCE_RECONFIGURE else None
        return {
            pinned_data(self.hass, subentry.data)[CONF_PERSON]
            for subentry in self._get_entry().get_subentries_of_type(self._subentry_type)
            if subentry.subentry_id != own
        }

    def _evidence_step(self, evidence: PhoneEvidence) -> NextForm:
        match evidence:
            case PhoneEvidence.PRIVATE_DEVICE:
                return self.async_step_private_device
            case PhoneEvidence.IBEACON:
                return self.async_step_ibeacon
        return self.async_step_entity

    async def async_step_private_device(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the identity resolving key, which is never shown again."""
        errors = {}
        if user_input is not None:
            try:
                if text := user_input.get(CONF_IRK):
                    self._data[CONF_IRK] = parse_irk(text).hex()
            except ValueError:
                errors = {CONF_IRK: "irk_not_valid"}
            else:
                return await self.async_step_door()
        marker = vol.Optional if CONF_IRK in self._data else vol.Required
        password = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))
        return self.async_show_form(
            step_id="private_device", data_schema=vol.Schema({marker(CONF_IRK): password}), errors=errors
        )

    async def async_step_ibeacon(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the ids of an iBeacon."""
        errors = {}
        if user_input is not None:
            try:
                uuid = str(UUID(user_input[CONF_UUID].strip()))
            except ValueError:
                errors = {CONF_UUID: "uuid_not_valid"}
            else:
                self._data |= {
                    CONF_UUID: uuid,
                    CONF_MAJOR: int(user_input[CONF_MAJOR]),
                    CONF_MINOR: int(user_input[CONF_MINOR]),
                }
                return await self.async_step_door()
        return self._form("ibeacon", forms.IBEACON, errors, user_input)

    async def async_step_entity(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for an entity that shows whether the phone is at the door."""
        errors = {}
        if user_input is not None:
            choices = {CONF_NEAR_STATE, CONF_NEAR_BELOW} & user_input.keys()
            if len(choices) == 1 or (not choices and user_input[CONF_ENTITY].startswith(_BINARY)):
                self._forget((*_OF_EVIDENCE[PhoneEvidence.ENTITY], CONF_SCANNERS, CONF_THRESHOLD))
                self._take(user_input, CONF_ENTITY)
                return await self._done(self.async_step_conditions)
            errors = {"base": "state_or_number"}
        return self._form("entity", forms.ENTITY, errors, user_input)

    # --- Scanners -----------------------------------------------------------------------------------------

    async def async_step_door(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which scanners are at the door, and for the signal of the phone there."""
        errors = {}
        if user_input is not None:
            if user_input[CONF_SCANNERS]:
                measure = user_input.pop(_CONF_MEASURE)
                self._data |= user_input
                if measure:
                    return await self.async_step_measuring()
                return await self._done(self.async_step_conditions)
            errors = {CONF_SCANNERS: "no_scanner"}
        chosen = {source: source for source in self._data.get(CONF_SCANNERS, ())}
        return self._form("door", forms.door(chosen | scanner_names(self.hass)), errors, user_input)

    async def async_step_measuring(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Measure while the owner stands at the door."""
        if self._measuring is None:
            phone = phone_of(self._data)
            assert phone is not None
            self._measuring = self.hass.async_create_task(SignalCalibration.measure(self.hass, phone))
        if not self._measuring.done():
            return self.async_show_progress(
                step_id="measuring", progress_action="measuring", progress_task=self._measuring
            )
        task, self._measuring = self._measuring, None
        self._calibration = task.result()
        received = self._calibration.threshold(frozenset(self._data[CONF_SCANNERS])) is not None
        return self.async_show_progress_done(next_step_id="measured" if received else "not_heard")

    async def async_step_measured(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the measurement, and let the owner repeat it or continue."""
        calibration = self._calibration
        assert calibration is not None
        if user_input is not None:
            again = user_input.pop(_CONF_AGAIN)
            self._data |= user_input
            return await (self.async_step_measuring() if again else self._done(self.async_step_conditions))
        threshold = calibration.threshold(frozenset(self._data[CONF_SCANNERS]))
        if threshold is not None:
            self._data[CONF_THRESHOLD] = threshold
        step = "not_heard" if threshold is None else "measured"
        schema = forms.THRESHOLD | {vol.Required(_CONF_AGAIN, default=threshold is None): BooleanSelector()}
        return self._form(step, schema, placeholders={"rows": self._rows(calibration)})

    # The same form with different texts: the measurement was insufficient.
    async_step_not_heard = async_step_measured

    def _rows(self, calibration: SignalCalibration) -> str:
        """Return one line of a table for each scanner, those at the door in bold."""
        names = scanner_names(self.hass)
        lines = []
        for source, reception in calibration.receptions().items():
            name = names.get(source, source)
            shown = f"**{name}**" if source in self._data[CONF_SCANNERS] else name
            lines.append(
                f"| {shown} | {reception.middle} dBm | {reception.low} … {reception.high} | {reception.count} |"
            )
        return "\n".join(lines) or "| – | – | – | 0 |"

    # --- Conditions ---------------------------------------------------------------------------------------

    async def async_step_conditions(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask what the rule does at the door, and what prevents it."""
        errors = {}
        schema = forms.conditions(self._phones())
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

    def _phones(self) -> list[str]:
        """Return the names of the notify actions of the companion app."""
        known = {
            name
            for name in self.hass.services.async_services_for_domain("notify")
            if name.startswith("mobile_app_")
        }
        if CONF_NOTIFY in self._data:
            known.add(self._data[CONF_NOTIFY])
        return sorted(known)

    async def async_step_limits(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for distance and duration of an absence, and for the time allowed for the return."""
        if user_input is not None:
            self._data |= user_input
            return await self._done(self.async_step_risk)
        return self._form("limits", forms.LIMITS)

    # --- Forms --------------------------------------------------------------------------------------------

    def _form(
        self,
        step_id: str,
        fields: Mapping[Any, Any],
        errors: dict[str, str] | None = None,
        user_input: dict[str, Any] | None = None,
        placeholders: dict[str, str] | None = None,
    ) -> SubentryFlowResult:
        """Show a form with the known values, or those just submitted."""
        known = self._data if user_input is None else user_input
        schema = self.add_suggested_values_to_schema(vol.Schema(dict(fields)), known)
        return self.async_show_form(
            step_id=step_id,
            data_schema=schema,
            errors=errors or {},
            description_placeholders=placeholders,
        )

    def _forget(self, keys: Any) -> None:
        for key in keys:
            self._data.pop(key, None)
