"""How long the tests take, compared with those of an earlier commit on the same machine.

Takes half an hour, so it runs only where it is asked for. The earlier commit gets a checkout with everything set up below
`.cache/suite/`, which stays for the next time.
"""

import os
from pathlib import Path
import subprocess
import sys
import time

from benchmarks.earlier import BEFORE, ROOT, checkout
from benchmarks.rows import Row

__all__ = ["NAMES", "suite"]

NAMES = ("suite_time", "suite_quick_time")

# What the tests print goes there, away from the rows.
STDERR = 2


def suite(against: str = BEFORE["suite"], root: Path = ROOT) -> list[Row]:
    """Return the rows of this module: all tests, and those of the quick run, each against all tests of the commit."""
    before = checkout(against, root)
    for each in (before, root):
        _run(each, "scripts/setup", "--browser")
        # So that nobody pays for compiling Home Assistant.
        _run(each, "scripts/test", "--collect-only", "--quiet", output=subprocess.DEVNULL)
    peer = _seconds(before, "scripts/test")
    seconds = (_seconds(root, "scripts/test"), _seconds(root, "scripts/test", "--quick"))
    return [
        Row(name=name, value=value, unit="s", against=f"all tests of {against}", peer=peer)
        for name, value in zip(NAMES, seconds, strict=True)
    ]


def _seconds(checkout: Path, *command: str) -> float:
    """Return how long a command takes. Failures are reported, since a test that fails ends sooner or later than it would."""
    began = time.monotonic()
    code = _run(checkout, *command, check=False)
    taken = time.monotonic() - began
    if code:
        sys.stderr.write(
            f"bench: {' '.join(command)} in {checkout} ended with code {code} after {taken:.0f} s\n"
        )
    return taken


def _run(checkout: Path, *command: str, output: int = STDERR, check: bool = True) -> int:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(command, cwd=checkout, env=environment, stdout=output, check=check).returncode
