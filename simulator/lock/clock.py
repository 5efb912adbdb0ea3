"""The lock's own clock, which may be wrong."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from simulator.lock.settings import Settings
from simulator.lock.time_zones import local_time

# What the clock shows after it has lost the time.
_RESET_TIME = datetime(2000, 1, 1, tzinfo=UTC)


class Clock:
    """UTC as the lock believes it to be."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Start right; `now` returns the aware wall time."""
        self._now = now
        self.offset = timedelta()
        """How far the lock is ahead of the world."""

    @property
    def time(self) -> datetime:
        """The time the lock shows, aware, UTC."""
        return self._now().astimezone(UTC) + self.offset

    def local(self, settings: Settings) -> datetime:
        """Return the time the lock shows, naive, in its own time zone."""
        return local_time(
            self.time,
            zone_id=settings.time_zone_id,
            offset=settings.time_zone_offset,
            dst_mode=settings.dst_mode,
        )

    def set(self, moment: datetime) -> None:
        """Set the lock's clock to an aware moment."""
        self.offset = moment - self._now()

    def lose(self) -> None:
        """Start again at the beginning of the lock's time."""
        self.set(_RESET_TIME)
