"""Setting up, unloading, removing, and starting again."""

import asyncio
from collections.abc import Callable
from typing import Any

from homeassistant.components.lock import LockState as View
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import CoreState
import pytest

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.runtime import SmartLockRuntime
from simulator.virtual_lock import quick
from tests.integration.home import Home

STORE = f"{DOMAIN}.pairings"


def stored(*addresses: str) -> dict[str, Any]:
    """Return the file of finished pairings; what stands in it does not matter here."""
    return {
        "version": 1,
        "minor_version": 1,
        "key": STORE,
        "data": {address: {"data": {"address": address}, "pin": None} for address in addresses},
    }


async def test_setup_needs_no_connection(home: Home) -> None:
    """Nor even a lock that is there."""
    lock = home.add_lock()
    home.go_out_of_range(lock)
    entry = home.entry(lock)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    await asyncio.sleep(60)
    assert home.radio.connections == []
    assert home.states() == {STATE_UNAVAILABLE}
    assert home.state("connection") == "not_heard"


async def test_restart_with_the_lock_asleep(home: Home) -> None:
    """What was known before does not count: the bolt may have moved since."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    assert home.state() == View.LOCKED
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    lock.power_off()
    await asyncio.sleep(600)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await asyncio.sleep(60)
    assert home.states() == {STATE_UNAVAILABLE}
    assert home.state("connection") == "not_heard"


async def test_restart_with_a_lock_that_does_not_answer(home: Home) -> None:
    """It is heard, so it is there; but nobody knows anything of it."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    lock.faults.silence = True
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.heard(lock)
    assert home.state("connection") == "not_read"
    await asyncio.sleep(60)
    assert home.states() == {STATE_UNKNOWN}
    assert home.state("connection") == "not_answering"


async def test_unload_lets_go_of_the_lock(home: Home) -> None:
    lock = home.add_lock(timing=quick(advertising_interval=2))
    entry = await home.set_up(lock, "bridge")
    await home.read()
    assert home.connected(lock)
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert not home.connected(lock)
    assert {state.state for state in home.hass.states.async_all()} == {STATE_UNAVAILABLE}
    # Neither the clock nor an advertisement makes it connect any more.
    began = len(lock.journal.connections)
    lock.turn_key("unlock")
    await asyncio.sleep(3600)
    assert len(lock.journal.connections) == began

    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.until(lambda: home.state() == View.UNLOCKED)


