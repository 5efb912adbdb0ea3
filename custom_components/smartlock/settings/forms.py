"""The settings of the lock as forms, in groups; written as their entities write them, and only what was changed."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import time
from types import MappingProxyType
from typing import Any

from homeassistant.components.number import NumberEntityDescription
from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    Selector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from custom_components.smartlock.dialogs import is_set_up
from custom_components.smartlock.pin.guard import PinUnavailableError
from custom_components.smartlock.problems import explained
from custom_components.smartlock.protocol.errors import BadSettingError, SmartLockError
from custom_components.smartlock.protocol.settings import Setting
from custom_components.smartlock.protocol.wire import Time2, shown
from custom_components.smartlock.settings.current import CurrentSettings
from custom_components.smartlock.settings.descriptions import (
    NUMBERS,
    SELECTS,
    TEXTS,
    TIMES,
    SettingSelectDescription,
    by_message,
    has,
    lowest,
    value_of,
)
from custom_components.smartlock.settings.writer import SettingsWriter, named_settings
from custom_components.smartlock.snapshot import LockSnapshot

GROUPS: Mapping[str, tuple[str, ...]] = {
    "settings_auto_lock": ("auto_lock_enabled", "auto_lock_timeout", "immediate_auto_lock_enabled"),
    "settings_night": (
        "night_mode_enabled",
        "night_mode_start",
        "night_mode_end",
        "night_mode_auto_lock_enabled",
        "night_mode_immediate_lock_on_start",
        "night_mode_auto_unlock_disabled",
        "slow_speed_during_night_mode",
    ),
    "settings_button": (
        "led_enabled",
        "led_brightness",
        "button_enabled",
        "single_button_press_action",
        "double_button_press_action",
        "fob_action_1",
        "fob_action_2",
        "fob_action_3",
    ),
    "settings_movement": (
        "lock_n_go_timeout",
        "unlatch_duration",
        "auto_unlatch",
        "auto_unlock_disabled",
        "single_lock",
        "detached_cylinder",
        "motor_speed",
    ),
    "settings_device": (
        "name",
        "pairing_enabled",
        "battery_type",
        "automatic_battery_type_detection",
        "advertising_mode",
        "auto_update_enabled",
        "time_zone_id",
        "time_zone_offset",
        "dst_mode",
    ),
}
"""The step of each form, and its fields in their order. Each setting is in one of them."""

_NUMBERS = {each.key: each for each in NUMBERS}
_CHOICES = {each.key: each for each in SELECTS}
_TIMES = {each.key for each in TIMES}
_TEXTS = {each.key for each in TEXTS}
# Where the names of all values are translated.
_VALUES = "setting_value"


class SettingsForms(OptionsFlow):
    """Steps of the options flow that change settings of the lock."""

    # What the form showed when it was opened.
    _offered: Mapping[str, Any] = MappingProxyType({})

    async def async_step_settings(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the groups of settings that this lock has; read them first if that has not succeeded yet."""
        if not is_set_up(self.config_entry):
            return self.async_abort(reason="not_loaded")
        snapshot = self._snapshot
        if snapshot.config is None or snapshot.advanced_config is None:
            try:
                await CurrentSettings(self._writer.coordinator).async_read()
            except SmartLockError as error:
                return self._settings_not_read(error)
        return self.async_show_menu(
            step_id="settings", menu_options=[step for step in GROUPS if any(self._fields_of(step))]
        )

    def _settings_not_read(self, error: SmartLockError) -> ConfigFlowResult:
        key, reason = explained(error)
        return self.async_show_form(
            step_id="settings_not_read",
            data_schema=vol.Schema({}),
            errors={"base": key},
            description_placeholders={"reason": reason},
        )

    async def async_step_settings_not_read(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Try again."""
        return await self.async_step_settings()

    async def async_step_settings_auto_lock(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change when the lock locks by itself."""
        return await self._settings_form("settings_auto_lock", user_input)

    async def async_step_settings_night(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change the night mode."""
        return await self._settings_form("settings_night", user_input)

    async def async_step_settings_button(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change the light, the button and the fob."""
        return await self._settings_form("settings_button", user_input)

    async def async_step_settings_movement(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change how bolt and latch move."""
        return await self._settings_form("settings_movement", user_input)

    async def async_step_settings_device(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change name, batteries, radio and time zone."""
        return await self._settings_form("settings_device", user_input)

    async def async_step_settings_pin_first(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Say that settings need the PIN, and lead to it."""
        return self.async_show_menu(step_id="settings_pin_first", menu_options=["pin"])

    async def _settings_form(self, step_id: str, user_input: dict[str, Any] | None) -> ConfigFlowResult:
        """Show a group as last read, and write what the owner has changed, with a single write."""
        if not is_set_up(self.config_entry):
            return self.async_abort(reason="not_loaded")
        snapshot, errors, values = self._snapshot, {}, {"reason": "", "fields": ""}
        present = {key: _shown(snapshot, key) for key in self._fields_of(step_id)}
        if user_input is None:
            self._offered = present
        else:
            try:
                wanted = {
                    key: _setting(key, value)
                    for key, value in user_input.items()
                    # What somebody else has changed meanwhile was not changed here.
                    if key in present and value not in (self._offered.get(key), present[key])
                }
                if wanted:
                    await self._writer.write(*by_message(wanted))
            except PinUnavailableError:
                return await self.async_step_settings_pin_first()
            except SmartLockError as error:
                errors["base"], values["reason"] = explained(error)
                values["fields"] = named_settings(self.hass, error)
            else:
                return self.async_create_entry(data=dict(self.config_entry.options))
        schema = vol.Schema({vol.Optional(key): _selector(snapshot, key) for key in present})
        known = {key: value for key, value in present.items() if value is not None}
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, user_input or known),
            errors=errors,
            description_placeholders=values,
        )

    @property
    def _writer(self) -> SettingsWriter:
        """The one writer of settings, of the lock as it is set up now."""
        writer: SettingsWriter = self.config_entry.runtime_data.settings
        return writer

    @property
    def _snapshot(self) -> LockSnapshot:
        return self._writer.coordinator.data

    def _fields_of(self, step_id: str) -> Iterator[str]:
        """Yield those settings of a group that the lock has."""
        return (key for key in GROUPS[step_id] if has(self._snapshot, key))


def _shown(snapshot: LockSnapshot, key: str) -> Any:
    """Return what a field shows; None if the present value cannot be shown."""
    value = value_of(snapshot, key)
    if key in _CHOICES:
        return _CHOICES[key].option(value)
    match value:
        case Time2(time=time() as at):
            return f"{at:%H:%M}"
        case str():
            return shown(value) or None
        case int() if key in _NUMBERS:
            return value
        case 0 | 1:
            return bool(value)
    return None


def _setting(key: str, value: Any) -> Setting:
    """Return what is written for a value of a field. Raises BadSettingError."""
    match value:
        case str() if key in _CHOICES and value in _CHOICES[key].values:
            return _CHOICES[key].values[value]
        case str() if key in _TIMES:
            with suppress(ValueError):
                at = time.fromisoformat(value)
                return Time2(at.hour, at.minute)
        case str() if key in _TEXTS and shown(value) == value:
            return value
        case int() | float() if float(value).is_integer():
            return int(value)
    raise BadSettingError((key,))


def _selector(snapshot: LockSnapshot, key: str) -> Selector[Any]:
    if key in _NUMBERS:
        return _number(snapshot, _NUMBERS[key])
    if key in _CHOICES:
        return _choice(snapshot, _CHOICES[key])
    if key in _TIMES:
        # The selector of a time asks for seconds, too.
        return TextSelector(TextSelectorConfig(type=TextSelectorType.TIME))
    return TextSelector() if key in _TEXTS else BooleanSelector()


def _number(snapshot: LockSnapshot, description: NumberEntityDescription) -> NumberSelector:
    high, step, mode = description.native_max_value, description.native_step, description.mode
    assert high is not None
    assert step is not None
    assert mode is not None
    config = NumberSelectorConfig(
        min=lowest(snapshot, description), max=high, step=step, mode=NumberSelectorMode(mode)
    )
    if description.native_unit_of_measurement is not None:
        config["unit_of_measurement"] = description.native_unit_of_measurement
    return NumberSelector(config)


def _choice(snapshot: LockSnapshot, description: SettingSelectDescription) -> SelectSelector:
    options = description.options_with(description.option(value_of(snapshot, description.key)))
    return SelectSelector(
        SelectSelectorConfig(
            options=[SelectOptionDict(value=each, label=each) for each in options],
            mode=SelectSelectorMode.DROPDOWN,
            translation_key=_VALUES,
        )
    )
