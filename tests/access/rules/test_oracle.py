"""What the owner is shown of a right is what the lock's own rule lets through, over two years and six zones."""

from datetime import UTC, datetime, time, timedelta, tzinfo
import random
from zoneinfo import ZoneInfo

from hypothesis import settings
import pytest

from custom_components.smartlock.access.rules.changes import RightChange, with_right
from custom_components.smartlock.access.rules.rights import EVERY_DAY, Right
from custom_components.smartlock.access.rules.zones import unnamed_zone
from custom_components.smartlock.protocol.enums import DstMode, Weekdays
from simulator.lock.rights import allows
from simulator.lock.time_zones import TIME_ZONES, local_time
from tests.lock_of import config

NOW = datetime(2026, 12, 7, 15, 30, tzinfo=UTC)
TWO_YEARS = 2 * 365 * 86400
RIGHTS, MOMENTS = 200, 2000
ZONES = ("Europe/Berlin", "Europe/London", "Europe/Helsinki", "America/New_York", "Australia/Sydney", None)
OFFSET = 90
_EVERY_ZONE = settings.get_current_profile_name() == "campaign"


def a_right(chance: random.Random) -> RightChange:
    """Return a right as somebody would give it; hours end at some minute that nobody asks about."""
    start = NOW + timedelta(seconds=chance.randrange(TWO_YEARS)) if chance.random() < 0.5 else None
    end = None
    if chance.random() < 0.5:
        end = (start or NOW) + timedelta(seconds=chance.randrange(60, TWO_YEARS // 2))
    days = Weekdays(chance.randrange(1, 128)) if chance.random() < 0.6 else None
    hours: tuple[time | None, time | None] = (None, None)
    if chance.random() < 0.6:
        first = chance.randrange(1430)
        last = chance.randrange(first + 1, 1440)
        hours = time(first // 60, first % 60), time(last // 60, last % 60)
    return RightChange(start=start, end=end, weekdays=days, start_time=hours[0], end_time=hours[1])


def lock_zone(name: str | None) -> tzinfo:
    """Return the zone in which Home Assistant reckons for a lock in a zone, or for one that has no name for it."""
    if name is not None:
        return ZoneInfo(name)
    return unnamed_zone(config(time_zone_id=0xFFFF, time_zone_offset=OFFSET, dst_mode=DstMode.EUROPEAN))


def lock_local(moment: datetime, name: str | None) -> datetime:
    """Return the time that the lock has then."""
    ids = {zone: number for number, zone in TIME_ZONES.items()}
    return local_time(moment, zone_id=ids.get(name or "", 0xFFFF), offset=OFFSET, dst_mode=DstMode.EUROPEAN)


@pytest.mark.parametrize("name", ZONES)
def test_what_is_shown_is_what_the_lock_lets_through(name: str | None) -> None:
    chance = random.Random(f"rights {name}")
    zone = lock_zone(name)
    moments = [NOW + timedelta(seconds=chance.randrange(TWO_YEARS)) for _ in range(MOMENTS)]
    # The nights in which the clocks change belong to them.
    for night in (datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 10, 31, tzinfo=UTC)):
        moments[: 8 * 60 : 10] = [night + timedelta(minutes=10 * number) for number in range(48)]
    local = [lock_local(moment, name) for moment in moments]
    shown = disagreed = let_in = 0
    for _ in range(RIGHTS if _EVERY_ZONE else RIGHTS // len(ZONES) + 1):
        change = a_right(chance)
        limited, limit = with_right(0, None, change, NOW)
        right = Right.of(limited, limit, NOW)
        for moment, clock in zip(moments, local, strict=True):
            if change.end_time is not None and (clock.hour, clock.minute) == (
                change.end_time.hour,
                change.end_time.minute,
            ):
                continue  # Nobody knows what a lock makes of the last minute.
            lets_in = not limited or allows(limit, moment, clock)
            shown += 1
            let_in += lets_in
            disagreed += right.allows(moment, zone) != lets_in
    assert disagreed == 0
    assert 0.05 < let_in / shown < 0.95


def test_every_limit_has_a_start() -> None:
    """A lock that has lost its clock begins again years in the past, and must let nobody in then."""
    chance = random.Random("starts")
    lost = datetime(2000, 1, 1, 12, tzinfo=UTC)
    for _ in range(RIGHTS):
        limited, limit = with_right(0, None, a_right(chance), NOW)
        if limited:
            assert limit.allowed_from.moment is not None
            assert not allows(limit, lost, lost.replace(tzinfo=None))
        else:
            assert Right.of(limited, limit, NOW) == Right()
    assert Weekdays(127) == EVERY_DAY
