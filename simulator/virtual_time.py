"""An event loop whose clock jumps to the next timer instead of waiting for it."""

import asyncio
from collections.abc import Coroutine
import selectors
from typing import Any, override

__all__ = ["JumpingSelector", "VirtualTimeLoop", "run"]


# Not `select`, which takes no file descriptor beyond 1023, however many a test run has open.
class JumpingSelector(selectors.PollSelector):
    """Waits only for threads; else takes note of how long the loop wants to wait."""

    def __init__(self, now: float) -> None:
        """Start at a time in seconds."""
        super().__init__()
        self.now = now
        self.threads = 0
        """How many threads are waited for; the time stands still meanwhile."""

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None and not self.threads:
            raise RuntimeError("everything waits and no timer is set: the loop would wait for ever")
        if not self.threads and len(self.get_map()) == 1:
            # Nobody could write to the only thing watched, by which threads wake the loop up.
            ready = []
        else:
            ready = super().select(timeout if self.threads else 0)
        if not ready and timeout is not None:
            self.now += max(0.0, timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Simulates hours in milliseconds; only for code that waits on the loop's time alone, not on sockets."""

    def __init__(self, now: float = 0.0, *, clock: type[JumpingSelector] = JumpingSelector) -> None:
        """Start at a time in seconds."""
        self._clock = clock(now)
        super().__init__(self._clock)

    @override
    def time(self) -> float:
        return self._clock.now


def run[T](main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
