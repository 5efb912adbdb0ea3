"""The one place that sends the security PIN: the lock counts wrong ones and blocks the PIN."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, override

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.const import CONF_PIN
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.client.connection import PinTries
from custom_components.smartlock.const import CONF_SHARED_KEY, DOMAIN, LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.issues import LockIssues
from custom_components.smartlock.lock_part import LockPart
from custom_components.smartlock.pin.memory import PinMemory, PinUnavailableError
from custom_components.smartlock.pin.rules import NO_PIN, PinState
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.conversations import Conversation
from custom_components.smartlock.protocol.dialects import Dialect
from custom_components.smartlock.protocol.errors import PinError, SmartLockError
from custom_components.smartlock.protocol.messages import KeyturnerStates
from custom_components.smartlock.storage import NotStoredError, async_wait_for_entry

__all__ = ["PinGuard", "PinSession", "PinUnavailableError"]

# In the data of a reauthentication that is about the PIN; pairing is as good as before.
ABOUT: Final = "about"
ABOUT_PIN: Final = "pin"
# How the steps of its dialog begin.
PIN_STEP: Final = "pin"
PIN_LOST: Final = "pin_lost"


@dataclass(frozen=True, kw_only=True)
class PinSession:
    """A PIN that is known to be right, on record as sent, for one or several conversations."""

    client: LockClient
    pin: int = field(repr=False)
    """For the client's methods that move the bolt; they take `tries` along."""
    tries: PinTries

    async def request[T](self, conversation: Callable[[int], Conversation[T]]) -> T:
        """Run the conversation made with the PIN, once. Raises what `LockClient.request` raises."""
        return await self.client.request(conversation(self.pin), pin_tries=self.tries)


