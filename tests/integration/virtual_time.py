"""Virtual time for Home Assistant: the clock jumps from timer to timer, but waits for threads."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
import threading
import time
from typing import Any, override
from unittest.mock import patch

from simulator.virtual_time import VirtualTimeLoop
from tests.loops import StrictLoop

__all__ = ["HomeLoop", "bluetooth_clock", "threads"]

# Where the Bluetooth stack reads the time of an advertisement, and how long ago that was.
_BLUETOOTH_CLOCKS = (
    "habluetooth.manager.monotonic_time_coarse",
    "habluetooth.base_scanner.monotonic_time_coarse",
    "habluetooth.auto_scheduler.monotonic_time_coarse",
    "simulator.local_adapter.monotonic_time_coarse",
)


# More than ever wait for each other.
_THREADS = 16


@cache
def threads() -> ThreadPoolExecutor:
    """Return threads that are there before the first test and last until the end: none is left behind by any test."""
    executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="executor of the tests")
    barrier = threading.Barrier(_THREADS + 1)
    for _ in range(_THREADS):
        executor.submit(barrier.wait)
    barrier.wait()
    return executor


class HomeLoop(StrictLoop, VirtualTimeLoop):
    """Runs an hour of Home Assistant in a few seconds.

    Home Assistant's executors are replaced by threads that all tests share, instead of some that each test starts and ends.
    """

    def __init__(self) -> None:
        """Start some time after now."""
        # Not 0: some code takes 0 for "never". An hour on, since a machine that was just started is a case of
        # its own.
        super().__init__(time.monotonic() + 3600)
        self._jobs = set[Future[Any]]()
        self._ended = False
        threads()

    @override
    def set_default_executor(self, executor: Executor) -> None:
        """Do without it."""

    @override
    def run_in_executor[*Ts, T](
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        if self._ended:
            raise RuntimeError("the executor takes nothing more")
        job = threads().submit(func, *args)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)
        future = asyncio.wrap_future(job, loop=self)
        self._clock.threads += 1
        future.add_done_callback(self._thread_done)
        return future

    @contextmanager
    def waiting_for_a_thread(self) -> Iterator[None]:
        """Wait for real meanwhile, for a thread that the loop has not started itself."""
        self._clock.threads += 1
        try:
            yield
        finally:
            self._clock.threads -= 1

    def _thread_done(self, _: asyncio.Future[Any]) -> None:
        self._clock.threads -= 1

    @override
    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Take nothing more, and wait for what is under way."""
        self._ended = True
        self._clock.threads += 1
        for job in tuple(self._jobs):
            await asyncio.wait((asyncio.wrap_future(job, loop=self),), timeout=timeout)
        self._clock.threads -= 1


@contextmanager
def bluetooth_clock(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let the Bluetooth stack read the time of a loop."""
    patches = [patch(clock, loop.time) for clock in _BLUETOOTH_CLOCKS]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in reversed(patches):
            each.stop()
