"""One Bluetooth connection of a proxy: the requests of an API client, on a link of the radio."""

import asyncio
from collections.abc import Callable, Coroutine
import logging
from typing import Any, Protocol
from uuid import UUID

from simulator.esphome_proxy.wire import pb
from simulator.gatt import (
    AttError,
    Characteristic,
    ConnectRefusedError,
    DisconnectReason,
    GattError,
    LinkClosedError,
    Property,
    Service,
)
from simulator.radio import Radio, RadioLink, Receiver

__all__ = ["NOT_CONNECTED", "Connection", "ConnectionOwner"]

_LOGGER = logging.getLogger(__name__)

# What a proxy answers to a GATT request without connection (`ESP_GATT_NOT_CONNECTED` of its firmware).
NOT_CONNECTED = -1
# Failure to pair: 0x05 "pairing not supported" (Bluetooth Core, Vol 3, Part H, 3.5.5) as Bluedroid reports it.
PAIRING_NOT_SUPPORTED = 0x55

CCCD_UUID = UUID("00002902-0000-1000-8000-00805f9b34fb")
# Bits of a client characteristic configuration (Bluetooth Core, Vol 3, Part G, 3.3.3.3).
CCCD_NOTIFY, CCCD_INDICATE = 0x0001, 0x0002
CCCD_SIZE = 2

# Units of connection parameters, seconds (Bluetooth Core, Vol 4, Part E, 7.8.18).
INTERVAL_UNIT, TIMEOUT_UNIT = 0.00125, 0.010


class ConnectionOwner(Protocol):
    """What a connection needs of the API session that asked for it."""

    def send(self, message: Any) -> None:
        """Send a message to the API client."""

    def connection_ended(self, connection: Connection) -> None:
        """Forget the connection and free its slot."""