class PinGuard(LockPart):
    """Knows the PIN of one lock and whether it may be used."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, coordinator: SmartLockCoordinator, issues: LockIssues
    ) -> None:
        """Take the PIN that is stored with the entry; `async_load` reads what is known of it."""
        self._hass = hass
        self._entry = entry
        self._coordinator = coordinator
        self._client = coordinator.client
        self._issues = issues
        self._memory = PinMemory(hass, coordinator.nuki_id, bytes.fromhex(entry.data[CONF_SHARED_KEY]))
        # One new PIN after the other: what is known of the second depends on the first.
        self._turn = asyncio.Lock()

    @override
    async def async_load(self) -> None:
        """Read what is known, and take over a PIN that was set when Home Assistant stopped."""
        memory = self._memory
        await memory.async_load()
        if memory.new_pin is None:
            return
        if memory.new_pin == self._pin and memory.record.candidate is None:
            if self._hass.state is not CoreState.running:
                # The entry that has it was read from disk.
                memory.new_pin = None
                await memory.async_try_save()
        elif memory.record.proved == memory.fingerprint(memory.new_pin):
            self._keep(memory.new_pin)
        elif memory.record.candidate is None:
            # Another one has been entered since.
            memory.new_pin = None
            await memory.async_try_save()

    @override
    @callback
    def start(self) -> None:
        """Show how things stand."""
        self._forget_copy_soon()
        self.async_tell()

    # --- What is known ------------------------------------------------------------------------------------

    @property
    def _pin(self) -> str | None:
        """The PIN that the owner gave."""
        return self._entry.options.get(CONF_PIN) or None

    @property
    def _fingerprint(self) -> str | None:
        return None if self._pin is None else self._memory.fingerprint(self._pin)

    @property
    def dialect(self) -> Dialect:
        """What a PIN of this lock looks like, among other things."""
        return self._coordinator.dialect

    @property
    def state(self) -> PinState:
        """How things stand."""
        return self._memory.record.state(self._fingerprint, dt_util.utcnow())

    @property
    def lost(self) -> bool:
        """Whether the lock takes neither the PIN nor that none is set: it may have forgotten what it was."""
        none = self._memory.fingerprint(NO_PIN)
        refused = self._memory.record.refused
        return self.state is PinState.INVALID and none in refused and self._fingerprint != none

    def refused_before(self, pin: str) -> bool:
        """Whether the lock has refused a PIN, so that it is not sent again."""
        return self._memory.fingerprint(pin) in self._memory.record.refused

    @property
    def setting_open(self) -> bool:
        """Whether it is not known which of two PINs the lock has."""
        return self._memory.record.candidate is not None

    # --- Using the PIN ------------------------------------------------------------------------------------

    def check_usable(self) -> None:
        """Raise PinUnavailableError unless there is a PIN that is known to be right."""
        if self._pin is None or self.state is not PinState.VALID:
            raise self._memory.unavailable(self.state)

    async def ask[T](self, conversation: Callable[[int], Conversation[T]]) -> T:
        """Run one conversation, made with the PIN, once. Raises what `session` and `LockClient.request` raise."""
        async with self.session() as session:
            return await session.request(conversation)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[PinSession]:
        """Let several conversations, or a request that moves the bolt, use the PIN.

        Before the block it is on disk that the PIN goes out; after it, what the lock answered. Raises
        PinUnavailableError while the PIN is not known to be right. A PIN that was never tried is verified first,
        which raises LinkError.
        """
        await self._settle()
        pin = self._pin
        self.check_usable()
        assert pin is not None
        try:
            async with self._memory.trying(pin) as tries:
                yield PinSession(client=self._client, pin=int(pin), tries=tries)
        finally:
            self.async_tell()

    async def async_carried_out(self, session: PinSession) -> None:
        """Note that what a session wrote is seen in the lock though its answer was lost: its PIN was right."""
        self._memory.record = self._memory.record.carried_out(session.tries.begun_at)
        await self._memory.async_try_save()
        self.async_tell()

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Find out on a link that is open anyway what can be found out by itself. Raises LinkError."""
        await self._settle()

    async def _settle(self) -> None:
        """Verify, once, a PIN that was never tried, or one whose setting got no answer."""
        async with self._turn:
            record = self._memory.record
            pin = self._pin if record.candidate is None else self._memory.new_pin
            if pin is None or self.state is not PinState.UNKNOWN:
                return
            question = record.question(self._fingerprint)
            if question is None or not record.may_try_unasked(question, dt_util.utcnow()):
                return
            try:
                await self._verify(pin)
            except PinError:
                LOGGER.debug("The lock did not take the security PIN")
            else:
                self.async_end_reauth()

    async def _verify(self, pin: str) -> None:
        """Have the lock check a PIN, and keep it if it is right. Raises what `LockClient.request` raises."""
        try:
            async with self._memory.trying(pin) as tries:
                await self._client.request(conversations.verify_pin(int(pin)), pin_tries=tries)
            self._keep(pin)
        finally:
            self.async_tell()

    # --- What the owner does ------------------------------------------------------------------------------

    async def async_enter(self, pin: str, *, changed_elsewhere: bool = False) -> None:
        """Have the lock check a PIN that the owner gives, and keep it if it is right.

        `changed_elsewhere`: the owner says that it became the lock's PIN after the lock had refused it. Raises
        PinUnavailableError if it may not be sent, and what `LockClient.request` raises.
        """
        async with self._turn:
            self._memory.check(pin, refused_before=changed_elsewhere)
            self._memory.record = self._memory.record.changed_elsewhere(self._memory.fingerprint(pin))
            await self._verify(pin)

    async def async_set(self, new_pin: str) -> None:
        """Set another PIN in the lock, proved with the one that is known to be right.

        It is written once. Raises PinUnavailableError, and what `LockClient.request` raises; after a LinkError the
        state tells whether it is known what became of it.
        """
        await self._settle()
        async with self._turn:
            self.check_usable()
            assert self._pin is not None
            await self._set(new_pin, self._pin)

    async def async_set_where_none_is(self, new_pin: str) -> None:
        """Try once, because the owner wants it, whether the lock has no PIN (any more), and set this one then.

        One request does both: a lock without a PIN takes it, and so do locks that have forgotten theirs, by public
        reports, without looking at the old one. Raises like `async_set`.
        """
        async with self._turn:
            none = f"{NO_PIN}"
            self._memory.check(none)
            await self._set(new_pin, none)

    async def async_forget(self) -> None:
        """Do without a PIN; what the lock has refused stays known. Raises NotStoredError: then it is still there."""
        async with self._turn:
            memory = self._memory
            before = memory.record, memory.new_pin
            memory.record, memory.new_pin = memory.record.not_taken_on(), None
            try:
                # First: a PIN that was being set is taken over by the next start as long as it stands there.
                await memory.async_save()
            except NotStoredError:
                memory.record, memory.new_pin = before
                raise
            options = {key: value for key, value in self._entry.options.items() if key != CONF_PIN}
            self._hass.config_entries.async_update_entry(self._entry, options=options)
            self.async_tell()

    async def _set(self, new_pin: str, pin: str) -> None:
        try:
            async with self._memory.trying(pin, new_pin=new_pin) as tries:
                await self._client.request(
                    conversations.set_pin(self._coordinator.dialect, int(new_pin), int(pin)), pin_tries=tries
                )
        except SmartLockError as error:
            record = self._memory.record
            candidate = self._memory.fingerprint(new_pin)
            if record.candidate is None or not record.may_try_unasked(candidate, dt_util.utcnow()):
                raise
            # The answer was lost. A second order would be proved with what may be a wrong PIN by now.
            try:
                await self._verify(new_pin)
            except PinError:
                raise error from None
        else:
            self._keep(new_pin)
        finally:
            self.async_tell()

    @callback
    def async_end_reauth(self) -> None:
        """Close the dialog that asks for the PIN: it came from elsewhere."""
        for flow in self._entry.async_get_active_flows(self._hass, {SOURCE_REAUTH}):
            if flow["step_id"].startswith(PIN_STEP):
                self._hass.config_entries.flow.async_abort(flow["flow_id"])

    # --- What others see ----------------------------------------------------------------------------------

    @callback
    def _keep(self, pin: str) -> None:
        """Have a PIN that the lock takes be the one that is used."""
        self._hass.config_entries.async_update_entry(
            self._entry, options={**self._entry.options, CONF_PIN: pin}
        )
        self._forget_copy_soon()

    @callback
    def _forget_copy_soon(self) -> None:
        if self._memory.new_pin is not None and self._memory.record.candidate is None:
            self._entry.async_create_background_task(
                self._hass, self._forget_copy(), f"{DOMAIN} copy of the PIN"
            )

    async def _forget_copy(self) -> None:
        """Forget the copy of a PIN that was set as soon as its config entry is on disk."""
        await async_wait_for_entry(self._hass, self._entry)
        memory = self._memory
        if memory.new_pin == self._pin and memory.record.candidate is None:
            memory.new_pin = None
            await memory.async_try_save()

    @callback
    def async_tell(self) -> None:
        """Show how things stand, and ask the owner where nobody else can help."""
        self._coordinator.async_update_listeners()
        if self._memory.record.needs_owner(self._fingerprint, dt_util.utcnow()):
            self._entry.async_start_reauth(self._hass, data={ABOUT: ABOUT_PIN})
        if self.lost:
            self._issues.show(PIN_LOST, flow=PIN_LOST)
        else:
            self._issues.withdraw(PIN_LOST)
