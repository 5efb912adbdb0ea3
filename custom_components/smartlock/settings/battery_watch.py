"""Feeds the detector of battery changes with the lock's messages and with what can be read about them."""

from collections import deque
from collections.abc import Callable
from datetime import datetime

from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import BluetoothServiceInfoBleak
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from custom_components.smartlock.clock.sync import LockClock
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.protocol.messages import BatteryReport, KeyturnerStates, Message
from custom_components.smartlock.settings.current import CurrentSettings
from custom_components.smartlock.settings.parts import PinParts
from custom_components.smartlock.settings.rules.battery_change import (
    BatteryChangeDetector,
    BatteryRead,
    Calibration,
    Event,
    LastSeen,
    OutOfSight,
    PinRefused,
    Restarted,
    StatesReceived,
    Verdict,
)
from custom_components.smartlock.settings.rules.battery_signs import Sign
from custom_components.smartlock.system_clock.trust import system_clock

# A receiver that received another device this recently was working while the lock was silent.
_RECEIVED_LATELY = 60.0
# For the diagnostics.
_KEPT = 50


class BatteryWatch:
    """Feeds one lock's detector."""

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: SmartLockCoordinator,
        *,
        pin: PinGuard,
        clock: LockClock,
        current: CurrentSettings,
        reads: PinParts,
        on_known: Callable[[LastSeen], None],
        on_sign: Callable[[], None],
    ) -> None:
        """Prepare. `on_known` takes what has to be stored for the next run of Home Assistant.

        `on_sign` is called when a sign appears: the lock may have lost power recently.
        """
        self._hass = hass
        self._coordinator = coordinator
        self._pin = pin
        self._clock = clock
        self._current = current
        self._reads = reads
        self._on_known = on_known
        self._on_sign = on_sign
        self._watch = BatteryChangeDetector()
        self.record = deque[tuple[datetime, str, tuple[Sign, ...]]](maxlen=_KEPT)
        """What became of the last signs, oldest first: when, what, and which."""
        self._followed: frozenset[Sign] = frozenset()
        self._silent = False
        self._pin_was_right = False

    @callback
    def start(self, known: LastSeen) -> list[CALLBACK_TYPE]:
        """Continue with what an earlier run of Home Assistant stored; return a callable that stops."""
        self._watch = BatteryChangeDetector(known=known)
        self._pin_was_right = self._pin.state is PinState.VALID
        address = self._coordinator.address
        return [
            self._coordinator.async_add_message_listener(self._message_received),
            bluetooth.async_track_unavailable(self._hass, self._on_unavailable, address, connectable=True),
        ]

    @property
    def known(self) -> LastSeen:
        """The values that the next signs are compared with."""
        return self._watch.known

    @property
    def suspects(self) -> bool:
        """Whether there are signs without a verdict."""
        return bool(self._watch.suspects)

    @callback
    def take(self, event: Event) -> Verdict | None:
        """Pass an event to the detector and return its verdict."""
        before = self._watch
        self._watch = watch = before.after(event, self._hass.loop.time())
        self._note(before.suspects, watch)
        if watch.suspects - before.suspects:
            self._on_sign()
        # The same sign of another change is followed up again.
        self._followed &= watch.suspects
        # Until there is a verdict, the next run of Home Assistant must be able to find the signs again.
        if not watch.suspects and watch.known != before.known:
            self._on_known(watch.known)
        return watch.verdict

    def _note(self, before: frozenset[Sign], watch: BatteryChangeDetector) -> None:
        """Write down which signs are new, and which have led to a verdict or to nothing."""
        verdict = frozenset() if watch.verdict is None else frozenset(watch.verdict.reasons)
        for what, signs in (
            ("seen", watch.suspects - before),
            ("battery_changed", verdict),
            ("over", before - watch.suspects - verdict),
        ):
            if signs:
                self.record.append((dt_util.utcnow(), what, tuple(sorted(signs))))

    @callback
    def restarted(self) -> None:
        """Note that we restart the lock: what follows is not a battery change."""
        self.take(Restarted())

    @callback
    def calibrated(self, *, running: bool) -> None:
        """Note that our calibration starts or ends: what follows is not a battery change."""
        self.take(Calibration(running=running))

    async def follow_up(self) -> None:
        """After new signs read the settings, and with a PIN signs of a restart. Raises SmartLockError."""
        right = self._pin.state is PinState.VALID
        if self._pin_was_right and self._pin.state is PinState.INVALID:
            self.take(PinRefused())
        self._pin_was_right = right
        if self._watch.suspects - self._followed:
            await self._current.async_read()
            for sign in (await self._reads.signs()).signs if self._reads.possible else ():
                self.take(sign)
        self._followed = self._watch.suspects

    @callback
    def _message_received(self, message: Message) -> None:
        match message:
            case KeyturnerStates():
                if self._silent:
                    self._silent = False
                    self.take(OutOfSight(others_received=True))
                self.take(
                    StatesReceived(
                        states=message,
                        # A clock of ours that is wrong makes every lock look late.
                        our_time=system_clock(self._hass).vouched_now(),
                        clock_lost=self._clock.is_lost(message),
                    )
                )
            case BatteryReport():
                self.take(BatteryRead(report=message))

    @callback
    def _on_unavailable(self, info: BluetoothServiceInfoBleak) -> None:
        """Note that the lock is silent, unless the receiver is."""
        scanner = bluetooth.async_scanner_by_source(self._hass, info.source)
        self._silent = scanner is not None and scanner.time_since_last_detection() < _RECEIVED_LATELY
