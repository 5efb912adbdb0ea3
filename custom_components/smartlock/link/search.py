"""Finds the locks in range by all their frames, not only by the last one.

A lock with HomeKit sends beacons and HomeKit frames in turn, under one company id. Home Assistant keeps the last
frame of a company only, and its discovery looks at the first one.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import (
    BluetoothCallbackMatcher,
    BluetoothChange,
    BluetoothScanningMode,
    BluetoothServiceInfoBleak,
)
from homeassistant.core import HomeAssistant, callback

from custom_components.smartlock.link.advertisements import SeenLock, seen_lock
from custom_components.smartlock.protocol.beacon import APPLE_COMPANY_ID, is_vendors


class LockSearch:
    """What has been found so far."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.locks: dict[str, SeenLock] = {}
        """The locks by address, in upper case."""
        self._nameless: set[str] = set()
        self._advertised = asyncio.Event()

    @property
    def complete(self) -> bool:
        """Whether something was found, and every device of the vendor in range has said which lock it is."""
        return bool(self.locks) and not self._nameless

    @callback
    def take(self, info: BluetoothServiceInfoBleak) -> None:
        """Take an advertisement of any device."""
        address = info.address.upper()
        lock = seen_lock(info)
        if lock is not None:
            self.locks[address] = lock
            self._nameless.discard(address)
        elif is_vendors(address) and address not in self.locks:
            self._nameless.add(address)
        self._advertised.set()

    async def until(self, found: Callable[[], bool], seconds: float) -> None:
        """Return as soon as `found` says so, at the latest after `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not found():
                    self._advertised.clear()
                    await self._advertised.wait()


@contextmanager
def searching(hass: HomeAssistant) -> Iterator[LockSearch]:
    """Collect the locks in range, first from what Home Assistant remembers, then from what arrives."""
    search = LockSearch()

    @callback
    def received(info: BluetoothServiceInfoBleak, _change: BluetoothChange) -> None:
        search.take(info)

    for info in bluetooth.async_discovered_service_info(hass, connectable=True):
        search.take(info)
    stop = bluetooth.async_register_callback(
        hass,
        received,
        BluetoothCallbackMatcher(connectable=True, manufacturer_id=APPLE_COMPANY_ID),
        BluetoothScanningMode.PASSIVE,
    )
    try:
        yield search
    finally:
        stop()
