"""Home Assistant dies while it puts settings back: at any save and any radio step, and what is true afterwards.

In CI it is short. For a long campaign: scripts/test tests/settings/test_crashes.py
--hypothesis-profile=campaign
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, override

from homeassistant.components.repairs import DOMAIN as REPAIRS_DOMAIN
from homeassistant.setup import async_setup_component
from hypothesis import settings
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.protocol.enums import LockAction, Weekdays
from custom_components.smartlock.protocol.wire import Time2
from custom_components.smartlock.settings.archive import SettingsArchive
from custom_components.smartlock.settings.rules import restore
from simulator.lock.time_control import Entry
from simulator.virtual_lock import Kind, VirtualLock, quick
from tests.deaths import Death, World
from tests.integration.home import Home

MODELS = ("gen2", "gen3", "gen4", "ultra")
CHANGES = {"led_brightness": 1, "single_lock": 1, "auto_lock_enabled": 1, "auto_lock_timeout": 120}
ENTRIES = (
    Entry(weekdays=Weekdays.MONDAY, time=Time2(7, 0), lock_action=LockAction.UNLOCK),
    Entry(weekdays=Weekdays.NONE, time=Time2(22, 0), lock_action=LockAction.LOCK, enabled=0),
)
# What every restore here has to write: each setting, two entries added, one of them switched off again.
WRITES = Counter({**dict.fromkeys(CHANGES, 1), "name": 1, "time_control": 3, "logging_enabled": 1})


def archive_of(entry: MockConfigEntry) -> SettingsArchive:
    """Return the archive of a lock."""
    archive: SettingsArchive = entry.runtime_data.archive
    return archive


@dataclass(frozen=True)
class Story:
    """One run."""

    model: str
    death: Death
    occasion: int

    @override
    def __str__(self) -> str:
        """Return it as a test is called."""
        return f"{self.model}-{self.death.name.lower()}-{self.occasion}"


async def one_death(home: Home, storage: dict[str, Any], story: Story) -> None:
    """Lose settings, put them back, die on the way, start again."""
    model = story.model
    pin = 739158 if model == "ultra" else 7391
    lock = home.add_lock(
        model,
        pin=pin,
        timing=quick(advertising_interval=3.0, battery_change=10.0),
    )
    lock.settings.change(**CHANGES)
    for each in ENTRIES:
        lock.time_control.add(each)
    lock.battery.set(40)
    entry = await home.set_up(lock, "bridge", pin=str(pin))
    await archive_of(entry).async_save()
    await home.until(lambda: not home.connected(lock))

    lock.time_control.clear()
    lock.swap_batteries(["settings"])
    lock.log.enabled = False
    await home.until(lambda: archive_of(entry).kept.loss is not None)
    await home.until(lambda: not home.connected(lock))
    lock.clock.offset = timedelta(hours=-3)

    world = World(home, lock, storage)
    with world.watched():
        world.plan(story.death, story.occasion)
        archive = archive_of(entry)
        task = home.hass.async_create_task(
            archive.async_restore(restore.all_at_once(archive.differences)), eager_start=False
        )
        await home.until(lambda: world.dead or task.done())
        died = world.dead
        if died:
            await asyncio.sleep(1)
            await world.restart(entry)
        task.cancel()
        await asyncio.wait([task])
        archive = archive_of(entry)
        await home.until(lambda: archive.restoring is None)
        if died and archive.kept.loss is not None:
            # It died before the owner's word was on disk.
            assert set(WRITES) & set(written(lock)) == set()
            await archive.async_restore(restore.all_at_once(archive.differences))
    assert_consistent(lock, archive)


def written(lock: VirtualLock) -> Counter[str]:
    """Return how often each field was written."""
    return Counter(
        name
        for entry in lock.journal.of(Kind.SETTINGS_WRITTEN)
        for name in str(entry.facts["fields"]).split()
    )


def assert_consistent(lock: VirtualLock, archive: SettingsArchive) -> None:
    """Whatever happened: the lock has what it had, each thing was written once, and what is kept says so."""
    values = lock.settings.values
    assert {name: getattr(values, name) for name in CHANGES} == CHANGES
    entries = sorted((entry.time, entry.enabled) for _, entry in lock.time_control)
    assert entries == sorted((entry.time, entry.enabled) for entry in ENTRIES)
    assert lock.log.enabled
    assert abs(lock.clock.offset) < timedelta(seconds=5)
    counts = written(lock)
    assert counts.pop("time") == 1
    assert counts == WRITES
    kept = archive.kept
    assert (kept.loss, kept.journal) == (None, None)
    newest = kept.newest
    assert newest is not None
    assert newest.config.led_brightness == values.led_brightness
    assert newest.config.name == values.name
    assert newest.advanced_config.auto_lock_timeout == values.auto_lock_timeout
    assert newest.time_control is not None
    assert len(newest.time_control) == len(ENTRIES)
    assert [rule.facts for rule in lock.journal.broken_rules] == []
    assert not [pin for pin in lock.journal.pins_sent if not pin.facts["accepted"]]


def _moments(death: Death) -> int:
    """Return how many occasions of a kind there are, about."""
    return 24 if "save" in death.value else 72


def _stories(runs: int) -> list[Story]:
    """Return so many stories, spread over all models and kinds of death, from the first moment to the last."""
    deaths = list(Death)
    each = runs // len(deaths)
    return [
        Story(MODELS[(index + number) % len(MODELS)], death, 1 + index * _moments(death) // each)
        for number, death in enumerate(deaths)
        for index in range(each)
    ]


CAMPAIGN = settings.get_current_profile_name() == "campaign"


@pytest.mark.parametrize("story", _stories(500 if CAMPAIGN else 20), ids=str)
async def test_dying_while_settings_are_put_back(
    home: Home, hass_storage: dict[str, Any], story: Story
) -> None:
    """Wherever it happens."""
    await async_setup_component(home.hass, REPAIRS_DOMAIN, {})
    await one_death(home, hass_storage, story)


def test_the_stories() -> None:
    """They are spread as they should be."""
    stories = _stories(500)
    assert len(set(stories)) > 400
    assert {(story.model, story.death) for story in stories} == {(m, d) for m in MODELS for d in Death}
