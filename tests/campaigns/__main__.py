"""Prints what docs/wear.md shows: python -m tests.campaigns [--lives N] [--first SEED] [--world NAME ...]."""

import argparse
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
import os
from statistics import median
import sys
from typing import Any

# Seeds below are for tuning; what is reported comes from others.
FIRST_SEED = 30_000
# What is different from the world as it is assumed to be.
WORLDS: dict[str, dict[str, Any]] = {
    "as assumed": {},
    "outdoor gate": {"outdoors": (0.8, 1.0), "yearly_swing": (10.0, 16.0)},
    "wooden door": {"swelling": 0.12},
    "rarely used": {"runs_a_day": 0.7},
    "restless": {"noise": (0.10, 0.20), "disturbed": 0.15},
    "old house": {"settlings_a_year": 3.0, "settling": 0.10},
    "current of starting": {"inrush_in_report": True},
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Live many lives in several kinds of worlds and print a table."""
    parser = argparse.ArgumentParser(prog="scripts/wear", description="How well wear is judged.")
    parser.add_argument("--lives", type=int, default=300, help="of each kind (default: 300)")
    parser.add_argument("--first", type=int, default=FIRST_SEED, help=f"first seed (default: {FIRST_SEED})")
    parser.add_argument("--world", nargs="+", choices=WORLDS, default=list(WORLDS), help="only these worlds")
    options = parser.parse_args(arguments)
    seeds = range(options.first, options.first + options.lives)
    sys.stdout.write("| World | Lives | False alarms a lock and year | Ailment | Told two weeks before |")
    sys.stdout.write(
        " Days told before: median, 5th percentile |\n| --- | ---: | ---: | --- | ---: | ---: |\n"
    )
    with ProcessPoolExecutor(os.process_cpu_count()) as executor:
        for name in options.world:
            for row in rows(executor, name, seeds):
                sys.stdout.write(f"| {' | '.join(row)} |\n")
                sys.stdout.flush()


def rows(executor: Executor, name: str, seeds: range) -> Iterator[tuple[str, ...]]:
    """Yield the rows of one world."""
    # They import Home Assistant, which takes longer than an answer to --help should.
    from simulator.ageing import World
    from tests.campaigns.confidence import rate_interval, share_interval
    from tests.campaigns.wear import AILMENTS, ailing, healthy

    world = World(**WORLDS[name])
    lives = _each(executor, partial(healthy, world=world), seeds)
    alarms, years = sum(life.alarms for life in lives), sum(life.years for life in lives)
    low, high = rate_interval(alarms, years)
    before = (name, str(len(seeds)), f"{alarms / years:.2f} ({low:.2f} to {high:.2f})")
    for ailment in AILMENTS:
        ends = [
            end
            for end in _each(executor, partial(ailing, ailment=ailment, world=world), seeds)
            if end is not None
        ]
        in_time = sum(end.in_time for end in ends)
        low, high = share_interval(in_time, len(ends))
        leads = sorted(end.lead for end in ends)
        yield (
            *before,
            ailment,
            f"{100 * in_time / len(ends):.1f} % ({100 * low:.1f} to {100 * high:.1f})",
            f"{median(leads):.0f}, {leads[len(leads) // 20]:.0f}",
        )
        before = ("", "", "")


def _each[T](executor: Executor, live: Callable[[int], T], seeds: range) -> list[T]:
    return list(executor.map(live, seeds, chunksize=4))


if __name__ == "__main__":
    main()
