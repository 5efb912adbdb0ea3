"""The zone of a lock without a name for it is one like any other, also to those who ask it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.smartlock.access.rules.zones import _Offset


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 1, 15, 12, tzinfo=UTC),
        datetime(2026, 7, 15, 12, tzinfo=UTC),
        datetime(2026, 3, 29, 0, 59, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 2, 0, tzinfo=UTC),
    ],
)
def test_a_zone_with_summer_time_agrees_with_that_of_europe(moment: datetime) -> None:
    ours, theirs = moment.astimezone(_Offset(60, summer=True)), moment.astimezone(ZoneInfo("Europe/Vienna"))
    assert ours.replace(tzinfo=None) == theirs.replace(tzinfo=None)
    assert (ours.utcoffset(), ours.dst()) == (theirs.utcoffset(), theirs.dst())
    assert ours.astimezone(UTC) == moment


def test_a_zone_without_summer_time_stays() -> None:
    moment = datetime(2026, 7, 15, 12, tzinfo=UTC).astimezone(_Offset(-210, summer=False))
    assert (moment.day, moment.hour, moment.minute) == (15, 8, 30)
    assert (moment.utcoffset(), moment.dst()) == (timedelta(minutes=-210), timedelta())
    # Nobody has named it.
    assert moment.tzname() is None
