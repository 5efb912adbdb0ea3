"""What runs for one lock while its config entry is loaded."""

from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry

from custom_components.smartlock.auto_unlock.runners import Rules
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.faults.tracker import FaultKeeper
from custom_components.smartlock.pin.guard import PinGuard
from custom_components.smartlock.settings.archive import SettingsKeeper
from custom_components.smartlock.settings.writer import SettingsWriter
from custom_components.smartlock.wear.watch import WearWatch

type SmartLockConfigEntry = ConfigEntry[SmartLockRuntime]


@dataclass(frozen=True, kw_only=True)
class SmartLockRuntime:
    """The parts of one lock; `__init__.py` puts them together."""

    coordinator: SmartLockCoordinator
    pin: PinGuard
    settings: SettingsWriter
    wear: WearWatch
    faults: FaultKeeper
    auto_unlock: Rules
    keeper: SettingsKeeper
