"""pyNukiBT, unmodified, against the virtual lock: everything it can do, on all four models.

It connects through bleak; only the place where it asks for a connection is led to a radio in memory. Generations 2
to 4 pair in the one way, the Ultra in the other. Two of its requests have no method; they are sent by the one that
its methods use.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
import inspect
from typing import Any

from bleak import BleakClient
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bluetooth_data_tools import parse_advertisement_data_bytes
from nacl.public import PrivateKey
import pytest

from custom_components.smartlock.protocol.dialects import GENERATIONS_1_TO_4
from custom_components.smartlock.protocol.enums import AuthorizationIdType, Command, ErrorCode, LockState
from custom_components.smartlock.protocol.wire import Date7
from simulator.local_adapter import LocalAdapter, RadioClient
from simulator.lock.rights import ALWAYS
from simulator.radio import INSTANT, Radio
from simulator.virtual_lock import MODELS, VirtualLock, quick

nuki = pytest.importorskip(
    "pyNukiBT.nuki", reason="pyNukiBT cannot be imported (requirements_interop.txt)", exc_type=ImportError
)
const = pytest.importorskip("pyNukiBT.const", exc_type=ImportError)

pytestmark = pytest.mark.interop

APP_ID = 0x0BADCAFE

OPERATIONS: dict[str, str] = {}
"""The test of each operation of pyNukiBT, by the name of its method, its action or its message."""


def operation[T: Callable[..., object]](*names: str) -> Callable[[T], T]:
    """Note that a test is about these operations."""

    def note(test: T) -> T:
        OPERATIONS.update(dict.fromkeys(names, test.__name__))
        return test

    return note


def pin_of(lock: VirtualLock) -> int:
    return 123456 if lock.model.name == "ultra" else 1234


@pytest.fixture(params=list(MODELS))
async def lock(request: pytest.FixtureRequest) -> AsyncIterator[VirtualLock]:
    pin = 123456 if request.param == "ultra" else 1234
    lock = VirtualLock(request.param, nuki_id=0x33C335C5, pin=pin, name="Front door", timing=quick())
    lock.settings.change(unlatch_duration=0)
    yield lock
    lock.power_off()


@pytest.fixture
async def device(lock: VirtualLock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """Return pyNukiBT's client of the lock, not paired yet."""
    radio = Radio(timing=INSTANT)
    radio.add_peripheral(lock)
    adapter = LocalAdapter(radio)

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
    await device.pair(pin_of(lock) if lock.model.name == "ultra" else None)


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


async def shows(device: Any, state: str) -> None:
    await settled(lambda: device.last_state.lock_state == state)


@operation("connect", "disconnect")
async def test_connects(device: Any, lock: VirtualLock) -> None:
    """It tells the generation from the services, and lets go of the link."""
    await device.connect()
    ultra = lock.model.name == "ultra"
    assert device.device_type == ("SMARTLOCK_ULTRA" if ultra else "SMARTLOCK_1_2")
    assert lock.status()["links"] == 1
    await device.disconnect()
    await settled(lambda: lock.status()["links"] == 0)
    assert lock.journal.broken_rules == []


@operation("pair")
async def test_pairs(device: Any, lock: VirtualLock) -> None:
    """Both ways of pairing; as a bridge where there are client types."""
    await pair(device, lock)
    (entry,) = lock.authorizations
    assert entry.session.shared_key == device._shared_key
    assert device._auth_id == entry.session.authorization_id.to_bytes(4, "little")
    assert (entry.app_id, entry.name) == (APP_ID, "judge")
    assert entry.is_bridge is (lock.model.name != "ultra")
    assert lock.journal.broken_rules == []


async def test_is_told_when_the_button_was_not_held(device: Any) -> None:
    """Pairing outside pairing mode."""
    await device.connect()
    with pytest.raises(const.NukiErrorException) as refused:
        await device.pair(123456)
    assert refused.value.error_code == "P_ERROR_NOT_PAIRING"


