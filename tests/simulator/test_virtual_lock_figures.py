"""Battery, counters and what else only public clients ask for: all of it follows from what really happened."""

import asyncio
from datetime import UTC, datetime
import struct
from typing import NamedTuple

import pytest

from custom_components.smartlock.protocol.enums import Command, ErrorCode, LockAction
from simulator.lock.journal import Kind
from simulator.virtual_lock import MODELS, VirtualLock
from simulator.virtual_time import run
from tests.simulator.hand_client import COMPLETE, HandClient, date7, lock_since, new_lock, paired, story

NOON = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC)
DONE = (Command.STATUS, COMPLETE)


# --- Battery ----------------------------------------------------------------------------------------------


class Report(NamedTuple):
    """Battery Report, field by field."""

    drain: int
    voltage: int
    critical: int
    action: int
    start: int
    lowest: int
    distance: int
    temperature: int
    current: int
    resistance: int


async def report(client: HandClient) -> Report:
    client.forget()
    payload = (await client.request(Command.BATTERY_REPORT)).payload
    assert len(payload) == 17
    return Report(*struct.unpack("<HHBBHHHbHH", payload))


async def report_after(client: HandClient, action: LockAction) -> Report:
    client.forget()
    await client.act(action)
    return await report(client)


def test_runs_differ_and_lie_around_those_of_the_vector() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        reports = []
        for _ in range(5):
            reports += [await report_after(client, action) for action in (LockAction.UNLOCK, LockAction.LOCK)]
        assert len({entry.drain for entry in reports}) > 5
        for entry in reports:
            assert 4000 < entry.drain < 6500
            assert 330 < entry.current < 430
            assert 4900 < entry.lowest < entry.start - 300
            assert (entry.distance, entry.temperature, entry.critical) == (915, 21, 0)
        unlatch = await report_after(client, LockAction.UNLATCH)
        assert unlatch.action == LockAction.UNLATCH
        assert unlatch.distance > 915
        assert unlatch.current > max(entry.current for entry in reports)
        assert lock.battery.percent == 100
        assert lock.battery.voltage < 5600

    run(scenario())


def test_the_same_lock_repeats_its_figures() -> None:
    async def scenario() -> Report:
        return await report_after(await paired(lock_since(NOON)), LockAction.UNLOCK)

    assert run(scenario()) == run(scenario())


def test_wear_and_cold_show() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        new = await report_after(client, LockAction.UNLOCK)
        lock.turn_key("lock")
        lock.battery.load, lock.battery.resistance, lock.battery.temperature = 1.5, 600, -10
        old = await report_after(client, LockAction.UNLOCK)
        assert old.current > new.current * 1.5
        assert old.drain > new.drain * 1.5
        assert old.start - old.lowest > 2 * (new.start - new.lowest)
        assert (old.resistance, old.temperature) == (600, -10)

    run(scenario())


@pytest.mark.parametrize(
    ("jam", "turns", "takes"),
    [("motor", True, True), ("clutch-power", True, False), ("motor-power", True, False)],
)
def test_what_a_broken_run_takes(jam: str, turns: bool, takes: bool) -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        lock.jam(jam)
        failed = await report_after(client, LockAction.UNLOCK)
        assert (failed.distance < 915) is turns
        assert (failed.current > 700) is takes
        assert (failed.drain > 0) is takes
        assert (failed.lowest < failed.start) is takes

    run(scenario())


def test_many_runs_empty_the_battery() -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.set_battery(21)
        for _ in range(300):
            lock.press_button()
            await asyncio.sleep(5)
        assert lock.battery.percent < 20
        assert lock.status()["battery_critical"]

    run(scenario())


def test_after_a_reboot_there_is_no_run_to_tell_about() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        await client.act(LockAction.UNLOCK)
        lock.swap_batteries()
        await asyncio.sleep(10)
        await client.connect()
        entry = await report(client)
        assert (entry.drain, entry.action, entry.start, entry.voltage) == (0, 0, 0, 5600)

    run(scenario())


# --- Counters ---------------------------------------------------------------------------------------------


class General(NamedTuple):
    """General Statistics, field by field."""

    version: int
    first_calibration: tuple[int, int, int]
    calibrations: int
    lock_actions: int
    unlatches: int
    last_reboot: bytes
    last_charge: bytes
    initial_voltage: int
    cycle_actions: int
    unexpected_reboots: int


