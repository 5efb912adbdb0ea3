"""The archive of one lock's settings on disk: a single value, saved as a whole."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
import hashlib
from typing import Any

from homeassistant.core import HomeAssistant, callback

from custom_components.smartlock.settings.issues import possible
from custom_components.smartlock.settings.rules.archive import Archive
from custom_components.smartlock.settings.rules.battery_change import LastSeen
from custom_components.smartlock.settings.rules.snapshot import Difference
from custom_components.smartlock.storage import LockStore, lock_store

# This part changes with every read and need not be saved at once.
_SAVE_DELAY = 600.0


class ArchiveStore:
    """The archived settings of one lock. Every change is decided while holding `turn`."""

    def __init__(self, hass: HomeAssistant, nuki_id: str, *, on_change: Callable[[], None]) -> None:
        """Prepare; call `async_load` before anything else. `on_change` is called after each `async_keep`."""
        self.turn = asyncio.Lock()
        self.kept = Archive()
        """The whole archive; all of it but `known` is on disk, or is saved once the disk is writable."""
        self._store: LockStore[dict[str, Any]] = lock_store(hass, nuki_id, "settings")
        self._on_change = on_change
        self._stopped = False

    async def async_load(self, *, keep_codes: bool, shared_key: bytes) -> bool:
        """Load the archive of an earlier run, and return whether the lock has been paired again since.

        Without `keep_codes` the owner has withdrawn the consent to archive keypad codes: they are deleted
        now.
        """
        found = await self._store.async_load(Archive.from_json)
        if found is not None:
            self.kept, whole = found
            if not whole:
                await self._store.async_set_aside()
                await self._async_save()
        if not keep_codes and (kept := self.kept.without_codes()) != self.kept:
            self.kept = kept
            await self._async_save()
        pairing = hashlib.sha256(shared_key).hexdigest()[:16]
        paired_again = self.kept.authorization not in (None, pairing)
        self.kept = replace(self.kept, authorization=pairing)
        return paired_again

    async def async_keep(self, kept: Archive) -> None:
        """Store a value; it is on disk on return, or is saved later if the disk fails."""
        self.kept = kept
        await self._async_save()
        self._on_change()

    async def async_keep_first(self, kept: Archive) -> None:
        """Store a value that must be on disk before something is sent. Raises NotStoredError."""
        if kept != self.kept or self._store.overdue:
            await self._store.async_save(kept.to_json())
            self.kept = replace(kept, known=self.kept.known)
            self._on_change()

    @callback
    def note(self, known: LastSeen) -> None:
        """Store what the next signs of a battery change are compared with; on disk some minutes later."""
        self.kept = replace(self.kept, known=known)
        if not self._stopped:
            # A later write would overwrite what the next set-up of this lock has stored.
            self._store.async_save_later(self._to_json, _SAVE_DELAY)

    async def async_stop(self) -> None:
        """Save everything; nothing is written after that."""
        self._stopped = True
        await self._async_save()

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The open loss: what differs from before, and the owner has not decided about."""
        return () if self.kept.loss is None else possible(self.kept.loss.differences)

    async def _async_save(self) -> None:
        await self._store.async_try_save(self._to_json)

    def _to_json(self) -> dict[str, Any]:
        return self.kept.to_json()
