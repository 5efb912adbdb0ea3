"""The log: what gets into it, how it is read, and how each generation pads it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
import struct

import pytest

from custom_components.smartlock.protocol.enums import ButtonAction, Command, ErrorCode, FobAction, LockAction
from simulator.lock.journal import Kind
from simulator.virtual_lock import MODELS, Habits, VirtualLock
from simulator.virtual_time import run
from tests.simulator.hand_client import COMPLETE, Answer, HandClient, date7, lock_since, new_lock, paired
from tests.vectors import vector_bytes

NOON = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC)
DONE = (Command.STATUS, COMPLETE)
ASCENDING, DESCENDING = 0, 1


def wanted(start: int = 0, count: int = 100, order: int = ASCENDING, total: int = 0) -> bytes:
    return struct.pack("<IHBB", start, count, order, total)


async def entries(
    client: HandClient, start: int = 0, count: int = 100, order: int = ASCENDING
) -> list[bytes]:
    answers = await client.collect(Command.REQUEST_LOG_ENTRIES, wanted(start, count, order))
    assert {answer.command for answer in answers} <= {Command.LOG_ENTRY}
    return [answer.payload for answer in answers]


def indices(payloads: list[bytes]) -> list[int]:
    return [struct.unpack_from("<I", payload)[0] for payload in payloads]


def essence(payloads: list[bytes]) -> list[str]:
    """Return type and data in hexadecimal digits."""
    return [payload[47:].hex(" ") for payload in payloads]


def move_door(lock: VirtualLock, count: int) -> None:
    """Open and close the door in turns."""
    for number in range(count):
        (lock.close_door if number % 2 else lock.open_door)()


# --- Form -------------------------------------------------------------------------------------------------


def test_the_request_of_the_vector() -> None:
    assert vector_bytes("request-log-entries", "payload")[:8] == wanted(0, 10, DESCENDING, 1)


@pytest.mark.parametrize(
    ("model", "runs", "switches"), [("gen2", 5, 5), ("gen3", 5, 5), ("gen4", 8, 1), ("ultra", 8, 1)]
)
def test_an_entry_byte_for_byte(model: str, runs: int, switches: int) -> None:
    async def scenario() -> None:
        lock = lock_since(NOON, model)
        client = await paired(lock)
        await client.act(LockAction.UNLOCK)
        lock.open_door()
        client.forget()
        run_entry, door_entry = await entries(client)
        head = b"\x01\0\0\0" + run_entry[4:11] + client.authorization_id + b"hand".ljust(32, b"\0")
        assert run_entry == head + b"\x02" + bytes([1, 0, 0, 0]).ljust(runs, b"\0")
        assert run_entry[4:10] == date7(NOON)[:6]
        assert door_entry == b"\x02\0\0\0" + door_entry[4:11] + bytes(36) + b"\x06" + bytes(switches)
        assert lock.journal.broken_rules == []

    run(scenario())


# --- Paging -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "count", "order", "expected", "beyond"),
    [
        (0, 100, ASCENDING, [1, 2, 3, 4, 5, 6], 6),
        (0, 100, DESCENDING, [6, 5, 4, 3, 2, 1], 6),
        (0, 2, ASCENDING, [1, 2], 6),
        (0, 2, DESCENDING, [6, 5], 6),
        (4, 100, ASCENDING, [5, 6], 2),
        (4, 100, DESCENDING, [3, 2, 1], 3),
        (4, 2, DESCENDING, [3, 2], 3),
        (6, 5, ASCENDING, [], 0),
        (1, 5, DESCENDING, [], 0),
        (99, 2, DESCENDING, [6, 5], 6),
        (99, 5, ASCENDING, [], 0),
        (0, 0, DESCENDING, [], 6),
    ],
)
def test_pages(start: int, count: int, order: int, expected: list[int], beyond: int) -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        move_door(lock, 6)
        assert indices(await entries(client, start, count, order)) == expected
        total, *rest = await client.collect(Command.REQUEST_LOG_ENTRIES, wanted(start, count, order, 1))
        assert total == (Command.LOG_ENTRY_COUNT, struct.pack("<BHBB", 1, beyond, 1, 1))
        assert indices([answer.payload for answer in rest]) == expected

    run(scenario())


@pytest.mark.parametrize("fields", [wanted(order=2), wanted(total=2)])
def test_a_request_that_is_impossible(fields: bytes) -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        assert (await client.order(Command.REQUEST_LOG_ENTRIES, fields)).error == ErrorCode.K_BAD_PARAMETER

    run(scenario())


def test_the_oldest_entries_are_forgotten_and_indices_go_on() -> None:
    async def scenario() -> None:
        lock = new_lock(habits=Habits(log_capacity=3))
        client = await paired(lock)
        move_door(lock, 10)
        client.forget()
        assert indices(await entries(client)) == [8, 9, 10]

    run(scenario())


# --- What is logged ---------------------------------------------------------------------------------------


def press_fob_without_action(lock: VirtualLock) -> None:
    lock.pair_accessory("fob")
    lock.settings.change(fob_action_1=FobAction.NO_ACTION)
    lock.press_fob()


def press_button_without_action(lock: VirtualLock) -> None:
    lock.settings.change(single_button_press_action=ButtonAction.NO_ACTION)
    lock.press_button()


def blocked_at_the_button(lock: VirtualLock) -> None:
    lock.jam("motor")
    lock.press_button()


def dead_clutch(lock: VirtualLock) -> None:
    lock.jam("clutch-power")
    lock.press_button()


def press_fob_twice(lock: VirtualLock) -> None:
    lock.pair_accessory("fob")
    lock.settings.change(fob_action_2=FobAction.UNLOCK)
    lock.press_fob(2)


@pytest.mark.parametrize(
    ("hand", "name", "data"),
    [
        (lambda lock: lock.turn_key("unlock"), b"", "02 01 01 00 00"),
        (VirtualLock.press_button, b"", "02 01 02 00 00"),
        (blocked_at_the_button, b"", "02 01 02 00 01"),
        (dead_clutch, b"", "02 01 02 00 07"),
        (press_button_without_action, b"", "02 5a 02 00 00"),
        (press_fob_without_action, b"Nuki Fob", "02 50 03 00 00"),
        (press_fob_twice, b"Nuki Fob", "02 01 03 00 00"),
        (VirtualLock.open_door, b"", "06 00 00 00 00"),
        (lambda lock: lock.set_door_sensor("tampered"), b"", "06 03 00 00 00"),
        (lambda lock: lock.set_door_logging(enabled=False), b"", "07 00 00 00 00"),
        (lambda lock: lock.swap_batteries(), b"", "04 00 00 00 00"),
        (VirtualLock.update_firmware, b"", "0a 03 15 00 00"),
    ],
)
def test_what_people_do(hand: Callable[[VirtualLock], object], name: bytes, data: str) -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        hand(lock)
        await asyncio.sleep(15)
        client.link.close()
        await client.connect()
        entry = (await entries(client))[0]
        assert entry[47:52].hex(" ") == data
        assert entry[15:47].rstrip(b"\0") == name
        assert (entry[11:15] == bytes(4)) is (name == b"")
        assert lock.journal.of(Kind.LOGGED, index=1)

    run(scenario())


def test_the_name_carries_the_suffix() -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        for suffix in (b"Kitchen", b"A long suffix here", "ü".encode() * 9):
            await client.prove(Command.LOCK_ACTION, client.action(LockAction.LOCK_N_GO, suffix=suffix))
            await asyncio.sleep(5)
            client.forget()
        name_1, name_2, name_3 = (entry[15:47].rstrip(b"\0") for entry in await entries(client))
        assert name_1 == b"hand (Kitchen)"
        assert name_2 == b"hand (A long suffix here)"
        assert name_3 == b"hand (" + "ü".encode() * 9 + b")"

    run(scenario())


def test_a_name_that_is_too_long_is_cut_within_a_letter() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        lock.authorizations.at(0).name = "ü" * 16
        await client.prove(Command.LOCK_ACTION, client.action(LockAction.UNLOCK, suffix=b"x"))
        await asyncio.sleep(5)
        client.forget()
        lock.authorizations.at(0).name = "x" + "ü" * 15
        await client.prove(Command.LOCK_ACTION, client.action(LockAction.LOCK, suffix=b"x"))
        await asyncio.sleep(5)
        client.forget()
        first, second = (entry[15:47] for entry in await entries(client))
        assert first == "ü".encode() * 16
        assert second == b"x" + "ü".encode() * 15 + b" "

    run(scenario())


def test_refusals_are_logged_with_their_reason() -> None:
    async def scenario() -> None:
        client = await paired(new_lock(locked=False))
        await client.act(LockAction.LOCK)
        await client.act(LockAction.UNLOCK, flags=1)
        assert essence(await entries(client)) == ["02 02 00 00 00 00", "02 01 00 01 03 00"]

    run(scenario())


def test_lock_n_go_makes_two_entries() -> None:
    async def scenario() -> None:
        client = await paired(lock_since(NOON))
        await client.act(LockAction.LOCK_N_GO)
        await asyncio.sleep(30)
        client.forget()
        assert essence(await entries(client)) == ["02 04 00 00 00 00", "02 02 00 00 00 00"]

    run(scenario())


# --- Switched off -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", list(MODELS))
def test_the_log_can_be_switched_off_and_on(model: str) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        move_door(lock, 1)
        for enabled in (b"\0", b"\0", b"\x01"):
            assert await client.order(Command.ENABLE_LOGGING, enabled) == DONE
            total = await client.order(Command.REQUEST_LOG_ENTRIES, wanted(0, 0, 0, 1))
            assert total.payload[0] == enabled[0]
            assert await client.answer() == DONE
            move_door(lock, 2)
            client.forget()
        texts = [entry[47:49].hex(" ") for entry in await entries(client)]
        assert texts == ["06 00", "01 00", "01 01", "06 00", "06 01"]
        (off, _) = (entry for entry in await entries(client) if entry[47] == 1)
        assert off[15:19] == b"hand"
        answer = await client.order(Command.ENABLE_LOGGING, b"\x02")
        assert answer == (Command.ERROR_REPORT, b"\x23\x34\x00")

    run(scenario())


def test_without_door_logging_the_door_is_not_logged() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        lock.set_door_logging(enabled=False)
        move_door(lock, 2)
        client.forget()
        assert [entry[47] for entry in await entries(client)] == [7]
        answer: Answer = await client.order(Command.REQUEST_LOG_ENTRIES, wanted(0, 0, 0, 1))
        assert answer.payload == b"\x01\x01\x00\x01\x00"

    run(scenario())
