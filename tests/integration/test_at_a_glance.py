"""What a new owner sees of a lock, and what somebody keeps who has had it for long."""

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import STATE_UNAVAILABLE, EntityCategory
from homeassistant.core import Event, EventStateChangedData, callback
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.link.rules import PollPolicy
from simulator.virtual_lock import Timing
from tests.integration.home import NUKI_ID, PINS, SWITCHED_ON, Home

SEEN = {
    "lock": None,
    "door": None,
    "activity": None,
    "access_denied": None,
    "fault": None,
    "clutch_fault": None,
    "motor_blocked": None,
    "battery": EntityCategory.DIAGNOSTIC,
    "connection": EntityCategory.DIAGNOSTIC,
}


@pytest.fixture
def as_new() -> bool:
    """Nothing was enabled by hand."""
    return True


def entities(home: Home, entry: MockConfigEntry) -> dict[str, er.RegistryEntry]:
    """Return the entities of a lock by their keys."""
    return {
        each.unique_id.removeprefix(f"{NUKI_ID:08X}_"): each
        for each in er.async_entries_for_config_entry(er.async_get(home.hass), entry.entry_id)
    }


@pytest.mark.parametrize("model", PINS)
async def test_what_a_new_owner_sees(home: Home, model: str) -> None:
    """A page of two screens on a phone; everything else is there to be enabled."""
    lock = home.add_lock(model)
    lock.pair_accessory("keypad")
    lock.pair_accessory("fob")
    entry = await home.set_up(lock, pin=str(PINS[model]))
    await home.hass.async_block_till_done()
    found = entities(home, entry)
    enabled = {key: each.entity_category for key, each in found.items() if each.disabled_by is None}
    assert enabled == SEEN
    assert len(found) > 60
    assert all(
        each.disabled_by is er.RegistryEntryDisabler.INTEGRATION
        for key, each in found.items()
        if key not in SEEN
    )
    batteries = [
        key
        for key in enabled
        if home.full_state(key).attributes.get("device_class") == SensorDeviceClass.BATTERY
    ]
    assert batteries == ["battery"]


async def test_who_has_had_the_lock_for_long_keeps_what_is_there(home: Home) -> None:
    """The registry as an earlier version has left it: enabled by default, by hand, and disabled by hand."""
    lock = home.add_lock()
    entry = home.entry(lock, pin=str(PINS["gen3"]))
    registry = er.async_get(home.hass)
    platforms = {"battery_critical": "binary_sensor", "led_enabled": "switch", "lock_state": "sensor"}
    platforms |= {"last_fault": "sensor", "save_settings": "button", "battery_changed": "event"}
    platforms |= {"night_mode_start": "time", "wear": "sensor", "pairing_enabled": "switch"}
    platforms |= {"last_user": "sensor", "firmware": "sensor", "auto_lock_enabled": "switch"}
    platforms |= {"auto_lock_timeout": "number"}
    assert platforms.keys() & SWITCHED_ON
    for key, platform in platforms.items():
        registry.async_get_or_create(platform, DOMAIN, f"{NUKI_ID:08X}_{key}", config_entry=entry)
    own = registry.async_get_or_create(
        "sensor",
        DOMAIN,
        f"{NUKI_ID:08X}_connection",
        config_entry=entry,
        disabled_by=er.RegistryEntryDisabler.USER,
    )
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settled(entry, lock)
    await home.hass.async_block_till_done()
    for key in platforms:
        assert entities(home, entry)[key].disabled_by is None
        assert home.hass.states.get(home.entity_id(key)) is not None
    assert home.state("lock_state") == "locked"
    assert registry.async_get(own.entity_id).disabled_by is er.RegistryEntryDisabler.USER  # type: ignore[union-attr]
    assert entities(home, entry)["auto_unlatch"].disabled_by is er.RegistryEntryDisabler.INTEGRATION


async def test_the_firmware_is_known_after_a_restart(home: Home) -> None:
    """So that the page Activity has a line for it only when it is another one."""
    lock = home.add_lock()
    entry = home.entry(lock)
    er.async_get(home.hass).async_get_or_create(
        "sensor", DOMAIN, f"{NUKI_ID:08X}_firmware", config_entry=entry
    )
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settled(entry, lock)
    assert home.state("firmware") == "3.11.1"
    await home.hass.config_entries.async_unload(entry.entry_id)
    home.go_out_of_range(lock)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    assert home.state("firmware") == "3.11.1"


