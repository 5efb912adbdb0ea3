"""Restoring settings: what to write in which order, and a journal that survives a crash at any line.

A step is one request, or one list of entries. Its progress is saved before and after each action:

    planned   nothing was written
    writing   may have been written; the lock knows
    written   the lock has accepted it
    verified  read back as wanted
    failed    refused, not kept, or impossible; stored with the reason

After a crash the lock is read: settings that it has are verified. Others are written if that may not have
happened (`planned`, `writing`), and have failed if the lock had accepted them (`written`). So nothing that
arrived is written twice.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from custom_components.smartlock.protocol.messages import KeyturnerStates
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.rules.stored import flag, integer, listed, moment, optional, text
from custom_components.smartlock.settings.rules.message_json import SnapshotError
from custom_components.smartlock.settings.rules.snapshot import (
    ADVANCED_SETTINGS,
    CARES,
    CONFIG_SETTINGS,
    LOGGING_ENABLED,
    Care,
    Difference,
    Group,
    SettingsSnapshot,
    same_calibration,
)
from custom_components.smartlock.snapshot import LockSnapshot

# After a power loss the lock finds its position; it is not disturbed until it has been at rest for this long. A run that
# begins later is seen too: the state is read right before each write.
IDLE_TIME = 10.0
# A difference that returns within this time is no new loss: the lock does not keep it, or somebody wants it
# so.
RETURN_TIME = timedelta(days=2)
# An older request is confirmed again: it may stem from a backup, and nobody expects it any more.
MAX_AGE = timedelta(days=1)
# Steps whose values are read one by one; the others are lists, to which entries are only added.
SETTINGS = (Group.CONFIG, Group.ADVANCED_CONFIG)
# A smaller change of a clock goes unnoticed.
_FUTURE = timedelta(minutes=5)
# A step that fails because of the link is repeated on other links, but not endlessly.
MAX_TRIES = 8


# --- When ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Idle:
    """Since when the lock has been at rest, in seconds of a monotonic clock."""

    since: float | None = None
    low: bool = False

    def after(self, states: KeyturnerStates, now: float) -> Self:
        """Take a state of the lock."""
        if not states.lock_state.at_rest:
            return replace(self, since=None, low=states.battery_critical)
        return replace(self, since=now if self.since is None else self.since, low=states.battery_critical)

    def restarted(self, now: float) -> Self:
        """Restart the count: the lock may have lost power recently."""
        return self if self.since is None else replace(self, since=now)

    def moving(self) -> Self:
        """The motor is running, as an error has shown."""
        return replace(self, since=None)

    def ready_at(self) -> float | None:
        """When settings may be written; None while unknown: in motion, jammed, or low in voltage."""
        return None if self.since is None or self.low else self.since + IDLE_TIME


# --- What ---------------------------------------------------------------------------------------------------


class StepState(StrEnum):
    """Progress of a step."""

    PLANNED = "planned"
    WRITING = "writing"
    WRITTEN = "written"
    VERIFIED = "verified"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Whether nothing is left to do."""
        return self in (StepState.VERIFIED, StepState.FAILED)


class RestoreProblem(StrEnum):
    """Why a step failed."""

    REFUSED = "refused"
    NOT_KEPT = "not_kept"
    PIN = "pin"
    NOT_REACHED = "not_reached"
    STOPPED = "stopped"
    """An earlier step has shown that the lock does not keep what it accepts."""
    CHANGED_MEANWHILE = "changed_meanwhile"
    """The lock has a value that is neither wanted nor what it had when the restore was requested."""
    TOO_OLD = "too_old"
    """The request is too old."""
    CLOCK = "clock"
    """Our own clock may be wrong, or the lock's is and cannot be set."""


@dataclass(frozen=True, kw_only=True)
class RestoreStep:
    """One request, or one list of entries."""

    group: Group
    settings: tuple[str, ...]
    state: StepState = StepState.PLANNED
    problem: RestoreProblem | None = None
    tries: int = 0


def plan(
    differences: Sequence[Difference], chosen: Collection[str], *, clock: bool = True
) -> tuple[RestoreStep, ...]:
    """Return the steps that restore the chosen settings, as far as possible; the clock comes first."""
    wanted = [entry for entry in differences if entry.restorable and entry.name in chosen]
    by_group = {group: tuple(entry.name for entry in wanted if entry.group is group) for group in Group}
    if clock and wanted:
        by_group[Group.CLOCK] = (Group.CLOCK.value,)
    return tuple(RestoreStep(group=group, settings=names) for group, names in by_group.items() if names)


def by_itself(differences: Sequence[Difference]) -> frozenset[str]:
    """Return what may be restored without asking."""
    return frozenset(entry.name for entry in differences if entry.restorable and entry.care is Care.BY_ITSELF)


def all_at_once(differences: Sequence[Difference]) -> frozenset[str]:
    """Return what "all" includes: nothing that has to be picked one by one."""
    return frozenset(
        entry.name for entry in differences if entry.restorable and entry.care in (Care.BY_ITSELF, Care.ASK)
    )


def pickable(differences: Sequence[Difference]) -> tuple[str, ...]:
    """Return what can be picked."""
    return tuple(entry.name for entry in differences if entry.restorable)


# What a step may be about, if not a group of its name.
_SETTINGS: Mapping[Group, tuple[str, ...]] = {
    Group.CONFIG: CONFIG_SETTINGS,
    Group.ADVANCED_CONFIG: ADVANCED_SETTINGS,
    Group.LOGGING: (LOGGING_ENABLED,),
}


