"""What a visitor of the repository trusts: releases, workflows, issue forms, owners, updates, and where links lead."""

import json
from pathlib import Path
import re
import subprocess
from typing import Any
import zipfile

from packaging.requirements import Requirement
import pytest
import yaml

from scripts.lib import release
from tests.test_docs import DOCUMENTS, places

ROOT = Path(__file__).parent.parent
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted(file for file in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if file.name != "config.yml")
MANIFEST = ROOT / release.INTEGRATION / "manifest.json"
HOME = json.loads(MANIFEST.read_text(encoding="utf-8"))["documentation"]

CHANGELOG = """\
# Changelog

## [Unreleased]
{unreleased}
## [0.2.0] - 2026-12-24

### Added

- A thing.

## [0.1.0] - 2026-12-01

- The first.

[Unreleased]: {home}/compare/0.2.0...main
[0.2.0]: {home}/releases/tag/0.2.0
"""


def load(file: Path) -> Any:
    """Return the content of a YAML file; GitHub's "on" is a boolean there, and no business of ours."""
    return yaml.safe_load(file.read_text(encoding="utf-8"))


# --- Releases ---------------------------------------------------------------------------------------------


@pytest.fixture(name="checkout")
def checkout_fixture(tmp_path: Path) -> Path:
    """Return a repository whose version 0.2.0 can be released."""
    folder = tmp_path / release.INTEGRATION
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"version": "0.2.0"}', encoding="utf-8")
    write_changelog(tmp_path)
    return tmp_path


def write_changelog(checkout: Path, unreleased: str = "", **changes: str) -> None:
    """Write a changelog in which some texts are others."""
    text = CHANGELOG.format(unreleased=unreleased, home=HOME)
    for old, new in changes.items():
        text = text.replace({"date": " - 2026-12-24", "text": "### Added\n\n- A thing.\n"}[old], new)
    (checkout / "CHANGELOG.md").write_text(text, encoding="utf-8")


def test_notes_are_the_section_of_the_changelog(checkout: Path) -> None:
    assert release.notes("0.2.0", checkout) == "### Added\n\n- A thing.\n"


@pytest.mark.parametrize(
    ("version", "unreleased", "changes", "reason"),
    [
        ("0.1.0", "", {}, "manifest.json says 0.2.0"),
        ("v0.2.0", "", {}, "is no version"),
        ("0.2.0", "\n- More.\n", {}, "unreleased"),
        ("0.2.0", "", {"date": ""}, "no date"),
        ("0.2.0", "", {"text": ""}, "says nothing"),
    ],
)
def test_what_disagrees_is_not_released(
    checkout: Path, version: str, unreleased: str, changes: dict[str, str], reason: str
) -> None:
    write_changelog(checkout, unreleased, **changes)
    with pytest.raises(release.ReleaseError, match=reason):
        release.notes(version, checkout)


def test_version_without_a_section_is_not_released(checkout: Path) -> None:
    (checkout / release.INTEGRATION / "manifest.json").write_text('{"version": "0.3.0"}', encoding="utf-8")
    with pytest.raises(release.ReleaseError, match=r"newest version in CHANGELOG\.md is 0\.2\.0"):
        release.notes("0.3.0", checkout)


def test_archive_holds_the_integration_and_nothing_else(tmp_path: Path) -> None:
    archives = [tmp_path / "one.zip", tmp_path / "two.zip"]
    for archive in archives:
        release.pack(archive)
    assert archives[0].read_bytes() == archives[1].read_bytes()
    with zipfile.ZipFile(archives[0]) as archive_file:
        assert archive_file.testzip() is None
        names = set(archive_file.namelist())
        assert archive_file.read("manifest.json") == MANIFEST.read_bytes()
    folder = MANIFEST.parent
    written = {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert {"__init__.py", "translations/en.json", "brand/icon.png", "protocol/crypto.py"} <= names <= written


def test_hacs_and_the_marketplace_take_the_files_of_the_tag() -> None:
    """The Marketplace would ask for a zip file that `hacs.json` names even where there is no release yet."""
    assert not {"zip_release", "filename"} & json.loads((ROOT / "hacs.json").read_text()).keys()


def test_release_publishes_what_was_made() -> None:
    """Only after every check, and only the two files."""
    jobs = load(GITHUB / "workflows" / "release.yml")["jobs"]
    assert set(jobs["release"]["needs"]) == {"tests", "validate"}
    assert jobs["tests"]["needs"] == jobs["validate"]["needs"] == "check"
    *_, check, publish = (step["run"] for step in jobs["release"]["steps"] if "run" in step)
    assert check == jobs["check"]["steps"][-1]["run"] == 'scripts/release "$GITHUB_REF_NAME"'
    assert {f".cache/release/{release.ARCHIVE}", f".cache/release/{release.NOTES}"} <= set(publish.split())


# --- Workflows and forms ----------------------------------------------------------------------------------


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_workflows_are_modest_and_pinned(file: Path) -> None:
    """Nobody who takes over an action, or sends a pull request, gets more than this."""
    workflow = load(file)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        writes = [key for key, value in job.get("permissions", {}).items() if value != "read"]
        assert writes == (["contents"] if name == "release" else []), name
        used = [step["uses"] for step in job.get("steps", ()) if "uses" in step]
        for action in (*used, *([job["uses"]] if "uses" in job else ())):
            if action.startswith("./"):
                assert (ROOT / action).is_file()
            else:
                assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action), action
        for step in job.get("steps", ()):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
            command = step.get("run", "").split()
            assert not command or command[0] == "gh" or (ROOT / command[0]).stat().st_mode & 0o111, command
            assert "${{ github.event" not in step.get("run", ""), "what strangers write is no command"


