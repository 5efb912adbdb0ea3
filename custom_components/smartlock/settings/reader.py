"""What the lock has now, as a snapshot: what is known anyway, and what only the PIN opens, which is read rarely."""

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

# Time control, rights and codes are changed in the app without a trace in what is read otherwise.
_PARTS_PAUSE = 86400.0
# Nothing is in a hurry after a start, when everybody wants the lock.
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
        """Prepare. `take` sees what tells of a restart."""
        self._hass = hass
        self._entry = entry
        self._coordinator = coordinator
        self._current = current
        self._reads = reads
        self._take = take
        self._parts_at = hass.loop.time() + _PARTS_DELAY

    def present(self) -> SettingsSnapshot | None:
        """Return the settings as they were last read; None if they never were."""
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
        """Whether to read again what needs a PIN: changes of it are counted nowhere."""
        return self.has_pin and self._hass.loop.time() >= self._parts_at

    def read_parts_soon(self) -> None:
        """Read what needs a PIN at the next occasion."""
        self._parts_at = self._hass.loop.time()

    async def with_parts(self, snapshot: SettingsSnapshot, *, fresh: bool = False) -> SettingsSnapshot:
        """Add what needs a PIN, as far as there is one and the link lasts; `fresh`: nobody else uses this link."""
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
