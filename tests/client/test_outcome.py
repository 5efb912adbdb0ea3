"""When an action counts as done: the bolt is where it was told to go, and the run did not fail by its own word."""

import asyncio

import pytest

from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.protocol.enums import Command, CompletionStatus, LockAction, LockState
from custom_components.smartlock.protocol.errors import OutcomeUnknownError, RunFailedError
from simulator.virtual_lock import Kind
from tests.client.simulated import World
from tests.client.test_client import play

LOCK, UNLOCK, FULL_LOCK, UNLATCH = (
    LockAction.LOCK,
    LockAction.UNLOCK,
    LockAction.FULL_LOCK,
    LockAction.UNLATCH,
)
NOWHERE = (LockState.UNDEFINED, LockState.UNCALIBRATED, LockState(0x08), LockState(0x42))


def starts_locked(action: LockAction) -> bool:
    """Whether the bolt has to be locked for an action to have something to do."""
    return action in (UNLOCK, UNLATCH)


@pytest.mark.parametrize(
    ("action", "state"),
    [
        *((action, state) for action in (LOCK, UNLOCK, FULL_LOCK) for state in NOWHERE),
        (LOCK, LockState.UNLOCKED),
        (FULL_LOCK, LockState.UNLOCKED),
        (LOCK, LockState.UNLOCKED_LOCK_N_GO),
        (UNLOCK, LockState.LOCKED),
    ],
    ids=lambda value: value.name,
)
def test_complete_with_the_bolt_elsewhere(action: LockAction, state: LockState) -> None:
    """COMPLETE says that the run is over, not where the bolt is; a hand may have turned it back."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.end_next_run(state)
        with pytest.raises(OutcomeUnknownError) as unknown:
            await client.act(action)
        assert unknown.value.state == state
        assert world.lock.journal.of(Kind.ANSWER, status="COMPLETE")
        assert world.runs == [action.name]
        assert world.actions_written == 1

    play(scenario, locked=starts_locked(action))


@pytest.mark.parametrize("state", [LockState.UNLOCKED_LOCK_N_GO, LockState.UNLATCHED])
def test_other_ways_of_being_unlocked(state: LockState) -> None:
    """Lock 'n' go has unlocked too, and so has a pulled latch."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.end_next_run(state)
        states = await client.act(UNLOCK)
        assert states is not None
        assert states.lock_state == state

    play(scenario)


@pytest.mark.parametrize(
    "completion",
    [
        CompletionStatus.MOTOR_BLOCKED,
        CompletionStatus.CLUTCH_FAILURE,
        CompletionStatus.INCOMPLETE,
        CompletionStatus.CANCELED,
        CompletionStatus.OTHER_ERROR,
        CompletionStatus(0x51),
    ],
    ids=lambda value: value.name,
)
@pytest.mark.parametrize("state", [None, LockState.UNDEFINED], ids=["where it should be", "nowhere"])
@pytest.mark.parametrize("action", [LOCK, UNLOCK, FULL_LOCK, UNLATCH], ids=lambda value: value.name)
def test_run_that_failed_by_its_own_word(
    action: LockAction, state: LockState | None, completion: CompletionStatus
) -> None:
    """Whatever the state says: the lock itself calls its run a failure."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.end_next_run(state, completion)
        with pytest.raises(RunFailedError) as failed:
            await client.act(action)
        assert failed.value.completion == completion
        assert world.runs == [action.name]

    play(scenario, locked=starts_locked(action))


@pytest.mark.parametrize(
    "completion", [CompletionStatus.SUCCESS, CompletionStatus.UNKNOWN], ids=lambda v: v.name
)
def test_run_that_did_not_fail(completion: CompletionStatus) -> None:
    """Unknown says nothing, neither good nor bad: the state decides."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.end_next_run(None, completion)
        await client.act(UNLOCK)

    play(scenario)


def test_failure_of_an_earlier_run_is_not_that_of_this_one() -> None:
    """An action that found nothing to do has no run that could have failed."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.end_next_run(None, CompletionStatus.CLUTCH_FAILURE)
        with pytest.raises(RunFailedError):
            await client.act(UNLOCK)
        states = await client.act(UNLOCK)
        assert states is not None
        assert states.last_lock_action_completion_status == CompletionStatus.CLUTCH_FAILURE
        assert world.runs == ["UNLOCK"]

    play(scenario)


def test_failed_run_whose_answers_were_lost() -> None:
    """The bolt seems to be there, but the lock calls its last run a failure: nobody knows."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.end_next_run(None, CompletionStatus.CLUTCH_FAILURE)
        world.lock.faults.switch_on("disconnect-action-received", None)
        with pytest.raises(OutcomeUnknownError) as unknown:
            await client.act(UNLOCK)
        assert unknown.value.state == LockState.UNLOCKED
        assert world.actions_written == 1

    play(scenario)


@pytest.mark.parametrize("action", [LOCK, UNLOCK, FULL_LOCK, UNLATCH], ids=lambda value: value.name)
def test_complete_without_states_proves_nothing(action: LockAction) -> None:
    """Status has no time: what the bolt did is only told by states."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.read_states()
        task = asyncio.create_task(client.act(action))
        while not world.actions_written:
            await asyncio.sleep(0.001)
        for _ in range(200):
            world.lock.faults.drop_next_answer(Command.KEYTURNER_STATES)
        with pytest.raises(OutcomeUnknownError) as unknown:
            await task
        assert unknown.value.state is None
        assert world.lock.journal.of(Kind.ANSWER, status="COMPLETE")
        assert world.runs == [action.name]

    play(scenario, locked=starts_locked(action))


def test_complete_and_states_that_come_later() -> None:
    """They are asked for until they come, and tell that all is well."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.read_states()
        task = asyncio.create_task(client.act(UNLOCK))
        while not world.actions_written:
            await asyncio.sleep(0.001)
        for _ in range(4):
            world.lock.faults.drop_next_answer(Command.KEYTURNER_STATES)
        states = await task
        assert states is not None
        assert states.lock_state == LockState.UNLOCKED
        assert world.runs == ["UNLOCK"]

    play(scenario)
