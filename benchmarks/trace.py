"""Where the time of an action goes, from the call to the start of the motor, through a real Home Assistant.

Each moment belongs to the one who was given the action last: Home Assistant (with `esphome` and the sockets), our code,
our files, the proxy, or the radio and the lock behind it. The shares of one action add up to the whole.
"""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import wraps
import json
from pathlib import Path
from statistics import median
import time
from typing import Any

from benchmarks.earlier import ROOT
from benchmarks.end_to_end import OURS as DOMAIN, Contender, Household, household
from benchmarks.hop_trace import DISK, FILE, HOME_ASSISTANT, OURS, RADIO
from benchmarks.rows import Row
from simulator.esphome_proxy.connection import Connection
from simulator.esphome_proxy.session import Session
from simulator.radio import Radio, RadioLink

__all__ = ["NAMES", "trace"]

ROUNDS, QUICK_ROUNDS = 15, 2
PROXY = "proxy"
HOPS = (HOME_ASSISTANT, OURS, DISK, PROXY, RADIO)
KINDS = ("cold", "warm")
NAMES = tuple(f"trace_{kind}_{hop.replace(' ', '_').lower()}" for kind in KINDS for hop in HOPS)

type Marks = list[tuple[float, str]]


@contextmanager
def marked_proxies(marks: Marks) -> Generator[None]:
    """Note when a proxy is given something, gives it to the radio, has it back, and passes it on."""
    kept: list[tuple[type, str, Any]] = []

    def mark(who: str) -> None:
        marks.append((time.monotonic(), who))

    def put(kind: type, name: str, make: Callable[[Any], Any]) -> None:
        before = getattr(kind, name)
        kept.append((kind, name, before))
        setattr(kind, name, wraps(before)(make(before)))

    def given(before: Any) -> Any:
        def marked(*arguments: Any, **options: Any) -> Any:
            mark(PROXY)
            return before(*arguments, **options)

        return marked

    def sent(before: Any) -> Any:
        def marked(self: Session, message: Any) -> None:
            if type(message).__name__.startswith(("BluetoothGATT", "BluetoothDeviceConnection")):
                mark(HOME_ASSISTANT)
            before(self, message)

        return marked

    def on_air(before: Any) -> Any:
        async def marked(*arguments: Any, **options: Any) -> Any:
            mark(RADIO)
            try:
                return await before(*arguments, **options)
            finally:
                mark(PROXY)

        return marked

    for name in ("_device_request", "_write", "_write_descriptor", "_notify"):
        put(Session, name, given)
    put(Connection, "_indicated", given)
    put(Session, "send", sent)
    put(Radio, "connect", on_air)
    put(RadioLink, "write", on_air)
    put(RadioLink, "set_indications", on_air)
    try:
        yield
    finally:
        for kind, name, before in kept:
            setattr(kind, name, before)


def shares(marks: Marks, began: float, ended: float) -> dict[str, float]:
    """Return the seconds of each hop between two moments."""
    on_way = [(began, HOME_ASSISTANT), *sorted(each for each in marks if began < each[0] < ended)]
    ends = [*(at for at, _ in on_way[1:]), ended]
    seconds = dict.fromkeys(HOPS, 0.0)
    for (at, hop), end in zip(on_way, ends, strict=True):
        seconds[hop] += end - at
    return seconds


async def follow(side: Household, marks: Marks, action: str) -> dict[str, float]:
    """Act, and return the shares until the motor started."""
    file = side.house.home_assistant.config / FILE
    file.unlink(missing_ok=True)
    runs, began = len(side.lock.journal.motor_runs), time.monotonic()
    await side.house.api.call(f"lock.{action}", side.entity_id)
    while not file.exists() or not (told := file.read_text(encoding="utf-8")):
        await asyncio.sleep(0.05)
    inside = [(float(at), str(hop)) for at, hop in json.loads(told)]
    return shares([*marks, *inside], began, side.lock.journal.motor_runs[runs].loop_time)


async def measure(rounds: int) -> dict[str, list[dict[str, float]]]:
    """Return the shares of cold and of warm actions."""
    contender = Contender(name="ours", domain=DOMAIN, folder=ROOT / "custom_components" / DOMAIN)
    links = {"custom_components/hop_trace": Path(__file__).parent / "hop_trace"}
    marks: Marks = []
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    with marked_proxies(marks):
        async with household(contender, 0, links=links, configuration="hop_trace:\n") as side:
            for _ in range(rounds):
                await side.alone()
                marks.clear()
                found["cold"].append(await follow(side, marks, "unlock"))
                # At once: a second action within a minute is what the link is then held for.
                await side.house.api.call("lock.lock", side.entity_id)
                await asyncio.sleep(1.5)
                found["warm"].append(await follow(side, marks, "unlock"))
                await side.house.api.call("lock.lock", side.entity_id)
    return found


def trace(*, quick: bool) -> list[Row]:
    """Return the rows of this module: milliseconds of each hop, and its share."""
    found = asyncio.run(measure(QUICK_ROUNDS if quick else ROUNDS))
    rows = []
    for kind in KINDS:
        medians = {hop: median(each[hop] for each in found[kind]) * 1e3 for hop in HOPS}
        whole = sum(medians.values())
        rows += [
            Row(
                name=f"trace_{kind}_{hop.replace(' ', '_').lower()}",
                value=medians[hop],
                unit="ms",
                against="the whole action",
                peer=whole,
                note=f"medians of {len(found[kind])}",
            )
            for hop in HOPS
        ]
    return rows
