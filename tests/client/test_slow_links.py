"""Connecting takes longer than an action may wait: the attempt is kept for the next one."""

import asyncio
from contextlib import AbstractContextManager
from dataclasses import replace
from unittest.mock import patch

import pytest

from custom_components.smartlock.client.client import ACTION_DEADLINE, IDLE_TIME, LockClient
from custom_components.smartlock.client.link import KEPT_TIME
from custom_components.smartlock.protocol.enums import LockAction, LockState
from custom_components.smartlock.protocol.errors import LinkLostError, NotStartedError, UnreachableError
from tests.client.simulated import SimulatedLink, SimulatedTransport, World
from tests.client.test_client import connected, now, play

SLOW = (18.0, 25.0, 40.0)


def be_slow(world: World, takes: float) -> None:
    """Let each connection take so many seconds from now on."""
    world.radio.timing = replace(world.radio.timing, connect=takes)


@pytest.mark.parametrize("takes", SLOW)
@pytest.mark.parametrize("pause", [0.5, 3.0, 10.0])
def test_an_action_finds_the_link_that_another_one_has_waited_for(takes: float, pause: float) -> None:
    """Whoever tries again gets through, each action within its own deadline, and the bolt moves once."""

    async def scenario(world: World, client: LockClient) -> None:
        be_slow(world, takes)
        began, asked = now(), 0.0
        while now() - began < 120:
            asked = now()
            try:
                await client.act(LockAction.UNLOCK)
            except NotStartedError:
                assert now() - asked == pytest.approx(ACTION_DEADLINE)
                await asyncio.sleep(pause)
            else:
                break
        (written,) = world.lock.journal.requests("LOCK_ACTION")
        assert written.loop_time - asked < ACTION_DEADLINE
        assert written.loop_time - began < takes + 15
        assert world.runs == ["UNLOCK"]
        assert len(world.radio.connections) == 2  # The other one is that of the pairing.

    play(scenario)


@pytest.mark.parametrize("takes", SLOW)
def test_a_link_that_nobody_wants_any_more_is_let_go(takes: float) -> None:
    """And nothing is written over it."""

    async def scenario(world: World, client: LockClient) -> None:
        be_slow(world, takes)
        began = now()
        with pytest.raises(NotStartedError):
            await client.act(LockAction.UNLOCK)
        assert now() - began == pytest.approx(ACTION_DEADLINE)
        await asyncio.sleep(began + takes + 1 - now())
        assert connected(client)
        await asyncio.sleep(KEPT_TIME)
        assert not connected(client)
        assert world.radio.connections[-1].ended is not None
        await asyncio.sleep(60)
        assert world.runs == []
        assert world.actions_written == 0

    play(scenario)


def test_a_subscription_that_never_ends_is_given_up() -> None:
    """Whoever comes next begins anew, instead of waiting for it as well."""

    async def scenario(world: World, client: LockClient) -> None:
        with patch.object(SimulatedTransport, "subscribing", asyncio.Event().wait):
            with pytest.raises(LinkLostError):
                await client.read_states()
            assert not connected(client)
        assert (await client.read_states()).lock_state == LockState.LOCKED

    play(scenario)


def test_a_link_that_ends_before_it_is_subscribed_is_made_again() -> None:
    """As a weak one often does; nothing can be written over it, so that the action has its deadline for another."""

    async def scenario(world: World, client: LockClient) -> None:
        attempts: list[float] = []

        async def subscribing(_: SimulatedTransport) -> None:
            attempts.append(now())
            if len(attempts) < 3:
                raise LinkLostError

        with patch.object(SimulatedTransport, "subscribing", subscribing):
            states = await client.act(LockAction.UNLOCK)
        assert states.lock_state == LockState.UNLOCKED
        assert len(attempts) == 3
        assert world.runs == ["UNLOCK"]
        assert world.actions_written == 1

    play(scenario)


def test_an_action_whose_links_all_end_fails_at_its_deadline() -> None:
    async def scenario(world: World, client: LockClient) -> None:
        began = now()
        with patch.object(SimulatedTransport, "subscribing", side_effect=LinkLostError):
            acting = asyncio.create_task(client.act(LockAction.UNLOCK))
            with pytest.raises(LinkLostError):
                await acting
        assert now() - began == pytest.approx(ACTION_DEADLINE)
        await asyncio.sleep(60)
        assert world.actions_written == 0

    play(scenario)


def closing_takes(seconds: float) -> AbstractContextManager[object]:
    """Let the end of each link be reported so late, as of one through a proxy that has lost its power."""
    close = SimulatedLink.close

    async def closing(link: SimulatedLink) -> None:
        await close(link)
        await asyncio.sleep(seconds)

    return patch.object(SimulatedLink, "close", closing)