@pytest.mark.parametrize("lock", ["ultra"], indirect=True)  # Older generations pair without a PIN.
async def test_is_told_of_a_wrong_pin(device: Any, lock: VirtualLock) -> None:
    """Pairing with a wrong PIN."""
    await device.connect()
    lock.enter_pairing_mode()
    with pytest.raises(const.NukiErrorException) as refused:
        await device.pair(1)
    assert refused.value.error_code == "K_ERROR_BAD_PIN"


@operation("update_state")
async def test_reads_states(paired: Any, lock: VirtualLock) -> None:
    """Keyturner States, the battery and the door in them."""
    state = paired.get_keyturner_state()
    assert paired.keyturner_state is state
    assert (state.nuki_state, state.lock_state) == ("DOOR_MODE", "LOCKED")
    assert (state.door_sensor_state, state.last_lock_action) == ("DOOR_CLOSED", "NONE")
    assert (paired.battery_percentage, paired.is_battery_critical, paired.is_battery_charging) == (
        100,
        False,
        False,
    )
    lock.set_battery(18)
    await paired.update_state()
    assert (paired.battery_percentage, paired.is_battery_critical) == (18, True)
    lock.set_charging(charging=True)
    await settled(lambda: paired.is_battery_charging)
    assert lock.journal.broken_rules == []


@operation("update_config")
async def test_reads_config(paired: Any, lock: VirtualLock) -> None:
    """Config, read again when the count of its changes in Keyturner States is another one."""
    config = paired.get_config()
    assert (config.nuki_id, config.name) == (lock.nuki_id, "Front door")
    assert list(config.firmware_version) == list(lock.model.firmware)
    assert (config.timezone_id, config.pairing_enabled) == ("EUROPE_BERLIN", 1)
    lock.settings.change(led_brightness=2)
    await paired.update_state()
    assert paired.get_config().led_brightness == 2
    assert lock.journal.pins_sent == [] or lock.model.name == "ultra"
    assert lock.journal.broken_rules == []


# What each action brings about from a locked door: where the bolt is, and what the motor did.
ACTIONS = {
    "UNLOCK": ("UNLOCKED", ["UNLOCK"]),
    "LOCK": ("LOCKED", []),
    "UNLATCH": ("UNLOCKED", ["UNLATCH"]),
    "LOCK_N_GO": ("UNLOCKED_LOCK_N_GO", ["LOCK_N_GO"]),
    "LOCK_N_GO_UNLATCH": ("UNLOCKED_LOCK_N_GO", ["LOCK_N_GO_WITH_UNLATCH"]),
    "FULL_LOCK": ("LOCKED", []),
    "FOB_ACTION_1": ("UNLOCKED", ["UNLOCK"]),
    "FOB_ACTION_2": ("LOCKED", []),
    "FOB_ACTION_3": ("UNLOCKED_LOCK_N_GO", ["LOCK_N_GO"]),
}


@operation(*(f"lock_action({action})" for action in ACTIONS))
@pytest.mark.parametrize("action", ACTIONS)
async def test_carries_out(paired: Any, lock: VirtualLock, action: str) -> None:
    """Every lock action from a locked door, waited for to its end."""
    lock.settings.change(fob_action_1=1, fob_action_2=2, fob_action_3=3)
    state, runs = ACTIONS[action]
    answer = await paired.lock_action(
        paired._const.LockAction.parse(paired._const.LockAction.build(action)), wait_for_completed=True
    )
    assert answer.status == "COMPLETED"
    await paired.update_state()
    assert paired.last_state.lock_state == state
    assert lock.bolt_locked is (state == "LOCKED")
    assert [entry.facts["action"] for entry in lock.journal.motor_runs] == runs
    assert lock.journal.broken_rules == []


def test_knows_no_other_action() -> None:
    assert set(ACTIONS) | {"NONE"} == set(const.NukiLockConst.LockAction.encmapping)


