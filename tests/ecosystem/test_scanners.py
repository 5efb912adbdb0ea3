"""Which of several scanners owns the lock, in the Bluetooth manager of Home Assistant, and what becomes of an action."""

import asyncio
from collections.abc import AsyncIterator

from homeassistant.components import bluetooth
import pytest

from simulator.local_adapter import LocalAdapter
from simulator.virtual_lock import Timing, VirtualLock
from tests.integration.home import Home

WIRED = "02:53:4D:4C:00:02"


@pytest.fixture
async def wired(home: Home) -> AsyncIterator[LocalAdapter]:
    """A second scanner, as a proxy in another network: it has its own address and its own way to Home Assistant."""
    adapter = LocalAdapter(home.radio, source=WIRED, connection_slots=3, rssi=-60)
    adapter.start(home.hass)
    yield adapter
    adapter.stop()


def owner(home: Home, lock: VirtualLock) -> str:
    """Return the source to which the manager gives the lock."""
    found = bluetooth.async_last_service_info(home.hass, lock.address, connectable=True)
    assert found is not None
    return found.source


def used(home: Home) -> list[str]:
    """Return over which scanners the lock was connected, in order."""
    found = []
    for each in home.radio.connections:
        assert isinstance(each.receiver, LocalAdapter)
        found.append(each.receiver.source)
    return found


@pytest.mark.parametrize(("difference", "changes"), [(16, False), (17, True)])
async def test_a_stronger_scanner_becomes_the_owner(
    home: Home, wired: LocalAdapter, *, difference: int, changes: bool
) -> None:
    """By more than 16 dB; a connection takes the way that is best now, whoever owns the lock."""
    lock = home.add_lock()
    home.radio.set_rssi(wired, lock.address, None)
    home.radio.set_rssi(home.adapter, lock.address, -80)
    await home.set_up(lock)
    assert owner(home, lock) == home.adapter.source
    home.radio.set_rssi(wired, lock.address, -80 + difference)
    await asyncio.sleep(5)
    assert (owner(home, lock) == wired.source) is changes
    await home.call("unlock")
    assert used(home)[-1] == wired.source
    assert len(lock.journal.motor_runs) == 1


@pytest.mark.parametrize("waiting", [False, True])
async def test_the_owner_falls_silent(home: Home, wired: LocalAdapter, *, waiting: bool) -> None:
    """An action takes the way that is left, at once; the other owns the lock within seconds, and nothing is unavailable."""
    lock = home.add_lock()
    home.radio.set_rssi(home.adapter, lock.address, -50)
    home.radio.set_rssi(wired, lock.address, -80)
    await home.set_up(lock)
    # So that the manager knows how often it advertises.
    await asyncio.sleep(60)
    assert owner(home, lock) == home.adapter.source
    home.go_out_of_range(lock)
    begin = home.now
    if waiting:
        await home.until(lambda: owner(home, lock) == wired.source)
        assert 5 < home.now - begin < 20
    assert home.state() == "locked"
    await home.call("unlock")
    assert home.now - begin < 25
    assert used(home)[-1] == wired.source
    assert home.state() == "unlocked"
    assert len(lock.journal.motor_runs) == 1


async def test_a_scanner_is_unplugged(home: Home, wired: LocalAdapter) -> None:
    """Between two actions, the next one goes over the other scanner at once."""
    lock = home.add_lock()
    home.radio.set_rssi(home.adapter, lock.address, -80)
    home.radio.set_rssi(wired, lock.address, -50)
    await home.set_up(lock)
    assert used(home)[-1] == wired.source
    wired.stop()
    begin = home.now
    await home.call("unlock")
    assert home.now - begin < 1
    assert used(home)[-1] == home.adapter.source
    assert len(lock.journal.motor_runs) == 1
    assert home.state() == "unlocked"


async def test_a_scanner_is_unplugged_in_the_middle(home: Home, wired: LocalAdapter) -> None:
    """While the bolt moves: the state is read back over the other one, and nothing is sent twice."""
    lock = home.add_lock(timing=Timing(advertising_interval=0.3))
    home.radio.set_rssi(home.adapter, lock.address, -80)
    home.radio.set_rssi(wired, lock.address, -50)
    await home.set_up(lock)
    calling = asyncio.create_task(home.call("unlock"))
    await home.until(lambda: lock.journal.motor_runs, within=10)
    wired.stop()
    await calling
    assert home.state() == "unlocked"
    assert used(home)[-1] == home.adapter.source
    assert len(lock.journal.motor_runs) == 1
    assert len(lock.journal.requests("LOCK_ACTION")) == 1
