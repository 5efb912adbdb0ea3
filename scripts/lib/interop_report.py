"""Counts what outsiders confirm, prints it and writes docs/interop.md.

Three numbers: the commands that the protocol declares, the published vectors that it reproduces, and the operations
of an unmodified pyNukiBT that succeed against the virtual lock.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
import re
import subprocess
import sys
from xml.etree import ElementTree as ET

from custom_components.smartlock.protocol import messages, opener, undocumented
from custom_components.smartlock.protocol.dialects import DIALECTS
from custom_components.smartlock.protocol.enums import Command
from simulator.virtual_lock import MODELS
from tests.vectors import VECTORS

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "docs" / "interop.md"
RESULTS = ROOT / ".cache" / "interop.xml"

PEER = "pyNukiBT"
JUDGE = "tests.interop.test_pynukibt"

# What was seen on this day, client by client: name, version, language, models, operations, surprises.
OTHERS_SEEN = "2026-11-29"
_OLDER = "`gen2`, `gen3`, `gen4`"
_RASPI = ("Python", _OLDER, "settings; lock, unlock, unlatch, full lock")
_NOT_ULTRA = "does not know the pairing of the fifth generation"
OTHERS = (
    (
        "[NukiBleEsp32](https://github.com/I-Connect/NukiBleEsp32), on which Nuki Hub is built",
        "2.0.0, e2edfa2",
        "C++",
        f"{_OLDER}, `ultra`",
        (
            "26 operations, all of which succeed: pairing, state, both kinds of settings read and changed, battery report, PIN verified"
            " and changed, five lock actions, keypad codes and time control added and read, codes changed and deleted, log, users,"
            " clock, calibration, restart"
        ),
        (
            "names another app id with an action than at pairing unless it is told otherwise, which the virtual lock takes and notes;"
            " has no name for the answer Time Control Entry ID (0x003A)"
        ),
    ),
    ("[RaspiNukiBridge](https://github.com/dauden1184/RaspiNukiBridge)", "03cdd89", *_RASPI, _NOT_ULTRA),
    (
        "[its fork](https://github.com/regevbr/RaspiNukiBridge)",
        "c365252",
        *_RASPI,
        f"{_NOT_ULTRA}; its queue, which Python 3.10 and newer refuse, was left out",
    ),
    (
        "[nukible](https://github.com/as19git67/nukible)",
        "1.1.1, fad5b24",
        "JavaScript",
        _OLDER,
        "lock, unlock, unlatch, lock 'n' go with unlatch",
        (
            "needs messages in pieces of 20 bytes (ATT MTU 23), which the virtual lock then sends; takes any charge for *critical*, since it"
            " is older than the percentage in that byte; its lock 'n' go came while the latch was held, and was refused as busy (0x45)"
        ),
    ),
)

# Who documents a message.
_SOURCES = {
    messages: "the vendor's Smart Lock document",
    opener: "the vendor's Opener document, as public clients cite it",
    undocumented: "public clients only",
}
# Origins of vectors that nobody else has published: they follow a documented layout.
_CONSTRUCTED = ("derived", "synthetic")
# The one vector that is no case of a test with many.
_TESTS_OF_VECTORS = {"crc-check-value": "test_crc_check_value"}


@dataclass(frozen=True)
class Case:
    """One test case and whether it passed."""

    module: str
    test: str
    parameters: str
    passed: bool

    @property
    def words(self) -> list[str]:
        """Parameters one by one."""
        return self.parameters.split("-")


def declared() -> dict[str, set[tuple[Command, str]]]:
    """Return commands with their direction, by who documents them."""
    found: dict[str, set[tuple[Command, str]]] = {source: set() for source in _SOURCES.values()}
    for dialect in DIALECTS.values():
        for direction, spoken in (("to the lock", dialect.requests), ("from the lock", dialect.answers)):
            for kind in spoken.values():
                source = _SOURCES[sys.modules[kind.__module__]]
                found[source].add((kind.command, direction))
    return found


def run_tests() -> list[Case]:
    """Let the vectors and the peer judge; return every case."""
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--quiet", "--no-header", "-p", "no:cacheprovider"),
            *(f"--junitxml={RESULTS}", "tests/interop/test_pynukibt.py", "tests/protocol/test_vectors.py"),
        ],
        cwd=ROOT,
        check=False,
        stdout=subprocess.DEVNULL,
    )
    results = ET.parse(RESULTS)  # noqa: S314 - pytest has just written it
    return list(_cases(results.iter("testcase")))


def _cases(elements: Iterable[ET.Element]) -> Iterator[Case]:
    for element in elements:
        match = re.fullmatch(r"(\w+)(?:\[(.*)\])?", element.get("name", ""))
        if match is not None:
            bad = any(child.tag in ("failure", "error", "skipped") for child in element)
            yield Case(element.get("classname", ""), match[1], match[2] or "", not bad)


def passing_vectors(cases: Iterable[Case]) -> dict[str, bool]:
    """Return for each vector whether every case about it passed, and there was one."""
    verdicts: dict[str, list[bool]] = {vector: [] for vector in VECTORS}
    for case in cases:
        for vector, verdict in verdicts.items():
            if vector == case.parameters or _TESTS_OF_VECTORS.get(vector) == case.test:
                verdict.append(case.passed)
    return {vector: bool(verdict) and all(verdict) for vector, verdict in verdicts.items()}


def passing_operations(operations: Mapping[str, str], cases: Iterable[Case]) -> dict[str, dict[str, bool]]:
    """Return for each operation of the peer the models, and whether every case on that model passed."""
    judged = [case for case in cases if case.module == JUDGE]
    table: dict[str, dict[str, bool]] = {}
    for operation, test in operations.items():
        variant = re.search(r"\((.*)\)", operation)
        row: dict[str, bool] = {}
        for case in judged:
            if case.test != test or (variant is not None and variant[1] not in case.words):
                continue
            for model in set(case.words) & set(MODELS):
                row[model] = row.get(model, True) and case.passed
        table[operation] = row
    return table


def render(operations: Mapping[str, Mapping[str, bool]], vectors: Mapping[str, bool], cases: int) -> str:
    """Return the document."""
    commands = declared()
    passed = sum(_succeeds(row) for row in operations.values())
    lines = [
        "# Interoperability",
        "",
        f"Written by `scripts/interop` on {datetime.now(UTC):%Y-%m-%d}; do not edit.",
        "",
        *summary(commands, vectors, passed, len(operations)),
        "",
        "## Commands declared",
        "",
        "| Documented by | to the lock | from the lock |",
        "| --- | --- | --- |",
        *(
            f"| {source} | {_count(found, 'to the lock')} | {_count(found, 'from the lock')} |"
            for source, found in commands.items()
        ),
        "",
        "A command that two documents have is counted for each. [Every one with its layout](protocol.md).",
        "",
        "## Published vectors",
        "",
        "Bytes that the vendor's documents print or that real devices sent. *Derived* and *synthetic* ones follow a",
        "documented layout where nobody has published a capture.",
        "",
        "| Origin | Kind | Vectors | Reproduced |",
        "| --- | --- | --- | --- |",
        *_vector_rows(vectors),
        "",
        f"## {PEER}",
        "",
        f"{PEER} {version(PEER)}, unmodified, against the virtual lock: {cases} cases. It pairs with `gen2`, `gen3`",
        "and `gen4` as documented for generations 1 to 4, and with `ultra` as documented for the fifth. Beside these",
        "operations it is given every error code and every fault of the motor.",
        "",
        "| Operation | " + " | ".join(MODELS) + " |",
        "| --- |" + " --- |" * len(MODELS),
        *(
            f"| `{operation}` | " + " | ".join(_cell(row, model) for model in MODELS) + " |"
            for operation, row in operations.items()
        ),
        "",
        *other_clients(),
    ]
    return "\n".join(lines)


def other_clients() -> list[str]:
    """Return what other people's clients, run by hand, did with the virtual lock."""
    return [
        "## Other clients",
        "",
        f"Run by hand on {OTHERS_SEEN}, each as it is published, with its Bluetooth stack led to the virtual lock; they are no part",
        "of the tests. The motor ran once for each action that was accepted.",
        "",
        "| Client | Version | Language | Paired with | What it did | What was seen |",
        "| --- | --- | --- | --- | --- | --- |",
        *(f"| {' | '.join(row)} |" for row in OTHERS),
        "",
    ]


