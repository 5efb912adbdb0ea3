"""The form of the findings, and that their comparison can fail. The findings themselves run outside CI."""

from datetime import UTC, date, datetime
import os
from pathlib import Path
import re
import shutil
import subprocess

import pytest

FOLDER = Path(__file__).parent.parent / "findings"
FINDINGS = sorted(FOLDER.glob("*.sh"))
KEYS = ["What", "Guess", "Version", "Seen on", "Output"]
PINNED = {
    "from_pypi": re.compile(r"[A-Za-z0-9._-]+==[0-9][\w.]*"),
    "from_npm": re.compile(r"(@[a-z0-9-]+/)?[a-z0-9._-]+@[0-9][\w.-]*"),
    "from_debian": re.compile(r"[a-z0-9+.-]+=[0-9][\w.:+~-]*\*?"),
}

MADE_UP = """#!/usr/bin/env bash
# A finding about nothing.
#
# What:    the shell says one thing.
# Output:
#   one 1
#     indented
#   last: 100 %
source "$(dirname "$0")/lib/finding.bash"

touch "$work/debris"
expect {command}
"""


def head(finding: Path) -> tuple[str, dict[str, list[str]]]:
    """Return the first sentence of a finding, and the lines of each key of its head."""
    lines = finding.read_text(encoding="utf-8").splitlines()
    end = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    found: dict[str, list[str]] = {}
    for line in lines[3:end]:
        key = re.match(r"# ([A-Z][a-z ]+):(?: +(.*))?$", line)
        if key is not None:
            found[key[1]] = [key[2]] if key[2] else []
        else:
            assert line.startswith("#   "), f"{finding.name}: {line}"
            found[[*found][-1]].append(line[4:])
    assert lines[0] == "#!/usr/bin/env bash"
    assert lines[2] == "#"
    return lines[1], found


def test_there_are_findings() -> None:
    assert len(FINDINGS) >= 8
    assert {file.name for file in FOLDER.iterdir()} == {"lib", *(finding.name for finding in FINDINGS)}


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.stem)
def test_the_head_says_all_that_was_seen(finding: Path) -> None:
    title, found = head(finding)
    assert re.fullmatch(r"# [A-Z].{30,}\.", title)
    assert [*found] == KEYS
    assert all(found.values()), "a key has nothing to say"
    assert found["Version"] == found["Output"][:1]
    assert len(found["Output"]) >= 3
    (seen,) = found["Seen on"]
    assert date(2026, 11, 1) <= date.fromisoformat(seen) <= datetime.now(UTC).date()


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.stem)
def test_the_body_uses_pinned_packages_and_nothing_of_ours(finding: Path) -> None:
    text = finding.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert os.access(finding, os.X_OK)
    assert len(lines) <= 120
    assert max(map(len, lines)) <= 120
    assert lines.count('source "$(dirname "$0")/lib/finding.bash"') == 1
    assert sum(line.startswith("expect ") for line in lines) == 1
    sources = [line.split() for line in lines if line.startswith("from_")]
    assert sources
    for source, *packages in sources:
        if source == "from_setup":
            assert not packages
            continue
        assert packages
        for package in packages:
            assert PINNED[source].fullmatch(package.strip("'")), f"{package} is not pinned"
    for ours in ("custom_components", "smartlock", "simulator"):
        assert ours not in text
    assert "://" not in text


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (r"printf 'one 1\n  indented\nlast: 100 %%\n'", 0),
        (r"printf 'one 2\n  indented\nlast: 100 %%\n'", 1),
        (r"printf 'one 1\nindented\nlast: 100 %%\n'", 1),
        (r"printf 'one 1\n  indented\nlast: 100 %%\nmore\n'", 1),
        (r"printf 'one 1\n  indented\n'", 1),
        ("true", 1),
        (r"""bash -c "printf 'one 1\n  indented\nlast: 100 %%\n'; exit 3" """, 1),
        ("quietly false", 2),
    ],
)
def test_only_what_is_written_down_passes(tmp_path: Path, command: str, code: int) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    shutil.copytree(FOLDER / "lib", tmp_path / "findings" / "lib")
    finding = tmp_path / "findings" / "made-up.sh"
    finding.write_text(MADE_UP.format(command=command), encoding="utf-8")
    run = subprocess.run(
        ["bash", str(finding)],
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert run.returncode == code, run.stderr
    assert ("CHANGED" in run.stderr) is (code == 1)
    assert not [*temporary.iterdir()], "something was left behind"
