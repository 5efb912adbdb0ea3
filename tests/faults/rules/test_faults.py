"""Which faults a lock has: each order in which it tells of one, and what ends it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custom_components.smartlock.faults.rules.codes import BLOCKED_KINDS, CLUTCH_KINDS, FaultKind
from custom_components.smartlock.faults.rules.faults import Faults
from custom_components.smartlock.faults.rules.records import End, FaultSource
from custom_components.smartlock.protocol.enums import (
    Command,
    CompletionStatus,
    ErrorCode,
    LockAction,
    LockState,
    LogEntryType,
    Trigger,
)
from custom_components.smartlock.protocol.messages import BatteryReport, LogEntry
from custom_components.smartlock.protocol.wire import Date7
from tests.snapshots import states

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)

LOCKED, UNLOCKED, LOCKING = LockState.LOCKED, LockState.UNLOCKED, LockState.LOCKING
LOCK, UNLOCK, UNLATCH = LockAction.LOCK, LockAction.UNLOCK, LockAction.UNLATCH
SUCCESS = CompletionStatus.SUCCESS


def told(
    faults: Faults,
    state: LockState,
    action: LockAction | None = LOCK,
    completion: CompletionStatus | None = SUCCESS,
    trigger: Trigger = Trigger.SYSTEM,
    *,
    moved_by: Trigger | None = None,
    now: datetime = NOW,
) -> Faults:
    """Return what is known after states."""
    return faults.with_states_from(
        states(
            lock_state=state,
            trigger=trigger if moved_by is None else moved_by,
            last_lock_action=action,
            last_lock_action_trigger=trigger,
            last_lock_action_completion_status=completion,
        ),
        now,
    )


def failed_live(faults: Faults, code: int, *, now: datetime = NOW) -> Faults:
    """Return what is known after an Error Report about a lock action."""
    return faults.with_error_report(ErrorCode(code), Command.LOCK_ACTION, now)


def kinds(faults: Faults) -> list[str]:
    """Return what the lock has."""
    return [fault.kind.value for fault in faults.active]


def entry(
    index: int, completion: int, kind: LogEntryType = LogEntryType.LOCK_ACTION, *, hour: int = 12
) -> LogEntry:
    """Return the log entry of a run."""
    return LogEntry(
        index=index,
        timestamp=Date7(2026, 11, 20, hour, 0, 0),
        authorization_id=0,
        name="",
        type=kind,
        trailing=bytes([LOCK, Trigger.SYSTEM, 0, completion, 0]),
    )


def battery_report(*, critical: bool) -> BatteryReport:
    """Return a report of the batteries."""
    return BatteryReport(
        battery_drain=0,
        battery_voltage=4500,
        critical_battery_state=critical,
        lock_action=LOCK,
        start_voltage=4500,
        lowest_voltage=4000,
        lock_distance=0,
        start_temperature=21,
        max_turn_current=0,
        battery_resistance=310,
    )


UNLOCKED_WELL = told(Faults(), UNLOCKED, UNLOCK)


# --- What is a fault ----------------------------------------------------------------------------------------


def test_nothing_is_known_at_first() -> None:
    assert (Faults().clutch_fault, Faults().motor_blocked, Faults().last) == (None, None, None)


@pytest.mark.parametrize("value", range(256))
def test_completion_of_the_last_run(value: int) -> None:
    """A status that nobody knows proves neither a fault nor its absence."""
    faults = told(Faults(), UNLOCKED, LOCK, CompletionStatus(value))
    denied = 0xE0 <= value <= 0xEF
    silent = (not CompletionStatus(value).known and not denied) or value in (0xFE, 0xFF)
    assert faults.clutch_fault is (True if value in (0x06, 0x07) else None if silent else False)
    assert faults.motor_blocked is (True if value in (0x01, 0x05) else None if silent else False)


@pytest.mark.parametrize("value", range(0xE0, 0xF0))
def test_denied_at_the_keypad(value: int) -> None:
    """Nobody was let in, and nothing is broken: also for the numbers that have no name yet."""
    denied = told(UNLOCKED_WELL, UNLOCKED, UNLOCK, CompletionStatus(value))
    assert kinds(denied) == []
    assert kinds(denied.with_log([entry(1, value, LogEntryType.KEYPAD_ACTION)], NOW)) == []


@pytest.mark.parametrize("value", range(0xE2, 0xF0))
@pytest.mark.parametrize("seen", [True, False], ids=["seen running", "elsewhere"])
def test_a_run_that_moved_was_not_denied(value: int, seen: bool) -> None:
    before = told(UNLOCKED_WELL, LOCKING) if seen else UNLOCKED_WELL
    after = told(before, UNLOCKED if seen else LOCKED, LOCK, CompletionStatus(value))
    assert kinds(after) == ["unknown_fault"]


@pytest.mark.parametrize("code", [0x4E, 0x4F, *range(0x60, 0x70), *range(0xE0, 0xE4)], ids=hex)
def test_a_refusal_without_a_run_is_no_fault(code: int) -> None:
    assert failed_live(UNLOCKED_WELL, code) == UNLOCKED_WELL


@pytest.mark.parametrize("code", list(ErrorCode), ids=lambda code: code.name)
def test_live_error(code: ErrorCode) -> None:
    """It counts although the status read before said that all was well."""
    faults = failed_live(UNLOCKED_WELL, code)
    unknown = None if code == ErrorCode.UNKNOWN else False
    assert faults.clutch_fault is (True if code in (0x43, 0x4A, 0x4B) else unknown)
    assert faults.motor_blocked is (True if code in (0x42, 0x44, 0x49) else unknown)


def test_old_firmware_does_not_tell() -> None:
    old = told(Faults(), LOCKED, None, None)
    assert (old.clutch_fault, old.motor_blocked) == (None, None)
    assert failed_live(old, 0x43).clutch_fault is True
    assert told(old, LockState.MOTOR_BLOCKED, None, None).motor_blocked is True


def test_blocked_state_says_it_too() -> None:
    blocked = told(Faults(), LockState.MOTOR_BLOCKED)
    assert (blocked.clutch_fault, blocked.motor_blocked) == (False, True)
    assert kinds(blocked) == ["motor_blocked"]
    assert blocked.active[0].code == 0xFE


@pytest.mark.parametrize("code", [0x51, 0x5E, 0x5F])
def test_unknown_numbers(code: int) -> None:
    for faults in (
        failed_live(UNLOCKED_WELL, code),
        told(UNLOCKED_WELL, UNLOCKED, LOCK, CompletionStatus(code)),
    ):
        (fault,) = faults.active
        assert (fault.kind, fault.code, fault.certain) == (FaultKind.UNKNOWN, code, False)
        assert (faults.clutch_fault, faults.motor_blocked) == (None, None)


# --- One fault in several places ----------------------------------------------------------------------------


@pytest.mark.parametrize("live", [0x43, 0x4B])
def test_clutch_live_and_motor_in_the_states_are_one_fault(live: int) -> None:
    faults = told(failed_live(UNLOCKED_WELL, live), UNLOCKED, LOCK, CompletionStatus.MOTOR_POWER_FAILURE)
    (fault,) = faults.active
    assert (fault.kind in CLUTCH_KINDS, fault.code, fault.certain, fault.times) == (True, live, True, 1)
    assert [e.source for e in fault.evidence] == [FaultSource.ERROR_REPORT, FaultSource.COMPLETION]
    assert faults.clutch_certain


def test_also_the_other_way_round() -> None:
    """The app's run failed an hour ago; ours now says which it is."""
    alone = told(UNLOCKED_WELL, UNLOCKED, LOCK, CompletionStatus.MOTOR_POWER_FAILURE)
    (fault,) = alone.active
    assert (fault.kind, fault.certain) == (FaultKind.MOTOR_POWER_FAILURE, False)
    assert (alone.clutch_fault, alone.clutch_certain) == (True, False)

    known = failed_live(alone, 0x4B, now=LATER)
    (fault,) = known.active
    assert (fault.kind, fault.since, fault.certain) == (FaultKind.CLUTCH_POWER_FAILURE, NOW, True)
    assert {(e.source, e.code) for e in fault.evidence} == {
        (FaultSource.COMPLETION, 0x07),
        (FaultSource.ERROR_REPORT, 0x4B),
    }


