"""One request for the log on each link, whoever wants to know something of it; each entry is told once."""

import asyncio
from typing import Any

from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.activity.log import NEWEST, LogReader
from custom_components.smartlock.activity.rules.events import Activity
from custom_components.smartlock.pin.guard import PinUnavailableError
from custom_components.smartlock.protocol.enums import Command, ErrorCode, LogEntryType, SortOrder
from custom_components.smartlock.protocol.errors import LockRefusedError
from simulator.lock.accessories import Accessory
from simulator.lock.faults import Once
from simulator.virtual_lock import Jam, VirtualLock, quick
from tests.integration.home import NUKI_ID, PINS, Home

FILE = f"smartlock.{NUKI_ID:08X}.activity"
PIN = str(PINS["gen3"])


def reader_of(entry: MockConfigEntry) -> LogReader:
    """Return the reader of a lock that is set up."""
    reader: LogReader = entry.runtime_data.log
    return reader


def asked(lock: VirtualLock) -> int:
    """Return how often the log was asked for."""
    return len(lock.journal.requests("REQUEST_LOG_ENTRIES"))


def indices(lock: VirtualLock) -> list[int]:
    """Return the indices of the log in the lock."""
    return [record.index for record in lock.log.beyond(0, SortOrder.ASCENDING)]


def grow(lock: VirtualLock, count: int) -> None:
    """Let something happen so many times that the states do not tell."""
    timestamp = lock.log.beyond(0, SortOrder.ASCENDING)[-1].timestamp
    for _ in range(count):
        lock.log.add(LogEntryType.DOOR_SENSOR, b"\1", timestamp=timestamp)


def subscribe(entry: MockConfigEntry) -> list[int]:
    """Return a list that grows with the indices of what is told."""
    told: list[int] = []

    def take(activity: Activity) -> None:
        told.append(activity.record.index)

    entry.runtime_data.activity.async_subscribe(take)
    return told


async def look(home: Home, lock: VirtualLock) -> None:
    """Read the lock when it shows something new, and let go of it."""
    lock.turn_key("unlock" if lock.bolt_locked else "lock")
    await home.read()
    await home.until(lambda: not home.connected(lock))


async def set_up(home: Home, **options: Any) -> tuple[VirtualLock, MockConfigEntry]:
    """Set up a lock that has been in use."""
    lock = home.add_lock(timing=quick())
    lock.turn_key("unlock")
    lock.turn_key("lock")
    grow(lock, 20)
    entry = await home.set_up(lock, pin=PIN, **options)
    await home.until(lambda: not home.connected(lock))
    return lock, entry


async def test_the_log_is_read_where_there_may_be_something(home: Home) -> None:
    """At first, and when the lock shows something new; not at every read of a lock without a keypad."""
    lock, _ = await set_up(home)
    assert asked(lock) == 1
    await home.read()
    await home.read()
    assert asked(lock) == 1
    await look(home, lock)
    assert asked(lock) == 2


async def test_a_keypad_is_read_at_every_read(home: Home) -> None:
    """A wrong code shows nowhere else."""
    lock = home.add_lock(timing=quick())
    lock.pair_accessory(Accessory.KEYPAD)
    lock.turn_key("unlock")
    entry = await home.set_up(lock, pin=PIN)
    before = asked(lock)
    await home.read()
    await home.read()
    assert asked(lock) == before + 2
    told = subscribe(entry)
    lock.enter_code(345678)
    await home.read()
    assert len(told) == 1
    assert home.full_state("access_denied").attributes["event_type"] == "wrong_code"


async def test_a_fault_and_new_batteries_share_what_is_read(home: Home) -> None:
    """All want to know something of the log on the link of an action; it is read once."""
    lock, _ = await set_up(home)
    lock.battery.set(20)
    await home.read()
    await home.until(lambda: not home.connected(lock))
    before = asked(lock)
    lock.battery.set(90)
    lock.jam(Jam.CLUTCH_POWER)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    await asyncio.sleep(2)
    await home.until(lambda: not home.connected(lock))
    # Each of them has asked: the fault has what the log says, and the batteries go on with their other question.
    assert "log 0x07" in home.full_state("last_fault").attributes["evidence"]
    assert lock.journal.requests("REQUEST_GENERAL_STATISTICS")
    assert asked(lock) == before + 1


async def test_whoever_saves_the_settings_gets_what_is_new(home: Home) -> None:
    """A request of the owner's is no link that others share."""
    lock, entry = await set_up(home)
    before = asked(lock)
    await entry.runtime_data.archive.async_save()
    await entry.runtime_data.archive.async_save()
    assert asked(lock) == before + 2


async def test_the_page_is_that_of_the_link_that_is_shared(home: Home) -> None:
    lock, entry = await set_up(home)
    reader = reader_of(entry)
    before = asked(lock)
    first = await reader.read()
    assert [each.index for each in first.entries] == indices(lock)[::-1][:NEWEST]
    assert await reader.read() is first
    assert asked(lock) == before
    grow(lock, 1)
    assert (await reader.read()).entries == first.entries
    assert (await reader.read(fresh=True)).entries[0].index == first.entries[0].index + 1
    await home.read()
    await reader.read()
    assert asked(lock) == before + 2


