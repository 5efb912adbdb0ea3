"""Faults in Home Assistant: shown, kept, told, repaired."""

import asyncio
from typing import Any

from homeassistant.auth.const import GROUP_ID_READ_ONLY
from homeassistant.components.lock import LockState as View
from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.components.repairs.models import RepairsFlowResult
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Context, Event, EventStateChangedData, callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.faults.issues import SEVERITIES
from custom_components.smartlock.faults.repair import CALIBRATION_HELPS
from custom_components.smartlock.faults.rules.codes import FaultKind
from custom_components.smartlock.protocol.enums import Command, CompletionStatus, ErrorCode, LockState
from simulator.virtual_lock import Accessory, Jam, Kind, Moment, Timing, VirtualLock
from tests.integration.home import NUKI_ID, PINS, Home
from tests.integration.texts import english

FILE = f"smartlock.{NUKI_ID:08X}.faults"
PIN = str(PINS["gen3"])


def issue(home: Home, what: str) -> ir.IssueEntry | None:
    """Return the open issue about a fault, or about the batteries."""
    return ir.async_get(home.hass).async_get_issue(DOMAIN, home.issue_id(what))


def issues(home: Home) -> set[str]:
    """Return what the open issues are about."""
    ours = home.issue_id("")
    return {
        each.issue_id.removesuffix(ours)
        for each in ir.async_get(home.hass).issues.values()
        if each.domain == DOMAIN
        and each.active
        and ("fault_" in each.issue_id or "battery_" in each.issue_id)
    }


async def fails(home: Home, action: str = "unlock") -> str | None:
    """Call an action that has to fail; return the key of what the owner is told."""
    with pytest.raises(HomeAssistantError) as caught:
        await home.call(action)
    # Another word about the same run is waited for, and it is stored before it is shown.
    await asyncio.sleep(2)
    await home.hass.async_block_till_done()
    return caught.value.translation_key


def watch_events(home: Home) -> list[str]:
    """Return a list that grows with every event that is fired."""
    fired: list[str] = []

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state is not None:
            fired.append(state.attributes["event_type"])

    async_track_state_change_event(home.hass, [home.entity_id("fault")], changed)
    return fired


async def disconnect(home: Home, lock: VirtualLock) -> None:
    """Wait until nobody is connected."""
    await home.until(lambda: not home.connected(lock))


def last_fault(home: Home) -> dict[str, Any]:
    """Return what the sensor for the last fault says."""
    state = home.full_state("last_fault")
    return {"kind": state.state, **state.attributes}


# --- Each fault -------------------------------------------------------------------------------------------

EACH = [
    # What is broken, the action, what the caller is told, the fault, its code, clutch and motor sensors.
    (Jam.CLUTCH, "unlock", "clutch_failure", "clutch_failure", "0x43", (STATE_ON, STATE_OFF)),
    (
        Jam.CLUTCH_POWER,
        "unlock",
        "clutch_power_failure",
        "clutch_power_failure",
        "0x4B",
        (STATE_ON, STATE_OFF),
    ),
    (Jam.MOTOR_POWER, "unlock", "motor_power_failure", "motor_power_failure", "0x4A", (STATE_ON, STATE_OFF)),
    (Jam.MOTOR, "unlock", "motor_blocked", "motor_blocked", "0x42", (STATE_OFF, STATE_ON)),
    (Jam.LOW_VOLTAGE, "unlock", "low_voltage", "low_voltage", "0x49", (STATE_OFF, STATE_ON)),
    (Jam.END_STOP, "unlock", "motor_timeout", "motor_timeout", "0x44", (STATE_OFF, STATE_ON)),
    (Jam.UNKNOWN, "unlock", "refused", "unknown_fault", "0x51", (STATE_UNKNOWN, STATE_UNKNOWN)),
    (Jam.HANDLE, "lock", "handle_not_lifted", "handle_not_lifted", "0x0B", (STATE_OFF, STATE_OFF)),
]


