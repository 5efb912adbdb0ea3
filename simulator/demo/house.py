"""A house: a real Home Assistant, a virtual Bluetooth proxy, and the air between it and the locks."""

from typing import Final, Self

from simulator.demo.owner import add_proxy
from simulator.esphome_proxy import VirtualProxy
from simulator.home_assistant import HomeAssistantApi, HomeAssistantProcess
from simulator.radio import Radio

__all__ = ["House"]

# A locally administered address, so that it is nobody's.
PROXY_MAC: Final = "02:53:4D:4C:00:01"


class House:
    """Everything but the locks, which are put on the radio by anyone who wants some.

    Use it with `async with`.
    """

    def __init__(self, home_assistant: HomeAssistantProcess, *, proxy_port: int = 0) -> None:
        """Plan a house.

        Args:
            home_assistant: Not started yet.
            proxy_port: TCP port of the proxy; 0 takes a free one.
        """
        self.home_assistant = home_assistant
        self.radio = Radio()
        self.proxy = VirtualProxy(
            self.radio,
            name="bluetooth-proxy",
            friendly_name="Bluetooth proxy",
            mac=PROXY_MAC,
            port=proxy_port,
        )

    @property
    def api(self) -> HomeAssistantApi:
        """The owner's connection to the running Home Assistant."""
        return self.home_assistant.api

    async def __aenter__(self) -> Self:
        """Start the proxy and Home Assistant, and introduce them to each other."""
        try:
            await self.proxy.start()
            await self.home_assistant.start()
            await add_proxy(self.api, self.proxy.port)
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop everything that was started."""
        await self.stop()

    async def stop(self) -> None:
        """Stop what runs; Home Assistant first, which then closes its connections in good order."""
        try:
            await self.home_assistant.stop()
        finally:
            await self.proxy.stop()
            await self.radio.stop()
