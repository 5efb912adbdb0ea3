"""Home Assistant is killed for real while it pairs, sets a PIN, writes, archives or restores: nothing is lost.

In CI it is short. For a long campaign: scripts/test tests/e2e/test_kills.py --hypothesis-profile=campaign
"""

import asyncio
from collections.abc import Awaitable
import contextlib
from dataclasses import dataclass
from enum import StrEnum
import os
from random import Random
import signal
from typing import override

from hypothesis import settings
import pytest

from simulator.demo.house import House
from simulator.demo.owner import DOMAIN, entities_of, open_pairing_form
from simulator.home_assistant import HomeAssistantError
from simulator.virtual_lock import Kind, VirtualLock
from tests.e2e.conftest import PIN, PIN_OF_SIX, Mount
from tests.e2e.owned import OwnedLock, discovered, owned_lock, pair
from tests.e2e.test_battery_change import CHANGES, as_before, issue_of, noticed, owned_with_settings, written
from tests.e2e.test_pin import Guarded, add, need_pin, orders, wrong_pins
from tests.e2e.test_settings import add_with_pin, setting

CAMPAIGN = settings.get_current_profile_name() == "campaign"
MODELS = ("gen3", "ultra", "gen2", "gen4")
ENTRIES = "core.config_entries"
# What Home Assistant writes late is on disk so soon, s.
WRITTEN_WITHIN = 60.0
# A restore waits for a lock at rest between its steps, and longer after one that failed, s.
RESTORED_WITHIN = 600.0
# A link that is not let go of ends by itself.
LET_GO_WITHIN = 30.0


class What(StrEnum):
    """What is under way."""

    PAIRING = "pairing"
    PIN = "pin"
    SETTING = "setting"
    SAVE = "save"
    RESTORE = "restore"


# About so many requests the lock gets meanwhile; and so long after the one that was drawn it may happen, s.
REQUESTS = {What.PAIRING: 8, What.PIN: 5, What.SETTING: 12, What.SAVE: 10, What.RESTORE: 30}
PAUSE = 0.12


@dataclass(frozen=True)
class Story:
    """One death."""

    what: What
    model: str
    number: int

    @override
    def __str__(self) -> str:
        """Return it as a test is called."""
        return f"{self.what}-{self.model}-{self.number}"


