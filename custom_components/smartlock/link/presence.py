"""Whether a lock is present: its advertisements, and the last exchange of messages."""

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

from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.link.reachability import reachability
from custom_components.smartlock.protocol.beacon import parse_beacon
from custom_components.smartlock.system_clock.trust import system_clock

# Seconds for which an exchange of messages proves presence although advertisements may be missed meanwhile.
_FRESH = 300.0
# After our own start, how long it takes until a lock that is there has been received, through a proxy too.
_LISTENING = 60.0


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
        on_slept: Callable[[], None],
    ) -> None:
        """Prepare; `start` begins.

        `on_beacon` receives the change flag of each advertisement that differs from the one before; `on_gone`
        is called after minutes without any advertisement, and `on_slept` after our machine has slept, because
        nobody noticed what the lock did meanwhile. `in_sight` returns whether the poll policy considers the
        lock in range, and `connected` whether a link is open.
        """
        self._hass = hass
        self._address = address
        self._in_sight = in_sight
        self._connected = connected
        self._on_beacon = on_beacon
        self._on_gone = on_gone
        self._on_slept = on_slept
        self._last_exchange: float | None = None
        self._awaited_since = hass.loop.time()
        self.answered = False
        """Whether the lock has answered since our start, or since it was last absent."""
        self._proves_presence = False
        self._cancel_look: CALLBACK_TYPE | None = None
        self._stops: list[CALLBACK_TYPE] = []
        # Whether the log says that the lock is unavailable; None until it has been received.
        self._missed: bool | None = None

    @callback
    def start(self) -> None:
        """Start receiving advertisements; one that was received before is passed on at once."""
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
            system_clock(self._hass).async_on_gap(self._slept),
        ]

    @callback
    def stop(self) -> None:
        """Stop receiving."""
        self.cancel_look()
        while self._stops:
            self._stops.pop()()

    @property
    def reachable(self) -> bool:
        """Whether the lock is present: received recently, connected, or recently in exchange of messages."""
        return self._connected() or self._in_sight() or self._fresh_until is not None

    @callback
    def log_change(self) -> None:
        """Log once that a lock is unavailable, and once that it is back; one that was never received is not missed."""
        if self.reachable:
            if self._missed:
                LOGGER.info("The lock %s is available again", self._address)
            self._missed = False
            return
        self.answered = False
        if self._missed is False:
            LOGGER.info("The lock %s is unavailable: nothing was received from it for minutes", self._address)
            self._missed = True

    @property
    def awaited(self) -> bool:
        """Whether it is too early to say that a lock is absent: we have only just begun to listen."""
        return not self.reachable and self._awaited_until is not None

    @property
    def absent_at(self) -> float | None:
        """When a lock out of range counts as absent; None if it is in range, or already absent."""
        return None if self._in_sight() else self._fresh_until or self._awaited_until

    @property
    def _awaited_until(self) -> float | None:
        """Until when a lock that has not been received since our start is awaited; None if it no longer is."""
        until = self._awaited_since + _LISTENING
        new = self._missed is None and self._last_exchange is None
        return until if new and self._hass.loop.time() < until else None

    @property
    def _fresh_until(self) -> float | None:
        """Until when the last exchange proves presence; None if it no longer does."""
        proof = self._last_exchange if self._proves_presence else None
        until = None if proof is None else proof + _FRESH
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
        return system_clock(self._hass).date_of(max(times)) if times else None

    def explain(self) -> str:
        """Say in a sentence how well the lock can be connected to now."""
        return reachability(self._hass, self._address)()

    @callback
    def exchanged(self) -> None:
        """Note that a message has just arrived over a link."""
        self._last_exchange = self._hass.loop.time()
        self._proves_presence = self.answered = True

    @callback
    def _slept(self, gap: timedelta) -> None:
        """An exchange before we slept no longer proves that the lock is present."""
        self._proves_presence = False
        self._on_slept()

    @property
    def _last_info(self) -> BluetoothServiceInfoBleak | None:
        return bluetooth.async_last_service_info(self._hass, self._address, connectable=True)

    @callback
    def _advertised(self, info: BluetoothServiceInfoBleak, change: BluetoothChange) -> None:
        """Take an advertisement that differs from the one before."""
        self._take(info)

    def _take(self, info: BluetoothServiceInfoBleak) -> bool:
        """Pass on the change flag of an advertisement; returns whether it has one, set or not."""
        beacon = parse_beacon(info.manufacturer_data)
        if beacon is None or not info.connectable:
            return False
        self._on_beacon(beacon.state_changed)
        return True

    @callback
    def look_again(self) -> None:
        """Take the next advertisement whatever it says, after we have closed a link.

        A Bridge's read has cleared the flag. If the lock is turned before it is received again, the flag is set as it
        was before the link, and Home Assistant, which compares advertisements, calls no other callback. That can take
        a while: a local adapter hears nothing for some seconds after a link, nor for minutes after BlueZ has died, and
        a lock without batteries says nothing.
        """
        self.cancel_look()
        self._cancel_look = bluetooth.async_register_advertisement_callback(
            self._hass, self._received_again, self._address
        )

    @callback
    def cancel_look(self) -> None:
        """Wait no longer for the next advertisement."""
        if self._cancel_look is not None:
            self._cancel_look()
            self._cancel_look = None

    @callback
    def _received_again(self, info: BluetoothServiceInfoBleak) -> None:
        # A lock with HomeKit sends frames without the flag in between.
        if self._take(info):
            self.cancel_look()