@operation("lock", "unlock", "unlatch")
async def test_moves_the_bolt_by_the_short_names(paired: Any, lock: VirtualLock) -> None:
    """They end when the action is accepted; the lock pushes the rest."""
    for method, state in (("unlock", "UNLOCKED"), ("lock", "LOCKED"), ("unlatch", "UNLOCKED")):
        answer = await getattr(paired, method)()
        assert answer.status == "ACCEPTED"
        await shows(paired, state)
    assert [entry.facts["action"] for entry in lock.journal.motor_runs] == ["UNLOCK", "LOCK", "UNLATCH"]
    await settled(lambda: paired.last_action_status == "COMPLETED")
    assert lock.journal.broken_rules == []


@operation("lock_action with a name suffix")
async def test_signs_an_action(paired: Any, lock: VirtualLock) -> None:
    """The suffix stands in the log."""
    await paired.lock_action(paired._const.LockAction.UNLOCK, name_suffix="by hand", wait_for_completed=True)
    (entry,) = await paired.request_log_entries(pin_of(lock))
    assert entry.name == "judge (by hand)"
    assert lock.journal.broken_rules == []


@operation("subscribe")
async def test_learns_of_changes_by_hand(paired: Any, lock: VirtualLock) -> None:
    """States that the lock pushes, and an end to the subscription."""
    commands: list[Any] = []
    unsubscribe = paired.subscribe(commands.append)
    lock.turn_key("unlock")
    await settled(lambda: bool(commands))
    assert commands == ["KEYTURNER_STATES"]
    assert (paired.last_state.lock_state, paired.last_state.trigger) == ("UNLOCKED", "MANUAL")
    lock.open_door()
    await settled(lambda: len(commands) == 2)
    assert paired.last_state.door_sensor_state == "DOOR_OPENED"
    unsubscribe()
    lock.close_door()
    await settled(lambda: paired.last_state.door_sensor_state == "DOOR_CLOSED")
    assert len(commands) == 2


@pytest.mark.parametrize(
    ("jam", "error", "completion"),
    [
        ("motor", "K_ERROR_MOTOR_BLOCKED", "MOTOR_BLOCKED"),
        ("clutch", "K_ERROR_CLUTCH_FAILURE", "CLUTCH_FAILURE"),
        ("clutch-power", "K_ERROR_CLUTCH_POWER_FAILURE", "MOTOR_POWER_FAILURE"),
        ("motor-power", "K_ERROR_MOTOR_POWER_FAILURE", "MOTOR_POWER_FAILURE"),
        ("low-voltage", "K_ERROR_MOTOR_LOW_VOLTAGE", "LOW_MOTOR_VOLTAGE"),
    ],
)
async def test_understands_what_is_broken(
    paired: Any, lock: VirtualLock, jam: str, error: str, completion: str
) -> None:
    """The Error Report, and the completion status in the states afterwards."""
    lock.jam(jam)
    with pytest.raises(const.NukiErrorException) as refused:
        await paired.lock_action(paired._const.LockAction.UNLOCK, wait_for_completed=True)
    assert (refused.value.error_code, refused.value.command) == (error, "LOCK_ACTION")
    await paired.update_state()
    assert paired.last_state.last_lock_action_completion_status == completion


@pytest.mark.parametrize("code", list(ErrorCode), ids=str)
async def test_understands_error_codes(paired: Any, lock: VirtualLock, code: ErrorCode) -> None:
    """Every code that it has a name for has the same number here."""
    lock.faults.refuse_next(code, Command.LOCK_ACTION)
    with pytest.raises(const.NukiErrorException) as refused:
        await paired.lock_action(paired._const.LockAction.UNLOCK)
    name = str(refused.value.error_code).replace("_ERROR_", "_").removeprefix("ERROR_")
    assert name in (code.name, str(int(code)))
    assert refused.value.command == "LOCK_ACTION"
    assert lock.journal.motor_runs == []


