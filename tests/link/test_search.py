"""Who is told of a lock, and which locks a search finds, by the frames that were caught."""

from pathlib import Path

from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bluetooth_data_tools import parse_advertisement_data_bytes
from homeassistant.components.bluetooth import BluetoothServiceInfoBleak
from homeassistant.components.bluetooth.match import IntegrationMatcher
from homeassistant.generated.bluetooth import BLUETOOTH
from homeassistant.util.json import load_json_object
import pytest

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.link.search import LockSearch
from simulator.virtual_lock import VirtualLock

MANIFEST = Path(__file__).parents[2] / "custom_components" / DOMAIN / "manifest.json"


def frames(lock: VirtualLock, count: int) -> list[BluetoothServiceInfoBleak]:
    """Return the next frames of a lock, each without the others, as a passive scan gets them."""
    found = []
    for _ in range(count):
        sent = lock.advertise()
        assert sent is not None
        _, services, service_data, manufacturer_data, _ = parse_advertisement_data_bytes(sent.data)
        found.append(
            BluetoothServiceInfoBleak(
                name=lock.address,
                address=lock.address,
                rssi=-60,
                manufacturer_data=manufacturer_data,
                service_data=service_data,
                service_uuids=services,
                source="local",
                device=BLEDevice(lock.address, None, {}),
                advertisement=AdvertisementData(
                    None, manufacturer_data, service_data, services, None, -60, ()
                ),
                connectable=True,
                time=0,
                tx_power=None,
            )
        )
    return found


@pytest.mark.parametrize("skipped", [0, 1])
def test_home_assistant_tells_us_whichever_frame_is_first(skipped: int) -> None:
    """Among the matchers of all its integrations: a device that has matched one of them is not looked at again."""
    manifest = load_json_object(MANIFEST)
    ours = [{"domain": DOMAIN} | matcher for matcher in manifest["bluetooth"]]  # type: ignore[operator,union-attr]
    matcher = IntegrationMatcher([*BLUETOOTH, *ours])  # type: ignore[list-item]
    matcher.async_setup()
    first, *others = frames(VirtualLock("gen3", nuki_id=0x33C335C5, homekit=True), 6)[skipped:]
    assert DOMAIN in matcher.match_domains(first)
    # And for everybody else it is over.
    assert all(matcher.match_domains(other) == set() for other in others)


@pytest.mark.parametrize("skipped", [0, 1])
def test_a_search_is_complete_when_each_lock_has_said_which_it_is(skipped: int) -> None:
    search = LockSearch()
    complete = []
    for frame in frames(VirtualLock("gen3", nuki_id=0x33C335C5, homekit=True), 2 + skipped)[skipped:]:
        search.take(frame)
        complete.append(search.complete)
    assert complete == [skipped == 0, True]
    (lock,) = search.locks.values()
    assert lock.nuki_id == 0x33C335C5
