"""The client against the virtual lock, one test per named quirk, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from custom_components.smartlock.client.client import ACTION_DEADLINE, IDLE_TIME, LockClient
from custom_components.smartlock.client.link import READ_IDLE_TIME
from custom_components.smartlock.client.pairing import identify, pair
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.enums import (
    AuthorizationIdType,
    Command,
    ErrorCode,
    LockAction,
    LockState,
)
from custom_components.smartlock.protocol.errors import (
    LinkError,
    LinkLostError,
    LockRefusedError,
    MotorError,
    NoAnswerError,
    NotAuthorizedError,
    NotPairingError,
    NotStartedError,
    OutcomeUnknownError,
    PinError,
    PinNotSetError,
    ProtocolError,
    ReplacedError,
    SmartLockError,
    UnreachableError,
)
from custom_components.smartlock.protocol.messages import KeyturnerStates
from custom_components.smartlock.protocol.pairing import Pairing
from simulator import virtual_time
from simulator.virtual_lock import Jam, Moment
from tests.client.simulated import NUKI_ID, World, paired

both_generations = pytest.mark.parametrize("model", ["gen3", "ultra"])

type Scenario = Callable[[World, LockClient], Awaitable[None]]


def play(scenario: Scenario, model: str = "gen3", *, locked: bool = True) -> None:
    """Run a scenario with a paired client; the client must never have broken a rule of the protocol."""

    async def main() -> None:
        async with paired(model, locked=locked) as (world, client):
            await scenario(world, client)
            assert world.lock.journal.broken_rules == []

    virtual_time.run(main())


def now() -> float:
    """Return the virtual time."""
    return asyncio.get_running_loop().time()


def connected(client: LockClient) -> bool:
    """Whether a link is open now; time changes it."""
    return client.connected


# --- The ordinary way -------------------------------------------------------------------------------------


@both_generations
@pytest.mark.parametrize(
    ("request_", "idle_time"),
    [
        ("read", READ_IDLE_TIME),
        ("connect", IDLE_TIME),
        ("act", IDLE_TIME),
    ],
)
def test_link_is_let_go(model: str, request_: str, idle_time: float) -> None:
    """Soon after a mere read, later after an action, and not before."""

    async def scenario(world: World, client: LockClient) -> None:
        match request_:
            case "read":
                assert (await client.read_states()).lock_state == LockState.LOCKED
            case "connect":
                await client.connect()
            case _:
                await client.act(LockAction.UNLOCK)
        connected = [client.connected]
        await asyncio.sleep(idle_time - 0.2)
        connected.append(client.connected)
        await asyncio.sleep(0.5)
        connected.append(client.connected)
        assert connected == [True, True, False]
        assert len(world.lock.journal.connections) == 1

    play(scenario, model)


def test_read_does_not_shorten_the_idle_time() -> None:
    """An action is followed by a read: the link stays for the next action all the same."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.act(LockAction.UNLOCK)
        await client.read_states()
        await asyncio.sleep(IDLE_TIME - 1)
        await client.act(LockAction.LOCK)
        assert len(world.lock.journal.connections) == 1

    play(scenario)


