"""The lock entity: what it shows, what it does, and what it says when it could not."""

import asyncio
from dataclasses import replace
import logging
from types import SimpleNamespace
from typing import Any

from homeassistant.components.lock import LockState as View
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import Context, Event, EventStateChangedData, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity
from homeassistant.helpers.event import async_track_state_change_event
import pytest

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.lock import VIEWS
from custom_components.smartlock.protocol.enums import Command, ErrorCode, LockState
from simulator.local_adapter import RadioClient
from simulator.virtual_lock import Kind, Moment, Timing, VirtualLock, quick
from tests.integration.home import PINS, Home, pins_sent
from tests.integration.texts import english

both_generations = pytest.mark.parametrize("model", ["gen3", "ultra"])

# The states of the vendor's document that Home Assistant has a word for. All others are unknown.
SHOWN = {
    0x01: View.LOCKED,
    0x02: View.UNLOCKING,
    0x03: View.UNLOCKED,
    0x04: View.LOCKING,
    0x05: View.OPEN,
    0x06: View.UNLOCKED,
    0x07: View.OPENING,
    0xFE: View.JAMMED,
}


def runs(lock: VirtualLock) -> list[str]:
    """Return the actions for which the motor ran."""
    return [str(entry.facts["action"]) for entry in lock.journal.motor_runs]


def orders(lock: VirtualLock) -> int:
    """Return how many lock actions have reached the lock."""
    return len(lock.journal.requests("LOCK_ACTION"))


def watch(home: Home) -> list[str]:
    """Return a list that grows with every state that the lock entity shows."""
    shown: list[str] = []

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state is not None and [state.state] != shown[-1:]:
            shown.append(state.state)

    async_track_state_change_event(home.hass, [home.entity_id("lock")], changed)
    return shown


async def failure(home: Home, action: str) -> HomeAssistantError:
    """Call an action that has to fail; the error has a text of its own."""
    with pytest.raises(HomeAssistantError) as caught:
        await home.call(action)
    error = caught.value
    assert error.translation_domain == DOMAIN
    assert error.translation_key is not None
    text: str = english()["exceptions"][error.translation_key]["message"]
    assert str(error) == text.rstrip(".").format(**(error.translation_placeholders or {}))
    return error


# --- What it shows ----------------------------------------------------------------------------------------


def test_every_state_has_a_view() -> None:
    assert set(VIEWS) == set(LockState)


@both_generations
async def test_locked_only_if_the_lock_says_so(home: Home, model: str) -> None:
    """All 256 values, named ones and those that no document knows."""
    lock = home.add_lock(model)
    entry = await home.set_up(lock)
    for value in range(256):
        lock.show_state(value)
        await home.read()
        # A fault that a value before has told of would be shown in its place.
        await entry.runtime_data.faults.async_repaired()
        assert home.state() == SHOWN.get(value, STATE_UNKNOWN), f"0x{value:02X}"
    assert [value for value, view in SHOWN.items() if view == View.LOCKED] == [0x01]
    assert runs(lock) == []


# --- What it does -----------------------------------------------------------------------------------------


@both_generations
@pytest.mark.parametrize(
    ("action", "locked", "run", "shown"),
    [
        ("lock", False, "LOCK", [View.LOCKING, View.LOCKED]),
        ("unlock", True, "UNLOCK", [View.UNLOCKING, View.UNLOCKED]),
        ("open", True, "UNLATCH", [View.OPENING, View.OPEN, View.UNLOCKED]),
        ("open", False, "UNLATCH", [View.OPENING, View.OPEN, View.UNLOCKED]),
    ],
)
async def test_actions(
    home: Home, *, model: str, action: str, locked: bool, run: str, shown: list[str]
) -> None:
    """The motor runs once, no PIN is sent, and each state on the way is shown."""
    lock = home.add_lock(model, locked=locked, timing=Timing())
    await home.set_up(lock, pin=str(PINS[model]))
    # That the PIN is right was seen when the lock was added.
    lock.journal.entries.clear()
    seen = watch(home)
    await home.call(action)
    # The action ends with the run, not before.
    assert home.state() == shown[-1]
    assert seen == shown
    assert runs(lock) == [run]
    assert orders(lock) == 1
    await asyncio.sleep(60)
    assert runs(lock) == [run]
    assert pins_sent(lock) == []
    assert lock.journal.broken_rules == []


