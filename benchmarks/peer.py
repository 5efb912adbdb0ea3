"""pyNukiBT, unmodified, and what hass_nuki_bt does with it: whom the benchmarks compare with.

hass_nuki_bt's policy is written after its description: paired as Bridge; reads the state, and with a PIN the
newest log entry, when a changed advertisement arrives whose flag is set, at most every 10 s; no read by the
clock; never disconnects, so the lock does. The 10 s are those of the coordinator that Home Assistant offers to
integrations of this kind, which is used here as it is.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
import logging
from typing import Any, override

from bleak.backends.device import BLEDevice
from homeassistant.components.bluetooth import (
    BluetoothChange,
    BluetoothScanningMode,
    BluetoothServiceInfoBleak,
)
from homeassistant.components.bluetooth.active_update_coordinator import ActiveBluetoothDataUpdateCoordinator
from homeassistant.core import HomeAssistant, callback

__all__ = ["PYNUKIBT", "Policy", "nuki", "nuki_device"]

nuki: Any = import_module("pyNukiBT.nuki") if find_spec("pyNukiBT") and find_spec("async_timeout") else None
"""pyNukiBT's client, None where it is not installed."""

PYNUKIBT = "pyNukiBT"
"""Name of the peer."""


def nuki_device(
    address: str,
    *,
    app_id: int,
    authorization_id: int,
    lock_public_key: bytes,
    private_key: bytes,
    public_key: bytes,
    get_ble_device: Callable[[str], BLEDevice | None],
) -> Any:
    """Return pyNukiBT's client of a lock with which it is paired as Bridge."""
    return nuki.NukiDevice(
        address=address,
        auth_id=authorization_id.to_bytes(4, "little"),
        nuki_public_key=lock_public_key,
        bridge_public_key=public_key,
        bridge_private_key=private_key,
        app_id=app_id,
        name="peer",
        get_ble_device=get_ble_device,
    )


class Policy(ActiveBluetoothDataUpdateCoordinator[None]):
    """When hass_nuki_bt reads the lock."""

    def __init__(self, hass: HomeAssistant, device: Any, address: str, on_states: Callable[[], None]) -> None:
        """Drive a device; `on_states` is called whenever there is a state to show."""
        super().__init__(
            hass,
            logging.getLogger(__name__),
            address=address,
            mode=BluetoothScanningMode.PASSIVE,
            needs_poll_method=lambda info, since: device.poll_needed(since),
            poll_method=self._read,
        )
        self._device = device
        self._on_states = on_states
        device.subscribe(self._received)

    async def _read(self, info: BluetoothServiceInfoBleak) -> None:
        await self._device.update_state()
        self._on_states()

    @callback
    def _received(self, command: Any) -> None:
        if command == "KEYTURNER_STATES":
            self._on_states()

    @override
    @callback
    def _async_handle_bluetooth_event(
        self, service_info: BluetoothServiceInfoBleak, change: BluetoothChange
    ) -> None:
        self._device.parse_advertisement_data(service_info.device, service_info.advertisement)
        super()._async_handle_bluetooth_event(service_info, change)
