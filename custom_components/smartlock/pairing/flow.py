"""Pairing, for a new lock and again: ask for what it needs, wait for the button, pair, save the keys."""

import asyncio
from typing import Any, override

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_PIN
from homeassistant.helpers.selector import SelectSelector, SelectSelectorConfig, SelectSelectorMode
import voluptuous as vol

from custom_components.smartlock.const import CONF_CLIENT_TYPE
from custom_components.smartlock.link.reachability import WEAK_SIGNAL
from custom_components.smartlock.pairing.finished import async_finished_pairings
from custom_components.smartlock.pairing.words import PairingWords, signal_of
from custom_components.smartlock.pairing.work import ID_TYPES, PairingWork
from custom_components.smartlock.pin.flow import PASSWORD
from custom_components.smartlock.pin.guard import PinUnavailableError
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.problems import explained
from custom_components.smartlock.protocol.dialects import DIALECTS
from custom_components.smartlock.protocol.enums import ErrorCode
from custom_components.smartlock.protocol.errors import (
    LinkError,
    LockRefusedError,
    NotPairingError,
    PinError,
    PinNotSetError,
    SmartLockError,
    UnreachableError,
)
from custom_components.smartlock.storage import NotStoredError


class PairingSteps(PairingWork):
    """The dialog of pairing."""

    def __init__(self) -> None:
        """Start with nothing shown."""
        super().__init__()
        self._task: asyncio.Task[None] | None = None
        self._errors: dict[str, str] = {}
        self._reason = ""
        self._refused_pins: set[str] = set()
        self._words: PairingWords | None = None

    # --- What the lock needs --------------------------------------------------------------------------

    async def async_step_pair(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what this generation needs for pairing."""
        errors, self._errors = self._errors, {}
        if user_input is not None:
            self._input = user_input
            errors = self._check_pin()
            if not errors:
                return await self.async_step_button()
        dialect = self._known_dialect
        fields: dict[vol.Marker, Any] = {}
        # What the lock has granted cannot be changed by submitting the form again.
        if dialect.client_types and self._pairing is None:
            fields[vol.Required(CONF_CLIENT_TYPE)] = SelectSelector(
                SelectSelectorConfig(
                    options=list(ID_TYPES),
                    mode=SelectSelectorMode.LIST,
                    translation_key=CONF_CLIENT_TYPE,
                )
            )
        needed = dialect.pin_for_pairing and not self._stored_pin
        fields[(vol.Required if needed else vol.Optional)(CONF_PIN)] = PASSWORD
        again = self._stored_pin or (needed and self.paired_entry is not None)
        step_id = f"pair{'_again' if again else ''}{'_with_pin' if needed else ''}"
        return self.async_show_form(
            # Once it is paired, the button is not needed again.
            step_id=step_id if self._pairing is None or needed else "paired",
            data_schema=self.add_suggested_values_to_schema(vol.Schema(fields), self._input),
            errors=errors,
            description_placeholders=self._placeholders() | {"digits": str(dialect.pin_digits)},
        )

    # The same form with different texts: the PIN is required here, or it is known.
    async_step_pair_with_pin = async_step_pair
    async_step_pair_again = async_step_pair
    async_step_pair_again_with_pin = async_step_pair
    async_step_paired = async_step_pair

    def _check_pin(self) -> dict[str, str]:
        pin = self._pin
        if not pin and not self._known_dialect.pin_for_pairing:
            return {}
        if not self._known_dialect.accepts_pin(pin):
            return {CONF_PIN: "pin_format"}
        # The lock counts wrong PINs and blocks after some of them, so none is tried twice.
        return {CONF_PIN: "wrong_pin"} if pin in self._refused_pins else {}

    async def async_resume(self) -> bool:
        """Resume a pairing finished before Home Assistant stopped; return whether there is one."""
        finished = (await async_finished_pairings(self.hass)).get(self._address)
        entry = self.paired_entry
        if finished is None or (entry is not None and dict(entry.data) == dict(finished["data"])):
            return False
        self._resumed = True
        self._pairing, self._resumed_pin = finished["data"], finished["pin"] or ""
        self._dialect = DIALECTS[self._pairing["generation"]]
        return True

    # --- The button ---------------------------------------------------------------------------------------

    async def async_step_button(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask the owner to hold the button, and pair as soon as the lock is in pairing mode."""
        if self._task is None:
            self._task = self.hass.async_create_task(self._async_pair_and_check())
        if not self._task.done():
            return self.async_show_progress(
                step_id="button",
                progress_action=self._waiting.action if self._pairing is None else "check",
                description_placeholders=self._placeholders() | await self._what_to_do(),
                progress_task=self._task,
            )
        task, self._task = self._task, None
        try:
            task.result()
        except PinError as error:
            self._errors = {CONF_PIN: explained(error)[0]}
            if error.code == ErrorCode.K_BAD_PIN:
                self._refused_pins.add(self._pin)
        except PinUnavailableError as error:
            self._errors = {CONF_PIN: "pin_known_wrong" if error.state is PinState.INVALID else "pin_tries"}
        except SmartLockError as error:
            self._errors = {"base": self._tell(error)}
        else:
            return self.async_show_progress_done(
                next_step_id="another_lock" if self._is_another else "finish"
            )
        # Without the record of the PIN, the check has not come as far as the PIN.
        pin_missing = CONF_PIN in self._errors and self._memory is not None
        return self.async_show_progress_done(next_step_id="pin_missing" if pin_missing else "pair")

    async def _what_to_do(self) -> dict[str, str]:
        """Return what the owner looks at while the lock is waited for."""
        words, rssi = await self._async_words(), signal_of(self.hass, self._address)
        return {
            "picture": words.picture(self._known_dialect),
            "left": self._waiting.left,
            "signal": "–" if rssi is None else words.signal(rssi),
        }

    # --- The PIN, which came too late for pairing -----------------------------------------------------------

    async def async_step_pin_missing(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say that the lock is paired, why its PIN was not accepted, and that it can wait."""
        words = await self._async_words()
        problem = "\n\n".join(map(words.error, self._errors.values()))
        return self.async_show_menu(
            step_id="pin_missing",
            menu_options=["missing_pin", "skip_pin"],
            description_placeholders=self._placeholders() | {"problem": problem},
        )

    async def async_step_missing_pin(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the PIN once more."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if not user_input.get(CONF_PIN):
                return await self.async_step_skip_pin()
            self._input = {**self._input, **user_input}
            errors = self._check_pin()
            if not errors:
                return await self.async_step_button()
        return self.async_show_form(
            step_id="missing_pin",
            data_schema=vol.Schema({vol.Optional(CONF_PIN): PASSWORD}),
            errors=errors,
            description_placeholders=self._placeholders() | {"digits": str(self._known_dialect.pin_digits)},
        )

    async def async_step_skip_pin(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Finish without the PIN, or with the one that is stored."""
        self._input.pop(CONF_PIN, None)
        return await self.async_step_finish()

    async def async_step_another_lock(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Explain that this is not the lock that was paired before, unless it was reset."""
        if user_input is None:
            return self.async_show_form(step_id="another_lock", description_placeholders=self._placeholders())
        assert self._pairing is not None
        self._is_another = False
        try:
            await self._async_keep(self._pairing, confirmed=True)
        except NotStoredError:
            # The check that follows tries again and reports a failure.
            self._keys_unsafe = True
        return await self.async_step_button()

    async def async_step_finish(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Store the pairing."""
        assert self._pairing is not None
        assert self._memory is not None
        # Someone who has used the old keys meanwhile may have recorded what the lock reported.
        await self._memory.async_try_save()
        data, options = dict(self._pairing), {CONF_PIN: self._pin} if self._pin else {}
        self._finished = True
        if (entry := self.paired_entry) is not None:
            return self.async_update_and_abort(entry, data=data, options={**entry.options, **options})
        return self.async_create_entry(title=self._title, data=data, options=options)

    @override
    async def async_on_create_entry(self, result: ConfigFlowResult) -> ConfigFlowResult:
        """Return the data of the new entry that the browser receives: without the PIN in its options."""
        return {**result, "options": {}}

    # --- Texts --------------------------------------------------------------------------------------------

    def _placeholders(self) -> dict[str, str]:
        return {"name": self._title, "reason": self._reason}

    def _tell(self, error: SmartLockError) -> str:
        """Return the key of the text for an error of pairing, and store the reason for the text."""
        key, self._reason = explained(error)
        match error:
            case NotPairingError():
                return "not_pairing"
            case LockRefusedError(code=ErrorCode.P_MAX_USER):
                return "table_full"
            case PinNotSetError():
                return "pin_not_set"
            case NotStoredError() if self._pairing is not None:
                return "keys_not_stored"
            case LinkError() if not isinstance(error, UnreachableError) and self._signal_is_weak():
                return "too_weak"
        return key

    async def _async_words(self) -> PairingWords:
        if self._words is None:
            self._words = await PairingWords.load(self.hass)
        return self._words

    def _signal_is_weak(self) -> bool:
        rssi = signal_of(self.hass, self._address)
        return rssi is not None and rssi < WEAK_SIGNAL
