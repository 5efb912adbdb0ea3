"""What people read about rights, codes, users and times of day."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from homeassistant.util import dt as dt_util
import pytest

from custom_components.smartlock.access.rules.entries import Known, Timed
from custom_components.smartlock.access.rules.rights import Period, Recurrence, Right
from custom_components.smartlock.access.words import AccessWords
from custom_components.smartlock.moments import moment_text
from custom_components.smartlock.protocol.enums import Weekdays
from tests.access.doors import Door
from tests.integration.home import Home

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
SOON, LATER = datetime(2027, 3, 3, 9, 5, tzinfo=UTC), datetime(2028, 1, 2, 18, 0, tzinfo=UTC)
OVER = Right(period=Period(end=NOW - timedelta(days=1)))
OVER_SAYS = "until Sun 28 Feb, 12:00"
WEEKEND = Weekdays.SATURDAY | Weekdays.SUNDAY


@pytest.fixture(autouse=True)
async def clock(monkeypatch: pytest.MonkeyPatch, home: Home) -> None:
    """Let it be a Monday."""
    monkeypatch.setattr(dt_util, "utcnow", lambda: NOW)
    await home.hass.config.async_set_time_zone("UTC")


async def test_a_moment_has_its_year_if_it_is_another_one(home: Home) -> None:
    await Door.of(home)
    assert moment_text(home.hass, SOON) == "Wed 3 Mar, 09:05"
    assert moment_text(home.hass, LATER) == "Sun 2 Jan 2028, 18:00"
    assert moment_text(home.hass, datetime(2026, 12, 31, 23, 59, tzinfo=UTC)) == "Thu 31 Dec 2026, 23:59"


async def test_when_a_right_is_good(home: Home) -> None:
    await Door.of(home)
    words = AccessWords(home.hass)
    says = {
        Right(): "always",
        Right(period=Period(end=SOON)): "until Wed 3 Mar, 09:05",
        Right(period=Period(start=SOON)): "from Wed 3 Mar, 09:05",
        Right(period=Period(start=SOON, end=LATER)): "from Wed 3 Mar, 09:05 until Sun 2 Jan 2028, 18:00",
        # It has begun.
        Right(period=Period(start=NOW, end=SOON)): "until Wed 3 Mar, 09:05",
        Right(recurrence=Recurrence()): "every day all day",
        Right(recurrence=Recurrence(weekdays=WEEKEND, start=time(9), end=time(12))): "Sat, Sun 09:00–12:00",
        Right(
            recurrence=Recurrence(weekdays=Weekdays.MONDAY | Weekdays.TUESDAY | Weekdays.WEDNESDAY),
            period=Period(end=SOON),
        ): "Mon–Wed all day, until Wed 3 Mar, 09:05",
    }
    assert {right: words.right(right) for right in says} == says


PEOPLE: list[tuple[dict[str, Any], str]] = [
    ({}, "always"),
    ({"enabled": False}, "always · paused"),
    ({"right": OVER, "expired": True}, f"{OVER_SAYS} · expired"),
    # What is to go and still works is the first thing to know.
    ({"enabled": False, "known": Known(removing=True)}, "always · to be removed, still works"),
]


@pytest.mark.parametrize(("fields", "says"), PEOPLE)
async def test_what_keeps_a_code_from_working(home: Home, fields: dict[str, Any], says: str) -> None:
    door = await Door.of(home)
    door.put(345678)
    (code,) = await door.access.codes.async_list()
    assert AccessWords(home.hass).code(replace(code, **fields)) == says


@pytest.mark.parametrize(("fields", "says"), PEOPLE)
async def test_what_keeps_a_user_out(home: Home, fields: dict[str, Any], says: str) -> None:
    door = await Door.of(home)
    user = next(each for each in await door.access.users.async_list() if each.type == "app")
    fields = {key: value for key, value in fields.items() if key != "expired"}
    words = AccessWords(home.hass)
    shown = words.user(replace(user, is_home_assistant=False, **fields))
    assert shown == f"{words.user_type(replace(user, is_home_assistant=False))} · {says}"
    # What a later firmware lists is something, and no error.
    assert words.user_type(replace(user, is_home_assistant=False, type="0x7F"))


async def test_what_the_lock_does_by_itself(home: Home) -> None:
    await Door.of(home)
    words = AccessWords(home.hass)
    nightly = Timed(entry_id=1, enabled=True, weekdays=WEEKEND, time=time(22, 5), action="lock")
    assert words.timed(nightly).startswith("Sat, Sun 22:05 · ")
    assert words.timed(replace(nightly, enabled=False)) == f"{words.timed(nightly)} · paused"
    assert words.timed(replace(nightly, time=None)).startswith("Sat, Sun ? · ")
