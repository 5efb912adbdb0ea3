"""Whether a lock is there: what is received of it, and when something was last exchanged with it."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import (
    BluetoothCallbackMatcher,
    BluetoothChange,
    BluetoothScanningMode,
    BluetoothServiceInfoBleak,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from custom_components.smartlock.link.advertisements import reachability
from custom_components.smartlock.protocol.beacon import parse_beacon

# A lock that exchanged messages this recently is there, although its advertisements may be missed meanwhile.
_FRESH = 300.0
# How long after a link the lock surely advertises again (about once a second), and how often to look for it.
_LOOK_DELAY = 1.5
_LOOKS = 4


class Presence:
    """Follows the advertisements of one lock."""

    def __init__(
        self,
        hass: HomeAssistant,
        address: str,
        *,
        in_sight: Callable[[], bool],
        connected: Callable[[], bool],
        on_beacon: Callable[[bool], None],
        on_gone: Callable[[], None],
    ) -> None:
        """Prepare; `start` begins.

        `on_beacon` takes the change flag of each advertisement that differs from the one before; `on_gone` is called
        when nobody has received any for minutes. `in_sight` tells whether that is not so, as the poll policy has
        noted it, and `connected` whether a link is open.
        """
        self._hass = hass
        self._address = address
        self._in_sight = in_sight
        self._connected = connected
        self._on_beacon = on_beacon
        self._on_gone = on_gone
        self._last_exchange: float | None = None
        self._look: asyncio.TimerHandle | None = None
        self._stops: list[CALLBACK_TYPE] = []

    @callback
    def start(self) -> None:
        """Listen to the advertisements; one that was received before is taken at once."""
        self._stops = [
            bluetooth.async_register_callback(
                self._hass,
                self._advertised,
                BluetoothCallbackMatcher(address=self._address, connectable=True),
                BluetoothScanningMode.PASSIVE,
            ),
            bluetooth.async_track_unavailable(
                self._hass, lambda info: self._on_gone(), self._address, connectable=True
            ),
        ]

    @callback
    def stop(self) -> None:
        """Listen no more."""
        self.cancel_look()
        while self._stops:
            self._stops.pop()()

    @property
    def reachable(self) -> bool:
        """Whether the lock is there: received lately, connected, or exchanged messages with lately."""
        return self._connected() or self._in_sight() or self._fresh_until is not None

    @property
    def absent_at(self) -> float | None:
        """When a lock that nobody receives stops counting as there; None if it is received, or is gone already."""
        return None if self._in_sight() else self._fresh_until

    @property
    def _fresh_until(self) -> float | None:
        """Until when the last exchange proves that the lock is there; None if it does not any more."""
        until = None if self._last_exchange is None else self._last_exchange + _FRESH
        return until if until is not None and self._hass.loop.time() < until else None

    @property
    def signal_strength(self) -> int | None:
        """Signal of the last advertisement in dBm; None while the lock is not received."""
        info = self._last_info
        return None if info is None or not self._in_sight() else info.rssi

    @property
    def last_seen(self) -> datetime | None:
        """When the lock was last received, by advertisement or over a link."""
        info = self._last_info
        times = [at for at in (self._last_exchange, None if info is None else info.time) if at is not None]
        return wall_time(self._hass, max(times)) if times else None

    def explain(self) -> str:
        """Explain in words whether and why a connection is not possible now."""
        return reachability(self._hass, self._address)()

    @callback
    def exchanged(self) -> None:
        """Note that the lock has just said something over a link."""
        self._last_exchange = self._hass.loop.time()

    @property
    def _last_info(self) -> BluetoothServiceInfoBleak | None:
        return bluetooth.async_last_service_info(self._hass, self._address, connectable=True)

    @callback
    def _advertised(self, info: BluetoothServiceInfoBleak, change: BluetoothChange | None = None) -> None:
        """Take an advertisement that differs from the one before."""
        beacon = parse_beacon(info.manufacturer_data)
        if beacon is not None and info.connectable:
            self._on_beacon(beacon.state_changed)

    @callback
    def look_again(self) -> None:
        """Look at what the lock advertises after a link of ours has ended.

        A Bridge's read has cleared the flag. If the lock was turned right after, it is up again as it was before
        the link, and Home Assistant, which compares advertisements, calls nobody.
        """
        self.cancel_look()
        self._look_in_a_moment(self._hass.loop.time(), _LOOKS)

    @callback
    def cancel_look(self) -> None:
        """Do without it."""
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _look_in_a_moment(self, closed_at: float, looks: int) -> None:
        self._look = self._hass.loop.call_later(_LOOK_DELAY, self._look_at_flag, closed_at, looks)

    @callback
    def _look_at_flag(self, closed_at: float, looks: int) -> None:
        self._look = None
        info = self._last_info
        if info is not None and info.time > closed_at:
            self._advertised(info)
        elif looks > 1:
            self._look_in_a_moment(closed_at, looks - 1)


def wall_time(hass: HomeAssistant, at: float) -> datetime:
    """Return a time of the event loop's clock as a date, to the second: it must not flicker with two clocks."""
    return (dt_util.utcnow() - timedelta(seconds=hass.loop.time() - at)).replace(microsecond=0)
