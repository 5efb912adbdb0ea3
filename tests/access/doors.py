"""A lock with a keypad whose codes, users and time control are changed, and how to count what that cost."""

from typing import Any

from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.access.access import LockAccess
from custom_components.smartlock.runtime import SmartLockRuntime
from simulator.lock.keypad import Code
from simulator.lock.rights import ALWAYS
from simulator.virtual_lock import VirtualLock
from tests.integration.home import PINS, Home

__all__ = ["Door"]


class Door:
    """A lock with a keypad, and Home Assistant with its PIN."""

    def __init__(self, home: Home, lock: VirtualLock) -> None:
        """Take the parts."""
        self.home = home
        self.lock = lock
        self.entry: MockConfigEntry

    @classmethod
    async def of(cls, home: Home, model: str = "gen3", *, keypad: bool = True, **options: Any) -> Door:
        """Mount the lock and add it; `options` are those of the config entry, and the lock's `habits`."""
        habits = {"habits": options.pop("habits")} if "habits" in options else {}
        lock = home.add_lock(model, **habits)
        if keypad:
            lock.pair_accessory("keypad")
        door = cls(home, lock)
        options.setdefault("pin", str(PINS[model]))
        door.entry = await home.set_up(lock, **options)
        return door

    @property
    def runtime(self) -> SmartLockRuntime:
        """What runs for the lock now; another one after each reload."""
        runtime: SmartLockRuntime = self.entry.runtime_data
        return runtime

    @property
    def access(self) -> LockAccess:
        """What the dialogs and actions use."""
        return self.runtime.access

    @property
    def codes(self) -> list[Code]:
        """The codes in the lock."""
        return list(self.lock.keypad_codes)

    def put(self, digits: int, name: str = "Guest", **fields: Any) -> Code:
        """Have somebody add a code with the app."""
        device = self.lock._device
        code = device.keypad_codes.add(digits, name=name, created=device.now, time_limited=0, limit=ALWAYS)
        for field, value in fields.items():
            setattr(code, field, value)
        return code

    def written(self, command: str) -> int:
        """Return how often the lock got a request."""
        return len(self.lock.journal.requests(command))

    def begin(self) -> None:
        """Count from here."""
        self.lock.journal.entries.clear()

    @property
    def connections(self) -> int:
        """How many connections there were."""
        return len(self.lock.journal.connections)