class Connection:
    """A connection from its request to its end; its requests are answered in their order."""

    def __init__(self, owner: ConnectionOwner, number: int, address: str) -> None:
        """Make a connection that is not yet open.

        Args:
            owner: Gets all answers.
            number: The peripheral's address as the API writes it.
            address: The same as the radio writes it.
        """
        self.number = number
        self._owner = owner
        self._address = address
        self._link: RadioLink | None = None
        self._discovered = False
        self._subscribed: set[int] = set()
        self._configurations: dict[int, bytes] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def mtu(self) -> int | None:
        """ATT MTU in bytes, None while not connected."""
        return self._link.mtu if self._link else None

    def open(self, radio: Radio, receiver: Receiver, *, mtu: int, discover: bool) -> None:
        """Begin to connect; the client is notified of the result."""
        self._discovered = discover
        self._start(self._open(radio, receiver, mtu, discover))

    async def _open(self, radio: Radio, receiver: Receiver, mtu: int, discover: bool) -> None:
        try:
            self._link = await radio.connect(
                receiver,
                self._address,
                mtu=mtu,
                discover=discover,
                on_indication=self._indicated,
                on_disconnect=self._disconnected,
            )
        except ConnectRefusedError as error:
            self._disconnected(error.reason)
        else:
            self._owner.send(
                pb.BluetoothDeviceConnectionResponse(address=self.number, connected=True, mtu=self._link.mtu)
            )

    def close(self) -> None:
        """End the connection, or the attempt to connect, without telling the client."""
        for task in self._tasks:
            task.cancel()
        if self._link is not None:
            self._link.close()
            self._link = None

    def disconnect(self) -> None:
        """End the connection as the client asked and tell it."""
        self.close()
        self._disconnected(DisconnectReason.LOCAL_HOST_TERMINATED)

    def _disconnected(self, reason: DisconnectReason) -> None:
        self._link = None
        self._owner.send(
            pb.BluetoothDeviceConnectionResponse(address=self.number, connected=False, error=reason)
        )
        self._owner.connection_ended(self)

    def _indicated(self, handle: int, value: bytes) -> None:
        # The firmware passes on only what it was asked to (`esp_ble_gattc_register_for_notify`).
        if handle in self._subscribed:
            self._owner.send(
                pb.BluetoothGATTNotifyDataResponse(address=self.number, handle=handle, data=value)
            )

    def get_services(self) -> None:
        """Send the GATT table; it is empty, as in the firmware, when the client said it has one cached."""
        if (link := self._link) is None:
            self._fail(0, NOT_CONNECTED)
            return
        for service in link.services if self._discovered else ():
            self._owner.send(
                pb.BluetoothGATTGetServicesResponse(address=self.number, services=[encode_service(service)])
            )
        self._owner.send(pb.BluetoothGATTGetServicesDoneResponse(address=self.number))

    def read(self, handle: int) -> None:
        """Read a characteristic."""
        self._request(handle, lambda link: link.read(handle), self._answer_read)

    def write(self, handle: int, value: bytes, *, response: bool) -> None:
        """Write a characteristic; without `response` nothing is answered."""
        answer = self._answer_write if response else None
        self._request(handle, lambda link: link.write(handle, value), answer)

    def read_descriptor(self, handle: int) -> None:
        """Read a client configuration as it was last written on this connection.

        The border to the peripheral has no read of descriptors, so this costs no time on the radio.
        """

        async def configuration(link: RadioLink) -> bytes:
            _configured_by(link, handle)
            return self._configurations.get(handle, bytes(CCCD_SIZE))

        self._request(handle, configuration, self._answer_read)

    def write_descriptor(self, handle: int, value: bytes) -> None:
        """Write a client configuration, which on connections of version 3 is the client's to do."""

        async def configure(link: RadioLink) -> None:
            characteristic = _configured_by(link, handle)
            await link.set_indications(characteristic.handle, enabled=_is_enabled(characteristic, value))
            self._configurations[handle] = value

        self._request(handle, configure, self._answer_write)

    def set_notify(self, handle: int, *, enable: bool) -> None:
        """Pass indications of a characteristic on, or no longer; nothing goes over the radio."""
        if (link := self._link) is None:
            self._fail(handle, NOT_CONNECTED)
        elif enable and all(each.handle != handle for each in _characteristics(link)):
            self._fail(handle, AttError.INVALID_HANDLE)
        else:
            (self._subscribed.add if enable else self._subscribed.discard)(handle)
            self._owner.send(pb.BluetoothGATTNotifyResponse(address=self.number, handle=handle))

    def set_parameters(self, *, max_interval: int, timeout: int) -> None:
        """Change the connection parameters; the peripheral takes the longest interval that is offered.

        Args:
            max_interval: In units of 1.25 ms.
            timeout: Supervision timeout in units of 10 ms.
        """
        error = NOT_CONNECTED
        if self._link is not None:
            self._link.set_parameters(
                connection_interval=max_interval * INTERVAL_UNIT,
                supervision_timeout=timeout * TIMEOUT_UNIT,
            )
            error = 0
        self._owner.send(pb.BluetoothSetConnectionParamsResponse(address=self.number, error=error))

    def pair(self) -> None:
        """Refuse: these peripherals do not pair on the link layer."""
        error = NOT_CONNECTED if self._link is None else PAIRING_NOT_SUPPORTED
        self._owner.send(pb.BluetoothDevicePairingResponse(address=self.number, paired=False, error=error))

    def _answer_read(self, handle: int, value: bytes) -> Any:
        return pb.BluetoothGATTReadResponse(address=self.number, handle=handle, data=value)

    def _answer_write(self, handle: int, _: None) -> Any:
        return pb.BluetoothGATTWriteResponse(address=self.number, handle=handle)

    def _request[T](
        self,
        handle: int,
        perform: Callable[[RadioLink], Coroutine[Any, Any, T]],
        answer: Callable[[int, T], Any] | None,
    ) -> None:
        if (link := self._link) is None:
            self._fail(handle, NOT_CONNECTED)
        else:
            self._start(self._perform(link, handle, perform, answer))

    async def _perform[T](
        self,
        link: RadioLink,
        handle: int,
        perform: Callable[[RadioLink], Coroutine[Any, Any, T]],
        answer: Callable[[int, T], Any] | None,
    ) -> None:
        try:
            result = await perform(link)
        except GattError as error:
            self._fail(handle, error.code)
        except LinkClosedError:
            pass  # the end of the link has been reported, and fails all requests at once
        except Exception:
            _LOGGER.exception("%s failed to deal with a request", self._address)
            self._fail(handle, AttError.UNLIKELY_ERROR)
        else:
            if answer:
                self._owner.send(answer(handle, result))

    def _fail(self, handle: int, error: int) -> None:
        self._owner.send(pb.BluetoothGATTErrorResponse(address=self.number, handle=handle, error=error))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _characteristics(link: RadioLink) -> list[Characteristic]:
    return [each for service in link.services for each in service.characteristics]


def _configured_by(link: RadioLink, handle: int) -> Characteristic:
    """Return the characteristic whose client configuration has this handle."""
    for characteristic in _characteristics(link):
        if characteristic.cccd == handle:
            return characteristic
    raise GattError(AttError.INVALID_HANDLE)


def _is_enabled(characteristic: Characteristic, value: bytes) -> bool:
    """Return what a client configuration asks for; refuses what the characteristic cannot do."""
    if len(value) != CCCD_SIZE:
        raise GattError(AttError.INVALID_ATTRIBUTE_LENGTH)
    wanted = int.from_bytes(value, "little")
    possible = 0
    if Property.NOTIFY in characteristic.properties:
        possible |= CCCD_NOTIFY
    if Property.INDICATE in characteristic.properties:
        possible |= CCCD_INDICATE
    if wanted & ~possible:
        raise GattError(AttError.CCCD_IMPROPERLY_CONFIGURED)
    return wanted != 0


def encode_service(service: Service) -> Any:
    """Return a service as the API describes it."""
    return pb.BluetoothGATTService(
        uuid=_halves(UUID(service.uuid)),
        handle=service.handle,
        characteristics=[
            pb.BluetoothGATTCharacteristic(
                uuid=_halves(UUID(characteristic.uuid)),
                handle=characteristic.handle,
                properties=characteristic.properties,
                descriptors=[pb.BluetoothGATTDescriptor(uuid=_halves(CCCD_UUID), handle=characteristic.cccd)]
                if characteristic.cccd is not None
                else [],
            )
            for characteristic in service.characteristics
        ],
    )


def _halves(uuid: UUID) -> list[int]:
    """Return a UUID as two 64-bit numbers, the high one first."""
    return list(divmod(uuid.int, 1 << 64))
