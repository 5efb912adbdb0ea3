"""Virtual Bluetooth controllers: one for the Linux kernel, and one for each peripheral, with the air between them.

Bumble has the controllers, and the peripheral's host with L2CAP, ATT and GATT. Bumble 0.0.236 drops data of devices
with a public address, which a lock has, announces features that a kernel would use and Bumble lacks, and delivers no
scan responses: all that is set right here.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Final, Self, override

from bumble import att, controller, core, gatt, hci, link, ll
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.host import Host
from bumble.transport.common import AsyncPipeSink, StreamPacketSink, StreamPacketSource

from simulator.gatt import (
    Advertisement,
    Characteristic,
    ConnectRefusedError,
    DisconnectReason,
    GattError,
    Link,
    LinkClosedError,
    Peripheral,
)

__all__ = ["Air", "VirtualAdapter", "VirtualDevice"]

# A locally administered address, so that it is nobody's.
ADAPTER_ADDRESS: Final = "02:53:4D:4C:00:02"
RSSI: Final = -60
# Largest ATT MTU that Bumble's side offers; the peripheral cuts its values to the lesser of the two.
MTU: Final = 517

# What a kernel uses if it is announced, and Bumble answers with the events of controllers that lack it.
_MISSING: Final = (
    hci.LeFeatureMask.LL_PRIVACY
    | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
    | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING
)

# What every Bumble device has by itself.
_BLUETOOTH_BASE: Final = "-0000-1000-8000-00805f9b34fb"
_GENERIC_ACCESS: Final = f"00001800{_BLUETOOTH_BASE}"


class Air(link.LocalLink):  # type: ignore[misc]  # Bumble has no types
    """What the controllers are connected by."""

    @override
    def send_acl_data(
        self,
        sender_controller: controller.Controller,
        destination_address: hci.Address,
        transport: core.PhysicalTransport,
        data: bytes,
    ) -> None:
        """Deliver data under the address that the sender has on this connection, be it public or random."""
        receiver = self.find_le_controller(destination_address)
        sent_on = sender_controller.le_connections.get(destination_address)
        if receiver is not None and sent_on is not None:
            asyncio.get_running_loop().call_soon(
                receiver.on_link_acl_data, sent_on.self_address, transport, data
            )

    def advertise(self, address: hci.Address, advertisement: Advertisement) -> None:
        """Deliver an advertising event to everybody who listens."""
        for each in list(self.controllers):
            if isinstance(each, _Controller):
                each.hear(address, advertisement)


class _Controller(controller.Controller):  # type: ignore[misc]  # as above
    """A controller that has what it announces."""

    le_features = controller.Controller.le_features & ~_MISSING
    le_acl_data_packet_length = 251

    def hear(self, address: hci.Address, advertisement: Advertisement) -> None:
        """Report an advertising event if it scans, and connect if that is waited for."""
        if self.le_scan_enable:
            kinds = hci.HCI_LE_Advertising_Report_Event.EventType
            self._report(kinds.ADV_IND, address, advertisement.data)
            if self.le_scan_type == hci.HCI_LE_Set_Scan_Parameters_Command.ACTIVE_SCANNING:
                self._report(kinds.SCAN_RSP, address, advertisement.scan_response)
        pending = self.pending_le_connection
        if pending is not None and pending.peer_address == address:
            self.create_le_connection(address)

    def _report(self, kind: int, address: hci.Address, data: bytes) -> None:
        report = hci.HCI_LE_Advertising_Report_Event.Report(
            event_type=kind, address_type=address.address_type, address=address, data=data, rssi=RSSI
        )
        self.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([report]))


class VirtualAdapter:
    """The adapter of the machine, to be plugged in and pulled out."""

    def __init__(self, air: Air, socket: Path) -> None:
        """Plan an adapter at the socket of a `Machine`."""
        self._air = air
        self._socket = socket
        self._controller: _Controller | None = None
        self._transport: asyncio.BaseTransport | None = None

    @property
    def plugged_in(self) -> bool:
        """Whether the machine has it."""
        return self._controller is not None

    async def plug_in(self) -> None:
        """Plug it in: the kernel finds a controller that was switched on just now."""
        loop = asyncio.get_running_loop()
        transport, source = await loop.create_unix_connection(StreamPacketSource, str(self._socket))
        self._transport = transport
        self._controller = _Controller(
            "adapter",
            host_source=source,
            host_sink=StreamPacketSink(transport),
            link=self._air,
            public_address=_public(ADAPTER_ADDRESS),
        )

    def pull_out(self) -> None:
        """Pull it out: all its connections are lost without a word."""
        gone, self._controller = self._controller, None
        if gone is None or self._transport is None:
            return
        self._transport.close()
        for connection in list(gone.le_connections.values()):
            connection.send_ll_control_pdu(ll.TerminateInd(DisconnectReason.CONNECTION_TIMEOUT))
        self._air.remove_controller(gone)


class VirtualDevice:
    """Puts a peripheral on the air. Use it with `async with`."""

    def __init__(self, air: Air, peripheral: Peripheral, *, incomplete_at_first: bool = False) -> None:
        """Plan a device; with `incomplete_at_first` its vendor's services are hidden on the first connection."""
        self._air = air
        self._incomplete = incomplete_at_first
        self._peripheral = peripheral
        self._address = _public(peripheral.address)
        self._characteristics: dict[int, gatt.Characteristic] = {}
        self._links: dict[Connection, _DeviceLink] = {}
        self._controller: _Controller | None = None
        self._device: Device | None = None
        self._advertising: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Switch its controller on."""
        self._controller = _Controller("device", link=self._air, public_address=self._address)
        self._controller.le_legacy_advertiser.own_address_type = hci.Address.PUBLIC_DEVICE_ADDRESS
        # What a lock lacks: the service by which a client could tell that its table has changed.
        config = DeviceConfiguration(name=self._peripheral.address, gatt_service_enabled=False)
        host = Host(self._controller, AsyncPipeSink(self._controller))
        self._device = Device(config=config, host=host)
        self._add_services(vendors=False)
        if not self._incomplete:
            self._add_services(vendors=True)
        self._device.gatt_server.max_mtu = MTU
        self._device.on("connection", self._connected)
        await self._device.power_on()
        self._advertising = asyncio.create_task(self._advertise(self._controller))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Take it off the air."""
        if self._advertising is not None:
            self._advertising.cancel()
        for device_link in list(self._links.values()):
            device_link.drop(DisconnectReason.CONNECTION_TIMEOUT)
        await asyncio.sleep(0.1)
        if self._controller is not None:
            self._air.remove_controller(self._controller)

    async def _advertise(self, own: _Controller) -> None:
        while True:
            advertisement = self._peripheral.advertise()
            own.le_legacy_advertiser.enabled = advertisement is not None
            if advertisement is not None:
                self._air.advertise(self._address, advertisement)
            await asyncio.sleep(self._peripheral.advertising_interval)

    def _add_services(self, *, vendors: bool) -> None:
        """Add the vendor's services to the table, or those that every device may have."""
        assert self._device is not None
        for service in self._peripheral.services:
            if service.uuid != _GENERIC_ACCESS and vendors is not service.uuid.endswith(_BLUETOOTH_BASE):
                own = [self._characteristic(characteristic) for characteristic in service.characteristics]
                self._device.add_service(gatt.Service(service.uuid, own))

    def _characteristic(self, declared: Characteristic) -> gatt.Characteristic:
        readable = gatt.Characteristic.Permissions.READABLE | gatt.Characteristic.Permissions.WRITEABLE
        own = gatt.Characteristic(
            declared.uuid,
            gatt.Characteristic.Properties(int(declared.properties)),
            readable,
            gatt.CharacteristicValue(
                read=partial(self._read, declared.handle), write=partial(self._write, declared.handle)
            ),
        )
        own.on("subscription", partial(self._subscribed, declared.handle))
        self._characteristics[declared.handle] = own
        return own

    def _connected(self, connection: Connection) -> None:
        device_link = _DeviceLink(self._peripheral, connection, self._characteristics)
        self._links[connection] = device_link

        def disconnected(_reason: int) -> None:
            self._links.pop(connection).close()
            if self._incomplete:
                self._incomplete = False
                self._add_services(vendors=True)

        connection.on("disconnection", disconnected)
        # Clients exchange it first, and only then it is known how long a value may be.
        connection.on("connection_att_mtu_update", device_link.open)

    async def _read(self, handle: int, connection: Connection) -> bytes:
        return await self._links[connection].read(handle)

    async def _write(self, handle: int, connection: Connection, value: bytes) -> None:
        await self._links[connection].write(handle, value)

    def _subscribed(
        self, handle: int, connection: Connection, notifications: bool, indications: bool
    ) -> None:
        self._links[connection].subscribe(handle, enabled=notifications or indications)


