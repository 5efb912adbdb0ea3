"""Command line of the benchmarks: `python -m benchmarks --help`."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
import sys

from benchmarks.earlier import BEFORE
from benchmarks.groups import GROUPS, NAMES
from benchmarks.rows import Row

SUITE, END_TO_END, TRACE = "suite", "end_to_end", "trace"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what was asked for and print each row as soon as its group is done."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description="Benchmarks against pyNukiBT.")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument("--quick", action="store_true", help="shorter and less exact, below a minute")
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="NAME",
        choices=(*NAMES, SUITE, END_TO_END, TRACE),
        help=f"only these rows; `{SUITE}` measures the tests themselves, which takes half an hour, and `{END_TO_END}` "
        f"a real Home Assistant, which takes ten minutes, and `{TRACE}` where its time goes; all only on a machine with nothing else to do",
    )
    parser.add_argument(
        "--against",
        metavar="COMMIT",
        help=f"what `{SUITE}` and `{END_TO_END}` compare with; default {BEFORE[SUITE]} and {BEFORE[END_TO_END]}",
    )
    parser.add_argument(
        "--peer", metavar="PATH", type=Path, help=f"a checkout of hass_nuki_bt for `{END_TO_END}`"
    )
    parser.add_argument(
        "--tests",
        nargs="+",
        metavar="ARGUMENT",
        default=(),
        help=f"only these tests for `{SUITE}`, to see that it works",
    )
    options = parser.parse_args(arguments)
    if not options.json:
        sys.stdout.writelines(parameter_table())
    wanted = set(options.only or NAMES)
    chosen = {"against": options.against, "peer": options.peer, "tests": options.tests}
    for row in rows(wanted, quick=options.quick, **chosen):
        sys.stdout.write(f"{row.to_json() if options.json else line(row)}\n")
        sys.stdout.flush()


# What needs Home Assistant is imported where it runs, so that --help answers at once.


def rows(
    wanted: set[str], *, against: str | None, peer: Path | None, tests: Sequence[str], quick: bool
) -> Iterator[Row]:
    """Measure and yield the rows with these names."""
    for group in GROUPS:
        if wanted & set(group.names):
            yield from (row for row in group.run(quick=quick) if row.name in wanted)
    if END_TO_END in wanted:
        from benchmarks.end_to_end import end_to_end

        yield from end_to_end(quick=quick, against=against or BEFORE[END_TO_END], peer=peer)
    if TRACE in wanted:
        from benchmarks.trace import trace

        yield from trace(quick=quick)
    if SUITE in wanted:
        from benchmarks.suite import suite

        yield from suite(against or BEFORE[SUITE], tests=tests)


def parameter_table() -> Iterator[str]:
    """Yield the parameters as a table, and the head of the table of results."""
    from benchmarks.parameters import PARAMETERS

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
