"""Detects that the machine was asleep, so that nothing timed by the event loop's clock can be trusted."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

# Seconds by which the clocks may diverge between two checks: a clock that is adjusted moves less.
_PARTED = 30.0


class ClockGap:
    """Detects sleep of the machine: wall-clock time has passed, but not on the event loop's clock."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Start with the clocks as they are."""
        self._hass = hass
        self._wall, self._loop = self._read()

    def _read(self) -> tuple[float, float]:
        return dt_util.utcnow().timestamp(), self._hass.loop.time()

    @callback
    def look(self) -> bool:
        """Return whether the clocks have diverged since the last check, or the wall clock was set back."""
        before, since = self._wall, self._loop
        self._wall, self._loop = self._read()
        elapsed = self._wall - before
        return elapsed - (self._loop - since) > _PARTED or elapsed < -_PARTED
