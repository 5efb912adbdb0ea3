"""Some of these tests talk over real sockets, in real time."""

import asyncio

from tests.loops import StrictLoop


def pytest_asyncio_loop_factories() -> dict[str, type[asyncio.AbstractEventLoop]]:
    """Run the asynchronous ones in a strict loop."""
    return {"strict": StrictLoop}
