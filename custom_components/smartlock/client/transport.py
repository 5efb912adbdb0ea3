"""The carrier of bytes to the lock. `ble` is the real one; tests use a simulated one instead."""

from collections.abc import Callable
from typing import Protocol


class Link(Protocol):
    """One open connection. Every method raises LinkLostError if the connection is gone."""

    @property
    def services(self) -> frozenset[str]:
        """UUIDs of the GATT services, lower case."""

    async def subscribe(self, characteristic: str) -> None:
        """Have the lock send this characteristic's indications; the subscription ends with the link."""

    async def write(self, characteristic: str, value: bytes) -> None:
        """Write a value of any length once, with response; never repeats a write."""

    async def forget_services(self) -> None:
        """Have the next connection discover the services again, past every cache; never raises."""

    async def close(self) -> None:
        """Disconnect; does nothing on a closed link."""


class Transport(Protocol):
    """Creates links to one lock."""

    async def connect(self, *, on_value: Callable[[str, bytes], None], on_lost: Callable[[], None]) -> Link:
        """Connect. Raises UnreachableError.

        `on_value` receives the characteristic's UUID and the value of each indication; `on_lost` is called
        once if the link ends without `Link.close`.
        """
