"""What is put back, in which order, and that no crash writes anything twice."""

from dataclasses import replace
from datetime import timedelta
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.smartlock.protocol.enums import BatteryType, LockState
from custom_components.smartlock.settings.rules import restore as r
from custom_components.smartlock.settings.rules.message_json import SnapshotError
from custom_components.smartlock.settings.rules.restore import Idle, Journal, RestoreProblem, StepState
from custom_components.smartlock.settings.rules.snapshot import (
    ADVANCED_SETTINGS,
    CONFIG_SETTINGS,
    Care,
    Difference,
    Group,
    Obstacle,
    differences,
)
from tests.lock_of import NOON, settings, states
from tests.settings.rules.test_snapshot import FULL

BEFORE = settings(
    led_brightness=1,
    pairing_enabled=0,
    auto_unlatch=1,
    battery_type=BatteryType.LITHIUM,
    locked_position_offset=5,
    night_mode_enabled=1,
)
LOST = differences(BEFORE, settings())
EVERYTHING = frozenset(entry.name for entry in LOST)


# --- What -------------------------------------------------------------------------------------------------


def test_what_is_put_back_by_itself() -> None:
    """What neither moves the bolt nor keeps anybody out."""
    assert r.by_itself(LOST) == {"led_brightness"}


def test_all_is_not_what_has_to_be_picked() -> None:
    assert r.all_at_once(LOST) == {"led_brightness", "auto_unlatch", "night_mode_enabled"}
    assert set(r.pickable(LOST)) == EVERYTHING


def test_order() -> None:
    steps = r.plan(LOST, EVERYTHING)
    assert [(step.group, set(step.settings)) for step in steps] == [
        (Group.CLOCK, {"clock"}),
        (Group.CONFIG, {"led_brightness", "pairing_enabled", "auto_unlatch"}),
        (Group.ADVANCED_CONFIG, {"locked_position_offset", "battery_type", "night_mode_enabled"}),
    ]
    assert r.plan(LOST, ()) == ()
    assert r.plan((), EVERYTHING) == ()


_differences = st.lists(
    st.builds(
        Difference,
        name=st.sampled_from([*CONFIG_SETTINGS, *ADVANCED_SETTINGS, "time_control", "keypad_codes"]),
        group=st.sampled_from([group for group in Group if group is not Group.CLOCK]),
        was=st.just(1),
        now=st.just(0),
        care=st.sampled_from(Care),
        obstacle=st.none() | st.sampled_from(Obstacle),
    ),
    unique_by=lambda entry: entry.name,
)


@given(_differences, st.data())
def test_every_plan(lost: list[Difference], data: Any) -> None:
    """Each chosen setting once, in the order of the groups, nothing else, and nothing that cannot be."""
    chosen = data.draw(st.sets(st.sampled_from([entry.name for entry in lost] or ["name"])))
    steps = r.plan(lost, chosen)
    written = [name for step in steps for name in step.settings if step.group is not Group.CLOCK]
    assert sorted(written) == sorted(
        entry.name for entry in lost if entry.name in chosen and entry.obstacle is None
    )
    groups = [step.group for step in steps]
    assert groups == [group for group in Group if group in groups]
    assert (Group.CLOCK in groups) is bool(written)
    silent = {entry.name for entry in lost if entry.care is not Care.BY_ITSELF}
    assert not r.by_itself(lost) & silent
    picked_only = {entry.name for entry in lost if entry.care in (Care.ALONE, Care.CALIBRATION)}
    assert not r.all_at_once(lost) & picked_only


# --- Journal ----------------------------------------------------------------------------------------------


def journal(*groups: Group) -> Journal:
    """Return a journal at its beginning."""
    steps = tuple(r.RestoreStep(group=group, settings=(f"{group}_setting",)) for group in groups)
    return Journal(begun_at=NOON, wanted=FULL, steps=steps, asked=True)


def test_a_restore_from_beginning_to_end() -> None:
    state = journal(Group.CONFIG, Group.ADVANCED_CONFIG)
    for group in (Group.CONFIG, Group.ADVANCED_CONFIG):
        assert state.current is not None
        assert state.current.group is group
        for word in (StepState.WRITING, StepState.WRITTEN, StepState.VERIFIED):
            assert not state.done
            state = state.entered(group, word)
            assert Journal.from_json(json.loads(json.dumps(state.to_json()))) == state
    assert state.done
    assert state.restored() == ("config_setting", "advanced_config_setting")
    assert state.failed() == {}


def test_a_refusal_ends_one_step() -> None:
    state = journal(Group.CONFIG, Group.LOGGING)
    state = state.entered(Group.CONFIG, StepState.FAILED, RestoreProblem.REFUSED)
    assert state.current is not None
    assert state.current.group is Group.LOGGING


