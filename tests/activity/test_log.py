"""One request for the log on each link, whoever wants to know something of it; each entry is news once."""

import asyncio
from typing import Any

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.activity.log import NEWEST, LogReader
from custom_components.smartlock.activity.rules.cursor import News
from custom_components.smartlock.pin.guard import PinUnavailableError
from custom_components.smartlock.protocol.enums import Command, ErrorCode, LogEntryType, SortOrder
from custom_components.smartlock.protocol.errors import LinkError, LockRefusedError
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
    """Let something happen so many times."""
    for _ in range(count):
        lock.log.add(
            LogEntryType.DOOR_SENSOR, b"\1", timestamp=lock.log.beyond(0, SortOrder.ASCENDING)[-1].timestamp
        )


def subscribe(entry: MockConfigEntry) -> list[News]:
    """Return a list that grows with the news."""
    told: list[News] = []

    @callback
    def take(news: News) -> None:
        told.append(news)

    reader_of(entry).async_subscribe(take)
    return told


async def set_up(home: Home, **options: Any) -> tuple[VirtualLock, MockConfigEntry]:
    """Set up a lock that has been in use."""
    lock = home.add_lock(timing=quick())
    lock.turn_key("unlock")
    lock.turn_key("lock")
    grow(lock, 20)
    entry = await home.set_up(lock, pin=PIN, **options)
    await home.until(lambda: not home.connected(lock))
    return lock, entry


async def test_nobody_asks_for_nothing(home: Home) -> None:
    lock, _ = await set_up(home)
    await home.read()
    await home.read()
    assert asked(lock) == 0


async def test_a_fault_and_new_batteries_share_one_request(home: Home) -> None:
    """Both want to know something of the log on the link of an action; it is read once."""
    lock, _ = await set_up(home)
    lock.battery.set(20)
    await home.read()
    await home.until(lambda: not home.connected(lock))
    assert asked(lock) == 0
    lock.battery.set(90)
    lock.jam(Jam.CLUTCH_POWER)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    await asyncio.sleep(2)
    await home.until(lambda: not home.connected(lock))
    # Each of them has asked: the fault has what the log says, and the batteries go on with their other question.
    assert "log 0x07" in home.full_state("last_fault").attributes["evidence"]
    assert lock.journal.requests("REQUEST_GENERAL_STATISTICS")
    assert asked(lock) == 1


async def test_whoever_saves_the_settings_gets_what_is_new(home: Home) -> None:
    """A request of the owner's is no link that others share."""
    lock, entry = await set_up(home)
    await entry.runtime_data.archive.async_save()
    await entry.runtime_data.archive.async_save()
    assert asked(lock) == 2


async def test_the_page_is_that_of_the_link_that_is_shared(home: Home) -> None:
    lock, entry = await set_up(home)
    reader = reader_of(entry)
    first = await reader.read()
    assert [each.index for each in first.entries] == indices(lock)[::-1][:NEWEST]
    assert first.count is not None
    assert first.count.count == len(lock.log)
    assert await reader.read() is first
    assert asked(lock) == 1
    grow(lock, 1)
    assert (await reader.read()).entries == first.entries
    assert (await reader.read(fresh=True)).entries[0].index == first.entries[0].index + 1
    await home.read()
    await reader.read()
    assert asked(lock) == 3


async def test_readers_at_once_share_a_request(home: Home) -> None:
    lock, entry = await set_up(home)
    reader = reader_of(entry)
    one, other = await asyncio.gather(reader.read(), reader.read())
    assert one is other
    assert asked(lock) == 1


@pytest.mark.parametrize("count", [1, NEWEST - 1, NEWEST, 40, 150])
async def test_everything_new_is_told_once_and_in_order(home: Home, count: int) -> None:
    lock, entry = await set_up(home)
    told = subscribe(entry)
    reader = reader_of(entry)
    await reader.read(fresh=True)
    assert told == []
    before = indices(lock)[-1]
    grow(lock, count)
    await reader.read(fresh=True)
    await reader.read(fresh=True)
    (news,) = told
    assert [each.index for each in news.entries] == list(range(before + 1, before + count + 1))
    assert (news.missed, news.began_again) == (0, False)
    assert lock.journal.broken_rules == []


