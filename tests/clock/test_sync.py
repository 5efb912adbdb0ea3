"""The clock of the lock: time control and rights that are limited in time follow it, and owners cannot see it."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from homeassistant.components.lock import LockState as View
from homeassistant.const import STATE_ON
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.activity.people import People
from custom_components.smartlock.clock import rules as clock_rules
from custom_components.smartlock.clock.rules import Doubt
from custom_components.smartlock.protocol.enums import Command, ErrorCode
from custom_components.smartlock.protocol.messages import KeyturnerStates
from custom_components.smartlock.system_clock import rules
from simulator.virtual_lock import VirtualLock, quick
from tests.integration.home import PINS, Home, pins_sent
from tests.integration.secrets_of import found, spellings_of_number
from tests.integration.wall_time import WallTime

PIN, WRONG_PIN = str(PINS["gen3"]), "1111"
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


@pytest.fixture(autouse=True)
async def wall_time(monkeypatch: pytest.MonkeyPatch) -> WallTime:
    """Give Home Assistant and the lock one time of day."""
    wall_time = WallTime()
    monkeypatch.setattr(dt_util, "utcnow", wall_time)
    return wall_time


def lock_with_clock(home: Home, wall_time: WallTime, ahead: float, model: str = "gen3") -> VirtualLock:
    """Mount a lock whose clock is so many seconds ahead."""
    lock = home.add_lock(model, now=wall_time, timing=quick(advertising_interval=5))
    lock.set_clock(wall_time() + timedelta(seconds=ahead))
    return lock


def error_of(lock: VirtualLock) -> float:
    """Return by how many seconds the clock of a lock is ahead."""
    return lock.clock.offset.total_seconds()


def is_right(lock: VirtualLock) -> bool:
    """Whether the clock of a lock is right: whole seconds are told, and it takes a moment."""
    return abs(error_of(lock)) < 2


def settings_of_the_clock(lock: VirtualLock) -> int:
    """Return how often somebody tried to set the clock."""
    return len(lock.journal.requests("UPDATE_TIME"))


@pytest.mark.parametrize(("model", "client_type"), [("gen3", "app"), ("gen3", "bridge"), ("ultra", None)])
@pytest.mark.parametrize("ahead", [31.5, -31.5, 3 * HOUR, -20 * 365 * DAY])
async def test_wrong_clock_is_set(
    home: Home, *, wall_time: WallTime, model: str, client_type: str | None, ahead: float
) -> None:
    """On a connection that is open anyway: the first one if the lock has lost the time, else the second."""
    lock = lock_with_clock(home, wall_time, ahead, model)
    await home.set_up(lock, client_type, pin=str(PINS[model]))
    lost = ahead < -DAY
    assert is_right(lock) is lost
    await asyncio.sleep(MINUTE)
    await home.read()
    assert is_right(lock)
    assert len(lock.journal.connections) == 2
    assert pins_sent(lock) == [("VERIFY_SECURITY_PIN", True), ("UPDATE_TIME", True)]
    assert lock.journal.broken_rules == []
    assert home.state() == View.LOCKED


@pytest.mark.parametrize("ahead", [0, 28, -28])
async def test_clock_that_is_right_enough_is_left_alone(
    home: Home, wall_time: WallTime, ahead: float
) -> None:
    lock = lock_with_clock(home, wall_time, ahead)
    await home.set_up(lock, pin=PIN)
    wall_time.move_on(DAY)
    await home.read()
    assert error_of(lock) == ahead
    assert settings_of_the_clock(lock) == 0


async def test_impossible_time_is_set(home: Home, wall_time: WallTime) -> None:
    lock = lock_with_clock(home, wall_time, 0)
    lock.damage(["dates"])
    await home.set_up(lock, pin=PIN)
    assert settings_of_the_clock(lock) == 1


async def test_not_without_a_pin(home: Home, wall_time: WallTime) -> None:
    """Nobody has to give it, and without it the lock does not take a time."""
    lock = lock_with_clock(home, wall_time, HOUR)
    await home.set_up(lock)
    wall_time.move_on(DAY)
    await home.read()
    assert error_of(lock) == HOUR
    assert settings_of_the_clock(lock) == 0


@pytest.mark.parametrize(("drift", "times"), [(MINUTE, 1), (HOUR, 6)])
async def test_how_often_in_a_day(home: Home, wall_time: WallTime, drift: float, times: int) -> None:
    """What drifts can wait for tomorrow; what is far off cannot, but is not set for ever."""
    lock = lock_with_clock(home, wall_time, 0)
    await home.set_up(lock, pin=PIN)
    for _ in range(23):
        lock.set_clock(wall_time() + timedelta(seconds=drift))
        await home.read()
        await asyncio.sleep(HOUR)
    assert settings_of_the_clock(lock) == times
    lock.set_clock(wall_time() + timedelta(seconds=drift))
    await asyncio.sleep(2 * HOUR)
    await home.read()
    assert settings_of_the_clock(lock) == times + 1
    assert is_right(lock)


async def test_once_a_day_also_over_restarts(home: Home, wall_time: WallTime) -> None:
    """Whoever restarts often must not wear the lock out."""
    lock = lock_with_clock(home, wall_time, 0)
    entry = await home.set_up(lock, pin=PIN)
    for _ in range(4):
        lock.set_clock(wall_time() + timedelta(minutes=1))
        await asyncio.sleep(HOUR)
        await home.read()
        assert await home.hass.config_entries.async_reload(entry.entry_id)
        await home.settled(entry, lock)
    assert settings_of_the_clock(lock) == 1
    await asyncio.sleep(DAY)
    await home.read()
    assert settings_of_the_clock(lock) == 2
    assert is_right(lock)


async def test_refused_pin_is_never_sent_again(
    home: Home, wall_time: WallTime, caplog: pytest.LogCaptureFixture
) -> None:
    """The lock counts wrong ones and blocks; it was changed in the app, say."""
    lock = lock_with_clock(home, wall_time, HOUR)
    entry = await home.set_up(lock, pin=WRONG_PIN)
    assert entry.options == {"pin": WRONG_PIN}
    assert home.state("pin_state") == "invalid"
    ours = "\n".join(
        record.getMessage() for record in caplog.records if record.name.startswith("custom_components.")
    )
    assert found(list(spellings_of_number(int(WRONG_PIN), 2)), ours) == []
    # The lock is as well as before.
    assert home.state() == View.LOCKED
    assert home.state("connection") == "ok"

    wall_time.move_on(2 * DAY)
    await home.read()
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await home.settled(entry, lock)
    wall_time.move_on(2 * DAY)
    await home.read()
    assert len(lock.journal.pins_sent) == 1
    assert error_of(lock) == HOUR


async def paired_again(home: Home, lock: VirtualLock, entry: MockConfigEntry, pin: str) -> None:
    """Pair again with another PIN."""
    flow = await entry.start_reconfigure_flow(home.hass)
    flow = await home.submit(flow, client_type="app", pin=pin)
    lock.enter_pairing_mode()
    flow = await home.progressed(flow)
    assert flow["reason"] == "reconfigure_successful"
    await home.hass.async_block_till_done()
    await home.settled(entry, lock)


async def test_right_pin_after_a_refused_one(home: Home, wall_time: WallTime) -> None:
    lock = lock_with_clock(home, wall_time, HOUR)
    entry = await home.set_up(lock, pin=WRONG_PIN)
    await paired_again(home, lock, entry, PIN)
    assert entry.options == {"pin": PIN}
    await asyncio.sleep(MINUTE)
    await home.read()
    assert is_right(lock)


async def test_blocked_pin_may_be_right(home: Home, wall_time: WallTime) -> None:
    """Somebody else mistyped too often; ours is tried again when that is over."""
    lock = lock_with_clock(home, wall_time, HOUR)
    lock.faults.refuse_next(ErrorCode.K_TOO_MANY_PIN_ATTEMPTS, Command.UPDATE_TIME)
    entry = await home.set_up(lock, pin=PIN)
    await asyncio.sleep(MINUTE)
    await home.read()
    assert entry.options == {"pin": PIN}
    assert (error_of(lock), settings_of_the_clock(lock)) == (HOUR, 1)
    await asyncio.sleep(5 * HOUR)
    await home.read()
    assert settings_of_the_clock(lock) == 1
    await asyncio.sleep(HOUR)
    await home.read()
    assert settings_of_the_clock(lock) == 2
    assert is_right(lock)


async def test_failure_harms_nothing(home: Home, wall_time: WallTime) -> None:
    """The state was read, and is shown."""
    lock = lock_with_clock(home, wall_time, HOUR)
    lock.faults.refuse_next(ErrorCode.K_BUSY, Command.UPDATE_TIME)
    entry = await home.set_up(lock, pin=PIN)
    await asyncio.sleep(MINUTE)
    await home.read()
    assert settings_of_the_clock(lock) == 1
    assert home.state() == View.LOCKED
    assert home.state("connection") == "ok"
    assert entry.runtime_data.coordinator.last_update_success
    assert entry.options == {"pin": PIN}


# --- Our own clock ----------------------------------------------------------------------------------------


async def test_machine_that_was_just_started(
    home: Home, wall_time: WallTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a clock chip it learns the time from the network only after a while."""
    monkeypatch.setattr(rules, "SETTLING", timedelta(seconds=home.now + 15 * MINUTE))
    lock = lock_with_clock(home, wall_time, HOUR)
    await home.set_up(lock, pin=PIN)
    await asyncio.sleep(12 * MINUTE)
    assert settings_of_the_clock(lock) == 0
    await asyncio.sleep(12 * MINUTE)
    assert settings_of_the_clock(lock) == 1
    assert is_right(lock)


