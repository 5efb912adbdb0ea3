"""What befalls a lock over the years: batteries, new firmware, lost memory."""

from collections.abc import Collection

from custom_components.smartlock.protocol.enums import LogEntryType
from simulator.lock.accessories import BATTERIES
from simulator.lock.device import Device
from simulator.lock.journal import Fact, Kind
from simulator.lock.ledger import How

LOSSES = frozenset({"pin", "settings", "clock"})
"""What a change of batteries can make a lock forget."""

DAMAGES = frozenset({"name", "dates"})
"""What damaged storage can make of what a lock knows."""

# A name as a forum user found it: not UTF-8, with a NUL in the middle.
_DAMAGED_NAME = b"\xff\xfeT\xfcr\x00\x80\x01"


class Upkeep:
    """The workshop and the years."""

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

    # --- Firmware and memory ------------------------------------------------------------------------------

    def update_firmware(self) -> None:
        """Install firmware that nobody knows yet: more bytes in every answer, values without a name."""
        self._upkeep("update_firmware")
        self._device.update_firmware()

    def forget_log(self) -> None:
        """Let the log begin again with its first index, as damaged storage does."""
        self._upkeep("forget_log")
        self._device.log.clear()

    def log_unknown(self, kind: int = 0x0B, data: bytes = b"\x01\x51") -> None:
        """Log something for which only later firmware has a name."""
        device = self._device
        self._upkeep("log_unknown", type=kind)
        device.add_log(LogEntryType(kind), data, device.ledger.add(How.ITSELF, f"0x{kind:02X}"))

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
