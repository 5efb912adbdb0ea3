"""Settings, clock and PIN: what is told, what may be written, and what comes of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
import struct
from typing import Any, NamedTuple

import pytest

from custom_components.smartlock.protocol.enums import Command, ErrorCode, LockAction
from custom_components.smartlock.protocol.wire import Version
from simulator.lock.journal import Kind
from simulator.virtual_lock import MODELS, Habits, LostPin
from simulator.virtual_time import run
from tests.simulator.hand_client import COMPLETE, PIN, HandClient, lock_since, new_lock, paired
from tests.vectors import vector_bytes

NOON = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC)
DONE = (Command.STATUS, COMPLETE)
EVERY_MODEL = pytest.mark.parametrize("model", list(MODELS))


def refusal(code: ErrorCode, command: Command) -> tuple[Command, bytes]:
    return Command.ERROR_REPORT, struct.pack("<BH", code, command)


async def config_of(client: HandClient) -> bytes:
    return (await client.prove(Command.REQUEST_CONFIG)).payload


async def advanced_config_of(client: HandClient) -> bytes:
    return (await client.prove(Command.REQUEST_ADVANCED_CONFIG)).payload


def writable(config: bytes) -> bytes:
    """Return the fields of Set Config that keep a Config: what the vendor's table leaves out is cut out."""
    return config[4:49] + config[56:59] + config[60:65] + config[72:74]


# --- Reading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "tail"),
    [
        ("gen2", "02 0C 04 02 00 01 2500"),
        ("gen3", "03 0B 01 03 00 01 2500 04 01 00"),
        ("gen4", "04 03 08 04 00 00 2500 04 03 00 02"),
        ("ultra", "05 04 06 05 00 00 2500 05 03 00 01 03"),
    ],
)
def test_what_stands_behind_the_settings_in_config(model: str, tail: str) -> None:
    async def scenario() -> None:
        client = await paired(new_lock(model))
        assert (await config_of(client))[66:] == bytes.fromhex(tail)

    run(scenario())


@pytest.mark.parametrize(("model", "motor"), [("gen2", ""), ("gen3", ""), ("gen4", ""), ("ultra", "00 00")])
def test_advanced_config(model: str, motor: str) -> None:
    async def scenario() -> None:
        client = await paired(new_lock(model))
        expected = """
            9303 0000 0000 0000 0000 14 01 05 00 00 01 03 2C01 00
            00 1600 0600 01 01 01 00 00 01
        """
        assert await advanced_config_of(client) == bytes.fromhex(expected + motor)

    run(scenario())


def test_immediate_auto_lock_without_a_door_sensor() -> None:
    async def scenario() -> None:
        client = await paired(new_lock(door_sensor=False))
        config = await advanced_config_of(client)
        assert config[29] == 0xFF
        for value, answer in (
            (0xFF, refusal(ErrorCode.K_BAD_PARAMETER, Command.SET_ADVANCED_CONFIG)),
            (1, refusal(ErrorCode.K_BAD_PARAMETER, Command.SET_ADVANCED_CONFIG)),
            (0, DONE),
        ):
            fields = config[2:29] + bytes([value]) + config[30:]
            assert await client.order(Command.SET_ADVANCED_CONFIG, fields) == answer

    run(scenario())


# --- Writing ----------------------------------------------------------------------------------------------


@EVERY_MODEL
def test_config_written_back_changes_nothing(model: str) -> None:
    async def scenario() -> None:
        lock = new_lock(model, name="Tür", now=lambda: NOON)
        client = await paired(lock)
        config, advanced = await config_of(client), await advanced_config_of(client)
        assert await client.order(Command.SET_CONFIG, writable(config)) == DONE
        assert await client.order(Command.SET_ADVANCED_CONFIG, advanced[2:]) == DONE
        assert (await config_of(client), await advanced_config_of(client)) == (config, advanced)
        assert (await client.states())[13] == 0
        assert lock.journal.broken_rules == []

    run(scenario())


