"""The main jobs of an owner on a phone, in the real user interface: clicks and seconds, with a screenshot of each step."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import re
from time import monotonic

from playwright.async_api import Page, ViewportSize, expect
import pytest

from simulator.companion_app import CompanionApp
from simulator.demo.house import House
from simulator.home_assistant import HomeAssistantError
from simulator.virtual_lock import Jam, VirtualLock
from tests.e2e.browser import Album, log_in, press, visit
from tests.e2e.conftest import PIN, PIN_OF_SIX, Mount
from tests.e2e.owned import OwnedLock, discovered, tell
from tests.e2e.test_battery_change import as_before, noticed, owned_with_settings
from tests.e2e.test_pin import add, need_pin

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}


class Owner:
    """An owner with a phone, whose clicks are counted."""

    def __init__(self, page: Page, album: Album) -> None:
        self.page = page
        self.album = album
        self.clicks = 0

    @asynccontextmanager
    async def doing(self, job: str, most: int) -> AsyncIterator[None]:
        """Count the clicks of a job, which takes no more than so many."""
        self.clicks, began = 0, monotonic()
        yield
        tell(f"{job}: {self.clicks} clicks, {monotonic() - began:.1f} s")
        assert self.clicks <= most, job

    async def button(self, name: str) -> None:
        """Press a button of the dialog."""
        self.clicks += 1
        await press(self.page, name)

    async def tap(self, text: str) -> None:
        """Choose an answer, an item of a menu or a repair."""
        self.clicks += 1
        await self.page.get_by_text(text).last.click()

    async def sees(self, text: str, picture: str = "", *, timeout: int = 30_000) -> None:
        """Wait for a text, and take a picture."""
        await expect(self.page.get_by_text(text).last).to_be_visible(timeout=timeout)
        if picture:
            await self.album.add(picture)

    async def add(self, lock: VirtualLock) -> None:
        """Open the dialog of a discovered lock, as far as its form."""
        card = self.page.locator("ha-config-flow-card", has_text=f"Nuki_{lock.nuki_id:08X}")
        self.clicks += 1
        await card.get_by_role("button", name="Add", exact=True).click()
        await self.sees("It works over Bluetooth only")
        await self.button("Submit")

    async def enter(self, pin: str) -> None:
        """Enter a PIN, which is no click."""
        await self.page.locator("input[type=password]").last.fill(pin)


async def test_adding_on_a_phone(house: House, mount: Mount, page: Page) -> None:
    """As app; as bridge with a wrong PIN first; and a lock of the fifth generation."""
    album = Album(page, "jobs-add")
    owner = Owner(page, album)
    app, bridge, ultra = mount(), mount("gen2", name="Back door"), mount("ultra", name="Cellar")
    for lock in (app, bridge, ultra):
        await discovered(house, lock)
    await page.set_viewport_size(PHONE)
    await log_in(page, house)

    await visit(page, house, "/config/integrations/dashboard")
    await owner.sees(f"Nuki_{app.nuki_id:08X} (strong signal)", "discovered")
    async with owner.doing("add as app", 5):
        await owner.add(app)
        await owner.sees("Do you use a Nuki Bridge", "form")
        await owner.tap("Yes. Pair as app")
        await owner.button("Submit")
        await owner.sees("1 of 3: Hold the button", "hold-the-button")
        # The frontend shows the picture: it was loaded, and has a size.
        picture = page.locator("step-flow-progress img")
        await expect(picture).to_have_js_property("naturalWidth", 180)
        app.enter_pairing_mode()
        await owner.sees("Name and assign")
        await owner.button("Skip and finish")

    await visit(page, house, "/config/integrations/dashboard")
    async with owner.doing("add as bridge, wrong PIN, right PIN", 7):
        await owner.add(bridge)
        await owner.sees("Do you use a Nuki Bridge")
        await owner.tap("No. Pair as bridge")
        await owner.enter("1111")
        await owner.button("Submit")
        await owner.sees("The ring does not light up?", "hint")
        bridge.enter_pairing_mode()
        await owner.sees("Paired: only the PIN is missing", "pin-missing")
        await owner.tap("Enter the PIN")
        await owner.enter(str(PIN))
        await owner.album.add("pin-again")
        await owner.button("Submit")
        await owner.sees("Name and assign", "paired")
        await owner.button("Skip and finish")

    await visit(page, house, "/config/integrations/dashboard")
    async with owner.doing("add an Ultra", 4):
        await owner.add(ultra)
        await owner.sees("Next, hold the button", "ultra")
        await owner.enter(str(PIN_OF_SIX))
        await owner.button("Submit")
        await owner.sees("1 of 3: Hold the button", "ultra-hold")
        ultra.enter_pairing_mode()
        await owner.sees("Name and assign")
        await owner.button("Skip and finish")


async def test_batteries_and_faults_on_a_phone(house: House, mount: Mount, page: Page) -> None:
    """Settings back after a battery change; a low battery on the phone; and whether one is locked out."""
    album = Album(page, "jobs-repairs")
    owner = Owner(page, album)
    owned = await owned_with_settings(house, mount("gen3"))
    anna = await CompanionApp.install(house.api, "Anna")
    try:
        await restore_and_be_notified(house, owned, anna, owner)
    finally:
        await anna.uninstall()


async def restore_and_be_notified(house: House, owned: OwnedLock, anna: CompanionApp, owner: Owner) -> None:
    """Restore all, send a low battery to the phone, and look whether one is locked out."""
    page, album = owner.page, owner.album
    await page.set_viewport_size(PHONE)
    await log_in(page, house)

    await noticed(owned, ["settings"])
    await visit(page, house, "/config/repairs")
    async with owner.doing("restore all", 3):
        await owner.sees("new batteries, settings lost", "repairs-lost")
        await owner.tap("new batteries, settings lost")
        await owner.sees("Restores everything in the table", "lost")
        await page.get_by_text("How Home Assistant noticed").click()
        await expect(page.locator("details li").first).to_be_visible()
        await album.add("signs")
        await owner.tap("Restore all")
        await expect(page.get_by_text(re.compile(r"Starts in 0:|Done: \d"))).to_be_visible()
        await album.add("restoring")
        await owner.sees("Each setting was read back", "report", timeout=60_000)
        await owner.button("Submit")
    assert as_before(owned.lock)

    owned.lock.set_battery(18)
    await house.api.call("homeassistant.update_entity", owned.entities.lock)
    await visit(page, house, "/config/repairs")
    async with owner.doing("low battery to the phone", 5):
        await owner.tap("Front door: batteries critical")
        await owner.sees("Notify my phone", "battery")
        await owner.tap("Notify my phone")
        await owner.sees("You do not need an automation", "phones")
        await owner.tap("Select a device")
        await album.add("phones-list")
        await owner.tap(anna.device)
        await album.add("phones-chosen")
        await owner.button("Submit")
        await owner.sees("Sent. From now on", "phones-done")
    await house.api.wait_for("the notice", lambda: bool(anna.notifications), 20)
    assert anna.notifications[-1]["title"] == "Front door: batteries critical"

    owned.lock.set_battery(90)
    owned.lock.jam(Jam.CLUTCH_POWER)
    with pytest.raises(HomeAssistantError):
        await owned.call("unlock")
    await house.api.wait_for("the notice", lambda: "4B" in anna.notifications[-1]["title"], 20)
    assert anna.notifications[-1]["message"].startswith("Do not let the door fall shut")
    await visit(page, house, "/config/repairs")
    async with owner.doing("4B: am I locked out?", 1):
        await owner.tap("Front door: clutch fault (4B)")
        await owner.sees("Do not let the door fall shut: you may be locked out.", "clutch-4b")


async def test_a_refused_pin_on_a_phone(house: House, mount: Mount, page: Page) -> None:
    """It is a repair of ours that says that locking works."""
    album = Album(page, "jobs-pin")
    owner = Owner(page, album)
    guarded = await add(house, mount("ultra"))
    guarded.owned.lock.set_pin(222222)
    assert await need_pin(guarded)
    await page.set_viewport_size(PHONE)
    await log_in(page, house)
    await visit(page, house, "/config/repairs")
    async with owner.doing("enter a PIN that was changed", 3):
        await owner.tap("PIN needed, locking works")
        await owner.sees("The lock forgot its PIN", "menu")
        await owner.tap("Enter the PIN of the lock")
        await expect(page.get_by_text("0000")).to_have_count(0)
        await album.add("enter")
        await owner.enter("222222")
        await owner.button("Submit")
