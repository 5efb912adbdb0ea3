"""The blueprints, imported as an owner imports them and run on the virtual lock."""

import asyncio
from pathlib import Path
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from homeassistant.components import persistent_notification
from homeassistant.components.automation.helpers import async_get_blueprints
from homeassistant.components.blueprint.importer import fetch_blueprint_from_github_url
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity, script
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker  # type: ignore[import-untyped]

from simulator.virtual_lock import Jam, VirtualLock
from tests.integration.automations import FOLDER, ROOT, Automation
from tests.integration.home import Home
from tests.integration.wall_time import WallTime
from tests.phones.test_phones import Phone

BLUEPRINTS = sorted((ROOT / FOLDER).glob("*.yaml"))
RAW = "https://raw.githubusercontent.com/smartlock-ha/smartlock/main"


# --- Import -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", BLUEPRINTS, ids=lambda file: file.stem)
async def test_import_from_its_address(
    hass: HomeAssistant, aioclient_mock: AiohttpClientMocker, file: Path
) -> None:
    """Through Home Assistant's importer, from where the blueprint itself says that it is."""
    url = f"{RAW}/{FOLDER}/{file.name}"
    aioclient_mock.get(url, text=file.read_text(encoding="utf-8"))
    imported = await fetch_blueprint_from_github_url(hass, url)
    blueprint = imported.blueprint
    assert (blueprint.domain, blueprint.metadata["source_url"]) == ("automation", url)
    assert blueprint.validate() is None
    for name, field in blueprint.inputs.items():
        assert field["name"], name
        assert field["selector"], name
    assert {"tell"} <= set(blueprint.inputs)


def test_every_blueprint_can_be_imported_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    addresses = [
        parse_qs(urlsplit(link).query)["blueprint_url"][0]
        for link in re.findall(r"https://my\.home-assistant\.io/redirect/blueprint_import/[^)\s]+", readme)
    ]
    assert sorted(addresses) == [f"{RAW}/{FOLDER}/{file.name}" for file in BLUEPRINTS]


async def test_home_assistant_lists_them(hass: HomeAssistant, folder: Path) -> None:
    assert await async_setup_component(hass, "automation", {})
    found = await async_get_blueprints(hass).async_get_blueprints()
    ours = {path: blueprint for path, blueprint in found.items() if path.startswith("smartlock/")}
    assert set(ours) == {f"smartlock/{file.name}" for file in BLUEPRINTS}
    for blueprint in ours.values():
        assert not isinstance(blueprint, Exception)


# --- A phone ----------------------------------------------------------------------------------------------


def test_a_phone_can_be_chosen_without_templates() -> None:
    """Wherever it is the owner who is notified; the other two do what one chooses."""
    texts = {file.stem: file.read_text(encoding="utf-8") for file in BLUEPRINTS}
    usual = {name for name, text in texts.items() if "persistent_notification.create" in text}
    phones = {name for name, text in texts.items() if "integration: mobile_app" in text}
    assert phones == usual - {"welcome", "code_for_event"}
    assert len(phones) == 6


async def test_a_chosen_phone_is_told_instead(home: Home, automation: Automation) -> None:
    phone = Phone(home.hass, "Anna")
    lock = home.add_lock()
    await home.set_up(lock)
    await automation.start("battery_low", batteries=[home.entity_id("battery")], phone=phone.id)
    lock.set_battery(18)
    await home.read()
    await home.until(lambda: phone.received)
    (notice,) = phone.received
    assert notice["title"] == "Lock batteries low"
    assert "Battery 18 %" in notice["message"]
    assert automation.told == []


# --- A fault ----------------------------------------------------------------------------------------------


async def watch_for_faults(home: Home, automation: Automation) -> VirtualLock:
    lock = home.add_lock()
    await home.set_up(lock, "bridge")
    problems = [home.entity_id("clutch_fault"), home.entity_id("motor_blocked")]
    await automation.start("lock_fault", lock=home.entity_id("lock"), problems=problems)
    return lock


@pytest.mark.parametrize(
    ("jam", "named"),
    [(Jam.MOTOR, "Motor blocked"), (Jam.CLUTCH, "Clutch fault"), (Jam.CLUTCH_POWER, "Clutch fault")],
)
async def test_a_fault_is_told_once(home: Home, automation: Automation, jam: Jam, named: str) -> None:
    lock = await watch_for_faults(home, automation)
    lock.jam(jam)
    lock.press_button()
    await home.until(lambda: automation.told)
    await asyncio.sleep(30)
    (text,) = automation.told
    assert named in text
    assert "key alone" in text
    assert len(lock.journal.motor_runs) == 1