def test_action_that_stays_alone_is_let_go_sooner() -> None:
    """The caller knows; it does not shorten what another one wanted."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.act(LockAction.UNLOCK, idle_time=0.5)
        await asyncio.sleep(0.4)
        assert connected(client)
        await asyncio.sleep(0.3)
        assert not connected(client)
        await client.connect()
        await client.act(LockAction.LOCK, idle_time=0.5)
        await asyncio.sleep(2)
        assert connected(client)

    play(scenario)


def test_staying_holds_the_link_and_lets_go_at_once() -> None:
    """Several reads on one link, with pauses longer than the idle time of a read."""

    async def scenario(world: World, client: LockClient) -> None:
        async with client.keep_connected():
            assert not connected(client)
            await client.read_states()
            await asyncio.sleep(3 * READ_IDLE_TIME)
            async with client.keep_connected():
                await client.request(conversations.read_states())
            await asyncio.sleep(3 * READ_IDLE_TIME)
            await client.read_states()
        await asyncio.sleep(0.1)
        assert not connected(client)
        assert len(world.lock.journal.connections) == 1
        # An action in the meantime keeps its idle time.
        async with client.keep_connected():
            await client.act(LockAction.UNLOCK)
        await asyncio.sleep(IDLE_TIME - 0.2)
        assert connected(client)
        await asyncio.sleep(0.5)
        assert not connected(client)

    play(scenario)


def test_staying_ends_while_somebody_else_talks() -> None:
    """He lets go when he is done."""

    async def scenario(world: World, client: LockClient) -> None:
        async with client.keep_connected():
            await client.read_states()
            acting = asyncio.create_task(client.act(LockAction.UNLOCK, idle_time=1))
            await asyncio.sleep(0.1)
        await acting
        assert connected(client)
        await asyncio.sleep(1.5)
        assert not connected(client)
        assert world.runs == ["UNLOCK"]

    play(scenario)


def test_action_tries_to_connect_until_its_deadline() -> None:
    """Nothing is written meanwhile; a lock that comes back in time is moved, one that does not never is."""

    async def scenario(world: World, client: LockClient) -> None:
        world.radio.timing = replace(world.radio.timing, connect_timeout=1.0)
        world.radio.set_rssi(world.transport, world.lock.address, None)
        acting = asyncio.create_task(client.act(LockAction.UNLOCK))
        await asyncio.sleep(7)
        world.radio.set_rssi(world.transport, world.lock.address, -60)
        states = await acting
        assert states is not None
        assert states.lock_state == LockState.UNLOCKED

        await client.disconnect()
        world.radio.set_rssi(world.transport, world.lock.address, None)
        began = now()
        with pytest.raises(UnreachableError):
            await client.act(LockAction.LOCK, deadline=5)
        assert now() - began == pytest.approx(5)
        world.radio.set_rssi(world.transport, world.lock.address, -60)
        await asyncio.sleep(30)
        assert world.runs == ["UNLOCK"]

    play(scenario)


def test_newer_request_ends_the_tries_of_an_older_one() -> None:
    """At the next try, not at the deadline."""

    async def scenario(world: World, client: LockClient) -> None:
        world.radio.timing = replace(world.radio.timing, connect_timeout=1.0)
        world.radio.set_rssi(world.transport, world.lock.address, None)
        older = asyncio.create_task(client.act(LockAction.UNLATCH))
        await asyncio.sleep(3)
        newer = asyncio.create_task(client.act(LockAction.UNLOCK))
        await asyncio.sleep(2)
        assert isinstance(older.exception(), ReplacedError)
        world.radio.set_rssi(world.transport, world.lock.address, -60)
        await newer
        assert world.runs == ["UNLOCK"]

    play(scenario)


@pytest.mark.parametrize("lost", [(4, 5), (3, 4, 5), (3, 5), (2, 4, 5)])
def test_pushes_that_are_lost_are_asked_for(lost: tuple[int, ...]) -> None:
    """Challenge, ACCEPTED, unlocking, unlocked, COMPLETE: whatever is lost behind the first, a look tells soon."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.read_states()
        world.transport.lose = {world.transport.indications + number for number in lost}
        began = now()
        states = await client.act(LockAction.UNLOCK)
        assert states is not None
        assert states.lock_state == LockState.UNLOCKED
        assert now() - began < 20
        assert world.runs == ["UNLOCK"]
        assert world.actions_written == 1

    play(scenario)


