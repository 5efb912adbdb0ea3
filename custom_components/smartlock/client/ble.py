"""Links over Bluetooth: bleak through bleak-retry-connector. Bluetooth errors become ours here only."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from random import Random
from typing import Any, override

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import BleakCharacteristicNotFoundError, BleakError
from bleak_retry_connector import BleakClientWithServiceCache, establish_connection

from custom_components.smartlock.client.transport import Link, Transport
from custom_components.smartlock.protocol.errors import (
    LinkLostError,
    NoFreeSlotError,
    NotHeardError,
    UnreachableError,
)

# Until connecting is given up, in seconds. Weak signals and slow proxies need 40 and more for one attempt.
CONNECT_TIME = 45.0
# How many attempts that takes at most, and until when another one may begin.
_ATTEMPTS = 4
_LAST_ATTEMPT = 25.0
# The name of this number in bleak-retry-connector bounds time-outs and unknown errors only; others it tries nine
# times, whatever is asked for. With 0 each error is raised at once.
_ONE_ATTEMPT = 0
# Slots are taken for a second or so each. Asking for one that is not there costs four seconds of waiting in
# bleak-retry-connector, so we look ourselves, each lock at moments of its own, for some ten seconds.
_SLOT_LOOK = 0.2
_SLOT_LOOKS = 50


class BleTransport(Transport):
    """Makes links through the adapter or proxy that Home Assistant chooses for each attempt."""

    def __init__(
        self,
        *,
        name: str,
        device: Callable[[], BLEDevice | None],
        explain: Callable[[], str],
        full: Callable[[], bool] = lambda: False,
    ) -> None:
        """Keep how to get the freshest device, to explain why it cannot be reached, and to see if all slots are taken."""
        self._name = name
        self._device = device
        self._explain = explain
        self._full = full
        self._random = Random(name)

    @override
    async def connect(self, *, on_value: Callable[[str, bytes], None], on_lost: Callable[[], None]) -> Link:
        await self._wait_for_slot()
        link = _BleLink(on_value, on_lost)
        try:
            async with asyncio.timeout(CONNECT_TIME):
                link.opened(await self._connect(link))
        except TimeoutError as error:
            raise UnreachableError(self._explain()) from error
        return link

    async def _connect(self, link: _BleLink) -> BleakClientWithServiceCache:
        """Try to connect a few times. Raises UnreachableError."""
        loop = asyncio.get_running_loop()
        last = loop.time() + _LAST_ATTEMPT
        attempts = 0
        while True:
            device = self._device()
            if device is None:
                raise NotHeardError(self._explain())
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
                # What the error says of slots is a guess: without any path it says the same.
                if self._full():
                    raise NoFreeSlotError(self._explain()) from error
                if self._device() is None:
                    raise NotHeardError(self._explain()) from error
                if attempts == _ATTEMPTS or loop.time() >= last:
                    raise UnreachableError(self._explain()) from error

    async def _wait_for_slot(self) -> None:
        """Return as soon as somebody who hears the lock has a slot. Raises NoFreeSlotError."""
        for _ in range(_SLOT_LOOKS):
            if not self._full():
                return
            await asyncio.sleep(self._random.uniform(0.5, 1.5) * _SLOT_LOOK)
        raise NoFreeSlotError(self._explain())


def _patient[C: BleakClientWithServiceCache](kind: type[C]) -> type[C]:
    """Return a class of clients that wait for one connection as long as we do; bleak-retry-connector says 20 s."""

    class Patient(kind):  # type: ignore[valid-type,misc]
        async def connect(self, **options: Any) -> None:
            await super().connect(**options | {"timeout": CONNECT_TIME})

    return Patient


class _BleLink(Link):
    """One bleak client; never used again after it was disconnected."""

    def __init__(self, on_value: Callable[[str, bytes], None], on_lost: Callable[[], None]) -> None:
        self._client: BleakClientWithServiceCache | None = None
        self._on_value = on_value
        self._on_lost = on_lost

    def opened(self, client: BleakClientWithServiceCache) -> None:
        """Take the connected client; one that fell off meanwhile shows at its first request."""
        self._client = client

    def disconnected(self, client: BleakClientWithServiceCache) -> None:
        """Bleak's callback; it also comes after our own `close`, and for failed attempts before `opened`."""
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
    async def close(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        try:
            await client.disconnect()
        except BleakError, TimeoutError, OSError, EOFError:
            # The link is given up either way, and the stack below ends it when it can.
            return

    @asynccontextmanager
    async def _requesting(self) -> AsyncIterator[BleakClientWithServiceCache]:
        client = self._client
        if client is None:
            raise LinkLostError
        try:
            yield client
        except BleakCharacteristicNotFoundError as error:
            # The cached GATT table is not this lock's: the next connection must discover it again.
            with suppress(BleakError, TimeoutError, OSError, EOFError):
                await client.clear_cache()
            raise LinkLostError("the services of the lock were remembered wrongly") from error
        except (BleakError, TimeoutError, OSError, EOFError) as error:
            raise LinkLostError("a Bluetooth request failed") from error
