"""What all entities of a lock have in common."""

from typing import override

from homeassistant.helpers.device_registry import CONNECTION_BLUETOOTH, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.snapshot import LockSnapshot


class SmartLockEntity(CoordinatorEntity[SmartLockCoordinator]):
    """An entity of one lock; its key is its translation key and the end of its unique id."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: SmartLockCoordinator, description: EntityDescription) -> None:
        """Bind a description to a lock."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = f"{coordinator.nuki_id}_{description.key}"
        self._attr_translation_key = description.key
        # The model and the versions are written when the lock has told them.
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, coordinator.nuki_id)},
            connections={(CONNECTION_BLUETOOTH, coordinator.address)},
            name=coordinator.config_entry.title,
            manufacturer="Nuki",
            serial_number=coordinator.nuki_id,
        )

    @property
    def snapshot(self) -> LockSnapshot:
        """What is known of the lock now."""
        return self.coordinator.data

    @property
    @override
    def available(self) -> bool:
        # A failed read does not make a lock unavailable that is still heard: its last state stays.
        return self.coordinator.reachable
