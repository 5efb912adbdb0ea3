"""Who came in, as an owner sees it in the real user interface, with a screenshot of each step."""

import asyncio

from playwright.async_api import Page, ViewportSize, expect
import pytest

from custom_components.smartlock.protocol.enums import KeypadAction
from simulator.demo.house import House
from simulator.demo.owner import DOMAIN
from simulator.virtual_lock import VirtualLock
from tests.e2e.browser import Album, log_in, press, switch, visit
from tests.e2e.conftest import PIN, Mount
from tests.e2e.owned import OwnedLock, add_bridge
from tests.integration.home import SWITCHED_ON

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
# The highest and the lowest edge of the cards with entities, on a page that is not scrolled.
CARDS = """() => {
  const edges = [];
  const look = root => root.querySelectorAll("*").forEach(each => {
    if (each.localName === "ha-device-entities-card") {
      const box = each.getBoundingClientRect();
      edges.push(box.top, box.bottom);
    }
    if (each.shadowRoot) look(each.shadowRoot);
  });
  look(document);
  return Math.max(...edges) - Math.min(...edges);
}"""
# With the wear, which is known after weeks, it is one row more.
SCREENS, ROW = 1.7, 48


async def _visited(house: House, lock: VirtualLock) -> OwnedLock:
    """Add a lock with a keypad where Anna has come in by code, and somebody else has not."""
    lock.pair_accessory("keypad")
    lock.add_code(345678, "Anna")
    owned = await add_bridge(house, lock, pin=str(PIN))
    await _as_new(owned)
    lock.enter_code(345678, KeypadAction.UNLOCK)
    await _has(owned, "activity", "Anna")
    lock.enter_code(999999)
    await owned.api.call("homeassistant.update_entity", owned.entities.lock)
    return owned


async def _as_new(owned: OwnedLock) -> None:
    """Disable what is disabled for a new owner, once all of it is there."""
    found = await owned.api.entity_ids(DOMAIN)
    prefix = f"{owned.lock.nuki_id:08X}_"
    for unique_id, entity_id in found.items():
        if unique_id.removeprefix(prefix) in SWITCHED_ON:
            await owned.api.command("config/entity_registry/update", entity_id=entity_id, disabled_by="user")


async def _has(owned: OwnedLock, key: str, user: str) -> None:
    """Wait until an event names somebody."""
    entity_id = getattr(owned.entities, key)
    async with asyncio.timeout(30):
        while owned.api.states[entity_id].attributes.get("user") != user:
            await asyncio.sleep(0.1)


async def _open(page: Page, house: House) -> None:
    """Open the options page."""
    await visit(page, house, f"/config/integrations/integration/{DOMAIN}")
    await page.get_by_role("button", name="Configure").first.click()
    await page.locator("step-flow-menu").get_by_text("Activity", exact=True).click()
    await expect(page.get_by_text("Show names").first).to_be_visible()


async def _switch(page: Page, label: str) -> None:
    """Move one of its switches, and store that."""
    await switch(page.get_by_role("switch").nth(("Keep a log", "Show names").index(label)))
    await press(page, "Submit")
    await expect(page.get_by_text("Options successfully saved.")).to_be_visible()


async def _lists(page: Page, house: House, path: str, *lines: str) -> None:
    """Open a page of Activity and see these lines in it.

    On a busy machine the frontend draws the rows before it has the words for their states, and does not draw them again.
    """
    for patience in (10_000, 10_000, 30_000):
        await visit(page, house, path)
        try:
            for line in lines:
                await expect(page.get_by_text(line).first).to_be_visible(timeout=patience)
        except AssertionError:
            if patience == 30_000:
                raise
        else:
            return


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
        await expect(page.get_by_text("Diagnostic").first).to_be_visible()
        await album.add(f"device-{name}")
        if viewport is PHONE:
            assert await page.evaluate(CARDS) + ROW <= SCREENS * viewport["height"]
        await _lists(page, house, f"/logbook?device_id={device}", "was unlocked by Anna", "Wrong code")
        await album.add(f"logbook-{name}")

    await page.set_viewport_size(PHONE)
    await _open(page, house)
    await expect(page.get_by_text("was unlocked by Anna on the keypad").last).to_be_visible()
    await expect(page.get_by_text("To change how often, go to Connection and battery").last).to_be_visible()
    await album.add("options")
    await _switch(page, "Show names")
    await _has(owned, "activity", "Code 1")

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
    assert owned.rules_broken == []
