"""Finds commands and blocks in the documents."""

from collections.abc import Iterator
from pathlib import Path
import re
from typing import NamedTuple, override

from tests.test_docs import DOCUMENTS

__all__ = ["ROOT", "Block", "blocks", "commands"]

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
# What stands between backticks and begins like this is to be typed.
_TYPED = re.compile(r"`((?:scripts/|\.ci/|\.cache/venv/bin/|python -m )[^`\n]+)`")


class Block(NamedTuple):
    """A block of code: where it stands, its language, and its text."""

    document: Path
    line: int
    language: str
    text: str

    @override
    def __str__(self) -> str:
        """Return the place in the form editors understand."""
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def blocks() -> Iterator[Block]:
    """Yield the blocks of all documents."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for found in _FENCE.finditer(text):
            yield Block(document, text[: found.start()].count("\n") + 1, found[2], found[3])


def commands() -> dict[str, str]:
    """Return each command that is to be typed, once, and where it stands first."""
    found: dict[str, str] = {}
    for block in blocks():
        if block.language == "sh":
            for line in block.text.splitlines():
                if command := line.partition("#")[0].strip():
                    found.setdefault(command, str(block))
    for document in DOCUMENTS:
        for command in _TYPED.findall(document.read_text(encoding="utf-8")):
            # Folders, and what scripts share, are no commands.
            if not command.startswith("scripts/lib/") and not (ROOT / command.split()[0]).is_dir():
                found.setdefault(command, str(document.relative_to(ROOT)))
    return found
