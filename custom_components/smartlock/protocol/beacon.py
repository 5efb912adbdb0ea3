"""What a lock says in its advertisements; ids are big-endian there, unlike everywhere else.

In operation a lock is an iBeacon; in pairing mode it adds service data keyed by its pairing service.
Source: answers of the vendor in its developer forum (topic 1109) and captures, in `tests/vectors/`.
"""

from collections.abc import Mapping
from uuid import UUID

from .dialects import DIALECTS, Dialect, Product
from .values import dataclass

APPLE_COMPANY_ID = 0x004C
# The first half of the vendor's public addresses, here as text.
_VENDOR = "54:D2:72:"

# iBeacon type and length, then the proximity UUID, which is the Keyturner service of the product.
# HomeKit frames of the same lock carry the same company id and start with 0x06.
_PREFIXES = {
    bytes([0x02, 0x15]) + UUID(dialect.keyturner_service).bytes: dialect.product
    for dialect in DIALECTS.values()
}
_PREFIX_SIZE = 18
_BEACON_SIZE = _PREFIX_SIZE + 5
_STATE_CHANGED = 0x01


@dataclass(frozen=True, kw_only=True)
class Beacon:
    """A device in operation."""

    product: Product
    nuki_id: int
    state_changed: bool
    """Something changed since a client of type Bridge last read the state; says nothing of what."""


@dataclass(frozen=True, kw_only=True)
class PairingBeacon:
    """A device in pairing mode."""

    nuki_id: int | None
    dialect: Dialect


def parse_beacon(manufacturer_data: Mapping[int, bytes]) -> Beacon | None:
    """Return what the iBeacon of a device says; None for everything else."""
    data = manufacturer_data.get(APPLE_COMPANY_ID, b"")
    product = _PREFIXES.get(data[:_PREFIX_SIZE])
    if product is None or len(data) != _BEACON_SIZE:
        return None
    nuki_id = int.from_bytes(data[_PREFIX_SIZE:-1], "big")
    return Beacon(product=product, nuki_id=nuki_id, state_changed=bool(data[-1] & _STATE_CHANGED))


def parse_pairing(service_data: Mapping[str, bytes]) -> PairingBeacon | None:
    """Return what a device in pairing mode says; None if it is not in pairing mode."""
    for dialect in DIALECTS.values():
        data = service_data.get(dialect.pairing_service)
        if data:
            nuki_id = int.from_bytes(data, "big") if len(data) == 4 else None
            return PairingBeacon(nuki_id=nuki_id, dialect=dialect)
    return None


def is_vendors(address: str) -> bool:
    """Whether a Bluetooth address is one of the vendor's: of a lock or of anything else it makes."""
    return address.upper().startswith(_VENDOR)


def nuki_id_text(nuki_id: int) -> str:
    """Return a Nuki ID as the vendor prints it: 8 upper-case hex digits."""
    return f"{nuki_id:08X}"
