"""Giving and taking rights in the real user interface on a phone, as an owner would, with a screenshot of each step."""

import re

from playwright.async_api import Page, ViewportSize, expect
import pytest

from custom_components.smartlock.protocol.enums import Weekdays
from custom_components.smartlock.protocol.wire import Time2
from simulator.demo.house import House
from simulator.demo.owner import DOMAIN
from simulator.virtual_lock import VirtualLock
from tests.e2e.browser import Album, log_in, switch, visit
from tests.e2e.conftest import PIN, Mount
from tests.e2e.owned import OwnedLock, add_bridge

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}


class OwnersPhone:
    """The owner with a phone, whose taps are counted."""

    def __init__(self, page: Page, album: Album) -> None:
        """Take the phone."""
        self.page = page
        self.album = album
        self.taps = 0

    async def open_options(self) -> None:
        """Open the options of the one lock, from the page of the integration."""
        await self.page.get_by_role("button", name="Configure").first.click()
        await expect(self.page.get_by_text("Keypad codes", exact=True)).to_be_visible()
        self.taps = 1

    async def tap(self, text: str) -> None:
        """Choose an item of a menu, or an option of a form."""
        self.taps += 1
        await self.page.get_by_text(text, exact=True).last.click()

    async def submit(self) -> None:
        """Submit the form."""
        self.taps += 1
        button = self.page.get_by_role("button", name=re.compile("^(Submit|Next)$"))
        await button.click()

    async def sees(self, text: str, picture: str = "") -> None:
        """Wait for a text, and take a picture."""
        await expect(self.page.get_by_text(text).last).to_be_visible()
        if picture:
            await self.album.add(picture)

    async def close(self) -> None:
        """Close the dialog."""
        await self.page.get_by_role("button", name="Close").click()
        await expect(self.page.get_by_role("button", name="Close")).to_have_count(0)


async def furnished(house: House, lock: VirtualLock) -> OwnedLock:
    """Add a lock with a keypad, a family and its PIN."""
    lock.pair_accessory("keypad")
    lock.pair_accessory("fob")
    for name in ("Anna's phone", "Ben's phone"):
        lock.invite_phone(name)
    return await add_bridge(house, lock, pin=str(PIN))


async def test_an_owner_gives_and_takes_rights(house: House, mount: Mount, page: Page) -> None:
    album = Album(page, "people")
    lock = mount()
    await furnished(house, lock)
    await page.set_viewport_size(PHONE)
    await log_in(page, house)
    await visit(page, house, f"/config/integrations/integration/{DOMAIN}")
    phone = OwnersPhone(page, album)
    taps: dict[str, int] = {}

    # A code for the cleaner on Mondays from nine to twelve.
    await phone.open_options()
    await album.add("options")
    await phone.tap("Keypad codes")
    await phone.sees("There are no keypad codes yet.", "codes-none")
    await phone.tap("Add a code")
    await phone.sees("Who is it for", "code-add")
    await page.locator("ha-form ha-selector-text input").first.fill("Cleaner")
    phone.taps += 1
    await phone.tap("On certain days and hours")
    await album.add("code-add-filled-in")
    await phone.submit()
    await phone.sees("On which days", "weekdays")
    # The frontend fills in nothing by itself, so that the code has no day that is not meant.
    await expect(page.get_by_role("checkbox", name="Monday")).not_to_be_checked()
    await page.get_by_role("checkbox", name="Monday").check(force=True)
    phone.taps += 1
    await album.add("weekdays-filled-in")
    await phone.submit()
    await phone.sees("Write it down or send it now", "code-done")
    taps["cleaner"] = phone.taps
    (code,) = lock.keypad_codes
    assert (code.name, code.limit.allowed_weekdays) == ("Cleaner", Weekdays.MONDAY)
    assert (code.limit.allowed_from_time, code.limit.allowed_until_time) == (Time2(9, 0), Time2(12, 0))
    digits = f"{code.code}"
    await expect(page.get_by_text(f"{digits[:3]} {digits[3:]}")).to_be_visible()
    await phone.submit()
    await phone.sees("Monday 09:00–12:00", "codes")

    # A plumber, once.
    phone.taps = 2
    await phone.tap("Add a code")
    await page.locator("ha-form ha-selector-text input").first.fill("Plumber")
    await page.locator("ha-form ha-selector-number input").fill("1")
    phone.taps += 2
    await album.add("plumber")
    await phone.submit()
    await phone.sees("uses left: 1", "plumber-done")
    taps["plumber"] = phone.taps
    await phone.submit()
    await phone.sees("Plumber", "codes-two")
    await phone.tap("Change or remove a code")
    await phone.sees("Which code", "code-pick")
    await page.get_by_text("Cleaner: Monday").last.click()
    await phone.submit()
    await phone.sees("Show the digits", "code")
    await phone.close()

    # Who has what, and a lost phone.
    await phone.open_options()
    await phone.tap("People")
    await phone.sees("Ben's phone", "people")
    taps["who has what"] = phone.taps
    await phone.tap("A phone or fob was lost")
    await phone.sees("Choose what was lost", "lost")
    await page.get_by_text("Anna's phone: phone").last.click()
    phone.taps += 1
    await phone.submit()
    await phone.sees("What else to do", "lost-paused")
    (anna,) = (each for each in lock.authorizations if each.name == "Anna's phone")
    assert not anna.enabled
    await phone.tap("Delete the access")
    await phone.sees("no longer has access", "lost-deleted")
    taps["lost phone"] = phone.taps
    assert "Anna's phone" not in [each.name for each in lock.authorizations]
    await phone.tap("Back to the list")
    await phone.sees("Home Assistant", "people-after")
    await phone.close()

    # Time control.
    await phone.open_options()
    await phone.tap("Time control")
    await phone.sees("does nothing automatically yet", "time-control")
    await phone.tap("Add an entry")
    await phone.sees("What should the lock do automatically", "time-control-add")
    await phone.submit()
    await phone.sees("every day 22:00", "time-control-added")
    taps["time control"] = phone.taps
    await phone.close()

    # Leaving.
    await phone.open_options()
    await phone.tap("Leave this lock")
    await phone.sees("removes its own access", "leave")
    await switch(page.get_by_role("switch").last)
    phone.taps += 1
    await phone.submit()
    await phone.sees("Home Assistant was removed from the lock", "left")
    taps["leave"] = phone.taps
    assert "Home Assistant" not in "".join(each.name for each in lock.authorizations)
    assert await house.api.entries(DOMAIN) == []

    assert max(taps.values()) <= 9, taps
    assert digits not in house.home_assistant.log()
