"""What this repository takes from Home Assistant and its Bluetooth stack is there, and is called as it wants to be.

A release that renames or removes something would otherwise show as a file that cannot be imported, or as hundreds of failed
tests that do not say why. These read the source without importing it, so each failure names what is gone and who needs it.
"""

from annotationlib import Format
import ast
from collections.abc import Iterable, Iterator
from functools import cache
import importlib
import inspect
import json
from pathlib import Path
import pkgutil
from typing import Any, NamedTuple, override

from homeassistant import components
import pytest

ROOT = Path(__file__).parent.parent
SHIPPED = ROOT / "custom_components"
FOLDERS = (SHIPPED, ROOT / "simulator", ROOT / "benchmarks", ROOT / "tests")

OTHERS = (
    "aioesphomeapi",
    "bleak",
    "bleak_esphome",
    "bleak_retry_connector",
    "bluetooth_data_tools",
    "habluetooth",
    "homeassistant",
    "pytest_homeassistant_custom_component",
)

MISSING = object()


class Use(NamedTuple):
    """One thing of somebody else, and where it is named."""

    name: str
    place: str


class Call(NamedTuple):
    """How one thing of somebody else is called."""

    name: str
    place: str
    positional: int
    keywords: tuple[str, ...]
    complete: bool


def is_theirs(name: str) -> bool:
    """Return whether a dotted name belongs to one of the packages."""
    return name.partition(".")[0] in OTHERS


@cache
def found(name: str) -> Any:
    """Return what a dotted name stands for: a module, or something in one. MISSING if there is no such thing."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            thing: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError as error:
            # A package that it needs and that is not installed is another story.
            if not (error.name or "").startswith(parts[0]):
                raise
            continue
        for part in parts[length:]:
            thing = getattr(thing, part, MISSING)
            if thing is MISSING:
                return MISSING
        return thing
    return MISSING


class Reader(ast.NodeVisitor):
    """Collects what one file uses of the others."""

    def __init__(self, file: Path) -> None:
        """Read the file."""
        self.file = file
        self.uses: list[Use] = []
        self.calls: list[Call] = []
        self._names: dict[str, str] = {}
        tree = ast.parse(file.read_text(encoding="utf-8"))
        # All imports first, also those inside functions and those for types only.
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._take(node)
        self.visit(tree)

    def _place(self, node: ast.expr | ast.stmt) -> str:
        return f"{self.file.relative_to(ROOT)}:{node.lineno}"

    def _take(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            name = f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
            if is_theirs(name) and not (isinstance(node, ast.ImportFrom) and node.level):
                self.uses.append(Use(name, self._place(node)))
                # `import a.b` binds `a`.
                bound = alias.asname or (
                    alias.name if isinstance(node, ast.ImportFrom) else name.partition(".")[0]
                )
                self._names[bound] = name if alias.asname or isinstance(node, ast.ImportFrom) else bound

    def _dotted(self, node: ast.expr) -> str | None:
        """Return the whole name of an expression that leads into one of the packages."""
        if isinstance(node, ast.Name):
            return self._names.get(node.id)
        if isinstance(node, ast.Attribute) and (before := self._dotted(node.value)):
            return f"{before}.{node.attr}"
        return None

    @override
    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Take `bluetooth.async_register_callback`."""
        before = self._dotted(node.value)
        # Attributes of values are nothing that a module can be asked for.
        if before and (inspect.ismodule(found(before)) or inspect.isclass(found(before))):
            self.uses.append(Use(f"{before}.{node.attr}", self._place(node)))
        self.generic_visit(node)

    @override
    def visit_Call(self, node: ast.Call) -> None:
        """Take the call, with the arguments that are written out."""
        if name := self._dotted(node.func):
            starred = any(isinstance(each, ast.Starred) for each in node.args)
            self.calls.append(
                Call(
                    name,
                    self._place(node),
                    sum(not isinstance(each, ast.Starred) for each in node.args),
                    tuple(each.arg for each in node.keywords if each.arg),
                    not starred and all(each.arg for each in node.keywords),
                )
            )
        self.generic_visit(node)

    @override
    def visit_Constant(self, node: ast.Constant) -> None:
        """Take what tests put something else in the place of: `patch("homeassistant.loader.BLUETOOTH")`."""
        text = node.value
        if isinstance(text, str) and is_theirs(text) and all(map(str.isidentifier, text.split("."))):
            before = text.rpartition(".")[0]
            # Those of the first level are Home Assistant's own actions.
            if "." in before or text.startswith("habluetooth."):
                self.uses.append(Use(text, self._place(node)))


def signature_of(thing: Any) -> inspect.Signature:
    """Return the signature; its annotations may name what is imported for the type checker alone."""
    return inspect.signature(thing, annotation_format=Format.FORWARDREF)


@cache
def read(folder: Path) -> tuple[Reader, ...]:
    """Return what the files of a folder use."""
    return tuple(Reader(file) for file in sorted(folder.rglob("*.py")) if "vectors" not in file.parts)


