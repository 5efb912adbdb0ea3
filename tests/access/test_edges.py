"""Rights at the edges: nights in which clocks change, two zones, two locks, two actions at once, changed batteries."""

import asyncio
from datetime import UTC, datetime, time
from functools import partial
from zoneinfo import ZoneInfo

from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smartlock.access.codes import CodeChange, NewCode
from custom_components.smartlock.access.rules.changes import RightChange
from custom_components.smartlock.access.rules.notes import Made
from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.enums import Weekdays
from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.wire import Date7, Time2
from simulator.lock.keypad import Code
from simulator.lock.rights import allows
from simulator.lock.time_zones import TIME_ZONES
from simulator.virtual_lock import quick
from tests.access.doors import Door
from tests.access.owner import Owner
from tests.access.test_promises import key_of
from tests.integration.home import PINS, Home

MONDAYS = RightChange(weekdays=Weekdays.MONDAY, start_time=time(9), end_time=time(12))
OVER = TimeLimit(allowed_from=Date7(2026, 1, 1), allowed_until=Date7(2026, 1, 2))


async def test_hours_are_the_same_after_the_clocks_have_changed(home: Home) -> None:
    """On the Mondays around the night of 28 March and 31 October 2027, in the lock's zone."""
    door = await Door.of(home)
    await door.access.codes.async_add(NewCode(name="Cleaner", right=MONDAYS))
    (code,) = door.codes
    zone = ZoneInfo("Europe/Berlin")
    for day in ((2027, 3, 22), (2027, 3, 29), (2027, 10, 25), (2027, 11, 1)):
        for hour, minute, lets_in in ((8, 59, False), (9, 0, True), (11, 59, True), (12, 1, False)):
            local = datetime(*day, hour, minute, tzinfo=zone)
            assert allows(code.limit, local.astimezone(UTC), local.replace(tzinfo=None)) == lets_in


async def test_a_lock_in_another_zone_keeps_its_hours_and_says_so(home: Home) -> None:
    await home.hass.config.async_set_time_zone("Europe/Berlin")
    lock = home.add_lock()
    lock.settings.change(
        time_zone_id=next(key for key, name in TIME_ZONES.items() if name == "Europe/London")
    )
    lock.pair_accessory("keypad")
    door = Door(home, lock)
    door.entry = await home.set_up(lock, pin=str(PINS["gen3"]))
    await home.read()
    assert home.state("rights_unreliable") == "off"
    await door.access.codes.async_add(NewCode(name="Cleaner", right=MONDAYS))
    (code,) = door.codes
    assert (code.limit.allowed_from_time, code.limit.allowed_until_time) == (Time2(9, 0), Time2(12, 0))
    await home.until(lambda: home.state("rights_unreliable") == "on")
    owner = await Owner.at(door, "codes")
    assert "Europe/London" in owner.says["note"]


async def test_two_actions_on_a_code_at_once(home: Home) -> None:
    """One after the other, and each on what the other has left."""
    door = await Door.of(home)
    code = door.put(345678, "Guest")
    await asyncio.gather(
        door.access.codes.async_update(code.code_id, CodeChange(name="Renamed")),
        door.access.codes.async_update(code.code_id, CodeChange(enabled=False)),
        door.access.codes.async_update(code.code_id, CodeChange(right=MONDAYS)),
    )
    assert (code.name, code.enabled, code.limit.allowed_weekdays) == ("Renamed", 0, Weekdays.MONDAY)
    assert door.written("UPDATE_KEYPAD_CODE") == 3


async def test_a_code_for_two_locks_of_which_one_is_out_of_reach(home: Home) -> None:
    """One has it, the error of the other is told, and nothing is added later."""
    near = await Door.of(home)
    lock = home.add_lock(nuki_id=0x1234_5678)
    lock.pair_accessory("keypad")
    far = Door(home, lock)
    far.entry = await home.set_up(lock, pin=str(PINS["gen3"]))
    home.go_out_of_range(lock)
    with pytest.raises(HomeAssistantError) as caught:
        await home.hass.services.async_call(
            DOMAIN,
            "add_code",
            {
                "entity_id": [home.entity_id("lock", door.lock.nuki_id) for door in (near, far)],
                "name": "Guest",
                "code": "345678",
            },
            blocking=True,
        )
    assert caught.value.translation_key == "unreachable"
    await home.until(lambda: len(near.codes) == 1)
    home.come_into_range(lock)
    await home.heard(lock)
    await asyncio.sleep(1000)
    assert far.codes == []


