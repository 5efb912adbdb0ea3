"""The event loop of the tests is as strict as asyncio's debug mode."""

import asyncio
from collections.abc import Callable
import sys
import threading

import pytest

from tests.integration.virtual_time import HomeLoop
from tests.loops import StrictLoop


def finish_a_future(loop: asyncio.AbstractEventLoop) -> None:
    """End what somebody waits for."""
    future = loop.create_future()
    future.add_done_callback(lambda _: None)
    future.set_result(None)


@pytest.mark.parametrize(
    "schedule", [lambda loop: loop.call_soon(int), lambda loop: loop.call_later(1, int), finish_a_future]
)
def test_another_thread_is_refused(schedule: Callable[[asyncio.AbstractEventLoop], object]) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        schedule(loop)
        await asyncio.to_thread(schedule, loop)

    with (
        asyncio.Runner(loop_factory=StrictLoop) as runner,
        pytest.raises(RuntimeError, match="another thread"),
    ):
        runner.run(run())


def test_debug_mode_stays_off() -> None:
    """It would make the suite take twice as long."""
    loop = StrictLoop()
    loop.set_debug(True)
    assert loop.get_debug() is sys.flags.dev_mode
    loop.close()


def test_threads_are_there_before_the_first_test() -> None:
    """Anyone who runs a Home Assistant inside a test, as the benchmarks do, leaves no thread behind either."""
    before = set(threading.enumerate())
    with asyncio.Runner(loop_factory=HomeLoop) as runner:
        thread = runner.run(asyncio.to_thread(threading.current_thread))
    assert thread in before
    assert set(threading.enumerate()) <= before


def test_nothing_is_taken_after_the_end() -> None:
    async def ended() -> None:
        loop = asyncio.get_running_loop()
        await loop.shutdown_default_executor()
        with pytest.raises(RuntimeError, match="takes nothing more"):
            await asyncio.to_thread(threading.current_thread)

    with asyncio.Runner(loop_factory=HomeLoop) as runner:
        runner.run(ended())
