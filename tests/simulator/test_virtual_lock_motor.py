"""The bolt: what moves it, what the lock says meanwhile, and how it fails (Nuki Smart Lock API V2.3.0)."""

import asyncio

import pytest

from custom_components.smartlock.protocol.enums import (
    ButtonAction,
    Command,
    ErrorCode,
    FobAction,
    LockAction,
    LockState,
)
from simulator.lock.journal import Kind
from simulator.virtual_lock import MODELS, Habits, Jam, VirtualLock
from simulator.virtual_time import run
from tests.simulator.hand_client import HandClient, new_lock, paired, story, unseal
from tests.vectors import vector_bytes

LOCKED, UNLOCKED = True, False
AUTO_UNLOCK, FORCE = 1, 2

# What a lock action looks like on the wire, from either position.
STORIES = [
    (LOCKED, LockAction.UNLOCK, ["accepted", "state 02", "state 03", "complete"], UNLOCKED),
    (UNLOCKED, LockAction.UNLOCK, ["complete"], UNLOCKED),
    (UNLOCKED, LockAction.LOCK, ["accepted", "state 04", "state 01", "complete"], LOCKED),
    (LOCKED, LockAction.LOCK, ["complete"], LOCKED),
    (UNLOCKED, LockAction.FULL_LOCK, ["accepted", "state 04", "state 01", "complete"], LOCKED),
    (LOCKED, LockAction.FULL_LOCK, ["complete"], LOCKED),
    (LOCKED, LockAction.UNLATCH, ["accepted", "state 07", "state 05", "state 03", "complete"], UNLOCKED),
    (UNLOCKED, LockAction.UNLATCH, ["accepted", "state 07", "state 05", "state 03", "complete"], UNLOCKED),
    (LOCKED, LockAction.LOCK_N_GO, ["accepted", "state 02", "state 06", "complete"], UNLOCKED),
    (UNLOCKED, LockAction.LOCK_N_GO, ["state 06", "complete"], UNLOCKED),
    (
        LOCKED,
        LockAction.LOCK_N_GO_WITH_UNLATCH,
        ["accepted", "state 07", "state 05", "state 06", "complete"],
        UNLOCKED,
    ),
    (LOCKED, LockAction.FOB_ACTION_1, ["accepted", "state 02", "state 03", "complete"], UNLOCKED),
    (UNLOCKED, LockAction.FOB_ACTION_1, ["accepted", "state 04", "state 01", "complete"], LOCKED),
    (LOCKED, LockAction.FOB_ACTION_2, ["accepted", "state 02", "state 06", "complete"], UNLOCKED),
    (UNLOCKED, LockAction.FOB_ACTION_3, ["accepted", "state 04", "state 01", "complete"], LOCKED),
]


def last_action(states: bytes) -> tuple[int, int, int]:
    """Return action, trigger and completion status of the last lock action."""
    return states[15], states[16], states[17]


def runs(lock: VirtualLock) -> list[tuple[object, object]]:
    return [(entry.facts["action"], entry.facts["trigger"]) for entry in lock.journal.motor_runs]


@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize(("position", "action", "expected", "end"), STORIES)
def test_what_an_action_looks_like(
    model: str, position: bool, action: LockAction, expected: list[str], end: bool
) -> None:
    async def scenario() -> None:
        lock = new_lock(model, locked=position)
        client = await paired(lock)
        answers = await client.act(action)
        assert story(answers) == expected
        assert lock.bolt_locked is end
        assert len(lock.journal.motor_runs) == ("accepted" in expected)
        assert lock.journal.broken_rules == []

    run(scenario())


def test_a_name_suffix_changes_nothing() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        fields = client.action(LockAction.UNLOCK, suffix=b"Kitchen")
        assert (await client.prove(Command.LOCK_ACTION, fields)).payload == b"\x01"

    run(scenario())


def test_the_states_on_the_way_name_the_action_and_who_did_it() -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        answers = await client.act(LockAction.UNLOCK)
        assert answers[2].payload[2] == 0x00
        assert last_action(answers[2].payload) == (1, 0, 0)

    run(scenario())


@pytest.mark.parametrize(
    "action", [LockAction.NONE, LockAction(7), LockAction.FOB_WITHOUT_ACTION, LockAction(0xFF)]
)
def test_an_action_that_is_none(action: LockAction) -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        assert story(await client.act(action)) == ["K_BAD_PARAMETER"]
        assert lock.journal.motor_runs == []

    run(scenario())


def test_a_fob_press_that_is_set_to_do_nothing() -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.settings.change(fob_action_1=FobAction.NO_ACTION)
        client = await paired(lock)
        assert story(await client.act(LockAction.FOB_ACTION_1)) == ["complete"]
        assert lock.journal.motor_runs == []

    run(scenario())


