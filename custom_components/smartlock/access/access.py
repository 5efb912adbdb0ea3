"""Everything about who may open one lock, and what it does on its own, in one place for dialogs and actions."""

from typing import Final

from custom_components.smartlock.access.codes import KeypadCodes
from custom_components.smartlock.access.lists import LockLists
from custom_components.smartlock.access.time_control import TimeControl
from custom_components.smartlock.access.users import Users
from custom_components.smartlock.clock.sync import LockClock
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.lock_part import LockPart


class LockAccess(LockPart):
    """The codes, users and time control of one lock."""

    def __init__(self, coordinator: SmartLockCoordinator, lists: LockLists, clock: LockClock) -> None:
        """Prepare; nothing is sent yet."""
        self.coordinator: Final = coordinator
        self.codes: Final = KeypadCodes(coordinator, lists, clock)
        self.users: Final = Users(coordinator, lists, clock)
        self.time_control: Final = TimeControl(coordinator, lists, clock)