def test_clutch_live_and_motor_in_the_log_are_one_fault() -> None:
    """Calibration: the states keep silent about it."""
    faults = UNLOCKED_WELL.with_error_report(
        ErrorCode.K_CLUTCH_POWER_FAILURE, Command.REQUEST_CALIBRATION, NOW
    ).with_log([entry(7, 0x07, LogEntryType.CALIBRATION), entry(6, 0x00)], NOW)
    (fault,) = faults.active
    assert [(e.source, e.code) for e in fault.evidence] == [
        (FaultSource.ERROR_REPORT, 0x4B),
        (FaultSource.LOG, 0x07),
    ]


def test_motor_without_current_is_certain_only_live() -> None:
    (fault,) = failed_live(UNLOCKED_WELL, 0x4A).active
    assert fault.certain
    # But it does not say that the clutch is the cause.
    assert not failed_live(UNLOCKED_WELL, 0x4A).clutch_certain


@pytest.mark.parametrize(
    ("live", "state", "completion", "kind"),
    [
        (0x42, LockState.MOTOR_BLOCKED, 0x01, FaultKind.MOTOR_BLOCKED),
        (0x49, LockState.MOTOR_BLOCKED, 0x05, FaultKind.LOW_VOLTAGE),
        (0x44, LockState.UNDEFINED, 0x08, FaultKind.MOTOR_TIMEOUT),
        (0x44, LockState.UNDEFINED, 0xFE, FaultKind.MOTOR_TIMEOUT),
        (0x43, LockState.UNDEFINED, 0x06, FaultKind.CLUTCH_FAILURE),
        (0x4A, UNLOCKED, 0x07, FaultKind.MOTOR_POWER_FAILURE),
        (0x4B, UNLOCKED, 0x07, FaultKind.CLUTCH_POWER_FAILURE),
        (0x4C, LockState.UNCALIBRATED, 0x00, FaultKind.CALIBRATION_REFUSED),
        # Which state a failed clutch leaves is not known. "Blocked" must not read as if nothing but the door was wrong.
        (0x43, LockState.MOTOR_BLOCKED, 0x06, FaultKind.CLUTCH_FAILURE),
        (0x4A, LockState.MOTOR_BLOCKED, 0x07, FaultKind.MOTOR_POWER_FAILURE),
        (0x4B, LockState.MOTOR_BLOCKED, 0x07, FaultKind.CLUTCH_POWER_FAILURE),
        (0x4B, LockState.MOTOR_BLOCKED, 0x00, FaultKind.CLUTCH_POWER_FAILURE),
    ],
)
@pytest.mark.parametrize("states_first", [False, True])
def test_each_fault_of_the_vendor_is_one(
    live: int, state: LockState, completion: int, kind: FaultKind, states_first: bool
) -> None:
    """Whatever comes first, and however often the same is read again."""
    faults = UNLOCKED_WELL
    for _ in range(3):
        if not states_first:
            faults = failed_live(faults, live)
        faults = told(faults, state, LOCK, CompletionStatus(completion))
        if states_first:
            faults = failed_live(faults, live)
        faults = told(faults, state, LOCK, CompletionStatus(completion))
    assert kind in kinds(faults)
    assert set(kinds(faults)) - {kind} <= {"not_calibrated"}


