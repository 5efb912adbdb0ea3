"""A client that keeps the link: for owners who want speed and have batteries to spare."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.client.link import KEEP_ALIVE
from custom_components.smartlock.protocol.enums import LockAction, LockState
from custom_components.smartlock.protocol.errors import LinkError
from custom_components.smartlock.protocol.messages import KeyturnerStates
from simulator import virtual_time
from simulator.lock.faults import Once
from simulator.virtual_lock import Timing
from tests.client.simulated import World, paired

both_generations = pytest.mark.parametrize("model", ["gen3", "ultra"])


def play(scenario: Callable[[World, LockClient], Awaitable[None]], model: str = "gen3") -> None:
    """Run a scenario with a paired client that stays connected once it is."""

    async def main() -> None:
        async with paired(model, idle_time=None) as (world, client):
            await scenario(world, client)
            assert world.lock.journal.broken_rules == []

    virtual_time.run(main())


def connections(world: World) -> int:
    """Return how often the client has connected."""
    return len(world.lock.journal.connections)


def heard(world: World) -> list[LockState]:
    """Return the states that the lock has told, asked or not."""
    return [message.lock_state for message in world.heard if isinstance(message, KeyturnerStates)]


def test_it_asks_before_the_lock_drops_an_idle_link() -> None:
    assert Timing().idle_disconnect > KEEP_ALIVE + 3


@both_generations
def test_link_stays(model: str) -> None:
    """Over an hour, although the lock drops a link that is idle for 20 s; each question is counted."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.read_states()
        for _ in range(60):
            await asyncio.sleep(60)
            assert client.connected
        assert connections(world) == 1
        assert world.links_lost == 0
        questions = len(heard(world))
        assert questions == pytest.approx(3600 / KEEP_ALIVE, abs=5)
        now = asyncio.get_running_loop().time()
        assert client.statistics.reads_in_a_day(now) == questions

    play(scenario, model)


def test_nothing_is_connected_before_the_first_request() -> None:
    """Who stays connected decides when that begins."""

    async def scenario(world: World, client: LockClient) -> None:
        await asyncio.sleep(120)
        assert connections(world) == 0

    play(scenario)


def test_changes_by_hand_are_told() -> None:
    """At once, at any time."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.connect()
        for hand, state in (("unlock", LockState.UNLOCKED), ("lock", LockState.LOCKED)) * 3:
            await asyncio.sleep(101)
            world.lock.turn_key(hand)
            await asyncio.sleep(0.2)
            assert heard(world)[-1] == state
        assert connections(world) == 1

    play(scenario)


def test_actions_use_the_link() -> None:
    async def scenario(world: World, client: LockClient) -> None:
        await client.connect()
        for action in (LockAction.UNLOCK, LockAction.LOCK, LockAction.UNLATCH):
            await asyncio.sleep(70)
            await client.act(action)
        assert world.runs == ["UNLOCK", "LOCK", "UNLATCH"]
        assert connections(world) == 1
        assert client.connected

    play(scenario)


def test_action_at_the_moment_of_a_question() -> None:
    """One waits for the other; both are answered."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.connect()
        # From right before the question to right after its answer.
        for early in (0.05, 0.0, -0.05, -0.1):
            await client.read_states()
            before = len(world.runs)
            await asyncio.sleep(KEEP_ALIVE - early)
            await client.act(LockAction.UNLOCK if before % 2 == 0 else LockAction.LOCK)
            assert len(world.runs) == before + 1
        assert connections(world) == 1

    play(scenario)


def test_lost_link_is_told() -> None:
    """What the lock would have pushed over it is missed; the next request makes a new one that stays again."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.connect()
        await asyncio.sleep(5)
        world.lock.swap_batteries()
        await asyncio.sleep(1)
        assert world.links_lost == 1
        assert world.lock.status()["links"] == 0
        await asyncio.sleep(30)
        await client.read_states()
        await asyncio.sleep(60)
        assert client.connected
        assert connections(world) == 2

    play(scenario)


def test_question_that_stays_without_an_answer_is_told() -> None:
    """A link may be dead although nobody has closed it. It is not used any more, and not kept open."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.connect()
        world.lock.faults.silence = True
        await asyncio.sleep(40)
        assert world.links_lost == 1
        assert not client.connected
        assert world.lock.status()["links"] == 0
        # And it does not try for ever by itself.
        began = connections(world)
        await asyncio.sleep(600)
        assert connections(world) == began
        world.lock.faults.clear()
        assert (await client.read_states()).lock_state == LockState.LOCKED

    play(scenario)


def test_closing_ends_it() -> None:
    """Also in the middle of a question."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.connect()
        world.lock.faults.silence = True
        await asyncio.sleep(KEEP_ALIVE + 1)
        await client.close()
        assert world.lock.status()["links"] == 0
        world.lock.faults.clear()
        await asyncio.sleep(120)
        assert connections(world) == 1

    play(scenario)


@both_generations
def test_link_that_is_lost_in_a_conversation_is_told(model: str) -> None:
    """An action that was not written has no reason to look at the lock again; nobody else would make a new link."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.connect()
        world.lock.faults.once(Once.DISCONNECT_AT_REQUEST)
        with pytest.raises(LinkError):
            await client.act(LockAction.UNLOCK)
        assert (world.links_lost, client.connected) == (1, False)
        assert world.runs == []

    play(scenario, model)


def test_link_that_a_canceled_conversation_spoils_is_told() -> None:
    async def scenario(world: World, client: LockClient) -> None:
        await client.read_states()
        world.lock.faults.silence = True
        task = asyncio.create_task(client.act(LockAction.UNLOCK))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.wait([task])
        assert (world.links_lost, client.connected) == (1, False)

    play(scenario)


def test_link_that_a_read_makes_again_is_not_lost() -> None:
    async def scenario(world: World, client: LockClient) -> None:
        await client.connect()
        world.lock.faults.once(Once.DISCONNECT_AT_REQUEST)
        await client.read_states()
        assert (world.links_lost, client.connected) == (0, True)

    play(scenario)
