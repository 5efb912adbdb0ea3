"""Generated documents are current, and links between documents lead somewhere."""

import json
from pathlib import Path
import re

import pytest

from custom_components.smartlock.faults.issues import SEVERITIES
from scripts.lib import faults_docs, protocol_docs

ROOT = Path(__file__).parent.parent
INTEGRATION = ROOT / "custom_components/smartlock"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("document", [protocol_docs, faults_docs], ids=["protocol", "faults"])
def test_document_is_current(document: object) -> None:
    """`scripts/generate-docs` writes it anew."""
    target: Path = document.TARGET  # type: ignore[attr-defined]
    assert target.read_text(encoding="utf-8") == document.render()  # type: ignore[attr-defined]


def test_every_fault_has_its_place() -> None:
    """The repairs point there."""
    text = faults_docs.TARGET.read_text(encoding="utf-8")
    for place in (*SEVERITIES, "batteries"):
        assert text.count(f'<a id="{place}"></a>') == 1


def test_the_reference_names_every_action_and_option() -> None:
    reference = (ROOT / "docs/reference.md").read_text(encoding="utf-8")
    texts = json.loads((INTEGRATION / "translations/en.json").read_text(encoding="utf-8"))
    for action in texts["services"]:
        assert re.search(rf"`(smartlock\.)?{action}`", reference), action
    for option in texts["options"]["step"]["init"]["menu_options"].values():
        assert f"*{option}*" in reference, option


def places(document: Path) -> set[str]:
    """Return what can be linked to inside a document: its headings as GitHub names them, and named places."""
    text = document.read_text(encoding="utf-8")
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings} | set(
        re.findall(r'<a id="([^"]+)">', text)
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8"))
    for link in (link for link in links if "://" not in link):
        name, _, place = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        assert target.exists(), link
        assert not place or place in places(target), link


NAMES_TESTS = ("SECURITY.md", "docs/assumptions.md")


@pytest.mark.parametrize("document", NAMES_TESTS)
def test_named_tests_exist(document: str) -> None:
    """What a document claims is proved by the test beside it: each row of a table has one."""
    lines = (ROOT / document).read_text(encoding="utf-8").splitlines()
    rows = [
        line
        for line in lines
        if line.startswith("| ") and not line.startswith(("| ---", "| Assumption", "| What"))
    ]
    assert rows
    for row in rows:
        named = re.findall(r"`(tests/[^`:]+)(?:::(\w+))?`", row)
        assert named, row
        for file, name in named:
            source = (ROOT / file).read_text(encoding="utf-8")
            assert not name or re.search(rf"^(?:async )?def {name}\(", source, re.MULTILINE), (
                f"{file}::{name}"
            )


def test_decisions_are_numbered_and_listed() -> None:
    """Without gaps, and with the same title in the list."""
    folder = ROOT / "docs" / "decisions"
    files = sorted(folder.glob("0*.md"))
    numbers = [int(file.name[:4]) for file in files]
    assert numbers == [*range(1, len(numbers) + 1)]
    listed = re.findall(
        r"^\| \[(\d+)\]\(([^)]+)\) \| (.+) \|$",
        (folder / "README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert [name for _, name, _ in listed] == [file.name for file in files]
    for (number, _, title), file in zip(listed, files, strict=True):
        assert file.read_text(encoding="utf-8").startswith(f"# {number}. {title}\n"), file.name


def test_every_document_can_be_reached_from_the_readme() -> None:
    """A page that nothing links to is not found."""
    reached, waiting = set[Path](), [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document in reached:
            continue
        reached.add(document)
        for link in re.findall(r"\]\(([^)\s]+?)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            target = (document.parent / link).resolve()
            if target.is_dir():
                target /= "README.md"
            if "://" not in link and target.suffix == ".md":
                waiting.append(target)
    assert reached == set(DOCUMENTS)
