"""Settings as forms of the options: groups, what is written, and what an owner is told."""

from collections import Counter
import json
from pathlib import Path
from typing import Any

from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.protocol.enums import ButtonAction
from custom_components.smartlock.protocol.time_zones import TIME_ZONES
from custom_components.smartlock.protocol.wire import Time2
from custom_components.smartlock.settings.current import CurrentSettings
from custom_components.smartlock.settings.descriptions import NUMBERS, SELECTS, SWITCHES, TEXTS, TIMES
from custom_components.smartlock.settings.forms import GROUPS
from simulator.virtual_lock import VirtualLock
from tests.integration.home import PINS, Home
from tests.settings.test_actions import options
from tests.settings.test_archive import written
from tests.settings.test_entity import FOBS

ENGLISH = json.loads(Path("custom_components/smartlock/translations/en.json").read_text(encoding="utf-8"))
PIN = str(PINS["gen3"])


async def form(home: Home, entry: MockConfigEntry, step: str) -> Any:
    """Open a group of settings."""
    flow = await options(home, entry, "settings", step)
    assert (flow["type"], flow["step_id"]) == (FlowResultType.FORM, step)
    return flow


def shown(flow: Any) -> dict[str, Any]:
    """Return what stands in the fields of a form."""
    return {
        str(marker): marker.description["suggested_value"]
        for marker in flow["data_schema"].schema
        if marker.description
    }


async def submit(home: Home, flow: Any, **changes: Any) -> Any:
    """Submit a form with some of its values changed."""
    return await home.hass.config_entries.options.async_configure(flow["flow_id"], shown(flow) | changes)


async def lock_with_pin(home: Home, **options: Any) -> tuple[VirtualLock, MockConfigEntry]:
    """Return a lock whose PIN is verified."""
    lock = home.add_lock(**options)
    return lock, await home.set_up(lock, pin=PIN)


def test_every_setting_is_in_one_group() -> None:
    keys = Counter(key for group in GROUPS.values() for key in group)
    assert keys == Counter(each.key for each in (*SWITCHES, *NUMBERS, *SELECTS, *TIMES, *TEXTS))


def test_every_value_has_a_name() -> None:
    """But for the time zones, whose names are the same in all languages."""
    values = {value for each in SELECTS for value in each.values} - set(TIME_ZONES.values())
    assert values == set(ENGLISH["selector"]["setting_value"]["options"])


async def test_only_what_was_changed_is_written(home: Home) -> None:
    """Both messages at most once; the rest stays as the lock has it, not as the form shows it."""
    lock, entry = await lock_with_pin(home)
    flow = await form(home, entry, "settings_button")
    assert not FOBS & shown(flow).keys()
    assert shown(flow)["led_brightness"] == lock.settings.values.led_brightness
    # In the app, while the form is open.
    lock.settings.change(button_enabled=0)
    result = await submit(home, flow, led_brightness=1, single_button_press_action="show_status")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {"pin": PIN}
    values = lock.settings.values
    assert (values.led_brightness, values.button_enabled) == (1, 0)
    assert values.single_button_press_action == ButtonAction.SHOW_STATUS
    assert len(lock.journal.requests("SET_CONFIG")) == 1
    assert len(lock.journal.requests("SET_ADVANCED_CONFIG")) == 1
    assert sorted(written(lock)) == ["led_brightness", "single_button_press_action"]
    assert home.state("led_brightness") == "1"


async def test_what_was_changed_elsewhere_meanwhile_stays(home: Home) -> None:
    """Home Assistant has read it while the form was open, which still shows the former values."""
    lock, entry = await lock_with_pin(home)
    flow = await form(home, entry, "settings_auto_lock")
    assert shown(flow)["auto_lock_timeout"] != 180
    lock.settings.change(auto_lock_timeout=180)
    await CurrentSettings(entry.runtime_data.coordinator).async_read()
    changes = {"immediate_auto_lock_enabled": not shown(flow)["immediate_auto_lock_enabled"]}
    assert (await submit(home, flow, **changes))["type"] is FlowResultType.CREATE_ENTRY
    values = lock.settings.values
    assert values.auto_lock_timeout == 180
    assert bool(values.immediate_auto_lock_enabled) is changes["immediate_auto_lock_enabled"]


