"""Small things that the tests of the simulator share."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that has to happen soon; 20 s bound what Home Assistant takes to reconnect."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)
