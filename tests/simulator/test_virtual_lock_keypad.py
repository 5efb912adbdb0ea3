"""Keypad codes: their rules, who may type them when, and what wrong ones lead to."""

import asyncio
from datetime import UTC, datetime
import struct

import pytest

from custom_components.smartlock.protocol.enums import Command, ErrorCode, KeypadAction, SortOrder
from simulator.lock.journal import Kind
from simulator.virtual_lock import MODELS, Habits, VirtualLock
from simulator.virtual_time import run
from tests.simulator.hand_client import (
    COMPLETE,
    Answer,
    HandClient,
    date7,
    ends_action,
    lock_since,
    new_lock,
    paired,
    story,
)

NOON = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC)
DONE = (Command.STATUS, COMPLETE)
NO_LIMIT = bytes(19)
ON_TUESDAYS = bytes(14) + b"\x20" + bytes(4)
CODE = 345678


def new_code(code: int = CODE, name: bytes = b"Anna", *, limited: int = 0, limits: bytes = NO_LIMIT) -> bytes:
    return struct.pack("<I20sB", code, name, limited) + limits


def changed_code(
    code_id: int,
    code: int = CODE,
    *,
    enabled: int = 1,
    limited: int = 0,
    limits: bytes = NO_LIMIT,
) -> bytes:
    return struct.pack("<HI20sBB", code_id, code, b"Bert", enabled, limited) + limits


async def add(client: HandClient, fields: bytes) -> Answer:
    answer = await client.order(Command.ADD_KEYPAD_CODE, fields)
    if answer.error is None:
        assert await client.answer() == DONE
    return answer


async def listed(client: HandClient, offset: int = 0, count: int = 100) -> list[Answer]:
    return await client.collect(Command.REQUEST_KEYPAD_CODES, struct.pack("<HH", offset, count))


async def log_of(client: HandClient) -> list[str]:
    """Return type and data of every log entry."""
    answers = await client.collect(Command.REQUEST_LOG_ENTRIES, struct.pack("<IHBB", 0, 100, 0, 0))
    return [answer.payload[47:].hex(" ") for answer in answers]


async def type_code(
    keypad: HandClient, code: int, *, source: int = 1, action: int = KeypadAction.INTELLIGENT
) -> list[Answer]:
    """Send a Keypad Action and return everything until it has ended."""
    answers = [await keypad.prove(Command.KEYPAD_ACTION, struct.pack("<BIB", source, code, action))]
    while not ends_action(answers[-1]):
        answers.append(await keypad.answer(60))
    return answers


# --- The codes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", list(MODELS))
def test_a_code_byte_for_byte(model: str) -> None:
    async def scenario() -> None:
        lock = new_lock(model, now=lambda: NOON)
        client = await paired(lock)
        added = await client.order(Command.ADD_KEYPAD_CODE, new_code(limited=1, limits=ON_TUESDAYS))
        assert added == (Command.KEYPAD_CODE_ID, b"\x01\0" + date7(NOON))
        assert await client.answer() == DONE
        count, entry = await listed(client)
        assert count == (Command.KEYPAD_CODE_COUNT, b"\x01\0")
        head = struct.pack("<HI20sB", 1, CODE, b"Anna", 1)
        expected = head + date7(NOON) + bytes(7) + b"\0\0\x01" + ON_TUESDAYS
        assert entry == (Command.KEYPAD_CODE, expected)
        assert len(expected) == 63
        assert lock.journal.broken_rules == []
        assert str(CODE) not in "".join(lock.journal.json_lines())

    run(scenario())


def test_the_limit_may_be_left_out() -> None:
    async def scenario() -> None:
        client = await paired(new_lock(habits=Habits(limit_block_only_if_limited=True)))
        await add(client, new_code())
        await add(client, new_code(999999, limited=1))
        _, free, limited = await listed(client)
        assert (len(free.payload), len(limited.payload)) == (44, 63)

    run(scenario())


