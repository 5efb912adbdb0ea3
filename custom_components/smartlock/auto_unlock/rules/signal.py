"""From single advertisements to a level that can be believed, and whether it rises.

A single value says little: the three advertising channels differ by some dB, a body between phone and scanner
takes 10 dB or more, and reflections cancel at some spots a hand's breadth apart. The median of the newest few
follows a walk within two seconds and is not affected by outliers.
"""

from itertools import pairwise
import math
from statistics import median
from typing import Self

from custom_components.smartlock.protocol.values import dataclass

__all__ = ["Signal"]

# The median of five ignores two outliers.
SAMPLES = 5
# Power-saving phones send every second or two: three values within two seconds must suffice.
SAMPLES_SPARSE = 3
SPAN_SPARSE = 2.0
# The newest values span at least this time, so that a burst of advertisements during a moment of fading does
# not decide alone, and at most that.
SPAN_MIN = 1.5
SPAN_MAX = 10.0
# A longer silence between two values: anything may have happened in it.
GAP = 5.0
# Somebody who stands at the door is received without a silence that is longer than this, and than some advertisements
# that are lost. From far away only the loudest get through, and their level says more than is true.
HOLE, LOST = 2.5, 4
# A value after this much silence stands alone.
ALONE = 2.0
# A rise is measured within the last minute: somebody who waits at the door for a while has also come there.
LOOK_BACK = 60.0
LEVEL_EVERY = 1.0
# A phone that is not received is weaker than what any scanner receives.
_NOT_RECEIVED = -95.0
# Plausible values: +127 and 0 mean "not measured".
_WEAKEST, _STRONGEST = -127, -1
# Limits the work for each advertisement: phones send up to ten a second.
_KEPT = 32


@dataclass(frozen=True)
class Signal:
    """What the scanners at the door have recently received of the phone."""

    samples: tuple[tuple[float, float], ...] = ()
    """Time and dBm, oldest first."""
    levels: tuple[tuple[float, float], ...] = ()
    """Time and smoothed dBm, about one per second."""
    since: float = math.inf
    """Since when it has been received without a silence of a minute."""

    def received(self, rssi: float, at: float) -> Self:
        """Take one advertisement. One that is older than the newest, or implausible, changes nothing."""
        if not _WEAKEST <= rssi <= _STRONGEST or (self.samples and at < self.samples[-1][0]):
            return self
        silent = not self.samples or at > self.samples[-1][0] + LOOK_BACK
        samples = [*(each for each in self.samples if each[0] > at - LOOK_BACK), (at, rssi)][-_KEPT:]
        new = type(self)(tuple(samples), self.levels, at if silent else self.since)
        level = new.level(at)
        if level is None or (self.levels and at < self.levels[-1][0] + LEVEL_EVERY):
            return new
        recent = [each for each in self.levels if each[0] > at - LOOK_BACK]
        return type(self)(new.samples, (*recent, (at, level)), new.since)

    @property
    def newest(self) -> float | None:
        """When it was last received."""
        return self.samples[-1][0] if self.samples else None

    def level(self, now: float) -> float | None:
        """Return the level in dBm; None with too few or too old values, or a gap between them."""
        used = self._used(now)
        return median(rssi for _, rssi in used) if used else None

    def count(self, now: float) -> int:
        """Return the number of advertisements behind the level."""
        return len(self._used(now))

    def rise(self, now: float) -> float | None:
        """Return how many dB the level is above the lowest of the last minute; None without a level."""
        level = self.level(now)
        if level is None:
            return None
        if now <= self.since + LOOK_BACK:
            return level - _NOT_RECEIVED
        return level - min((each for at, each in self.levels if at > now - LOOK_BACK), default=level)

    def single(self, now: float) -> float | None:
        """Return the newest value in dBm if it stands alone: too few for a level, and after a silence.

        A scanner that listens a tenth of the time receives hardly more than that of somebody who stands there.
        """
        if not self.samples or now - self.samples[-1][0] > GAP or self.level(now) is not None:
            return None
        at, rssi = self.samples[-1]
        return rssi if len(self.samples) == 1 or at > self.samples[-2][0] + ALONE else None

    def lowest(self, seconds: float, now: float) -> float | None:
        """Return the lowest level of the last seconds; None if it was not received all the time."""
        begins = now - seconds
        recent = [(at, level) for at, level in self.levels if at > begins - 2 * LEVEL_EVERY]
        level = self.level(now)
        if level is None or not recent or recent[0][0] > begins:
            return None
        # How often the phone sends, even if most of it is lost.
        gaps = sorted(later - at for (at, _), (later, _) in pairwise(self.samples))
        usual = gaps[len(gaps) // 4]
        longest = max(later - at for at, later in pairwise([*(at for at, _ in recent), now]))
        if longest > max(HOLE, LOST * usual):
            return None
        return min(level, *(each for _, each in recent))

    def _used(self, now: float) -> tuple[tuple[float, float], ...]:
        samples = self.samples
        if len(samples) < SAMPLES_SPARSE or now - samples[-1][0] > GAP:
            return ()
        newest = later = samples[-1][0]
        first = len(samples)
        for at, _ in reversed(samples):
            enough = len(samples) - first >= SAMPLES and newest - later >= SPAN_MIN
            if enough or later - at > GAP or now - at > SPAN_MAX:
                break
            first, later = first - 1, at
        count, span = len(samples) - first, newest - later
        if count >= SAMPLES or (count >= SAMPLES_SPARSE and span >= SPAN_SPARSE):
            return samples[first:]
        return ()
