"""Sends a new repair about batteries or a fault to the phones that the owner has chosen."""

from collections.abc import Iterable
from typing import Any, override

from homeassistant.components.notify import ATTR_DATA, ATTR_MESSAGE, ATTR_TITLE, DOMAIN as NOTIFY_DOMAIN
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.translation import async_get_translations

from custom_components.smartlock.const import CONF_PHONES, DOMAIN, LOGGER
from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.phones.app import notify_name_of

# Beginnings of the keys of issues that cannot wait until somebody opens Home Assistant.
_URGENT = ("battery_", "door_sensor_battery", "fault_", "keypad_battery")
# Those that may lock people out say so first.
_LOCKED_OUT = ("fault_clutch_failure", "fault_clutch_power_failure", "fault_motor_power_failure")
_REPAIRS = "/config/repairs"


class PhoneNotices(LockPart):
    """Watches the issues of one lock."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, issues: LockIssues) -> None:
        """Prepare; `start` begins."""
        self._hass = hass
        self._entry = entry
        self._issues = issues

    @property
    def phones(self) -> list[str]:
        """The devices of the phones."""
        return list(self._entry.options.get(CONF_PHONES, ()))

    @override
    @callback
    def start(self) -> None:
        """Follow new issues. One that was there before a restart is none."""
        self._entry.async_on_unload(
            self._hass.bus.async_listen(ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED, self._changed)
        )

    @callback
    def _changed(self, event: Event[ir.EventIssueRegistryUpdatedData]) -> None:
        issue_id = event.data["issue_id"]
        if event.data["action"] != "create" or event.data["domain"] != DOMAIN or not self.phones:
            return
        if issue_id.startswith(_URGENT) and self._issues.has(issue_id):
            self._entry.async_create_background_task(
                self._hass, self.async_send(issue_id, self.phones), f"{DOMAIN} notice to phones"
            )

    async def async_send(self, issue_id: str, phones: Iterable[str]) -> None:
        """Send an issue to phones; one that is gone by now is not sent."""
        issue = ir.async_get(self._hass).async_get_issue(DOMAIN, issue_id)
        if issue is None or issue.translation_key is None:
            return
        key, language = issue.translation_key, self._hass.config.language
        titles = await async_get_translations(self._hass, language, "issues", [DOMAIN])
        texts = await async_get_translations(self._hass, language, "common", [DOMAIN])
        names = ["locked_out", "see_repairs"] if key in _LOCKED_OUT else ["see_repairs"]
        notice: dict[str, Any] = {
            ATTR_TITLE: titles[f"component.{DOMAIN}.issues.{key}.title"].format(
                **(issue.translation_placeholders or {})
            ),
            ATTR_MESSAGE: " ".join(texts[f"component.{DOMAIN}.common.{name}"] for name in names),
            # A tap opens it, on iOS and on Android; the same issue again replaces its notice.
            ATTR_DATA: {"url": _REPAIRS, "clickAction": _REPAIRS, "tag": issue_id},
        }
        for phone in phones:
            name = notify_name_of(self._hass, phone)
            try:
                if name is not None:
                    await self._hass.services.async_call(NOTIFY_DOMAIN, name, dict(notice), blocking=True)
            except Exception as error:  # noqa: BLE001 - another integration's; the other phones must not miss it
                LOGGER.warning("A notice could not be sent to a phone: %s", type(error).__name__)
