"""What befalls a lock: calibration, reboot, factory reset, new firmware, damaged memory, accessories."""

import asyncio
from datetime import UTC, datetime, timedelta
import struct

import pytest

from custom_components.smartlock.protocol.enums import Command, ErrorCode, LockAction, LockState, SortOrder
from simulator.gatt import DisconnectReason
from simulator.lock.journal import Kind
from simulator.virtual_lock import MODELS, Habits, Jam, LostPin, VirtualLock
from simulator.virtual_time import run
from tests.simulator.hand_client import (
    COMPLETE,
    GDIO,
    PIN,
    HandClient,
    date7,
    lock_since,
    new_lock,
    paired,
    story,
    unplain,
)

NOON = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC)
DONE = (Command.STATUS, COMPLETE)
EVERY_MODEL = pytest.mark.parametrize("model", list(MODELS))
DOOR, ACCESSORIES = 18, 20


def logged(lock: VirtualLock) -> list[str]:
    """Return type and data of every log entry."""
    return [
        f"{record.type.name} {record.data.hex(' ')}" for record in lock.log.beyond(0, SortOrder.ASCENDING)
    ]


async def calibrate(client: HandClient) -> list[str]:
    answers = [await client.order(Command.REQUEST_CALIBRATION)]
    while answers[-1].error is None and answers[-1] != DONE:
        answers.append(await client.answer(60))
    return story(answers)


# --- Calibration ------------------------------------------------------------------------------------------


@EVERY_MODEL
@pytest.mark.parametrize("locked", [True, False])
def test_calibration(model: str, locked: bool) -> None:
    async def scenario() -> None:
        lock = lock_since(NOON, model, locked=locked)
        client = await paired(lock)
        rest = "state 01" if locked else "state 03"
        assert await calibrate(client) == ["accepted", "state FC", rest, "complete"]
        assert logged(lock) == ["CALIBRATION 00 00 00 00"]
        assert lock.bolt_locked is locked
        assert len(lock.journal.of(Kind.CALIBRATION)) == 1
        assert lock.journal.motor_runs == []
        assert lock.journal.of(Kind.MOTOR_STOPPED)[0].facts["seconds"] == pytest.approx(20)

    run(scenario())


@pytest.mark.parametrize(
    ("jam", "error", "completion"),
    [
        (Jam.CLUTCH_POWER, "K_CLUTCH_POWER_FAILURE", "07"),  # "4B" live, 0x07 in the log.
        (Jam.CLUTCH, "K_CLUTCH_FAILURE", "06"),
        (Jam.MOTOR, "K_MOTOR_BLOCKED", "01"),
        (Jam.MOTOR_POWER, "K_MOTOR_POWER_FAILURE", "07"),
        (Jam.LOW_VOLTAGE, "K_MOTOR_LOW_VOLTAGE", "05"),
        (Jam.POSITION_MEMORY, "K_MOTOR_POSITION_LIMIT", "fe"),
    ],
)
def test_calibration_that_fails(jam: Jam, error: str, completion: str) -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        lock.jam(jam)
        assert await calibrate(client) == ["accepted", "state FC", "state 00", error]
        assert logged(lock) == [f"CALIBRATION 00 00 00 {completion}"]
        assert story(await client.act(LockAction.UNLOCK)) == ["K_NOT_CALIBRATED"]
        advanced = (await client.prove(Command.REQUEST_ADVANCED_CONFIG)).payload
        assert advanced[:2] == b"\0\0"
        lock.repair()
        assert (await calibrate(client))[-1] == "complete"
        assert story(await client.act(LockAction.UNLOCK))[-1] == "complete"

    run(scenario())


def test_calibration_that_is_refused() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        lock.set_battery(20)
        client.forget()
        answer = await client.order(Command.REQUEST_CALIBRATION)
        assert answer == (Command.ERROR_REPORT, b"\x4c\x1a\x00")
        lock.set_battery(21)
        client.forget()
        challenge = await client.challenge()
        lock.press_button()
        await asyncio.sleep(0.1)
        client.forget()
        answer = await client.ask(Command.REQUEST_CALIBRATION, challenge + client.pin)
        assert answer.error == ErrorCode.K_BUSY
        assert lock.journal.of(Kind.CALIBRATION) == []

    run(scenario())


def test_the_button_stops_a_calibration() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        await client.order(Command.REQUEST_CALIBRATION)
        await asyncio.sleep(5)
        assert lock.press_button() == "the motor stops half way"
        assert lock.lock_state == LockState.UNCALIBRATED
        assert logged(lock) == ["CALIBRATION 00 00 00 02"]

    run(scenario())


def test_power_lost_in_a_calibration() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        await client.order(Command.REQUEST_CALIBRATION)
        await asyncio.sleep(5)
        lock.swap_batteries()
        await asyncio.sleep(10)
        assert lock.lock_state == LockState.UNCALIBRATED
        lock.turn_key("unlock")
        assert lock.lock_state == LockState.UNCALIBRATED

    run(scenario())


