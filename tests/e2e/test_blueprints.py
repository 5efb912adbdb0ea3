"""The blueprints, made into automations as the user interface does it, with the virtual lock at the other end."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
import shutil
from typing import Any
from zoneinfo import ZoneInfo

import pytest_asyncio

from custom_components.smartlock.protocol.enums import KeypadAction
from simulator.demo.house import House
from simulator.virtual_lock import Jam
from tests.e2e.conftest import PIN, Mount
from tests.e2e.owned import OwnedLock, add_bridge

FOLDER = "blueprints/automation/smartlock"


class Automations:
    """Automations of one test."""

    def __init__(self, owned: OwnedLock) -> None:
        self._owned = owned
        self._ids: list[str] = []

    async def add(self, blueprint: str, **inputs: Any) -> None:
        """Make an automation from a blueprint."""
        # Each has a name of its own: one that is changed shows "on" before and after.
        automation = f"test_{blueprint}_{len(self._ids)}"
        self._ids.append(automation)
        await self._owned.api.request(
            "POST",
            f"/api/config/automation/config/{automation}",
            {
                "alias": automation,
                "use_blueprint": {"path": f"smartlock/{blueprint}.yaml", "input": inputs},
            },
        )
        await self._owned.api.wait_for_state(f"automation.{automation}", "on")

    async def add_at(self, blueprint: str, **inputs: Any) -> None:
        """Make an automation from a blueprint for a time of day that comes soon after it has been made."""
        while True:
            # Where the house stands.
            at = datetime.now(ZoneInfo("Europe/Vienna")).replace(microsecond=0) + timedelta(seconds=4)
            await self.add(blueprint, **inputs, time=at.strftime("%H:%M:%S"))
            if datetime.now(UTC) < at:
                return

    async def remove(self) -> None:
        """Remove them, and what they have shown."""
        for automation in self._ids:
            await self._owned.api.request("DELETE", f"/api/config/automation/config/{automation}")
        await self._owned.api.call("persistent_notification.dismiss_all")

    async def told(self, text: str, *, title: str = "", timeout: float = 30) -> str:
        """Wait for a notification with this text, and return its title, which begins with `title`."""
        async with asyncio.timeout(timeout):
            while True:
                for shown in await self.shown():
                    if text in shown["message"] and shown["title"].startswith(title):
                        return str(shown["title"])
                await asyncio.sleep(0.2)

    async def shown(self) -> list[dict[str, Any]]:
        """Return the notifications that are shown."""
        shown: list[dict[str, Any]] = await self._owned.api.command("persistent_notification/get")
        return shown


@pytest_asyncio.fixture(loop_scope="package")
async def automations(owned: OwnedLock) -> AsyncIterator[Automations]:
    """Blueprints in the configuration folder, and automations to be made from them."""
    root = Path(__file__).parents[2]
    shutil.copytree(root / FOLDER, owned.house.home_assistant.config / FOLDER, dirs_exist_ok=True)
    automations = Automations(owned)
    yield automations
    await automations.remove()


@pytest_asyncio.fixture(loop_scope="package")
async def with_keypad(house: House, mount: Mount) -> OwnedLock:
    """A lock with a Keypad 2 and two codes, whose log Home Assistant may read."""
    lock = mount(name="Back door")
    lock.pair_accessory("keypad-2")
    lock.enrol_finger(lock.add_code(345678, "Anna"))
    lock.add_code(456789, "Bert")
    return await add_bridge(house, lock, pin=str(PIN))


async def test_home_assistant_offers_them(owned: OwnedLock, automations: Automations) -> None:
    found = await owned.api.command("blueprint/list", domain="automation")
    ours = {path for path in found if path.startswith("smartlock/")}
    assert ours == {
        "smartlock/battery_low.yaml",
        "smartlock/code_for_event.yaml",
        "smartlock/code_used.yaml",
        "smartlock/door_left_open.yaml",
        "smartlock/lock_at_night.yaml",
        "smartlock/lock_fault.yaml",
        "smartlock/welcome.yaml",
        "smartlock/wrong_code.yaml",
    }
    assert not [path for path in ours if "error" in found[path]]


async def test_fault_and_battery_are_told(owned: OwnedLock, automations: Automations) -> None:
    entities = owned.entities
    problems = [entities.clutch_fault, entities.motor_blocked]
    await automations.add("lock_fault", lock=entities.lock, problems=problems)
    await automations.add("battery_low", batteries=[entities.battery], critical=[])
    owned.lock.set_battery(18)
    assert await automations.told("Battery 18 %") == "Lock batteries low"
    owned.lock.jam(Jam.CLUTCH_POWER)
    owned.lock.press_button()
    assert await automations.told("Clutch fault") == "Front door: fault"
    assert len(await automations.shown()) == 2
    assert len(owned.motor_runs) == 1


async def test_who_comes_in_is_welcomed_and_told(with_keypad: OwnedLock, automations: Automations) -> None:
    lock, activity = with_keypad.lock, with_keypad.entities.activity
    await automations.add("welcome", activity=activity, names=["Anna"])
    await automations.add("code_used", activity=activity)
    lock.enter_code(345678, KeypadAction.UNLOCK)
    assert await automations.told("Anna came in at") == "Welcome home, Anna"
    assert await automations.told("With the code, on") == "Anna unlocked the door"

    await with_keypad.shows("lock", "unlocked")
    lock.enter_code(456789, KeypadAction.LOCK)
    assert await automations.told("With the code, on", title="Bert") == "Bert locked the door"
    await with_keypad.shows("lock", "locked")
    lock.enter_code(999999)
    lock.use_finger(1, KeypadAction.UNLOCK)
    assert await automations.told("With a fingerprint, on") == "Anna unlocked the door"
    # Neither a wrong code nor Bert, who has no welcome.
    assert len(await automations.shown()) == 4


async def test_locks_at_night_by_the_clock(owned: OwnedLock, automations: Automations) -> None:
    await owned.call("unlock")
    night = {"lock": owned.entities.lock, "door": owned.entities.door}
    await automations.add_at("lock_at_night", **night)
    await owned.shows("lock", "locked")
    assert await automations.shown() == []

    await owned.call("unlock")
    owned.lock.open_door()
    await owned.shows("door", "on")
    await automations.add_at("lock_at_night", **night)
    assert await automations.told("The door is open") == "Front door is not locked for the night"
    assert owned.motor_runs == ["UNLOCK", "LOCK", "UNLOCK"]
    assert owned.bolt == "unlocked"
