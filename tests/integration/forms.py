"""What stands in a form before the owner has done anything, as Home Assistant's frontend fills it in."""

from typing import Any

from homeassistant.helpers.selector import SelectSelector
import voluptuous as vol

__all__ = ["filled_in"]


def filled_in(schema: vol.Schema) -> dict[str, Any]:
    """Return what a form holds: suggestions, defaults, and the first option of a choice that is required."""
    given: dict[str, Any] = {}
    for marker, field in schema.schema.items():
        suggested = (marker.description or {}).get("suggested_value")
        if suggested is not None:
            given[str(marker)] = suggested
        elif not isinstance(marker.default, vol.Undefined):
            given[str(marker)] = marker.default()
        elif isinstance(marker, vol.Required) and isinstance(field, SelectSelector):
            first = field.config["options"][0]
            value = first["value"] if isinstance(first, dict) else first
            given[str(marker)] = [value] if field.config["multiple"] else value
    return given