def assert_none(lines: Iterable[str]) -> None:
    """Fail with all of these, one below the other, unless there are none."""
    if named := "\n".join(sorted(set(lines))):
        pytest.fail(named, pytrace=False)


# What is not promised, but decided upon: the value, and who would have to be looked at again.
VALUES = {
    "bleak_retry_connector.BLEAK_OUT_OF_SLOTS_BACKOFF_TIME": (4.0, "client/ble.py waits for slots itself"),
    "bleak_retry_connector.BLEAK_TIMEOUT": (20.0, "client/ble.py waits longer for one attempt"),
    "bleak_retry_connector.MAX_TRANSIENT_ERRORS": (9, "client/ble.py allows one attempt"),
    "habluetooth.const.ADV_RSSI_SWITCH_THRESHOLD": (
        16,
        "docs/auto-unlock.md, phones heard by several proxies",
    ),
    "habluetooth.const.CONNECTABLE_FALLBACK_MAXIMUM_STALE_ADVERTISEMENT_SECONDS": (195, "link/presence.py"),
    "habluetooth.const.UNAVAILABLE_TRACK_SECONDS": (300, "link/presence.py"),
    "homeassistant.helpers.storage.STORAGE_DIR": (".storage", "storage.py keeps damaged files there"),
}


@pytest.mark.parametrize("name", VALUES)
def test_every_value_is_as_it_was(name: str) -> None:
    value, needed_by = VALUES[name]
    assert found(name) == value, needed_by


def uses(*, shipped: bool) -> Iterator[Use]:
    """Yield what the integration needs, or what only the rest needs."""
    for folder in FOLDERS:
        if (folder == SHIPPED) is shipped:
            for reader in read(folder):
                yield from reader.uses


@pytest.mark.parametrize("shipped", [True, False], ids=["integration", "tests"])
def test_every_name_is_there(shipped: bool) -> None:
    names = list(uses(shipped=shipped))
    assert len({use.name for use in names}) > 50
    assert_none(f"{use.name} is gone: {use.place}" for use in names if found(use.name) is MISSING)


def test_every_call_fits() -> None:
    """Nothing that they have renamed, removed or made necessary among their arguments is called as it was."""
    wrong, checked = [], 0
    for call in (call for folder in FOLDERS for reader in read(folder) for call in reader.calls):
        try:
            theirs = signature_of(found(call.name))
        except TypeError, ValueError:
            continue
        checked += 1
        bind = theirs.bind if call.complete else theirs.bind_partial
        try:
            bind(*[None] * call.positional, **dict.fromkeys(call.keywords))
        except TypeError as error:
            wrong.append(f"{call.name}: {error}: {call.place}")
    assert checked > 400
    assert_none(wrong)


def classes() -> Iterator[type]:
    """Yield all classes of the integration."""
    package = importlib.import_module("custom_components.smartlock")
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        for thing in vars(importlib.import_module(info.name)).values():
            if inspect.isclass(thing) and thing.__module__ == info.name:
                yield thing


def test_every_overridden_method_fits() -> None:
    """It is there, and ours takes everything that Home Assistant hands to its own, also where we do not know that it has one."""
    wrong, checked = [], 0
    for kind in classes():
        for name, ours in vars(kind).items():
            base = next((each for each in kind.__mro__[1:] if name in vars(each)), None)
            where = f"{kind.__module__}.{kind.__qualname__}.{name}"
            if base is None:
                function = getattr(ours, "func", None) or getattr(ours, "fget", None) or ours
                # A second name for a step overrides nothing by that name.
                if getattr(function, "__override__", False) and function.__name__ == name:
                    wrong.append(f"nothing to override: {where}")
                continue
            theirs = vars(base)[name]
            if not (is_theirs(base.__module__) and inspect.isfunction(theirs) and inspect.isfunction(ours)):
                continue
            if name == "__init__":
                continue
            checked += 1
            given = signature_of(theirs).parameters.values()
            positional = [
                each for each in given if each.kind in {each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD}
            ]
            keywords = [each.name for each in given if each.kind == each.KEYWORD_ONLY]
            try:
                signature_of(ours).bind(*positional, **dict.fromkeys(keywords))
            except TypeError as error:
                wrong.append(f"{base.__module__}.{base.__qualname__}.{name}: {error}: {where}")
    assert checked > 20
    assert_none(wrong)


def test_the_marketplace_reads_hacs_json() -> None:
    """The Marketplace of 2026.11 leaves out what it does not understand, without a word to the owner."""
    # Beside the others' names, as it need not be there.
    understood = pytest.importorskip(f"{components.__name__}.marketplace.utils.validate")
    for key, value in json.loads((ROOT / "hacs.json").read_text(encoding="utf-8")).items():
        understood.REPOSITORY_MANIFEST_VALUES[key](value)
