"""The signs of a battery change: their sources and their strengths."""

from collections.abc import Mapping
from enum import Enum, StrEnum


class SignSource(Enum):
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


SOURCES: Mapping[Sign, SignSource] = {
    Sign.BOOT_RUN: SignSource.POWER,
    Sign.BOOT_LOGGED: SignSource.POWER,
    Sign.RESTART_COUNTED: SignSource.POWER,
    Sign.CLOCK_LOST: SignSource.CLOCK,
    Sign.CLOCK_BEHIND: SignSource.CLOCK,
    Sign.COUNTER_FELL: SignSource.MEMORY,
    Sign.MEMORY_DAMAGED: SignSource.MEMORY,
    Sign.PIN_FORGOTTEN: SignSource.PIN,
    Sign.CHARGE_ROSE: SignSource.BATTERY,
    Sign.VOLTAGE_ROSE: SignSource.BATTERY,
    Sign.NOT_CRITICAL: SignSource.BATTERY,
    Sign.UNCALIBRATED: SignSource.BOLT,
    Sign.ACTION_FORGOTTEN: SignSource.ACTION,
    Sign.NOT_HEARD: SignSource.RADIO,
    Sign.MANY_CHANGES: SignSource.SETTINGS,
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
# Signs that are seen as soon as the lock is back: soon after a change they are of another one.
AT_ONCE = frozenset({Sign.BOOT_RUN, Sign.CLOCK_LOST, Sign.COUNTER_FELL, Sign.MEMORY_DAMAGED})
# Signs that a restart with a different cause leaves, too.
RESTART = frozenset(
    {Sign.BOOT_RUN, Sign.BOOT_LOGGED, Sign.RESTART_COUNTED, Sign.ACTION_FORGOTTEN, Sign.NOT_HEARD}
)
# Signs that a calibration resembles.
CALIBRATION = frozenset({Sign.BOOT_RUN, Sign.BOOT_LOGGED, Sign.UNCALIBRATED, Sign.ACTION_FORGOTTEN})
