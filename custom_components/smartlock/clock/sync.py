"""Sets the clock of the lock on a link that is open anyway."""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from custom_components.smartlock.clock import rules as clock
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.messages import KeyturnerStates, UpdateTime
from custom_components.smartlock.protocol.wire import Date7
from custom_components.smartlock.storage import lock_store


class ClockSetting:
    """Keeps the clock of one lock right, as far as the PIN allows."""

    def __init__(self, hass: HomeAssistant, nuki_id: str, pin: PinGuard) -> None:
        """Prepare; `async_load` comes first, `visit` does it."""
        self._hass = hass
        self._pin = pin
        self._store: Store[dict[str, Any]] = lock_store(hass, nuki_id, "clock")
        self._set_at: datetime | None = None

    async def async_load(self) -> None:
        """Remember when it was set, also before the last restart."""
        if stored := await self._store.async_load():
            self._set_at = dt_util.parse_datetime(str(stored.get("set_at")))

    async def visit(self, states: KeyturnerStates) -> None:
        """Set the clock if it is wrong and we have the PIN. Raises SmartLockError."""
        now = dt_util.utcnow()
        if self._pin.state is not PinState.VALID or not clock.needs_setting(
            states.current_time.moment,
            now=now,
            machine_up_for=timedelta(seconds=self._hass.loop.time()),
            last_set=self._set_at,
        ):
            return
        # Also after a failure: once a day is enough for something nobody waits for.
        self._set_at = now
        await self._store.async_save({"set_at": now.isoformat()})
        await self._pin.ask(lambda pin: conversations.order(UpdateTime(time=Date7.of(dt_util.utcnow())), pin))