@pytest.mark.parametrize(
    ("completion", "kind"), [(0x06, FaultKind.CLUTCH_FAILURE), (0x07, FaultKind.MOTOR_POWER_FAILURE)]
)
def test_blocked_state_of_a_run_that_failed_because_of_the_clutch(completion: int, kind: FaultKind) -> None:
    """One repair, the one that says that a key may not open either; the motor is blocked all the same."""
    faults = told(told(UNLOCKED_WELL, LOCKING), LockState.MOTOR_BLOCKED, LOCK, CompletionStatus(completion))
    assert kinds(faults) == [kind]
    assert (faults.clutch_fault, faults.motor_blocked) == (True, True)
    # A later run that something else blocks is another fault.
    later = told(told(faults, LOCKING), LockState.MOTOR_BLOCKED, LOCK, CompletionStatus.MOTOR_BLOCKED)
    assert kinds(later) == [kind, "motor_blocked"]


# --- How often ----------------------------------------------------------------------------------------------


def test_each_run_that_fails_is_reported_once() -> None:
    first = failed_live(UNLOCKED_WELL, 0x42)
    assert [f.kind for f in first.new_since(UNLOCKED_WELL)] == [FaultKind.MOTOR_BLOCKED]
    read = told(first, LockState.MOTOR_BLOCKED, LOCK, CompletionStatus.MOTOR_BLOCKED)
    read = told(read, LockState.MOTOR_BLOCKED, LOCK, CompletionStatus.MOTOR_BLOCKED, now=LATER)
    assert read.new_since(first) == ()
    again = failed_live(read, 0x42, now=LATER)
    assert [(f.kind, f.times) for f in again.new_since(read)] == [(FaultKind.MOTOR_BLOCKED, 2)]


