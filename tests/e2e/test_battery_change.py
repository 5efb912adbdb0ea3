"""Batteries are changed in a real Home Assistant: what is lost is told, and put back."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
import re
from typing import Any

from playwright.async_api import Page, expect
import pytest

from simulator.demo.house import House
from simulator.demo.owner import DOMAIN
from simulator.home_assistant import HomeAssistantError
from simulator.virtual_lock import Kind, VirtualLock
from tests.e2e.browser import Album, log_in, press, visit
from tests.e2e.conftest import BRISK, Mount
from tests.e2e.owned import OwnedLock
from tests.e2e.test_settings import add_with_pin, setting

FIX = "/api/repairs/issues/fix"
CHANGES = {
    "led_brightness": 1,
    "button_enabled": 0,
    "auto_lock_enabled": 1,
    "auto_lock_timeout": 120,
    "time_zone_id": 40,
}


async def owned_with_settings(house: House, lock: VirtualLock) -> OwnedLock:
    """Add a lock whose owner has made it his own, and wait until its settings are kept."""
    lock.settings.change(**CHANGES)
    owned = await add_with_pin(house, lock)
    await owned.disconnect()
    answer = await owned.api.command(
        "call_service",
        domain="smartlock",
        service="save_settings",
        target={"entity_id": owned.entities.lock},
        return_response=True,
    )
    (snapshot,) = answer["response"].values()
    assert snapshot["config"]["led_brightness"] == 1
    assert snapshot["lacks"] == []
    await owned.disconnect()
    return owned


async def noticed(owned: OwnedLock[Any], lose: list[str], *, timeout: float = 30) -> None:
    """Change the batteries and wait until that shows, whatever it takes."""
    entity_id = await setting(owned, "battery_changed")
    # Home Assistant remembers what an entity of an earlier lock with this name has shown.
    before = owned.api.states[entity_id].state
    owned.lock.swap_batteries(lose)
    await asyncio.sleep(3)
    if not owned.lock.model.state_flag:
        await owned.api.call("homeassistant.update_entity", owned.entities.lock)
    await owned.api.wait_for(
        "the change of batteries", lambda: owned.api.states[entity_id].state != before, timeout
    )
    await owned.disconnect()


async def restored_by_action(owned: OwnedLock) -> None:
    """Call the action that restores, and wait until it has been done."""
    entity_id = await setting(owned, "settings_restored")
    before = owned.api.states[entity_id].state
    # It takes longer than the owner's connection waits for an answer.
    with suppress(HomeAssistantError):
        await owned.api.call("smartlock.restore_settings", owned.entities.lock)
    await owned.api.wait_for("the end", lambda: owned.api.states[entity_id].state != before, 60)
    assert owned.api.states[entity_id].attributes["event_type"] == "restored"


async def issue_of(owned: OwnedLock[Any]) -> dict[str, Any] | None:
    """Return the issue about the lost settings of this lock."""
    entries = await owned.api.entries(DOMAIN)
    (title,) = (entry["title"] for entry in entries if entry["entry_id"] == owned.entry_id)
    listed = await owned.api.command("repairs/list_issues")
    return next(
        (
            issue
            for issue in listed["issues"]
            if issue["translation_key"] == "settings_lost"
            and issue["translation_placeholders"]["name"] == title
        ),
        None,
    )


def written(lock: VirtualLock) -> Counter[str]:
    """Return how often a client wrote each field."""
    return Counter(
        name
        for entry in lock.journal.of(Kind.SETTINGS_WRITTEN)
        for name in str(entry.facts["fields"]).split()
    )


def as_before(lock: VirtualLock) -> bool:
    """Whether a lock has everything that its owner had set, and the right time."""
    values = {name: getattr(lock.settings.values, name) for name in CHANGES}
    return values == CHANGES and abs(lock.clock.offset) < timedelta(seconds=30)


async def test_what_cannot_be_restored_is_told(house: House, mount: Mount) -> None:
    """A lock that forgot its PIN, too; and one that forgot the time alone."""
    forgetful = await owned_with_settings(house, mount("gen2"))
    late = await owned_with_settings(house, mount("gen4", name="Back door"))
    await asyncio.gather(noticed(forgetful, ["pin", "settings"]), noticed(late, ["clock"]))

    api = forgetful.api
    async with asyncio.timeout(30):
        # What follows from it comes after the event.
        while not as_before(late.lock) or await issue_of(forgetful) is None:
            await asyncio.sleep(0.1)
    assert await issue_of(late) is None
    assert as_before(late.lock)
    assert written(late.lock) == {"time": 1}

    issue = await issue_of(forgetful)
    assert issue is not None
    menu = await api.request("POST", FIX, {"handler": "smartlock", "issue_id": issue["issue_id"]})
    told = menu["description_placeholders"]
    assert "| LED brightness | 1 | 5 |" in told["table"]
    assert "Europe/London" in told["table"]
    assert "security PIN" in told["notes"]
    result = await api.request("POST", f"{FIX}/{menu['flow_id']}", {"next_step_id": "restore_all"})
    assert (result["type"], result["reason"]) == ("abort", "pin_needed")
    assert await issue_of(forgetful) is not None
    assert written(forgetful.lock) == {}
    refused = [pin.facts for pin in forgetful.lock.journal.pins_sent if not pin.facts["accepted"]]
    assert len(refused) == 1
    assert forgetful.rules_broken == late.rules_broken == []


async def met_in_its_positioning_run(owned: OwnedLock, run: float) -> None:
    """Change batteries, and read the lock while it looks for its position."""
    lock = owned.lock
    changed = await setting(owned, "battery_changed")
    shown = owned.api.states[changed]
    lock.swap_batteries(["settings", "clock"])
    async with asyncio.timeout(20):
        while not lock.journal.of(Kind.POSITIONING_RUN):
            await asyncio.sleep(0.05)
    # Not every model announces that it is back; the owner looks just now.
    reading = asyncio.ensure_future(owned.api.call("homeassistant.update_entity", owned.entities.lock))
    await asyncio.sleep(run)
    async with asyncio.timeout(30):
        while owned.api.states[changed] == shown or await issue_of(owned) is None:
            await asyncio.sleep(0.2)
    await reading
    assert owned.rules_broken == []


@pytest.mark.parametrize("model", ["gen2", "gen3", "gen4", "ultra"])
async def test_locks_met_in_their_positioning_run(house: House, mount: Mount, model: str) -> None:
    """They are read again as soon as they rest: event and repair come within 30 s of the end of the run."""
    runs = (0.6, 3.0, 8.0)
    locks = [
        await owned_with_settings(
            house, mount(model, name=f"Door {run}", timing=replace(BRISK, boot_run=run))
        )
        for run in runs
    ]
    await asyncio.gather(*map(met_in_its_positioning_run, locks, runs, strict=True))


@pytest.mark.browser
async def test_an_owner_restores_settings(house: House, mount: Mount, page: Page) -> None:
    """One lock by the repair in the user interface, another one by the action."""
    album = Album(page, "battery-change")
    owned = await owned_with_settings(house, mount("gen3"))
    other = await owned_with_settings(house, mount("ultra", name="Back door"))
    await asyncio.gather(noticed(owned, ["settings", "clock"]), noticed(other, ["settings"]))
    action = asyncio.ensure_future(restored_by_action(other))

    await log_in(page, house)
    await visit(page, house, "/config/repairs")
    title = page.get_by_text("Front door: new batteries, settings lost")
    await expect(title).to_be_visible()
    await album.add("repairs")
    await title.click()
    await expect(page.get_by_text("LED brightness")).to_be_visible()
    await album.add("was-and-now")
    await page.get_by_text("Select what to restore").click()
    await expect(
        page.get_by_text("Settings that you do not select stay as they are now.").first
    ).to_be_visible()
    await album.add("choose")
    await press(page, "Submit")
    # It has been at rest for long enough by now, or counts down.
    await expect(page.get_by_text(re.compile(r"Starts in 0:|Done: \d of"))).to_be_visible()
    await album.add("restoring")
    await expect(page.get_by_text("Each setting was read back")).to_be_visible(timeout=90_000)
    await album.add("report")
    await press(page, "Submit")
    await album.add("done")

    await action
    for lock in (owned.lock, other.lock):
        assert as_before(lock)
        assert set(written(lock).values()) == {1}
        assert not [pin for pin in lock.journal.pins_sent if not pin.facts["accepted"]]
    assert await issue_of(owned) is None
    assert await issue_of(other) is None
    assert owned.rules_broken == other.rules_broken == []
