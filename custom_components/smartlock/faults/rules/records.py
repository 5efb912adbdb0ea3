"""The record of a fault: which source reported what and when, as values that can be stored."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from custom_components.smartlock.faults.rules.codes import BLOCKED_KINDS, CLUTCH_KINDS, SAME_FAULT, FaultKind
from custom_components.smartlock.protocol.enums import CompletionStatus, LockAction, LockState, Trigger
from custom_components.smartlock.protocol.messages import KeyturnerStates
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.rules.stored import byte, integer, listed, moment, text

# Limits the record. The battery report has one code, so the newest reports always include a more specific
# one.
_EVIDENCE_KEPT = 8


class FaultSource(StrEnum):
    """Which message of the lock reported a fault."""

    ERROR_REPORT = "error_report"
    COMPLETION = "completion"
    LOCK_STATE = "lock_state"
    LOG = "log"
    BATTERY_REPORT = "battery_report"


# Sources that a fault can start with, the most specific first.
_BY_SPECIFICITY = (FaultSource.ERROR_REPORT, FaultSource.COMPLETION, FaultSource.LOG, FaultSource.LOCK_STATE)


class End(StrEnum):
    """Why a fault is over."""

    RUN = "run"
    OWNER = "owner"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One report about a fault, and when it was last made."""

    source: FaultSource
    code: int
    at: datetime

    @property
    def says_blocked(self) -> bool:
        """Whether it is the state of a lock whose motor is blocked."""
        return self.source is FaultSource.LOCK_STATE and self.code == LockState.MOTOR_BLOCKED

    def belongs_to(self, kind: FaultKind) -> bool:
        """Whether it can stem from a fault of a kind, although it is not that kind's own code."""
        match self.source:
            case FaultSource.BATTERY_REPORT:
                return True
            case FaultSource.LOCK_STATE:
                # It says that the motor stopped, not whether the bolt, the batteries or the clutch is why.
                return self.says_blocked and kind in BLOCKED_KINDS | CLUTCH_KINDS
            case FaultSource.COMPLETION | FaultSource.LOG:
                return CompletionStatus(self.code) in SAME_FAULT.get(kind, ())
            case _:
                return False

    def to_json(self) -> dict[str, Any]:
        """Return plain data for storage."""
        return {"source": self.source.value, "code": int(self.code), "at": self.at.isoformat()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the stored value. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(source=FaultSource(text(data["source"])), code=byte(data["code"]), at=moment(data["at"]))


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One mechanical fault."""

    kind: FaultKind
    since: datetime
    times: int
    """Number of runs that failed because of it, as far as seen."""
    evidence: tuple[Evidence, ...]
    """Oldest first; each code of a source once."""

    @property
    def certain(self) -> bool:
        """Whether the kind is certain.

        A completion status of 0x07 alone means by its name a motor without current, but a dead clutch logs it
        as well.
        """
        if self.kind is FaultKind.MOTOR_POWER_FAILURE:
            return any(e.source is FaultSource.ERROR_REPORT for e in self.evidence)
        return self.kind is not FaultKind.UNKNOWN

    @property
    def code(self) -> int:
        """The most specific number: that of a live report, if there was one."""
        codes = {e.source: e.code for e in self.evidence}
        return next(codes[source] for source in _BY_SPECIFICITY if source in codes)

    @property
    def may_pass(self) -> bool:
        """Whether nothing but the state of the lock says so, which may be over in a moment."""
        return self.kind is FaultKind.NOT_CALIBRATED and all(
            e.source is FaultSource.LOCK_STATE for e in self.evidence
        )

    @property
    def reports(self) -> frozenset[tuple[FaultSource, int]]:
        """Which sources have reported it, and with which codes."""
        return frozenset((e.source, e.code) for e in self.evidence)

    def with_evidence(self, evidence: Evidence, *, again: bool) -> Fault:
        """Add a report about another failed run or the same one."""
        others = [e for e in self.evidence if (e.source, e.code) != (evidence.source, evidence.code)]
        return replace(self, times=self.times + again, evidence=(*others, evidence)[-_EVIDENCE_KEPT:])

    def is_explained_by(self, kind: FaultKind) -> bool:
        """Whether all reports of this fault belong to one of another kind."""
        return all(e.belongs_to(kind) for e in self.evidence)

    def merged_with(self, earlier: Fault, *, again: bool) -> Fault:
        """Add earlier reports about the same fault under another name, or about the same run if not `again`."""
        latest = {(e.source, e.code): e for e in (*earlier.evidence, *self.evidence)}
        return replace(
            self,
            since=min(self.since, earlier.since),
            times=max(self.times, earlier.times + again),
            evidence=tuple(sorted(latest.values(), key=lambda e: e.at))[-_EVIDENCE_KEPT:],
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain data for storage."""
        return {
            "kind": self.kind.value,
            "since": self.since.isoformat(),
            "times": self.times,
            "evidence": [e.to_json() for e in self.evidence],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the stored value. Raises KeyError, TypeError or ValueError for anything else."""
        fault = cls(
            kind=FaultKind(text(data["kind"])),
            since=moment(data["since"]),
            times=integer(data["times"]),
            evidence=listed(Evidence.from_json, data["evidence"]),
        )
        if all(e.source not in _BY_SPECIFICITY for e in fault.evidence):
            raise ValueError("a fault without evidence")
        return fault


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """How the last run ended according to Keyturner States."""

    action: LockAction
    trigger: Trigger
    completion: CompletionStatus

    @classmethod
    def of(cls, states: KeyturnerStates) -> Self | None:
        """Return it from states; None if the firmware does not report it."""
        action, trigger = states.last_lock_action, states.last_lock_action_trigger
        completion = states.last_lock_action_completion_status
        if action is None or trigger is None or completion is None:
            return None
        return cls(action=action, trigger=trigger, completion=completion)

    def to_json(self) -> dict[str, int]:
        """Return plain data for storage."""
        return {
            "action": int(self.action),
            "trigger": int(self.trigger),
            "completion": int(self.completion),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the stored value. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            action=LockAction(byte(data["action"])),
            trigger=Trigger(byte(data["trigger"])),
            completion=CompletionStatus(byte(data["completion"])),
        )
