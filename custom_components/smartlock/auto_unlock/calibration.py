"""Measures how well each scanner receives a phone at one place, so that the owner can choose a threshold."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from statistics import median
from typing import Final, Self

from homeassistant.core import HomeAssistant

from custom_components.smartlock.auto_unlock.phone_radio import Phone, PhoneListener, PhoneSignal

# Seconds: enough to turn around once with the phone in the pocket; a phone sends several times a second.
MEASURING_TIME: Final = 15
# The range of thresholds, dBm. No scanner receives less, and no phone in a pocket is louder.
WEAKEST, STRONGEST = -95, -40
# Distance of the threshold below the median at the door: somebody who stands there is nearly always above it.
_MARGIN = 4
_ENOUGH = 5

type Signals = Mapping[str, Sequence[int]]
"""What each scanner has received so far, in dBm, the newest last."""


class SignalCalibration:
    """One measurement at one place.

    Attributes:
        phone: Which of the phones that were in question has been received.
    """

    def __init__(self, phone: Phone, signals: Signals) -> None:
        """Take the signals by scanner; created by `measure`."""
        self.phone = phone
        self._signals = signals

    @classmethod
    async def measure(
        cls, hass: HomeAssistant, phones: Sequence[Phone], on_second: Callable[[int, Signals], None]
    ) -> Self:
        """Receive a phone for some seconds.

        Args:
            hass: Home Assistant.
            phones: What the phone may be, the likeliest first.
            on_second: Called every second with the seconds that have passed, and what was received so far.
        """
        found: list[defaultdict[str, list[int]]] = [defaultdict(list) for _ in phones]
        listeners = [
            PhoneListener(hass, phone, _noted_in(signals))
            for phone, signals in zip(phones, found, strict=True)
        ]

        def best() -> int:
            return max(range(len(phones)), key=lambda each: sum(map(len, found[each].values())))

        for listener in listeners:
            listener.start()
        try:
            for second in range(1, MEASURING_TIME + 1):
                await asyncio.sleep(1)
                on_second(second, found[best()])
        finally:
            for listener in listeners:
                listener.stop()
        return cls(phones[best()], dict(found[best()]))

    def levels(self) -> dict[str, int]:
        """Return the median of each scanner in dBm, best first; without scanners that received too little."""
        found = {
            source: round(median(signals))
            for source, signals in self._signals.items()
            if len(signals) >= _ENOUGH
        }
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def level(self, scanners: Collection[str]) -> int | None:
        """Return the median of all that these scanners received, in dBm; None if it was too little."""
        signals = [rssi for source in scanners for rssi in self._signals.get(source, ())]
        return round(median(signals)) if len(signals) >= _ENOUGH else None


def threshold_at(level: int) -> int:
    """Return the threshold for a level in front of the door, in dBm."""
    return min(STRONGEST, max(WEAKEST, level - _MARGIN))


def _noted_in(signals: defaultdict[str, list[int]]) -> Callable[[PhoneSignal], None]:
    def received(signal: PhoneSignal) -> None:
        signals[signal.source].append(signal.rssi)

    return received
