"""The GATT side of the virtual lock: table, writes, indications, the end of links."""

import asyncio
from dataclasses import replace

import pytest

from custom_components.smartlock.protocol.enums import Command, LockAction
from simulator.gatt import AttError, DisconnectReason, GattError, LinkClosedError, Property
from simulator.lock.journal import Kind
from simulator.radio import Radio, Sighting
from simulator.virtual_lock import MODELS
from simulator.virtual_time import run
from tests.simulator.hand_client import BASE, GDIO, PAIRING, USDIO, HandClient, new_lock, paired, plain, story

ASK_FOR_KEY = plain(Command.REQUEST_DATA, b"\x03\x00")


@pytest.mark.parametrize("model", list(MODELS))
def test_table(model: str) -> None:
    services = new_lock(model).services
    short = {service.uuid[:8]: [entry.uuid[:8] for entry in service.characteristics] for service in services}
    pairing = PAIRING[model][:6]
    assert short == {
        "00001800": ["00002a00"],
        "0000180a": ["00002a29", "00002a26", "00002a27"],
        f"{pairing}00": [f"{pairing}01"],
        "a92ee200": ["a92ee201", "a92ee202", "a92ee203"],
        "a92eea00": [],
    }
    handles = [service.handle for service in services]
    for service in services:
        for entry in service.characteristics:
            handles += [entry.handle - 1, entry.handle] + ([] if entry.cccd is None else [entry.cccd])
            talks = entry.uuid in (PAIRING[model], GDIO, USDIO)
            assert entry.properties == (Property.WRITE | Property.INDICATE if talks else Property.READ)
            assert (entry.cccd is not None) is talks
    assert len(set(handles)) == len(handles)
    assert sorted(handles) == list(range(1, len(handles) + 1))


def test_device_information() -> None:
    async def scenario() -> None:
        client = await HandClient(new_lock()).connect()
        assert await client.read("00002a26-0000-1000-8000-00805f9b34fb") == b"3.11.1"
        assert await client.read("00002a00-0000-1000-8000-00805f9b34fb") == b"Nuki_33C335C5"
        assert await client.read(f"a92ee203{BASE}") == b""

    run(scenario())


def test_requests_that_att_refuses() -> None:
    async def scenario() -> None:
        client = await HandClient(new_lock()).connect()
        name = "00002a00-0000-1000-8000-00805f9b34fb"
        for attempt, code in (
            (client.read(USDIO), AttError.READ_NOT_PERMITTED),
            (client.write(name, b"x"), AttError.WRITE_NOT_PERMITTED),
            (client.write(USDIO, b""), AttError.INVALID_ATTRIBUTE_LENGTH),
            (client.write(USDIO, bytes(513)), AttError.INVALID_ATTRIBUTE_LENGTH),
            (client.listen(name), AttError.CCCD_IMPROPERLY_CONFIGURED),
            (client.link.write(0x7777, b"x"), AttError.INVALID_HANDLE),
            (client.link.read(0x7777), AttError.INVALID_HANDLE),
        ):
            with pytest.raises(GattError) as refused:
                await attempt
            assert refused.value.code == code

    run(scenario())


def test_a_closed_link_takes_no_requests() -> None:
    async def scenario() -> None:
        client = await HandClient(new_lock()).connect()
        client.link.close()
        for attempt in (client.write(USDIO, b"x"), client.read(USDIO), client.listen(USDIO)):
            with pytest.raises(LinkClosedError):
                await attempt
        assert client.disconnects == []

    run(scenario())


@pytest.mark.parametrize(("mtu", "sizes"), [(23, [20, 16]), (38, [35, 1]), (39, [36]), (517, [36])])
def test_values_are_cut_to_the_mtu(mtu: int, sizes: list[int]) -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.enter_pairing_mode()
        client = await HandClient(lock).connect(mtu=mtu)
        await client.write(client.pairing_gdio, ASK_FOR_KEY)
        await asyncio.sleep(1)
        assert [len(value) for _, value in client.chunks] == sizes

    run(scenario())


