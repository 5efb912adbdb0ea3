"""Closes the dialog that asks the owner to pair again once pairing is no longer necessary."""

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.core import HomeAssistant, callback

from custom_components.smartlock.const import DOMAIN

# Steps that wait for the owner to begin. A pairing in progress stays open, and so does a dialog about the
# PIN.
_WAITING = ("reauth_confirm", "pair", "pair_again", "pair_again_with_pin", "pair_with_pin")


@callback
def async_close_reauth(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Close the dialog of a lock that communicates with us again."""
    for flow in hass.config_entries.flow.async_progress_by_handler(
        DOMAIN, match_context={"source": SOURCE_REAUTH, "entry_id": entry.entry_id}
    ):
        if flow.get("step_id") in _WAITING:
            hass.config_entries.flow.async_abort(flow["flow_id"])
