"""Whether the machine was asleep: then nothing that is remembered in seconds of the loop may be believed."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

# So far may two clocks part from one look to the next, s: a clock that is put right moves less.
_PARTED = 30.0


class ClockGap:
    """Notices that the machine was asleep: the clock of the wall has gone on, that of the loop has not."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin now."""
        self._hass = hass
        self._wall, self._loop = self._read()

    def _read(self) -> tuple[float, float]:
        return dt_util.utcnow().timestamp(), self._hass.loop.time()

    @callback
    def look(self) -> bool:
        """Return whether the clocks have parted since the last look, or that of the wall was put back."""
        before, since = self._wall, self._loop
        self._wall, self._loop = self._read()
        elapsed = self._wall - before
        return elapsed - (self._loop - since) > _PARTED or elapsed < -_PARTED