def test_a_run_of_somebody_else_that_ends_like_the_last_one_is_another_one() -> None:
    """If it was seen to run; otherwise nothing tells the two apart."""
    first = told(UNLOCKED_WELL, UNLOCKED, LOCK, CompletionStatus.CLUTCH_FAILURE)
    running = told(first, LOCKING, LOCK, CompletionStatus.CLUTCH_FAILURE, now=LATER)
    assert running.new_since(first) == ()
    again = told(running, UNLOCKED, LOCK, CompletionStatus.CLUTCH_FAILURE, now=LATER)
    assert [f.times for f in again.new_since(first)] == [2]


@pytest.mark.parametrize("states_first", [False, True])
def test_runs_that_fail_one_right_after_the_other_are_several(states_first: bool) -> None:
    faults, told_of = UNLOCKED_WELL, []
    for _ in range(3):
        before = faults
        faults = told(faults, LOCKING, UNLOCK)
        if not states_first:
            faults = failed_live(faults, 0x4B)
        faults = told(faults, UNLOCKED, LOCK, CompletionStatus.MOTOR_POWER_FAILURE)
        if states_first:
            faults = failed_live(faults, 0x4B)
        faults = told(faults, UNLOCKED, LOCK, CompletionStatus.MOTOR_POWER_FAILURE)
        told_of += [(fault.kind, fault.times) for fault in faults.new_since(before)]
    assert told_of == [(FaultKind.CLUTCH_POWER_FAILURE, times) for times in (1, 2, 3)]


@pytest.mark.parametrize("states_first", [False, True])
def test_runs_that_failed_under_another_name_are_counted_too(states_first: bool) -> None:
    faults = UNLOCKED_WELL
    for _ in range(3):
        faults = told(told(faults, LOCKING), UNLOCKED, LOCK, CompletionStatus.MOTOR_POWER_FAILURE)
    faults = told(faults, LOCKING, now=LATER)
    if states_first:
        faults = told(faults, UNLOCKED, LOCK, CompletionStatus.MOTOR_POWER_FAILURE, now=LATER)
    faults = failed_live(faults, 0x4B, now=LATER)
    assert [(fault.kind, fault.times) for fault in faults.active] == [(FaultKind.CLUTCH_POWER_FAILURE, 4)]