async def test_a_fault_is_told_again_after_a_restart(home: Home, automation: Automation) -> None:
    """The lock has been read before the automations start."""
    lock = await watch_for_faults(home, automation)
    lock.jam(Jam.MOTOR)
    lock.press_button()
    await home.until(lambda: automation.told)
    persistent_notification.async_dismiss(home.hass, f"smartlock_fault_{home.entity_id('lock')}")
    assert automation.told == []
    await automation.restart()
    await asyncio.sleep(10)
    (text,) = automation.told
    assert "Motor blocked" in text


async def test_a_healthy_lock_tells_nothing(home: Home, automation: Automation) -> None:
    lock = await watch_for_faults(home, automation)
    await automation.restart()
    await home.call("unlock")
    lock.press_button()
    await asyncio.sleep(60)
    assert automation.told == []


# --- The night --------------------------------------------------------------------------------------------


async def evening(home: Home, automation: Automation, **options: Any) -> VirtualLock:
    """Return an unlocked lock that is to be locked at night, with the door closed."""
    lock = home.add_lock(locked=False, **options)
    await home.set_up(lock, "bridge")
    await automation.start("lock_at_night", lock=home.entity_id("lock"), door=home.entity_id("door"))
    return lock


def runs(lock: VirtualLock) -> list[object]:
    """Return what the motor has done."""
    return [entry.facts["action"] for entry in lock.journal.motor_runs]


async def test_night_locks_a_closed_door(home: Home, automation: Automation) -> None:
    lock = await evening(home, automation)
    await automation.trigger()
    assert (home.state(), runs(lock), automation.told) == ("locked", ["LOCK"], [])
    await automation.trigger()
    assert (runs(lock), automation.told) == (["LOCK"], [])


async def test_night_leaves_an_open_door_alone(home: Home, automation: Automation) -> None:
    lock = await evening(home, automation)
    lock.open_door()
    await home.until(lambda: home.state("door") == "on")
    await automation.trigger()
    (text,) = automation.told
    assert "The door is open" in text
    assert runs(lock) == []


async def test_night_does_not_lock_when_nobody_knows_the_door(home: Home, automation: Automation) -> None:
    lock = await evening(home, automation, door_sensor=False)
    assert home.state("door") in ("unknown", "unavailable")
    await automation.trigger()
    (text,) = automation.told
    assert "not known whether the door is closed" in text
    assert runs(lock) == []


async def test_night_tells_of_a_jam_and_does_not_try_again(home: Home, automation: Automation) -> None:
    lock = await evening(home, automation)
    lock.jam(Jam.MOTOR)
    await automation.trigger()
    (text,) = automation.told
    assert "jammed" in text
    assert runs(lock) == ["LOCK"]
    # The next night it is still jammed.
    await automation.trigger()
    assert runs(lock) == ["LOCK"]


async def test_night_with_the_lock_out_of_reach(home: Home, automation: Automation) -> None:
    lock = await evening(home, automation)
    home.go_out_of_range(lock)
    await automation.trigger()
    (text,) = automation.told
    assert "Check the door" in text
    assert runs(lock) == []


# --- The battery ------------------------------------------------------------------------------------------


async def test_low_battery(home: Home, automation: Automation) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    await automation.start(
        "battery_low", batteries=[home.entity_id("battery")], critical=[home.entity_id("battery_critical")]
    )
    lock.set_battery(20)
    # The lock itself calls 20 % critical; the number alone is not below the threshold yet.
    await home.read()
    await home.until(lambda: automation.told)
    assert "Battery critical" in automation.told[0]
    assert "20 %" not in automation.told[0]
    persistent_notification.async_dismiss(home.hass, "smartlock_battery")
    lock.set_battery(18)
    await home.read()
    await asyncio.sleep(10)
    # Not twice a day.
    assert automation.told == []


async def two_batteries(home: Home, automation: Automation) -> VirtualLock:
    """Return a lock with a keypad whose batteries are watched."""
    lock = home.add_lock()
    lock.pair_accessory("keypad")
    await home.set_up(lock)
    await automation.start(
        "battery_low", batteries=[home.entity_id("battery")], critical=[home.entity_id("keypad_battery")]
    )
    await asyncio.sleep(600)
    return lock


