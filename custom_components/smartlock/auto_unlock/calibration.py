"""Measures how well each scanner receives a phone at one place, so that the owner can choose a threshold."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Final, Self

from homeassistant.components import bluetooth
from homeassistant.core import HomeAssistant

from custom_components.smartlock.auto_unlock.phone_radio import Phone, PhoneListener, PhoneSignal

# Seconds: enough to turn around once with the phone in the pocket; a phone sends several times a second.
MEASURING_TIME: Final = 15.0
# The range of thresholds, dBm. No scanner receives less, and no phone in a pocket is louder.
WEAKEST, STRONGEST = -95, -40
# Distance of the threshold below the median at the door: somebody who stands there is nearly always above it.
_MARGIN = 4
_ENOUGH = 5


@dataclass(frozen=True, kw_only=True)
class Reception:
    """What one scanner received, in dBm: the median, and the range of the middle half."""

    count: int
    middle: int
    low: int
    high: int

    @classmethod
    def of(cls, signals: list[int]) -> Self:
        """Summarize the signals of at least one packet."""
        low, _, high = quantiles(signals, n=4, method="inclusive") if len(signals) > 1 else (signals[0],) * 3
        return cls(count=len(signals), middle=round(median(signals)), low=round(low), high=round(high))


class SignalCalibration:
    """One measurement at one place."""

    def __init__(self, signals: dict[str, list[int]]) -> None:
        """Take the signals by scanner; created by `measure`."""
        self._signals = signals

    @classmethod
    async def measure(cls, hass: HomeAssistant, phone: Phone) -> Self:
        """Receive a phone for some seconds."""
        signals: defaultdict[str, list[int]] = defaultdict(list)

        def received(signal: PhoneSignal) -> None:
            signals[signal.source].append(signal.rssi)

        listener = PhoneListener(hass, phone, received)
        listener.start()
        try:
            await asyncio.sleep(MEASURING_TIME)
        finally:
            listener.stop()
        return cls(dict(signals))

    def receptions(self) -> dict[str, Reception]:
        """Return what each scanner has received, best first; without scanners that received nothing."""
        found = {source: Reception.of(signals) for source, signals in self._signals.items()}
        return dict(sorted(found.items(), key=lambda item: -item[1].middle))

    def threshold(self, scanners: frozenset[str]) -> int | None:
        """Return a threshold for these scanners; None if they received too little."""
        signals = [rssi for source in scanners for rssi in self._signals.get(source, ())]
        if len(signals) < _ENOUGH:
            return None
        return min(STRONGEST, max(WEAKEST, round(median(signals)) - _MARGIN))


def scanner_names(hass: HomeAssistant) -> dict[str, str]:
    """Return the names of the active adapters and proxies by source."""
    return {scanner.source: scanner.name for scanner in bluetooth.async_current_scanners(hass)}
