"""The one place that says whether our own clocks can be believed, for all locks of a Home Assistant."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
import time

from homeassistant.const import MAJOR_VERSION, MINOR_VERSION
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from custom_components.smartlock.const import DOMAIN, LOGGER
from custom_components.smartlock.listeners import Listeners
from custom_components.smartlock.system_clock import rules
from custom_components.smartlock.system_clock.rules import Clocks

# Home Assistant as it is installed was released in this month.
RELEASE = rules.released(MAJOR_VERSION, MINOR_VERSION)
# How often the clocks are compared in seconds while nobody asks. Whoever acts on what is known asks.
_LOOK_EVERY = 10.0
# How many of the last times that they parted are remembered.
_PARTINGS = 100
# Linux counts sleep on a clock of its own; elsewhere sleep is seen by the time of day alone.
_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


def seconds_asleep() -> float:
    """Return for how long the machine has slept since it was started, as far as it counts that."""
    if _BOOTTIME is None:
        return 0.0
    return time.clock_gettime(_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)


class SystemClock:
    """Compares the clocks of the machine; get it from `system_clock`."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with the clocks as they are."""
        self._hass = hass
        self._clocks = Clocks.started(dt_util.utcnow(), hass.loop.time(), seconds_asleep())
        self._gap_listeners = Listeners[timedelta]()
        self._timer: asyncio.TimerHandle | None = None
        self._partings: deque[tuple[float, float]] = deque(maxlen=_PARTINGS)
        """When the clocks have parted, in seconds of the one that counts, and by how many."""
        self._future: dict[datetime, float] = {}
        """Stored times that were in the future when they were first seen, and when that was, in seconds."""

    # --- What the clocks say ------------------------------------------------------------------------------

    @callback
    def check(self) -> Clocks:
        """Compare the clocks now, and tell the listeners at once if the machine may have slept."""
        before = self._clocks
        after = before.after(dt_util.utcnow(), self._hass.loop.time(), seconds_asleep())
        self._clocks = after
        if after.parted != before.parted:
            self._partings.append((after.monotonic, after.parted - before.parted))
        gap = timedelta(seconds=after.missed - before.missed)
        if gap.total_seconds() > rules.GAP:
            LOGGER.info("The machine may have slept: its clocks have parted by %s", gap)
            self._gap_listeners.notify(gap)
        return after

    @property
    def uptime(self) -> timedelta:
        """How long the machine has been running: the clock of the event loop counts from its start."""
        return timedelta(seconds=self._hass.loop.time())

    @property
    def settled_now(self) -> datetime | None:
        """The time of day (UTC) unless it is impossible, or the machine has just been started."""
        now = dt_util.utcnow()
        return now if self.uptime >= rules.SETTLING and rules.plausible(now, RELEASE) else None

    def trusted_now(self) -> datetime | None:
        """Return the time of day (UTC); None while something speaks against it."""
        return self.settled_now if self.check().proved else None

    def vouched_now(self) -> datetime | None:
        """Return the time of day (UTC) if a lock has agreed with it since it was set; else None."""
        return self.settled_now if self.check().vouched else None

    def date_of(self, at: float) -> datetime:
        """Return a time of the event loop's clock as a date, to the second: it must not flicker with two clocks.

        What the machine has slept since is counted; a time of day that was set back is not.
        """
        parted = sum(seconds for when, seconds in self._partings if when > at)
        passed = self._hass.loop.time() - at + max(0.0, parted)
        return (dt_util.utcnow() - timedelta(seconds=passed)).replace(microsecond=0)

    @callback
    def vouch(self) -> None:
        """Take note that a lock shows the same time."""
        self._clocks = replace(self._clocks, vouched=True)

    # --- Stored times -------------------------------------------------------------------------------------

    def past(self, stored: datetime) -> datetime:
        """Return a stored time (aware), or if it is in the future one that passes from when it was first seen.

        Our clock was ahead when it was stored, or is behind now. So it counts as if it had been then.
        """
        now = dt_util.utcnow()
        if stored <= now:
            return stored
        seen = self._future.setdefault(stored, self._hass.loop.time())
        return now - timedelta(seconds=self._hass.loop.time() - seen)

    def age(self, stored: datetime) -> timedelta:
        """Return how long ago a stored time (aware) was; one in the future begins to pass when it is first seen."""
        return dt_util.utcnow() - self.past(stored)

    # --- Who is told --------------------------------------------------------------------------------------

    @callback
    def async_on_gap(self, listener: Callable[[timedelta], None]) -> CALLBACK_TYPE:
        """Call `listener` when the machine may have slept, with for how long; returns what ends that.

        Whatever was known before may have changed meanwhile without anybody being told, as before a restart.
        """
        remove = self._gap_listeners.add(listener)
        if self._timer is None:
            self._look()

        @callback
        def stop() -> None:
            remove()
            if not self._gap_listeners and self._timer is not None:
                self._timer.cancel()
                self._timer = None

        return stop

    @callback
    def _look(self) -> None:
        self._timer = self._hass.loop.call_later(_LOOK_EVERY, self._look)
        self.check()


_CLOCK: HassKey[SystemClock] = HassKey(f"{DOMAIN}_system_clock")


@callback
def system_clock(hass: HomeAssistant) -> SystemClock:
    """Return the watch over the clocks of this machine."""
    if _CLOCK not in hass.data:
        hass.data[_CLOCK] = SystemClock(hass)
    return hass.data[_CLOCK]
