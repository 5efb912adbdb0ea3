"""How well each scanner hears a phone at this place: what the owner needs for choosing a threshold."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Final, Self

from homeassistant.components import bluetooth
from homeassistant.core import HomeAssistant

from custom_components.smartlock.auto_unlock.phone_radio import Phone, PhoneListener, PhoneSignal

# Long enough to turn around once with the phone in the pocket; a phone sends several times a second.
MEASURING_TIME: Final = 15.0
# What the owner may choose, dBm. Nobody hears less, and no phone in a pocket is louder.
WEAKEST, STRONGEST = -95, -40
# So much below the middle of what was heard at the door: whoever stands there is above it nearly always.
_MARGIN = 4
_ENOUGH = 5


@dataclass(frozen=True, kw_only=True)
class Reception:
    """What one scanner heard, in dBm: the middle, and the range of the middle half."""

    count: int
    middle: int
    low: int
    high: int

    @classmethod
    def of(cls, signals: list[int]) -> Self:
        """Sum up the signals of at least one packet."""
        low, _, high = quantiles(signals, n=4, method="inclusive") if len(signals) > 1 else (signals[0],) * 3
        return cls(count=len(signals), middle=round(median(signals)), low=round(low), high=round(high))


class Calibration:
    """One measurement at one place."""

    def __init__(self, signals: dict[str, list[int]]) -> None:
        """Take the signals by scanner; use `measure`."""
        self._signals = signals

    @classmethod
    async def measure(cls, hass: HomeAssistant, phone: Phone) -> Self:
        """Listen to a phone for some seconds."""
        signals: defaultdict[str, list[int]] = defaultdict(list)

        def heard(signal: PhoneSignal) -> None:
            signals[signal.source].append(signal.rssi)

        listener = PhoneListener(hass, phone, heard)
        listener.start()
        try:
            await asyncio.sleep(MEASURING_TIME)
        finally:
            listener.stop()
        return cls(dict(signals))

    def heard(self) -> dict[str, Reception]:
        """Return what each scanner heard that heard anything, the best first."""
        found = {source: Reception.of(signals) for source, signals in self._signals.items()}
        return dict(sorted(found.items(), key=lambda item: -item[1].middle))

    def threshold(self, scanners: frozenset[str]) -> int | None:
        """Return a threshold for these scanners; None if they heard too little."""
        signals = [rssi for source in scanners for rssi in self._signals.get(source, ())]
        if len(signals) < _ENOUGH:
            return None
        return min(STRONGEST, max(WEAKEST, round(median(signals)) - _MARGIN))


def scanner_names(hass: HomeAssistant) -> dict[str, str]:
    """Return the names of the adapters and proxies that listen, by their source."""
    return {scanner.source: scanner.name for scanner in bluetooth.async_current_scanners(hass)}
