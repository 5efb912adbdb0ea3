"""Home Assistant's app on a phone: it registers, tells where the phone is, also when it is asked.

It speaks the interface of Home Assistant's own `mobile_app` integration, which has to be set up.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from simulator.home_assistant import HomeAssistantApi

__all__ = ["CompanionApp"]

DOMAIN = "mobile_app"
_ASK_POSITION = "request_location_update"


@dataclass(kw_only=True)
class CompanionApp:
    """The app of one person, logged in as the owner.

    Attributes:
        tracker: Entity id of its device tracker.
        person: Entity id of the person that goes by it.
        notify: Name of its notify action.
        device: Name of the phone.
        notifications: What was sent to it, oldest first.
    """

    api: HomeAssistantApi
    webhook: str
    tracker: str
    person: str
    notify: str
    device: str
    notifications: list[dict[str, Any]] = field(default_factory=list)
    _position: tuple[float, float, float] | None = None
    _answers: set[asyncio.Task[None]] = field(default_factory=set)

    @classmethod
    async def install(cls, api: HomeAssistantApi, name: str) -> Self:
        """Install the app on the phone of a person who is new to Home Assistant."""
        device = _device(name)
        registration = await api.request(
            "POST",
            "/api/mobile_app/registrations",
            {
                "device_id": f"simulated-{name.lower()}",
                "app_id": "simulator",
                "app_name": "Simulated app",
                "app_version": "1.0",
                "device_name": device,
                "manufacturer": "Simulator",
                "model": "Phone",
                "os_name": "Simulator",
                "os_version": "1",
                "supports_encryption": False,
                "app_data": {"push_websocket_channel": True},
            },
        )
        tracker = _tracker(device)
        created = await api.command("person/create", name=name, device_trackers=[tracker])
        return await cls._open(api, name, registration["webhook_id"], created["id"])

    @classmethod
    async def again(
        cls, api: HomeAssistantApi, name: str, entries: Sequence[Mapping[str, Any]]
    ) -> Self | None:
        """Open the app of a person who has installed it before; None if nobody has.

        Args:
            api: The owner's connection.
            name: Of the person.
            entries: The config entries as Home Assistant has stored them.
        """
        device = _device(name)
        for entry in entries:
            if entry["domain"] == DOMAIN and entry["title"] == device:
                people = (await api.command("person/list"))["storage"]
                (person,) = [each["id"] for each in people if each["name"] == name]
                return await cls._open(api, name, entry["data"]["webhook_id"], person)
        return None

    @classmethod
    async def _open(cls, api: HomeAssistantApi, name: str, webhook: str, person: str) -> Self:
        device = _device(name)
        app = cls(
            api=api,
            webhook=webhook,
            tracker=_tracker(device),
            person=f"person.{person}",
            notify=f"mobile_app_{_slug(device)}",
            device=device,
        )
        await app.connect(api)
        await api.wait_for("the app's tracker", lambda: app.tracker in api.states)
        return app

    async def connect(self, api: HomeAssistantApi) -> None:
        """Receive notifications over a new connection, as after a restart."""
        self.api = api
        await api.stream(f"{DOMAIN}/push_notification_channel", self._receive, webhook_id=self.webhook)

    def _receive(self, notification: dict[str, Any]) -> None:
        self.notifications.append(notification)
        if notification["message"] == _ASK_POSITION and self._position is not None:
            answer = asyncio.create_task(self.tell_position(*self._position))
            self._answers.add(answer)
            answer.add_done_callback(self._answers.discard)

    def move(self, latitude: float, longitude: float, accuracy: float = 15) -> None:
        """Go somewhere without reporting it; a request for the position is answered with it."""
        self._position = (latitude, longitude, accuracy)

    async def tell_position(self, latitude: float, longitude: float, accuracy: float = 15) -> None:
        """Go somewhere and tell it, with the accuracy in m; it says the same when it is asked."""
        self.move(latitude, longitude, accuracy)
        await self._send("update_location", {"gps": [latitude, longitude], "gps_accuracy": accuracy})

    async def register_contact(self, name: str) -> None:
        """Tell of a contact, such as one that the phone sees; it is shut."""
        await self._send("register_sensor", self._contact(name, opened=False) | {"name": name})

    async def tell_contact(self, name: str, *, opened: bool) -> None:
        """Tell whether a contact is open."""
        await self._send("update_sensor_states", [self._contact(name, opened=opened)])

    @staticmethod
    def _contact(name: str, *, opened: bool) -> dict[str, Any]:
        return {"type": "binary_sensor", "unique_id": name.lower(), "state": opened}

    async def uninstall(self) -> None:
        """Remove the person and the app."""
        await self.api.command("person/delete", person_id=self.person.removeprefix("person."))
        for entry in await self.api.entries(DOMAIN):
            if entry["title"] == self.device:
                await self.api.remove_entry(entry["entry_id"])

    async def _send(self, kind: str, data: Any) -> None:
        await self.api.request("POST", f"/api/webhook/{self.webhook}", {"type": kind, "data": data})


def _device(name: str) -> str:
    return f"{name}s phone"


def _slug(device: str) -> str:
    return device.lower().replace(" ", "_")


def _tracker(device: str) -> str:
    return f"device_tracker.{_slug(device)}"
