"""Informs the owner about other ways into the lock, and has the coordinator poll accordingly."""

from typing import Any, override

from homeassistant.core import HomeAssistant, callback

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.remote_access.rules import Notice, OtherClients
from custom_components.smartlock.storage import LockStore, lock_store

_LEARN_MORE = "README.md#other-ways-into-the-lock"


class RemoteAccessNotices(LockPart):
    """Keeps one lock's notices in line with its remote access."""

    def __init__(self, hass: HomeAssistant, coordinator: SmartLockCoordinator, issues: LockIssues) -> None:
        """Prepare; `async_load` comes first."""
        self._hass = hass
        self._coordinator = coordinator
        self._issues = issues
        self._store: LockStore[dict[str, Any]] = lock_store(hass, coordinator.nuki_id, "clients")
        self._clients = OtherClients()

    @override
    async def async_load(self) -> None:
        """Load what was observed before."""
        self._clients = await self._store.async_load(OtherClients.from_json) or OtherClients()

    @override
    @callback
    def start(self) -> None:
        """Follow the lock."""
        self._coordinator.config_entry.async_on_unload(self._coordinator.async_add_listener(self._update))

    @callback
    def _update(self) -> None:
        coordinator = self._coordinator
        states, bridge = coordinator.data.last_states, coordinator.is_bridge
        if states is None:
            return
        clients = self._clients.after(
            states,
            bridge=bridge,
            announced=coordinator.policy.announced,
            doubtful=coordinator.policy.flag_is_doubtful,
        )
        if clients != self._clients:
            self._clients = clients
            coordinator.config_entry.async_create_background_task(
                self._hass, self._store.async_try_save(clients.to_json), f"{DOMAIN} clients"
            )
        notices = clients.notices(states, bridge=bridge)
        coordinator.async_rely_on_flag(useful=not notices - {Notice.BRIDGE_REPLACED})
        for notice in Notice:
            if notice in notices:
                self._issues.show(notice, learn_more=_LEARN_MORE)
            else:
                self._issues.withdraw(notice)
