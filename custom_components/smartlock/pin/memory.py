"""The record of a lock's security PIN, saved before a PIN goes out and after its answer has arrived."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypedDict, override

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from custom_components.smartlock.client.connection import PinTries
from custom_components.smartlock.pin.rules import PinRecord, PinState, fingerprint, key_name
from custom_components.smartlock.problems import TranslatableError
from custom_components.smartlock.protocol.enums import ErrorCode
from custom_components.smartlock.protocol.errors import LockRefusedError, PinError
from custom_components.smartlock.rules.stored import flag, listed, moment, optional, text
from custom_components.smartlock.storage import LockStore, NotStoredError, lock_store
from custom_components.smartlock.system_clock.trust import system_clock

# Length of the longest PIN of any lock.
_DIGITS = 6

# Why no PIN was sent, as the key of a text.
_TEXTS: Mapping[PinState, str] = {
    PinState.INVALID: "pin_invalid",
    PinState.BLOCKED: "pin_blocked",
    PinState.NOT_SET: "pin_needed",
    PinState.UNKNOWN: "pin_unproved",
}


class PinUnavailableError(TranslatableError):
    """No PIN is verified, so nothing was sent."""

    def __init__(self, state: PinState, *, paused: bool = False) -> None:
        """Store the state of the PIN. `paused`: it is we who pause sending, and not the lock that refuses."""
        super().__init__(state)
        self.state = state
        self._paused = paused

    @override
    def __str__(self) -> str:
        """Name the state of the PIN."""
        return f"no security PIN can be used: {self.state}"

    @override
    def translation(self) -> tuple[str, dict[str, str]]:
        """Give the text for the owner."""
        return "pin_paused" if self._paused else _TEXTS[self.state], {}


class StoredPin(TypedDict):
    """The file's content. PINs are fingerprints, except one that was being set, which only we may know."""

    key: str
    """Fingerprint of the key that the PINs' fingerprints were made with."""
    proved: str | None
    refused: list[str]
    doubted: list[str]
    tries: list[str]
    blocked_at: str | None
    candidate: str | None
    new_pin: str | None