def test_moving_bolt_is_seen_to_its_end() -> None:
    """A read while somebody turns the bolt by the button: the end is pushed, so the link stays for it."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.press_button()
        await asyncio.sleep(1)
        assert (await client.read_states()).lock_state.moving
        await asyncio.sleep(3)
        assert [m.lock_state for m in world.heard if isinstance(m, KeyturnerStates)][-1] == LockState.UNLOCKED

    play(scenario)


@both_generations
@pytest.mark.parametrize(
    ("action", "locked", "reached"),
    [
        (LockAction.UNLOCK, True, LockState.UNLOCKED),
        (LockAction.LOCK, False, LockState.LOCKED),
        (LockAction.FULL_LOCK, False, LockState.LOCKED),
        (LockAction.UNLATCH, True, LockState.UNLOCKED),
    ],
)
def test_actions(model: str, action: LockAction, locked: bool, reached: LockState) -> None:
    """Each action moves the bolt once, is told by pushes on the way, and needs no PIN and no read after."""

    async def scenario(world: World, client: LockClient) -> None:
        states = await client.act(action)
        assert states is not None
        assert states.lock_state == reached
        assert world.runs == [action.name]
        assert world.actions_written == 1
        assert world.lock.journal.pins_sent == []
        assert len(world.lock.journal.requests("REQUEST_DATA")) == 1  # the challenge
        moving = [m.lock_state for m in world.heard if isinstance(m, KeyturnerStates) and m.lock_state.moving]
        assert moving

    play(scenario, model, locked=locked)


def test_nothing_to_do() -> None:
    """Locking a locked lock moves nothing and still ends with its state."""

    async def scenario(world: World, client: LockClient) -> None:
        states = await client.act(LockAction.LOCK)
        assert states is not None
        assert states.lock_state == LockState.LOCKED
        assert world.runs == []

    play(scenario)


@both_generations
def test_config_and_pin(model: str) -> None:
    """Config needs no PIN; the PIN is sent once, to the command that verifies it."""

    async def scenario(world: World, client: LockClient) -> None:
        assert (await client.read(conversations.read_config)).nuki_id == NUKI_ID
        assert world.lock.journal.pins_sent == []
        await client.request(conversations.verify_pin(world.pin))
        with pytest.raises(PinError) as wrong:
            await client.request(conversations.verify_pin(world.pin - 1))
        assert wrong.value.code == ErrorCode.K_BAD_PIN
        assert [entry.facts["command"] for entry in world.lock.journal.pins_sent] == [
            "VERIFY_SECURITY_PIN"
        ] * 2

    play(scenario, model)


def test_pushes_while_connected() -> None:
    """What a hand does while the link is open is heard at once."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.read_states()
        world.heard.clear()
        world.lock.turn_key("unlock")
        await asyncio.sleep(0.5)
        assert [m.lock_state for m in world.heard if isinstance(m, KeyturnerStates)][-1] == LockState.UNLOCKED

    play(scenario)


def test_requests_wait_for_each_other() -> None:
    """Reads and actions asked for at once share one link, one conversation at a time, the action first."""

    async def scenario(world: World, client: LockClient) -> None:
        results = await asyncio.gather(
            client.read_states(),
            client.act(LockAction.UNLOCK),
            client.read(conversations.read_config),
            client.read_states(),
        )
        assert isinstance(results[0], KeyturnerStates)
        assert isinstance(results[3], KeyturnerStates)
        assert (results[0].lock_state, results[3].lock_state) == (LockState.UNLOCKED, LockState.UNLOCKED)
        assert world.runs == ["UNLOCK"]
        assert len(world.lock.journal.connections) == 1

    play(scenario)


@pytest.mark.parametrize("mtu", [23, 150, 517])
def test_any_mtu(mtu: int) -> None:
    """Long writes and answers in pieces make no difference."""

    async def scenario(world: World, client: LockClient) -> None:
        world.transport.mtu = mtu
        assert (await client.read(conversations.read_config)).nuki_id == NUKI_ID
        await client.act(LockAction.UNLOCK)
        assert world.runs == ["UNLOCK"]

    play(scenario)


def test_twenty_byte_chunks() -> None:
    """Old firmware never sends more, whatever was agreed."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.faults.twenty_byte_chunks = True
        assert (await client.read_states()).lock_state == LockState.LOCKED
        await client.act(LockAction.UNLOCK)
        assert world.runs == ["UNLOCK"]

    play(scenario)


# --- The bolt moves once ----------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", [Moment.ACTION_RECEIVED, Moment.ACCEPTED_SENT, Moment.RUN_ENDED])
@pytest.mark.parametrize("action", [LockAction.LOCK, LockAction.UNLOCK])
def test_link_lost_after_the_action(action: LockAction, moment: Moment) -> None:
    """The state is read back, never the action repeated; the target reached is success."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.faults.disconnect_at(moment)
        states = await client.act(action)
        assert states is not None
        assert states.lock_state == (LockState.LOCKED if action == LockAction.LOCK else LockState.UNLOCKED)
        assert world.runs == [action.name]
        assert world.actions_written == 1

    play(scenario, locked=action == LockAction.UNLOCK)


