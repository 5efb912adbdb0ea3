"""What pairing does, behind its dialog: wait for the button, pair, save the keys, use them once."""

from abc import abstractmethod
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import hashlib
from typing import Any, override

from homeassistant import config_entries
from homeassistant.config_entries import ConfigEntry, ConfigFlow
from homeassistant.const import CONF_PIN
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import instance_id

from custom_components.smartlock.client.ble import BleTransport
from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.client.pairing import pair
from custom_components.smartlock.const import (
    CLIENT_NAME,
    CLIENT_TYPE_APP,
    CLIENT_TYPE_BRIDGE,
    CONF_CLIENT_TYPE,
    DOMAIN,
)
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.link.advertisements import SeenLock, freshest_device
from custom_components.smartlock.link.reachability import reachability
from custom_components.smartlock.link.slots import slots_taken, waiting_for_slot
from custom_components.smartlock.pairing.button import async_at_the_button
from custom_components.smartlock.pairing.finished import EntryData, FinishedPairing, async_finished_pairings
from custom_components.smartlock.pairing.identity import async_keep_uuid, async_known_uuid
from custom_components.smartlock.pairing.waiting import Waiting
from custom_components.smartlock.pin.memory import PinMemory
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.beacon import nuki_id_text
from custom_components.smartlock.protocol.dialects import Dialect
from custom_components.smartlock.protocol.enums import AuthorizationIdType
from custom_components.smartlock.protocol.errors import NotAuthorizedError
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.pairing import Pairing
from custom_components.smartlock.protocol.wire import shown

ID_TYPES = {CLIENT_TYPE_APP: AuthorizationIdType.APP, CLIENT_TYPE_BRIDGE: AuthorizationIdType.BRIDGE}


async def _app_id(hass: HomeAssistant) -> int:
    """Return the app id of this installation: pairing again replaces our own authorization in the lock."""
    installation = await instance_id.async_get(hass)
    return int.from_bytes(hashlib.sha256(f"{DOMAIN}:{installation}".encode()).digest()[:4], "little")


