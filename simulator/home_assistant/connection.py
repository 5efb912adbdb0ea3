"""A connection to a running Home Assistant, as its user interface makes it: REST and websocket.

The states of all entities are mirrored from the state events, so that waiting for something costs
nothing and sees every state an entity went through, however short.
"""

import asyncio
from collections.abc import Callable, Mapping
import contextlib
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Self

import aiohttp

__all__ = [
    "WAIT_TIMEOUT",
    "Connection",
    "HomeAssistantError",
    "Login",
    "RequestError",
    "State",
    "timed_out",
]

# Seconds. Answers come in milliseconds; a service call lasts as long as the bolt moves.
REQUEST_TIMEOUT: Final = 60.0
WAIT_TIMEOUT: Final = 30.0
LOGIN_TIMEOUT: Final = 30.0


class HomeAssistantError(Exception):
    """Home Assistant did not start, did not answer, or did not do what was waited for."""


class RequestError(HomeAssistantError):
    """Home Assistant refused a request.

    Attributes:
        code: Its error code, or the HTTP status.
        message: The text that a person would see.
        translation_key: Key of that text, None if it is not a translated one.
    """

    def __init__(self, code: str, message: str, translation_key: str | None = None) -> None:
        """Keep what Home Assistant said."""
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.translation_key = translation_key


def timed_out(what: str, timeout: float) -> HomeAssistantError:
    """Return the error for something that did not come within so many seconds."""
    return HomeAssistantError(f"Waited {timeout:.0f} s in vain for {what}")


@dataclass(frozen=True, kw_only=True)
class State:
    """The state of one entity."""

    entity_id: str
    state: str
    attributes: Mapping[str, Any]

    @classmethod
    def decode(cls, data: Mapping[str, Any]) -> Self:
        """Take what matters from the API's description of a state."""
        return cls(entity_id=data["entity_id"], state=data["state"], attributes=data["attributes"])


@dataclass(frozen=True, kw_only=True)
class Login:
    """User name and password of the owner's account."""

    name: str
    password: str = field(repr=False)

    async def create(self, session: aiohttp.ClientSession, url: str) -> None:
        """Create the account; possible once, while nobody owns the installation."""
        account = {
            "client_id": url,
            "name": self.name.capitalize(),
            "username": self.name,
            "password": self.password,
            "language": "en",
        }
        await _post(session, f"{url}/api/onboarding/users", json=account)

    async def token(self, session: aiohttp.ClientSession, url: str) -> str:
        """Log in and return an access token; Home Assistant lets it expire after 30 minutes."""
        request = {"client_id": url, "handler": ["homeassistant", None], "redirect_uri": url}
        flow = await _post(session, f"{url}/auth/login_flow", json=request)
        credentials = {"client_id": url, "username": self.name, "password": self.password}
        result = await _post(session, f"{url}/auth/login_flow/{flow['flow_id']}", json=credentials)
        if result["type"] != "create_entry":
            raise RequestError("login", f"refused: {result.get('errors')}")
        code = result["result"]
        grant = {"grant_type": "authorization_code", "code": code, "client_id": url}
        tokens = await _post(session, f"{url}/auth/token", data=grant)
        token: str = tokens["access_token"]
        return token


