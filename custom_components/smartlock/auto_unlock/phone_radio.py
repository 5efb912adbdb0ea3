"""Receives the packets of one person's phone, whatever its address is at the moment.

Home Assistant's ordinary callback is called only for an advertisement that differs from the last: right for
noticing a new address among all devices in a neighbourhood, at hardly any cost. Once the address is known,
the callback for every packet of that address provides the signal.
"""

from collections.abc import Callable
from dataclasses import field
from math import inf
from uuid import UUID

from bluetooth_data_tools import get_cipher_for_irk, resolve_private_address
from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import (
    BluetoothCallbackMatcher,
    BluetoothChange,
    BluetoothScanningMode,
    BluetoothServiceInfoBleak,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from custom_components.smartlock.protocol.values import dataclass

IRK_SIZE = 16
APPLE = 0x004C
_IBEACON = bytes([0x02, 0x15])

# Two bits of a random address are its kind; those of a resolvable one lead to these first digits.
_RESOLVABLE = frozenset("4567")
# Addresses known to belong to others, which are not resolved again. A busy street has some hundreds at a
# time.
_STRANGERS = 1024
# Number of addresses followed at a time: some phones use one for each thing they announce.
_FOLLOWED = 4
# The specification limits a resolvable address to an hour (Core, Vol 4, Part E, 7.8.45), and phones change
# theirs every 15 minutes. One that was first received longer ago is a recording being replayed.
_ADDRESS_LIFE = 3600.0 + 300.0
# Addresses remembered for that: ten days of a phone that changes its address every 15 minutes.
_REMEMBERED = 1024


@dataclass(frozen=True, kw_only=True)
class PhoneSignal:
    """One packet of the phone: the receiving scanner, its signal (dBm) and time (monotonic seconds)."""

    source: str
    rssi: int
    at: float


type OnSignal = Callable[[PhoneSignal], None]


@dataclass(frozen=True, kw_only=True)
class PrivatePhone:
    """A phone whose changing addresses resolve with its identity resolving key."""

    irk: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class BeaconPhone:
    """A phone or tag that broadcasts an iBeacon; anyone can broadcast the same."""

    uuid: UUID
    major: int
    minor: int

    @property
    def prefix(self) -> bytes:
        """The first bytes of its company data; the transmit power follows."""
        return _IBEACON + self.uuid.bytes + self.major.to_bytes(2) + self.minor.to_bytes(2)


type Phone = PrivatePhone | BeaconPhone


class PhoneListener:
    """Passes on every packet of one phone until it is stopped.

    Attributes:
        played: Number of packets of an address that was first received too long ago to be the phone's own.
    """

    def __init__(self, hass: HomeAssistant, phone: Phone, on_signal: OnSignal) -> None:
        """Prepare; `start` begins."""
        self.played = 0
        self._hass = hass
        self._on_signal = on_signal
        self._cipher = get_cipher_for_irk(phone.irk) if isinstance(phone, PrivatePhone) else None
        self._prefix = phone.prefix if isinstance(phone, BeaconPhone) else b""
        self._strangers: dict[str, None] = {}
        self._first_received: dict[str, float] = {}
        self._followed: dict[str, CALLBACK_TYPE] = {}
        self._stop: CALLBACK_TYPE | None = None

    @callback
    def start(self) -> None:
        """Look for the phone among all packets, from now on and recent ones."""
        matcher = BluetoothCallbackMatcher(connectable=False)
        if self._prefix:
            matcher["manufacturer_id"] = APPLE
            matcher["manufacturer_data_start"] = list(self._prefix)
        self._stop = bluetooth.async_register_callback(
            self._hass, self._received_somebody, matcher, BluetoothScanningMode.PASSIVE
        )

    @callback
    def stop(self) -> None:
        """Stop calling the listener."""
        if self._stop is not None:
            self._stop()
            self._stop = None
        for unfollow in self._followed.values():
            unfollow()
        self._followed.clear()

    @callback
    def _received_somebody(self, info: BluetoothServiceInfoBleak, change: BluetoothChange) -> None:
        address = info.address
        if address in self._followed or not self._is_phone(address):
            return
        _remember(self._first_received, address, info.time, _REMEMBERED)
        if self._is_played(info):
            return
        while len(self._followed) >= _FOLLOWED:
            # The one that has been silent longest, so that recordings of the last hour, replayed one after
            # the other, do not displace the phone itself.
            silent = next(iter(self._followed))
            self._followed.pop(silent)()
        self._followed[address] = bluetooth.async_register_advertisement_callback(
            self._hass, self._received_phone, address
        )

    def _is_phone(self, address: str) -> bool:
        if self._cipher is None:
            # Home Assistant has compared the ids.
            return True
        if address[0] not in _RESOLVABLE or address in self._strangers:
            return False
        if resolve_private_address(self._cipher, address):
            return True
        _remember(self._strangers, address, None, _STRANGERS)
        return False

    @callback
    def _received_phone(self, info: BluetoothServiceInfoBleak) -> None:
        if (unfollow := self._followed.pop(info.address, None)) is None:
            return
        # To the end, so that the order is that of the last packets.
        self._followed[info.address] = unfollow
        if self._cipher is None:
            # The same address may send other data in between.
            if not info.manufacturer_data.get(APPLE, b"").startswith(self._prefix):
                return
        elif self._is_played(info):
            self.played += 1
            return
        self._on_signal(PhoneSignal(source=info.source, rssi=info.rssi, at=info.time))

    def _is_played(self, info: BluetoothServiceInfoBleak) -> bool:
        """Whether a private address has outlived what the specification allows."""
        if self._cipher is None:
            return False
        return info.time - self._first_received.get(info.address, -inf) > _ADDRESS_LIFE


def _remember[T](memory: dict[str, T], key: str, value: T, size: int) -> None:
    """Add new items to a memory, and forget the oldest beyond its size."""
    memory.setdefault(key, value)
    while len(memory) > size:
        del memory[next(iter(memory))]
