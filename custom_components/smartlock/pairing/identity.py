"""Which lock was paired: its UUID, which only a factory reset changes."""

from typing import Any

from homeassistant.core import HomeAssistant

from custom_components.smartlock.protocol.beacon import nuki_id_text
from custom_components.smartlock.storage import LockStore, lock_store


def _store(hass: HomeAssistant, nuki_id: int) -> LockStore[dict[str, Any]]:
    return lock_store(hass, nuki_id_text(nuki_id), "identity")


async def async_known_uuid(hass: HomeAssistant, nuki_id: int) -> bytes | None:
    """Return the UUID (16 bytes) that the lock reported at its last pairing; None if unknown."""
    return await _store(hass, nuki_id).async_load(lambda stored: bytes.fromhex(stored["uuid"]))


async def async_keep_uuid(hass: HomeAssistant, nuki_id: int, uuid: bytes) -> None:
    """Store the UUID of a lock that the owner has paired; if the disk is full, as soon as possible."""
    await _store(hass, nuki_id).async_try_save(lambda: {"uuid": uuid.hex()})