class Connection:
    """Requests, commands, events and the mirrored states.

    Attributes:
        states: The present state of every entity, by entity id.
        history: Every state that an entity took since the connection was made, oldest first.
    """

    def __init__(
        self,
        url: str,
        session: aiohttp.ClientSession,
        websocket: aiohttp.ClientWebSocketResponse,
        token: str,
    ) -> None:
        """Take an authenticated websocket; use `connect` instead."""
        self.states: dict[str, State] = {}
        self.history: list[State] = []
        self._url = url
        self._session = session
        self._websocket = websocket
        self._headers = {"Authorization": f"Bearer {token}"}
        self._last_id = 0
        self._results: dict[int, asyncio.Future[Any]] = {}
        self._listeners: dict[int, Callable[[dict[str, Any]], None]] = {}
        self._looks: list[Callable[[], None]] = []
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, url: str, login: Login) -> Self:
        """Log in, connect and mirror the states; `url` has no slash at the end."""
        session = aiohttp.ClientSession()
        try:
            token = await login.token(session, url)
            websocket = await _open_websocket(session, url, token)
        except BaseException:
            await session.close()
            raise
        connection = cls(url, session, websocket, token)
        try:
            await connection.set_up()
        except BaseException:
            await connection.close()
            raise
        return connection

    async def set_up(self) -> None:
        """Make the subscriptions."""
        await self.subscribe("state_changed", self._on_state)
        for state in await self.command("get_states"):
            self.states[state["entity_id"]] = State.decode(state)

    async def close(self) -> None:
        """Disconnect."""
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        await self._websocket.close()
        await self._session.close()

    async def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Make a REST request with a JSON body and return the decoded answer.

        Raises:
            RequestError: The status is not one of success.
        """
        async with self._session.request(
            method,
            self._url + path,
            json=body,
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(REQUEST_TIMEOUT),
        ) as response:
            return await _decode(response)

    async def command(self, name: str, /, **fields: Any) -> Any:
        """Send a websocket command and return its result.

        Raises:
            RequestError: Home Assistant answered with an error.
            HomeAssistantError: It did not answer, or the connection ended.
        """
        return await self._send(self._next_id(), name, fields)

    async def subscribe(self, event: str, on_event: Callable[[dict[str, Any]], None]) -> None:
        """Call `on_event` with the data of every event of this type from now on."""
        await self.stream("subscribe_events", lambda told: on_event(told["data"]), event_type=event)

    async def stream(self, name: str, on_event: Callable[[dict[str, Any]], None], /, **fields: Any) -> None:
        """Send a websocket command that is answered for as long as the connection lasts."""
        subscription = self._next_id()
        self._listeners[subscription] = on_event
        await self._send(subscription, name, fields)

    async def wait_for_state(self, entity_id: str, *states: str, timeout: float = WAIT_TIMEOUT) -> State:
        """Wait until an entity is in one of these states."""

        def matching() -> State | None:
            state = self.states.get(entity_id)
            return state if state and state.state in states else None

        return await self.wait_for(f"{entity_id} to be {' or '.join(states)}", matching, timeout)

    async def wait_for[T](
        self, what: str, condition: Callable[[], T | None], timeout: float = WAIT_TIMEOUT
    ) -> T:
        """Wait until a condition, looked at again after each event, returns something true.

        Events that come together are no exception: what is true between two of them is found.

        Raises:
            HomeAssistantError: It did not within `timeout` seconds; `what` is in the message.
        """
        found: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def look() -> None:
            if found.done():
                return
            try:
                if result := condition():
                    found.set_result(result)
                elif self._reader.done():
                    found.set_exception(HomeAssistantError(f"The connection ended while waiting for {what}"))
            except Exception as error:  # noqa: BLE001 - for the one who waits
                found.set_exception(error)

        look()
        self._looks.append(look)
        try:
            async with asyncio.timeout(timeout):
                return await found
        except TimeoutError:
            raise timed_out(what, timeout) from None
        finally:
            self._looks.remove(look)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    async def _send(self, message_id: int, name: str, fields: Mapping[str, Any]) -> Any:
        if self._reader.done():
            raise HomeAssistantError("The connection to Home Assistant has ended")
        result = self._results[message_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                await self._websocket.send_json({"id": message_id, "type": name, **fields})
                return await result
        except TimeoutError:
            raise timed_out(f"an answer to {name}", REQUEST_TIMEOUT) from None
        finally:
            del self._results[message_id]

    async def _read(self) -> None:
        """Hand out everything that comes until the connection ends."""
        try:
            async for message in self._websocket:
                content = message.json()
                # One frame carries several messages if they were ready at once.
                for part in content if isinstance(content, list) else [content]:
                    self._take(part)
        finally:
            for result in self._results.values():
                if not result.done():
                    result.set_exception(HomeAssistantError("The connection to Home Assistant has ended"))
            # After this task is done, so that those who wait see it.
            asyncio.get_running_loop().call_soon(self._notify)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "event":
            if listener := self._listeners.get(message["id"]):
                listener(message["event"])
                self._notify()
            return
        result = self._results.get(message["id"])
        if result is None or result.done():
            return
        if message.get("success", True):
            result.set_result(message.get("result"))
        else:
            error = message["error"]
            result.set_exception(RequestError(error["code"], error["message"], error.get("translation_key")))

    def _on_state(self, data: dict[str, Any]) -> None:
        if data["new_state"] is None:
            self.states.pop(data["entity_id"], None)
            return
        state = State.decode(data["new_state"])
        self.states[state.entity_id] = state
        self.history.append(state)

    def _notify(self) -> None:
        for look in list(self._looks):
            look()


async def _open_websocket(
    session: aiohttp.ClientSession, url: str, token: str
) -> aiohttp.ClientWebSocketResponse:
    """Connect and authenticate."""
    websocket = await session.ws_connect(f"{url}/api/websocket", max_msg_size=0, heartbeat=30)
    async with asyncio.timeout(LOGIN_TIMEOUT):
        await websocket.receive_json()  # auth_required
        await websocket.send_json({"type": "auth", "access_token": token})
        answer = await websocket.receive_json()
    if answer["type"] != "auth_ok":
        raise RequestError("login", answer.get("message", "refused"))
    return websocket


async def _post(session: aiohttp.ClientSession, url: str, **request: Any) -> Any:
    async with session.post(url, **request) as response:
        return await _decode(response)


async def _decode(response: aiohttp.ClientResponse) -> Any:
    """Return the JSON body of an answer. Raises RequestError if it is not one of success."""
    if response.status >= HTTPStatus.BAD_REQUEST:
        raise RequestError(str(response.status), await response.text())
    return await response.json()
