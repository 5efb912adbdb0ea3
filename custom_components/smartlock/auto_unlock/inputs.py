"""The chosen entities as events for a rule: alarm, evidence and other entrances, followed through renames."""

from collections.abc import Callable

from homeassistant.components.alarm_control_panel import AlarmControlPanelState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers.event import async_track_state_change_event

from custom_components.smartlock.auto_unlock.references import Reference, References
from custom_components.smartlock.auto_unlock.rule import Rule, opened
from custom_components.smartlock.auto_unlock.rules import Alarm, Entrances, Reported, RuleInput, Unlocked

_NOT_KNOWN = (STATE_UNAVAILABLE, STATE_UNKNOWN)
# An entity that is being renamed is missing for a moment.
_RENAMING = 30.0


class RuleEntities:
    """Follows the entities until it is stopped."""

    def __init__(
        self, hass: HomeAssistant, rule: Rule, references: References, tell: Callable[[RuleInput], None]
    ) -> None:
        """Prepare; `start` begins."""
        self._hass = hass
        self._rule = rule
        self._references = references
        self._tell = tell
        self._stops: list[CALLBACK_TYPE] = []
        self._renamed_at: float | None = None

    @callback
    def start(self) -> None:
        """Send their present states to the rule, and follow them."""
        rule = self._rule
        if rule.alarm is not None:
            self._follow(rule.alarm, lambda state: Alarm(_armed(state)))
        if (entity := rule.entity) is not None:
            self._follow(entity.reference, lambda state: Reported(entity.near(state)))
        if ids := [
            entity_id
            for each in rule.entrances
            if (entity_id := self._references.entity_id(each)) is not None
        ]:
            self._stops.append(async_track_state_change_event(self._hass, ids, self._entrance_changed))
        self.tell_entrances()

    @callback
    def stop(self) -> None:
        """Stop following."""
        for stop in self._stops:
            stop()
        self._stops.clear()

    @callback
    def renamed(self) -> None:
        """Follow renamed entities under their new names."""
        self._renamed_at = self._hass.loop.time()
        self.stop()
        self.start()

    @callback
    def tell_entrances(self) -> None:
        """Send whether every entrance reports whether it is open."""
        if self._rule.entrances:
            self._tell(Entrances(all(self._is_known(each) for each in self._rule.entrances)))

    def _is_known(self, entrance: Reference) -> bool:
        entity_id = self._references.entity_id(entrance)
        if entity_id is None:
            return False
        state = self._hass.states.get(entity_id)
        if state is None:
            return self._renamed_at is not None and self._hass.loop.time() <= self._renamed_at + _RENAMING
        return state.state not in _NOT_KNOWN

    @callback
    def _entrance_changed(self, event: Event[EventStateChangedData]) -> None:
        self.tell_entrances()
        if opened(event.data["old_state"], event.data["new_state"]):
            self._tell(Unlocked())

    @callback
    def _follow(self, reference: Reference, event_of: Callable[[State | None], RuleInput]) -> None:
        entity_id = self._references.entity_id(reference)
        if entity_id is None:
            self._tell(event_of(None))
            return

        @callback
        def changed(event: Event[EventStateChangedData]) -> None:
            self._tell(event_of(event.data["new_state"]))

        self._stops.append(async_track_state_change_event(self._hass, entity_id, changed))
        self._tell(event_of(self._hass.states.get(entity_id)))


def _armed(state: State | None) -> bool | None:
    """Whether an alarm is armed, or about to be; None if unknown."""
    if state is None or state.state not in set(AlarmControlPanelState):
        return None
    return state.state != AlarmControlPanelState.DISARMED
