"""Wear: each run of the motor is read once, and a lock that turns stiffer than usual says so."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
import json
from typing import Any

from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.const import STATE_UNKNOWN
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.diagnostics import async_get_config_entry_diagnostics
from custom_components.smartlock.protocol.enums import Command, ErrorCode, MotorSpeed
from custom_components.smartlock.wear.sensors import RUN_SENSORS
from simulator.virtual_lock import Jam, Kind, VirtualLock
from tests.integration.home import NUKI_ID, Home

FILE = f"smartlock.{NUKI_ID:08X}.wear"
ISSUE = "stiffer_than_usual"
HALF_A_DAY = timedelta(hours=12)


class Calendar:
    """The time of day, moved on by the test."""

    def __init__(self) -> None:
        self.now = datetime(2027, 3, 1, 7, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(autouse=True)
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    """Give Home Assistant a time of day that passes at will."""
    calendar = Calendar()
    monkeypatch.setattr(dt_util, "utcnow", calendar)
    return calendar


def reports_read(lock: VirtualLock) -> int:
    """Return how often the Battery Report was sent."""
    return len(lock.journal.of(Kind.ANSWER, command="BATTERY_REPORT"))


async def disconnect(home: Home, lock: VirtualLock) -> None:
    """Wait until nobody is connected."""
    await home.until(lambda: not home.connected(lock))


async def lived(home: Home, calendar: Calendar, days: int) -> None:
    """Unlock each morning and lock each evening."""
    for _ in range(days):
        for action in ("unlock", "lock"):
            calendar.now += HALF_A_DAY
            await home.call(action)
            # The report is read after the caller has been answered.
            await asyncio.sleep(1)


def wear(home: Home) -> float | None:
    """Return what the sensor shows in percent; None while there is none."""
    unique_id = f"{NUKI_ID:08X}_wear"
    if er.async_get(home.hass).async_get_entity_id("sensor", DOMAIN, unique_id) is None:
        return None
    shown = home.state("wear")
    return None if shown == STATE_UNKNOWN else float(shown)


def warning(home: Home) -> ir.IssueEntry | None:
    """Return the open issue."""
    return ir.async_get(home.hass).async_get_issue(DOMAIN, home.issue_id(ISSUE))


def stored_runs(storage: dict[str, Any]) -> Iterator[list[int]]:
    """Yield the runs on disk."""
    for kind in storage[FILE]["data"]["kinds"].values():
        yield from kind["runs"]


# --- Reading ----------------------------------------------------------------------------------------------


async def test_the_report_of_a_run_is_read_once_over_the_link_that_is_open(
    home: Home, hass_storage: dict[str, Any]
) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    # Whatever ran before, asked once; a fresh lock has nothing to tell.
    assert (reports_read(lock), FILE in hass_storage) == (1, False)
    await home.call("unlock")
    await disconnect(home, lock)
    acted = lock.journal.of(Kind.REQUEST, command="LOCK_ACTION")[0].facts["connection"]
    assert [
        entry.facts["connection"] for entry in lock.journal.of(Kind.ANSWER, command="BATTERY_REPORT")
    ] == [0, acted]
    (run,) = stored_runs(hass_storage)
    report = lock.battery.report()
    assert run[1:4] == [report.lock_action, report.battery_drain, report.lock_distance]
    for _ in range(3):
        await home.read()
    assert reports_read(lock) == 2
    assert lock.journal.pins_sent == []
    assert lock.journal.broken_rules == []


async def test_runs_that_others_cause_count_and_hands_do_not(
    home: Home, hass_storage: dict[str, Any]
) -> None:
    lock = home.add_lock()
    await home.set_up(lock, "bridge")
    lock.press_button()
    await home.until(lambda: home.state() == "unlocked")
    await disconnect(home, lock)
    assert reports_read(lock) == 2
    assert len(list(stored_runs(hass_storage))) == 1
    lock.turn_key("lock")
    await home.until(lambda: home.state() == "locked")
    await disconnect(home, lock)
    assert reports_read(lock) == 2


async def test_the_same_action_again_is_another_run(home: Home, hass_storage: dict[str, Any]) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    for runs in (1, 2, 3):
        await home.call("open")
        await home.until(lambda: home.state() == "unlocked")
        await asyncio.sleep(1)
        assert len(list(stored_runs(hass_storage))) == runs


async def test_a_run_that_failed_says_nothing_about_wear(home: Home, hass_storage: dict[str, Any]) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    lock.jam(Jam.MOTOR)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    await home.read()
    assert reports_read(lock) == 2
    assert FILE not in hass_storage


async def test_a_run_that_failed_before_a_restart_says_nothing_about_wear(
    home: Home, hass_storage: dict[str, Any]
) -> None:
    """Somebody has turned the key since: that this went well says nothing about the run of the report."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    lock.jam(Jam.MOTOR)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    await disconnect(home, lock)
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    lock.turn_key("unlock")
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settled(entry, lock)
    assert reports_read(lock) == 3
    assert FILE not in hass_storage


