"""Home Assistant dies at a save or at a radio step, and starts again with what was on the disk."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from enum import StrEnum
from typing import Any
from unittest.mock import patch

from homeassistant.helpers.storage import Store
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from simulator.lock.faults import Once
from simulator.virtual_lock import Kind, VirtualLock
from tests.integration.home import Home

__all__ = ["Death", "World"]


class Death(StrEnum):
    """Where Home Assistant dies; the radio steps are those of the virtual lock's faults."""

    BEFORE_SAVE = "before a save"
    AFTER_SAVE = "after a save"
    REQUEST_LOST = Once.DISCONNECT_AT_REQUEST.value
    REQUEST_HEARD = Once.DISCONNECT_AT_WRITE.value
    ANSWER_LOST = Once.DISCONNECT_AT_INDICATION.value


class World:
    """Disk and radio, until Home Assistant dies; nothing that it does afterwards has any effect."""

    def __init__(self, home: Home, lock: VirtualLock, storage: dict[str, Any]) -> None:
        """Take what there is to freeze."""
        self._home, self._lock, self._storage = home, lock, storage
        self._saves = 0
        self._dies: tuple[Death, int] | None = None
        self._disk: dict[str, Any] | None = None
        self._buried = asyncio.Event()

    @property
    def dead(self) -> bool:
        """Whether it has happened."""
        return self._disk is not None

    def plan(self, death: Death, occasion: int) -> None:
        """Die at the n-th occasion from now."""
        self._dies, self._saves = (death, occasion), 0
        if death not in (Death.BEFORE_SAVE, Death.AFTER_SAVE):
            self._lock.faults.once(Once(death.value), occasion=occasion)

    def survive(self) -> None:
        """Live on, if it has not happened yet."""
        self._dies = None
        if not self.dead:
            self._lock.faults.clear()

    def die(self) -> None:
        """Keep the disk as it is now, and let nothing through any more."""
        if self.dead:
            return
        self._disk = {key: deepcopy(value) for key, value in self._storage.items() if "smartlock" in key}
        self._lock.faults.once(Once.DISCONNECT_AT_REQUEST)
        self._home.go_out_of_range(self._lock)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look at every save and every fault of the radio."""
        save, record = Store.async_save, self._lock.journal.record
        world = self

        async def saved(store: Store[Any], data: Any) -> None:
            if not store.key.startswith("smartlock."):
                return await save(store, data)
            world._saves += 1
            if world._dies == (Death.BEFORE_SAVE, world._saves):
                world.die()
            if world.dead:
                # A dead process waits for ever, until it is buried.
                await world._buried.wait()
                return None
            await save(store, data)
            if world._dies == (Death.AFTER_SAVE, world._saves):
                world.die()
                await world._buried.wait()
            return None

        def recorded(kind: Kind, **facts: Any) -> None:
            record(kind, **facts)
            if kind is Kind.FAULT and world._dies is not None:
                world.die()

        with patch.object(Store, "async_save", saved), patch.object(self._lock.journal, "record", recorded):
            yield

    async def restart(self, entry: MockConfigEntry) -> None:
        """Bury the process and start another one with what was on the disk."""
        self._dies = None
        self._buried.set()
        await self._home.hass.config_entries.async_unload(entry.entry_id)
        if self._disk is not None:
            for key in [key for key in self._storage if "smartlock" in key]:
                del self._storage[key]
            self._storage.update(self._disk)
        self._disk = None
        self._lock.faults.clear()
        self._home.come_into_range(self._lock)
        assert await self._home.hass.config_entries.async_setup(entry.entry_id)