async def test_between_moving_and_jammed_it_is_never_locked(home: Home) -> None:
    """Nor jammed once more between moving and unlocked; the fault is shown a moment later, when it is on disk."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    shown: list[str] = []

    @callback
    def take(event: Event[EventStateChangedData]) -> None:
        after = event.data["new_state"]
        if after is not None and after.entity_id == home.entity_id("lock") and after.state not in shown[-1:]:
            shown.append(after.state)

    home.hass.bus.async_listen("state_changed", take)
    lock.jam(Jam.CLUTCH)
    await fails(home)
    assert shown == [View.UNLOCKING, View.JAMMED]
    shown.clear()
    lock.repair()
    await home.call("unlock")
    await asyncio.sleep(2)
    assert shown == [View.UNLOCKING, View.UNLOCKED]
    assert home.state("clutch_fault") == STATE_OFF


@pytest.mark.parametrize(("jam", "action", "told", "kind", "code", "sensors"), EACH)
async def test_each_fault_is_shown_told_and_ends(
    home: Home, *, jam: Jam, action: str, told: str, kind: str, code: str, sensors: tuple[str, str]
) -> None:
    lock = home.add_lock(timing=Timing(), locked=action == "unlock")
    await home.set_up(lock)
    assert (home.state("last_fault"), home.state("fault")) == ("none", STATE_UNKNOWN)
    events = watch_events(home)
    lock.jam(jam)
    assert await fails(home, action) == told
    assert len(lock.journal.motor_runs) == 1
    assert events == [kind]

    assert home.state() != STATE_UNAVAILABLE
    assert (home.state("clutch_fault"), home.state("motor_blocked")) == sensors
    shown = last_fault(home)
    assert (shown["kind"], shown["code"], shown["active"], shown["times"]) == (kind, code, True, 1)
    assert shown["certain"] is (kind != "unknown_fault")
    event = home.full_state("fault").attributes
    assert (event["event_type"], event["code"]) == (kind, code)
    assert issues(home) == {f"fault_{kind}"}
    open_issue = issue(home, f"fault_{kind}")
    assert open_issue is not None
    assert open_issue.is_fixable
    assert open_issue.severity is SEVERITIES[FaultKind(kind)]
    assert open_issue.learn_more_url is not None
    assert open_issue.learn_more_url.endswith(f"/docs/faults.md#{kind}")
    texts = open_issue.translation_placeholders
    assert texts is not None
    assert (texts["code"], texts["times"]) == (code, "1")

    # Reading heals nothing, a second failure is told again.
    await home.read()
    assert await fails(home, action) == told
    assert last_fault(home)["times"] == 2
    assert issues(home) == {f"fault_{kind}"}

    lock.repair()
    await home.call(action)
    await home.hass.async_block_till_done()
    assert (home.state("clutch_fault"), home.state("motor_blocked")) == (STATE_OFF, STATE_OFF)
    shown = last_fault(home)
    assert (shown["kind"], shown["fault"], shown["active"]) == ("none", kind, False)
    event = home.full_state("fault").attributes
    assert (event["event_type"], event["by_owner"]) == ("recovered", False)
    assert issues(home) == set()
    assert events == [kind, kind, "recovered"]
    assert len(lock.journal.motor_runs) == 3
    assert lock.journal.broken_rules == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (ErrorCode.K_NOT_CALIBRATED, "not_calibrated"),
        (ErrorCode.K_FIRMWARE_UPDATE_NEEDED, "firmware_update_needed"),
        (ErrorCode.K_MOTOR_POSITION_LIMIT, "position_limit"),
        (ErrorCode(0x51), "unknown_fault"),
        (ErrorCode(0x5F), "unknown_fault"),
        (ErrorCode.UNKNOWN, "unknown_fault"),
    ],
)
async def test_refused_before_the_motor_ran(home: Home, code: ErrorCode, kind: str) -> None:
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    lock.faults.refuse_next(code, Command.LOCK_ACTION)
    await fails(home)
    assert (last_fault(home)["kind"], last_fault(home)["code"]) == (kind, f"0x{code:02X}")
    assert issues(home) == {f"fault_{kind}"}
    assert home.state() == (View.LOCKED if kind == "position_limit" else View.JAMMED)
    await home.call("unlock")
    await home.hass.async_block_till_done()
    assert issues(home) == set()


@pytest.mark.parametrize("code", [ErrorCode.K_BUSY, ErrorCode.K_CANCELED, ErrorCode.K_TIME_NOT_ALLOWED])
async def test_what_is_refused_for_other_reasons_is_no_fault(home: Home, code: ErrorCode) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    lock.faults.refuse_next(code, Command.LOCK_ACTION)
    await fails(home)
    assert (home.state("last_fault"), issues(home)) == ("none", set())


@pytest.mark.parametrize(
    ("completion", "told", "kind"),
    [
        (CompletionStatus.CLUTCH_FAILURE, "clutch_failure", "clutch_failure"),
        (CompletionStatus.MOTOR_POWER_FAILURE, "motor_power_failure", "motor_power_failure"),
        (CompletionStatus.LOW_MOTOR_VOLTAGE, "low_voltage", "low_voltage"),
        (CompletionStatus.MOTOR_BLOCKED, "motor_blocked", "motor_blocked"),
    ],
)
async def test_blocked_state_is_told_by_its_cause(
    home: Home, completion: CompletionStatus, told: str, kind: str
) -> None:
    """Without an Error Report; "push the door" would be the wrong advice for a clutch, and "a key will do" a dangerous one."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    lock.end_next_run(LockState.MOTOR_BLOCKED, completion)
    assert await fails(home) == told
    assert issues(home) == {f"fault_{kind}"}
    assert (home.state(), home.state("motor_blocked")) == (View.JAMMED, STATE_ON)


