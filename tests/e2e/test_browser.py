"""Adding and running a lock in the real user interface, as an owner would, with a screenshot of each step."""

from collections.abc import AsyncIterator
import os
from pathlib import Path
import shutil

from playwright.async_api import Locator, Page, async_playwright, expect
import pytest
import pytest_asyncio

from simulator.demo.house import House
from simulator.demo.owner import DOMAIN, entities_of
from simulator.virtual_lock import Jam
from tests.e2e.conftest import Mount
from tests.e2e.owned import OwnedLock, discovered

CACHE = Path(__file__).parents[2] / ".cache"
SCREENSHOTS = CACHE / "screenshots"

# Chromium in a container: no sandbox, no graphics card, and nothing that calls home.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A busy machine draws its pages slowly.
PATIENCE = 30_000

pytestmark = pytest.mark.browser


@pytest.fixture
def chromium() -> str:
    """Return the path of Chromium; skip without one, but not where it has to be there."""
    browser = CACHE / "browser"
    if browser.exists():
        return str(browser)
    reason = CACHE / "missing" / "browser"
    why = reason.read_text().strip() if reason.exists() else "No Chromium; scripts/setup --browser gets it."
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@pytest_asyncio.fixture(loop_scope="package")
async def page(chromium: str) -> AsyncIterator[Page]:
    """An empty page of a browser that has never been anywhere."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = await browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
        page = await context.new_page()
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        yield page
        await browser.close()


class Album:
    """The screenshots of one test, numbered."""

    def __init__(self, page: Page, name: str) -> None:
        self._page = page
        self._folder = SCREENSHOTS / name
        self._count = 0
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)

    async def add(self, name: str) -> None:
        """Take a picture when everything that moves has come to rest."""
        self._count += 1
        await self._page.wait_for_timeout(700)
        await self._page.screenshot(path=self._folder / f"{self._count:02}-{name}.png")


async def log_in(page: Page, house: House) -> None:
    """Log in as the owner."""
    login = house.home_assistant.login
    await page.goto(house.home_assistant.url)
    await page.locator("input[name=username]").fill(login.name)
    await page.locator("input[name=password]").fill(login.password)
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_text(f"Welcome {login.name.capitalize()}")).to_be_visible()


async def visit(page: Page, house: House, path: str) -> None:
    """Go to a page of the user interface."""
    await page.goto(house.home_assistant.url + path)
    await expect(page.locator("#ha-launch-screen")).to_have_count(0)


async def press(page: Page, name: str) -> None:
    """Press the button with this text in the dialog that is open."""
    await page.get_by_role("button", name=name, exact=True).click()


async def test_an_owner_adds_and_runs_a_lock(house: House, mount: Mount, page: Page) -> None:
    album = Album(page, "add-a-lock")
    lock = mount()
    await discovered(house, lock)
    await log_in(page, house)

    await visit(page, house, "/config/integrations/dashboard")
    card = page.locator("ha-config-flow-card", has_text=f"Nuki_{lock.nuki_id:08X}")
    await expect(card).to_contain_text("Smart Lock")
    await album.add("discovered")
    await card.get_by_role("button", name="Add", exact=True).click()

    await expect(page.get_by_text("It will run over Bluetooth alone")).to_be_visible()
    await album.add("confirm")
    await press(page, "Submit")

    await expect(page.get_by_text("Pair as")).to_be_visible()
    await album.add("form")
    await page.get_by_text("Bridge, in place of").click()
    await album.add("form-filled-in")
    await press(page, "Submit")

    await expect(page.get_by_text(f"Hold the button of Nuki_{lock.nuki_id:08X}")).to_be_visible()
    await album.add("hold-the-button")
    lock.enter_pairing_mode()

    await expect(page.get_by_text("Name and assign")).to_be_visible()
    await album.add("paired")
    await press(page, "Skip and finish")

    # The user interface goes on to the page of the new device.
    await expect(page.get_by_text("Device info")).to_be_visible()
    await expect(page.get_by_text("Clutch fault")).to_be_visible()
    await album.add("device")
    (entry,) = await house.api.entries(DOMAIN)
    entities = await entities_of(house.api, lock.nuki_id)
    owned = OwnedLock(house=house, lock=lock, entry_id=entry["entry_id"], entities=entities)
    (authorization,) = lock.authorizations
    assert authorization.id_type.name == "BRIDGE"

    await page.get_by_text("Front door", exact=True).last.click()
    dialog = page.locator("ha-more-info-dialog")
    await _shows(dialog, "Locked")
    await album.add("more-info")

    await _toggle(dialog)
    await _shows(dialog, "Unlocked")
    await album.add("unlocked")
    await _toggle(dialog)
    await _shows(dialog, "Locked")
    await album.add("locked")

    await dialog.get_by_role("button", name="Open door").click()
    await album.add("open-asks-again")
    await dialog.get_by_role("button", name="Really open?").click()
    await _shows(dialog, "Open")
    await album.add("open")
    await _shows(dialog, "Unlocked")
    assert owned.motor_runs == ["UNLOCK", "LOCK", "UNLATCH"]

    lock.jam(Jam.CLUTCH)
    await _toggle(dialog)
    await expect(page.locator(".message", has_text="The clutch of the lock has failed")).to_be_visible()
    await album.add("clutch-failed")
    assert lock.journal.pins_sent == []
    assert owned.rules_broken == []


async def _shows(dialog: Locator, state: str) -> None:
    """Wait until the more-info dialog shows a state of the lock."""
    await expect(dialog.locator("ha-more-info-state-header").get_by_text(state, exact=True)).to_be_visible()


async def _toggle(dialog: Locator) -> None:
    """Move the big switch of the more-info dialog."""
    await dialog.locator("ha-state-control-lock-toggle").click()
