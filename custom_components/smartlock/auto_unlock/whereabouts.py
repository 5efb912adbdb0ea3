"""The reported location of a person's phone: states of the person's device trackers as events for a rule.

Only trackers that measure a position may report that somebody is away or back. A router shows only that the
phone is in the home's network, and Bluetooth nothing at all: anyone who replays the phone at the door is that
phone to it.

A state that was restored after a start, came back after being unknown, or repeats the same place is no news:
only new reports of the phone count, and only while we receive them.
"""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from homeassistant.components.device_tracker import ATTR_SOURCE_TYPE, SourceType
from homeassistant.components.zone import ENTITY_ID_HOME
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

from custom_components.smartlock.auto_unlock.references import Reference, References
from custom_components.smartlock.auto_unlock.rules import Located, LocationLost, OnNetwork

type OnWhereabouts = Callable[[Located | LocationLost | OnNetwork], None]

# A phone that is asked for its location answers within a minute or not at all.
_ANSWER_WITHIN = 60.0
_NOT_KNOWN = (STATE_UNAVAILABLE, STATE_UNKNOWN)
_PRESENT = {STATE_HOME: True, STATE_NOT_HOME: False}
# Attributes of a person (its trackers) and of a tracker (its zones and its source).
_TRACKERS, _IN_ZONES, _TRACKING_TYPE, _CONNECTION = (
    "device_trackers",
    "in_zones",
    "tracking_type",
    "connection",
)


