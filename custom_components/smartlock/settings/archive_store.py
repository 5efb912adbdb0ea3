"""The archive of one lock's settings on disk: one value, stored as a whole."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
import hashlib
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.settings.issues import possible
from custom_components.smartlock.settings.rules.archive import Archive
from custom_components.smartlock.settings.rules.battery_change import Known
from custom_components.smartlock.settings.rules.message_json import SnapshotError
from custom_components.smartlock.settings.rules.snapshot import Difference
from custom_components.smartlock.storage import lock_store

# What is known of the lock changes with every read; it need not be on disk at once.
_SAVE_DELAY = 600.0


class ArchiveStore:
    """What is kept of one lock's settings. Whoever changes it decides under `turn`, one after the other."""

    def __init__(self, hass: HomeAssistant, nuki_id: str, *, on_change: Callable[[], None]) -> None:
        """Prepare; `async_load` comes first. `on_change` is called after each `async_keep`."""
        self.turn = asyncio.Lock()
        self.kept = Archive()
        """Everything that is kept; all but `known` is on disk."""
        self._store: Store[dict[str, Any]] = lock_store(hass, nuki_id, "settings")
        self._on_change = on_change
        self._stopped = False

    async def async_load(self, *, keep_codes: bool, shared_key: bytes) -> bool:
        """Read what an earlier run has kept, and return whether the lock has been paired again since.

        Without `keep_codes` the owner has taken back the consent to keep keypad codes: they are forgotten now.
        """
        data = await self._store.async_load()
        if data is not None:
            try:
                self.kept = Archive.from_json(data)
            except SnapshotError:
                LOGGER.warning("The archive of settings cannot be read and is begun again")
        if not keep_codes and (kept := self.kept.without_codes()) != self.kept:
            self.kept = kept
            await self._async_save()
        pairing = hashlib.sha256(shared_key).hexdigest()[:16]
        paired_again = self.kept.authorization not in (None, pairing)
        self.kept = replace(self.kept, authorization=pairing)
        return paired_again

    async def async_keep(self, kept: Archive) -> None:
        """Keep something; it is on disk when this returns."""
        self.kept = kept
        await self._async_save()
        self._on_change()

    @callback
    def note(self, known: Known) -> None:
        """Keep what the next signs of a battery change are measured against; on disk some minutes later."""
        self.kept = replace(self.kept, known=known)
        if not self._stopped:
            # After that it would be written over what the next set-up of this lock has kept.
            self._store.async_delay_save(self._to_json, _SAVE_DELAY)

    async def async_stop(self) -> None:
        """Write down what is known; nothing is written later."""
        self._stopped = True
        await self._async_save()

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What is not as it was before the loss that the owner has not decided about."""
        return () if self.kept.loss is None else possible(self.kept.loss.differences)

    async def _async_save(self) -> None:
        await self._store.async_save(self._to_json())

    def _to_json(self) -> dict[str, Any]:
        return self.kept.to_json()