async def test_motor_power_failure_of_somebody_else_may_be_the_clutch(home: Home) -> None:
    """0x07 alone: the vendor names the motor, but a dead clutch leaves the same."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock, "bridge")
    lock.jam(Jam.CLUTCH_POWER)
    lock.press_button()
    await home.until(lambda: home.state("clutch_fault") == STATE_ON, within=30)
    clutch = home.full_state("clutch_fault").attributes
    assert (clutch["fault"], clutch["code"], clutch["certain"]) == ("motor_power_failure", "0x07", False)
    events = watch_events(home)
    # Our own run says which of the two it is: one fault, not two.
    assert await fails(home) == "clutch_power_failure"
    clutch = home.full_state("clutch_fault").attributes
    assert (clutch["fault"], clutch["code"], clutch["certain"]) == ("clutch_power_failure", "0x4B", True)
    assert clutch["evidence"] == ["completion 0x07", "error_report 0x4B"]
    assert issues(home) == {"fault_clutch_power_failure"}
    assert events == ["clutch_power_failure"]


async def test_jammed_until_a_run_succeeds(home: Home) -> None:
    """A key moves the bolt past what is broken; the lock entity goes on saying that something is."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock, "bridge")
    lock.jam(Jam.MOTOR)
    await fails(home)
    assert (home.state(), home.state("lock_state")) == (View.JAMMED, "motor_blocked")
    await disconnect(home, lock)
    lock.turn_key("unlock")
    await home.until(lambda: home.state("lock_state") == "unlocked")
    assert home.state() == View.JAMMED
    assert (home.state("motor_blocked"), issues(home)) == (STATE_ON, {"fault_motor_blocked"})
    lock.repair()
    calling = home.hass.async_create_task(home.call("lock"))
    # What the bolt does is shown meanwhile.
    await home.until(lambda: home.state() == View.LOCKING)
    await calling
    await home.until(lambda: home.state() == View.LOCKED, within=5)


@pytest.mark.parametrize(
    "jam",
    [Jam.CLUTCH, Jam.CLUTCH_POWER, Jam.MOTOR_POWER, Jam.MOTOR, Jam.LOW_VOLTAGE, Jam.END_STOP, Jam.UNKNOWN],
)
async def test_fault_is_seen_at_the_lock_itself(home: Home, jam: Jam) -> None:
    """Where the bolt never left its place, a green *locked* would be all that is seen of it."""
    lock = home.add_lock(timing=Timing())
    entry = await home.set_up(lock)
    lock.jam(jam)
    await fails(home)
    await home.until(lambda: home.state() == View.JAMMED, within=5)
    await home.read()
    assert home.state() == View.JAMMED
    await entry.runtime_data.faults.async_repaired()
    await home.hass.async_block_till_done()
    # What the lock itself says of its bolt is not the owner's to change.
    itself = {Jam.MOTOR: View.JAMMED, Jam.LOW_VOLTAGE: View.JAMMED, Jam.END_STOP: STATE_UNKNOWN}
    assert home.state() == itself.get(jam, View.LOCKED)


async def test_what_is_no_fault_of_that_class_is_not_jammed(home: Home) -> None:
    """A handle that was not lifted is told, but nothing is broken."""
    lock = home.add_lock(timing=Timing(), locked=False)
    await home.set_up(lock)
    lock.jam(Jam.HANDLE)
    await fails(home, "lock")
    await home.until(lambda: home.state("last_fault") == "handle_not_lifted", within=5)
    assert home.state() == View.UNLOCKED


@pytest.mark.parametrize("completion", [CompletionStatus.INCOMPLETE, CompletionStatus.HANDLE_NOT_LIFTED])
async def test_locked_is_in_doubt_after_a_run_that_ended_short_of_it(
    home: Home, completion: CompletionStatus
) -> None:
    """The repair says that the door is not to be taken for locked, and so does the lock entity."""
    lock = home.add_lock(timing=Timing(), locked=False)
    entry = await home.set_up(lock, "bridge")
    lock.end_next_run(LockState.LOCKED, completion)
    await fails(home, "lock")
    assert (home.state("lock_state"), home.state()) == ("locked", STATE_UNKNOWN)
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await home.settled(entry, lock)
    assert (home.state("lock_state"), home.state()) == ("locked", STATE_UNKNOWN)
    # A key brings it where the lock says.
    await disconnect(home, lock)
    lock.turn_key("unlock")
    await home.until(lambda: home.state() == View.UNLOCKED, within=30)
    await disconnect(home, lock)
    lock.turn_key("lock")
    await home.until(lambda: home.state() == View.LOCKED, within=30)


