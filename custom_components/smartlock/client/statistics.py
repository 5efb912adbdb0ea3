"""Durations and counts, so that "slow" and "drains the batteries" become numbers."""

from collections import deque
from collections.abc import Callable
from enum import Enum
from statistics import median, quantiles

from custom_components.smartlock.protocol.values import dataclass

_KEPT = 200
_DAY = 86400.0


class Phase(Enum):
    """What is measured, in the order of an action's phases."""

    CONNECT = "connect"
    """From the attempt to the subscribed link."""
    CHALLENGE = "challenge"
    """From the open link to the challenge that every action needs: one request and its answer."""
    ACCEPTED = "accepted"
    """From the call of an action to the first answer to it; includes connecting if no link was open."""
    COMPLETED = "completed"
    """From the call of an action to its end; includes the run of the motor."""


@dataclass(frozen=True)
class Summary:
    """Durations of a phase in seconds."""

    count: int
    median: float
    percentile_95: float


class LinkStatistics:
    """The latest durations of each phase, and the events of the last day, all on one monotonic clock."""

    def __init__(self) -> None:
        """Start empty."""
        self.on_connected: Callable[[float], None] = lambda seconds: None
        """Called with the seconds that each connection took."""
        self._durations: dict[Phase, deque[float]] = {phase: deque(maxlen=_KEPT) for phase in Phase}
        self._connections: deque[float] = deque()
        self._reads: deque[float] = deque()

    def took(self, phase: Phase, seconds: float) -> None:
        """Record the duration of a phase."""
        self._durations[phase].append(seconds)
        if phase is Phase.CONNECT:
            self.on_connected(seconds)

    def connected(self, now: float) -> None:
        """Record a connection."""
        _note(self._connections, now)

    def read(self, now: float) -> None:
        """Record a read."""
        _note(self._reads, now)

    def connections_in_a_day(self, now: float) -> int:
        """Return the number of connections within the last 24 hours."""
        return _within_a_day(self._connections, now)

    def reads_in_a_day(self, now: float) -> int:
        """Return the number of reads within the last 24 hours."""
        return _within_a_day(self._reads, now)

    def summary(self, phase: Phase) -> Summary | None:
        """Return median and 95th percentile of a phase; None if there are no durations yet."""
        durations = self._durations[phase]
        if not durations:
            return None
        # The 19th of 20 cuts; with few values it lies between the two longest.
        high = quantiles(durations, n=20, method="inclusive")[-1] if len(durations) > 1 else durations[0]
        return Summary(len(durations), median(durations), high)


def _note(times: deque[float], now: float) -> None:
    _within_a_day(times, now)
    times.append(now)


def _within_a_day(times: deque[float], now: float) -> int:
    while times and now - times[0] > _DAY:
        times.popleft()
    return len(times)
