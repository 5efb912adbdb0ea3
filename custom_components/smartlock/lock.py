"""The lock entity."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.components.lock import (
    LockEntity,
    LockEntityDescription,
    LockEntityFeature,
    LockState as View,
)
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.entity import SmartLockEntity
from custom_components.smartlock.protocol.enums import LockAction, LockState
from custom_components.smartlock.runtime import SmartLockConfigEntry, SmartLockRuntime

# The client orders requests itself; Home Assistant must not hold any back.
PARALLEL_UPDATES = 0

# What each state of the bolt looks like in Home Assistant. None is unknown: it has no view for a lock that is
# not calibrated, boots or calibrates, and a state that nobody knows yet is never taken for a known one.
VIEWS: Mapping[LockState, View | None] = {
    LockState.UNCALIBRATED: None,
    LockState.LOCKED: View.LOCKED,
    LockState.UNLOCKING: View.UNLOCKING,
    LockState.UNLOCKED: View.UNLOCKED,
    LockState.LOCKING: View.LOCKING,
    LockState.UNLATCHED: View.OPEN,
    LockState.UNLOCKED_LOCK_N_GO: View.UNLOCKED,
    LockState.UNLATCHING: View.OPENING,
    LockState.CALIBRATION: None,
    LockState.BOOT_RUN: None,
    LockState.MOTOR_BLOCKED: View.JAMMED,
    LockState.UNDEFINED: None,
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartLockConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the lock."""
    async_add_entities([SmartLockLock(entry.runtime_data, LockEntityDescription(key="lock"))])


class SmartLockLock(SmartLockEntity, LockEntity):
    """The bolt and the latch."""

    _attr_name = None
    _attr_supported_features = LockEntityFeature.OPEN

    def __init__(self, runtime: SmartLockRuntime, description: LockEntityDescription) -> None:
        """Take the lock."""
        super().__init__(runtime.coordinator, description)
        self.runtime = runtime

    @property
    @override
    def available(self) -> bool:
        # Home Assistant drops an action on an entity that is not available, and tells its caller that all went well.
        # It has to come here, so that it can say that nothing was sent; the state below is what everybody sees.
        return True

    @property  # type: ignore[misc] # final, since nobody else needs another word than its own
    @override
    def state(self) -> str | None:
        return super().state if self.coordinator.reachable else STATE_UNAVAILABLE

    @property
    def _view(self) -> View | None:
        states = self.snapshot.states
        return None if states is None else VIEWS.get(states.lock_state)

    @property
    @override
    def is_locked(self) -> bool | None:
        view = self._view
        return None if view is None else view is View.LOCKED

    @property
    @override
    def is_locking(self) -> bool:
        return self._view is View.LOCKING

    @property
    @override
    def is_unlocking(self) -> bool:
        return self._view is View.UNLOCKING

    @property
    @override
    def is_open(self) -> bool:
        return self._view is View.OPEN

    @property
    @override
    def is_opening(self) -> bool:
        return self._view is View.OPENING

    @property
    @override
    def is_jammed(self) -> bool:
        # A dead clutch leaves the bolt where it was: *locked* would be all that is seen of it. What has no word
        # because the lock was never calibrated is no jam, and a bolt that moves is shown to move.
        states = self.snapshot.states
        silent = states is not None and (
            states.lock_state.in_motion or states.lock_state == LockState.UNCALIBRATED
        )
        return self._view is View.JAMMED or (self.runtime.faults.faults.grave and not silent)

    @override
    async def async_lock(self, **kwargs: Any) -> None:
        await self.runtime.actions.async_act(LockAction.LOCK)

    @override
    async def async_unlock(self, **kwargs: Any) -> None:
        await self.runtime.actions.async_act(LockAction.UNLOCK)

    @override
    async def async_open(self, **kwargs: Any) -> None:
        await self.runtime.actions.async_act(LockAction.UNLATCH)
