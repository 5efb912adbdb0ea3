"""The archive of one lock's settings on disk: one value, stored as a whole."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
import hashlib
from typing import Any

from homeassistant.core import HomeAssistant, callback

from custom_components.smartlock.settings.issues import possible
from custom_components.smartlock.settings.rules.archive import Archive
from custom_components.smartlock.settings.rules.battery_change import Known
from custom_components.smartlock.settings.rules.snapshot import Difference
from custom_components.smartlock.storage import LockStore, lock_store

# What is known of the lock changes with every read; it need not be on disk at once.
_SAVE_DELAY = 600.0


class ArchiveStore:
    """What is kept of one lock's settings. Whoever changes it decides under `turn`, one after the other."""

    def __init__(self, hass: HomeAssistant, nuki_id: str, *, on_change: Callable[[], None]) -> None:
        """Prepare; `async_load` comes first. `on_change` is called after each `async_keep`."""
        self.turn = asyncio.Lock()
        self.kept = Archive()
        """Everything that is kept; all but `known` is on disk, or will be as soon as the disk takes it."""
        self._store: LockStore[dict[str, Any]] = lock_store(hass, nuki_id, "settings")
        self._on_change = on_change
        self._stopped = False

    async def async_load(self, *, keep_codes: bool, shared_key: bytes) -> bool:
        """Read what an earlier run has kept, and return whether the lock has been paired again since.

        Without `keep_codes` the owner has taken back the consent to keep keypad codes: they are forgotten now.
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
        """Keep something; it is on disk when this returns, unless the disk fails: then it will be later."""
        self.kept = kept
        await self._async_save()
        self._on_change()

    async def async_keep_first(self, kept: Archive) -> None:
        """Keep what has to be on disk before something is sent. Raises NotStoredError: then nothing has changed."""
        if kept != self.kept or self._store.overdue:
            await self._store.async_save(kept.to_json())
            self.kept = replace(kept, known=self.kept.known)
            self._on_change()

    @callback
    def note(self, known: Known) -> None:
        """Keep what the next signs of a battery change are measured against; on disk some minutes later."""
        self.kept = replace(self.kept, known=known)
        if not self._stopped:
            # After that it would be written over what the next set-up of this lock has kept.
            self._store.async_save_later(self._to_json, _SAVE_DELAY)

    async def async_stop(self) -> None:
        """Write down what is known; nothing is written later."""
        self._stopped = True
        await self._async_save()

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What is not as it was before the loss that the owner has not decided about."""
        return () if self.kept.loss is None else possible(self.kept.loss.differences)

    async def _async_save(self) -> None:
        await self._store.async_try_save(self._to_json)

    def _to_json(self) -> dict[str, Any]:
        return self.kept.to_json()
