"""How long the tests take, compared with those of an earlier commit on the same machine.

Seconds of the processor, of all processes together, stand beside those of the clock: they say what the comparison is worth on a
machine that has other things to do. They are less than the clock's where tests wait.

Takes half an hour, so it runs only where it is asked for. The earlier commit gets a checkout with everything set up below
`.cache/suite/`, which stays for the next time.
"""

from collections.abc import Sequence
import os
from pathlib import Path
import resource
import subprocess
import sys
import time

from benchmarks.earlier import BEFORE, ROOT, checkout
from benchmarks.rows import Row

__all__ = ["NAMES", "suite"]

NAMES = ("suite_time", "suite_cpu", "suite_quick_time", "suite_quick_cpu")

# What the tests print goes there, away from the rows.
STDERR = 2


def suite(against: str = BEFORE["suite"], root: Path = ROOT, tests: Sequence[str] = ()) -> list[Row]:
    """Return the rows of this module: all tests, and those of the quick run, each against all tests of the commit.

    `tests` are only these, instead of all, as arguments for pytest: to see that it works.
    """
    before = checkout(against, root)
    for each in (before, root):
        _run(each, "scripts/setup", "--browser")
        # So that nobody pays for compiling Home Assistant.
        _run(each, "scripts/test", "--collect-only", "--quiet", output=subprocess.DEVNULL)
    peer = _seconds(before, "scripts/test", *tests)
    whole = _seconds(root, "scripts/test", *tests)
    quick = _seconds(root, "scripts/test", "--quick", *tests)
    return [
        Row(name=name, value=value, unit="s", against=f"all tests of {against}", peer=other)
        for name, value, other in zip(NAMES, (*whole, *quick), (*peer, *peer), strict=True)
    ]


def _seconds(checkout: Path, *command: str) -> tuple[float, float]:
    """Return how long a command takes, by the clock and of the processor, with all processes that it has waited for.

    Failures are reported, since a test that fails ends sooner or later than it would.
    """
    began, used = time.monotonic(), _processor()
    code = _run(checkout, *command, check=False)
    taken, used = time.monotonic() - began, _processor() - used
    if code:
        sys.stderr.write(
            f"bench: {' '.join(command)} in {checkout} ended with code {code} after {taken:.0f} s\n"
        )
    return taken, used


def _processor() -> float:
    """Return the processor's seconds of all processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _run(checkout: Path, *command: str, output: int = STDERR, check: bool = True) -> int:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(command, cwd=checkout, env=environment, stdout=output, check=check).returncode
