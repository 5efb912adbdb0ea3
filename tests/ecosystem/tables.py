"""Tables of docs/ecosystem.md: what a test has seen has to stand there."""

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
import re

from homeassistant.const import __version__

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = ROOT / "docs" / "ecosystem.md"


def versions(*packages: str) -> str:
    """Return the versions that a table was seen with."""
    return ", ".join([f"Home Assistant {__version__}", *(f"{each} {version(each)}" for each in packages)])


def rendered(seen_with: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown, with the versions above it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join([f"Seen with {seen_with}:", "", *("| " + " | ".join(row) + " |" for row in lines)])


def check(name: str, table: str) -> None:
    """Compare a table with the document; if they differ, print what belongs there.

    With another release of Home Assistant than the one that is pinned, the versions may differ, but nothing else.
    """
    text = DOCUMENT.read_text(encoding="utf-8")
    found = re.search(rf"<!-- {name} -->\n\n(.*?)\n\n<!-- end of {name} -->", text, re.DOTALL)
    written = found[1] if found else "nothing"
    pinned = f"({__version__})" in (ROOT / "requirements_test.txt").read_text(encoding="utf-8")
    same = written == table if pinned else written.partition("\n")[2] == table.partition("\n")[2]
    assert same, f"docs/ecosystem.md, {name}: read what has changed, then write\n\n{table}\n"
