"""Where a person's phone says that it is: states of a person or a device tracker as events for a rule.

What was restored after a start, came back after it was not known, or says the same place again is no news: only
that the phone spoke counts, and only while we listened.
"""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from homeassistant.components.device_tracker import ATTR_SOURCE_TYPE, SourceType
from homeassistant.const import (
    ATTR_GPS_ACCURACY,
    ATTR_LATITUDE,
    ATTR_LONGITUDE,
    STATE_HOME,
    STATE_NOT_HOME,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
)
from homeassistant.core import (
    CALLBACK_TYPE,
    CoreState,
    Event,
    EventStateChangedData,
    EventStateReportedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event, async_track_state_report_event
from homeassistant.util.location import distance

from custom_components.smartlock.auto_unlock.rules import Located, LocationLost, OnNetwork

type OnWhereabouts = Callable[[Located | LocationLost | OnNetwork], None]

# A phone that is asked where it is answers within a minute or not at all.
_ANSWER_WITHIN = 60.0
_NOT_KNOWN = (STATE_UNAVAILABLE, STATE_UNKNOWN)
_PRESENT = {STATE_HOME: True, STATE_NOT_HOME: False}
# What a person shows: its trackers, and the one that it goes by at the moment.
_TRACKERS, _SOURCE = "device_trackers", "source"


class Whereabouts:
    """Follows one person until it is stopped."""

    def __init__(self, hass: HomeAssistant, entity_id: str, tell: OnWhereabouts) -> None:
        """Follow from `start` on."""
        self._hass = hass
        self._entity_id = entity_id
        self._tell = tell
        self._trackers: list[str] = []
        self._kinds: dict[str, str] = {}
        self._seen: dict[str, tuple[State, bool]] = {}
        self._stop_person: CALLBACK_TYPE | None = None
        self._stop_trackers: list[CALLBACK_TYPE] = []
        self._asked_until = 0.0
        self._on_network: bool | None = False

    @callback
    def start(self) -> None:
        """Tell what comes from now on; where the person is at this moment may be old and is not told."""
        self._stop_person = async_track_state_change_event(self._hass, self._entity_id, self._changed)
        self._follow_trackers()

    @callback
    def stop(self) -> None:
        """Tell nothing any more."""
        if self._stop_person is not None:
            self._stop_person()
            self._stop_person = None
        self._leave_trackers()

    @callback
    def asked(self) -> None:
        """The phone was asked where it is: it may say that it has not moved."""
        self._asked_until = self._hass.loop.time() + _ANSWER_WITHIN

    # --- The person -------------------------------------------------------------------------------------

    @callback
    def _changed(self, event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if new is not None and self._trackers_of(new) != self._trackers:
            self._follow_trackers()
        if new is None or new.state in _NOT_KNOWN:
            self._tell(LocationLost())
        elif old is not None and _place(old) != _place(new) and self._is_news(_source(new)):
            self._tell(self._fix(new))

    def _fix(self, state: State) -> Located:
        config = self._hass.config
        latitude, longitude = _number(state, ATTR_LATITUDE), _number(state, ATTR_LONGITUDE)
        # 0 is what trackers show whose phone has not told.
        accuracy = _number(state, ATTR_GPS_ACCURACY) or None
        metres = None
        # A position without an accuracy is not measured: a person gets that of the zone it is in.
        if latitude is not None and longitude is not None and accuracy is not None:
            metres = distance(config.latitude, config.longitude, latitude, longitude)
        return Located(
            at_home=state.state == STATE_HOME,
            distance=metres,
            accuracy=None if metres is None else accuracy,
            fixed_at=self._hass.loop.time(),
        )

    def _is_news(self, tracker: str) -> bool:
        """Whether a tracker shows what its phone told while we listened, not what it remembered or began with."""
        state = self._hass.states.get(tracker)
        if state is None:
            self._seen.pop(tracker, None)
            return False
        before, news = self._seen.get(tracker, (None, False))
        if before is not state:
            if before is None or before.state in _NOT_KNOWN or state.state in _NOT_KNOWN:
                news = False
            elif _place(before) != _place(state):
                news = self._hass.state is CoreState.running
            self._seen[tracker] = (state, news)
        return news

    # --- Its trackers -----------------------------------------------------------------------------------

    def _trackers_of(self, person: State | None) -> list[str]:
        trackers = None if person is None else person.attributes.get(_TRACKERS)
        return [self._entity_id] if trackers is None else list(trackers)

    @callback
    def _follow_trackers(self) -> None:
        self._leave_trackers()
        self._trackers = self._trackers_of(self._hass.states.get(self._entity_id))
        self._stop_trackers = [
            async_track_state_change_event(self._hass, self._trackers, self._tracker_spoke),
            async_track_state_report_event(self._hass, self._trackers, self._tracker_spoke),
        ]
        for tracker in self._trackers:
            self._is_news(tracker)
        self._look_at_network()

    @callback
    def _leave_trackers(self) -> None:
        for stop in self._stop_trackers:
            stop()
        self._stop_trackers.clear()

    @callback
    def _tracker_spoke(self, event: Event[EventStateChangedData] | Event[EventStateReportedData]) -> None:
        self._look_at_network()
        person, tracker = self._hass.states.get(self._entity_id), event.data["entity_id"]
        self._is_news(tracker)
        before, after = event.data.get("old_state"), event.data["new_state"]
        if isinstance(before, State) and after is not None and _place(before) != _place(after):
            # Another place is told by the person itself, which may not know of it yet.
            return
        if (
            self._hass.loop.time() <= self._asked_until
            and person is not None
            and person.state not in _NOT_KNOWN
            and tracker == _source(person)
        ):
            self._asked_until = 0.0
            self._tell(self._fix(person))

    @callback
    def _look_at_network(self) -> None:
        present = self._present()
        if present is not self._on_network:
            self._on_network = present
            self._tell(OnNetwork(present))

    def _present(self) -> bool | None:
        """Whether a tracker sees the phone in the home's network; None if one that may do so does not know."""
        found = {self._sees(tracker) for tracker in self._trackers}
        return True if True in found else None if None in found else False

    def _sees(self, tracker: str) -> bool | None:
        state = self._hass.states.get(tracker)
        if state is not None and (kind := state.attributes.get(ATTR_SOURCE_TYPE)) is not None:
            self._kinds[tracker] = kind
        kind = self._kinds.get(tracker)
        if kind is None and state is None and er.async_get(self._hass).async_get(tracker) is None:
            # Deleted, though the person still names it.
            return False
        if kind is not None and kind != SourceType.ROUTER:
            return False
        return None if state is None else _PRESENT.get(state.state)


def _source(person: State) -> str:
    """Return the tracker that a person goes by; a tracker goes by itself."""
    source: str = person.attributes.get(_SOURCE, person.entity_id)
    return source


def _place(state: State) -> tuple[Any, ...]:
    keys = (ATTR_LATITUDE, ATTR_LONGITUDE, ATTR_GPS_ACCURACY)
    return (state.state, *(state.attributes.get(key) for key in keys))


def _number(state: State, key: str) -> float | None:
    attributes: Mapping[str, Any] = state.attributes
    value = attributes.get(key)
    return float(value) if isinstance(value, int | float) and isfinite(value) else None
