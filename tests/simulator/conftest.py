"""Some of these tests talk over real sockets, in real time."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from simulator.radio import INSTANT, Radio
from tests.loops import StrictLoop
from tests.simulator.echo import EchoPeripheral


def pytest_asyncio_loop_factories() -> dict[str, type[asyncio.AbstractEventLoop]]:
    """Run the asynchronous ones in a strict loop."""
    return {"strict": StrictLoop}


@pytest.fixture
async def radio() -> AsyncGenerator[Radio]:
    """The air between a proxy and a peripheral, which takes no time."""
    radio = Radio(timing=INSTANT)
    yield radio
    await radio.stop()


@pytest.fixture
async def echo(radio: Radio) -> EchoPeripheral:
    """A peripheral that says what is said to it, and advertises all the time."""
    echo = EchoPeripheral()
    echo.advertising_interval = 0.01
    radio.add_peripheral(echo)
    return echo
