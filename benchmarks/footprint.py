"""What a lock costs a small computer: the time of setting it up, and the memory that it holds from then on.

Each in a fresh process, with Home Assistant and this integration imported already (`import_time`, `import_memory`). CPU for
each hour is in `scale`.
"""

import asyncio
import gc
import json
import os
from pathlib import Path
from statistics import median
import subprocess
import sys
import time

from benchmarks import home
from benchmarks.groups import FOOTPRINT, SIZES
from benchmarks.parameters import RADIO
from benchmarks.rows import Row
from benchmarks.scale import house, mounted, power_off, set_up
from simulator.radio import Radio

__all__ = ["footprint"]

ROUNDS, QUICK_ROUNDS = 5, 1
# Read, the settings included, and let go of, in simulated seconds.
SETTLING = 60.0
SCRIPT = "import sys; from benchmarks.footprint import main; main(int(sys.argv[1]))"


def resident() -> int:
    """Return the resident bytes of this process."""
    gc.collect()
    with Path("/proc/self/statm").open() as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def measure(locks: int) -> tuple[float, float]:
    """Return the CPU seconds that setting a lock up takes, and the bytes that each holds after its first read."""
    radio = Radio(timing=RADIO)
    # One that is set up before the others, so that what all locks share is not counted.
    first, *paired = mounted(locks + 1)
    async with house([radio]) as (hass, _):
        await set_up(hass, [first])
        await hass.async_block_till_done()
        before = resident()
        began = time.process_time()
        await set_up(hass, paired)
        await hass.async_block_till_done()
        taken = time.process_time() - began
        for each in paired:
            radio.add_peripheral(each.lock)
        await asyncio.sleep(SETTLING)
        held = resident() - before
        power_off([first, *paired])
    return taken / locks, held / locks


def main(locks: int) -> None:
    """Measure in this process and print both figures."""
    sys.stdout.write(json.dumps(home.run(measure(locks))))


def footprint(*, quick: bool) -> list[Row]:
    """Return the rows of this module."""
    figures: dict[str, float] = {}
    for locks in SIZES:
        results = [in_fresh_process(locks) for _ in range(QUICK_ROUNDS if quick else ROUNDS)]
        figures[f"setup_time_{locks}"] = median(taken for taken, _ in results) * 1e3
        figures[f"resident_memory_{locks}"] = median(held for _, held in results) / 2**20
    return [
        Row(
            name=name,
            value=figures[name],
            unit="ms/lock" if name.startswith("setup") else "MiB/lock",
            against=one,
            peer=figures[one],
            note="a lock beside one that is there; the simulated locks are in the memory",
        )
        for name, one in ((name, f"{name.rpartition('_')[0]}_{SIZES[0]}") for name in FOOTPRINT)
    ]


def in_fresh_process(locks: int) -> tuple[float, float]:
    """Return what `measure` does, from a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(locks)], check=True, stdout=subprocess.PIPE, timeout=300
    )
    taken, held = json.loads(done.stdout.splitlines()[-1])
    return taken, held
