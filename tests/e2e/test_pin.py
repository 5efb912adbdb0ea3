"""The security PIN in a real Home Assistant: wrong, lost, changed; and what the owner sees of it."""

import asyncio
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page, expect
import pytest

from custom_components.smartlock.protocol.enums import Command
from simulator.demo.house import House
from simulator.demo.owner import DOMAIN, open_pairing_form
from simulator.home_assistant import FlowResult, RequestError
from simulator.lock.habits import Habits, LostPin
from simulator.virtual_lock import VirtualLock
from tests.e2e.browser import Album, log_in, press, visit
from tests.e2e.conftest import PIN, PIN_OF_SIX, Mount
from tests.e2e.owned import OwnedLock, discovered, owned_lock, pair
from tests.e2e.test_settings import setting

FIX = "/api/repairs/issues/fix"
OPTIONS = "/api/config/config_entries/options/flow"


def right(lock: VirtualLock) -> str:
    """Return the PIN that a lock has at first."""
    return str(PIN_OF_SIX if lock.model.name == "ultra" else PIN)


def wrong_pins(lock: VirtualLock) -> list[str]:
    """Return to which commands a PIN was sent that the lock did not take."""
    return [str(sent.facts["command"]) for sent in lock.journal.pins_sent if not sent.facts["accepted"]]


def orders(lock: VirtualLock, command: str) -> int:
    """Return how often a PIN was sent with a command."""
    return len([sent for sent in lock.journal.pins_sent if sent.facts["command"] == command])


@dataclass
class Guarded:
    """A lock with a PIN, and what its owner does about that."""

    owned: OwnedLock
    state: str
    """The entity that tells what is known of the PIN."""

    async def shows(self, *states: str) -> None:
        """Wait until the state of the PIN is one of these."""
        await self.owned.api.wait_for_state(self.state, *states)

    async def dialog(self) -> str:
        """Wait for the repair that asks for the PIN, open it, and return the id of its dialog."""
        api = self.owned.api
        title = next(
            each["title"] for each in await api.entries(DOMAIN) if each["entry_id"] == self.owned.entry_id
        )
        async with asyncio.timeout(30):
            while True:
                for issue in (await api.command("repairs/list_issues"))["issues"]:
                    about = (issue["translation_placeholders"] or {}).get("name")
                    if (issue["translation_key"], about) == ("pin_refused", title):
                        flow = await api.request(
                            "POST", FIX, {"handler": DOMAIN, "issue_id": issue["issue_id"]}
                        )
                        return str(flow["flow_id"])
                await asyncio.sleep(0.2)

    async def submit(self, flow_id: str, **values: Any) -> FlowResult:
        """Submit a form of the repair."""
        result: FlowResult = await self.owned.api.request("POST", f"{FIX}/{flow_id}", values)
        return result

    async def options(self, *steps: str) -> str:
        """Open the options, go down the menus, and return the id of the dialog."""
        flow = await self.owned.api.request("POST", OPTIONS, {"handler": self.owned.entry_id})
        flow_id: str = flow["flow_id"]
        for step in ("pin", *steps):
            await self.submit_options(flow_id, next_step_id=step)
        return flow_id

    async def submit_options(self, flow_id: str, **values: Any) -> FlowResult:
        """Submit a form of the options."""
        result: FlowResult = await self.owned.api.request("POST", f"{OPTIONS}/{flow_id}", values)
        return result


async def add(house: House, lock: VirtualLock) -> Guarded:
    """Add a lock with its PIN, which is verified while it is paired."""
    flow_id = await discovered(house, lock)
    await open_pairing_form(house.api, flow_id)
    answers = {} if lock.model.name == "ultra" else {"client_type": "bridge"}
    owned = await owned_lock(house, lock, await pair(house, lock, flow_id, pin=right(lock), **answers))
    entities = await owned.api.entity_ids(DOMAIN)
    guarded = Guarded(owned, entities[f"{lock.nuki_id:08X}_pin_state"])
    await guarded.shows("valid")
    return guarded


async def need_pin(guarded: Guarded) -> str | None:
    """Change a setting, and return the reason if that is refused."""
    brightness = await setting(guarded.owned, "led_brightness")
    try:
        await guarded.owned.api.call("number.set_value", brightness, value=3)
    except RequestError as error:
        return error.translation_key
    return None


async def lose(guarded: Guarded) -> None:
    """Change the batteries, which makes the lock forget its PIN, and have it noticed."""
    lock = guarded.owned.lock
    lock.swap_batteries(["pin"])
    async with asyncio.timeout(30):
        while not lock.status()["power"] or lock.status()["lock_state"] != "LOCKED":
            await asyncio.sleep(0.1)
    await need_pin(guarded)
    await guarded.shows("invalid")


