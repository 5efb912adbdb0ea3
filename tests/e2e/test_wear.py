"""A lock that turns stiffer than usual, in the real Home Assistant.

What is usual takes weeks to learn, so the history of the weeks before is put on disk, as they would have left it.
"""

import asyncio
from datetime import UTC, datetime, timedelta
import json
from typing import Any

from custom_components.smartlock.protocol.enums import LockAction
from custom_components.smartlock.wear.rules.history import WearHistory
from custom_components.smartlock.wear.rules.motor_run import MotorRun
from simulator.demo.house import House
from simulator.virtual_lock import VirtualLock
from tests.e2e.conftest import Mount
from tests.e2e.owned import OwnedLock, add_bridge


def lived(lock: VirtualLock, weeks: int, stiff_days: int) -> WearHistory:
    """Return the history of a lock that has turned half as hard again for some days now."""
    history = WearHistory()
    begin = datetime.now(UTC) - timedelta(weeks=weeks)
    for day in range(7 * weeks):
        load = 1.5 if day >= 7 * weeks - stiff_days else 1.0
        for action in (LockAction.UNLOCK, LockAction.LOCK):
            history = history.with_run(
                MotorRun(
                    at=begin + timedelta(days=day, hours=action.value),
                    action=action,
                    drain=round(5000 * load),
                    distance=915,
                    start_voltage=5600 - day,
                    lowest_voltage=5100,
                    temperature=21,
                    max_current=round((390 if action == LockAction.LOCK else 360) * load),
                    resistance=lock.battery.resistance,
                    critical=False,
                )
            )
    return history


def file_of(lock: VirtualLock) -> str:
    """Return the name of the file with the history of a lock."""
    return f"smartlock.{lock.nuki_id:08X}.wear"


async def ran(owned: OwnedLock, action: str) -> None:
    """Move the bolt, and wait until the report of the run is on disk."""

    def last_run() -> object:
        return owned.house.home_assistant.storage(file_of(owned.lock)).get("last_run")

    before = last_run()
    await owned.call(action)
    async with asyncio.timeout(20):
        while last_run() == before:
            await asyncio.sleep(0.1)


async def test_stiffer_than_usual(house: House, mount: Mount) -> None:
    lock = mount()
    history = lived(lock, weeks=8, stiff_days=5)
    assert history.wear is not None
    assert history.wear.percent < 10
    owned = await add_bridge(house, lock)
    # Home Assistant reads a file anew that it has written itself.
    await ran(owned, "unlock")
    await owned.api.set_entry_disabled(owned.entry_id, disabled=True)
    name = file_of(lock)
    stored = {"version": 1, "minor_version": 1, "key": name, "data": history.to_json()}
    file = house.home_assistant.config / ".storage" / name
    file.write_text(json.dumps(stored), encoding="utf-8")
    await owned.api.set_entry_disabled(owned.entry_id, disabled=False)
    await owned.shows("lock", "unlocked")
    entities = await owned.api.entity_ids("smartlock")
    wear = entities[f"{lock.nuki_id:08X}_wear"]

    async def issues() -> list[dict[str, Any]]:
        found = await owned.api.command("repairs/list_issues")
        return [issue for issue in found["issues"] if issue["translation_key"] == "stiffer_than_usual"]

    assert await issues() == []
    lock.battery.load = 1.5
    for _ in range(2):
        await ran(owned, "lock")
        await ran(owned, "unlock")
    async with asyncio.timeout(20):
        # What the last run means is told after it is on disk.
        while not (found := await issues()):
            await asyncio.sleep(0.1)
    (issue,) = found
    numbers = issue["translation_placeholders"]
    assert 40 < int(numbers["percent"]) < 60
    assert abs(int(numbers["before"])) < 10
    assert owned.api.states[wear].state == numbers["percent"]
    # The figures go into the long-term statistics.
    assert owned.api.states[wear].attributes["state_class"] == "measurement"

    fix = {"handler": "smartlock", "issue_id": issue["issue_id"]}
    form = await owned.api.request("POST", "/api/repairs/issues/fix", fix)
    assert (form["type"], form["step_id"]) == ("form", "confirm")
    done = await owned.api.request("POST", f"/api/repairs/issues/fix/{form['flow_id']}", {})
    assert done["type"] == "create_entry"
    assert await issues() == []
    await owned.api.wait_for_state(wear, "0")
    assert len(owned.motor_runs) == 5
    assert owned.rules_broken == []