def test_own_run_that_failed_like_the_one_before_the_repair() -> None:
    """Nobody saw the bolt move, and the states are the same: only the client knows that there was a run."""
    failed = BROKEN.with_failed_run(CompletionStatus.CLUTCH_FAILURE, NOW)
    assert failed == BROKEN
    repaired = told(BROKEN.repaired(NOW), UNLOCKED, LOCK, CompletionStatus.CLUTCH_FAILURE, now=LATER)
    again = repaired.with_failed_run(CompletionStatus.CLUTCH_FAILURE, LATER)
    assert [(f.kind, f.times) for f in again.new_since(repaired)] == [(FaultKind.CLUTCH_FAILURE, 1)]
    assert again.with_failed_run(CompletionStatus.CLUTCH_FAILURE, LATER) == again
    assert repaired.with_failed_run(CompletionStatus.CANCELED, LATER) == repaired


# --- What ends it -------------------------------------------------------------------------------------------

BROKEN = told(failed_live(UNLOCKED_WELL, 0x43), UNLOCKED, LOCK, CompletionStatus.CLUTCH_FAILURE)


def test_a_later_run_ends_every_fault() -> None:
    two = told(failed_live(BROKEN, 0x42), LockState.MOTOR_BLOCKED, LOCK, CompletionStatus.MOTOR_BLOCKED)
    assert len(two.active) == 2
    well = told(told(two, LOCKING), LOCKED, now=LATER)
    assert (well.active, well.clutch_fault, well.motor_blocked) == ((), False, False)
    assert well.last is not None
    assert (well.last.kind, well.ended_at, well.ended_by) == (FaultKind.MOTOR_BLOCKED, LATER, End.RUN)


@pytest.mark.parametrize(
    "trigger", [Trigger.SYSTEM, Trigger.BUTTON, Trigger.AUTO_LOCK, Trigger.AUTOMATIC, Trigger(0x99)]
)
def test_whoever_made_it_run(trigger: Trigger) -> None:
    assert told(BROKEN, LOCKED, LOCK, SUCCESS, trigger).active == ()


def test_also_one_that_nobody_saw() -> None:
    """The bolt is elsewhere, and the lock says that a motor has brought it there."""
    assert told(Faults.from_json(BROKEN.to_json()), LOCKED).active == ()


@pytest.mark.parametrize(
    ("state", "action", "trigger", "moved_by"),
    [
        (LOCKED, LOCK, Trigger.MANUAL, Trigger.MANUAL),
        # Told to lock after somebody has turned the key: there is nothing to do.
        (LOCKED, LOCK, Trigger.SYSTEM, Trigger.MANUAL),
        # Told to unlock where it was unlocked.
        (UNLOCKED, UNLOCK, Trigger.SYSTEM, Trigger.SYSTEM),
        # After a power cut nothing of the last run is known.
        (LOCKED, LockAction.NONE, Trigger.SYSTEM, Trigger.SYSTEM),
        (LOCKED, LockAction.FOB_WITHOUT_ACTION, Trigger.SYSTEM, Trigger.SYSTEM),
        # Lock 'n' go begins without the motor.
        (LockState.UNLOCKED_LOCK_N_GO, LockAction.LOCK_N_GO, Trigger.SYSTEM, Trigger.SYSTEM),
        (LockState.UNDEFINED, LOCK, Trigger.SYSTEM, Trigger.SYSTEM),
    ],
)
def test_what_no_motor_did_proves_nothing(
    state: LockState, action: LockAction, trigger: Trigger, moved_by: Trigger
) -> None:
    assert told(BROKEN, state, action, SUCCESS, trigger, moved_by=moved_by).clutch_fault is True


def test_pulling_the_latch_always_takes_the_motor() -> None:
    assert told(BROKEN, UNLOCKED, UNLATCH).active == ()


