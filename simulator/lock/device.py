"""The lock as a whole: its parts, and what happens in one when something happens in another."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from custom_components.smartlock.protocol.enums import (
    AuthorizationIdType,
    Command,
    CompletionStatus,
    DoorSensorEvent,
    ErrorCode,
    KeypadAction,
    LockAction,
    LockActionFlag,
    LogEntryType,
)
from custom_components.smartlock.protocol.messages import (
    LoggedDoorEvent,
    LoggedFirmware,
    LoggedKeypadAction,
    LoggedRun,
)
from custom_components.smartlock.protocol.wire import Date7, Layout
from simulator.lock.accessories import Accessories, Accessory, Door
from simulator.lock.authorizations import Authorization, AuthorizationTable
from simulator.lock.automation import Automation
from simulator.lock.battery import Battery
from simulator.lock.clock import Clock
from simulator.lock.faults import Faults
from simulator.lock.firmware import Firmware
from simulator.lock.habits import Habits, Timing
from simulator.lock.journal import Journal, Kind
from simulator.lock.keypad import Code, KeypadCodes
from simulator.lock.ledger import Deed, How, Ledger
from simulator.lock.log import Log
from simulator.lock.models import Model
from simulator.lock.motor import Done, Motor
from simulator.lock.order import Order
from simulator.lock.rights import allows
from simulator.lock.security_pin import SecurityPin
from simulator.lock.settings import SettingsStore
from simulator.lock.statistics import Statistics
from simulator.lock.time_control import TimeControl
from simulator.lock.timers import Timers

# A date as damaged storage delivers it.
_IMPOSSIBLE_DATE = Date7(2026, 13, 32, 25, 61, 61)


# What the ledger calls a run that is no lock action.
_RUNS = {LogEntryType.CALIBRATION: "calibrate", LogEntryType.INITIALIZATION_RUN: "start"}


def _nothing() -> None:
    """Be nobody who waits."""


def _nobody(_error: ErrorCode | None) -> None:
    """Take the result of an order that no client waits for."""


class Device:
    """Everything below the radio.

    `on_change` is called when Keyturner States should be pushed, `on_power_lost` when all links are lost.
    """

    def __init__(
        self,
        model: Model,
        *,
        nuki_id: int,
        pin: int | None,
        door_sensor: bool,
        locked: bool,
        timing: Timing,
        habits: Habits,
        random: Callable[[int], bytes],
        now: Callable[[], datetime],
    ) -> None:
        """Put the parts together."""
        self.model = model
        self.nuki_id = nuki_id
        self.timing = timing
        self.habits = habits
        self.random = random
        self.uuid = random(16)
        self.initialized = True
        """Whether anybody has paired since it left the factory or was reset."""
        self.journal = Journal(now)
        self.clock = Clock(now)
        self.ledger = Ledger(now, lambda: self.now.moment)
        self.timers = Timers()
        self.faults = Faults()
        self.firmware = Firmware(model)
        self.battery = Battery(seed=nuki_id)
        self.statistics = Statistics(lambda: self.clock.time, self.battery.voltage)
        self.authorizations = AuthorizationTable(habits.max_authorizations or model.max_authorizations)
        self.log = Log(habits.log_capacity)
        self.keypad_codes = KeypadCodes(
            habits.max_keypad_codes or model.max_keypad_codes, ids_reused=habits.ids_reused
        )
        self.time_control = TimeControl(habits.max_time_control_entries)
        self.settings = SettingsStore(f"Nuki_{nuki_id:08X}", model, self.changed)
        self.pin = SecurityPin(
            pin, unset_is_zero=not model.dialect.pin_for_pairing, timing=timing, habits=habits
        )
        self.door = Door(has_sensor=door_sensor, built_in=model.built_in_door_sensor)
        self.accessories = Accessories(self.door)
        self.motor = Motor(
            locked=locked,
            timing=timing,
            habits=habits,
            settings=self.settings,
            journal=self.journal,
            timers=self.timers,
            is_night=lambda: self.automation.is_night,
            on_change=self.changed,
            on_result=self._ended,
        )
        self.automation = Automation(
            model=model,
            timing=timing,
            settings=self.settings,
            clock=self.clock,
            timers=self.timers,
            motor=self.motor,
            door=self.door,
            time_control=self.time_control,
            carry_out=self.carry_out,
            on_night=self.changed,
        )
        self.powered = True
        self.wifi_connected = False
        self.thread_connected = False
        self.impossible_dates = False
        """Whether storage is damaged so that dates come out wrong."""
        self.most_recent_command = Command(0)
        self._pairing_timer: asyncio.TimerHandle | None = None
        self.unread_change = False
        """What the last bit of the iBeacon shows."""
        self.on_change: Callable[[], None] = _nothing
        self.on_power_lost: Callable[[], None] = _nothing

    def changed(self) -> None:
        """Note that Keyturner States shows something new."""
        self.unread_change = True
        self.on_change()
        if self.powered:
            self.automation.changed()

    @property
    def now(self) -> Date7:
        """The lock's time as it stands in messages."""
        return _IMPOSSIBLE_DATE if self.impossible_dates else Date7.of(self.clock.time)

    def date(self, date: Date7) -> Date7:
        """Return a date from storage, which may be damaged."""
        return _IMPOSSIBLE_DATE if self.impossible_dates else date

    def set_clock(self, moment: datetime) -> None:
        """Set the lock's clock to an aware moment."""
        self.clock.set(moment)
        self.automation.clock_set()

    # --- Pairing mode and authorizations ------------------------------------------------------------------

    @property
    def pairing_mode(self) -> bool:
        """Whether a client can pair now."""
        return self._pairing_timer is not None

    def enter_pairing_mode(self) -> None:
        """Begin pairing mode, or begin its time again."""
        was_on = self.pairing_mode
        if self._pairing_timer is not None:
            self._pairing_timer.cancel()
        self._pairing_timer = self.timers.after(
            self.timing.pairing_mode, lambda: self.leave_pairing_mode("time is up")
        )
        if not was_on:
            self.journal.record(Kind.PAIRING_MODE, on=True, why="button held")
            self.changed()

    def leave_pairing_mode(self, why: str) -> None:
        """End pairing mode, if the lock is in it."""
        if self._pairing_timer is not None:
            self._pairing_timer.cancel()
            self._pairing_timer = None
            self.journal.record(Kind.PAIRING_MODE, on=False, why=why)
            self.changed()

    def delete_authorization(self, entry: Authorization, why: str) -> None:
        """Delete a client for a reason that the journal keeps."""
        self.authorizations.delete(entry)
        self.journal.record(Kind.AUTHORIZATION_DELETED, authorization=entry.index, why=why)

    def pair_accessory(self, accessory: Accessory) -> None:
        """Pair a fob or a keypad, which then stands in the list of authorizations."""
        if accessory in self.accessories.paired:
            return
        self.accessories.paired.add(accessory)
        self.authorizations.add(
            self.random(32),
            app_id=int.from_bytes(self.random(4), "little"),
            name=f"Nuki {accessory.value.replace('-', ' ').title()}",
            id_type=accessory.id_type,
            created=Date7.of(self.clock.time),
        )
        self.changed()

    def authorization_of(self, *kinds: AuthorizationIdType) -> Authorization | None:
        """Return the first authorization of one of these kinds."""
        return next((entry for entry in self.authorizations if entry.id_type in kinds), None)

    # --- Power --------------------------------------------------------------------------------------------

    def lose_power(self) -> None:
        """Stop everything that runs or is due, and forget what only the running lock knows."""
        self.on_power_lost()
        self.leave_pairing_mode("no power")
        self.powered = False
        self.timers.cancel_all()
        self.motor.stop()
        self.automation.power_lost()
        self.battery.last_run = None
        for entry in self.authorizations:
            entry.challenge = None

    def boot(self, *, expected: bool) -> None:
        """Start, and find the bolt's position first."""
        self.powered = True
        self.statistics.booted(expected=expected)
        self.motor.boot(self._booted)

    def reboot(self) -> None:
        """Start again on request."""
        self.lose_power()
        self.timers.after(self.timing.reboot, lambda: self.boot(expected=True))

    def reset_to_factory(self) -> None:
        """Forget everything but the id: clients, PIN, settings, log, codes, calibration."""
        for entry in list(self.authorizations):
            self.delete_authorization(entry, "factory reset")
        self.uuid = self.random(16)
        self.initialized = False
        self.pin.set(None)
        self.log.clear()
        self.log.enabled = True
        self.keypad_codes.clear()
        self.time_control.clear()
        self.accessories.paired.clear()
        self.motor.calibrated = False
        self.settings.lose()
        self.reboot()

    def update_firmware(self) -> None:
        """Install firmware that nobody knows yet, and start again with it."""
        self.firmware.update()
        deed = self.ledger.add(How.ITSELF, "update_firmware")
        self.add_log(LogEntryType.FIRMWARE_UPDATE, LoggedFirmware(version=self.firmware.version), deed)
        self.reboot()

    def _booted(self) -> None:
        order = Order(
            action=LockAction.NONE,
            trigger=self.motor.trigger,
            how=How.ITSELF,
            log_type=LogEntryType.INITIALIZATION_RUN,
        )
        self.log_run(order, CompletionStatus.SUCCESS)

    # --- The bolt -----------------------------------------------------------------------------------------

    def carry_out(
        self, order: Order, *, accepted: Callable[[], None] = _nothing, done: Done = _nobody
    ) -> ErrorCode | None:
        """Do what an order says, or return why it is not even begun.

        Args:
            order: What is wanted.
            accepted: Called when the motor is about to start; not called if it is not needed.
            done: Called when the order has ended, unless it was not begun.
        """
        if (rejection := self._rejection(order)) is not None:
            self.motor.reject(order, rejection)
            self.changed()
            if not self.habits.rejections_complete:
                return ErrorCode.UNKNOWN
            done(None)
            return None
        if (code := self.motor.refusal(order)) is not None:
            return code
        if self.motor.settle(order):
            done(None)
        else:
            accepted()
            self.motor.start(order, done)
        return None

    def _rejection(self, order: Order) -> CompletionStatus | None:
        """Return what the settings have against an auto unlock."""
        settings = self.settings.values
        if not order.flags & LockActionFlag.AUTO_UNLOCK:
            return None
        if settings.auto_unlock_disabled:
            return CompletionStatus.REJECTED
        if self.automation.is_night and settings.night_mode_auto_unlock_disabled:
            return CompletionStatus.REJECTED_NIGHT_MODE
        return None

    def _ended(self, order: Order, completion: CompletionStatus, degrees: int, seconds: float) -> None:
        """Take the result of an order into log, battery and counters."""
        success = completion == CompletionStatus.SUCCESS
        self.log_run(order, completion)
        self.automation.ended(order.trigger, success=success)
        if degrees:
            figures = self.battery.run(order.action, degrees, completion)
            if order.log_type != LogEntryType.CALIBRATION:
                self.statistics.ran(figures, completion, seconds, self.battery.percent)
            elif success:
                self.statistics.calibrated()
        entry = self.authorizations.find(order.authorization_id)
        if success and entry is not None:
            entry.lock_count = (entry.lock_count + 1) % 0x10000

    def log_run(self, order: Order, completion: CompletionStatus) -> None:
        """Write down what became of an order."""
        flags = LockActionFlag(order.presses) if self.habits.presses_in_flags else LockActionFlag.NONE
        data: Layout = LoggedRun(
            action=order.action,
            trigger=order.trigger,
            flags=flags or order.flags,
            completion_status=completion,
        )
        code_id = None
        if order.keypad is not None:
            code_id = order.keypad.code_id or None
            data = LoggedKeypadAction(
                # What the lock did, whatever button of the keypad was pressed for it.
                action=KeypadAction(order.action),
                source=order.keypad.source,
                completion_status=completion,
                code_id=order.keypad.code_id,
            )
        deed = self.ledger.add(
            order.how,
            _RUNS.get(order.log_type) or order.action.name.lower(),
            who=order.who,
            result=order.result(completion),
            detail=completion.name.lower(),
            code_id=code_id,
        )
        self.add_log(order.log_type, data, deed, authorization_id=order.authorization_id, name=order.name)

    # --- The door and the log -----------------------------------------------------------------------------

    def move_door(self, *, is_open: bool) -> None:
        """Open or close the door."""
        door = self.door
        if door.open == is_open:
            return
        before = door.state
        door.open = is_open
        deed = self.ledger.add(How.HAND, "open_door" if is_open else "close_door")
        if not self.powered or door.state == before:
            return
        self.statistics.door_moved(is_open=is_open)
        if door.logging:
            event = DoorSensorEvent.OPENED if is_open else DoorSensorEvent.CLOSED
            self.add_log(LogEntryType.DOOR_SENSOR, LoggedDoorEvent(event=event), deed)
        self.changed()
        if not is_open:
            self.automation.door_closed()

    def add_log(
        self,
        kind: LogEntryType,
        data: Layout | bytes,
        deed: Deed,
        *,
        authorization_id: int = 0,
        name: str = "",
        always: bool = False,
    ) -> None:
        """Write a deed into the lock's log, if that is switched on or it has to be written always."""
        if not (self.log.enabled or always):
            return
        timestamp = self.now

        def write() -> None:
            record = self.log.add(
                kind,
                data if isinstance(data, bytes) else data.pack(),
                timestamp=timestamp,
                authorization_id=authorization_id,
                name=name,
            )
            deed.index, deed.log_number = record.index, self.log.number
            self.journal.record(Kind.LOGGED, type=kind.name, index=record.index)

        if self.habits.log_delay:
            self.timers.after(self.habits.log_delay, write)
        else:
            write()

    def right_problem(self, holder: Authorization | Code) -> ErrorCode | None:
        """Return what a right has against this moment by the lock's own clock."""
        if not holder.enabled:
            return ErrorCode.K_DISABLED
        local = self.clock.local(self.settings.values)
        if holder.time_limited and not allows(holder.limit, self.clock.time, local, self.habits):
            return ErrorCode.K_TIME_NOT_ALLOWED
        return None

    def refusal_of(self, entry: Authorization, *, reads: bool) -> ErrorCode | None:
        """Return why a client may not make a request now."""
        code = self.right_problem(entry)
        if code == ErrorCode.K_TIME_NOT_ALLOWED and reads and not self.habits.limits_cover_reading:
            return None
        return code