async def expired(door: Door) -> Code:
    """Have a code that was made here and is over for long."""
    code = door.put(345678, "Over", time_limited=1, limit=OVER)
    made = Made(key=key_of(code), made_here=True, expires=datetime(2026, 1, 2, tzinfo=UTC))
    await door.access._store.async_keep(door.access._store.notes.noting(made))
    return code


@pytest.mark.parametrize("wanted", [True, False])
async def test_expired_codes_go_by_themselves_if_the_owner_wants_that(home: Home, *, wanted: bool) -> None:
    door = await Door.of(home, remove_expired=wanted)
    code = await expired(door)
    foreign = door.put(345679, "Foreign", time_limited=1, limit=OVER)
    await home.read()
    await home.until(lambda: not home.connected(door.lock))
    assert door.codes == ([foreign] if wanted else [code, foreign])


async def test_a_change_of_batteries_offers_no_code_that_was_deleted_here(home: Home) -> None:
    """The settings are lost an hour later, and all is put back."""
    lock = home.add_lock(timing=quick(advertising_interval=5.0, battery_change=20.0, boot_run=3.0))
    lock.pair_accessory("keypad")
    lock.battery.set(40)
    lock.settings.change(led_brightness=1)
    door = Door(home, lock)
    door.put(345678, "Gone")
    stays = door.put(345679, "Stays")
    door.entry = await home.set_up(lock, pin=str(PINS["gen3"]), keep_codes=True)
    await asyncio.sleep(600)
    await door.runtime.archive.async_save()
    assert door.runtime.archive.kept.newest is not None
    assert len(door.runtime.archive.kept.newest.keypad_codes or ()) == 2
    await door.access.codes.async_delete(1)
    await asyncio.sleep(3600)
    lock.swap_batteries(["settings"])
    await home.until(lambda: door.runtime.archive.kept.loss is not None, within=5000)
    loss = door.runtime.archive.kept.loss
    assert loss is not None
    assert [code.code for code in loss.reference.keypad_codes or ()] == [345679]
    assert "led_brightness" in {each.name for each in door.runtime.archive.differences}
    assert not any("345678" in str(each) for each in door.runtime.archive.differences)
    await home.hass.services.async_call(
        DOMAIN, "restore_settings", {"entity_id": home.entity_id("lock")}, blocking=True
    )
    await home.until(lambda: lock.settings.values.led_brightness == 1)
    assert door.codes == [stays]


async def test_a_lost_clock_twice_within_an_hour(home: Home) -> None:
    """It is set at the first contact both times, and an expired code lets nobody in."""
    await home.hass.config.async_set_time_zone("Europe/Berlin")
    lock = home.add_lock(timing=quick(advertising_interval=5.0, battery_change=20.0, boot_run=3.0))
    lock.pair_accessory("keypad")
    lock.battery.set(40)
    door = Door(home, lock)
    door.entry = await home.set_up(lock, pin=str(PINS["gen3"]))
    over = door.put(345679, "Over", time_limited=1, limit=OVER)
    await home.read()
    assert home.state("rights_unreliable") == "off"
    for times in (1, 2):
        lock.swap_batteries(["clock"])
        lock.enter_code(over.code)
        await home.until(partial(has_set_the_clock, door, times), within=5000)
        lock.enter_code(over.code)
        await home.until(lambda: home.state("rights_unreliable") == "off", within=5000)
        await asyncio.sleep(600)
        assert lock.bolt_locked
    assert clock_is_right(door)


def has_set_the_clock(door: Door, times: int) -> bool:
    """Whether the clock was set so many times."""
    return door.written("UPDATE_TIME") == times


def clock_is_right(door: Door) -> bool:
    """Whether the lock's clock is about ours."""
    moment = door.lock._device.now.moment
    return moment is not None and abs((moment - dt_util.utcnow()).total_seconds()) < 120
