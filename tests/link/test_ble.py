"""The transport over Home Assistant's Bluetooth: connects through adapters, and its errors are ours."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from bleak.exc import BleakDeviceNotFoundError, BleakError
from homeassistant.components import bluetooth
from homeassistant.helpers.translation import async_get_translations
import pytest

from custom_components.smartlock.client.ble import BleTransport
from custom_components.smartlock.client.transport import Link
from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.link.advertisements import freshest_device
from custom_components.smartlock.link.reachability import reachability
from custom_components.smartlock.link.slots import slots_taken
from custom_components.smartlock.protocol.errors import (
    LinkLostError,
    NoFreeSlotError,
    OutOfRangeError,
    UnreachableError,
)
from simulator.local_adapter import RadioClient
from simulator.virtual_lock import VirtualLock
from tests.integration.home import Home

DEVICE_NAME = "00002a00-0000-1000-8000-00805f9b34fb"
NOT_RECEIVED = "No Bluetooth adapter or proxy receives the lock."
NOWHERE = "0000dead-0000-1000-8000-00805f9b34fb"


class Central:
    """A transport with what it was told."""

    def __init__(self, home: Home, lock: VirtualLock) -> None:
        self.values: list[tuple[str, bytes]] = []
        self.lost = 0
        self.transport = BleTransport(
            name="Nuki",
            device=freshest_device(home.hass, lock.address),
            explain=reachability(home.hass, lock.address),
            full=slots_taken(home.hass, lock.address),
        )

    async def connect(self) -> Link:
        def on_lost() -> None:
            self.lost += 1

        return await self.transport.connect(
            on_value=lambda uuid, value: self.values.append((uuid, value)), on_lost=on_lost
        )


@pytest.fixture
async def lock(home: Home) -> VirtualLock:
    lock = home.add_lock()
    await home.heard(lock)
    return lock


@pytest.fixture
def central(home: Home, lock: VirtualLock) -> Central:
    return Central(home, lock)


@pytest.fixture(autouse=True)
async def texts(home: Home) -> None:
    """Load what errors are explained with, as dialogs and locks that are set up do."""
    await async_get_translations(home.hass, home.hass.config.language, "selector", [DOMAIN])


async def test_whole_way(home: Home, lock: VirtualLock, central: Central) -> None:
    dialect = lock.model.dialect
    link = await central.connect()
    assert {dialect.pairing_service, dialect.keyturner_service} <= link.services
    await link.subscribe(dialect.pairing_gdio)
    # Anything at all: outside pairing mode the lock refuses it.
    await link.write(dialect.pairing_gdio, bytes(40))
    await home.until(lambda: central.values)
    assert {uuid for uuid, _ in central.values} == {dialect.pairing_gdio}
    await link.close()
    assert not home.connected(lock)
    # To close is our own doing, and can be done again.
    await link.close()
    assert central.lost == 0


async def assert_lost(link: Link, characteristic: str) -> None:
    """Assert that nothing can be done with a link any more."""
    with pytest.raises(LinkLostError):
        await link.write(characteristic, b"?")
    with pytest.raises(LinkLostError):
        await link.subscribe(characteristic)
    with pytest.raises(LinkLostError):
        assert link.services


async def test_closed_link_is_of_no_use(central: Central, lock: VirtualLock) -> None:
    link = await central.connect()
    await link.close()
    await assert_lost(link, lock.model.dialect.keyturner_usdio)


@pytest.mark.parametrize("power_cut", [True, False])
async def test_link_that_ends_by_itself(
    home: Home, central: Central, lock: VirtualLock, power_cut: bool
) -> None:
    link = await central.connect()
    if power_cut:
        lock.power_off()
    else:
        home.go_out_of_range(lock)
    await home.until(lambda: central.lost)
    await assert_lost(link, lock.model.dialect.keyturner_usdio)
    await link.close()
    assert central.lost == 1


async def test_lock_that_was_never_heard(home: Home) -> None:
    nobody = VirtualLock("gen3", nuki_id=1)
    with pytest.raises(UnreachableError) as caught:
        await Central(home, nobody).connect()
    assert caught.value.reason == NOT_RECEIVED


@pytest.mark.parametrize("connect_timeout", [0.0, 30.0])
async def test_lock_that_does_not_answer_any_more(
    home: Home, central: Central, lock: VirtualLock, connect_timeout: float
) -> None:
    """Whether the radio gives up or bleak does."""
    home.go_out_of_range(lock)
    home.radio.timing = replace(home.radio.timing, connect_timeout=connect_timeout)
    began = home.now
    with pytest.raises(UnreachableError) as caught:
        await central.connect()
    assert caught.value.reason.endswith(" receives the lock with -60 dBm.")
    assert 1 <= len(home.radio.connections) <= 4
    assert home.now - began < 46


async def test_no_slot(home: Home, central: Central) -> None:
    for each in range(5):
        home.adapter.claim(RadioClient(f"AA:00:00:00:00:0{each}", adapter=home.adapter))
    began = home.now
    with pytest.raises(NoFreeSlotError) as caught:
        await central.connect()
    assert caught.value.reason.endswith(" receives the lock with -60 dBm.")
    # It was waited for, and nobody was asked in vain.
    assert 5 < home.now - began < 15
    assert home.radio.connections == []


async def test_lock_that_is_not_heard_any_more(home: Home, central: Central, lock: VirtualLock) -> None:
    """Told at once, although Home Assistant remembers its advertisements for minutes."""
    home.go_out_of_range(lock)
    await asyncio.sleep(240)
    assert bluetooth.async_address_present(home.hass, lock.address)
    began = home.now
    with pytest.raises(OutOfRangeError) as caught:
        await central.connect()
    assert home.now == began
    assert caught.value.reason == NOT_RECEIVED
    assert home.radio.connections == []


async def test_lock_that_falls_silent_while_it_is_tried(
    home: Home, central: Central, lock: VirtualLock
) -> None:
    home.go_out_of_range(lock)
    home.radio.timing = replace(home.radio.timing, connect_timeout=10.0)
    await asyncio.sleep(190)
    began = home.now
    with pytest.raises(OutOfRangeError):
        await central.connect()
    assert home.now - began < 25


PASSING = [
    "ESP_GATT_CONN_FAIL_ESTABLISH",
    "le-connection-abort-by-local",
    "ESP_GATT_ERROR",
    "No backend with an available connection slot that can reach address was found",
]


@pytest.mark.parametrize("takes", [0.0, 9.0], ids=["at once", "slowly"])
@pytest.mark.parametrize("message", PASSING)
async def test_attempts_are_bounded_whatever_goes_wrong(
    home: Home, central: Central, monkeypatch: pytest.MonkeyPatch, message: str, takes: float
) -> None:
    """Only the slots themselves say that all of them are in use."""
    attempts: list[float] = []

    async def fail(*args: object, **kwargs: object) -> None:
        attempts.append(home.now)
        await asyncio.sleep(takes)
        raise BleakError(message)

    monkeypatch.setattr(RadioClient, "connect", fail)
    began = home.now
    with pytest.raises(UnreachableError) as caught:
        await central.connect()
    assert not isinstance(caught.value, NoFreeSlotError)
    assert 2 <= len(attempts) <= 4
    assert home.now - began < 46


@pytest.mark.parametrize("takes", [18.0, 25.0, 40.0])
async def test_one_attempt_may_take_long(home: Home, central: Central, takes: float) -> None:
    """Weak signals and slow proxies; it is not thrown away for another one that begins at the start."""
    home.radio.timing = replace(home.radio.timing, connect=takes)
    began = home.now
    link = await central.connect()
    assert home.now - began == pytest.approx(takes, abs=1)
    assert len(home.radio.connections) == 1
    await link.close()


async def test_slot_that_becomes_free_is_taken_at_once(home: Home, central: Central) -> None:
    others = [RadioClient(f"AA:00:00:00:00:0{each}", adapter=home.adapter) for each in range(5)]
    for each in others:
        home.adapter.claim(each)
    connecting = asyncio.create_task(central.connect())
    await asyncio.sleep(3)
    home.adapter.release(others[0])
    await asyncio.sleep(0.5)
    assert connecting.done()
    await (await connecting).close()


async def test_last_slot_that_another_lock_takes_first(
    home: Home, central: Central, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes second waits for the next one, as if it had been told before that all are taken."""
    others = [RadioClient(f"AA:00:00:00:00:0{each}", adapter=home.adapter) for each in range(5)]
    for each in others[:4]:
        home.adapter.claim(each)
    connect = RadioClient.connect

    async def outrun(*args: Any, **options: Any) -> None:
        monkeypatch.setattr(RadioClient, "connect", connect)
        home.adapter.claim(others[4])
        raise BleakError("No backend with an available connection slot that can reach address was found")

    monkeypatch.setattr(RadioClient, "connect", outrun)
    connecting = asyncio.create_task(central.connect())
    await asyncio.sleep(9)
    assert not connecting.done()
    home.adapter.release(others[0])
    await (await connecting).close()


