"""Who came in, as an owner sees it in the real user interface, with a screenshot of each step."""

from playwright.async_api import Page, ViewportSize, expect
import pytest

from custom_components.smartlock.protocol.enums import KeypadAction
from simulator.demo.house import House
from simulator.demo.owner import DOMAIN
from simulator.virtual_lock import VirtualLock
from tests.e2e.browser import Album, log_in, press, visit
from tests.e2e.conftest import PIN, Mount
from tests.e2e.owned import OwnedLock, add_bridge

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}


async def _visited(house: House, lock: VirtualLock) -> OwnedLock:
    """Add a lock with a keypad where Anna has come in by code, and somebody else has not."""
    lock.pair_accessory("keypad")
    lock.add_code(345678, "Anna")
    owned = await add_bridge(house, lock, pin=str(PIN))
    lock.enter_code(345678, KeypadAction.UNLOCK)
    await owned.shows("last_user", "Anna")
    lock.enter_code(999999)
    await owned.api.call("homeassistant.update_entity", owned.entities.lock)
    return owned


async def _open(page: Page, house: House) -> None:
    """Open the options page."""
    await visit(page, house, f"/config/integrations/integration/{DOMAIN}")
    await page.get_by_role("button", name="Configure").first.click()
    await page.locator("step-flow-menu").get_by_text("Activity", exact=True).click()
    await expect(page.get_by_text("Show names").first).to_be_visible()


async def _switch(page: Page, label: str) -> None:
    """Move one of its switches, and store that."""
    await page.get_by_role("switch").nth(("Keep a log", "Show names").index(label)).click(force=True)
    await press(page, "Submit")
    await expect(page.get_by_text("Options successfully saved.")).to_be_visible()


async def test_an_owner_sees_who_came_in(house: House, mount: Mount, page: Page) -> None:
    album = Album(page, "activity")
    lock = mount()
    owned = await _visited(house, lock)
    await log_in(page, house)
    (device,) = [
        each["device_id"]
        for each in await house.api.command("config/entity_registry/list")
        if each["entity_id"] == owned.entities.lock
    ]
    for viewport, name in ((PHONE, "phone"), (DESKTOP, "desktop")):
        await page.set_viewport_size(viewport)
        await visit(page, house, f"/config/devices/device/{device}")
        await expect(page.get_by_text("Last user").first).to_be_visible()
        await album.add(f"device-{name}")
        await visit(page, house, f"/logbook?entity_id={owned.entities.lock}")
        await expect(page.get_by_text("was unlocked by Anna").first).to_be_visible()
        await expect(page.get_by_text("wrong code").first).to_be_visible()
        await album.add(f"logbook-{name}")

    await page.set_viewport_size(PHONE)
    await _open(page, house)
    await expect(page.get_by_text("was unlocked by Anna on the keypad").last).to_be_visible()
    await expect(page.get_by_text("To change how often, go to Connection and battery").last).to_be_visible()
    await album.add("options")
    await _switch(page, "Show names")
    await owned.shows("last_user", "Code 1")

    await _open(page, house)
    # What was in the log has no names either now.
    await expect(page.get_by_text("was unlocked by Code 1 on the keypad").last).to_be_visible()
    await expect(
        page.get_by_text("codes with a limited number of uses cannot be counted").last
    ).to_be_visible()
    await album.add("options-without-names")
    await _switch(page, "Keep a log")
    assert not lock.log.enabled
    await _open(page, house)
    await album.add("options-without-a-log")
    await _switch(page, "Keep a log")
    assert owned.lock.log.enabled
    await album.add("saved")
    await visit(page, house, f"/config/devices/device/{device}")
    await expect(page.get_by_text("Code 1").first).to_be_visible()
    await album.add("device-without-names")
    assert owned.rules_broken == []