async def test_the_owner_may_call_it_locked(home: Home) -> None:
    lock = home.add_lock(timing=Timing(), locked=False)
    entry = await home.set_up(lock)
    lock.end_next_run(LockState.LOCKED, CompletionStatus.INCOMPLETE)
    await fails(home, "lock")
    await entry.runtime_data.faults.async_repaired()
    await home.hass.async_block_till_done()
    assert home.state() == View.LOCKED


async def test_fault_is_seen_at_the_lock_after_a_restart(home: Home) -> None:
    lock = home.add_lock(timing=Timing())
    entry = await home.set_up(lock)
    lock.jam(Jam.CLUTCH)
    await fails(home)
    await home.until(lambda: home.state() == View.JAMMED, within=5)
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await home.settled(entry, lock)
    assert home.state() == View.JAMMED


async def test_a_command_that_needs_no_run_heals_nothing(home: Home) -> None:
    lock = home.add_lock(timing=Timing(), locked=False)
    await home.set_up(lock)
    lock.jam(Jam.CLUTCH)
    await fails(home, "lock")
    await home.call("unlock")  # It is unlocked.
    await home.hass.async_block_till_done()
    assert home.state("clutch_fault") == STATE_ON
    assert len(lock.journal.motor_runs) == 1


async def test_the_log_is_read_once_for_a_new_fault(home: Home) -> None:
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock, pin=PIN)
    before = len(lock.journal.requests("REQUEST_LOG_ENTRIES"))
    lock.jam(Jam.CLUTCH_POWER)
    await fails(home)
    await disconnect(home, lock)
    assert len(lock.journal.requests("REQUEST_LOG_ENTRIES")) == before + 1
    clutch = home.full_state("clutch_fault").attributes
    assert set(clutch["evidence"]) == {"error_report 0x4B", "completion 0x07", "log 0x07"}
    assert clutch["times"] == 1
    await home.read()
    await disconnect(home, lock)
    assert len(lock.journal.requests("REQUEST_LOG_ENTRIES")) == before + 1
    assert lock.journal.broken_rules == []


async def test_no_log_without_a_pin(home: Home) -> None:
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    lock.jam(Jam.CLUTCH_POWER)
    await fails(home)
    await disconnect(home, lock)
    assert lock.journal.pins_sent == []


# --- States without a view --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (LockState.UNCALIBRATED, "uncalibrated"),
        (LockState.CALIBRATION, "calibration"),
        (LockState.BOOT_RUN, "boot_run"),
        (LockState.UNDEFINED, "undefined"),
        (LockState(0x51), STATE_UNKNOWN),
    ],
)
async def test_states_that_a_lock_entity_has_no_word_for(home: Home, state: LockState, word: str) -> None:
    """Unknown there, never unlocked and never unavailable; named by a sensor in the lock's own words."""
    lock = home.add_lock()
    await home.set_up(lock, "bridge")
    lock.show_state(state)
    await home.until(lambda: home.state() == STATE_UNKNOWN, within=30)
    assert home.state("lock_state") == word
    await asyncio.sleep(60)
    expected = {"fault_not_calibrated"} if state == LockState.UNCALIBRATED else set()
    assert issues(home) == expected
    lock.show_state(LockState.LOCKED)
    await home.until(lambda: home.state() == View.LOCKED, within=120)
    assert home.state("lock_state") == "locked"
    await home.hass.async_block_till_done()
    assert issues(home) == set()


@pytest.mark.parametrize("client_type", ["bridge", "app"])
@pytest.mark.parametrize("seconds", [2, 6])
async def test_uncalibrated_for_a_moment_is_no_fault(home: Home, client_type: str, seconds: int) -> None:
    """As a Smart Lock Pro of the fifth generation says now and then (nuki_hub#754). It is unknown meanwhile."""
    lock = home.add_lock()
    await home.set_up(lock, client_type)
    events = watch_events(home)
    lock.show_state(LockState.UNCALIBRATED)
    await home.until(lambda: home.state("lock_state") == "uncalibrated", within=30)
    assert home.state() == STATE_UNKNOWN
    await asyncio.sleep(seconds)
    assert issues(home) == set()
    lock.show_state(LockState.LOCKED)
    # Nobody has to tell: it is looked at again.
    await home.until(lambda: home.state() == View.LOCKED, within=25)
    await asyncio.sleep(60)
    assert (events, issues(home), home.state("last_fault")) == ([], set(), "none")


# --- Storage ----------------------------------------------------------------------------------------------


