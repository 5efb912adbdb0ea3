"""The forms about the security PIN, in the options and in the repairs about a PIN that was refused."""

from abc import abstractmethod
from collections.abc import Awaitable
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_PIN
from homeassistant.data_entry_flow import FlowContext, FlowHandler, FlowResult
from homeassistant.helpers.selector import BooleanSelector, TextSelector, TextSelectorConfig, TextSelectorType
import voluptuous as vol

from custom_components.smartlock.dialogs import is_set_up, while_loaded
from custom_components.smartlock.pin.guard import PinGuard, PinUnavailableError
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.problems import explained
from custom_components.smartlock.protocol.dialects import Dialect
from custom_components.smartlock.protocol.errors import SmartLockError

CONF_CHANGED_IN_APP = "changed_in_app"
CONF_NEW_PIN = "new_pin"
CONF_REPEATED = "new_pin_again"

PASSWORD = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))

# The menu of the PIN, each item a step.
_CHOICES = {
    PinState.NOT_SET: ("pin_enter", "pin_none"),
    PinState.VALID: ("pin_change", "pin_enter", "pin_forget"),
    PinState.INVALID: ("pin_enter", "pin_none", "pin_forget"),
    PinState.UNKNOWN: ("pin_enter", "pin_none", "pin_forget"),
    PinState.BLOCKED: ("pin_enter", "pin_forget"),
}
_UNAVAILABLE = {PinState.INVALID: "pin_refused_before", PinState.BLOCKED: "pin_tries"}


class PinSteps[C: FlowContext, R: FlowResult[Any, Any]](FlowHandler[C, R, str]):
    """Enter, change or forget the PIN of a lock that is set up."""

    _reason = ""

    @property
    @abstractmethod
    def pin_entry(self) -> ConfigEntry:
        """The lock that the dialog is about."""

    @property
    @abstractmethod
    def pin_guard(self) -> PinGuard:
        """Its PIN, as long as the lock is set up."""

    @abstractmethod
    def pin_done(self) -> R:
        """End the dialog: the request has been carried out."""

    @abstractmethod
    async def async_pin_failed(self, error: SmartLockError) -> R | None:
        """Return a step to show instead of the form with an error, if any."""

    def pin_menu(self, step_id: str) -> R:
        """Show what can be done."""
        if not self.is_loaded:
            return self.async_abort(reason="not_loaded")
        choices = list(_CHOICES[self.pin_guard.state])
        if self.pin_guard.state is PinState.NOT_SET and self._pin_dialect.pin_for_pairing:
            # A fifth-generation lock is always paired with a PIN.
            choices.remove("pin_none")
        return self.async_show_menu(
            step_id=step_id, menu_options=choices, description_placeholders=self._about
        )

    @property
    def is_loaded(self) -> bool:
        """Whether the lock is set up. Its dialogs stay open while it is not."""
        return is_set_up(self.pin_entry)

    @property
    def _pin_dialect(self) -> Dialect:
        return self.pin_guard.dialect

    @property
    def _about(self) -> dict[str, str]:
        return {
            "name": self.pin_entry.title,
            "digits": str(self._pin_dialect.pin_digits),
            "reason": self._reason,
        }

    @while_loaded
    async def async_step_pin_enter(self, user_input: dict[str, Any] | None = None) -> R:
        """Take the PIN that is set in the lock, and verify it."""
        errors: dict[str, str] = {}
        refused_before = False
        if user_input is not None:
            pin, changed = user_input[CONF_PIN], user_input.get(CONF_CHANGED_IN_APP, False)
            if not self._pin_dialect.accepts_pin(pin):
                errors = {CONF_PIN: "pin_format"}
            else:
                refused_before = self.pin_guard.refused_before(pin)
                attempt = self.pin_guard.async_enter(pin, changed_elsewhere=changed)
                result = await self._attempt(attempt, errors)
                if result is not None:
                    return result
        fields: dict[vol.Marker, Any] = {vol.Required(CONF_PIN): PASSWORD}
        if refused_before:
            fields[vol.Optional(CONF_CHANGED_IN_APP, default=False)] = BooleanSelector()
        return self._form(
            "pin_enter_six" if self._pin_dialect.pin_for_pairing else "pin_enter", fields, errors
        )

    # The same form without what applies to older locks.
    async_step_pin_enter_six = async_step_pin_enter

    @while_loaded
    async def async_step_pin_change(self, user_input: dict[str, Any] | None = None) -> R:
        """Set another PIN in the lock."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := self._check_new(user_input)):
            result = await self._attempt(self.pin_guard.async_set(user_input[CONF_NEW_PIN]), errors)
            if result is not None:
                return result
        return self._form("pin_change", _new_pin_fields(vol.Required), errors)

    @while_loaded
    async def async_step_pin_none(self, user_input: dict[str, Any] | None = None) -> R:
        """Set a PIN in a lock that has none or has forgotten it; only the owner can decide to try that."""
        errors: dict[str, str] = {}
        stored: str = self.pin_entry.options.get(CONF_PIN, "")
        if user_input is not None:
            # An empty field means the stored PIN, which the lock may have forgotten.
            given = any(user_input.values())
            wanted = user_input if given else {CONF_NEW_PIN: stored, CONF_REPEATED: stored}
            errors = self._check_new(wanted)
            if not errors:
                attempt = self.pin_guard.async_set_where_none_is(wanted[CONF_NEW_PIN])
                result = await self._attempt(attempt, errors)
                if result is not None:
                    return result
                if self.pin_guard.lost:
                    return self.async_abort(reason="pin_lost", description_placeholders=self._about)
        kind = vol.Optional if stored else vol.Required
        return self._form("pin_none", _new_pin_fields(kind), errors)

    @while_loaded
    async def async_step_pin_forget(self, user_input: dict[str, Any] | None = None) -> R:
        """Continue without a PIN."""
        errors: dict[str, str] = {}
        if user_input is not None:
            result = await self._attempt(self.pin_guard.async_forget(), errors)
            if result is not None:
                return result
        return self._form("pin_forget", {}, errors)

    def _check_new(self, user_input: dict[str, Any]) -> dict[str, str]:
        pin = user_input.get(CONF_NEW_PIN, "")
        if not self._pin_dialect.accepts_pin(pin):
            return {CONF_NEW_PIN: "pin_format"}
        if not int(pin):
            return {CONF_NEW_PIN: "pin_zero"}
        return {} if user_input.get(CONF_REPEATED) == pin else {CONF_REPEATED: "pin_differs"}

    async def _attempt(self, attempt: Awaitable[None], errors: dict[str, str]) -> R | None:
        """Carry out the request and return the dialog's end, or None with the error to show."""
        try:
            await attempt
        except PinUnavailableError as error:
            errors["base"] = _UNAVAILABLE.get(error.state, "failed")
        except SmartLockError as error:
            if (result := await self.async_pin_failed(error)) is not None:
                return result
            errors["base"], self._reason = explained(error)
            if self.pin_guard.setting_open:
                errors["base"] = "pin_outcome_unknown"
        else:
            return self.pin_done()
        return None

    def _form(self, step_id: str, fields: dict[vol.Marker, Any], errors: dict[str, str]) -> R:
        return self.async_show_form(
            step_id=step_id,
            data_schema=vol.Schema(fields),
            errors=errors,
            description_placeholders=self._about,
        )


def _new_pin_fields(kind: type[vol.Required | vol.Optional]) -> dict[vol.Marker, Any]:
    return {kind(CONF_NEW_PIN): PASSWORD, kind(CONF_REPEATED): PASSWORD}