class _DeviceLink:
    """A connection of Bumble on one side, and the peripheral's link on the other."""

    def __init__(
        self, peripheral: Peripheral, connection: Connection, characteristics: dict[int, gatt.Characteristic]
    ) -> None:
        self._peripheral = peripheral
        self._connection = connection
        self._characteristics = characteristics
        self._link: Link | None = None
        self._indications: deque[tuple[int, bytes]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> Link | None:
        """Connect to the peripheral, once; None if it takes no connection."""
        if self._link is None:
            try:
                self._link = self._peripheral.connect(
                    mtu=self._connection.att_mtu,
                    on_indication=self._indicate,
                    on_disconnect=self.drop,
                )
            except ConnectRefusedError as error:
                self.drop(error.reason)
        return self._link

    def close(self) -> None:
        """End the peripheral's side."""
        if self._link is not None:
            self._link.close()
        for task in self._tasks:
            task.cancel()

    def drop(self, reason: DisconnectReason) -> None:
        """End Bumble's side."""
        del reason  # Bumble passes on none but its own.
        self._do(self._connection.disconnect())

    async def read(self, handle: int) -> bytes:
        """Read from the peripheral."""
        try:
            return await self._opened().read(handle)
        except (GattError, LinkClosedError) as error:
            raise _att_error(error) from error

    async def write(self, handle: int, value: bytes) -> None:
        """Write to the peripheral."""
        try:
            await self._opened().write(handle, value)
        except (GattError, LinkClosedError) as error:
            raise _att_error(error) from error

    def subscribe(self, handle: int, *, enabled: bool) -> None:
        """Switch indications on or off."""
        if opened := self.open():
            self._do(opened.set_indications(handle, enabled=enabled))

    def _opened(self) -> Link:
        if (opened := self.open()) is None:
            raise LinkClosedError
        return opened

    def _indicate(self, handle: int, value: bytes) -> None:
        self._indications.append((handle, value))
        if len(self._indications) == 1:
            self._do(self._deliver())

    async def _deliver(self) -> None:
        """Send indications one by one, as each has to be confirmed."""
        while self._indications:
            handle, value = self._indications[0]
            await self._connection.device.gatt_server.indicate_subscriber(
                self._connection, self._characteristics[handle], value
            )
            self._indications.popleft()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # What fails because the connection ends is of no interest.
            task.exception()


def _public(address: str) -> hci.Address:
    return hci.Address(address, hci.Address.PUBLIC_DEVICE_ADDRESS)


def _att_error(error: GattError | LinkClosedError) -> att.ATT_Error:
    code = error.code if isinstance(error, GattError) else att.ATT_UNLIKELY_ERROR_ERROR
    return att.ATT_Error(error_code=int(code))