@pytest.mark.parametrize("moment", [Moment.ACTION_RECEIVED, Moment.ACCEPTED_SENT])
def test_unlatch_is_never_taken_for_done(moment: Moment) -> None:
    """After a lost answer the state alone does not prove that the latch was pulled."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.faults.disconnect_at(moment)
        with pytest.raises(OutcomeUnknownError) as unknown:
            await client.act(LockAction.UNLATCH)
        assert unknown.value.state is not None
        assert world.runs == ["UNLATCH"]
        assert world.actions_written == 1

    play(scenario)


def test_unlatch_that_was_seen_to_its_end() -> None:
    """Pulled and let go by what the lock pushed: only the last Status is missing."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.faults.disconnect_at(Moment.RUN_ENDED)
        states = await client.act(LockAction.UNLATCH)
        assert states is not None
        assert states.lock_state == LockState.UNLOCKED
        assert world.runs == ["UNLATCH"]

    play(scenario)


def test_action_that_the_lock_never_got() -> None:
    """The write was lost: the bolt stays, the owner is told, nothing is sent again."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.faults.disconnect_at(Moment.ACTION_LOST)
        with pytest.raises(OutcomeUnknownError) as unknown:
            await client.act(LockAction.UNLOCK)
        assert unknown.value.state == LockState.LOCKED
        assert world.runs == []
        await asyncio.sleep(60)
        assert world.runs == []
        assert world.lock.lock_state == LockState.LOCKED

    play(scenario)


def test_silence_after_the_action() -> None:
    """A lock that moves but says nothing: unknown, with None for a state that could not be read."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.read_states()
        task = asyncio.create_task(client.act(LockAction.UNLOCK))
        while not world.actions_written:
            await asyncio.sleep(0.01)
        world.lock.faults.silence = True
        with pytest.raises(OutcomeUnknownError) as unknown:
            await task
        assert unknown.value.state is None
        assert world.runs == ["UNLOCK"]
        assert world.actions_written == 1

    play(scenario)


def test_complete_that_never_comes() -> None:
    """The pushed state tells what happened; only the last Status is missing."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.read_states()
        task = asyncio.create_task(client.act(LockAction.UNLOCK))
        while not world.runs:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)  # ACCEPTED is out
        world.lock.faults.drop_next_answer(Command.STATUS)
        states = await task
        assert states is not None
        assert states.lock_state == LockState.UNLOCKED
        assert world.runs == ["UNLOCK"]

    play(scenario)


@pytest.mark.parametrize("code", [ErrorCode.K_BAD_NONCE, ErrorCode.K_NOT_AUTHORIZED], ids=str)
def test_doubtful_refusal_of_an_action(code: ErrorCode) -> None:
    """A copy may have run, or somebody else may have said it: the state is read, the action not repeated."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.faults.refuse_next(code, Command.LOCK_ACTION)
        with pytest.raises(OutcomeUnknownError) as unknown:
            await client.act(LockAction.UNLOCK)
        assert unknown.value.state == LockState.LOCKED
        assert world.runs == []
        assert world.actions_written == 1

    play(scenario)


def test_out_of_reach_fails_in_time_and_never_later() -> None:
    """The deadline passes, the lock comes back, and the bolt does not move."""

    async def scenario(world: World, client: LockClient) -> None:
        world.radio.set_rssi(world.transport, world.lock.address, None)
        start = now()
        with pytest.raises(LinkError):
            await client.act(LockAction.UNLOCK)
        assert now() - start <= ACTION_DEADLINE + 0.1
        world.radio.set_rssi(world.transport, world.lock.address, -60)
        await asyncio.sleep(300)
        assert world.runs == []

    play(scenario)


