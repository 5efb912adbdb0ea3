"""Whether the batteries of a lock were changed: weak signs put together, with and without a PIN.

Nothing says so for certain without luck or a PIN, and a lost PIN is part of what a change can do. So every sign has
a strength and a source, and the verdict needs one strong sign, or two of different sources within a quarter of an
hour. It is given when the settings have been read after the signs: new firmware explains a restart, and what was
lost is what the owner wants to know next.

    sign                     source     strength   not a sign
    boot run seen            power      strong     after a restart of ours, or with new firmware
    boot run logged          power      strong     (needs the PIN) the same
    restart counted          power      strong     (needs the PIN, few models) the same
    clock behind by weeks    clock      strong     the clock of the lock was wrong before, or it was ours that moved
    clock behind by minutes  clock      medium     the same, or it moved by a time zone or daylight saving
    counter fell             memory     strong     an uint8 that wraps
    name or time zone gone   memory     strong
    PIN forgotten            PIN        medium     owners change it in the app, too
    charge rose by 20 points battery    medium     while charging, or right after it
    voltage rose by 300 mV   battery    medium     the same
    not critical any more    battery    medium     the same
    not calibrated any more  bolt       medium     some locks say so now and then
    last action forgotten    action     weak       the same as for a boot run
    not heard for minutes    radio      weak       while nothing else was heard, either: then it was the proxy
    many settings changed    settings   weak       an evening with the app looks like that

A setting that has changed is no sign: owners change settings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from itertools import combinations
from typing import Any

from custom_components.smartlock.protocol.enums import LockAction, LockState
from custom_components.smartlock.protocol.messages import BatteryReport, Config, KeyturnerStates

# Signs of one change come together: taking cells out and putting new ones in is a matter of minutes.
WINDOW = 900.0
PERCENT_STEP = 20
VOLTAGE_STEP = 300  # mV
# Clocks drift by seconds a day; what is off by minutes was set or lost.
CLOCK_TOLERANCE = timedelta(minutes=5)
# Our own clock and the one that only counts seconds part by so much when somebody sets the former.
CLOCK_STEP = 60.0
# Time zones differ by whole quarters of an hour, from UTC-12 to UTC+14.
_QUARTER = timedelta(minutes=15)
_QUARTER_TOLERANCE = timedelta(seconds=90)
_WIDEST_ZONE = timedelta(hours=14)
# Nobody sets a clock back by so much; one that has lost its time starts again years ago.
CLOCK_LOST = timedelta(days=7)
_COUNTS = 256
_NO_TIME_ZONE = 0xFFFF
MANY_SETTINGS = 4


class Source(Enum):
    """Where a sign comes from: two signs of one source are one thing seen twice."""

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
    """What speaks for a change of batteries."""

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
# What a restart with another cause leaves, too.
_RESTART = frozenset(
    {Sign.BOOT_RUN, Sign.BOOT_LOGGED, Sign.RESTART_COUNTED, Sign.ACTION_FORGOTTEN, Sign.NOT_HEARD}
)


# --- Events -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class StatesReceived:
    """The lock told its state."""

    states: KeyturnerStates
    our_time: datetime | None = None
    """Our aware time; None while our own clock may be wrong."""


@dataclass(frozen=True, kw_only=True)
class SettingsRead:
    """Config was read. The only event that leads to a verdict, unless it followed a write of ours."""

    config: Config
    changes: int = 0
    """How many settings differ from those known before."""
    ours: bool = False
    """We have just written them; what stands there says nothing about the lock's memory."""


@dataclass(frozen=True, kw_only=True)
class BatteryRead:
    """The battery report was read."""

    report: BatteryReport


@dataclass(frozen=True, kw_only=True)
class OutOfSight:
    """The lock is heard again after minutes of silence."""

    others_heard: bool
    """Whether the adapter or proxy that used to hear it heard other devices meanwhile."""


@dataclass(frozen=True, kw_only=True)
class PinRefused:
    """The lock refused a PIN that it had taken before."""


@dataclass(frozen=True, kw_only=True)
class Counters:
    """General Statistics as far as they tell of restarts and batteries; undocumented, needs the PIN."""

    last_reboot: tuple[int, ...]
    unexpected_reboots: int
    cycle_actions: int
    initial_voltage: int


@dataclass(frozen=True, kw_only=True)
class LogRead:
    """The newest log entries were read; needs the PIN."""

    newest: int
    """Index of the newest entry, 0 for an empty log."""
    boot_runs: tuple[int, ...] = ()
    """Indices of the initialization runs among those read."""


@dataclass(frozen=True, kw_only=True)
class Restarted:
    """We have made the lock restart."""


type Event = (
    StatesReceived | SettingsRead | BatteryRead | OutOfSight | PinRefused | Counters | LogRead | Restarted
)