@EVERY_MODEL
def test_config_of_the_vector(model: str) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        wanted = vector_bytes("set-config-gen14", "payload")[:55]
        assert await client.order(Command.SET_CONFIG, wanted) == DONE
        config = await config_of(client)
        assert writable(config) == wanted
        assert config[:4] == bytes.fromhex("C535C333")
        assert (await client.states())[13] == 1
        (written,) = lock.journal.of(Kind.SETTINGS_WRITTEN)
        assert written.facts["command"] == "SET_CONFIG"
        fields = "dst_mode fob_action_1 fob_action_2 fob_action_3 led_brightness name time_zone_offset"
        assert written.facts["fields"] == fields

    run(scenario())


@pytest.mark.parametrize(
    ("model", "motor"), [("gen2", b""), ("gen3", b""), ("gen4", b""), ("ultra", b"\2\1")]
)
def test_advanced_config_of_the_vector(model: str, motor: bytes) -> None:
    async def scenario() -> None:
        client = await paired(new_lock(model))
        wanted = vector_bytes("set-advanced-config-gen14", "payload")[:29] + motor
        assert await client.order(Command.SET_ADVANCED_CONFIG, wanted) == DONE
        assert (await advanced_config_of(client))[2:] == wanted

    run(scenario())


def test_a_change_is_pushed_before_it_is_confirmed() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        fields = bytearray(writable(await config_of(client)))
        fields[44] = 1
        pushed = await client.prove(Command.SET_CONFIG, bytes(fields), client.pin)
        assert (pushed.command, pushed.payload[13]) == (Command.KEYTURNER_STATES, 1)
        assert await client.answer() == DONE

    run(scenario())


def test_settings_are_written_with_the_right_pin_only() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        config = await config_of(client)
        answer = await client.prove(Command.SET_CONFIG, b"\0" * 55, b"\0\0")
        assert answer == refusal(ErrorCode.K_BAD_PIN, Command.SET_CONFIG)
        assert await config_of(client) == config

    run(scenario())


class Range(NamedTuple):
    """A field of a request, with values that are taken and values that are not."""

    offset: int
    layout: str
    good: Sequence[Any]
    bad: Sequence[Any]


CONFIG_RANGES = [
    Range(32, "<f", [-90.0, 48.2, 90.0], [90.1, float("inf"), float("nan")]),
    Range(36, "<f", [-180.0, 16.4, 180.0], [-180.1]),
    Range(40, "B", [0, 1], [2]),
    Range(41, "B", [0, 1], [2]),
    Range(42, "B", [0, 1], [2]),
    Range(43, "B", [0, 1], [0xFF]),
    Range(44, "B", [0, 5], [6]),
    Range(45, "<h", [-720, 0, 840], [-721, 841]),
    Range(47, "B", [0, 1], [2]),
    Range(48, "B", [0, 4], [5]),
    Range(49, "B", [0, 4], [5]),
    Range(50, "B", [0, 4], [5]),
    Range(51, "B", [0, 1], [2]),
    Range(52, "B", [0, 3], [4]),
    Range(53, "<H", [0, 45, 0xFFFF], [46]),
]

# Of the fifth generation.
ADVANCED_CONFIG_RANGES = [
    Range(0, "<h", [-90, 180], [-91, 181]),
    Range(2, "<h", [-180, 90], [-181, 91]),
    Range(4, "<h", [-180, 180], [-181, 181]),
    Range(6, "<h", [-180, 180], [-181, 181]),
    Range(8, "B", [5, 10, 15, 20, 30, 45, 60], [0, 4, 61]),
    Range(9, "B", [0, 6], [7]),
    Range(10, "B", [0, 6], [7]),
    Range(11, "B", [0, 1], [2]),
    Range(12, "B", [0, 3], [4]),
    Range(13, "B", [0, 1], [2]),
    Range(14, "B", [1, 3, 5, 7, 10, 15, 20, 30], [0, 31]),
    Range(15, "<H", [2, 1800], [0, 1]),
    Range(17, "B", [0, 1], [2]),
    Range(18, "B", [0, 1], [2]),
    Range(19, "BB", [(0, 0), (23, 59)], [(24, 0), (0, 60)]),
    Range(21, "BB", [(0, 0), (23, 59)], [(24, 0), (0, 60)]),
    Range(23, "B", [0, 1], [2]),
    Range(24, "B", [0, 1], [2]),
    Range(25, "B", [0, 1], [2]),
    Range(26, "B", [0, 1], [2]),
    Range(27, "B", [0, 1], [2]),
    Range(28, "B", [0, 1], [2]),
    Range(29, "B", [0, 2], [3]),
    Range(30, "B", [0, 1], [2]),
]


