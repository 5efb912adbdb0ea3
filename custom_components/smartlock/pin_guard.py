"""The one place that hands out the security PIN: the lock counts wrong ones and blocks the PIN."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_PIN
from homeassistant.core import HomeAssistant

from custom_components.smartlock.const import CONF_PIN_REFUSED, LOGGER
from custom_components.smartlock.features.pin import PinState
from custom_components.smartlock.protocol.enums import ErrorCode
from custom_components.smartlock.protocol.errors import PinError, SmartLockError


class PinUnavailableError(SmartLockError):
    """No PIN is known to be right, so nothing was sent."""

    def __init__(self, state: PinState) -> None:
        """Keep how things stand."""
        super().__init__(state)
        self.state = state

    @override
    def __str__(self) -> str:
        """Name the state."""
        return f"no security PIN can be used: {self.state}"


class PinGuard:
    """Knows the PIN of one lock and whether it may be used."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Take what is stored with the entry."""
        self._hass = hass
        self._entry = entry

    @property
    def state(self) -> PinState:
        """How things stand."""
        if not self._entry.options.get(CONF_PIN):
            return PinState.NOT_SET
        return PinState.INVALID if self._entry.options.get(CONF_PIN_REFUSED) else PinState.VALID

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[int]:
        """Hand out the PIN for one request. Raises PinUnavailableError; a refusal is remembered."""
        if self.state is not PinState.VALID:
            raise PinUnavailableError(self.state)
        try:
            yield int(self._entry.options[CONF_PIN])
        except PinError as error:
            # A lock that blocks every PIN after wrong ones of others says nothing about ours.
            if error.code == ErrorCode.K_BAD_PIN:
                LOGGER.warning("The lock refused the security PIN; it is not sent again until it is changed")
                self._hass.config_entries.async_update_entry(
                    self._entry, options={**self._entry.options, CONF_PIN_REFUSED: True}
                )
            raise