# --- Latch ------------------------------------------------------------------------------------------------


def test_the_latch_is_held_for_the_set_time() -> None:
    async def scenario() -> None:
        lock = new_lock(locked=False)
        lock.settings.change(unlatch_duration=7)
        client = await paired(lock)
        await client.act(LockAction.UNLATCH)
        (stopped,) = lock.journal.of(Kind.MOTOR_STOPPED)
        assert stopped.facts["seconds"] == pytest.approx(1 + 7)

    run(scenario())


def test_complete_may_come_while_the_latch_is_still_held() -> None:
    async def scenario() -> None:
        lock = new_lock(habits=Habits(unlatch_completes_at_rest=False))
        client = await paired(lock)
        answers = await client.act(LockAction.UNLATCH)
        assert story(answers) == ["accepted", "state 07", "state 05", "complete"]
        assert story(await client.act(LockAction.LOCK)) == ["K_BUSY"]
        assert (await client.answer(5)).payload[1] == LockState.UNLOCKED
        assert await client.hears_nothing(seconds=10)

    run(scenario())


def test_with_auto_unlatch_every_unlocking_pulls_the_latch() -> None:
    async def scenario() -> None:
        lock = new_lock(locked=False)
        lock.settings.change(auto_unlatch=True)
        client = await paired(lock)
        for action, rest in ((LockAction.UNLOCK, "state 03"), (LockAction.LOCK_N_GO, "state 06")):
            expected = ["accepted", "state 07", "state 05", rest, "complete"]
            assert story(await client.act(action)) == expected

    run(scenario())


# --- Lock 'n' go ------------------------------------------------------------------------------------------


def test_lock_n_go_counts_down_and_locks() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        await client.act(LockAction.LOCK_N_GO)
        assert (await client.states())[14] == 20
        await asyncio.sleep(12)
        assert 7 <= (await client.states())[14] <= 8
        assert (await client.answer(10)).payload[1] == LockState.LOCKING
        assert (await client.answer(10)).payload[1] == LockState.LOCKED
        assert (await client.states())[14] == 0
        assert runs(lock) == [("LOCK_N_GO", "SYSTEM"), ("LOCK", "SYSTEM")]

    run(scenario())


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (LockAction.UNLOCK, ["state 03", "complete"]),
        (LockAction.LOCK, ["accepted", "state 04", "state 01", "complete"]),
        (LockAction.UNLATCH, ["accepted", "state 07", "state 05", "state 03", "complete"]),
    ],
)
def test_another_action_ends_lock_n_go(action: LockAction, expected: list[str]) -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        await client.act(LockAction.LOCK_N_GO)
        assert story(await client.act(action)) == expected
        assert (await client.states())[14] == 0
        for _ in range(3):
            assert await client.hears_nothing(seconds=15)
            await client.states()

    run(scenario())


# --- Full lock --------------------------------------------------------------------------------------------


def test_full_lock_after_a_single_turn() -> None:
    async def scenario() -> None:
        lock = new_lock(locked=False)
        lock.settings.change(single_lock=True)
        client = await paired(lock)
        for action, moves in (
            (LockAction.LOCK, True),
            (LockAction.LOCK, False),
            (LockAction.FULL_LOCK, True),
            (LockAction.FULL_LOCK, False),
        ):
            assert ("accepted" in story(await client.act(action))) is moves

    run(scenario())


# --- Refusals ---------------------------------------------------------------------------------------------


def test_busy_while_the_bolt_moves() -> None:
    async def scenario() -> None:
        lock = new_lock("ultra")
        one, other = await paired(lock, app_id=1, seed=1), await paired(lock, app_id=2, seed=2)
        await one.prove(Command.LOCK_ACTION, one.action(LockAction.UNLOCK))
        assert story(await other.act(LockAction.LOCK)) == ["K_BUSY"]
        assert len(lock.journal.motor_runs) == 1
        await asyncio.sleep(5)
        assert not lock.bolt_locked

    run(scenario())


def test_not_calibrated() -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.show_state(LockState.UNCALIBRATED)
        client = await paired(lock)
        assert story(await client.act(LockAction.UNLOCK)) == ["K_NOT_CALIBRATED"]

    run(scenario())


@pytest.mark.parametrize(
    ("wait", "flags", "refused"),
    [(10, AUTO_UNLOCK, True), (10, AUTO_UNLOCK | FORCE, False), (10, 0, False), (130, AUTO_UNLOCK, False)],
)
def test_auto_unlock_too_soon_after_the_last_action(wait: float, flags: int, refused: bool) -> None:
    async def scenario() -> None:
        lock = new_lock(locked=False)
        client = await paired(lock)
        await client.act(LockAction.LOCK)
        client.link.close()
        await asyncio.sleep(wait)
        await client.connect()
        answers = await client.act(LockAction.UNLOCK, flags=flags)
        assert ("K_AUTO_UNLOCK_TOO_RECENT" in story(answers)) is refused
        assert lock.bolt_locked is refused
        if refused:
            assert last_action(await client.states()) == (1, 0, 3)

    run(scenario())


