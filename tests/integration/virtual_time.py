"""Virtual time for Home Assistant: the clock jumps from timer to timer, but waits for threads."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from functools import cache
from queue import Empty, SimpleQueue
from selectors import SelectorKey
import threading
import time
from typing import Any, override
from unittest.mock import patch

from simulator.virtual_time import JumpingSelector, VirtualTimeLoop
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


# The event loop that a job is for, the future of its result, and what is to be called with what.
type _Job = tuple[HomeLoop, asyncio.Future[Any], Callable[..., object], tuple[object, ...]]


@cache
def threads() -> SimpleQueue[_Job]:
    """Return what hands jobs to threads that are there before the first test: none is left behind by any test."""
    jobs = SimpleQueue[_Job]()
    for number in range(_THREADS):
        threading.Thread(
            target=_work, args=(jobs,), name=f"executor of the tests_{number}", daemon=True
        ).start()
    return jobs


def _work(jobs: SimpleQueue[_Job]) -> None:
    while True:
        loop, future, func, args = jobs.get()
        result, error = None, None
        try:
            if not future.cancelled():
                result = func(*args)
        except BaseException as err:  # noqa: BLE001 - whatever it is, the loop gets it
            error = err
        # A test that has failed may have closed its loop.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(loop.job_done, future, result, error)
        del loop, future, func, args, result, error


class _WokenByThreads(JumpingSelector):
    """Is woken up by threads through a queue: the socket that asyncio uses for that takes several times as long."""

    def __init__(self, now: float) -> None:
        super().__init__(now)
        self.wakes = SimpleQueue[None]()

    @property
    def watches_others(self) -> bool:
        """Whether there is more to wait for than threads and time."""
        return len(self.get_map()) > 1

    @override
    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        if not self.threads or self.watches_others:
            return super().select(timeout)
        try:
            self.wakes.get(timeout=timeout)
        except Empty:
            self.now += timeout or 0.0
        while not self.wakes.empty():
            self.wakes.get()
        return []


class HomeLoop(StrictLoop, VirtualTimeLoop):
    """Runs an hour of Home Assistant in a few seconds.

    Home Assistant's executors are replaced by threads that all tests share, instead of some that each test starts and ends.
    """

    _clock: _WokenByThreads

    def __init__(self) -> None:
        """Start some time after now."""
        # Not 0: some code takes 0 for "never". An hour on, since a machine that was just started is a case of
        # its own.
        super().__init__(time.monotonic() + 3600, clock=_WokenByThreads)
        self._jobs = 0
        self._ended = False
        self._idle: asyncio.Future[None] | None = None
        threads()

    def _write_to_self(self) -> None:
        """Wake the loop up; asyncio calls this from other threads."""
        self._clock.wakes.put(None)
        if self._clock.watches_others:
            super()._write_to_self()  # type: ignore[misc] # private, and so not among its types

    @override
    def set_default_executor(self, executor: Executor) -> None:
        """Do without it."""

    @override
    def run_in_executor[*Ts, T](
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        if self._ended:
            raise RuntimeError("the executor takes nothing more")
        future: asyncio.Future[T] = self.create_future()
        self._jobs += 1
        self._clock.threads += 1
        threads().put((self, future, func, args))
        return future

    def job_done(self, future: asyncio.Future[Any], result: object, error: BaseException | None) -> None:
        """Take what has become of a job."""
        self._jobs -= 1
        self._clock.threads -= 1
        if not future.cancelled():
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        if self._idle is not None and not self._jobs and not self._idle.done():
            self._idle.set_result(None)

    @contextmanager
    def waiting_for_a_thread(self) -> Iterator[None]:
        """Wait for real meanwhile, for a thread that the loop has not started itself."""
        self._clock.threads += 1
        try:
            yield
        finally:
            self._clock.threads -= 1

    @override
    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Take nothing more, and wait for what is under way."""
        self._ended = True
        if self._jobs:
            self._idle = self.create_future()
            await asyncio.wait((self._idle,), timeout=timeout)


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
