"""What the lock broadcasts: ids are big-endian here, unlike everywhere else.

Source: captures in the vendor's developer forum (threads 1109 and 19134) and of public clients.
"""

from functools import lru_cache
from uuid import UUID

from simulator.gatt import Advertisement
from simulator.lock.device import Device

# AD types (Bluetooth Assigned Numbers, 2.3).
_FLAGS, _SERVICES_128, _COMPLETE_NAME, _SERVICE_DATA_128, _MANUFACTURER_DATA = 0x01, 0x07, 0x09, 0x21, 0xFF
_GENERAL_DISCOVERABLE_LE_ONLY = 0x06

_APPLE = (0x004C).to_bytes(2, "little")
_IBEACON = bytes([0x02, 0x15])
_STATE_CHANGED = 0x01

# Keyturner Initialization Service, advertised until somebody has paired (Nuki Smart Lock API V2.1, section 2).
_INITIALIZATION_SERVICE = UUID("a92ee000-5501-11e4-916c-0800200c9a66")

# HomeKit advertisement: type, subtype and length, status, then device id, category "door lock", global
# state number, configuration number, compatible version and setup hash.
_HOMEKIT_TYPE, _HOMEKIT_LENGTH, _HOMEKIT_PAIRED = 0x06, 0x31, 0x00
_HOMEKIT_DOOR_LOCK = (0x0006).to_bytes(2, "little")


def _structure(kind: int, data: bytes) -> bytes:
    return bytes([len(data) + 1, kind]) + data


_HEAD = _structure(_FLAGS, bytes([_GENERAL_DISCOVERABLE_LE_ONLY]))

# A day has a quarter of a million advertising events, which are nearly all the same.
_remembered = lru_cache(maxsize=1024)


@_remembered
def _event(frame: bytes, nuki_id: int) -> Advertisement:
    """Return the event with a frame. A legacy event has no room for the name but in the response."""
    name = _structure(_COMPLETE_NAME, f"Nuki_{nuki_id:08X}".encode())
    return Advertisement(data=_HEAD + frame, scan_response=name)


@_remembered
def _beacon(service: str, nuki_id: int, state: int) -> bytes:
    payload = _IBEACON + UUID(service).bytes + nuki_id.to_bytes(4, "big") + bytes([state])
    return _structure(_MANUFACTURER_DATA, _APPLE + payload)


class Advertiser:
    """Makes one advertising event after the other; in pairing mode and with HomeKit they alternate."""

    def __init__(self, device: Device, *, homekit: bool) -> None:
        """Advertise for a device; `homekit` interleaves HomeKit frames."""
        self._device = device
        self._homekit = homekit
        self._events = 0

    def next(self) -> Advertisement:
        """Return the next advertising event."""
        device = self._device
        frames = [self._beacon()]
        if device.pairing_mode:
            frames.append(self._pairing())
        elif not device.initialized:
            frames.append(_structure(_SERVICES_128, _INITIALIZATION_SERVICE.bytes[::-1]))
        if self._homekit:
            frames.append(self._homekit_frame())
        frame = frames[self._events % len(frames)]
        self._events += 1
        return _event(frame, device.nuki_id)

    def _beacon(self) -> bytes:
        device, model = self._device, self._device.model
        changed = model.state_flag and device.unread_change
        state = model.beacon_base | (_STATE_CHANGED if changed else 0)
        return _beacon(model.dialect.keyturner_service, device.nuki_id, state)

    def _pairing(self) -> bytes:
        device = self._device
        service = UUID(device.model.dialect.pairing_service).bytes[::-1]
        return _structure(_SERVICE_DATA_128, service + device.nuki_id.to_bytes(4, "big"))

    def _homekit_frame(self) -> bytes:
        device_id = self._device.nuki_id.to_bytes(6, "big")
        state_number = self._device.settings.update_count.to_bytes(2, "little")
        payload = (
            bytes([_HOMEKIT_TYPE, _HOMEKIT_LENGTH, _HOMEKIT_PAIRED])
            + device_id
            + _HOMEKIT_DOOR_LOCK
            + state_number
            + bytes([1, 2])
            + bytes(4)
        )
        return _structure(_MANUFACTURER_DATA, _APPLE + payload)
