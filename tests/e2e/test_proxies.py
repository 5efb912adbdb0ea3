"""Several proxies near one lock: the stronger one is used, and another one when it is gone."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from simulator.demo.house import House
from simulator.esphome_proxy import VirtualProxy
from tests.e2e.conftest import Mount
from tests.e2e.owned import OwnedLock, add_bridge, add_proxy

STRONG, WEAK = -52, -84


@pytest_asyncio.fixture(loop_scope="package")
async def second(house: House) -> AsyncIterator[VirtualProxy]:
    """A second proxy, known to Home Assistant, that hears nothing yet."""
    proxy = VirtualProxy(house.radio, name="hall-proxy", mac="02:53:4D:4C:00:02", rssi=None)
    entry_id = await add_proxy(house, proxy)
    yield proxy
    await house.api.remove_entry(entry_id)
    await proxy.stop()
    house.radio.remove_receiver(proxy)


def used(owned: OwnedLock) -> str:
    """Return the name of the proxy over which the lock was connected last."""
    link = [each for each in owned.house.radio.connections if each.address == owned.lock.address][-1]
    assert isinstance(link.receiver, VirtualProxy)
    assert link.connected is not None
    return link.receiver.name


async def test_stronger_proxy_is_used_and_replaced(house: House, mount: Mount, second: VirtualProxy) -> None:
    lock = mount()
    house.radio.set_rssi(house.proxy, lock.address, WEAK)
    house.radio.set_rssi(second, lock.address, STRONG)
    owned = await add_bridge(house, lock)
    await owned.disconnect()
    await owned.call("unlock")
    assert used(owned) == second.name

    # Somebody pulls its plug, while nobody is connected.
    await owned.disconnect()
    await second.stop()
    await owned.call("lock")
    assert used(owned) == house.proxy.name
    assert owned.state() == "locked"
    await owned.disconnect()
    lock.turn_key("unlock")
    await owned.shows("lock", "unlocked")
    assert used(owned) == house.proxy.name
    assert owned.motor_runs == ["UNLOCK", "LOCK"]
    assert owned.rules_broken == []


async def test_proxy_that_dies_in_the_middle_of_an_action(
    house: House, mount: Mount, second: VirtualProxy
) -> None:
    """The other one reads back what became of it; the bolt moves once."""
    lock = mount()
    house.radio.set_rssi(house.proxy, lock.address, WEAK)
    house.radio.set_rssi(second, lock.address, STRONG)
    owned = await add_bridge(house, lock)
    await owned.disconnect()
    task = asyncio.create_task(owned.call("unlock"))
    async with asyncio.timeout(20):
        while not owned.motor_runs:
            await asyncio.sleep(0.01)
    await second.stop()
    await task
    assert owned.state() == "unlocked"
    assert used(owned) == house.proxy.name
    assert owned.motor_runs == ["UNLOCK"]
