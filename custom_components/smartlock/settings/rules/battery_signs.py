"""The signs of a battery change: their sources and their strengths."""

from collections.abc import Mapping
from enum import Enum, StrEnum


class Source(Enum):
    """Where a sign comes from: two signs from one source count as one."""

    POWER = "power"
    CLOCK = "clock"
    MEMORY = "memory"
    PIN = "pin"
    BATTERY = "battery"
    BOLT = "bolt"
    ACTION = "action"
    RADIO = "radio"
    SETTINGS = "settings"


class Sign(StrEnum):
    """A sign of a battery change."""

    BOOT_RUN = "boot_run"
    BOOT_LOGGED = "boot_logged"
    RESTART_COUNTED = "restart_counted"
    CLOCK_LOST = "clock_lost"
    CLOCK_BEHIND = "clock_behind"
    COUNTER_FELL = "counter_fell"
    MEMORY_DAMAGED = "memory_damaged"
    PIN_FORGOTTEN = "pin_forgotten"
    CHARGE_ROSE = "charge_rose"
    VOLTAGE_ROSE = "voltage_rose"
    NOT_CRITICAL = "not_critical"
    UNCALIBRATED = "uncalibrated"
    ACTION_FORGOTTEN = "action_forgotten"
    NOT_HEARD = "not_heard"
    MANY_CHANGES = "many_changes"


SOURCES: Mapping[Sign, Source] = {
    Sign.BOOT_RUN: Source.POWER,
    Sign.BOOT_LOGGED: Source.POWER,
    Sign.RESTART_COUNTED: Source.POWER,
    Sign.CLOCK_LOST: Source.CLOCK,
    Sign.CLOCK_BEHIND: Source.CLOCK,
    Sign.COUNTER_FELL: Source.MEMORY,
    Sign.MEMORY_DAMAGED: Source.MEMORY,
    Sign.PIN_FORGOTTEN: Source.PIN,
    Sign.CHARGE_ROSE: Source.BATTERY,
    Sign.VOLTAGE_ROSE: Source.BATTERY,
    Sign.NOT_CRITICAL: Source.BATTERY,
    Sign.UNCALIBRATED: Source.BOLT,
    Sign.ACTION_FORGOTTEN: Source.ACTION,
    Sign.NOT_HEARD: Source.RADIO,
    Sign.MANY_CHANGES: Source.SETTINGS,
}
STRONG = frozenset(
    {
        Sign.BOOT_RUN,
        Sign.BOOT_LOGGED,
        Sign.RESTART_COUNTED,
        Sign.CLOCK_LOST,
        Sign.COUNTER_FELL,
        Sign.MEMORY_DAMAGED,
    }
)
# Signs that a restart with a different cause leaves, too.
RESTART = frozenset(
    {Sign.BOOT_RUN, Sign.BOOT_LOGGED, Sign.RESTART_COUNTED, Sign.ACTION_FORGOTTEN, Sign.NOT_HEARD}
)
# Signs that a calibration resembles.
CALIBRATION = frozenset({Sign.BOOT_RUN, Sign.BOOT_LOGGED, Sign.UNCALIBRATED, Sign.ACTION_FORGOTTEN})
