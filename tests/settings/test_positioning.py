"""Batteries are changed at the usual speed: the lock is read while it looks for its position, and again at rest."""

import asyncio
from contextlib import suppress

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_component import async_update_entity
import pytest

from custom_components.smartlock.const import DOMAIN
from simulator.virtual_lock import Habits, Jam, VirtualLock
from tests.integration.home import Home
from tests.settings.test_archive import issue, lock_with_settings

MODELS = ("gen2", "gen3", "gen4", "ultra")
LOSSES = ["settings", "clock"]


async def swapped_and_read(home: Home, lock: VirtualLock, boot_run: float, heard_at: float) -> float:
    """Change the batteries, read the lock a while after it is back, and return when its positioning run ends."""
    lock.power_off()
    lock.battery.set(100)
    lock.settings.lose()
    lock.clock.lose()
    await asyncio.sleep(20)
    lock.power_on()
    ends = home.now + boot_run
    await asyncio.sleep(heard_at)
    await async_update_entity(home.hass, home.entity_id("lock"))
    return ends


@pytest.mark.parametrize("pin", [True, False], ids=["pin", "no pin"])
@pytest.mark.parametrize("boot_run", [0.6, 3.0, 8.0])
@pytest.mark.parametrize("model", MODELS)
async def test_told_within_half_a_minute(home: Home, *, model: str, boot_run: float, pin: bool) -> None:
    """Event and repair, on every model and with every length of the run."""
    lock, _ = await lock_with_settings(home, model, pin=pin, boot_run=boot_run)
    before = home.state("battery_changed")
    ends = await swapped_and_read(home, lock, boot_run, boot_run / 2)
    await home.until(lambda: home.state("battery_changed") != before, within=600)
    assert home.now - ends < 30
    await home.until(lambda: issue(home) is not None, within=600)
    assert home.now - ends < 30
    assert "boot_run" in home.full_state("battery_changed").attributes["reasons"]
    assert lock.journal.broken_rules == []


@pytest.mark.parametrize("client_type", ["app", "bridge"])
@pytest.mark.parametrize("heard_at", [0.1, 1.5, 2.9])
async def test_wherever_in_the_run_it_is_heard(home: Home, heard_at: float, client_type: str) -> None:
    """An app's flag stays set, so nothing but the read itself leads on."""
    lock, _ = await lock_with_settings(home, boot_run=3.0, client_type=client_type)
    ends = await swapped_and_read(home, lock, 3.0, heard_at)
    await home.until(lambda: issue(home) is not None, within=600)
    assert home.now - ends < 30


@pytest.mark.parametrize("boot_run", [0.6, 3.0, 8.0])
@pytest.mark.parametrize("model", MODELS)
async def test_the_clock_is_not_written_while_the_bolt_moves(home: Home, model: str, boot_run: float) -> None:
    """But soon after."""
    lock, entry = await lock_with_settings(home, model, boot_run=boot_run)
    entry.runtime_data.clock._set_at = None
    ends = await swapped_and_read(home, lock, boot_run, boot_run / 2)
    await home.until(lambda: lock.journal.requests("UPDATE_TIME"), within=600)
    assert ends <= home.now < ends + 30


@pytest.mark.parametrize("fails", [False, True], ids=["succeeds", "fails"])
async def test_a_calibration_of_ours_is_no_change_of_batteries(home: Home, fails: bool) -> None:
    """Old firmware shows the boot run meanwhile."""
    lock, _ = await lock_with_settings(home, habits=Habits(calibration_looks_like_boot_run=True))
    if fails:
        lock.jam(Jam.MOTOR)
    with suppress(HomeAssistantError):
        await home.call("calibrate", DOMAIN)
    for _ in range(10):
        await home.read()
        await asyncio.sleep(30)
    assert home.state("battery_changed") == "unknown"
    assert issue(home) is None


@pytest.mark.parametrize("decided", ["restored", "kept"])
async def test_another_change_soon_after_the_first_is_over(home: Home, decided: str) -> None:
    """A battery that sits loosely: what it takes the second time is reported, too."""
    lock, entry = await lock_with_settings(home, pin=True, boot_run=3.0)
    changes = []
    for _ in range(2):
        shown = home.state("battery_changed")
        ends = await swapped_and_read(home, lock, 3.0, 1.0)
        await asyncio.sleep(ends + 30 - home.now)
        changes.append(home.state("battery_changed") != shown and issue(home) is not None)
        if decided == "restored":
            target = {"entity_id": home.entity_id("lock")}
            await home.hass.services.async_call(DOMAIN, "restore_settings", target, blocking=True)
        else:
            await entry.runtime_data.archive.async_keep_new()
        assert issue(home) is None
        lock.settings.change(led_brightness=1, button_enabled=0, auto_lock_timeout=120)
        await home.hass.services.async_call(
            DOMAIN,
            "save_settings",
            {"entity_id": home.entity_id("lock")},
            blocking=True,
            return_response=True,
        )
        await asyncio.sleep(20)
    assert changes == [True, True]
