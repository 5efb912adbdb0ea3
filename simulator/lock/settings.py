"""What the owner has set in the app, as far as the virtual lock heeds or reports it."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from custom_components.smartlock.protocol.enums import AdvertisingMode, ButtonAction, DstMode, FobAction


@dataclass
class Settings:
    """Config and the parts of Advanced Config that the motor needs; the defaults are the factory's."""

    name: str
    latitude: bytes = bytes(4)
    longitude: bytes = bytes(4)
    auto_unlatch: bool = False
    pairing_enabled: bool = True
    button_enabled: bool = True
    led_enabled: bool = True
    led_brightness: int = 5
    time_zone_offset: int = 0
    """Minutes; 0 on locks that use a time zone id."""
    time_zone_id: int = 37  # Europe/Berlin
    dst_mode: DstMode = DstMode.EUROPEAN
    fob_actions: tuple[FobAction, FobAction, FobAction] = (
        FobAction.INTELLIGENT,
        FobAction.LOCK_N_GO,
        FobAction.LOCK,
    )
    single_lock: bool = False
    advertising_mode: AdvertisingMode = AdvertisingMode.AUTOMATIC
    lock_n_go_timeout: int = 20
    """Seconds."""
    single_button_press_action: ButtonAction = ButtonAction.INTELLIGENT
    unlatch_duration: int = 3
    """Seconds."""


class SettingsStore:
    """The settings in the lock's memory, with the count of their changes."""

    def __init__(self, factory_name: str, on_change: Callable[[], None]) -> None:
        """Start with what the factory set."""
        self._factory_name = factory_name
        self._on_change = on_change
        self.values = Settings(name=factory_name)
        self.update_count = 0

    def change(self, **values: Any) -> None:
        """Change settings by their names in Settings."""
        unknown = values.keys() - {field.name for field in fields(Settings)}
        if unknown:
            raise ValueError(f"no such settings: {', '.join(sorted(unknown))}")
        for name, value in values.items():
            setattr(self.values, name, value)
        self.update_count = (self.update_count + 1) % 256
        self._on_change()

    def lose(self) -> None:
        """Go back to the factory's settings, the count included."""
        self.values = Settings(name=self._factory_name)
        self.update_count = 0
