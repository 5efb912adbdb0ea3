"""How the figures of a run depend on temperature and voltage, learned for each lock.

Grease is stiff in the cold, and weak batteries turn slowly: a lock must not count as worn because of winter
or old batteries. The effect differs from door to door, so the correction starts with an expectation and
learns from the difference between one week and the next: bolts stiffen over months, the weather changes
within days.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple, Self

from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.rules.stored import real
from custom_components.smartlock.wear.rules.motor_run import RunMetrics

# The expectation for an unknown lock, relative change of a figure per degree C and per volt, and by how much
# locks are assumed to differ from it (standard deviation). docs/wear.md explains why.
_EXPECTED_ENERGY = (-0.006, -0.06)
_EXPECTED_CURRENT = (-0.006, 0.0)
_DOUBT = (0.006, 0.06)
# Difference of two weeks without a cause (standard deviation).
_NOISE = 0.06
# A difference this many times larger than expected is not caused by the weather.
_OUTLIER = 2.5


class Residual(NamedTuple):
    """By how much a run took more than the baseline, as logarithms: 0.1 is about 10 %."""

    energy: float
    current: float


@dataclass(frozen=True)
class Correction:
    """Slopes of energy and current with temperature and voltage, and how well they are known."""

    energy: tuple[float, float] = _EXPECTED_ENERGY
    current: tuple[float, float] = _EXPECTED_CURRENT
    doubt: tuple[float, float, float] = (_DOUBT[0] ** 2, 0.0, _DOUBT[1] ** 2)
    """Covariance of the slopes: temperature, both, voltage."""

    def residual(self, figures: RunMetrics, usual: RunMetrics) -> Residual:
        """Return the remaining difference after correction for temperature and voltage."""
        warmer, stronger = figures.temperature - usual.temperature, figures.voltage - usual.voltage
        (energy_t, energy_v), (current_t, current_v) = self.energy, self.current
        return Residual(
            figures.energy - usual.energy - (energy_t * warmer + energy_v * stronger),
            figures.current - usual.current - (current_t * warmer + current_v * stronger),
        )

    def learned(self, figures: RunMetrics, before: RunMetrics) -> Self:
        """Learn from the difference between two weeks (a step of a Kalman filter with a constant state)."""
        by = (figures.temperature - before.temperature, figures.voltage - before.voltage)
        tt, tv, vv = self.doubt
        toward = (tt * by[0] + tv * by[1], tv * by[0] + vv * by[1])
        variance = _times(by, toward) + _NOISE**2
        gain = (toward[0] / variance, toward[1] / variance)
        limit = _OUTLIER * sqrt(variance)

        def moved(slopes: tuple[float, float], surprise: float) -> tuple[float, float]:
            surprise = max(-limit, min(limit, surprise))
            return slopes[0] + gain[0] * surprise, slopes[1] + gain[1] * surprise

        surprise = self.residual(figures, before)
        return type(self)(
            energy=moved(self.energy, surprise.energy),
            current=moved(self.current, surprise.current),
            doubt=(tt - gain[0] * toward[0], tv - gain[0] * toward[1], vv - gain[1] * toward[1]),
        )

    def to_json(self) -> list[list[float]]:
        """Return plain data for storage."""
        return [list(self.energy), list(self.current), list(self.doubt)]

    @classmethod
    def from_json(cls, stored: Sequence[Sequence[float]]) -> Self:
        """Return a stored correction. Raises ValueError or TypeError for anything else."""
        (energy_t, energy_v), (current_t, current_v), (tt, tv, vv) = (
            (real(each) for each in figures) for figures in stored
        )
        return cls((energy_t, energy_v), (current_t, current_v), (tt, tv, vv))


def _times(a: tuple[float, float], b: tuple[float, float]) -> float:
    return a[0] * b[0] + a[1] * b[1]
