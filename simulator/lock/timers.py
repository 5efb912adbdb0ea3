"""Timers on the running loop's clock that all end when the lock loses its power."""

import asyncio
from collections.abc import Callable


class Timers:
    """Owner of everything in the lock that is due later."""

    def __init__(self) -> None:
        """Start without any timer."""
        self._handles: set[asyncio.TimerHandle] = set()

    def after(self, seconds: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        """Call something once in so many seconds, unless the handle is cancelled before."""

        def due() -> None:
            self._handles.discard(handle)
            call()

        self._handles = {pending for pending in self._handles if not pending.cancelled()}
        handle = asyncio.get_running_loop().call_later(seconds, due)
        self._handles.add(handle)
        return handle

    def cancel_all(self) -> None:
        """Forget everything that is due."""
        for handle in self._handles:
            handle.cancel()
        self._handles.clear()