# --- State ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the lock was like when it was last read: what signs are measured against. Survives a restart."""

    percent: int | None = None
    voltage: int | None = None
    critical: bool | None = None
    charging: bool = False
    clock_right: bool = False
    count: int | None = None
    acted: bool = False
    calibrated: bool = False
    named: bool = False
    zoned: bool = False
    firmware: str | None = None
    counters: Counters | None = None
    newest_log_entry: int | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The batteries were changed."""

    reasons: tuple[Sign, ...]


@dataclass(frozen=True, kw_only=True)
class BatteryChangeDetector:
    """What is known, and which signs have been seen lately."""

    known: Known = field(default_factory=Known)
    signs: tuple[tuple[Sign, float], ...] = ()
    """With the second at which each was seen."""
    verdict: Verdict | None = None
    """What the last event has led to."""
    settled_until: float | None = None
    """Until then further signs belong to the change that was found."""
    restart_explained_until: float | None = None
    clocks: tuple[datetime, float] | None = None
    """Our time and the second at which it was."""

    @property
    def suspects(self) -> frozenset[Sign]:
        """What speaks for a change that has not been found yet."""
        return frozenset(sign for sign, _ in self.signs)

    def after(self, event: Event, now: float) -> BatteryChangeDetector:
        """Return what an event makes of it; `now` in seconds of a clock that never goes back."""
        watch = replace(self, verdict=None)
        match event:
            case StatesReceived():
                return _told(watch, event, now)
            case SettingsRead():
                return _settings_read(watch, event, now)
            case BatteryRead(report=report):
                return _battery_read(watch, report, now)
            case OutOfSight():
                return _with(watch, {Sign.NOT_HEARD} if event.others_heard else set(), now)
            case PinRefused():
                return _with(watch, {Sign.PIN_FORGOTTEN}, now)
            case Counters():
                return _counted(watch, event, now)
            case LogRead():
                return _log_read(watch, event, now)
            case Restarted():
                return _explained(watch, now)


def _with(watch: BatteryChangeDetector, signs: set[Sign], now: float, **known: Any) -> BatteryChangeDetector:
    """Add signs, and replace what is known."""
    if watch.settled_until is not None and now < watch.settled_until:
        signs = set()
    elif watch.restart_explained_until is not None and now < watch.restart_explained_until:
        signs -= _RESTART
    fresh = tuple((sign, now) for sign in sorted(signs))
    kept = tuple(entry for entry in watch.signs if entry[0] not in signs)
    return replace(watch, signs=kept + fresh, known=replace(watch.known, **known))


def _told(watch: BatteryChangeDetector, event: StatesReceived, now: float) -> BatteryChangeDetector:
    states, known = event.states, watch.known
    signs = set()
    if states.lock_state == LockState.BOOT_RUN:
        signs.add(Sign.BOOT_RUN)
    uncalibrated = states.lock_state == LockState.UNCALIBRATED
    if uncalibrated and known.calibrated:
        signs.add(Sign.UNCALIBRATED)
    charging = bool(states.battery_charging)
    percent = states.battery_percent
    if not charging and not known.charging:
        if percent is not None and known.percent is not None and percent >= known.percent + PERCENT_STEP:
            signs.add(Sign.CHARGE_ROSE)
        if known.critical and not states.battery_critical:
            signs.add(Sign.NOT_CRITICAL)
    count = states.config_update_count
    if count is not None and known.count is not None and (count - known.count) % _COUNTS >= _COUNTS // 2:
        signs.add(Sign.COUNTER_FELL)
    acted = states.last_lock_action not in (None, LockAction.NONE)
    if known.acted and not acted:
        signs.add(Sign.ACTION_FORGOTTEN)
    clock_right, clock_sign = _clock(watch, states.current_time.moment, event.our_time, now)
    if clock_sign is not None:
        signs.add(clock_sign)
    clocks = watch.clocks if event.our_time is None else (event.our_time, now)
    return replace(
        _with(
            watch,
            signs,
            now,
            percent=known.percent if percent is None else percent,
            critical=states.battery_critical,
            charging=charging,
            clock_right=clock_right,
            count=known.count if count is None else count,
            acted=acted,
            # Only a state that says so: a boot run, say, tells nothing.
            calibrated=not uncalibrated if states.lock_state.at_rest else known.calibrated,
        ),
        clocks=clocks,
    )


def _clock(
    watch: BatteryChangeDetector, lock_time: datetime | None, our_time: datetime | None, now: float
) -> tuple[bool, Sign | None]:
    """Return whether the clock of the lock is right, and the sign if it is not any more."""
    was_right = watch.known.clock_right
    if our_time is None:
        return was_right, None
    if lock_time is None:
        # All zero, or impossible.
        return False, Sign.CLOCK_LOST if was_right else None
    behind = our_time - lock_time
    right = abs(behind) <= CLOCK_TOLERANCE
    if right or not was_right or behind < CLOCK_TOLERANCE or _our_clock_moved(watch, our_time, now):
        # A clock that was lost starts again in the past, never in the future.
        return right, None
    if behind > CLOCK_LOST:
        return False, Sign.CLOCK_LOST
    return False, None if _is_zone_shift(behind) else Sign.CLOCK_BEHIND


def _our_clock_moved(watch: BatteryChangeDetector, our_time: datetime, now: float) -> bool:
    if watch.clocks is None:
        return False
    before, second = watch.clocks
    return abs((our_time - before).total_seconds() - (now - second)) > CLOCK_STEP


def _settings_read(watch: BatteryChangeDetector, event: SettingsRead, now: float) -> BatteryChangeDetector:
    config, known = event.config, watch.known
    named, zoned, firmware = _is_named(config), _has_zone(config), str(config.firmware_version)
    signs = set()
    if not event.ours:
        if (known.named and not named) or (known.zoned and not zoned):
            signs.add(Sign.MEMORY_DAMAGED)
        if event.changes >= MANY_SETTINGS:
            signs.add(Sign.MANY_CHANGES)
    if known.firmware not in (None, firmware):
        # New firmware starts with a restart, whose signs may be seen before or after.
        watch = _explained(watch, now)
    watch = _with(watch, signs, now, named=named, zoned=zoned, firmware=firmware)
    return watch if event.ours else _judged(watch, now)


def _explained(watch: BatteryChangeDetector, now: float) -> BatteryChangeDetector:
    """A restart has another reason. What log and counters tell of it may be read much later."""
    return replace(
        watch,
        restart_explained_until=now + WINDOW,
        signs=tuple(entry for entry in watch.signs if entry[0] not in _RESTART),
        known=replace(watch.known, counters=None, newest_log_entry=None),
    )


def _judged(watch: BatteryChangeDetector, now: float) -> BatteryChangeDetector:
    found = watch.suspects
    pair = any(
        SOURCES[one] is not SOURCES[other] and abs(at - then) <= WINDOW
        for (one, at), (other, then) in combinations(watch.signs, 2)
    )
    if not found & STRONG and not pair:
        # Signs wait for the settings to be read, however long that takes; then only a young one waits for another.
        return replace(watch, signs=tuple(entry for entry in watch.signs if now - entry[1] <= WINDOW))
    # The strongest reasons first.
    reasons = tuple(sign for sign in Sign if sign in found)
    return replace(watch, verdict=Verdict(reasons=reasons), signs=(), settled_until=now + WINDOW)


def _battery_read(watch: BatteryChangeDetector, report: BatteryReport, now: float) -> BatteryChangeDetector:
    before, voltage = watch.known.voltage, report.battery_voltage
    rose = before is not None and voltage >= before + VOLTAGE_STEP and not watch.known.charging
    return _with(watch, {Sign.VOLTAGE_ROSE} if rose else set(), now, voltage=voltage)


def _counted(watch: BatteryChangeDetector, counters: Counters, now: float) -> BatteryChangeDetector:
    before = watch.known.counters
    restarted = before is not None and (
        counters.last_reboot != before.last_reboot
        or counters.unexpected_reboots != before.unexpected_reboots
        or counters.cycle_actions < before.cycle_actions
        or counters.initial_voltage != before.initial_voltage
    )
    return _with(watch, {Sign.RESTART_COUNTED} if restarted else set(), now, counters=counters)


def _log_read(watch: BatteryChangeDetector, event: LogRead, now: float) -> BatteryChangeDetector:
    before = watch.known.newest_log_entry
    restarted = before is not None and any(index > before for index in event.boot_runs)
    return _with(watch, {Sign.BOOT_LOGGED} if restarted else set(), now, newest_log_entry=event.newest)


def _is_zone_shift(behind: timedelta) -> bool:
    """Whether a clock is off as one in another time zone, or without daylight saving, is."""
    quarters = round(behind / _QUARTER)
    return abs(behind) <= _WIDEST_ZONE + _QUARTER_TOLERANCE and (
        abs(behind - quarters * _QUARTER) <= _QUARTER_TOLERANCE
    )


def _is_named(config: Config) -> bool:
    """Whether the name is one that an owner gave: readable, and not the factory's."""
    name = config.name
    return (
        bool(name)
        and "\0" not in name
        and not any("\udc80" <= char <= "\udcff" for char in name)
        and name != f"Nuki_{config.nuki_id:08X}"
    )


def _has_zone(config: Config) -> bool:
    return config.time_zone_id not in (None, _NO_TIME_ZONE)