async def test_lost_with_the_batteries(house: House, mount: Mount) -> None:
    """On every model: sent once, then asked for in words, while the lock works as ever."""

    async def live_through(model: str) -> None:
        lock = mount(model, habits=Habits(pin_tries=3), name=f"Door of {model}")
        guarded = await add(house, lock)
        await lose(guarded)
        assert await need_pin(guarded) == "pin_invalid"
        assert len(wrong_pins(lock)) == 1
        await guarded.owned.call("unlock")
        assert guarded.owned.state() == "unlocked"

        # The owner sets another one in the app and tells it here.
        new = "2" * len(right(lock))
        lock.set_pin(int(new))
        flow_id = await guarded.dialog()
        await guarded.submit(flow_id, next_step_id="pin_enter")
        refused = await guarded.submit(flow_id, pin=right(lock))
        assert refused["errors"] == {"base": "pin_refused_before"}
        for error in ("wrong_pin", "pin_refused_before"):
            assert (await guarded.submit(flow_id, pin="1" * len(new)))["errors"] == {"base": error}
        assert (await guarded.submit(flow_id, pin=new))["type"] == "create_entry"
        await guarded.shows("valid")
        assert await need_pin(guarded) is None
        assert len(wrong_pins(lock)) == 2
        assert guarded.owned.rules_broken == []

    # Two at once: four would want one slot of the proxy more than it has.
    for models in (("gen2", "gen3"), ("gen4", "ultra")):
        await asyncio.gather(*map(live_through, models))


async def test_set_again_with_consent(house: House, mount: Mount) -> None:
    """A lock that has forgotten its PIN may take the old one as if it had none: one try, from the dialog."""

    async def live_through(habit: LostPin) -> None:
        lock = mount(habits=Habits(lost_pin=habit, pin_tries=3), name=f"Door that {habit}")
        guarded = await add(house, lock)
        await lose(guarded)
        api, flow_id = guarded.owned.api, await guarded.dialog()
        await guarded.submit(flow_id, next_step_id="pin_none")
        result = await guarded.submit(flow_id)
        if habit is LostPin.REJECTS:
            assert result["reason"] == "pin_lost"
            await guarded.shows("invalid")
            issues = (await api.command("repairs/list_issues"))["issues"]
            assert "pin_lost" in {issue["translation_key"] for issue in issues}
        else:
            assert result["type"] == "create_entry"
            await guarded.shows("valid")
            assert await need_pin(guarded) is None
        assert orders(lock, "SET_SECURITY_PIN") == 1
        assert len(wrong_pins(lock)) == 1 + (habit is LostPin.REJECTS)

    await asyncio.gather(*map(live_through, LostPin))


async def test_answer_to_a_new_pin_is_lost(house: House, mount: Mount) -> None:
    """It is set once, and the lock is asked which one it has; also a restart does not make it forget."""
    lock = mount()
    guarded = await add(house, lock)
    flow_id = await guarded.options("pin_change")
    lock.faults.drop_next_answer(Command.STATUS)
    result = await guarded.submit_options(flow_id, new_pin="4321", new_pin_again="4321")
    assert result["type"] == "create_entry"
    await guarded.shows("valid")
    assert orders(lock, "SET_SECURITY_PIN") == 1
    assert wrong_pins(lock) == []
    assert await need_pin(guarded) is None


@pytest.mark.browser
async def test_what_the_owner_sees(house: House, mount: Mount, page: Page) -> None:
    album = Album(page, "pin")
    lock = mount(habits=Habits(lost_pin=LostPin.REJECTS))
    guarded = await add(house, lock)
    await log_in(page, house)
    await page.set_viewport_size({"width": 1280, "height": 1200})

    async def options() -> None:
        await visit(page, house, "/config/integrations/integration/smartlock")
        await page.get_by_role("button", name="Configure", exact=True).first.click()
        await page.get_by_text("Security PIN", exact=True).last.click()

    await options()
    await expect(page.get_by_text("Change the PIN in the lock")).to_be_visible()
    await album.add("options")
    await page.get_by_text("Change the PIN in the lock").click()
    await expect(page.get_by_text("New PIN again")).to_be_visible()
    await album.add("change")

    await lose(guarded)
    await visit(page, house, "/config/repairs")
    title = page.get_by_text("Front door: PIN needed, locking works")
    await expect(title).to_be_visible()
    await album.add("attention")
    await title.click()
    await expect(page.get_by_text("has refused its security PIN")).to_be_visible()
    await album.add("refused")
    await page.get_by_text("Enter the PIN of the lock").click()
    await page.locator("input[type=password]").fill(right(lock))
    await press(page, "Submit")
    await expect(page.get_by_text("The lock has refused this PIN before")).to_be_visible()
    await album.add("refused-before")

    await options()
    await page.get_by_text("The lock forgot its PIN: set one").click()
    await expect(page.get_by_text("PIN to set, again")).to_be_visible()
    await album.add("none")

    flow_id = await guarded.options("pin_none")
    assert (await guarded.submit_options(flow_id))["reason"] == "pin_lost"
    await visit(page, house, "/config/repairs")
    await page.get_by_text("Front door: the security PIN is lost").click()
    await expect(page.get_by_text("What a factory reset deletes")).to_be_visible()
    await page.set_viewport_size({"width": 1280, "height": 1900})
    await album.add("lost")
    await page.get_by_text("The lock was reset: pair again").click()
    await expect(page.get_by_text("The dialog to pair again is open")).to_be_visible()
    await album.add("lost-reset")
    assert len(wrong_pins(lock)) == 2