# --- Journal ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Journal:
    """One restore from its plan to its report."""

    begun_at: datetime
    wanted: SettingsSnapshot = field(repr=False)
    steps: tuple[RestoreStep, ...]
    asked: bool
    """Whether the owner requested it; otherwise it was started automatically."""

    @property
    def current(self) -> RestoreStep | None:
        """The step to continue with; None at the end."""
        return next((step for step in self.steps if not step.state.final), None)

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self.current is None

    @property
    def possible(self) -> bool:
        """Whether the lock's settings include all that the restore is about."""
        return all(
            {*step.settings} <= {*_SETTINGS.get(step.group, (step.group.value,))} for step in self.steps
        )

    def restored(self) -> tuple[str, ...]:
        """Return what was verified."""
        return tuple(
            name for step in self.steps if step.state is StepState.VERIFIED for name in step.settings
        )

    @property
    def progress(self) -> tuple[int, int]:
        """How many settings are done, with whatever result, and how many there are; the clock is none."""
        steps = [step for step in self.steps if step.group is not Group.CLOCK]
        return (
            sum(len(step.settings) for step in steps if step.state.final),
            sum(len(step.settings) for step in steps),
        )

    def failed(self) -> dict[str, RestoreProblem]:
        """Return what is not as wanted, and why."""
        return {
            name: step.problem or RestoreProblem.STOPPED
            for step in self.steps
            if step.state is StepState.FAILED
            for name in step.settings
        }

    def entered(self, group: Group, state: StepState, problem: RestoreProblem | None = None) -> Self:
        """Return the journal with a new state of one step; a lock that keeps nothing ends all steps."""
        stop = problem in (RestoreProblem.NOT_KEPT, RestoreProblem.PIN, RestoreProblem.NOT_REACHED)
        steps: list[RestoreStep] = []
        for step in self.steps:
            if step.group is group:
                tries = step.tries + (state is StepState.WRITING)
                steps.append(replace(step, state=state, problem=problem, tries=tries))
            elif stop and not step.state.final:
                why = RestoreProblem.STOPPED if problem is RestoreProblem.NOT_KEPT else problem
                steps.append(replace(step, state=StepState.FAILED, problem=why))
            else:
                steps.append(step)
        return replace(self, steps=tuple(steps))

    def tried_again(self, group: Group) -> Self:
        """Return the journal after a link was lost in between; too many lost links are a failure."""
        step = next(step for step in self.steps if step.group is group)
        if step.tries + 1 >= MAX_TRIES:
            return self.entered(group, StepState.FAILED, RestoreProblem.NOT_REACHED)
        steps = tuple(
            replace(other, tries=other.tries + 1) if other.group is group else other for other in self.steps
        )
        return replace(self, steps=steps)

    def given_up(self, problem: RestoreProblem) -> Self:
        """Return the journal with everything that is not done marked as failed."""
        steps = tuple(
            step if step.state.final else replace(step, state=StepState.FAILED, problem=problem)
            for step in self.steps
        )
        return replace(self, steps=steps)

    def others(self, differences: Sequence[Difference]) -> frozenset[str]:
        """Return which of these settings it is not about."""
        names = frozenset(name for step in self.steps for name in step.settings)
        return frozenset(entry.name for entry in differences) - names

    def finds_others(self, now: LockSnapshot, lost: SettingsSnapshot | None) -> bool:
        """Whether a setting that still has to be restored is neither as wanted nor as after the loss.

        A position offset is another one after another calibration.
        """
        known = (self.wanted,) if lost is None else (self.wanted, lost)
        recalibrated = now.advanced_config is None or not same_calibration(
            self.wanted.advanced_config, now.advanced_config
        )
        names = [
            (step, name)
            for step in self.steps
            if not step.state.final and step.group in SETTINGS
            for name in step.settings
        ]
        return any(
            _value(now, step, name) not in {_value(each, step, name) for each in known}
            or (CARES.get(name) is Care.CALIBRATION and recalibrated)
            for step, name in names
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "begun_at": self.begun_at.isoformat(),
            "asked": self.asked,
            "wanted": self.wanted.to_json(),
            "steps": [
                {
                    "group": step.group.value,
                    "settings": list(step.settings),
                    "state": step.state.value,
                    "problem": None if step.problem is None else step.problem.value,
                    "tries": step.tries,
                }
                for step in self.steps
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the journal from plain data. Raises SnapshotError."""
        try:
            return cls(
                begun_at=moment(data["begun_at"]),
                asked=flag(data["asked"]),
                wanted=SettingsSnapshot.from_json(data["wanted"]),
                steps=listed(_step, data["steps"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SnapshotError("not a journal") from error


def _step(data: Any) -> RestoreStep:
    return RestoreStep(
        group=Group(data["group"]),
        settings=listed(text, data["settings"]),
        state=StepState(data["state"]),
        problem=optional(RestoreProblem, data["problem"]),
        tries=integer(data["tries"]),
    )


def too_old(age: timedelta) -> bool:
    """Whether a request of this age (negative: in the future) has to be confirmed again."""
    return not -_FUTURE <= age <= MAX_AGE


def _value(snapshot: SettingsSnapshot | LockSnapshot, step: RestoreStep, name: str) -> Any:
    source = snapshot.config if step.group is Group.CONFIG else snapshot.advanced_config
    return getattr(source, name)


def next_state(state: StepState, *, there: bool) -> StepState | None:
    """Return the state of a step after a read; None if it is to be written now."""
    if there:
        return StepState.VERIFIED
    return StepState.FAILED if state is StepState.WRITTEN else None


# --- What comes back ----------------------------------------------------------------------------------------


def returned(
    restored_at: Mapping[str, datetime], differences: Sequence[Difference], now: datetime
) -> frozenset[str]:
    """Return what was restored recently and differs again: it is reported, and not restored automatically."""
    return frozenset(
        entry.name
        for entry in differences
        if entry.name in restored_at and abs(now - restored_at[entry.name]) <= RETURN_TIME
    )
