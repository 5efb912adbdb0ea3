"""A whole run in several processes: every test runs once, and end-to-end tests have processes of their own."""

from pathlib import Path
import shutil
import subprocess
import sys

import pytest

from tests import workers

pytestmark = pytest.mark.process

SETTINGS = """[pytest]
testpaths = tests
markers =
    e2e
    process
"""
# Notes where it ran; the first run of a test that is to crash ends its process.
PART = """
import os
from pathlib import Path

import pytest

@pytest.mark.parametrize("case", range({cases}))
def test_noted(case):
    crash = Path("crash")
    if case == 3 and crash.exists() and crash.read_text() == "{name}":
        crash.unlink()
        os._exit(1)
    with Path("ran").open("a") as ran:
        ran.write(f"{name} {{case}} {{os.environ['PYTEST_XDIST_WORKER']}}\\n")
"""
CASES = {"e2e": 12, "others": 40}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a few tests of both kinds."""
    (tmp_path / "pytest.ini").write_text(SETTINGS, encoding="utf-8")
    for folder in (tmp_path / "tests", tmp_path / "tests" / "e2e", tmp_path / "tests" / "others"):
        folder.mkdir()
        (folder / "__init__.py").touch()
        if cases := CASES.get(folder.name):
            (folder / "test_it.py").write_text(PART.format(name=folder.name, cases=cases), encoding="utf-8")
    shutil.copy(workers.__file__, tmp_path / "tests" / "workers.py")
    return tmp_path


def ran(checkout: Path) -> dict[str, dict[str, str]]:
    """Run the tests; return the process of each case, by kind of test."""
    done = subprocess.run(
        (sys.executable, "-m", "pytest", "-n", "auto"),
        cwd=checkout,
        # Home Assistant's own plugin would take longer than the tests.
        env={
            "PATH": "/usr/bin:/bin",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_PLUGINS": "xdist.plugin,tests.workers",
        },
        check=False,
        capture_output=True,
        text=True,
    )
    (checkout / "output").write_text(done.stdout + done.stderr, encoding="utf-8")
    lines = [line.split() for line in (checkout / "ran").read_text(encoding="utf-8").splitlines()]
    found: dict[str, dict[str, str]] = {"e2e": {}, "others": {}}
    for kind, case, worker in lines:
        assert case not in found[kind], "twice"
        found[kind][case] = worker
    return found


def test_each_test_runs_once_and_the_slow_ones_have_processes_of_their_own(checkout: Path) -> None:
    found = ran(checkout)
    assert {kind: len(cases) for kind, cases in found.items()} == CASES
    assert not set(found["e2e"].values()) & set(found["others"].values())
    output = (checkout / "output").read_text(encoding="utf-8")
    assert "52 passed" in output
    assert "[100%]" in output


@pytest.mark.parametrize("kind", CASES)
def test_what_takes_the_place_of_a_process_that_crashes_runs_the_rest(checkout: Path, kind: str) -> None:
    (checkout / "crash").write_text(kind, encoding="utf-8")
    found = ran(checkout)
    assert {name: len(cases) for name, cases in found.items()} == CASES
    assert not set(found["e2e"].values()) & set(found["others"].values())
    # The one in which it crashed has failed, even though it has been tried again.
    assert "1 failed" in (checkout / "output").read_text(encoding="utf-8")
