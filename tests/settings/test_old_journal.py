"""A restore that waited too long, as in a backup that is restored weeks later, is asked for again."""

import asyncio
from copy import deepcopy
from functools import partialmethod
from typing import Any

from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from simulator.virtual_lock import VirtualLock
from tests.integration.home import Home
from tests.integration.wall_time import WallTime
from tests.settings.test_archive import (
    CHANGES,
    archive_of,
    issue,
    lock_with_settings,
    settings_of,
    started,
    written,
)

DAY = 86400.0


@pytest.fixture(autouse=True)
async def wall_time(monkeypatch: pytest.MonkeyPatch) -> WallTime:
    """Give Home Assistant and the lock a time of day."""
    wall_time = WallTime()
    monkeypatch.setattr(dt_util, "utcnow", wall_time)
    monkeypatch.setattr(Home, "add_lock", partialmethod(Home.add_lock, now=wall_time))
    return wall_time


async def backup_of_a_restore(
    home: Home, storage: dict[str, Any]
) -> tuple[VirtualLock, MockConfigEntry, dict[str, Any]]:
    """Return a lock whose restore has been asked for, and a backup from before anything was written."""
    lock, entry = await lock_with_settings(home)
    task = await started(home, lock, entry)
    backup = {key: deepcopy(value) for key, value in storage.items() if "smartlock" in key}
    await asyncio.wait([task])
    assert settings_of(lock) == CHANGES
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    lock.journal.entries.clear()
    return lock, entry, backup


async def start(home: Home, lock: VirtualLock, entry: MockConfigEntry) -> None:
    """Start Home Assistant, and give it time."""
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settled(entry, lock)
    await asyncio.sleep(1200)
    await home.read()


async def test_weeks_later(home: Home, wall_time: WallTime, hass_storage: dict[str, Any]) -> None:
    """The owner has changed his mind long ago; nothing is written, and the question is back."""
    lock, entry, backup = await backup_of_a_restore(home, hass_storage)
    wall_time.move_on(21 * DAY)
    lock.settings.change(led_brightness=5, auto_lock_enabled=0, single_lock=0)
    hass_storage.update(backup)
    await start(home, lock, entry)
    assert written(lock) == []
    archive = archive_of(entry)
    assert archive.restoring is None
    assert archive.kept.journal is None
    assert issue(home) is not None


async def test_weeks_later_in_a_lock_that_has_lost_the_same(
    home: Home, wall_time: WallTime, hass_storage: dict[str, Any]
) -> None:
    """Age alone is enough; the question is the same, and its answer is carried out."""
    lock, entry, backup = await backup_of_a_restore(home, hass_storage)
    wall_time.move_on(DAY + 60)
    lock.settings.lose()
    hass_storage.update(backup)
    await start(home, lock, entry)
    assert written(lock) == []
    archive = archive_of(entry)
    names = {each.name for each in archive.differences}
    assert set(CHANGES) <= names
    journal = await archive.async_restore(names)
    assert journal.failed() == {}
    assert settings_of(lock) == CHANGES


async def test_from_the_future(home: Home, wall_time: WallTime, hass_storage: dict[str, Any]) -> None:
    """Our clock was wrong then or is now: nobody knows how old it is."""
    lock, entry, backup = await backup_of_a_restore(home, hass_storage)
    wall_time.move_on(-30 * DAY)
    lock.settings.lose()
    hass_storage.update(backup)
    await start(home, lock, entry)
    assert written(lock) == []
    assert issue(home) is not None


async def test_lock_shows_something_else(
    home: Home, wall_time: WallTime, hass_storage: dict[str, Any]
) -> None:
    """Young enough, but somebody has set one setting to a third value since."""
    lock, entry, backup = await backup_of_a_restore(home, hass_storage)
    wall_time.move_on(3600)
    lock.settings.lose()
    lock.settings.change(auto_lock_timeout=77)
    hass_storage.update(backup)
    await start(home, lock, entry)
    assert written(lock) == []
    assert lock.settings.values.auto_lock_timeout == 77
    assert archive_of(entry).kept.journal is None
    assert issue(home) is not None


async def test_an_hour_later_it_goes_on(
    home: Home, wall_time: WallTime, hass_storage: dict[str, Any]
) -> None:
    """As after any restart."""
    lock, entry, backup = await backup_of_a_restore(home, hass_storage)
    wall_time.move_on(3600)
    lock.settings.lose()
    hass_storage.update(backup)
    await start(home, lock, entry)
    assert settings_of(lock) == CHANGES


async def test_lock_that_is_out_of_reach_for_days(home: Home, wall_time: WallTime) -> None:
    """Not only over restarts."""
    lock, entry = await lock_with_settings(home)
    task = await started(home, lock, entry)
    home.go_out_of_range(lock)
    await asyncio.sleep(DAY + 3600)
    home.come_into_range(lock)
    await asyncio.wait([task], timeout=3600)
    assert set(task.result().failed().values()) == {"too_old"}
    assert written(lock) == []
    assert issue(home) is not None
