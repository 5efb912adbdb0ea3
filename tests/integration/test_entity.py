"""What all entities of a lock have in common."""

import asyncio
from collections import Counter
from collections.abc import Callable

from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.smartlock.entity import SmartLockEntity
from simulator.lock.jams import Jam
from tests.access.doors import Door
from tests.integration.home import Home


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
