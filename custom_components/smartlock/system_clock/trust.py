"""The only module that decides whether our own clocks can be believed, for all locks of a Home Assistant."""

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

# The release month of the running Home Assistant.
RELEASE = rules.released(MAJOR_VERSION, MINOR_VERSION)
# Seconds between automatic checks of the clocks. Code that acts on what it knows checks them itself.
_LOOK_EVERY = 10.0
# How many of the latest divergences are remembered.
_PARTINGS = 100
# Linux counts sleep on a separate clock; elsewhere sleep is seen only in the wall clock.
_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


def seconds_asleep() -> float:
    """Return the seconds that the machine has slept since it was started, as far as it counts them."""
    if _BOOTTIME is None:
        return 0.0
    return time.clock_gettime(_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)


class SystemClock:
    """Compares the machine's clocks; get it from `system_clock`."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Start with the clocks as they are."""
        self._hass = hass
        self._clocks = Clocks.started(dt_util.utcnow(), hass.loop.time(), seconds_asleep())
        self._gap_listeners = Listeners[timedelta]()
        self._timer: asyncio.TimerHandle | None = None
        self._partings: deque[tuple[float, float]] = deque(maxlen=_PARTINGS)
        """When the clocks diverged, in seconds of the monotonic one, and by how many."""
        self._future: dict[datetime, float] = {}
        """Stored times that were in the future when first seen, and when that was, in seconds."""

    # --- Reading the clocks -------------------------------------------------------------------------------

    @callback
    def check(self) -> Clocks:
        """Compare the clocks now, and notify the listeners at once if the machine may have slept."""
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
        """Seconds since the machine was started, by the event loop's clock, which starts with the machine."""
        return timedelta(seconds=self._hass.loop.time())

    @property
    def settled_now(self) -> datetime | None:
        """The time (UTC) unless it is impossible, or the machine has just been started."""
        now = dt_util.utcnow()
        return now if self.uptime >= rules.SETTLING and rules.plausible(now, RELEASE) else None

    @property
    def believed(self) -> bool:
        """Whether there was no evidence against the wall clock at the last check, which this does not repeat."""
        return self.settled_now is not None and self._clocks.proved

    def trusted_now(self) -> datetime | None:
        """Return the time (UTC); None while there is evidence against it."""
        return self.settled_now if self.check().proved else None

    def vouched_now(self) -> datetime | None:
        """Return the time (UTC) if a lock has agreed with it since it was set; None otherwise."""
        return self.settled_now if self.check().vouched else None

    def date_of(self, at: float) -> datetime:
        """Return a time of the event loop's clock as a date, in whole seconds so that it does not flicker.

        Includes the time that the machine has slept since, but not a correction of the wall clock to an
        earlier time.
        """
        parted = sum(seconds for when, seconds in self._partings if when > at)
        passed = self._hass.loop.time() - at + max(0.0, parted)
        return (dt_util.utcnow() - timedelta(seconds=passed)).replace(microsecond=0)

    @callback
    def vouch(self) -> None:
        """Note that a lock shows the same time."""
        self._clocks = replace(self._clocks, vouched=True)

    # --- Stored times -------------------------------------------------------------------------------------

    def past(self, stored: datetime) -> datetime:
        """Return a stored time (aware); one in the future is replaced by the moment when it was first seen.

        Our clock was ahead when it was stored, or is behind now.
        """
        now = dt_util.utcnow()
        if stored <= now:
            return stored
        seen = self._future.setdefault(stored, self._hass.loop.time())
        return now - timedelta(seconds=self._hass.loop.time() - seen)

    def age(self, stored: datetime) -> timedelta:
        """Return the age of a stored time (aware); one in the future ages from when it was first seen."""
        return dt_util.utcnow() - self.past(stored)

    # --- Listeners ----------------------------------------------------------------------------------------

    @callback
    def async_on_gap(self, listener: Callable[[timedelta], None]) -> CALLBACK_TYPE:
        """Call `listener` with the seconds that the machine may have slept; return how to unsubscribe.

        Anything known from before may have changed unnoticed, as over a restart.
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
    """Return this machine's `SystemClock`."""
    if _CLOCK not in hass.data:
        hass.data[_CLOCK] = SystemClock(hass)
    return hass.data[_CLOCK]