class Whereabouts:
    """Follows one person until it is stopped."""

    def __init__(
        self, hass: HomeAssistant, person: Reference, references: References, tell: OnWhereabouts
    ) -> None:
        """Prepare; `start` begins."""
        self._hass = hass
        self._registry = er.async_get(hass)
        self._person = person
        self._references = references
        self._tell = tell
        self._trackers: list[str] = []
        self._ids: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._stops: list[CALLBACK_TYPE] = []
        self._asked_until = 0.0
        self._on_network: bool | None = False

    @callback
    def start(self) -> None:
        """Send reports from now on; the present location may be outdated and is not sent."""
        person = self._references.entity_id(self._person)
        self._trackers = self._trackers_of(person)
        self._stops = [
            async_track_state_change_event(self._hass, self._trackers, self._tracker_changed),
            async_track_state_report_event(self._hass, self._trackers, self._tracker_reported),
        ]
        if person is not None:
            self._stops.append(async_track_state_change_event(self._hass, person, self._person_changed))
        for tracker in self._trackers:
            self._learn_kind(self._hass.states.get(tracker))
        self._look_at_network()

    @callback
    def stop(self) -> None:
        """Stop following."""
        for stop in self._stops:
            stop()
        self._stops = []

    @callback
    def renamed(self) -> None:
        """Follow renamed entities under their new names."""
        self.stop()
        self.start()

    @callback
    def tell_network(self) -> None:
        """Send the home network's view of the phone again."""
        self._tell(OnNetwork(self._on_network))

    @callback
    def asked(self) -> None:
        """Note that the phone was asked for its location: it may report that it has not moved."""
        self._asked_until = self._hass.loop.time() + _ANSWER_WITHIN

    # --- Choosing the trackers ----------------------------------------------------------------------------

    def _trackers_of(self, person: str | None) -> list[str]:
        if person is None:
            return []
        state = self._hass.states.get(person)
        named = None if state is None else state.attributes.get(_TRACKERS)
        if named is None:
            return [person]
        return [self._present_name(tracker) for tracker in named]

    def _present_name(self, tracker: str) -> str:
        """Return the present name of a tracker: a person keeps its former name."""
        entry = self._registry.async_get(tracker)
        if entry is not None:
            self._ids[tracker] = entry.id
            return tracker
        known = self._registry.entities.get_entry(self._ids.get(tracker, ""))
        return tracker if known is None else known.entity_id

    def _key(self, tracker: str) -> str:
        """Return a value that identifies a tracker in a rule, whatever its name."""
        entry = self._registry.async_get(tracker)
        return tracker if entry is None else entry.id

    @callback
    def _person_changed(self, event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"]
        if new is None:
            self._lose(self._trackers)
        elif self._trackers_of(new.entity_id) != self._trackers:
            before = self._trackers
            self.renamed()
            # A different phone, or this person no longer has it.
            self._lose([tracker for tracker in before if tracker not in self._trackers])

    @callback
    def _lose(self, trackers: list[str]) -> None:
        for tracker in trackers:
            if self._kinds.get(tracker) == SourceType.GPS:
                self._tell(LocationLost(tracker=self._key(tracker)))

    # --- Their states -----------------------------------------------------------------------------------

    @callback
    def _tracker_changed(self, event: Event[EventStateChangedData]) -> None:
        tracker, old, new = event.data["entity_id"], event.data["old_state"], event.data["new_state"]
        self._learn_kind(new)
        self._look_at_network()
        if not self._measures(tracker):
            return
        if new is None or new.state in _NOT_KNOWN:
            self._tell(LocationLost(tracker=self._key(tracker)))
        elif old is None or old.state in _NOT_KNOWN:
            # A restored or initial state.
            return
        elif _place(old) != _place(new):
            if self._hass.state is CoreState.running:
                self._tell(self._fix(new))
        else:
            self._answered(new)

    @callback
    def _tracker_reported(self, event: Event[EventStateReportedData]) -> None:
        state = event.data["new_state"]
        if state.state not in _NOT_KNOWN and self._measures(state.entity_id):
            self._answered(state)

    @callback
    def _answered(self, state: State) -> None:
        """Take a report of the same place, which counts only if it was requested."""
        if self._hass.loop.time() <= self._asked_until:
            self._asked_until = 0.0
            self._tell(self._fix(state))

    def _fix(self, state: State) -> Located:
        config = self._hass.config
        latitude, longitude = _number(state, ATTR_LATITUDE), _number(state, ATTR_LONGITUDE)
        # 0 is what trackers show for a phone that has not reported its accuracy.
        accuracy = _number(state, ATTR_GPS_ACCURACY) or None
        metres = None
        # A position without an accuracy was not measured.
        if latitude is not None and longitude is not None and accuracy is not None:
            metres = distance(config.latitude, config.longitude, latitude, longitude)
        return Located(
            tracker=self._key(state.entity_id),
            # The state names the smallest zone; the home may be around it.
            at_home=state.state == STATE_HOME or ENTITY_ID_HOME in state.attributes.get(_IN_ZONES, ()),
            distance=metres,
            accuracy=None if metres is None else accuracy,
            fixed_at=self._hass.loop.time(),
            radius=float(config.radius),
        )

    # --- Their kinds --------------------------------------------------------------------------------------

    @callback
    def _learn_kind(self, state: State | None) -> None:
        if state is None:
            return
        kind = state.attributes.get(ATTR_SOURCE_TYPE)
        if kind == SourceType.GPS and state.attributes.get(_TRACKING_TYPE) == _CONNECTION:
            kind = SourceType.ROUTER
        if kind is None and ATTR_GPS_ACCURACY in state.attributes:
            kind = SourceType.GPS
        if kind is not None:
            self._kinds[state.entity_id] = kind

    def _measures(self, tracker: str) -> bool:
        """Whether a tracker measures positions, unless another one is known to be the phone's own."""
        own = self._references.phone_tracker
        if own is not None and own in self._trackers and tracker != own:
            return False
        return self._kinds.get(tracker) == SourceType.GPS

    # --- The home's network -----------------------------------------------------------------------------

    @callback
    def _look_at_network(self) -> None:
        present = self._present()
        if present is not self._on_network:
            self._on_network = present
            self._tell(OnNetwork(present))

    def _present(self) -> bool | None:
        """Whether a tracker sees the phone in the home's network; None if one that might is unknown."""
        found = {self._sees(tracker) for tracker in self._trackers}
        return True if True in found else None if None in found else False

    def _sees(self, tracker: str) -> bool | None:
        state, kind = self._hass.states.get(tracker), self._kinds.get(tracker)
        if kind is None and state is None and self._registry.async_get(tracker) is None:
            # Deleted, though the person still refers to it.
            return False
        if kind is not None and kind != SourceType.ROUTER:
            return False
        return None if state is None else _PRESENT.get(state.state)


def _place(state: State) -> tuple[Any, ...]:
    keys = (ATTR_LATITUDE, ATTR_LONGITUDE, ATTR_GPS_ACCURACY)
    at_home = ENTITY_ID_HOME in state.attributes.get(_IN_ZONES, ())
    return (state.state, at_home, *(state.attributes.get(key) for key in keys))


def _number(state: State, key: str) -> float | None:
    attributes: Mapping[str, Any] = state.attributes
    value = attributes.get(key)
    return float(value) if isinstance(value, int | float) and isfinite(value) else None
