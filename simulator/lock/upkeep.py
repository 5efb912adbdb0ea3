"""What befalls a lock over the years: batteries, its owner's app, new firmware, lost memory."""

from collections.abc import Collection
from datetime import datetime

from custom_components.smartlock.protocol.enums import LogEntryType
from custom_components.smartlock.protocol.messages import LoggedSwitch
from simulator.lock.accessories import BATTERIES, Accessory
from simulator.lock.device import Device
from simulator.lock.journal import Fact, Kind

LOSSES = frozenset({"pin", "settings", "clock"})
"""What a change of batteries can make a lock forget."""

DAMAGES = frozenset({"name", "dates"})
"""What damaged storage can make of what a lock knows."""

# A name as a forum user found it: not UTF-8, with a NUL in the middle.
_DAMAGED_NAME = b"\xff\xfeT\xfcr\x00\x80\x01"


class Upkeep:
    """The owner, the workshop and the years."""

    _device: Device

    # --- Batteries ----------------------------------------------------------------------------------------

    def set_battery(self, percent: int) -> None:
        """Set the charge in percent. Raises ValueError outside 0 to 100."""
        self._device.battery.set(percent)
        self._upkeep("set_battery", percent=percent)
        self._device.changed()

    def set_charging(self, *, charging: bool) -> None:
        """Plug a charger in or out."""
        self._device.battery.charging = charging
        self._upkeep("set_charging", charging=charging)
        self._device.changed()

    def set_accessory_battery(self, name: str, *, critical: bool) -> None:
        """Let the battery of an accessory be nearly empty or not, by a name in BATTERIES."""
        if name not in BATTERIES:
            raise ValueError(f"no battery is called {name}, only {', '.join(BATTERIES)}")
        self._upkeep("set_accessory_battery", battery=name, critical=critical)
        names = self._device.accessories.critical
        (names.add if critical else names.discard)(name)
        self._device.changed()

    def swap_batteries(self, lose: Collection[str] = ()) -> None:
        """Take the batteries out and put fresh ones in: a while of silence, then a positioning run.

        Args:
            lose: What the lock forgets: any of `pin`, `settings`, `clock`.

        Raises:
            ValueError: It cannot forget that.
        """
        _check(lose, LOSSES, "lose")
        self._upkeep("swap_batteries", lose=",".join(sorted(lose)))
        self.power_off()
        device = self._device
        device.battery.set(100)
        if "pin" in lose:
            device.pin.lose()
        if "settings" in lose:
            device.settings.lose()
        if "clock" in lose:
            device.clock.lose()
        device.statistics.new_batteries(device.battery.voltage)
        device.timers.after(device.timing.battery_change, self.power_on)

    def power_off(self) -> None:
        """Take the batteries out: links are lost, nothing is due any more. Also ends the lock for good."""
        self._device.lose_power()

    def power_on(self) -> None:
        """Put the batteries in; the lock finds its position first."""
        if not self._device.powered:
            self._device.boot(expected=False)

    # --- The owner's app ----------------------------------------------------------------------------------

    def set_pin(self, pin: int | None) -> None:
        """Set the security PIN as the owner does in the app; None unsets it."""
        self._device.pin.set(pin)

    def set_clock(self, moment: datetime) -> None:
        """Set the lock's clock to an aware moment."""
        self._upkeep("set_clock")
        self._device.set_clock(moment)

    def delete_authorization(self, index: int) -> None:
        """Delete a client as the owner does in the app, by its number in the journal. Raises KeyError."""
        self._device.delete_authorization(self._device.authorizations.at(index), "deleted by the owner")

    def pair_accessory(self, name: str) -> None:
        """Pair a fob or a keypad, by its name in Accessory. Raises ValueError."""
        if name not in list(Accessory):
            raise ValueError(f"no accessory is called {name}, only {', '.join(Accessory)}")
        self._upkeep("pair_accessory", accessory=name)
        self._device.pair_accessory(Accessory(name))

    def set_door_logging(self, *, enabled: bool) -> None:
        """Switch logging of the door sensor on or off; that itself is logged."""
        self._upkeep("set_door_logging", enabled=enabled)
        if self._device.door.logging != enabled:
            self._device.door.logging = enabled
            data = LoggedSwitch(enabled=int(enabled))
            self._device.add_log(LogEntryType.DOOR_SENSOR_LOGGING, data)

    def set_remote_access(self, *, wifi: bool = False, thread: bool = False) -> None:
        """Connect the lock with its maker's servers or not. Raises ValueError if it has no radio for it."""
        capabilities = self._device.model.capabilities
        if (wifi and not capabilities & 0b01) or (thread and not capabilities & 0b10):
            raise ValueError("this model has no such radio")
        self._upkeep("set_remote_access", wifi=wifi, thread=thread)
        self._device.wifi_connected, self._device.thread_connected = wifi, thread
        self._device.changed()

    def factory_reset(self) -> None:
        """Reset to what the factory delivered, but for id and address; the bolt has to be calibrated."""
        self._upkeep("factory_reset")
        self._device.reset_to_factory()

    # --- Firmware and memory ------------------------------------------------------------------------------

    def update_firmware(self) -> None:
        """Install firmware that nobody knows yet: more bytes in every answer, values without a name."""
        self._upkeep("update_firmware")
        self._device.update_firmware()

    def damage(self, what: Collection[str]) -> None:
        """Damage the storage: any of `name` (not UTF-8 any more) and `dates` (impossible). Raises ValueError."""
        _check(what, DAMAGES, "damage")
        self._upkeep("damage", damaged=",".join(sorted(what)))
        if "name" in what:
            self._device.settings.change(name=_DAMAGED_NAME.decode("utf-8", "surrogateescape"))
        self._device.impossible_dates = self._device.impossible_dates or "dates" in what

    def _upkeep(self, what: str, **facts: Fact) -> None:
        self._device.journal.record(Kind.BY_HAND, what=what, **facts)


def _check(wanted: Collection[str], known: frozenset[str], verb: str) -> None:
    if unknown := set(wanted) - known:
        raise ValueError(
            f"a lock cannot {verb} {', '.join(sorted(unknown))}, only {', '.join(sorted(known))}"
        )
