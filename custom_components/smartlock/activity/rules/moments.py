"""When an entry of the log was written: the lock tells the time that it believed it was."""

from datetime import UTC, datetime, timedelta

from custom_components.smartlock.clock.rules import ClockSet
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.protocol.wire import Date7

# Up to here the lock's time is taken as it is, like people's own watches.
RIGHT_ENOUGH = timedelta(seconds=60)
# Up to here a clock runs wrong; beyond it was set to something.
FARTHEST = timedelta(days=1)
# Older at the moment when it is read, an entry is late: the slowest ordinary read comes after ten minutes.
LATE = timedelta(minutes=15)
# There were none of these locks before: such a date comes from a clock that has lost the time.
FIRST_LOCKS = datetime(2015, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Watches:
    """How the lock's clock compares with ours while its log is read."""

    now: datetime
    """Aware, by our clock."""
    ahead: timedelta | None
    """By how much the lock's clock is ahead of ours; None if it has lost the time, or ours is not believed."""
    before: ClockSet | None = None
    """The last time that it was set, if entries from before may still come."""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When something happened."""

    at: datetime | None
    """Aware, UTC; None if nobody knows."""
    certain: bool = True
    late: bool = True
    """It was not read at once, or nobody knows."""


def moment_of(timestamp: Date7, watches: Watches) -> Moment:
    """Return when an entry was written."""
    written = timestamp.moment
    if written is None or written < FIRST_LOCKS:
        return Moment(at=None)
    at, certain = _corrected(written, watches)
    # What is yet to come has happened some time ago, by a clock that nobody can compare.
    return Moment(at=at, certain=certain, late=not -LATE <= watches.now - at <= LATE)


def _corrected(written: datetime, watches: Watches) -> tuple[datetime, bool]:
    now = _by(written, watches.ahead)
    if watches.before is None or _same(watches.ahead, watches.before.ahead):
        return now
    # Either by the clock as it is, and then since it was set; or as it was, and then before.
    then = _by(written, watches.before.ahead)
    since, until = now[0] >= watches.before.at - RIGHT_ENOUGH, then[0] <= watches.before.at + RIGHT_ENOUGH
    if since != until:
        return now if since else then
    return written, False


def _same(one: timedelta | None, other: timedelta | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= RIGHT_ENOUGH


def _by(written: datetime, ahead: timedelta | None) -> tuple[datetime, bool]:
    """Return what a time means that a clock showed that was so much ahead, and whether that is certain."""
    if ahead is None or abs(ahead) > FARTHEST:
        return written, False
    return (written if abs(ahead) <= RIGHT_ENOUGH else written - ahead), True
