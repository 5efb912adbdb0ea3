"""Files of one lock in Home Assistant's storage: private, written as a whole, deleted with the lock."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from custom_components.smartlock.const import DOMAIN

# Every file that a lock may have.
_FILES: tuple[str, ...] = ("activity", "auto_unlock", "clients", "clock", "faults", "pin", "settings", "wear")


def lock_store[T: dict[str, Any] | list[Any]](
    hass: HomeAssistant, nuki_id: str, what: str, version: int = 1
) -> Store[T]:
    """Return the store of one lock (its Nuki ID as eight digits) for one of `_FILES`.

    What `async_save` has taken is on disk when it returns, whole or not at all.
    """
    assert what in _FILES
    return Store(hass, version, f"{DOMAIN}.{nuki_id}.{what}", private=True, atomic_writes=True)


async def async_remove_lock_stores(hass: HomeAssistant, nuki_id: str) -> None:
    """Delete what is stored of a lock."""
    for what in _FILES:
        store: Store[dict[str, Any]] = lock_store(hass, nuki_id, what)
        await store.async_remove()
