"""The benchmarks run and print every row; what they measure is not judged here."""

from concurrent.futures import ThreadPoolExecutor
import json
import math
from pathlib import Path
import subprocess

import pytest

from benchmarks import accidents, peer
from benchmarks.__main__ import main
from benchmarks.groups import NAMES
from benchmarks.suite import suite

pytestmark = pytest.mark.process


@pytest.mark.interop
# Ninety seconds of a processor, which others may want too.
@pytest.mark.timeout(900)
@pytest.mark.skipif(peer.nuki is None, reason="pyNukiBT cannot be imported (requirements_interop.txt)")
def test_every_row_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--json", "--quick"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in rows] == list(NAMES)
    for row in rows:
        assert set(row) == {"name", "value", "unit", "peer", "ratio"}
        assert all(math.isfinite(row[figure]) for figure in ("value", "peer", "ratio")), row
        assert row["unit"]


def test_days_with_one_and_the_same_accident() -> None:
    with ThreadPoolExecutor(1) as executor:
        ((kind, days, unsafe, _, _, arrivals, _),) = accidents.rows(executor, ["asleep"], 16)
    assert (kind, days, unsafe) == ("asleep", "16", "0")
    assert int(arrivals) > 0


SCRIPT = """#!/bin/sh
echo "$(basename "$0")" "$@" >> calls
{body}
"""


def commit(checkout: Path, body: str) -> str:
    """Commit scripts that note what they are asked for; return the commit."""
    (checkout / "scripts").mkdir(exist_ok=True)
    for name, does in (("setup", ""), ("test", body)):
        script = checkout / "scripts" / name
        script.write_text(SCRIPT.format(body=does), encoding="utf-8")
        script.chmod(0o755)
    identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
    for arguments in (("add", "scripts"), (*identity, "commit", "--quiet", "--message", "Scripts")):
        subprocess.run(("git", *arguments), cwd=checkout, check=True)
    shown = subprocess.run(("git", "rev-parse", "HEAD"), cwd=checkout, check=True, stdout=subprocess.PIPE)
    return shown.stdout.decode().strip()


def test_the_tests_are_compared_with_those_of_a_commit(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(("git", "init", "--quiet"), cwd=tmp_path, check=True)
    before = commit(tmp_path, 'case "$1" in --*) ;; *) sleep 1;; esac')
    commit(tmp_path, 'case "$1" in --*) ;; *) sleep 0.5; exit 1;; esac')

    whole, whole_cpu, quick, quick_cpu = rows = suite(before, tmp_path)

    assert [row.name for row in rows] == ["suite_time", "suite_cpu", "suite_quick_time", "suite_quick_cpu"]
    assert whole.peer == quick.peer
    assert whole.peer is not None
    assert whole.peer >= 1
    assert whole.value >= 0.5
    # They sleep.
    assert whole_cpu.peer == quick_cpu.peer
    assert whole_cpu.peer is not None
    assert 0 < whole_cpu.peer < 1
    assert 0 < whole_cpu.value < 0.5
    calls = ["setup --browser", "test --collect-only --quiet", "test"]
    assert (tmp_path / ".cache" / "suite" / before / "calls").read_text().splitlines() == calls
    assert (tmp_path / "calls").read_text().splitlines() == [*calls, "test --quick"]
    output, errors = capfd.readouterr()
    assert output == ""
    assert f"scripts/test in {tmp_path} ended with code 1" in errors
