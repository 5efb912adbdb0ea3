"""When the clock of a lock is set."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.smartlock.clock import rules as clock

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
LONG = timedelta(days=30)


@pytest.mark.parametrize(
    ("lock_time", "now", "up", "last_set", "expected"),
    [
        pytest.param(NOW, NOW, LONG, None, False, id="right"),
        pytest.param(NOW + 30 * SECOND, NOW, LONG, None, False, id="hardly fast"),
        pytest.param(NOW - 30 * SECOND, NOW, LONG, None, False, id="hardly slow"),
        pytest.param(NOW + 31 * SECOND, NOW, LONG, None, True, id="fast"),
        pytest.param(NOW - 31 * SECOND, NOW, LONG, None, True, id="slow"),
        pytest.param(datetime(2000, 1, 1, tzinfo=UTC), NOW, LONG, None, True, id="lost"),
        pytest.param(None, NOW, LONG, None, True, id="impossible time"),
        pytest.param(NOW.astimezone(tz=None), NOW, LONG, None, False, id="right, in another zone"),
        # The machine's own clock.
        pytest.param(None, NOW, 10 * MINUTE - SECOND, None, False, id="machine just started"),
        pytest.param(None, NOW, 10 * MINUTE, None, True, id="machine has settled"),
        pytest.param(NOW, datetime(1970, 1, 1, tzinfo=UTC), LONG, None, False, id="machine without a time"),
        pytest.param(None, clock.NOT_BEFORE - SECOND, LONG, None, False, id="machine before this release"),
        pytest.param(None, clock.NOT_BEFORE, LONG, None, True, id="machine since this release"),
        # How often.
        pytest.param(None, NOW, LONG, NOW - DAY + SECOND, False, id="set today"),
        pytest.param(None, NOW, LONG, NOW - DAY, True, id="set yesterday"),
        pytest.param(NOW, NOW, LONG, NOW - DAY, False, id="set yesterday and still right"),
    ],
)
def test_needs_setting(
    *, lock_time: datetime | None, now: datetime, up: timedelta, last_set: datetime | None, expected: bool
) -> None:
    needed = clock.needs_setting(lock_time, now=now, machine_up_for=up, last_set=last_set)
    assert needed is expected
