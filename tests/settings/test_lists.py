"""Lists in a snapshot: whole, without our own authorization, and never with something missing."""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

from homeassistant.util import dt as dt_util
import pytest

from custom_components.smartlock.access.lists import ListKind
from custom_components.smartlock.protocol.enums import Command, LockAction, Weekdays
from custom_components.smartlock.protocol.wire import Date7, Time2
from custom_components.smartlock.settings.archive import SettingsArchive
from custom_components.smartlock.settings.rules.restore import Journal, RestoreStep, StepState
from custom_components.smartlock.settings.rules.snapshot import Group
from simulator.lock.rights import ALWAYS
from simulator.lock.time_control import Entry
from simulator.virtual_lock import VirtualLock
from tests.integration.home import PINS, Home
from tests.storage.disks import slow_disk

COUNT = 150


def fill(lock: VirtualLock, count: int = COUNT) -> None:
    """Let many people come and go."""
    lock.pair_accessory("keypad")
    numbers = [number for number in range(333333, 400000) if "0" not in str(number)]
    for number in numbers[:count]:
        lock.keypad_codes.add(number, name="Guest", created=Date7(), time_limited=0, limit=ALWAYS)
    for number in range(count):
        lock.authorizations.add(bytes(32), app_id=number, name=f"Person {number}")


async def kept(home: Home, lock: VirtualLock, **options: Any) -> SettingsArchive:
    """Set the lock up and have everything saved."""
    entry = await home.set_up(lock, pin=str(PINS["gen3"]), keep_codes=True, **options)
    archive: SettingsArchive = entry.runtime_data.archive
    await archive.async_save()
    return archive


async def test_long_lists_are_kept_to_their_end(home: Home) -> None:
    lock = home.add_lock()
    fill(lock)
    snapshot = (await kept(home, lock)).kept.newest
    assert snapshot is not None
    assert snapshot.keypad_codes is not None
    assert snapshot.authorizations is not None
    assert len(snapshot.keypad_codes) == COUNT
    names = [entry.name for entry in snapshot.authorizations]
    assert names[-COUNT:] == [f"Person {number}" for number in range(COUNT)]
    assert len(names) == len(list(lock.authorizations)) - 1
    assert lock.journal.broken_rules == []


async def test_nothing_of_a_long_list_counts_as_lost(home: Home) -> None:
    """What lies behind the hundredth entry is there as it was."""
    lock = home.add_lock()
    fill(lock)
    archive = await kept(home, lock)
    first = next(iter(lock.keypad_codes))
    lock.keypad_codes.remove(first)
    loss = await archive.async_compare()
    (difference,) = loss.differences
    assert (difference.name, difference.was, difference.now) == ("keypad_codes", COUNT, COUNT - 1)


async def test_our_own_authorization_is_left_out_wherever_it_stands(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = home.add_lock()
    fill(lock, 3)
    table = lock.authorizations
    monkeypatch.setattr(table, "listed", lambda authorization, id_type: list(table))
    snapshot = (await kept(home, lock)).kept.newest
    assert snapshot is not None
    assert snapshot.authorizations is not None
    names = [entry.name for entry in snapshot.authorizations]
    assert "Home Assistant" not in names
    assert {"Person 0", "Person 1", "Person 2"} <= set(names)


@pytest.mark.parametrize(
    ("part", "command"),
    [
        ("keypad_codes", Command.KEYPAD_CODE),
        ("authorizations", Command.AUTHORIZATION_ENTRY),
        ("time_control", Command.TIME_CONTROL_ENTRY),
    ],
)
async def test_a_list_that_lacks_an_entry_is_not_kept(home: Home, part: str, command: Command) -> None:
    """The rest is, and what was kept before stays."""
    lock = home.add_lock()
    fill(lock, 60)
    for hour in range(3):
        lock.time_control.add(
            Entry(weekdays=Weekdays.MONDAY, time=Time2(hour, 0), lock_action=LockAction.LOCK)
        )
    archive = await kept(home, lock)
    before = archive.kept.newest
    assert before is not None
    lock.faults.drop_next_answer(command)
    lock.settings.change(led_brightness=3)
    await archive.async_save()
    after = archive.kept.newest
    assert after is not None
    assert after.config.led_brightness == 3
    assert getattr(after, part) == getattr(before, part)
    assert (await archive.async_compare(after)).differences == ()
    lock.faults.drop_next_answer(command)
    loss = await archive.async_compare(before)
    assert part not in {difference.name for difference in loss.differences}


@pytest.mark.parametrize("first", ["deletion", "journal"])
async def test_a_code_that_is_deleted_while_the_journal_is_written_is_not_put_back(
    home: Home, first: str
) -> None:
    """A restore would write it into the lock again."""
    lock = home.add_lock()
    fill(lock, 2)
    archive = await kept(home, lock)
    store, restorer = archive._store, archive._restorer
    newest = store.kept.newest
    assert newest is not None
    assert newest.keypad_codes is not None
    gone, stays = (code.code for code in newest.keypad_codes)
    step = RestoreStep(group=Group.KEYPAD_CODES, settings=("keypad_codes",))
    journal = Journal(begun_at=dt_util.utcnow(), wanted=newest, steps=(step,), asked=True)
    store.kept = replace(store.kept, journal=journal)
    restorer._running = journal
    writing = partial(restorer._enter, step, StepState.WRITING)
    lists = archive._entry.runtime_data.access._lists
    deleting = partial(lists.forget, ListKind.KEYPAD_CODES, lambda code: code.code == gone)
    with slow_disk():
        both = (deleting, writing) if first == "deletion" else (writing, deleting)
        await asyncio.gather(*(each() for each in both))
    for each in (restorer._journal, store.kept.journal):
        assert each is not None
        assert [code.code for code in each.wanted.keypad_codes or ()] == [stays]
        assert each.steps[0].state is StepState.WRITING
    assert store.kept.newest is not None
    assert [code.code for code in store.kept.newest.keypad_codes or ()] == [stays]
