"""The GATT table of a lock (Nuki Smart Lock API V2.3.0, section 2, and public GATT dumps)."""

from collections.abc import Iterable

from custom_components.smartlock.protocol.dialects import Dialect
from simulator.gatt import Characteristic, Property, Service

_NUKI_BASE = "-5501-11e4-916c-0800200c9a66"
_BLUETOOTH_BASE = "-0000-1000-8000-00805f9b34fb"

DEVICE_NAME = f"00002a00{_BLUETOOTH_BASE}"
MANUFACTURER_NAME = f"00002a29{_BLUETOOTH_BASE}"
FIRMWARE_REVISION = f"00002a26{_BLUETOOTH_BASE}"
HARDWARE_REVISION = f"00002a27{_BLUETOOTH_BASE}"
UNDOCUMENTED_CHARACTERISTIC = f"a92ee203{_NUKI_BASE}"
UNDOCUMENTED_SERVICE = f"a92eea00{_NUKI_BASE}"

_GDIO = Property.WRITE | Property.INDICATE


def services_of(dialect: Dialect) -> tuple[Service, ...]:
    """Return the services with their handles; the pairing service is always there.

    Which characteristics the Device Information service has and what the undocumented ones can do is not
    public; those here can be read.
    """
    table: tuple[tuple[str, tuple[tuple[str, Property], ...]], ...] = (
        (f"00001800{_BLUETOOTH_BASE}", ((DEVICE_NAME, Property.READ),)),
        (
            f"0000180a{_BLUETOOTH_BASE}",
            tuple(
                (uuid, Property.READ) for uuid in (MANUFACTURER_NAME, FIRMWARE_REVISION, HARDWARE_REVISION)
            ),
        ),
        (dialect.pairing_service, ((dialect.pairing_gdio, _GDIO),)),
        (
            dialect.keyturner_service,
            (
                (dialect.keyturner_gdio, _GDIO),
                (dialect.keyturner_usdio, _GDIO),
                (UNDOCUMENTED_CHARACTERISTIC, Property.READ),
            ),
        ),
        (UNDOCUMENTED_SERVICE, ()),
    )
    handle = 1
    services = []
    for uuid, entries in table:
        characteristics, end = _characteristics(entries, handle + 1)
        services.append(Service(uuid=uuid, handle=handle, characteristics=characteristics))
        handle = end
    return tuple(services)


def _characteristics(
    entries: Iterable[tuple[str, Property]], handle: int
) -> tuple[tuple[Characteristic, ...], int]:
    """Number the characteristics from a handle on: declaration, value, and a descriptor if it indicates."""
    characteristics = []
    for uuid, properties in entries:
        value = handle + 1
        indicates = Property.INDICATE in properties
        characteristics.append(
            Characteristic(
                uuid=uuid, handle=value, properties=properties, cccd=value + 1 if indicates else None
            )
        )
        handle = value + (2 if indicates else 1)
    return tuple(characteristics), handle
