"""Everything about who may open one lock, and what it does on its own, in one place for dialogs and actions."""

from typing import Final, override

from homeassistant.core import HomeAssistant, callback

from custom_components.smartlock.access import leaving
from custom_components.smartlock.access.codes import KeypadCodes
from custom_components.smartlock.access.lists import LockLists
from custom_components.smartlock.access.removals import Removals
from custom_components.smartlock.access.store import NoteStore
from custom_components.smartlock.access.time_control import TimeControl
from custom_components.smartlock.access.users import Users
from custom_components.smartlock.access.uses import UseLog
from custom_components.smartlock.clock.rules import Doubt
from custom_components.smartlock.clock.sync import LockClock
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.protocol.messages import KeyturnerStates


class LockAccess(LockPart):
    """The codes, users and time control of one lock."""

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: SmartLockCoordinator,
        lists: LockLists,
        *,
        pin: PinGuard,
        log: UseLog,
        clock: LockClock,
        issues: LockIssues,
    ) -> None:
        """Prepare; call `async_load` before anything else."""
        self.coordinator: Final = coordinator
        self._lists = lists
        self._pin = pin
        self._clock = clock
        self._store = NoteStore(hass, coordinator.nuki_id)
        self.codes: Final = KeypadCodes(coordinator, lists, clock, self._store, log)
        self.users: Final = Users(coordinator, lists, clock, self._store)
        self.time_control: Final = TimeControl(coordinator, lists, clock)
        self.removals: Final = Removals(
            hass,
            coordinator,
            pin=pin,
            log=log,
            store=self._store,
            codes=self.codes,
            users=self.users,
            issues=issues,
        )

    @override
    async def async_load(self) -> None:
        """Read what an earlier run of Home Assistant has noted."""
        await self._store.async_load()

    @override
    @callback
    def start(self) -> None:
        """Continue with the removals of an earlier run."""
        self.removals.start()

    @override
    async def async_stop(self) -> None:
        """End. What is left is on disk."""
        await self.removals.async_stop()

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Why limited rights and time control may not hold at the time that their owner means; empty: they do."""
        return self._clock.doubts

    async def async_leave(self) -> None:
        """Delete our own authorization in the lock, and prove that it is gone. Raises like `leaving.async_leave`."""
        await leaving.async_leave(self.coordinator, self._lists, self._pin)

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Do over the open link what is due. Raises SmartLockError."""
        await self.removals.async_use_link(states)
