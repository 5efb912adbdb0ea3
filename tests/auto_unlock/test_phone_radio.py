"""What is heard of one phone among others, through Home Assistant's real Bluetooth manager."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from uuid import UUID

from homeassistant.components import bluetooth
import pytest

from custom_components.smartlock.auto_unlock import phone_radio
from custom_components.smartlock.auto_unlock.phone_radio import (
    BeaconPhone,
    Phone,
    PhoneListener,
    PhoneSignal,
    PrivatePhone,
)
from simulator import phone as simulated
from simulator.local_adapter import LocalAdapter
from simulator.phone import Identity, VirtualPhone
from tests.integration.home import Home

IRK = bytes.fromhex("ec0234a357c8ad05341010a60a397d9b")
UUID_ = UUID("2f234454-cf6d-4a0f-adf2-f4911ba9ffa6")
OTHER_SOURCE = "00:1A:7D:DA:71:14"

type Carry = Callable[[Identity], object]


@pytest.fixture
async def people() -> AsyncGenerator[AsyncExitStack]:
    """Whoever enters here leaves at the end of the test."""
    async with AsyncExitStack() as stack:
        yield stack


class Log:
    """A listener and what it handed over."""

    def __init__(self, home: Home, phone: Phone) -> None:
        self.signals: list[PhoneSignal] = []
        self.listener = PhoneListener(home.hass, phone, self.signals.append)
        self.listener.start()

    def take(self) -> list[PhoneSignal]:
        taken, self.signals[:] = list(self.signals), []
        return taken


async def test_every_packet_of_a_changing_address_is_heard(home: Home, people: AsyncExitStack) -> None:
    log = Log(home, PrivatePhone(irk=IRK))
    phone = await people.enter_async_context(
        VirtualPhone(home.radio, simulated.PrivatePhone(irk=IRK), interval=1)
    )
    stranger = await people.enter_async_context(
        VirtualPhone(home.radio, simulated.PrivatePhone(irk=bytes(16), seed=1), interval=1)
    )
    phone.place({home.adapter: -61})
    stranger.place({home.adapter: -40})
    await asyncio.sleep(3000)
    addresses = 5
    # The packet by which an address is recognized counts for nothing more.
    assert phone.sent - addresses <= len(log.signals) <= phone.sent
    assert {signal.rssi for signal in log.signals} == {-61}
    assert {signal.source for signal in log.signals} == {home.adapter.source}
    assert log.signals[-1].at == pytest.approx(home.now, abs=1)
    log.listener.stop()
    log.take()
    await asyncio.sleep(1000)
    assert log.signals == []


async def test_the_scanner_that_hears_worse_is_heard_too(home: Home, people: AsyncExitStack) -> None:
    """Home Assistant keeps to one scanner for each device; who stands where takes all of them."""
    other = LocalAdapter(home.radio, source=OTHER_SOURCE)
    other.start(home.hass)
    people.callback(other.stop)
    log = Log(home, PrivatePhone(irk=IRK))
    phone = await people.enter_async_context(
        VirtualPhone(home.radio, simulated.PrivatePhone(irk=IRK), interval=1)
    )
    phone.place({home.adapter: -50, other: -90})
    await asyncio.sleep(100)
    heard = {
        source: [s.rssi for s in log.signals if s.source == source]
        for source in (OTHER_SOURCE, home.adapter.source)
    }
    assert set(heard[OTHER_SOURCE]) == {-90}
    assert len(heard[OTHER_SOURCE]) == pytest.approx(len(heard[home.adapter.source]), abs=2)
    log.listener.stop()


async def test_a_beacon_is_known_by_all_of_its_ids(home: Home, people: AsyncExitStack) -> None:
    log = Log(home, BeaconPhone(uuid=UUID_, major=1, minor=2))
    for minor, signal in ((2, -60), (3, -50)):
        identity = simulated.BeaconPhone(uuid=UUID_, major=1, minor=minor, seed=minor)
        phone = await people.enter_async_context(VirtualPhone(home.radio, identity, interval=1))
        phone.place({home.adapter: signal})
    await asyncio.sleep(2000)
    assert {signal.rssi for signal in log.signals} == {-60}
    assert len(log.signals) > 1900
    log.listener.stop()


async def test_a_phone_that_was_there_before_is_found(home: Home, people: AsyncExitStack) -> None:
    phone = await people.enter_async_context(
        VirtualPhone(home.radio, simulated.PrivatePhone(irk=IRK), interval=1)
    )
    phone.place({home.adapter: -61})
    await asyncio.sleep(10)
    log = Log(home, PrivatePhone(irk=IRK))
    await asyncio.sleep(4)
    assert len(log.signals) >= 3
    log.listener.stop()


async def test_an_address_that_was_recorded_long_ago_is_refused(home: Home, people: AsyncExitStack) -> None:
    log = Log(home, PrivatePhone(irk=IRK))
    identity = simulated.PrivatePhone(irk=IRK)
    recording = simulated.Recording.of(identity, home.now)
    phone = await people.enter_async_context(VirtualPhone(home.radio, identity, interval=1))
    phone.place({home.adapter: -61})
    await asyncio.sleep(2000)
    phone.go_away()
    attacker = await people.enter_async_context(VirtualPhone(home.radio, recording, interval=1))
    attacker.place({home.adapter: -45})
    log.take()
    await asyncio.sleep(1000)
    # While it could still be the phone's own address, it cannot be told from it.
    assert {signal.rssi for signal in log.take()} == {-45}
    await asyncio.sleep(2000)
    log.take()
    before = log.listener.played
    await asyncio.sleep(100)
    assert log.signals == []
    assert log.listener.played > before
    # The phone itself is heard beside it.
    phone.place({home.adapter: -61})
    await asyncio.sleep(10)
    assert {signal.rssi for signal in log.take()} == {-61}
    log.listener.stop()


async def test_memories_are_bounded(
    home: Home, people: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many addresses of many people pass by; the phone is found among them all the same."""
    monkeypatch.setattr(phone_radio, "_STRANGERS", 3)
    log = Log(home, PrivatePhone(irk=IRK))
    for seed in range(8):
        identity = simulated.PrivatePhone(irk=bytes(15) + bytes([seed]), seed=seed, life=20)
        stranger = await people.enter_async_context(VirtualPhone(home.radio, identity, interval=1))
        stranger.place({home.adapter: -40})
    # This one changes its address faster than anybody, and is followed under the newest.
    phone = await people.enter_async_context(
        VirtualPhone(home.radio, simulated.PrivatePhone(irk=IRK, life=5))
    )
    phone.place({home.adapter: -61})
    await asyncio.sleep(200)
    assert {signal.rssi for signal in log.signals} == {-61}
    assert len(log.signals) > 0.9 * phone.sent
    log.listener.stop()