def test_all_releases_of_home_assistant_are_tried() -> None:
    jobs = load(GITHUB / "workflows" / "tests.yml")["jobs"]
    assert jobs["releases"]["strategy"]["matrix"]["release"] == ["oldest", "newest"]
    assert jobs["releases"]["steps"][-1]["run"] == "scripts/test --${{ matrix.release }}"
    commands = [step.get("run") for step in jobs["tests"]["steps"]]
    assert commands[1:5] == [
        "scripts/setup --browser",
        "scripts/lint",
        "scripts/test",
        "scripts/demo --check",
    ]


@pytest.mark.parametrize("file", FORMS, ids=lambda file: file.stem)
def test_forms_ask_for_diagnostics(file: Path) -> None:
    form = load(file)
    assert set(form) == {"name", "description", "labels", "body"}
    asked = [field for field in form["body"] if field["type"] != "markdown"]
    ids = [field["id"] for field in asked]
    assert len(ids) == len(set(ids))
    assert all(field["type"] in {"checkboxes", "dropdown", "input", "textarea"} for field in asked)
    assert all(field["attributes"]["label"].strip() for field in asked)
    diagnostics = next(field for field in asked if field["id"] == "diagnostics")
    assert "Download diagnostics" in diagnostics["attributes"]["description"]
    # Whoever only wishes for something may not have a lock yet.
    assert diagnostics.get("validations", {}).get("required", False) is (file.stem == "problem")


def test_vulnerabilities_are_not_reported_in_public() -> None:
    config = load(GITHUB / "ISSUE_TEMPLATE" / "config.yml")
    assert config["blank_issues_enabled"] is False
    assert f"{HOME}/security/advisories/new" in [link["url"] for link in config["contact_links"]]
    for document in ("README.md", "CONTRIBUTING.md"):
        assert "](SECURITY.md)" in (ROOT / document).read_text(encoding="utf-8")


def test_owners_are_those_of_the_manifest() -> None:
    owners = [
        line.split()
        for line in (GITHUB / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    assert owners == [["*", *json.loads(MANIFEST.read_text(encoding="utf-8"))["codeowners"]]]


def test_updates_leave_to_home_assistant_what_it_pins() -> None:
    """The stack under the integration is tested in the versions of the release, and changes with it."""
    updates = {update["package-ecosystem"]: update for update in load(GITHUB / "dependabot.yml")["updates"]}
    assert set(updates) == {"github-actions", "pip"}
    ignored = {each["dependency-name"] for each in updates["pip"]["ignore"]}
    before, _, _ = (
        (ROOT / "requirements_test.txt").read_text(encoding="utf-8").partition("# The integration.")
    )
    lines = [line for line in before.splitlines() if line and not line.startswith("#")]
    assert ignored == {Requirement(line).name for line in lines}
    with_requirements = {
        f"/{file.parent.relative_to(ROOT)}".rstrip(".")
        for file in map(
            ROOT.__truediv__,
            subprocess.run(
                ("git", "-c", "safe.directory=*", "ls-files", "*requirements*.txt"),
                cwd=ROOT,
                check=True,
                capture_output=True,
                text=True,
            ).stdout.split(),
        )
    }
    assert set(updates["pip"]["directories"]) == with_requirements


# --- Where things stand, and where links lead -------------------------------------------------------------


def test_readme_begins_with_what_an_owner_does() -> None:
    """Install, add, use; and trying without a lock after that, with two commands."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    heads = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert heads[:2] == ["Install", "Using it"]
    assert "Try it without a lock" in heads[3:]
    section = text.partition("## Try it without a lock")[2].partition("\n## ")[0]
    (commands,) = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    assert [line.split()[0] for line in commands.splitlines()] == ["scripts/demo", "scripts/test"]


WITH_LINKS = [
    *DOCUMENTS,
    *sorted(GITHUB.rglob("*.yml")),
    *sorted(GITHUB.rglob("*.md")),
    *sorted((ROOT / "texts").glob("*.toml")),
    *sorted((ROOT / "blueprints").rglob("*.yaml")),
    *sorted((ROOT / "custom_components").rglob("*.py")),
]


def test_links_to_our_own_pages_lead_somewhere() -> None:
    """Also where a link has to be absolute: in forms, in what Home Assistant shows, and in blueprints."""
    found = 0
    for file in WITH_LINKS:
        for kind, name, place in re.findall(
            rf"{HOME}/(blob|tree|raw)/main/([\w./-]*[\w/-])(?:#([\w-]+))?", file.read_text(encoding="utf-8")
        ):
            found += 1
            target = ROOT / name
            assert target.is_dir() if kind == "tree" else target.is_file(), f"{file}: {name}"
            assert not place or place in places(target), f"{file}: {name}#{place}"
    assert found > 3