# --- Lines in Activity ------------------------------------------------------------------------------------


def watch(home: Home) -> list[tuple[str, str]]:
    """Return a list that grows with each change of a state, as Home Assistant has a line in Activity for each.

    The first state that an entity has after a start of Home Assistant is no change.
    """
    seen: list[tuple[str, str]] = []
    registry = er.async_get(home.hass)

    @callback
    def take(event: Event[EventStateChangedData]) -> None:
        before, after = event.data["old_state"], event.data["new_state"]
        known = registry.async_get(event.data["entity_id"])
        if known is not None and before is not None and after is not None and before.state != after.state:
            seen.append((known.unique_id.removeprefix(f"{NUKI_ID:08X}_"), after.state))

    home.hass.bus.async_listen("state_changed", take)
    return seen


# The charge is a number, which has no line.
FIRST_READ = {
    "battery": "100",
    "clutch_fault": "off",
    "connection": "ok",
    "door": "off",
    "lock": "locked",
    "motor_blocked": "off",
}


async def test_a_start_is_one_line_for_each_entity(home: Home) -> None:
    """None says that something is unknown for the second until the lock has been read."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=str(PINS["gen3"]))
    await home.hass.config_entries.async_unload(entry.entry_id)
    for each in entities(home, entry).values():
        # Home Assistant has no states of its last run.
        home.hass.states.async_remove(each.entity_id)
    seen = watch(home)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settled(entry, lock)
    assert sorted(seen) == sorted(FIRST_READ.items())


async def test_a_lock_that_is_back_is_one_line_for_each_entity(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=str(PINS["gen3"]))
    home.go_out_of_range(lock)
    await home.until(lambda: home.state() == STATE_UNAVAILABLE, within=3600)
    assert home.state("connection") == "not_heard"
    await home.hass.async_block_till_done()
    seen = watch(home)
    home.come_into_range(lock)
    await home.until(lambda: home.state() == "locked", within=120)
    await home.until(lambda: not home.connected(lock))
    assert sorted(seen) == sorted(FIRST_READ.items())
    assert entry.runtime_data.coordinator.last_update_success


async def test_a_lock_that_is_back_but_may_not_be_read_yet_is_not_kept_unavailable(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be unlocked from a dashboard, whose buttons an unavailable lock would disable."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    home.go_out_of_range(lock)
    await home.until(lambda: home.state() == STATE_UNAVAILABLE, within=3600)
    # As after too many connections in a day.
    monkeypatch.setattr(PollPolicy, "_affordable_at", lambda policy, now: now + 600)
    home.come_into_range(lock)
    await home.until(lambda: home.state() != STATE_UNAVAILABLE, within=60)
    assert home.state() == "unknown"
    await home.call("unlock")
    assert home.state() == "unlocked"
    assert entry.runtime_data.coordinator.presence.answered


@pytest.mark.parametrize("failed", [1, 2])
async def test_a_single_lost_answer_is_no_news(home: Home, failed: int) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock)
    lock.faults.silence = True
    seen: list[str] = []
    home.hass.bus.async_listen(
        "state_changed",
        lambda event: (
            seen.append(event.data["new_state"].state)
            if event.data["entity_id"] == home.entity_id("connection")
            else None
        ),
    )
    coordinator = entry.runtime_data.coordinator
    await home.read()
    assert not coordinator.last_update_success
    if failed == 2:
        await home.until(lambda: coordinator.policy.failures == 2)
    lock.faults.clear()
    await home.until(lambda: coordinator.last_update_success)
    assert seen == (["not_answering", "ok"] if failed == 2 else [])


async def test_an_action_is_two_rows_for_the_recorder(home: Home) -> None:
    """Who has turned it by hand before has nothing to do with it, and is gone at once."""
    lock = home.add_lock(timing=Timing())
    entry = await home.set_up(lock, "bridge")
    lock.turn_key("unlock")
    await home.until(lambda: home.state() == "unlocked" and not home.connected(lock))
    assert home.full_state().attributes["changed_by"] == "Manual"
    seen: list[tuple[str, str | None]] = []
    home.hass.bus.async_listen(
        "state_changed",
        lambda event: seen.append(
            (event.data["new_state"].state, event.data["new_state"].attributes.get("changed_by"))
        ),
    )
    await home.call("lock")
    await home.hass.async_block_till_done()
    assert seen == [("locking", None), ("locked", None)]
    assert entry.runtime_data.coordinator.last_update_success
