"""Virtual time for Home Assistant: the clock jumps from timer to timer, but waits for threads."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
import time
from typing import Any, override
from unittest.mock import patch

from simulator.virtual_time import VirtualTimeLoop
from tests.loops import StrictLoop

__all__ = ["HomeLoop", "bluetooth_clock"]

# Where the Bluetooth stack reads the time of an advertisement, and how long ago that was.
_BLUETOOTH_CLOCKS = (
    "habluetooth.manager.monotonic_time_coarse",
    "habluetooth.base_scanner.monotonic_time_coarse",
    "habluetooth.auto_scheduler.monotonic_time_coarse",
    "simulator.local_adapter.monotonic_time_coarse",
)


class HomeLoop(StrictLoop, VirtualTimeLoop):
    """Runs an hour of Home Assistant in a few seconds."""

    def __init__(self) -> None:
        """Start some time after now."""
        # Not 0: some code takes 0 for "never". An hour on, since a machine that was just started is a case of
        # its own.
        super().__init__(time.monotonic() + 3600)

    @override
    def run_in_executor[*Ts, T](
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
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
        self._clock.threads += 1
        try:
            await super().shutdown_default_executor(timeout)
        finally:
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
