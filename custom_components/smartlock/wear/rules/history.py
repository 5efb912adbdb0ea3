"""Whether a lock turns harder than it used to: the history of its motor runs, and when to warn.

A run is compared with the baseline of its kind (`MotorRun.kind`) on this door, corrected for temperature and
voltage (`correction.py`). Wear is the median over ten days, so neither a frosty day nor somebody leaning
against the door changes it. docs/wear.md explains how the constants were found and what they achieve.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import field, replace
from datetime import UTC, date, datetime, timedelta
from math import expm1
from operator import attrgetter
from statistics import median
from typing import Any, Self

from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.rules.stored import integer, listed, optional, real
from custom_components.smartlock.wear.rules.correction import Correction, Residual
from custom_components.smartlock.wear.rules.motor_run import MotorRun, RunMetrics, typical

# Warn from this many percent above the baseline; or earlier if it has grown by so much within TREND, since
# fast growth precedes a breakdown. Withdraw the warning below the last one; in between nothing changes.
WARN_ABOVE = 33
WARN_RISING_ABOVE, RISE = 20, 15
CONTENT_BELOW = 12
# The present: runs of this many days, or if there are few, this many of the last ones that are not too old.
_NOW = timedelta(days=10)
_NOW_RUNS = 8
_TOO_OLD = timedelta(days=60)
# A baseline needs this many runs of a kind over this time: several days, and not one cold weekend.
_USUAL_RUNS = 16
_USUAL_TIME = timedelta(days=14)
# A busy door must not fill the storage, nor may its Monday outweigh the rest of the week.
_RUNS_A_DAY = 3
_RUNS_KEPT = 48
_KINDS_KEPT = 8
_WEEKS_KEPT = 60
# Fewer runs in a week say too little, and over a longer gap more than the weather changes.
_WEEK_RUNS = 3
_WEEK_GAP = timedelta(days=30)
TREND = timedelta(days=28)
# A bolt that turns more easily than the baseline, as after running in or oiling, gradually becomes the new
# baseline: by this part of the difference each week, since it may be the season too.
_EASES = 0.05

_AT = attrgetter("at")


@dataclass(frozen=True)
class KindHistory:
    """The runs of one kind, oldest first, and their baseline."""

    runs: tuple[MotorRun, ...] = ()
    usual: RunMetrics | None = None
    week: RunMetrics | None = None
    """Figures of the last whole week with enough runs."""
    week_at: datetime | None = None
    """When that week's last run was."""

    def has_enough_of(self, day: date) -> bool:
        """Whether enough runs of this day are stored."""
        return len(self.runs) >= _RUNS_A_DAY and self.runs[-_RUNS_A_DAY].at.date() == day

    def since(self, moment: datetime) -> tuple[MotorRun, ...]:
        """Return the runs at a moment and later."""
        return self.runs[bisect_left(self.runs, moment, key=_AT) :]

    def last_week(self) -> tuple[MotorRun, ...]:
        """Return the runs of the calendar week of the last run."""
        week = self.runs[-1].at.isocalendar()[:2]
        return tuple(run for run in self.runs if run.at.isocalendar()[:2] == week)

    @property
    def complete(self) -> bool:
        """Whether there are enough runs for a baseline."""
        return len(self.runs) >= _USUAL_RUNS and self.runs[-1].at - self.runs[0].at >= _USUAL_TIME


@dataclass(frozen=True)
class Wear:
    """The wear of a lock, in percent above the baseline (below: negative)."""

    percent: int
    """The larger of the other two."""
    energy: int
    """By energy: the whole way is stiff."""
    current: int
    """By the highest current: at least one spot is stiff."""
    before: int
    """`percent` four weeks ago, or the first known value if that is later."""
    before_at: datetime


