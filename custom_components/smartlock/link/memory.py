"""Remembers across restarts what a lock has sent, so that no recording of it is believed later."""

from collections.abc import Callable
from typing import Any

from homeassistant.core import HomeAssistant, callback

from custom_components.smartlock.client.ahead import ChallengeTrust
from custom_components.smartlock.protocol.freshness import Freshness
from custom_components.smartlock.storage import LockStore, lock_store

# The age of the stored data counts too, so they need not be the newest: saved soon after a start, then from
# time to time, and at the end.
FIRST_SAVE_DELAY = 60.0
SAVE_DELAY = 3600.0


class LinkMemory:
    """What was received from one lock."""

    def __init__(self, hass: HomeAssistant, nuki_id: str, on_challenge_used: Callable[[bool], None]) -> None:
        """Prepare; `async_load` reads what is stored.

        `on_challenge_used` is called with whether the lock accepted a challenge that had been requested ahead.
        """
        self.freshness = Freshness()
        self.trust = ChallengeTrust(self._challenge_used)
        self._on_challenge_used = on_challenge_used
        self._store: LockStore[dict[str, Any]] = lock_store(hass, nuki_id, "link")
        self._delay = FIRST_SAVE_DELAY
        self._waiting = False

    async def async_load(self) -> None:
        """Load what is stored. If it cannot be read, the lock has to prove itself before it is believed."""
        await self._store.async_load(self._restore)
        if self._store.lost:
            self.freshness.doubt()

    @callback
    def async_received(self) -> None:
        """Note that something was received; it is stored before long."""
        if not self._waiting:
            self._waiting = True
            self._store.async_save_later(self._data, self._delay)
            self._delay = SAVE_DELAY

    async def async_save(self) -> None:
        """Store the present knowledge."""
        await self._store.async_try_save(self._data)

    @callback
    def _challenge_used(self, taken: bool) -> None:
        self._on_challenge_used(taken)
        if not taken:
            self._store.async_save_later(self._data, 0)

    def _restore(self, data: dict[str, Any]) -> None:
        """Go on from what is stored. Raises KeyError, TypeError or ValueError for anything else."""
        refused_at = data.get("challenge_refused_at")
        self.freshness.restore(data)
        self.trust.refused_at = None if refused_at is None else float(refused_at)

    def _data(self) -> dict[str, Any]:
        self._waiting = False
        return self.freshness.to_json() | {"challenge_refused_at": self.trust.refused_at}