def test_silent_lock_fails_before_anything_is_written() -> None:
    """No challenge, no action."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.faults.silence = True
        with pytest.raises(NoAnswerError):
            await client.act(LockAction.UNLOCK)
        assert world.actions_written == 0

    play(scenario)


def test_deadline_passes_while_another_action_runs() -> None:
    """An action that waits too long for its turn is dropped."""

    async def scenario(world: World, client: LockClient) -> None:
        first = asyncio.create_task(client.act(LockAction.UNLOCK))
        while not world.runs:
            await asyncio.sleep(0.01)
        with pytest.raises(NotStartedError):
            await client.act(LockAction.LOCK, deadline=1.0)
        await first
        await asyncio.sleep(60)
        assert world.runs == ["UNLOCK"]

    play(scenario)


def test_newer_opposite_request_replaces_what_was_not_written() -> None:
    """The caller of the older one is told; the bolt moves for the newer one only, on the same link."""

    async def scenario(world: World, client: LockClient) -> None:
        older = asyncio.create_task(client.act(LockAction.UNLATCH))
        await asyncio.sleep(0.2)  # still connecting
        newer = asyncio.create_task(client.act(LockAction.UNLOCK))
        with pytest.raises(ReplacedError):
            await older
        await newer
        assert world.runs == ["UNLOCK"]
        assert world.actions_written == 1
        assert len(world.lock.journal.connections) == 1

    play(scenario)


def test_what_nobody_asked_for_replaces_nothing() -> None:
    """An action that Home Assistant decides on itself gives way to one of a person."""

    async def scenario(world: World, client: LockClient) -> None:
        asked = asyncio.create_task(client.act(LockAction.LOCK))
        await asyncio.sleep(0.2)  # still connecting
        with pytest.raises(ReplacedError):
            await client.act(LockAction.UNLOCK, wanted=lambda: True)
        await asked
        assert world.actions_written == 1

    play(scenario)


def test_what_is_not_wanted_any_more_is_not_written() -> None:
    """Whether it still is, is asked last of all: right before the write."""

    async def scenario(world: World, client: LockClient) -> None:
        wanted = True
        action = asyncio.create_task(client.act(LockAction.UNLOCK, wanted=lambda: wanted))
        while not client.connected:
            await asyncio.sleep(0.01)
        wanted = False
        with pytest.raises(ReplacedError):
            await action
        assert world.actions_written == 0

    play(scenario)


@pytest.mark.parametrize("waits", [True, False])
def test_what_somebody_else_still_wants_is_written(waits: bool) -> None:
    """Two come home together, and only for one of them it is not wanted any more."""

    async def scenario(world: World, client: LockClient) -> None:
        wanted = True
        first = asyncio.create_task(client.act(LockAction.UNLOCK, wanted=lambda: wanted))
        second = asyncio.create_task(client.act(LockAction.UNLOCK, wanted=lambda: True))
        while not client.connected:
            await asyncio.sleep(0.01)
        wanted = False
        if not waits:
            second.cancel()
        results = await asyncio.gather(first, second, return_exceptions=True)
        assert world.actions_written == waits
        assert waits == all(isinstance(result, KeyturnerStates) for result in results)

    play(scenario)


def test_what_was_written_is_not_replaced() -> None:
    """Both are carried out, one after the other."""

    async def scenario(world: World, client: LockClient) -> None:
        first = asyncio.create_task(client.act(LockAction.UNLOCK))
        while not world.runs:
            await asyncio.sleep(0.01)
        await client.act(LockAction.LOCK)
        await first
        assert world.runs == ["UNLOCK", "LOCK"]

    play(scenario)


def test_same_request_twice_is_no_replacement() -> None:
    """The second finds the bolt where it is wanted."""

    async def scenario(world: World, client: LockClient) -> None:
        await asyncio.gather(client.act(LockAction.UNLOCK), client.act(LockAction.UNLOCK))
        assert world.runs == ["UNLOCK"]

    play(scenario)


def test_connecting_ahead() -> None:
    """Nothing is asked, and the action that follows finds the link open."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.connect()
        assert client.connected
        assert world.lock.journal.requests("REQUEST_DATA") == []
        await client.act(LockAction.UNLOCK)
        assert len(world.lock.journal.connections) == 1

    play(scenario)


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 1.0, 2.0, 4.0])
def test_canceled_action(delay: float) -> None:
    """Cancellation at any moment leaves at most one run, and a client that still works."""

    async def scenario(world: World, client: LockClient) -> None:
        task = asyncio.create_task(client.act(LockAction.UNLOCK))
        await asyncio.sleep(delay)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled() or task.exception() is None
        await asyncio.sleep(10)
        assert world.runs in ([], ["UNLOCK"])
        assert world.actions_written == len(world.runs)
        states = await client.read_states()
        assert states.lock_state == (LockState.UNLOCKED if world.runs else LockState.LOCKED)

    play(scenario)


