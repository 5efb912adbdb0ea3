"""How a lock breaks."""

from dataclasses import dataclass
from math import exp, log
from random import Random
from typing import Protocol, override


@dataclass(frozen=True)
class Condition:
    """What an ailment does to a run: factors, all 1 in a healthy lock."""

    friction: float = 1.0
    """Along the whole way."""
    peak: float = 1.0
    """At the worst place of the way."""
    torque: float = 1.0
    """Of the motor, by its current."""
    winding: float = 1.0
    """Resistance of the motor."""
    restless: float = 1.0
    """On the noise."""
    contact: float = 0.0
    """Resistance of a bad contact, Ohm."""
    dead: bool = False
    """No current flows in this run."""


HEALTHY = Condition()


class Ailment(Protocol):
    """Something that gets worse."""

    def condition(self, days: float, random: Random) -> Condition:
        """Return what it does to a run, so many days after it began."""


# In which time a slow ailment doubles the work of the motor, days.
_DOUBLING = (45.0, 400.0)


def _doubling(random: Random) -> float:
    low, high = _DOUBLING
    return exp(random.uniform(log(low), log(high)))


class _Growth:
    """Growth to the double in a given time and on: steady, ever faster, or late and then fast."""

    def __init__(self, random: Random) -> None:
        self._doubling = _doubling(random)
        self._shape = random.choice(("steady", "faster", "late"))

    def at(self, days: float) -> float:
        """Return the growth: 0 at first, 1 when doubled."""
        part = days / self._doubling
        match self._shape:
            case "steady":
                return part
            case "faster":
                return exp(log(2) * min(part, 6.0)) - 1
            case _:
                return part * part


class FrictionGrowing(Ailment):
    """A bolt that scrapes, a cylinder that dries up, a hinge that sags; all of the way or a part of it."""

    def __init__(self, random: Random) -> None:
        """Draw how fast and how much of the way."""
        self._growth = _Growth(random)
        self._share = 1.0 if random.random() < 0.5 else random.uniform(0.1, 0.6)

    @override
    def condition(self, days: float, random: Random) -> Condition:
        growth = self._growth.at(days)
        return Condition(friction=1 + self._share * growth, peak=(1 + growth) / (1 + self._share * growth))


class MotorDying(Ailment):
    """Worn brushes and a weak magnet: more current for the same torque, and less of it."""

    def __init__(self, random: Random) -> None:
        """Draw how fast."""
        self._growth = _Growth(random)

    @override
    def condition(self, days: float, random: Random) -> Condition:
        growth = self._growth.at(days)
        return Condition(torque=1 / (1 + growth), winding=1 + 0.6 * growth, restless=1 + growth)


class ContactLoosening(Ailment):
    """A plug that works loose: good, or bad, and then nothing. Hours to weeks, and no figure grows before."""

    def __init__(self, random: Random) -> None:
        """Draw how long it takes."""
        self._days = exp(random.uniform(log(0.2), log(30)))

    @override
    def condition(self, days: float, random: Random) -> Condition:
        chance = min(1.0, days / self._days)
        if random.random() >= 0.5 * chance + 0.5 * (chance == 1):
            return HEALTHY
        return Condition(contact=random.uniform(0.2, 2.0), dead=random.random() < chance**2)
