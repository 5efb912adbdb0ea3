"""Repairs about one rule: what it needs is gone, or a question to its owner."""

from collections.abc import Mapping

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from custom_components.smartlock.const import DOMAIN

FLOW = "auto_unlock"
PHONE, GONE = "auto_unlock_phone", "auto_unlock_reference_gone"
_DOCUMENTATION = "https://github.com/smartlock-ha/smartlock/blob/main/docs/auto-unlock.md#repairs"


class RuleIssues:
    """The issues of one rule. What the owner has ignored stays ignored while its cause lasts."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, nuki_id: str, subentry_id: str) -> None:
        """Show none yet."""
        self._hass = hass
        self._entry = entry
        self._subentry_id = subentry_id
        self._prefix = f"{_prefix(nuki_id)}{subentry_id}_"

    @callback
    def show(self, key: str, kind: str, placeholders: Mapping[str, str]) -> None:
        """Show an issue of a kind, PHONE or GONE; `key` tells it from others of the rule."""
        fixable = kind == PHONE
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._prefix + key,
            data={"flow": FLOW, "entry_id": self._entry.entry_id, "rule": self._subentry_id}
            if fixable
            else None,
            is_fixable=fixable,
            learn_more_url=_DOCUMENTATION,
            severity=ir.IssueSeverity.WARNING,
            translation_key=kind,
            translation_placeholders={"lock": self._entry.title, **placeholders},
        )

    @callback
    def withdraw(self, key: str) -> None:
        """Take an issue back."""
        ir.async_delete_issue(self._hass, DOMAIN, self._prefix + key)

    @callback
    def keep_only(self, keys: set[str]) -> None:
        """Take back all but these."""
        _withdraw(self._hass, self._prefix, {self._prefix + key for key in keys})


@callback
def async_forget_rule_issues(hass: HomeAssistant, nuki_id: str) -> None:
    """Take back the issues of all rules of a lock."""
    _withdraw(hass, _prefix(nuki_id), set())


def _prefix(nuki_id: str) -> str:
    return f"auto_unlock_{nuki_id}_"


@callback
def _withdraw(hass: HomeAssistant, prefix: str, kept: set[str]) -> None:
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.startswith(prefix) and issue_id not in kept:
            ir.async_delete_issue(hass, DOMAIN, issue_id)
