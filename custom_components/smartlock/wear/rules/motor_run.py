"""What one motor run took, from a Battery Report (Nuki Smart Lock API V2.3.0, 0x0011)."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import cached_property
from math import log
from operator import attrgetter
from statistics import median
from typing import Any, NamedTuple, Self

from custom_components.smartlock.protocol.enums import LockAction, MotorSpeed, Place
from custom_components.smartlock.protocol.messages import AdvancedConfig, BatteryReport, Config
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.rules.stored import byte, integer, text

# Close to the motor's current, A: the cells' own resistance lowers the reported voltage by it. It is
# constant, because with the run's own current a stiffer bolt would excuse itself.
_USUAL_CURRENT = 0.4


class RunMetrics(NamedTuple):
    """The figures that are compared: how hard the bolt turned, and the conditions that affect it."""

    energy: float
    """Logarithm of the energy by distance; its unit does not matter."""
    current: float
    """Logarithm of the highest current."""
    temperature: float
    """Degrees C."""
    voltage: float
    """Of the cells under a typical load, V."""


@dataclass(frozen=True, kw_only=True)
class MotorRun:
    """One motor run, in the report's own units."""

    at: datetime
    """When it was read; the report has no time. UTC, in whole seconds."""
    action: LockAction
    drain: int
    """mWs."""
    distance: int
    """Degrees, according to the vendor's document."""
    start_voltage: int
    """mV."""
    lowest_voltage: int
    """mV."""
    temperature: int
    """Degrees C."""
    max_current: int
    """mA."""
    resistance: int
    """Of the batteries, mOhm; the document gives no unit."""
    critical: bool
    """Whether the batteries are nearly empty, so that the run says little about the bolt."""
    settings: str = ""
    """What `settings_of` returned for it."""

    @classmethod
    def of(cls, report: BatteryReport, now: datetime, settings: str = "") -> Self | None:
        """Return the run in a report; None if it contains none, as after a battery change."""
        if report.lock_action == LockAction.NONE or not (
            report.battery_drain and report.lock_distance and report.max_turn_current and report.start_voltage
        ):
            return None
        return cls(
            at=now.astimezone(UTC).replace(microsecond=0),
            action=report.lock_action,
            drain=report.battery_drain,
            distance=report.lock_distance,
            start_voltage=report.start_voltage,
            lowest_voltage=report.lowest_voltage,
            temperature=report.start_temperature,
            max_current=report.max_turn_current,
            resistance=report.battery_resistance,
            critical=bool(report.critical_battery_state),
            settings=settings,
        )

    @property
    def energy(self) -> float:
        """By distance, mWs per degree."""
        return self.drain / self.distance

    @cached_property
    def figures(self) -> RunMetrics:
        """The figures that are compared."""
        return RunMetrics(
            energy=log(self.energy),
            current=log(self.max_current),
            temperature=self.temperature,
            voltage=(self.start_voltage - _USUAL_CURRENT * self.resistance) / 1000,
        )

    @cached_property
    def kind(self) -> str:
        """Key of comparable runs: the same action over about the same distance, with the same settings."""
        # A difference of a quarter is another kind: an unlatch from locked turns ten times as far as one from
        # unlocked.
        kind = f"{self.action.name.lower()}_{round(log(self.distance) / log(1.25))}"
        return f"{kind}_{self.settings}" if self.settings else kind

    def same_as(self, other: MotorRun | None) -> bool:
        """Whether two reports are about one run: no two runs take exactly the same."""
        return other is not None and _taken(self) == _taken(other)

    def to_json(self) -> list[int | str]:
        """Return plain data for storage."""
        return [
            int(self.at.timestamp()),
            self.action.value,
            self.drain,
            self.distance,
            self.start_voltage,
            self.lowest_voltage,
            self.temperature,
            self.max_current,
            self.resistance,
            int(self.critical),
            *([self.settings] if self.settings else []),
        ]

    @classmethod
    def from_json(cls, stored: Sequence[Any]) -> Self:
        """Return a stored run. Raises ValueError or TypeError for anything else."""
        at, action, drain, distance, start, lowest, temperature, current, resistance, critical, *more = stored
        # Runs with the usual settings have nothing more, nor have those that were stored before settings counted.
        (settings,) = more or ("",)
        return cls(
            at=datetime.fromtimestamp(integer(at), UTC),
            action=LockAction(byte(action)),
            # A run takes more than nothing.
            drain=integer(drain, low=1),
            distance=integer(distance, low=1),
            start_voltage=integer(start),
            lowest_voltage=integer(lowest),
            temperature=integer(temperature, -0x80, 0x7F),
            max_current=integer(current, low=1),
            resistance=integer(resistance),
            critical=bool(integer(critical, 0, 1)),
            settings=text(settings),
        )


# All but when it was read, and what was known then.
_taken = attrgetter(*(each.name for each in fields(MotorRun) if each.name not in ("at", "settings")))


def settings_of(
    action: LockAction, config: Config | None, advanced: AdvancedConfig | None, *, night: bool
) -> str:
    """Return the settings because of which a run takes more or less; empty for the usual ones, or if they are unknown.

    A faster motor draws more, and to pull the latch and hold it for longer may cost more: an owner who changes a setting
    must not be warned of a stiff bolt. `night`: night mode is active.
    """
    if config is None or advanced is None:
        return ""
    found = []
    if action.unlatches or (config.auto_unlatch and action.goal is not Place.LOCKED):
        found.append(f"{advanced.unlatch_duration}s")
    gentle = night and advanced.slow_speed_during_night_mode == 1
    speed = MotorSpeed.GENTLE if gentle else advanced.motor_speed
    if speed is not None and speed != MotorSpeed.STANDARD:
        found.append(speed.name.lower())
    return "_".join(found)


def typical(figures: Sequence[RunMetrics]) -> RunMetrics:
    """Return the median of each figure, which a few unusual runs do not affect."""
    return RunMetrics(*(median(column) for column in zip(*figures, strict=True)))
