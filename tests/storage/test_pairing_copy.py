"""Keys between the moment in which the lock grants them and the moment in which the config entry is on disk."""

import asyncio
from copy import deepcopy
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import CoreState
from homeassistant.data_entry_flow import FlowResultType
import pytest

from custom_components.smartlock.const import DOMAIN
from simulator.lock.faults import Once
from simulator.virtual_lock import Kind, VirtualLock
from tests.integration.home import NUKI_ID, PINS, Home

STORE = f"{DOMAIN}.pairings"
ENTRIES = "core.config_entries"


def on_disk_at(home: Home, lock: VirtualLock, stored: dict[str, Any], command: str) -> list[Any]:
    """Return a list that gets what is on disk whenever the lock is sent a command."""
    record, seen = lock.journal.record, []

    def recorded(kind: Kind, **facts: Any) -> None:
        if kind is Kind.REQUEST and facts["command"] == command:
            seen.append(deepcopy(stored.get(STORE, {"data": {}})["data"]))
        record(kind, **facts)

    lock.journal.record = recorded  # type: ignore[method-assign]
    return seen


@pytest.mark.parametrize("model", ["gen2", "gen3", "gen4"])
async def test_on_disk_before_the_confirmation(home: Home, hass_storage: dict[str, Any], model: str) -> None:
    lock = home.add_lock(model)
    seen = on_disk_at(home, lock, hass_storage, "AUTHORIZATION_ID_CONFIRMATION")
    flow = await home.submit(await home.submit(await home.discovered(lock)), client_type="app")
    lock.enter_pairing_mode()
    flow = await home.progressed(flow)
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    (before,) = seen
    ours = list(lock.authorizations)[1]
    kept = before[lock.address]
    assert kept["data"]["shared_key"] == ours.session.shared_key.hex()
    assert kept["data"]["authorization_id"] == ours.session.authorization_id
    assert kept["confirmed"] is False
    assert "confirmed" not in hass_storage[STORE]["data"][lock.address]


async def test_killed_before_the_confirmation(home: Home, hass_storage: dict[str, Any]) -> None:
    """A lock that is set up goes on with the keys that it has: the others may be worth nothing."""
    lock = home.add_lock()
    entry = home.entry(lock)
    good = dict(entry.data)
    new = {"data": good | {"shared_key": bytes(32).hex()}, "pin": None, "confirmed": False}
    hass_storage[STORE] = {"version": 1, "minor_version": 1, "key": STORE, "data": {lock.address: new}}
    home.hass.set_state(CoreState.starting)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    home.hass.set_state(CoreState.running)
    assert dict(entry.data) == good
    await home.until(lambda: home.state() == "locked", within=10)


async def test_killed_after_the_confirmation(home: Home, hass_storage: dict[str, Any]) -> None:
    """The lock knows the new keys only: the dialog takes them, and nobody holds the button."""
    lock = home.add_lock()
    entry = home.entry(lock)
    good = dict(entry.data)
    new = {"data": good, "pin": None, "confirmed": False}
    hass_storage[STORE] = {"version": 1, "minor_version": 1, "key": STORE, "data": {lock.address: new}}
    home.hass.config_entries.async_update_entry(entry, data=good | {"shared_key": bytes(32).hex()})
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    flow = await home.hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_REAUTH, "entry_id": entry.entry_id}, data={}
    )
    flow = await home.progressed(await home.submit(flow))
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    assert dict(entry.data) == good
    await home.until(lambda: home.state() == "locked")
    assert lock.journal.of(Kind.AUTHORIZATION_ADDED)[1:] == []


async def test_new_lock_whose_confirmation_was_lost(home: Home, hass_storage: dict[str, Any]) -> None:
    """What the lock has granted is found again by the next dialog, if it counts."""
    lock = home.add_lock()
    session = home.authorize(lock).session
    data = {
        "address": lock.address,
        "nuki_id": NUKI_ID,
        "generation": "gen1-4",
        "client_type": "app",
        "app_id": 0x1CE1CEBA,
        "authorization_id": session.authorization_id,
        "shared_key": session.shared_key.hex(),
    }
    hass_storage[STORE] = {
        "version": 1,
        "minor_version": 1,
        "key": STORE,
        "data": {lock.address: {"data": data, "pin": None, "confirmed": False}},
    }
    flow = await home.progressed(await home.submit(await home.discovered(lock)))
    assert flow["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("model", ["gen3", "ultra"])
async def test_the_copy_goes_when_the_entry_is_on_disk(
    home: Home, hass_storage: dict[str, Any], model: str
) -> None:
    lock = home.add_lock(model)
    fields = {"pin": str(PINS["ultra"])} if model == "ultra" else {"client_type": "app"}
    flow = await home.submit(await home.submit(await home.discovered(lock)), **fields)
    lock.enter_pairing_mode()
    flow = await home.progressed(flow)
    assert lock.address in hass_storage[STORE]["data"]
    assert ENTRIES not in hass_storage
    await asyncio.sleep(90)
    assert lock.address in str(hass_storage[ENTRIES])
    assert hass_storage[STORE]["data"] == {}


async def test_the_copy_stays_as_long_as_the_entry_is_not_there(
    home: Home, hass_storage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = home.add_lock()
    flow = await home.submit(await home.submit(await home.discovered(lock)), client_type="app")
    lock.enter_pairing_mode()
    manager = home.hass.config_entries
    with monkeypatch.context() as context:
        context.setattr(manager, "_async_schedule_save", lambda: None)
        await home.progressed(flow)
        await asyncio.sleep(3600)
        assert lock.address in hass_storage[STORE]["data"]
    manager._async_schedule_save()
    await asyncio.sleep(700)
    assert hass_storage[STORE]["data"] == {}


async def test_the_copy_of_a_new_pin_goes_too(home: Home, hass_storage: dict[str, Any]) -> None:
    """It stands there in clear."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=str(PINS["gen3"]))
    await entry.runtime_data.pin.async_set("2345")
    file = f"{DOMAIN}.{NUKI_ID:08X}.pin"
    assert hass_storage[file]["data"]["new_pin"] == "2345"
    await asyncio.sleep(90)
    assert hass_storage[file]["data"]["new_pin"] is None
    assert entry.options["pin"] == "2345"
    assert home.state("pin_state") == "valid"


async def test_a_lost_link_after_the_grant(home: Home, hass_storage: dict[str, Any]) -> None:
    """The lock has not been told: it is asked again, and only one authorization remains."""
    lock = home.add_lock()
    flow = await home.submit(await home.submit(await home.discovered(lock)), client_type="app")
    lock.faults.once(Once.DISCONNECT_AT_REQUEST, occasion=5)
    lock.enter_pairing_mode()
    flow = await home.progressed(flow)
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    ours = [each for each in lock.authorizations if each.name == "Home Assistant"]
    assert [each.session.shared_key.hex() for each in ours] == [flow["result"].data["shared_key"]]
