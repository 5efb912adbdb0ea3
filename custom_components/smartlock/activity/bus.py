"""Events of Home Assistant about a lock, for the logbook: event entities have no sentences there."""

from typing import Final

from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from custom_components.smartlock.activity.rules.entries import Denial, Happening, Method
from custom_components.smartlock.activity.rules.events import Activity
from custom_components.smartlock.const import DOMAIN

EVENT_ACTIVITY: Final = f"{DOMAIN}_activity"
ATTR_EVENT: Final = "event"

# The line about the lock tells that of Home Assistant's own actions, with the user or the automation.
_OWN: Final = frozenset({Happening.UNLOCKED, Happening.LOCKED, Happening.OPENED, Happening.FAILED})
# The event names what was used, and nobody knows by whom.
_NAMELESS: Final = frozenset({Denial.WRONG_CODE, Denial.WRONG_FINGERPRINT})
# Nobody used anything that has a name.
_AT_THE_DOOR: Final = frozenset(
    {Method.MANUAL, Method.BUTTON, Method.AUTO_LOCK, Method.SYSTEM, Method.UNKNOWN}
)


def says_more(activity: Activity) -> bool:
    """Whether a sentence about an entry says more than the lines of the lock and of the event that are there anyway.

    It does if it names somebody, what was used, or the time of something that is noticed late.
    """
    record = activity.record
    if record.what is Happening.LOGGING_CHANGED:
        # The event does not say whether it is on.
        return True
    if record.method is Method.HOME_ASSISTANT:
        return record.what not in _OWN
    used = record.method not in _AT_THE_DOOR and record.what not in _NAMELESS
    tells_when = activity.moment.late and activity.moment.at is not None
    return activity.user is not None or used or tells_when


@callback
def async_fire(hass: HomeAssistant, nuki_id: str, activity: Activity) -> None:
    """Fire an event about the lock with this Nuki ID, its lock entity and its device, if it says more than others do."""
    if not says_more(activity):
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