@pytest.mark.parametrize("keypad_first", [False, True])
async def test_another_battery_is_told_at_once(
    home: Home, automation: Automation, monkeypatch: pytest.MonkeyPatch, keypad_first: bool
) -> None:
    """New batteries for the lock are no help to the keypad."""
    wall_time = WallTime(dt_util.utcnow())
    monkeypatch.setattr(dt_util, "utcnow", wall_time)
    monkeypatch.setattr(script, "utcnow", wall_time)
    monkeypatch.setattr(entity, "timer", lambda: wall_time().timestamp())
    lock = await two_batteries(home, automation)

    def empty(*, keypad: bool) -> None:
        if keypad:
            lock.set_accessory_battery("keypad", critical=True)
        else:
            lock.set_battery(18)

    empty(keypad=keypad_first)
    await home.read()
    await home.until(lambda: automation.told)
    persistent_notification.async_dismiss(home.hass, "smartlock_battery")
    await asyncio.sleep(3600)
    empty(keypad=not keypad_first)
    await home.read()
    await home.until(lambda: automation.told)
    (text,) = automation.told
    assert "Battery 18 %" in text
    assert "Keypad battery" in text
    persistent_notification.async_dismiss(home.hass, "smartlock_battery")
    # It comes and goes.
    for critical in (False, True):
        lock.set_accessory_battery("keypad", critical=critical)
        await home.read()
    await asyncio.sleep(60)
    assert automation.told == []


async def test_batteries_that_are_read_at_once_are_told_together(home: Home, automation: Automation) -> None:
    lock = await two_batteries(home, automation)
    lock.set_accessory_battery("keypad", critical=True)
    lock.set_battery(18)
    await home.read()
    await home.until(lambda: automation.told)
    (text,) = automation.told
    assert "Battery 18 %" in text
    assert "Keypad battery" in text


@pytest.mark.parametrize(("charge", "critical", "told"), [(48, True, 1), (20, True, 1), (48, False, 0)])
async def test_battery_that_is_low_after_a_restart(
    home: Home, automation: Automation, charge: int, critical: bool, told: int
) -> None:
    """It got low while Home Assistant did not run."""
    lock = home.add_lock()
    await home.set_up(lock)
    lock.set_battery(charge)
    await home.read()
    sensors = [home.entity_id("battery_critical")] if critical else []
    threshold = 50 if charge > 20 and critical else 20
    await automation.start(
        "battery_low", batteries=[home.entity_id("battery")], critical=sensors, threshold=threshold
    )
    for _ in range(2):
        await automation.restart()
        await asyncio.sleep(10)
        assert len(automation.told) == told
        persistent_notification.async_dismiss(home.hass, "smartlock_battery")
        told = 0


async def test_charge_below_the_threshold(home: Home, automation: Automation) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    await automation.start("battery_low", batteries=[home.entity_id("battery")], threshold=50)
    lock.set_battery(50)
    await home.read()
    assert automation.told == []
    lock.set_battery(48)
    await home.read()
    await home.until(lambda: automation.told)
    assert "Battery 48 %" in automation.told[0]


# --- The door ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 3])
async def test_door_left_open(home: Home, automation: Automation, times: int) -> None:
    lock = home.add_lock()
    await home.set_up(lock, "bridge")
    calls: list[str] = []
    home.hass.bus.async_listen("door_told", lambda event: calls.append(event.data["message"]))
    tell = [{"event": "door_told", "event_data": {"message": "{{ message }}"}}]
    await automation.start("door_left_open", door=home.entity_id("door"), minutes=5, times=times, tell=tell)
    lock.open_door()
    await home.until(lambda: home.state("door") == "on")
    await asyncio.sleep(4 * 60)
    lock.close_door()
    await home.until(lambda: home.state("door") == "off")
    await asyncio.sleep(10 * 60)
    assert calls == []
    lock.open_door()
    await home.until(lambda: home.state("door") == "on")
    await asyncio.sleep(60 * 60)
    assert len(calls) == times
    assert "more than 5 minutes" in calls[0]
    assert f"more than {5 * times} minutes" in calls[-1]


@pytest.mark.parametrize("closed", [False, True])
async def test_door_that_is_open_after_a_restart(home: Home, automation: Automation, closed: bool) -> None:
    """Its state was there before the automations start, so it does not change."""
    lock = home.add_lock()
    await home.set_up(lock, "bridge")
    await automation.start("door_left_open", door=home.entity_id("door"), minutes=5)
    lock.open_door()
    await home.until(lambda: home.state("door") == "on")
    await asyncio.sleep(4 * 60)
    await automation.restart()
    await asyncio.sleep(4 * 60)
    assert automation.told == []
    if closed:
        lock.close_door()
        await home.until(lambda: home.state("door") == "off")
    await asyncio.sleep(10 * 60)
    assert len(automation.told) == (0 if closed else 1)
