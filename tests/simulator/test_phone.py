"""The virtual phone: who hears it, how well, and under which address."""

import asyncio
from uuid import UUID

from bluetooth_data_tools import get_cipher_for_irk, resolve_private_address
import pytest

from simulator.phone import (
    SENSITIVITY,
    BeaconPhone,
    FixedPhone,
    Identity,
    PrivatePhone,
    Recording,
    VirtualPhone,
    resolvable,
)
from simulator.radio import INSTANT, Radio, Sighting
from simulator.virtual_time import run

IRK = bytes.fromhex("ec0234a357c8ad05341010a60a397d9b")


class Ear:
    """A receiver that writes down what it hears."""

    def __init__(self) -> None:
        self.sightings: list[Sighting] = []

    def on_sighting(self, sighting: Sighting) -> None:
        self.sightings.append(sighting)

    @property
    def signals(self) -> list[int]:
        return [sighting.rssi for sighting in self.sightings]

    @property
    def addresses(self) -> list[str]:
        """The addresses heard, each where it was first heard."""
        return list(dict.fromkeys(sighting.address for sighting in self.sightings))


def test_published_example() -> None:
    """Bluetooth Core, Vol 3, Part H, Appendix D.7: prand 0x708194 gives the hash 0x0DFBAA."""
    assert resolvable(IRK, 0x708194) == "70:81:94:0D:FB:AA"


def heard(identity: Identity, seconds: float) -> Ear:
    """Return what a receiver hears of a phone that lies beside it."""

    async def scene() -> Ear:
        ear = Ear()
        async with VirtualPhone(Radio(timing=INSTANT), identity) as phone:
            phone.place({ear: -50})
            await asyncio.sleep(seconds)
        return ear

    return run(scene())


def test_a_private_address_changes_and_still_resolves() -> None:
    ear = heard(PrivatePhone(irk=IRK), 3000)
    assert len(ear.addresses) == 4
    cipher, other = get_cipher_for_irk(IRK), get_cipher_for_irk(bytes(16))
    assert all(resolve_private_address(cipher, address) for address in ear.addresses)
    assert not any(resolve_private_address(other, address) for address in ear.addresses)
    assert all(sighting.random_address for sighting in ear.sightings)
    # 31 bytes fit into a legacy advertisement.
    assert all(len(sighting.advertisement.data) <= 31 for sighting in ear.sightings)


def test_a_beacon_keeps_its_ids_when_its_address_changes() -> None:
    uuid = UUID("2f234454-cf6d-4a0f-adf2-f4911ba9ffa6")
    ear = heard(BeaconPhone(uuid=uuid, major=7, minor=258), 3000)
    assert len(ear.addresses) == 4
    (data,) = {sighting.advertisement.data for sighting in ear.sightings}
    assert data[5:] == b"\x4c\x00\x02\x15" + uuid.bytes + b"\x00\x07\x01\x02\xc5"
    assert len(data) == 30


def test_a_fixed_address_stays() -> None:
    ear = heard(FixedPhone(fixed_address="A4:C1:38:00:00:01"), 3000)
    assert ear.addresses == ["A4:C1:38:00:00:01"]
    assert not any(sighting.random_address for sighting in ear.sightings)


def test_a_walk_is_heard_by_each_receiver_as_it_passes() -> None:
    async def scene() -> None:
        door, inside, elsewhere = Ear(), Ear(), Ear()
        radio = Radio(timing=INSTANT)
        radio.add_receiver(elsewhere)
        async with VirtualPhone(radio, PrivatePhone(irk=IRK), interval=0.5) as phone:
            await asyncio.sleep(10)
            assert phone.sent == 0
            phone.walk({door: -50, inside: -80}, 30)
            await asyncio.sleep(30)
            # From -110 dBm, of which nobody hears the first part.
            assert door.signals == sorted(door.signals)
            assert door.signals[0] >= SENSITIVITY
            assert len(door.signals) > len(inside.signals) > 10
            phone.walk({inside: -45}, 10)
            await asyncio.sleep(20)
            assert inside.signals[-1] == -45
            silent_since = len(door.signals)
            await asyncio.sleep(20)
            assert len(door.signals) == silent_since
            phone.go_away()
            count = len(inside.signals)
            await asyncio.sleep(20)
            assert len(inside.signals) == count
        assert elsewhere.sightings == []

    run(scene())


def test_noise_of_the_radio_is_on_the_phone_too() -> None:
    async def scene() -> None:
        ear = Ear()
        async with VirtualPhone(Radio(timing=INSTANT, rssi_noise=4, seed=3), PrivatePhone(irk=IRK)) as phone:
            phone.place({ear: -60})
            await asyncio.sleep(300)
        mean = sum(ear.signals) / len(ear.signals)
        assert mean == pytest.approx(-60, abs=1)
        assert max(ear.signals) > -52
        assert min(ear.signals) < -68

    run(scene())


def test_a_recording_repeats_what_was_heard() -> None:
    phone = PrivatePhone(irk=IRK)
    recording = Recording.of(phone, 1000.0)
    assert recording.address(5000.0) == phone.address(1000.0) != phone.address(5000.0)
    assert recording.advertisement == phone.advertisement
    assert recording.random_address
