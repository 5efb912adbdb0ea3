"""One client of a proxy's native API, from its hello to its goodbye."""

import asyncio
from collections.abc import Callable
import logging
from typing import Any, Protocol

from simulator.esphome_proxy.connection import NOT_CONNECTED, Connection
from simulator.esphome_proxy.wire import FramingError, NoiseRequestedError, encode, pb, read_message

__all__ = ["Session"]

_LOGGER = logging.getLogger(__name__)

# Version of the native API whose messages are spoken here; later ones add nothing for Bluetooth.
API_VERSION = (1, 14)

# What a device without a key sends to a client that wants encryption, so that it says so to its user.
NO_ENCRYPTION = b"\x00Bad indicator byte"


class Device(Protocol):
    """The proxy, as its clients need it."""

    name: str

    @property
    def server_info(self) -> str:
        """What it says of itself in its hello."""

    @property
    def refusal(self) -> int | None:
        """The error with which every connection is refused at present, if any."""

    def device_info(self) -> Any:
        """Return what it says of itself."""

    def slots(self) -> Any:
        """Return the state of the connection slots."""

    def subscribe(self, session: Session) -> None:
        """Send advertisements to this client from now on."""

    def unsubscribe(self, session: Session) -> None:
        """Send this client no more advertisements."""

    def set_scanner_mode(self, *, active: bool) -> None:
        """Scan actively or passively."""

    def allocate_slot(self, number: int) -> bool:
        """Take a slot for the peripheral with this address; False if it cannot have one."""

    def release_slot(self, number: int) -> None:
        """Give the slot of the peripheral with this address back."""

    def open_connection(self, session: Session, number: int, *, discover: bool) -> Connection:
        """Begin to connect to the peripheral with this address on behalf of a client."""


