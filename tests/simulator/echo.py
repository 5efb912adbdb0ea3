"""A small peripheral: what is written to its only characteristic comes back as an indication."""

from collections.abc import Awaitable, Callable

from simulator.gatt import (
    Advertisement,
    AttError,
    Characteristic,
    ConnectRefusedError,
    DisconnectReason,
    GattError,
    LinkClosedError,
    Property,
    Service,
)

ADDRESS = "54:D2:72:00:00:01"
INTERVAL = 0.1

ECHO_SERVICE = "0000ec00-5501-11e4-916c-0800200c9a66"
ECHO = "0000ec01-5501-11e4-916c-0800200c9a66"
ECHO_HANDLE, ECHO_CCCD = 0x12, 0x13
NAME_HANDLE = 0x03
NAME = b"Echo"

# Flags, then a complete list of one 16-bit service; the scan response holds the complete local name.
ADVERTISEMENT = Advertisement(data=bytes.fromhex("020106 030300ec"), scan_response=b"\x05\x09Echo")


class EchoPeripheral:
    """Takes one link; `on_write` replaces what happens on a write, and subscriptions can be refused."""

    def __init__(self, address: str = ADDRESS) -> None:
        self.address = address
        self.advertising_interval = INTERVAL
        self.advertisement: Advertisement | None = ADVERTISEMENT
        self.services = (
            Service(
                uuid="00001800-0000-1000-8000-00805f9b34fb",
                handle=0x01,
                characteristics=(
                    Characteristic(
                        uuid="00002a00-0000-1000-8000-00805f9b34fb",
                        handle=NAME_HANDLE,
                        properties=Property.READ,
                    ),
                ),
            ),
            Service(
                uuid=ECHO_SERVICE,
                handle=0x10,
                characteristics=(
                    Characteristic(
                        uuid=ECHO,
                        handle=ECHO_HANDLE,
                        properties=Property.WRITE | Property.INDICATE,
                        cccd=ECHO_CCCD,
                    ),
                ),
            ),
        )
        self.links: list[EchoLink] = []
        self.written: list[bytes] = []
        self.refuses_subscription = False
        self.on_write: Callable[[EchoLink, bytes], Awaitable[None]] | None = None

    @property
    def link(self) -> EchoLink:
        """The newest link."""
        return self.links[-1]

    def advertise(self) -> Advertisement | None:
        return self.advertisement

    def connect(
        self,
        *,
        mtu: int,
        on_indication: Callable[[int, bytes], None],
        on_disconnect: Callable[[DisconnectReason], None],
    ) -> EchoLink:
        if any(link.open for link in self.links):
            raise ConnectRefusedError
        self.links.append(EchoLink(self, mtu, on_indication, on_disconnect))
        return self.link


class EchoLink:
    def __init__(
        self,
        peripheral: EchoPeripheral,
        mtu: int,
        on_indication: Callable[[int, bytes], None],
        on_disconnect: Callable[[DisconnectReason], None],
    ) -> None:
        self.open = True
        self.mtu = mtu
        self.enabled = False
        self._peripheral = peripheral
        self._on_indication = on_indication
        self._on_disconnect = on_disconnect

    async def read(self, handle: int) -> bytes:
        if handle != NAME_HANDLE:
            raise GattError(AttError.READ_NOT_PERMITTED)
        return NAME

    async def write(self, handle: int, data: bytes) -> None:
        if handle != ECHO_HANDLE:
            raise GattError(AttError.WRITE_NOT_PERMITTED)
        self._peripheral.written.append(data)
        if self._peripheral.on_write:
            await self._peripheral.on_write(self, data)
        else:
            self.indicate(data)

    async def set_indications(self, handle: int, *, enabled: bool) -> None:
        if handle != ECHO_HANDLE:
            raise GattError(AttError.INVALID_HANDLE)
        if self._peripheral.refuses_subscription:
            raise GattError(AttError.UNLIKELY_ERROR)
        self.enabled = enabled

    def indicate(self, data: bytes) -> None:
        if self.enabled and self.open:
            self._on_indication(ECHO_HANDLE, data[: self.mtu - 3])

    def close(self) -> None:
        self.open = False

    def hang_up(self) -> None:
        """End the link from the peripheral's side."""
        if not self.open:
            raise LinkClosedError
        self.open = False
        self._on_disconnect(DisconnectReason.REMOTE_USER_TERMINATED)