async def test_on_disk_before_it_is_published(home: Home, hass_storage: dict[str, Any]) -> None:
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    stored: list[list[str]] = []

    @callback
    def changed(event: Any) -> None:
        data = hass_storage.get(FILE, {"data": {"active": []}})["data"]
        if event.data["entity_id"] == home.entity_id("clutch_fault"):
            stored.append([event.data["new_state"].state, *(fault["kind"] for fault in data["active"])])

    home.hass.bus.async_listen("state_changed", changed)
    lock.jam(Jam.CLUTCH)
    await fails(home)
    lock.repair()
    await home.call("unlock")
    await home.hass.async_block_till_done()
    assert [STATE_ON, "clutch_failure"] in stored
    assert [STATE_OFF] in stored
    assert all((each[0] == STATE_ON) == (len(each) == 2) for each in stored)


async def test_it_survives_a_restart(home: Home) -> None:
    lock = home.add_lock(timing=Timing())
    entry = await home.set_up(lock)
    lock.jam(Jam.CLUTCH)
    await fails(home)
    since = home.full_state("clutch_fault").attributes["since"]
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    home.go_out_of_range(lock)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    # Known although nobody hears the lock.
    assert home.state("clutch_fault") == STATE_ON
    assert home.full_state("clutch_fault").attributes["since"] == since
    assert (home.state("motor_blocked"), home.state("last_fault")) == (STATE_UNAVAILABLE, "clutch_failure")
    assert issues(home) == {"fault_clutch_failure"}

    home.come_into_range(lock)
    await home.settled(entry, lock)
    assert (home.state("clutch_fault"), last_fault(home)["times"]) == (STATE_ON, 1)
    lock.repair()
    lock.press_button()
    await asyncio.sleep(10)
    await home.read()
    await home.hass.async_block_till_done()
    assert (home.state("clutch_fault"), issues(home)) == (STATE_OFF, set())


async def test_nothing_stays_of_a_removed_lock(home: Home, hass_storage: dict[str, Any]) -> None:
    lock = home.add_lock(timing=Timing())
    entry = await home.set_up(lock)
    lock.jam(Jam.CLUTCH)
    await fails(home)
    assert FILE in hass_storage
    lock.repair()
    await home.call("unlock")  # Something is still to be written.
    await home.hass.config_entries.async_remove(entry.entry_id)
    await asyncio.sleep(60)
    assert FILE not in hass_storage
    assert issues(home) == set()


@pytest.mark.parametrize("data", [{}, [], {"active": None}, {"active": [{}], "last": None}])
async def test_what_cannot_be_read_is_begun_anew(
    home: Home, hass_storage: dict[str, Any], data: Any, caplog: pytest.LogCaptureFixture
) -> None:
    hass_storage[FILE] = {"version": 1, "minor_version": 1, "key": FILE, "data": data}
    await home.set_up(home.add_lock())
    assert "stored in faults cannot be read" in caplog.text
    assert (home.state(), home.state("clutch_fault")) == (View.LOCKED, STATE_OFF)


# --- Repairs ----------------------------------------------------------------------------------------------


class Repair:
    """The dialog of a repair issue."""

    def __init__(self, home: Home, what: str) -> None:
        self._home = home
        self._what = what
        self.shown: RepairsFlowResult | None = None

    async def open(self) -> RepairsFlowResult:
        """Open it."""
        assert await async_setup_component(self._home.hass, "repairs", {})
        manager = repairs_flow_manager(self._home.hass)
        assert manager is not None
        self.manager = manager
        return await manager.async_init(DOMAIN, context={"issue_id": self._home.issue_id(self._what)})

    async def choose(self, shown: RepairsFlowResult, option: str) -> RepairsFlowResult:
        """Choose from the menu."""
        assert shown["type"] is FlowResultType.MENU
        return await self.manager.async_configure(shown["flow_id"], {"next_step_id": option})

    async def submit(self, shown: RepairsFlowResult, **fields: Any) -> RepairsFlowResult:
        """Submit a form, and wait for what comes of it."""
        shown = await self.manager.async_configure(shown["flow_id"], fields)
        if shown["type"] is not FlowResultType.SHOW_PROGRESS:
            return shown
        await self._home.until(
            lambda: self.manager.async_get(shown["flow_id"])["step_id"] != shown["step_id"], within=200
        )
        return await self.manager.async_configure(shown["flow_id"])


async def broken(
    home: Home, jam: Jam = Jam.CLUTCH_POWER, *, pin: str | None = PIN
) -> tuple[VirtualLock, MockConfigEntry, Repair, RepairsFlowResult]:
    """Return a lock with a fault, and the dialog about it."""
    lock = home.add_lock(timing=Timing())
    entry = await home.set_up(lock, pin=pin)
    lock.jam(jam)
    await fails(home)
    (what,) = issues(home)
    repair = Repair(home, what)
    return lock, entry, repair, await repair.open()


async def test_menu(home: Home) -> None:
    _lock, _entry, _repair, menu = await broken(home)
    assert menu["menu_options"] == ["read", "calibrate", "repaired", "phones"]
    words = menu["description_placeholders"]
    assert words is not None
    assert (words["code"], words["name"], words["times"]) == ("0x4B", "Villa Kunterbunt", "1")


