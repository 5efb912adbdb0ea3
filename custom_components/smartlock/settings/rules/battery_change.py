"""Whether the batteries of a lock were changed: weak signs put together, with and without a PIN.

Nothing proves it without luck or a PIN, and a change may wipe the PIN itself. So every sign has a strength
and a source, and the verdict needs one strong sign, or two from different sources within a quarter of an
hour. It is given once the settings have been read after the signs: new firmware explains a restart, and what
was wiped is what the owner wants to know next.

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
    not critical any more    battery    medium     the same, or without a rise of the charge; where no charge
                                                   is known, after a moment: a cold cell is critical for one run
    not calibrated any more  bolt       medium     some locks report it now and then
    last action forgotten    action     weak       the same as for a boot run
    silent for minutes       radio      weak       while no other device was received: then it was the proxy
    many settings changed    settings   weak       the lock has counted changes: an evening with the app

A changed setting is no sign, because owners change settings. Signs that trickle in after a verdict are of the
same change, unless the lock restarts or forgets again and settings differ once more. During a calibration of
ours and for a while after it, the signs that a calibration resembles do not count (some firmware reports it as
a boot run), and a verdict waits for its end.
"""

from dataclasses import field, replace
from datetime import datetime, timedelta
from itertools import combinations
import math
from typing import Any

from custom_components.smartlock.protocol.enums import LockAction, LockState
from custom_components.smartlock.protocol.messages import BatteryReport, Config, KeyturnerStates
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.settings.rules.battery_signs import (
    AT_ONCE,
    CALIBRATION,
    RESTART,
    SOURCES,
    STRONG,
    Sign,
)

# Signs of one change come together: swapping cells takes minutes.
WINDOW = 900.0
# By then all effects of our calibration on the states and the log have been reported.
CALIBRATION_ECHO = 120.0
PERCENT_STEP = 20
VOLTAGE_STEP = 300  # mV
# Clocks drift by seconds a day; an error of minutes was set or lost.
CLOCK_TOLERANCE = timedelta(minutes=5)
# Wall clock and monotonic clock diverge by at least this when somebody sets the former.
CLOCK_STEP = 60.0
# Time zones differ by whole quarters of an hour, from UTC-12 to UTC+14.
_QUARTER = timedelta(minutes=15)
_QUARTER_TOLERANCE = timedelta(seconds=90)
_WIDEST_ZONE = timedelta(hours=14)
# Nobody sets a clock back by this much; a lock that has lost the time restarts it years ago.
CLOCK_LOST = timedelta(days=7)
_COUNTS = 256
_NO_TIME_ZONE = 0xFFFF
MANY_SETTINGS = 4


# --- Events -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class StatesReceived:
    """The lock reported its state."""

    states: KeyturnerStates
    our_time: datetime | None = None
    """Our time, aware; None while our own clock may be wrong."""
    clock_lost: bool = False
    """The lock shows a time that is impossible, whatever ours is."""


@dataclass(frozen=True, kw_only=True)
class SettingsRead:
    """Config was read. The only event that leads to a verdict, unless it followed one of our writes."""

    config: Config
    changes: int = 0
    """How many settings differ from the known ones."""
    ours: bool = False
    """We have just written them, so they say nothing about the lock's memory."""


@dataclass(frozen=True, kw_only=True)
class BatteryRead:
    """The battery report was read."""

    report: BatteryReport


@dataclass(frozen=True, kw_only=True)
class OutOfSight:
    """The lock is received again after minutes of silence."""

    others_received: bool
    """Whether the adapter or proxy that used to receive it received other devices in the meantime."""


@dataclass(frozen=True, kw_only=True)
class PinRefused:
    """The lock refused a PIN that it had accepted before."""


@dataclass(frozen=True, kw_only=True)
class Counters:
    """General Statistics about restarts and batteries; undocumented, needs the PIN."""

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
    """Indices of the initialization runs among the entries read."""


@dataclass(frozen=True, kw_only=True)
class Restarted:
    """We have restarted the lock."""


@dataclass(frozen=True, kw_only=True)
class LossOver:
    """What the last change took is back, or the owner has done without it: signs from now on are of another one."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Our calibration starts or ends."""

    running: bool


