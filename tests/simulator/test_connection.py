"""What a test waits for at a running Home Assistant is found, however short it was true."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
import json
from typing import Any, cast

import aiohttp
import pytest

from simulator.home_assistant import HomeAssistantError
from simulator.home_assistant.connection import Connection

LOCK = "lock.front_door"


class FakeWebsocket:
    """The end of a websocket at which frames come in, None for its end."""

    def __init__(self) -> None:
        self._frames: asyncio.Queue[str | None] = asyncio.Queue()

    def come(self, *messages: dict[str, Any]) -> None:
        """Let these messages come in one frame, as Home Assistant sends what is ready at once."""
        self._frames.put_nowait(json.dumps(messages))

    def end(self) -> None:
        """Let the connection end."""
        self._frames.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[aiohttp.WSMessage]:
        while (frame := await self._frames.get()) is not None:
            yield aiohttp.WSMessage(aiohttp.WSMsgType.TEXT, frame, None)

    async def send_json(self, message: dict[str, Any]) -> None:
        """Answer each command at once."""
        self.come({"id": message["id"], "type": "result", "success": True, "result": []})

    async def close(self) -> None:
        """Close this end."""


@pytest.fixture
def websocket() -> FakeWebsocket:
    return FakeWebsocket()


@pytest.fixture
async def connection(websocket: FakeWebsocket) -> AsyncGenerator[Connection]:
    async with aiohttp.ClientSession() as session:
        connection = Connection(
            "http://127.0.0.1", session, cast(aiohttp.ClientWebSocketResponse, websocket), "token"
        )
        await connection.set_up()
        yield connection
        await connection.close()


def shown(state: str) -> dict[str, Any]:
    """Return the event that the lock shows a state."""
    new_state = {"entity_id": LOCK, "state": state, "attributes": {}}
    return {"id": 1, "type": "event", "event": {"data": {"entity_id": LOCK, "new_state": new_state}}}


async def test_state_that_was_over_in_the_same_frame_is_found(
    connection: Connection, websocket: FakeWebsocket
) -> None:
    """As on a busy machine, which sends late and at once what a short run of the motor has shown."""
    waiting = asyncio.create_task(connection.wait_for_state(LOCK, "unlocking"))
    await asyncio.sleep(0)
    websocket.come(shown("unlocking"), shown("unlocked"))
    assert (await waiting).state == "unlocking"
    assert connection.states[LOCK].state == "unlocked"


async def test_state_that_is_there_needs_no_event(connection: Connection, websocket: FakeWebsocket) -> None:
    websocket.come(shown("locked"))
    await connection.wait_for_state(LOCK, "locked")
    await connection.wait_for_state(LOCK, "locked")


async def test_waiting_ends_with_the_connection(connection: Connection, websocket: FakeWebsocket) -> None:
    waiting = asyncio.create_task(connection.wait_for_state(LOCK, "unlocked"))
    await asyncio.sleep(0)
    websocket.end()
    with pytest.raises(HomeAssistantError, match=r"ended while waiting for lock\.front_door to be unlocked"):
        await waiting
    with pytest.raises(HomeAssistantError, match="ended while waiting"):
        await connection.wait_for_state(LOCK, "unlocked")


async def test_waiting_has_an_end(connection: Connection) -> None:
    with pytest.raises(HomeAssistantError, match=r"Waited 0 s in vain for lock\.front_door to be unlocked"):
        await connection.wait_for_state(LOCK, "unlocked", timeout=0.01)


async def test_condition_that_fails_is_told_to_the_one_who_waits(
    connection: Connection, websocket: FakeWebsocket
) -> None:
    async def wait() -> None:
        await connection.wait_for("the lock", lambda: LOCK in connection.states and 1 / 0)

    waiting = asyncio.create_task(wait())
    other = asyncio.create_task(connection.wait_for_state(LOCK, "locked"))
    await asyncio.sleep(0)
    websocket.come(shown("locked"))
    await other
    with pytest.raises(ZeroDivisionError):
        await waiting
