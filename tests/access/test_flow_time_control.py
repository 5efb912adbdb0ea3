"""The forms about time control."""

import pytest

from custom_components.smartlock.protocol.enums import LockAction, Weekdays
from custom_components.smartlock.protocol.wire import Time2
from simulator.lock.time_control import Entry
from tests.access.doors import Door
from tests.access.owner import Owner
from tests.integration.home import Home

WORKDAYS = ["mon", "tue", "wed", "thu", "fri"]


def entries(door: Door) -> list[Entry]:
    """Return what the lock does by itself."""
    return [entry for _, entry in door.lock.time_control]


async def test_an_entry_is_added_changed_and_deleted(home: Home) -> None:
    door = await Door.of(home)
    owner = await Owner.at(door, "time_control")
    assert owner.says["list"] == "The lock does nothing automatically yet."
    await owner.choose("tc_add")
    assert owner.fields["action"] == "lock"
    await owner.submit(weekdays=WORKDAYS, time="22:00:00", action="lock", enabled=True)
    (entry,) = entries(door)
    assert (entry.time, entry.lock_action) == (Time2(22, 0), LockAction.LOCK)
    assert owner.says["list"] == "- Mon–Fri 22:00 · Lock"
    assert owner.says["done"] == "✓ Added: Mon–Fri 22:00 · Lock."
    await owner.choose("tc_pick")
    await owner.submit(picked=owner.option("Mon"))
    await owner.choose("tc_edit")
    assert owner.fields == {"weekdays": WORKDAYS, "time": "22:00:00", "action": "lock", "enabled": True}
    await owner.submit(weekdays=["sun"], time="23:30:00", action="lock", enabled=False)
    (entry,) = entries(door)
    assert (entry.time, entry.weekdays, entry.enabled) == (Time2(23, 30), Weekdays.SUNDAY, 0)
    assert owner.says["list"] == "- Sunday 23:30 · Lock · paused"
    await owner.choose("tc_pick")
    await owner.submit(picked=owner.option("Sunday"))
    await owner.choose("tc_delete")
    await owner.submit()
    assert entries(door) == []


@pytest.mark.parametrize("action", ["unlock", "unlatch", "lock_n_go", "lock_n_go_with_unlatch"])
async def test_opening_by_the_clock_is_confirmed(home: Home, action: str) -> None:
    door = await Door.of(home)
    owner = await Owner.at(door, "time_control", "tc_add")
    door.begin()
    await owner.submit(weekdays=WORKDAYS, time="07:00:00", action=action, enabled=True)
    assert owner.step == "tc_confirm"
    await owner.submit(understood=False)
    assert owner.errors == {"understood": "confirm"}
    assert door.lock.journal.entries == []
    await owner.submit(understood=True)
    assert owner.step == "tc_menu"
    assert [entry.lock_action.name.lower() for entry in entries(door)] == [action]


async def test_no_day_is_no_entry(home: Home) -> None:
    door = await Door.of(home)
    owner = await Owner.at(door, "time_control", "tc_add")
    door.begin()
    await owner.submit(weekdays=[], time="22:00:00", action="lock", enabled=True)
    assert owner.errors == {"weekdays": "no_weekday"}
    assert door.lock.journal.entries == []
