"""What a rule refers to, by ids that survive renaming: entities, person, scanners, notify action.

A rule's data name entities as the forms show them. In addition they contain Home Assistant's registry ids, so
that a renamed entity is followed and one that has taken over another's name is not.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from homeassistant.components import bluetooth
from homeassistant.components.notify import DOMAIN as NOTIFY_DOMAIN
from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from custom_components.smartlock.link.scanners import scanner_names
from custom_components.smartlock.phones.app import MOBILE_APP, notify_name
from custom_components.smartlock.protocol.values import dataclass

CONF_REFERENCES: Final = "references"

# Seconds after which something without a permanent id counts as gone: integrations and proxies restart, too.
_GRACE = 900.0
# Attribute of a person.
_TRACKERS = "device_trackers"


@dataclass(frozen=True, kw_only=True)
class Reference:
    """An entity that the owner has chosen."""

    entity_id: str
    """Its name when the rule was loaded."""
    registry_id: str | None = None
    """None if Home Assistant has no id of it, so that only its name identifies it."""


# --- The data of a rule -------------------------------------------------------------------------------------


def pinned(
    hass: HomeAssistant, data: Mapping[str, Any], single: tuple[str, ...], several: str, notify: str
) -> dict[str, Any]:
    """Return the data of a rule with present names and ids of everything that it refers to.

    Args:
        hass: Home Assistant with its registries.
        data: As stored, also by a version without ids.
        single: Keys of one entity id.
        several: The key of a list of entity ids.
        notify: The key of the name of a notify action.
    """
    known: Mapping[str, str] = data.get(CONF_REFERENCES, {})
    ids: dict[str, str] = {}
    entities = er.async_get(hass).entities

    def pin(entity_id: str) -> str:
        stored = known.get(entity_id)
        entry = entities.get(entity_id) if stored is None else entities.get_entry(stored)
        name = entity_id if entry is None else entry.entity_id
        registry_id = entry.id if stored is None and entry is not None else stored
        if registry_id is not None:
            ids[name] = registry_id
        return name

    new = dict(data)
    for key in single:
        if key in data:
            new[key] = pin(data[key])
    if several in data:
        new[several] = [pin(entity_id) for entity_id in data[several]]
    if notify in data:
        name = data[notify]
        stored = known.get(_action(name))
        entry = _app_entry(hass, name) if stored is None else hass.config_entries.async_get_entry(stored)
        if entry is not None:
            new[notify] = name = notify_name(entry)
        entry_id = entry.entry_id if stored is None and entry is not None else stored
        if entry_id is not None:
            ids[_action(name)] = entry_id
    new[CONF_REFERENCES] = ids
    return new


def without_ids(data: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """Return the data without the ids for some keys, whose entities were chosen by their present names."""
    ids = dict(data.get(CONF_REFERENCES, {}))
    for key in keys:
        value = data.get(key, ())
        for name in (value,) if isinstance(value, str) else value:
            ids.pop(name, None)
            ids.pop(_action(name), None)
    return {**data, CONF_REFERENCES: ids}


def reference_of(data: Mapping[str, Any], entity_id: Any) -> Reference:
    """Return the reference to an entity in the data. Raises TypeError if it is not an entity id."""
    if not isinstance(entity_id, str):
        raise TypeError("not an entity id")
    return Reference(entity_id=entity_id, registry_id=data.get(CONF_REFERENCES, {}).get(entity_id))


def app_entry_of(data: Mapping[str, Any], notify: str) -> str | None:
    """Return the id of the companion app's config entry behind a notify action in the data."""
    entry_id: str | None = data.get(CONF_REFERENCES, {}).get(_action(notify))
    return entry_id


def _action(notify: str) -> str:
    return f"{NOTIFY_DOMAIN}.{notify}"


def _app_entry(hass: HomeAssistant, notify: str) -> ConfigEntry | None:
    apps = hass.config_entries.async_entries(MOBILE_APP)
    return next((app for app in apps if notify_name(app) == notify), None)


def phone_name(hass: HomeAssistant, notify: str) -> str:
    """Return the name of the phone behind a notify action; that of the action if its app is not there."""
    app = _app_entry(hass, notify)
    return notify if app is None else app.title


def notify_of(hass: HomeAssistant, person: str) -> str | None:
    """Return the notify action of the app that reports a person's location; None if not exactly one does."""
    state = hass.states.get(person)
    trackers = [person] if state is None else state.attributes.get(_TRACKERS, [person])
    entities = er.async_get(hass).entities
    names = set()
    for tracker in trackers:
        entry = entities.get(tracker)
        if entry is None or entry.platform != MOBILE_APP or entry.config_entry_id is None:
            continue
        app = hass.config_entries.async_get_entry(entry.config_entry_id)
        if app is not None and hass.services.has_service(NOTIFY_DOMAIN, name := notify_name(app)):
            names.add(name)
    return names.pop() if len(names) == 1 else None


