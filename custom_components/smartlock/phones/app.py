"""The companion app on people's phones."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.util import slugify

MOBILE_APP = "mobile_app"


def notify_name(app: ConfigEntry) -> str:
    """Return the name of the notify action of a phone, by the config entry of its app."""
    return slugify(f"{MOBILE_APP}_{app.data.get('device_name', app.title)}")


def notify_name_of(hass: HomeAssistant, device_id: str) -> str | None:
    """Return the same by the device of a phone; None if it is gone."""
    devices = dr.async_get(hass)
    for app in hass.config_entries.async_entries(MOBILE_APP):
        if any(each.id == device_id for each in dr.async_entries_for_config_entry(devices, app.entry_id)):
            return notify_name(app)
    return None