async def test_mark_as_repaired(home: Home) -> None:
    lock, _entry, repair, menu = await broken(home)
    form = await repair.choose(menu, "repaired")
    assert issues(home) == {"fault_clutch_power_failure"}
    result = await repair.submit(form)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert (home.state("clutch_fault"), issues(home)) == (STATE_OFF, set())
    event = home.full_state("fault").attributes
    assert (event["event_type"], event["by_owner"]) == ("recovered", True)
    # The lock still tells of the failed run, which is the old one.
    await home.read()
    assert home.state("clutch_fault") == STATE_OFF
    # A new one is a new fault.
    await fails(home)
    assert home.state("clutch_fault") == STATE_ON
    assert len(lock.journal.motor_runs) == 2


async def test_the_same_failure_after_the_repair_is_a_fault(home: Home) -> None:
    """Nobody saw the bolt move this time: the states are the same as before the owner called the lock repaired."""
    lock = home.add_lock(timing=Timing())
    entry = await home.set_up(lock)
    lock.end_next_run(LockState.LOCKED, CompletionStatus.CLUTCH_FAILURE)
    assert await fails(home) == "clutch_failure"
    await entry.runtime_data.faults.async_repaired()
    await disconnect(home, lock)
    assert (issues(home), home.state()) == (set(), View.LOCKED)
    events = watch_events(home)
    lock.end_next_run(LockState.LOCKED, CompletionStatus.CLUTCH_FAILURE)
    lock.faults.drop_next_answer(Command.KEYTURNER_STATES)
    assert await fails(home) == "clutch_failure"
    assert (issues(home), home.state()) == ({"fault_clutch_failure"}, View.JAMMED)
    assert events == ["clutch_failure"]


async def test_read_again_without_news(home: Home) -> None:
    lock, _entry, repair, menu = await broken(home)
    result = await repair.choose(menu, "read")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "still_there")
    assert issues(home) == {"fault_clutch_power_failure"}
    assert len(lock.journal.motor_runs) == 1


async def test_read_again_after_somebody_has_run_it(home: Home) -> None:
    lock, _entry, repair, menu = await broken(home)
    await disconnect(home, lock)
    lock.repair()
    lock.press_button()
    await asyncio.sleep(10)
    result = await repair.choose(menu, "read")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert (home.state("clutch_fault"), issues(home)) == (STATE_OFF, set())


