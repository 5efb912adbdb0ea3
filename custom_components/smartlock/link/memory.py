"""Keeps what a lock has said before over restarts, so that no recording of it is believed again."""

from typing import Any

from homeassistant.core import HomeAssistant, callback

from custom_components.smartlock.protocol.freshness import Freshness
from custom_components.smartlock.storage import LockStore, lock_store

# The time that has passed since what was stored counts too, so that it need not be the newest: saved soon after a
# start, then now and then, and at the end.
FIRST_SAVE_DELAY = 60.0
SAVE_DELAY = 3600.0


class LinkMemory:
    """What was received from one lock."""

    def __init__(self, hass: HomeAssistant, nuki_id: str) -> None:
        """Prepare; `async_load` reads what is stored."""
        self.freshness = Freshness()
        self._store: LockStore[dict[str, Any]] = lock_store(hass, nuki_id, "link")
        self._delay = FIRST_SAVE_DELAY
        self._waiting = False

    async def async_load(self) -> None:
        """Go on from what is stored. What cannot be read makes the lock prove itself before it is believed."""
        await self._store.async_load(self.freshness.restore)
        if self._store.lost:
            self.freshness.doubt()

    @callback
    def async_received(self) -> None:
        """Something was received: it is stored before long."""
        if not self._waiting:
            self._waiting = True
            self._store.async_save_later(self._data, self._delay)
            self._delay = SAVE_DELAY

    async def async_save(self) -> None:
        """Store what is known now."""
        await self._store.async_try_save(self._data)

    def _data(self) -> dict[str, Any]:
        self._waiting = False
        return self.freshness.to_json()
