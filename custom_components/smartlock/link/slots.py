"""The connection slots of adapters and proxies: whether one is free, and whether another of our locks waits for it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import BaseHaScanner
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from custom_components.smartlock.const import DOMAIN

# Their addresses.
_WAITING: HassKey[set[str]] = HassKey(f"{DOMAIN}_waiting_for_slot")


def slots_taken(hass: HomeAssistant, address: str) -> Callable[[], bool]:
    """Return a callable that says whether other devices use all slots of the receivers in range of a lock."""

    def taken() -> bool:
        allocations = [each.get_allocations() for each in _receivers(hass, address)]
        # An adapter that reports nothing about slots may have one.
        return bool(allocations) and all(
            each is not None and each.slots > 0 and each.free == 0 and address not in each.allocated
            for each in allocations
        )

    return taken


def waiting_for_slot(hass: HomeAssistant, address: str) -> Callable[[], AbstractContextManager[None]]:
    """Return a context manager to wait in: the other locks know meanwhile that a slot is wanted."""

    @contextmanager
    def waiting() -> Iterator[None]:
        addresses = hass.data.setdefault(_WAITING, set())
        addresses.add(address)
        try:
            yield
        finally:
            addresses.discard(address)

    return waiting


def slot_wanted(hass: HomeAssistant, address: str) -> bool:
    """Return whether another lock waits for a slot that this one uses."""
    return any(
        (slots := each.get_allocations()) is not None and address in slots.allocated
        for other in hass.data.get(_WAITING, ())
        for each in _receivers(hass, other)
    )


def _receivers(hass: HomeAssistant, address: str) -> list[BaseHaScanner]:
    """Return the adapters and proxies in range of a lock."""
    paths = bluetooth.async_scanner_devices_by_address(hass, address, connectable=True)
    return [path.scanner for path in paths]
