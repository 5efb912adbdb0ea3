"""Tells in Home Assistant's logbook what happened at a lock, as a sentence."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.components.logbook import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from custom_components.smartlock.activity.bus import ATTR_EVENT, EVENT_ACTIVITY
from custom_components.smartlock.activity.rules.entries import Denial
from custom_components.smartlock.activity.texts import ActivityTexts
from custom_components.smartlock.const import CONF_SHOW_NAMES, DOMAIN
from custom_components.smartlock.dialogs import is_set_up
from custom_components.smartlock.moments import moment_text


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, Any]]], None],
) -> None:
    """Say what describes the events of a lock."""

    @callback
    def describe(event: Event) -> dict[str, Any]:
        """Return one event as a sentence."""
        entity_id, what = event.data[ATTR_ENTITY_ID], event.data[ATTR_EVENT]
        state = None if entity_id is None else hass.states.get(entity_id)
        message = ActivityTexts(hass).sentence(what, _shown_now(hass, entity_id, event.data))
        at = event.data["happened_at"]
        if event.data["late"] and (moment := dt_util.parse_datetime(at or "")):
            # The line stands at the time at which the log was read.
            message = f"{message} ({moment_text(hass, moment)})"
        return {
            LOGBOOK_ENTRY_NAME: entity_id if state is None else state.name,
            LOGBOOK_ENTRY_MESSAGE: message,
            LOGBOOK_ENTRY_ENTITY_ID: entity_id,
            LOGBOOK_ENTRY_ICON: "mdi:account-cancel" if what in list(Denial) else "mdi:history",
        }

    async_describe_event(DOMAIN, EVENT_ACTIVITY, describe)


def _shown_now(hass: HomeAssistant, entity_id: str | None, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the attributes of an event without a name that was shown then and is hidden now."""
    registered = None if entity_id is None else er.async_get(hass).async_get(entity_id)
    entry_id = None if registered is None else registered.config_entry_id
    entry = None if entry_id is None else hass.config_entries.async_get_entry(entry_id)
    if entry is None or entry.options.get(CONF_SHOW_NAMES, True):
        return facts
    if is_set_up(entry):
        return {**facts, **entry.runtime_data.activity.names.hidden(facts)}
    # Nobody knows by which number they go.
    return {**facts, "user": None}
