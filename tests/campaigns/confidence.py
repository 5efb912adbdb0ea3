"""Exact intervals for counts: where the true value lies with 95 % confidence."""

from collections.abc import Callable
from math import comb, exp, lgamma, log

_TAIL = 0.025


def rate_interval(count: int, exposure: float) -> tuple[float, float]:
    """Return the interval of a rate of events that were counted over so much time (Garwood)."""

    def at_most(mean: float, number: int) -> float:
        if mean == 0:
            return 1.0
        return sum(exp(k * log(mean) - mean - lgamma(k + 1)) for k in range(number + 1))

    highest = 10.0 * (count + 5)
    low = 0.0 if count == 0 else _solve(lambda mean: 1 - at_most(mean, count - 1) - _TAIL, highest)
    high = _solve(lambda mean: _TAIL - at_most(mean, count), highest)
    return low / exposure, high / exposure


def share_interval(count: int, total: int) -> tuple[float, float]:
    """Return the interval of a probability of which so many of all were seen (Clopper and Pearson)."""

    def at_most(share: float, number: int) -> float:
        return sum(comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(number + 1))

    low = 0.0 if count == 0 else _solve(lambda share: 1 - at_most(share, count - 1) - _TAIL, 1.0)
    high = 1.0 if count == total else _solve(lambda share: _TAIL - at_most(share, count), 1.0)
    return low, high


def _solve(rising: Callable[[float], float], highest: float) -> float:
    """Return where a function that rises from below to above zero passes it, between 0 and `highest`."""
    low, high = 0.0, highest
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return low
