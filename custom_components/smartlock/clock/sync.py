"""Sets the lock's clock: on the owner's request, and, if it is wrong, on a link that is open anyway."""

from dataclasses import replace
from datetime import timedelta, tzinfo
from typing import Any, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from custom_components.smartlock.clock import rules
from custom_components.smartlock.clock.rules import ClockDifference, ClockSet, Doubt, Written
from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.problems import TranslatableError, translated
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.errors import LinkError, MovingError, SmartLockError
from custom_components.smartlock.protocol.messages import KeyturnerStates, Message, UpdateTime
from custom_components.smartlock.protocol.time_zones import TIME_ZONES
from custom_components.smartlock.protocol.wire import Date7
from custom_components.smartlock.storage import LockStore, lock_store
from custom_components.smartlock.system_clock.trust import RELEASE, system_clock


class OwnClockError(TranslatableError):
    """The lock shows a different time, and nothing proves ours to be right. Nothing was sent."""

    @override
    def __str__(self) -> str:
        """Give the reason."""
        return "it is not proved that the clock of Home Assistant is right"

    @override
    def translation(self) -> tuple[str, dict[str, str]]:
        """Give the text for the owner."""
        return "own_clock_wrong", {}


class ClockOutcomeUnknownError(TranslatableError, LinkError):
    """The time was written, and the link ended before the lock answered."""

    def __init__(self, reason: str) -> None:
        """Store the state of the connection in words."""
        super().__init__("it is not known whether the clock was set")
        self.reason = reason

    @override
    def translation(self) -> tuple[str, dict[str, str]]:
        """Give the text for the owner."""
        return "clock_not_set", {"reason": self.reason}


