"""Events: things that happened to a lock and are over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.event import EventEntity, EventEntityDescription, EventExtraStoredData
from homeassistant.const import EntityCategory
from homeassistant.core import CALLBACK_TYPE, CoreState, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.start import async_at_started

from custom_components.smartlock.activity.rules.entries import Denial, Happening
from custom_components.smartlock.activity.rules.events import Activity
from custom_components.smartlock.auto_unlock.entities import RuleEvent
from custom_components.smartlock.auto_unlock.runners import async_add_rule_entities
from custom_components.smartlock.entity import SmartLockEntity
from custom_components.smartlock.faults.rules.codes import FaultKind
from custom_components.smartlock.faults.tracker import RECOVERED
from custom_components.smartlock.runtime import SmartLockConfigEntry, SmartLockRuntime
from custom_components.smartlock.settings.rules.battery_change import Verdict
from custom_components.smartlock.settings.rules.restore import Journal

# Events send no requests to the lock.
PARALLEL_UPDATES = 0

# Takes the event type and its attributes.
type Fire = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True, kw_only=True)
class SmartLockEventDescription(EventEntityDescription):
    """An event entity and its source: `subscribe` returns a callable that unsubscribes."""

    subscribe: Callable[[SmartLockRuntime, Fire], CALLBACK_TYPE]
    names: bool = False
    """Whether the attributes name people."""


def _battery_changed(runtime: SmartLockRuntime, fire: Fire) -> CALLBACK_TYPE:
    def changed(verdict: Verdict) -> None:
        fire("battery_changed", {"reasons": [reason.value for reason in verdict.reasons]})

    return runtime.archive.async_on_battery_changed(changed)


def _settings_restored(runtime: SmartLockRuntime, fire: Fire) -> CALLBACK_TYPE:
    def restored(journal: Journal) -> None:
        failed = {name: problem.value for name, problem in journal.failed().items()}
        event = "restored" if not failed else "partly_restored" if journal.restored() else "not_restored"
        fire(event, {"restored": list(journal.restored()), "failed": failed, "by_itself": not journal.asked})

    return runtime.archive.async_on_restored(restored)


def _activity(*, denied: bool) -> Callable[[SmartLockRuntime, Fire], CALLBACK_TYPE]:
    """Return what fires for each new entry of the log; one event for anyone who was not let in, another for all else."""

    def subscribe(runtime: SmartLockRuntime, fire: Fire) -> CALLBACK_TYPE:
        def happened(activity: Activity) -> None:
            if activity.denied == denied:
                fire(activity.type, activity.attributes())

        return runtime.activity.async_subscribe(happened)

    return subscribe


EVENTS: tuple[SmartLockEventDescription, ...] = (
    SmartLockEventDescription(
        key="activity", event_types=list(Happening), subscribe=_activity(denied=False), names=True
    ),
    SmartLockEventDescription(
        key="access_denied", event_types=list(Denial), subscribe=_activity(denied=True), names=True
    ),
    SmartLockEventDescription(
        key="fault",
        event_types=[*(kind.value for kind in FaultKind), RECOVERED],
        subscribe=lambda runtime, fire: runtime.faults.async_subscribe(fire),
    ),
    SmartLockEventDescription(
        key="battery_changed",
        event_types=["battery_changed"],
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        subscribe=_battery_changed,
    ),
    SmartLockEventDescription(
        key="settings_restored",
        event_types=["restored", "partly_restored", "not_restored"],
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        subscribe=_settings_restored,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartLockConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the event entities."""
    async_add_entities(SmartLockEvent(entry.runtime_data, description) for description in EVENTS)
    async_add_rule_entities(
        entry.runtime_data.auto_unlock, async_add_entities, lambda rule: [RuleEvent(rule)]
    )


class SmartLockEvent(SmartLockEntity, EventEntity):
    """The last event of a kind; still shown while the lock is out of range."""

    entity_description: SmartLockEventDescription

    def __init__(self, runtime: SmartLockRuntime, description: SmartLockEventDescription) -> None:
        """Bind a description to a lock."""
        super().__init__(runtime.coordinator, description)
        self._runtime = runtime

    @property
    @override
    def available(self) -> bool:
        # A past event stays true.
        return True

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        # They come after those of the event.
        return self._hidden(super().extra_restore_state_data.last_event_attributes)

    @property
    @override
    def basis(self) -> tuple[object, ...]:
        # What happens is written when it does.
        return (self.extra_state_attributes,)

    @property
    @override
    def extra_restore_state_data(self) -> EventExtraStoredData:
        stored = super().extra_restore_state_data
        shown = stored.last_event_attributes
        return EventExtraStoredData(stored.last_event_type, shown and {**shown, **self._hidden(shown)})

    def _hidden(self, shown: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return what is to show instead of names that were shown before they were hidden."""
        if not self.entity_description.names or not shown:
            return {}
        return self._runtime.activity.names.hidden(shown)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.entity_description.subscribe(self._runtime, self._fire))

    @callback
    def _fire(self, event_type: str, attributes: Mapping[str, Any]) -> None:
        """Fire, once the automations have been started: they would miss what is read in the first seconds."""

        @callback
        def fire(_: HomeAssistant) -> None:
            self._trigger_event(event_type, dict(attributes))
            self.async_write_ha_state()

        if self.hass.state in (CoreState.not_running, CoreState.starting):
            self.async_on_remove(async_at_started(self.hass, fire))
        else:
            fire(self.hass)