def test_late_answer_is_not_taken_for_the_next_one() -> None:
    """The Status of an action that was given up must not confirm a PIN."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.read_states()
        task = asyncio.create_task(client.act(LockAction.UNLOCK))
        while not world.runs:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        with pytest.raises(PinError):
            await client.request(conversations.verify_pin(world.pin - 1))
        assert len(world.lock.journal.connections) == 2

    play(scenario)


# --- Refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("jam", "code"),
    [
        (Jam.MOTOR, ErrorCode.K_MOTOR_BLOCKED),
        (Jam.CLUTCH, ErrorCode.K_CLUTCH_FAILURE),
        (Jam.CLUTCH_POWER, ErrorCode.K_CLUTCH_POWER_FAILURE),
        (Jam.MOTOR_POWER, ErrorCode.K_MOTOR_POWER_FAILURE),
        (Jam.LOW_VOLTAGE, ErrorCode.K_MOTOR_LOW_VOLTAGE),
    ],
)
def test_jam(jam: Jam, code: ErrorCode) -> None:
    """The fault is told with its code, and the state is known after it."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.jam(jam)
        with pytest.raises(MotorError) as error:
            await client.act(LockAction.UNLOCK)
        assert error.value.code == code
        assert world.actions_written == 1
        assert any(isinstance(message, KeyturnerStates) for message in world.heard)

    play(scenario)


DOUBTFUL = (ErrorCode.K_BAD_NONCE, ErrorCode.K_NOT_AUTHORIZED)


@pytest.mark.parametrize("code", [code for code in ErrorCode if code not in DOUBTFUL], ids=str)
def test_every_refusal_reaches_the_caller(code: ErrorCode) -> None:
    """Known or not to the owner, the code arrives, and nothing is repeated."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.faults.refuse_next(code, Command.LOCK_ACTION)
        with pytest.raises(LockRefusedError) as error:
            await client.act(LockAction.UNLOCK)
        assert error.value.code == code
        assert world.actions_written == 1
        assert world.runs == []

    play(scenario)


@both_generations
def test_deleted_authorization(model: str) -> None:
    """The plain answer on the other characteristic is heard: known at once, not after a timeout."""

    async def scenario(world: World, client: LockClient) -> None:
        for entry in list(world.lock.authorizations):
            world.lock.delete_authorization(entry.index)
        start = now()
        with pytest.raises(NotAuthorizedError):
            await client.read_states()
        with pytest.raises(NotAuthorizedError):
            await client.act(LockAction.UNLOCK)
        assert now() - start < 3

    async def main() -> None:
        async with paired(model) as (world, client):
            await scenario(world, client)
            assert world.runs == []

    virtual_time.run(main())


# --- Links ------------------------------------------------------------------------------------------------


def test_read_survives_a_dead_link() -> None:
    """The open link turns out to be gone: a read is repeated once on a new one."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.read_states()
        for _ in range(5):  # that of the read, and of each probe
            world.lock.faults.drop_next_answer()
        assert (await client.read_states()).lock_state == LockState.LOCKED
        assert len(world.lock.journal.connections) == 2

    play(scenario)