async def test_a_lock_that_refuses_is_asked_once_for_each_run(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    unlock = asyncio.create_task(home.call("unlock"))
    await home.until(lambda: home.state() == "unlocking")
    # The challenge for a next action is asked for first.
    for _ in range(2):
        lock.faults.refuse_next(ErrorCode.K_BAD_PARAMETER, Command.REQUEST_DATA)
    await unlock
    await asyncio.sleep(1)
    await home.read()
    assert home.state() == "unlocked"
    assert len(lock.journal.of(Kind.REQUEST, requested="BATTERY_REPORT")) == 2
    assert reports_read(lock) == 1
    await home.call("lock")
    await asyncio.sleep(1)
    assert reports_read(lock) == 2


# --- Sensors ----------------------------------------------------------------------------------------------


async def test_figures_of_the_last_run(home: Home) -> None:
    lock = home.add_lock()
    lock.battery.temperature = -3
    entry = await home.set_up(lock)
    registry = er.async_get(home.hass)
    keys = [description.key for description in RUN_SENSORS]
    for key in keys:
        registry.async_update_entity(home.entity_id(key), disabled_by=None)
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await home.settled(entry, lock)
    assert {home.state(key) for key in keys} == {STATE_UNKNOWN}
    await home.call("unlock")
    await asyncio.sleep(1)
    report = lock.battery.report()
    shown = {key: float(home.state(key)) for key in keys}
    assert shown == {
        "run_energy": pytest.approx(report.battery_drain / report.lock_distance, rel=1e-3),
        "run_max_current": report.max_turn_current,
        "run_start_voltage": pytest.approx(report.start_voltage / 1000),
        "run_lowest_voltage": pytest.approx(report.lowest_voltage / 1000),
        "battery_resistance": report.battery_resistance,
        "run_temperature": -3,
    }
    for key in keys:
        assert home.full_state(key).attributes["state_class"] == "measurement"
    assert home.full_state("run_start_voltage").attributes["unit_of_measurement"] == "V"


async def test_only_the_wear_is_shown_and_only_once_it_is_known(home: Home, calendar: Calendar) -> None:
    """Not as unknown for the weeks in which it is learned; the figures of each run are disabled at first."""
    entry = await home.set_up(home.add_lock())
    registry = er.async_get(home.hass)
    found = {
        entity.unique_id.partition("_")[2]: entity.disabled_by
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
    }
    assert all(found[description.key] is not None for description in RUN_SENSORS)
    assert "wear" not in found
    await lived(home, calendar, 35)
    state = home.full_state("wear")
    assert abs(int(state.state)) < 5
    assert (state.attributes["unit_of_measurement"], state.attributes["state_class"]) == ("%", "measurement")


# --- The warning ------------------------------------------------------------------------------------------


async def stiff(home: Home, calendar: Calendar) -> tuple[VirtualLock, MockConfigEntry]:
    """Return a lock that is known for seven weeks, and by now has turned half as hard again for two."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    await lived(home, calendar, 35)
    assert wear(home) == pytest.approx(0, abs=5)
    assert warning(home) is None
    lock.battery.load = 1.5
    await lived(home, calendar, 14)
    return lock, entry


async def test_stiffer_than_usual(home: Home, calendar: Calendar) -> None:
    """Told with numbers, and taken back when the bolt turns easily again."""
    lock, _entry = await stiff(home, calendar)
    percent = wear(home)
    assert percent == pytest.approx(50, abs=6)
    issue = warning(home)
    assert issue is not None
    assert issue.is_fixable
    assert issue.severity is ir.IssueSeverity.WARNING
    texts = issue.translation_placeholders
    assert texts is not None
    assert percent is not None
    assert (texts["percent"], texts["name"]) == (f"{percent:.0f}", "Villa Kunterbunt")
    assert (texts["energy"][0], abs(int(texts["before"])) < 5) == ("+", True)
    day, month = texts["since"].split()
    assert (15 <= int(day) <= 20, month) == (True, "Mar")
    day, month = texts["before_at"].split()
    assert (20 <= int(day) <= 24, month) == (True, "Mar")
    lock.battery.load = 1.0
    await lived(home, calendar, 14)
    assert warning(home) is None
    assert wear(home) == pytest.approx(0, abs=6)
    assert lock.journal.broken_rules == []


async def test_a_setting_of_the_motor_is_no_wear(home: Home, calendar: Calendar) -> None:
    """The owner makes it turn faster in the app, which takes more: nobody has to look for what makes the bolt stiff."""
    lock = home.add_lock("ultra")
    await home.set_up(lock)
    await lived(home, calendar, 35)
    lock.settings.change(motor_speed=MotorSpeed.INSANE)
    lock.battery.load = 1.5
    await lived(home, calendar, 35)
    assert wear(home) == pytest.approx(0, abs=6)
    assert warning(home) is None
    lock.battery.load = 2.2
    await lived(home, calendar, 14)
    assert warning(home) is not None


async def test_the_owner_says_that_this_is_how_it_turns_now(home: Home, calendar: Calendar) -> None:
    _lock, entry = await stiff(home, calendar)
    assert await async_setup_component(home.hass, "repairs", {})
    flows = repairs_flow_manager(home.hass)
    assert flows is not None
    form = await flows.async_init(DOMAIN, context={"issue_id": home.issue_id(ISSUE)})
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "confirm")
    assert form["description_placeholders"] is not None
    assert form["description_placeholders"]["name"] == "Villa Kunterbunt"
    assert warning(home) is not None
    result = await flows.async_configure(form["flow_id"], {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert warning(home) is None
    assert wear(home) == pytest.approx(0, abs=1)
    # Also after a restart.
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await lived(home, calendar, 14)
    assert warning(home) is None
    assert wear(home) == pytest.approx(0, abs=6)


async def test_diagnostics_tell_figures_and_no_times(home: Home, calendar: Calendar) -> None:
    _lock, entry = await stiff(home, calendar)
    told = (await async_get_config_entry_diagnostics(home.hass, entry))["wear"]
    assert told["warned"]
    assert told["percent"]["energy"] == pytest.approx(50, abs=6)
    assert {kind["runs"] for kind in told["kinds"].values()} == {48}
    assert str(int(calendar.now.timestamp()))[:5] not in json.dumps(told)


async def test_history_and_warning_survive_a_restart(home: Home, calendar: Calendar) -> None:
    lock, entry = await stiff(home, calendar)
    before = wear(home)
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    ir.async_delete_issue(home.hass, DOMAIN, home.issue_id(ISSUE))
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settled(entry, lock)
    assert warning(home) is not None
    assert wear(home) == before


async def test_history_and_warning_go_with_the_lock(
    home: Home, calendar: Calendar, hass_storage: dict[str, Any]
) -> None:
    _lock, entry = await stiff(home, calendar)
    assert FILE in hass_storage
    await home.hass.config_entries.async_remove(entry.entry_id)
    await home.hass.async_block_till_done()
    assert FILE not in hass_storage
    assert warning(home) is None


@pytest.mark.parametrize(
    "data", [{}, [], {"kinds": None}, {"kinds": {}, "correction": [], "weeks": [], "usual_since": 0}]
)
async def test_a_damaged_history_starts_anew(
    home: Home, hass_storage: dict[str, Any], data: Any, caplog: pytest.LogCaptureFixture
) -> None:
    hass_storage[FILE] = {"version": 1, "minor_version": 1, "key": FILE, "data": data}
    await home.set_up(home.add_lock())
    assert "stored in wear cannot be read" in caplog.text
    assert (home.state(), wear(home)) == ("locked", None)
    await home.call("unlock")
    await asyncio.sleep(1)
    assert len(list(stored_runs(hass_storage))) == 1
