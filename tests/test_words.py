"""One word for one thing, and modules of a readable size; the words are in the glossary of CONTRIBUTING.md."""

import ast
from collections.abc import Iterator
import io
from pathlib import Path
import re
import tokenize

import pytest

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "custom_components" / "smartlock"
SOURCES = sorted(SHIPPED.rglob("*.py"))
# These know the words by their names too, such as the people at the door (`Visitors`).
DEVELOPMENT = [file for name in ("simulator", "benchmarks") for file in sorted((ROOT / name).rglob("*.py"))]

# Words that this project once used in a sense of its own, each with what to write instead.
PRIVATE = {
    "anew": "again",
    "calm": "idle or at rest",
    "heard": "received",
    "keeper": "archive, store or tracker",
    "lent": "session",
    "tally": "count",
    "told": "reported, notified or asked",
    "unheard": "unanswered",
    "visit": "read or link",
    "visitor": "LinkUser",
    "whoever": "anyone who",
}
# Names whose text is stored, translated or a contract, so that the word cannot change.
FIXED = {
    "CALIBRATED_ANEW",
    "HEARD_AT_HOME",
    "NOT_HEARD",
    "async_step_not_heard",
}
# Long because they are the vendor's tables.
TABLES = {"protocol/enums.py", "protocol/messages.py"}
MOST_LINES = 450
MOST_LINES_OF_COORDINATOR = 350


def prose_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield the comments and docstrings of a module, each with its line; other strings may be contracts."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, text


def names_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield the names of a module, each with its line."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME and token.string not in FIXED:
            yield token.start[0], token.string


def words_of(text: str) -> set[str]:
    """Return the words of prose or of a name, in lower case, without a plural s."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return {word.removesuffix("s") for word in re.findall(r"[a-z]+", split.lower())}


def private_words(source: str, *, names: bool = True) -> set[tuple[int, str]]:
    """Return which private words stand where in a module, in its prose alone without `names`."""
    texts = [*prose_of(source), *(names_of(source) if names else ())]
    return {(line, word) for line, text in texts for word in words_of(text) & PRIVATE.keys()}


def wrong_words(files: list[Path], *, names: bool) -> list[str]:
    """Return where private words stand in modules, each with what to write instead."""
    return [
        f"{file.relative_to(ROOT)}:{line}: {word}: write {PRIVATE[word]}"
        for file in files
        for line, word in sorted(private_words(file.read_text(encoding="utf-8"), names=names))
    ]


def test_no_private_words() -> None:
    wrong = wrong_words(SOURCES, names=True)
    assert not wrong, "\n".join(wrong)


def test_no_private_words_in_the_prose_of_development() -> None:
    wrong = wrong_words(DEVELOPMENT, names=False)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("# What was told.", {"told"}),
        ('def f() -> None:\n    """Count visits."""', {"visit"}),
        ("on_told = 1", {"told"}),
        ("class LockTold: ...", {"told"}),
        ("silent = told_by = 1", {"told"}),
        ('state = "not_heard"', set()),
        ("async_step_not_heard = 1", set()),
        ("# A silent lock.", set()),
    ],
)
def test_private_words_are_found(source: str, found: set[str]) -> None:
    assert {word for _, word in private_words(source)} == found


def test_names_are_no_prose() -> None:
    assert private_words("told = 1  # A visit.", names=False) == {(1, "visit")}


def test_glossary_explains_the_words() -> None:
    """Everyone who is stopped by this test finds the word to use."""
    glossary = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Glossary")[2]
    missing = [word for word in PRIVATE if not re.search(rf"\b{word}\b", glossary.partition("\n## ")[0])]
    assert not missing


def too_long(lines: dict[str, int]) -> list[str]:
    """Return which modules, given by their paths with their numbers of lines, are too long."""
    limits = {"coordinator.py": MOST_LINES_OF_COORDINATOR}
    return [
        name for name, count in lines.items() if count > limits.get(name, MOST_LINES) and name not in TABLES
    ]


def test_modules_are_short() -> None:
    lines = {
        str(file.relative_to(SHIPPED)): len(file.read_text(encoding="utf-8").splitlines()) for file in SOURCES
    }
    assert not too_long(lines)
    # The limits are known to the lines that are there: a renamed module must not lose its own.
    assert {*TABLES, "coordinator.py"} <= lines.keys()


def test_long_modules_are_found() -> None:
    lines = {
        "a.py": 450,
        "b.py": 451,
        "coordinator.py": 351,
        "link/coordinator.py": 351,
        "protocol/enums.py": 900,
    }
    assert too_long(lines) == ["b.py", "coordinator.py"]
