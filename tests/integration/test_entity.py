"""What all entities of a lock have in common."""

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial

from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.entity import SmartLockEntity
from custom_components.smartlock.protocol import conversations
from simulator.lock.jams import Jam
from tests.access.doors import Door
from tests.integration.home import PINS, Home


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count updates, writes, and what an entity shows after an update although its whole state is another one."""
    seen = Counter[str]()
    decide, write = SmartLockEntity._handle_coordinator_update, SmartLockEntity._async_write_ha_state

    def updated(entity: SmartLockEntity) -> None:
        seen["updates"] += 1
        decide(entity)
        shown = entity.hass.states.get(entity.entity_id)
        if shown is not None:
            true = entity._async_calculate_state()
            seen["stale"] += (shown.state, shown.attributes) != (true.state, true.attributes)

    def written(entity: SmartLockEntity) -> None:
        seen["writes"] += 1
        write(entity)

    monkeypatch.setattr(SmartLockEntity, "_handle_coordinator_update", updated)
    monkeypatch.setattr(SmartLockEntity, "_async_write_ha_state", written)
    monkeypatch.setattr(SmartLockEntity, "entity_registry_enabled_default", True)
    return seen


async def test_what_is_not_written_has_not_changed(home: Home, seen: Counter[str]) -> None:
    door = await Door.of(home, codes_as_switches=True)
    lock = door.lock
    door.put(345678, "Cleaner")
    await door.access.codes.async_list()
    await home.hass.async_block_till_done()
    lock.jam(Jam.MOTOR)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    lock.repair()
    await home.call("unlock")
    await home.call("turn_off", "switch", entity_id=home.entity_id("led_enabled"))
    await home.call("turn_off", "switch", entity_id=home.entity_id("code_1"))
    await home.call("press", "button", entity_id=home.entity_id("pause_guest_codes"))
    events: tuple[Callable[[], None], ...] = (
        lock.open_door,
        lambda: lock.set_battery(8),
        lock.update_firmware,
        lambda: home.go_out_of_range(lock),
        lambda: home.come_into_range(lock),
    )
    for event in events:
        event()
        await asyncio.sleep(1200)
        await home.read()
    assert seen["stale"] == 0
    assert seen["writes"] < seen["updates"] / 5


@pytest.fixture
def updates(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often a lock has its entities look for changes."""
    updates = Counter[str]()
    update = SmartLockCoordinator.async_update_listeners

    def counted(coordinator: SmartLockCoordinator) -> None:
        updates["all"] += 1
        update(coordinator)

    monkeypatch.setattr(SmartLockCoordinator, "async_update_listeners", counted)
    return updates


async def test_a_read_updates_the_entities_twice(home: Home, updates: Counter[str]) -> None:
    """When the state has arrived, and when everybody has used the link; not for what stays between the parts."""
    lock = home.add_lock()
    coordinator = (await home.set_up(lock)).runtime_data.coordinator
    await home.read()
    for turn in ("unlock", "lock"):
        before = coordinator.states_received
        updates.clear()
        lock.turn_key(turn)
        await home.read()
        await home.hass.async_block_till_done(wait_background_tasks=True)
        received = coordinator.states_received - before
        assert 0 < received <= updates["all"] <= 2 * received


async def test_a_verified_pin_updates_no_entity(home: Home, updates: Counter[str]) -> None:
    """That the lock has accepted it once more shows nowhere."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=str(PINS["gen3"]))
    await home.read()
    client = entry.runtime_data.coordinator.client
    async with client.keep_connected():
        await client.read_states()
        updates.clear()
        await entry.runtime_data.pin.ask(partial(conversations.read_log, count=1))
        assert updates["all"] == 0
