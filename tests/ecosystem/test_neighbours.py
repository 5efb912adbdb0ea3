"""Other integrations of Bluetooth devices next to ours, with their own code and on the same radio."""

from homeassistant.components import bluetooth
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from tests.auto_unlock.arrivals import IRK, resident
from tests.integration.home import Home


async def beside(hass: HomeAssistant, domain: str, **data: object) -> MockConfigEntry:
    """Set up another integration."""
    entry = MockConfigEntry(domain=domain, title=domain, data=data, unique_id=domain)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


def entities(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    """Return the states of the entities of an entry."""
    found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return {each.entity_id: state.state for each in found if (state := hass.states.get(each.entity_id))}


async def act(home: Home) -> None:
    """Unlock and lock; the link and the radio are the same as alone."""
    await home.call("unlock")
    await home.call("lock")
    assert home.state() == "locked"


async def test_ibeacon(home: Home) -> None:
    """IBeacon Tracker makes nothing of the lock, a beacon whose name is not heard; nothing of ours changes."""
    lock = home.add_lock()
    tracker = await beside(home.hass, "ibeacon")
    await home.set_up(lock)
    before = len(lock.journal.connections)
    await act(home)
    assert [entry.facts["action"] for entry in lock.journal.motor_runs] == ["UNLOCK", "LOCK"]
    assert len(lock.journal.connections) == before + 1
    assert entities(home.hass, tracker) == {}
    assert await home.hass.config_entries.async_unload(tracker.entry_id)
    await act(home)
    # Nor does ours take the beacon from the other.
    assert await home.hass.config_entries.async_setup(tracker.entry_id)
    assert await home.hass.config_entries.async_unload(home.last_entry_id)
    assert bluetooth.async_address_present(home.hass, lock.address)
    assert await home.hass.config_entries.async_setup(home.last_entry_id)


@pytest.mark.parametrize("first", [DOMAIN, "private_ble_device"])
async def test_private_ble_device(home: Home, first: str) -> None:
    """Both follow the same phone by the same key, whichever was set up first; the rule unlocks once."""
    other = None
    if first == "private_ble_device":
        other = await beside(home.hass, "private_ble_device", irk=IRK.hex())
    async with resident(home) as anna:
        other = other or await beside(home.hass, "private_ble_device", irk=IRK.hex())
        await anna.sleep(30)
        shown = entities(home.hass, other)
        tracker = next(each for each in shown if each.startswith("device_tracker."))
        assert shown[tracker] == "home"
        await anna.leave()
        assert entities(home.hass, other)[tracker] == "not_home"
        await anna.arrive()
        assert anna.runs == ["UNLOCK"]
        assert anna.told == [("fired", "done")]
        assert entities(home.hass, other)[tracker] == "home"
