"""What the owner or the batteries do while a loss is open or is put back: nothing of it goes unnoticed."""

import asyncio
from typing import Any

from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.enums import LockAction, Weekdays
from custom_components.smartlock.protocol.wire import Date7, Time2
from simulator.lock.rights import ALWAYS
from simulator.lock.time_control import Entry
from simulator.virtual_lock import VirtualLock, quick
from tests.integration.home import NUKI_ID, Home
from tests.settings.test_actions import called
from tests.settings.test_archive import CHANGES, archive_of, issue, lock_with_settings, settings_of, swapped


def open_names(entry: MockConfigEntry) -> set[str]:
    """Return what the owner has to decide about."""
    return {each.name for each in archive_of(entry).differences}


async def power_lost(home: Home, lock: VirtualLock, **lost: Any) -> None:
    """Take the batteries out for a moment; the lock forgets only some settings, and is read while it boots."""
    lock.power_off()
    await asyncio.sleep(20)
    for name, value in lost.items():
        setattr(lock.settings.values, name, value)
    lock.power_on()
    await asyncio.sleep(1)
    await home.read()
    await asyncio.sleep(30)
    await home.until(lambda: not home.connected(lock))


async def restore_that_waits(home: Home, lock: VirtualLock, entry: MockConfigEntry) -> asyncio.Task[Any]:
    """Lose the LED only, and begin to put it back with batteries that are too low for that."""
    await power_lost(home, lock, led_brightness=5)
    assert open_names(entry) == {"led_brightness"}
    lock.set_battery(5)
    await home.read()
    task = home.hass.async_create_task(archive_of(entry).async_restore(["led_brightness"]))
    await asyncio.sleep(60)
    assert not task.done()
    return task


@pytest.mark.parametrize("where", ["app", "home assistant"])
async def test_the_owner_changes_something_else_while_a_restore_waits(home: Home, where: str) -> None:
    """That is wanted, and not offered as lost."""
    lock, entry = await lock_with_settings(home)
    task = await restore_that_waits(home, lock, entry)
    if where == "app":
        lock.settings.change(auto_lock_timeout=77)
        await home.read()
    else:
        await entry.runtime_data.settings.write(advanced={"auto_lock_timeout": 77})
    lock.set_battery(90)
    await home.read()
    await asyncio.wait([task])
    assert lock.settings.values.led_brightness == CHANGES["led_brightness"]
    assert open_names(entry) == set()
    assert issue(home) is None
    newest = archive_of(entry).kept.newest
    assert newest is not None
    assert newest.advanced_config.auto_lock_timeout == 77


@pytest.mark.parametrize("pause", [60.0, 1200.0])
async def test_the_batteries_are_changed_while_a_restore_waits_for_that(home: Home, pause: float) -> None:
    """What the second loss of power has taken is not taken for the owner's wish."""
    lock, entry = await lock_with_settings(home)
    task = await restore_that_waits(home, lock, entry)
    await asyncio.sleep(pause)
    lock.set_battery(90)
    await power_lost(home, lock, single_lock=0, auto_lock_enabled=0)
    await asyncio.wait([task])
    assert lock.settings.values.led_brightness == CHANGES["led_brightness"]
    await asyncio.sleep(2000)
    await home.read()
    assert open_names(entry) == {"single_lock", "auto_lock_enabled"}
    assert issue(home) is not None


