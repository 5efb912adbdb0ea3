"""Builds a snapshot of the present settings: from what is known anyway, and from rare reads with the PIN."""

from collections.abc import Callable
from dataclasses import replace

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.smartlock.const import CONF_KEEP_CODES, LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.protocol.errors import SmartLockError
from custom_components.smartlock.settings.current import CurrentSettings
from custom_components.smartlock.settings.parts import PinParts
from custom_components.smartlock.settings.rules.battery_change import Event, Verdict
from custom_components.smartlock.settings.rules.snapshot import SettingsSnapshot, SnapshotReason

# Changes that the app makes to time control, rights and codes are not counted anywhere.
_PARTS_PAUSE = 86400.0
# After a start, when all features need the lock, this can wait.
_PARTS_DELAY = 600.0


class SettingsReader:
    """Reads the settings of one lock."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        coordinator: SmartLockCoordinator,
        *,
        current: CurrentSettings,
        reads: PinParts,
        take: Callable[[Event], Verdict | None],
    ) -> None:
        """Prepare. `take` receives the signs of a restart."""
        self._hass = hass
        self._entry = entry
        self._coordinator = coordinator
        self._current = current
        self._reads = reads
        self._take = take
        self._parts_at = hass.loop.time() + _PARTS_DELAY

    def present(self) -> SettingsSnapshot | None:
        """Return the settings as last read; None if they have never been read."""
        data = self._coordinator.data
        if data.config is None or data.advanced_config is None:
            return None
        return SettingsSnapshot(
            taken_at=dt_util.utcnow(),
            reason=SnapshotReason.CHANGED,
            config=replace(data.config, trailing=b""),
            advanced_config=replace(data.advanced_config, trailing=b""),
        )

    async def read(self) -> SettingsSnapshot:
        """Read everything that can be read now. Raises SmartLockError."""
        await self._current.async_read()
        snapshot = self.present()
        assert snapshot is not None
        return await self.with_parts(snapshot, fresh=True)

    @property
    def has_pin(self) -> bool:
        """Whether there is a PIN that may be sent."""
        return self._reads.possible

    @property
    def parts_due(self) -> bool:
        """Whether to read the parts that need a PIN again, as their changes are not counted anywhere."""
        return self.has_pin and self._hass.loop.time() >= self._parts_at

    def read_parts_soon(self) -> None:
        """Read the parts that need a PIN at the next opportunity."""
        self._parts_at = self._hass.loop.time()

    async def with_parts(self, snapshot: SettingsSnapshot, *, fresh: bool = False) -> SettingsSnapshot:
        """Add the parts that need a PIN, as far as PIN and link allow; `fresh`: the link is not shared."""
        if not self.has_pin:
            return snapshot
        self._parts_at = self._hass.loop.time() + _PARTS_PAUSE
        has_keypad = snapshot.config.has_keypad or snapshot.config.has_keypad_2
        codes = bool(self._entry.options.get(CONF_KEEP_CODES)) and bool(has_keypad)
        try:
            found = await self._reads.everything(codes=codes, fresh=fresh)
        except SmartLockError as error:
            LOGGER.debug("A part of the settings was not read: %s", type(error).__name__)
            self.read_parts_soon()
            return snapshot
        for sign in found.signs:
            self._take(sign)
        return replace(snapshot, **found.parts)