async def test_machine_that_lives_in_the_past(
    home: Home, wall_time: WallTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before this release there was no such Home Assistant, so the lock is right."""
    lock = lock_with_clock(home, wall_time, 0)
    monkeypatch.setattr(dt_util, "utcnow", lambda: wall_time() - timedelta(days=365))
    await home.set_up(lock, pin=PIN)
    wall_time.move_on(DAY)
    await home.read()
    assert error_of(lock) == 0
    assert settings_of_the_clock(lock) == 0


async def test_whether_rights_can_follow_the_lock(
    home: Home, wall_time: WallTime, hass: HomeAssistant
) -> None:
    """One judgement for everybody who shows or writes rights: clock, zone, daylight saving."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    lock = lock_with_clock(home, wall_time, 0)
    entry = await home.set_up(lock)
    clock = entry.runtime_data.clock
    assert clock.doubts == ()
    lock.set_clock(wall_time() - timedelta(hours=3))
    lock.settings.change(time_zone_id=40)
    await home.read()
    assert clock.doubts == (Doubt.CLOCK_WRONG, Doubt.OTHER_TIME_ZONE)
    await hass.config.async_set_time_zone("Europe/London")
    assert clock.doubts == (Doubt.CLOCK_WRONG,)
    lock.clock.lose()
    await home.read()
    assert clock.doubts == (Doubt.CLOCK_LOST,)


async def test_zones_are_compared_once_a_day(
    home: Home, wall_time: WallTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A year of two zones takes longer than all else that each message of the lock costs."""
    compared: list[datetime] = []
    compare = clock_rules.zone_doubts

    def counted(*args: Any, now: datetime, **options: Any) -> tuple[Doubt, ...]:
        compared.append(now)
        return compare(*args, now=now, **options)

    lock = lock_with_clock(home, wall_time, 0)
    await home.set_up(lock)
    monkeypatch.setattr(clock_rules, "zone_doubts", counted)
    for _ in range(3):
        wall_time.move_on(0.3)
        await home.read()
    assert compared == []
    wall_time.move_on(DAY)
    await home.read()
    assert len(compared) == 1


async def test_doubts_are_shown_with_the_message_that_raises_them(
    home: Home, wall_time: WallTime, hass: HomeAssistant
) -> None:
    """Not only when everybody has used the link."""

    class Slow:
        async def async_use_link(self, states: KeyturnerStates) -> None:
            await asyncio.sleep(1)

    lock = lock_with_clock(home, wall_time, 0)
    entry = await home.set_up(lock)
    entry.runtime_data.coordinator.link_users = (Slow(),)
    entry.runtime_data.activity.people = People(limited=True)
    changed: dict[str, float] = {}

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        changed[event.data["entity_id"]] = home.now

    shown = home.entity_id("lock"), home.entity_id("rights_unreliable")
    async_track_state_change_event(hass, shown, note)
    lock.set_clock(wall_time() - timedelta(hours=3))
    lock.turn_key("unlock")
    await home.read()
    assert [home.state(), home.state("rights_unreliable")] == [View.UNLOCKED, STATE_ON]
    assert changed[shown[0]] == changed[shown[1]]
