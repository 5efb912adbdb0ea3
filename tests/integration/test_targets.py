"""Actions of our own that are aimed at locks of others, by name or through a group."""

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
import pytest

from custom_components.smartlock.const import DOMAIN
from simulator.virtual_lock import VirtualLock
from tests.integration.home import NUKI_ID, PINS, Home

FOREIGN = "lock.other"


async def lock_beside_another(home: Home) -> VirtualLock:
    """Set a lock up beside one of another integration."""
    lock = home.add_lock()
    await home.set_up(lock, pin=str(PINS["gen3"]))
    er.async_get(home.hass).async_get_or_create("lock", "other", "1", suggested_object_id="other")
    home.hass.states.async_set(FOREIGN, "locked")
    return lock


async def call(hass: HomeAssistant, action: str, **target: object) -> None:
    """Call an action of ours."""
    await hass.services.async_call(DOMAIN, action, target, blocking=True)


@pytest.mark.parametrize("action", ["reboot", "calibrate", "lock_n_go", "sync_time"])
@pytest.mark.parametrize("how", ["group", "by name", "alone"])
async def test_nothing_is_done_when_one_lock_is_not_ours(home: Home, action: str, how: str) -> None:
    """Not for a part of them, and not without a word."""
    lock = await lock_beside_another(home)
    ours = home.entity_id("lock")
    await home.lock_group(FOREIGN, ours)
    target = {"group": ["lock.doors"], "by name": [ours, FOREIGN], "alone": [FOREIGN]}[how]
    sent = len(lock.journal.pins_sent)
    with pytest.raises(ServiceValidationError) as caught:
        await call(home.hass, action, entity_id=target)
    assert caught.value.translation_key == "not_ours"
    assert FOREIGN in str(caught.value)
    assert ours not in str(caught.value)
    assert len(lock.journal.pins_sent) == sent
    assert lock.journal.requests("LOCK_ACTION") == []


async def test_a_group_of_ours(home: Home) -> None:
    """All of them are asked."""
    locks = [home.add_lock(), home.add_lock(nuki_id=NUKI_ID + 1)]
    for lock in locks:
        await home.set_up(lock, pin=str(PINS["gen3"]))
    await home.lock_group(home.entity_id("lock"), home.entity_id("lock", NUKI_ID + 1))
    await call(home.hass, "calibrate", entity_id="lock.doors")
    assert [len(lock.journal.requests("REQUEST_CALIBRATION")) for lock in locks] == [1, 1]


@pytest.mark.parametrize("how", ["area", "all"])
async def test_a_wide_target_means_ours(home: Home, how: str) -> None:
    """Home Assistant's rule for areas and the like: whoever can do it does it."""
    lock = await lock_beside_another(home)
    area = ar.async_get(home.hass).async_create("Hall").id
    registry = er.async_get(home.hass)
    registry.async_update_entity(FOREIGN, area_id=area)
    ours = registry.async_get(home.entity_id("lock"))
    assert ours is not None
    assert ours.device_id is not None
    dr.async_get(home.hass).async_update_device(ours.device_id, area_id=area)
    await call(home.hass, "lock_n_go", **({"area_id": area} if how == "area" else {"entity_id": "all"}))
    assert len(lock.journal.requests("LOCK_ACTION")) == 1


async def test_a_lock_that_does_not_exist(home: Home) -> None:
    await lock_beside_another(home)
    with pytest.raises(ServiceValidationError):
        await call(home.hass, "lock_n_go", entity_id="lock.typo")
