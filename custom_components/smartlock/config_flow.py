"""Adding a lock: find it, detect its generation, ask only for what it needs, wait for the button, pair."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import BluetoothServiceInfoBleak
from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigFlowResult, ConfigSubentryFlow
from homeassistant.const import CONF_ADDRESS
from homeassistant.core import callback
from homeassistant.helpers.selector import SelectOptionDict, SelectSelector, SelectSelectorConfig
import voluptuous as vol

from custom_components.smartlock.auto_unlock.flow import AutoUnlockFlow
from custom_components.smartlock.auto_unlock.rule import SUBENTRY_TYPE
from custom_components.smartlock.client.pairing import identify
from custom_components.smartlock.const import CONF_CLIENT_TYPE, CONF_GENERATION, CONF_NUKI_ID, DOMAIN
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.link.advertisements import SeenLock, seen_lock
from custom_components.smartlock.link.search import searching
from custom_components.smartlock.options_flow import SmartLockOptionsFlow
from custom_components.smartlock.pairing.flow import PairingSteps
from custom_components.smartlock.pairing.words import signal_of
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.protocol.beacon import is_vendors
from custom_components.smartlock.protocol.dialects import DIALECTS
from custom_components.smartlock.protocol.errors import SmartLockError
from custom_components.smartlock.runtime import SmartLockConfigEntry, SmartLockRuntime

# How long a search waits, in seconds, for a lock at all or for the beacon of one that has only sent HomeKit frames.
_SEARCH_TIME = 6.0
# The same, in seconds, for a lock that was discovered by its HomeKit frame: nobody is waiting.
_BEACON_TIME = 30.0


class SmartLockConfigFlow(PairingSteps, domain=DOMAIN):
    """Adds a lock, or pairs an existing one again."""

    VERSION = 1

    def __init__(self) -> None:
        """Begin without a lock."""
        super().__init__()
        self._found: dict[str, SeenLock] = {}
        self._named = ""

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> SmartLockOptionsFlow:
        """Return the menu of options."""
        return SmartLockOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        """Return what can be added to a lock."""
        return {SUBENTRY_TYPE: AutoUnlockFlow}

    # --- Choosing the lock --------------------------------------------------------------------------------

    @override
    async def async_step_bluetooth(self, discovery_info: BluetoothServiceInfoBleak) -> ConfigFlowResult:
        """Take a lock that Home Assistant has discovered."""
        address = discovery_info.address.upper()
        lock = seen_lock(discovery_info)
        if lock is None and not is_vendors(address):
            # Some other accessory of HomeKit.
            return self.async_abort(reason="not_supported")
        await self.async_set_unique_id(address)
        self._abort_if_unique_id_configured()
        if lock is None:
            # Its HomeKit frame came first, and Home Assistant announces a device once.
            with searching(self.hass) as search:
                await search.until(lambda: address in search.locks, _BEACON_TIME)
            lock = search.locks.get(address)
        if lock is None:
            return self.async_abort(reason="not_supported")
        await self._async_take(lock, discovery_info.rssi)
        return await self.async_step_confirm()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Search, and let the owner choose among the locks in range."""
        if user_input is not None and CONF_ADDRESS in user_input:
            lock = self._found.get(user_input[CONF_ADDRESS])
            if lock is not None and self._can_be_added(lock.address):
                await self.async_set_unique_id(lock.address, raise_on_progress=False)
                self._abort_if_unique_id_configured()
                await self._async_take(lock, signal_of(self.hass, lock.address))
                return await self.async_step_confirm({})
        locks = self._found = await self._search()
        if not locks:
            # An empty form: submitting it searches again.
            return self.async_show_form(
                step_id="user",
                data_schema=vol.Schema({}),
                errors={} if user_input is None else {"base": "no_locks_found"},
                description_placeholders={"count": "0"},
            )
        words = await self._async_words()
        # The nearest first: it may be the one that the owner stands at.
        signals = {address: signal_of(self.hass, address) for address in locks}
        options = [
            SelectOptionDict(
                value=address,
                label=_named(locks[address].name, words.about(locks[address].dialect, signals[address])),
            )
            for address in sorted(locks, key=lambda each: (-(signals[each] or -200), each))
        ]
        return self.async_show_form(
            step_id="user",
            data_schema=vol.Schema(
                {vol.Required(CONF_ADDRESS): SelectSelector(SelectSelectorConfig(options=options))}
            ),
            description_placeholders={"count": str(len(locks))},
        )

    async def _search(self) -> dict[str, SeenLock]:
        """Return the locks in range that are not set up, by address."""
        with searching(self.hass) as search:
            await bluetooth.async_request_active_scan(self.hass)
            await search.until(lambda: search.complete, _SEARCH_TIME)
        return {address: lock for address, lock in search.locks.items() if self._can_be_added(address)}

    def _can_be_added(self, address: str) -> bool:
        """Whether a lock is in range and not set up."""
        configured = self._async_current_ids(include_ignore=False)
        return address not in configured and bluetooth.async_address_present(self.hass, address)

    async def _async_take(self, lock: SeenLock, rssi: int | None) -> None:
        """Take a lock that was discovered or chosen; its signal tells it from another one nearby."""
        self._lock = lock
        self._dialect = lock.dialect
        self._title = lock.name
        words = await self._async_words()
        self._named = _named(lock.name, words.about(lock.dialect, rssi))
        self.context["title_placeholders"] = {"name": self._named}

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """The lock no longer knows us."""
        self._take_entry(self._get_reauth_entry())
        return await self.async_step_reauth_confirm()

    @property
    def _paired_runtime(self) -> SmartLockRuntime | None:
        """The parts of the lock that is being paired again, if it is set up."""
        entry: SmartLockConfigEntry | None = self.paired_entry
        loaded = entry is not None and entry.state is ConfigEntryState.LOADED
        return entry.runtime_data if entry is not None and loaded else None

    @property
    @override
    def paired_pin_state(self) -> PinState | None:
        runtime = self._paired_runtime
        return None if runtime is None else runtime.pin.state

    @property
    @override
    def paired_coordinator(self) -> SmartLockCoordinator | None:
        runtime = self._paired_runtime
        return None if runtime is None else runtime.coordinator

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Explain what happened before asking for anything."""
        if user_input is None:
            return self.async_show_form(
                step_id="reauth_confirm", description_placeholders=self._placeholders()
            )
        if await self.async_resume():
            return await self.async_step_button()
        return await self.async_step_pair()

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Pair again, to change the client type or after keys were lost."""
        self._take_entry(self._get_reconfigure_entry())
        return await self.async_step_pair()

    def _take_entry(self, entry: ConfigEntry) -> None:
        self._lock = SeenLock(
            address=entry.data[CONF_ADDRESS],
            nuki_id=entry.data[CONF_NUKI_ID],
            dialect=DIALECTS[entry.data[CONF_GENERATION]],
        )
        self._dialect = self._lock.dialect
        self._title = entry.title
        if client_type := entry.data.get(CONF_CLIENT_TYPE):
            self._input = {CONF_CLIENT_TYPE: client_type}

    # --- What the lock needs ------------------------------------------------------------------------------

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask before the first connection, then detect the generation."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if await self.async_resume():
                # The lock is paired already; only the entry is missing.
                return await self.async_step_button()
            try:
                if self._dialect is None:
                    self._dialect = await identify(self._transport())
            except SmartLockError as error:
                errors["base"] = self._tell(error)
            else:
                return await self.async_step_pair()
        return self.async_show_form(
            step_id="confirm",
            errors=errors,
            description_placeholders=self._placeholders() | {"named": self._named},
        )


def _named(name: str, about: str) -> str:
    return f"{name} ({about})" if about else name
