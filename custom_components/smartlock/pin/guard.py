"""The only module that sends the security PIN, as the lock counts wrong ones and then blocks the PIN."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import field
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry
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
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.storage import NotStoredError, async_wait_for_entry

__all__ = ["PinGuard", "PinSession", "PinUnavailableError"]

# Keys of the issues about the PIN, and names of their repairs.
PIN_LOST: Final = "pin_lost"
PIN_REFUSED: Final = "pin_refused"


@dataclass(frozen=True, kw_only=True)
class PinSession:
    """A verified PIN, recorded as sent, for one or several conversations."""

    client: LockClient
    pin: int = field(repr=False)
    """For the client's methods that move the bolt; they need `tries` as well."""
    tries: PinTries

    async def request[T](self, conversation: Callable[[int], Conversation[T]]) -> T:
        """Run the conversation built with the PIN, once. Raises what `LockClient.request` raises."""
        return await self.client.request(conversation(self.pin), pin_tries=self.tries)


class PinGuard(LockPart):
    """Knows one lock's PIN and whether it may be used."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, coordinator: SmartLockCoordinator, issues: LockIssues
    ) -> None:
        """Take the PIN stored with the entry; `async_load` reads its record."""
        self._hass = hass
        self._entry = entry
        self._coordinator = coordinator
        self._client = coordinator.client
        self._issues = issues
        self._memory = PinMemory(hass, coordinator.nuki_id, bytes.fromhex(entry.data[CONF_SHARED_KEY]))
        # New PINs are set one at a time: what is known of the second depends on the outcome of the first.
        self._turn = asyncio.Lock()

    @override
    async def async_load(self) -> None:
        """Read the record, and adopt a PIN that was being set when Home Assistant stopped."""
        memory = self._memory
        await memory.async_load()
        if memory.new_pin is None:
            return
        if memory.new_pin == self._pin and memory.record.candidate is None:
            if self._hass.state is not CoreState.running:
                # The entry that was read from disk has it.
                memory.new_pin = None
                await memory.async_try_save()
        elif memory.record.proved == memory.fingerprint(memory.new_pin):
            self._keep(memory.new_pin)
        elif memory.record.candidate is None:
            # The owner has entered another PIN since.
            memory.new_pin = None
            await memory.async_try_save()

    @override
    @callback
    def start(self) -> None:
        """Show the state of the PIN."""
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
        """The lock's dialect, which defines the format of its PIN."""
        return self._coordinator.dialect

    @property
    def state(self) -> PinState:
        """The state of the PIN."""
        return self._memory.settled.state(self._fingerprint, dt_util.utcnow())

    @property
    def needs_owner(self) -> bool:
        """Whether only the owner can help: the PIN was refused, or not answered and may not be sent again."""
        return self._memory.settled.needs_owner(self._fingerprint, dt_util.utcnow())

    @property
    def lost(self) -> bool:
        """Whether the lock accepts neither its PIN nor an empty one: it may have forgotten what it was."""
        none = self._memory.fingerprint(NO_PIN)
        refused = self._memory.record.refused
        return self.state is PinState.INVALID and none in refused and self._fingerprint != none

    def refused_before(self, pin: str) -> bool:
        """Whether the lock has refused a PIN, so that it is not sent again."""
        return self._memory.fingerprint(pin) in self._memory.record.refused

    @property
    def setting_open(self) -> bool:
        """Whether it is unknown which of two PINs the lock has."""
        return self._memory.record.candidate is not None

    @property
    def report(self) -> dict[str, Any]:
        """What may be published: counts and times, neither a PIN nor a fingerprint of one."""
        record = self._memory.record
        return {
            "state": self.state,
            "lost": self.lost,
            "setting_open": self.setting_open,
            "refused": len(record.refused),
            "unanswered": len(record.doubted),
            "tries": [at.isoformat() for at in record.tries],
            "tries_left": record.tries_left(dt_util.utcnow()),
            "blocked_at": None if record.blocked_at is None else record.blocked_at.isoformat(),
        }

    # --- Using the PIN ------------------------------------------------------------------------------------

    def check_usable(self) -> None:
        """Raise PinUnavailableError unless there is a verified PIN."""
        if self._pin is None or self.state is not PinState.VALID:
            raise self._memory.unavailable(self.state)

    async def ask[T](self, conversation: Callable[[int], Conversation[T]]) -> T:
        """Run one conversation, built with the PIN, once. Raises like `session` and `LockClient.request`."""
        async with self.session() as session:
            return await session.request(conversation)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[PinSession]:
        """Allow several conversations, or a request that moves the bolt, to use the PIN.

        Before the block it is recorded on disk that the PIN goes out, and after it how the lock responded.
        Raises PinUnavailableError while the PIN is not verified. A PIN that was never tried is verified
        first, which raises LinkError.
        """
        await self._settle()
        pin = self._pin
        self.check_usable()
        assert pin is not None
        before = self._memory.record
        try:
            async with self._memory.trying(pin) as tries:
                yield PinSession(client=self._client, pin=int(pin), tries=tries)
        finally:
            # A verified PIN that the lock accepts once more is no news.
            if self._memory.record != before:
                self.async_tell()

    async def async_carried_out(self, session: PinSession) -> None:
        """Note that the effect of a session was seen although its answer was lost: its PIN was right."""
        self._memory.record = self._memory.record.carried_out(session.tries.begun_at)
        await self._memory.async_try_save()
        self.async_tell()

    async def async_use_link(self, states: KeyturnerStates) -> None:
        """Clear up over the open link what can be cleared up without the owner. Raises LinkError."""
        await self._settle()

    async def _settle(self) -> None:
        """Verify, once, a PIN that was never tried, or one whose setting was not answered."""
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

    async def _verify(self, pin: str) -> None:
        """Have the lock verify a PIN, and keep it if it is right. Raises what `LockClient.request` raises."""
        try:
            async with self._memory.trying(pin) as tries:
                await self._client.request(conversations.verify_pin(int(pin)), pin_tries=tries)
            self._keep(pin)
        finally:
            self.async_tell()

    # --- Requests of the owner ----------------------------------------------------------------------------

    async def async_enter(self, pin: str, *, changed_elsewhere: bool = False) -> None:
        """Have the lock verify a PIN that the owner enters, and keep it if it is right.

        `changed_elsewhere`: the owner confirms that the PIN was set in the lock after the lock had refused
        it. Raises PinUnavailableError if it may not be sent, and what `LockClient.request` raises.
        """
        async with self._turn:
            self._memory.check(pin, refused_before=changed_elsewhere)
            self._memory.record = self._memory.record.changed_elsewhere(self._memory.fingerprint(pin))
            await self._verify(pin)

    async def async_set(self, new_pin: str) -> None:
        """Set a new PIN in the lock, authorized by the verified one.

        It is written once. Raises PinUnavailableError, and what `LockClient.request` raises; after a LinkError the
        state shows whether the outcome is known.
        """
        await self._settle()
        async with self._turn:
            self.check_usable()
            assert self._pin is not None
            await self._set(new_pin, self._pin)

    async def async_set_where_none_is(self, new_pin: str) -> None:
        """On the owner's request, try once whether the lock has no PIN (any more), and if so set this one.

        One request does both: a lock without a PIN accepts it, and so, according to public reports, do locks
        that have forgotten theirs, without checking the old one. Raises like `async_set`.
        """
        async with self._turn:
            none = f"{NO_PIN}"
            self._memory.check(none)
            await self._set(new_pin, none)

    async def async_forget(self) -> None:
        """Delete the PIN; refusals stay on record. Raises NotStoredError: then the PIN is still there."""
        async with self._turn:
            memory = self._memory
            before = memory.record, memory.new_pin
            memory.record, memory.new_pin = memory.record.not_taken_on(), None
            try:
                # Comes first: a PIN that was being set would be adopted at the next start if it stayed on
                # record.
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
            # The answer was lost. A second request would be authorized with a PIN that may be wrong by now.
            try:
                await self._verify(new_pin)
            except PinError:
                raise error from None
        else:
            self._keep(new_pin)
        finally:
            self.async_tell()

    # --- What is shown ------------------------------------------------------------------------------------

    @callback
    def _keep(self, pin: str) -> None:
        """Adopt a PIN that the lock has accepted."""
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
        """Delete the copy of a newly set PIN once its config entry is on disk."""
        await async_wait_for_entry(self._hass, self._entry)
        memory = self._memory
        if memory.new_pin == self._pin and memory.record.candidate is None:
            memory.new_pin = None
            await memory.async_try_save()

    @callback
    def async_tell(self) -> None:
        """Show the state of the PIN, and ask the owner if nobody else can help."""
        self._coordinator.async_update_listeners()
        shown = PIN_LOST if self.lost else PIN_REFUSED if self.needs_owner else None
        for key in (PIN_LOST, PIN_REFUSED):
            if key == shown:
                self._issues.show(key, flow=key)
            else:
                self._issues.withdraw(key)