@pytest.mark.parametrize(
    ("problem", "others"),
    [
        (RestoreProblem.NOT_KEPT, RestoreProblem.STOPPED),
        (RestoreProblem.PIN, RestoreProblem.PIN),
        (RestoreProblem.NOT_REACHED, RestoreProblem.NOT_REACHED),
    ],
)
def test_what_ends_all(problem: RestoreProblem, others: RestoreProblem) -> None:
    """A lock that does not keep what it takes, or takes no PIN, is not written to again."""
    state = journal(Group.CLOCK, Group.CONFIG, Group.LOGGING).entered(Group.CLOCK, StepState.VERIFIED)
    state = state.entered(Group.CONFIG, StepState.FAILED, problem)
    assert state.done
    assert state.restored() == ("clock_setting",)
    assert state.failed() == {"config_setting": problem, "logging_setting": others}


def test_not_for_ever() -> None:
    state = journal(Group.CONFIG)
    for _ in range(r.MAX_TRIES - 1):
        state = state.tried_again(Group.CONFIG)
        assert not state.done
    assert state.tried_again(Group.CONFIG).failed() == {"config_setting": RestoreProblem.NOT_REACHED}


@pytest.mark.parametrize(
    ("state", "there", "expected"),
    [
        (StepState.PLANNED, False, None),
        (StepState.PLANNED, True, StepState.VERIFIED),
        (StepState.WRITING, False, None),
        (StepState.WRITING, True, StepState.VERIFIED),
        (StepState.WRITTEN, False, StepState.FAILED),
        (StepState.WRITTEN, True, StepState.VERIFIED),
    ],
)
def test_after_a_crash_the_lock_tells(*, state: StepState, there: bool, expected: StepState | None) -> None:
    assert r.next_state(state, there=there) is expected


@pytest.mark.parametrize("key", ["begun_at", "asked", "wanted", "steps"])
def test_a_damaged_journal(key: str) -> None:
    data = journal(Group.CONFIG).to_json()
    with pytest.raises(SnapshotError):
        Journal.from_json({**data, key: 5} if key != "asked" else {k: v for k, v in data.items() if k != key})


@given(st.lists(st.sampled_from([*StepState, None]), max_size=30))
def test_whatever_becomes_of_the_steps(words: list[StepState | None]) -> None:
    """Every way ends, and what is final stays so."""
    state = journal(Group.CLOCK, Group.CONFIG, Group.LOGGING)
    for word in words:
        step = state.current
        if step is None:
            break
        before = {entry.group: entry.state for entry in state.steps if entry.state.final}
        state = state.tried_again(step.group) if word is None else state.entered(step.group, word)
        assert before.items() <= {entry.group: entry.state for entry in state.steps}.items()
    for _ in range(3 * r.MAX_TRIES):
        if state.current is not None:
            state = state.tried_again(state.current.group)
    assert state.done
    names = {f"{group}_setting" for group in (Group.CLOCK, Group.CONFIG, Group.LOGGING)}
    assert {*state.restored(), *state.failed()} == names


# --- When -------------------------------------------------------------------------------------------------


def test_calm() -> None:
    idle = Idle()
    assert idle.ready_at() is None
    idle = idle.after(states(lock_state=LockState.BOOT_RUN), 10)
    assert idle.ready_at() is None
    idle = idle.after(states(lock_state=LockState.LOCKED), 13)
    assert idle.ready_at() == 13 + r.IDLE_TIME
    assert idle.after(states(), 50).ready_at() == 13 + r.IDLE_TIME
    assert idle.restarted(40).ready_at() == 40 + r.IDLE_TIME
    assert idle.moving().restarted(40).ready_at() is None
    assert idle.moving().after(states(), 50).ready_at() == 50 + r.IDLE_TIME


@pytest.mark.parametrize(
    "state",
    [
        state
        for state in LockState
        if state not in (LockState.LOCKED, LockState.UNLOCKED, LockState.UNCALIBRATED)
    ],
)
def test_not_in_motion_nor_jammed(state: LockState) -> None:
    idle = Idle().after(states(), 0).after(states(lock_state=state), 100)
    assert idle.ready_at() is None
    assert idle.after(states(), 200).ready_at() == 200 + r.IDLE_TIME


def test_not_with_low_voltage() -> None:
    idle = Idle().after(states(critical=True), 0)
    assert idle.ready_at() is None
    assert idle.after(states(), 500).ready_at() == r.IDLE_TIME


# --- What comes back --------------------------------------------------------------------------------------


def test_what_comes_back() -> None:
    at = {"led_brightness": NOON, "auto_unlatch": NOON - r.RETURN_TIME - timedelta(seconds=1)}
    assert r.returned(at, LOST, NOON) == {"led_brightness"}
    assert r.returned(at, LOST, NOON + r.RETURN_TIME + timedelta(seconds=1)) == frozenset()
    # From a clock of ours that was ahead.
    assert r.returned(at, LOST, NOON - timedelta(days=365)) == frozenset()
    assert r.returned({}, LOST, NOON) == frozenset()
    assert replace(LOST[0]) in LOST