async def check_ranges(client: HandClient, command: Command, fields: bytes, rows: list[Range]) -> None:
    """Write values into the fields of a request, one after the other, and compare what the lock says."""
    for offset, layout, good, bad in rows:
        for values, expected in ((good, DONE), (bad, refusal(ErrorCode.K_BAD_PARAMETER, command))):
            for value in values:
                written = bytearray(fields)
                struct.pack_into(layout, written, offset, *(value if isinstance(value, tuple) else (value,)))
                answer = await client.order(command, bytes(written))
                assert answer == expected, (offset, value)


def test_the_range_of_every_setting() -> None:
    async def scenario() -> None:
        client = await paired(new_lock("ultra"))
        fields = writable(await config_of(client))
        await check_ranges(client, Command.SET_CONFIG, fields, CONFIG_RANGES)
        fields = (await advanced_config_of(client))[2:]
        await check_ranges(client, Command.SET_ADVANCED_CONFIG, fields, ADVANCED_CONFIG_RANGES)

    run(scenario())


def test_one_impossible_field_keeps_all_others_from_being_written() -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        config = await config_of(client)
        fields = b"X" * 32 + writable(config)[32:44] + b"\x09" + writable(config)[45:]
        answer = await client.order(Command.SET_CONFIG, fields)
        assert answer == refusal(ErrorCode.K_BAD_PARAMETER, Command.SET_CONFIG)
        assert await config_of(client) == config

    run(scenario())


def test_a_value_that_is_there_already_may_stay() -> None:
    """A client writes back what it has read, also what only newer firmware knows."""

    async def scenario() -> None:
        lock = new_lock()
        lock.settings.change(advertising_mode=9, unlatch_duration=0)
        client = await paired(lock)
        assert await client.order(Command.SET_CONFIG, writable(await config_of(client))) == DONE
        fields = (await advanced_config_of(client))[2:]
        assert await client.order(Command.SET_ADVANCED_CONFIG, fields) == DONE

    run(scenario())


def test_pairing_can_be_switched_off() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        fields = bytearray(writable(await config_of(client)))
        fields[41] = 0
        assert await client.order(Command.SET_CONFIG, bytes(fields)) == DONE
        assert "switched off" in lock.enter_pairing_mode()

    run(scenario())


# --- Old firmware -----------------------------------------------------------------------------------------


def test_firmware_of_the_document_v2_1() -> None:
    """28 bytes of Advanced Config, no switch for auto lock: a timeout of 0 is off."""

    async def scenario() -> None:
        model = replace(
            MODELS["gen2"],
            firmware=Version(2, 5, 1),
            states_length=19,
            config_length=72,
            advanced_config_length=28,
        )
        lock = new_lock(model, locked=False)
        client = await paired(lock)
        assert len(await client.states()) == 19
        config, advanced = await config_of(client), await advanced_config_of(client)
        assert (len(config), len(advanced)) == (72, 28)
        assert advanced[17:19] == b"\0\0"
        assert await client.order(Command.SET_CONFIG, writable(config)) == DONE
        assert len(writable(config)) == 53
        fields = advanced[2:17] + b"\x05\0" + advanced[19:]
        assert await client.order(Command.SET_ADVANCED_CONFIG, fields) == DONE
        await asyncio.sleep(10)
        assert [entry.facts["trigger"] for entry in lock.journal.motor_runs] == ["AUTO_LOCK"]
        client.forget()
        assert await client.order(Command.SET_ADVANCED_CONFIG, advanced[2:]) == DONE
        await client.act(LockAction.UNLOCK)
        await asyncio.sleep(3600)
        assert not lock.bolt_locked

    run(scenario())


# --- Clock ------------------------------------------------------------------------------------------------