@operation("verify_security_pin")
async def test_checks_the_pin(paired: Any, lock: VirtualLock) -> None:
    """The right one and a wrong one."""
    assert await paired.verify_security_pin(pin_of(lock)) is True
    assert await paired.verify_security_pin(1) is False
    sent = [entry for entry in lock.journal.pins_sent if entry.facts["command"] == "VERIFY_SECURITY_PIN"]
    assert [entry.facts["accepted"] for entry in sent] == [True, False]
    assert lock.journal.broken_rules == []


@operation("request_log_entries")
async def test_reads_the_log(paired: Any, lock: VirtualLock) -> None:
    """All kinds of entries that a lock with a keypad writes, in pages and both orders."""
    lock.keypad_codes.add(123456, name="Alice", created=Date7(), time_limited=0, limit=ALWAYS)
    lock.authorizations.add(bytes(32), app_id=1, name="Nuki Keypad", id_type=AuthorizationIdType.KEYPAD)
    await paired.lock_action(paired._const.LockAction.UNLOCK, wait_for_completed=True)
    lock.open_door()
    lock.close_door()
    lock.enter_code(123456)
    await settled(lambda: lock.bolt_locked and lock.lock_state == LockState.LOCKED)
    lock.power_off()
    lock.power_on()
    await settled(lambda: len(lock.log) == 5)
    await paired.disconnect()

    entries = await paired.request_log_entries(pin_of(lock), count=100, sort_order=0)
    assert [entry.index for entry in entries] == list(range(1, len(lock.log) + 1))
    told = [(str(entry.type), entry.name) for entry in entries]
    assert told == [
        ("LOCK_ACTION", "judge"),
        ("DOOR_SENSOR", ""),
        ("DOOR_SENSOR", ""),
        ("KEYPAD_ACTION", "Alice"),
        ("INITIALIZATION_RUN", ""),
    ]
    run, opened, closed, keypad, boot = (entry.data for entry in entries)
    assert (run.lock_action, run.trigger, run.completion_status) == ("UNLOCK", "SYSTEM", "SUCCESS")
    assert (opened.door_status, closed.door_status) == (0, 1)
    assert (keypad.source, keypad.completion_status) == (1, "SUCCESS")
    assert boot.completion_status == "SUCCESS"

    newest = await paired.request_log_entries(pin_of(lock))
    assert [entry.index for entry in newest] == [5]
    page = await paired.request_log_entries(pin_of(lock), count=2, start_index=4)
    assert [entry.index for entry in page] == [3, 2]
    with pytest.raises(const.NukiErrorException) as refused:
        await paired.request_log_entries(1)
    assert refused.value.error_code == "K_ERROR_BAD_PIN"
    assert lock.journal.broken_rules == []


@operation("update_nuki_time")
async def test_sets_the_clock(paired: Any, lock: VirtualLock) -> None:
    """To a time of its choice, and to the time of now."""
    when = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
    answer = await paired.update_nuki_time(pin_of(lock), when)
    assert answer.status == "COMPLETED"
    await paired.update_state()
    shown = paired.last_state.current_time.replace(tzinfo=UTC)
    assert timedelta() <= shown - when < timedelta(seconds=10)
    await paired.update_nuki_time(pin_of(lock))
    assert abs(lock.clock.time - datetime.now(UTC)) < timedelta(seconds=10)
    with pytest.raises(const.NukiErrorException) as refused:
        await paired.update_nuki_time(1)
    assert refused.value.error_code == "K_ERROR_BAD_PIN"
    assert lock.journal.broken_rules == []


@operation("parse_advertisement_data")
async def test_reads_advertisements(paired: Any, lock: VirtualLock) -> None:
    """The name, and the flag of a change where the model has one."""
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


# --- Messages for which it has no method ------------------------------------------------------------------


