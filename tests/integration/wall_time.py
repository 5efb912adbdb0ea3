"""The time of day of a test: passes with virtual time, and may be moved."""

import asyncio
from datetime import UTC, datetime, timedelta

__all__ = ["WallTime"]


class WallTime:
    """Callable in place of `dt_util.utcnow`, and the world's time for a virtual lock."""

    def __init__(self, start: datetime = datetime(2027, 3, 1, tzinfo=UTC)) -> None:
        """Begin some day after this release."""
        self._loop = asyncio.get_running_loop()
        self._offset = start - timedelta(seconds=self._loop.time())

    def __call__(self) -> datetime:
        """Return the aware time of now."""
        return self._offset + timedelta(seconds=self._loop.time())

    def move_on(self, seconds: float) -> None:
        """Let it be later, or earlier, without anything happening meanwhile."""
        self._offset += timedelta(seconds=seconds)