class PairingWork(ConfigFlow):
    """Pairs with the flow's lock."""

    def __init__(self) -> None:
        """Start with nothing known."""
        self._lock: SeenLock | None = None
        self._dialect: Dialect | None = None
        self._input: dict[str, Any] = {}
        self._pairing: EntryData | None = None
        self._resumed = False
        self._finished = False
        self._uuid = b""
        self._is_another = False
        self._keys_unsafe = False
        self._title = ""
        self._resumed_pin = ""
        self._memory: PinMemory | None = None
        self._waiting = Waiting(self.async_notify_flow_changed, self.async_update_progress)

    # --- What is known ------------------------------------------------------------------------------------

    @property
    def paired_entry(self) -> ConfigEntry | None:
        """The entry being paired again; None for a new lock."""
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
            full=slots_taken(self.hass, self._address),
            waiting=waiting_for_slot(self.hass, self._address),
        )

    @property
    def _stored_pin(self) -> str:
        """The PIN that is kept unless another one is entered; it is never shown."""
        if self._resumed_pin:
            return self._resumed_pin
        entry = self.paired_entry
        if entry is None:
            return ""
        pin: str = entry.options.get(CONF_PIN, "")
        # A PIN that pairing needs is sent to any device in pairing mode, so the owner enters it next to the
        # lock.
        return "" if self._known_dialect.pin_for_pairing else pin

    @property
    def _refused_pin(self) -> str | None:
        """The stored PIN if the lock has refused it."""
        entry = self.paired_entry
        if entry is None or self.paired_pin_state is not PinState.INVALID:
            return None
        pin: str = entry.options[CONF_PIN]
        return pin

    @property
    @abstractmethod
    def paired_pin_state(self) -> PinState | None:
        """The PIN state of the lock that is paired again; None if that lock is not set up."""

    @property
    @abstractmethod
    def paired_coordinator(self) -> SmartLockCoordinator | None:
        """The coordinator of the lock that is paired again; None if that lock is not set up."""

    @property
    def _pin(self) -> str:
        """The lock's PIN according to the owner; empty if none was entered."""
        return self._input.get(CONF_PIN, "") or self._stored_pin

    # --- Pairing ------------------------------------------------------------------------------------------

    async def _async_pair_and_check(self) -> None:
        async with self._entry_paused():
            if self._pairing is None:
                await self._async_pair()
            elif self._keys_unsafe:
                await self._async_keep(self._pairing, confirmed=True)
            assert self._pairing is not None
            if not self._is_another:
                await self._async_check(self._pairing)

    @asynccontextmanager
    async def _entry_paused(self) -> AsyncIterator[None]:
        """Have a lock that is set up disconnect: while connected it does not announce pairing mode."""
        if (coordinator := self.paired_coordinator) is None:
            yield
            return
        async with coordinator.async_paused():
            yield

    async def _async_keep(self, pairing: EntryData, *, confirmed: bool) -> None:
        """Save a pairing that the lock has just granted. Raises NotStoredError."""
        pin = self._pin if self._known_dialect.pin_for_pairing else None
        await async_keep_uuid(self.hass, pairing["nuki_id"], self._uuid)
        finished = FinishedPairing(data=pairing, pin=pin)
        if not confirmed:
            finished["confirmed"] = False
        await (await async_finished_pairings(self.hass)).async_add(finished)
        self._keys_unsafe = False

    async def _async_pair(self) -> None:
        """Wait for pairing mode, pair and save the keys. Raises NotPairingError without pairing mode."""
        app_id = await _app_id(self.hass)
        known = await async_known_uuid(self.hass, self._known_lock.nuki_id) if self.paired_entry else None
        client_type: str | None = self._input.get(CONF_CLIENT_TYPE)
        granted: list[EntryData] = []

        @callback
        def paired() -> None:
            # From here on the dialog may be closed at any moment.
            self._pairing, self._memory = granted[-1], None
            self.async_notify_flow_changed()

        async def keep(pairing: Pairing) -> None:
            data = EntryData(
                address=self._address,
                nuki_id=self._known_lock.nuki_id,
                generation=self._known_dialect.name,
                client_type=client_type,
                app_id=app_id,
                authorization_id=pairing.session.authorization_id,
                shared_key=pairing.session.shared_key.hex(),
            )
            granted.append(data)
            self._uuid = pairing.uuid
            self._is_another = known not in (None, pairing.uuid)
            if confirmed := pairing.confirmation is None:
                self._keys_unsafe = True
                paired()
            if self._is_another:
                # It is neither saved nor used before the owner has confirmed that the lock was reset.
                return
            # A separate task, as closing the dialog cancels this one.
            keeping = self.hass.async_create_task(self._async_keep(data, confirmed=confirmed))
            keeping.add_done_callback(lambda task: task.cancelled() or task.exception())
            await asyncio.wait([keeping])
            keeping.result()

        async def attempt() -> None:
            await pair(
                self._transport(),
                self._known_dialect,
                app_id=app_id,
                name=CLIENT_NAME,
                id_type=ID_TYPES.get(client_type or "", AuthorizationIdType.APP),
                pin=int(self._pin) if self._known_dialect.pin_for_pairing else None,
                on_granted=keep,
                on_paired=paired,
            )

        async with self._waiting.counting_down(self.hass):
            await async_at_the_button(
                self.hass, self._address, self._known_dialect, attempt, self._waiting.found
            )
        if not self._is_another:
            await (await async_finished_pairings(self.hass)).async_confirm(self._address)

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
            await self._async_check_pin(client, await self._async_memory(pairing))
        except NotAuthorizedError:
            if self._resumed:
                # The keys stem from an earlier pairing that the lock has forgotten meanwhile.
                self._pairing, self._memory, self._resumed_pin = None, None, ""
                await (await async_finished_pairings(self.hass)).async_discard(self._address)
            raise
        finally:
            await client.close()

    async def _async_memory(self, pairing: EntryData) -> PinMemory:
        """Return the record of the PIN for the new key."""
        if self._memory is None:
            memory = PinMemory(
                self.hass, nuki_id_text(pairing["nuki_id"]), bytes.fromhex(pairing["shared_key"])
            )
            await memory.async_load()
            if self._refused_pin is not None:
                memory.record = memory.record.not_taken(memory.fingerprint(self._refused_pin))
            self._memory = memory
        return self._memory

    async def _async_check_pin(self, client: LockClient, memory: PinMemory) -> None:
        """Verify a PIN that was entered, unless pairing has done so. Raises PinUnavailableError."""
        if self._known_dialect.pin_for_pairing:
            memory.record = memory.record.taken(memory.fingerprint(self._pin))
            return
        pin = self._input.get(CONF_PIN)
        if not pin:
            return
        memory.check(pin)
        async with memory.trying(pin) as tries:
            await client.request(conversations.verify_pin(int(pin)), pin_tries=tries)

    @callback
    @override
    def async_remove(self) -> None:
        """The dialog is over: a lock that was paired again continues with the new keys in any case."""
        # Until now the old keys were in use, though they may be void.
        if (
            self._pairing is not None
            and self.paired_entry is not None
            and not self._finished
            and not self._is_another
        ):
            proved = {CONF_PIN: self._pin} if self._known_dialect.pin_for_pairing else {}
            self.hass.config_entries.async_update_entry(
                self.paired_entry, data=dict(self._pairing), options={**self.paired_entry.options, **proved}
            )
