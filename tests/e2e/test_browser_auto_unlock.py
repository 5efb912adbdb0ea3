"""Adding and changing an auto-unlock rule in the real user interface, with a screenshot of each step."""

import secrets

from playwright.async_api import Page, expect
import pytest

from simulator.companion_app import CompanionApp
from simulator.demo.house import House
from simulator.phone import PrivatePhone, VirtualPhone
from tests.e2e.browser import Album, log_in, press, visit
from tests.e2e.conftest import Mount
from tests.e2e.owned import add_bridge

pytestmark = pytest.mark.browser


async def test_an_owner_adds_and_changes_a_rule(house: House, mount: Mount, page: Page) -> None:
    album = Album(page, "auto-unlock")
    await add_bridge(house, mount())
    app = await CompanionApp.install(house.api, "Anna")
    await app.tell_position(47.07, 15.44)
    irk = secrets.token_bytes(16)
    try:
        async with VirtualPhone(house.radio, PrivatePhone(irk=irk), interval=0.2) as phone:
            await log_in(page, house)
            await visit(page, house, "/config/integrations/integration/smartlock")
            await album.add("integration")
            await page.get_by_text("Add auto-unlock for a person").first.click()
            await expect(page.get_by_text("Who comes home")).to_be_visible()
            await page.get_by_text("Select an entity").first.click()
            await album.add("person-choose")
            await page.get_by_text("Anna", exact=True).first.click()
            await album.add("person")
            await press(page, "Submit")

            await expect(page.get_by_text("nobody without the key")).to_be_visible()
            await page.locator("input[type=password]").fill("not a key")
            await press(page, "Submit")
            await expect(page.get_by_text("This is not a valid IRK")).to_be_visible()
            await album.add("key-wrong")
            await page.locator("input[type=password]").fill(irk.hex())
            await press(page, "Submit")

            await expect(page.get_by_text("Choose the adapter or proxy")).to_be_visible()
            await album.add("door")
            # The only one there is has been chosen already.
            phone.place({house.proxy: -57})
            await press(page, "Submit")
            await expect(page.get_by_text("Stand in front of the closed door")).to_be_visible()
            await album.add("measuring")
            await expect(page.get_by_text("Measured signal")).to_be_visible()
            await expect(page.get_by_text("-57 dBm")).to_be_visible()
            await album.add("measured")
            await press(page, "Submit")

            await expect(page.get_by_text("The door always stays locked")).to_be_visible()
            await album.add("conditions")
            await press(page, "Submit")
            await expect(page.get_by_text("The suggested values suit most homes")).to_be_visible()
            await album.add("limits")
            await press(page, "Submit")
            await expect(page.get_by_text("A radio relay defeats every rule")).to_be_visible()
            await album.add("risk")
            await press(page, "Submit")
            await expect(page.get_by_text("Turn this on to add the rule")).to_be_visible()
            await page.get_by_role("switch").last.click(force=True)
            await press(page, "Submit")
            await expect(page.get_by_text("Name and assign").or_(page.get_by_text("Success"))).to_be_visible()
            await album.add("added")
            await page.keyboard.press("Escape")

            await visit(page, house, "/config/integrations/integration/smartlock")
            await expect(page.get_by_text("auto-unlock for Anna").first).to_be_visible()
            await album.add("integration-with-rule")
            await page.get_by_role("button", name="Change auto-unlock").first.click()
            await expect(page.get_by_text("What to change")).to_be_visible()
            await album.add("change")
            await page.get_by_text("Distances and times").click()
            await expect(page.get_by_text("The suggested values suit most homes")).to_be_visible()
            await press(page, "Submit")
            await expect(page.get_by_text("The rule was changed")).to_be_visible()
            await album.add("changed")
            await page.get_by_text("Close", exact=True).last.click()

            await page.get_by_text("Front door: auto-unlock for Anna").first.click()
            await expect(page.get_by_text("Mode", exact=True).first).to_be_visible()
            (mode,) = [
                entity_id
                for unique_id, entity_id in (await house.api.entity_ids("smartlock")).items()
                if unique_id.endswith("_auto_unlock_mode")
            ]
            await house.api.call("select.select_option", mode, option="enabled")
            await expect(page.get_by_text("Not armed")).to_be_visible()
            await expect(page.get_by_text("Turned on")).to_be_visible()
            await album.add("device")
    finally:
        await app.uninstall()
