"""The turn on a link: one request at a time, and actions before everything else."""

import asyncio
from collections.abc import AsyncIterator, Callable
import contextlib


class Turn:
    """A lock with two ranks: `async with turn` for reads and writes, `async with turn.for_action()` for the bolt.

    An action is next as soon as the turn is released, however many others have waited longer.
    """

    def __init__(self, on_wanted: Callable[[], None]) -> None:
        """`on_wanted` is called when an action has to wait for the turn."""
        self._on_wanted = on_wanted
        self._lock = asyncio.Lock()
        self._actions = 0
        self._no_action = asyncio.Event()
        self._no_action.set()

    @property
    def wanted(self) -> bool:
        """Whether an action waits for the turn."""
        return self._actions > 0

    def locked(self) -> bool:
        """Whether somebody has the turn."""
        return self._lock.locked()

    async def __aenter__(self) -> None:
        """Wait for the turn, behind every action."""
        while True:
            await self._no_action.wait()
            await self._lock.acquire()
            if self._no_action.is_set():
                return
            self._lock.release()

    async def __aexit__(self, *_error: object) -> None:
        """Give the turn back."""
        self._lock.release()

    @contextlib.asynccontextmanager
    async def for_action(self) -> AsyncIterator[None]:
        """Have the turn for an action, before everybody else who waits."""
        self._actions += 1
        self._no_action.clear()
        try:
            if self._lock.locked():
                self._on_wanted()
            await self._lock.acquire()
        finally:
            self._actions -= 1
            if not self._actions:
                self._no_action.set()
        try:
            yield
        finally:
            self._lock.release()