def test_pages() -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        for code in (111111, 222222, 333333, 444444):
            await add(client, new_code(code))
        count, *page = await listed(client, 1, 2)
        assert count.payload == b"\x04\0"
        assert [struct.unpack_from("<HI", entry.payload) for entry in page] == [(2, 222222), (3, 333333)]

    run(scenario())


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (new_code(34567), ErrorCode.K_CODE_INVALID),
        (new_code(3456789), ErrorCode.K_CODE_INVALID),
        (new_code(345670), ErrorCode.K_CODE_INVALID),
        (new_code(305678), ErrorCode.K_CODE_INVALID),
        (new_code(123456), ErrorCode.K_CODE_INVALID),
        (new_code(121111), ErrorCode.K_CODE_INVALID),
        (new_code(0), ErrorCode.K_CODE_INVALID),
        (new_code(999999), ErrorCode.K_CODE_ALREADY_EXISTS),
        (new_code(limited=2), ErrorCode.K_BAD_PARAMETER),
        (new_code(limited=1, limits=b"\xff" * 19), ErrorCode.K_BAD_PARAMETER),
    ],
)
def test_a_code_against_the_rules(fields: bytes, code: ErrorCode) -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        await add(client, new_code(999999))
        assert (await add(client, fields)).payload == struct.pack("<BH", code, Command.ADD_KEYPAD_CODE)
        assert (await listed(client))[0].payload == b"\x01\0"

    run(scenario())


def test_codes_that_look_like_the_forbidden_ones() -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        for code in (211111, 111112, 131212, 999999):
            assert (await add(client, new_code(code))).error is None

    run(scenario())


def test_a_full_table() -> None:
    async def scenario() -> None:
        client = await paired(new_lock(habits=Habits(max_keypad_codes=1)))
        await add(client, new_code())
        assert (await add(client, new_code(999999))).error == ErrorCode.K_TOO_MANY_ENTRIES

    run(scenario())


def test_an_update_replaces_everything() -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        await add(client, new_code(limited=1, limits=ON_TUESDAYS))
        await add(client, new_code(999999))
        for fields, error in (
            (changed_code(1, 999999), ErrorCode.K_CODE_ALREADY_EXISTS),
            (changed_code(1, 123456), ErrorCode.K_CODE_INVALID),
            (changed_code(7), ErrorCode.K_BAD_PARAMETER),
            (changed_code(1, enabled=2), ErrorCode.K_BAD_PARAMETER),
            (changed_code(1, limited=1, limits=b"\xff" * 19), ErrorCode.K_BAD_PARAMETER),
            (changed_code(1), None),  # The same code again is no other one.
            (changed_code(1, 888888, enabled=0), None),
        ):
            assert (await client.order(Command.UPDATE_KEYPAD_CODE, fields)).error == error
        entry = (await listed(client))[1].payload
        assert entry[:27] == struct.pack("<HI20sB", 1, 888888, b"Bert", 0)
        assert entry[43:] == b"\0" + NO_LIMIT

    run(scenario())


def test_a_code_is_removed() -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        await add(client, new_code())
        assert await client.order(Command.REMOVE_KEYPAD_CODE, b"\x01\0") == DONE
        assert (await client.order(Command.REMOVE_KEYPAD_CODE, b"\x01\0")).error == ErrorCode.K_BAD_PARAMETER
        assert (await add(client, new_code())).payload[:2] == b"\x02\0"

    run(scenario())


# --- At the keypad ----------------------------------------------------------------------------------------


async def at_the_door(*, fields: bytes = new_code(), locked: bool = True) -> tuple[VirtualLock, HandClient]:
    """Return a lock with one code, and a keypad that is linked with it."""
    lock = lock_since(NOON, locked=locked)
    keypad = await paired(lock, id_type=3)
    await add(keypad, fields)
    return lock, keypad


