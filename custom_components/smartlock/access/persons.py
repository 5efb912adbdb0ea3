"""The persons to whom codes and users belong, by ids that survive renaming."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er


@callback
def reference_to(hass: HomeAssistant, entity_id: str) -> str:
    """Return what to keep of a person: Home Assistant's own id; the entity id of one that has none."""
    entry = er.async_get(hass).async_get(entity_id)
    return entity_id if entry is None else entry.id


@callback
def entity_id_of(hass: HomeAssistant, reference: str | None) -> str | None:
    """Return what a person that was kept is called now; None for one that was removed."""
    return None if reference is None else er.async_resolve_entity_id(er.async_get(hass), reference)
