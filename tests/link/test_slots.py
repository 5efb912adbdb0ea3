"""Slots that are taken, and locks that give theirs to another one."""

from homeassistant.components import bluetooth
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped] # has none

from custom_components.smartlock.link.rules import GAVE_WAY_DELAY
from custom_components.smartlock.link.slots import slots_taken, waiting_for_slot
from simulator.local_adapter import LocalAdapter, RadioClient
from simulator.radio import RadioTiming
from simulator.virtual_lock import VirtualLock
from tests.integration.home import NUKI_ID, Home

OTHER_ID = NUKI_ID + 1


def take_slots(home: Home, number: int) -> None:
    """Let other devices use some of the five slots."""
    for each in range(number):
        home.adapter.claim(RadioClient(f"AA:00:00:00:00:0{each}", adapter=home.adapter))


async def test_slots_that_others_have_taken(home: Home) -> None:
    """All of them, of everybody who hears the lock; our own link to it is no reason to complain."""
    lock = home.add_lock()
    await home.heard(lock)
    taken = slots_taken(home.hass, lock.address)
    take_slots(home, 4)
    assert not taken()
    ours = RadioClient(lock.address, adapter=home.adapter)
    home.adapter.claim(ours)
    assert not taken()
    home.adapter.release(ours)
    home.adapter.claim(RadioClient("AA:00:00:00:00:05", adapter=home.adapter))
    assert taken()
    second = LocalAdapter(home.radio, source="00:1A:7D:DA:71:14", connection_slots=1)
    second.start(home.hass)
    await home.until(
        lambda: (
            len(bluetooth.async_scanner_devices_by_address(home.hass, lock.address, connectable=True)) == 2
        )
    )
    assert not taken()
    second.stop()
    assert not slots_taken(home.hass, "AA:AA:AA:AA:AA:AA")()


async def started(home: Home, lock: VirtualLock) -> MockConfigEntry:
    """Set a lock up, and do not wait for anything."""
    entry = home.entry(lock, "bridge")
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    return entry


async def test_lock_that_waits_for_a_slot_comes_before_the_settings_of_another(home: Home) -> None:
    """With one slot for two locks, both states are known before any settings; those follow by themselves."""
    home.radio.timing = RadioTiming()
    take_slots(home, 4)
    locks = [home.add_lock(), home.add_lock(nuki_id=OTHER_ID)]
    for lock in locks:
        await home.heard(lock)
    entries = [await started(home, lock) for lock in locks]
    await home.until(lambda: all(home.config_is_read(entry) for entry in entries), within=2 * GAVE_WAY_DELAY)
    states_at = [lock.journal.requests("REQUEST_DATA")[0].loop_time for lock in locks]
    settings_at = [lock.journal.requests("REQUEST_CONFIG")[0].loop_time for lock in locks]
    assert max(states_at) < min(settings_at)
    assert sorted(len(lock.journal.connections) for lock in locks) == [1, 2]


async def test_slot_is_given_away_once_in_a_row(home: Home) -> None:
    lock, waiting = home.add_lock(), home.add_lock(nuki_id=OTHER_ID)
    await home.heard(waiting)
    with waiting_for_slot(home.hass, waiting.address)():
        entry = await started(home, lock)
        await home.until(lambda: home.config_is_read(entry), within=2 * GAVE_WAY_DELAY)
    assert len(lock.journal.connections) == 2


async def test_lock_that_waits_for_other_slots_is_no_reason(home: Home) -> None:
    lock = home.add_lock()
    with waiting_for_slot(home.hass, "AA:AA:AA:AA:AA:AA")():
        await home.settled(await started(home, lock), lock)
    assert len(lock.journal.connections) == 1
