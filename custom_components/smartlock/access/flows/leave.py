"""The form that takes Home Assistant out of a lock, and the lock out of Home Assistant."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.selector import BooleanSelector
import voluptuous as vol

from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.flows.dialog import NO_PIN, AccessDialog
from custom_components.smartlock.dialogs import while_loaded
from custom_components.smartlock.protocol.errors import NotAuthorizedError

CONF_UNDERSTOOD = "understood"
# Errors that mean something else where a lock is left.
_ERRORS = {AccessProblem.OUTCOME_UNKNOWN.value: "leaving_unknown", "not_authorized": "already_left"}


class LeaveSteps(AccessDialog):
    """The steps out of a lock."""

    def __init__(self) -> None:
        """Nothing was sent yet."""
        super().__init__()
        self._asked_to_forget = False
        """Whether the lock may have forgotten us already, so that a refusal proves it."""

    @while_loaded
    async def async_step_leave(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say what goes and what stays, and remove our authorization, then the entry."""
        if self.config_entry.runtime_data.pin.state in NO_PIN:
            return await self.async_step_leave_by_hand()
        if user_input is not None:
            self.forget_errors()
            if user_input[CONF_UNDERSTOOD]:
                return await self.write(self._leave, then="left", back="leave", doubtful="leave")
            self._errors = {CONF_UNDERSTOOD: "confirm"}
        if (error := self._errors.get("base")) in _ERRORS:
            self._errors = {"base": _ERRORS[error]}
        return self.show_form(
            "leave",
            {vol.Required(CONF_UNDERSTOOD, default=False): BooleanSelector()},
            values={"waiting": self._what_stays()},
            last=True,
        )

    async def _leave(self) -> str:
        try:
            await self.access.async_leave()
        except AccessError as error:
            self._asked_to_forget = error.problem is AccessProblem.OUTCOME_UNKNOWN
            raise
        except NotAuthorizedError:
            if not self._asked_to_forget:
                raise
        await self.hass.config_entries.async_remove(self.config_entry.entry_id)
        return ""

    async def async_step_left(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """End: there is no entry any more."""
        return self.async_abort(reason="left")

    @while_loaded
    async def async_step_leave_by_hand(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say how to do it in the app where it cannot be done from here."""
        self.after_pin = ["leave"]
        return self.async_show_menu(
            step_id="leave_by_hand",
            menu_options=["pin"],
            description_placeholders={"name": self.config_entry.title, "waiting": self._what_stays()},
        )

    def _what_stays(self) -> str:
        """Return what nobody takes away any more once Home Assistant is gone."""
        made = self.access.made_here
        lines = [self.words.text("made_here", count=str(made))] if made else []
        return "\n\n".join(each for each in (self.waiting(), *lines) if each)
