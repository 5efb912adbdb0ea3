"""Adding and changing an auto-unlock rule on a phone in the real user interface, with a screenshot of each step."""

import asyncio
import secrets

from playwright.async_api import Page, ViewportSize, expect
import pytest

from simulator.companion_app import CompanionApp
from simulator.demo.house import House
from simulator.home_assistant.connection import WAIT_TIMEOUT
from simulator.phone import PrivatePhone, VirtualPhone
from tests.e2e.browser import Album, log_in, switch, visit
from tests.e2e.conftest import Mount
from tests.e2e.owned import add_bridge

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}
INTEGRATION = "/config/integrations/integration/smartlock"


class Owner:
    """The owner with a phone, whose taps are counted."""

    def __init__(self, page: Page, album: Album) -> None:
        """Take the phone."""
        self.page = page
        self.album = album
        self.taps = 0

    async def tap(self, text: str) -> None:
        """Choose a button, an item of a menu, or an option of a form."""
        self.taps += 1
        await self.page.get_by_text(text, exact=True).last.click()

    async def submit(self, name: str = "Submit") -> None:
        """Submit the form."""
        self.taps += 1
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def sees(self, text: str, picture: str = "") -> None:
        """Wait for a text, and take a picture."""
        await expect(self.page.get_by_text(text).last).to_be_visible()
        if picture:
            await self.album.add(picture)

    async def sees_picture(self, level: str) -> None:
        """Wait for a level and a bar that the frontend has really drawn."""
        await self.sees(level)
        image = self.page.locator("ha-markdown img").last
        await expect(image).to_have_js_property("naturalWidth", 180)


async def know_phone(house: House, irk: bytes) -> None:
    """Add a phone that is in range to Private BLE Device."""
    form = await house.api.start_flow("private_ble_device")
    async with asyncio.timeout(WAIT_TIMEOUT):
        while (result := await house.api.submit(form["flow_id"], irk=irk.hex()))["type"] == "form":
            assert result["errors"] == {"irk": "irk_not_found"}
            await asyncio.sleep(0.2)
    await house.api.command(
        "config_entries/update", entry_id=result["result"]["entry_id"], title="Anna's iPhone"
    )


async def test_an_owner_adds_and_changes_a_rule(house: House, mount: Mount, page: Page) -> None:
    owner = Owner(page, Album(page, "auto-unlock"))
    await page.set_viewport_size(PHONE)
    await add_bridge(house, mount())
    app = await CompanionApp.install(house.api, "Anna")
    await app.tell_position(47.07, 15.44)
    irk = secrets.token_bytes(16)
    try:
        async with VirtualPhone(house.radio, PrivatePhone(irk=irk), interval=0.2) as phone:
            phone.place({house.proxy: -57})
            await know_phone(house, irk)
            await log_in(page, house)
            await visit(page, house, INTEGRATION)
            await add_a_rule(owner, phone, house)
            await change_it(owner, house)
    finally:
        for entry in await house.api.entries("private_ble_device"):
            await house.api.remove_entry(entry["entry_id"])
        await app.uninstall()


async def add_a_rule(owner: Owner, phone: VirtualPhone, house: House) -> None:
    """Three pages, with the phone in the pocket."""
    page = owner.page
    await page.get_by_text("Add auto-unlock for a person").first.click()
    owner.taps += 1
    await owner.sees("Who comes home", "person")
    await owner.sees("Anna's iPhone (-57 dBm)")
    # The app is logged in as the owner, who is a person with a location, too.
    await page.get_by_text("Select an entity").first.click()
    await owner.album.add("person-choose")
    await page.get_by_text("Anna", exact=True).first.click()
    owner.taps += 2
    await expect(page.get_by_text("Select an entity")).to_have_count(0)
    await owner.album.add("person-chosen")
    await owner.submit()

    await owner.sees("The phone is in range", "door")
    await owner.tap("Measure the signal")
    await owner.sees("Stand in front of the closed door", "measuring-begins")
    await owner.sees_picture("-57 dBm")
    await owner.album.add("measuring")
    phone.place({house.proxy: -70})
    await owner.sees_picture("-70 dBm")
    phone.place({house.proxy: -57})
    await owner.sees("Signal at the door", "measured")
    await owner.sees_picture("-57 dBm")

    taps, owner.taps = owner.taps, 0
    phone.place({house.proxy: -80})
    await owner.tap("Measure inside as well")
    await owner.sees("usually the hall", "inside")
    await owner.submit()
    await owner.sees("Stay inside", "measuring-inside")
    await owner.sees("Signal at the door", "measured-both")
    await owner.sees_picture("-57 dBm")
    await owner.sees_picture("-80 dBm")
    owner.taps = taps

    await owner.tap("Use this threshold")
    await owner.sees("A radio relay defeats every rule", "risk")
    await switch(page.get_by_role("switch").last)
    owner.taps += 1
    await owner.submit()
    await expect(page.get_by_text("Name and assign").or_(page.get_by_text("Success"))).to_be_visible()
    await owner.album.add("added")
    assert owner.taps == 8
    await page.keyboard.press("Escape")


async def change_it(owner: Owner, house: House) -> None:
    """A key that is wrong, quiet hours, and the mode."""
    page = owner.page
    await visit(page, house, INTEGRATION)
    await owner.sees("auto-unlock for Anna", "integration-with-rule")

    await page.get_by_role("button", name="Change auto-unlock").first.click()
    await owner.sees("What to change", "change")
    await owner.tap("Person and phone")
    await owner.tap("Another phone, with its key below")
    await page.locator("input[type=password]").fill("not a key")
    await owner.submit()
    await owner.sees("This is not a valid key", "key-wrong")
    await page.locator("input[type=password]").fill(secrets.token_hex(16))
    await owner.submit()
    await owner.sees("No signal from the phone yet", "door-silent")
    await owner.submit("Close")
    await expect(page.get_by_text("No signal from the phone yet")).to_have_count(0)

    await page.get_by_role("button", name="Change auto-unlock").first.click()
    await owner.tap("Action and conditions")
    await owner.sees("Only while this alarm is disarmed", "conditions")
    await page.get_by_text("Not with empty batteries").last.scroll_into_view_if_needed()
    await owner.album.add("conditions-2")
    await owner.submit()
    await owner.sees("The rule was changed", "changed")
    await page.get_by_text("Close", exact=True).last.click()

    await page.get_by_text("auto-unlock for Anna").first.click()
    await owner.sees("Mode")
    (mode,) = [
        entity_id
        for unique_id, entity_id in (await house.api.entity_ids("smartlock")).items()
        if unique_id.endswith("_auto_unlock_mode")
    ]
    # Nothing is missing, so it tries already.
    await owner.sees("Mode was changed", "device-tries")
    await house.api.call("select.select_option", mode, option="enabled")
    await owner.sees("Not armed")
    await owner.sees("Rule was changed", "device")
