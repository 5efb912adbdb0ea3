"""Somebody plays again what the lock has said: nothing of it is shown, told as done or counted."""

import asyncio
from typing import Any

from homeassistant.components.lock import LockState as View
from homeassistant.const import STATE_UNKNOWN
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.smartlock.link.memory import FIRST_SAVE_DELAY, SAVE_DELAY
from simulator.impostor import replay
from simulator.virtual_lock import Jam, Kind, Timing, quick
from tests.integration.home import Home
from tests.link.impostors import replaced, returned, watched

STORE = "smartlock.33C335C5.link"
SLOW = quick(advertising_interval=2)


async def disconnect(home: Home, lock: Any) -> None:
    """Wait until nobody is connected."""
    await home.until(lambda: not home.connected(lock))


@pytest.mark.parametrize("restart", [False, True], ids=["running", "restarted"])
@pytest.mark.parametrize(("model", "client_type"), [("gen3", "app"), ("gen3", "bridge"), ("ultra", None)])
async def test_action_that_an_impostor_plays(
    home: Home, model: str, client_type: str | None, restart: bool
) -> None:
    """Told as a failure, never shown as locked, for as long as the impostor stays."""
    lock = home.add_lock(model, timing=SLOW, locked=False)
    entry = await home.set_up(lock, client_type)
    listener = await watched(home, lock)
    await home.call("lock")
    await disconnect(home, lock)
    links = list(listener.links)
    lock.turn_key("unlock")
    await home.read()
    await disconnect(home, lock)
    assert home.state() == View.UNLOCKED
    if restart:
        assert await home.hass.config_entries.async_unload(entry.entry_id)
    impostor = await replaced(home, lock, replay(*links))
    if restart:
        assert await home.hass.config_entries.async_setup(entry.entry_id)
        await home.heard(lock)
    shown: list[str] = []
    home.hass.bus.async_listen("state_changed", lambda event: shown.append(event.data["new_state"].state))
    for _ in range(3):
        with pytest.raises(HomeAssistantError):
            await home.call("lock")
        await home.read()
        await asyncio.sleep(120)
    assert impostor.connections > 3
    assert View.LOCKED not in shown
    assert home.state() == STATE_UNKNOWN
    assert len(lock.journal.motor_runs) == 1
    await returned(home, lock)
    await home.until(lambda: home.state() == View.UNLOCKED, within=3600)


async def test_fault_that_an_impostor_plays(home: Home) -> None:
    lock = home.add_lock(timing=Timing())
    entry = await home.set_up(lock)
    listener = await watched(home, lock)
    lock.jam(Jam.CLUTCH)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    await disconnect(home, lock)
    link = listener.links[-1]
    lock.repair()
    await home.call("unlock")
    await home.call("lock")
    await disconnect(home, lock)
    assert home.state("clutch_fault") == "off"
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    await replaced(home, lock, replay(link))
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.heard(lock)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    assert home.state("clutch_fault") != "on"


async def test_it_is_stored_now_and_then(home: Home, hass_storage: dict[str, Any]) -> None:
    """Soon after a start, each hour, and at the end; and it goes with the lock."""
    lock = home.add_lock(timing=SLOW)
    entry = await home.set_up(lock)
    assert STORE not in hass_storage
    await asyncio.sleep(FIRST_SAVE_DELAY + 5)
    first = hass_storage[STORE]["data"]
    assert first["time"] is not None
    await home.read()
    await asyncio.sleep(SAVE_DELAY / 2)
    assert hass_storage[STORE]["data"] == first
    await asyncio.sleep(SAVE_DELAY)
    later = hass_storage[STORE]["data"]
    assert later["nonces"].startswith(first["nonces"])
    assert len(later["nonces"]) > len(first["nonces"])
    await home.read()
    await home.hass.config_entries.async_unload(entry.entry_id)
    assert len(hass_storage[STORE]["data"]["nonces"]) > len(later["nonces"])
    await home.hass.config_entries.async_remove(entry.entry_id)
    assert STORE not in hass_storage


@pytest.mark.parametrize("stored", [[], {}, "x", {"nonces": 1}, {"nonces": "zz", "time": 3}])
async def test_damaged_file(
    home: Home, hass_storage: dict[str, Any], caplog: pytest.LogCaptureFixture, stored: Any
) -> None:
    """The lock has to prove itself; it is set up and works all the same."""
    hass_storage[STORE] = {"version": 1, "minor_version": 1, "key": STORE, "data": stored}
    lock = home.add_lock(timing=SLOW)
    await home.set_up(lock)
    assert home.state() == View.LOCKED
    assert lock.journal.of(Kind.REQUEST, requested="BATTERY_REPORT")
    assert "cannot be read" in caplog.text
    await home.call("unlock")
    assert home.state() == View.UNLOCKED


async def test_lock_that_has_lost_its_clock_is_shown_at_once(home: Home) -> None:
    """A change of batteries is no attack."""
    lock = home.add_lock(timing=quick(advertising_interval=2, boot_run=1))
    await home.set_up(lock)
    lock.swap_batteries(lose=("clock",))
    lock.turn_key("unlock")
    await home.read()
    assert home.state() == View.UNLOCKED
    await home.call("lock")
    assert home.state() == View.LOCKED