# --- Reboot -----------------------------------------------------------------------------------------------


@EVERY_MODEL
def test_reboot(model: str) -> None:
    async def scenario() -> None:
        lock = lock_since(NOON, model)
        client = await paired(lock)
        await client.act(LockAction.UNLOCK)
        assert await client.order(Command.REQUEST_REBOOT) == DONE
        assert client.disconnects == []
        await asyncio.sleep(0.1)
        assert client.disconnects == [DisconnectReason.CONNECTION_TIMEOUT]
        assert lock.advertise() is None
        await asyncio.sleep(1)
        await client.connect()
        states = await client.states()
        assert (states[1], states[15:18]) == (LockState.BOOT_RUN, bytes(3))
        assert (await client.answer(5)).payload[1] == LockState.UNLOCKED
        assert logged(lock)[1:] == ["INITIALIZATION_RUN 00 00 00 00"]

    run(scenario())


# --- Factory reset ----------------------------------------------------------------------------------------


def test_factory_reset_forgets_everything_but_the_id() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON, name="Front door")
        client = await paired(lock)
        await client.order(Command.ADD_KEYPAD_CODE, struct.pack("<I20sB", 345678, b"Anna", 0) + bytes(19))
        await client.answer()
        await client.order(Command.ADD_TIME_CONTROL_ENTRY, bytes([0, 22, 0, 2]))
        await client.answer()
        lock.pair_accessory("keypad")
        address = lock.address
        lock.factory_reset()
        assert len(client.disconnects) == 1
        await asyncio.sleep(10)
        assert lock.address == address
        assert [len(table) for table in (lock.authorizations, lock.keypad_codes, lock.time_control)] == [
            0,
            0,
            0,
        ]
        assert logged(lock) == ["INITIALIZATION_RUN 00 00 00 00"]
        status = lock.status()
        assert (status["lock_state"], status["initialized"]) == ("UNCALIBRATED", False)
        await client.connect()
        await client.send(Command.REQUEST_DATA, b"\x0c\x00")
        assert unplain(await client.hear(GDIO)).error == ErrorCode.K_NOT_AUTHORIZED
        client.link.close()

        again = await paired(lock, seed=9)
        assert again.uuid != client.uuid
        assert (await again.states())[:2] == b"\x02\x00"
        config = (await again.prove(Command.REQUEST_CONFIG)).payload
        assert config[4:36].rstrip(b"\0") == b"Nuki_33C335C5"
        pin = (await again.prove(Command.VERIFY_SECURITY_PIN, pin=b"\0\0")).error
        assert pin is None  # None is set, which is 0.

    run(scenario())


def test_a_lock_that_nobody_has_set_up_says_so_in_states() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        lock.factory_reset()
        await asyncio.sleep(10)
        key = bytes(range(32))
        entry = lock.authorizations.add(key, app_id=1, name="x")
        client = HandClient(lock, app_id=1)
        client.key, client.authorization_id = key, entry.session.authorization_id.to_bytes(4, "little")
        await client.connect()
        assert (await client.states())[0] == 0x00

    run(scenario())


# --- Firmware and memory ----------------------------------------------------------------------------------


@EVERY_MODEL
def test_newer_firmware_sends_more_than_anybody_knows(model: str) -> None:
    async def scenario() -> None:
        lock = lock_since(NOON, model)
        client = await paired(lock)
        old = await client.states()
        lock.update_firmware()
        await asyncio.sleep(10)
        await client.connect()
        new = await client.states()
        assert len(new) == len(old) + 4
        assert new[2] == new[16] == 0x0C
        assert new[ACCESSORIES] == old[ACCESSORIES] | 0x80
        config = (await client.prove(Command.REQUEST_CONFIG)).payload
        assert len(config) == lock.model.config_length + 4
        assert tuple(config[66:69]) == (lock.model.firmware.major, lock.model.firmware.minor + 10, 0)
        assert story(await client.act(LockAction.UNLOCK))[-1] == "complete"
        assert logged(lock)[0].startswith("FIRMWARE_UPDATE")
        answer = await client.ask(Command.LOCK_ACTION, b"")
        assert answer.payload[:3] == b"\xfe\x0d\x00"
        assert len(answer.payload) == 7

    run(scenario())


def test_a_damaged_name() -> None:
    async def scenario() -> None:
        lock = new_lock(name="Front door")
        client = await paired(lock)
        lock.damage(["name"])
        client.forget()
        config = (await client.prove(Command.REQUEST_CONFIG)).payload
        with pytest.raises(UnicodeDecodeError):
            config[4:36].decode()
        assert b"\0" in config[4:36].rstrip(b"\0")
        fields = config[4:49] + config[56:59] + config[60:65] + config[72:74]
        assert await client.order(Command.SET_CONFIG, fields) == DONE
        assert (await client.prove(Command.REQUEST_CONFIG)).payload[4:36] == config[4:36]

    run(scenario())


