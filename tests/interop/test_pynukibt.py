"""pyNukiBT, unmodified, pairs with the virtual lock, reads it and moves its bolt.

It connects through bleak; only the place where it asks for a connection is led to a radio in memory.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from bleak import BleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bluetooth_data_tools import parse_advertisement_data_bytes
from homeassistant.core import HomeAssistant
from nacl.public import PrivateKey
import pytest

from simulator.local_adapter import LocalAdapter, RadioClient
from simulator.radio import INSTANT, Radio
from simulator.virtual_lock import VirtualLock, quick

nuki = pytest.importorskip(
    "pyNukiBT.nuki", reason="pyNukiBT cannot be imported (requirements_interop.txt)", exc_type=ImportError
)
const = pytest.importorskip("pyNukiBT.const", exc_type=ImportError)

pytestmark = pytest.mark.interop

PINS = {"gen3": 1234, "ultra": 123456}
APP_ID = 0x0BADCAFE


@pytest.fixture(params=["gen3", "ultra"])
async def lock(request: pytest.FixtureRequest) -> AsyncIterator[VirtualLock]:
    lock = VirtualLock(
        request.param, nuki_id=0x33C335C5, pin=PINS[request.param], name="Front door", timing=quick()
    )
    lock.settings.change(unlatch_duration=0)
    yield lock
    lock.power_off()


@pytest.fixture
async def device(
    lock: VirtualLock, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Any]:
    """Return pyNukiBT's client of the lock, not paired yet."""
    radio = Radio(timing=INSTANT)
    radio.add_peripheral(lock)
    adapter = LocalAdapter(hass, radio)

    class Backend(RadioClient):
        """A bleak backend on the radio of this test."""

        def __init__(self, address_or_ble_device: BLEDevice | str, **kwargs: Any) -> None:
            super().__init__(address_or_ble_device, adapter=adapter, **kwargs)

    async def connect(_client_class: type, ble_device: BLEDevice, _name: str) -> BleakClient:
        client = BleakClient(ble_device, backend=Backend)
        await client.connect()
        return client

    monkeypatch.setattr(nuki, "establish_connection", connect)
    key = PrivateKey.generate()
    device = nuki.NukiDevice(
        address=lock.address,
        auth_id=None,
        nuki_public_key=None,
        bridge_public_key=bytes(key.public_key),
        bridge_private_key=bytes(key),
        app_id=APP_ID,
        name="judge",
        ble_device=BLEDevice(lock.address, f"Nuki_{lock.nuki_id:08X}", None),
    )
    yield device
    await device.disconnect()
    await radio.stop()


async def pair(device: Any, lock: VirtualLock) -> None:
    """Pair as its users do: connect, so that it finds out the generation, hold the button, pair."""
    await device.connect()
    lock.enter_pairing_mode()
    await device.pair(PINS[lock.model.name] if lock.model.name == "ultra" else None)


@pytest.fixture
async def paired(device: Any, lock: VirtualLock) -> Any:
    """Return pyNukiBT's client after pairing and a first read."""
    await pair(device, lock)
    await device.update_state()
    return device


