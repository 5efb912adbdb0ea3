"""Links over Bluetooth: bleak through bleak-retry-connector. Bluetooth errors become ours here only."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from random import Random
from typing import override

from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import BleakCharacteristicNotFoundError, BleakError
from bleak_retry_connector import (
    BleakClientWithServiceCache,
    BleakOutOfConnectionSlotsError,
    establish_connection,
)

from custom_components.smartlock.client.transport import Link, Transport
from custom_components.smartlock.protocol.errors import (
    LinkLostError,
    NoFreeSlotError,
    NotHeardError,
    UnreachableError,
)

# Two failed attempts cost some ten seconds already; the callers have deadlines of their own.
_CONNECT_ATTEMPTS = 2
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
        device = self._device()
        if device is None:
            raise NotHeardError(self._explain())
        link = _BleLink(on_value, on_lost)
        try:
            client = await establish_connection(
                BleakClientWithServiceCache,
                device,
                self._name,
                disconnected_callback=link.disconnected,
                max_attempts=_CONNECT_ATTEMPTS,
            )
        except BleakOutOfConnectionSlotsError as error:
            raise NoFreeSlotError(self._explain()) from error
        except (BleakError, TimeoutError, OSError, EOFError) as error:
            raise (NoFreeSlotError if self._full() else UnreachableError)(self._explain()) from error
        link.opened(client)
        return link

    async def _wait_for_slot(self) -> None:
        """Return as soon as somebody who hears the lock has a slot. Raises NoFreeSlotError."""
        for _ in range(_SLOT_LOOKS):
            if not self._full():
                return
            await asyncio.sleep(self._random.uniform(0.5, 1.5) * _SLOT_LOOK)
        raise NoFreeSlotError(self._explain())


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
