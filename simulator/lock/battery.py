"""The batteries: charge, voltage, and what each motor run takes out of them.

What the cells and the motor are like is a choice; the figures of a fresh lock lie around those of
the test vector `battery-report`.
"""

from dataclasses import dataclass
import math
import random

from custom_components.smartlock.protocol.enums import CompletionStatus, LockAction
from custom_components.smartlock.protocol.messages import BatteryReport

# The vendor's app warns at this charge, percent.
CRITICAL_PERCENT = 20

# Four cells, nearly empty and full, in mV, and the energy in them, mWs.
_EMPTY_VOLTAGE, _FULL_VOLTAGE = 4400, 5600
_CAPACITY = 43_000_000
# Mean current of the motor by what it does, mA.
_UNLATCH_CURRENT, _LOCK_CURRENT, _UNLOCK_CURRENT = 520, 390, 360
_UNLATCH_ACTIONS = (LockAction.UNLATCH, LockAction.LOCK_N_GO_WITH_UNLATCH)
# A motor that starts, or stands against something, takes several times as much.
_INRUSH, _STALL = 3.8, 2.2
_DEGREES_PER_SECOND = 360
_ROOM_TEMPERATURE = 21
# Figures of two runs alike differ by so much.
_SPREAD = 0.03
_NO_CURRENT = (CompletionStatus.MOTOR_POWER_FAILURE, CompletionStatus.CLUTCH_FAILURE)
_STALLED = (CompletionStatus.MOTOR_BLOCKED, CompletionStatus.LOW_MOTOR_VOLTAGE)


@dataclass(frozen=True, kw_only=True)
class RunFigures:
    """What one motor run took."""

    action: LockAction
    energy: int
    """mWs."""
    start_voltage: int
    """mV."""
    lowest_voltage: int
    """mV."""
    degrees: int
    temperature: int
    """Degrees C."""
    current: int
    """mA."""


class Battery:
    """Charge in percent, whether it is being charged, and how hard the motor's work is."""

    def __init__(self, seed: int) -> None:
        """Start with fresh batteries; the spread of the figures follows from the seed."""
        self._charge = 100.0
        self._random = random.Random(seed)
        self.charging = False
        self.resistance = 310
        """Of the cells, mOhm; it grows as they age."""
        self.load = 1.0
        """How hard the bolt turns; it grows as the door wears."""
        self.temperature = _ROOM_TEMPERATURE
        """Degrees C."""
        self.last_run: RunFigures | None = None

    @property
    def percent(self) -> int:
        """Charge."""
        return math.ceil(self._charge)

    @property
    def critical(self) -> bool:
        """Whether the lock warns."""
        return self.percent <= CRITICAL_PERCENT

    @property
    def byte(self) -> int:
        """Battery byte of Keyturner States: bit 0 critical, bit 1 charging, bits 2-7 percent / 2."""
        return self.critical | self.charging << 1 | (self.percent // 2) << 2

    @property
    def voltage(self) -> int:
        """Voltage at rest, mV."""
        return round(_EMPTY_VOLTAGE + (_FULL_VOLTAGE - _EMPTY_VOLTAGE) * self._charge / 100)

    def set(self, percent: int) -> None:
        """Set the charge. Raises ValueError outside 0 to 100."""
        if not 0 <= percent <= 100:
            raise ValueError("the charge of a battery is 0 to 100 percent")
        self._charge = float(percent)

    def run(self, action: LockAction, degrees: int, completion: CompletionStatus) -> RunFigures:
        """Take what a motor run needs; it turned so many degrees and ended so."""
        start = self.voltage
        current = self._current(action, completion)
        seconds = degrees / _DEGREES_PER_SECOND
        energy = round(start / 1000 * current * seconds)
        self._charge = max(0.0, self._charge - 100 * energy / _CAPACITY)
        self.last_run = RunFigures(
            action=action,
            energy=energy,
            start_voltage=start,
            lowest_voltage=start - round(_INRUSH * current * self.resistance / 1000),
            degrees=degrees,
            temperature=self.temperature,
            current=round(current),
        )
        return self.last_run

    def _current(self, action: LockAction, completion: CompletionStatus) -> float:
        if completion in _NO_CURRENT:
            return 0.0
        current = float(_LOCK_CURRENT)
        if action in _UNLATCH_ACTIONS:
            current = _UNLATCH_CURRENT
        elif action in (LockAction.UNLOCK, LockAction.LOCK_N_GO):
            current = _UNLOCK_CURRENT
        # Grease is stiff in the cold.
        cold = 1 + 0.004 * (_ROOM_TEMPERATURE - self.temperature)
        stall = _STALL if completion in _STALLED else 1
        return current * self.load * cold * stall * self._random.uniform(1 - _SPREAD, 1 + _SPREAD)

    def report(self) -> BatteryReport:
        """Return the report of the last motor run; before the first one its figures are zero."""
        run = self.last_run
        return BatteryReport(
            battery_drain=run.energy if run else 0,
            battery_voltage=self.voltage,
            critical_battery_state=self.critical,
            lock_action=run.action if run else LockAction.NONE,
            start_voltage=run.start_voltage if run else 0,
            lowest_voltage=run.lowest_voltage if run else 0,
            lock_distance=run.degrees if run else 0,
            start_temperature=run.temperature if run else self.temperature,
            max_turn_current=run.current if run else 0,
            battery_resistance=self.resistance,
        )
