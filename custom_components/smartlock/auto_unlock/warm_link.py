"""Opens and reads the lock while somebody approaches the door, so that only the motor run is left to do."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from homeassistant.components import bluetooth
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from custom_components.smartlock.actions import LockActions
from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator

# Shorter than the shortest idle time that an owner can choose: a link in use must not be closed in between.
_HOLD_STEP = 1.5
# Where Home Assistant stores which integration a scanner belongs to.
_SOURCE_DOMAIN, _ESPHOME = "source_domain", "esphome"


class WarmLink:
    """Opens the link and reads the state; keeps the link open where scanners work with an open link."""

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: SmartLockCoordinator,
        actions: LockActions,
        scanners: frozenset[str],
        spawn: Callable[[Coroutine[Any, Any, None], str], object],
    ) -> None:
        """Use the lock of a coordinator; `spawn` starts tasks."""
        self._hass = hass
        self._coordinator = coordinator
        self._actions = actions
        self._scanners = scanners
        self._spawn = spawn
        self._open_until = 0.0
        self._read_wanted = False

    @callback
    def want(self, until: float) -> None:
        """Read the state now, and keep the link until then, in seconds of the event loop's clock."""
        working = self._read_wanted or self._open_until > self._hass.loop.time()
        self._open_until, self._read_wanted = until, True
        if not working:
            self._spawn(self._work(), "pre-connect")

    @property
    def _deafens(self) -> bool:
        """Whether a scanner at the door receives less while it carries a connection.

        With Wi-Fi, ESPHome then scans for 30 of 320 ms, and otherwise all the time: with a link that stays
        open the phone is hardly received during its last steps.
        """
        entries = self._hass.config_entries
        found = (entries.async_entry_for_domain_unique_id(bluetooth.DOMAIN, each) for each in self._scanners)
        return any(entry is not None and entry.data.get(_SOURCE_DOMAIN) == _ESPHOME for entry in found)

    async def _work(self) -> None:
        try:
            if self._deafens:
                # At its end the read closes the link.
                while self._read_wanted:
                    self._read_wanted = False
                    await self._coordinator.async_refresh()
                return
            while self._hass.loop.time() < self._open_until:
                await self._actions.async_connect()
                if self._read_wanted:
                    self._read_wanted = False
                    await self._coordinator.async_refresh()
                await asyncio.sleep(min(_HOLD_STEP, max(0.0, self._open_until - self._hass.loop.time())))
        except HomeAssistantError as error:
            LOGGER.debug("Auto-unlock could not connect: %s", error.translation_key)
        finally:
            self._open_until, self._read_wanted = 0.0, False
