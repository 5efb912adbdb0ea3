"""What phones, speakers and sentences make of a lock: the real code of Home Assistant, asked as they ask it."""

from pathlib import Path
from typing import Any, Self

from homeassistant.auth.const import GROUP_ID_ADMIN
from homeassistant.components import alexa, conversation, google_assistant
from homeassistant.components.alexa.smart_home import AlexaConfig, async_handle_message as alexa_message
from homeassistant.components.google_assistant.const import SOURCE_CLOUD
from homeassistant.components.google_assistant.http import GoogleConfig
from homeassistant.components.google_assistant.smart_home import async_handle_message as google_message
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.components.homekit import type_locks
from homeassistant.components.homekit.accessories import HomeBridge, HomeDriver, get_accessory
from homeassistant.components.homekit.iidmanager import AccessoryIIDStorage
from homeassistant.core import Context, HomeAssistant
from homeassistant.setup import async_setup_component

__all__ = ["GOOGLE_PIN", "Alexa", "Assist", "Google", "HomeKit"]

GOOGLE_PIN = "4711"

# The words of Apple's specification for the numbers of the two characteristics.
_SECURED = {0: "unsecured", 1: "secured", 2: "jammed", 3: "unknown"}


class HomeKit:
    """A HomeKit accessory, alone (as its config flow adds locks) or behind a bridge."""

    def __init__(self, driver: HomeDriver, accessory: type_locks.Lock) -> None:
        """Take what `start` has made."""
        self._driver = driver
        self._accessory = accessory

    @classmethod
    async def start(cls, hass: HomeAssistant, entity_id: str, folder: Path, *, bridged: bool) -> Self:
        """Offer a lock to HomeKit, without opening a port."""
        storage = AccessoryIIDStorage(hass, "homekit")
        await storage.async_initialize()
        driver = HomeDriver(
            hass,
            "homekit",
            "Home",
            "Home",
            storage,
            loop=hass.loop,
            address="127.0.0.1",
            persist_file=str(folder / f"homekit-{bridged}.state"),
        )
        state = hass.states.get(entity_id)
        assert state is not None
        accessory = get_accessory(hass, driver, state, 2 if bridged else 1, {})
        assert isinstance(accessory, type_locks.Lock)
        if bridged:
            bridge = HomeBridge(hass, driver, "Home")
            bridge.add_accessory(accessory)
            await hass.async_add_executor_job(driver.add_accessory, bridge)
        else:
            await hass.async_add_executor_job(driver.add_accessory, accessory)
        accessory.run()
        return cls(driver, accessory)

    def shown(self) -> tuple[str, str]:
        """Return the current and the target state as a phone reads them now."""
        return self._read(self._accessory.char_current_state), self._read(self._accessory.char_target_state)

    def _read(self, characteristic: Any) -> str:
        path = f"{self._accessory.aid}.{self._accessory.iid_manager.get_iid(characteristic)}"
        (answer,) = self._driver.get_characteristics([path])["characteristics"]
        return _SECURED[answer["value"]] if answer["status"] == 0 else "no response"

    def order(self, *, secured: bool) -> None:
        """Set the target state, as the tile in the Home app does."""
        self._accessory.char_target_state.client_update_value(int(secured))


