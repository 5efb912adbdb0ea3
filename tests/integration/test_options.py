"""The options: what the form shows and stores, and that each of them does what it says."""

import asyncio
from dataclasses import replace
import re
from typing import Any

from homeassistant.components.lock import LockState as View
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import yaml as yaml_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from simulator.virtual_lock import VirtualLock, quick
from tests.integration.home import PINS, Home

HOUR = 3600.0
PIN = str(PINS["gen3"])
USUAL = {"read_interval": 10.0, "idle_time": 5.0, "stay_connected": False, "action_deadline": 15.0}


async def form(home: Home, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the options about the radio."""
    configure = home.hass.config_entries.options
    flow = await configure.async_init(entry.entry_id)
    assert (flow["type"], flow["step_id"]) == (FlowResultType.MENU, "init")
    flow = await configure.async_configure(flow["flow_id"], {"next_step_id": "radio"})
    assert (flow["type"], flow["step_id"]) == (FlowResultType.FORM, "radio")
    return flow


def shown(flow: ConfigFlowResult) -> dict[str, Any]:
    """Return what stands in the fields of a form."""
    schema = flow["data_schema"]
    assert schema is not None
    return {
        str(marker): (marker.description or {}).get("suggested_value", marker.default())
        for marker in schema.schema
    }


async def choose(home: Home, lock: VirtualLock, entry: MockConfigEntry, **choices: Any) -> None:
    """Change some of the options, and wait until they are in effect and the lock has been read."""
    flow = await form(home, entry)
    before = entry.runtime_data
    flow = await home.hass.config_entries.options.async_configure(flow["flow_id"], shown(flow) | choices)
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    await home.hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data is not before
    await home.settled(entry, lock)


def connections(lock: VirtualLock) -> int:
    """Return how often somebody has connected."""
    return len(lock.journal.connections)


# --- The form ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "client_type", "interval"), [("gen3", "app", 10), ("gen3", "bridge", 30), ("ultra", None, 10)]
)
async def test_form_shows_what_is_in_effect(
    home: Home, model: str, client_type: str | None, interval: float
) -> None:
    lock = home.add_lock(model)
    entry = await home.set_up(lock, client_type)
    assert shown(await form(home, entry)) == USUAL | {"read_interval": interval}


async def test_choices_are_kept_and_shown_again(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock)
    choices = {"read_interval": 20, "idle_time": 2, "stay_connected": False, "action_deadline": 60}
    await choose(home, lock, entry, **choices)
    assert entry.options == choices
    assert shown(await form(home, entry)) == choices
    # The form stands alone: what is not in it does not change, and the keys least of all.
    data = dict(entry.data)
    await choose(home, lock, entry, idle_time=3)
    assert entry.options == choices | {"idle_time": 3}
    assert entry.data == data


@pytest.mark.parametrize("refused", [{}, {"pin_refused": True}])
async def test_pin_is_kept_and_not_shown(home: Home, refused: dict[str, Any]) -> None:
    """It is changed by pairing again, where the lock checks it."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=PIN, **refused)
    flow = await form(home, entry)
    assert set(shown(flow)) == set(USUAL)
    assert PIN not in str(flow)
    await choose(home, lock, entry, idle_time=4)
    assert entry.options == USUAL | {"idle_time": 4, "pin": PIN} | refused


@pytest.mark.parametrize(
    ("field", "low", "high"), [("read_interval", 5, 180), ("idle_time", 2, 15), ("action_deadline", 5, 60)]
)
async def test_limits(home: Home, field: str, low: float, high: float) -> None:
    """Not so low that the batteries suffer, and not so high that the lock drops the link first."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    configure = home.hass.config_entries.options.async_configure
    for value in (low - 1, high + 1, 0, -1):
        flow = await form(home, entry)
        with pytest.raises(InvalidData):
            await configure(flow["flow_id"], USUAL | {field: value})
    assert entry.options == {}
    for value in (low, high):
        await choose(home, lock, entry, **{field: value})
        assert entry.options[field] == value


async def test_the_view_for_a_dashboard_is_this_locks(home: Home) -> None:
    """It names the enabled entities of this lock alone, in Home Assistant's language, and showing it changes nothing."""
    home.hass.config.language = "de"
    lock = home.add_lock()
    entry = await home.set_up(lock, read_interval=20)
    await home.set_up(home.add_lock(nuki_id=0x1234_5678))
    door = home.entity_id("door")
    registry = er.async_get(home.hass)
    registry.async_update_entity(door, disabled_by=er.RegistryEntryDisabler.USER)
    before = entry.runtime_data
    options = dict(entry.options)
    configure = home.hass.config_entries.options
    flow = await configure.async_init(entry.entry_id)
    flow = await configure.async_configure(flow["flow_id"], {"next_step_id": "dashboard"})
    assert flow["type"] is FlowResultType.FORM
    schema = flow["data_schema"]
    assert schema is not None
    (text,) = (marker.default() for marker in schema.schema)
    view: Any = yaml_util.parse_yaml(text)
    assert view["title"] == entry.title
    # Without the PIN there is no wear.
    assert [section["cards"][0]["heading"] for section in view["sections"]] == [entry.title, "Batterie"]
    named = set(re.findall(r"\b[a-z_]+\.[a-z0-9_]+\b", text)) & set(home.hass.states.async_entity_ids())
    assert home.entity_id("lock") in named
    assert named <= {each.entity_id for each in er.async_entries_for_config_entry(registry, entry.entry_id)}
    assert door not in text
    flow = await configure.async_configure(flow["flow_id"], {"view": text})
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    await home.hass.async_block_till_done()
    assert entry.options == options
    assert entry.runtime_data is before


# --- What each of them does -------------------------------------------------------------------------------


@pytest.mark.parametrize(("client_type", "usual", "quiet"), [("app", 10, 10), ("bridge", 30, 60)])
async def test_read_interval(home: Home, client_type: str, usual: int, quiet: int) -> None:
    """What the owner chooses is kept; as Bridge the usual one stretches while nothing happens."""
    lock = home.add_lock(timing=quick(advertising_interval=5))
    entry = await home.set_up(lock, client_type)
    for minutes, kept in ((usual, quiet), (5, 5), (90, 90)):
        await choose(home, lock, entry, read_interval=minutes)
        began = connections(lock)
        await asyncio.sleep(3 * HOUR + 60)
        assert connections(lock) - began == 180 // kept


async def test_idle_time(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock)
    for seconds in (2, 12):
        await choose(home, lock, entry, idle_time=seconds)
        await home.call("connect", DOMAIN)
        await asyncio.sleep(seconds - 0.5)
        assert home.connected(lock)
        await asyncio.sleep(1)
        assert not home.connected(lock)


@pytest.mark.parametrize(("client_type", "model"), [("app", "gen3"), ("bridge", "gen3"), (None, "ultra")])
async def test_staying_connected(home: Home, client_type: str | None, model: str) -> None:
    """For minutes on end, and a change by hand is shown at once, which only the link can tell."""
    lock = home.add_lock(model, timing=quick(advertising_interval=2))
    entry = await home.set_up(lock, client_type)
    await choose(home, lock, entry, stay_connected=True)
    began = connections(lock)
    for hand, view in (("unlock", View.UNLOCKED), ("lock", View.LOCKED)):
        await asyncio.sleep(300)
        assert home.connected(lock)
        lock.turn_key(hand)
        await asyncio.sleep(0.5)
        assert home.state() == view
    assert connections(lock) == began
    assert home.state("connection") == "ok"
    await choose(home, lock, entry, stay_connected=False)
    await asyncio.sleep(10)
    assert not home.connected(lock)


async def test_staying_connected_again_after_a_loss(home: Home) -> None:
    """The lock lost its power, then it was out of reach for a while."""
    lock = home.add_lock(timing=quick(battery_change=1, advertising_interval=2))
    await home.set_up(lock, stay_connected=True)
    await asyncio.sleep(60)
    assert home.connected(lock)
    lock.swap_batteries()
    assert not home.connected(lock)
    await asyncio.sleep(30)
    assert home.connected(lock)

    home.go_out_of_range(lock)
    await home.until(lambda: not home.connected(lock), within=120)
    await asyncio.sleep(900)
    assert home.state() == "unavailable"
    home.come_into_range(lock)
    await home.until(lambda: home.connected(lock), within=120)
    began = connections(lock)
    await asyncio.sleep(300)
    assert home.connected(lock)
    assert connections(lock) == began
    assert home.state() == View.LOCKED


@pytest.mark.parametrize("deadline", [5, 15])
async def test_action_deadline(home: Home, deadline: float) -> None:
    """What could not be sent by then fails, and never happens."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    await choose(home, lock, entry, action_deadline=deadline)
    home.radio.timing = replace(home.radio.timing, connect=18.0)
    began = home.now
    with pytest.raises(HomeAssistantError) as caught:
        await home.call("unlock")
    assert caught.value.translation_key == "not_started"
    assert home.now - began == pytest.approx(deadline, abs=0.5)
    await asyncio.sleep(60)
    assert lock.journal.motor_runs == []


async def test_long_action_deadline(home: Home) -> None:
    """Who prefers late to never gets it."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    await choose(home, lock, entry, action_deadline=60)
    home.radio.timing = replace(home.radio.timing, connect=18.0)
    began = home.now
    await home.call("unlock")
    assert 18 < home.now - began < 20
    assert home.state() == View.UNLOCKED
