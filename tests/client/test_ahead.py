"""A challenge that is there before anybody calls, actions that come first, and a bolt that moves once all the same."""

import asyncio
import contextlib

import pytest

from custom_components.smartlock.client.ahead import REFUSED_PAUSE
from custom_components.smartlock.client.client import IDLE_TIME, LockClient
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.enums import Command, ErrorCode, LockAction, LockState
from custom_components.smartlock.protocol.errors import (
    GaveWayError,
    NoAnswerError,
    OutcomeUnknownError,
    SmartLockError,
)
from custom_components.smartlock.protocol.messages import KeyturnerStates
from simulator import virtual_time
from simulator.virtual_lock import Kind, Moment
from tests.client.simulated import World, paired, uncounted
from tests.client.test_client import both_generations, now, play

# One write through the radio of the simulator, and what the lock needs for it.
ONE_WRITE = 0.05
A_MOMENT = 0.3


async def held(client: LockClient) -> None:
    """Open a link for an action, and wait until its challenge is there."""
    await client.connect()
    await asyncio.sleep(A_MOMENT)


def challenges(world: World) -> int:
    """Return how many challenges were asked for."""
    return len(world.lock.journal.of(Kind.REQUEST, requested="CHALLENGE"))


async def started_after(world: World, client: LockClient, action: LockAction = LockAction.UNLOCK) -> float:
    """Act, and return the seconds from the call until the motor started."""
    runs, began = len(world.lock.journal.motor_runs), now()
    await client.act(action)
    return world.lock.journal.motor_runs[runs].loop_time - began


async def unknown(client: LockClient, state: LockState) -> None:
    """Act, with an outcome that is not known although the state is."""
    with pytest.raises(OutcomeUnknownError) as error:
        await client.act(LockAction.UNLOCK)
    assert error.value.state == state


# --- One write --------------------------------------------------------------------------------------------


@both_generations
def test_one_write_where_an_action_was_expected(model: str) -> None:
    """After connecting for one, and after another one."""

    async def scenario(world: World, client: LockClient) -> None:
        await held(client)
        assert await started_after(world, client) < ONE_WRITE
        await asyncio.sleep(A_MOMENT)
        assert await started_after(world, client, LockAction.LOCK) < ONE_WRITE
        assert world.runs == ["UNLOCK", "LOCK"]
        assert world.challenges_taken == [True, True]

    play(scenario, model)


def test_called_while_the_challenge_is_on_its_way() -> None:
    """It is used, however early the call comes: a second one would make it useless."""

    async def scenario(world: World, client: LockClient) -> None:
        for hundredths in range(10):
            await client.connect()
            asked = challenges(world)
            await asyncio.sleep(hundredths / 100)
            await client.act(LockAction.UNLOCK if hundredths % 2 == 0 else LockAction.LOCK, idle_time=0)
            assert challenges(world) == asked + 1
            await client.disconnect()
        assert world.runs == ["UNLOCK", "LOCK"] * 5

    play(scenario)


def test_no_challenge_where_no_action_is_expected() -> None:
    """A read holds its link for other reads."""

    async def scenario(world: World, client: LockClient) -> None:
        async with client.keep_connected():
            await client.read_states()
            await asyncio.sleep(A_MOMENT)
        assert challenges(world) == 0

    play(scenario)


def test_link_is_released_though_the_last_thing_on_it_was_a_challenge() -> None:
    """Whoever kept the link goes while the challenge is on its way: nobody else comes after it to release the link."""

    async def scenario(world: World, client: LockClient) -> None:
        for hundredths in range(12):
            async with client.keep_connected():
                await client.act(LockAction.UNLOCK if hundredths % 2 == 0 else LockAction.LOCK)
                await client.read(conversations.read_config)
                await asyncio.sleep(hundredths / 100)
            assert client.connected
            await asyncio.sleep(IDLE_TIME + 1)
            assert not client.connected, hundredths

    play(scenario)


