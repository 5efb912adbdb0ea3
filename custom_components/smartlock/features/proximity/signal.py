"""From single advertisements to a level that can be believed, and whether it rises.

A single value says little: the three advertising channels differ by some dB, a body between phone and scanner
takes 10 dB and more, and reflections cancel for a moment at places a hand's breadth apart. The median of the
newest few follows a walk within two seconds and is not moved by single values.
"""

from dataclasses import dataclass
from statistics import median
from typing import Self

__all__ = ["Signal"]

# The median of five leaves two wild values without a say.
SAMPLES = 5
# The newest values that are used reach back so far at least, so that a burst of advertisements within one
# moment of fading does not decide alone, and at most so far.
SPAN_MIN = 1.5
SPAN_MAX = 10.0
# A longer silence between two of them: nobody knows what happened in it.
GAP = 5.0
# A rise is looked for in the levels of the last minute: somebody who waits at the door for a while has come too.
LOOK_BACK = 60.0
LEVEL_EVERY = 1.0
# What a receiver can mean: +127 and 0 are "not measured".
_WEAKEST, _STRONGEST = -127, -1
# Bounds the work for each advertisement: phones send up to ten a second.
_KEPT = 32


@dataclass(frozen=True)
class Signal:
    """What the scanners at the door have heard of the phone lately."""

    samples: tuple[tuple[float, float], ...] = ()
    """Time and dBm, oldest first."""
    levels: tuple[tuple[float, float], ...] = ()
    """Time and smoothed dBm, about one a second."""

    def heard(self, rssi: float, at: float) -> Self:
        """Take one advertisement. One that is older than the newest, or means nothing, changes nothing."""
        if not _WEAKEST <= rssi <= _STRONGEST or (self.samples and at < self.samples[-1][0]):
            return self
        kept = [sample for sample in self.samples if sample[0] > at - SPAN_MAX]
        new = type(self)((*kept, (at, rssi))[-_KEPT:], self.levels)
        level = new.level(at)
        if level is None or (self.levels and at < self.levels[-1][0] + LEVEL_EVERY):
            return new
        recent = [each for each in self.levels if each[0] > at - LOOK_BACK]
        return type(self)(new.samples, (*recent, (at, level)))

    @property
    def newest(self) -> float | None:
        """When it was heard last."""
        return self.samples[-1][0] if self.samples else None

    def level(self, now: float) -> float | None:
        """Return the level in dBm; None with too few values, too old ones, or a hole between them."""
        used = self._used(now)
        return median(rssi for _, rssi in used) if used else None

    def count(self, now: float) -> int:
        """Return how many advertisements the level rests on."""
        return len(self._used(now))

    def rise(self, now: float) -> float | None:
        """Return how many dB the level is above the lowest one of the last minute; None without a level."""
        level = self.level(now)
        if level is None:
            return None
        earlier = [each for at, each in self.levels if at > now - LOOK_BACK]
        return level - min(earlier, default=level)

    def _used(self, now: float) -> tuple[tuple[float, float], ...]:
        samples = self.samples
        if len(samples) < SAMPLES or now - samples[-1][0] > GAP:
            return ()
        first = later = len(samples)
        bound = now
        while first and (len(samples) - first < SAMPLES or samples[-1][0] - bound < SPAN_MIN):
            at = samples[first - 1][0]
            if later < len(samples) and bound - at > GAP:
                break
            first, later, bound = first - 1, first - 1, at
        used = samples[first:]
        if len(used) < SAMPLES or now - used[0][0] > SPAN_MAX:
            return ()
        return used
