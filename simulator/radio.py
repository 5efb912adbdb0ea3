"""The air between peripherals and receivers: signal strength, range and time.

Everything that receives (a proxy, an adapter) and everything that advertises meets here. Time is the
running event loop's alone, so a loop with a virtual clock runs the same code for benchmarks.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
import random
from typing import Protocol

from simulator.gatt import Advertisement, ConnectRefusedError, DisconnectReason, LinkClosedError, Peripheral
from simulator.radio_link import INSTANT, RadioLink, RadioTiming, Traffic

__all__ = [
    "INSTANT",
    "ConnectionRecord",
    "Radio",
    "RadioLink",
    "RadioTiming",
    "Receiver",
    "Sighting",
    "Traffic",
]

# advDelay, seconds: added at random to each interval (Bluetooth Core, Vol 6, Part B, 4.4.2.2.1).
ADVERTISING_DELAY = 0.010

# Range of an RSSI report (Bluetooth Core, Vol 4, Part E, 7.7.65.2), dBm.
MIN_RSSI, MAX_RSSI = -127, 20

# Signal of a receiver a room away, dBm.
DEFAULT_RSSI = -60


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """One advertising event as one receiver hears it, with the signal strength in dBm."""

    address: str
    advertisement: Advertisement
    rssi: int
    random_address: bool = False
    """The address is not from a manufacturer's range: static, or changing now and then."""


class Receiver(Protocol):
    """Something with an antenna that scans and connects."""

    def on_sighting(self, sighting: Sighting) -> None:
        """Take one advertising event; a passive scanner ignores its scan response."""


@dataclass(kw_only=True)
class ConnectionRecord:
    """One attempt to connect and what became of it; times are those of the event loop, in seconds."""

    receiver: Receiver
    address: str
    started: float
    connected: float | None = None
    ended: float | None = None
    reason: DisconnectReason | None = None
    traffic: Traffic = field(default_factory=Traffic)


