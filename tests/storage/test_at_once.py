"""Several have something to store at the same time, and the disk is well."""

import asyncio
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store
import pytest

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.pairing.finished import EntryData, FinishedPairing, async_finished_pairings
from custom_components.smartlock.rules.stored import obj
from custom_components.smartlock.storage import DISK_FAILED, LockStore, NotStoredError, shared_store
from tests.storage.disks import SimulatedDisk

FRONT, BACK = "54:D2:72:00:00:01", "54:D2:72:00:00:02"


@pytest.fixture
def slow_disk(hass: HomeAssistant) -> Iterator[None]:
    """Let what is written be on disk a second before that is known."""
    write = Store._async_write_data

    async def slowly(store: Store[Any], data: dict[str, Any]) -> None:
        await write(store, data)
        await asyncio.sleep(1)

    # Not by the fixture `monkeypatch`, which ends after that of the store and would bring its stand-in back.
    with patch.object(Store, "_async_write_data", slowly):
        yield


def unconfirmed(address: str) -> FinishedPairing:
    """Return a pairing that the lock has granted and not confirmed yet."""
    data = EntryData(
        address=address,
        nuki_id=1,
        generation="gen3",
        client_type="bridge",
        app_id=42,
        authorization_id=7,
        shared_key="00" * 32,
    )
    return FinishedPairing(data=data, pin=None, confirmed=False)


def told(hass: HomeAssistant) -> bool:
    """Whether the repair about the disk is shown."""
    found = ir.async_get(hass).async_get_issue(DOMAIN, DISK_FAILED)
    return found is not None and found.active


@pytest.mark.usefixtures("slow_disk")
async def test_two_locks_are_paired(hass: HomeAssistant) -> None:
    """One confirms while the keys of the other are being written into the file that they share."""
    pairings = await async_finished_pairings(hass)
    await pairings.async_add(unconfirmed(FRONT))
    adding = hass.async_create_task(pairings.async_add(unconfirmed(BACK)))
    await asyncio.sleep(0.5)
    await pairings.async_confirm(FRONT)
    await adding
    assert not told(hass)
    store: LockStore[dict[str, Any]] = shared_store(hass, "pairings")
    stored = await store.async_load(obj)
    assert stored == {
        FRONT: {"data": unconfirmed(FRONT)["data"], "pin": None},
        BACK: {"data": unconfirmed(BACK)["data"], "pin": None, "confirmed": False},
    }


@pytest.mark.parametrize("files", [("one",), ("one", "two", "three")])
async def test_disk_that_is_mended_is_found_by_all(hass: HomeAssistant, files: tuple[str, ...]) -> None:
    """They have given up what they wanted to store, and test the disk with one file."""
    disk = SimulatedDisk()
    stores: list[LockStore[dict[str, Any]]] = [shared_store(hass, file) for file in files]
    disk.fail()
    for store in stores:
        with pytest.raises(NotStoredError):
            await store.async_save({})
    assert told(hass)
    disk.mend()
    await asyncio.gather(*(store._flush() for store in stores))
    assert [store.overdue for store in stores] == [False] * len(files)
    assert not told(hass)
