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

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
import secrets
from typing import override

from custom_components.smartlock.protocol.enums import Command, ErrorCode, LockState
from custom_components.smartlock.protocol.messages import ErrorReport
from simulator.gatt import Advertisement, ConnectRefusedError, DisconnectReason, Link, Peripheral, Service
from simulator.lock import reports, requests
from simulator.lock.accessories import Accessories, Accessory, SensorCondition
from simulator.lock.advertising import Advertiser
from simulator.lock.authorizations import AuthorizationTable
from simulator.lock.battery import Battery
from simulator.lock.clock import Clock
from simulator.lock.device import Device
from simulator.lock.faults import FAULTS, Faults, Moment
from simulator.lock.gatt_table import services_of
from simulator.lock.habits import Habits, LostPin, Timing, quick
from simulator.lock.jams import Jam
from simulator.lock.journal import Journal, Kind
from simulator.lock.keypad import KeypadCodes
from simulator.lock.ledger import Ledger
from simulator.lock.link import LockLink
from simulator.lock.log import Log
from simulator.lock.models import MODELS, Model
from simulator.lock.owners_app import OwnersApp
from simulator.lock.pairing import PairingExchange
from simulator.lock.settings import SettingsStore
from simulator.lock.status import Status, status_of
from simulator.lock.time_control import TimeControl
from simulator.lock.upkeep import Upkeep
from simulator.lock.visitors import Visitors

__all__ = [
    "FAULTS",
    "MODELS",
    "Accessory",
    "Habits",
    "Jam",
    "Kind",
    "LostPin",
    "Model",
    "Moment",
    "SensorCondition",
    "Timing",
    "VirtualLock",
    "quick",
]

# The vendor's part of every Bluetooth address.
_VENDOR_PREFIX = bytes.fromhex("54D272")

_WALL_TIME = partial(datetime.now, UTC)


class VirtualLock(Visitors, OwnersApp, Upkeep, Peripheral):
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
        self._device.on_power_lost = self._drop_links
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
    def ledger(self) -> Ledger:
        """What was really done at the door."""
        return self._device.ledger

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
    def keypad_codes(self) -> KeypadCodes:
        """Codes of the keypad."""
        return self._device.keypad_codes

    @property
    def accessories(self) -> Accessories:
        """What is paired with it, and whose battery is nearly empty."""
        return self._device.accessories

    @property
    def time_control(self) -> TimeControl:
        """What it does by itself at a time of day."""
        return self._device.time_control

    @property
    def log(self) -> Log:
        """The lock's own log."""
        return self._device.log

    @property
    def battery(self) -> Battery:
        """Charge and age of the cells, and how hard the bolt turns."""
        return self._device.battery

    @property
    def lock_state(self) -> LockState:
        """What the lock reports."""
        return self._device.motor.state

    @property
    def bolt_locked(self) -> bool:
        """Where the bolt really is."""
        return self._device.motor.bolt_locked

    @property
    def busy(self) -> bool:
        """Whether the motor runs, or holds the latch."""
        return self._device.motor.busy

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
        opened = asyncio.get_running_loop().time()

        def end(link: LockLink) -> None:
            self._links.remove(link)
            device.statistics.connected(asyncio.get_running_loop().time() - opened)

        link = LockLink(
            device,
            self._services,
            number=self._connections,
            mtu=mtu,
            on_indication=on_indication,
            on_disconnect=on_disconnect,
            on_end=end,
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

    def _drop_links(self) -> None:
        for link in list(self._links):
            link.drop(DisconnectReason.CONNECTION_TIMEOUT, "no power")

    def _push_states(self) -> None:
        """Tell every connected client that has spoken."""
        for link in list(self._links):
            if link.authorization is not None and link.authorization in self.authorizations:
                link.answer(link.authorization, reports.states(self._device), pushed=True)

    def status(self) -> Status:
        """Return what can be seen and counted, fit for JSON and without secrets."""
        return status_of(self._device, address=self.address, links=len(self._links))