async def test_a_fault_that_has_got_another_name_is_still_there(home: Home) -> None:
    """The owner tries again beside the dialog about 0x07, and the lock says live that it is the clutch."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock, "bridge")
    lock.jam(Jam.CLUTCH_POWER)
    lock.press_button()
    await home.until(lambda: issues(home), within=30)
    repair = Repair(home, "fault_motor_power_failure")
    menu = await repair.open()
    assert await fails(home) == "clutch_power_failure"
    result = await repair.choose(menu, "read")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "still_there")
    assert issues(home) == {"fault_clutch_power_failure"}
    lock.repair()
    await home.call("unlock")
    await home.hass.async_block_till_done()
    assert issues(home) == set()


async def test_read_again_out_of_reach(home: Home) -> None:
    lock, _entry, repair, menu = await broken(home)
    await disconnect(home, lock)
    home.go_out_of_range(lock)
    result = await repair.choose(menu, "read")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_read")
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["reason"]


async def test_calibrate_only_with_consent(home: Home) -> None:
    lock, _entry, repair, menu = await broken(home)
    form = await repair.choose(menu, "calibrate")
    assert form["type"] is FlowResultType.FORM
    again = await repair.submit(form, bolt_may_move=False)
    assert (again["type"], again["errors"]) == (FlowResultType.FORM, {"bolt_may_move": "must_agree"})
    assert lock.journal.of(Kind.CALIBRATION) == []
    lock.repair()
    result = await repair.submit(again, bolt_may_move=True)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(lock.journal.of(Kind.CALIBRATION)) == 1
    assert (home.state("clutch_fault"), issues(home)) == (STATE_OFF, set())


async def test_calibration_that_fails(home: Home) -> None:
    lock, _entry, repair, menu = await broken(home)
    result = await repair.submit(await repair.choose(menu, "calibrate"), bolt_may_move=True)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "calibration_failed")
    assert result["description_placeholders"] is not None
    assert "4B" in result["description_placeholders"]["reason"]
    assert result["description_placeholders"]["reason"].endswith("what to try.")
    assert len(lock.journal.of(Kind.CALIBRATION)) == 1
    # The lock has lost its calibration over it.
    assert issues(home) == {"fault_clutch_power_failure", "fault_not_calibrated"}
    assert (home.state(), home.state("lock_state")) == (STATE_UNKNOWN, "uncalibrated")


async def test_calibration_goes_on_when_the_dialog_is_closed(home: Home) -> None:
    lock, _entry, repair, menu = await broken(home)
    lock.repair()
    form = await repair.choose(menu, "calibrate")
    await repair.manager.async_configure(form["flow_id"], {"bolt_may_move": True})
    await home.until(lambda: home.state("lock_state") == "calibration", within=10)
    repair.manager.async_abort(form["flow_id"])
    await home.until(lambda: home.state() == View.LOCKED, within=60)
    await home.hass.async_block_till_done()
    assert len(lock.journal.of(Kind.CALIBRATION)) == 1
    assert (home.state("clutch_fault"), issues(home)) == (STATE_OFF, set())


async def test_no_calibration_without_a_pin(home: Home) -> None:
    lock, _entry, repair, menu = await broken(home, pin=None)
    result = await repair.choose(menu, "calibrate")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "pin_needed")
    assert lock.journal.pins_sent == []


async def test_dialog_about_a_fault_that_is_over(home: Home) -> None:
    lock, _entry, repair, menu = await broken(home)
    lock.repair()
    await home.call("unlock")
    await home.hass.async_block_till_done()
    result = await repair.choose(menu, "read")
    assert result["type"] is FlowResultType.CREATE_ENTRY


def test_every_kind_has_a_severity_and_texts() -> None:
    texts = english()["issues"]
    assert set(SEVERITIES) == set(FaultKind)
    common: dict[str, Any] = {}
    for kind in FaultKind:
        flow = texts[f"fault_{kind}"]["fix_flow"]
        options = flow["step"]["init"]["menu_options"]
        assert ("calibrate" in options) == (kind in CALIBRATION_HELPS)
        description = flow["step"]["init"]["description"]
        # What every one of them has to say.
        for part in (
            "{code}",
            "{since}",
            "**Can the door still be opened?**",
            "in this order",
            "**What not to do",
        ):
            assert part in description, (kind, part)
        # And what is the same for all.
        for name in ("calibrate", "repaired"):
            if name in flow["step"]:
                assert common.setdefault(name, flow["step"][name]) == flow["step"][name]


# --- Calibration as an action -----------------------------------------------------------------------------


async def test_calibrate(home: Home) -> None:
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock, pin=PIN)
    await home.call("calibrate", DOMAIN)
    assert len(lock.journal.of(Kind.CALIBRATION)) == 1
    assert (home.state(), home.state("last_fault")) == (View.LOCKED, "none")
    assert lock.journal.broken_rules == []


async def test_calibrate_refused_with_low_batteries(home: Home) -> None:
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock, pin=PIN)
    lock.set_battery(10)
    with pytest.raises(HomeAssistantError) as caught:
        await home.call("calibrate", DOMAIN)
    assert caught.value.translation_key == "low_voltage"
    await home.hass.async_block_till_done()
    assert issues(home) == {"fault_calibration_refused"}
    assert home.state("battery_condition") == "too_weak"
    assert lock.journal.of(Kind.CALIBRATION) == []
    lock.set_battery(100)
    await home.call("calibrate", DOMAIN)
    await home.hass.async_block_till_done()
    assert issues(home) == set()


async def test_calibrate_with_a_full_position_memory(home: Home) -> None:
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock, pin=PIN)
    lock.jam(Jam.POSITION_MEMORY)
    with pytest.raises(HomeAssistantError) as caught:
        await home.call("calibrate", DOMAIN)
    assert caught.value.translation_key == "position_limit"
    await home.hass.async_block_till_done()
    assert issues(home) == {"fault_position_limit", "fault_not_calibrated"}
    # The log calls it "other error", which is no fault besides.
    await disconnect(home, lock)
    await home.read()
    await asyncio.sleep(2)
    assert lock.journal.requests("REQUEST_LOG_ENTRIES")
    assert issues(home) == {"fault_position_limit", "fault_not_calibrated"}
    lock.repair()
    await home.call("calibrate", DOMAIN)
    await home.hass.async_block_till_done()
    assert issues(home) == set()


async def test_calibrate_needs_a_pin(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    with pytest.raises(HomeAssistantError) as caught:
        await home.call("calibrate", DOMAIN)
    assert caught.value.translation_key == "pin_needed"
    assert (lock.journal.pins_sent, lock.journal.of(Kind.CALIBRATION)) == ([], [])


async def test_calibrate_is_for_administrators(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock, pin=PIN)
    group = await home.hass.auth.async_get_group(GROUP_ID_READ_ONLY)
    guest = MockUser(groups=[group]).add_to_hass(home.hass)
    with pytest.raises(Unauthorized):
        await home.hass.services.async_call(
            DOMAIN,
            "calibrate",
            {"entity_id": home.entity_id("lock")},
            blocking=True,
            context=Context(user_id=guest.id),
        )
    assert lock.journal.of(Kind.CALIBRATION) == []


async def test_calibration_whose_answer_is_lost_is_not_repeated(home: Home) -> None:
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock, pin=PIN)
    lock.jam(Jam.CLUTCH)
    await fails(home)
    lock.repair()

    lock.faults.disconnect_at(Moment.ACCEPTED_SENT)
    with pytest.raises(HomeAssistantError) as caught:
        await home.call("calibrate", DOMAIN)
    assert caught.value.translation_key == "outcome_unknown"
    assert len(lock.journal.of(Kind.CALIBRATION)) == 1
    # Nobody knows whether it went well.
    assert home.state("clutch_fault") == STATE_ON


# --- Batteries --------------------------------------------------------------------------------------------


async def test_batteries_in_words(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    assert (home.state("battery_condition"), issues(home)) == ("ok", set())
    lock.set_battery(22)
    await home.read()
    assert (home.state("battery_condition"), issues(home)) == ("ok", set())
    # The lock calls its batteries critical from 20 % on.
    lock.set_battery(18)
    await home.read()
    assert (home.state("battery_condition"), issues(home)) == ("critical", {"battery_critical"})
    told = issue(home, "battery_critical")
    assert told is not None
    assert told.translation_placeholders == {"name": "Villa Kunterbunt", "percent": "18", "limit": "20"}
    assert told.is_fixable
    lock.set_battery(100)
    await home.read()
    assert (home.state("battery_condition"), issues(home)) == ("ok", set())


async def test_low_but_not_critical(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that draws the line elsewhere; and cells that recover a little are not new ones."""
    lock = home.add_lock()
    monkeypatch.setattr("simulator.lock.battery.CRITICAL_PERCENT", 5)
    await home.set_up(lock)
    for percent, condition, shown in (
        (20, "ok", set[str]()),
        (18, "low", {"battery_low"}),
        (24, "ok", {"battery_low"}),
        (30, "ok", set()),
        (24, "ok", set()),
    ):
        lock.set_battery(percent)
        await home.read()
        assert (home.state("battery_condition"), issues(home)) == (condition, shown), percent


