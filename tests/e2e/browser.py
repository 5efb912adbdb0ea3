"""A real browser for the tests that look at the user interface, with a screenshot of each step."""

from collections.abc import AsyncIterator
import os
from pathlib import Path
import shutil

from playwright.async_api import Locator, Page, async_playwright, expect
import pytest
import pytest_asyncio

from simulator.demo.house import House

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
# A busy machine draws its pages slowly, and the first one when it has compiled the whole frontend.
PATIENCE, FIRST_PATIENCE = 30_000, 120_000


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
    welcome = page.get_by_text(f"Welcome {login.name.capitalize()}")
    await expect(welcome).to_be_visible(timeout=FIRST_PATIENCE)


async def visit(page: Page, house: House, path: str) -> None:
    """Go to a page of the user interface."""
    await page.goto(house.home_assistant.url + path)
    await expect(page.locator("#ha-launch-screen")).to_have_count(0)


async def switch(control: Locator) -> None:
    """Move a switch by its key, which needs no place in a dialog that is still moving, and see that it has moved."""
    before = await control.is_checked()
    await control.press("Space")
    await expect(control).to_be_checked(checked=not before)


async def press(page: Page, name: str) -> None:
    """Press the button with this text in the dialog that is open."""
    await page.get_by_role("button", name=name, exact=True).click()
