"""Batteries of several kinds, how they run down, and how people change them."""

from dataclasses import dataclass
from math import pow as power
from random import Random


@dataclass(frozen=True, kw_only=True)
class Chemistry:
    """Four cells, or a pack, of one kind."""

    full: float
    """Voltage at rest, V."""
    middle: float
    empty: float
    resistance: tuple[float, float]
    """Full and empty, Ohm."""
    cold: float
    """Relative growth of the resistance for each K below 20 degrees C."""
    energy: float
    """Ws."""


# Typical for four AA cells of each kind, by the data sheets of their makers in round numbers; the last one is a pack.
CHEMISTRIES = (
    Chemistry(full=6.1, middle=5.2, empty=4.5, resistance=(0.30, 0.95), cold=0.025, energy=43_000),
    Chemistry(full=5.5, middle=5.0, empty=4.5, resistance=(0.14, 0.25), cold=0.010, energy=33_000),
    Chemistry(full=6.8, middle=6.2, empty=5.4, resistance=(0.40, 0.60), cold=0.008, energy=55_000),
    Chemistry(full=5.5, middle=5.2, empty=4.7, resistance=(0.15, 0.25), cold=0.012, energy=40_000),
)
# What the radio and the electronics take each day, Ws: full batteries last from months to most of a year.
_STANDBY = (60.0, 180.0)
_CRITICAL = 0.2
_OTHER_KIND = 0.12
_REMEASURED = 0.1


class Cells:
    """The batteries of a lock."""

    def __init__(self, random: Random) -> None:
        """Put in fresh ones of some kind."""
        self._random = random
        self._standby = random.uniform(*_STANDBY)
        self._chemistry = random.choice(CHEMISTRIES)
        self._charge = 1.0
        self._patience = 0.0
        self._change()

    @property
    def critical(self) -> bool:
        """Whether the lock warns."""
        return self._charge <= _CRITICAL

    @property
    def voltage(self) -> float:
        """At rest, V."""
        kind, charge = self._chemistry, self._charge
        if charge >= 0.5:
            return kind.middle + (kind.full - kind.middle) * power(2 * charge - 1, 1.5)
        return kind.middle - (kind.middle - kind.empty) * power(1 - 2 * charge, 1.5)

    def resistance(self, temperature: float) -> float:
        """Of the cells, Ohm."""
        full, empty = self._chemistry.resistance
        warm = full + (empty - full) * (1 - self._charge) ** 2
        return warm * max(0.6, 1 + self._chemistry.cold * (20 - temperature))

    def measured_resistance(self, temperature: float) -> float:
        """As the lock reports it."""
        return self.resistance(temperature) * self._random.gauss(1, _REMEASURED)

    def drain(self, energy: float) -> None:
        """Take so many Ws."""
        self._charge = max(0.02, self._charge - energy / self._chemistry.energy)

    def day(self) -> None:
        """Let a day pass; people change the batteries some time after the warning."""
        self.drain(self._standby)
        if self.critical:
            self._patience -= 1
            if self._patience < 0 or self._charge < 0.05:
                self._change()

    def _change(self) -> None:
        if self._random.random() < _OTHER_KIND:
            self._chemistry = self._random.choice(CHEMISTRIES)
        self._charge = self._random.uniform(0.9, 1.0)
        self._patience = self._random.uniform(0, 20)
