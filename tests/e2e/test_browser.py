"""Adding and running a lock in the real user interface, as an owner would, with a screenshot of each step."""

from playwright.async_api import Locator, Page, expect
import pytest

from simulator.demo.house import House
from simulator.demo.owner import DOMAIN, entities_of
from simulator.virtual_lock import Jam
from tests.e2e.browser import Album, log_in, press, visit
from tests.e2e.conftest import Mount
from tests.e2e.owned import OwnedLock, discovered

pytestmark = pytest.mark.browser


async def test_an_owner_adds_and_runs_a_lock(house: House, mount: Mount, page: Page) -> None:
    album = Album(page, "add-a-lock")
    lock = mount()
    # The latch is pulled long enough to be seen on a page that is drawn slowly.
    lock.settings.change(unlatch_duration=7)
    await discovered(house, lock)
    await log_in(page, house)

    await visit(page, house, "/config/integrations/dashboard")
    card = page.locator("ha-config-flow-card", has_text=f"Nuki_{lock.nuki_id:08X}")
    await expect(card).to_contain_text("Smart Lock")
    await album.add("discovered")
    await card.get_by_role("button", name="Add", exact=True).click()

    await expect(page.get_by_text("It works over Bluetooth only")).to_be_visible()
    await album.add("confirm")
    await press(page, "Submit")

    await expect(page.get_by_text("Do you use a Nuki Bridge")).to_be_visible()
    await album.add("form")
    await page.get_by_text("No. Pair as bridge").click()
    await album.add("form-filled-in")
    await press(page, "Submit")

    await expect(page.get_by_text(f"Hold the button on Nuki_{lock.nuki_id:08X}")).to_be_visible()
    await album.add("hold-the-button")
    lock.enter_pairing_mode()

    await expect(page.get_by_text("Name and assign")).to_be_visible()
    await album.add("paired")
    await press(page, "Skip and finish")

    # The user interface goes on to the page of the new device.
    await expect(page.get_by_text("Device info")).to_be_visible()
    await expect(page.get_by_text("Clutch fault").first).to_be_visible()
    await album.add("device")
    (entry,) = await house.api.entries(DOMAIN)
    entities = await entities_of(house.api, lock.nuki_id)
    owned = OwnedLock(house=house, lock=lock, entry_id=entry["entry_id"], entities=entities)
    (authorization,) = lock.authorizations
    assert authorization.id_type.name == "BRIDGE"

    await page.locator("ha-device-entities-card").get_by_text("Front door", exact=True).first.click()
    dialog = page.locator("ha-more-info-dialog")
    await _shows(dialog, "Locked")
    await album.add("more-info")

    await _toggle(dialog)
    await _shows(dialog, "Unlocked")
    await album.add("unlocked")
    await _toggle(dialog)
    await _shows(dialog, "Locked")
    await album.add("locked")

    opens, sure = (dialog.get_by_role("button", name=name) for name in ("Open door", "Really open?"))
    await opens.click()
    await expect(sure).to_be_visible()
    await album.add("open-asks-again")
    # It asks for five seconds, which a picture can take; so it is asked again.
    await expect(opens).to_be_visible()
    await opens.click()
    await sure.click()
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
