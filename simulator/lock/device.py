"""The lock as a whole: its parts, and what it tells about itself."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from custom_components.smartlock.protocol.enums import (
    AccessoryBattery,
    DeviceType,
    DoorSensorState,
    LockAction,
    NukiState,
    RemoteAccess,
)
from custom_components.smartlock.protocol.messages import BatteryReport, Config, KeyturnerStates
from custom_components.smartlock.protocol.wire import Date7
from simulator.lock.authorizations import Authorization, AuthorizationTable
from simulator.lock.battery import Battery
from simulator.lock.clock import Clock
from simulator.lock.faults import Faults
from simulator.lock.habits import Habits, Timing
from simulator.lock.journal import Journal, Kind
from simulator.lock.models import Model
from simulator.lock.motor import Motor
from simulator.lock.security_pin import SecurityPin
from simulator.lock.settings import SettingsStore
from simulator.lock.timers import Timers

# Value of the signal strengths in Keyturner States (`docs/protocol.md` 9.2).
_RSSI_NOT_SUPPORTED = 1


class Device:
    """Everything below the radio. `on_change` is called when Keyturner States should be pushed."""

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
        self.journal = Journal(now)
        self.clock = Clock(now)
        self.timers = Timers()
        self.faults = Faults()
        self.battery = Battery()
        self.authorizations = AuthorizationTable(habits.max_authorizations)
        self.settings = SettingsStore(f"Nuki_{nuki_id:08X}", self.changed)
        self.pin = SecurityPin(
            pin, unset_is_zero=not model.dialect.pin_for_pairing, timing=timing, habits=habits
        )
        self.motor = Motor(
            locked=locked,
            timing=timing,
            habits=habits,
            settings=self.settings,
            journal=self.journal,
            timers=self.timers,
            on_change=self.changed,
        )
        self.door_sensor = door_sensor
        self.door_open = False
        self.powered = True
        self._pairing_timer: asyncio.TimerHandle | None = None
        self.unread_change = False
        """What the last bit of the iBeacon shows."""
        self.on_change: Callable[[], None] = lambda: None

    def changed(self) -> None:
        """Note that Keyturner States shows something new."""
        self.unread_change = True
        self.on_change()

    @property
    def pairing_mode(self) -> bool:
        """Whether a client can pair now."""
        return self._pairing_timer is not None

    def enter_pairing_mode(self) -> None:
        """Begin pairing mode, or begin its time anew."""
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

    def lose_power(self) -> None:
        """Stop everything that runs or is due, and forget what only the running lock knows."""
        self.leave_pairing_mode("no power")
        self.powered = False
        self.timers.cancel_all()
        self.motor.stop()
        for entry in self.authorizations:
            entry.challenge = None

    def delete_authorization(self, entry: Authorization, why: str) -> None:
        """Delete a client for a reason that the journal keeps."""
        self.authorizations.delete(entry)
        self.journal.record(Kind.AUTHORIZATION_DELETED, authorization=entry.index, why=why)

    def states(self) -> KeyturnerStates:
        """Return Keyturner States in full length."""
        motor, settings = self.motor, self.settings
        return KeyturnerStates(
            nuki_state=NukiState.PAIRING_MODE if self.pairing_mode else NukiState.DOOR_MODE,
            lock_state=motor.state,
            trigger=motor.trigger,
            current_time=Date7.of(self.clock.time),
            time_zone_offset=settings.values.time_zone_offset,
            battery=self.battery.byte,
            config_update_count=settings.update_count,
            lock_n_go_timer=motor.lock_n_go_seconds,
            last_lock_action=motor.last_action,
            last_lock_action_trigger=motor.last_trigger,
            last_lock_action_completion_status=motor.last_completion,
            door_sensor_state=self.door_state,
            night_mode_active=0,
            accessory_battery=AccessoryBattery.DOOR_SENSOR_REPORTED
            if self.door_sensor
            else AccessoryBattery(0),
            remote_access=RemoteAccess.BRIDGE_PAIRED if self.authorizations.bridge else RemoteAccess(0),
            ble_rssi=_RSSI_NOT_SUPPORTED,
            wifi_rssi=_RSSI_NOT_SUPPORTED,
            wifi_status=0,
            mqtt_status=0,
            thread_status=0,
        )

    @property
    def door_state(self) -> DoorSensorState:
        """What the door sensor says, in the values of generation 3 and later."""
        if not self.door_sensor:
            return DoorSensorState.UNAVAILABLE
        return DoorSensorState.OPENED if self.door_open else DoorSensorState.CLOSED

    def battery_report(self) -> BatteryReport:
        """Return the report of the last motor run."""
        return self.battery.report(LockAction(self.motor.last_action))

    def config(self) -> Config:
        """Return Config in full length."""
        model, settings = self.model, self.settings.values
        first, second, third = settings.fob_actions
        return Config(
            nuki_id=self.nuki_id,
            name=settings.name,
            latitude=settings.latitude,
            longitude=settings.longitude,
            auto_unlatch=settings.auto_unlatch,
            pairing_enabled=settings.pairing_enabled,
            button_enabled=settings.button_enabled,
            led_enabled=settings.led_enabled,
            led_brightness=settings.led_brightness,
            current_time=Date7.of(self.clock.time),
            time_zone_offset=settings.time_zone_offset,
            dst_mode=settings.dst_mode,
            has_fob=0,
            fob_action_1=first,
            fob_action_2=second,
            fob_action_3=third,
            single_lock=settings.single_lock,
            advertising_mode=settings.advertising_mode,
            has_keypad=0,
            firmware_version=model.firmware,
            hardware_revision=model.hardware,
            homekit_status=1 if model.homekit else 0,
            time_zone_id=settings.time_zone_id,
            device_type=model.device_type,
            capabilities=model.capabilities,
            has_keypad_2=0,
            matter_status=1 if model.device_type == DeviceType.SMART_LOCK_5 else 0,
            product_variant=model.product_variant,
        )
