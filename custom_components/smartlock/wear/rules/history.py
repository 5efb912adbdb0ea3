"""Whether a lock turns harder than it used to: the history of its motor runs, and when to warn.

A run of a kind (`MotorRun.kind`) is compared with what was usual for this kind on this door, corrected for
temperature and voltage (`wear_correction.py`). Wear is the median over ten days, so neither a frosty day nor
somebody leaning against the door moves it. docs/wear.md tells how the constants were found and what they achieve.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from math import expm1
from statistics import median
from typing import Any, Self

from custom_components.smartlock.wear.rules.correction import Correction, Residual
from custom_components.smartlock.wear.rules.motor_run import MotorRun, RunMetrics, typical

# Warn from here on, in percent above the usual; or earlier if it has grown by so much within TREND, since what
# breaks soon grows fast. Be content again below the last one; in between nothing changes.
WARN_ABOVE = 33
WARN_RISING_ABOVE, RISE = 20, 15
CONTENT_BELOW = 12
# What counts as now: runs of so many days, and if they are few, this many of the last ones that are not too old.
_NOW = timedelta(days=10)
_NOW_RUNS = 8
_TOO_OLD = timedelta(days=60)
# What is usual is known after so many runs of a kind over so long a time: several days, and not one cold weekend.
_USUAL_RUNS = 16
_USUAL_TIME = timedelta(days=14)
# A busy door must not fill the storage, nor its Monday outweigh the rest of the week.
_RUNS_A_DAY = 3
_RUNS_KEPT = 48
_KINDS_KEPT = 8
_WEEKS_KEPT = 60
# A week with fewer runs says too little, and over a longer gap other things than the weather change.
_WEEK_RUNS = 3
_WEEK_GAP = timedelta(days=30)
TREND = timedelta(days=28)
# A bolt that turns more easily than usual, as after running in or with oil, is the new usual, little by little: so
# much of the difference each week, since it may be the season too.
_EASES = 0.05


@dataclass(frozen=True)
class Kind:
    """The runs of one kind, oldest first, and what was usual for it."""

    runs: tuple[MotorRun, ...] = ()
    usual: RunMetrics | None = None
    week: RunMetrics | None = None
    """Of the last whole week that had enough runs."""
    week_at: datetime | None = None
    """Its last run."""

    def has_enough_of(self, day: date) -> bool:
        """Whether no more runs of this day are needed."""
        return len(self.runs) >= _RUNS_A_DAY and self.runs[-_RUNS_A_DAY].at.date() == day

    def last_week(self) -> tuple[MotorRun, ...]:
        """Return the runs of the calendar week of the last run."""
        week = self.runs[-1].at.isocalendar()[:2]
        return tuple(run for run in self.runs if run.at.isocalendar()[:2] == week)

    @property
    def complete(self) -> bool:
        """Whether there is enough to say what is usual."""
        return len(self.runs) >= _USUAL_RUNS and self.runs[-1].at - self.runs[0].at >= _USUAL_TIME


@dataclass(frozen=True)
class Wear:
    """How a lock is doing, in percent above what was usual (below: negative)."""

    percent: int
    """The larger of the other two."""
    energy: int
    """By energy: the whole way is stiff."""
    current: int
    """By the highest current: at least one place of the way is stiff."""
    before: int
    """`percent` four weeks before, or when it was first known if that is later."""
    before_at: datetime


@dataclass(frozen=True)
class WearHistory:
    """All that is remembered of a lock; frozen, so that what is stored is what was decided on."""

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    correction: Correction = field(default_factory=Correction)
    weeks: tuple[tuple[datetime, Residual], ...] = ()
    """How it was at the end of each week, for the trend."""
    usual_since: datetime | None = None
    """When the usual was established, or accepted anew by the owner."""
    warned_since: datetime | None = None
    """Since when it turns harder than it should; None while all is well."""
    last_run: MotorRun | None = None
    """Also one that is not compared."""

    def with_run(self, run: MotorRun) -> WearHistory:
        """Take a run that succeeded; the same one again changes nothing."""
        if run.same_as(self.last_run):
            return self
        history = replace(self, last_run=run)
        kind = self.kinds.get(run.kind)
        # Empty batteries make every bolt look stiff, and there is a warning for them.
        if run.critical or (kind is not None and kind.has_enough_of(run.at.date())):
            return history
        return _judged(_compared(_week_ended(history, run), run))

    def accepted(self, now: datetime) -> WearHistory:
        """Take how the lock turns now as the new usual, as the owner says."""
        level = self.level
        if level is None:
            return self
        return replace(_with_usual_raised(self, level), usual_since=now, warned_since=None)

    @property
    def wear(self) -> Wear | None:
        """How the lock was doing at its last run; None until enough is known."""
        level = self.level
        if level is None or self.last_run is None:
            return None
        # By definition it was 0 when the usual was established.
        then = (self.usual_since or self.last_run.at, _NOTHING)
        for week in self.weeks:
            if week[0] <= max(self.last_run.at - TREND, self.weeks[0][0]):
                then = week
        return Wear(
            percent=_percent(max(level)),
            energy=_percent(level.energy),
            current=_percent(level.current),
            before=_percent(max(then[1])),
            before_at=then[0],
        )

    @property
    def level(self) -> Residual | None:
        """By how much the lock takes more than usual now; None if too little is known."""
        compared = [
            (run, kind.usual) for kind in self.kinds.values() if kind.usual is not None for run in kind.runs
        ]
        if not compared:
            return None
        compared.sort(key=lambda pair: pair[0].at)
        latest = compared[-1][0].at
        recent = [pair for pair in compared if pair[0].at >= latest - _NOW]
        if len(recent) < _NOW_RUNS:
            recent = [pair for pair in compared[-_NOW_RUNS:] if pair[0].at >= latest - _TOO_OLD]
        if len(recent) < _NOW_RUNS:
            return None
        residuals = [self.correction.residual(run.figures, usual) for run, usual in recent]
        return Residual(*(median(column) for column in zip(*residuals, strict=True)))

    def to_json(self) -> dict[str, Any]:
        """Return it for storage."""
        return {
            "kinds": {
                name: {
                    "runs": [run.to_json() for run in kind.runs],
                    "usual": None if kind.usual is None else list(kind.usual),
                    "week": None if kind.week is None else list(kind.week),
                    "week_at": _seconds(kind.week_at),
                }
                for name, kind in self.kinds.items()
            },
            "correction": self.correction.to_json(),
            "weeks": [[_seconds(at), *residual] for at, residual in self.weeks],
            "usual_since": _seconds(self.usual_since),
            "warned_since": _seconds(self.warned_since),
            "last_run": None if self.last_run is None else self.last_run.to_json(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return a stored history. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            kinds={
                name: Kind(
                    runs=tuple(MotorRun.from_json(run) for run in kind["runs"]),
                    usual=None if kind["usual"] is None else RunMetrics(*kind["usual"]),
                    week=None if kind["week"] is None else RunMetrics(*kind["week"]),
                    week_at=_moment(kind["week_at"]),
                )
                for name, kind in stored["kinds"].items()
            },
            correction=Correction.from_json(stored["correction"]),
            weeks=tuple(
                (datetime.fromtimestamp(at, UTC), Residual(energy, current))
                for at, energy, current in stored["weeks"]
            ),
            usual_since=_moment(stored["usual_since"]),
            warned_since=_moment(stored["warned_since"]),
            last_run=None if stored["last_run"] is None else MotorRun.from_json(stored["last_run"]),
        )


_NOTHING = Residual(0.0, 0.0)


def _rise(history: WearHistory, level: Residual) -> int:
    """By how many percent it has grown within TREND; 0 if it is not known for so long."""
    assert history.last_run is not None
    before = [residual for at, residual in history.weeks if at <= history.last_run.at - TREND]
    return _percent(max(level) - max(before[-1])) if before else 0


def _raised(usual: RunMetrics, level: Residual) -> RunMetrics:
    return usual._replace(energy=usual.energy + level.energy, current=usual.current + level.current)


def _less(residual: Residual, level: Residual) -> Residual:
    return Residual(residual.energy - level.energy, residual.current - level.current)


def _percent(logarithm: float) -> int:
    return round(100 * expm1(logarithm))


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _week_ended(history: WearHistory, run: MotorRun) -> WearHistory:
    """Close the week of the last run of this kind if this one is of a later week."""
    kind = history.kinds.get(run.kind, Kind())
    if not kind.runs or kind.runs[-1].at.isocalendar()[:2] == run.at.isocalendar()[:2]:
        return history
    runs = kind.last_week()
    if len(runs) < _WEEK_RUNS:
        return history
    figures, at = typical([other.figures for other in runs]), runs[-1].at
    correction = history.correction
    if kind.week is not None and kind.week_at is not None and at - kind.week_at <= _WEEK_GAP:
        correction = correction.learned(figures, kind.week)
    kinds = {**history.kinds, run.kind: replace(kind, week=figures, week_at=at)}
    history = replace(history, kinds=kinds, correction=correction)
    level = history.level
    if level is None or (history.weeks and history.weeks[-1][0] >= at - timedelta(days=6)):
        return history
    history = replace(history, weeks=(*history.weeks, (at, level))[-_WEEKS_KEPT:])
    return _with_usual_raised(history, Residual(*(_EASES * min(0.0, figure) for figure in level)))


def _with_usual_raised(history: WearHistory, by: Residual) -> WearHistory:
    """Call usual what is so much more; what was before is compared with the same usual as what comes."""
    kinds = {
        name: kind if kind.usual is None else replace(kind, usual=_raised(kind.usual, by))
        for name, kind in history.kinds.items()
    }
    weeks = tuple((at, _less(residual, by)) for at, residual in history.weeks)
    return replace(history, kinds=kinds, weeks=weeks)


def _compared(history: WearHistory, run: MotorRun) -> WearHistory:
    """Take the run into its kind, and say what is usual for the kind once that is known."""
    kind = history.kinds.get(run.kind, Kind())
    kind = replace(kind, runs=(*kind.runs, run)[-_RUNS_KEPT:])
    usual_since = history.usual_since
    if kind.usual is None and kind.complete:
        usual = typical([other.figures for other in kind.runs])
        # A kind that comes late starts where the others are by now, not at zero.
        level = history.level
        kind = replace(kind, usual=usual if level is None else _raised(usual, _less(_NOTHING, level)))
        usual_since = usual_since or run.at
    # The kind that ran last stands last.
    kinds = {name: other for name, other in history.kinds.items() if name != run.kind} | {run.kind: kind}
    kept = dict(list(kinds.items())[-_KINDS_KEPT:])
    return replace(history, kinds=kept, usual_since=usual_since)


def _judged(history: WearHistory) -> WearHistory:
    """Begin to warn, or end it."""
    level = history.level
    if level is None or history.last_run is None:
        return history
    percent = _percent(max(level))
    if history.warned_since is None and (
        percent >= WARN_ABOVE or (percent >= WARN_RISING_ABOVE and _rise(history, level) >= RISE)
    ):
        return replace(history, warned_since=history.last_run.at)
    if history.warned_since is not None and percent < CONTENT_BELOW:
        return replace(history, warned_since=None)
    return history
