"""The batteries: charge, voltage, and what the last motor run took out of them."""

from custom_components.smartlock.protocol.enums import LockAction
from custom_components.smartlock.protocol.messages import BatteryReport

# The vendor's app warns at this charge, percent.
CRITICAL_PERCENT = 20

# Four cells, nearly empty and full, in mV. The figures of a run are those of `protocol-vectors.json`.
_EMPTY_VOLTAGE, _FULL_VOLTAGE = 4400, 5600
_DROP_UNDER_LOAD = 490


class Battery:
    """Charge in percent and whether it is being charged."""

    def __init__(self) -> None:
        """Start with fresh batteries."""
        self.percent = 100
        self.charging = False

    @property
    def critical(self) -> bool:
        """Whether the lock warns."""
        return self.percent <= CRITICAL_PERCENT

    @property
    def byte(self) -> int:
        """Battery byte of Keyturner States (`docs/protocol.md` 10.8)."""
        return self.critical | self.charging << 1 | (self.percent // 2) << 2

    @property
    def voltage(self) -> int:
        """Voltage at rest, mV."""
        return _EMPTY_VOLTAGE + (_FULL_VOLTAGE - _EMPTY_VOLTAGE) * self.percent // 100

    def set(self, percent: int) -> None:
        """Set the charge. Raises ValueError outside 0 to 100."""
        if not 0 <= percent <= 100:
            raise ValueError("the charge of a battery is 0 to 100 percent")
        self.percent = percent

    def report(self, last_action: LockAction) -> BatteryReport:
        """Return the report of the last motor run; without one its figures are zero."""
        ran = last_action != LockAction.NONE
        return BatteryReport(
            battery_drain=4200 if ran else 0,
            battery_voltage=self.voltage,
            critical_battery_state=self.critical,
            lock_action=last_action,
            start_voltage=self.voltage if ran else 0,
            lowest_voltage=self.voltage - _DROP_UNDER_LOAD if ran else 0,
            lock_distance=915 if ran else 0,
            start_temperature=21,
            max_turn_current=412 if ran else 0,
            battery_resistance=310,
        )
