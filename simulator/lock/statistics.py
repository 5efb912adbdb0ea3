"""What the lock counts about itself, from what really happened.

Source of what there is to count: I-Connect/NukiBleEsp32, src/NukiDataTypes.h.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from custom_components.smartlock.protocol.enums import CompletionStatus, LockAction
from custom_components.smartlock.protocol.messages import OpeningsClosingsSummary
from custom_components.smartlock.protocol.undocumented import DailyStatistics, GeneralStatistics
from custom_components.smartlock.protocol.wire import Date7
from simulator.lock.battery import RunFigures

_SECONDS_A_DAY = 86400
# Version of both layouts, as it is found in them; its values are not public.
_VERSION = 1
_UNLATCH_ACTIONS = (LockAction.UNLATCH, LockAction.LOCK_N_GO_WITH_UNLATCH)


@dataclass
class _Runs:
    """Runs of one kind on one day."""

    figures: list[RunFigures] = field(default_factory=list)
    failed: int = 0

    @property
    def average_current(self) -> int:
        return _mean(run.current for run in self.figures)

    @property
    def max_current(self) -> int:
        return max((run.current for run in self.figures), default=0)

    @property
    def min_start_voltage(self) -> int:
        return min((run.start_voltage for run in self.figures), default=0)


@dataclass
class _Day:
    """What happened on one day of the lock's clock, UTC."""

    locking: _Runs = field(default_factory=_Runs)
    unlatching: _Runs = field(default_factory=_Runs)
    incoming: int = 0
    outgoing: int = 0
    door_changes: int = 0
    charges: list[int] = field(default_factory=list)
    connected: float = 0.0
    in_action: float = 0.0


class Statistics:
    """Counters since the first calibration, since the last boot and batteries, and by day."""

    def __init__(self, now: Callable[[], datetime], voltage: int) -> None:
        """Begin to count; `now` returns the lock's time, `voltage` is that of the first batteries, mV."""
        self._now = now
        self._first_calibration = now().date()
        self._days: dict[date, _Day] = {}
        self._calibrations = 1
        self._lock_actions = 0
        self._unlatches = 0
        self._last_reboot = self._last_charge = Date7.of(now())
        self._unexpected_reboots = 0
        self._openings = self._closings = 0
        self._openings_before_boot = self._closings_before_boot = 0
        self.new_batteries(voltage)

    def new_batteries(self, voltage: int) -> None:
        """Begin a battery cycle."""
        self._initial_voltage = voltage
        self._cycle_actions = 0
        self._last_charge = Date7.of(self._now())

    def booted(self, *, expected: bool) -> None:
        """Count a boot."""
        self._last_reboot = Date7.of(self._now())
        self._unexpected_reboots += not expected
        self._openings_before_boot, self._closings_before_boot = self._openings, self._closings

    def calibrated(self) -> None:
        """Count a calibration that succeeded."""
        self._calibrations += 1

    def ran(self, run: RunFigures, completion: CompletionStatus, seconds: float, charge: int) -> None:
        """Count a motor run; `charge` is what is left, percent."""
        unlatches = run.action in _UNLATCH_ACTIONS
        day = self._today
        runs = day.unlatching if unlatches else day.locking
        runs.figures.append(run)
        runs.failed += completion != CompletionStatus.SUCCESS
        day.charges.append(charge)
        day.in_action += seconds
        self._unlatches += unlatches
        self._lock_actions += not unlatches
        self._cycle_actions += 1

    def door_moved(self, *, is_open: bool) -> None:
        """Count what the door sensor saw."""
        self._today.door_changes += 1
        self._openings += is_open
        self._closings += not is_open

    def command_in(self) -> None:
        """Count a command from a client."""
        self._today.incoming += 1

    def command_out(self) -> None:
        """Count a command to a client."""
        self._today.outgoing += 1

    def connected(self, seconds: float) -> None:
        """Count the time of a link that has ended."""
        self._today.connected += seconds

    def general(self) -> GeneralStatistics:
        """Return General Statistics."""
        return GeneralStatistics(
            version=_VERSION,
            first_calibration_year=self._first_calibration.year,
            first_calibration_month=self._first_calibration.month,
            first_calibration_day=self._first_calibration.day,
            calibration_count=self._calibrations,
            lock_action_count=self._lock_actions,
            unlatch_count=self._unlatches,
            last_reboot=self._last_reboot,
            last_charge=self._last_charge,
            initial_battery_voltage=self._initial_voltage,
            battery_cycle_action_count=self._cycle_actions,
            unexpected_reboot_count=self._unexpected_reboots,
        )

    def daily(self, count: int, charge: int) -> list[DailyStatistics]:
        """Return Daily Statistics of the last days on which anything happened, the newest first."""
        days = sorted(self._days.items(), reverse=True)[:count]
        return [self._daily(when, day, charge) for when, day in days]

    def summary(self) -> OpeningsClosingsSummary:
        """Return Openings Closings Summary."""
        return OpeningsClosingsSummary(
            openings_total=self._openings,
            closings_total=self._closings,
            openings_since_boot=self._openings - self._openings_before_boot,
            closings_since_boot=self._closings - self._closings_before_boot,
        )

    @property
    def _today(self) -> _Day:
        return self._days.setdefault(self._now().astimezone(UTC).date(), _Day())

    def _daily(self, when: date, day: _Day, charge: int) -> DailyStatistics:
        now = self._now().astimezone(UTC)
        passed = _SECONDS_A_DAY if when < now.date() else now.hour * 3600 + now.minute * 60 + now.second
        temperatures = [run.temperature for runs in (day.locking, day.unlatching) for run in runs.figures]
        charges = day.charges or [charge]
        return DailyStatistics(
            year=when.year,
            month=when.month,
            day=when.day,
            version=_VERSION,
            lock_actions_succeeded=len(day.locking.figures) - day.locking.failed,
            lock_actions_failed=day.locking.failed,
            average_current_lock=day.locking.average_current,
            max_current_lock=day.locking.max_current,
            min_start_voltage_lock=day.locking.min_start_voltage,
            unlatches_succeeded=len(day.unlatching.figures) - day.unlatching.failed,
            unlatches_failed=day.unlatching.failed,
            average_current_unlatch=day.unlatching.average_current,
            max_current_unlatch=day.unlatching.max_current,
            min_start_voltage_unlatch=day.unlatching.min_start_voltage,
            incoming_commands=day.incoming,
            outgoing_commands=day.outgoing,
            max_temperature=max(temperatures, default=0),
            min_temperature=min(temperatures, default=0),
            average_temperature=_mean(temperatures),
            door_sensor_changes=day.door_changes,
            max_battery=max(charges),
            min_battery=min(charges),
            idle_time=max(0, passed - round(day.connected) - round(day.in_action)),
            connection_time=round(day.connected),
            action_time=round(day.in_action),
        )


def _mean(values: Iterable[int]) -> int:
    numbers = list(values)
    return round(sum(numbers) / len(numbers)) if numbers else 0
