"""Every command in README and docs can be typed as it stands there.

What takes long, or changes the checkout, is asked for its help with the same arguments, which it refuses if it does not
know them. The demo and the tests themselves run elsewhere.
"""

import os
from pathlib import Path
import re
import shlex
import subprocess

import pytest

from simulator.demo import MODELS
from simulator.virtual_lock import MODELS as ALL_MODELS
from tests.documents.reading import ROOT, commands

pytestmark = pytest.mark.process

COMMANDS = commands()
SCRIPTS = sorted(
    file.name for file in (ROOT / "scripts").iterdir() if file.is_file() and file.stat().st_mode & 0o111
)
OF_PYTEST = [command for command in COMMANDS if command.startswith("scripts/test ")]
OTHERS = [command for command in COMMANDS if command not in OF_PYTEST and command != ".ci/run"]


def run(command: str, *more: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of a document in the root of the checkout; Python is that of the tests."""
    words = [*shlex.split(command), *more]
    if words[0] == "python":
        words[0] = ".cache/venv/bin/python"
    # Each script would otherwise set up what is there: `scripts/setup` knows tests by a variable of pytest.
    return subprocess.run(
        words,
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | environment,
    )


def test_every_script_is_documented() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [name for name in SCRIPTS if f"`scripts/{name}" not in text] == []


@pytest.mark.parametrize("command", OTHERS)
def test_command_can_be_typed(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0, f"{COMMANDS[command]}: {done.stderr}"
    assert done.stdout.strip()


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_comes_at_once(name: str) -> None:
    """Without Home Assistant, whose import alone takes seconds, and without setting anything up."""
    done = run(f"scripts/{name}", "--help", PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0
    assert re.search(rf"usage|{name}", done.stdout, re.IGNORECASE)
    assert not re.search(r"\bhomeassistant\b", done.stderr)


def test_the_demo_offers_every_model() -> None:
    assert tuple(ALL_MODELS) == MODELS


def test_tests_that_are_named_are_found() -> None:
    """Their files, their options and their profiles; and `-k` finds something."""
    by_options: dict[tuple[str, ...], list[str]] = {}
    for command in OF_PYTEST:
        words = shlex.split(command)[1:]
        while words and words[0] in {"--quick", "--oldest", "--newest"}:
            words.pop(0)
        paths = [word for word in words if word.startswith("tests/")]
        assert all((ROOT / path).exists() for path in paths), COMMANDS[command]
        if paths:
            by_options.setdefault(tuple(word for word in words if word not in paths), []).extend(paths)
    assert by_options
    for options, paths in by_options.items():
        done = run("scripts/test", *dict.fromkeys(paths), *options, "--collect-only", "--quiet", "-n", "0")
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def test_what_every_change_has_to_pass_is_documented() -> None:
    """In the same words."""
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    runs = [line.removeprefix("run ") for line in lines if line.startswith("run ")]
    assert runs[0] == "scripts/lint"
    assert "scripts/test" in runs
    assert "scripts/demo --check" in runs
    assert [command for command in runs if command not in COMMANDS] == []


def test_findings_name_scripts_that_are_there() -> None:
    for document in (ROOT / "docs").rglob("*.md"):
        for name in re.findall(r"findings/([\w-]+\.sh)", document.read_text(encoding="utf-8")):
            assert Path(ROOT, "findings", name).is_file()
