"""Tells the owner what other ways into the lock mean for Home Assistant, and the coordinator how to read then."""

from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.issue_registry import IssueSeverity
from homeassistant.helpers.storage import Store

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.remote_access.rules import Notice, OtherClients
from custom_components.smartlock.storage import lock_store

_DOCUMENTATION = "https://github.com/smartlock-ha/smartlock#other-ways-into-the-lock"


class ClientNotices:
    """Keeps the notices of one lock as its remote access is."""

    def __init__(self, hass: HomeAssistant, coordinator: SmartLockCoordinator) -> None:
        """Prepare; `async_start` begins."""
        self._hass = hass
        self._coordinator = coordinator
        self._store: Store[dict[str, Any]] = lock_store(hass, coordinator.nuki_id, "clients")
        self._clients = OtherClients()

    async def async_start(self) -> CALLBACK_TYPE:
        """Load what was seen before and follow the lock; return what ends that."""
        self._clients = OtherClients.restored(await self._store.async_load() or {})
        stop = self._coordinator.async_add_listener(self._update)

        @callback
        def end() -> None:
            stop()
            # A reload must not forget that the owner has dismissed a notice; who disables the lock needs none.
            if self._coordinator.config_entry.disabled_by is not None:
                async_forget_notices(self._hass, self._coordinator.nuki_id)

        return end

    @callback
    def _update(self) -> None:
        coordinator = self._coordinator
        states, bridge = coordinator.data.last_states, coordinator.is_bridge
        if states is None:
            return
        clients = self._clients.told(
            states,
            bridge=bridge,
            announced=coordinator.changes_announced,
            doubtful=coordinator.flag_is_doubtful,
        )
        if clients != self._clients:
            self._clients = clients
            coordinator.config_entry.async_create_background_task(
                self._hass, self._store.async_save(clients.stored()), f"{DOMAIN} clients"
            )
        notices = clients.notices(states, bridge=bridge)
        coordinator.async_rely_on_flag(useful=not notices - {Notice.BRIDGE_REPLACED})
        for notice in Notice:
            issue_id = _issue_id(notice, coordinator.nuki_id)
            if notice not in notices:
                ir.async_delete_issue(self._hass, DOMAIN, issue_id)
            elif not self._is_shown(issue_id):
                ir.async_create_issue(
                    self._hass,
                    DOMAIN,
                    issue_id,
                    is_fixable=False,
                    learn_more_url=_DOCUMENTATION,
                    severity=IssueSeverity.WARNING,
                    translation_key=notice,
                    translation_placeholders={"name": coordinator.config_entry.title},
                )

    def _is_shown(self, issue_id: str) -> bool:
        issue = ir.async_get(self._hass).async_get_issue(DOMAIN, issue_id)
        return issue is not None and issue.active


@callback
def async_forget_notices(hass: HomeAssistant, nuki_id: str) -> None:
    """Take the notices of a lock back."""
    for notice in Notice:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(notice, nuki_id))


def _issue_id(notice: Notice, nuki_id: str) -> str:
    return f"{notice}_{nuki_id}"
