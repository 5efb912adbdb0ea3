"""Home Assistant dies while rights are given and taken: at any save and any radio step, and what is true afterwards.

In CI it is short. For a long campaign: scripts/test tests/access/test_crashes.py --hypothesis-profile=campaign
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from homeassistant.exceptions import HomeAssistantError
from hypothesis import settings
import pytest

from custom_components.smartlock.access.codes import CodeChange, NewCode
from custom_components.smartlock.access.rules.notes import Key, Made, Owner
from custom_components.smartlock.protocol.enums import Weekdays
from custom_components.smartlock.protocol.errors import SmartLockError
from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.wire import Date7
from simulator.lock.keypad import Code
from tests.access.doors import Door
from tests.deaths import Death, World
from tests.integration.home import Home

LIMIT = TimeLimit(allowed_from=Date7(2026, 1, 2, 3, 4, 5), allowed_weekdays=Weekdays.MONDAY)
OVER = TimeLimit(allowed_from=Date7(2026, 1, 2), allowed_until=Date7(2026, 1, 3))
END = datetime(2026, 1, 3, tzinfo=UTC)
OURS, FOREIGN, NEW = 345678, 345679, 987654


def numbers(door: Door) -> list[int]:
    """Return the digits in the lock."""
    return [code.code for code in door.codes]


def archived(door: Door) -> set[int]:
    """Return the digits that a restore could write again."""
    kept = door.runtime.archive.kept
    snapshots = [*kept.snapshots, *(() if kept.loss is None else (kept.loss.reference,))]
    return {code.code for snapshot in snapshots for code in snapshot.keypad_codes or ()}


async def add(door: Door) -> None:
    """Let somebody in once."""
    await door.access.codes.async_add(NewCode(name="New", digits=str(NEW), uses=1))


async def update(door: Door) -> None:
    """Give a code another name."""
    await door.access.codes.async_update(1, CodeChange(name="Renamed"))


async def delete(door: Door) -> None:
    """Delete a code."""
    await door.access.codes.async_delete(1)


async def use_up(door: Door) -> None:
    """Use a code for the last time."""
    door.lock.enter_code(NEW)
    await asyncio.sleep(2)
    await door.home.read()
    await door.home.until(lambda: NEW not in numbers(door) or not door.home.connected(door.lock), 120)


async def expire(door: Door) -> None:
    """Look at a lock with a code that is over for long."""
    await door.home.read()
    await door.home.until(lambda: OURS not in numbers(door) or not door.home.connected(door.lock), 120)


async def leave(door: Door) -> None:
    """Have the lock forget us."""
    await door.access.async_leave()


def after_add(door: Door, found: Code, died: bool) -> None:
    """At most one code, and if there is one its number of uses is known."""
    assert numbers(door).count(NEW) <= 1
    assert door.written("ADD_KEYPAD_CODE") <= 1
    notes = door.access.removals._notes
    if NEW in numbers(door):
        assert [made.uses_left for made in notes.made] == [1]
    assert not notes.removals
    assert NEW not in archived(door)


def after_update(door: Door, found: Code, died: bool) -> None:
    """The name is one of the two, and everything else is as before."""
    assert found in door.codes
    assert found.name in ("Ours", "Renamed")
    assert (found.limit, found.time_limited, found.enabled) == (LIMIT, 1, 1)
    assert door.written("UPDATE_KEYPAD_CODE") <= 1


def after_delete(door: Door, found: Code, died: bool) -> None:
    """Gone, unless it died before the promise was on disk; never half forgotten."""
    assert not door.access.removals._notes.removals
    if OURS not in numbers(door):
        assert OURS not in archived(door)
    else:
        assert died


def after_use(door: Door, found: Code, died: bool) -> None:
    """Gone for good."""
    assert NEW not in numbers(door)
    assert NEW not in archived(door)
    assert not door.access.removals._notes.removals


def after_expiry(door: Door, found: Code, died: bool) -> None:
    """Gone for good, deleted once."""
    assert OURS not in numbers(door)
    assert OURS not in archived(door)
    assert door.access.removals._notes.made == ()
    assert not door.access.removals._notes.removals


def after_leaving(door: Door, found: Code, died: bool) -> None:
    """Nobody else was thrown out."""
    others = [entry for entry in door.lock.authorizations if entry.name != "Home Assistant"]
    assert len(others) == 2


type Act = Callable[[Door], Awaitable[None]]
type Check = Callable[[Door, Code, bool], None]
ACTS: dict[str, tuple[Act, Check]] = {
    "add": (add, after_add),
    "update": (update, after_update),
    "delete": (delete, after_delete),
    "use_up": (use_up, after_use),
    "expire": (expire, after_expiry),
    "leave": (leave, after_leaving),
}


async def one_death(home: Home, storage: dict[str, Any], what: str, death: Death, occasion: int) -> bool:
    """Begin something, die on the way, start again, and return whether it died."""
    act, check = ACTS[what]
    door = await Door.of(home, keep_codes=True)
    ours = door.put(OURS, "Ours", time_limited=1, limit=LIMIT)
    door.put(FOREIGN, "Foreign")
    await door.runtime.archive.async_save()
    if what == "use_up":
        await add(door)
    if what == "expire":
        ours.limit = OVER
        made = Made(key=Key(owner=Owner.CODE, entry_id=1, created=ours.created), made_here=True, expires=END)
        await door.access._store.async_keep(door.access._store.notes.noting(made))
    await home.until(lambda: not home.connected(door.lock))
    door.begin()
    world = World(home, door.lock, storage)
    with world.watched():
        world.plan(death, occasion)

        async def acting() -> None:
            try:
                await act(door)
            except SmartLockError, HomeAssistantError:
                assert world.dead

        task = home.hass.async_create_task(acting(), eager_start=False)
        await home.until(lambda: world.dead or task.done())
        died = world.dead
        world.survive()
        if died:
            await asyncio.sleep(1)
            await world.restart(door.entry)
        task.cancel()
        await asyncio.wait([task])
        await home.heard(door.lock)
        await asyncio.sleep(60)
        await home.until(lambda: not home.connected(door.lock))
    check(door, ours, died)
    assert numbers(door).count(FOREIGN) == 1
    # Only a stranger is refused in a way that has to be asked for.
    assert what == "leave" or [rule.facts for rule in door.lock.journal.broken_rules] == []
    assert not [pin for pin in door.lock.journal.pins_sent if not pin.facts["accepted"]]
    assert await home.hass.config_entries.async_remove(door.entry.entry_id)
    assert [key for key in storage if "33C335C5" in key] == []
    return died


CAMPAIGN = settings.get_current_profile_name() == "campaign"


def _occasions(death: Death) -> range:
    if "save" in death.value:
        return range(1, 16, 1 if CAMPAIGN else 8)
    return range(1, 40, 1 if CAMPAIGN else 13)


@pytest.mark.parametrize("what", ACTS)
@pytest.mark.parametrize(
    ("death", "occasion"), [(death, occasion) for death in Death for occasion in _occasions(death)]
)
async def test_dying_while_rights_are_given_and_taken(
    home: Home, hass_storage: dict[str, Any], what: str, death: Death, occasion: int
) -> None:
    """Wherever it happens."""
    await one_death(home, hass_storage, what, death, occasion)


async def test_there_is_a_death(home: Home, hass_storage: dict[str, Any]) -> None:
    """The stories are none without one."""
    assert await one_death(home, hass_storage, "delete", Death.BEFORE_SAVE, 1)
