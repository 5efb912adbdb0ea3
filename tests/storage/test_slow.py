"""On a disk that takes its time: what happens while it writes is not lost."""

import asyncio
from typing import Any

from homeassistant.core import HomeAssistant

from custom_components.smartlock.storage import LockStore, shared_store
from tests.storage.disks import slow_disk


async def on_disk(store: LockStore[dict[str, Any]]) -> Any:
    """Return what the next start of Home Assistant would find."""
    store.async_forget()
    return await store.async_load(lambda stored: stored)


async def test_newer_data_are_written_behind_older_ones(hass: HomeAssistant) -> None:
    """They came while the older ones were written that something waited for."""
    store: LockStore[dict[str, Any]] = shared_store(hass, "slow")
    with slow_disk():
        older = asyncio.create_task(store.async_save({"number": 1}))
        await asyncio.sleep(0.1)
        assert await store.async_try_save(lambda: {"number": 2})
        await older
    assert await on_disk(store) == {"number": 2}


async def test_newer_data_that_can_wait_are_not_forgotten(hass: HomeAssistant) -> None:
    store: LockStore[dict[str, Any]] = shared_store(hass, "slow")
    with slow_disk():
        older = asyncio.create_task(store.async_save({"number": 1}))
        await asyncio.sleep(0.1)
        store.async_save_later(lambda: {"number": 2}, 10)
        await older
        await asyncio.sleep(20)
    assert await on_disk(store) == {"number": 2}