class Alexa:
    """The smart home skill."""

    def __init__(self, hass: HomeAssistant, entity_id: str) -> None:
        """Take the lock that a customer speaks of."""
        self._hass = hass
        self._endpoint = entity_id.replace(".", "#")
        self._config = AlexaConfig(
            hass, alexa.CONFIG_SCHEMA({"alexa": {"smart_home": {}}})["alexa"]["smart_home"]
        )

    async def start(self) -> Self:
        """Load what the skill stores."""
        await self._config.async_initialize()
        return self

    async def shown(self) -> tuple[str, str]:
        """Return state and connectivity of a state report."""
        report = await self._send("Alexa", "ReportState")
        properties = {each["name"]: each["value"] for each in report["context"]["properties"]}
        return properties["lockState"], properties["connectivity"]["value"]

    async def order(self, name: str) -> tuple[str, str]:
        """Send a directive of the lock controller and return the kind and the state of the answer."""
        answer = await self._send("Alexa.LockController", name)
        properties = {each["name"]: each["value"] for each in answer.get("context", {}).get("properties", [])}
        header, payload = answer["event"]["header"], answer["event"]["payload"]
        return header["name"], properties.get("lockState") or payload.get("type", "")

    async def _send(self, namespace: str, name: str) -> dict[str, Any]:
        directive = {
            "header": {
                "namespace": namespace,
                "name": name,
                "messageId": "1",
                "correlationToken": "1",
                "payloadVersion": "3",
            },
            "endpoint": {"endpointId": self._endpoint, "cookie": {}},
            "payload": {},
        }
        return await alexa_message(self._hass, self._config, {"directive": directive})


class Google:
    """The Google Home action, with a PIN."""

    def __init__(self, hass: HomeAssistant, entity_id: str, *, report_state: bool = False) -> None:
        """Take the lock that a customer speaks of, and whether states are reported to Google."""
        self._hass = hass
        self._entity_id = entity_id
        self._user_id = ""
        self._config = GoogleConfig(  # type: ignore[no-untyped-call]
            hass,
            google_assistant.GOOGLE_ASSISTANT_SCHEMA(
                {
                    "project_id": "home",
                    "secure_devices_pin": GOOGLE_PIN,
                    "report_state": report_state,
                    "service_account": {"private_key": "none", "client_email": "nobody@example.com"},
                }
            ),
        )

    async def start(self) -> Self:
        """Give the action a user, as whom it acts."""
        user = await self._hass.auth.async_create_system_user("Google", group_ids=[GROUP_ID_ADMIN])
        self._user_id = user.id
        return self

    async def shown(self) -> dict[str, Any]:
        """Return what a query is answered."""
        payload = {"devices": [{"id": self._entity_id}]}
        answer: dict[str, Any] = (await self._send("QUERY", payload))["devices"][self._entity_id]
        return answer

    async def order(self, *, lock: bool, pin: str | None = None) -> dict[str, Any]:
        """Send an order and return what it is answered."""
        execution: dict[str, Any] = {
            "command": "action.devices.commands.LockUnlock",
            "params": {"lock": lock},
        }
        if pin:
            execution["challenge"] = {"pin": pin}
        payload = {"commands": [{"devices": [{"id": self._entity_id}], "execution": [execution]}]}
        answer = await self._send("EXECUTE", payload)
        # An error that Google's side of Home Assistant does not expect becomes one for the whole request.
        first: dict[str, Any] = (
            answer["commands"][0] if "commands" in answer else {"status": "ERROR", **answer}
        )
        return first

    async def _send(self, intent: str, payload: dict[str, Any]) -> dict[str, Any]:
        message = {
            "requestId": "1",
            "inputs": [{"intent": f"action.devices.{intent}", "payload": payload}],
        }
        answer = await google_message(  # type: ignore[no-untyped-call]
            self._hass, self._config, "customer", self._user_id, message, SOURCE_CLOUD
        )
        payload_of: dict[str, Any] = answer["payload"]
        return payload_of


class Assist:
    """Sentences."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Take Home Assistant."""
        self._hass = hass

    async def start(self, *entity_ids: str) -> Self:
        """Start the conversation agent, with these entities exposed."""
        for each in ("homeassistant", "conversation"):
            assert await async_setup_component(self._hass, each, {})
        for entity_id in entity_ids:
            async_expose_entity(self._hass, conversation.DOMAIN, entity_id, True)
        return self

    async def say(self, sentence: str, language: str) -> str:
        """Say a sentence and return the answer."""
        result = await conversation.async_converse(self._hass, sentence, None, Context(), language)
        return str(result.response.speech["plain"]["speech"])
