"""What the lock does by itself: time control, auto lock, night mode; in hours that take milliseconds."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.smartlock.protocol.enums import Command, ErrorCode, LockAction, LockState, SortOrder
from custom_components.smartlock.protocol.wire import Time2
from simulator.virtual_lock import MODELS, Habits, VirtualLock
from simulator.virtual_time import run
from tests.simulator.hand_client import COMPLETE, Answer, HandClient, lock_since, new_lock, paired, story
from tests.vectors import vector_bytes

# Monday the 1st of June 2026; Berlin is two hours ahead.
MORNING = datetime(2026, 6, 1, 6, 0, 0, tzinfo=UTC)
DONE = (Command.STATUS, COMPLETE)
MONDAY, TUESDAY, WEEKEND = 64, 32, 3
HOUR = 3600
AUTO_UNLOCK, FORCE = 1, 2


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    """Return a moment of that Monday in Berlin."""
    return MORNING.replace(hour=0) + timedelta(hours=hour - 2, minutes=minute, seconds=second)


def runs(lock: VirtualLock) -> list[str]:
    """Return what the motor did: action, trigger, and the local time of day."""
    lines = []
    for entry in lock.journal.motor_runs:
        local = entry.wall_time + timedelta(hours=2)
        lines.append(f"{entry.facts['action']} {entry.facts['trigger']} {local:%a %H:%M:%S}")
    return lines


async def add(client: HandClient, days: int, hour: int, minute: int, action: int) -> Answer:
    fields = bytes([days, hour, minute, action])
    answer = await client.order(Command.ADD_TIME_CONTROL_ENTRY, fields)
    if answer.error is None:
        assert await client.answer() == DONE
    return answer


# --- Time control: the list -------------------------------------------------------------------------------


@pytest.mark.parametrize("model", list(MODELS))
def test_entries_byte_for_byte(model: str) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        vector = vector_bytes("time-control-entry", "payload")
        for expected in (1, 2, 3):
            answer = await client.order(Command.ADD_TIME_CONTROL_ENTRY, vector[2:])
            assert answer == (Command.TIME_CONTROL_ENTRY_ID, bytes([expected]))
            assert await client.answer() == DONE
        count, first, _, third = await client.collect(Command.REQUEST_TIME_CONTROL_ENTRIES)
        assert count == (Command.TIME_CONTROL_ENTRY_COUNT, b"\x03")
        assert third == (Command.TIME_CONTROL_ENTRY, vector)
        assert first.payload == b"\x01" + vector[1:]
        assert await client.order(Command.REMOVE_TIME_CONTROL_ENTRY, b"\x02") == DONE
        changed = bytes([3, 0, 1, 6, 30, 1])
        assert await client.order(Command.UPDATE_TIME_CONTROL_ENTRY, changed) == DONE
        answers = await client.collect(Command.REQUEST_TIME_CONTROL_ENTRIES)
        assert [answer.payload for answer in answers] == [b"\x02", b"\x01" + vector[1:], changed]
        assert lock.journal.broken_rules == []

    run(scenario())


@pytest.mark.parametrize(
    ("command", "fields", "code"),
    [
        (Command.ADD_TIME_CONTROL_ENTRY, [0, 24, 0, 1], ErrorCode.K_BAD_PARAMETER),
        (Command.ADD_TIME_CONTROL_ENTRY, [0, 0, 60, 1], ErrorCode.K_BAD_PARAMETER),
        (Command.ADD_TIME_CONTROL_ENTRY, [128, 0, 0, 1], ErrorCode.K_BAD_PARAMETER),
        (Command.ADD_TIME_CONTROL_ENTRY, [0, 0, 0, 0], ErrorCode.K_BAD_PARAMETER),
        (Command.ADD_TIME_CONTROL_ENTRY, [0, 0, 0, 0x81], ErrorCode.K_BAD_PARAMETER),
        (Command.ADD_TIME_CONTROL_ENTRY, [0, 0, 0, 1], ErrorCode.K_TOO_MANY_ENTRIES),
        (Command.UPDATE_TIME_CONTROL_ENTRY, [9, 1, 0, 0, 0, 1], ErrorCode.K_BAD_PARAMETER),
        (Command.UPDATE_TIME_CONTROL_ENTRY, [1, 2, 0, 0, 0, 1], ErrorCode.K_BAD_PARAMETER),
        (Command.UPDATE_TIME_CONTROL_ENTRY, [1, 1, 0, 0, 0, 9], ErrorCode.K_BAD_PARAMETER),
        (Command.REMOVE_TIME_CONTROL_ENTRY, [9], ErrorCode.K_BAD_PARAMETER),
    ],
)
def test_entries_that_are_impossible(command: Command, fields: list[int], code: ErrorCode) -> None:
    async def scenario() -> None:
        client = await paired(new_lock(habits=Habits(max_time_control_entries=1)))
        await add(client, 0, 22, 0, LockAction.LOCK)
        assert (await client.order(command, bytes(fields))).error == code
        assert len(await client.collect(Command.REQUEST_TIME_CONTROL_ENTRIES)) == 2

    run(scenario())


# --- Time control: what comes of it -----------------------------------------------------------------------


def test_entries_fire_on_their_days_in_local_time() -> None:
    async def scenario() -> None:
        lock = lock_since(at(21))
        client = await paired(lock)
        await add(client, MONDAY, 21, 30, LockAction.UNLOCK)
        await add(client, 0, 22, 15, LockAction.LOCK)
        await add(client, WEEKEND | TUESDAY, 7, 0, LockAction.UNLATCH)
        await asyncio.sleep(7 * 24 * HOUR - 2 * HOUR)
        assert runs(lock) == [
            "UNLOCK AUTOMATIC Mon 21:30:00",
            "LOCK AUTOMATIC Mon 22:15:00",
            "UNLATCH AUTOMATIC Tue 07:00:00",
            "LOCK AUTOMATIC Tue 22:15:00",
            "UNLATCH AUTOMATIC Sat 07:00:00",
            "LOCK AUTOMATIC Sat 22:15:00",
            "UNLATCH AUTOMATIC Sun 07:00:00",
            "LOCK AUTOMATIC Sun 22:15:00",
        ]

    run(scenario())


def test_an_entry_that_is_disabled_or_removed_does_not_fire() -> None:
    async def scenario() -> None:
        lock = lock_since(at(21))
        client = await paired(lock)
        await add(client, 0, 21, 30, LockAction.UNLOCK)
        await add(client, 0, 21, 31, LockAction.UNLATCH)
        await client.order(Command.UPDATE_TIME_CONTROL_ENTRY, bytes([1, 0, 0, 21, 30, 1]))
        await client.order(Command.REMOVE_TIME_CONTROL_ENTRY, b"\x02")
        await asyncio.sleep(24 * HOUR)
        assert runs(lock) == []

    run(scenario())


def test_a_clock_that_is_set_makes_up_for_nothing_and_repeats() -> None:
    async def scenario() -> None:
        lock = lock_since(at(21))
        client = await paired(lock)
        await add(client, 0, 21, 30, LockAction.UNLOCK)
        lock.set_clock(at(21, 30, 20))  # Within the minute is too late.
        await asyncio.sleep(HOUR)
        assert runs(lock) == []
        lock.set_clock(at(21, 29, 50))
        await asyncio.sleep(60)
        assert len(runs(lock)) == 1

    run(scenario())


def test_without_power_nothing_fires_and_afterwards_it_goes_on() -> None:
    async def scenario() -> None:
        lock = lock_since(at(21))
        client = await paired(lock)
        await add(client, 0, 21, 30, LockAction.UNLOCK)
        lock.power_off()
        await asyncio.sleep(HOUR)
        lock.power_on()
        await asyncio.sleep(24 * HOUR)
        assert runs(lock) == ["UNLOCK AUTOMATIC Tue 21:30:00"]
        lock.power_off()

    run(scenario())


def test_the_log_tells_that_nobody_did_it() -> None:
    async def scenario() -> None:
        lock = lock_since(at(21, 29, 50))
        client = await paired(lock)
        await add(client, 0, 21, 30, LockAction.UNLOCK)
        await asyncio.sleep(60)
        (record,) = lock.log.beyond(0, SortOrder.ASCENDING)
        assert (record.data[:4], record.authorization_id, record.name) == (b"\x01\x03\0\0", 0, "")
        client.forget()
        assert (await client.states())[1:3] == b"\x03\x03"

    run(scenario())


# --- Auto lock --------------------------------------------------------------------------------------------


async def mounted(start: datetime = MORNING, **settings: Any) -> VirtualLock:
    lock = lock_since(start, locked=False)
    lock.settings.change(**settings)
    return lock


def test_auto_lock_after_the_timeout() -> None:
    async def scenario() -> None:
        lock = await mounted(MORNING, auto_lock_enabled=1, auto_lock_timeout=60)
        await asyncio.sleep(59)
        assert runs(lock) == []
        await asyncio.sleep(5)
        assert runs(lock) == ["LOCK AUTO_LOCK Mon 08:01:00"]
        client = await paired(lock)
        states = await client.states()
        assert (states[1], states[2], states[16]) == (1, 6, 6)
        await client.act(LockAction.UNLATCH)  # Counts from the rest of the latch: 2.5 + 1 + 3 s.
        await asyncio.sleep(59)
        assert len(runs(lock)) == 2
        await asyncio.sleep(2)
        assert len(runs(lock)) == 3

    run(scenario())


def test_another_run_begins_the_timeout_anew() -> None:
    async def scenario() -> None:
        lock = await mounted(auto_lock_enabled=1, auto_lock_timeout=60)
        await asyncio.sleep(50)
        lock.turn_key("lock")
        await asyncio.sleep(5)
        lock.turn_key("unlock")
        await asyncio.sleep(59)
        assert runs(lock) == []
        await asyncio.sleep(2)
        assert len(runs(lock)) == 1

    run(scenario())


def test_auto_lock_can_be_switched_off_meanwhile() -> None:
    async def scenario() -> None:
        lock = await mounted(auto_lock_enabled=1, auto_lock_timeout=60)
        await asyncio.sleep(50)
        lock.settings.change(auto_lock_enabled=0)
        await asyncio.sleep(HOUR)
        assert runs(lock) == []

    run(scenario())


def test_auto_lock_waits_for_an_open_door() -> None:
    async def scenario() -> None:
        lock = await mounted(auto_lock_enabled=1, auto_lock_timeout=60)
        lock.open_door()
        await asyncio.sleep(HOUR)
        assert runs(lock) == []
        lock.close_door()
        await asyncio.sleep(5)
        assert runs(lock) == ["LOCK AUTO_LOCK Mon 09:00:01"]

    run(scenario())


def test_a_door_that_opens_again_at_once_keeps_the_bolt_back() -> None:
    async def scenario() -> None:
        lock = await mounted(auto_lock_enabled=1, auto_lock_timeout=60)
        lock.open_door()
        await asyncio.sleep(HOUR)
        lock.close_door()
        await asyncio.sleep(0.5)
        lock.open_door()
        await asyncio.sleep(HOUR)
        assert runs(lock) == []
        lock.close_door()
        await asyncio.sleep(5)
        assert len(runs(lock)) == 1

    run(scenario())


def test_without_a_sensor_that_works_nothing_is_waited_for() -> None:
    async def scenario() -> None:
        lock = await mounted(auto_lock_enabled=1, auto_lock_timeout=60)
        lock.open_door()
        lock.set_door_sensor("unknown")
        await asyncio.sleep(65)
        assert len(runs(lock)) == 1

    run(scenario())


@pytest.mark.parametrize(("enabled", "expected"), [(1, ["LOCK AUTO_LOCK Mon 08:00:11"]), (0, [])])
def test_immediate_auto_lock(enabled: int, expected: list[str]) -> None:
    async def scenario() -> None:
        lock = await mounted(auto_lock_enabled=1, auto_lock_timeout=600, immediate_auto_lock_enabled=enabled)
        lock.open_door()
        await asyncio.sleep(10)
        lock.close_door()
        await asyncio.sleep(60)
        assert runs(lock) == expected

    run(scenario())


def test_who_locks_faster_than_immediate_auto_lock() -> None:
    async def scenario() -> None:
        lock = await mounted(auto_lock_enabled=1, auto_lock_timeout=600, immediate_auto_lock_enabled=1)
        lock.open_door()
        lock.close_door()
        lock.turn_key("lock")
        await asyncio.sleep(60)
        assert runs(lock) == []
        lock.open_door()
        lock.close_door()  # There is nothing to lock.
        await asyncio.sleep(60)
        assert runs(lock) == []

    run(scenario())


def test_immediate_auto_lock_needs_auto_lock() -> None:
    async def scenario() -> None:
        lock = await mounted(immediate_auto_lock_enabled=1)
        lock.open_door()
        lock.close_door()
        await asyncio.sleep(60)
        assert runs(lock) == []

    run(scenario())


def test_auto_lock_that_fails_gives_up_until_the_bolt_has_moved() -> None:
    async def scenario() -> None:
        lock = await mounted(auto_lock_enabled=1, auto_lock_timeout=60)
        lock.jam("clutch")
        await asyncio.sleep(HOUR)
        assert runs(lock) == ["LOCK AUTO_LOCK Mon 08:01:00"]
        lock.repair()
        lock.turn_key("unlock")
        await asyncio.sleep(65)
        assert len(runs(lock)) == 2
        assert lock.bolt_locked

    run(scenario())


def test_lock_n_go_comes_before_auto_lock() -> None:
    async def scenario() -> None:
        lock = await mounted(auto_lock_enabled=1, auto_lock_timeout=10, lock_n_go_timeout=60)
        client = await paired(lock)
        await client.act(LockAction.LOCK_N_GO)
        await asyncio.sleep(70)
        assert [line.split(" Mon")[0] for line in runs(lock)] == ["LOCK SYSTEM"]

    run(scenario())


@pytest.mark.parametrize("seconds", [5, 45])
def test_lock_n_go_waits_as_long_as_it_is_set_to(seconds: int) -> None:
    async def scenario() -> None:
        lock = await mounted(lock_n_go_timeout=seconds)
        client = await paired(lock)
        assert story(await client.act(LockAction.LOCK_N_GO)) == ["state 06", "complete"]
        assert (await client.states())[14] == seconds
        await asyncio.sleep(seconds - 1)
        assert runs(lock) == []
        await asyncio.sleep(1)
        assert len(runs(lock)) == 1

    run(scenario())


# --- Night mode -------------------------------------------------------------------------------------------

NIGHT = {
    "night_mode_enabled": 1,
    "night_mode_start": Time2(22, 0),
    "night_mode_end": Time2(6, 30),
    "night_mode_auto_lock_enabled": 0,
    "night_mode_auto_unlock_disabled": 0,
    "night_mode_immediate_lock_on_start": 0,
}


@pytest.mark.parametrize(
    ("start", "end", "now", "active"),
    [
        ((22, 0), (6, 30), at(21, 59), False),
        ((22, 0), (6, 30), at(22, 0), True),
        ((22, 0), (6, 30), at(3), True),
        ((22, 0), (6, 30), at(6, 29, 59), True),
        ((22, 0), (6, 30), at(6, 30), False),
        ((13, 0), (15, 0), at(14), True),
        ((13, 0), (15, 0), at(16), False),
        ((13, 0), (13, 0), at(13), False),
    ],
)
def test_when_it_is_night(start: tuple[int, int], end: tuple[int, int], now: datetime, active: bool) -> None:
    async def scenario() -> None:
        times = {"night_mode_start": Time2(*start), "night_mode_end": Time2(*end)}
        lock = await mounted(now, **(NIGHT | times))
        client = await paired(lock)
        assert (await client.states())[19] == active
        assert lock.status()["night_mode"] is active
        lock.settings.change(night_mode_enabled=0)
        client.forget()
        assert (await client.states())[19] == 0

    run(scenario())


def test_begin_and_end_of_the_night_are_pushed() -> None:
    async def scenario() -> None:
        lock = await mounted(at(21, 55), **NIGHT)
        client = await paired(lock)
        await client.states()
        client.forget()
        for flag, within in ((1, 400), (0, 9 * HOUR)):
            answer = await client.answer(within)
            assert (answer.command, answer.payload[19]) == (Command.KEYTURNER_STATES, flag)
        assert runs(lock) == []

    run(scenario())


@pytest.mark.parametrize(("immediate", "expected"), [(1, ["LOCK AUTOMATIC Mon 22:00:00"]), (0, [])])
def test_locking_when_the_night_begins(immediate: int, expected: list[str]) -> None:
    async def scenario() -> None:
        lock = await mounted(at(21), **(NIGHT | {"night_mode_immediate_lock_on_start": immediate}))
        await asyncio.sleep(5 * HOUR)
        assert runs(lock) == expected

    run(scenario())


def test_an_open_door_is_locked_later_in_the_night() -> None:
    async def scenario() -> None:
        lock = await mounted(at(21), **(NIGHT | {"night_mode_immediate_lock_on_start": 1}))
        lock.open_door()
        await asyncio.sleep(2 * HOUR)
        lock.close_door()
        await asyncio.sleep(5)
        assert runs(lock) == ["LOCK AUTOMATIC Mon 23:00:01"]

    run(scenario())


def test_night_mode_that_is_switched_on_at_night_locks_nothing() -> None:
    async def scenario() -> None:
        lock = await mounted(at(23), **(NIGHT | {"night_mode_immediate_lock_on_start": 1}))
        await asyncio.sleep(HOUR)
        lock.settings.change(night_mode_start=Time2(23, 30))
        await asyncio.sleep(HOUR)
        assert runs(lock) == []

    run(scenario())


def test_a_minute_begins_once_although_timers_are_early() -> None:
    async def scenario() -> None:
        lock = await mounted(at(21, 59, 30), **(NIGHT | {"night_mode_immediate_lock_on_start": 1}))
        lock.clock.offset -= timedelta(milliseconds=5)  # As a loop runs ahead of the wall clock.
        await asyncio.sleep(30.001)
        assert runs(lock) == []
        await asyncio.sleep(HOUR)
        assert runs(lock) == ["LOCK AUTOMATIC Mon 22:00:00"]

    run(scenario())


def test_auto_lock_at_night_only() -> None:
    async def scenario() -> None:
        night = NIGHT | {"night_mode_auto_lock_enabled": 1, "auto_lock_timeout": 60}
        lock = await mounted(at(21), **night)
        await asyncio.sleep(2 * HOUR)
        assert runs(lock) == ["LOCK AUTO_LOCK Mon 22:01:00"]
        await asyncio.sleep(9 * HOUR)
        lock.turn_key("unlock")
        await asyncio.sleep(2 * HOUR)
        assert len(runs(lock)) == 1

    run(scenario())


# --- Auto unlock ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "flags", "completion"),
    [
        ({"auto_unlock_disabled": 1}, AUTO_UNLOCK, 0x09),
        ({"auto_unlock_disabled": 1}, AUTO_UNLOCK | FORCE, 0x09),
        ({"auto_unlock_disabled": 1}, 0, None),
        (NIGHT | {"night_mode_auto_unlock_disabled": 1}, AUTO_UNLOCK, 0x0A),
        (NIGHT | {"night_mode_auto_unlock_disabled": 1}, 0, None),
        (NIGHT, AUTO_UNLOCK, None),
    ],
)
@pytest.mark.parametrize("completes", [True, False])
def test_auto_unlock_that_the_settings_forbid(
    settings: dict[str, Any], flags: int, completion: int | None, completes: bool
) -> None:
    async def scenario() -> None:
        lock = lock_since(at(23), habits=Habits(rejections_complete=completes))
        lock.settings.change(**settings)
        client = await paired(lock)
        answers = story(await client.act(LockAction.UNLOCK, flags=flags))
        if completion is None:
            assert answers == ["accepted", "state 02", "state 03", "complete"]
            return
        assert answers == ["state 01", "complete" if completes else "UNKNOWN"]
        assert runs(lock) == []
        assert (await client.states())[15:18] == bytes([1, 0, completion])
        (record,) = lock.log.beyond(0, SortOrder.ASCENDING)
        assert record.data == bytes([1, 0, flags, completion])

    run(scenario())


def test_it_is_allowed_by_day() -> None:
    async def scenario() -> None:
        lock = lock_since(at(12))
        lock.settings.change(**(NIGHT | {"night_mode_auto_unlock_disabled": 1}))
        client = await paired(lock)
        assert story(await client.act(LockAction.UNLOCK, flags=AUTO_UNLOCK))[-1] == "complete"
        assert lock.lock_state == LockState.UNLOCKED

    run(scenario())


# --- Speed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ({"motor_speed": 0}, 2.5),
        ({"motor_speed": 1}, 1.5),
        ({"motor_speed": 2}, 4.0),
        ({"motor_speed": 1, "slow_speed_during_night_mode": 1} | NIGHT, 4.0),
        ({"motor_speed": 1, "slow_speed_during_night_mode": 1}, 1.5),
    ],
)
def test_how_fast_the_motor_turns(settings: dict[str, Any], seconds: float) -> None:
    async def scenario() -> None:
        lock = lock_since(at(23), "ultra")
        lock.settings.change(**settings)
        lock.press_button()
        began = asyncio.get_running_loop().time()
        while lock.lock_state != LockState.UNLOCKED:
            await asyncio.sleep(0.1)
        assert asyncio.get_running_loop().time() - began == pytest.approx(seconds, abs=0.11)

    run(scenario())