async def test_a_value_without_a_name_is_not_written(home: Home) -> None:
    """It is shown as a number, and somebody else has changed it by now."""
    lock, entry = await lock_with_pin(home)
    lock.settings.change(lock_n_go_timeout=17)
    await CurrentSettings(entry.runtime_data.coordinator).async_read()
    flow = await form(home, entry, "settings_movement")
    assert shown(flow)["lock_n_go_timeout"] == "17"
    lock.settings.change(lock_n_go_timeout=20)
    await CurrentSettings(entry.runtime_data.coordinator).async_read()
    assert (await submit(home, flow))["type"] is FlowResultType.CREATE_ENTRY
    assert written(lock) == []


async def test_times_and_switches(home: Home) -> None:
    lock, entry = await lock_with_pin(home)
    flow = await form(home, entry, "settings_night")
    result = await submit(home, flow, night_mode_enabled=True, night_mode_start="21:30")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    values = lock.settings.values
    assert (values.night_mode_enabled, values.night_mode_start) == (1, Time2(21, 30))
    assert shown(await form(home, entry, "settings_night"))["night_mode_start"] == "21:30"


@pytest.mark.parametrize("step", GROUPS)
async def test_nothing_is_sent_for_nothing(home: Home, step: str) -> None:
    lock, entry = await lock_with_pin(home)
    began = len(lock.journal.connections)
    result = await submit(home, await form(home, entry, step))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert written(lock) == []
    assert len(lock.journal.connections) == began


@pytest.mark.parametrize(
    ("step", "changes"),
    [
        ("settings_device", {"name": "a name of more than thirty-two bytes"}),
        ("settings_night", {"night_mode_end": "late"}),
        ("settings_auto_lock", {"auto_lock_timeout": 2.5}),
    ],
)
async def test_what_a_lock_cannot_have_is_refused(home: Home, step: str, changes: dict[str, Any]) -> None:
    """The form stays as it was filled in, and names the setting as the owner knows it."""
    lock, entry = await lock_with_pin(home)
    flow = await submit(home, await form(home, entry, step), **changes)
    assert flow["errors"] == {"base": "bad_setting"}
    ((key, value),) = changes.items()
    assert shown(flow)[key] == value
    assert key not in flow["description_placeholders"]["fields"]
    assert written(lock) == []


async def test_a_lock_out_of_reach_is_said_and_tried_again(home: Home) -> None:
    lock, entry = await lock_with_pin(home)
    flow = await form(home, entry, "settings_auto_lock")
    before = lock.settings.values
    home.go_out_of_range(lock)
    flow = await submit(home, flow, auto_lock_timeout=60)
    assert flow["errors"] == {"base": "unreachable"}
    assert flow["description_placeholders"]["reason"]
    assert lock.settings.values == before
    assert shown(flow)["auto_lock_timeout"] == 60
    home.come_into_range(lock)
    await home.heard(lock)
    result = await submit(home, flow)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert lock.settings.values.auto_lock_timeout == 60


async def test_the_pin_comes_first(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock)
    flow = await submit(home, await form(home, entry, "settings_auto_lock"), auto_lock_timeout=60)
    assert (flow["type"], flow["step_id"]) == (FlowResultType.MENU, "settings_pin_first")
    assert flow["menu_options"] == ["pin"]
    assert lock.journal.pins_sent == []


async def test_settings_that_were_never_read_are_read_first(home: Home) -> None:
    lock = home.add_lock()
    home.go_out_of_range(lock)
    entry = home.entry(lock, pin=PIN)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    flow = await options(home, entry, "settings")
    assert (flow["step_id"], flow["errors"]) == ("settings_not_read", {"base": "unreachable"})
    home.come_into_range(lock)
    await home.heard(lock)
    flow = await home.hass.config_entries.options.async_configure(flow["flow_id"], {})
    assert (flow["type"], flow["step_id"]) == (FlowResultType.MENU, "settings")
    assert flow["menu_options"] == list(GROUPS)


async def test_a_lock_that_was_unloaded_meanwhile(home: Home) -> None:
    _, entry = await lock_with_pin(home)
    flow = await form(home, entry, "settings_button")
    await home.hass.config_entries.async_unload(entry.entry_id)
    result = await submit(home, flow, led_brightness=1)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_loaded")