async def test_a_restore_ends_before_the_signs_of_another_change_were_judged(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link is released before, as another lock waits for the slot: what differs is not taken for a wish."""
    lock, entry = await lock_with_settings(home)
    task = await restore_that_waits(home, lock, entry)

    async def gives_way(states: object) -> None:
        return

    with monkeypatch.context() as busy:
        busy.setattr(archive_of(entry), "async_use_link", gives_way)
        lock.set_battery(90)
        await power_lost(home, lock, single_lock=0, auto_lock_enabled=0)
        await asyncio.wait([task])
    await asyncio.sleep(2000)
    await home.read()
    assert open_names(entry) == {"single_lock", "auto_lock_enabled"}


@pytest.mark.parametrize("first", ["nothing", "something"])
async def test_the_power_is_lost_twice_within_minutes(home: Home, first: str) -> None:
    """A cell that sits loosely: what goes the second time is lost, too."""
    lock, entry = await lock_with_settings(home)
    await power_lost(home, lock, **({} if first == "nothing" else {"led_brightness": 5}))
    assert home.state("battery_changed_at") != "unknown"
    assert open_names(entry) == (set() if first == "nothing" else {"led_brightness"})
    await asyncio.sleep(120)
    await power_lost(home, lock, single_lock=0, auto_lock_enabled=0)
    await asyncio.sleep(120)
    await home.read()
    assert {"single_lock", "auto_lock_enabled"} <= open_names(entry)


async def test_offsets_are_not_put_back_after_another_calibration(home: Home) -> None:
    """They belong to the calibration that they were made for."""
    lock, entry = await lock_with_settings(home)
    lock.settings.change(locked_position_offset=20)
    await home.read()
    await power_lost(home, lock, locked_position_offset=0, led_brightness=5)
    lock.set_battery(5)
    await home.read()
    names = ["led_brightness", "locked_position_offset"]
    task = home.hass.async_create_task(archive_of(entry).async_restore(names))
    await asyncio.sleep(60)
    lock._device.motor.total_degrees += 10
    lock.set_battery(90)
    await home.read()
    await asyncio.wait([task])
    assert lock.settings.values.locked_position_offset == 0


async def test_an_evening_with_the_app(home: Home) -> None:
    """While it is connected the lock is silent; what it has changed is not put back."""
    lock, _ = await lock_with_settings(home, restore_by_itself=True)
    other = home.add_lock("ultra", nuki_id=NUKI_ID + 1, timing=quick(advertising_interval=5.0))
    await home.heard(other)
    home.go_out_of_range(lock)
    await home.until(lambda: home.state() == "unavailable")
    lock.settings.change(led_brightness=3)
    lock.settings.change(button_enabled=1)
    lock.settings.change(auto_lock_timeout=200)
    lock.settings.change(single_lock=0)
    home.come_into_range(lock)
    await home.until(lambda: home.state() != "unavailable")
    await asyncio.sleep(200)
    await home.read()
    await asyncio.sleep(200)
    assert lock.settings.values.led_brightness == 3
    assert lock.settings.values.button_enabled == 1
    assert home.state("battery_changed") == "unknown"


async def test_a_reload_while_an_action_restores(home: Home) -> None:
    """Its caller is told that the rest follows, and not that nothing was sent or that the bolt has not moved."""
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    call = home.hass.services.async_call(
        DOMAIN, "restore_settings", {"entity_id": home.entity_id("lock")}, blocking=True
    )
    task = home.hass.async_create_task(call)
    await home.until(lambda: archive_of(entry).restoring is not None)
    await home.hass.config_entries.async_reload(entry.entry_id)
    with pytest.raises(HomeAssistantError) as told:
        await task
    assert told.value.translation_key == "restore_interrupted"


async def test_a_reload_while_a_setting_waits(home: Home) -> None:
    """Nothing was written, and nothing is said of the bolt."""
    lock, entry = await lock_with_settings(home)
    task = asyncio.create_task(entry.runtime_data.settings.change({"led_brightness": 3}))
    await asyncio.sleep(0.1)
    await home.hass.config_entries.async_reload(entry.entry_id)
    with pytest.raises(HomeAssistantError) as told:
        await task
    assert told.value.translation_key == "nothing_changed"
    assert lock.settings.values.led_brightness == CHANGES["led_brightness"]


async def test_a_code_that_is_deleted_in_the_app_after_the_loss(home: Home) -> None:
    """It stays deleted when those are put back that were lost; and so does an entry of time control."""
    lock, entry = await lock_with_settings(home, keep_codes=True)
    lock.pair_accessory("keypad")
    for number, name in ((345678, "Cleaner"), (456789, "Gardener")):
        lock.keypad_codes.add(number, name=name, created=Date7(), time_limited=0, limit=ALWAYS)
    for hour in (7, 22):
        lock.time_control.add(
            Entry(weekdays=Weekdays.MONDAY, time=Time2(hour, 0), lock_action=LockAction.LOCK)
        )
    lock.settings.change(led_brightness=2)
    await home.read()
    await archive_of(entry).async_save()
    cleaner, gardener = lock.keypad_codes
    lock.keypad_codes.remove(cleaner)
    lock.time_control.remove(1)
    await power_lost(home, lock)
    assert open_names(entry) == {"keypad_codes", "time_control"}
    lock.keypad_codes.remove(gardener)
    lock.time_control.remove(2)
    journal = await archive_of(entry).async_restore(open_names(entry))
    assert journal.failed() == {}
    assert [code.name for code in lock.keypad_codes] == ["Cleaner"]
    assert [each.time for _, each in lock.time_control] == [Time2(7, 0)]
    await asyncio.sleep(2000)
    assert issue(home) is None


async def test_an_action_right_after_a_change_in_the_app(home: Home) -> None:
    """It puts back what was lost, and not what has been changed since."""
    lock, _ = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    lock.settings.change(auto_lock_timeout=77)
    await home.hass.services.async_call(
        DOMAIN, "restore_settings", {"entity_id": home.entity_id("lock")}, blocking=True
    )
    wanted = CHANGES | {"auto_lock_timeout": 77}
    assert settings_of(lock) == wanted
    assert issue(home) is None


async def lost_unseen(home: Home, lock: VirtualLock) -> None:
    """Change the batteries, with settings lost; nobody has read the lock since."""
    home.go_out_of_range(lock)
    await home.until(lambda: not home.connected(lock))
    lock.swap_batteries(["settings"])
    await asyncio.sleep(60)
    home.come_into_range(lock)


@pytest.mark.parametrize("client_type", ["app", "bridge"])
async def test_a_setting_is_changed_here_before_the_loss_was_seen(home: Home, client_type: str) -> None:
    """It is wanted; what has been lost is not."""
    lock, entry = await lock_with_settings(home, client_type=client_type, restore_by_itself=True)
    await lost_unseen(home, lock)
    await entry.runtime_data.settings.change({"led_brightness": 3})
    await asyncio.sleep(1000)
    await home.read()
    await asyncio.sleep(100)
    assert lock.settings.values.led_brightness == 3
    assert set(CHANGES) - {"led_brightness"} <= open_names(entry)
    assert "led_brightness" not in open_names(entry)


async def test_settings_are_saved_before_the_loss_was_seen(home: Home) -> None:
    """By an automation each night, or by an owner who thinks that it is time now."""
    lock, entry = await lock_with_settings(home)
    await lost_unseen(home, lock)
    await called(home, "save_settings")
    await asyncio.sleep(1000)
    await home.read()
    assert set(CHANGES) <= open_names(entry)
    assert home.state("battery_changed_at") != "unknown"


async def test_what_was_changed_elsewhere_while_we_were_not_paired(home: Home) -> None:
    """It is asked about, and not put back unasked; what was open before stays as it was."""
    lock, entry = await lock_with_settings(home, restore_by_itself=True)
    lock.settings.change(led_brightness=4)
    home.pair_again(lock, entry, "bridge")
    await home.until(lambda: open_names(entry) == {"led_brightness"})
    await asyncio.sleep(600)
    assert lock.settings.values.led_brightness == 4


async def test_what_was_open_when_it_was_paired_again(home: Home) -> None:
    """The owner's wishes of before are still known, and so is the battery change."""
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    lock.settings.change(led_brightness=4)
    await home.read()
    before = open_names(entry)
    assert "led_brightness" not in before
    home.pair_again(lock, entry, "bridge")
    await home.settled(entry, lock)
    await asyncio.sleep(600)
    await home.read()
    assert open_names(entry) == before
    loss = archive_of(entry).kept.loss
    assert loss is not None
    assert loss.reasons


async def test_an_action_says_what_cannot_be_restored(home: Home) -> None:
    """After a calibration the offsets of before are void."""
    lock, entry = await lock_with_settings(home)
    lock.settings.change(locked_position_offset=20)
    await home.read()
    lock._device.motor.total_degrees += 10
    await power_lost(home, lock, locked_position_offset=0, led_brightness=5)
    told = await called(home, "restore_settings")
    assert "led_brightness" in told["restored"]
    assert told["failed"] == {"locked_position_offset": "calibrated_anew"}
    assert open_names(entry) == set()