def summary(
    commands: Mapping[str, set[tuple[Command, str]]],
    vectors: Mapping[str, bool],
    passed: int,
    operations: int,
) -> list[str]:
    """Return the three numbers as lines of a list."""
    total = sum(len(found) for found in commands.values())
    constructed = sum(VECTORS[vector]["origin"] in _CONSTRUCTED for vector in vectors)
    reproduced = f"{sum(vectors.values())} of {len(vectors)}"
    return [
        f"* Commands declared: {total}",
        f"* Vectors reproduced: {reproduced}, {constructed} of which were constructed from a documented layout",
        f"* Operations of {PEER} that succeed: {passed} of {operations}",
    ]


def _succeeds(row: Mapping[str, bool]) -> bool:
    return bool(row) and all(row.values())


def _count(found: set[tuple[Command, str]], direction: str) -> int:
    return sum(spoken == direction for _, spoken in found)


def _cell(row: Mapping[str, bool], model: str) -> str:
    return {True: "yes", False: "**no**", None: ""}[row.get(model)]


def _vector_rows(vectors: Mapping[str, bool]) -> Iterator[str]:
    groups: dict[tuple[str, str], list[bool]] = {}
    for vector, passed in vectors.items():
        told = VECTORS[vector]
        groups.setdefault((told["origin"], told["kind"].replace("_", " ")), []).append(passed)
    for (origin, kind), verdicts in sorted(groups.items()):
        yield f"| {origin} | {kind} | {len(verdicts)} | {sum(verdicts)} |"


def main() -> int:
    """Run everything, write the document, print the numbers; fail if anything failed."""
    try:
        from tests.interop.test_pynukibt import OPERATIONS
    except BaseException as error:  # noqa: BLE001 - pytest's own way to say that something is not installed
        print(f"interop: {PEER} cannot be imported: {error}", file=sys.stderr)
        return 1
    cases = run_tests()
    vectors = passing_vectors(cases)
    operations = passing_operations(OPERATIONS, cases)
    judged = sum(case.module == JUDGE for case in cases)
    TARGET.write_text(render(operations, vectors, judged), encoding="utf-8")
    passed = sum(_succeeds(row) for row in operations.values())
    print(
        "\n".join(line.removeprefix("* ") for line in summary(declared(), vectors, passed, len(operations)))
    )
    failed = [f"{case.test}[{case.parameters}]" for case in cases if not case.passed]
    for name in failed:
        print(f"failed: {name}", file=sys.stderr)
    return 1 if failed or not all(vectors.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