type Event = (
    StatesReceived
    | SettingsRead
    | BatteryRead
    | OutOfSight
    | PinRefused
    | Counters
    | LogRead
    | Restarted
    | LossOver
    | Calibration
)


# --- State ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class LastSeen:
    """The lock at its last read: what signs are compared with. Survives a restart."""

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
    counted: bool = False
    """The lock has counted changes of its settings before it: somebody may have wanted them."""


@dataclass(frozen=True, kw_only=True)
class BatteryChangeDetector:
    """The state of the detector: what is known, and the recent signs."""

    known: LastSeen = field(default_factory=LastSeen)
    signs: tuple[tuple[Sign, float], ...] = ()
    """With the second at which each was seen."""
    verdict: Verdict | None = None
    """The verdict on the last event."""
    settled_until: float | None = None
    """Until then further signs belong to the change that was found."""
    restart_explained_until: float | None = None
    calibrated_until: float | None = None
    """Until then the lock is calibrated by us, or shows effects of it."""
    critical: tuple[float, float] | None = None
    """Seconds of the first and last state in a row that reported critical batteries."""
    clocks: tuple[datetime, float] | None = None
    """Our time, and the second at which it was taken."""
    counted: bool = False
    """The lock has counted changes of its settings that nobody has accounted for yet."""

    @property
    def suspects(self) -> frozenset[Sign]:
        """Signs without a verdict."""
        return frozenset(sign for sign, _ in self.signs)

    def after(self, event: Event, now: float) -> BatteryChangeDetector:
        """Return the state after an event; `now` in seconds of a monotonic clock."""
        watch = replace(self, verdict=None)
        match event:
            case StatesReceived():
                return _reported(watch, event, now)
            case SettingsRead():
                return _settings_read(watch, event, now)
            case BatteryRead(report=report):
                return _battery_read(watch, report, now)
            case OutOfSight():
                return _with(watch, {Sign.NOT_HEARD} if event.others_received else set(), now)
            case PinRefused():
                return _with(watch, {Sign.PIN_FORGOTTEN}, now)
            case Counters():
                return _counted(watch, event, now)
            case LogRead():
                return _log_read(watch, event, now)
            case Restarted():
                return _explained(watch, now)
            case LossOver():
                # The log and the counters may not have been read since, and tell of that change.
                known = replace(watch.known, counters=None, newest_log_entry=None)
                return replace(watch, settled_until=None, known=known)
            case Calibration(running=running):
                return _calibrated(watch, math.inf if running else now + CALIBRATION_ECHO)


def _with(watch: BatteryChangeDetector, signs: set[Sign], now: float, **known: Any) -> BatteryChangeDetector:
    """Add signs, and replace the known values."""
    if _is_settled(watch, now):
        signs &= AT_ONCE
    if watch.restart_explained_until is not None and now < watch.restart_explained_until:
        signs -= RESTART
    if _is_calibrated(watch, now):
        signs -= CALIBRATION
    fresh = tuple((sign, now) for sign in sorted(signs))
    kept = tuple(entry for entry in watch.signs if entry[0] not in signs)
    return replace(watch, signs=kept + fresh, known=replace(watch.known, **known))


def _reported(watch: BatteryChangeDetector, event: StatesReceived, now: float) -> BatteryChangeDetector:
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
        comparable = percent is not None and known.percent is not None
        rose = comparable and (percent or 0) >= (known.percent or 0) + PERCENT_STEP
        if rose:
            signs.add(Sign.CHARGE_ROSE)
        if (
            known.critical
            and not states.battery_critical
            and (rose if comparable else _was_long_critical(watch))
        ):
            signs.add(Sign.NOT_CRITICAL)
    count = states.config_update_count
    rise = 0 if count is None or known.count is None else count - known.count
    if rise % _COUNTS >= _COUNTS // 2:
        signs.add(Sign.COUNTER_FELL)
    acted = states.last_lock_action not in (None, LockAction.NONE)
    if known.acted and not acted:
        signs.add(Sign.ACTION_FORGOTTEN)
    clock_right, clock_sign = _clock(watch, event, now)
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
            # Only a state that shows it: a boot run, for example, says nothing.
            calibrated=not uncalibrated if states.lock_state.at_rest else known.calibrated,
        ),
        clocks=clocks,
        counted=watch.counted or rise > 0,
        critical=(watch.critical[0] if watch.critical else now, now) if states.battery_critical else None,
    )


