"""Command line of the benchmarks: `python -m benchmarks [--json] [--quick] [--only NAME ...] [--against COMMIT]`."""

import argparse
from collections.abc import Iterator, Sequence
import sys

from benchmarks.groups import GROUPS, NAMES
from benchmarks.parameters import PARAMETERS
from benchmarks.rows import Row
from benchmarks.suite import BEFORE, suite

SUITE = "suite"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what was asked for and print each row as soon as its group is done."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Benchmarks against pyNukiBT.")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument("--quick", action="store_true", help="shorter and less exact, below a minute")
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="NAME",
        choices=(*NAMES, SUITE),
        help=f"only these rows; `{SUITE}` measures the tests themselves, which takes half an hour",
    )
    parser.add_argument(
        "--against", metavar="COMMIT", default=BEFORE, help=f"what `{SUITE}` compares with; default {BEFORE}"
    )
    options = parser.parse_args(arguments)
    if not options.json:
        sys.stdout.writelines(parameter_table())
    for row in rows(set(options.only or NAMES), against=options.against, quick=options.quick):
        sys.stdout.write(f"{row.to_json() if options.json else line(row)}\n")
        sys.stdout.flush()


def rows(wanted: set[str], *, against: str, quick: bool) -> Iterator[Row]:
    """Measure and yield the rows with these names."""
    for group in GROUPS:
        if wanted & set(group.names):
            yield from (row for row in group.run(quick=quick) if row.name in wanted)
    if SUITE in wanted:
        yield from suite(against)


def parameter_table() -> Iterator[str]:
    """Yield the parameters as a table, and the head of the table of results."""
    for parameter in PARAMETERS:
        yield f"{parameter.name:37} {parameter.value:48} {parameter.source}\n"
    yield f"\n{'name':30} {'value':>12} {'unit':12} {'compared':>12} {'ratio':>8}  with\n"


def line(row: Row) -> str:
    """Return a row for people."""
    ratio = "" if row.ratio is None else f"{row.ratio:.3f}"
    note = f" ({row.note})" if row.note else ""
    return (
        f"{row.name:30} {number(row.value):>12} {row.unit:12} {number(row.peer):>12} {ratio:>8}"
        f"  {row.against}{note}"
    )


def number(value: float | None) -> str:
    """Return a figure with three significant digits or more."""
    if value is None:
        return "not measured"
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


if __name__ == "__main__":
    main()
