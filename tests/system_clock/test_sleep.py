"""The machine sleeps: what was known before is as good as after a restart."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smartlock.system_clock import trust
from custom_components.smartlock.system_clock.trust import system_clock
from simulator.virtual_lock import quick
from tests.integration.home import Home
from tests.integration.wall_time import WallTime

HOUR = 3600.0


@pytest.fixture(autouse=True)
async def wall_time(monkeypatch: pytest.MonkeyPatch) -> WallTime:
    """Give Home Assistant a time of day."""
    wall_time = WallTime()
    monkeypatch.setattr(dt_util, "utcnow", wall_time)
    return wall_time


@pytest.mark.parametrize(("client_type", "counted"), [("bridge", False), ("app", False), ("bridge", True)])
async def test_sleep_of_the_machine(
    home: Home, *, wall_time: WallTime, client_type: str, counted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not believed until read, read once, and told truly; the clock of the event loop stood still."""
    lock = home.add_lock(timing=quick(advertising_interval=5), now=wall_time)
    entry = await home.set_up(lock, client_type)
    coordinator = entry.runtime_data.coordinator
    await asyncio.sleep(100)
    read_at, reads = wall_time(), len(lock.journal.connections)
    await home.read()
    home.go_out_of_range(lock)
    await asyncio.sleep(50)
    wall_time.move_on(8 * HOUR)
    if counted:
        slept = trust.seconds_asleep() + 8 * HOUR
        monkeypatch.setattr(trust, "seconds_asleep", lambda: slept)
    lock.turn_key("unlock")
    await asyncio.sleep(15)
    assert home.state() in ("unknown", "unavailable")
    assert coordinator.data.states is None
    last_read = datetime.fromisoformat(str(coordinator.last_read))
    assert abs(last_read - read_at - timedelta(seconds=11)) < timedelta(seconds=5)
    home.come_into_range(lock)
    await home.until(lambda: home.state() == "unlocked", within=120)
    await asyncio.sleep(60)
    assert len(lock.journal.connections) >= reads + 2


async def test_lock_in_reach_is_read_once(home: Home, wall_time: WallTime) -> None:
    """Even if its flag says nothing, and without waiting for the next poll."""
    lock = home.add_lock(timing=quick(advertising_interval=5), now=wall_time)
    await home.set_up(lock, "bridge")
    await asyncio.sleep(100)
    reads = len(lock.journal.requests("REQUEST_DATA"))
    connections = len(lock.journal.connections)
    wall_time.move_on(8 * HOUR)
    await asyncio.sleep(300)
    assert len(lock.journal.connections) == connections + 1
    assert len(lock.journal.requests("REQUEST_DATA")) > reads
    assert home.state() == "locked"


async def test_clock_that_is_set_back_is_no_sleep(home: Home, wall_time: WallTime) -> None:
    """We were awake all the time; and *Last read* is still as long ago as it is."""
    lock = home.add_lock(timing=quick(advertising_interval=5), now=wall_time)
    entry = await home.set_up(lock, "bridge")
    await asyncio.sleep(100)
    connections = len(lock.journal.connections)
    before = wall_time() - entry.runtime_data.coordinator.last_read
    wall_time.move_on(-8 * HOUR)
    await asyncio.sleep(60)
    assert len(lock.journal.connections) == connections
    assert home.state() == "locked"
    after = wall_time() - entry.runtime_data.coordinator.last_read
    assert abs(after - before - timedelta(seconds=60)) < timedelta(seconds=2)


async def test_clock_that_was_wrong_for_a_while_is_no_sleep_in_the_end(
    home: Home, wall_time: WallTime
) -> None:
    lock = home.add_lock(timing=quick(advertising_interval=5), now=wall_time)
    entry = await home.set_up(lock, "bridge")
    home.go_out_of_range(lock)
    read_at = entry.runtime_data.coordinator.last_read
    wall_time.move_on(8 * HOUR)
    await asyncio.sleep(60)
    wall_time.move_on(-8 * HOUR)
    await asyncio.sleep(60)
    assert abs(entry.runtime_data.coordinator.last_read - read_at) < timedelta(seconds=2)


async def test_listeners(hass: HomeAssistant, wall_time: WallTime) -> None:
    """Told once for each gap, at the latest within seconds, or by whoever asks before."""
    clock = system_clock(hass)
    told: list[timedelta] = []
    assert system_clock(hass) is clock
    remove = clock.async_on_gap(told.append)
    await asyncio.sleep(100)
    assert told == []
    wall_time.move_on(HOUR)
    await asyncio.sleep(11)
    assert told == [timedelta(hours=1)]
    wall_time.move_on(HOUR)
    assert clock.trusted_now() is None
    assert len(told) == 2
    clock.vouch()
    assert clock.trusted_now() == clock.vouched_now() == wall_time()
    remove()
    wall_time.move_on(HOUR)
    await asyncio.sleep(60)
    assert len(told) == 2


async def test_age_of_stored_times(hass: HomeAssistant, wall_time: WallTime) -> None:
    """One in the future begins to pass when it is first seen."""
    clock, hour = system_clock(hass), timedelta(hours=1)
    assert clock.age(wall_time() - hour) == hour
    future = wall_time() + timedelta(days=64 * 365)
    assert clock.age(future) == timedelta()
    await asyncio.sleep(HOUR)
    assert clock.age(future) == hour
    assert clock.past(future) == wall_time() - hour


async def test_action_from_before_the_sleep_is_not_sent(home: Home, wall_time: WallTime) -> None:
    """The deadline of an action counts awake seconds; nobody expects the bolt to move hours later."""
    lock = home.add_lock(timing=quick(advertising_interval=5), now=wall_time)
    await home.set_up(lock)
    home.radio.timing = replace(home.radio.timing, connect=5.0)
    task = asyncio.create_task(home.call("unlock"))
    await asyncio.sleep(2)
    wall_time.move_on(8 * HOUR)
    with pytest.raises(HomeAssistantError) as caught:
        await task
    assert caught.value.translation_key == "not_started"
    assert lock.journal.motor_runs == []
