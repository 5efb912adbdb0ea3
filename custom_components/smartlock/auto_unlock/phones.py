"""Which phones an owner can choose, how their keys are read, and whether one is received now."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Final

from bluetooth_data_tools import get_cipher_for_irk, resolve_private_address
from homeassistant.components import bluetooth
from homeassistant.core import HomeAssistant

from custom_components.smartlock.auto_unlock.phone_radio import (
    APPLE,
    IRK_SIZE,
    BeaconPhone,
    Phone,
    PhoneSignal,
    PrivatePhone,
)
from custom_components.smartlock.protocol.values import dataclass

# Home Assistant's integration that knows the keys of phones, and where it stores a key.
_PRIVATE_BLE_DEVICE, _CONF_IRK = "private_ble_device", "irk"
# Seconds for which a phone that was received counts as received now: a locked one sends every few seconds.
_NOW: Final = 60.0
# Lengths of a key: in hex digits, in base64, and in base64 without the padding.
_HEX, _BASE64, _UNPADDED = 2 * IRK_SIZE, 24, 22


@dataclass(frozen=True, kw_only=True)
class KnownPhone:
    """A phone that the integration Private BLE Device knows."""

    entry_id: str
    title: str
    irk: bytes = field(repr=False)


def known_phones(hass: HomeAssistant) -> Mapping[str, KnownPhone]:
    """Return the phones that Private BLE Device knows, by the ids of their config entries."""
    found = {}
    for entry in hass.config_entries.async_entries(_PRIVATE_BLE_DEVICE):
        try:
            irk = bytes.fromhex(entry.data[_CONF_IRK])
        except KeyError, TypeError, ValueError:
            continue
        if len(irk) == IRK_SIZE:
            found[entry.entry_id] = KnownPhone(entry_id=entry.entry_id, title=entry.title, irk=irk)
    return found


def read_keys(text: str) -> tuple[bytes, bytes]:
    """Return what a text may mean as an identity resolving key, the likely byte order first.

    Hex digits, or base64, where tools disagree on the order: base64 usually has the bytes reversed, as in
    Apple's key chain, and hex as they are. "irk:" may precede them. Raises ValueError.
    """
    text = "".join(text.split()).removeprefix("irk:")
    digits = text.replace(":", "").replace("-", "")
    try:
        if len(digits) == _HEX:
            key = bytes.fromhex(digits)
        elif len(text) in (_BASE64, _UNPADDED):
            key = base64.b64decode(text.ljust(_BASE64, "="), validate=True)[::-1]
        else:
            key = b""
    except binascii.Error, ValueError:
        # Not chained: the text is secret, and some of these errors quote it.
        raise ValueError("neither hex nor base64") from None
    if len(key) != IRK_SIZE:
        raise ValueError("not 16 bytes")
    return key, key[::-1]


def received_now(hass: HomeAssistant, phone: Phone) -> PhoneSignal | None:
    """Return the newest packet of a phone; None if none was received lately."""
    packets = sorted(_packets(hass, phone), key=lambda packet: packet.at)
    if not packets or hass.loop.time() - packets[-1].at > _NOW:
        return None
    return packets[-1]


def _packets(hass: HomeAssistant, phone: Phone) -> Iterator[PhoneSignal]:
    cipher = get_cipher_for_irk(phone.irk) if isinstance(phone, PrivatePhone) else None
    for info in bluetooth.async_discovered_service_info(hass, connectable=False):
        if isinstance(phone, BeaconPhone):
            is_phone = info.manufacturer_data.get(APPLE, b"").startswith(phone.prefix)
        else:
            assert cipher is not None
            is_phone = resolve_private_address(cipher, info.address)
        if is_phone:
            yield PhoneSignal(source=info.source, rssi=info.rssi, at=info.time)
