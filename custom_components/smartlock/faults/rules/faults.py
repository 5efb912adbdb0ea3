"""Which faults a lock has: derived from all its reports about its mechanics, in the order received.

A fault stays until a *later* motor run has succeeded, or the owner declares it repaired. The lock reports
only how its last run ended, without a time or a number, so an old success has to be distinguished from a new
one:

    reported                                      proves a later success
    live Error Report, then its states            never: they are about the run that has just failed
    the same last run as before                   only if the bolt has changed its position, and not by hand
    another last run, bolt where it was           only if it was seen to run, or pulled the latch: a lock that is
                                                  asked to lock when locked says "success" and does nothing
    turned by hand, or started after a power cut  never: no motor, or not the clutch, was involved

Nothing here waits or reads a clock: `now` is an argument.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Self

from custom_components.smartlock.faults.rules.codes import (
    BLOCKED_KINDS,
    CALIBRATION_KINDS,
    CLUTCH_KINDS,
    GRAVE_KINDS,
    FaultKind,
    fault_of_completion,
    fault_of_error,
)
from custom_components.smartlock.faults.rules.records import End, Evidence, Fault, FaultSource, RunReport
from custom_components.smartlock.protocol.enums import (
    Command,
    CompletionStatus,
    ErrorCode,
    LockState,
    LogEntryType,
    Trigger,
)
from custom_components.smartlock.protocol.messages import (
    BatteryReport,
    KeyturnerStates,
    LogEntry,
    LoggedKeypadAction,
    LoggedRun,
)
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.rules.stored import byte, flag, integer, listed, moment, optional

# Reports about one run arrive within this time: a run takes up to 20 s, an unlatch 50 s.
_RUN_TIME = timedelta(minutes=2)
# Maximum error of the clock of a lock whose PIN is known; it is set at 30 s.
_CLOCK_ERROR = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Faults:
    """The faults of one lock, and what is needed to distinguish new reports from old ones."""

    active: tuple[Fault, ...] = ()
    """In the order of their last report."""
    last: Fault | None = None
    """The one reported last, even if it is over."""
    ended_at: datetime | None = None
    """When and why a fault last ended."""
    ended_by: End | None = None
    run: RunReport | None = None
    """The last run as reported at rest."""
    rest: LockState | None = None
    """Where the bolt was last reported at rest; None if it may have been moved unnoticed."""
    seen_running: bool = False
    """The bolt was seen to move since it was at rest."""
    unsettled: bool = False
    """A run has failed live, and the states after it have not been received yet."""
    run_sources: frozenset[FaultSource] = frozenset()
    """The sources that have reported the failure of the last run, so that it is counted once."""
    run_failed_at: datetime | None = None
    log_index: int | None = None
    """The newest log entry that was processed."""

    # --- Results for the owner ----------------------------------------------------------------------------

    @property
    def clutch_fault(self) -> bool | None:
        """Whether the clutch, or the motor behind it, has failed; None if unknown."""
        return self._has(CLUTCH_KINDS)

    @property
    def motor_blocked(self) -> bool | None:
        """Whether the motor cannot move the bolt; None if unknown."""
        # The lock may also say so of a run that failed because of the clutch.
        said = any(e.says_blocked for fault in self.active for e in fault.evidence)
        return said or self._has(BLOCKED_KINDS)

    @property
    def clutch_certain(self) -> bool:
        """Whether it is certain that the clutch has failed."""
        return any(
            f.kind in CLUTCH_KINDS and f.kind is not FaultKind.MOTOR_POWER_FAILURE for f in self.active
        )

    @property
    def grave(self) -> bool:
        """Whether the lock has a fault because of which it may ignore an action."""
        return any(fault.kind in GRAVE_KINDS for fault in self.active)

    @property
    def shown(self) -> tuple[object, ...]:
        """All that is shown of them; the rest serves to distinguish new reports from old ones."""
        return self.active, self.last, self.ended_at, self.run is None, self.clutch_fault, self.motor_blocked

    def active_fault(self, kind: FaultKind) -> Fault | None:
        """Return the fault of a kind; None if the lock does not have it."""
        return next((fault for fault in self.active if fault.kind is kind), None)

    def successor(self, earlier: Fault) -> Fault | None:
        """Return what has become of a fault: itself, or the one that it is part of now; None if it is over."""
        same = self.active_fault(earlier.kind)
        reports = earlier.reports
        return same or next((fault for fault in self.active if reports <= fault.reports), None)

    def new_since(self, before: Faults) -> tuple[Fault, ...]:
        """Return the faults that have been reported, for the first time or again, since an earlier value."""
        known = {fault.kind: fault.times for fault in before.active}
        return tuple(fault for fault in self.active if fault.times > known.get(fault.kind, 0))

    def _has(self, kinds: frozenset[FaultKind]) -> bool | None:
        if any(fault.kind in kinds for fault in self.active):
            return True
        silent = (
            self.run is None
            or not (self.run.completion.known or self.run.completion.denied)
            or self.run.completion == CompletionStatus.UNKNOWN
        )
        return None if silent or self.active_fault(FaultKind.UNKNOWN) else False

    # --- Events -------------------------------------------------------------------------------------------

    def with_error_report(self, code: ErrorCode, command: Command | None, now: datetime) -> Faults:
        """Take a live report about one of our requests."""
        kind = fault_of_error(code, command)
        if kind is None:
            return self
        failed = self.reported(kind, Evidence(source=FaultSource.ERROR_REPORT, code=code, at=now))
        return replace(failed, unsettled=True, seen_running=False)

    def with_states_from(self, states: KeyturnerStates, now: datetime) -> Faults:
        """Take Keyturner States, requested or pushed."""
        state = states.lock_state
        if state.in_motion and state.heading is not None:
            # A push during a run does not start another one.
            sources = self.run_sources if self.seen_running else frozenset[FaultSource]()
            return replace(self, seen_running=True, unsettled=False, run_sources=sources)
        if state.moving:
            return replace(self, seen_running=False, rest=None)
        updated = replace(
            self,
            run=RunReport.of(states) or self.run,
            rest=state,
            seen_running=False,
            unsettled=False,
        )
        if self._proves_success(states):
            updated = updated.run_succeeded(now)
        for kind, source, code in self._failures(states):
            updated = updated.reported(kind, Evidence(source=source, code=code, at=now))
        if state.place is not None:
            updated = updated.calibrated(now)
        return updated

    def with_failed_run(self, completion: CompletionStatus, now: datetime) -> Faults:
        """Take how a run of ours has failed, by the states after it.

        Mostly they have said so themselves. But if nobody saw the bolt move, they are those of an earlier run that failed
        in the same way, and that the owner has called repaired since.
        """
        kind = fault_of_completion(completion)
        if kind is None:
            return self
        evidence = Evidence(source=FaultSource.COMPLETION, code=completion, at=now)
        if any(fault.kind is kind or evidence.belongs_to(fault.kind) for fault in self.active):
            return self
        return self.reported(kind, evidence)

    def with_battery_report(self, report: BatteryReport, now: datetime) -> Faults:
        """Take the battery report: weak batteries are no fault, but may be evidence for one."""
        if not report.critical_battery_state:
            return self
        weak = Evidence(source=FaultSource.BATTERY_REPORT, code=1, at=now)
        return replace(self, active=tuple(fault.with_evidence(weak, again=False) for fault in self.active))

    def with_log(self, entries: Iterable[LogEntry], now: datetime) -> Faults:
        """Take the newest log entries, in any order.

        They add evidence, and report failed calibrations, which the states do not show. They end no fault:
        an entry does not say whether the motor ran for it.
        """
        runs = sorted((entry for entry in entries if _completion(entry) is not None), key=lambda e: e.index)
        if not runs:
            return self
        newest = runs[-1].index
        # A log that was erased starts counting again.
        seen = self.log_index if self.log_index is not None and self.log_index <= newest else -1
        updated = replace(self, log_index=newest)
        succeeded = max((e.index for e in runs if _completion(e) == CompletionStatus.SUCCESS), default=-1)
        for entry in runs:
            completion = _completion(entry)
            kind = None if completion is None else fault_of_completion(completion)
            if completion is None or kind is None or entry.index <= max(seen, succeeded):
                continue
            if self._is_settled(entry, now):
                continue
            if entry.type != LogEntryType.CALIBRATION and self._last_run_succeeded:
                # The states report how the last run ended; logging may have been off meanwhile.
                continue
            updated = updated.reported(kind, Evidence(source=FaultSource.LOG, code=completion, at=now))
        return updated

    def run_succeeded(self, now: datetime) -> Faults:
        """The motor has certainly run successfully after all earlier reports."""
        return replace(self._ended(lambda fault: True, End.RUN, now), unsettled=False)

    def repaired(self, now: datetime) -> Faults:
        """The owner has declared the lock repaired. All earlier reports are about the time before."""
        return self._ended(lambda fault: True, End.OWNER, now)

    # --- Helpers ------------------------------------------------------------------------------------------

    @property
    def _last_run_succeeded(self) -> bool:
        return self.run is not None and self.run.completion == CompletionStatus.SUCCESS

    def _failures(self, states: KeyturnerStates) -> Iterable[tuple[FaultKind, FaultSource, int]]:
        """Return the failures that states at rest report for the first time."""
        report = RunReport.of(states)
        if report is not None and (report != self.run or self.seen_running):
            before, place = None if self.rest is None else self.rest.place, states.lock_state.place
            elsewhere = before is not None and place is not None and before != place
            kind = fault_of_completion(report.completion, moved=self.seen_running or elsewhere)
            if kind is not None:
                yield kind, FaultSource.COMPLETION, report.completion
        state = states.lock_state
        if state == LockState.MOTOR_BLOCKED and (self.rest != state or self.seen_running):
            yield FaultKind.MOTOR_BLOCKED, FaultSource.LOCK_STATE, state
        if state == LockState.UNCALIBRATED and self.rest != state:
            yield FaultKind.NOT_CALIBRATED, FaultSource.LOCK_STATE, state

    def _proves_success(self, states: KeyturnerStates) -> bool:
        """Whether states at rest can only follow a run that began after the last failure and succeeded."""
        place = states.lock_state.place
        if self.unsettled or place is None or states.trigger == Trigger.MANUAL:
            return False
        before = None if self.rest is None else self.rest.place
        elsewhere = before is not None and before != place
        report = RunReport.of(states)
        if report is None:
            return elsewhere
        if (
            report.completion != CompletionStatus.SUCCESS
            or report.trigger == Trigger.MANUAL
            or place not in report.action.leaves
        ):
            return False
        # From an unknown position, such as half way, every end position is a different one.
        ran = self.seen_running or report.action.unlatches or (self.rest is not None and before is None)
        return elsewhere or (report != self.run and ran)

    def calibrated(self, now: datetime) -> Faults:
        """A lock that had reported that it was not calibrated reports a position again."""
        uncalibrated = self.active_fault(FaultKind.NOT_CALIBRATED)
        if uncalibrated is None or all(e.source is not FaultSource.LOCK_STATE for e in uncalibrated.evidence):
            return self
        return self._ended(lambda fault: fault.kind in CALIBRATION_KINDS, End.RUN, now)

    def reported(self, kind: FaultKind, evidence: Evidence) -> Faults:
        """Add a report to the fault that it belongs to, or start a new one."""
        source, now = evidence.source, evidence.at
        sources = self.run_sources
        if self.run_failed_at is None or abs(now - self.run_failed_at) > _RUN_TIME:
            sources = frozenset()
        # Each source reports a run once, and the log later than the others.
        again = source is not FaultSource.LOG and (not sources or source in sources)
        sources = frozenset({source}) if again else sources | {source}
        # Of several, the one that was reported last is about this run.
        known = next((f for f in reversed(self.active) if evidence.belongs_to(f.kind)), None)
        known = known or self.active_fault(kind) or self._named_live(evidence)
        fault = (
            Fault(kind=kind, since=evidence.at, times=1, evidence=(evidence,))
            if known is None
            else known.with_evidence(evidence, again=again)
        )
        others = tuple(f for f in self.active if f is not known)
        if evidence.source is FaultSource.ERROR_REPORT:
            # Replaces what the states had reported under a more general name.
            for other in others:
                if other.is_explained_by(fault.kind):
                    fault = fault.merged_with(other, again=again)
            others = tuple(f for f in others if not f.is_explained_by(fault.kind))
        return replace(self, active=(*others, fault), last=fault, run_sources=sources, run_failed_at=now)

    def _named_live(self, evidence: Evidence) -> Fault | None:
        """Return the fault that was reported live about a run of which the log says only that it failed."""
        unnamed = evidence.source is FaultSource.LOG and evidence.code == CompletionStatus.OTHER_ERROR
        if not unnamed or self.last is None or FaultSource.ERROR_REPORT not in self.run_sources:
            return None
        return self.active_fault(self.last.kind)

    def _ended(self, over: Callable[[Fault], bool], by: End, now: datetime) -> Faults:
        still = tuple(fault for fault in self.active if not over(fault))
        if len(still) == len(self.active):
            return self
        return replace(self, active=still, ended_at=now, ended_by=by)

    def _is_settled(self, entry: LogEntry, now: datetime) -> bool:
        """Whether a log entry is older than the end of the last fault."""
        if self.ended_at is None or self.ended_at > now + _CLOCK_ERROR:
            # Our own clock was ahead then. Entries seen before are known anyway.
            return False
        at = entry.timestamp.moment
        return at is None or at <= self.ended_at + _CLOCK_ERROR

    # --- Storage ------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Return plain data for storage."""
        return {
            "active": [fault.to_json() for fault in self.active],
            "last": None if self.last is None else self.last.to_json(),
            "ended_at": None if self.ended_at is None else self.ended_at.isoformat(),
            "ended_by": None if self.ended_by is None else self.ended_by.value,
            "run": None if self.run is None else self.run.to_json(),
            "rest": None if self.rest is None else int(self.rest),
            "seen_running": self.seen_running,
            "unsettled": self.unsettled,
            "run_sources": sorted(source.value for source in self.run_sources),
            "run_failed_at": None if self.run_failed_at is None else self.run_failed_at.isoformat(),
            "log_index": self.log_index,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the stored faults. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            active=listed(Fault.from_json, data["active"]),
            last=optional(Fault.from_json, data["last"]),
            ended_at=optional(moment, data["ended_at"]),
            ended_by=optional(End, data["ended_by"]),
            run=optional(RunReport.from_json, data["run"]),
            rest=optional(lambda rest: LockState(byte(rest)), data["rest"]),
            seen_running=flag(data["seen_running"]),
            unsettled=flag(data["unsettled"]),
            run_sources=frozenset(listed(FaultSource, data["run_sources"])),
            run_failed_at=optional(moment, data["run_failed_at"]),
            log_index=optional(integer, data["log_index"]),
        )


def _completion(entry: LogEntry) -> CompletionStatus | None:
    """Return how the run of a log entry ended; None for any other entry."""
    details = entry.details
    return details.completion_status if isinstance(details, LoggedRun | LoggedKeypadAction) else None