async def ask(device: Any, command: str, payload: dict[str, Any], answer: str) -> Any:
    """Send what it can encode, by the way that its methods take."""
    async with device._operation_lock:
        return await device._send_encrypted_command(command, payload, expected_response=answer)


async def challenge(device: Any) -> bytes:
    answer = await ask(device, "REQUEST_DATA", {"command": "CHALLENGE"}, "CHALLENGE")
    return bytes(answer.nonce)


@operation("BATTERY_REPORT")
async def test_reads_the_battery_report(paired: Any, lock: VirtualLock) -> None:
    """After a run, with the voltage of its batteries."""
    await paired.lock_action(paired._const.LockAction.UNLOCK, wait_for_completed=True)
    report = await ask(paired, "REQUEST_DATA", {"command": "BATTERY_REPORT"}, "BATTERY_REPORT")
    assert report.lock_action == "UNLOCK"
    assert 4000 < report.lowest_voltage <= report.start_voltage < 7000
    assert lock.journal.broken_rules == []


NO_LIMIT = {
    "time_limited": 0,
    "allowed_from_date": datetime(2026, 1, 1, tzinfo=UTC),
    "allowed_until_date": datetime(2026, 1, 1, tzinfo=UTC),
    "allowed_weekdays": dict.fromkeys(
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 0
    ),
    "allowed_from_time": {"hour": 0, "minute": 0},
    "allowed_until_time": {"hour": 0, "minute": 0},
}


@operation("ADD_KEYPAD_CODE")
async def test_adds_a_keypad_code(paired: Any, lock: VirtualLock) -> None:
    """The lock answers with the id of the code."""
    payload = {
        "code": 987654,
        "name": "Bob",
        **NO_LIMIT,
        "nonce": await challenge(paired),
        "security_pin": pin_of(lock),
    }
    await ask(paired, "ADD_KEYPAD_CODE", payload, "KEYPAD_CODE_ID")
    assert [(code.code, code.name) for code in lock.keypad_codes] == [(987654, "Bob")]
    assert lock.journal.broken_rules == []


@operation("AUTHORIZATION_DATA_INVITE")
async def test_invites(paired: Any, lock: VirtualLock) -> None:
    """The lock takes the key of somebody else and answers with an authorization id."""
    key = bytes(range(32))
    payload = {
        "name": "Carol",
        "id_type": "APP",
        "shared_key": key,
        "remote_allowed": 1,
        **NO_LIMIT,
        "nonce": await challenge(paired),
        "security_pin": pin_of(lock),
    }
    await ask(paired, "AUTHORIZATION_DATA_INVITE", payload, "AUTHORIZATION_ID_INVITE")
    _, invited = lock.authorizations
    assert (invited.name, invited.session.shared_key) == ("Carol", key)
    assert lock.journal.broken_rules == []


# What only shows or keeps what an operation has brought; the tests of those look at all but the last.
LOCAL = {
    "device_type",
    "get_keyturner_state",
    "keyturner_state",
    "battery_percentage",
    "is_battery_critical",
    "is_battery_charging",
    "get_config",
    "poll_needed",
    "set_ble_device",
}


def test_nothing_is_left_out() -> None:
    """Every public method and property, and every request that it can encode, has a test here."""
    public = {name for name, _ in inspect.getmembers(nuki.NukiDevice) if not name.startswith("_")}
    tested = {name.partition("(")[0].partition(" ")[0] for name in OPERATIONS}
    assert public - LOCAL <= tested
    requests = {
        str(command)
        for command in const.NukiLockConst.message_types
        if Command[str(command)] in GENERATIONS_1_TO_4.requests
    }
    # Those that the methods send.
    sent = {
        "REQUEST_DATA",
        "PUBLIC_KEY",
        "AUTHORIZATION_DATA",
        "LOCK_ACTION",
        "REQUEST_CONFIG",
        "VERIFY_SECURITY_PIN",
        "UPDATE_TIME",
        "REQUEST_LOG_ENTRIES",
    }
    assert requests - sent <= tested
