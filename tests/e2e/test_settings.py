"""Settings of the lock in a real Home Assistant: changed as an owner would, and looked at."""

import asyncio
from typing import Any

from playwright.async_api import Page, expect
import pytest

from simulator.demo.house import House
from simulator.demo.owner import DOMAIN, open_pairing_form
from simulator.home_assistant import RequestError
from simulator.virtual_lock import VirtualLock
from tests.e2e.browser import Album, log_in, visit
from tests.e2e.conftest import PIN, PIN_OF_SIX, Mount
from tests.e2e.owned import OwnedLock, discovered, owned_lock, pair


async def add_with_pin(house: House, lock: VirtualLock) -> OwnedLock:
    """Add a lock whose security PIN the owner gives."""
    flow_id = await discovered(house, lock)
    await open_pairing_form(house.api, flow_id)
    answers = (
        {"pin": str(PIN_OF_SIX)} if lock.model.name == "ultra" else {"client_type": "bridge", "pin": str(PIN)}
    )
    return await owned_lock(house, lock, await pair(house, lock, flow_id, **answers))


async def setting(owned: OwnedLock[Any], key: str) -> str:
    """Return the entity id of a setting; entities appear when the settings have been read."""
    unique_id = f"{owned.lock.nuki_id:08X}_{key}"
    async with asyncio.timeout(20):
        while unique_id not in (found := await owned.api.entity_ids(DOMAIN)):
            await asyncio.sleep(0.2)
    return found[unique_id]


@pytest.mark.parametrize("model", ["gen3", "ultra"])
async def test_an_owner_changes_settings(house: House, mount: Mount, model: str) -> None:
    """Several at once are one write of each kind; each is in the lock, and shown."""
    owned = await add_with_pin(house, mount(model))
    lock, api = owned.lock, owned.api
    brightness, led = await setting(owned, "led_brightness"), await setting(owned, "led_enabled")
    button, start = (
        await setting(owned, "single_button_press_action"),
        await setting(owned, "night_mode_start"),
    )
    delay = await setting(owned, "auto_lock_timeout")
    await api.wait_for_state(brightness, "5")

    await asyncio.gather(
        api.call("number.set_value", brightness, value=2),
        api.call("switch.turn_off", led),
        api.call("select.select_option", button, option="show_status"),
        api.call("time.set_value", start, time="21:30:00"),
        api.call("number.set_value", delay, value=120),
    )

    values = lock.settings.values
    assert (values.led_brightness, values.led_enabled, values.auto_lock_timeout) == (2, 0, 120)
    assert (values.single_button_press_action.name, values.night_mode_start) == ("SHOW_STATUS", (21, 30))
    for entity_id, state in (
        (brightness, "2"),
        (led, "off"),
        (button, "show_status"),
        (start, "21:30:00"),
        (delay, "120"),
    ):
        await api.wait_for_state(entity_id, state)
    assert len(lock.journal.requests("SET_CONFIG")) == 1
    assert len(lock.journal.requests("SET_ADVANCED_CONFIG")) == 1
    pins = [str(entry.facts["command"]) for entry in lock.journal.pins_sent]
    assert pins.count("SET_CONFIG") == pins.count("SET_ADVANCED_CONFIG") == 1
    assert all(entry.facts["accepted"] for entry in lock.journal.pins_sent)
    assert lock.journal.motor_runs == []
    assert owned.rules_broken == []


async def test_without_a_pin_a_change_says_what_to_do(owned: OwnedLock) -> None:
    brightness = await setting(owned, "led_brightness")
    await owned.api.wait_for_state(brightness, "5")
    with pytest.raises(RequestError) as failure:
        await owned.api.call("number.set_value", brightness, value=2)
    assert failure.value.translation_key == "pin_needed"
    assert owned.api.states[brightness].state == "5"
    assert owned.lock.journal.pins_sent == []


@pytest.mark.browser
async def test_settings_on_the_page_of_the_device(house: House, mount: Mount, page: Page) -> None:
    """With everything that there is; the danger of what is dangerous is told where it is switched."""
    album = Album(page, "settings")
    lock = mount("ultra")
    lock.pair_accessory("fob")
    owned = await add_with_pin(house, lock)
    unlatch = await setting(owned, "auto_unlatch")
    await setting(owned, "led_brightness")
    (device,) = await owned.api.devices(DOMAIN)
    await page.set_viewport_size({"width": 1280, "height": 2000})
    await log_in(page, house)
    await visit(page, house, f"/config/devices/device/{device['id']}")
    await expect(page.get_by_text("LED brightness")).to_be_visible()
    await album.add("device")

    await owned.api.command("config/entity_registry/update", entity_id=unlatch, disabled_by=None)
    # Home Assistant does the same by itself, half a minute later.
    await owned.api.set_entry_disabled(owned.entry_id, disabled=True)
    await owned.api.set_entry_disabled(owned.entry_id, disabled=False)
    await owned.api.wait_for_state(unlatch, "off")
    await visit(page, house, f"/?more-info-entity-id={unlatch}")
    dialog = page.locator("ha-more-info-dialog")
    await expect(dialog.get_by_text("Auto unlatch (opens the door)")).to_be_visible()
    await album.add("auto-unlatch")
    await dialog.get_by_label("Menu").click()
    await page.get_by_text("Details", exact=True).click()
    await expect(page.get_by_text("Caution", exact=True)).to_be_visible()
    assert "every unlock also pulls the latch" in await dialog.aria_snapshot()
    await album.add("auto-unlatch-caution")
