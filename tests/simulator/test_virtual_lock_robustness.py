"""Whatever is written to the virtual lock, it answers or keeps silent; it never breaks."""

import asyncio
import random
from typing import Any

import pytest

from custom_components.smartlock.protocol.enums import Command
from simulator.virtual_lock import MODELS
from simulator.virtual_time import run
from tests.simulator.hand_client import GDIO, USDIO, HandClient, new_lock, paired, plain


async def survives(client: HandClient, values: list[tuple[str, bytes]]) -> None:
    """Write values and assert that nothing went wrong behind the radio."""
    problems: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
    for uuid, value in values:
        await client.write(uuid, value)
        await asyncio.sleep(0.1)
    await asyncio.sleep(15)
    assert not problems


@pytest.mark.parametrize("model", list(MODELS))
def test_arbitrary_bytes(model: str) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        lock.enter_pairing_mode()
        noise = random.Random(1)
        values = [
            (noise.choice([client.pairing_gdio, GDIO, USDIO]), noise.randbytes(noise.randrange(1, 200)))
            for _ in range(500)
        ]
        await survives(client, values)
        assert lock.journal.motor_runs == []

    run(scenario())


@pytest.mark.parametrize("model", list(MODELS))
def test_well_framed_messages_without_sense(model: str) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        lock.enter_pairing_mode()
        noise = random.Random(2)
        commands = [*Command, *(Command(noise.randrange(0x10000)) for _ in range(50))]
        values = []
        for command in commands:
            for size in (0, 1, 2, 6, 32, 34, 36, 38, 58, 101):
                payload = noise.randbytes(size)
                values.append((USDIO, client.sealed(command, payload)))
                values.append((client.pairing_gdio, plain(command, payload)))
        await survives(client, values)
        assert lock.journal.motor_runs == []
        assert [entry.app_id for entry in lock.authorizations] == [client.app_id]

    run(scenario())