@pytest.mark.parametrize(
    ("locked", "action", "expected"),
    [
        (True, KeypadAction.INTELLIGENT, ["accepted", "state 02", "state 03", "complete"]),
        (False, KeypadAction.INTELLIGENT, ["accepted", "state 04", "state 01", "complete"]),
        (True, KeypadAction.UNLOCK, ["accepted", "state 02", "state 03", "complete"]),
        (True, KeypadAction.LOCK, ["complete"]),
        (False, KeypadAction.UNLATCH, ["accepted", "state 07", "state 05", "state 03", "complete"]),
        (True, KeypadAction.LOCK_N_GO, ["accepted", "state 02", "state 06", "complete"]),
        (True, KeypadAction(9), ["K_BAD_PARAMETER"]),
    ],
)
def test_a_right_code(locked: bool, action: KeypadAction, expected: list[str]) -> None:
    async def scenario() -> None:
        lock, keypad = await at_the_door(locked=locked)
        assert story(await type_code(keypad, CODE, action=action)) == expected
        if len(expected) > 1:
            assert (await keypad.states())[2] == 0xFF
            moved = action or (KeypadAction.UNLOCK if locked else KeypadAction.LOCK)
            assert await log_of(keypad) == [f"05 {moved:02x} 01 00 01 00"]
            entry = (await listed(keypad))[1].payload
            assert struct.unpack_from("<H", entry, 41) == (1,)
            assert entry[34:40] == date7(NOON)[:6]
        assert lock.journal.broken_rules == []

    run(scenario())


def test_the_log_names_who_has_the_code() -> None:
    async def scenario() -> None:
        lock, keypad = await at_the_door()
        await type_code(keypad, CODE)
        (record,) = lock.log.beyond(0, SortOrder.ASCENDING)
        assert record.name == "Anna"
        assert lock.journal.of(Kind.LOGGED, type="KEYPAD_ACTION")

    run(scenario())


def test_a_keypad_2_leaves_garbage_behind_the_name() -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.pair_accessory("keypad-2")
        client = await paired(lock)
        await add(client, new_code())
        assert lock.enter_code(CODE) == "the code is taken"
        await asyncio.sleep(5)
        client.forget()
        answers = await client.collect(Command.REQUEST_LOG_ENTRIES, struct.pack("<IHBB", 0, 9, 0, 0))
        name = answers[0].payload[15:47]
        assert name.startswith(b"Anna\0")
        assert name.rstrip(b"\0") != b"Anna"

    run(scenario())


def test_a_wrong_code_moves_nothing_and_is_logged() -> None:
    async def scenario() -> None:
        lock, keypad = await at_the_door()
        assert story(await type_code(keypad, 999999)) == ["K_CODE_INVALID"]
        assert lock.journal.motor_runs == []
        assert await log_of(keypad) == ["05 00 01 e0 00 00"]

    run(scenario())


def test_pauses_after_wrong_codes_grow() -> None:
    async def scenario() -> None:
        lock, keypad = await at_the_door()

        async def types(code: int) -> str:
            keypad.forget()
            return story(await type_code(keypad, code))[-1]

        for wrong, pause, length in (
            (5, "K_CODE_INVALID_TIMEOUT_1", 30),
            (10, "K_CODE_INVALID_TIMEOUT_2", 600),
        ):
            assert [await types(999999) for _ in range(wrong)] == ["K_CODE_INVALID"] * wrong
            assert [await types(code) for code in (999999, CODE)] == [pause] * 2
            await asyncio.sleep(length - 1)
            assert await types(CODE) == pause
            await asyncio.sleep(1)
        # After the longest pause one more wrong code is enough for the next.
        assert [await types(999999), await types(CODE)] == ["K_CODE_INVALID", "K_CODE_INVALID_TIMEOUT_2"]
        await asyncio.sleep(600)
        assert lock.bolt_locked
        assert await types(CODE) == "complete"
        assert [await types(999999), await types(999999), await types(CODE)][-1] == "complete"

    run(scenario())


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        (new_code(limited=1, limits=ON_TUESDAYS), "K_TIME_NOT_ALLOWED"),
        (new_code(limited=1, limits=bytes(14) + b"\x40" + bytes(4)), "complete"),
        (new_code(limited=0, limits=ON_TUESDAYS), "complete"),
    ],
)
def test_a_code_with_a_limit(fields: bytes, error: str) -> None:
    async def scenario() -> None:
        lock, keypad = await at_the_door(fields=fields)
        assert story(await type_code(keypad, CODE))[-1] == error
        assert lock.bolt_locked is (error != "complete")
        if error != "complete":
            assert await log_of(keypad) == ["05 00 01 09 01 00"]

    run(scenario())