async def general(client: HandClient) -> General:
    client.forget()
    payload = (await client.order(Command.REQUEST_GENERAL_STATISTICS)).payload
    version, year, month, day, *counts = struct.unpack("<BHBBHHH7s7sHHH", payload)
    return General(version, (year, month, day), *counts)


def test_general_statistics_tell_what_happened() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        now = date7(NOON)
        assert await general(client) == General(1, (2026, 6, 1), 1, 0, 0, now, now, 5600, 0, 0)
        for action in (LockAction.UNLOCK, LockAction.LOCK, LockAction.UNLATCH, LockAction.LOCK):
            client.forget()
            await client.act(action)
        lock.jam("clutch")
        client.forget()
        await client.act(LockAction.UNLOCK)
        lock.repair()
        lock.turn_key("unlock")  # No motor, no count.
        seen = await general(client)
        assert (seen.lock_actions, seen.unlatches, seen.cycle_actions) == (4, 1, 5)
        client.forget()
        await client.order(Command.REQUEST_CALIBRATION)
        await asyncio.sleep(30)
        lock.set_battery(50)
        client.forget()
        await client.order(Command.REQUEST_REBOOT)
        await asyncio.sleep(10)
        await client.connect()
        seen = await general(client)
        assert (seen.calibrations, seen.cycle_actions, seen.unexpected_reboots) == (2, 5, 0)
        assert seen.last_reboot > now
        assert seen.last_charge == now
        lock.swap_batteries()
        await asyncio.sleep(10)
        await client.connect()
        seen = await general(client)
        assert (seen.cycle_actions, seen.initial_voltage, seen.unexpected_reboots) == (0, 5600, 1)
        assert seen.lock_actions == 4
        assert seen.last_charge > now

    run(scenario())


def daily_fields(payload: bytes) -> tuple[int, ...]:
    return struct.unpack("<HBB B HHHHH HHHHH HH BBB H BB III", payload)


def test_daily_statistics() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        await client.act(LockAction.UNLOCK)
        await client.act(LockAction.UNLATCH)
        lock.jam("motor")
        await client.act(LockAction.LOCK)
        lock.open_door()
        lock.close_door()
        client.forget()
        last = await report(client)
        await asyncio.sleep(24 * 3600)
        client.link.close()
        await client.connect()
        answers = await client.collect(Command.REQUEST_DAILY_STATISTICS, bytes([0, 0, 0, 0, 5]))
        assert [answer.command for answer in answers] == [Command.DAILY_STATISTICS] * 2
        today, yesterday = (daily_fields(answer.payload) for answer in answers)
        assert (today[:4], yesterday[:4]) == ((2026, 6, 2, 1), (2026, 6, 1, 1))
        assert today[4:15] == (0,) * 10 + (today[14],)
        ok, failed, average, highest, voltage = yesterday[4:9]
        assert (ok, failed, highest) == (1, 1, last.current)
        assert 300 < average < highest
        assert voltage > 5000
        assert yesterday[9:11] == (1, 0)
        assert yesterday[11] == yesterday[12] > 400
        incoming, outgoing = yesterday[14:16]
        first_day = [entry for entry in lock.journal.entries if entry.wall_time.day == 1]
        assert incoming == sum(
            entry.kind == Kind.REQUEST and not entry.facts.get("pairing") for entry in first_day
        )
        assert outgoing == sum(
            entry.kind == Kind.ANSWER and entry.facts.get("pushed") is False for entry in first_day
        )
        assert yesterday[16:19] == (21, 21, 21)
        assert yesterday[19] == 2
        assert yesterday[20:22] == (100, 100)
        one = await client.collect(Command.REQUEST_DAILY_STATISTICS, bytes([0, 0, 0, 0, 1]))
        assert len(one) == 1
        assert await client.collect(Command.REQUEST_DAILY_STATISTICS, bytes(5)) == []

    run(scenario())


def test_openings_and_closings_of_an_old_lock() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON, "gen2")
        client = await paired(lock)
        for _ in range(3):
            lock.open_door()
            lock.close_door()
        lock.swap_batteries()
        await asyncio.sleep(10)
        lock.open_door()
        await client.connect()
        answer = await client.request(Command.OPENINGS_CLOSINGS_SUMMARY)
        assert answer == (Command.OPENINGS_CLOSINGS_SUMMARY, struct.pack("<4H", 4, 3, 1, 0))

    run(scenario())


