"""Asks a person's phone through the companion app where it is, and whether to unlock."""

from collections.abc import Callable, Mapping
import secrets
from typing import Any

from homeassistant.components.notify import ATTR_DATA, ATTR_MESSAGE, ATTR_TITLE, DOMAIN as NOTIFY_DOMAIN
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.translation import async_get_translations

from custom_components.smartlock.const import DOMAIN, LOGGER

# Names of the companion app: https://companion.home-assistant.io/docs/notifications/notifications-basic
_EVENT_ANSWER = "mobile_app_notification_action"
_ASK_LOCATION = "request_location_update"
_CLEAR = "clear_notification"


class PhoneApp:
    """Reaches one phone through its notify action."""

    def __init__(self, hass: HomeAssistant, notify: Callable[[], str | None]) -> None:
        """Take a callable for the name of the notify action, such as `mobile_app_annas_phone`."""
        self._hass = hass
        self._notify = notify
        self._stop_listening: CALLBACK_TYPE | None = None
        self._tag = ""

    async def ask_location(self) -> None:
        """Ask the phone for its location; the answer arrives as a state of its tracker."""
        await self._send({ATTR_MESSAGE: _ASK_LOCATION})

    async def ask(self, question: str, lock: str, on_answer: Callable[[bool], None]) -> None:
        """Show a yes/no question about a lock; `question` is the key of its text.

        `on_answer` is called at most once. An earlier question becomes void.
        """
        self.forget()
        texts = await async_get_translations(self._hass, self._hass.config.language, "common", [DOMAIN])

        def text(key: str) -> str:
            return texts[f"component.{DOMAIN}.common.{key}"].format(lock=lock)

        # The answer must be to this very question.
        self._tag = token = f"{DOMAIN}_{secrets.token_hex(8)}"

        @callback
        def answered(event: Event) -> None:
            action = event.data.get("action")
            if action in (f"{token}_yes", f"{token}_no"):
                self.forget()
                self._tag = ""
                on_answer(action == f"{token}_yes")

        self._stop_listening = self._hass.bus.async_listen(_EVENT_ANSWER, answered)
        await self._send(
            {
                ATTR_TITLE: lock,
                ATTR_MESSAGE: text(question),
                ATTR_DATA: {
                    "tag": token,
                    "ttl": 0,
                    "priority": "high",
                    "actions": [
                        # Not from a lock screen: a phone that was found or stolen proves nothing.
                        {"action": f"{token}_yes", "title": text("yes"), "authenticationRequired": True},
                        {"action": f"{token}_no", "title": text("no")},
                    ],
                },
            }
        )

    @callback
    def forget(self) -> None:
        """Accept no more answers."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None

    @property
    def asking(self) -> bool:
        """Whether a question without an answer is on the screen."""
        return bool(self._tag)

    async def clear(self) -> None:
        """Remove the question from the screen, as an answer would have no effect."""
        self.forget()
        tag, self._tag = self._tag, ""
        if tag:
            await self._send({ATTR_MESSAGE: _CLEAR, ATTR_DATA: {"tag": tag}})

    async def _send(self, message: Mapping[str, Any]) -> None:
        try:
            await self._hass.services.async_call(
                NOTIFY_DOMAIN, self._notify() or "", dict(message), blocking=True
            )
        except Exception as error:  # noqa: BLE001 - whatever the app raises, the question was not shown
            LOGGER.info("The phone could not be asked: %s", type(error).__name__)