def test_an_order_that_needed_no_run_proves_nothing_unless_seen_to_run() -> None:
    assert told(BROKEN, UNLOCKED, UNLOCK).clutch_fault is True
    assert told(told(BROKEN, LockState.UNLOCKING), UNLOCKED, UNLOCK).active == ()


@pytest.mark.parametrize(
    "completion",
    [CompletionStatus.CANCELED, CompletionStatus.BUSY, CompletionStatus.TOO_RECENT, CompletionStatus(0x51)],
)
def test_only_success_proves_something(completion: CompletionStatus) -> None:
    assert told(told(BROKEN, LOCKING), LOCKED, LOCK, completion).clutch_fault is True


def test_success_of_before_does_not_excuse_a_failed_run() -> None:
    """The states after an Error Report may still tell of the run before, or of a success that it was not."""
    failed = failed_live(UNLOCKED_WELL, 0x4B)
    for state, action in ((UNLOCKED, UNLOCK), (LOCKED, LOCK), (UNLOCKED, UNLATCH)):
        after = told(failed, state, action)
        assert after.clutch_fault is True
        assert told(after, state, action, now=LATER).clutch_fault is True
    # The next run is a later one, seen or not.
    assert told(told(told(failed, UNLOCKED, UNLOCK), LOCKING), LOCKED).active == ()
    assert told(told(failed, UNLOCKED, UNLOCK), LOCKED).active == ()
    assert told(told(failed, LOCKING), LOCKED).active == ()


def test_a_stale_success_read_before_the_error_report_proves_nothing() -> None:
    """The second attempt fails too: the states at rest come first, and still tell of the first success."""
    first = told(failed_live(UNLOCKED_WELL, 0x43), UNLOCKED, UNLOCK)
    second = told(told(first, LOCKING, UNLOCK), UNLOCKED, UNLOCK)
    assert second.clutch_fault is True


def test_start_after_a_power_cut_proves_nothing() -> None:
    """The positioning run moves the bolt, but whether the clutch holds is another matter."""
    booting = told(BROKEN, LockState.BOOT_RUN, LockAction.NONE)
    assert told(booting, LOCKED, LockAction.NONE).clutch_fault is True
    # Even if the lock remembers an old success.
    assert told(told(BROKEN, LockState.BOOT_RUN, LOCK), LOCKED, LOCK).clutch_fault is True


def test_old_firmware_proves_it_with_the_place_of_the_bolt() -> None:
    old = failed_live(told(Faults(), UNLOCKED, None, None), 0x43)
    old = told(old, UNLOCKED, None, None)
    assert told(told(old, LOCKING, None, None), UNLOCKED, None, None).clutch_fault is True
    assert told(old, LOCKED, None, None, moved_by=Trigger.MANUAL).clutch_fault is True
    assert told(old, LOCKED, None, None).active == ()


def test_own_run_and_owner() -> None:
    well = BROKEN.run_succeeded(LATER)
    assert (well.clutch_fault, well.ended_by) == (False, End.RUN)
    # The states still tell of the run before.
    assert told(well, UNLOCKED, LOCK, CompletionStatus.CLUTCH_FAILURE).active == ()

    repaired = BROKEN.repaired(LATER)
    assert (repaired.active, repaired.ended_at, repaired.ended_by) == ((), LATER, End.OWNER)
    still = told(repaired, UNLOCKED, LOCK, CompletionStatus.CLUTCH_FAILURE)
    still = told(still, LOCKED, LOCK, CompletionStatus.CLUTCH_FAILURE, moved_by=Trigger.MANUAL)
    assert still.active == ()
    # A new failure is one, live or in the states.
    assert failed_live(still, 0x43).clutch_fault is True
    assert told(still, LOCKED, UNLOCK, CompletionStatus.CLUTCH_FAILURE).clutch_fault is True


