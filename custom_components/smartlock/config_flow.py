"""Adding a lock: find it, tell its generation, ask only what it needs, wait for the button, pair."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
import hashlib
from typing import Any, override

from homeassistant import config_entries
from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import BluetoothServiceInfoBleak
from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
)
from homeassistant.const import CONF_ADDRESS, CONF_PIN
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import instance_id
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from custom_components.smartlock.advertisements import (
    SeenLock,
    announces_pairing,
    freshest_device,
    reachability,
    seen_lock,
)
from custom_components.smartlock.auto_unlock.flow import AutoUnlockFlow
from custom_components.smartlock.auto_unlock.rule import SUBENTRY_TYPE
from custom_components.smartlock.client.ble import BleTransport
from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.client.pairing import identify, pair
from custom_components.smartlock.const import (
    CLIENT_NAME,
    CLIENT_TYPE_APP,
    CLIENT_TYPE_BRIDGE,
    CONF_CLIENT_TYPE,
    CONF_GENERATION,
    CONF_NUKI_ID,
    DOMAIN,
    LOGGER,
)
from custom_components.smartlock.options_flow import SmartLockOptionsFlow
from custom_components.smartlock.pairings import EntryData, async_finished_pairings
from custom_components.smartlock.problems import problem
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.dialects import DIALECTS, Dialect
from custom_components.smartlock.protocol.enums import AuthorizationIdType, ErrorCode
from custom_components.smartlock.protocol.errors import (
    LinkError,
    LockRefusedError,
    NoFreeSlotError,
    NotAuthorizedError,
    NotPairingError,
    PinError,
    PinNotSetError,
    SmartLockError,
    UnreachableError,
)
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.pairing import Pairing
from custom_components.smartlock.protocol.wire import shown
from custom_components.smartlock.runtime import SmartLockConfigEntry

# The owner walks to the door and holds the button for 5 s.
_BUTTON_TIME = 120.0
# Home Assistant may still show an advertisement from before; ask the lock again no faster than this.
_TRY_PAUSE = 3.0
# A link that fails while the lock is in pairing mode is worth another try, until the mode ends.
_LINK_TRIES = 3
# Below this, owners report, the radio is not reliable.
_WEAK_SIGNAL = -90

# Refusals that can be explained before a lock is added. What is about the bolt means nothing there.
_EXPLAINED_REFUSALS = frozenset({"authorization_disabled", "busy", "not_authorized", "refused"})

_ID_TYPES = {CLIENT_TYPE_APP: AuthorizationIdType.APP, CLIENT_TYPE_BRIDGE: AuthorizationIdType.BRIDGE}


async def _app_id(hass: HomeAssistant) -> int:
    """Return the app id of this installation: pairing again replaces our own authorization in the lock."""
    installation = await instance_id.async_get(hass)
    return int.from_bytes(hashlib.sha256(f"{DOMAIN}:{installation}".encode()).digest()[:4], "little")


class SmartLockConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds one lock, or pairs again with one that is there."""

    VERSION = 1

    def __init__(self) -> None:
        """Start knowing nothing."""
        self._lock: SeenLock | None = None
        self._dialect: Dialect | None = None
        self._input: dict[str, Any] = {}
        self._pairing: EntryData | None = None
        self._resumed = False
        self._finished = False
        self._title = ""
        self._task: asyncio.Task[None] | None = None
        self._errors: dict[str, str] = {}
        self._reason = ""
        self._refused_pins: set[str] = set()

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

    # --- Which lock ---------------------------------------------------------------------------------------

    @override
    async def async_step_bluetooth(self, discovery_info: BluetoothServiceInfoBleak) -> ConfigFlowResult:
        """Take a lock that Home Assistant has heard."""
        lock = seen_lock(discovery_info)
        if lock is None:
            return self.async_abort(reason="not_supported")
        await self.async_set_unique_id(lock.address)
        self._abort_if_unique_id_configured()
        self._take(lock)
        return await self.async_step_confirm()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Search, and let the owner choose among the locks that are heard."""
        if user_input is not None and CONF_ADDRESS in user_input:
            lock = self._heard_locks().get(user_input[CONF_ADDRESS])
            if lock is not None:
                await self.async_set_unique_id(lock.address, raise_on_progress=False)
                self._abort_if_unique_id_configured()
                self._take(lock)
                return await self.async_step_confirm({})
        await bluetooth.async_request_active_scan(self.hass)
        locks = self._heard_locks()
        if not locks:
            # An empty form: submitting it searches again.
            return self.async_show_form(
                step_id="user",
                data_schema=vol.Schema({}),
                errors={} if user_input is None else {"base": "no_locks_found"},
                description_placeholders={"count": "0"},
            )
        options = [
            SelectOptionDict(value=address, label=f"{lock.name} ({address})")
            for address, lock in sorted(locks.items())
        ]
        return self.async_show_form(
            step_id="user",
            data_schema=vol.Schema(
                {vol.Required(CONF_ADDRESS): SelectSelector(SelectSelectorConfig(options=options))}
            ),
            description_placeholders={"count": str(len(locks))},
        )

    def _heard_locks(self) -> dict[str, SeenLock]:
        configured = self._async_current_ids(include_ignore=False)
        seen = map(seen_lock, bluetooth.async_discovered_service_info(self.hass, connectable=True))
        return {lock.address: lock for lock in seen if lock is not None and lock.address not in configured}

    @callback
    def _take(self, lock: SeenLock) -> None:
        self._lock = lock
        self._dialect = lock.dialect
        self._title = lock.name
        self.context["title_placeholders"] = {"name": lock.name}

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """The lock does not know us any more."""
        self._take_entry(self._get_reauth_entry())
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Say what happened before asking for anything."""
        if user_input is None:
            return self.async_show_form(
                step_id="reauth_confirm", description_placeholders=self._placeholders()
            )
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
        self._input = {
            key: value
            for key, value in (
                (CONF_CLIENT_TYPE, entry.data.get(CONF_CLIENT_TYPE)),
                (CONF_PIN, entry.options.get(CONF_PIN)),
            )
            if value
        }

    # --- What it needs ------------------------------------------------------------------------------------

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask before the first connection, then find out the generation."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._pairing = (await async_finished_pairings(self.hass)).get(self._address)
            if self._pairing is not None:
                # The pairing was finished before Home Assistant stopped; only the entry is missing.
                self._resumed = True
                self._dialect = DIALECTS[self._pairing["generation"]]
                return await self.async_step_button()
            try:
                if self._dialect is None:
                    self._dialect = await identify(self._transport())
            except SmartLockError as error:
                errors["base"] = self._tell(error)
            else:
                return await self.async_step_pair()
        return self.async_show_form(
            step_id="confirm", errors=errors, description_placeholders=self._placeholders()
        )

    async def async_step_pair(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what this generation needs for pairing."""
        errors, self._errors = self._errors, {}
        if user_input is not None:
            self._input = user_input
            errors = self._check_pin(user_input.get(CONF_PIN, ""))
            if not errors:
                return await self.async_step_button()
        dialect = self._known_dialect
        fields: dict[vol.Marker, Any] = {}
        # What was granted cannot be changed by filling in the form again.
        if dialect.client_types and self._pairing is None:
            fields[vol.Required(CONF_CLIENT_TYPE)] = SelectSelector(
                SelectSelectorConfig(
                    options=list(_ID_TYPES),
                    mode=SelectSelectorMode.LIST,
                    translation_key=CONF_CLIENT_TYPE,
                )
            )
        marker = vol.Required if dialect.pin_for_pairing else vol.Optional
        fields[marker(CONF_PIN)] = TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
        )
        return self.async_show_form(
            step_id="pair_with_pin" if dialect.pin_for_pairing else "pair",
            data_schema=self.add_suggested_values_to_schema(vol.Schema(fields), self._input),
            errors=errors,
            description_placeholders=self._placeholders() | {"digits": str(dialect.pin_digits)},
        )

    # The same form with other words: the PIN is needed here.
    async_step_pair_with_pin = async_step_pair

    def _check_pin(self, pin: str) -> dict[str, str]:
        dialect = self._known_dialect
        if not pin and not dialect.pin_for_pairing:
            return {}
        if len(pin) != dialect.pin_digits or not (pin.isascii() and pin.isdigit()):
            return {CONF_PIN: "pin_format"}
        # The lock counts wrong PINs and blocks at some number, so none is tried twice.
        return {CONF_PIN: "wrong_pin"} if pin in self._refused_pins else {}

    # --- The button ---------------------------------------------------------------------------------------

    async def async_step_button(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Tell the owner to hold the button, and pair as soon as the lock is in pairing mode."""
        if self._task is None:
            self._task = self.hass.async_create_task(self._async_pair_and_check())
        if not self._task.done():
            return self.async_show_progress(
                step_id="button",
                progress_action="wait_for_button" if self._pairing is None else "check",
                description_placeholders=self._placeholders(),
                progress_task=self._task,
            )
        task, self._task = self._task, None
        try:
            task.result()
        except PinError as error:
            self._errors = {CONF_PIN: problem(error)[0]}
            if error.code == ErrorCode.K_BAD_PIN:
                self._refused_pins.add(self._input.get(CONF_PIN, ""))
        except SmartLockError as error:
            self._errors = {"base": self._tell(error)}
        else:
            return self.async_show_progress_done(next_step_id="finish")
        return self.async_show_progress_done(next_step_id="pair")

    async def async_step_finish(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Store the pairing."""
        assert self._pairing is not None
        pin = self._input.get(CONF_PIN)
        data, options = dict(self._pairing), {CONF_PIN: pin} if pin else {}
        self._finished = True
        if (entry := self._entry) is not None:
            # A PIN that was left out of the form is forgotten.
            kept = {key: value for key, value in entry.options.items() if key != CONF_PIN}
            return self.async_update_and_abort(entry, data=data, options=kept | options)
        return self.async_create_entry(title=self._title, data=data, options=options)

    async def _async_pair_and_check(self) -> None:
        async with self._entry_paused():
            if self._pairing is None:
                await self._async_pair()
            assert self._pairing is not None
            await self._async_check(self._pairing)

    @asynccontextmanager
    async def _entry_paused(self) -> AsyncIterator[None]:
        """Have a lock that is set up let go: while somebody is connected it does not announce pairing mode."""
        entry = self._entry
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            yield
            return
        async with entry.runtime_data.coordinator.async_paused():
            yield

    async def _async_keep(self, pairing: EntryData) -> None:
        """Store a pairing that the lock has just granted: also if the dialog is closed at this moment."""
        await (await async_finished_pairings(self.hass)).async_add(pairing)

    async def _async_pair(self) -> None:
        """Wait for pairing mode, pair and store the keys. Raises NotPairingError if it does not come."""
        app_id = await _app_id(self.hass)
        client_type: str | None = self._input.get(CONF_CLIENT_TYPE)
        pin = self._input.get(CONF_PIN)
        links_failed = 0
        announced = asyncio.Event()

        kept: list[asyncio.Task[None]] = []

        @callback
        def granted(pairing: Pairing) -> None:
            self._pairing = EntryData(
                address=self._address,
                nuki_id=self._known_lock.nuki_id,
                generation=self._known_dialect.name,
                client_type=client_type,
                app_id=app_id,
                authorization_id=pairing.session.authorization_id,
                shared_key=pairing.session.shared_key.hex(),
            )
            # A task of its own: closing the dialog ends this one.
            kept.append(self.hass.async_create_task(self._async_keep(self._pairing)))

        @callback
        def advertised(info: BluetoothServiceInfoBleak) -> None:
            if announces_pairing(info, self._known_dialect):
                announced.set()

        stop = bluetooth.async_register_advertisement_callback(self.hass, advertised, self._address)
        try:
            async with asyncio.timeout(_BUTTON_TIME) as patience:
                while True:
                    await announced.wait()
                    deadline = patience.when()
                    try:
                        # What has begun is not cut off: it may be about to succeed.
                        patience.reschedule(None)
                        await pair(
                            self._transport(),
                            self._known_dialect,
                            app_id=app_id,
                            name=CLIENT_NAME,
                            id_type=_ID_TYPES.get(client_type or "", AuthorizationIdType.APP),
                            pin=int(pin) if pin and self._known_dialect.pin_for_pairing else None,
                            on_granted=granted,
                        )
                        break
                    except NotPairingError:
                        LOGGER.debug("The lock is not in pairing mode any more")
                    except NoFreeSlotError:
                        # Half a minute of tries lies behind this one already.
                        raise
                    except LinkError:
                        links_failed += 1
                        if links_failed == _LINK_TRIES:
                            raise
                    patience.reschedule(deadline)
                    await asyncio.sleep(_TRY_PAUSE)
                    announced.clear()
        except TimeoutError as error:
            raise NotPairingError(ErrorCode.P_NOT_PAIRING, None) from error
        finally:
            stop()
        await asyncio.wait(kept)
        kept[0].result()

    async def _async_check(self, pairing: EntryData) -> None:
        """Use the new authorization once: verify a PIN that pairing did not need, and read the name."""
        client = LockClient(
            self._transport(),
            dialect=self._known_dialect,
            session=Session(
                authorization_id=pairing["authorization_id"], shared_key=bytes.fromhex(pairing["shared_key"])
            ),
            app_id=pairing["app_id"],
        )
        try:
            config = await client.read(conversations.read_config)
            self._title = shown(config.name) or self._title
            pin = self._input.get(CONF_PIN)
            if pin and not self._known_dialect.pin_for_pairing:
                await client.hold(conversations.verify_pin(int(pin)))
        except NotAuthorizedError:
            if self._resumed:
                # The keys of an earlier pairing, and the lock has forgotten it meanwhile.
                self._pairing = None
                await (await async_finished_pairings(self.hass)).async_discard(self._address)
            raise
        finally:
            await client.close()

    @callback
    @override
    def async_remove(self) -> None:
        """The dialog is over: a lock that was paired again goes on with the new keys, however it ended."""
        # Until then the old keys were in use, though they are worth nothing any more.
        if self._pairing is not None and self._entry is not None and not self._finished:
            self.hass.config_entries.async_update_entry(self._entry, data=dict(self._pairing))

    # --- Words --------------------------------------------------------------------------------------------

    @property
    def _entry(self) -> SmartLockConfigEntry | None:
        """The entry that is paired again; None for a new lock."""
        match self.source:
            case config_entries.SOURCE_REAUTH:
                return self._get_reauth_entry()
            case config_entries.SOURCE_RECONFIGURE:
                return self._get_reconfigure_entry()
        return None

    @property
    def _known_lock(self) -> SeenLock:
        assert self._lock is not None
        return self._lock

    @property
    def _known_dialect(self) -> Dialect:
        assert self._dialect is not None
        return self._dialect

    @property
    def _address(self) -> str:
        return self._known_lock.address

    def _transport(self) -> BleTransport:
        return BleTransport(
            name=self._known_lock.name,
            device=freshest_device(self.hass, self._address),
            explain=reachability(self.hass, self._address),
        )

    def _placeholders(self) -> dict[str, str]:
        return {"name": self._title, "reason": self._reason}

    def _tell(self, error: SmartLockError) -> str:
        """Return the key of the text for an error of pairing, and keep the reason that goes into it."""
        key, placeholders = problem(error)
        self._reason = placeholders.get("reason", "") or placeholders.get("code", "")
        match error:
            case NotPairingError():
                return "not_pairing"
            case LockRefusedError(code=ErrorCode.P_MAX_USER):
                return "table_full"
            case PinNotSetError():
                return "pin_not_set"
            case LockRefusedError() if key not in _EXPLAINED_REFUSALS:
                return "refused"
            case LinkError() if not isinstance(error, UnreachableError) and self._signal_is_weak():
                return "too_weak"
        return key

    def _signal_is_weak(self) -> bool:
        info = bluetooth.async_last_service_info(self.hass, self._address, connectable=True)
        return info is not None and info.rssi < _WEAK_SIGNAL