def test_damaged_dates() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        lock.damage(["dates"])
        impossible = struct.pack("<H5B", 2026, 13, 32, 25, 61, 61)
        assert (await client.states())[3:10] == impossible
        (_, entry) = await client.collect(Command.REQUEST_AUTHORIZATION_ENTRIES, b"\0\0\x01\0")
        assert entry.payload[39:53] == impossible * 2
        with pytest.raises(ValueError, match="cannot damage mind"):
            lock.damage(["mind"])

    run(scenario())


@pytest.mark.parametrize("lost_pin", list(LostPin))
def test_a_changed_battery_can_cost_everything_at_once(lost_pin: LostPin) -> None:
    async def scenario() -> None:
        lock = lock_since(NOON, habits=Habits(lost_pin=lost_pin))
        client = await paired(lock)
        lock.settings.change(led_brightness=1, auto_lock_enabled=1)
        lock.swap_batteries(["pin", "settings", "clock"])
        await asyncio.sleep(10)
        await client.connect()
        states = await client.states()
        assert (states[13], states[3:7]) == (0, bytes.fromhex("D007 01 01"))
        assert (await client.prove(Command.REQUEST_CONFIG)).payload[48] == 5
        assert (await client.prove(Command.REQUEST_ADVANCED_CONFIG)).payload[28] == 0
        pin = PIN.to_bytes(2, "little")
        answer = await client.prove(Command.VERIFY_SECURITY_PIN, pin=pin)
        assert answer.error == ErrorCode.K_BAD_PIN

    run(scenario())


# --- Accessories ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "without", "with_keypad", "critical"),
    [("gen2", 0x00, 0x01, 0x03), ("gen3", 0x04, 0x05, 0x0F), ("ultra", 0x04, 0x05, 0x0F)],
)
def test_batteries_of_accessories(model: str, without: int, with_keypad: int, critical: int) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        assert (await client.states())[ACCESSORIES] == without
        lock.set_accessory_battery("keypad", critical=True)
        client.forget()
        assert (await client.states())[ACCESSORIES] == without  # There is none yet.
        lock.set_accessory_battery("keypad", critical=False)
        lock.pair_accessory("keypad")
        client.forget()
        assert (await client.states())[ACCESSORIES] == with_keypad
        for name in ("keypad", "door-sensor"):
            lock.set_accessory_battery(name, critical=True)
        client.forget()
        assert (await client.states())[ACCESSORIES] == critical
        with pytest.raises(ValueError, match="no battery is called bell"):
            lock.set_accessory_battery("bell", critical=True)

    run(scenario())


@pytest.mark.parametrize(
    ("model", "values"),
    [
        ("gen2", {"working": 2, "unknown": 4, "calibrating": 5, "uncalibrated": 4, "tampered": 4}),
        ("gen3", {"working": 2, "unknown": 0xFF, "calibrating": 16, "uncalibrated": 16, "tampered": 0xF0}),
    ],
)
def test_states_of_the_door_sensor(model: str, values: dict[str, int]) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        for condition, value in values.items():
            lock.set_door_sensor(condition)
            client.forget()
            assert (await client.states())[DOOR] == value
        lock.open_door()  # Tampered with: it does not see that.
        assert not [line for line in logged(lock) if line == "DOOR_SENSOR 00"]
        lock.set_door_sensor("working")
        client.forget()
        assert (await client.states())[DOOR] == 3
        with pytest.raises(ValueError, match="never purple"):
            lock.set_door_sensor("purple")

    run(scenario())


@pytest.mark.parametrize(("model", "value"), [("gen2", 1), ("gen3", 0), ("gen4", 0), ("ultra", 0)])
def test_without_a_door_sensor(model: str, value: int) -> None:
    async def scenario() -> None:
        client = await paired(new_lock(model, door_sensor=False))
        states = await client.states()
        assert (states[DOOR], states[ACCESSORIES]) == (value, 0)

    run(scenario())


@pytest.mark.parametrize(
    ("wifi", "thread", "tail", "matter"),
    [
        (False, False, "00 01 01 00 00 00", 2),
        (True, False, "0D 01 D1 EF 00 00", 2),
        (False, True, "79 01 01 00 00 0F", 4),
    ],
)
def test_remote_access(wifi: bool, thread: bool, tail: str, matter: int) -> None:
    async def scenario() -> None:
        lock = new_lock("gen4")
        client = await paired(lock)
        lock.set_remote_access(wifi=wifi, thread=thread)
        assert (await client.states())[21:] == bytes.fromhex(tail)
        assert (await client.prove(Command.REQUEST_CONFIG)).payload[77] == matter

    run(scenario())


def test_a_model_without_that_radio() -> None:
    async def scenario() -> None:
        with pytest.raises(ValueError, match="no such radio"):
            new_lock("gen3").set_remote_access(thread=True)
        with pytest.raises(ValueError, match="no such radio"):
            new_lock("gen2").set_remote_access(wifi=True)

    run(scenario())


def test_the_clock_set_by_hand() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        lock.set_clock(NOON - timedelta(days=400))
        assert (await client.states())[3:10] == date7(NOON - timedelta(days=400))

    run(scenario())
