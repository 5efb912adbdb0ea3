"""Our own clock is wrong for a while: the lock must not follow it, and what it has followed is put right."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.enums import Command, ErrorCode
from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.wire import Date7
from simulator.virtual_lock import VirtualLock, quick
from tests.integration.home import NUKI_ID, PINS, Home
from tests.integration.wall_time import WallTime

PIN = str(PINS["gen3"])
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
YEAR = 365 * DAY
FILE = f"smartlock.{NUKI_ID:08X}.clock"


@pytest.fixture
async def world() -> WallTime:
    """What time it really is."""
    return WallTime()


@pytest.fixture
async def ours(world: WallTime, monkeypatch: pytest.MonkeyPatch) -> WallTime:
    """What the machine takes it for."""
    ours = WallTime()
    monkeypatch.setattr(dt_util, "utcnow", ours)
    return ours


def mount(home: Home, world: WallTime, ahead: float = 0, model: str = "gen3") -> VirtualLock:
    """Mount a lock whose clock is ahead of the world."""
    lock = home.add_lock(model, now=world, timing=quick(advertising_interval=5))
    lock.set_clock(world() + timedelta(seconds=ahead))
    return lock


def error_of(lock: VirtualLock) -> float:
    """Return by how many seconds the clock of a lock is ahead of the world."""
    return lock.clock.offset.total_seconds()


def writes(lock: VirtualLock) -> int:
    """Return how often somebody has set the clock."""
    return len(lock.journal.requests("UPDATE_TIME"))


async def reading(home: Home, minutes: float, *, every: float = 2.5) -> None:
    """Let time pass, with a read now and then."""
    for _ in range(round(minutes / every)):
        await asyncio.sleep(every * MINUTE - 12)
        await home.read()


@pytest.mark.parametrize(("ahead", "minutes"), [(HOUR, 10), (-HOUR, 10), (HOUR, 40), (10 * YEAR, 10)])
async def test_lock_does_not_follow(
    home: Home, *, world: WallTime, ours: WallTime, ahead: float, minutes: float
) -> None:
    """It agreed with us before, and it was our clock that moved."""
    lock = mount(home, world)
    await home.set_up(lock, pin=PIN)
    await reading(home, 10)
    ours.move_on(ahead)
    await reading(home, minutes)
    assert abs(error_of(lock)) < 2
    ours.move_on(-ahead)
    await reading(home, 90, every=10)
    assert abs(error_of(lock)) < 2
    assert writes(lock) == 0


@pytest.mark.parametrize("years", [10, 64])
async def test_impossible_year_is_never_written(
    home: Home, *, world: WallTime, ours: WallTime, years: int, hass_storage: dict[str, Any]
) -> None:
    """Not even into a lock that has lost its clock, and not by the button."""
    ours.move_on(years * YEAR)
    lock = mount(home, world)
    lock.clock.lose()
    await home.set_up(lock, pin=PIN)
    await reading(home, 30)
    assert writes(lock) == 0
    ours.move_on(-years * YEAR)
    await home.read()
    assert abs(error_of(lock)) < 2


async def test_time_in_the_future_is_not_believed(
    home: Home, *, world: WallTime, ours: WallTime, hass_storage: dict[str, Any]
) -> None:
    """A version before this one may have stored it."""
    hass_storage[FILE] = {
        "version": 1,
        "minor_version": 1,
        "key": FILE,
        "data": {"set_at": (world() + timedelta(days=64 * 365)).isoformat()},
    }
    lock = mount(home, world, 64 * YEAR)
    await home.set_up(lock, pin=PIN)
    await reading(home, 10)
    assert abs(error_of(lock)) < 2


async def test_what_was_set_wrong_is_put_right(home: Home, *, world: WallTime, ours: WallTime) -> None:
    """The machine started with a wrong time, and learns the right one after the lock has been set."""
    lock = mount(home, world)
    ours.move_on(HOUR)
    await home.set_up(lock, pin=PIN)
    await reading(home, 15)
    assert error_of(lock) == pytest.approx(HOUR, abs=2)
    ours.move_on(-HOUR)
    await reading(home, 30)
    assert abs(error_of(lock)) < 2
    assert writes(lock) == 2


async def test_small_mistake_is_put_right_too(home: Home, *, world: WallTime, ours: WallTime) -> None:
    """Less than five minutes wait for tomorrow else."""
    lock = mount(home, world)
    ours.move_on(3 * MINUTE)
    await home.set_up(lock, pin=PIN)
    await reading(home, 15)
    assert error_of(lock) == pytest.approx(3 * MINUTE, abs=2)
    ours.move_on(-3 * MINUTE)
    await reading(home, 30)
    assert abs(error_of(lock)) < 2


async def test_lost_clock_is_set_at_the_first_contact(home: Home, *, world: WallTime, ours: WallTime) -> None:
    """Whatever was done today; a lock that loses it again and again is set six times a day."""
    lock = mount(home, world, -HOUR)
    await home.set_up(lock, pin=PIN)
    await reading(home, 10)
    assert writes(lock) == 1
    for times in range(2, 7):
        lock.clock.lose()
        await home.read()
        assert abs(error_of(lock)) < 2
        assert writes(lock) == times
    lock.clock.lose()
    await reading(home, 10)
    assert writes(lock) == 6
    await reading(home, 24 * 60, every=60)
    assert abs(error_of(lock)) < 2


async def test_one_lost_link_does_not_last_a_day(home: Home, *, world: WallTime, ours: WallTime) -> None:
    lock = mount(home, world)
    await home.set_up(lock, pin=PIN)
    lock.clock.lose()
    lock.faults.refuse_next(ErrorCode.K_BUSY, Command.UPDATE_TIME)
    await home.read()
    assert error_of(lock) < -YEAR
    await home.read()
    assert abs(error_of(lock)) < 2


async def test_button_counts(home: Home, *, world: WallTime, ours: WallTime) -> None:
    """What drifts by less than five minutes is not set a second time on the same day."""
    lock = mount(home, world)
    await home.set_up(lock, pin=PIN)
    await home.call("sync_time", DOMAIN)
    lock.set_clock(world() + timedelta(minutes=2))
    await reading(home, 10)
    assert writes(lock) == 1


async def test_not_while_the_lock_finds_its_position(home: Home, *, world: WallTime, ours: WallTime) -> None:
    """It has something else to do, and may not keep what it takes."""
    lock = home.add_lock(now=world, timing=quick(advertising_interval=5, boot_run=30, battery_change=20))
    await home.set_up(lock, "bridge", pin=PIN)
    lock.swap_batteries(["clock"])
    await home.until(lambda: lock.status()["lock_state"] == "BOOT_RUN" or writes(lock), within=120)
    await home.read()
    assert writes(lock) == 0
    await home.until(lambda: writes(lock), within=3600)
    assert abs(error_of(lock)) < 2


async def test_wrong_clock_of_ours_ends_no_code(home: Home, *, world: WallTime, ours: WallTime) -> None:
    """The lock lets its owner in as long as it is good by its own clock; nothing says that this one is wrong."""
    await home.hass.config.async_set_time_zone("Europe/Berlin")
    lock = mount(home, world)
    lock.pair_accessory("keypad")
    lock.add_code(345678, "Guest", TimeLimit(allowed_until=Date7.of(world() + timedelta(minutes=40))))
    await home.set_up(lock, pin=PIN)
    await reading(home, 10)
    await home.until(lambda: home.state("rights_unreliable") == "off")
    ours.move_on(HOUR)
    await home.read()
    assert home.state("rights_unreliable") == "unknown"
    with pytest.raises(HomeAssistantError) as caught:
        await home.call("delete_code", DOMAIN, expired=True)
    assert caught.value.translation_key == "own_clock_wrong"
    assert len(list(lock.keypad_codes)) == 1
    ours.move_on(-HOUR)
    await home.read()
    assert home.state("rights_unreliable") == "off"
    await asyncio.sleep(HOUR)
    await home.call("delete_code", DOMAIN, expired=True)
    assert list(lock.keypad_codes) == []


# --- Batteries --------------------------------------------------------------------------------------------


async def restarted(
    home: Home, entry: MockConfigEntry, lock: VirtualLock, meanwhile: Callable[[], None]
) -> None:
    """Start Home Assistant again, as far as the lock is concerned."""
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    home.hass.data.pop(f"{DOMAIN}_system_clock", None)
    meanwhile()
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settled(entry, lock)


@pytest.mark.parametrize("days", [3, 30])
async def test_start_with_a_clock_that_is_days_ahead(
    home: Home, *, world: WallTime, ours: WallTime, days: int
) -> None:
    """The lock is not late: no change of batteries."""
    lock = mount(home, world)
    entry = await home.set_up(lock, pin=PIN)
    await reading(home, 15)
    await restarted(home, entry, lock, lambda: ours.move_on(days * DAY))
    await reading(home, 30)
    assert entry.runtime_data.archive.kept.changed_at is None


async def test_clock_that_was_lost_over_a_restart_is_still_a_sign(
    home: Home, *, world: WallTime, ours: WallTime
) -> None:
    lock = mount(home, world)
    entry = await home.set_up(lock, pin=PIN)
    await reading(home, 15)
    await restarted(home, entry, lock, lock.clock.lose)
    await reading(home, 10)
    assert entry.runtime_data.archive.kept.changed_at is not None
