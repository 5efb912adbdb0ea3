"""What is kept of a fault: who said what of it and when, as values that can be stored."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from custom_components.smartlock.faults.rules.codes import BLOCKED_KINDS, SAME_FAULT, FaultKind
from custom_components.smartlock.protocol.enums import CompletionStatus, LockAction, LockState, Trigger
from custom_components.smartlock.protocol.messages import KeyturnerStates
from custom_components.smartlock.rules.stored import byte, integer, listed, moment, text

# Bounds what is kept. The battery report has one code, so that something telling is always among the newest.
_EVIDENCE_KEPT = 8


class Source(StrEnum):
    """Where the lock told of a fault."""

    ERROR_REPORT = "error_report"
    COMPLETION = "completion"
    LOCK_STATE = "lock_state"
    LOG = "log"
    BATTERY_REPORT = "battery_report"


# What a fault can begin with, the most telling first.
_TELLING = (Source.ERROR_REPORT, Source.COMPLETION, Source.LOG, Source.LOCK_STATE)


class End(StrEnum):
    """Why a fault is over."""

    RUN = "run"
    OWNER = "owner"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One thing that the lock said about a fault, and when it did so last."""

    source: Source
    code: int
    at: datetime

    def belongs_to(self, kind: FaultKind) -> bool:
        """Whether it can come from a fault of a kind, although it is not the kind's own code."""
        match self.source:
            case Source.BATTERY_REPORT:
                return True
            case Source.LOCK_STATE:
                return self.code == LockState.MOTOR_BLOCKED and kind in BLOCKED_KINDS
            case Source.COMPLETION | Source.LOG:
                return CompletionStatus(self.code) in SAME_FAULT.get(kind, ())
            case _:
                return False

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"source": self.source.value, "code": int(self.code), "at": self.at.isoformat()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return what was stored. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(source=Source(text(data["source"])), code=byte(data["code"]), at=moment(data["at"]))


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault of the mechanics."""

    kind: FaultKind
    since: datetime
    times: int
    """Runs that failed because of it, as far as they were seen."""
    evidence: tuple[Evidence, ...]
    """The oldest first; each code of a source once."""

    @property
    def certain(self) -> bool:
        """Whether it is what its kind says.

        A completion status of 0x07 alone is by its name a motor without current, but is what a dead clutch logs too.
        """
        if self.kind is FaultKind.MOTOR_POWER_FAILURE:
            return any(e.source is Source.ERROR_REPORT for e in self.evidence)
        return self.kind is not FaultKind.UNKNOWN

    @property
    def code(self) -> int:
        """The number that tells most: what was reported live, if anything was."""
        told = {e.source: e.code for e in self.evidence}
        return next(told[source] for source in _TELLING if source in told)

    def with_evidence(self, evidence: Evidence, *, again: bool) -> Fault:
        """Add what was said, of another run that failed or of the same one."""
        others = [e for e in self.evidence if (e.source, e.code) != (evidence.source, evidence.code)]
        return replace(self, times=self.times + again, evidence=(*others, evidence)[-_EVIDENCE_KEPT:])

    def is_explained_by(self, kind: FaultKind) -> bool:
        """Whether all that was said of this fault belongs to one of another kind."""
        return all(e.belongs_to(kind) for e in self.evidence)

    def merged_with(self, earlier: Fault) -> Fault:
        """Add what was said before about the same fault under another name."""
        told = {(e.source, e.code): e for e in (*earlier.evidence, *self.evidence)}
        return replace(
            self,
            since=min(self.since, earlier.since),
            evidence=tuple(sorted(told.values(), key=lambda e: e.at))[-_EVIDENCE_KEPT:],
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "kind": self.kind.value,
            "since": self.since.isoformat(),
            "times": self.times,
            "evidence": [e.to_json() for e in self.evidence],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return what was stored. Raises KeyError, TypeError or ValueError for anything else."""
        fault = cls(
            kind=FaultKind(text(data["kind"])),
            since=moment(data["since"]),
            times=integer(data["times"]),
            evidence=listed(Evidence.from_json, data["evidence"]),
        )
        if all(e.source not in _TELLING for e in fault.evidence):
            raise ValueError("a fault without evidence")
        return fault


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """How the last run ended, as Keyturner States tell it."""

    action: LockAction
    trigger: Trigger
    completion: CompletionStatus

    @classmethod
    def of(cls, states: KeyturnerStates) -> Self | None:
        """Return what the states say; None from firmware that does not say it."""
        action, trigger = states.last_lock_action, states.last_lock_action_trigger
        completion = states.last_lock_action_completion_status
        if action is None or trigger is None or completion is None:
            return None
        return cls(action=action, trigger=trigger, completion=completion)

    def to_json(self) -> dict[str, int]:
        """Return plain data."""
        return {
            "action": int(self.action),
            "trigger": int(self.trigger),
            "completion": int(self.completion),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return what was stored. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            action=LockAction(byte(data["action"])),
            trigger=Trigger(byte(data["trigger"])),
            completion=CompletionStatus(byte(data["completion"])),
        )
