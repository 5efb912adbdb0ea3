"""A Bluetooth adapter inside the Home Assistant process, on a radio of the same process.

habluetooth takes it for a scanner with connections of its own, so the Bluetooth manager, the bleak wrappers
and bleak-retry-connector in front of it are the real ones.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, override

from bleak.args import SizedBuffer
from bleak.assigned_numbers import CHARACTERISTIC_PROPERTIES
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient, NotifyCallback
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakError
from bluetooth_data_tools import monotonic_time_coarse
from habluetooth import Allocations, BaseHaRemoteScanner, BluetoothScanningMode, HaBluetoothConnector
from homeassistant.components.bluetooth import async_register_scanner
from homeassistant.core import HomeAssistant

from simulator.gatt import ConnectRefusedError, DisconnectReason, GattError, LinkClosedError, Service
from simulator.radio import DEFAULT_RSSI, Radio, RadioLink, Sighting

__all__ = ["LocalAdapter"]

CCCD_UUID = "00002902-0000-1000-8000-00805f9b34fb"
WRITE_HEADER = 3

DEFAULT_SOURCE = "00:1A:7D:DA:71:13"


class LocalAdapter:
    """An adapter on a radio; `start` plugs it into Home Assistant, `stop` pulls it out."""

    def __init__(
        self,
        radio: Radio,
        *,
        source: str = DEFAULT_SOURCE,
        connection_slots: int = 5,
        mtu: int = 517,
        rssi: int | None = DEFAULT_RSSI,
        received_while_connected: int = 1,
    ) -> None:
        """Put an adapter on the radio.

        Args:
            radio: The air; `radio.set_rssi(adapter, ...)` moves the adapter about.
            source: Its own address.
            connection_slots: Connections at a time.
            mtu: ATT MTU that it offers, bytes.
            rssi: Signal strength of every peripheral, dBm, until set otherwise.
            received_while_connected: One sighting in so many is received while a connection is open.
        """
        self.source = source
        self.radio = radio
        self.mtu = mtu
        self.discovered: set[str] = set()
        self._slot_limit = connection_slots
        self._received_while_connected = received_while_connected
        self._sightings = 0
        self._clients: set[RadioClient] = set()
        self._scanner: RadioScanner | None = None
        self._remove: list[Callable[[], None]] = []
        radio.add_receiver(self, rssi)

    def start(self, hass: HomeAssistant) -> None:
        """Register with the Bluetooth manager of Home Assistant, whose Bluetooth integration is set up."""
        connector = HaBluetoothConnector(
            # habluetooth only ever calls it, as it does the partial of bleak-esphome.
            client=partial(RadioClient, adapter=self),  # type: ignore[arg-type]
            source=self.source,
            can_connect=lambda: len(self._clients) < self._slot_limit,
        )
        scanner = RadioScanner(self, connector)
        self._remove = [
            async_register_scanner(hass, scanner),
            scanner.async_setup(),
        ]
        self._scanner = scanner

    def stop(self) -> None:
        """Close all links and unregister."""
        self._scanner = None
        for client in list(self._clients):
            client.end(DisconnectReason.LOCAL_HOST_TERMINATED)
        for remove in self._remove:
            remove()
        self._remove = []

    def on_sighting(self, sighting: Sighting) -> None:
        """Pass one advertising event on to the Bluetooth manager."""
        self._sightings += 1
        deaf = self._clients and self._sightings % self._received_while_connected
        if self._scanner is not None and not deaf:
            self._scanner.on_sighting(sighting)

    def claim(self, client: RadioClient) -> None:
        """Take a connection slot. Raises BleakError if there is none."""
        if len(self._clients) >= self._slot_limit:
            raise BleakError(f"{self.source} has no free connection slot")
        self._clients.add(client)

    def release(self, client: RadioClient) -> None:
        """Give the connection slot back, if it was taken."""
        self._clients.discard(client)

    def allocations(self) -> Allocations:
        """Return the state of the connection slots."""
        return Allocations(
            adapter=self.source,
            slots=self._slot_limit,
            free=self._slot_limit - len(self._clients),
            allocated=[client.address for client in self._clients],
        )


class RadioScanner(BaseHaRemoteScanner):
    """The scanner of a local adapter: passive, and active for a moment on request."""

    def __init__(self, adapter: LocalAdapter, connector: HaBluetoothConnector) -> None:
        """Make the scanner that habluetooth is given."""
        super().__init__(
            adapter.source,
            adapter.source,
            connector,
            connectable=True,
            requested_mode=BluetoothScanningMode.AUTO,
            current_mode=BluetoothScanningMode.PASSIVE,
        )
        self._radio_adapter = adapter

    def on_sighting(self, sighting: Sighting) -> None:
        """Take one advertising event."""
        data = sighting.advertisement.data
        if self.current_mode is BluetoothScanningMode.ACTIVE:
            data += sighting.advertisement.scan_response
        self._async_on_raw_advertisement(
            sighting.address,
            sighting.rssi,
            data,
            {"address_type": int(sighting.random_address)},
            monotonic_time_coarse(),
        )

    @override
    def get_allocations(self) -> Allocations:
        return self._radio_adapter.allocations()

    @override
    async def async_request_active_window(self, duration: float) -> bool:
        if self.current_mode is BluetoothScanningMode.ACTIVE:
            return False
        self.set_current_mode(BluetoothScanningMode.ACTIVE)
        try:
            await asyncio.sleep(duration)
        finally:
            self.set_current_mode(BluetoothScanningMode.PASSIVE)
        return True


class RadioClient(BaseBleakClient):
    """A bleak backend on a radio."""

    def __init__(
        self,
        address_or_ble_device: BLEDevice | str,
        *,
        adapter: LocalAdapter,
        disconnected_callback: Callable[[], None] | None = None,
        timeout: float = 30.0,
        **kwargs: Any,
    ) -> None:
        """Make a client that is not connected."""
        super().__init__(
            address_or_ble_device,
            disconnected_callback=disconnected_callback,
            timeout=timeout,
            **kwargs,
        )
        self._name = getattr(address_or_ble_device, "name", None) or self.address
        self._adapter = adapter
        self._link: RadioLink | None = None
        self._callbacks: dict[int, NotifyCallback] = {}

    @property
    @override
    def name(self) -> str:
        return self._name

    @property
    @override
    def mtu_size(self) -> int:
        return self._link.mtu if self._link else 23

    @property
    @override
    def is_connected(self) -> bool:
        return self._link is not None

    @override
    async def connect(self, pair: bool, **kwargs: Any) -> None:
        cached = bool(kwargs.get("dangerous_use_bleak_cache"))
        self._adapter.claim(self)
        try:
            async with asyncio.timeout(kwargs.get("timeout", self._timeout)):
                self._link = await self._adapter.radio.connect(
                    self._adapter,
                    self.address,
                    mtu=self._adapter.mtu,
                    discover=not (cached and self.address in self._adapter.discovered),
                    on_indication=self._indicated,
                    on_disconnect=self.end,
                )
        except ConnectRefusedError as error:
            raise BleakError(str(error)) from error
        finally:
            if self._link is None:
                self._adapter.release(self)
        self._adapter.discovered.add(self.address)
        self.services = _services(self._link.services, self._link.mtu)

    async def clear_cache(self) -> bool:
        """Forget that the services are known; habluetooth looks this method up."""
        self._adapter.discovered.discard(self.address)
        return True

    @override
    async def disconnect(self) -> None:
        self.end(DisconnectReason.LOCAL_HOST_TERMINATED)

    def end(self, _reason: DisconnectReason) -> None:
        """Close the link and tell bleak's user, who is notified of every end of a connection."""
        if (link := self._link) is None:
            return
        self._link = None
        link.close()
        self._callbacks.clear()
        self._adapter.release(self)
        if self._disconnected_callback:
            self._disconnected_callback()

    def _indicated(self, handle: int, value: bytes) -> None:
        if callback := self._callbacks.get(handle):
            callback(bytearray(value))

    @override
    async def pair(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("these peripherals do not pair on the link layer")

    @override
    async def unpair(self) -> None:
        raise NotImplementedError("these peripherals do not pair on the link layer")

    async def _request[T](self, perform: Callable[[RadioLink], Any]) -> Any:
        """Make a request and translate its failure."""
        if self._link is None:
            raise BleakError("Not connected")
        try:
            return await perform(self._link)
        except (GattError, LinkClosedError) as error:
            raise BleakError(str(error) or "Disconnected") from error

    @override
    async def read_gatt_char(self, characteristic: BleakGATTCharacteristic, **kwargs: Any) -> bytearray:
        return bytearray(await self._request(lambda link: link.read(characteristic.handle)))

    @override
    async def read_gatt_descriptor(self, descriptor: BleakGATTDescriptor, **kwargs: Any) -> bytearray:
        raise NotImplementedError("start_notify and stop_notify keep the only descriptors")

    @override
    async def write_gatt_char(
        self, characteristic: BleakGATTCharacteristic, data: SizedBuffer, response: bool
    ) -> None:
        await self._request(lambda link: link.write(characteristic.handle, bytes(data)))

    @override
    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        raise NotImplementedError("start_notify and stop_notify keep the only descriptors")

    @override
    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **kwargs: Any
    ) -> None:
        handle = characteristic.handle
        if handle in self._callbacks:
            raise BleakError(f"Already subscribed to {characteristic.uuid}")
        self._callbacks[handle] = callback
        try:
            await self._request(lambda link: link.set_indications(handle, enabled=True))
        except BaseException:
            self._callbacks.pop(handle, None)
            raise

    @override
    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        handle = characteristic.handle
        if self._callbacks.pop(handle, None) is not None:
            await self._request(lambda link: link.set_indications(handle, enabled=False))


def _services(services: tuple[Service, ...], mtu: int) -> BleakGATTServiceCollection:
    """Return a GATT table as bleak describes it."""
    collection = BleakGATTServiceCollection()
    for service in services:
        bleak_service = BleakGATTService(service, service.handle, service.uuid)
        collection.add_service(bleak_service)
        for each in service.characteristics:
            characteristic = BleakGATTCharacteristic(
                each,
                each.handle,
                each.uuid,
                [name for mask, name in CHARACTERISTIC_PROPERTIES.items() if mask & each.properties],
                lambda: mtu - WRITE_HEADER,
                bleak_service,
            )
            collection.add_characteristic(characteristic)
            if each.cccd is not None:
                collection.add_descriptor(BleakGATTDescriptor(None, each.cccd, CCCD_UUID, characteristic))
    return collection
