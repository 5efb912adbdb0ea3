"""One connection on the air: the order, the time and the count of everything on an ATT bearer."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from simulator.gatt import Characteristic, DisconnectReason, Link, LinkClosedError, Peripheral, Service

__all__ = ["INSTANT", "RadioLink", "RadioTiming", "Traffic"]

# Bytes of an ATT response beside its list of attributes (Bluetooth Core, Vol 3, Part F, 3.4.4).
LIST_HEADER = 2
# Bytes per entry of the lists of services and characteristics with 128-bit UUIDs (same place).
SERVICE_ENTRY, CHARACTERISTIC_ENTRY = 20, 21
# Bytes of a write request and of a prepare write request beside the value (Vol 3, Part F, 3.4.5, 3.4.6).
WRITE_HEADER, PREPARE_HEADER = 3, 5


@dataclass(frozen=True, kw_only=True)
class RadioTiming:
    """How long things take on the radio, in seconds.

    Attributes:
        connect: From the request to an open link: hearing the next advertisement and setting up. A choice;
            a central with a wide scan window next to a peripheral that advertises every 300 ms needs this.
        connection_interval: One request with its response, or one indication with its confirmation. 30 ms is
            the shorter end of what GAP recommends for a new connection (Bluetooth Core, Vol 3, Part C,
            Appendix A, initial_conn_interval).
        connect_timeout: Until a central gives up on a peripheral that it does not hear. A choice; below the
            20 s after which bleak-retry-connector gives up itself.
        supervision_timeout: Until both sides drop a link on which they hear nothing. ESPHome proxies ask
            for 8 s (`MEDIUM_CONN_TIMEOUT`).
    """

    connect: float = 0.3
    connection_interval: float = 0.030
    connect_timeout: float = 10.0
    supervision_timeout: float = 8.0


# No waiting anywhere: for tests that are not about time.
INSTANT = RadioTiming(connect=0, connection_interval=0, connect_timeout=0, supervision_timeout=0)


@dataclass
class Traffic:
    """What went over one link; bytes are those of characteristic values."""

    requests: int = 0
    indications: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0

    @property
    def operations(self) -> int:
        """Requests with their responses and indications with their confirmations."""
        return self.requests + self.indications


@dataclass(frozen=True)
class _Request:
    """A request that waits for its turn on the bearer."""

    serve: Callable[[Link], Awaitable[Any]]
    response: asyncio.Future[Any]
    exchanges: int
    size: int


class RadioLink:
    """A `gatt.Link` to a peripheral through the radio.

    One request is under way at a time (Bluetooth Core, Vol 3, Part F, 3.3.2). It reaches the peripheral half
    a connection interval after it was sent, the mean wait for the next connection event, and is answered
    half an interval after the peripheral has dealt with it. An indication takes a whole interval, one at a
    time. What the peripheral sends, be it response, indication or the end of the link, arrives in the order
    in which the peripheral produced it.
    """

    def __init__(
        self,
        peripheral: Peripheral,
        *,
        timing: RadioTiming,
        mtu: int,
        on_indication: Callable[[int, bytes], None],
        on_disconnect: Callable[[DisconnectReason], None],
        on_end: Callable[[DisconnectReason], None],
    ) -> None:
        """Open the link; `on_end` is called however it ends. Raises ConnectRefusedError."""
        self.services: tuple[Service, ...] = peripheral.services
        self.traffic = Traffic()
        self._timing = timing
        self._on_indication = on_indication
        self._on_disconnect = on_disconnect
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._open = True
        self._in_range = asyncio.Event()
        self._in_range.set()
        self._supervision: asyncio.TimerHandle | None = None
        self._requests: asyncio.Queue[_Request] = asyncio.Queue()
        self._responses: set[asyncio.Future[Any]] = set()
        self._downlink: asyncio.Queue[tuple[float, Callable[[], None]]] = asyncio.Queue()
        self._next_indication = 0.0
        self._peer = peripheral.connect(
            mtu=mtu, on_indication=self._queue_indication, on_disconnect=self._queue_disconnect
        )
        self.mtu = self._peer.mtu
        """ATT MTU that both sides agreed on; the peripheral may take less than was offered."""
        self._carriers = [
            asyncio.create_task(self._carry_requests()),
            asyncio.create_task(self._carry_downlink()),
        ]
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        """Whether the central still believes in this link."""
        return self._open

    async def read(self, handle: int) -> bytes:
        """Return the value of a characteristic, up to mtu - 1 bytes in one request.

        Raises:
            GattError: The peripheral refused.
            LinkClosedError: The link is closed, or ended before the answer.
        """
        value = await self._request(lambda peer: peer.read(handle))
        self.traffic.bytes_received += len(value)
        return value

    async def write(self, handle: int, data: bytes) -> None:
        """Write a value; one longer than mtu - 3 bytes as a long write (prepare, prepare, ..., execute).

        Raises:
            GattError: The peripheral refused.
            LinkClosedError: The link is closed, or ended before the answer.
        """
        exchanges = 1
        if len(data) > self.mtu - WRITE_HEADER:
            exchanges = -(-len(data) // (self.mtu - PREPARE_HEADER)) + 1
        await self._request(lambda peer: peer.write(handle, data), exchanges=exchanges, size=len(data))

    async def set_indications(self, handle: int, *, enabled: bool) -> None:
        """Write the client configuration descriptor of the characteristic with this handle.

        Raises:
            GattError: The peripheral refused.
            LinkClosedError: The link is closed, or ended before the answer.
        """
        await self._request(lambda peer: peer.set_indications(handle, enabled=enabled))

    async def negotiate(self, *, discover: bool) -> None:
        """Spend the requests that open a connection: the MTU exchange and, if asked, discovery.

        Raises:
            LinkClosedError: The link ended meanwhile.
        """
        exchanges = 1 + (discovery_requests(self.services, self.mtu) if discover else 0)
        await self._request(_answer_nothing, exchanges=exchanges)

    def close(self) -> None:
        """Disconnect from the central's side; `on_disconnect` is not called for it."""
        if self._open:
            self._end(DisconnectReason.LOCAL_HOST_TERMINATED)
            self._peer.close()

    def lose(self) -> None:
        """End the link as a supervision timeout does: both sides notice."""
        if self._open:
            self._end(DisconnectReason.CONNECTION_TIMEOUT)
            self._peer.close()
            self._on_disconnect(DisconnectReason.CONNECTION_TIMEOUT)

    def set_in_range(self, in_range: bool) -> None:
        """Let packets pass, or hold them all; held for the supervision timeout, the link is lost."""
        if not self._open or in_range == self._in_range.is_set():
            return
        if in_range:
            self._in_range.set()
            self._stop_supervision()
        else:
            self._in_range.clear()
            self._supervision = self._loop.call_later(self._timing.supervision_timeout, self.lose)

    def set_parameters(self, *, connection_interval: float, supervision_timeout: float) -> None:
        """Change the connection parameters, in seconds, for what is sent from now on."""
        self._timing = replace(
            self._timing,
            connection_interval=connection_interval,
            supervision_timeout=supervision_timeout,
        )

    async def wait_closed(self) -> None:
        """Wait for the tasks of a closed link, and for the peripheral to deal with what it received."""
        await asyncio.gather(*self._carriers, *self._serving, return_exceptions=True)

    async def _request[T](
        self, serve: Callable[[Link], Awaitable[T]], *, exchanges: int = 1, size: int = 0
    ) -> T:
        """Queue a request and return its answer.

        The caller awaits the very future that the downlink settles, so it resumes before anything
        that the peripheral sent after the answer is delivered. A caller that is cancelled does not
        call the request back: on the air nobody can.
        """
        if not self._open:
            raise LinkClosedError
        response: asyncio.Future[T] = self._loop.create_future()
        self._responses.add(response)
        response.add_done_callback(self._responses.discard)
        self._requests.put_nowait(_Request(serve, response, exchanges, size))
        return await response

    async def _carry_requests(self) -> None:
        """Bring one request after the other to the peripheral."""
        while True:
            request = await self._requests.get()
            await asyncio.sleep(self._timing.connection_interval * (request.exchanges - 0.5))
            await self._in_range.wait()
            self.traffic.requests += request.exchanges
            self.traffic.bytes_sent += request.size
            answered = asyncio.Event()
            # A task of its own: the peripheral deals with what it has received even if the link ends.
            serving = asyncio.create_task(self._serve(request, answered))
            self._serving.add(serving)
            serving.add_done_callback(self._serving.discard)
            await answered.wait()

    async def _serve(self, request: _Request, answered: asyncio.Event) -> None:
        """Let the peripheral deal with a request and queue its answer at that very moment."""
        settle: Callable[[], None]
        try:
            value = await request.serve(self._peer)
        except Exception as error:  # noqa: BLE001 - whatever went wrong is the caller's to see
            settle = partial(request.response.set_exception, error)
        else:
            settle = partial(request.response.set_result, value)

        def deliver() -> None:
            answered.set()
            if not request.response.done():
                settle()

        self._queue(self._loop.time() + self._timing.connection_interval / 2, deliver)

    def _queue_indication(self, handle: int, value: bytes) -> None:
        now, interval = self._loop.time(), self._timing.connection_interval
        self._next_indication = max(now, self._next_indication) + interval

        def deliver() -> None:
            self.traffic.indications += 1
            self.traffic.bytes_received += len(value)
            self._on_indication(handle, value)

        self._queue(self._next_indication, deliver)

    def _queue_disconnect(self, reason: DisconnectReason) -> None:
        def deliver() -> None:
            self._end(reason)
            self._on_disconnect(reason)

        self._queue(self._loop.time(), deliver)

    def _queue(self, when: float, deliver: Callable[[], None]) -> None:
        self._downlink.put_nowait((when, deliver))

    async def _carry_downlink(self) -> None:
        """Deliver what the peripheral sent, each at its time and never before what was sent earlier."""
        while True:
            when, deliver = await self._downlink.get()
            await asyncio.sleep(max(0.0, when - self._loop.time()))
            await self._in_range.wait()
            if self._open:
                deliver()

    def _end(self, reason: DisconnectReason) -> None:
        self._open = False
        self._stop_supervision()
        for carrier in self._carriers:
            carrier.cancel()
        for response in self._responses:
            if not response.done():
                response.set_exception(LinkClosedError())
        self._on_end(reason)

    def _stop_supervision(self) -> None:
        if self._supervision is not None:
            self._supervision.cancel()
            self._supervision = None


async def _answer_nothing(_peer: Link) -> None:
    """Stand for a request that the peripheral's own stack answers."""


def discovery_requests(services: tuple[Service, ...], mtu: int) -> int:
    """Return how many requests a full discovery takes with 128-bit UUIDs.

    Services are read until the list is refused, then the characteristics of each service likewise, then
    the descriptors of each characteristic that has one (Bluetooth Core, Vol 3, Part G, 4.4.1, 4.6.1, 4.7.1).
    """

    def listing(count: int, entry: int) -> int:
        return -(-count // ((mtu - LIST_HEADER) // entry)) + 1

    characteristics: list[Characteristic] = []
    requests = listing(len(services), SERVICE_ENTRY)
    for service in services:
        requests += listing(len(service.characteristics), CHARACTERISTIC_ENTRY)
        characteristics += service.characteristics
    return requests + sum(characteristic.cccd is not None for characteristic in characteristics)