def _was_long_critical(watch: BatteryChangeDetector) -> bool:
    """Whether the batteries were reported as critical for a while, and not just for a moment."""
    return watch.critical is not None and watch.critical[1] - watch.critical[0] >= WINDOW


def _clock(watch: BatteryChangeDetector, event: StatesReceived, now: float) -> tuple[bool, Sign | None]:
    """Return whether the lock's clock is right, and a sign if it no longer is."""
    was_right, our_time = watch.known.clock_right, event.our_time
    lock_time = event.states.current_time.moment
    if event.clock_lost or (lock_time is None and our_time is not None):
        return False, Sign.CLOCK_LOST if was_right else None
    if our_time is None or lock_time is None:
        return was_right, None
    behind = our_time - lock_time
    right = abs(behind) <= CLOCK_TOLERANCE
    if right or not was_right or behind < CLOCK_TOLERANCE or _our_clock_moved(watch, our_time, now):
        # A lock that has lost the time restarts its clock in the past, never in the future.
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
        if event.changes >= MANY_SETTINGS and not watch.counted:
            signs.add(Sign.MANY_CHANGES)
    if known.firmware not in (None, firmware):
        # New firmware starts with a restart, whose signs may be seen before or after it.
        watch = _explained(watch, now)
    watch = _with(watch, signs, now, named=named, zoned=zoned, firmware=firmware)
    watch = watch if event.ours else _judged(watch, event.changes, now)
    return replace(watch, counted=watch.counted and bool(watch.signs))


def _explained(watch: BatteryChangeDetector, now: float) -> BatteryChangeDetector:
    """A restart has a different cause. Log and counters may show it much later."""
    return replace(
        watch,
        restart_explained_until=now + WINDOW,
        signs=tuple(entry for entry in watch.signs if entry[0] not in RESTART),
        known=replace(watch.known, counters=None, newest_log_entry=None),
    )


def _calibrated(watch: BatteryChangeDetector, until: float) -> BatteryChangeDetector:
    """Expect the effects of our calibration, also in the log, which may be read much later."""
    return replace(watch, calibrated_until=until, known=replace(watch.known, newest_log_entry=None))


def _is_calibrated(watch: BatteryChangeDetector, now: float) -> bool:
    return watch.calibrated_until is not None and now < watch.calibrated_until


def _is_settled(watch: BatteryChangeDetector, now: float) -> bool:
    return watch.settled_until is not None and now < watch.settled_until


def _judged(watch: BatteryChangeDetector, changes: int, now: float) -> BatteryChangeDetector:
    if _is_calibrated(watch, now):
        return watch
    if _is_settled(watch, now) and not changes:
        return replace(watch, signs=())
    found = watch.suspects
    pair = any(
        SOURCES[one] is not SOURCES[other] and abs(at - then) <= WINDOW
        for (one, at), (other, then) in combinations(watch.signs, 2)
    )
    if not found & STRONG and not pair:
        # Signs wait until the settings have been read, however long that takes; then only a recent one waits
        # for another.
        return replace(watch, signs=tuple(entry for entry in watch.signs if now - entry[1] <= WINDOW))
    # Strongest signs first.
    reasons = tuple(sign for sign in Sign if sign in found)
    verdict = Verdict(reasons=reasons, counted=watch.counted)
    return replace(watch, verdict=verdict, signs=(), settled_until=now + WINDOW)


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
    """Whether a clock is off by a difference of time zones or of daylight saving time."""
    quarters = round(behind / _QUARTER)
    return abs(behind) <= _WIDEST_ZONE + _QUARTER_TOLERANCE and (
        abs(behind - quarters * _QUARTER) <= _QUARTER_TOLERANCE
    )


def _is_named(config: Config) -> bool:
    """Whether an owner may have given the name: it is readable, and not the factory's."""
    name = config.name
    return (
        bool(name)
        and "\0" not in name
        and not any("\udc80" <= char <= "\udcff" for char in name)
        and name != f"Nuki_{config.nuki_id:08X}"
    )


def _has_zone(config: Config) -> bool:
    return config.time_zone_id not in (None, _NO_TIME_ZONE)