def test_blocked_state_is_not_a_new_fault_after_the_repair() -> None:
    blocked = told(UNLOCKED_WELL, LockState.MOTOR_BLOCKED, LOCK, CompletionStatus.MOTOR_BLOCKED)
    repaired = blocked.repaired(LATER)
    assert told(repaired, LockState.MOTOR_BLOCKED, LOCK, CompletionStatus.MOTOR_BLOCKED).active == ()


def test_calibration() -> None:
    lost = told(UNLOCKED_WELL, LockState.UNCALIBRATED, UNLOCK)
    assert kinds(lost) == ["not_calibrated"]
    assert (lost.clutch_fault, lost.motor_blocked) == (False, False)
    refused = lost.with_error_report(ErrorCode.K_VOLTAGE_TOO_LOW, Command.REQUEST_CALIBRATION, NOW)
    refused = told(refused, LockState.UNCALIBRATED, UNLOCK)
    assert kinds(refused) == ["not_calibrated", "calibration_refused"]
    done = told(told(refused, LockState.CALIBRATION, UNLOCK), UNLOCKED, UNLOCK)
    assert done.active == ()


def test_what_the_state_alone_says_may_pass() -> None:
    lost = told(UNLOCKED_WELL, LockState.UNCALIBRATED, UNLOCK)
    assert [fault.may_pass for fault in lost.active] == [True]
    assert [fault.may_pass for fault in failed_live(lost, 0x47).active] == [False]
    blocked = told(UNLOCKED_WELL, LockState.MOTOR_BLOCKED, UNLOCK)
    assert [fault.may_pass for fault in blocked.active] == [False]


def test_a_lock_that_is_calibrated_again_may_still_have_a_dead_clutch() -> None:
    """A fifth-generation lock was uncalibrated for a moment without having been calibrated (nuki_hub#754)."""
    broken = told(BROKEN, LockState.UNCALIBRATED, LOCK, CompletionStatus.CLUTCH_FAILURE)
    again = told(broken, UNLOCKED, LOCK, CompletionStatus.CLUTCH_FAILURE)
    assert kinds(again) == ["clutch_failure"]


# --- Log and batteries --------------------------------------------------------------------------------------


def test_log_alone() -> None:
    """A calibration by the app failed: the states are silent, the log is not."""
    faults = UNLOCKED_WELL.with_log([entry(8, 0x07, LogEntryType.CALIBRATION), entry(7, 0)], NOW)
    (fault,) = faults.active
    assert (fault.kind, fault.certain, faults.clutch_fault) == (FaultKind.MOTOR_POWER_FAILURE, False, True)
    assert faults.repaired(NOW).with_log([entry(8, 0x07, LogEntryType.CALIBRATION)], NOW).active == ()


def test_log_that_says_only_that_a_calibration_failed() -> None:
    """What was reported live by its name is no unknown fault besides."""
    full = UNLOCKED_WELL.with_error_report(ErrorCode.K_MOTOR_POSITION_LIMIT, Command.REQUEST_CALIBRATION, NOW)
    told_of = full.with_log([entry(7, 0xFE, LogEntryType.CALIBRATION), entry(6, 0x00)], LATER)
    assert (kinds(told_of), told_of.grave) == (["position_limit"], False)
    alone = UNLOCKED_WELL.with_log([entry(7, 0xFE, LogEntryType.CALIBRATION), entry(6, 0x00)], LATER)
    assert kinds(alone) == ["unknown_fault"]


def test_what_the_log_tells_of_before_is_over() -> None:
    older = [entry(5, 0x07, LogEntryType.CALIBRATION), entry(6, 0x00)]
    assert UNLOCKED_WELL.with_log(older, NOW).active == ()
    # A run of which the states tell is told better there.
    assert UNLOCKED_WELL.with_log([entry(7, 0x06)], NOW).active == ()


def test_the_log_ends_nothing() -> None:
    """An entry does not say whether the motor ran for it."""
    assert BROKEN.with_log([entry(9, 0x00)], LATER).clutch_fault is True