async def settled(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def test_pairs(device: Any, lock: VirtualLock) -> None:
    await pair(device, lock)
    (entry,) = lock.authorizations
    assert entry.session.shared_key == device._shared_key
    assert device._auth_id == entry.session.authorization_id.to_bytes(4, "little")
    assert (entry.app_id, entry.name) == (APP_ID, "judge")
    assert entry.is_bridge is (lock.model.name == "gen3")
    assert lock.journal.broken_rules == []


async def test_is_told_when_the_button_was_not_held(device: Any) -> None:
    await device.connect()
    with pytest.raises(const.NukiErrorException) as refused:
        await device.pair(123456)
    assert refused.value.error_code == "P_ERROR_NOT_PAIRING"


@pytest.mark.parametrize("lock", ["ultra"], indirect=True)  # Older generations pair without a PIN.
async def test_is_told_of_a_wrong_pin(device: Any, lock: VirtualLock) -> None:
    await device.connect()
    lock.enter_pairing_mode()
    with pytest.raises(const.NukiErrorException) as refused:
        await device.pair(1)
    assert refused.value.error_code == "K_ERROR_BAD_PIN"


async def test_reads_states_and_config(paired: Any, lock: VirtualLock) -> None:
    state, config = paired.last_state, paired.config
    assert (state.nuki_state, state.lock_state) == ("DOOR_MODE", "LOCKED")
    assert (state.door_sensor_state, state.last_lock_action) == ("DOOR_CLOSED", "NONE")
    assert (paired.battery_percentage, paired.is_battery_critical, paired.is_battery_charging) == (
        100,
        False,
        False,
    )
    assert (config.nuki_id, config.name) == (lock.nuki_id, "Front door")
    assert list(config.firmware_version) == list(lock.model.firmware)
    assert (config.timezone_id, config.pairing_enabled) == ("EUROPE_BERLIN", 1)
    lock.set_battery(18)
    await paired.update_state()
    assert (paired.battery_percentage, paired.is_battery_critical) == (18, True)
    assert lock.journal.broken_rules == []


async def test_moves_the_bolt(paired: Any, lock: VirtualLock) -> None:
    const_ = paired._const
    for action, state, bolt_locked in (
        (const_.LockAction.UNLOCK, "UNLOCKED", False),
        (const_.LockAction.LOCK, "LOCKED", True),
        (const_.LockAction.UNLATCH, "UNLOCKED", False),
    ):
        answer = await paired.lock_action(action, wait_for_completed=True)
        assert answer.status == "COMPLETED"
        await paired.update_state()
        assert paired.last_state.lock_state == state
        assert lock.bolt_locked is bolt_locked
    assert [entry.facts["action"] for entry in lock.journal.motor_runs] == ["UNLOCK", "LOCK", "UNLATCH"]
    assert lock.journal.broken_rules == []


async def test_learns_of_changes_by_hand(paired: Any, lock: VirtualLock) -> None:
    commands: list[Any] = []
    paired.subscribe(commands.append)
    lock.turn_key("unlock")
    await settled(lambda: bool(commands))
    assert commands == ["KEYTURNER_STATES"]
    assert (paired.last_state.lock_state, paired.last_state.trigger) == ("UNLOCKED", "MANUAL")
    lock.open_door()
    await settled(lambda: len(commands) == 2)
    assert paired.last_state.door_sensor_state == "DOOR_OPENED"


@pytest.mark.parametrize(
    ("jam", "error", "completion"),
    [
        ("motor", "K_ERROR_MOTOR_BLOCKED", "MOTOR_BLOCKED"),
        ("clutch", "K_ERROR_CLUTCH_FAILURE", "CLUTCH_FAILURE"),
        ("clutch-power", "K_ERROR_CLUTCH_POWER_FAILURE", "MOTOR_POWER_FAILURE"),
    ],
)
async def test_understands_what_is_broken(
    paired: Any, lock: VirtualLock, jam: str, error: str, completion: str
) -> None:
    lock.jam(jam)
    with pytest.raises(const.NukiErrorException) as refused:
        await paired.lock_action(paired._const.LockAction.UNLOCK, wait_for_completed=True)
    assert (refused.value.error_code, refused.value.command) == (error, "LOCK_ACTION")
    await paired.update_state()
    assert paired.last_state.last_lock_action_completion_status == completion


async def test_checks_the_pin(paired: Any, lock: VirtualLock) -> None:
    assert await paired.verify_security_pin(PINS[lock.model.name]) is True
    assert await paired.verify_security_pin(1) is False
    sent = [entry for entry in lock.journal.pins_sent if entry.facts["command"] == "VERIFY_SECURITY_PIN"]
    assert [entry.facts["accepted"] for entry in sent] == [True, False]


async def test_reads_advertisements(paired: Any, lock: VirtualLock) -> None:
    await paired.disconnect()
    event = lock.advertise()
    assert event is not None
    parsed = parse_advertisement_data_bytes(event.data + event.scan_response)
    assert parsed[0] == "Nuki_33C335C5"
    assert not paired.poll_needed()
    lock.turn_key("unlock")
    event = lock.advertise()
    assert event is not None
    local_name, uuids, service_data, manufacturer_data, tx_power = parse_advertisement_data_bytes(event.data)
    paired.parse_advertisement_data(
        BLEDevice(lock.address, local_name, None),
        AdvertisementData(local_name, manufacturer_data, service_data, uuids, tx_power, -60, ()),
    )
    assert paired.poll_needed() is lock.model.state_flag