async def test_nothing_to_do(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    await home.call("lock")
    assert home.state() == View.LOCKED
    assert (runs(lock), orders(lock)) == ([], 1)


async def test_newest_request_wins(home: Home) -> None:
    """What was not written yet is dropped for what the owner wants now, and its callers are told."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    calls = (home.call("lock"), home.call("open"), home.call("unlock"))
    first, second, third = await asyncio.gather(*calls, return_exceptions=True)
    for dropped in (first, second):
        assert isinstance(dropped, HomeAssistantError)
        assert dropped.translation_key == "replaced"
    assert third is None
    assert runs(lock) == ["UNLOCK"]
    assert home.state() == View.UNLOCKED


async def test_actions_follow_each_other(home: Home) -> None:
    """What was written is carried out before the next one."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    unlocking = asyncio.create_task(home.call("unlock"))
    await home.until(lambda: runs(lock), within=5)
    await home.call("lock")
    await unlocking
    assert runs(lock) == ["UNLOCK", "LOCK"]
    assert home.state() == View.LOCKED


async def test_all_that_an_action_changes_is_attributed_to_its_caller_and_nothing_else(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a slow motor too, and although somebody turns the key right afterwards."""
    clock = asyncio.get_running_loop().time
    monkeypatch.setattr(entity, "time", SimpleNamespace(time=clock))
    monkeypatch.setattr(entity, "timer", clock)
    lock = home.add_lock(timing=Timing(unlock=9))
    await home.set_up(lock, "bridge")
    callers: list[tuple[str, Context]] = []

    @callback
    def changed(event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        assert state is not None
        callers.append((state.state, event.context))

    async_track_state_change_event(home.hass, [home.entity_id("lock")], changed)
    caller = Context()
    target = {"entity_id": home.entity_id("lock")}
    await home.hass.services.async_call("lock", "unlock", target, blocking=True, context=caller)
    lock.turn_key("lock")
    await home.until(lambda: home.state() == View.LOCKED, within=4)
    unlocking, unlocked, *others = callers
    assert (unlocking, unlocked) == ((View.UNLOCKING, caller), (View.UNLOCKED, caller))
    assert others
    assert caller not in [context for _, context in others]


@pytest.mark.parametrize(
    ("action", "locked", "shown"),
    [("unlock", True, View.UNLOCKING), ("lock", False, View.LOCKING), ("open", True, View.OPENING)],
)
async def test_motion_is_shown_as_soon_as_it_is_accepted(
    home: Home, action: str, locked: bool, shown: View
) -> None:
    """Before the lock has told its state, and no longer than the action takes."""
    lock = home.add_lock(timing=Timing(), locked=locked)
    await home.set_up(lock)
    for _ in range(10):
        lock.faults.drop_next_answer(Command.KEYTURNER_STATES)
    calling = asyncio.create_task(home.call(action))
    await home.until(lambda: runs(lock), within=5)
    # One indication on the radio.
    await asyncio.sleep(0.05)
    assert home.state() == shown
    assert home.state("lock_state") in (View.LOCKED, View.UNLOCKED)
    lock.faults.clear()
    await calling
    assert home.state() != shown


async def test_nothing_is_shown_to_move_that_was_refused(home: Home) -> None:
    """Nor where the lock has nothing to do."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    shown = watch(home)
    lock.faults.be_busy()
    await failure(home, "unlock")
    await home.call("lock")
    assert View.UNLOCKING not in shown
    assert View.LOCKING not in shown


async def test_refused_challenge_is_remembered_over_a_restart(
    home: Home, hass_storage: dict[str, Any]
) -> None:
    """The action is done all the same, and none is requested ahead from then on."""
    lock = home.add_lock(timing=Timing())
    entry = await home.set_up(lock)
    await entry.runtime_data.actions.async_connect()
    await asyncio.sleep(0.5)
    lock.faults.make_next_nonce_stale()
    await home.call("unlock")
    assert (runs(lock), orders(lock)) == (["UNLOCK"], 2)
    counted = entry.runtime_data.coordinator.assumptions.report["challenge_waits"]
    assert counted == {"confirmed": 0, "contradicted": 1}
    await asyncio.sleep(1)
    assert hass_storage["smartlock.33C335C5.link"]["data"]["challenge_refused_at"] is not None
    await home.hass.config_entries.async_reload(entry.entry_id)
    await home.read()
    await asyncio.sleep(60)
    asked = len(lock.journal.of(Kind.REQUEST, requested="CHALLENGE"))
    await entry.runtime_data.actions.async_connect()
    await asyncio.sleep(1)
    assert len(lock.journal.of(Kind.REQUEST, requested="CHALLENGE")) == asked
    await home.call("lock")
    assert (runs(lock), orders(lock)) == (["UNLOCK", "LOCK"], 3)


async def test_open_is_offered(home: Home) -> None:
    await home.set_up(home.add_lock())
    state = home.full_state()
    assert state.attributes["supported_features"] == 1
    assert "code_format" not in state.attributes or state.attributes["code_format"] is None
    assert "changed_by" not in state.attributes or state.attributes["changed_by"] is None


# --- What it says when it could not -----------------------------------------------------------------------

# What the owner is told for each code with which a lock refuses to move. The others are shown as a number.
TOLD = {
    0x21: "wrong_pin",
    0x25: "authorization_disabled",
    0x27: "time_not_allowed",
    0x28: "pin_blocked",
    0x40: "auto_unlock_too_recent",
    0x41: "position_unknown",
    0x42: "motor_blocked",
    0x43: "clutch_failure",
    0x44: "motor_timeout",
    0x45: "busy",
    0x46: "canceled",
    0x47: "not_calibrated",
    0x48: "position_limit",
    0x49: "low_voltage",
    0x4A: "motor_power_failure",
    0x4B: "clutch_power_failure",
    0x4C: "low_voltage",
    0x4D: "firmware_update_needed",
    0x4E: "rejected",
    0x4F: "rejected_night_mode",
    0xE0: "lock_setup",
    0xE1: "lock_setup",
    0xE2: "lock_setup",
    0xE3: "lock_setup",
    # Two that say nothing for certain about an action that was sent: the state is read, and it did not change.
    0x20: "outcome_unknown",
    0x22: "outcome_unknown",
}


async def test_every_refusal_is_told(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock)
    codes = [int(code) for code in ErrorCode] + [0x77]
    assert set(TOLD) <= set(codes)
    for code in codes:
        # Without a challenge that is there ahead, whose refusal the owner does not hear of.
        await entry.runtime_data.coordinator.client.disconnect()
        lock.faults.refuse_next(ErrorCode(code), Command.LOCK_ACTION)
        error = await failure(home, "unlock")
        assert error.translation_key == TOLD.get(
            code, "door_sensor" if 0x60 <= code <= 0x6F else "refused"
        ), f"0x{code:02X}"
        if error.translation_key != "outcome_unknown":
            assert error.translation_placeholders == {"code": f"0x{code:02X}"}
        await entry.runtime_data.faults.async_repaired()
        await home.hass.async_block_till_done()
        assert home.state() == View.LOCKED
    assert runs(lock) == []
    assert orders(lock) == len(codes)


async def test_busy_lock_does_nothing_later(home: Home) -> None:
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    lock.press_button()
    error = await failure(home, "lock")
    assert error.translation_key == "busy"
    await asyncio.sleep(60)
    assert runs(lock) == ["UNLOCK"]
    await home.until(lambda: home.state() == View.UNLOCKED)


async def test_canceled_at_the_lock(home: Home) -> None:
    """Where the bolt stopped nobody knows."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    calling = home.hass.async_create_task(failure(home, "unlock"))
    await home.until(lambda: home.state() == View.UNLOCKING)
    lock.press_button()
    assert (await calling).translation_key == "canceled"
    assert home.state() == STATE_UNKNOWN
    assert home.state("motor_blocked") == "off"


async def test_deleted_authorization(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    lock.delete_authorization(1)
    error = await failure(home, "unlock")
    assert error.translation_key == "not_authorized"
    assert orders(lock) == 0


async def test_lock_out_of_reach_says_why(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    home.go_out_of_range(lock)
    error = await failure(home, "unlock")
    assert error.translation_key == "unreachable"
    assert "receives the lock" in str(error)
    assert home.state() == View.LOCKED
    home.come_into_range(lock)
    await asyncio.sleep(60)
    assert runs(lock) == []
    await home.call("unlock")
    assert runs(lock) == ["UNLOCK"]


async def test_no_slot_says_so(home: Home) -> None:
    """After as many tries as the deadline allows; one that becomes free in time is taken."""
    lock = home.add_lock()
    await home.set_up(lock)
    others = [RadioClient(f"AA:00:00:00:00:0{each}", adapter=home.adapter) for each in range(5)]
    for each in others:
        home.adapter.claim(each)
    began = home.now
    error = await failure(home, "unlock")
    assert error.translation_key == "no_free_slot"
    assert "receives the lock with -60 dBm" in str(error)
    assert home.now - began <= 15.5
    assert orders(lock) == 0

    acting = home.hass.async_create_task(home.call("unlock"))
    await asyncio.sleep(3)
    home.adapter.release(others[0])
    await acting
    assert runs(lock) == ["UNLOCK"]


@pytest.mark.parametrize("action", ["unlock", "open"])
async def test_our_own_change_needs_no_second_connection(home: Home, action: str) -> None:
    """The flag that it raises is read away over the link that is open, so that it can rise for others."""
    lock = home.add_lock(timing=Timing(advertising_interval=0.3))
    await home.set_up(lock, "bridge")
    began = len(lock.journal.connections)
    await home.call(action)
    unread = [lock.unread_change]
    # The caller did not wait for it.
    await asyncio.sleep(0.7)
    unread.append(lock.unread_change)
    assert unread == [True, False]
    await asyncio.sleep(90)
    assert home.state() == View.UNLOCKED
    # A held latch comes back by itself, which is a change of its own.
    assert len(lock.journal.connections) - began <= (1 if action == "unlock" else 2)
    lock.turn_key("lock")
    await home.until(lambda: home.state() == View.LOCKED, within=2)


async def test_flag_that_could_not_be_read_away_is_read_again(home: Home) -> None:
    """The lock believes that it was told, and takes the flag down, but the answer was lost."""
    lock = home.add_lock(timing=Timing(advertising_interval=0.3))
    await home.set_up(lock, "bridge")
    await home.call("unlock")
    lock.faults.silence = True
    lock.turn_key("lock")
    await asyncio.sleep(2)
    lock.faults.clear()
    assert home.state() == View.UNLOCKED
    await home.until(lambda: home.state() == View.LOCKED, within=30)


async def test_second_action_in_a_row_finds_the_link_open(home: Home) -> None:
    """The first one lets go soon; once there was a second one, it is held for the third."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock, "bridge")
    began = len(lock.journal.connections)
    await home.call("unlock")
    await asyncio.sleep(2)
    assert not home.connected(lock)
    await home.call("lock")
    await asyncio.sleep(4)
    await home.call("unlock")
    assert len(lock.journal.connections) - began == 2
    await asyncio.sleep(70)
    await home.call("lock")
    await asyncio.sleep(2)
    assert not home.connected(lock)


async def test_action_that_does_not_start_in_time_never_starts(home: Home) -> None:
    """A door does not open long after it was wanted."""
    lock = home.add_lock()
    await home.set_up(lock)
    home.radio.timing = replace(home.radio.timing, connect=18.0)
    began = home.now
    error = await failure(home, "unlock")
    assert error.translation_key == "not_started"
    assert home.now - began == pytest.approx(15, abs=0.5)
    assert home.state() == View.LOCKED
    home.radio.timing = replace(home.radio.timing, connect=0.0)
    await asyncio.sleep(120)
    assert orders(lock) == 0


@pytest.mark.parametrize(("action", "locked"), [("lock", False), ("unlock", True)])
@pytest.mark.parametrize("moment", [Moment.ACTION_RECEIVED, Moment.ACCEPTED_SENT, Moment.RUN_ENDED])
async def test_lost_answer_and_the_bolt_is_where_it_should_be(
    home: Home, action: str, locked: bool, moment: Moment
) -> None:
    """That is success; the action is not repeated."""
    lock = home.add_lock(locked=locked, timing=Timing())
    await home.set_up(lock)
    lock.faults.disconnect_at(moment)
    await home.call(action)
    assert home.state() == f"{action}ed"
    assert runs(lock) == [action.upper()]
    assert orders(lock) == 1


async def test_lost_order_is_not_repeated(home: Home) -> None:
    """Nobody can know that the lock has not got it; the truth is read and shown."""
    lock = home.add_lock()
    await home.set_up(lock)
    lock.faults.disconnect_at(Moment.ACTION_LOST)
    error = await failure(home, "unlock")
    assert error.translation_key == "outcome_unknown"
    assert home.state() == View.LOCKED
    await asyncio.sleep(60)
    assert runs(lock) == []


async def test_lost_answer_of_open_after_the_run_was_seen(home: Home) -> None:
    """The states that the lock told on the way prove that it is done."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    lock.faults.disconnect_at(Moment.RUN_ENDED)
    await home.call("open")
    assert home.state() == View.UNLOCKED
    assert runs(lock) == ["UNLATCH"]


async def test_lost_answer_of_open(home: Home) -> None:
    """Whether the latch was pulled does not show afterwards."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    lock.faults.disconnect_at(Moment.ACCEPTED_SENT)
    error = await failure(home, "open")
    assert error.translation_key == "outcome_unknown"
    assert home.state() == View.UNLOCKED
    assert runs(lock) == ["UNLATCH"]


async def test_lock_that_is_lost_while_it_moves(home: Home) -> None:
    """The state is unknown until it can be read again, neither the old one nor the wanted one."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    calling = home.hass.async_create_task(failure(home, "unlock"))
    await home.until(lambda: home.state() == View.UNLOCKING)
    home.go_out_of_range(lock)
    assert (await calling).translation_key == "outcome_unknown"
    assert home.state() == STATE_UNKNOWN
    home.come_into_range(lock)
    await home.until(lambda: home.state() == View.UNLOCKED, within=200)
    assert runs(lock) == ["UNLOCK"]


async def test_caller_who_gives_up(home: Home) -> None:
    """An automation can be stopped while the bolt moves; the truth is read afterwards."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    calling = home.hass.async_create_task(home.call("unlock"))
    await home.until(lambda: home.state() == View.UNLOCKING)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert home.state() == STATE_UNKNOWN
    await home.until(lambda: home.state() == View.UNLOCKED, within=60)
    assert runs(lock) == ["UNLOCK"]


async def test_state_after_a_run_that_cannot_be_read(home: Home) -> None:
    """The lock said that it is done, and nothing more: that proves nothing, and the state is asked for until it comes."""
    lock = home.add_lock(timing=quick(unlock=1))
    await home.set_up(lock)
    for _ in range(400):
        lock.faults.drop_next_answer(Command.KEYTURNER_STATES)
    assert (await failure(home, "unlock")).translation_key == "outcome_unknown"
    assert lock.journal.of(Kind.ANSWER, status="COMPLETE")
    assert home.state() == STATE_UNKNOWN
    lock.faults.clear()
    await home.until(lambda: home.state() == View.UNLOCKED, within=200)
    assert runs(lock) == ["UNLOCK"]


async def test_a_flag_that_cannot_be_read_away(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    """The lock falls silent after an action: that one is done, and the change is read as soon as it answers again."""
    caplog.set_level(logging.DEBUG, "custom_components.smartlock")
    lock = home.add_lock()
    await home.set_up(lock, "bridge")
    await home.call("unlock")
    lock.faults.silence = True
    await home.until(lambda: "was not read away" in caplog.text)
    assert home.state() == "unlocked"
    lock.faults.clear()
    lock.turn_key("lock")
    await home.until(lambda: home.state() == "locked")
