"""What lasts: restarts, crashes, unloading and removing."""

import asyncio

import pytest

from simulator.demo.house import House
from simulator.demo.owner import DOMAIN, open_pairing_form
from simulator.virtual_lock import Kind
from tests.e2e.conftest import Mount
from tests.e2e.owned import OwnedLock, discovered, owned_lock, pair, tell


@pytest.mark.complaint("The lock cannot be reached")
async def test_after_a_restart_a_sleeping_lock_is_not_shown_as_before(owned: OwnedLock) -> None:
    home_assistant = owned.house.home_assistant
    owned.lock.power_off()
    usual = home_assistant.start_seconds
    await home_assistant.restart()

    timings = await owned.api.command("integration/setup_info")
    (seconds,) = (each["seconds"] for each in timings if each["domain"] == DOMAIN)
    tell(
        f"start of Home Assistant: {usual:.1f} s, with a lock out of reach"
        f" {home_assistant.start_seconds:.1f} s, of which {seconds:.1f} s for setting it up"
    )
    # Looking for a lock that is not there takes 20 s, and holds nobody up.
    assert seconds < 15
    (entry,) = await owned.api.entries(DOMAIN)
    # Setting up needs no connection.
    assert entry["state"] == "loaded"
    assert owned.state() in {"unknown", "unavailable"}
    # Somebody comes home while nobody listens.
    owned.lock.turn_key("unlock")
    await asyncio.sleep(5)
    assert owned.state() in {"unknown", "unavailable"}

    owned.lock.power_on()
    await owned.shows("lock", "unlocked", timeout=60)
    assert "locked" not in owned.shown_since(0)
    assert owned.motor_runs == []


async def test_after_a_restart_a_lock_in_reach_is_read(owned: OwnedLock) -> None:
    await owned.disconnect()
    await owned.house.home_assistant.stop()
    owned.lock.turn_key("unlock")
    await owned.house.home_assistant.start()

    await owned.shows("lock", "unlocked")
    assert "locked" not in owned.shown_since(0)
    await owned.call("lock")
    assert owned.motor_runs == ["LOCK"]


async def test_the_keys_survive_a_crash_right_after_pairing(house: House, mount: Mount) -> None:
    lock = mount()
    flow_id = await discovered(house, lock)
    await open_pairing_form(house.api, flow_id)
    await pair(house, lock, flow_id, client_type="app")
    await house.home_assistant.kill()
    await house.home_assistant.start()
    # Home Assistant writes its entries late, so this one is lost.
    assert await house.api.entries(DOMAIN) == []

    flow_id = await discovered(house, lock)
    await house.api.submit(flow_id)
    # The button need not be held again.
    result = await house.api.finish_progress(flow_id)
    assert result["type"] == "create_entry"
    owned = await owned_lock(house, lock, result)
    await owned.call("unlock")
    assert owned.motor_runs == ["UNLOCK"]
    assert len(lock.journal.of(Kind.AUTHORIZATION_ADDED)) == 1


async def test_an_unloaded_lock_is_let_go_and_comes_back(owned: OwnedLock) -> None:
    api = owned.api
    await api.set_entry_disabled(owned.entry_id, disabled=True)
    await api.wait_for("the entities to go", lambda: owned.state() in {"gone", "unavailable"})
    await owned.disconnect()
    before = len(owned.lock.journal.connections)
    owned.lock.turn_key("unlock")
    await asyncio.sleep(2)
    assert len(owned.lock.journal.connections) == before

    await api.set_entry_disabled(owned.entry_id, disabled=False)
    await owned.shows("lock", "unlocked")
    await owned.call("lock")
    assert owned.motor_runs == ["LOCK"]


async def test_nothing_of_a_removed_lock_stays(owned: OwnedLock) -> None:
    api, home_assistant = owned.api, owned.house.home_assistant
    await api.remove_entry(owned.entry_id)

    await api.wait_for("the entities to go", lambda: owned.state() == "gone")
    # The registries follow the states.
    async with asyncio.timeout(20):
        while await api.entries(DOMAIN) or await api.entity_ids(DOMAIN) or await api.devices(DOMAIN):
            await asyncio.sleep(0.1)
    assert home_assistant.storage("smartlock.pairings") == {}
    await owned.disconnect()
    # It can be added again.
    await discovered(owned.house, owned.lock)
