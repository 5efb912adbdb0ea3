"""Shows the detector of battery changes everything that a lock says, and what can be read about it."""

from collections.abc import Callable

from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import BluetoothServiceInfoBleak
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

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
    Event,
    Known,
    OutOfSight,
    PinRefused,
    Restarted,
    Sign,
    StatesReceived,
    Verdict,
)

# A receiver that has heard something this lately was working while the lock was silent.
_HEARD_LATELY = 60.0


class BatteryWatch:
    """Feeds the detector of one lock."""

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: SmartLockCoordinator,
        *,
        pin: PinGuard,
        clock: LockClock,
        current: CurrentSettings,
        reads: PinParts,
        on_known: Callable[[Known], None],
        on_sign: Callable[[], None],
    ) -> None:
        """Prepare. `on_known` takes what is to be kept for the next run of Home Assistant.

        `on_sign` is called when a sign appears: the lock may have lost its power not long ago.
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
        self._followed: frozenset[Sign] = frozenset()
        self._silent = False
        self._pin_was_right = False

    @callback
    def start(self, known: Known) -> list[CALLBACK_TYPE]:
        """Go on with what an earlier run of Home Assistant knew; return what ends it."""
        self._watch = BatteryChangeDetector(known=known)
        self._pin_was_right = self._pin.state is PinState.VALID
        address = self._coordinator.address
        return [
            self._coordinator.async_add_message_listener(self._message_received),
            bluetooth.async_track_unavailable(self._hass, self._not_heard, address, connectable=True),
        ]

    @property
    def known(self) -> Known:
        """What the next signs are measured against."""
        return self._watch.known

    @property
    def suspects(self) -> bool:
        """Whether there are signs that have led nowhere yet."""
        return bool(self._watch.suspects)

    @callback
    def take(self, event: Event) -> Verdict | None:
        """Let the detector see an event, and return what it leads to."""
        before = self._watch
        self._watch = watch = before.after(event, self._hass.loop.time())
        if watch.suspects - before.suspects:
            self._on_sign()
        # While there are signs, the next run of Home Assistant has to find them again.
        if not watch.suspects and watch.known != before.known:
            self._on_known(watch.known)
        return watch.verdict

    @callback
    def restarted(self) -> None:
        """Take note that we make the lock start again: what follows is no change of batteries."""
        self.take(Restarted())

    async def follow_up(self) -> None:
        """Read the settings again after new signs, and with a PIN what tells of a restart. Raises SmartLockError."""
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
                    self.take(OutOfSight(others_heard=True))
                self.take(StatesReceived(states=message, our_time=self._clock.our_time))
            case BatteryReport():
                self.take(BatteryRead(report=message))

    @callback
    def _not_heard(self, info: BluetoothServiceInfoBleak) -> None:
        """Note that the lock is silent, unless it is the receiver that is."""
        scanner = bluetooth.async_scanner_by_source(self._hass, info.source)
        self._silent = scanner is not None and scanner.time_since_last_detection() < _HEARD_LATELY
