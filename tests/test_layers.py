"""Who may import whom: dependencies between the packages point one way.

The files are parsed, not imported, because importing a sub-package runs the integration's own
`__init__.py` first.
"""

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
import sys
from typing import NamedTuple, override

import pytest

ROOT = Path(__file__).parent.parent
SHIPPED = "custom_components.smartlock"
PROTOCOL = f"{SHIPPED}.protocol"
SNAPSHOT = f"{SHIPPED}.snapshot"
RUNTIME = f"{SHIPPED}.runtime"


class Layer(NamedTuple):
    """A package and what it may import beside itself and the standard library."""

    package: str
    may_import: tuple[str, ...]


# The first layer that contains a module is its layer.
LAYERS = (
    # The one module that knows the cryptographic library.
    Layer(f"{PROTOCOL}.crypto", (PROTOCOL, "nacl")),
    Layer(PROTOCOL, ()),
    Layer(f"{SHIPPED}.client", (PROTOCOL, SNAPSHOT, "bleak", "bleak_retry_connector")),
    # Shared by the client and the rules of features, so it must not know them.
    Layer(SNAPSHOT, (PROTOCOL,)),
    Layer(
        SHIPPED,
        ("aiohttp", "bleak", "bleak_retry_connector", "bluetooth_data_tools", "homeassistant", "voluptuous"),
    ),
)

# The virtual lock shares declarations with the integration but no behaviour, so that the two can
# disagree.
SIMULATOR_MAY_USE = {
    f"{PROTOCOL}.{module}"
    for module in ("crypto", "dialects", "enums", "errors", "frames", "messages", "undocumented", "wire")
}

# A feature decides in a module or package of this name: pure steps, which know neither Home Assistant nor the
# radio, but each other.
RULES = "rules"
RULES_MAY_USE = (
    *(f"{PROTOCOL}.{module}" for module in ("enums", "messages", "settings", "time_zones", "values", "wire")),
    SNAPSHOT,
)


class Import(NamedTuple):
    """One import: where it stands, the module it names, and whether it is written relatively."""

    file: Path
    line: int
    module: str
    relative: bool

    @override
    def __str__(self) -> str:
        """Return the place in the form editors understand."""
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.module}"


