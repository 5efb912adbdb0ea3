"""The border between a Bluetooth peripheral and whatever carries its radio.

The virtual lock implements `Peripheral` and `Link`; the virtual ESPHome proxy, the adapter inside a
Home Assistant process, the virtual controllers and the in-memory transport of the tests use them. Neither side knows more.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Protocol


class Property(IntFlag):
    """GATT characteristic properties (Bluetooth Core, Vol 3, Part G, 3.3.1.1)."""

    READ = 0x02
    WRITE_WITHOUT_RESPONSE = 0x04
    WRITE = 0x08
    NOTIFY = 0x10
    INDICATE = 0x20


class AttError(IntEnum):
    """ATT error codes that the simulator uses (Bluetooth Core, Vol 3, Part F, 3.4.1.1)."""

    INVALID_HANDLE = 0x01
    READ_NOT_PERMITTED = 0x02
    WRITE_NOT_PERMITTED = 0x03
    INVALID_ATTRIBUTE_LENGTH = 0x0D
    UNLIKELY_ERROR = 0x0E
    CCCD_IMPROPERLY_CONFIGURED = 0xFD


class DisconnectReason(IntEnum):
    """HCI reasons that the simulator uses (Bluetooth Core, Vol 1, Part F)."""

    CONNECTION_TIMEOUT = 0x08
    REMOTE_USER_TERMINATED = 0x13
    LOCAL_HOST_TERMINATED = 0x16
    FAILED_TO_ESTABLISH = 0x3E


class GattError(Exception):
    """The peripheral answered a request with an ATT error."""

    def __init__(self, code: AttError) -> None:
        """Keep the error code that the peripheral answered with."""
        super().__init__(f"ATT error 0x{code:02X} ({code.name})")
        self.code = code


class LinkClosedError(Exception):
    """The request was made on, or was cut off by the end of, a closed link."""


class ConnectRefusedError(Exception):
    """The peripheral took no connection: out of range, powered off, or all of its links in use."""

    def __init__(self, reason: DisconnectReason = DisconnectReason.FAILED_TO_ESTABLISH) -> None:
        """Keep the reason that the controller reports."""
        super().__init__(f"connection refused: {reason.name}")
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Characteristic:
    """One characteristic; `cccd` is the handle of its client configuration descriptor."""

    uuid: str
    handle: int
    properties: Property
    cccd: int | None = None


@dataclass(frozen=True, kw_only=True)
class Service:
    """One primary service with its characteristics in handle order."""

    uuid: str
    handle: int
    characteristics: tuple[Characteristic, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Advertisement:
    """Raw AD structures of one advertising event; each at most 31 bytes (legacy advertising)."""

    data: bytes
    scan_response: bytes = b""


class Link(Protocol):
    """One central's connection to a peripheral. Requests are ATT requests with response."""

    @property
    def mtu(self) -> int:
        """ATT MTU that both sides agreed on, at most the one that the central offered."""

    async def read(self, handle: int) -> bytes:
        """Return the value of a characteristic. Raises GattError or LinkClosedError."""

    async def write(self, handle: int, data: bytes) -> None:
        """Write a characteristic value of any length (long write if needed)."""

    async def set_indications(self, handle: int, *, enabled: bool) -> None:
        """Write the client configuration descriptor of the characteristic with this handle."""

    def close(self) -> None:
        """Disconnect from the central's side; `on_disconnect` is not called for it."""


class Peripheral(Protocol):
    """A device that advertises and takes connections."""

    @property
    def address(self) -> str:
        """Public Bluetooth address, upper case with colons."""

    @property
    def services(self) -> tuple[Service, ...]:
        """GATT table."""

    @property
    def advertising_interval(self) -> float:
        """Seconds from one advertising event to the next."""

    def advertise(self) -> Advertisement | None:
        """Return the next advertising event, or None while the device is silent."""

    def connect(
        self,
        *,
        mtu: int,
        on_indication: Callable[[int, bytes], None],
        on_disconnect: Callable[[DisconnectReason], None],
    ) -> Link:
        """Take a connection with an ATT MTU of 23 to 517 bytes; values are cut to mtu - 3.

        `on_indication` receives the characteristic's handle and each value (the acknowledgement is the
        caller's to model); `on_disconnect` is called once if the peripheral ends the link.
        Raises ConnectRefusedError.
        """
