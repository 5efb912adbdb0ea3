"""Which lock it was that was paired: its own number, which only a factory reset changes."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from custom_components.smartlock.protocol.beacon import nuki_id_text
from custom_components.smartlock.storage import lock_store


def _store(hass: HomeAssistant, nuki_id: int) -> Store[dict[str, Any]]:
    return lock_store(hass, nuki_id_text(nuki_id), "identity")


async def async_known_uuid(hass: HomeAssistant, nuki_id: int) -> bytes | None:
    """Return the UUID (16 bytes) that the lock told at its last pairing, None if none is known."""
    stored: object = await _store(hass, nuki_id).async_load()
    uuid = stored.get("uuid") if isinstance(stored, dict) else None
    try:
        return bytes.fromhex(uuid) if isinstance(uuid, str) else None
    except ValueError:
        return None


async def async_keep_uuid(hass: HomeAssistant, nuki_id: int, uuid: bytes) -> None:
    """Keep the UUID of a lock that the owner has paired."""
    await _store(hass, nuki_id).async_save({"uuid": uuid.hex()})