def _stories(count: int) -> list[Story]:
    kinds = list(What)
    return [
        Story(kinds[number % len(kinds)], MODELS[number // len(kinds) % len(MODELS)], number)
        for number in range(count)
    ]


async def killed(house: House, lock: VirtualLock, story: Story, work: Awaitable[object]) -> None:
    """Begin something, kill Home Assistant at a random moment of it, and start it again."""
    random = Random(story.number)
    requests, pause = random.randrange(REQUESTS[story.what] + 1), random.uniform(0.0, PAUSE)
    before = len(lock.journal.of(Kind.REQUEST))
    task = asyncio.ensure_future(work)
    while len(lock.journal.of(Kind.REQUEST)) - before < requests and not task.done():
        await asyncio.sleep(0.002)
    await asyncio.sleep(pause)
    home_assistant = house.home_assistant
    assert home_assistant.pid is not None
    os.kill(home_assistant.pid, signal.SIGKILL)
    # It closes what is open at this end.
    await home_assistant.kill()
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()
    await home_assistant.start()


async def on_disk(owned: OwnedLock) -> None:
    """Wait until the entry is on disk, which happens late, and the lock is let go of."""
    async with asyncio.timeout(WRITTEN_WITHIN):
        while owned.lock.address not in str(owned.house.home_assistant.storage(ENTRIES)):
            await asyncio.sleep(0.1)
    await owned.disconnect()


async def let_go(lock: VirtualLock) -> None:
    """Wait until the link of the dead process has ended."""
    async with asyncio.timeout(LET_GO_WITHIN):
        while lock.status()["links"]:
            await asyncio.sleep(0.1)


async def back(owned: OwnedLock) -> None:
    """Wait until a lock is there again. Home Assistant has lost which names it had given in its last seconds."""
    await let_go(owned.lock)
    async with asyncio.timeout(WRITTEN_WITHIN):
        while True:
            with contextlib.suppress(HomeAssistantError):
                owned.entities = await entities_of(owned.api, owned.lock.nuki_id)
                break
            await asyncio.sleep(0.2)
    await owned.shows("lock", "locked", timeout=60)


# --- What is under way ------------------------------------------------------------------------------------


async def pairing(house: House, lock: VirtualLock, story: Story) -> None:
    """What the lock has granted is on disk, so that nobody holds the button again."""
    pin = str(PIN_OF_SIX if story.model == "ultra" else PIN)
    answers = {"pin": pin} | ({} if story.model == "ultra" else {"client_type": "bridge"})
    flow_id = await discovered(house, lock)
    await open_pairing_form(house.api, flow_id)
    await killed(house, lock, story, pair(house, lock, flow_id, **answers))
    granted = len(lock.authorizations)
    await let_go(lock)
    # All others have gone with their tests.
    if entries := await house.api.entries(DOMAIN):
        owned = OwnedLock(
            house=house,
            lock=lock,
            entry_id=entries[0]["entry_id"],
            entities=await entities_of(house.api, lock.nuki_id),
        )
        await owned.shows("lock", "locked")
    else:
        flow_id = await discovered(house, lock)
        shown = await house.api.submit(flow_id)
        if shown["type"] == "progress":
            shown = await house.api.finish_progress(flow_id)
        if shown["type"] != "create_entry":
            # The fifth generation counts a client in with the message that brings its key.
            assert granted == 0 or story.model == "ultra", "the lock counts keys that are on no disk"
            shown = await pair(house, lock, flow_id, **answers)
        owned = await owned_lock(house, lock, shown)
    await owned.call("unlock")
    assert owned.motor_runs == ["UNLOCK"]
    assert wrong_pins(lock) == []


async def new_pin(house: House, lock: VirtualLock, story: Story) -> None:
    """Home Assistant knows afterwards which PIN the lock has, and tries at most once."""
    guarded = await add(house, lock)
    await on_disk(guarded.owned)
    new = "432143" if story.model == "ultra" else "4321"
    flow_id = await guarded.options("pin_change")
    await killed(house, lock, story, guarded.submit_options(flow_id, new_pin=new, new_pin_again=new))
    await back(guarded.owned)
    reasons = [await need_pin(guarded) for _ in range(2)]
    assert reasons[-1] is None or await asked(guarded), reasons
    assert orders(lock, "SET_SECURITY_PIN") <= 1
    assert len(wrong_pins(lock)) <= 1


async def asked(guarded: Guarded) -> bool:
    """Whether the owner is asked for the PIN."""
    return bool(await guarded.dialog())


async def one_setting(house: House, lock: VirtualLock, story: Story) -> None:
    """It was written once or not at all, and what the lock has is shown."""
    owned = await add_with_pin(house, lock)
    brightness = await setting(owned, "led_brightness")
    await owned.api.wait_for_state(brightness, "5")
    await on_disk(owned)
    await killed(house, lock, story, owned.api.call("number.set_value", brightness, value=2))
    await back(owned)
    brightness = await setting(owned, "led_brightness")
    await owned.api.wait_for_state(brightness, str(lock.settings.values.led_brightness))
    assert len(lock.journal.requests("SET_CONFIG")) <= 1
    assert wrong_pins(lock) == []


async def a_save(house: House, lock: VirtualLock, story: Story) -> None:
    """What was archived before is there, and can be restored."""
    owned = await owned_with_settings(house, lock)
    await on_disk(owned)
    file = _file(lock)
    before = house.home_assistant.storage(file)["snapshots"]
    lock.settings.change(led_brightness=3)
    work = owned.api.call("smartlock.save_settings", owned.entities.lock)
    await killed(house, lock, story, work)
    await back(owned)
    kept = house.home_assistant.storage(file)["snapshots"]
    assert len(kept) >= len(before) >= 1
    assert before[0]["config"]["led_brightness"] in {each["config"]["led_brightness"] for each in kept}
    assert wrong_pins(lock) == []


async def ended(house: House, lock: VirtualLock) -> None:
    """Wait until no restore is under way."""
    async with asyncio.timeout(RESTORED_WITHIN):
        while house.home_assistant.storage(_file(lock))["journal"] is not None:
            await asyncio.sleep(0.5)


def _file(lock: VirtualLock) -> str:
    return f"{DOMAIN}.{lock.nuki_id:08X}.settings"


async def a_restore(house: House, lock: VirtualLock, story: Story) -> None:
    """It goes on by itself, writes each setting once, and ends; if it had not begun, the owner is asked again."""
    owned = await owned_with_settings(house, lock)
    await on_disk(owned)
    await noticed(owned, ["settings"])
    await on_disk(owned)
    work = owned.api.call("smartlock.restore_settings", owned.entities.lock)
    await killed(house, lock, story, work)
    await back(owned)
    await ended(house, lock)
    if house.home_assistant.storage(_file(lock))["loss"] is not None:
        assert not set(CHANGES) & set(written(lock))
        assert await issue_of(owned) is not None
        # It takes longer than the owner's connection waits for an answer.
        with contextlib.suppress(HomeAssistantError):
            await owned.api.call("smartlock.restore_settings", owned.entities.lock)
        await ended(house, lock)
    assert as_before(lock)
    assert set(written(lock).values()) == {1}
    assert wrong_pins(lock) == []


DEATHS = {
    What.PAIRING: pairing,
    What.PIN: new_pin,
    What.SETTING: one_setting,
    What.SAVE: a_save,
    What.RESTORE: a_restore,
}


# It may wait for a restore.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("story", _stories(60) if CAMPAIGN else _stories(2), ids=str)
async def test_killed_at_any_moment(house: House, mount: Mount, story: Story) -> None:
    lock = mount(story.model)
    await DEATHS[story.what](house, lock, story)
    assert [dict(rule.facts) for rule in lock.journal.broken_rules] == []
    # Nothing that was being written is half there.
    assert list((house.home_assistant.config / ".storage").glob(f"{DOMAIN}.*.corrupt.*")) == []
    with contextlib.suppress(HomeAssistantError):
        issues = (await house.api.command("repairs/list_issues"))["issues"]
        assert not {"data_damaged", "disk_failed"} & {issue["translation_key"] for issue in issues}