def test_what_uses_the_challenge_up_is_followed_by_another() -> None:
    """The lock has one for each client: any other request with a proof replaces it."""

    async def scenario(world: World, client: LockClient) -> None:
        await held(client)
        await client.read(conversations.read_config)
        assert await started_after(world, client) < 0.2  # At once: the next one is on its way.
        await asyncio.sleep(A_MOMENT)
        await client.request(conversations.verify_pin(world.pin), pin_tries=uncounted())
        await asyncio.sleep(A_MOMENT)
        assert await started_after(world, client, LockAction.LOCK) < ONE_WRITE
        assert False not in world.challenges_taken

    play(scenario)


def test_a_link_that_stays_always_has_one() -> None:
    """It is renewed before it is too old."""

    async def main() -> None:
        async with paired(idle_time=None) as (world, client):
            await held(client)
            for _ in range(7):
                await asyncio.sleep(41)
                action = LockAction.UNLOCK if world.lock.bolt_locked else LockAction.LOCK
                assert await started_after(world, client, action) < ONE_WRITE
            assert world.lock.journal.broken_rules == []

    virtual_time.run(main())


# --- A challenge that is refused --------------------------------------------------------------------------


@both_generations
def test_refused_once(model: str) -> None:
    """Nothing has moved, so it is written with another one; and none is asked for ahead for a month."""

    async def scenario(world: World, client: LockClient) -> None:
        await held(client)
        world.lock.faults.make_next_nonce_stale()
        await client.act(LockAction.UNLOCK)
        assert world.runs == ["UNLOCK"]
        assert world.actions_written == 2
        assert world.challenges_taken == [False]
        asked = challenges(world)
        await client.disconnect()
        await held(client)
        assert challenges(world) == asked
        assert world.trust.refused_at is not None
        world.trust.refused_at -= REFUSED_PAUSE
        await client.disconnect()
        await held(client)
        assert challenges(world) == asked + 1

    play(scenario, model)


def test_refused_twice() -> None:
    """There is no third time."""

    async def scenario(world: World, client: LockClient) -> None:
        await held(client)
        world.lock.faults.make_next_nonce_stale()
        world.lock.faults.make_next_nonce_stale()
        await unknown(client, LockState.LOCKED)
        assert world.runs == []
        assert world.actions_written == 2

    play(scenario)


def test_refused_where_it_was_asked_for() -> None:
    """A challenge that has not waited is refused to a copy as well: not written again."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.faults.make_next_nonce_stale()
        await unknown(client, LockState.LOCKED)
        assert world.runs == []
        assert world.actions_written == 1

    play(scenario)


@pytest.mark.parametrize("occasion", range(1, 8))
@pytest.mark.parametrize("what", ["drop-indication", "disconnect-at-indication", "disconnect-at-request"])
def test_refused_and_then_something_is_lost(what: str, occasion: int) -> None:
    """Wherever it breaks off, the bolt moves at most once, and who called knows whether it did."""

    async def scenario(world: World, client: LockClient) -> None:
        await held(client)
        world.lock.faults.make_next_nonce_stale()
        world.lock.faults.switch_on(what, str(occasion))
        told: LockState | None
        try:
            told = (await client.act(LockAction.UNLOCK)).lock_state
        except OutcomeUnknownError as error:
            told = error.state
        assert told == world.lock.lock_state
        assert len(world.runs) == (not world.lock.bolt_locked)
        assert world.actions_written <= 2

    play(scenario)


@pytest.mark.parametrize("action", [LockAction.UNLOCK, LockAction.UNLATCH, LockAction.LOCK_N_GO])
@pytest.mark.parametrize("silent_for", [0.0, 0.2, 0.9])
def test_a_refusal_from_before_is_played_while_the_bolt_moves(action: LockAction, silent_for: float) -> None:
    """Somebody in reach has kept a refusal from arriving, and now keeps ACCEPTED back, and more: not written twice."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.read_states()
        await held(client)
        world.lock.faults.make_next_nonce_stale()
        recorded: list[bytes] = []

        def keep(value: bytes) -> list[bytes]:
            recorded.append(value)
            return []

        world.transport.tamper = keep
        with pytest.raises(SmartLockError):
            await client.act(LockAction.LOCK)
        world.transport.tamper = lambda value: [value]
        await client.disconnect()
        await held(client)
        world.lock.journal.entries.clear()
        began = now()

        def play_refusal(_value: bytes) -> list[bytes]:
            world.transport.tamper = lambda value: [value] if now() - began > silent_for else []
            return recorded[:1]

        world.transport.tamper = play_refusal
        with contextlib.suppress(OutcomeUnknownError):
            await client.act(action)
        assert world.challenges_taken == ([] if action.unlatches else [False])
        assert world.actions_written == 1

    play(scenario)


