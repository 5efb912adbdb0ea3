"""What people do to the lock and the door, and what clients hear of it."""

import asyncio
from collections.abc import Callable
import json

import pytest

from custom_components.smartlock.protocol.enums import Command, ErrorCode
from simulator.gatt import DisconnectReason
from simulator.lock.faults import FAULTS, Moment, Once
from simulator.lock.journal import Kind
from simulator.virtual_lock import VirtualLock
from simulator.virtual_time import run
from tests.simulator.hand_client import PIN, HandClient, new_lock, paired

DOOR, BATTERY = 18, 12


@pytest.mark.parametrize(
    ("hand", "offset", "value"),
    [
        (VirtualLock.open_door, DOOR, 3),
        (lambda lock: lock.turn_key("unlock"), 1, 3),
        (lambda lock: lock.set_battery(56), BATTERY, 56 // 2 << 2),
        (lambda lock: lock.set_battery(18), BATTERY, 18 // 2 << 2 | 1),
        (lambda lock: lock.set_charging(charging=True), BATTERY, 50 << 2 | 2),
        (lambda lock: lock.settings.change(led_brightness=1), 13, 1),
        (VirtualLock.enter_pairing_mode, 0, 1),
    ],
)
def test_a_change_by_hand_is_pushed_and_flagged(
    hand: Callable[[VirtualLock], object], offset: int, value: int
) -> None:
    async def scenario() -> None:
        lock = new_lock()
        bridge = await paired(lock, id_type=1)
        await bridge.states()
        assert not lock.status()["unread_change"]
        hand(lock)
        assert lock.status()["unread_change"]
        answer = await bridge.answer()
        assert answer.command == Command.KEYTURNER_STATES
        assert answer.payload[offset] == value
        assert lock.journal.of(Kind.ANSWER, pushed=True)

    run(scenario())


def test_a_push_is_no_read_of_the_bridge() -> None:
    async def scenario() -> None:
        lock = new_lock()
        bridge = await paired(lock, id_type=1)
        await bridge.states()
        lock.open_door()
        await bridge.answer()
        assert lock.unread_change
        await bridge.states()
        assert not lock.status()["unread_change"]

    run(scenario())


def test_a_door_that_is_open_already_is_no_change() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        await client.states()
        lock.close_door()
        assert await client.hears_nothing(seconds=5)
        lock.open_door()
        lock.open_door()
        assert (await client.answer()).payload[DOOR] == 3
        assert await client.hears_nothing(seconds=5)

    run(scenario())


def test_a_client_that_has_not_spoken_on_this_link_hears_nothing() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        client.link.close()
        await client.connect()
        lock.turn_key("unlock")
        assert await client.hears_nothing(seconds=5)

    run(scenario())


@pytest.mark.parametrize("percent", [-1, 101])
def test_impossible_charge(percent: int) -> None:
    with pytest.raises(ValueError, match="0 to 100"):
        new_lock().set_battery(percent)


# --- Batteries --------------------------------------------------------------------------------------------


async def config_of(client: HandClient) -> bytes:
    return (await client.prove(Command.REQUEST_CONFIG)).payload


def test_new_batteries() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        lock.set_battery(10)
        lock.settings.change(led_brightness=2)
        clock = lock.clock.offset
        lock.swap_batteries()
        assert client.disconnects == [DisconnectReason.CONNECTION_TIMEOUT]
        assert lock.advertise() is None
        await asyncio.sleep(4.9)
        assert lock.advertise() is None
        await asyncio.sleep(0.2)
        assert lock.advertise() is not None
        await client.connect()
        assert (await client.states())[1] == 0xFD
        assert (await client.answer(5)).payload[1] == 0x01
        assert (await client.states())[BATTERY] == 100 // 2 << 2
        assert (await config_of(client))[48] == 2
        pin = PIN.to_bytes(2, "little")
        assert (await client.prove(Command.VERIFY_SECURITY_PIN, pin=pin)).error is None
        assert lock.clock.offset == clock

    run(scenario())


async def after_losing(*what: str) -> HandClient:
    """Return a client of a lock with changed settings that forgot something at a change of batteries."""
    lock = new_lock(name="Front door")
    client = await paired(lock)
    lock.settings.change(led_brightness=2)
    lock.swap_batteries(what)
    await asyncio.sleep(10)
    return await client.connect()


@pytest.mark.parametrize("pin", [PIN, 0])
def test_a_lost_pin(pin: int) -> None:
    async def scenario() -> None:
        client = await after_losing("pin")
        answer = await client.prove(Command.VERIFY_SECURITY_PIN, pin=pin.to_bytes(2, "little"))
        assert answer.error == ErrorCode.K_BAD_PIN
        assert (await config_of(client))[48] == 2

    run(scenario())


def test_a_new_pin_from_the_app_heals_a_lost_one() -> None:
    async def scenario() -> None:
        client = await after_losing("pin")
        client.lock.set_pin(4711)
        pin = (4711).to_bytes(2, "little")
        assert (await client.prove(Command.VERIFY_SECURITY_PIN, pin=pin)).error is None

    run(scenario())


def test_lost_settings() -> None:
    async def scenario() -> None:
        client = await after_losing("settings")
        config = await config_of(client)
        assert config[48] == 5
        assert config[4:36].rstrip(b"\0") == b"Nuki_33C335C5"
        assert (await client.states())[13] == 0

    run(scenario())


def test_a_lost_clock() -> None:
    async def scenario() -> None:
        client = await after_losing("clock", "settings", "pin")
        assert (await client.states())[3:7] == bytes.fromhex("D007 01 01")

    run(scenario())


def test_what_cannot_be_lost() -> None:
    async def scenario() -> None:
        lock = new_lock()
        with pytest.raises(ValueError, match="cannot lose mind"):
            lock.swap_batteries(["mind"])
        assert lock.advertise() is not None

    run(scenario())


def test_authorizations_survive_new_batteries_and_pairing_mode_does_not() -> None:
    async def scenario() -> None:
        lock = new_lock()
        await paired(lock)
        lock.enter_pairing_mode()
        lock.swap_batteries()
        assert not lock.pairing_mode
        assert len(lock.authorizations) == 1

    run(scenario())


def test_a_request_that_was_not_dealt_with_is_gone_with_the_power() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        await client.send(Command.LOCK_ACTION, client.action(1) + await client.challenge())
        lock.power_off()
        await asyncio.sleep(10)
        assert lock.bolt_locked
        assert lock.journal.requests("LOCK_ACTION") == []

    run(scenario())


def test_batteries_swapped_again_while_they_are_out() -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.swap_batteries()
        await asyncio.sleep(4)
        lock.swap_batteries()
        await asyncio.sleep(4)
        assert lock.advertise() is None
        await asyncio.sleep(2)
        assert lock.advertise() is not None

    run(scenario())


def test_power_on_twice_boots_once() -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.power_on()
        lock.power_off()
        lock.power_on()
        lock.power_on()
        await asyncio.sleep(5)
        assert len(lock.journal.of(Kind.POSITIONING_RUN)) == 1

    run(scenario())


def test_without_power_nothing_is_left_to_do() -> None:
    """A test that ends with `power_off` leaves no timer and no task behind."""

    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        await client.act(4)
        lock.enter_pairing_mode()
        lock.press_button()
        lock.power_off()
        before = len(lock.journal.entries)
        await asyncio.sleep(3600)
        assert len(lock.journal.entries) == before
        assert len(asyncio.all_tasks()) == 1

    run(scenario())


# --- Settings, faults, status -----------------------------------------------------------------------------


def test_a_setting_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="no such settings: colour"):
        new_lock().settings.change(colour=1)


def test_the_count_of_changes_wraps() -> None:
    lock = new_lock()
    for _ in range(257):
        lock.settings.change(led_brightness=1)
    assert lock.settings.update_count == 1


def test_every_fault_has_a_name_that_shows() -> None:
    lock = new_lock()
    for name in FAULTS:
        lock.faults.clear()
        lock.faults.switch_on(name)
        assert lock.faults.active == ([] if name == "none" else [name])
    assert FAULTS.keys() >= {f"disconnect-{moment}" for moment in Moment} | set(Once)


@pytest.mark.parametrize(
    ("name", "argument", "problem"),
    [
        ("flood", None, "no fault is called flood; there are none, silence, "),
        ("drop-indication", "0", "0 is not a number from 1 on"),
        ("late-indication", "soon", "soon is not a number from 0 on"),
        ("drop-next-answer", "door-bell", "no command is called door-bell"),
        ("busy", "door-bell", "no command is called door-bell"),
        ("refuse", "0x45:door-bell", "no command is called door-bell"),
        ("refuse", "often", "often is not the number of an error code"),
        ("refuse", "0x100", "0x100 is not the number of an error code"),
    ],
)
def test_a_fault_that_does_not_exist(name: str, argument: str | None, problem: str) -> None:
    lock = new_lock()
    with pytest.raises(ValueError, match=problem):
        lock.faults.switch_on(name, argument)
    assert lock.faults.active == []


def test_status_is_json_and_tells_no_secret() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock, id_type=1)
        lock.jam("clutch")
        await client.act(1)
        lock.faults.switch_on("silence")
        status = json.loads(json.dumps(lock.status()))
        assert status | {"time": None} == {
            "model": "gen3",
            "nuki_id": "33C335C5",
            "address": "54:D2:72:C3:35:C5",
            "firmware": "3.11.1",
            "initialized": True,
            "power": True,
            "lock_state": "LOCKED",
            "bolt": "locked",
            "calibrated": True,
            "night_mode": False,
            "door": "closed",
            "door_sensor": "CLOSED",
            "jam": "clutch",
            "battery": 100,
            "battery_charging": False,
            "battery_critical": False,
            "accessories": [],
            "accessory_batteries_critical": [],
            "pairing_mode": False,
            "unread_change": True,
            "time": None,
            "last_action": "UNLOCK",
            "last_completion_status": "CLUTCH_FAILURE",
            "faults": ["silence"],
            "authorizations": ["0: BRIDGE"],
            "keypad_codes": 0,
            "time_control_entries": 0,
            "log_entries": 1,
            "logging": True,
            "config_update_count": 0,
            "links": 1,
            "connections": 1,
            "motor_runs": 1,
            "pins_sent": 0,
            "broken_rules": 0,
        }

    run(scenario())


def test_every_line_of_the_journal_is_json() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        await client.act(1)
        lock.swap_batteries()
        lines = [json.loads(line) for line in lock.journal.json_lines()]
        assert len(lines) == len(lock.journal.entries)
        assert {"kind", "loop_time", "wall_time"} <= set.intersection(*(set(line) for line in lines))

    run(scenario())