async def test_request_that_is_refused(central: Central) -> None:
    """A name can be read, not written."""
    link = await central.connect()
    with pytest.raises(LinkLostError):
        await link.write(DEVICE_NAME, b"Mine")
    await link.close()


@pytest.mark.parametrize("characteristic", [NOWHERE, DEVICE_NAME])
@pytest.mark.parametrize(
    "use",
    [lambda link, at: link.subscribe(at), lambda link, at: link.write(at, b"?")],
    ids=["subscribe", "write"],
)
async def test_services_that_were_remembered_wrongly(
    home: Home,
    central: Central,
    lock: VirtualLock,
    use: Callable[[Link, str], Awaitable[None]],
    characteristic: str,
) -> None:
    """They are forgotten, so that the next connection discovers them again.

    Something else may be where a characteristic was before a new firmware, and it refuses what it is asked for.
    """
    link = await central.connect()
    assert home.adapter.discovered == {lock.address}
    with pytest.raises(LinkLostError):
        await use(link, characteristic)
    assert home.adapter.discovered == set()
    await link.close()
    await (await central.connect()).close()
    first, second = home.radio.connections
    refused = int(characteristic == DEVICE_NAME)
    assert first.traffic.requests - refused == second.traffic.requests


async def test_services_are_forgotten_on_request(home: Home, central: Central, lock: VirtualLock) -> None:
    link = await central.connect()
    assert home.adapter.discovered == {lock.address}
    await link.forget_services()
    assert home.adapter.discovered == set()
    await link.close()
    await link.forget_services()


