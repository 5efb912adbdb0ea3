"""The client against every named fault of the lock, both generations, in virtual time.

Whatever the fault: the outcome is a success with the true state or a typed error, an action is written at most
once, the bolt does not move later, and the client keeps working when the fault is gone.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.client.pairing import pair
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.enums import Command, ErrorCode, LockAction, LockState
from custom_components.smartlock.protocol.errors import (
    AuthenticationError,
    LinkError,
    LinkLostError,
    LockRefusedError,
    MotorError,
    NoAnswerError,
    NotStartedError,
    OutcomeUnknownError,
    RunFailedError,
    SmartLockError,
)
from custom_components.smartlock.protocol.messages import KeyturnerStates
from simulator import virtual_time
from simulator.lock.jams import FAILURES
from simulator.virtual_lock import FAULTS, Jam
from tests.client.simulated import World, paired

both_generations = pytest.mark.parametrize("model", ["gen3", "ultra"])


@dataclass(frozen=True)
class Case:
    """A fault, and what becomes of a read and of an unlock on an open link."""

    fault: str
    argument: str | None
    read: type[SmartLockError] | None
    act: type[SmartLockError] | None
    runs: bool = True
    """Whether the bolt moves for the unlock."""

    @property
    def name(self) -> str:
        return self.fault if self.argument is None else f"{self.fault}-{self.argument}"


OK, LOST, SILENT, UNKNOWN = None, LinkLostError, NoAnswerError, OutcomeUnknownError

# On an open link a read is one message each way; an unlock is two writes, and five messages of the lock:
# challenge, ACCEPTED, unlocking, unlocked, COMPLETE.
CASES = [
    Case("silence", None, SILENT, SILENT, runs=False),
    Case("twenty-byte-chunks", None, OK, OK),
    Case("forgets-settings", None, OK, OK),
    Case("zero-crc", None, OK, OK),
    Case("unsolicited-states", None, OK, OK),
    *(Case("drop-indication", str(n), OK, OK) for n in range(1, 6)),
    *(Case("duplicate-indication", str(n), OK, OK) for n in range(1, 6)),
    *(Case("reorder-indications", str(n), OK, OK) for n in range(1, 6)),
    *(Case("wrong-characteristic", str(n), OK, OK) for n in range(1, 6)),
    Case("no-accepted", None, OK, OK),
    Case("no-complete", None, OK, OK),
    # The lock does what it does not acknowledge. Before the challenge nothing is lost by giving up.
    Case("disconnect-at-write", "1", OK, LOST, runs=False),
    Case("disconnect-at-write", "2", OK, OK),
    Case("disconnect-at-request", "1", OK, LOST, runs=False),
    Case("disconnect-at-request", "2", OK, UNKNOWN, runs=False),
    *(Case("disconnect-at-indication", str(n), OK, LOST if n == 1 else OK, runs=n > 1) for n in range(1, 6)),
    Case("late-indication", "1", OK, OK),
    Case("late-indication", "4", OK, OK),
    # Longer than any answer is waited for.
    Case("late-indication", "10", OK, SILENT, runs=False),
    # In turn: nonce, authorization id (which stands inside the seal too), length, tag, sealed bytes.
    Case("corrupt-indication", "0", OK, AuthenticationError, runs=False),
    Case("corrupt-indication", "24", OK, OK),
    Case("corrupt-indication", "29", OK, AuthenticationError, runs=False),
    Case("corrupt-indication", "30", OK, AuthenticationError, runs=False),
    Case("corrupt-indication", "50", OK, AuthenticationError, runs=False),
    Case("drop-next-answer", None, OK, OK),
    Case("drop-next-answer", "status", OK, OK),
    # A copy of the action may have used the challenge up: only the state can tell.
    Case("stale-nonce", None, OK, UNKNOWN, runs=False),
    Case("busy", None, OK, LockRefusedError, runs=False),
    Case("busy", "any", LockRefusedError, LockRefusedError, runs=False),
    Case("refuse", "0x4D", OK, LockRefusedError, runs=False),
    Case("refuse", "0x99:any", LockRefusedError, LockRefusedError, runs=False),
    Case("disconnect-challenge-sent", None, OK, UNKNOWN, runs=False),
    Case("disconnect-action-lost", None, OK, UNKNOWN, runs=False),
    Case("disconnect-action-received", None, OK, OK),
    Case("disconnect-accepted-sent", None, OK, OK),
    Case("disconnect-run-ended", None, OK, OK),
]

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def test_every_fault_has_a_case() -> None:
    """`none` is no fault, and the last one strikes while pairing only."""
    assert {case.fault for case in CASES} | {"none", "disconnect-authorization-stored"} == set(FAULTS)


async def well_again(world: World, client: LockClient) -> None:
    """Mend everything and check that the client works, knows the truth and has broken no rule."""
    world.lock.repair()
    await asyncio.sleep(30)
    assert (await client.read_states()).lock_state == world.lock.lock_state
    assert last_heard(world) == world.lock.lock_state
    assert world.lock.journal.broken_rules == []


def last_heard(world: World) -> LockState:
    """Return the lock state that the owner sees."""
    return [message.lock_state for message in world.heard if isinstance(message, KeyturnerStates)][-1]


@both_generations
@every_case
def test_read(model: str, case: Case) -> None:
    """A read is repeated once where the link failed, and never tells another state than the real one."""

    async def main() -> None:
        async with paired(model) as (world, client):
            await client.read_states()
            world.lock.turn_key("unlock")
            await asyncio.sleep(1)
            world.lock.faults.switch_on(case.fault, case.argument)
            if case.read is None:
                assert (await client.read_states()).lock_state == LockState.UNLOCKED
            else:
                with pytest.raises(case.read):
                    await client.read_states()
            assert world.runs == []
            await well_again(world, client)

    virtual_time.run(main())


@both_generations
@every_case
def test_unlock(model: str, case: Case) -> None:
    """An action is written once, succeeds only where the bolt has moved, and fails only with a known error."""

    async def main() -> None:
        async with paired(model) as (world, client):
            await client.read_states()
            world.lock.faults.switch_on(case.fault, case.argument)
            if case.act is None:
                states = await client.act(LockAction.UNLOCK)
                assert states is None or states.lock_state == LockState.UNLOCKED
                assert not world.lock.bolt_locked
            else:
                with pytest.raises(case.act) as error:
                    await client.act(LockAction.UNLOCK)
                assert not isinstance(error.value, LinkError) or world.actions_written == 0
            assert world.runs == (["UNLOCK"] if case.runs else [])
            assert world.actions_written <= 1
            await well_again(world, client)
            assert world.runs == (["UNLOCK"] if case.runs else [])

    virtual_time.run(main())


@both_generations
@pytest.mark.parametrize("action", [LockAction.LOCK, LockAction.UNLATCH, LockAction.LOCK_N_GO])
@every_case
def test_other_actions(model: str, action: LockAction, case: Case) -> None:
    """Success means that the motor has run for this very action, whatever the states looked like."""

    async def main() -> None:
        async with paired(model, locked=action != LockAction.LOCK) as (world, client):
            world.lock.faults.switch_on(case.fault, case.argument)
            try:
                states = await client.act(action)
            except LinkError:
                assert world.actions_written == 0
                expected = []
            except SmartLockError:
                expected = [action.name] * len(world.runs)
            else:
                assert states is None or states.lock_state == world.lock.lock_state
                assert world.lock.bolt_locked is (action == LockAction.LOCK)
                expected = [action.name]
            assert world.runs == expected
            await well_again(world, client)
            assert world.actions_written <= 1
            # Lock 'n' go locks by itself in the end.
            assert world.runs in (expected, [*expected, "LOCK"])

    virtual_time.run(main())


@both_generations
@every_case
def test_config(model: str, case: Case) -> None:
    """Challenge and request: the fault strikes the first message or the second, the settings stay right."""

    async def main() -> None:
        async with paired(model) as (world, client):
            await client.read_states()
            world.lock.faults.switch_on(case.fault, case.argument)
            try:
                config = await client.read(conversations.read_config)
            except SmartLockError:
                assert case.fault in ("silence", "stale-nonce", "corrupt-indication", "busy", "refuse")
            else:
                assert config.nuki_id == world.lock.nuki_id
            await well_again(world, client)

    virtual_time.run(main())


@both_generations
@pytest.mark.parametrize(
    "case", [*CASES, Case("disconnect-authorization-stored", None, OK, OK)], ids=lambda case: case.name
)
def test_pairing(model: str, case: Case) -> None:
    """Pairing succeeds with a key that works, or fails with a typed error; once more it works."""

    async def main() -> None:
        world = World(model)
        world.lock.faults.switch_on(case.fault, case.argument)
        world.lock.enter_pairing_mode()
        try:
            paired_once = await pair(world.transport, world.dialect, app_id=42, name="Test", pin=world.pin)
        except SmartLockError:
            pass
        else:
            assert [entry.session for entry in world.lock.authorizations] == [paired_once.session]
        world.lock.faults.clear()
        client = await world.pair()
        assert (await client.read_states()).lock_state == LockState.LOCKED
        assert len(world.lock.authorizations) == 1
        assert world.lock.journal.broken_rules == []
        await client.close()
        await world.radio.stop()

    virtual_time.run(main())


# --- Faults of the radio and of the mechanics together ----------------------------------------------------


# With the other two an unlock or unlatch does not fail: one is about calibrating, one about locking.
@pytest.mark.parametrize("jam", [jam for jam in Jam if jam not in (Jam.POSITION_MEMORY, Jam.HANDLE)])
@pytest.mark.parametrize("action", [LockAction.UNLOCK, LockAction.UNLATCH])
def test_error_report_that_is_lost(jam: Jam, action: LockAction) -> None:
    """A run that failed is no success because its Error Report is missing."""

    async def main() -> None:
        async with paired() as (world, client):
            world.lock.jam(jam)
            world.lock.faults.drop_next_answer(Command.ERROR_REPORT)
            with pytest.raises((MotorError, RunFailedError, OutcomeUnknownError)) as error:
                await client.act(action)
            if isinstance(error.value, MotorError):
                assert (jam, error.value.code) == (Jam.MOTOR, ErrorCode.K_MOTOR_BLOCKED)
            if isinstance(error.value, RunFailedError):
                assert error.value.completion == FAILURES[jam].completion
            blocked = world.lock.lock_state == LockState.MOTOR_BLOCKED
            assert isinstance(error.value, OutcomeUnknownError) is not blocked
            assert world.actions_written == 1
            await well_again(world, client)

    virtual_time.run(main())


def test_last_state_of_an_unlatch_that_is_lost() -> None:
    """COMPLETE came, but the last state that was heard is not one that lasts: it is read."""

    async def main() -> None:
        async with paired() as (world, client):
            await client.read_states()
            world.lock.faults.switch_on("drop-indication", "5")
            states = await client.act(LockAction.UNLATCH)
            assert states is not None
            assert states.lock_state == LockState.UNLOCKED
            assert last_heard(world) == LockState.UNLOCKED

    virtual_time.run(main())


@both_generations
def test_copy_of_an_answer_does_not_answer_the_next_question(model: str) -> None:
    """The second challenge is asked for while a copy of the first one is on its way."""

    async def main() -> None:
        async with paired(model) as (world, client):
            await client.read_states()
            world.lock.faults.switch_on("duplicate-indication")
            replaced = asyncio.create_task(client.act(LockAction.UNLATCH))
            await asyncio.sleep(0)
            states = await client.act(LockAction.UNLOCK)
            assert states is not None
            assert states.lock_state == LockState.UNLOCKED
            with pytest.raises(NotStartedError):
                await replaced
            assert world.runs == ["UNLOCK"]
            await well_again(world, client)

    virtual_time.run(main())


@pytest.mark.parametrize(
    "arm",
    [
        pytest.param(lambda world: world.lock.faults.switch_on("drop-indication", "7"), id="dropped"),
        pytest.param(lambda world: world.lock.faults.switch_on("reorder-indications", "7"), id="reordered"),
        pytest.param(lambda world: world.lock.faults.corrupt(17, occasion=7), id="corrupted"),
        pytest.param(lambda world: world.lock.faults.switch_on("duplicate-indication", "7"), id="duplicated"),
        pytest.param(lambda world: world.lock.faults.switch_on("disconnect-at-indication", "7"), id="cut"),
    ],
)
@both_generations
def test_one_piece_of_a_message(model: str, arm: Callable[[World], None]) -> None:
    """A message that came in pieces, one of them wrong, is never taken for another one."""

    async def main() -> None:
        async with paired(model) as (world, client):
            world.lock.faults.twenty_byte_chunks = True
            await client.read_states()
            arm(world)
            try:
                states = await client.act(LockAction.UNLOCK)
            except OutcomeUnknownError:
                pass
            else:
                assert states is None or states.lock_state == LockState.UNLOCKED
            assert world.runs == ["UNLOCK"]
            await well_again(world, client)

    virtual_time.run(main())
