"""The file that keeps finished pairings."""

import asyncio
from typing import Any

from homeassistant.core import HomeAssistant

from custom_components.smartlock.pairing.finished import EntryData, FinishedPairing, async_finished_pairings

ADDRESS = "54:D2:72:C3:35:C5"
FILE = "smartlock.pairings"
PAIRING = FinishedPairing(
    data=EntryData(
        address=ADDRESS,
        nuki_id=0x33C335C5,
        generation="gen1-4",
        client_type="app",
        app_id=42,
        authorization_id=7,
        shared_key="00" * 32,
    ),
    pin="123456",
)


async def test_is_on_disk_when_added(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    """Not some seconds later, as config entries are."""
    pairings = await async_finished_pairings(hass)
    assert pairings.get(ADDRESS) is None
    await pairings.async_add(PAIRING)
    assert hass_storage[FILE]["data"] == {ADDRESS: PAIRING}
    assert pairings.get(ADDRESS) == PAIRING


async def test_is_not_on_disk_when_discarded(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    hass_storage[FILE] = {"version": 1, "minor_version": 1, "key": FILE, "data": {ADDRESS: PAIRING}}
    pairings = await async_finished_pairings(hass)
    assert pairings.get(ADDRESS) == PAIRING
    await pairings.async_discard(ADDRESS)
    assert pairings.get(ADDRESS) is None
    assert hass_storage[FILE]["data"] == {}


async def test_is_not_written_for_nothing(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    await (await async_finished_pairings(hass)).async_discard(ADDRESS)
    assert FILE not in hass_storage


async def test_is_read_once(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    """Two that ask at the same time share what they get."""
    hass_storage[FILE] = {"version": 1, "minor_version": 1, "key": FILE, "data": {ADDRESS: PAIRING}}
    first, second = await asyncio.gather(async_finished_pairings(hass), async_finished_pairings(hass))
    assert first is second
    await first.async_discard(ADDRESS)
    assert (await async_finished_pairings(hass)).get(ADDRESS) is None
