"""The blueprints about people: who came in, who was refused, and codes for guests."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, override

from homeassistant.components.calendar import DATA_COMPONENT as CALENDARS, CalendarEntity, CalendarEvent
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.helpers import event as event_helper
from homeassistant.helpers.entity_platform import AddEntitiesCallback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (  # type: ignore[import-untyped]
    MockModule,
    MockPlatform,
    mock_integration,
    mock_platform,
)

from custom_components.smartlock.protocol.enums import KeypadAction
from custom_components.smartlock.protocol.wire import Date7
from simulator.virtual_lock import VirtualLock
from tests.integration.automations import Automation
from tests.integration.home import PINS, Home
from tests.integration.wall_time import WallTime

ANNA, BERT, STRANGE = 345678, 456789, 999999


@pytest.fixture
async def wall_time(home: Home, monkeypatch: pytest.MonkeyPatch) -> WallTime:
    """Let the time of day pass with the virtual time, for timers that wait for one as well."""
    wall_time = WallTime()
    monkeypatch.setattr(dt_util, "utcnow", wall_time)
    monkeypatch.setattr(
        dt_util, "now", lambda zone=None: wall_time().astimezone(zone or dt_util.get_default_time_zone())
    )
    monkeypatch.setattr(event_helper, "time_tracker_utcnow", wall_time)
    monkeypatch.setattr(event_helper, "time_tracker_timestamp", lambda: wall_time().timestamp())
    monkeypatch.setattr(event_helper, "time", SimpleNamespace(time=lambda: wall_time().timestamp()))
    return wall_time


async def furnished(home: Home, wall_time: WallTime) -> VirtualLock:
    """Return a lock with a keypad for fingers and two codes, whose log may be read."""
    lock = home.add_lock(now=wall_time)
    lock.pair_accessory("keypad-2")
    lock.enrol_finger(lock.add_code(ANNA, "Anna"))
    lock.add_code(BERT, "Bert")
    await home.set_up(lock, "bridge", pin=str(PINS["gen3"]))
    # What is in the log already is no news.
    await home.read()
    return lock


# --- Who came in ------------------------------------------------------------------------------------------


async def test_who_comes_in_is_welcomed(home: Home, automation: Automation, wall_time: WallTime) -> None:
    lock = await furnished(home, wall_time)
    await automation.start("welcome", activity=home.entity_id("activity"), names=["Anna"])
    lock.enter_code(BERT, KeypadAction.UNLOCK)
    await asyncio.sleep(20)
    lock.enter_code(ANNA, KeypadAction.LOCK)
    await asyncio.sleep(20)
    assert automation.told == []
    lock.use_finger(1, KeypadAction.UNLOCK)
    await home.until(lambda: automation.told)
    (text,) = automation.told
    assert text.startswith("Anna came in at ")


async def test_what_is_read_late_is_no_welcome(
    home: Home,
    automation: Automation,
    wall_time: WallTime,
) -> None:
    lock = await furnished(home, wall_time)
    await automation.start("welcome", activity=home.entity_id("activity"))
    home.go_out_of_range(lock)
    lock.enter_code(ANNA, KeypadAction.UNLOCK)
    await asyncio.sleep(3600)
    home.come_into_range(lock)
    await home.until(lambda: home.state("activity") not in ("unknown", "unavailable"))
    await asyncio.sleep(20)
    assert home.full_state("activity").attributes["late"]
    assert automation.told == []


@pytest.mark.parametrize(
    ("names", "expected"), [([], {"With the code", "With a fingerprint"}), (["Bert"], {"With the code"})]
)
async def test_a_code_that_is_used_is_told(
    home: Home,
    automation: Automation,
    wall_time: WallTime,
    names: list[str],
    expected: set[str],
) -> None:
    lock = await furnished(home, wall_time)
    await automation.start("code_used", activity=home.entity_id("activity"), names=names)
    lock.use_finger(1, KeypadAction.UNLOCK)
    await asyncio.sleep(20)
    lock.enter_code(BERT, KeypadAction.LOCK)
    await asyncio.sleep(20)
    lock.enter_code(STRANGE)
    lock.turn_key("unlock")
    await asyncio.sleep(20)
    await home.read()
    assert {text.partition(",")[0] for text in automation.told} == expected


async def test_a_code_that_is_read_before_the_automations_start(
    home: Home,
    automation: Automation,
    wall_time: WallTime,
) -> None:
    """A lock is read within seconds, while Home Assistant may need minutes to start."""
    lock = await furnished(home, wall_time)
    await automation.start("code_used", activity=home.entity_id("activity"))
    home.hass.set_state(CoreState.starting)
    await home.hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.ours"}, blocking=True
    )
    for code, action in ((ANNA, KeypadAction.UNLOCK), (BERT, KeypadAction.LOCK)):
        lock.enter_code(code, action)
        await asyncio.sleep(20)
    await home.read()
    await asyncio.sleep(20)
    assert automation.told == []
    await automation.restart()
    assert len(automation.told) == 2


# --- Who was refused --------------------------------------------------------------------------------------


async def watched(home: Home, automation: Automation, wall_time: WallTime) -> tuple[VirtualLock, list[str]]:
    lock = await furnished(home, wall_time)
    told: list[str] = []
    home.hass.bus.async_listen("wrong_codes", lambda event: told.append(event.data["message"]))
    tell = [{"event": "wrong_codes", "event_data": {"message": "{{ message }}"}}]
    await automation.start(
        "wrong_code", denied=home.entity_id("access_denied"), lock=home.entity_id("lock"), tell=tell
    )
    return lock, told


async def wrong(home: Home, lock: VirtualLock, *codes: int) -> None:
    """Type codes, and let the lock be read."""
    for code in codes:
        lock.enter_code(code)
        await asyncio.sleep(5)
    await home.read()
    await asyncio.sleep(20)


async def test_wrong_codes_are_told_once_an_hour(
    home: Home,
    automation: Automation,
    wall_time: WallTime,
) -> None:
    lock, told = await watched(home, automation, wall_time)
    await wrong(home, lock, STRANGE, STRANGE)
    assert told == []
    await wrong(home, lock, STRANGE)
    (text,) = told
    assert text.startswith("3 wrong codes or unknown fingerprints within 10 minutes")
    await wrong(home, lock, STRANGE)
    await asyncio.sleep(1800)
    await wrong(home, lock, STRANGE, STRANGE, STRANGE)
    assert len(told) == 1
    await asyncio.sleep(2400)
    await wrong(home, lock, STRANGE, STRANGE, STRANGE)
    assert len(told) == 2


async def test_wrong_codes_far_between_are_not(
    home: Home,
    automation: Automation,
    wall_time: WallTime,
) -> None:
    lock, told = await watched(home, automation, wall_time)
    for _ in range(4):
        await wrong(home, lock, STRANGE)
        await asyncio.sleep(400)
        lock.enter_code(BERT)
        await asyncio.sleep(20)
    assert told == []


@pytest.mark.parametrize("reached", [True, False])
async def test_wrong_codes_are_told_though_the_lock_is_not_reached_again(
    home: Home,
    automation: Automation,
    wall_time: WallTime,
    reached: bool,
) -> None:
    """They were read a moment ago."""
    lock, told = await watched(home, automation, wall_time)
    for _ in range(3):
        lock.enter_code(STRANGE)
        await asyncio.sleep(5)
    if not reached:
        denied = home.entity_id("access_denied")
        async_track_state_change_event(home.hass, denied, callback(lambda event: home.go_out_of_range(lock)))
    await home.read()
    await asyncio.sleep(60)
    (text,) = told
    assert text.startswith("3 wrong codes or unknown fingerprints within 10 minutes")


# --- Codes for guests -------------------------------------------------------------------------------------


class Bookings(CalendarEntity):
    """A calendar with one event."""

    _attr_name = "Bookings"

    def __init__(self, event: CalendarEvent) -> None:
        self._event = event

    @property
    @override
    def event(self) -> CalendarEvent:
        return self._event

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        event = self._event
        within = event.start_datetime_local < end_date and event.end_datetime_local > start_date
        return [event] if within else []


@pytest.fixture
async def calendars(home: Home) -> AsyncGenerator[None]:
    """Remove the calendar in the end."""
    yield
    await home.hass.data[CALENDARS].async_remove_entity("calendar.bookings")


async def book(
    home: Home,
    automation: Automation,
    start: datetime | date,
    end: datetime | date,
    summary: str,
    **inputs: Any,
) -> list[tuple[str, str]]:
    """Put an event into a calendar from which codes are made, and return what was told until it begins."""
    hass = home.hass
    told: list[tuple[str, str]] = []

    def fired(kind: str) -> list[dict[str, Any]]:
        hass.bus.async_listen(kind, lambda event: told.append((kind, event.data["text"])))
        text = "{{ title }}: {{ message }}" if kind == "made" else "{{ name }}"
        return [{"event": kind, "event_data": {"text": text}}]

    async def add_calendar(
        _hass: HomeAssistant, _config: object, add: AddEntitiesCallback, _discovery: object = None
    ) -> None:
        add([Bookings(CalendarEvent(start=start, end=end, summary=summary))])

    mock_integration(hass, MockModule("bookings"))
    mock_platform(hass, "bookings.calendar", MockPlatform(async_setup_platform=add_calendar))
    assert await async_setup_component(hass, "calendar", {"calendar": {"platform": "bookings"}})
    await automation.start(
        "code_for_event",
        calendar="calendar.bookings",
        lock=home.entity_id("lock"),
        tell=fired("made"),
        failed=fired("failed"),
        **inputs,
    )
    begins = dt_util.start_of_local_day(start) if not isinstance(start, datetime) else start
    await asyncio.sleep((begins - dt_util.utcnow()).total_seconds())
    return told


@pytest.mark.usefixtures("calendars")
async def test_a_code_for_a_booking(home: Home, automation: Automation, wall_time: WallTime) -> None:
    """An hour before, with the name as far as it fits, and the digits only in the message."""
    lock = await furnished(home, wall_time)
    start = wall_time() + timedelta(hours=3)
    end = start + timedelta(days=3)
    told = await book(home, automation, start, end, "Frau Prysselius-Ährengård")
    code = list(lock.keypad_codes)[-1]
    assert code.name == "Frau Prysselius-Ähr"
    assert (code.limit.allowed_from, code.limit.allowed_until) == (Date7.of(start), Date7.of(end))
    assert code.created.moment is not None
    assert abs(code.created.moment - (start - timedelta(hours=1))) < timedelta(minutes=1)
    ((kind, text),) = told
    assert kind == "made"
    assert text.startswith(f"Code for Frau Prysselius-Ähr: The code for Frau Prysselius-Ähr is {code.code}. ")
    assert all(str(code.code) not in str(state.as_dict()) for state in home.hass.states.async_all())


@pytest.mark.usefixtures("calendars")
async def test_whole_days_begin_and_end_at_a_time_of_day(
    home: Home,
    automation: Automation,
    wall_time: WallTime,
) -> None:
    lock = await furnished(home, wall_time)
    day = dt_util.as_local(wall_time()).date() + timedelta(days=1)
    await book(home, automation, day, day + timedelta(days=2), "Mia", check_in="16:00:00")
    code = list(lock.keypad_codes)[-1]
    first = dt_util.start_of_local_day(day) + timedelta(hours=16)
    last = dt_util.start_of_local_day(day + timedelta(days=2)) + timedelta(hours=11)
    assert (code.limit.allowed_from, code.limit.allowed_until) == (Date7.of(first), Date7.of(last))


@pytest.mark.usefixtures("calendars")
async def test_a_code_that_cannot_be_made_is_told(
    home: Home,
    automation: Automation,
    wall_time: WallTime,
) -> None:
    """The lock has no keypad."""
    lock = home.add_lock(now=wall_time)
    await home.set_up(lock, pin=str(PINS["gen3"]))
    start = wall_time() + timedelta(hours=2)
    assert await book(home, automation, start, start + timedelta(days=1), "Mia") == [("failed", "Mia")]
    assert list(lock.keypad_codes) == []