@dataclass(frozen=True)
class WearHistory:
    """The stored history of a lock; frozen, so that what is saved is what the decision was based on."""

    kinds: Mapping[str, KindHistory] = field(default_factory=dict)
    correction: Correction = field(default_factory=Correction)
    weeks: tuple[tuple[datetime, Residual], ...] = ()
    """The level at the end of each week, for the trend."""
    usual_since: datetime | None = None
    """When the baseline was established, or accepted by the owner."""
    warned_since: datetime | None = None
    """Since when it turns harder than it should; None while there is no warning."""
    last_run: MotorRun | None = None
    """The last run, even if it is not compared."""

    def with_run(self, run: MotorRun) -> WearHistory:
        """Take a successful run; the same one again changes nothing."""
        if run.same_as(self.last_run):
            return self
        history = replace(self._not_after(run.at), last_run=run)
        kind = self.kinds.get(run.kind)
        # With empty batteries every bolt seems stiff, and they have a warning of their own.
        if run.critical or (kind is not None and kind.has_enough_of(run.at.date())):
            return history
        return _judged(_compared(_week_ended(history, run), run))

    def accepted(self, now: datetime) -> WearHistory:
        """Accept how the lock turns now as the new baseline, on the owner's request."""
        level = self.level
        if level is None:
            return self
        return replace(_with_usual_raised(self, level), usual_since=now, warned_since=None)

    def _not_after(self, now: datetime) -> WearHistory:
        """Return the history with future dates, from a clock of ours that was ahead, replaced by now."""
        if all(kind.runs[-1].at <= now for kind in self.kinds.values() if kind.runs):
            return self
        kinds = {
            name: replace(
                kind,
                runs=tuple(replace(run, at=min(run.at, now)) for run in kind.runs),
                week_at=_earlier(kind.week_at, now),
            )
            for name, kind in self.kinds.items()
        }
        return replace(
            self,
            kinds=kinds,
            weeks=tuple((min(at, now), residual) for at, residual in self.weeks),
            usual_since=_earlier(self.usual_since, now),
            warned_since=_earlier(self.warned_since, now),
        )

    @property
    def wear(self) -> Wear | None:
        """The wear at the last run; None until enough is known."""
        level = self.level
        if level is None or self.last_run is None:
            return None
        # By definition it was 0 when the baseline was established.
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
        """How much more than the baseline the lock takes now; None if too little is known."""
        kinds = [(kind, kind.usual) for kind in self.kinds.values() if kind.usual is not None and kind.runs]
        if not kinds:
            return None
        latest = max(kind.runs[-1].at for kind, _ in kinds)
        recent = [(run, usual) for kind, usual in kinds for run in kind.since(latest - _NOW)]
        if len(recent) < _NOW_RUNS:
            recent = [(run, usual) for kind, usual in kinds for run in kind.since(latest - _TOO_OLD)]
            recent = sorted(recent, key=lambda pair: pair[0].at)[-_NOW_RUNS:]
        if len(recent) < _NOW_RUNS:
            return None
        residuals = [self.correction.residual(run.figures, usual) for run, usual in recent]
        return Residual(*(median(column) for column in zip(*residuals, strict=True)))

    def to_json(self) -> dict[str, Any]:
        """Return plain data for storage."""
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
                name: KindHistory(
                    runs=tuple(sorted(listed(MotorRun.from_json, kind["runs"]), key=_AT)),
                    usual=optional(_figures, kind["usual"]),
                    week=optional(_figures, kind["week"]),
                    week_at=optional(_moment, kind["week_at"]),
                )
                for name, kind in stored["kinds"].items()
            },
            correction=Correction.from_json(stored["correction"]),
            weeks=tuple(
                (_moment(at), Residual(_logarithm(energy), _logarithm(current)))
                for at, energy, current in stored["weeks"]
            ),
            usual_since=optional(_moment, stored["usual_since"]),
            warned_since=optional(_moment, stored["warned_since"]),
            last_run=optional(MotorRun.from_json, stored["last_run"]),
        )


_NOTHING = Residual(0.0, 0.0)


def _rise(history: WearHistory, level: Residual) -> int:
    """By how many percent it has grown within TREND; 0 if it has not been known for so long."""
    assert history.last_run is not None
    before = [residual for at, residual in history.weeks if at <= history.last_run.at - TREND]
    return _percent(max(level) - max(before[-1])) if before else 0


def _raised(usual: RunMetrics, level: Residual) -> RunMetrics:
    return usual._replace(energy=usual.energy + level.energy, current=usual.current + level.current)


def _less(residual: Residual, level: Residual) -> Residual:
    return Residual(residual.energy - level.energy, residual.current - level.current)


def _percent(logarithm: float) -> int:
    return round(100 * expm1(logarithm))


def _earlier(moment: datetime | None, now: datetime) -> datetime | None:
    return None if moment is None else min(moment, now)


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _moment(seconds: Any) -> datetime:
    return datetime.fromtimestamp(integer(seconds), UTC)


def _logarithm(value: Any) -> float:
    return real(value, -50, 50)


def _figures(values: Any) -> RunMetrics:
    energy, current, temperature, voltage = values
    return RunMetrics(
        _logarithm(energy), _logarithm(current), real(temperature, -100, 200), real(voltage, 0, 100)
    )


def _week_ended(history: WearHistory, run: MotorRun) -> WearHistory:
    """Close the week of this kind's last run if this run is in a later one."""
    kind = history.kinds.get(run.kind, KindHistory())
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
    """Shift the baseline; earlier and later runs are compared with the same one."""
    kinds = {
        name: kind if kind.usual is None else replace(kind, usual=_raised(kind.usual, by))
        for name, kind in history.kinds.items()
    }
    weeks = tuple((at, _less(residual, by)) for at, residual in history.weeks)
    return replace(history, kinds=kinds, weeks=weeks)


def _compared(history: WearHistory, run: MotorRun) -> WearHistory:
    """Add the run to its kind, and establish the kind's baseline once there are enough runs."""
    kind = history.kinds.get(run.kind, KindHistory())
    kind = replace(kind, runs=(*kind.runs, run)[-_RUNS_KEPT:])
    usual_since = history.usual_since
    if kind.usual is None and kind.complete:
        usual = typical([other.figures for other in kind.runs])
        # A kind that is added late starts at the level of the others, not at zero.
        level = history.level
        kind = replace(kind, usual=usual if level is None else _raised(usual, _less(_NOTHING, level)))
        usual_since = usual_since or run.at
    # The kind of the last run comes last.
    kinds = {name: other for name, other in history.kinds.items() if name != run.kind} | {run.kind: kind}
    kept = dict(list(kinds.items())[-_KINDS_KEPT:])
    return replace(history, kinds=kept, usual_since=usual_since)


def _judged(history: WearHistory) -> WearHistory:
    """Start a warning, or end it."""
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
