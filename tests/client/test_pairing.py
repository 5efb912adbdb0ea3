"""Pairing with what does not behave: nothing hangs, and nothing is sent that cannot succeed."""

import asyncio
from collections.abc import Callable
from typing import override

import pytest

from custom_components.smartlock.client.pairing import identify, pair
from custom_components.smartlock.client.transport import Link, Transport
from custom_components.smartlock.protocol.dialects import GENERATION_5, GENERATIONS_1_TO_4
from custom_components.smartlock.protocol.errors import NoAnswerError
from simulator import virtual_time

# Longer than anybody waits, in virtual seconds.
FOREVER = 10_000.0


class HangingTransport(Transport):
    """Never gets as far as a link."""

    attempts = 0

    @override
    async def connect(self, *, on_value: Callable[[str, bytes], None], on_lost: Callable[[], None]) -> Link:
        self.attempts += 1
        await asyncio.sleep(FOREVER)
        raise AssertionError


def test_a_lock_that_never_shows_its_services_is_given_up() -> None:
    async def main() -> None:
        with pytest.raises(NoAnswerError, match="services"):
            await identify(HangingTransport())

    virtual_time.run(main())


def test_a_pairing_that_never_ends_is_given_up() -> None:
    async def main() -> None:
        with pytest.raises(NoAnswerError, match="could not be finished"):
            await pair(HangingTransport(), GENERATIONS_1_TO_4, app_id=1, name="Home Assistant")

    virtual_time.run(main())


def test_nothing_is_sent_to_the_fifth_generation_without_its_pin() -> None:
    transport = HangingTransport()
    with pytest.raises(ValueError, match="PIN"):
        virtual_time.run(pair(transport, GENERATION_5, app_id=1, name="Home Assistant"))
    assert transport.attempts == 0