def test_a_latch_is_pulled_by_one_write_whatever_was_there_ahead() -> None:
    """It is given a challenge of its own; the one that waited is used by nobody afterwards."""

    async def scenario(world: World, client: LockClient) -> None:
        await held(client)
        asked = challenges(world)
        world.lock.faults.make_next_nonce_stale()
        with pytest.raises(OutcomeUnknownError):
            await client.act(LockAction.UNLATCH)
        assert (world.actions_written, world.runs, world.challenges_taken) == (1, [], [])
        assert challenges(world) > asked
        await held(client)
        await client.act(LockAction.UNLATCH)
        await client.act(LockAction.LOCK)
        assert world.runs == ["UNLATCH", "LOCK"]
        assert world.actions_written == 3

    play(scenario)


def test_an_old_challenge_is_played_as_an_answer() -> None:
    """The lock refuses it, as it has given another one since: one run, with the right one."""

    async def scenario(world: World, client: LockClient) -> None:
        recorded: list[bytes] = []
        await client.read_states()

        def keep(value: bytes) -> list[bytes]:
            recorded.append(value)
            return []

        world.transport.tamper = keep
        connecting = asyncio.create_task(client.connect())
        await asyncio.sleep(0.1)
        world.transport.tamper = lambda value: [value]
        await connecting
        await client.disconnect()
        (old, *_) = recorded

        def play_old(_value: bytes) -> list[bytes]:
            world.transport.tamper = lambda value: [value]
            return [old]

        world.transport.tamper = play_old
        await held(client)
        await client.act(LockAction.UNLOCK)
        assert world.runs == ["UNLOCK"]
        assert world.actions_written == 2
        # It is the client that was deceived; the lock has noticed.
        world.lock.journal.entries.clear()

    play(scenario)


# --- Something happens between challenge and action -------------------------------------------------------


@pytest.mark.parametrize("moment", [Moment.ACTION_LOST, Moment.ACTION_RECEIVED, Moment.ACCEPTED_SENT])
def test_link_lost_after_the_write(moment: Moment) -> None:
    """Written once, read back."""

    async def scenario(world: World, client: LockClient) -> None:
        await held(client)
        world.lock.faults.disconnect_at(moment)
        if moment is Moment.ACTION_LOST:
            await unknown(client, LockState.LOCKED)
        else:
            await client.act(LockAction.UNLOCK)
        assert world.runs == ([] if moment is Moment.ACTION_LOST else ["UNLOCK"])
        assert world.actions_written == (moment is not Moment.ACTION_LOST)

    play(scenario)


def test_power_cut_between_challenge_and_action() -> None:
    """The link is gone, and the challenge with it: the next one has its own."""

    async def scenario(world: World, client: LockClient) -> None:
        await held(client)
        world.lock.power_off()
        await asyncio.sleep(1)
        world.lock.power_on()
        await asyncio.sleep(10)
        world.lock.journal.entries.clear()
        asked = challenges(world)
        await client.act(LockAction.UNLOCK if world.lock.bolt_locked else LockAction.LOCK)
        assert len(world.runs) == 1
        assert world.actions_written == 1
        assert challenges(world) >= asked + 1
        assert False not in world.challenges_taken

    play(scenario)


# --- A challenge whose answer is lost ---------------------------------------------------------------------


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_lost_challenge_is_asked_for_again_on_the_same_link(lost: int) -> None:
    """Nothing has moved by then."""

    async def scenario(world: World, client: LockClient) -> None:
        for _ in range(lost):
            world.lock.faults.drop_next_answer(Command.CHALLENGE)
        began = now()
        await client.act(LockAction.UNLOCK)
        assert world.lock.journal.motor_runs[0].loop_time - began < 1.5 * lost + 1
        assert world.runs == ["UNLOCK"]
        assert len(world.lock.journal.connections) == 1

    play(scenario)


