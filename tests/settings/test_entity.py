"""Settings as entities: what appears and when, what a change sends, and what an owner is told."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from homeassistant.config_entries import RELOAD_AFTER_UPDATE_DELAY
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.protocol.enums import (
    AdvertisingMode,
    BatteryType,
    ButtonAction,
    FobAction,
    MotorSpeed,
)
from custom_components.smartlock.protocol.settings import KINDS
from custom_components.smartlock.protocol.wire import Time2
from simulator.virtual_lock import MODELS as LOCKS, Kind, VirtualLock, quick
from tests.integration.home import NUKI_ID, PINS, Home

MODELS = ("gen2", "gen3", "gen4", "ultra")
SETTINGS = ("number", "select", "switch", "text", "time")
FOBS = {"fob_action_1", "fob_action_2", "fob_action_3"}
MOTOR = {"motor_speed", "slow_speed_during_night_mode"}
LEFT_OUT = {key for key in KINDS if "position" in key or "transition" in key or "itude" in key}

# Setting, action, its fields, what the lock has then, and what is shown.
CHANGES: tuple[tuple[str, str, Mapping[str, Any], object, str], ...] = (
    ("led_enabled", "switch.turn_off", {}, 0, "off"),
    ("led_brightness", "number.set_value", {"value": 2}, 2, "2"),
    ("button_enabled", "switch.turn_off", {}, 0, "off"),
    (
        "single_button_press_action",
        "select.select_option",
        {"option": "show_status"},
        ButtonAction.SHOW_STATUS,
        "show_status",
    ),
    ("double_button_press_action", "select.select_option", {"option": "lock"}, ButtonAction.LOCK, "lock"),
    ("fob_action_1", "select.select_option", {"option": "unlock"}, FobAction.UNLOCK, "unlock"),
    ("fob_action_2", "select.select_option", {"option": "no_action"}, FobAction.NO_ACTION, "no_action"),
    ("fob_action_3", "select.select_option", {"option": "lock_n_go"}, FobAction.LOCK_N_GO, "lock_n_go"),
    ("single_lock", "switch.turn_on", {}, 1, "on"),
    ("auto_unlatch", "switch.turn_on", {}, 1, "on"),
    ("unlatch_duration", "select.select_option", {"option": "7"}, 7, "7"),
    ("lock_n_go_timeout", "select.select_option", {"option": "45"}, 45, "45"),
    ("auto_lock_enabled", "switch.turn_on", {}, 1, "on"),
    ("auto_lock_timeout", "number.set_value", {"value": 1800}, 1800, "1800"),
    ("immediate_auto_lock_enabled", "switch.turn_on", {}, 1, "on"),
    ("night_mode_enabled", "switch.turn_on", {}, 1, "on"),
    ("night_mode_start", "time.set_value", {"time": "21:30:00"}, Time2(21, 30), "21:30:00"),
    ("night_mode_end", "time.set_value", {"time": "07:05:00"}, Time2(7, 5), "07:05:00"),
    ("night_mode_auto_lock_enabled", "switch.turn_off", {}, 0, "off"),
    ("night_mode_auto_unlock_disabled", "switch.turn_off", {}, 0, "off"),
    ("night_mode_immediate_lock_on_start", "switch.turn_off", {}, 0, "off"),
    ("auto_unlock_disabled", "switch.turn_on", {}, 1, "on"),
    ("advertising_mode", "select.select_option", {"option": "slow"}, AdvertisingMode.SLOW, "slow"),
    ("battery_type", "select.select_option", {"option": "lithium"}, BatteryType.LITHIUM, "lithium"),
    ("automatic_battery_type_detection", "switch.turn_off", {}, 0, "off"),
    ("motor_speed", "select.select_option", {"option": "gentle"}, MotorSpeed.GENTLE, "gentle"),
    ("slow_speed_during_night_mode", "switch.turn_on", {}, 1, "on"),
    ("pairing_enabled", "switch.turn_off", {}, 0, "off"),
    (
        "name",
        "text.set_value",
        {"value": "Größe 38 \N{HOUSE WITH GARDEN}"},
        "Größe 38 \N{HOUSE WITH GARDEN}",
        "Größe 38 \N{HOUSE WITH GARDEN}",
    ),
    ("time_zone_id", "select.select_option", {"option": "Asia/Tokyo"}, 29, "Asia/Tokyo"),
    ("dst_mode", "switch.turn_off", {}, 0, "off"),
    ("auto_update_enabled", "switch.turn_off", {}, 0, "off"),
    ("detached_cylinder", "switch.turn_on", {}, 1, "on"),
)


def registered(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, er.RegistryEntry]:
    """Return the settings among the entities of a lock, by their keys."""
    return {
        each.unique_id.removeprefix(f"{NUKI_ID:08X}_"): each
        for each in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
        if each.domain in SETTINGS and each.entity_category is EntityCategory.CONFIG
    }


def add_lock(home: Home, model: str, *, fob: bool) -> VirtualLock:
    """Mount a lock, with a fob or without."""
    lock = home.add_lock(model)
    if fob:
        lock.pair_accessory("fob")
    return lock


async def set_up(
    home: Home, lock: VirtualLock, *, pin: bool = True, everything: bool = False
) -> MockConfigEntry:
    """Add a lock to Home Assistant and wait until its settings were read; `everything` enables each of them."""
    entry = await home.set_up(lock, pin=str(PINS[lock.model.name]) if pin else None)
    await settled(home, entry, lock)
    if everything:
        registry = er.async_get(home.hass)
        for each in registered(home.hass, entry).values():
            registry.async_update_entity(each.entity_id, disabled_by=None)
        # Home Assistant reloads the entry by itself, in its own time: a change under way then would not be written.
        await asyncio.sleep(RELOAD_AFTER_UPDATE_DELAY + 10)
        await settled(home, entry, lock)
    lock.journal.entries.clear()
    return entry


async def settled(home: Home, entry: MockConfigEntry, lock: VirtualLock) -> None:
    """Wait until the settings were read and the lock was let go of."""
    await home.until(lambda: entry.runtime_data.coordinator.data.advanced_config is not None)
    await home.until(lambda: not home.connected(lock))
    await home.hass.async_block_till_done()


async def change(home: Home, key: str, action: str, **fields: Any) -> None:
    """Call an action of the entity of a setting."""
    domain, _, service = action.partition(".")
    await home.hass.services.async_call(
        domain, service, {"entity_id": home.entity_id(key), **fields}, blocking=True
    )


# --- What appears -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fob", [False, True])
@pytest.mark.parametrize("model", MODELS)
async def test_only_what_the_lock_has(home: Home, model: str, fob: bool) -> None:
    """Every setting but a few, less what this model and its owner have not."""
    lock = add_lock(home, model, fob=fob)
    entry = await set_up(home, lock)
    lacking = LEFT_OUT | {"time_zone_offset"}
    if model != "ultra":
        lacking |= MOTOR
    if not fob:
        lacking |= FOBS
    assert registered(home.hass, entry).keys() == KINDS.keys() - lacking


async def test_settings_without_a_time_zone(home: Home) -> None:
    lock = home.add_lock()
    lock.settings.change(time_zone_id=0xFFFF, time_zone_offset=60)
    await set_up(home, lock, everything=True)
    assert home.state("time_zone_id") == "none"
    assert home.state("time_zone_offset") == "60"
    await change(home, "time_zone_offset", "number.set_value", value=-90)
    assert lock.settings.values.time_zone_offset == -90
    # With a zone of its own the offset counts no more.
    await change(home, "time_zone_id", "select.select_option", option="Europe/London")
    assert lock.settings.values.time_zone_id == 40
    assert home.state("time_zone_offset") == STATE_UNAVAILABLE
    assert "none" not in home.full_state("time_zone_id").attributes["options"]


async def test_old_firmware_switches_auto_lock_off_by_its_time(home: Home) -> None:
    """Document V2.1: no switch for auto lock, none for immediate auto lock, and 0 seconds for off."""
    model = replace(LOCKS["gen2"], advanced_config_length=28)
    lock = home.mount(
        VirtualLock(model, nuki_id=NUKI_ID, pin=PINS["gen2"], timing=quick(advertising_interval=0.3))
    )
    entry = await set_up(home, lock)
    assert (
        not {"auto_lock_enabled", "immediate_auto_lock_enabled", "auto_update_enabled"}
        & registered(home.hass, entry).keys()
    )
    assert home.state("auto_lock_timeout") == "0"
    assert home.full_state("auto_lock_timeout").attributes["min"] == 0
    await change(home, "auto_lock_timeout", "number.set_value", value=120)
    assert lock.settings.values.auto_lock_timeout == 120
    with pytest.raises(ServiceValidationError):
        await change(home, "auto_lock_timeout", "number.set_value", value=1)
    await change(home, "auto_lock_timeout", "number.set_value", value=0)
    assert lock.settings.values.auto_lock_timeout == 0
    assert lock.journal.broken_rules == []


async def test_fob_that_is_bought_later(home: Home) -> None:
    lock = home.add_lock()
    entry = await set_up(home, lock)
    assert not FOBS & registered(home.hass, entry).keys()
    lock.pair_accessory("fob")
    lock.settings.change(led_brightness=1)
    await home.read()
    await home.hass.async_block_till_done()
    assert registered(home.hass, entry).keys() >= FOBS
    assert home.state("fob_action_1") == "intelligent"


async def test_nothing_vanishes_while_the_lock_is_out_of_reach(home: Home) -> None:
    """After a restart the settings are there as they were, but nobody knows them until the lock was read."""
    lock = home.add_lock()
    entry = await set_up(home, lock)
    before = registered(home.hass, entry)
    assert home.state("led_brightness") == "5"

    home.go_out_of_range(lock)
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await home.hass.async_block_till_done()
    assert registered(home.hass, entry).keys() == before.keys()
    for key in ("led_brightness", "led_enabled", "night_mode_start", "single_button_press_action"):
        assert home.state(key) in {STATE_UNAVAILABLE, STATE_UNKNOWN}
        assert "restored" not in home.full_state(key).attributes

    home.come_into_range(lock)
    await home.until(lambda: home.state("led_brightness") == "5")
    assert home.state("night_mode_start") == "22:00:00"


async def test_nothing_appears_before_the_settings_were_read(home: Home) -> None:
    lock = home.add_lock()
    home.go_out_of_range(lock)
    entry = home.entry(lock)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.hass.async_block_till_done()
    assert registered(home.hass, entry) == {}


async def test_danger_is_told_in_words(home: Home) -> None:
    lock = home.add_lock()
    await set_up(home, lock, everything=True)
    assert home.full_state("auto_unlatch").attributes["caution"] == "unlocking_opens_the_door"
    assert home.full_state("pairing_enabled").attributes["caution"] == "nobody_can_pair"
    assert "caution" not in home.full_state("led_enabled").attributes


# --- What they show ---------------------------------------------------------------------------------------


async def test_values_are_shown_as_they_are(home: Home) -> None:
    """What no list has is shown if it is a number, and unknown otherwise; what was cut is no name."""
    lock = home.add_lock()
    lock.settings.change(
        unlatch_duration=4,
        single_button_press_action=ButtonAction(99),
        battery_type=BatteryType.FIXED,
        led_enabled=2,
        night_mode_start=Time2(25, 0),
        name="Front\udcc3",
    )
    await set_up(home, lock, everything=True)
    assert home.state("unlatch_duration") == "4"
    assert home.full_state("unlatch_duration").attributes["options"][-1] == "4"
    assert home.state("battery_type") == "fixed"
    assert home.state("single_button_press_action") == STATE_UNKNOWN
    assert home.state("led_enabled") == STATE_UNKNOWN
    assert home.state("night_mode_start") == STATE_UNKNOWN
    assert home.state("name") == "Front\N{REPLACEMENT CHARACTER}"
    # Choosing what is chosen already sends nothing; and what is not changed goes back as it was.
    await change(home, "unlatch_duration", "select.select_option", option="4")
    assert lock.journal.entries == []
    await change(home, "led_brightness", "number.set_value", value=1)
    assert lock.settings.values.name == "Front\udcc3"
    assert lock.settings.values.led_enabled == 2
    await change(home, "lock_n_go_timeout", "select.select_option", option="60")
    assert lock.settings.values.unlatch_duration == 4
    assert lock.settings.values.single_button_press_action == 99


async def test_change_in_the_app_shows(home: Home) -> None:
    lock = home.add_lock()
    await set_up(home, lock)
    lock.settings.change(led_brightness=1, auto_lock_enabled=1)
    await home.read()
    assert home.state("led_brightness") == "1"
    assert home.state("auto_lock_enabled") == "on"


# --- Changes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
async def test_every_setting_can_be_changed(home: Home, model: str) -> None:
    """One after the other: the lock has each, it is shown, one write and one PIN each, and nothing else differs."""
    lock = add_lock(home, model, fob=True)
    entry = await set_up(home, lock, everything=True)
    available = registered(home.hass, entry)
    assert available.keys() == {key for key, *_ in CHANGES} - (set() if model == "ultra" else MOTOR)
    expected = dict(vars(lock.settings.values))
    for key, action, fields, value, shown in CHANGES:
        if key not in available:
            continue
        lock.journal.entries.clear()
        await change(home, key, action, **fields)
        expected[key] = value
        assert vars(lock.settings.values) == expected
        assert home.state(key) == shown
        assert len(lock.journal.pins_sent) == 1
        (written,) = lock.journal.of(Kind.SETTINGS_WRITTEN)
        assert written.facts["fields"] == key
    assert lock.journal.broken_rules == []


async def test_scene_is_one_write(home: Home) -> None:
    """Several entities at once, as a scene or an area as target does it."""
    lock = home.add_lock()
    await set_up(home, lock)
    switches = [
        home.entity_id(key)
        for key in ("led_enabled", "button_enabled", "night_mode_enabled", "auto_lock_enabled")
    ]
    await home.hass.services.async_call("switch", "toggle", {"entity_id": switches}, blocking=True)
    assert [
        home.state(key)
        for key in ("led_enabled", "button_enabled", "night_mode_enabled", "auto_lock_enabled")
    ] == [
        "off",
        "off",
        "on",
        "on",
    ]
    assert len(lock.journal.requests("SET_CONFIG")) == len(lock.journal.requests("SET_ADVANCED_CONFIG")) == 1
    assert len(lock.journal.pins_sent) == 2
    assert len(lock.journal.connections) == 1


# --- What an owner is told --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "action", "fields"),
    [
        ("led_brightness", "number.set_value", {"value": 6}),
        ("led_brightness", "number.set_value", {"value": 2.5}),
        ("auto_lock_timeout", "number.set_value", {"value": 1}),
        ("auto_lock_timeout", "number.set_value", {"value": 0}),
        ("unlatch_duration", "select.select_option", {"option": "4"}),
        ("night_mode_start", "time.set_value", {"time": "22:00:30"}),
        ("name", "text.set_value", {"value": "ä" * 17}),
        ("name", "text.set_value", {"value": "two\nlines"}),
        ("name", "text.set_value", {"value": " blank"}),
        ("time_zone_id", "select.select_option", {"option": "none"}),
        ("battery_type", "select.select_option", {"option": "fixed"}),
    ],
)
async def test_bad_value_changes_nothing(home: Home, key: str, action: str, fields: dict[str, Any]) -> None:
    lock = home.add_lock()
    await set_up(home, lock, everything=True)
    before = dict(vars(lock.settings.values))
    with pytest.raises((ServiceValidationError, ValueError)) as refused:
        await change(home, key, action, **fields)
    if isinstance(refused.value, ServiceValidationError) and refused.value.translation_domain == "smartlock":
        assert refused.value.translation_key == "bad_setting"
        # The owner reads the name of the entity, not that of the field, and never the value.
        names = {
            "led_brightness": "LED brightness",
            "night_mode_start": "Night mode: from",
            "name": "Name in the lock",
        }
        assert refused.value.translation_placeholders == {"fields": names[key]}
    assert vars(lock.settings.values) == before
    assert lock.journal.entries == []


async def test_without_a_pin_values_are_shown_and_a_change_says_what_to_do(home: Home) -> None:
    lock = home.add_lock()
    await set_up(home, lock, pin=False)
    assert home.state("led_brightness") == "5"
    assert home.state("night_mode_enabled") == "off"
    for key, action, fields in (
        ("led_brightness", "number.set_value", {"value": 2}),
        ("night_mode_enabled", "switch.turn_on", {}),
    ):
        with pytest.raises(HomeAssistantError) as refused:
            await change(home, key, action, **fields)
        assert refused.value.translation_key == "pin_needed"
    assert home.state("led_brightness") == "5"
    assert lock.journal.entries == []


async def test_failed_change_shows_what_the_lock_has(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = home.add_lock()
    await set_up(home, lock)
    monkeypatch.setattr(lock.settings, "change", lambda **values: None)
    with pytest.raises(HomeAssistantError) as refused:
        await change(home, "led_brightness", "number.set_value", value=2)
    assert refused.value.translation_key == "settings_not_kept"
    assert refused.value.translation_placeholders == {"fields": "LED brightness"}
    assert home.state("led_brightness") == "5"
    assert len(lock.journal.requests("SET_CONFIG")) == 1