def test_twenty_byte_chunks_and_long_writes_at_the_least_mtu() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        lock.faults.switch_on("twenty-byte-chunks")
        client.chunks.clear()
        states = await client.states()
        assert len(states) == 27
        assert [len(value) for _, value in client.chunks] == [20, 20, 20, 20, 1]
        client.link.close()
        lock.faults.clear()
        await client.connect(mtu=23)
        assert len(await client.states()) == 27  # The request has 56 bytes and is one write.

    run(scenario())


@pytest.mark.parametrize(
    ("model", "offered", "agreed"), [("gen2", 517, 150), ("gen2", 100, 100), ("gen3", 517, 517)]
)
def test_a_central_learns_the_mtu_that_the_firmware_takes(model: str, offered: int, agreed: int) -> None:
    async def scenario() -> None:
        radio, ear, lock = Radio(), _Ear(), new_lock(model)
        radio.add_receiver(ear)
        radio.add_peripheral(lock)
        link = await radio.connect(
            ear,
            lock.address,
            mtu=offered,
            on_indication=lambda _handle, _value: None,
            on_disconnect=lambda _reason: None,
        )
        assert link.mtu == agreed
        link.close()
        await radio.stop()
        lock.power_off()

    run(scenario())


class _Ear:
    """A receiver that does not listen."""

    def on_sighting(self, sighting: Sighting) -> None:
        """Hear an advertisement."""


def test_firmware_that_knows_no_mtu_exchange() -> None:
    async def scenario() -> None:
        lock = new_lock(replace(MODELS["gen3"], max_mtu=23))
        client = await paired(lock)
        assert len(await client.states()) == 27
        assert max(len(value) for _, value in client.chunks) == 20

    run(scenario())


def test_nothing_is_indicated_without_subscription_but_the_request_is_served() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        client.link.close()
        await client.connect(listen=False)
        await client.send(Command.REQUEST_DATA, b"\x04\x00")
        assert await client.hears_nothing(seconds=5)
        assert lock.journal.of(Kind.ANSWER_LOST, command="CHALLENGE", why="no indications enabled")
        assert [entry.facts["rule"] for entry in lock.journal.broken_rules] == [
            "a request without indications for its answer"
        ]
        await client.listen(USDIO)
        await client.states()
        await client.listen(USDIO, enabled=False)
        await client.send(Command.REQUEST_DATA, b"\x0c\x00")
        assert await client.hears_nothing(seconds=5)

    run(scenario())


def test_an_idle_link_is_dropped_after_twenty_seconds() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        await asyncio.sleep(19)
        await client.states()
        await asyncio.sleep(19.9)
        assert client.disconnects == []
        await asyncio.sleep(0.2)
        assert client.disconnects == [DisconnectReason.REMOTE_USER_TERMINATED]
        with pytest.raises(LinkClosedError):
            await client.states()
        assert lock.journal.of(Kind.CONNECTION_CLOSED)[-1].facts["why"] == "idle"

    run(scenario())


def test_a_link_is_not_idle_while_the_latch_is_held() -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.settings.change(unlatch_duration=30)
        client = await paired(lock)
        assert story(await client.act(LockAction.UNLATCH))[-1] == "complete"
        assert client.disconnects == []

    run(scenario())


def test_what_was_received_is_done_although_the_client_has_gone() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        challenge = await client.challenge()
        await client.send(Command.LOCK_ACTION, client.action(1) + challenge)
        client.link.close()
        await asyncio.sleep(10)
        assert not lock.bolt_locked
        assert [entry.facts["why"] for entry in lock.journal.of(Kind.ANSWER_LOST)] == [
            "the link is closed"
        ] * 2

    run(scenario())


def test_a_plain_request_on_the_keyturner_gdio_is_refused() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await HandClient(lock).connect()
        await client.write(GDIO, ASK_FOR_KEY)
        assert (await client.refused()).payload == b"\xff\x00\x00"
        assert lock.journal.broken_rules

    run(scenario())
