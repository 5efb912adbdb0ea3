"""What it costs a process to import a client.

Already there, for both sides: `bleak`, `bleak_retry_connector`, and what the integration takes from `homeassistant`,
as in every Home Assistant. Importing a part of a custom integration also imports its `__init__.py`, and with it all
features, which pyNukiBT does not have. So there are two rows each: as it is, and the packages `protocol` and `client`
alone, below an empty package.
"""

import ast
from collections.abc import Iterator
import json
import os
from pathlib import Path
from statistics import median
import subprocess
import sys

from benchmarks.peer import PYNUKIBT, nuki
from benchmarks.rows import Row

__all__ = ["imports"]

ROUNDS, QUICK_ROUNDS = 9, 1
ROOT = Path(__file__).parent.parent
INTEGRATION = Path("custom_components") / "smartlock"

# Runs in a process of its own, with the modules to be there already and those to import as arguments. CPU time, so
# that other work on this machine does not count; memory is what is resident.
SCRIPT = """
import gc, importlib, json, os, sys, time, types
def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
wanted = json.loads(sys.argv[2])
if len(sys.argv) > 3:
    integration = types.ModuleType("custom_components.smartlock")
    integration.__path__ = [sys.argv[3]]
    importlib.import_module("custom_components")
    sys.modules[integration.__name__] = integration
before = resident()
began = time.process_time()
for name in wanted:
    importlib.import_module(name)
taken = time.process_time() - began
print(json.dumps([taken, resident() - before]))
"""


def imports(*, quick: bool) -> list[Row]:
    """Return the rows of this module."""
    ours, there = (
        list(client_modules()),
        ["bleak", "bleak_retry_connector", *sorted(home_assistant_modules())],
    )
    sides = [(ours, False), (ours, True), *([] if nuki is None else [([PYNUKIBT], False)])]
    results: list[list[tuple[float, float]]] = [[] for _ in sides]
    for _ in range(QUICK_ROUNDS if quick else ROUNDS):
        for result, (wanted, alone) in zip(results, sides, strict=True):
            result.append(import_fresh(there, wanted, alone=alone))
    rows = []
    for index, (what, unit, factor) in enumerate((("time", "ms", 1e3), ("memory", "MiB", 1 / 2**20))):
        whole, layers, *peers = (median(each[index] for each in result) * factor for result in results)
        peer = peers[0] if peers else None
        rows.append(Row(name=f"import_{what}", value=whole, unit=unit, against=PYNUKIBT, peer=peer))
        rows.append(Row(name=f"import_layers_{what}", value=layers, unit=unit, against=PYNUKIBT, peer=peer))
    return rows


def import_fresh(there: list[str], wanted: list[str], *, alone: bool) -> tuple[float, float]:
    """Return the CPU seconds and the resident bytes that importing `wanted` takes in a fresh process.

    With `alone` an empty package stands in the place of the integration.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", SCRIPT, json.dumps(there), json.dumps(wanted)]
    done = subprocess.run(
        [*command, str(ROOT / INTEGRATION)] if alone else command,
        cwd=ROOT,
        env=environment | {"PYTHONPATH": str(ROOT)},
        check=True,
        stdout=subprocess.PIPE,
        timeout=60,
    )
    seconds, size = json.loads(done.stdout)
    return seconds, size


def client_modules() -> Iterator[str]:
    """Yield the modules of the packages `protocol` and `client`."""
    for package in ("protocol", "client"):
        for file in sorted((ROOT / INTEGRATION / package).glob("*.py")):
            yield ".".join((*INTEGRATION.parts, package, file.stem)).removesuffix(".__init__")


def home_assistant_modules() -> set[str]:
    """Return the modules of Home Assistant that the integration names in its imports."""
    named: set[str] = set()
    for file in (ROOT / INTEGRATION).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("homeassistant"):
                named.add(node.module)
    return named