def test_power_cut_while_connected() -> None:
    """The link ends by itself; the next read makes a new one."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.read_states()
        world.lock.power_off()
        await asyncio.sleep(1)
        assert not client.connected
        assert world.links_lost == 1
        with pytest.raises(UnreachableError):
            await client.read_states()
        world.lock.power_on()
        await asyncio.sleep(30)
        assert (await client.read_states()).lock_state in (LockState.LOCKED, LockState.UNLOCKED)

    play(scenario)


def test_closed_client() -> None:
    """Closing in the middle of an action ends it with an error, and nothing opens the link again."""

    async def scenario(world: World, client: LockClient) -> None:
        task = asyncio.create_task(client.act(LockAction.UNLOCK))
        while not world.runs:
            await asyncio.sleep(0.01)
        await client.close()
        with pytest.raises(OutcomeUnknownError):
            await task
        with pytest.raises(LinkLostError):
            await client.read_states()
        with pytest.raises(LinkLostError):
            await client.act(LockAction.LOCK)
        await asyncio.sleep(60)
        assert world.runs == ["UNLOCK"]
        assert len(world.lock.journal.connections) == 1

    play(scenario)


def test_closed_while_connecting() -> None:
    """Nothing is written any more, and no link stays."""

    async def scenario(world: World, client: LockClient) -> None:
        task = asyncio.create_task(client.act(LockAction.UNLATCH))
        await asyncio.sleep(0.2)
        await client.close()
        with pytest.raises(LinkError):
            await task
        await asyncio.sleep(60)
        assert world.runs == []
        assert all(connection.ended is not None for connection in world.radio.connections)

    play(scenario)


def test_impatient_second_tap_opens_once() -> None:
    """It wants what the first one is about to do, and learns what came of that."""

    async def scenario(world: World, client: LockClient) -> None:
        first, second = await asyncio.gather(client.act(LockAction.UNLATCH), client.act(LockAction.UNLATCH))
        assert first == second
        assert world.runs == ["UNLATCH"]
        assert world.actions_written == 1

    play(scenario)


def test_second_tap_that_is_given_up() -> None:
    """It takes nothing with it, and the failure of the first one is told to nobody but its caller."""

    async def scenario(world: World, client: LockClient) -> None:
        complaints: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
        world.lock.jam(Jam.MOTOR)
        first = asyncio.create_task(client.act(LockAction.UNLATCH))
        second = asyncio.create_task(client.act(LockAction.UNLATCH))
        await asyncio.sleep(0.1)
        second.cancel()
        with pytest.raises(MotorError):
            await first
        await asyncio.sleep(1)
        assert second.cancelled()
        assert world.runs == ["UNLATCH"]
        assert complaints == []

    play(scenario)


def test_second_tap_when_the_first_is_given_up() -> None:
    """The one that waits is told what is known."""

    async def scenario(world: World, client: LockClient) -> None:
        first = asyncio.create_task(client.act(LockAction.UNLATCH))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(client.act(LockAction.UNLATCH))
        await asyncio.sleep(0.1)
        first.cancel()
        with pytest.raises(NotStartedError):
            await second
        await asyncio.sleep(30)
        assert world.runs == []

    play(scenario)


@pytest.mark.parametrize(("action", "locked"), [(LockAction.FULL_LOCK, True), (LockAction.LOCK_N_GO, False)])
def test_state_that_was_there_before_proves_nothing(action: LockAction, locked: bool) -> None:
    """The lock never got the action; that it looks done is a coincidence."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.faults.disconnect_at(Moment.ACTION_LOST)
        with pytest.raises(OutcomeUnknownError):
            await client.act(action)
        assert world.runs == []

    play(scenario, locked=locked)


def test_cancellation_while_closing_leaves_no_link() -> None:
    """Whatever is cut off, the link has an owner who ends it."""

    async def scenario(world: World, client: LockClient) -> None:
        for delay in range(0, 120, 5):
            task = asyncio.create_task(client.read_states())
            await asyncio.sleep(delay / 100)
            task.cancel()
            await asyncio.wait([task])
        await asyncio.sleep(30)
        assert all(connection.ended is not None for connection in world.radio.connections)

    play(scenario)


# --- Pairing ----------------------------------------------------------------------------------------------


def play_unpaired(model: str, scenario: Callable[[World], Awaitable[None]]) -> World:
    """Run a scenario with a lock that nobody is paired with."""
    worlds: list[World] = []

    async def main() -> None:
        world = World(model)
        worlds.append(world)
        await scenario(world)
        await world.radio.stop()

    virtual_time.run(main())
    return worlds[0]


@both_generations
def test_identify(model: str) -> None:
    """The generation is known without pairing mode, from the services alone."""

    async def scenario(world: World) -> None:
        assert await identify(world.transport) is world.dialect
        assert world.radio.connections[-1].ended is not None

    play_unpaired(model, scenario)


@both_generations
def test_an_incomplete_table_of_services_is_read_once_more(model: str) -> None:
    """BlueZ may hand out only a part of it at the first connection to a lock that it has never seen."""

    async def scenario(world: World) -> None:
        world.transport.cached_services = frozenset({"00001800-0000-1000-8000-00805f9b34fb"})
        assert await identify(world.transport) is world.dialect
        assert len(world.radio.connections) == 2
        assert all(connection.ended is not None for connection in world.radio.connections)

    play_unpaired(model, scenario)


