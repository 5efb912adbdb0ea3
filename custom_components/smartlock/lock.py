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
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from custom_components.smartlock.activity.texts import ActivityTexts
from custom_components.smartlock.entity import SmartLockEntity
from custom_components.smartlock.protocol.enums import LockAction, LockState
from custom_components.smartlock.runtime import SmartLockConfigEntry, SmartLockRuntime

# The client queues requests itself; Home Assistant must not hold any back.
PARALLEL_UPDATES = 0

# How Home Assistant shows each state of the bolt. None is unknown: Home Assistant has no state for a lock
# that is not calibrated, boots or calibrates, and a value that is not documented is never shown as a known
# state.
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

# What an action looks like that the lock has accepted, where its state does not show it.
RUNNING: Mapping[LockAction, View] = {
    LockAction.LOCK: View.LOCKING,
    LockAction.FULL_LOCK: View.LOCKING,
    LockAction.UNLOCK: View.UNLOCKING,
    LockAction.LOCK_N_GO: View.UNLOCKING,
    LockAction.UNLATCH: View.OPENING,
    LockAction.LOCK_N_GO_WITH_UNLATCH: View.OPENING,
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
        """Bind the entity to a lock."""
        super().__init__(runtime.coordinator, description)
        self.runtime = runtime
        self._caller: Context | None = None

    @property
    @override
    def available(self) -> bool:
        # Home Assistant silently drops an action on an unavailable entity, and its caller believes that it
        # succeeded. The action has to arrive here to fail with an error; the state below is what everyone
        # sees.
        return True

    @property  # type: ignore[misc] # final, since no other entity overrides its state
    @override
    def state(self) -> str | None:
        return super().state if self.present else STATE_UNAVAILABLE

    @property
    @override
    def basis(self) -> tuple[object, ...]:
        return self.present, self._view, self.is_jammed, self.changed_by

    @property
    def _view(self) -> View | None:
        snapshot = self.snapshot
        if (action := snapshot.under_way) is not None:
            return RUNNING.get(action)
        view = None if snapshot.states is None else VIEWS.get(snapshot.states.lock_state)
        return None if view is View.LOCKED and self.runtime.faults.locked_in_doubt else view

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
        # With a dead clutch the bolt does not move and would be shown as locked. A lock that was never
        # calibrated has no state in Home Assistant, which is not a jam; and a moving bolt is shown as moving.
        states = self.snapshot.states
        accepted = self.snapshot.running is not None and not self.snapshot.begun
        silent = accepted or (
            states is not None
            and (states.lock_state.in_motion or states.lock_state == LockState.UNCALIBRATED)
        )
        return self._view is View.JAMMED or (self.runtime.faults.grave and not silent)

    @property
    @override
    def changed_by(self) -> str | None:
        changed = self.runtime.activity.changed
        return None if changed is None else ActivityTexts(self.hass).author(*changed)

    async def async_act(self, action: LockAction) -> None:
        """Carry out an action; all that it changes is attributed to its caller, and nothing that comes after it.

        Home Assistant itself would forget the caller after five seconds, which a slow motor exceeds, and name them for a code
        that somebody enters within that time.
        """
        self._caller = caller = self._context
        try:
            await self.runtime.actions.async_act(action)
        finally:
            if self._caller is caller:
                self._caller = self._context = None

    @override
    @callback
    def _handle_coordinator_update(self) -> None:
        if self._caller is not None:
            self.async_set_context(self._caller)
        super()._handle_coordinator_update()

    @override
    async def async_lock(self, **kwargs: Any) -> None:
        await self.async_act(LockAction.LOCK)

    @override
    async def async_unlock(self, **kwargs: Any) -> None:
        await self.async_act(LockAction.UNLOCK)

    @override
    async def async_open(self, **kwargs: Any) -> None:
        await self.async_act(LockAction.UNLATCH)
