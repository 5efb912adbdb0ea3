"""Common base of all entities of a lock."""

from collections.abc import Callable, Iterable
from typing import override

from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.devices import device_of
from custom_components.smartlock.snapshot import LockSnapshot


class SmartLockEntity(CoordinatorEntity[SmartLockCoordinator]):
    """An entity of one lock; its key is its translation key and the end of its unique id."""

    _attr_has_entity_name = True
    _written: tuple[object, ...] | None = None

    def __init__(self, coordinator: SmartLockCoordinator, description: EntityDescription) -> None:
        """Bind a description to a lock."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = f"{coordinator.nuki_id}_{description.key}"
        self._attr_translation_key = description.key
        # Registered once for all entities, each of which would otherwise look for it and compare what it is.
        self.device_entry = device_of(coordinator.hass, coordinator.config_entry)

    @property
    def snapshot(self) -> LockSnapshot:
        """What is known about the lock now."""
        return self.coordinator.data

    @property
    def present(self) -> bool:
        """Whether the lock is in range, and is not just about to answer for the first time.

        After a start, or when it is back, its entities stay unavailable for the second until the first read is over: a state
        that is unknown meanwhile would be a line in Activity for each of them.
        """
        coordinator = self.coordinator
        return coordinator.reachable and (
            coordinator.presence.answered
            or not coordinator.last_update_success
            or not coordinator.policy.reads_soon(self.hass.loop.time())
        )

    @property
    @override
    def available(self) -> bool:
        # After a failed read a lock that is still in range stays available, with its last state.
        return self.present

    @property
    def basis(self) -> tuple[object, ...] | None:
        """All that the state of this entity follows from and that changes; None: it is written at every update.

        Each message of a lock updates all of its entities, most of them without a change: comparing takes a tenth of the
        time that Home Assistant needs to compute the state and its attributes again.
        """
        return None

    @override
    @callback
    def _handle_coordinator_update(self) -> None:
        basis = self.basis
        if basis is None or basis != self._written:
            super()._handle_coordinator_update()

    @override
    @callback
    def _async_write_ha_state(self) -> None:
        self._written = self.basis
        super()._async_write_ha_state()


@callback
def async_add_when_known[D: EntityDescription](
    coordinator: SmartLockCoordinator,
    platform: Platform,
    descriptions: Iterable[D],
    *,
    exists: Callable[[LockSnapshot, D], bool | None],
    create: Callable[[D], Entity],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add entities for what a lock has: known ones at once, others once the lock turns out to have them.

    `exists` returns whether the lock has something; None while unknown.
    """
    registry = er.async_get(coordinator.hass)
    missing = {description.key: description for description in descriptions}

    @callback
    def add(keys: Iterable[str]) -> None:
        if found := [create(missing.pop(key)) for key in keys]:
            async_add_entities(found)

    @callback
    def look() -> None:
        add([key for key, description in missing.items() if exists(coordinator.data, description)])

    add(
        [
            key
            for key in missing
            if registry.async_get_entity_id(platform, DOMAIN, f"{coordinator.nuki_id}_{key}")
        ]
    )
    look()
    coordinator.config_entry.async_on_unload(coordinator.async_add_listener(look))
