"""Auto-unlock through simulated days of which each has the same accident: `python -m benchmarks.accidents`.

Prints the table of docs/proximity.md: for each accident, and for days without any, how often the door opened for
nobody, and how many were served. On the days of an accident no phone takes another place for its own, which is a
trouble of its own: it is among the days as they come, and in those without accidents.
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import product
import sys

from benchmarks.door import ABOUT, AWAY, INSIDE, Figures
from benchmarks.proximity import GEOFENCE, RULE, compare
from simulator.walks import ACCIDENTS, World

__all__ = ["KINDS", "main", "rows"]

# Days as the file has them, with now and then an accident; days without; and each accident on every day.
AS_THEY_COME, NONE = "as they come", "none"
KINDS = (AS_THEY_COME, NONE, *ACCIDENTS)


def main(arguments: Sequence[str] | None = None) -> None:
    """Live through the days of each kind and print a row as soon as it is known."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.accidents", description="Days with accidents."
    )
    parser.add_argument("--days", type=int, default=10_000, help="of each kind (default: 10,000)")
    parser.add_argument("--processes", type=int, default=1, help="at the same time (default: 1)")
    parser.add_argument("--kind", nargs="+", choices=KINDS, default=KINDS, help="only these kinds")
    options = parser.parse_args(arguments)
    sys.stdout.write(
        "| Accident | Days | Unsafe unlocks | of a plain geofence | About the house | Arrivals | Served |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    )
    with ProcessPoolExecutor(options.processes) as executor:
        for row in rows(executor, options.kind, options.days):
            sys.stdout.write(f"| {' | '.join(row)} |\n")
            sys.stdout.flush()


def rows(executor: Executor, kinds: Sequence[str], days: int) -> Iterator[tuple[str, ...]]:
    """Yield the row of each kind of days; there are as many of each variant, and at least one."""
    world = World.load()
    numbers = range(len(world.variants))
    each = max(1, days // len(world.variants))
    lived = executor.map(partial(live_variant, days=each), *zip(*product(kinds, numbers), strict=True))
    for kind in kinds:
        ours, fenced = Figures(), Figures()
        for _ in numbers:
            figures = next(lived)
            ours.add(figures[RULE])
            fenced.add(figures[GEOFENCE])
        yield (
            kind,
            f"{ours.days:,}",
            str(_unsafe(ours)),
            f"{_unsafe(fenced):,}",
            str(ours.unsafe[ABOUT]),
            f"{ours.arrivals:,}",
            f"{100.0 * ours.served / ours.arrivals:.1f} %" if ours.arrivals else "",
        )


def live_variant(kind: str, number: int, *, days: int) -> dict[str, Figures]:
    """Live through the days of one variant of the world, by its place in the file."""
    world = World.load()
    world = replace(world, variants=[world.variants[number]], seed=world.seed + number)
    if kind == NONE:
        world = replace(world, accidents={})
    if kind in ACCIDENTS:
        # What a phone opens that takes another place for its own is no doing of the accident.
        world = replace(world, variants=[replace(variant, wrong_positions=0.0) for variant in world.variants])
    return compare(world, days, (RULE, GEOFENCE), accident=kind if kind in ACCIDENTS else None)


def _unsafe(figures: Figures) -> int:
    return figures.unsafe[INSIDE] + figures.unsafe[AWAY]


if __name__ == "__main__":
    main()
