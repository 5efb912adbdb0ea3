"""A lock in software that speaks the vendor's protocol byte for byte.

It is written from the protocol reference and not from the client: the two share declarations, frames and
cryptography, but no behaviour, so that they can disagree and a test can notice.

    lock = VirtualLock("gen3", nuki_id=0x33C335C5, pin=1234)
    radio.add_peripheral(lock)
    lock.enter_pairing_mode()
    ...
    assert len(lock.journal.motor_runs) == 1

Everything that takes time runs on the clock of the running event loop.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import partial
import secrets
from typing import override

from custom_components.smartlock.protocol.enums import (
    ButtonAction,
    Command,
    ErrorCode,
    LockAction,
    LockState,
    Trigger,
)
from custom_components.smartlock.protocol.messages import ErrorReport
from simulator.gatt import Advertisement, ConnectRefusedError, DisconnectReason, Link, Peripheral, Service
from simulator.lock import requests
from simulator.lock.advertising import Advertiser
from simulator.lock.authorizations import AuthorizationTable
from simulator.lock.clock import Clock
from simulator.lock.device import Device
from simulator.lock.faults import FAULTS, Faults, Moment
from simulator.lock.gatt_table import services_of
from simulator.lock.habits import Habits, Timing, quick
from simulator.lock.journal import Fact, Journal, Kind
from simulator.lock.link import LockLink
from simulator.lock.models import MODELS, Model
from simulator.lock.motor import Jam
from simulator.lock.pairing import PairingExchange
from simulator.lock.settings import SettingsStore
from simulator.lock.status import Status, status_of

__all__ = [
    "FAULTS",
    "MODELS",
    "Habits",
    "Jam",
    "Kind",
    "Model",
    "Moment",
    "Timing",
    "VirtualLock",
    "quick",
]

# The vendor's part of every Bluetooth address.
_VENDOR_PREFIX = bytes.fromhex("54D272")

# What a change of batteries can make a lock forget.
LOSSES = frozenset({"pin", "settings", "clock"})

# What a press of the button does, by the setting; the missing ones do nothing to the bolt.
_BUTTON_ACTIONS = {
    ButtonAction.UNLOCK: LockAction.UNLOCK,
    ButtonAction.LOCK: LockAction.LOCK,
    ButtonAction.UNLATCH: LockAction.UNLATCH,
    ButtonAction.LOCK_N_GO: LockAction.LOCK_N_GO,
}


_WALL_TIME = partial(datetime.now, UTC)


class VirtualLock(Peripheral):
    """A lock on a door: radio on one side, hands on the other."""

    def __init__(
        self,
        model: str | Model,
        *,
        nuki_id: int,
        pin: int | None = None,
        name: str | None = None,
        door_sensor: bool = True,
        homekit: bool = False,
        locked: bool = True,
        timing: Timing | None = None,
        habits: Habits | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
        now: Callable[[], datetime] = _WALL_TIME,
    ) -> None:
        """Mount a lock with fresh batteries.

        Args:
            model: A model, or its name in MODELS.
            nuki_id: 32-bit id; its low three bytes end the Bluetooth address.
            pin: Security PIN, None if none is set.
            name: Name in Config; `Nuki_` and the id if None.
            door_sensor: Whether the lock knows if the door is open.
            homekit: Whether HomeKit advertisements come in between (models that can).
            locked: Where the bolt is at first.
            timing: How long things take.
            habits: What the vendor's document leaves open.
            random: Returns so many random bytes; `random.Random(seed).randbytes` repeats itself.
            now: Returns the aware wall time.
        """
        self.model = MODELS[model] if isinstance(model, str) else model
        self._device = Device(
            self.model,
            nuki_id=nuki_id,
            pin=pin,
            door_sensor=door_sensor,
            locked=locked,
            timing=timing or Timing(),
            habits=habits or Habits(),
            random=random,
            now=now,
        )
        if name is not None:
            self._device.settings.values.name = name
        self._device.on_change = self._push_states
        self._services = services_of(self.model.dialect)
        self._advertiser = Advertiser(self._device, homekit=homekit and self.model.homekit)
        self._links: list[LockLink] = []
        self._connections = 0

    # --- What a test looks at and switches ----------------------------------------------------------------

    @property
    def nuki_id(self) -> int:
        """32-bit id."""
        return self._device.nuki_id

    @property
    def journal(self) -> Journal:
        """Everything that happened."""
        return self._device.journal

    @property
    def faults(self) -> Faults:
        """What is wrong with the radio and the firmware."""
        return self._device.faults

    @property
    def settings(self) -> SettingsStore:
        """What the owner set in the app."""
        return self._device.settings

    @property
    def clock(self) -> Clock:
        """The lock's own clock."""
        return self._device.clock

    @property
    def authorizations(self) -> AuthorizationTable:
        """Who has paired."""
        return self._device.authorizations

    @property
    def lock_state(self) -> LockState:
        """What the lock reports."""
        return self._device.motor.state

    @property
    def bolt_locked(self) -> bool:
        """Where the bolt really is."""
        return self._device.motor.bolt_locked

    @property
    def pairing_mode(self) -> bool:
        """Whether a client can pair now."""
        return self._device.pairing_mode

    @property
    def unread_change(self) -> bool:
        """Whether something changed since a Bridge last read the states."""
        return self._device.unread_change

    # --- Peripheral ---------------------------------------------------------------------------------------

    @property
    @override
    def address(self) -> str:
        """Public Bluetooth address, upper case with colons."""
        return (_VENDOR_PREFIX + self.nuki_id.to_bytes(4, "big")[1:]).hex(":").upper()

    @property
    @override
    def services(self) -> tuple[Service, ...]:
        """GATT table."""
        return self._services

    @property
    @override
    def advertising_interval(self) -> float:
        """Seconds from one advertising event to the next."""
        return self._device.timing.advertising_interval

    @override
    def advertise(self) -> Advertisement | None:
        """Return the next advertising event; None without power or while all links are in use."""
        return self._advertiser.next() if self._takes_connections else None

    @override
    def connect(
        self,
        *,
        mtu: int,
        on_indication: Callable[[int, bytes], None],
        on_disconnect: Callable[[DisconnectReason], None],
    ) -> Link:
        """Take a connection. Raises ConnectRefusedError without power or while all links are in use."""
        if not self._takes_connections:
            self.journal.record(Kind.CONNECTION_REFUSED, powered=self._device.powered, links=len(self._links))
            raise ConnectRefusedError
        device, dialect = self._device, self.model.dialect
        link = LockLink(
            device,
            self._services,
            number=self._connections,
            mtu=mtu,
            on_indication=on_indication,
            on_disconnect=on_disconnect,
            on_end=self._links.remove,
        )
        link.receivers = {
            dialect.pairing_gdio: PairingExchange(device, link).receive,
            dialect.keyturner_gdio: partial(self._refuse_plain, link),
            dialect.keyturner_usdio: partial(requests.receive, device, link),
        }
        self._connections += 1
        self._links.append(link)
        return link

    @property
    def _takes_connections(self) -> bool:
        return self._device.powered and len(self._links) < self.model.links

    def _refuse_plain(self, link: LockLink, _value: bytes) -> None:
        """Refuse what is written to the Keyturner GDIO, on which no plain request is documented."""
        link.broken_rule("a request on the Keyturner GDIO")
        report = ErrorReport(code=ErrorCode.UNKNOWN, refused=Command(0))
        link.answer_plain(self.model.dialect.keyturner_gdio, report)

    def _push_states(self) -> None:
        """Tell every connected client that has spoken."""
        for link in list(self._links):
            if link.authorization is not None and link.authorization in self.authorizations:
                link.answer(link.authorization, self._device.states(), pushed=True)

    # --- By hand ------------------------------------------------------------------------------------------

    def press_button(self) -> str:
        """Press the button shortly; return in words what it did."""
        device, setting = self._device, self.settings.values
        self._by_hand("press_button")
        if not device.powered:
            return "nothing happens: the lock has no power"
        if device.motor.cancel():
            return "the motor stops half way"
        if not setting.button_enabled:
            return "nothing happens: the button is switched off in the settings"
        action = setting.single_button_press_action
        if action == ButtonAction.INTELLIGENT:
            lock_action = device.motor.intelligent_action
        elif action in _BUTTON_ACTIONS:
            lock_action = _BUTTON_ACTIONS[action]
        else:
            return "the light blinks"
        words = lock_action.name.lower().replace("_", " ")
        if (code := device.motor.refusal(lock_action, 0, Trigger.BUTTON)) is not None:
            return f"the lock does not {words}: {code.name}"
        if not device.motor.settle(lock_action, Trigger.BUTTON):
            device.motor.start(lock_action, Trigger.BUTTON, lambda _error: None)
        return f"the lock begins to {words}"

    def enter_pairing_mode(self) -> str:
        """Hold the button for 5 s; return in words what it did."""
        device = self._device
        self._by_hand("enter_pairing_mode")
        if not device.powered:
            return "nothing happens: the lock has no power"
        if not self.settings.values.pairing_enabled:
            return "nothing happens: pairing is switched off in the settings"
        device.enter_pairing_mode()
        return f"the ring lights up: pairing mode for {device.timing.pairing_mode:g} s"

    def turn_key(self, action: str) -> None:
        """Turn the key to `lock` or `unlock`. Raises ValueError while the motor runs."""
        if action not in ("lock", "unlock"):
            raise ValueError("a key can lock or unlock")
        self._by_hand("turn_key", action=action)
        motor = self._device.motor
        if self._device.powered:
            motor.turn_by_hand(locked=action == "lock")
        else:
            motor.bolt_locked = action == "lock"

    def open_door(self) -> None:
        """Open the door."""
        self._move_door(is_open=True)

    def close_door(self) -> None:
        """Close the door."""
        self._move_door(is_open=False)

    def jam(self, what: str = Jam.MOTOR) -> None:
        """Break something, by its name in Jam. Raises ValueError for another name."""
        if what not in list(Jam):
            raise ValueError(f"nothing called {what} can break, only {', '.join(Jam)}")
        self._device.motor.jam = Jam(what)
        self._by_hand("jam", jam=what)

    def repair(self) -> None:
        """Mend what is broken and switch the named faults off; the lock notices at its next run."""
        self._device.motor.jam = None
        self.faults.clear()
        self._by_hand("repair")

    def set_battery(self, percent: int) -> None:
        """Set the charge in percent. Raises ValueError outside 0 to 100."""
        self._device.battery.set(percent)
        self._by_hand("set_battery", percent=percent)
        self._device.changed()

    def set_charging(self, *, charging: bool) -> None:
        """Plug a charger in or out."""
        self._device.battery.charging = charging
        self._by_hand("set_charging", charging=charging)
        self._device.changed()

    def set_pin(self, pin: int | None) -> None:
        """Set the security PIN as the owner does in the app; None unsets it."""
        self._device.pin.set(pin)

    def delete_authorization(self, index: int) -> None:
        """Delete a client as the owner does in the app, by its number in the journal. Raises KeyError."""
        self._device.delete_authorization(self.authorizations.at(index), "deleted by the owner")

    def show_state(self, state: int) -> None:
        """Report a lock state, even one that nobody knows, until the next change."""
        self._by_hand("show_state", state=state)
        self._device.motor.show(LockState(state))

    def swap_batteries(self, lose: Collection[str] = ()) -> None:
        """Take the batteries out and put fresh ones in: a while of silence, then a positioning run.

        Args:
            lose: What the lock forgets: any of `pin`, `settings`, `clock`.

        Raises:
            ValueError: It cannot forget that.
        """
        if unknown := set(lose) - LOSSES:
            raise ValueError(
                f"a lock cannot lose {', '.join(sorted(unknown))}, only {', '.join(sorted(LOSSES))}"
            )
        self._by_hand("swap_batteries", lose=",".join(sorted(lose)))
        self.power_off()
        device = self._device
        device.battery.set(100)
        if "pin" in lose:
            device.pin.lose()
        if "settings" in lose:
            device.settings.lose()
        if "clock" in lose:
            device.clock.lose()
        device.timers.after(device.timing.battery_change, self.power_on)

    def power_off(self) -> None:
        """Take the batteries out: links are lost, nothing is due any more. Also ends the lock for good."""
        for link in list(self._links):
            link.drop(DisconnectReason.CONNECTION_TIMEOUT, "no power")
        self._device.lose_power()

    def power_on(self) -> None:
        """Put the batteries in; the lock finds its position first."""
        if not self._device.powered:
            self._device.powered = True
            self._device.motor.boot()

    def status(self) -> Status:
        """Return what can be seen and counted, fit for JSON and without secrets."""
        return status_of(self._device, address=self.address, links=len(self._links))

    def _move_door(self, *, is_open: bool) -> None:
        device = self._device
        self._by_hand("open_door" if is_open else "close_door")
        if device.door_open != is_open:
            device.door_open = is_open
            if device.door_sensor and device.powered:
                device.changed()

    def _by_hand(self, what: str, **facts: Fact) -> None:
        self.journal.record(Kind.BY_HAND, what=what, **facts)
