"""What the loaded integration adds to the price of an advertisement that changes nothing.

Home Assistant spends it from the packet that an adapter hands over to the last callback. It arrives again and
again, a few times a second from each lock, whether or not anything happens.
"""

import asyncio
from functools import partial
from statistics import median

from benchmarks import home
from benchmarks.parameters import LOCK, RADIO
from benchmarks.rows import Row
from benchmarks.sides import entry_of, paired_lock
from benchmarks.stopwatch import seconds_per_call
from simulator.local_adapter import LocalAdapter
from simulator.radio import DEFAULT_RSSI, Radio, Sighting

__all__ = ["advertisements"]

ROUNDS, CALLS = 25, 4000
QUICK_ROUNDS, QUICK_CALLS = 3, 400
MICROSECONDS = 1e6
# Until the integration has read the lock and let go of it, in simulated seconds.
SETTLING = 30.0


async def measure(rounds: int, calls: int) -> tuple[float, float]:
    """Return the CPU seconds for an advertisement, with the entry and without it, measured alternately."""
    radio, paired = Radio(timing=RADIO), paired_lock(timing=LOCK)
    results: dict[bool, list[float]] = {True: [], False: []}
    async with home.home_assistant() as hass:
        adapter = LocalAdapter(radio)
        adapter.start(hass)
        radio.add_peripheral(paired.lock)
        entry = entry_of(paired)
        entry.add_to_hass(hass)
        for _ in range(rounds):
            for loaded in (True, False):
                if loaded:
                    assert await hass.config_entries.async_setup(entry.entry_id)
                else:
                    assert await hass.config_entries.async_unload(entry.entry_id)
                await asyncio.sleep(SETTLING)
                event = paired.lock.advertise()
                assert event is not None
                sighting = Sighting(address=paired.lock.address, advertisement=event, rssi=DEFAULT_RSSI)
                results[loaded].append(seconds_per_call(partial(adapter.on_sighting, sighting), calls))
        paired.lock.power_off()
        adapter.stop()
        await radio.stop()
    return median(results[True]), median(results[False])


def advertisements(*, quick: bool) -> list[Row]:
    """Return the row of this module."""
    rounds, calls = (QUICK_ROUNDS, QUICK_CALLS) if quick else (ROUNDS, CALLS)
    loaded, bare = (each * MICROSECONDS for each in home.run(measure(rounds, calls)))
    return [
        Row(
            name="advertisement_cpu",
            value=loaded - bare,
            unit="µs",
            against="Home Assistant without the entry",
            peer=bare,
            ratio=loaded / bare,
            note="ratio: with the entry divided by without",
        )
    ]
