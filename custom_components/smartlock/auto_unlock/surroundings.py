"""What a rule depends on without the owner choosing it: a home that does not move, and working scanners."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from homeassistant.components import bluetooth
from homeassistant.components.zone import DOMAIN as ZONE_DOMAIN
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers.event import (
    TrackStates,
    async_track_state_change_filtered,
    async_track_time_interval,
)

from custom_components.smartlock.auto_unlock.rules import Scanner, ZonesEdited

# Seconds between checks. Events in between are recognized by their traces.
LOOK_EVERY = timedelta(seconds=30)
# Seconds after which a scanner that receives nothing does not work; the nearby lock alone is received every
# second.
_DEAF = 90.0
_GEOMETRY = ("latitude", "longitude", "radius", "passive")


class Surroundings:
    """Follows the home and the scanners at the door."""

    def __init__(
        self, hass: HomeAssistant, scanners: frozenset[str], tell: Callable[[Scanner | ZonesEdited], None]
    ) -> None:
        """Prepare; `start` begins."""
        self._hass = hass
        self._sources = scanners
        self._tell = tell
        self._scanners: dict[str, Any] = {}
        self._home: tuple[float, ...] = ()
        self._stops: list[CALLBACK_TYPE] = []

    @callback
    def start(self, look: Callable[[], None]) -> None:
        """Send whether the scanners work, and follow them. `look` is called every half minute."""
        self._home = self._home_now()
        self._scanners = self._working()
        self._tell_scanners()

        @callback
        def look_now(_: datetime) -> None:
            look()
            self.look()

        zones = async_track_state_change_filtered(
            self._hass, TrackStates(False, set(), {ZONE_DOMAIN}), self._zone_changed
        )
        self._stops = [
            async_track_time_interval(self._hass, look_now, LOOK_EVERY),
            zones.async_remove,
            self._hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, self._config_changed),
        ]

    @callback
    def stop(self) -> None:
        """Stop following."""
        for stop in self._stops:
            stop()
        self._stops = []

    @callback
    def look(self) -> None:
        """Check the scanners. One that has restarted was away, however briefly."""
        before, self._scanners = self._scanners, self._working()
        if any(self._scanners.get(source) is not scanner for source, scanner in before.items()):
            self._tell(Scanner(present=False))
        self._tell_scanners()

    @callback
    def _tell_scanners(self) -> None:
        self._tell(Scanner(present=self._sources == self._scanners.keys()))

    def _working(self) -> dict[str, Any]:
        found = {source: bluetooth.async_scanner_by_source(self._hass, source) for source in self._sources}
        return {
            source: scanner
            for source, scanner in found.items()
            if scanner is not None and scanner.time_since_last_detection() <= _DEAF
        }

    def _home_now(self) -> tuple[float, ...]:
        config = self._hass.config
        return (config.latitude, config.longitude, float(config.radius))

    @callback
    def _config_changed(self, _: Event) -> None:
        before, self._home = self._home, self._home_now()
        if before != self._home:
            self._tell(ZonesEdited())

    @callback
    def _zone_changed(self, event: Event[EventStateChangedData]) -> None:
        if _shape(event.data["old_state"]) != _shape(event.data["new_state"]):
            self._tell(ZonesEdited())


def _shape(zone: State | None) -> tuple[Any, ...]:
    """Return what defines a zone, without who is in it."""
    return () if zone is None else tuple(zone.attributes.get(key) for key in _GEOMETRY)
