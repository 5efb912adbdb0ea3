"""Implements the actions that read the log, and switch it on and off."""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import ServiceCall, ServiceResponse
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from custom_components.smartlock.activity.texts import event_types
from custom_components.smartlock.activity.tracker import ActivityTracker
from custom_components.smartlock.problems import translated
from custom_components.smartlock.protocol.errors import SmartLockError

ATTR_BEFORE = "before"
ATTR_ENABLED = "enabled"
ATTR_LIMIT = "limit"
ATTR_REFRESH = "refresh"
ATTR_TYPES = "types"

GET_SCHEMA: Mapping[vol.Marker, Any] = {
    vol.Optional(ATTR_LIMIT, default=20): vol.All(vol.Coerce(int), vol.Range(1, 200)),
    vol.Optional(ATTR_BEFORE): vol.All(vol.Coerce(int), vol.Range(1, 0xFFFFFFFF)),
    vol.Optional(ATTR_TYPES): vol.All(cv.ensure_list, [vol.In(event_types())]),
    vol.Optional(ATTR_REFRESH, default=True): cv.boolean,
}
SET_LOG_SCHEMA: Mapping[vol.Marker, Any] = {vol.Required(ATTR_ENABLED): cv.boolean}


async def get_activity(tracker: ActivityTracker, call: ServiceCall) -> ServiceResponse:
    """Return what the log says, the newest first. Raises HomeAssistantError."""
    try:
        found = await tracker.async_history(
            limit=call.data[ATTR_LIMIT],
            before=call.data.get(ATTR_BEFORE, 0),
            types=call.data.get(ATTR_TYPES),
            refresh=call.data[ATTR_REFRESH],
        )
    except SmartLockError as error:
        raise translated(error, tracker.coordinator.presence.explain()) from error
    ahead = tracker.clock.ahead
    return {
        "entries": [{"event": each.type, **each.attributes()} for each in found.entries],
        "newest": found.newest,
        "more": found.more,
        "missed": found.missed,
        "logging_enabled": tracker.logging,
        "door_logging_enabled": tracker.door_logging,
        "clock_offset": None if ahead is None else round(-ahead.total_seconds()),
    }


async def set_activity_log(tracker: ActivityTracker, call: ServiceCall) -> None:
    """Switch the log on or off. Raises HomeAssistantError."""
    try:
        await tracker.async_set_log(enabled=call.data[ATTR_ENABLED])
    except SmartLockError as error:
        raise translated(error, tracker.coordinator.presence.explain()) from error
