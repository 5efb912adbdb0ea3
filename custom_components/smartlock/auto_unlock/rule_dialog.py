"""What all forms about a rule have in common: its data, and how a form ends for a new and for a changed rule."""

from collections.abc import Callable, Coroutine, Iterable, Mapping
import secrets
from typing import Any

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import ATTR_FRIENDLY_NAME
import voluptuous as vol

from custom_components.smartlock.auto_unlock.references import without_ids
from custom_components.smartlock.auto_unlock.rule import (
    CONF_ENTITY,
    CONF_EVIDENCE,
    CONF_IRK,
    CONF_MAJOR,
    CONF_MINOR,
    CONF_PERSON,
    CONF_PHONE_CHECK,
    CONF_UUID,
    pinned_data,
)

type NextForm = Callable[[], Coroutine[Any, Any, SubentryFlowResult]]

# A change of one of these may mean a different phone.
_WHOSE_PHONE = (CONF_PERSON, CONF_EVIDENCE, CONF_IRK, CONF_UUID, CONF_MAJOR, CONF_MINOR, CONF_ENTITY)


class RuleDialog(ConfigSubentryFlow):
    """A dialog about one rule."""

    def __init__(self) -> None:
        """Start with an empty rule."""
        self._data: dict[str, Any] = {}
        self._before: Mapping[str, Any] = {}

    @property
    def _is_new(self) -> bool:
        return self.source != SOURCE_RECONFIGURE

    async def _done(self, following: NextForm) -> SubentryFlowResult:
        """Continue with a new rule; store a changed one."""
        if self._is_new:
            return await following()
        return self.async_update_and_abort(
            self._get_entry(),
            self._get_reconfigure_subentry(),
            title=self._title,
            data=self._whole(),
            reason="reconfigure_successful",
        )

    def _whole(self) -> dict[str, Any]:
        """Return the data; if the phone has changed, its owner is asked again whether it is theirs."""
        if any(self._data.get(key) != self._before.get(key) for key in _WHOSE_PHONE):
            self._data[CONF_PHONE_CHECK] = secrets.token_hex(4)
        return self._data

    def _take(self, user_input: Mapping[str, Any], *keys: str) -> None:
        """Take the submitted values. `keys` name entities by their present names, not by former ones."""
        self._data |= user_input
        self._data = pinned_data(self.hass, without_ids(self._data, keys))

    def _forget(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._data.pop(key, None)

    @property
    def _title(self) -> str:
        state = self.hass.states.get(self._data[CONF_PERSON])
        name = None if state is None else state.attributes.get(ATTR_FRIENDLY_NAME)
        return str(name or self._data[CONF_PERSON])

    def _form(
        self,
        step_id: str,
        fields: Mapping[Any, Any],
        errors: dict[str, str] | None = None,
        known: Mapping[str, Any] | None = None,
        placeholders: Mapping[str, str] | None = None,
    ) -> SubentryFlowResult:
        """Show a form with the known values; those of the rule if `known` is None."""
        values = self._data if known is None else known
        schema = self.add_suggested_values_to_schema(vol.Schema(dict(fields)), values)
        return self.async_show_form(
            step_id=step_id,
            data_schema=schema,
            errors=errors or {},
            description_placeholders=placeholders,
        )
