"""Comparisons on a noisy machine: both sides in turn, and the median of each."""

from collections.abc import Callable, Sequence
import gc
from statistics import median
import time

__all__ = ["alternately", "seconds_per_call"]


def alternately(rounds: int, sides: Sequence[Callable[[], float]], *, warm_up: bool = True) -> list[float]:
    """Measure each side once in every round; return the medians. `warm_up` adds a round that does not count."""
    for side in sides if warm_up else ():
        side()
    results: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for result, side in zip(results, sides, strict=True):
            result.append(side())
    return [median(result) for result in results]


def seconds_per_call(call: Callable[[], object], calls: int) -> float:
    """Return the CPU time of this thread for one of many calls; the garbage collector waits meanwhile."""
    gc.collect()
    gc.disable()
    try:
        began = time.thread_time()
        for _ in range(calls):
            call()
        return (time.thread_time() - began) / calls
    finally:
        gc.enable()
