"""The only module that writes repair issues, with one policy for all of them.

An issue stays in the registry over a reload, so that one the owner has ignored stays ignored as long as its
cause lasts. A disabled or removed lock has none.
"""

from collections.abc import Callable, Mapping
import hashlib

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.issue_registry import IssueSeverity

from custom_components.smartlock.const import DOCUMENTATION, DOMAIN

# Part of the data of an issue that has a guided repair.
ATTR_ENTRY_ID = "entry_id"
ATTR_FLOW = "flow"


@callback
def show_for_all(
    hass: HomeAssistant,
    key: str,
    *,
    severity: IssueSeverity = IssueSeverity.WARNING,
    placeholders: Mapping[str, str] | None = None,
) -> None:
    """Show an issue that is not about a particular lock."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        key,
        is_fixable=False,
        severity=severity,
        translation_key=key,
        translation_placeholders=dict(placeholders or {}),
    )


@callback
def withdraw_for_all(hass: HomeAssistant, key: str) -> None:
    """Withdraw an issue, if it is shown."""
    ir.async_delete_issue(hass, DOMAIN, key)


class LockIssues:
    """The repair issues of one lock."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Prepare for one lock; nothing is shown yet."""
        self._hass = hass
        self._entry = entry
        # Home Assistant includes the ids of issues in its diagnostics, where nothing may name the lock.
        self._lock = hashlib.sha256(entry.entry_id.encode()).hexdigest()[:8]

    @callback
    def show(
        self,
        key: str,
        *,
        severity: IssueSeverity = IssueSeverity.WARNING,
        placeholders: Mapping[str, str] | None = None,
        flow: str | None = None,
        data: Mapping[str, str] | None = None,
        learn_more: str | None = None,
        subject: str = "",
    ) -> None:
        """Show an issue, or update one that is shown; one that was ignored stays ignored.

        `key` is the translation key; `flow` names the guided repair in `repairs.py`, which receives `data`.
        `learn_more` is one of our documents, with its anchor. `subject` distinguishes issues with the same
        key.
        """
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._issue_id(key, subject),
            data=None
            if flow is None
            else {ATTR_FLOW: flow, ATTR_ENTRY_ID: self._entry.entry_id, **(data or {})},
            is_fixable=flow is not None,
            learn_more_url=None if learn_more is None else f"{DOCUMENTATION}{learn_more}",
            severity=severity,
            translation_key=key,
            translation_placeholders={"name": self._entry.title, **(placeholders or {})},
        )

    @callback
    def withdraw(self, key: str, subject: str = "") -> None:
        """Withdraw an issue, if there is one: its cause is gone."""
        ir.async_delete_issue(self._hass, DOMAIN, self._issue_id(key, subject))

    @callback
    def shows(self, key: str, subject: str = "") -> bool:
        """Whether there is an issue, also one from before a restart that was neither shown again nor withdrawn yet."""
        return ir.async_get(self._hass).async_get_issue(DOMAIN, self._issue_id(key, subject)) is not None

    @callback
    def rename(self) -> None:
        """Show the issues of this lock under the name that it has now; what was ignored stays ignored."""
        for issue in tuple(ir.async_get(self._hass).issues.values()):
            words = issue.translation_placeholders
            if not issue.active or issue.domain != DOMAIN or not self.has(issue.issue_id) or words is None:
                continue
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                issue.issue_id,
                data=issue.data,
                is_fixable=bool(issue.is_fixable),
                learn_more_url=issue.learn_more_url,
                severity=issue.severity or IssueSeverity.WARNING,
                translation_key=issue.translation_key or "",
                translation_placeholders={**words, "name": self._entry.title},
            )

    def has(self, issue_id: str) -> bool:
        """Whether an issue of this integration is about this lock."""
        return issue_id.endswith(self._issue_id("", ""))

    @callback
    def keep_only(self, key: str, keep: Callable[[str], bool]) -> None:
        """Withdraw the issues with this key for whose subject `keep` returns false."""
        start, ending = f"{key}_", self._issue_id("", "")
        for domain, issue_id in tuple(ir.async_get(self._hass).issues):
            if domain == DOMAIN and issue_id.startswith(start) and issue_id.endswith(ending):
                subject = issue_id.removeprefix(start).removesuffix(ending)
                if not keep(subject):
                    ir.async_delete_issue(self._hass, DOMAIN, issue_id)

    @callback
    def withdraw_all(self) -> None:
        """Withdraw all issues of this lock."""
        ending = self._issue_id("", "")
        for domain, issue_id in tuple(ir.async_get(self._hass).issues):
            if domain == DOMAIN and issue_id.endswith(ending):
                ir.async_delete_issue(self._hass, DOMAIN, issue_id)

    def _issue_id(self, key: str, subject: str) -> str:
        about = f"{key}_{subject}" if subject else key
        return f"{about}_{self._lock}"
