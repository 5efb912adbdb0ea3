"""The notes about codes and users of one lock, on disk."""

import asyncio
from collections.abc import Callable
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from custom_components.smartlock.access.rules.notes import Notes
from custom_components.smartlock.listeners import Listeners
from custom_components.smartlock.storage import LockStore, lock_store


class NoteStore:
    """What is remembered beside the lock. It holds no digits, and nothing computed from them."""

    def __init__(self, hass: HomeAssistant, nuki_id: str) -> None:
        """Prepare; call `async_load` before anything else."""
        self._store: LockStore[dict[str, Any]] = lock_store(hass, nuki_id, "people")
        self._listeners = Listeners[[]]()
        self._turn = asyncio.Lock()
        self.notes = Notes()

    async def async_load(self) -> None:
        """Read the notes of an earlier run of Home Assistant."""
        self.notes = await self._store.async_load(Notes.from_json) or Notes()

    @property
    def lost(self) -> bool:
        """Whether there were notes, and none could be used."""
        return self._store.lost

    @callback
    def async_on_change(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call `listener` after each change."""
        return self._listeners.add(listener)

    async def async_keep_first(self, change: Callable[[Notes], Notes]) -> None:
        """Write what must be on disk before something is sent. Raises NotStoredError: then nothing has changed.

        `change` returns the notes after it. It is applied again to what has been kept while the disk was written.
        """
        async with self._turn:
            notes = change(self.notes)
            if notes == self.notes and not self._store.overdue:
                return
            await self._store.async_save(notes.to_json())
            self.notes = change(self.notes)
            self._listeners.notify()

    async def async_keep(self, notes: Notes) -> None:
        """Write what has happened anyway; later if the disk fails now."""
        if notes != self.notes:
            self.notes = notes
            self._listeners.notify()
            await self._store.async_try_save(self._to_json)

    def _to_json(self) -> dict[str, Any]:
        return self.notes.to_json()