async def test_low_until_clearly_better_also_after_a_restart(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An issue that goes with the restart would come back at the next cold night, and an ignored one with it."""
    lock = home.add_lock()
    monkeypatch.setattr("simulator.lock.battery.CRITICAL_PERCENT", 5)
    entry = await home.set_up(lock)
    lock.set_battery(18)
    await home.read()
    for percent, shown in ((24, {"battery_low"}), (30, set[str]()), (24, set())):
        lock.set_battery(percent)
        assert await home.hass.config_entries.async_reload(entry.entry_id)
        await home.settled(entry, lock)
        assert issues(home) == shown, percent


async def test_batteries_too_weak_for_the_motor(home: Home) -> None:
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    lock.jam(Jam.LOW_VOLTAGE)
    lock.set_battery(10)
    await fails(home)
    # One issue is enough: it says what the others would.
    assert (home.state("battery_condition"), issues(home)) == ("too_weak", {"fault_low_voltage"})


async def test_accessories_are_there_when_the_lock_tells_of_them(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock)
    registry = er.async_get(home.hass)

    def known(key: str) -> bool:
        unique_id = f"{NUKI_ID:08X}_{key}"
        return registry.async_get_entity_id("binary_sensor", DOMAIN, unique_id) is not None

    assert (known("keypad_battery"), known("door_sensor_battery")) == (False, True)
    lock.pair_accessory(Accessory.KEYPAD)
    await home.read()
    await home.hass.async_block_till_done()
    assert home.state("keypad_battery") == STATE_OFF
    lock.set_accessory_battery("keypad", critical=True)
    await home.read()
    assert (home.state("keypad_battery"), home.state("door_sensor_battery")) == (STATE_ON, STATE_OFF)
    assert issues(home) == {"keypad_battery_low"}
    # After a restart they are there before the lock was heard.
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    home.go_out_of_range(lock)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    assert home.hass.states.get(home.entity_id("keypad_battery")) is not None
    home.come_into_range(lock)
    await home.until(lambda: home.state("keypad_battery") == STATE_ON)
    lock.set_accessory_battery("keypad", critical=False)
    await home.read()
    assert issues(home) == set()


@pytest.mark.parametrize(("code", "told"), [(0x4E, "rejected"), (0x4F, "rejected_night_mode")])
async def test_rejected_is_no_fault(home: Home, code: int, told: str) -> None:
    """The lock did not want to; its mechanics are as well as before."""
    lock = home.add_lock(locked=True)
    await home.set_up(lock)
    lock.faults.refuse_next(ErrorCode(code), Command.LOCK_ACTION)
    assert await fails(home) == told
    assert issues(home) == set()
    assert home.state("lock") == "locked"
    assert last_fault(home)["kind"] == "none"