def test_a_key_hides() -> None:
    assert IRK.hex() not in repr(PrivatePhone(irk=IRK))
    assert repr(IRK) not in repr(PrivatePhone(irk=IRK))


async def test_only_the_beacons_own_frames_count(home: Home, people: AsyncExitStack) -> None:
    """The same address sends other things in between, as phones do."""
    log = Log(home, BeaconPhone(uuid=UUID_, major=1, minor=2))
    beacon = simulated.BeaconPhone(uuid=UUID_, major=1, minor=2, life=1e9)
    other = simulated.FixedPhone(fixed_address=beacon.address(home.now), random_address=True)
    for identity, signal in ((beacon, -60), (other, -30)):
        phone = await people.enter_async_context(VirtualPhone(home.radio, identity, interval=1))
        phone.place({home.adapter: signal})
    await asyncio.sleep(100)
    assert {signal.rssi for signal in log.signals} == {-60}
    assert len(log.signals) > 90
    log.listener.stop()


@pytest.mark.parametrize("age", [5, 450, 800])
async def test_a_recording_does_not_push_the_phone_out(home: Home, people: AsyncExitStack, age: int) -> None:
    """Old addresses are played one after the other; the phone is still heard under its own, however old that is."""
    log = Log(home, PrivatePhone(irk=IRK))
    identity = simulated.PrivatePhone(irk=IRK)
    await asyncio.sleep(identity.life - home.now % identity.life + age)
    phone = await people.enter_async_context(VirtualPhone(home.radio, identity, interval=1))
    phone.place({home.adapter: -61})
    recordings = []
    for _ in range(6):
        recordings.append(simulated.Recording.of(identity, home.now))
        await asyncio.sleep(900)
    for recording in recordings:
        # Forgotten by Home Assistant, so that it is news again.
        bluetooth.async_clear_advertisement_history(home.hass, recording.heard_address)
        async with VirtualPhone(home.radio, recording, interval=1) as attacker:
            attacker.place({home.adapter: -40})
            await asyncio.sleep(5)
    log.take()
    await asyncio.sleep(30)
    assert {signal.rssi for signal in log.take()} == {-61}
    log.listener.stop()