class LockClock(LockPart):
    """Keeps one lock's clock right, as far as the PIN allows."""

    def __init__(self, hass: HomeAssistant, coordinator: SmartLockCoordinator, pin: PinGuard) -> None:
        """Prepare; call `async_load` before anything else."""
        self._hass = hass
        self._coordinator = coordinator
        self._pin = pin
        self._ours = system_clock(hass)
        self._store: LockStore[dict[str, Any]] = lock_store(hass, coordinator.nuki_id, "clock")
        self._difference = ClockDifference()
        self._written = Written()
        self.last_set: ClockSet | None = None
        """The last time that we set it, or tried to, since Home Assistant was started."""
        self._zone: tuple[int, tzinfo | None] | None = None
        """The time zone that the lock has by its settings: the vendor's id, and what it stands for."""
        self._zone_doubts: tuple[tuple[Any, ...], tuple[Doubt, ...]] | None = None
        """What the time zones were compared for last, and the result."""

    @override
    async def async_load(self) -> None:
        """Load when the clock was set, also before the last restart."""
        self._written = await self._store.async_load(Written.from_json) or Written()

    @override
    @callback
    def start(self) -> None:
        """Compare each time that the lock reports with ours, on arrival."""
        self._coordinator.config_entry.async_on_unload(
            self._coordinator.async_add_message_listener(self._message_received)
        )

    @callback
    def _message_received(self, message: Message) -> None:
        if isinstance(message, KeyturnerStates):
            before = self.doubts
            clocks = self._ours.check()
            self._difference = self._difference.looked(message.current_time.moment, clocks, RELEASE)
            # A time that we set ourselves proves nothing about the clock we had then.
            if self._difference.right and (clocks.proved or self._written.course != clocks.course):
                self._ours.vouch()
            if self.doubts != before:
                self._coordinator.async_update_listeners()

    def is_lost(self, states: KeyturnerStates) -> bool:
        """Whether the lock shows that it has lost the time, whatever our own clock shows."""
        return rules.is_lost(states.current_time.moment, RELEASE)

    @property
    def is_wrong(self) -> bool:
        """Whether the lock's time differed from ours when it last reported its state."""
        return not self._difference.right

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Why time-limited rights and time control may not apply at the times that their owner means.

        Empty: they do, as far as known. Everything that shows or writes such rights checks this.
        """
        return (
            *rules.clock_doubts(self._difference, believed=self._ours.believed),
            *self._doubts_about_zone,
        )

    @property
    def _doubts_about_zone(self) -> tuple[Doubt, ...]:
        """What the comparison of the time zones has found; entities ask at each message, and it is made once a day."""
        config, home = self._coordinator.data.config, dt_util.get_default_time_zone()
        zone = self._zone[1] if self._zone and config and self._zone[0] == config.time_zone_id else None
        today = dt_util.utcnow().replace(hour=0, minute=0, second=0, microsecond=0)
        asked = (config, zone, home, today)
        if self._zone_doubts is None or self._zone_doubts[0] != asked:
            self._zone_doubts = (asked, rules.zone_doubts(config, zone, home=home, now=today))
        return self._zone_doubts[1]

    @property
    def ahead(self) -> timedelta | None:
        """By how much the lock's clock was ahead when it last reported the time; None if unknown."""
        return self._difference.ahead

    async def _load_zone(self) -> None:
        """Load the lock's time zone, whose tables are read from files."""
        config = self._coordinator.data.config
        if config is None or config.time_zone_id is None or (self._zone or (None,))[0] == config.time_zone_id:
            return
        name = TIME_ZONES.get(config.time_zone_id)
        zone = None if name is None else await dt_util.async_get_time_zone(name)
        self._zone = (config.time_zone_id, zone)
        self._coordinator.async_update_listeners()

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Set the clock if it is wrong and the PIN is known. Raises SmartLockError."""
        await self._load_zone()
        # While the lock finds its position after a power loss, it must not be disturbed.
        if self._pin.state is PinState.VALID and not states.lock_state.moving and self._may_write():
            await self.async_write()

    def _may_write(self) -> bool:
        """Whether the lock's clock is proved to be wrong and has not been set too often."""
        return self._ours.settled_now is not None and rules.needs_setting(
            self._difference, self._written, self._ours.check()
        )

    def check_ours(self) -> None:
        """Raise OwnClockError if a period that is over by our clock may not be: the lock is far off, or nothing proves ours."""
        ahead = self._difference.ahead
        if self._ours.trusted_now() is None or (ahead is not None and abs(ahead) > rules.FAR_OFF):
            raise OwnClockError

    async def async_ensure_right(self) -> None:
        """Make sure that the lock's clock is right before something that depends on it is written.

        Raises OwnClockError if the times differ and nothing proves which is right, and SmartLockError.
        """
        states = await self._coordinator.client.read_states()
        if self._difference.right:
            return
        if states.lock_state.moving:
            raise MovingError
        if not self._may_write():
            raise OwnClockError
        await self.async_write()

    async def async_write(self) -> None:
        """Set the lock's clock to ours.

        Raises NotStoredError or MovingError if nothing was sent, ClockOutcomeUnknownError if the time was
        written with unknown outcome, and what `PinSession.request` raises if it was not written.
        """
        # Counts failures too: an automatic attempt is not repeated endlessly.
        self._written = self._written.after(dt_util.utcnow(), self._ours.check().course)
        await self._store.async_save(self._written.to_json())
        self._coordinator.assumptions.clock_set()
        async with self._pin.session() as session:
            states = await self._coordinator.client.read_states()
            if states.lock_state.moving:
                raise MovingError
            self.last_set = ClockSet(at=dt_util.utcnow(), ahead=self._difference.ahead)
            try:
                # The time is taken once the link is open.
                await session.request(
                    lambda pin: conversations.order(UpdateTime(time=Date7.of(dt_util.utcnow())), pin)
                )
            except LinkError as error:
                if session.tries.sent:
                    raise ClockOutcomeUnknownError(self._coordinator.presence.explain()) from error
                raise
        # Unknown until the lock reports its time again.
        self._difference = replace(self._difference, ahead=timedelta())
        self._coordinator.async_update_listeners()

    async def async_sync(self) -> None:
        """Set the lock's clock to ours on the owner's request. Raises HomeAssistantError."""
        if self._ours.settled_now is None:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="own_clock_wrong")
        try:
            await self.async_write()
        except SmartLockError as error:
            raise translated(error, self._coordinator.presence.explain()) from error