async def test_readers_at_once_share_a_request(home: Home) -> None:
    lock, entry = await set_up(home)
    await home.read()
    reader, before = reader_of(entry), asked(lock)
    one, other = await asyncio.gather(reader.read(), reader.read())
    assert one is other
    assert asked(lock) == before + 1


@pytest.mark.parametrize("count", [1, 19, 20, 100])
async def test_everything_new_is_told_once_and_in_order(home: Home, count: int) -> None:
    lock, entry = await set_up(home)
    told = subscribe(entry)
    before = indices(lock)[-1]
    grow(lock, count - 1)
    for _ in range(3):
        await look(home, lock)
    assert told == list(range(before + 1, before + count + 3))
    assert lock.journal.broken_rules == []


async def test_over_a_restart(home: Home, hass_storage: dict[str, Any]) -> None:
    """Where it was is on disk before anybody is told."""
    lock, entry = await set_up(home)
    before = indices(lock)[-1]
    assert hass_storage[FILE]["data"]["cursor"][0]["index"] == before
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    grow(lock, 3)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    on_disk: list[int] = []
    entry.runtime_data.activity.async_subscribe(
        lambda activity: on_disk.append(hass_storage[FILE]["data"]["cursor"][0]["index"])
    )
    told = subscribe(entry)
    await home.settled(entry, lock)
    assert told == [before + 1, before + 2, before + 3]
    assert on_disk == [before + 3] * 3


async def test_a_log_that_begins_again(home: Home) -> None:
    lock, entry = await set_up(home)
    told = subscribe(entry)
    timestamp = lock.log.beyond(0, SortOrder.ASCENDING)[-1].timestamp
    lock.log.clear()
    lock.log.add(LogEntryType.DOOR_SENSOR, b"\1", timestamp=timestamp)
    await look(home, lock)
    await look(home, lock)
    assert told == [1, 2, 3]


@pytest.mark.parametrize("occasion", range(1, 9))
async def test_a_link_that_ends_loses_nothing(home: Home, occasion: int) -> None:
    """What could not be read is told the next time."""
    lock, entry = await set_up(home)
    told = subscribe(entry)
    before = indices(lock)[-1]
    grow(lock, 50)
    lock.faults.once(Once.DISCONNECT_AT_REQUEST, occasion=occasion)
    for _ in range(3):
        await look(home, lock)
        await asyncio.sleep(60)
    assert told == list(range(before + 1, indices(lock)[-1] + 1))
    # A PIN whose answer was lost is not a wrong one.
    assert entry.runtime_data.pin.state == "valid"


async def test_an_entry_that_is_lost_on_the_way_is_not_missing(home: Home) -> None:
    """The lock says how many there are, so the page is asked for once more: here the first one of all."""
    lock = home.add_lock(timing=quick())
    lock.turn_key("unlock")
    grow(lock, 20)
    lock.faults.drop_next_answer(Command.LOG_ENTRY)
    entry = await home.set_up(lock, pin=PIN)
    assert asked(lock) == 2
    told = subscribe(entry)
    await look(home, lock)
    assert told == indices(lock)[-1:]


async def test_a_refusal_is_the_caller_s(home: Home) -> None:
    lock, entry = await set_up(home)
    await home.read()
    lock.faults.refuse_next(ErrorCode.K_BAD_PARAMETER, Command.REQUEST_LOG_ENTRIES)
    with pytest.raises(LockRefusedError):
        await reader_of(entry).read()
    assert (await reader_of(entry).read()).entries


async def test_without_a_pin_nothing_is_sent(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock)
    with pytest.raises(PinUnavailableError):
        await reader_of(entry).read()
    assert asked(lock) == 0


@pytest.mark.parametrize(
    "damage", [{}, {"cursor": {"index": "x"}}, {"cursor": 3}, {"cursor": None, "last": {"operation": 3}}]
)
async def test_what_is_stored_is_damaged(
    home: Home, hass_storage: dict[str, Any], damage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """It begins again without news."""
    lock, entry = await set_up(home)
    await home.hass.config_entries.async_unload(entry.entry_id)
    hass_storage[FILE]["data"] = damage
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    assert "stored in activity cannot be read" in caplog.text
    told = subscribe(entry)
    await home.settled(entry, lock)
    assert told == []
    await look(home, lock)
    assert len(told) == 1


async def test_what_an_earlier_version_has_stored(home: Home, hass_storage: dict[str, Any]) -> None:
    """One entry was recognized then; it still is."""
    lock, entry = await set_up(home)
    await home.hass.config_entries.async_unload(entry.entry_id)
    stored = hass_storage[FILE]["data"]
    hass_storage[FILE]["data"] = {"cursor": stored["cursor"][0]}
    grow(lock, 2)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    told = subscribe(entry)
    await home.settled(entry, lock)
    assert told == indices(lock)[-2:]


async def test_nothing_stays_of_a_removed_lock(home: Home, hass_storage: dict[str, Any]) -> None:
    _, entry = await set_up(home)
    assert FILE in hass_storage
    await home.hass.config_entries.async_remove(entry.entry_id)
    assert FILE not in hass_storage