def test_a_disabled_code() -> None:
    async def scenario() -> None:
        lock, keypad = await at_the_door()
        await keypad.order(Command.UPDATE_KEYPAD_CODE, changed_code(1, enabled=0))
        assert story(await type_code(keypad, CODE)) == ["K_DISABLED"]
        assert lock.bolt_locked

    run(scenario())


def test_the_arrow_key_locks_without_a_code_and_does_nothing_else() -> None:
    async def scenario() -> None:
        lock, keypad = await at_the_door(locked=False)
        answers = await type_code(keypad, 0, source=0, action=KeypadAction.UNLATCH)
        assert story(answers) == ["K_CODE_INVALID"]
        assert story(await type_code(keypad, 0, source=0, action=KeypadAction.LOCK))[-1] == "complete"
        assert lock.bolt_locked
        assert await log_of(keypad) == ["05 02 00 00 00 00"]

    run(scenario())


def test_a_fault_at_the_keypad_is_logged_as_such() -> None:
    async def scenario() -> None:
        lock, keypad = await at_the_door()
        lock.jam("motor")
        answers = await type_code(keypad, CODE)
        assert story(answers) == ["accepted", "state 02", "state FE", "K_MOTOR_BLOCKED"]
        assert await log_of(keypad) == ["05 01 01 01 01 00"]

    run(scenario())


# --- By hand ----------------------------------------------------------------------------------------------


def test_a_code_typed_by_hand() -> None:
    async def scenario() -> None:
        lock = new_lock()
        assert lock.enter_code(CODE) == "nothing happens: no keypad is paired"
        lock.pair_accessory("keypad")
        client = await paired(lock)
        await add(client, new_code())
        assert lock.enter_code(999999) == "the keypad shows red: K_CODE_INVALID"
        assert lock.enter_code(CODE, KeypadAction.UNLOCK) == "the code is taken"
        await asyncio.sleep(5)
        assert not lock.bolt_locked
        client.forget()
        config = (await client.prove(Command.REQUEST_CONFIG)).payload
        assert (config[65], config[76]) == (1, 0)
        lock.authorizations.at(0).enabled = 0
        assert lock.enter_code(CODE) == "the keypad shows red: K_DISABLED"
        lock.power_off()
        assert "no power" in lock.enter_code(CODE)
        assert str(CODE) not in "".join(lock.journal.json_lines())

    run(scenario())


def test_a_fob() -> None:
    async def scenario() -> None:
        lock = new_lock()
        assert lock.press_fob() == "nothing happens: no fob is paired"
        lock.pair_accessory("fob")
        lock.pair_accessory("fob")
        assert len(lock.authorizations) == 1
        assert lock.press_fob() == "the lock begins to unlock"
        await asyncio.sleep(5)
        assert lock.press_fob(3) == "the lock begins to lock"
        await asyncio.sleep(5)
        assert lock.bolt_locked
        assert lock.authorizations.at(0).lock_count == 2
        lock.authorizations.at(0).enabled = 0
        assert lock.press_fob() == "nothing happens: the fob is not allowed now"
        with pytest.raises(ValueError, match="once, twice or three times"):
            lock.press_fob(4)
        with pytest.raises(ValueError, match="no accessory is called box"):
            lock.pair_accessory("box")
        lock.power_off()
        assert "no power" in lock.press_fob()

    run(scenario())
