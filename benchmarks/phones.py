"""What a rule of auto-unlock that listens for a phone adds to the price of an advertisement.

Three kinds: somebody's phone that was received before and has something new to say, one that never was (its
address has to be computed), and the phone itself, of which every packet counts.
"""

import asyncio
from collections.abc import Callable
from itertools import cycle
from statistics import median
from types import MappingProxyType

from homeassistant.config_entries import ConfigSubentry

from benchmarks import home
from benchmarks.groups import KINDS
from benchmarks.parameters import LOCK, RADIO
from benchmarks.rows import Row
from benchmarks.sides import entry_of, paired_lock
from benchmarks.stopwatch import seconds_per_call
from custom_components.smartlock.auto_unlock.modes import Mode
from custom_components.smartlock.auto_unlock.rule import SUBENTRY_TYPE
from simulator.local_adapter import LocalAdapter
from simulator.phone import PrivatePhone, resolvable
from simulator.radio import DEFAULT_RSSI, Radio, Sighting
from tests.auto_unlock.arrivals import IRK, rule_data

__all__ = ["phones"]

ROUNDS, CALLS = 15, 2000
QUICK_ROUNDS, QUICK_CALLS = 3, 300
MICROSECONDS = 1e6
# Until the lock has been read and let go of, in simulated seconds.
SETTLING = 30.0

OTHER_IRK = bytes(range(16))


class Traffic:
    """Advertisements of each kind, none of which comes twice where that would matter."""

    def __init__(self, adapter: LocalAdapter) -> None:
        """Send through an adapter."""
        self._adapter = adapter
        self._new = iter(range(1 << 22))
        phone = PrivatePhone(irk=IRK)
        event = phone.advertisement
        changed = type(event)(data=event.data[:-1] + b"\x00")
        self._events = cycle((event, changed))
        self._phone = Sighting(
            address=resolvable(IRK, 1), advertisement=event, rssi=DEFAULT_RSSI, random_address=True
        )

    def _stranger(self, address: str) -> None:
        self._adapter.on_sighting(
            Sighting(
                address=address,
                advertisement=next(self._events),
                rssi=DEFAULT_RSSI,
                random_address=True,
            )
        )

    def senders(self, calls: int) -> dict[str, Callable[[], object]]:
        """Return what sends one advertisement of each kind, `calls` times at most."""
        known = resolvable(OTHER_IRK, 7)
        new = iter([resolvable(OTHER_IRK, 100 + next(self._new)) for _ in range(calls)])
        stranger, unheard, phone = KINDS
        return {
            stranger: lambda: self._stranger(known),
            unheard: lambda: self._stranger(next(new)),
            phone: lambda: self._adapter.on_sighting(self._phone),
        }


async def measure(rounds: int, calls: int) -> dict[str, tuple[float, float]]:
    """Return the CPU seconds for an advertisement of each kind, with the rule switched on and off in turn."""
    radio, paired = Radio(timing=RADIO), paired_lock(timing=LOCK)
    results: dict[tuple[str, bool], list[float]] = {(kind, on): [] for kind in KINDS for on in (True, False)}
    async with home.home_assistant() as hass:
        adapter = LocalAdapter(radio)
        adapter.start(hass)
        radio.add_peripheral(paired.lock)
        entry = entry_of(paired)
        entry.add_to_hass(hass)
        data = rule_data([adapter.source])
        hass.config_entries.async_add_subentry(
            entry,
            ConfigSubentry(
                data=MappingProxyType(data), subentry_type=SUBENTRY_TYPE, title="Anna", unique_id=None
            ),
        )
        assert await hass.config_entries.async_setup(entry.entry_id)
        await asyncio.sleep(SETTLING)
        (rule,) = entry.runtime_data.auto_unlock
        traffic = Traffic(adapter)
        for _ in range(rounds):
            for on in (True, False):
                await rule.async_choose(Mode.ENABLED if on else Mode.DISABLED)
                for kind, send in traffic.senders(calls + 2).items():
                    send()
                    results[kind, on].append(seconds_per_call(send, calls))
        await hass.config_entries.async_unload(entry.entry_id)
        paired.lock.power_off()
        adapter.stop()
        await radio.stop()
    return {kind: (median(results[kind, True]), median(results[kind, False])) for kind in KINDS}


def phones(*, quick: bool) -> list[Row]:
    """Return the rows of this module."""
    rounds, calls = (QUICK_ROUNDS, QUICK_CALLS) if quick else (ROUNDS, CALLS)
    measured = home.run(measure(rounds, calls))
    return [
        Row(
            name=kind,
            value=(on - off) * MICROSECONDS,
            unit="µs",
            against="the same with the rule switched off",
            peer=off * MICROSECONDS,
            ratio=on / off,
            note="ratio: with the rule divided by without",
        )
        for kind, (on, off) in measured.items()
    ]
