"""Whatever a lock says, in whatever order: a fault is never lost without a reason, and nothing raises."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
import json

from hypothesis import given, strategies as st

from custom_components.smartlock.faults.rules.codes import (
    CALIBRATION_KINDS,
    FaultKind,
    fault_of_completion,
    fault_of_error,
)
from custom_components.smartlock.faults.rules.faults import Faults
from custom_components.smartlock.faults.rules.records import FaultSource
from custom_components.smartlock.protocol.enums import (
    Command,
    CompletionStatus,
    ErrorCode,
    LockAction,
    LockState,
    LogEntryType,
    Trigger,
)
from custom_components.smartlock.protocol.messages import KeyturnerStates
from tests.faults.rules.test_faults import battery_report, entry
from tests.snapshots import states

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
AT_REST = {LockState.LOCKED, LockState.UNLOCKED, LockState.UNLOCKED_LOCK_N_GO}


@dataclass(frozen=True)
class Event:
    """Something that happens, and what it may do to the faults."""

    name: str
    happen: Callable[[Faults, datetime], Faults]
    fails: bool = False
    """Afterwards there is a fault, whatever was before."""
    may_end: bool = False
    told: KeyturnerStates | None = None

    @property
    def shows_place(self) -> bool:
        """Whether the lock reports where its bolt is."""
        return self.told is not None and self.told.lock_state.place is not None


def _error(code: int, command: Command | None) -> Event:
    return Event(
        f"error 0x{code:02X}",
        lambda faults, now: faults.with_error_report(ErrorCode(code), command, now),
        fails=fault_of_error(ErrorCode(code), command) is not None,
    )


def _states(state: int, moved_by: int, run: tuple[int, int, int] | None) -> Event:
    action, trigger, completion = (None, None, None) if run is None else run
    told = states(
        lock_state=LockState(state),
        trigger=Trigger(moved_by),
        last_lock_action=None if action is None else LockAction(action),
        last_lock_action_trigger=None if trigger is None else Trigger(trigger),
        last_lock_action_completion_status=None if completion is None else CompletionStatus(completion),
    )
    success = (completion == 0 and trigger != Trigger.MANUAL) or completion is None
    return Event(
        f"states {told.lock_state.name} {run}",
        lambda faults, now: faults.with_states_from(told, now),
        may_end=state in AT_REST and moved_by != Trigger.MANUAL and success,
        told=told,
    )


def _log(entries: list[tuple[int, int, int]]) -> Event:
    told = [entry(index, completion, LogEntryType(kind)) for index, completion, kind in entries]
    return Event(f"log {entries}", lambda faults, now: faults.with_log(told, now))


# Often what a lock really says, sometimes anything.
CODES = st.sampled_from([*ErrorCode, 0x51, 0x4E]) | st.integers(0, 255)
COMPLETIONS = st.sampled_from([0, 0, 0, 6, 7, 1, 5, 8, 0x51]) | st.integers(0, 255)
LOCK_STATES = st.sampled_from(list(LockState)) | st.integers(0, 255)
TRIGGERS = st.sampled_from([0, 0, 1, 2, 6]) | st.integers(0, 255)
ACTIONS = st.sampled_from(list(LockAction)) | st.integers(0, 255)
COMMANDS = st.sampled_from([None, Command.LOCK_ACTION, Command.REQUEST_CALIBRATION, Command.SET_CONFIG])
RUNS = st.none() | st.tuples(ACTIONS, TRIGGERS, COMPLETIONS)
LOG_TYPES = st.sampled_from(list(LogEntryType)) | st.integers(0, 255)

EVENTS = st.one_of(
    st.builds(_error, CODES, COMMANDS),
    st.builds(_states, LOCK_STATES, TRIGGERS, RUNS),
    st.builds(_log, st.lists(st.tuples(st.integers(0, 50), COMPLETIONS, LOG_TYPES), max_size=4)),
    st.builds(
        lambda critical: Event(
            f"battery {critical}",
            lambda faults, now: faults.with_battery_report(battery_report(critical=critical), now),
        ),
        st.booleans(),
    ),
    st.just(Event("succeeded", lambda faults, now: faults.run_succeeded(now), may_end=True)),
    st.just(Event("repaired", lambda faults, now: faults.repaired(now), may_end=True)),
    st.just(Event("restart", lambda faults, now: Faults.from_json(json.loads(json.dumps(faults.to_json()))))),
)
PAUSES = st.sampled_from([0, 1, 5, 60, 86400, -3600])


@given(st.lists(st.tuples(EVENTS, PAUSES), max_size=30))
def test_no_fault_is_lost_without_a_reason(happened: list[tuple[Event, int]]) -> None:
    faults, now = Faults(), START
    for event, pause in happened:
        now += timedelta(seconds=pause)
        before, faults = faults, event.happen(faults, now)

        if event.fails:
            assert faults.active
            assert faults.last in faults.active
        if event.name == "restart":
            assert faults == before
        lost = {fault.kind for fault in before.active} - {fault.kind for fault in faults.active}
        if event.shows_place and before.active_fault(FaultKind.NOT_CALIBRATED):
            # Whoever has moved the bolt: a lock that knows where it is has been calibrated.
            lost -= CALIBRATION_KINDS
        if lost and not event.may_end:
            # One that is part of another one now.
            assert event.fails
            assert faults.last is not None
            assert all(
                fault.is_explained_by(faults.last.kind) for fault in before.active if fault.kind in lost
            )
        _holds(faults)


@given(st.lists(EVENTS, max_size=15), COMPLETIONS)
def test_a_failed_run_is_never_no_fault(happened: list[Event], completion: int) -> None:
    """The states tell of a run that has just been seen to fail, after anything."""
    faults = Faults()
    for event in happened:
        faults = event.happen(faults, START)
    running = _states(LockState.LOCKING, Trigger.SYSTEM, None).happen(faults, START)
    failed = _states(LockState.UNDEFINED, 0, (LockAction.LOCK, 0, completion)).happen(running, START)
    if fault_of_completion(CompletionStatus(completion)) is not None:
        assert failed.active
        assert failed.last in failed.active
        assert (failed.clutch_fault, failed.motor_blocked) != (False, False) or completion in (0x08, 0x0B)
    # And its being read again, by hand or not, changes nothing.
    again = _states(LockState.UNDEFINED, 1, (LockAction.LOCK, 0, completion)).happen(failed, START)
    assert again == failed


def _holds(faults: Faults) -> None:
    """What is true at any time."""
    assert len({fault.kind for fault in faults.active}) == len(faults.active)
    assert (faults.ended_at is None) == (faults.ended_by is None)
    for fault in faults.active:
        assert fault.evidence
        assert fault.times >= 1
        assert any(e.source is not FaultSource.BATTERY_REPORT for e in fault.evidence)
        assert 0 <= fault.code <= 255
    if faults.active:
        assert faults.last is not None
    assert Faults.from_json(json.loads(json.dumps(faults.to_json()))) == faults
