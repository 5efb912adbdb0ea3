"""Turns Home Assistant's Bluetooth callbacks into plain values."""

from collections.abc import Callable
from uuid import UUID

from bleak.backends.device import BLEDevice
from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import BluetoothServiceInfoBleak
from homeassistant.core import HomeAssistant

from custom_components.smartlock.protocol.beacon import nuki_id_text, parse_beacon, parse_pairing
from custom_components.smartlock.protocol.dialects import Dialect, Product
from custom_components.smartlock.protocol.values import dataclass


@dataclass(frozen=True, kw_only=True)
class SeenLock:
    """A lock as seen in its advertisements."""

    address: str
    nuki_id: int
    dialect: Dialect | None
    """Known only if the lock has been in pairing mode."""

    @property
    def name(self) -> str:
        """The name in the lock's own advertisement, even where a passive scan does not receive it."""
        return f"Nuki_{nuki_id_text(self.nuki_id)}"


def seen_lock(info: BluetoothServiceInfoBleak) -> SeenLock | None:
    """Return the Smart Lock that sent an advertisement; None if it is something else."""
    beacon = parse_beacon(info.manufacturer_data)
    pairing = parse_pairing(info.service_data)
    dialect = None if pairing is None else pairing.dialect
    nuki_id = beacon.nuki_id if beacon is not None else None if pairing is None else pairing.nuki_id
    product = beacon.product if beacon is not None else None if dialect is None else dialect.product
    if nuki_id is None or product is not Product.SMART_LOCK:
        return None
    return SeenLock(address=info.address.upper(), nuki_id=nuki_id, dialect=dialect)


def announces_pairing(info: BluetoothServiceInfoBleak, dialect: Dialect) -> bool:
    """Whether this particular advertisement announces pairing mode.

    Home Assistant merges service data over time, so that they remain after pairing mode has ended. If the
    raw packet is available, it decides; it contains a 128-bit UUID in reverse order.
    """
    if info.raw is not None:
        return UUID(dialect.pairing_service).bytes[::-1] in info.raw
    return parse_pairing(info.service_data) is not None


def freshest_device(hass: HomeAssistant, address: str) -> Callable[[], BLEDevice | None]:
    """Return a callable for the device as the best adapter or proxy sees it right now; None if none does.

    Home Assistant remembers a device for minutes after all adapters have lost it.
    """

    def device() -> BLEDevice | None:
        if not bluetooth.async_scanner_devices_by_address(hass, address, connectable=True):
            return None
        return bluetooth.async_ble_device_from_address(hass, address, connectable=True)

    return device