def test_the_first_auto_unlock_is_not_too_recent() -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        assert story(await client.act(LockAction.UNLOCK, flags=AUTO_UNLOCK))[-1] == "complete"

    run(scenario())


# --- Faults -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("jam", "state", "error", "completion"),
    [
        # Nuki Smart Lock API V2.3.0 and the vendor's forum: error live, lock state and completion status afterwards.
        (Jam.MOTOR, 0xFE, 0x42, 1),
        (Jam.CLUTCH, 0x01, 0x43, 6),
        (Jam.CLUTCH_POWER, 0x01, 0x4B, 7),
        (Jam.MOTOR_POWER, 0x01, 0x4A, 7),
        (Jam.LOW_VOLTAGE, 0xFE, 0x49, 5),
        (Jam.END_STOP, 0xFF, 0x44, 8),
        (Jam.UNKNOWN, 0x01, 0x51, 0x51),
    ],
)
def test_what_is_broken(jam: Jam, state: int, error: int, completion: int) -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        lock.jam(jam)
        answers = await client.act(LockAction.UNLOCK)
        assert story(answers) == ["accepted", "state 02", f"state {state:02X}", ErrorCode(error).name]
        assert answers[-1].payload == bytes([error, 0x0D, 0x00])
        assert lock.bolt_locked
        states = await client.states()
        assert states[1] == state
        assert last_action(states) == (1, 0, completion)
        lock.repair()
        assert (await client.states())[1] == state  # It notices at the next run.
        assert story(await client.act(LockAction.UNLOCK)) == ["accepted", "state 02", "state 03", "complete"]

    run(scenario())


def test_handle_that_was_not_lifted() -> None:
    """Nothing but the completion status tells of it, and only locking needs the handle."""

    async def scenario() -> None:
        lock = new_lock(locked=False)
        client = await paired(lock)
        lock.jam(Jam.HANDLE)
        assert story(await client.act(LockAction.LOCK)) == ["accepted", "state 04", "state 03", "complete"]
        assert not lock.bolt_locked
        assert last_action(await client.states()) == (2, 0, 0x0B)
        assert story(await client.act(LockAction.UNLATCH))[-1] == "complete"

    run(scenario())


def test_full_position_memory_hinders_calibration_alone() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        lock.jam(Jam.POSITION_MEMORY)
        assert story(await client.act(LockAction.UNLOCK))[-1] == "complete"

    run(scenario())


def test_the_vector_of_a_dead_clutch_has_the_same_code() -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        client.lock.jam("clutch-power")
        await client.act(LockAction.UNLOCK)
        _, answer = unseal(client.key, client.chunks[-1][1])
        assert answer.payload[0] == vector_bytes("usdio-error-clutch-power-failure-pdata", "payload")[0]

    run(scenario())


def test_blocked_states_as_in_the_vector() -> None:
    """19-byte states of a blocked lock: what the owner sees, byte for byte but for the clock."""

    async def scenario() -> None:
        lock = new_lock(locked=False)
        lock.set_battery(18)
        lock.open_door()
        client = await paired(lock)
        lock.jam("motor")
        await client.act(LockAction.LOCK)
        ours = bytearray((await client.states())[:19])
        vector = vector_bytes("states-19-motor-blocked", "payload")
        ours[2:10], ours[13] = vector[2:10], vector[13]
        assert bytes(ours) == vector

    run(scenario())


def test_nothing_else_can_break() -> None:
    with pytest.raises(ValueError, match="nothing called door can break"):
        new_lock().jam("door")


# --- Button and key ---------------------------------------------------------------------------------------


def test_the_button_toggles() -> None:
    async def scenario() -> None:
        lock = new_lock()
        seen = []
        for _ in range(2):
            seen.append(lock.press_button())
            await asyncio.sleep(5)
        assert seen == ["the lock begins to unlock", "the lock begins to lock"]
        assert lock.bolt_locked
        assert runs(lock) == [("UNLOCK", "BUTTON"), ("LOCK", "BUTTON")]

    run(scenario())


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (ButtonAction.UNLATCH, ["UNLATCH"]),
        (ButtonAction.LOCK_N_GO, ["LOCK_N_GO"]),
        (ButtonAction.LOCK, []),
        (ButtonAction.NO_ACTION, []),
        (ButtonAction.SHOW_STATUS, []),
    ],
)
def test_the_button_does_what_it_is_set_to(setting: ButtonAction, expected: list[str]) -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.settings.change(single_button_press_action=setting)
        lock.press_button()
        await asyncio.sleep(5)
        assert [entry.facts["action"] for entry in lock.journal.motor_runs] == expected

    run(scenario())


