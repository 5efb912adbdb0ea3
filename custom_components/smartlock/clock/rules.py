"""Whether to set the clock of the lock: time control and rights that are limited in time follow it."""

from datetime import UTC, datetime, timedelta

# Smaller differences harm nobody, and each write wakes the lock's storage.
TOLERANCE = timedelta(seconds=30)
# Clients that set the clock do it at each contact (the vendor's Bridge) or every 12 h; drift needs no more.
PAUSE = timedelta(days=1)
# A machine without a clock chip starts with an old time and learns the right one from the network.
SETTLING = timedelta(minutes=10)
# Our own clock is wrong if it shows a time from before this code was written.
NOT_BEFORE = datetime(2026, 11, 1, tzinfo=UTC)


def needs_setting(
    lock_time: datetime | None,
    *,
    now: datetime,
    machine_up_for: timedelta,
    last_set: datetime | None,
) -> bool:
    """Whether the lock's clock (None: it shows an impossible time) is to be set to `now`, both aware."""
    if now < NOT_BEFORE or machine_up_for < SETTLING:
        return False
    if last_set is not None and now - last_set < PAUSE:
        return False
    return lock_time is None or abs(lock_time - now) > TOLERANCE