# --- While the rule runs ------------------------------------------------------------------------------------


class References:
    """Resolves what a rule refers to, and notices what is gone."""

    def __init__(
        self,
        hass: HomeAssistant,
        *,
        entities: tuple[Reference, ...],
        notify: str | None,
        app_entry: str | None,
        scanners: frozenset[str],
    ) -> None:
        """Take what the owner has chosen."""
        self._hass = hass
        self._registry = er.async_get(hass)
        self._entities = entities
        self._notify = notify
        self._app_entry = app_entry
        self._scanners = scanners
        self._absent_since: dict[str, float] = {}

    def entity_id(self, reference: Reference) -> str | None:
        """Return the present name of an entity; None if it is gone."""
        if reference.registry_id is None:
            return reference.entity_id
        entry = self._registry.entities.get_entry(reference.registry_id)
        return None if entry is None else entry.entity_id

    @property
    def notify(self) -> str | None:
        """The present name of the notify action; None if none was chosen."""
        app = None if self._app_entry is None else self._hass.config_entries.async_get_entry(self._app_entry)
        return self._notify if app is None else notify_name(app)

    @property
    def phone_tracker(self) -> str | None:
        """The entity id of the tracker of the notify action's app; None if unknown."""
        if self._app_entry is None:
            return None
        entries = er.async_entries_for_config_entry(self._registry, self._app_entry)
        return next((entry.entity_id for entry in entries if entry.domain == "device_tracker"), None)

    @callback
    def follow(self, changed: Callable[[], None]) -> CALLBACK_TYPE:
        """Call `changed` whenever one of the entities is renamed or removed; return a callable that stops."""
        ids = {each.registry_id for each in self._entities} - {None}

        @callback
        def concerns(data: er.EventEntityRegistryUpdatedData) -> bool:
            if data["action"] == "create":
                return False
            if data["action"] == "remove":
                return True
            entry = self._registry.async_get(data["entity_id"])
            renamed = "entity_id" in data["changes"] or "disabled_by" in data["changes"]
            return renamed and (entry is None or entry.id in ids or entry.domain == "device_tracker")

        @callback
        def updated(_: Event[er.EventEntityRegistryUpdatedData]) -> None:
            changed()

        return self._hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, updated, event_filter=concerns)

    @callback
    def missing(self) -> tuple[str, ...]:
        """Return what is gone, as the owner knows it: entity ids, the action, scanner addresses."""
        now, gone, absent = self._hass.loop.time(), [], {}
        for name, there in self._look():
            if there is None:
                gone.append(name)
            elif not there:
                absent[name] = self._absent_since.get(name, now)
        self._absent_since = absent
        gone += [name for name, since in absent.items() if now - since >= _GRACE]
        return tuple(gone)

    def _look(self) -> Iterator[tuple[str, bool | None]]:
        """Yield each reference and whether it exists; None if it is known to be gone permanently."""
        for each in self._entities:
            if each.registry_id is None:
                yield each.entity_id, self._hass.states.get(each.entity_id) is not None
            else:
                entry = self._registry.entities.get_entry(each.registry_id)
                yield each.entity_id, True if entry is not None and entry.disabled_by is None else None
        if (notify := self.notify) is not None:
            there = self._hass.services.has_service(NOTIFY_DOMAIN, notify)
            app_is_gone = (
                self._app_entry is not None
                and self._hass.config_entries.async_get_entry(self._app_entry) is None
            )
            yield _action(notify), None if app_is_gone else there
        if self._scanners:
            names = scanner_names(self._hass, self._scanners)
            for source in sorted(self._scanners):
                yield names[source], bluetooth.async_scanner_by_source(self._hass, source) is not None


@callback
def async_pin_subentry(
    hass: HomeAssistant,
    entry: ConfigEntry,
    subentry: ConfigSubentry,
    pin: Callable[[HomeAssistant, Mapping[str, Any]], dict[str, Any]],
) -> ConfigSubentry:
    """Store the present names and ids of what a rule refers to; return the updated rule."""
    data = pin(hass, subentry.data)
    if data != dict(subentry.data):
        hass.config_entries.async_update_subentry(entry, subentry, data=data)
    return entry.subentries[subentry.subentry_id]