async def test_unload_in_the_middle_of_a_read(home: Home) -> None:
    """The read ends with the link, and nothing is left over."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    lock.faults.silence = True
    reading = home.hass.async_create_task(home.read())
    await asyncio.sleep(12)
    assert home.connected(lock)
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    assert not home.connected(lock)
    await reading


async def test_failed_unload_keeps_the_lock(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock)

    async def refuse(*_: object) -> bool:
        return False

    with monkeypatch.context() as context:
        context.setattr(home.hass.config_entries, "async_unload_platforms", refuse)
        assert not await home.hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.FAILED_UNLOAD
    await home.call("unlock")
    assert home.state() == View.UNLOCKED
    await entry.runtime_data.coordinator.client.close()


async def test_home_assistant_stops(home: Home) -> None:
    """The link does not stay open until the lock drops it."""
    lock = home.add_lock()
    await home.set_up(lock)
    await home.read()
    assert home.connected(lock)
    home.hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await home.hass.async_block_till_done()
    assert not home.connected(lock)


@pytest.mark.parametrize(
    ("state", "kept"),
    [(CoreState.running, True), (CoreState.starting, False), (CoreState.not_running, False)],
)
async def test_copy_of_the_keys_is_kept_until_the_entry_was_on_disk(
    home: Home, hass_storage: dict[str, Any], state: CoreState, kept: bool
) -> None:
    """An entry that is set up while Home Assistant starts was read from disk."""
    lock = home.add_lock()
    entry = home.entry(lock)
    other = "54:D2:72:00:00:01"
    hass_storage[STORE] = stored(lock.address, other)
    hass_storage[STORE]["data"][lock.address]["data"] = dict(entry.data)
    home.hass.set_state(state)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    home.hass.set_state(CoreState.running)
    assert sorted(hass_storage[STORE]["data"]) == sorted([lock.address] * kept + [other])
    assert await home.hass.config_entries.async_unload(entry.entry_id)


async def test_newer_keys_than_those_on_disk_are_adopted(home: Home, hass_storage: dict[str, Any]) -> None:
    """Home Assistant stopped between a second pairing and the writing of the entry."""
    lock = home.add_lock()
    entry = home.entry(lock)
    good = dict(entry.data)
    home.hass.config_entries.async_update_entry(entry, data=good | {"shared_key": bytes(32).hex()})
    hass_storage[STORE] = stored(lock.address)
    hass_storage[STORE]["data"][lock.address] = {"data": good, "pin": "7391"}
    home.hass.set_state(CoreState.starting)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    home.hass.set_state(CoreState.running)
    assert dict(entry.data) == good
    assert entry.options == {"pin": "7391"}
    # The entry is not on disk yet.
    assert list(hass_storage[STORE]["data"]) == [lock.address]
    await home.until(lambda: home.state() == View.LOCKED, within=10)


async def test_removing_forgets_the_keys(home: Home, hass_storage: dict[str, Any]) -> None:
    """The lock is let go, and still has the authorization, which only its owner can delete."""
    lock = home.add_lock()
    hass_storage[STORE] = stored(lock.address)
    entry = await home.set_up(lock)
    assert await home.hass.config_entries.async_remove(entry.entry_id)
    assert hass_storage[STORE]["data"] == {}
    assert home.hass.states.async_all() == []
    assert len(lock.authorizations) == 2


async def test_home_assistant_stops_in_the_middle_of_a_read(home: Home) -> None:
    """The read that fails with the link is no reason to read again."""
    lock = home.add_lock()
    await home.set_up(lock)
    lock.faults.silence = True
    reading = home.hass.async_create_task(home.read())
    await asyncio.sleep(12)
    assert home.connected(lock)
    home.hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await reading
    assert not home.connected(lock)
    began = len(lock.journal.connections)
    await asyncio.sleep(3600)
    assert len(lock.journal.connections) == began


async def test_what_needs_no_new_connection_reloads_nothing(home: Home) -> None:
    """The name that the owner gives it here, the security PIN, and what is looked up when it is needed."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    before, began = entry.runtime_data, len(lock.journal.connections)
    options = {"pin": "1234", "show_names": False, "restore_by_itself": True, "remove_expired": False}
    home.hass.config_entries.async_update_entry(entry, title="Another", options=options)
    await home.hass.async_block_till_done()
    assert entry.runtime_data is before
    assert len(lock.journal.connections) == began


async def test_what_the_set_up_is_made_from_reloads(home: Home) -> None:
    """Options and keys, from wherever they are changed."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    entries = home.hass.config_entries
    changes: list[Callable[[], bool]] = [
        lambda: entries.async_update_entry(entry, options={"idle_time": 3}),
        lambda: entries.async_update_entry(entry, data={**entry.data, "client_type": "bridge"}),
    ]
    for change in changes:
        before = entry.runtime_data
        assert change()
        await home.hass.async_block_till_done()
        assert entry.runtime_data is not before
        assert entry.state is ConfigEntryState.LOADED


async def test_what_changes_while_files_are_read_reloads(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = home.entry(home.add_lock())
    load = SmartLockRuntime.async_load

    async def slowly(runtime: SmartLockRuntime) -> None:
        home.hass.config_entries.async_update_entry(entry, options={"idle_time": 9.0})
        await load(runtime)

    with monkeypatch.context() as patch:
        patch.setattr(SmartLockRuntime, "async_load", slowly)
        await home.hass.config_entries.async_setup(entry.entry_id)
    await home.hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.coordinator.idle_time == 9.0
