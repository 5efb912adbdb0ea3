"""Sets the clock of the lock: when its owner wants it, and on a link that is open anyway if it is wrong."""

from datetime import datetime, timedelta
from typing import Any, override

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from custom_components.smartlock.clock import rules
from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.problems import translated
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.errors import LinkError, SmartLockError
from custom_components.smartlock.protocol.messages import KeyturnerStates, UpdateTime
from custom_components.smartlock.protocol.wire import Date7
from custom_components.smartlock.storage import lock_store


class LockClock(LockPart):
    """Keeps the clock of one lock right, as far as the PIN allows."""

    def __init__(self, hass: HomeAssistant, coordinator: SmartLockCoordinator, pin: PinGuard) -> None:
        """Prepare; `async_load` comes first."""
        self._hass = hass
        self._coordinator = coordinator
        self._pin = pin
        self._store: Store[dict[str, Any]] = lock_store(hass, coordinator.nuki_id, "clock")
        self._set_at: datetime | None = None

    @override
    async def async_load(self) -> None:
        """Remember when it was set, also before the last restart."""
        if stored := await self._store.async_load():
            self._set_at = dt_util.parse_datetime(str(stored.get("set_at")))

    @property
    def our_time(self) -> datetime | None:
        """Our own time (UTC), as far as it can be believed; None if it cannot."""
        now = dt_util.utcnow()
        settled = machine_uptime(self._hass) >= rules.SETTLING
        return now if settled and now >= rules.NOT_BEFORE else None

    def is_wrong(self, states: KeyturnerStates) -> bool:
        """Whether the lock's clock is to be set, whenever it was set last."""
        return self._needs_setting(states, None)

    def _needs_setting(self, states: KeyturnerStates, last_set: datetime | None) -> bool:
        return rules.needs_setting(
            states.current_time.moment,
            now=dt_util.utcnow(),
            machine_up_for=machine_uptime(self._hass),
            last_set=last_set,
        )

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Set the clock if it is wrong and we have the PIN. Raises SmartLockError."""
        if self._pin.state is not PinState.VALID or not self._needs_setting(states, self._set_at):
            return
        # Also after a failure: once a day is enough for something nobody waits for.
        self._set_at = now = dt_util.utcnow()
        await self._store.async_save({"set_at": now.isoformat()})
        await self.async_write()

    async def async_write(self) -> None:
        """Set the lock's clock to ours. Raises SmartLockError."""
        async with self._pin.session() as session:
            # The time is taken when the link is open.
            await self._coordinator.client.connect()
            await session.request(
                lambda pin: conversations.order(UpdateTime(time=Date7.of(dt_util.utcnow())), pin)
            )

    async def async_sync(self) -> None:
        """Set the lock's clock to ours, because the owner wants it. Raises HomeAssistantError."""
        if self.our_time is None:
            raise HomeAssistantError(translation_domain=DOMAIN, translation_key="own_clock_wrong")
        try:
            await self.async_write()
        except LinkError as error:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="clock_not_set",
                translation_placeholders={"reason": self._coordinator.explain_reachability()},
            ) from error
        except SmartLockError as error:
            raise translated(error) from error


def machine_uptime(hass: HomeAssistant) -> timedelta:
    """How long the machine has been running: the clock of the event loop counts from its start."""
    return timedelta(seconds=hass.loop.time())
