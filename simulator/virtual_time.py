"""An event loop whose clock jumps to the next timer instead of waiting for it."""

import asyncio
from collections.abc import Coroutine
import selectors
from typing import Any, override

__all__ = ["VirtualTimeLoop", "run"]


# Not `select`, which takes no file descriptor beyond 1023, however many a test run has open.
class _JumpingSelector(selectors.PollSelector):
    """Takes note of how long the loop wants to wait, and does not wait."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits and no timer is set: the loop would wait for ever")
        ready = super().select(0)
        if not ready:
            self.now += max(0.0, timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Simulates hours in milliseconds; only for code that waits on the loop's time alone, not on sockets."""

    def __init__(self) -> None:
        """Start at the time 0."""
        self._clock = _JumpingSelector()
        super().__init__(self._clock)

    @override
    def time(self) -> float:
        return self._clock.now


def run[T](main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
