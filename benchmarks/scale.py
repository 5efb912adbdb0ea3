"""Many locks in one Home Assistant: what each costs the processor, and how soon all have been read.

Every lock is paired as Bridge and has a config entry of its own. For the cost each is received by one proxy only, as
Home Assistant's own cost grows with each that hears it; for the service everybody hears everybody.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial
import gc
from math import ceil
from random import Random
from statistics import fmean
import time

from homeassistant.core import HomeAssistant

from benchmarks import home
from benchmarks.parameters import LOCK, RADIO
from benchmarks.rows import Row
from benchmarks.sides import NUKI_ID, Paired, entry_of, paired_lock
from benchmarks.stopwatch import alternately
from custom_components.smartlock.coordinator import SmartLockCoordinator
from simulator.local_adapter import LocalAdapter
from simulator.radio import Radio
from simulator.virtual_lock import VirtualLock

__all__ = ["scale"]

SLOTS = 3
# The same for every number of locks: what Home Assistant spends on a connection grows with the proxies.
PROXIES = 10
# Locks, and for how many hours they are watched: fewer locks longer, since a processor is noisy.
SIZES = ((1, 10.0), (10, 2.0), (20, 2.0), (50, 1.0), (100, 1.0))
ROUNDS = 2
QUICK_HOURS = 0.02
HOUR = 3600.0
# Until everybody has been read and let go of, in simulated seconds.
SETTLING = 60.0
# How often somebody turns each key.
TURNS_AN_HOUR = 4
# Signal of a proxy in the same house, dBm.
WEAKEST, STRONGEST = -85, -55


@asynccontextmanager
async def house(radios: Sequence[Radio]) -> AsyncGenerator[tuple[HomeAssistant, list[LocalAdapter]]]:
    """Return a Home Assistant with its proxies spread over some radios that do not hear each other."""
    async with home.home_assistant() as hass:
        adapters = [
            LocalAdapter(
                radios[number % len(radios)],
                source=f"00:1A:7D:DA:71:{number:02X}",
                connection_slots=SLOTS,
            )
            for number in range(PROXIES)
        ]
        for adapter in adapters:
            adapter.start(hass)
        yield hass, adapters
        for adapter in adapters:
            adapter.stop()
        for radio in radios:
            await radio.stop()


def mounted(locks: int) -> list[Paired]:
    """Return locks that somebody has paired with."""
    return [paired_lock(seed=index, nuki_id=NUKI_ID + index, timing=LOCK) for index in range(locks)]


async def set_up(hass: HomeAssistant, paired: list[Paired]) -> list[SmartLockCoordinator]:
    """Set the integration up for all locks."""
    coordinators = []
    for each in paired:
        entry = entry_of(each)
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        coordinators.append(entry.runtime_data.coordinator)
    return coordinators


def power_off(paired: list[Paired]) -> None:
    """End all locks."""
    for each in paired:
        each.lock.power_off()


async def turn_keys(locks: list[VirtualLock], seconds: float) -> None:
    """Let every key be turned at random moments, by the same seed each time."""
    random = Random(0)
    turns = sorted(
        (random.uniform(0, seconds), index)
        for index in range(len(locks))
        for _ in range(ceil(TURNS_AN_HOUR * seconds / HOUR))
    )
    clock = asyncio.get_running_loop().time
    began = clock()
    for at, index in turns:
        await asyncio.sleep(began + at - clock())
        locks[index].turn_key("unlock" if locks[index].bolt_locked else "lock")
    await asyncio.sleep(began + seconds - clock())


async def watch(locks: int, hours: float, *, with_entries: bool) -> float:
    """Return the CPU seconds of this process for some simulated hours, simulator included."""
    radios, paired = [Radio(timing=RADIO) for _ in range(PROXIES)], mounted(locks)
    async with house(radios) as (hass, _):
        for index, each in enumerate(paired):
            radios[index % PROXIES].add_peripheral(each.lock)
        if with_entries:
            await set_up(hass, paired)
        await asyncio.sleep(SETTLING)
        gc.collect()
        began = time.process_time()
        await turn_keys([each.lock for each in paired], hours * HOUR)
        taken = time.process_time() - began
        power_off(paired)
    return taken


async def serve(locks: int) -> tuple[float, float]:
    """Return the simulated seconds until every lock has been read once, and in the mean of one connect and read."""
    radio, paired = Radio(timing=RADIO), mounted(locks)
    async with house([radio]) as (hass, adapters):
        random = Random(0)
        for each in paired:
            for adapter in adapters:
                radio.set_rssi(adapter, each.lock.address, random.randint(WEAKEST, STRONGEST))
        coordinators = await set_up(hass, paired)
        clock = asyncio.get_running_loop().time
        read_at: dict[str, float] = {}

        def note(coordinator: SmartLockCoordinator) -> None:
            if coordinator.data.last_states is not None:
                read_at.setdefault(coordinator.address, clock())

        stops = [each.async_add_listener(partial(note, each)) for each in coordinators]
        began = clock()
        for each in paired:
            radio.add_peripheral(each.lock)
        while len(read_at) < locks:
            await asyncio.sleep(0.1)
        for stop in stops:
            stop()
        started = {
            record.address: record.started
            for record in radio.connections
            if record.connected is not None and record.connected < read_at[record.address]
        }
        power_off(paired)
    return max(read_at.values()) - began, fmean(at - started[address] for address, at in read_at.items())


def cost(locks: int, hours: float, rounds: int) -> float:
    """Return the CPU seconds that the integration adds for a lock and an hour."""
    loaded, bare = alternately(
        rounds,
        [
            lambda: home.run(watch(locks, hours, with_entries=True)),
            lambda: home.run(watch(locks, hours, with_entries=False)),
        ],
        warm_up=False,
    )
    return (loaded - bare) / locks / hours


def scale(*, quick: bool) -> list[Row]:
    """Return the rows of this module."""
    costs = [
        cost(locks, QUICK_HOURS if quick else hours, rounds=1 if quick else ROUNDS) for locks, hours in SIZES
    ]
    rows = [
        Row(
            name=f"scale_{locks}_cpu",
            value=value,
            unit="s/(lock h)",
            against="scale_1_cpu",
            peer=costs[0],
            note="with entries less without; the simulated lock's share of each read is in it",
        )
        for (locks, _), value in zip(SIZES, costs, strict=True)
    ]
    most, _ = SIZES[-1]
    served, each = home.run(serve(most))
    ideal = ceil(most / (PROXIES * SLOTS)) * each
    rows.append(Row(name=f"scale_{most}_served", value=served, unit="s", against="ideal packing", peer=ideal))
    return rows
