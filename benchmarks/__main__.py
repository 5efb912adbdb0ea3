"""Command line of the benchmarks: `python -m benchmarks [--json] [--quick] [--only NAME ...]`."""

import argparse
from collections.abc import Iterator, Sequence
import sys

from benchmarks.groups import GROUPS, NAMES
from benchmarks.parameters import PARAMETERS
from benchmarks.rows import Row


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what was asked for and print each row as soon as its group is done."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Benchmarks against pyNukiBT.")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument("--quick", action="store_true", help="shorter and less exact, below a minute")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=NAMES, help="only these rows")
    options = parser.parse_args(arguments)
    if not options.json:
        sys.stdout.writelines(parameter_table())
    for group in GROUPS:
        if options.only and not set(options.only) & set(group.names):
            continue
        for row in group.run(quick=options.quick):
            if not options.only or row.name in options.only:
                sys.stdout.write(f"{row.to_json() if options.json else line(row)}\n")
                sys.stdout.flush()


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
