"""Links over Bluetooth: bleak through bleak-retry-connector. Only here Bluetooth errors become ours."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from functools import partial
from random import Random
from typing import Any, override

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import BleakDBusError, BleakError
from bleak_retry_connector import BleakClientWithServiceCache, establish_connection

from custom_components.smartlock.client.transport import Link, Transport
from custom_components.smartlock.protocol.errors import (
    LinkLostError,
    NoFreeSlotError,
    OutOfRangeError,
    UnreachableError,
)

# Seconds until connecting is given up. With weak signals and slow proxies one attempt may need 40 or more.
CONNECT_TIME = 45.0
# The maximum number of attempts within that time, and the latest start of another one in seconds.
_ATTEMPTS = 4
_LAST_ATTEMPT = 25.0
# bleak-retry-connector applies this limit to time-outs and unknown errors only, and retries others nine times
# regardless. With 0 each error is raised at once.
_ONE_ATTEMPT = 0
# Slots are in use for about a second each. bleak-retry-connector waits four seconds for a slot that is not
# free, so we check ourselves for some ten seconds, each lock at its own times.
_SLOT_LOOK = 0.2
_SLOT_LOOKS = 50
# BlueZ forgets a lock together with its services, until the next advertisement, which a lock sends every second
# or so. Within these seconds one that was forgotten is not out of reach.
_RETURN_TIME = 10.0
_RETURN_LOOK = 0.2


class BleTransport(Transport):
    """Creates links through the adapter or proxy that Home Assistant chooses for each attempt."""

    def __init__(
        self,
        *,
        name: str,
        device: Callable[[], BLEDevice | None],
        explain: Callable[[], str],
        full: Callable[[], bool] = lambda: False,
        waiting: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """Take callables for the freshest device, why it is out of reach, and whether all slots are in use.

        A slot is waited for in the context manager that `waiting` returns.
        """
        self._name = name
        self._device = device
        self._explain = explain
        self._full = full
        self._waiting = waiting
        self._random = Random(name)
        self._returns_by = 0.0

    @override
    async def connect(self, *, on_value: Callable[[str, bytes], None], on_lost: Callable[[], None]) -> Link:
        await self._wait_for_slot()
        link = _BleLink(on_value, on_lost, self._services_forgotten)
        try:
            async with asyncio.timeout(CONNECT_TIME):
                link.opened(await self._connect(link))
        except TimeoutError as error:
            raise UnreachableError(self._explain()) from error
        return link

    async def _connect(self, link: _BleLink) -> BleakClientWithServiceCache:
        """Make up to a few attempts to connect. Raises UnreachableError."""
        loop = asyncio.get_running_loop()
        last = loop.time() + _LAST_ATTEMPT
        attempts = 0
        while True:
            device = await self._find()
            if device is None:
                raise OutOfRangeError(self._explain())
            attempts += 1
            try:
                return await establish_connection(
                    _patient(BleakClientWithServiceCache),
                    device,
                    self._name,
                    disconnected_callback=link.disconnected,
                    max_attempts=_ONE_ATTEMPT,
                )
            except (BleakError, TimeoutError, OSError, EOFError) as error:
                if attempts == _ATTEMPTS or loop.time() >= last:
                    kind = NoFreeSlotError if self._full() else UnreachableError
                    raise kind(self._explain()) from error
                # The error only guesses about slots: it says the same if there is no path at all. A lock that
                # loses the last slot to another one waits for the next.
                await self._wait_for_slot()
                if await self._find() is None:
                    raise OutOfRangeError(self._explain()) from error

    def _services_forgotten(self) -> None:
        self._returns_by = asyncio.get_running_loop().time() + _RETURN_TIME

    async def _find(self) -> BLEDevice | None:
        """Return the freshest device; one that was forgotten with its services is waited for."""
        while True:
            device = self._device()
            if device is not None or asyncio.get_running_loop().time() >= self._returns_by:
                return device
            await asyncio.sleep(_RETURN_LOOK)

    async def _wait_for_slot(self) -> None:
        """Return once an adapter or proxy in range has a free slot. Raises NoFreeSlotError."""
        if not self._full():
            return
        with self._waiting():
            for _ in range(_SLOT_LOOKS):
                await asyncio.sleep(self._random.uniform(0.5, 1.5) * _SLOT_LOOK)
                if not self._full():
                    return
        raise NoFreeSlotError(self._explain())


def _patient[C: BleakClientWithServiceCache](kind: type[C]) -> type[C]:
    """Return a client class that waits for one connection as long as we do, not the default 20 s."""

    class Patient(kind):  # type: ignore[valid-type,misc]
        async def connect(self, **options: Any) -> None:
            await super().connect(**options | {"timeout": CONNECT_TIME})

    return Patient


class _BleLink(Link):
    """One bleak client; never reused after it has disconnected."""

    def __init__(
        self,
        on_value: Callable[[str, bytes], None],
        on_lost: Callable[[], None],
        on_forgotten: Callable[[], None],
    ) -> None:
        self._client: BleakClientWithServiceCache | None = None
        self._on_value = on_value
        self._on_lost = on_lost
        self._on_forgotten = on_forgotten

    def opened(self, client: BleakClientWithServiceCache) -> None:
        """Take the connected client; one that has dropped meanwhile fails at its first request."""
        self._client = client

    def disconnected(self, client: BleakClientWithServiceCache) -> None:
        """Bleak's callback; also called after our own `close`, and for failed attempts before `opened`."""
        if self._client is client:
            self._client = None
            self._on_lost()

    @property
    @override
    def services(self) -> frozenset[str]:
        if self._client is None:
            raise LinkLostError
        return frozenset(service.uuid.lower() for service in self._client.services)

    @override
    async def subscribe(self, characteristic: str) -> None:
        async with self._requesting() as client:
            await client.start_notify(characteristic, partial(self._received, characteristic))

    def _received(self, characteristic: str, _source: BleakGATTCharacteristic, value: bytearray) -> None:
        self._on_value(characteristic, bytes(value))

    @override
    async def write(self, characteristic: str, value: bytes) -> None:
        async with self._requesting() as client:
            await client.write_gatt_char(characteristic, value, response=True)

    @override
    async def forget_services(self) -> None:
        if self._client is not None:
            self._on_forgotten()
            with suppress(BleakError, TimeoutError, OSError, EOFError):
                await self._client.clear_cache()

    @override
    async def close(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        try:
            await client.disconnect()
        except BleakError, TimeoutError, OSError, EOFError:
            # The link is abandoned either way, and the Bluetooth stack ends it when it can.
            return

    @asynccontextmanager
    async def _requesting(self) -> AsyncIterator[BleakClientWithServiceCache]:
        client = self._client
        if client is None:
            raise LinkLostError
        try:
            yield client
        except (BleakError, TimeoutError, OSError, EOFError) as error:
            refused = isinstance(error, BleakError) and not isinstance(error, BleakDBusError)
            if refused and client.is_connected:
                # The lock refuses what is addressed as the Bluetooth stack remembers it: the services may have moved
                # with a new firmware. The stack of a proxy remembers them until the proxy restarts.
                await self.forget_services()
            raise LinkLostError("a Bluetooth request failed") from error
