"""What the virtual lock broadcasts, read byte by byte."""

import asyncio
from collections.abc import Iterator
import random
from uuid import UUID

import pytest

from simulator.gatt import ConnectRefusedError
from simulator.virtual_lock import VirtualLock
from simulator.virtual_time import run
from tests.simulator.hand_client import NUKI_ID, HandClient, new_lock, paired
from tests.vectors import VECTORS, vector_bytes

FLAGS, SERVICES, NAME, SERVICE_DATA, MANUFACTURER_DATA = 0x01, 0x07, 0x09, 0x21, 0xFF
APPLE = b"\x4c\x00"


def structures(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and data of every AD structure; they must fill the packet exactly."""
    assert len(data) <= 31
    while data:
        size = data[0]
        assert 1 <= size < len(data) + 1
        yield data[1], data[2 : size + 1]
        data = data[size + 1 :]


def events(lock: VirtualLock, count: int) -> list[dict[int, bytes]]:
    advertisements = [lock.advertise() for _ in range(count)]
    return [dict(structures(event.data)) for event in advertisements if event is not None]


def beacon(lock: VirtualLock) -> bytes:
    """Return the manufacturer data of the next iBeacon, without the company id."""
    data = next(event[MANUFACTURER_DATA] for event in events(lock, 3) if MANUFACTURER_DATA in event)
    assert data.startswith(APPLE)
    return data[2:]


@pytest.mark.parametrize(("vector", "model"), [("beacon-sl3", "gen3"), ("beacon-go", "ultra")])
def test_beacon_as_captured_in_the_field(vector: str, model: str) -> None:
    nuki_id = int(VECTORS[vector]["expect"]["nuki_id"], 16)
    lock = VirtualLock(model, nuki_id=nuki_id, random=random.Random(1).randbytes)
    event = lock.advertise()
    assert event is not None
    assert dict(structures(event.data)) == {
        FLAGS: b"\x06",
        MANUFACTURER_DATA: APPLE + vector_bytes(vector, "manufacturer_data"),
    }
    assert dict(structures(event.scan_response)) == {NAME: VECTORS[vector]["expect"]["local_name"].encode()}


def test_address_ends_with_the_id() -> None:
    assert new_lock().address == "54:D2:72:C3:35:C5"


@pytest.mark.parametrize(
    ("model", "service"),
    [
        ("gen2", "a92ee100"),
        ("gen3", "a92ee100"),
        ("gen4", "a92ee100"),
        ("ultra", VECTORS["pairing-service-data-5g"]["service_data_uuid"][:8]),
    ],
)
def test_pairing_service_data_alternates_with_the_beacon(model: str, service: str) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        assert not any(SERVICE_DATA in event for event in events(lock, 4))
        lock.enter_pairing_mode()
        data = UUID(f"{service}-5501-11e4-916c-0800200c9a66").bytes[::-1] + NUKI_ID.to_bytes(4, "big")
        kinds = [event.get(SERVICE_DATA) for event in events(lock, 4)]
        assert kinds in ([None, data, None, data], [data, None, data, None])

    run(scenario())


def test_homekit_frames_come_between_on_models_that_have_them() -> None:
    for model, expected in (
        ("gen2", {0x02, 0x06}),
        ("gen3", {0x02, 0x06}),
        ("gen4", {0x02}),
        ("ultra", {0x02}),
    ):
        lock = new_lock(model, homekit=True)
        assert {event[MANUFACTURER_DATA][2] for event in events(lock, 4)} == expected
    assert {event[MANUFACTURER_DATA][2] for event in events(new_lock(), 4)} == {0x02}


@pytest.mark.parametrize(("model", "unchanged"), [("gen2", 0xC4), ("gen3", 0xC8), ("gen4", 0xC8)])
def test_only_a_bridge_clears_the_flag(model: str, unchanged: int) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        assert beacon(lock)[-1] == unchanged
        app = await paired(lock, app_id=1)
        await app.states()
        app.link.close()
        assert beacon(lock)[-1] == unchanged + 1
        bridge = await paired(lock, id_type=1, app_id=2)
        await bridge.states()
        bridge.link.close()
        assert beacon(lock)[-1] == unchanged
        lock.turn_key("unlock")
        assert beacon(lock)[-1] == unchanged + 1

    run(scenario())


def test_the_flag_of_the_fifth_generation_never_changes() -> None:
    async def scenario() -> None:
        lock = new_lock("ultra")
        lock.turn_key("unlock")
        assert beacon(lock)[-1] == 0xC8

    run(scenario())


@pytest.mark.parametrize(("model", "links"), [("gen2", 1), ("gen3", 1), ("gen4", 4), ("ultra", 4)])
def test_silent_while_all_links_are_in_use(model: str, links: int) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        clients = []
        for _ in range(links):
            assert lock.advertise() is not None
            clients.append(await HandClient(lock).connect())
        assert lock.advertise() is None
        with pytest.raises(ConnectRefusedError):
            await HandClient(lock).connect()
        clients[0].link.close()
        assert lock.advertise() is not None

    run(scenario())


def test_after_a_factory_reset_it_asks_to_be_set_up() -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.factory_reset()
        await asyncio.sleep(10)
        service = UUID("a92ee000-5501-11e4-916c-0800200c9a66").bytes[::-1]
        assert {event.get(SERVICES) for event in events(lock, 4)} == {None, service}
        (await paired(lock)).link.close()
        assert {event.get(SERVICES) for event in events(lock, 4)} == {None}

    run(scenario())


def test_silent_without_power() -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.power_off()
        assert lock.advertise() is None
        with pytest.raises(ConnectRefusedError):
            await HandClient(lock).connect()
        lock.power_on()
        assert lock.advertise() is not None

    run(scenario())