@pytest.mark.parametrize("lost_in_action", [False, True])
def test_an_action_waits_for_no_link_that_does_not_end(lost_in_action: bool) -> None:
    """Neither the next one, nor the caller of the one that has failed."""

    async def scenario(world: World, client: LockClient) -> None:
        with closing_takes(20.0):
            await client.connect()
            if lost_in_action:
                world.lock.faults.silence = True
                began = now()
                with pytest.raises(NotStartedError):
                    await client.act(LockAction.UNLOCK, deadline=2.0)
                assert now() - began < 6
                world.lock.faults.clear()
            else:
                await asyncio.sleep(IDLE_TIME + 0.1)
            began = now()
            await client.act(LockAction.UNLOCK)
            assert now() - began < 10
            assert world.runs == ["UNLOCK"]

    play(scenario)


def test_closed_while_the_link_before_is_being_closed() -> None:
    """The request that was about to make a new one makes none any more."""

    async def scenario(world: World, client: LockClient) -> None:
        world.transport.tamper = lambda _: [b"\xff" * 64]
        with closing_takes(1.0):
            reading = asyncio.create_task(client.read_states())
            while not world.transport.indications:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.5)
            began = len(world.radio.connections)
            await client.close()
            with pytest.raises(LinkLostError):
                await reading
            assert len(world.radio.connections) == began

    play(scenario)


def test_a_newer_action_takes_the_attempt_over() -> None:
    """The older one is told that it was replaced; what was begun goes on."""

    async def scenario(world: World, client: LockClient) -> None:
        be_slow(world, 12.0)
        older = asyncio.create_task(client.act(LockAction.UNLATCH))
        await asyncio.sleep(10)
        older.cancel()
        await asyncio.wait([older])
        states = await client.act(LockAction.UNLOCK)
        assert states.lock_state == LockState.UNLOCKED
        assert len(world.radio.connections) == 2
        assert world.runs == ["UNLOCK"]

    play(scenario)


def test_an_attempt_that_fails_is_forgotten() -> None:
    """The next one begins at the start, and nobody hears of the error of the first."""

    async def scenario(world: World, client: LockClient) -> None:
        complaints: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        world.radio.timing = replace(world.radio.timing, connect_timeout=20.0)
        world.radio.set_rssi(world.transport, world.lock.address, None)
        with pytest.raises(NotStartedError):
            await client.act(LockAction.UNLOCK)
        await asyncio.sleep(10)
        with pytest.raises((NotStartedError, UnreachableError)):
            await client.act(LockAction.UNLOCK)
        world.radio.set_rssi(world.transport, world.lock.address, -60)
        await asyncio.sleep(30)
        await client.act(LockAction.UNLOCK)
        assert world.runs == ["UNLOCK"]
        assert complaints == []

    play(scenario)


@pytest.mark.parametrize("end", ["close", "let_go"])
@pytest.mark.parametrize("waited_for", [True, False])
def test_an_attempt_ends_with_the_client(end: str, waited_for: bool) -> None:
    """And so it does before pairing again: the lock must be free to advertise."""

    async def scenario(world: World, client: LockClient) -> None:
        be_slow(world, 30.0)
        reading = asyncio.create_task(client.act(LockAction.UNLOCK, deadline=25.0 if waited_for else 1.0))
        await asyncio.sleep(5)
        if end == "close":
            await client.close()
            await asyncio.sleep(1)
            assert isinstance(reading.exception(), LinkLostError if waited_for else NotStartedError)
        else:
            ending = asyncio.create_task(client.disconnect())
            await asyncio.sleep(25)
            assert ending.done()
            assert isinstance(reading.exception(), NotStartedError)
        await asyncio.sleep(60)
        assert not connected(client)
        assert all(each.ended is not None for each in world.radio.connections)
        assert world.runs == []

    play(scenario)


async def challenge_lost(world: World, client: LockClient) -> float:
    """Act over an open link on which the challenge is lost, and return how long it takes to write the action."""
    await client.read_states()
    world.transport.lose = {world.transport.indications + 1}
    began = now()
    await client.act(LockAction.UNLOCK)
    assert world.runs == ["UNLOCK"]
    (written,) = world.lock.journal.requests("LOCK_ACTION")
    return written.loop_time - began


def test_a_challenge_that_is_lost_on_a_fast_link_is_missed_soon() -> None:
    """A second would be that of a slow one; the owner stands before the door."""

    async def scenario(world: World, client: LockClient) -> None:
        assert await challenge_lost(world, client) < 1.2

    play(scenario)


def test_a_slow_link_gets_the_time_that_it_needs() -> None:
    """Its own subscription has taken longer, so that an answer is not taken for lost."""

    async def subscribing(transport: SimulatedTransport) -> None:
        await asyncio.sleep(0.3)

    async def scenario(world: World, client: LockClient) -> None:
        with patch.object(SimulatedTransport, "subscribing", subscribing):
            assert 1 < await challenge_lost(world, client) < 2

    play(scenario)