def test_the_most_recent_command() -> None:
    async def scenario() -> None:
        client = await paired(new_lock("gen2"))
        assert (await client.request(Command.MOST_RECENT_COMMAND)).payload == b"\0\0"
        await client.act(LockAction.UNLOCK)
        assert (await client.request(Command.MOST_RECENT_COMMAND)).payload == b"\x0d\x00"

    run(scenario())


@pytest.mark.parametrize("model", ["gen3", "gen4", "ultra"])
@pytest.mark.parametrize("command", [Command.MOST_RECENT_COMMAND, Command.OPENINGS_CLOSINGS_SUMMARY])
def test_newer_locks_have_no_summaries(model: str, command: Command) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        assert await client.request(command) == (Command.ERROR_REPORT, b"\x23\x01\x00")
        assert lock.journal.broken_rules == []

    run(scenario())


# --- Simple lock action -----------------------------------------------------------------------------------


@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize("suffix", [b"", b"Kitchen".ljust(20, b"\0")])
def test_simple_lock_action(model: str, suffix: bytes) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        for action, end in ((b"\x01", 3), (b"\x02", 1)):
            answers = [await client.prove(Command.SIMPLE_LOCK_ACTION, action + suffix)]
            while answers[-1] != DONE:
                answers.append(await client.answer(10))
            assert story(answers)[-2:] == [f"state 0{end}", "complete"]
        answer = await client.prove(Command.SIMPLE_LOCK_ACTION, b"\x03" + suffix)
        assert answer == (Command.ERROR_REPORT, b"\x23\x00\x01")
        assert lock.journal.broken_rules == []

    run(scenario())


# --- Accessories and the internal log ---------------------------------------------------------------------


def test_door_sensor_config() -> None:
    async def scenario() -> None:
        for present in (True, False):
            client = await paired(new_lock(door_sensor=present))
            answer = await client.prove(Command.REQUEST_DOOR_SENSOR_CONFIG)
            assert answer == (Command.DOOR_SENSOR_CONFIG, bytes([present, 0, 0, 0]))

    run(scenario())


def test_keypad_2_config() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        answer = await client.prove(Command.REQUEST_KEYPAD_2_CONFIG)
        assert answer.error == ErrorCode.K_BAD_PARAMETER
        lock.pair_accessory("keypad-2")
        client.forget()
        answer = await client.prove(Command.REQUEST_KEYPAD_2_CONFIG)
        assert answer == (Command.KEYPAD_2_CONFIG, bytes([0, 3, 0, 0, 0]))
        config = (await client.prove(Command.REQUEST_CONFIG)).payload
        assert (config[65], config[76]) == (0, 1)

    run(scenario())


async def accessory(client: HandClient, kind: int) -> bytes | None:
    client.forget()
    answer = await client.order(Command.REQUEST_ACCESSORY_INFO, bytes([kind]))
    return None if answer.error is not None else answer.payload


def test_accessory_info() -> None:
    async def scenario() -> None:
        lock: VirtualLock = new_lock(now=lambda: NOON)
        client = await paired(lock)
        assert [await accessory(client, kind) is not None for kind in range(7)] == [
            kind == 4 for kind in range(7)
        ]
        lock.pair_accessory("fob")
        lock.pair_accessory("keypad")
        for kind in (2, 3, 4):
            payload = await accessory(client, kind)
            assert payload is not None
            assert (payload[:7], payload[11]) == (date7(NOON), kind)
            assert struct.unpack_from("<HB", payload, 18) == (4600, 21)
        lock.set_accessory_battery("keypad", critical=True)
        payload = await accessory(client, 3)
        assert payload is not None
        assert struct.unpack_from("<H", payload, 18) == (3500,)

    run(scenario())


def test_internal_log() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        await client.act(LockAction.UNLOCK)
        fields = struct.pack("<IHBB", 0, 5, 0, 0)
        (entry,) = await client.collect(Command.REQUEST_INTERNAL_LOG_ENTRIES, fields)
        assert entry.command == Command.INTERNAL_LOG_ENTRY
        assert entry.payload[16:].startswith(b"\x01\0\0\0")
        assert len(entry.payload) == 4 + 7 + 4 + 1 + 40
        bad = struct.pack("<IHBB", 0, 5, 9, 0)
        answer = await client.order(Command.REQUEST_INTERNAL_LOG_ENTRIES, bad)
        assert answer.error == ErrorCode.K_BAD_PARAMETER

    run(scenario())