def test_lost_challenge_and_probe() -> None:
    """What asks whether an answer was lost may be lost as well."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.faults.drop_next_answer(Command.CHALLENGE)
        for _ in range(2):
            world.lock.faults.drop_next_answer(Command.KEYTURNER_STATES)
        await client.act(LockAction.UNLOCK)
        assert world.runs == ["UNLOCK"]
        assert len(world.lock.journal.connections) == 1

    play(scenario)


@pytest.mark.parametrize("late", [0.9, 1.02, 1.1, 2.5, 4.0])
def test_late_challenge_is_not_asked_for_again(late: float) -> None:
    """As the answer to the question behind it is late as well."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.faults.be_late(late)
        await client.act(LockAction.UNLOCK)
        assert world.runs == ["UNLOCK"]
        assert challenges(world) == 1

    play(scenario)


def test_all_challenges_are_lost() -> None:
    """The action is given up within its deadline, and nothing happens later."""

    async def scenario(world: World, client: LockClient) -> None:
        for _ in range(100):
            world.lock.faults.drop_next_answer(Command.CHALLENGE)
        began = now()
        with pytest.raises(NoAnswerError):
            await client.act(LockAction.UNLOCK)
        assert now() - began < 15
        world.lock.faults.clear()
        await asyncio.sleep(300)
        assert world.runs == []

    play(scenario)


# --- Actions come first -----------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [round(0.01 * step, 2) for step in range(25)])
@pytest.mark.parametrize("what", ["states", "battery", "config", "pin"])
def test_action_comes_before_what_nobody_waits_for(what: str, after: float) -> None:
    """Within one exchange, whatever is under way; and what gave way is done afterwards."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.read_states()
        await held(client)

        async def background() -> object:
            match what:
                case "states":
                    return await client.read_states()
                case "battery":
                    return await client.read(conversations.read_battery_report)
                case "config":
                    return await client.read(conversations.read_config)
                case _:
                    return await client.request(conversations.verify_pin(world.pin), pin_tries=uncounted())

        reading = [asyncio.create_task(background()) for _ in range(3)]
        await asyncio.sleep(after)
        # One exchange of the one under way, and where that used up the challenge another one.
        assert await started_after(world, client) < (
            0.23 if what == "pin" else 0.17 if what == "config" else 0.1
        )
        results = await asyncio.gather(*reading)
        assert all(each is not None for each in results) or what == "pin"
        assert world.runs == ["UNLOCK"]
        assert False not in world.challenges_taken

    play(scenario)


def test_what_would_rather_not_gives_up() -> None:
    """A read that nobody needs after another action."""

    async def scenario(world: World, client: LockClient) -> None:
        await held(client)
        reading = asyncio.create_task(client.read_open(conversations.read_states()))
        await asyncio.sleep(0.01)
        await client.act(LockAction.UNLOCK)
        with pytest.raises(GaveWayError):
            await reading
        assert world.runs == ["UNLOCK"]

    play(scenario)


@pytest.mark.parametrize("code", [ErrorCode.K_BUSY, ErrorCode.K_NOT_AUTHORIZED])
def test_another_refusal_is_none_of_the_challenge(code: ErrorCode) -> None:
    """It says that the lock took it, or nothing at all; the action is not written again."""

    async def scenario(world: World, client: LockClient) -> None:
        await held(client)
        world.lock.faults.refuse_next(code, Command.LOCK_ACTION)
        with pytest.raises(SmartLockError):
            await client.act(LockAction.UNLOCK)
        assert world.actions_written == 1
        assert world.runs == []
        assert world.challenges_taken == [True]

    play(scenario)


def test_accepted_is_told_at_once() -> None:
    """Before the lock has told any state."""

    async def scenario(world: World, client: LockClient) -> None:
        accepted: list[float] = []
        await client.act(LockAction.UNLOCK, on_accepted=lambda: accepted.append(now()))
        (at,) = accepted
        assert at - world.lock.journal.motor_runs[0].loop_time < 0.1
        first = next(each for each in world.heard if isinstance(each, KeyturnerStates))
        assert first.lock_state == LockState.UNLOCKING

    play(scenario)