class Radio:
    """The peripherals, the receivers, and how well each receiver hears each peripheral."""

    def __init__(self, *, timing: RadioTiming | None = None, rssi_noise: float = 0.0, seed: int = 0) -> None:
        """Make an empty radio.

        Args:
            timing: How long things take; the defaults of RadioTiming are realistic but brisk.
            rssi_noise: Standard deviation of every RSSI report, dB.
            seed: Seed of the advertising delay and the noise.
        """
        self.timing = timing or RadioTiming()
        self.connections: list[ConnectionRecord] = []
        self._noise = rssi_noise
        self._random = random.Random(seed)
        self._peripherals: dict[str, Peripheral] = {}
        self._advertisers: dict[str, asyncio.Handle] = {}
        self._receivers: dict[Receiver, int | None] = {}
        self._signals: dict[tuple[Receiver, str], int | None] = {}
        self._links: list[tuple[Receiver, str, RadioLink]] = []

    def add_peripheral(self, peripheral: Peripheral) -> None:
        """Let a peripheral advertise, starting now."""
        address = peripheral.address
        if address in self._peripherals:
            raise ValueError(f"{address} is already on this radio")
        self._peripherals[address] = peripheral
        self._advertisers[address] = asyncio.get_running_loop().call_soon(self._advertise, address)

    async def remove_peripheral(self, address: str) -> None:
        """Take a peripheral away; its links end as if its battery had been pulled."""
        del self._peripherals[address]
        for link in list(self._open_links(address=address)):
            link.lose()
        self._advertisers.pop(address).cancel()

    def add_receiver(self, receiver: Receiver, rssi: int | None = DEFAULT_RSSI) -> None:
        """Add a receiver that hears every peripheral at `rssi` dBm; None hears nothing."""
        self._receivers[receiver] = rssi

    def remove_receiver(self, receiver: Receiver) -> None:
        """Remove a receiver with all of its signal strengths; its links are closed."""
        for link in list(self._open_links(receiver=receiver)):
            link.close()
        del self._receivers[receiver]
        for key in [key for key in self._signals if key[0] is receiver]:
            del self._signals[key]

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """All receivers in the order they were added."""
        return tuple(self._receivers)

    def rssi(self, receiver: Receiver, address: str) -> int | None:
        """Return the signal strength in dBm, None when out of range."""
        return self._signals.get((receiver, address), self._receivers.get(receiver))

    def set_rssi(self, receiver: Receiver, address: str, rssi: int | None) -> None:
        """Set the signal strength in dBm; None is out of range and ends links by supervision timeout."""
        self._signals[receiver, address] = rssi
        for link in list(self._open_links(receiver=receiver, address=address)):
            link.set_in_range(rssi is not None)

    async def connect(
        self,
        receiver: Receiver,
        address: str,
        *,
        mtu: int = 517,
        discover: bool = False,
        on_indication: Callable[[int, bytes], None],
        on_disconnect: Callable[[DisconnectReason], None],
    ) -> RadioLink:
        """Connect, exchange the MTU and, if asked, discover the services.

        Args:
            receiver: The central.
            address: The peripheral.
            mtu: ATT MTU that the central offers, 23 to 517 bytes.
            discover: Spend the requests of a full service discovery, as a central without cache does.
            on_indication: Called with the characteristic's handle and the value.
            on_disconnect: Called once if the link ends for another reason than its own `close`.

        Raises:
            ConnectRefusedError: Out of range, no such peripheral, or refused by it.
        """
        loop = asyncio.get_running_loop()
        record = ConnectionRecord(receiver=receiver, address=address, started=loop.time())
        self.connections.append(record)

        def end(reason: DisconnectReason | None) -> None:
            record.ended = loop.time()
            record.reason = reason

        def disconnected(reason: DisconnectReason) -> None:
            if record.connected is not None:
                on_disconnect(reason)

        try:
            await self._meet(receiver, address)
            link = RadioLink(
                self._peripherals[address],
                timing=self.timing,
                mtu=mtu,
                on_indication=on_indication,
                on_disconnect=disconnected,
                on_end=end,
            )
        except ConnectRefusedError as error:
            end(error.reason)
            raise
        except asyncio.CancelledError:
            end(None)
            raise
        record.traffic = link.traffic
        self._links.append((receiver, address, link))
        try:
            await link.negotiate(discover=discover)
        except LinkClosedError:
            raise ConnectRefusedError(record.reason or DisconnectReason.FAILED_TO_ESTABLISH) from None
        except asyncio.CancelledError:
            link.close()
            raise
        record.connected = loop.time()
        return link

    async def _meet(self, receiver: Receiver, address: str) -> None:
        """Wait until the receiver has received the peripheral's advertisement and the link layer stands."""
        if not self._reaches(receiver, address):
            await asyncio.sleep(self.timing.connect_timeout)
            raise ConnectRefusedError(DisconnectReason.CONNECTION_TIMEOUT)
        await asyncio.sleep(self.timing.connect)
        if not self._reaches(receiver, address):
            raise ConnectRefusedError

    async def stop(self) -> None:
        """End all links and all advertising, and wait for the tasks behind them."""
        links = [link for _, _, link in self._links]
        self._links.clear()
        for link in links:
            link.lose()
        self._peripherals.clear()
        for advertiser in self._advertisers.values():
            advertiser.cancel()
        self._advertisers.clear()
        for link in links:
            await link.wait_closed()

    def _reaches(self, receiver: Receiver, address: str) -> bool:
        return address in self._peripherals and self.rssi(receiver, address) is not None

    def _open_links(
        self, *, receiver: Receiver | None = None, address: str | None = None
    ) -> Iterator[RadioLink]:
        self._links = [entry for entry in self._links if entry[2].is_open]
        for at, to, link in self._links:
            if receiver in (None, at) and address in (None, to):
                yield link

    def _advertise(self, address: str) -> None:
        """Broadcast an advertising event of a peripheral, and the others for as long as it is here."""
        peripheral = self._peripherals[address]
        if (event := peripheral.advertise()) is not None:
            for receiver in self.receivers:
                if (rssi := self.rssi(receiver, address)) is not None:
                    self.send(receiver, address, event, rssi)
        # Not a task that sleeps: simulated days have hundreds of thousands of these.
        if self._peripherals.get(address) is peripheral:
            self._advertisers[address] = asyncio.get_running_loop().call_later(
                self.interval(peripheral.advertising_interval), self._advertise, address
            )

    def interval(self, seconds: float) -> float:
        """Return the time from one advertising event to the next, with the delay that the standard adds."""
        return seconds + self._random.uniform(0, ADVERTISING_DELAY)

    def send(
        self,
        receiver: Receiver,
        address: str,
        advertisement: Advertisement,
        rssi: float,
        *,
        random_address: bool = False,
    ) -> None:
        """Let one receiver hear one advertising event, at about this signal strength in dBm."""
        receiver.on_sighting(
            Sighting(
                address=address,
                advertisement=advertisement,
                rssi=self._measure(rssi),
                random_address=random_address,
            )
        )

    def _measure(self, rssi: float) -> int:
        """Return a signal strength as a receiver would report it."""
        if self._noise:
            rssi = self._random.gauss(rssi, self._noise)
        return min(MAX_RSSI, max(MIN_RSSI, round(rssi)))