def test_the_log_does_not_revive_what_is_over() -> None:
    repaired = BROKEN.repaired(NOW)
    assert repaired.with_log([entry(9, 0x06)], LATER).active == ()
    assert repaired.with_log([entry(9, 0x06, LogEntryType.CALIBRATION)], LATER).active == ()
    failed = entry(10, 0x06, LogEntryType.CALIBRATION, hour=13)
    assert repaired.with_log([failed], LATER).clutch_fault is True


def test_end_of_a_clock_that_was_ahead() -> None:
    """It must not hide faults until then."""
    repaired = BROKEN.repaired(NOW + timedelta(days=365 * 64))
    failed = entry(10, 0x06, LogEntryType.CALIBRATION, hour=13)
    assert repaired.with_log([failed], LATER).clutch_fault is True


def test_a_log_that_was_erased_counts_from_the_start() -> None:
    seen = UNLOCKED_WELL.with_log([entry(900, 0x00)], NOW)
    assert seen.with_log([entry(2, 0x06, LogEntryType.CALIBRATION)], NOW).clutch_fault is True


def test_other_entries_are_not_looked_at() -> None:
    entries = [entry(1, 0x06, LogEntryType.DOOR_SENSOR), entry(2, 0x06, LogEntryType(0x77))]
    assert UNLOCKED_WELL.with_log(entries, NOW) is UNLOCKED_WELL


def test_weak_batteries_belong_to_a_fault() -> None:
    assert UNLOCKED_WELL.with_battery_report(battery_report(critical=True), NOW) == UNLOCKED_WELL
    assert BROKEN.with_battery_report(battery_report(critical=False), NOW) == BROKEN
    weak = BROKEN.with_battery_report(battery_report(critical=True), NOW)
    (fault,) = weak.active
    assert [e.source for e in fault.evidence][-1] is FaultSource.BATTERY_REPORT
    assert (fault.code, fault.times) == (0x43, 1)
    assert weak.new_since(BROKEN) == ()


def test_what_has_become_of_a_fault() -> None:
    alone = told(UNLOCKED_WELL, UNLOCKED, LOCK, CompletionStatus.MOTOR_POWER_FAILURE)
    (fault,) = alone.active
    assert alone.successor(fault) is fault
    (named,) = (known := failed_live(alone, 0x4B, now=LATER)).active
    assert known.successor(fault) is named
    assert known.run_succeeded(LATER).successor(fault) is None
    # Something else that is wrong now.
    assert failed_live(known.run_succeeded(LATER), 0x42).successor(fault) is None


# --- Storage ------------------------------------------------------------------------------------------------


def test_it_survives_a_restart() -> None:
    broken = BROKEN.with_log([entry(4, 0x06)], NOW).with_battery_report(battery_report(critical=True), NOW)
    again = Faults.from_json(broken.to_json())
    assert again == broken
    # The same states as before the restart are old ones, and a success is a new one.
    assert told(again, UNLOCKED, LOCK, CompletionStatus.CLUTCH_FAILURE, now=LATER).new_since(broken) == ()
    assert told(again, LOCKED, now=LATER).active == ()
    assert Faults.from_json(Faults().to_json()) == Faults()


@pytest.mark.parametrize(
    "changes",
    [
        {"active": [{}]},
        {"active": [{"kind": "clutch_failure", "since": NOW.isoformat(), "times": 1, "evidence": []}]},
        {"active": 3},
        {"ended_by": "nobody"},
        {"run": {"action": None}},
        {"rest": "locked"},
    ],
)
def test_something_else_in_its_place(changes: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Faults.from_json(BROKEN.to_json() | changes)


def test_kinds_of_the_fixed_sensors() -> None:
    for kind in FaultKind:
        assert (kind in CLUTCH_KINDS) + (kind in BLOCKED_KINDS) <= 1