class Session:
    """Reads the requests of one client and answers them."""

    def __init__(self, proxy: Device, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a new client of the proxy."""
        self.wants_slots = False
        self._proxy = proxy
        self._reader = reader
        self._writer = writer
        self._connections: dict[int, Connection] = {}
        self._handlers: dict[type, Callable[[Any], None]] = {
            pb.HelloRequest: self._hello,
            pb.AuthenticationRequest: self._authenticate,
            pb.PingRequest: self._ping,
            pb.DisconnectRequest: self._disconnect,
            pb.DeviceInfoRequest: self._device_info,
            pb.ListEntitiesRequest: self._list_entities,
            pb.SubscribeBluetoothLEAdvertisementsRequest: self._subscribe_advertisements,
            pb.UnsubscribeBluetoothLEAdvertisementsRequest: self._unsubscribe_advertisements,
            pb.SubscribeBluetoothConnectionsFreeRequest: self._subscribe_slots,
            pb.BluetoothScannerSetModeRequest: self._set_scanner_mode,
            pb.BluetoothDeviceRequest: self._device_request,
            pb.BluetoothGATTGetServicesRequest: self._get_services,
            pb.BluetoothGATTReadRequest: self._read,
            pb.BluetoothGATTWriteRequest: self._write,
            pb.BluetoothGATTReadDescriptorRequest: self._read_descriptor,
            pb.BluetoothGATTWriteDescriptorRequest: self._write_descriptor,
            pb.BluetoothGATTNotifyRequest: self._notify,
            pb.BluetoothSetConnectionParamsRequest: self._set_connection_parameters,
        }
        self._device_requests: dict[int, Callable[[Any], None]] = {
            pb.BLUETOOTH_DEVICE_REQUEST_TYPE_CONNECT: self._connect_version_1,
            pb.BLUETOOTH_DEVICE_REQUEST_TYPE_CONNECT_V3_WITH_CACHE: self._connect,
            pb.BLUETOOTH_DEVICE_REQUEST_TYPE_CONNECT_V3_WITHOUT_CACHE: self._connect,
            pb.BLUETOOTH_DEVICE_REQUEST_TYPE_DISCONNECT: self._disconnect_device,
            pb.BLUETOOTH_DEVICE_REQUEST_TYPE_PAIR: self._pair,
            pb.BLUETOOTH_DEVICE_REQUEST_TYPE_UNPAIR: self._unpair,
            pb.BLUETOOTH_DEVICE_REQUEST_TYPE_CLEAR_CACHE: self._clear_cache,
        }

    async def run(self) -> None:
        """Serve the client until it leaves or is thrown out.

        Messages about what this device does not have (states, logs, actions, ...) need no answer.
        """
        try:
            while not self._writer.is_closing():
                message = await read_message(self._reader)
                if handler := self._handlers.get(type(message)):
                    handler(message)
        except NoiseRequestedError:
            self._writer.write(NO_ENCRYPTION)
        except FramingError as error:
            _LOGGER.warning("Client of %s: %s", self._proxy.name, error)
        except asyncio.IncompleteReadError, ConnectionError:
            pass  # the client has hung up
        finally:
            self._release()
            self._writer.close()

    def send(self, message: Any) -> None:
        """Send a message to the client, if it is still there."""
        if not self._writer.is_closing():
            self._writer.write(encode(message))

    def abort(self) -> None:
        """Cut the connection to the client without a word."""
        self._release()
        self._writer.transport.abort()

    def connection_ended(self, connection: Connection) -> None:
        """Forget the connection and free its slot."""
        del self._connections[connection.number]
        self._proxy.release_slot(connection.number)

    def _release(self) -> None:
        """Give back everything that the client held."""
        self.wants_slots = False
        self._proxy.unsubscribe(self)
        for connection in list(self._connections.values()):
            connection.close()
            self.connection_ended(connection)

    def _hello(self, _: Any) -> None:
        major, minor = API_VERSION
        self.send(
            pb.HelloResponse(
                api_version_major=major,
                api_version_minor=minor,
                server_info=self._proxy.server_info,
                name=self._proxy.name,
            )
        )

    def _authenticate(self, _: Any) -> None:
        self.send(pb.AuthenticationResponse(invalid_password=False))

    def _ping(self, _: Any) -> None:
        self.send(pb.PingResponse())

    def _disconnect(self, _: Any) -> None:
        self.send(pb.DisconnectResponse())
        self._writer.close()

    def _device_info(self, _: Any) -> None:
        self.send(self._proxy.device_info())

    def _list_entities(self, _: Any) -> None:
        self.send(pb.ListEntitiesDoneResponse())

    def _subscribe_advertisements(self, _: Any) -> None:
        self._proxy.subscribe(self)

    def _unsubscribe_advertisements(self, _: Any) -> None:
        self._proxy.unsubscribe(self)

    def _subscribe_slots(self, _: Any) -> None:
        self.wants_slots = True
        self.send(self._proxy.slots())

    def _set_scanner_mode(self, message: Any) -> None:
        self._proxy.set_scanner_mode(
            active=message.mode == pb.BluetoothScannerMode.BLUETOOTH_SCANNER_MODE_ACTIVE
        )

    def _device_request(self, message: Any) -> None:
        if handler := self._device_requests.get(message.request_type):
            handler(message)

    def _connect_version_1(self, message: Any) -> None:
        # Gone from the firmware as well.
        self._send_disconnected(message.address)

    def _connect(self, message: Any) -> None:
        number = message.address
        if connection := self._connections.get(number):
            # Asked again while connecting: the answer is on its way.
            if connection.mtu is not None:
                self.send(
                    pb.BluetoothDeviceConnectionResponse(address=number, connected=True, mtu=connection.mtu)
                )
            return
        if (refusal := self._proxy.refusal) is not None:
            self._send_disconnected(number, error=refusal)
            return
        if not self._proxy.allocate_slot(number):
            self._send_disconnected(number)
            return
        self._connections[number] = self._proxy.open_connection(
            self,
            number,
            discover=message.request_type == pb.BLUETOOTH_DEVICE_REQUEST_TYPE_CONNECT_V3_WITHOUT_CACHE,
        )

    def _disconnect_device(self, message: Any) -> None:
        if connection := self._connections.get(message.address):
            connection.disconnect()
        else:
            self._send_disconnected(message.address)
            self.send(self._proxy.slots())

    def _send_disconnected(self, number: int, *, error: int = 0) -> None:
        self.send(pb.BluetoothDeviceConnectionResponse(address=number, connected=False, error=error))

    def _pair(self, message: Any) -> None:
        if connection := self._connections.get(message.address):
            connection.pair()
        else:
            self.send(
                pb.BluetoothDevicePairingResponse(address=message.address, paired=False, error=NOT_CONNECTED)
            )

    def _unpair(self, message: Any) -> None:
        # There is never a bond to remove.
        self.send(
            pb.BluetoothDeviceUnpairingResponse(address=message.address, success=False, error=NOT_CONNECTED)
        )

    def _clear_cache(self, message: Any) -> None:
        self.send(pb.BluetoothDeviceClearCacheResponse(address=message.address, success=True))

    def _connection(self, message: Any, handle: int) -> Connection | None:
        """Return the connection a GATT request is for, or answer that there is none."""
        connection = self._connections.get(message.address)
        if connection is None:
            self.send(
                pb.BluetoothGATTErrorResponse(address=message.address, handle=handle, error=NOT_CONNECTED)
            )
        return connection

    def _get_services(self, message: Any) -> None:
        if connection := self._connection(message, 0):
            connection.get_services()

    def _read(self, message: Any) -> None:
        if connection := self._connection(message, message.handle):
            connection.read(message.handle)

    def _write(self, message: Any) -> None:
        if connection := self._connection(message, message.handle):
            connection.write(message.handle, message.data, response=message.response)

    def _read_descriptor(self, message: Any) -> None:
        if connection := self._connection(message, message.handle):
            connection.read_descriptor(message.handle)

    def _write_descriptor(self, message: Any) -> None:
        if connection := self._connection(message, message.handle):
            connection.write_descriptor(message.handle, message.data)

    def _notify(self, message: Any) -> None:
        if connection := self._connection(message, message.handle):
            connection.set_notify(message.handle, enable=message.enable)

    def _set_connection_parameters(self, message: Any) -> None:
        if connection := self._connections.get(message.address):
            connection.set_parameters(max_interval=message.max_interval, timeout=message.timeout)
        else:
            self.send(pb.BluetoothSetConnectionParamsResponse(address=message.address, error=NOT_CONNECTED))