def test_what_is_no_lock_is_read_twice_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(world: World) -> None:
        monkeypatch.setattr(
            type(world.lock),
            "services",
            tuple(service for service in world.lock.services if service.uuid.startswith("0000")),
        )
        with pytest.raises(ProtocolError):
            await identify(world.transport)
        assert len(world.radio.connections) == 2

    play_unpaired("gen3", scenario)


@pytest.mark.parametrize("id_type", [AuthorizationIdType.APP, AuthorizationIdType.BRIDGE])
def test_client_type(id_type: AuthorizationIdType) -> None:
    """The change flag is cleared by a read of a Bridge only."""

    async def scenario(world: World) -> None:
        client = await world.pair(id_type)
        world.lock.turn_key("unlock")
        assert world.lock.unread_change
        await client.read_states()
        assert world.lock.unread_change is (id_type == AuthorizationIdType.APP)
        await client.close()

    play_unpaired("gen3", scenario)


def refused_pairing(world: World, pin: int | None = None) -> Awaitable[object]:
    """Pair without touching the button."""
    return pair(world.transport, world.dialect, app_id=42, name="Test", pin=pin or world.pin)


@both_generations
def test_outside_pairing_mode(model: str) -> None:
    """The usual case: nobody held the button."""

    async def scenario(world: World) -> None:
        with pytest.raises(NotPairingError):
            await refused_pairing(world)

    play_unpaired(model, scenario)


def test_wrong_pin_in_pairing() -> None:
    """The fifth generation refuses; the PIN is sent once."""

    async def scenario(world: World) -> None:
        world.lock.enter_pairing_mode()
        with pytest.raises(PinError):
            await refused_pairing(world, pin=654321)
        assert len(world.lock.journal.pins_sent) == 1

    play_unpaired("ultra", scenario)


def test_no_pin_set() -> None:
    """A fifth-generation lock without a PIN says so, and none is sent to it."""

    async def scenario(world: World) -> None:
        world.lock.set_pin(None)
        world.lock.enter_pairing_mode()
        with pytest.raises(PinNotSetError):
            await refused_pairing(world)
        assert world.lock.journal.pins_sent == []

    play_unpaired("ultra", scenario)


@both_generations
def test_pairing_again_replaces_the_orphan(model: str) -> None:
    """The link breaks right after the lock has stored the authorization; the next pairing takes its place."""

    async def scenario(world: World) -> None:
        world.lock.faults.disconnect_at(Moment.AUTHORIZATION_STORED)
        world.lock.enter_pairing_mode()
        with pytest.raises(SmartLockError):
            await refused_pairing(world)
        client = await world.pair()
        assert (await client.read_states()).lock_state == LockState.LOCKED
        assert len(list(world.lock.authorizations)) == 1
        await client.close()

    play_unpaired(model, scenario)


@pytest.mark.parametrize(("model", "told"), [("gen3", 0), ("ultra", 1)])
def test_the_lock_is_told_after_the_keys_are_safe(model: str, told: int) -> None:
    """Generations 1 to 4 wait for it: nothing remains of a pairing whose keys were not kept. The fifth does not."""

    async def scenario(world: World) -> None:
        world.lock.enter_pairing_mode()
        granted: list[Pairing] = []

        async def lose(pairing: Pairing) -> None:
            granted.append(pairing)
            raise OSError

        with pytest.raises(OSError):
            await pair(world.transport, world.dialect, app_id=42, name="Test", pin=world.pin, on_granted=lose)
        assert len(granted) == 1
        assert len(list(world.lock.authorizations)) == told

    play_unpaired(model, scenario)


@pytest.mark.parametrize("model", ["gen3", "ultra"])
def test_a_pairing_that_counts_is_told_before_the_link_is_closed(model: str) -> None:
    """Whoever asked may be gone by then."""

    async def scenario(world: World) -> None:
        world.lock.enter_pairing_mode()
        paired = asyncio.Event()
        task = asyncio.create_task(
            pair(
                world.transport,
                world.dialect,
                app_id=42,
                name="Test",
                pin=world.pin,
                on_paired=paired.set,
            )
        )
        await paired.wait()
        task.cancel()
        await asyncio.wait([task])
        assert len(list(world.lock.authorizations)) == 1

    play_unpaired(model, scenario)