class PinMemory:
    """The record of one lock's PIN for one authorization, whose key makes the fingerprints."""

    def __init__(self, hass: HomeAssistant, nuki_id: str, key: bytes) -> None:
        """Start with an empty record; `async_load` reads the file."""
        self._record = PinRecord()
        self._under_way: list[datetime] = []
        """When PINs went out whose answers may still come."""
        self._clock = system_clock(hass)
        self.new_pin: str | None = None
        """The PIN that we set last, until the config entry on disk is known to contain it."""
        self._key = key
        self._store: LockStore[dict[str, Any]] = lock_store(hass, nuki_id, "pin")
        # A marker file, written once, that there has been a record: a lost record must not be mistaken for
        # none.
        self._recorded: LockStore[dict[str, Any]] = lock_store(hass, nuki_id, "pin_recorded")
        self._is_recorded = False

    @property
    def record(self) -> PinRecord:
        """The record. A future time counts as the moment when it was first seen."""
        return self._record.dated(self._clock.past)

    @record.setter
    def record(self, record: PinRecord) -> None:
        self._record = record

    @property
    def settled(self) -> PinRecord:
        """The record as far as it is settled: several may use the PIN at the same time, before the first is answered."""
        return self.record.without_tries(self._under_way)

    async def async_load(self) -> None:
        """Read the record of earlier runs."""
        recorded = await self._recorded.async_load(lambda stored: flag(stored["recorded"]))
        self._is_recorded = bool(recorded)
        found = await self._store.async_load(self._restored)
        if found is not None:
            self.record, self.new_pin = found
            await self._note_recorded()
        elif self._store.lost or recorded or self._recorded.lost:
            # The lock works without a PIN. Earlier refusals are unknown now, so wait before sending any.
            self.record, self.new_pin = PinRecord(blocked_at=dt_util.utcnow()), None
            await self.async_try_save()

    def _restored(self, stored: Mapping[str, Any]) -> tuple[PinRecord, str | None]:
        """Return the content from plain data. Raises KeyError, TypeError or ValueError for anything else."""
        record = PinRecord(
            proved=optional(text, stored["proved"]),
            refused=frozenset(listed(text, stored["refused"])),
            doubted=frozenset(listed(text, stored["doubted"])),
            tries=listed(moment, stored["tries"]),
            blocked_at=optional(moment, stored["blocked_at"]),
            candidate=optional(text, stored["candidate"]),
        )
        new_pin = optional(text, stored["new_pin"])
        if new_pin is not None and not (new_pin.isascii() and new_pin.isdigit() and len(new_pin) <= _DIGITS):
            raise ValueError("no PIN")
        if new_pin is None:
            # Nobody could find out any more whether the lock has accepted it.
            record = record.not_taken_on()
        if text(stored["key"]) != key_name(self._key):
            return record.paired_again(), None
        return record, new_pin

    async def async_save(self) -> None:
        """Save the record; it is on disk when this returns. Raises NotStoredError."""
        await self._store.async_save(self._to_json())
        await self._note_recorded()

    async def async_try_save(self) -> None:
        """Save the record, later if that is not possible now."""
        if await self._store.async_try_save(self._to_json):
            await self._note_recorded()

    async def _note_recorded(self) -> None:
        if not self._is_recorded:
            self._is_recorded = await self._recorded.async_try_save(lambda: {"recorded": True})

    def _to_json(self) -> dict[str, Any]:
        record = self.record
        stored = StoredPin(
            key=key_name(self._key),
            proved=record.proved,
            refused=sorted(record.refused),
            doubted=sorted(record.doubted),
            tries=[at.isoformat() for at in record.tries],
            blocked_at=None if record.blocked_at is None else record.blocked_at.isoformat(),
            candidate=record.candidate,
            new_pin=self.new_pin,
        )
        return dict(stored)

    def fingerprint(self, pin: str | int) -> str:
        """Return the fingerprint of a PIN for the record."""
        return fingerprint(int(pin), self._key)

    def check(self, pin: str | int, *, refused_before: bool = False) -> None:
        """Raise PinUnavailableError if a PIN may not be sent even though the owner has just entered it."""
        if not refused_before:
            self.check_not_refused(pin)
        self._check_tries()

    def _check_tries(self) -> None:
        if not self.settled.tries_left(dt_util.utcnow()):
            raise PinUnavailableError(PinState.BLOCKED, paused=True)

    def unavailable(self, state: PinState) -> PinUnavailableError:
        """Return why the stored PIN is not sent. While we pause, the owner is not asked to enter it again."""
        if state is PinState.UNKNOWN and not self.settled.tries_left(dt_util.utcnow()):
            return PinUnavailableError(PinState.BLOCKED, paused=True)
        return PinUnavailableError(state)

    def check_sendable(self, pin: str | int) -> None:
        """Raise PinUnavailableError if others learned meanwhile that a PIN is wrong, or got no answer too often."""
        self.check_not_refused(pin)
        self._check_tries()

    def check_not_refused(self, pin: str | int) -> None:
        """Raise PinUnavailableError if the lock has refused a PIN."""
        if self.fingerprint(pin) in self.record.refused:
            raise PinUnavailableError(PinState.INVALID)

    @asynccontextmanager
    async def trying(self, pin: str | int, *, new_pin: str | None = None) -> AsyncIterator[PinTries]:
        """Record that a PIN goes out before it does, and the outcome afterwards.

        Yields the counter of sent PINs. Raises NotStoredError, with nothing sent, if that cannot be recorded.
        With `new_pin` the PIN goes out to authorize setting that one.
        """
        shown = self.fingerprint(pin)
        candidate = None if new_pin is None else self.fingerprint(new_pin)
        doubted = shown in self.record.doubted
        sent_at = dt_util.utcnow()
        before, new_before = self.record, self.new_pin

        def check(pin: int) -> None:
            self.check_sendable(pin)
            if self.record.replaced(shown, before, candidate):
                raise PinUnavailableError(PinState.UNKNOWN)

        tries = PinTries(check=check, begun_at=sent_at)
        self.record = before.sending(shown, sent_at, candidate=candidate)
        self.new_pin = new_pin or self.new_pin
        self._under_way.append(sent_at)
        try:
            await self.async_save()
        except NotStoredError:
            self._under_way.remove(sent_at)
            # What others have learned meanwhile stays.
            self.record = self.record.not_judged(shown, sent_at, doubted=doubted)
            if candidate is not None:
                self.record = replace(self.record, candidate=before.candidate)
                self.new_pin = new_before
            raise
        judged: PinRecord | None = None
        done = False
        try:
            yield tries
            done = True
        except PinError as error:
            wrong = error.code == ErrorCode.K_BAD_PIN
            judged = self.record.not_taken(shown) if wrong else self.record.blocking(shown, dt_util.utcnow())
            raise
        except LockRefusedError:
            judged = self.record.not_judged(shown, sent_at, doubted=doubted)
            raise
        finally:
            self._under_way.remove(sent_at)
            if judged is not None or not tries.sent:
                # The PIN was not accepted or not sent, so whatever it was to authorize was not done either.
                self.record = judged or self.record.not_judged(shown, sent_at, doubted=doubted)
                if candidate is not None:
                    self.record = self.record.not_taken_on()
                    self.new_pin = None
                await self.async_try_save()
            elif candidate is None and before.proved == shown != self.record.proved:
                # Another has been set since, or it was refused since: answers of before say nothing of now.
                if tries.answered == tries.sent:
                    self.record = self.record.without_tries([sent_at])
                await self.async_try_save()
            elif tries.answered == tries.sent and (done or candidate is None):
                # Also if something failed afterwards. But a new PIN is not adopted before the end.
                self.record = self._accepted(candidate or shown, before)
                await self.async_try_save()

    def _accepted(self, pin: str, before: PinRecord) -> PinRecord:
        """Return the record after the lock has accepted a PIN that went out after `before`."""
        now = self.record
        # What others have sent and have no answer to yet stays open: theirs may be the setting of another PIN.
        setting = None if now.candidate in (before.candidate, pin) else now.candidate
        return replace(
            now.taken(pin),
            tries=tuple(at for at in now.tries if at in self._under_way),
            doubted=frozenset() if setting is None else now.doubted & {setting},
            candidate=setting,
        )