def test_a_button_that_does_nothing() -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.settings.change(button_enabled=False)
        assert "switched off" in lock.press_button()
        lock.settings.change(button_enabled=True)
        lock.show_state(LockState.UNCALIBRATED)
        assert "K_NOT_CALIBRATED" in lock.press_button()
        lock.power_off()
        assert "no power" in lock.press_button()
        assert "no power" in lock.enter_pairing_mode()
        assert lock.journal.motor_runs == []

    run(scenario())


def test_the_button_stops_a_moving_bolt() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        await client.prove(Command.LOCK_ACTION, client.action(LockAction.UNLOCK))
        await asyncio.sleep(1)
        assert lock.press_button() == "the motor stops half way"
        assert story([await client.answer() for _ in range(3)]) == ["state 02", "state FF", "K_CANCELED"]
        assert last_action(await client.states()) == (1, 0, 2)
        assert await client.hears_nothing()
        (stopped,) = lock.journal.of(Kind.MOTOR_STOPPED)
        assert stopped.facts["seconds"] == pytest.approx(1)

    run(scenario())


def test_the_button_does_not_cut_the_latch_short() -> None:
    async def scenario() -> None:
        lock = new_lock(locked=False)
        client = await paired(lock)
        await client.prove(Command.LOCK_ACTION, client.action(LockAction.UNLATCH))
        await asyncio.sleep(2)
        assert "K_BUSY" in lock.press_button()
        await asyncio.sleep(5)
        assert lock.lock_state == LockState.UNLOCKED

    run(scenario())


def test_the_key_is_a_change_by_hand() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        await client.states()
        lock.turn_key("unlock")
        states = (await client.answer()).payload
        assert (states[1], states[2]) == (LockState.UNLOCKED, 0x01)
        assert last_action(states) == (1, 1, 0)
        assert lock.journal.motor_runs == []

    run(scenario())


def test_the_key_does_not_turn_against_the_motor() -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.press_button()
        with pytest.raises(ValueError, match="the motor is running"):
            lock.turn_key("lock")

    run(scenario())


# --- Power ------------------------------------------------------------------------------------------------


def test_power_lost_in_the_middle_of_a_run() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        await client.prove(Command.LOCK_ACTION, client.action(LockAction.UNLOCK))
        await asyncio.sleep(1)
        lock.swap_batteries()
        assert len(client.disconnects) == 1
        await asyncio.sleep(6)
        await client.connect()
        assert (await client.states())[1] == LockState.BOOT_RUN
        assert story(await client.act(LockAction.UNLOCK)) == ["K_BUSY"]
        assert (await client.answer(5)).payload[1] == LockState.LOCKED
        states = await client.states()
        assert last_action(states) == (0, 0, 0)
        assert len(lock.journal.motor_runs) == 1
        assert len(lock.journal.of(Kind.POSITIONING_RUN)) == 1
        assert lock.journal.of(Kind.MOTOR_STOPPED)[0].facts["completion"] == "NO_POWER"

    run(scenario())


def test_a_key_turned_without_power_is_found_by_the_positioning_run() -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.power_off()
        lock.turn_key("unlock")
        assert (lock.lock_state, lock.bolt_locked) == (LockState.LOCKED, False)
        lock.power_on()
        await asyncio.sleep(5)
        assert lock.status()["lock_state"] == "UNLOCKED"

    run(scenario())


def test_other_clients_hear_the_states_of_a_run_but_not_its_status() -> None:
    async def scenario() -> None:
        lock = new_lock("ultra")
        actor, watcher = await paired(lock, app_id=1, seed=1), await paired(lock, app_id=2, seed=2)
        silent = await HandClient(lock).connect()
        await watcher.states()
        await actor.prove(Command.LOCK_ACTION, actor.action(LockAction.UNLOCK))
        actor.link.close()
        await asyncio.sleep(5)
        heard = [await watcher.answer() for _ in range(2)]
        assert story(heard) == ["state 02", "state 03"]  # Pushed under its own key, without Status.
        assert await watcher.hears_nothing(seconds=5)
        assert silent.chunks == []

    run(scenario())


@pytest.mark.parametrize("state", [0x42, 0xFC, 0xFF])
def test_any_state_can_be_shown(state: int) -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.show_state(state)
        client = await paired(lock)
        assert (await client.states())[1] == state

    run(scenario())