def test_the_clock_is_set_in_utc() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        wanted = vector_bytes("update-time", "payload")[:7]
        assert await client.order(Command.UPDATE_TIME, wanted) == DONE
        assert (await client.states())[3:10] == wanted
        await asyncio.sleep(60)
        assert (await client.states())[8] == wanted[5] + 1
        assert lock.clock.time.year == 2025

    run(scenario())


@pytest.mark.parametrize("date", ["EA07 0D 01 00 00 00", "EA07 02 1E 00 00 00", "0000 00 00 00 00 00"])
def test_a_time_that_does_not_exist(date: str) -> None:
    async def scenario() -> None:
        lock = new_lock(now=lambda: NOON)
        client = await paired(lock)
        answer = await client.order(Command.UPDATE_TIME, bytes.fromhex(date))
        assert answer == refusal(ErrorCode.K_BAD_PARAMETER, Command.UPDATE_TIME)
        assert lock.clock.time == NOON

    run(scenario())


# --- PIN --------------------------------------------------------------------------------------------------


async def verify(client: HandClient, pin: bytes) -> ErrorCode | None:
    return (await client.prove(Command.VERIFY_SECURITY_PIN, pin=pin)).error


@pytest.mark.parametrize(
    ("model", "new", "size"), [("gen2", 4711, 2), ("gen3", 9999, 2), ("ultra", 654321, 4), ("ultra", 548, 4)]
)
def test_a_new_pin(model: str, new: int, size: int) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        pin = new.to_bytes(size, "little")
        answer = await client.prove(Command.SET_SECURITY_PIN, pin, pin)
        assert answer == refusal(ErrorCode.K_BAD_PIN, Command.SET_SECURITY_PIN)
        assert await client.order(Command.SET_SECURITY_PIN, pin) == DONE
        assert await verify(client, client.pin) == ErrorCode.K_BAD_PIN
        assert await verify(client, pin) is None

    run(scenario())


def test_no_pin_is_zero() -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        assert await client.order(Command.SET_SECURITY_PIN, b"\0\0") == DONE
        assert await verify(client, b"\0\0") is None
        assert await verify(client, PIN.to_bytes(2, "little")) == ErrorCode.K_BAD_PIN

    run(scenario())


@pytest.mark.parametrize(
    ("model", "new"), [("gen3", b"\x10\x27"), ("ultra", bytes(4)), ("ultra", b"\x40\x42\x0f\0")]
)
def test_what_cannot_be_a_pin(model: str, new: bytes) -> None:
    """10000; none on the fifth generation; 1000000."""

    async def scenario() -> None:
        client = await paired(new_lock(model))
        answer = await client.order(Command.SET_SECURITY_PIN, new)
        assert answer == refusal(ErrorCode.K_BAD_PARAMETER, Command.SET_SECURITY_PIN)
        assert await verify(client, client.pin) is None

    run(scenario())


@pytest.mark.parametrize(
    ("lost_pin", "old", "zero", "new"),
    [
        (LostPin.REJECTS, ErrorCode.K_BAD_PIN, ErrorCode.K_BAD_PIN, ErrorCode.K_BAD_PIN),
        (LostPin.ACCEPTS_ZERO, ErrorCode.K_BAD_PIN, None, ErrorCode.K_BAD_PIN),
        (LostPin.ACCEPTS_NEW, ErrorCode.K_BAD_PIN, ErrorCode.K_BAD_PIN, None),
    ],
)
def test_what_a_lock_takes_that_has_lost_its_pin(
    lost_pin: LostPin, old: ErrorCode | None, zero: ErrorCode | None, new: ErrorCode | None
) -> None:
    async def scenario() -> None:
        lock = new_lock(habits=Habits(lost_pin=lost_pin, pin_tries=9))
        client = await paired(lock)
        lock.swap_batteries(["pin"])
        await asyncio.sleep(10)
        await client.connect()
        assert await verify(client, client.pin) == old
        assert await verify(client, b"\0\0") == zero
        answer = await client.order(Command.SET_SECURITY_PIN, b"\x67\x12")  # With the old one behind it.
        assert answer.error == new
        assert await verify(client, b"\x67\x12") == new

    run(scenario())
