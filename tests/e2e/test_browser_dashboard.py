"""The view that an owner copies out of the options, as Home Assistant draws it, with a screenshot of each size."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from playwright.async_api import Page, ViewportSize, expect
import pytest
import yaml

from custom_components.smartlock.protocol.enums import KeypadAction
from simulator.demo.house import House
from simulator.demo.owner import DOMAIN
from simulator.virtual_lock import Jam
from tests.e2e.browser import Album, log_in, visit
from tests.e2e.conftest import PIN, Mount
from tests.e2e.owned import OwnedLock, add_bridge

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}
TABLET: ViewportSize = {"width": 1280, "height": 800}
PATH = "front-door"
DAYS = 170


async def _copied(page: Page, house: House) -> dict[str, Any]:
    """Return what an owner copies out of the options."""
    await visit(page, house, f"/config/integrations/integration/{DOMAIN}")
    await page.get_by_role("button", name="Configure").first.click()
    await page.locator("step-flow-menu").get_by_text("Dashboard", exact=True).click()
    field = page.locator("textarea").first
    await expect(field).to_be_visible()
    view: dict[str, Any] = yaml.safe_load(await field.input_value())
    return view


async def _past(owned: OwnedLock, entity_id: str, unit: str, values: list[float]) -> None:
    """Give an entity long-term statistics of past days, as the recorder would have written them."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    stats = [
        {
            "start": (now - timedelta(days=len(values) - day)).isoformat(),
            "mean": value,
            "min": value,
            "max": value,
        }
        for day, value in enumerate(values)
    ]
    await owned.api.command(
        "recorder/import_statistics",
        metadata={
            "has_mean": True,
            "mean_type": 1,
            "has_sum": False,
            "name": None,
            "source": "recorder",
            "statistic_id": entity_id,
            "unit_class": None,
            "unit_of_measurement": unit,
        },
        stats=stats,
    )


@pytest.mark.complaint("clutch")
async def test_the_view_of_a_lock(house: House, mount: Mount, page: Page) -> None:
    """It has no card that fails, and a banner appears with a fault and disappears with it."""
    album = Album(page, "dashboard")
    lock = mount()
    lock.pair_accessory("keypad")
    lock.add_code(345678, "Anna")
    owned = await add_bridge(house, lock, pin=str(PIN))
    lock.enter_code(345678, KeypadAction.UNLOCK)
    await owned.shows("last_user", "Anna")
    wear = owned.entities.lock.replace("lock.", "sensor.") + "_wear"
    await _past(owned, owned.entities.battery, "%", [90 - 0.42 * day for day in range(DAYS)])
    await _past(owned, wear, "%", [max(0.0, day / 9 - 4) for day in range(DAYS)])

    await log_in(page, house)
    await page.set_viewport_size(PHONE)
    view = await _copied(page, house)
    await album.add("options")
    await house.api.command("lovelace/dashboards/create", url_path=PATH, title="Front door", mode="storage")
    await house.api.command("lovelace/config/save", url_path=PATH, config={"views": [view]})
    sights: tuple[tuple[ViewportSize, Literal["light", "dark"]], ...] = (
        (PHONE, "light"),
        (TABLET, "light"),
        (PHONE, "dark"),
        (TABLET, "dark"),
    )
    for size, scheme in sights:
        await page.set_viewport_size(size)
        await page.emulate_media(color_scheme=scheme)
        await visit(page, house, f"/{PATH}/0")
        await expect(page.get_by_text("was unlocked by Anna").first).to_be_visible()
        await expect(page.locator("statistics-chart canvas").first).to_be_visible()
        await expect(page.locator("hui-error-card, hui-warning")).to_have_count(0)
        await expect(page.get_by_text("Do not let the door fall shut")).to_have_count(0)
        await album.add(f"{'phone' if size is PHONE else 'tablet'}-{scheme}")

    lock.jam(Jam.CLUTCH)
    with pytest.raises(Exception, match="clutch"):
        await owned.call("lock")
    await owned.shows("lock", "jammed")
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(PHONE)
    await visit(page, house, f"/{PATH}/0")
    await expect(page.get_by_text("Do not let the door fall shut").first).to_be_visible()
    await album.add("fault")
    await page.get_by_role("link", name="What you can do").click()
    await expect(page.get_by_text("clutch").first).to_be_visible()
    lock.repair()
    await owned.call("lock")
    await visit(page, house, f"/{PATH}/0")
    await expect(page.get_by_text("Do not let the door fall shut")).to_have_count(0)
