"""A whole run of the tests fails if a module is not covered well enough, and says which; a part of them never does."""

import json
from pathlib import Path
import shutil
import subprocess
import sys
from typing import Any

import pytest

from scripts.lib import covered

ROOT = Path(__file__).parent.parent
CONFIG_FLOW = "custom_components/smartlock/config_flow.py"


def measured(percent: float, *missing: int) -> dict[str, Any]:
    """Return what a report has of a file."""
    return {"summary": {"percent_statements_covered": percent}, "missing_lines": list(missing)}


@pytest.mark.parametrize(
    ("files", "problems"),
    [
        ({"a.py": measured(100.0), "b.py": measured(95.01, 7)}, []),
        ({"a.py": measured(95.0, 3, 9)}, ["a.py: 95.0 % covered; no test runs 3, 9"]),
        ({CONFIG_FLOW: measured(99.0, 3)}, [f"{CONFIG_FLOW}: 99.0 % covered; no test runs 3"]),
        ({CONFIG_FLOW: measured(100.0)}, []),
        ({}, ["nothing was measured"]),
    ],
)
def test_what_is_covered_well_enough(tmp_path: Path, files: dict[str, Any], problems: list[str]) -> None:
    report = tmp_path / "coverage.json"
    report.write_text(json.dumps({"files": files}), encoding="utf-8")
    assert covered.problems(report) == problems


@pytest.fixture(name="checkout")
def checkout_fixture(tmp_path: Path) -> Path:
    """Return a checkout whose tests leave out half of one module."""
    files = {
        "custom_components/smartlock/well.py": "A = 1\n",
        "custom_components/smartlock/poorly.py": "def one():\n    return 1\n\n\ndef two():\n    return 2\n",
        "tests/test_one.py": "from custom_components.smartlock import poorly\n\n\n"
        "def test_one():\n    assert poorly.one() == 1\n",
        "tests/test_well.py": "from custom_components.smartlock import well\n\n\n"
        "def test_well():\n    assert well.A == 1\n",
        "scripts/setup": "#!/bin/sh\n",
    }
    for name, content in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    (tmp_path / "scripts" / "setup").chmod(0o755)
    (tmp_path / "scripts" / "lib").mkdir()
    for name in ("pyproject.toml", "scripts/test", "scripts/lib/covered.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "venv").symlink_to(sys.prefix)
    return tmp_path


# What pyproject.toml has options for; Home Assistant's own plugin would take longer than the tests.
PLUGINS = ("xdist.plugin", "pytest_cov.plugin", "pytest_asyncio.plugin", "pytest_timeout")


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of a checkout, in two processes."""
    return subprocess.run(
        ("scripts/test", *arguments),
        cwd=checkout,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTEST_XDIST_AUTO_NUM_WORKERS": "2",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_PLUGINS": ",".join(PLUGINS),
        },
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.process
def test_a_whole_run_says_which_module_is_not(checkout: Path) -> None:
    whole = run(checkout)
    assert "2 passed" in whole.stdout, whole.stderr
    assert whole.returncode == 1
    assert whole.stderr.splitlines()[-1:] == [
        "custom_components/smartlock/poorly.py: 75.0 % covered; no test runs 6"
    ]


@pytest.mark.process
@pytest.mark.parametrize("arguments", [["--quick"], ["tests/test_one.py"]], ids=" ".join)
def test_a_part_of_the_tests_may_cover_what_it_likes(checkout: Path, arguments: list[str]) -> None:
    part = run(checkout, *arguments)
    assert part.returncode == 0, part.stderr
    assert "passed" in part.stdout
    assert part.stderr == ""
    assert not (checkout / covered.REPORT).exists()


def test_what_is_to_be_covered_wholly_is_there() -> None:
    assert all((ROOT / name).is_file() for name in covered.WHOLLY)