def module_of(file: Path) -> str:
    """Return the dotted name of a file of the repository."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def exists(module: str) -> bool:
    """Return whether the repository has a module of this name."""
    path = ROOT.joinpath(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def imports_of(file: Path, source: str) -> Iterator[Import]:
    """Yield every import of a source file, those inside functions and for type checking included."""
    package = module_of(file).split(".")
    if file.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name, relative=False)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            for alias in node.names:
                # `from package import module` names the module, not something inside the package.
                name = f"{module}.{alias.name}"
                yield Import(file, node.lineno, name if exists(name) else module, bool(node.level))


def belongs_to(module: str, package: str) -> bool:
    """Return whether a module is the package or lies inside it."""
    return module == package or module.startswith(f"{package}.")


def layer_of(module: str) -> Layer:
    """Return the layer of a module that ships."""
    return next(layer for layer in LAYERS if belongs_to(module, layer.package))


def is_rule(module: str) -> bool:
    """Return whether a module belongs to the rules of a feature."""
    return belongs_to(module, SHIPPED) and RULES in module.split(".")


def is_allowed(item: Import) -> bool:
    """Return whether the table allows this import."""
    importer = module_of(item.file)
    if item.module.partition(".")[0] in sys.stdlib_module_names:
        return True
    if belongs_to(importer, "simulator"):
        return not belongs_to(item.module, "custom_components") or item.module in SIMULATOR_MAY_USE
    if is_rule(importer):
        return is_rule(item.module) or any(belongs_to(item.module, package) for package in RULES_MAY_USE)
    layer = layer_of(importer)
    return any(belongs_to(item.module, package) for package in (layer.package, *layer.may_import))


@cache
def all_imports(*folders: str) -> tuple[Import, ...]:
    """Return the imports of all files in these folders of the repository."""
    return tuple(
        item
        for folder in folders
        for file in sorted((ROOT / folder).rglob("*.py"))
        for item in imports_of(file, file.read_text(encoding="utf-8"))
    )


def test_imports_follow_the_table() -> None:
    imports = all_imports("custom_components", "simulator")
    assert len(imports) > 100
    assert not [str(item) for item in imports if not is_allowed(item)]


def test_relative_imports_stay_inside_the_protocol() -> None:
    """Relative in the protocol, full names elsewhere, so that each class exists once."""
    wrong = [
        str(item)
        for item in all_imports("custom_components", "simulator", "tests", "benchmarks")
        if belongs_to(item.module, PROTOCOL) and item.relative != belongs_to(module_of(item.file), PROTOCOL)
    ]
    assert not wrong


def room_of(module: str) -> str:
    """Return the folder or module of the integration that a module belongs to."""
    return ".".join(module.split(".")[:3])


def test_no_feature_knows_the_runtime() -> None:
    """A feature knows its own part; the runtime puts the parts together."""
    wrong = [
        str(item)
        for item in all_imports("custom_components")
        if belongs_to(item.module, RUNTIME) and item.file.parent != ROOT.joinpath(*SHIPPED.split("."))
    ]
    assert not wrong


def circles(arrows: dict[str, set[str]]) -> list[tuple[str, ...]]:
    """Return each set of rooms that lead to each other; an arrow leads from who imports to what is imported."""

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        waiting = [start]
        while waiting:
            for room in arrows.get(waiting.pop(), set()) - found:
                found.add(room)
                waiting.append(room)
        return found

    reach = {room: reached(room) for room in arrows}
    return sorted(
        {
            tuple(sorted(r for r in reach[room] if room in reach.get(r, ())))
            for room in arrows
            if room in reach[room]
        }
    )


def arrows_between(name: Callable[[str], str]) -> dict[str, set[str]]:
    """Return which part of the integration imports which, by the names that `name` gives to modules."""
    arrows: dict[str, set[str]] = {}
    for item in all_imports("custom_components"):
        source, target = name(module_of(item.file)), name(item.module)
        # The integration's own `__init__.py` is imported by nobody by name.
        if belongs_to(item.module, SHIPPED) and source != target and item.module != SHIPPED:
            arrows.setdefault(source, set()).add(target)
    return arrows


def test_no_circle_between_packages() -> None:
    assert circles(arrows_between(room_of)) == []


def test_no_circle_between_modules() -> None:
    assert circles(arrows_between(lambda module: module)) == []


@pytest.mark.parametrize(
    ("arrows", "found"),
    [
        ({"a": {"b"}, "b": {"c"}}, []),
        ({"a": {"b"}, "b": {"a"}}, [("a", "b")]),
        ({"a": {"b"}, "b": {"c"}, "c": {"b"}}, [("b", "c")]),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"e"}, "e": {"d"}}, [("a", "b", "c"), ("d", "e")]),
    ],
)
def test_circles_are_found(arrows: dict[str, set[str]], found: list[tuple[str, ...]]) -> None:
    assert circles(arrows) == found


@pytest.mark.parametrize(
    ("file", "line", "allowed"),
    [
        ("protocol/frames.py", "from . import crypto", True),
        ("protocol/frames.py", "from .crypto import encrypt", True),
        ("protocol/crypto.py", "from nacl import bindings", True),
        ("protocol/frames.py", "from nacl import bindings", False),
        ("protocol/frames.py", "import homeassistant.core", False),
        ("protocol/frames.py", "from ..client import client", False),
        ("client/client.py", "from custom_components.smartlock.protocol.frames import x", True),
        ("client/client.py", "from custom_components.smartlock.coordinator import x", False),
        ("client/client.py", "def f():\n    from homeassistant.core import HomeAssistant", False),
        ("faults/rules/faults.py", "from custom_components.smartlock.protocol import enums", True),
        ("faults/rules/faults.py", "from custom_components.smartlock.protocol import frames", False),
        ("faults/rules/faults.py", "from custom_components.smartlock.client import client", False),
        ("faults/rules/faults.py", "from custom_components.smartlock.pin.rules import x", True),
        ("faults/rules/faults.py", "from custom_components.smartlock.faults.tracker import x", False),
        ("pin/rules.py", "from custom_components.smartlock.protocol import enums", True),
        ("pin/rules.py", "from homeassistant.core import HomeAssistant", False),
        ("pin/rules.py", "from custom_components.smartlock.pin.guard import PinGuard", False),
        ("snapshot.py", "import homeassistant", False),
        ("lock.py", "from homeassistant.core import HomeAssistant", True),
        ("lock.py", "from custom_components.smartlock.client import client", True),
        ("lock.py", "import simulator", False),
        ("lock.py", "from nacl import bindings", False),
    ],
)
def test_the_table_itself(file: str, line: str, allowed: bool) -> None:
    items = list(imports_of(ROOT / "custom_components/smartlock" / file, line))
    assert items
    assert all(is_allowed(item) for item in items) is allowed


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("from custom_components.smartlock.protocol import messages", True),
        ("from custom_components.smartlock.protocol.frames import x", True),
        ("from custom_components.smartlock.protocol.pairing import x", False),
        ("from custom_components.smartlock.protocol import conversations", False),
        ("from custom_components.smartlock.protocol import Something", False),
        ("import custom_components.smartlock.client.client", False),
        ("from aiohttp import web", True),
    ],
)
def test_the_simulator_shares_declarations_only(line: str, allowed: bool) -> None:
    items = list(imports_of(ROOT / "simulator/lock.py", line))
    assert items
    assert all(is_allowed(item) for item in items) is allowed
