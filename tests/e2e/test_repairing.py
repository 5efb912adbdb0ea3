"""A repair in the real user interface, with a screenshot of each step."""

from dataclasses import replace

from playwright.async_api import Page, expect
import pytest

from simulator.demo.house import House
from simulator.home_assistant import RequestError
from simulator.virtual_lock import Jam, Kind
from tests.e2e.browser import Album, log_in, press, switch, visit
from tests.e2e.conftest import BRISK, PIN, Mount
from tests.e2e.owned import add_bridge

pytestmark = pytest.mark.browser


async def test_an_owner_is_guided_through_a_repair(house: House, mount: Mount, page: Page) -> None:
    album = Album(page, "repair")
    # Long enough to be seen on a page that is drawn slowly.
    owned = await add_bridge(house, mount(timing=replace(BRISK, calibration=6.0)), pin=str(PIN))
    owned.lock.jam(Jam.CLUTCH_POWER)
    with pytest.raises(RequestError):
        await owned.call("unlock")
    await owned.shows("clutch_fault", "on")
    await log_in(page, house)

    await visit(page, house, "/config/repairs")
    await expect(page.get_by_text("clutch fault (4B)")).to_be_visible()
    await album.add("repairs")
    await page.get_by_text("clutch fault (4B)").click()
    await expect(page.get_by_text("Can the door still be opened?")).to_be_visible()
    await expect(page.get_by_text("4B", exact=True)).to_be_visible()
    await album.add("explained")

    await page.get_by_text("Read the lock again").click()
    await expect(page.get_by_text("it has not completed a movement since the fault")).to_be_visible()
    await album.add("read-again")
    await page.locator("ha-dialog-footer").get_by_role("button", name="Close").click()

    await page.get_by_text("clutch fault (4B)").click()
    await page.get_by_text("Calibrate (the bolt moves)").click()
    await expect(page.get_by_text("The bolt moves", exact=True)).to_be_visible()
    await album.add("consent")
    await press(page, "Submit")
    await expect(page.get_by_text("Nothing was sent.")).to_be_visible()
    await album.add("consent-missing")
    assert owned.lock.journal.of(Kind.CALIBRATION) == []

    owned.lock.repair()
    await switch(page.get_by_role("switch"))
    await press(page, "Submit")
    await expect(page.get_by_text("The lock is calibrating")).to_be_visible()
    await album.add("calibrating")
    await owned.shows("clutch_fault", "off")
    await expect(page.get_by_text("The lock is calibrating")).to_have_count(0)
    await album.add("done")
    assert len(owned.lock.journal.of(Kind.CALIBRATION)) == 1
