"""How many requests it takes: the protocol's minimum on the way to the bolt."""

import asyncio

import pytest

from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.protocol.enums import LockAction
from custom_components.smartlock.protocol.errors import NotAuthorizedError
from tests.client.simulated import World
from tests.client.test_client import both_generations, now, play


async def requests_until_the_motor_starts(world: World, client: LockClient) -> int:
    """Return the ATT requests of the last link from the call on."""
    connections = world.radio.connections
    before = connections[-1].traffic.requests if client.connected else 0
    task = asyncio.create_task(client.act(LockAction.UNLOCK))
    while not world.runs:
        await asyncio.sleep(0.001)
    requests = connections[-1].traffic.requests - before
    await task
    return requests


@both_generations
def test_cold_unlock(model: str) -> None:
    """MTU exchange, one subscription, challenge, action."""

    async def scenario(world: World, client: LockClient) -> None:
        assert await requests_until_the_motor_starts(world, client) == 4
        assert len(world.lock.journal.requests("REQUEST_DATA")) == 1

    play(scenario, model)


@both_generations
def test_warm_unlock(model: str) -> None:
    """The action alone on a link that was opened for one."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.connect()
        await client.read_states()
        await asyncio.sleep(1)
        assert await requests_until_the_motor_starts(world, client) == 1

    play(scenario, model)


@pytest.mark.parametrize("action", [True, False], ids=["action", "read"])
def test_deleted_authorization_is_known_in_time(action: bool) -> None:
    """The refusal came before anybody listened: a probe brings it again."""

    async def scenario(world: World, client: LockClient) -> None:
        for entry in list(world.lock.authorizations):
            world.lock.delete_authorization(entry.index)
        start = now()
        with pytest.raises(NotAuthorizedError):
            await (client.act(LockAction.UNLOCK) if action else client.read_states())
        assert now() - start < 3
        assert world.runs == []
        world.lock.journal.entries.clear()

    play(scenario)
