"""Events of Home Assistant about a lock, for the logbook: event entities have no sentences there."""

from typing import Final

from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from custom_components.smartlock.activity.rules.entries import Happening, Method
from custom_components.smartlock.activity.rules.events import Activity
from custom_components.smartlock.const import DOMAIN

EVENT_ACTIVITY: Final = f"{DOMAIN}_activity"
ATTR_EVENT: Final = "event"

# The logbook has a line about the state of the lock entity then, with the user of Home Assistant.
_SHOWN_AS_STATE: Final = frozenset({Happening.UNLOCKED, Happening.LOCKED, Happening.OPENED})


@callback
def async_fire(hass: HomeAssistant, nuki_id: str, activity: Activity) -> None:
    """Fire an event about the lock with this Nuki ID, unless the logbook has a line about it already.

    The event is about its lock entity and its device.
    """
    if activity.record.method is Method.HOME_ASSISTANT and activity.record.what in _SHOWN_AS_STATE:
        return
    registry = er.async_get(hass)
    entity_id = registry.async_get_entity_id(Platform.LOCK, DOMAIN, f"{nuki_id}_lock")
    entry = None if entity_id is None else registry.async_get(entity_id)
    hass.bus.async_fire(
        EVENT_ACTIVITY,
        {
            ATTR_ENTITY_ID: entity_id,
            ATTR_DEVICE_ID: None if entry is None else entry.device_id,
            ATTR_EVENT: activity.type,
            **activity.attributes(),
        },
    )