class Forgotten:
    """A transport to a lock that is forgotten with its services, as BlueZ does until the next advertisement."""

    def __init__(self, home: Home, lock: VirtualLock) -> None:
        self.unknown_until = 0.0
        self.loop = asyncio.get_running_loop()
        device = freshest_device(home.hass, lock.address)
        self.transport = BleTransport(
            name="Nuki",
            device=lambda: device() if self.loop.time() >= self.unknown_until else None,
            explain=reachability(home.hass, lock.address),
        )

    async def connect(self) -> Link:
        return await self.transport.connect(on_value=lambda uuid, value: None, on_lost=lambda: None)

    async def forget(self) -> None:
        link = await self.connect()
        await link.forget_services()
        await link.close()

    async def is_out_of_range_after(self) -> float:
        begin = self.loop.time()
        with pytest.raises(OutOfRangeError):
            await self.connect()
        return self.loop.time() - begin


async def test_a_lock_that_is_forgotten_with_its_services_is_waited_for(
    home: Home, lock: VirtualLock
) -> None:
    forgotten = Forgotten(home, lock)
    await forgotten.forget()
    forgotten.unknown_until = forgotten.loop.time() + 3
    await (await forgotten.connect()).close()
    assert forgotten.loop.time() >= forgotten.unknown_until


async def test_a_forgotten_lock_may_still_be_listed_for_a_moment(
    home: Home, lock: VirtualLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt fails then, and the lock is unknown only afterwards."""
    forgotten = Forgotten(home, lock)
    await forgotten.forget()
    connect, attempts = RadioClient.connect, []

    async def removed(client: RadioClient, *args: Any, **options: Any) -> None:
        attempts.append(client)
        if len(attempts) > 1:
            return await connect(client, *args, **options)
        forgotten.unknown_until = forgotten.loop.time() + 6
        raise BleakDeviceNotFoundError(lock.address, "It may have been removed from BlueZ.")

    monkeypatch.setattr(RadioClient, "connect", removed)
    await (await forgotten.connect()).close()
    assert len(attempts) == 2


async def test_a_forgotten_lock_is_not_waited_for_in_vain(home: Home, lock: VirtualLock) -> None:
    forgotten = Forgotten(home, lock)
    await forgotten.forget()
    forgotten.unknown_until = forgotten.loop.time() + 3600
    assert 5 < await forgotten.is_out_of_range_after() < 15
    # Nor again, since it was forgotten long ago by now.
    assert await forgotten.is_out_of_range_after() < 1


async def test_disconnecting_that_fails(
    home: Home, central: Central, lock: VirtualLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing that could be done about it."""
    link = await central.connect()

    async def fail(_: RadioClient) -> None:
        raise BleakError("the adapter is gone")

    with monkeypatch.context() as context:
        context.setattr(RadioClient, "disconnect", fail)
        await link.close()
    await assert_lost(link, lock.model.dialect.keyturner_usdio)