async def test_what_is_too_much_counts_as_missed(home: Home) -> None:
    lock, entry = await set_up(home)
    told = subscribe(entry)
    reader = reader_of(entry)
    await reader.read(fresh=True)
    grow(lock, 500)
    asked_before = asked(lock)
    await reader.read(fresh=True)
    (news,) = told
    assert len(news.entries) + news.missed == 500
    assert len(news.entries) > 200
    assert asked(lock) - asked_before == 9


async def test_one_request_where_nobody_listens(home: Home) -> None:
    """The gap is not read, and what came meanwhile is not told to who listens later."""
    lock, entry = await set_up(home)
    reader = reader_of(entry)
    await reader.read()
    grow(lock, 100)
    await reader.read(fresh=True)
    assert asked(lock) == 2
    told = subscribe(entry)
    grow(lock, 1)
    await reader.read(fresh=True)
    assert [len(news.entries) for news in told] == [1]


async def test_over_a_restart(home: Home, hass_storage: dict[str, Any]) -> None:
    """Where it was is on disk before anybody is told."""
    lock, entry = await set_up(home)
    await reader_of(entry).read()
    before = indices(lock)[-1]
    assert hass_storage[FILE]["data"]["cursor"]["index"] == before
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    grow(lock, 3)
    on_disk: list[int] = []
    reader_of(entry).async_subscribe(
        lambda news: on_disk.append(hass_storage[FILE]["data"]["cursor"]["index"])
    )
    told = subscribe(entry)
    await reader_of(entry).read()
    assert [each.index for each in told[0].entries] == [before + 1, before + 2, before + 3]
    assert on_disk == [before + 3]
    assert "Pippi" not in str(hass_storage[FILE])


async def test_a_log_that_begins_again(home: Home) -> None:
    lock, entry = await set_up(home)
    told = subscribe(entry)
    reader = reader_of(entry)
    await reader.read()
    timestamp = lock.log.beyond(0, SortOrder.ASCENDING)[-1].timestamp
    lock.log.clear()
    for _ in range(2):
        lock.log.add(LogEntryType.DOOR_SENSOR, b"\1", timestamp=timestamp)
    await reader.read(fresh=True)
    (news,) = told
    assert news.began_again
    assert [each.index for each in news.entries] == [1, 2]


async def test_a_link_that_ends_moves_nothing(home: Home, hass_storage: dict[str, Any]) -> None:
    """What could not be read is told the next time."""
    lock, entry = await set_up(home)
    told = subscribe(entry)
    reader = reader_of(entry)
    await reader.read()
    before = dict(hass_storage[FILE]["data"]["cursor"])
    grow(lock, 60)
    lock.faults.once(Once.DISCONNECT_AT_REQUEST, occasion=4)
    with pytest.raises(LinkError):
        await reader.read(fresh=True)
    assert hass_storage[FILE]["data"]["cursor"] == before
    assert told == []
    await reader.read(fresh=True)
    assert [len(news.entries) for news in told] == [60]
    # A PIN whose answer was lost is not a wrong one.
    assert entry.runtime_data.pin.state == "valid"


async def test_a_refusal_is_the_caller_s(home: Home) -> None:
    lock, entry = await set_up(home)
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


@pytest.mark.parametrize("damage", [{}, {"cursor": {"index": "x"}}, {"cursor": 3}, {"cursor": None}])
async def test_what_is_stored_is_damaged(
    home: Home, hass_storage: dict[str, Any], damage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """It begins again without news."""
    lock, entry = await set_up(home)
    await reader_of(entry).read()
    await home.hass.config_entries.async_unload(entry.entry_id)
    hass_storage[FILE]["data"] = damage
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    assert "stored in activity cannot be read" in caplog.text
    told = subscribe(entry)
    await reader_of(entry).read()
    assert told == []
    grow(lock, 1)
    await reader_of(entry).read(fresh=True)
    assert len(told) == 1


async def test_nothing_stays_of_a_removed_lock(home: Home, hass_storage: dict[str, Any]) -> None:
    _, entry = await set_up(home)
    await reader_of(entry).read()
    assert FILE in hass_storage
    await home.hass.config_entries.async_remove(entry.entry_id)
    assert FILE not in hass_storage
