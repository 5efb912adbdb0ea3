"""What is known of a lock's security PIN, on disk before a PIN goes out and after its answer came."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
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

# Of the longest PIN that any lock takes.
_DIGITS = 6

# Why no PIN was sent, as the key of a text.
_TEXTS: Mapping[PinState, str] = {
    PinState.INVALID: "pin_invalid",
    PinState.BLOCKED: "pin_blocked",
    PinState.NOT_SET: "pin_needed",
    PinState.UNKNOWN: "pin_unproved",
}


class PinUnavailableError(TranslatableError):
    """No PIN is known to be right, so nothing was sent."""

    def __init__(self, state: PinState, *, paused: bool = False) -> None:
        """Keep what is known of the PIN. `paused`: it is we who send none for a while, and not the lock."""
        super().__init__(state)
        self.state = state
        self._paused = paused

    @override
    def __str__(self) -> str:
        """Name the state."""
        return f"no security PIN can be used: {self.state}"

    @override
    def translation(self) -> tuple[str, dict[str, str]]:
        """Tell the owner why."""
        return "pin_paused" if self._paused else _TEXTS[self.state], {}


class StoredPin(TypedDict):
    """The file. PINs are fingerprints, but for one that was about to be set: only we may know it."""

    key: str
    """Name of the key that made the fingerprints."""
    proved: str | None
    refused: list[str]
    doubted: list[str]
    tries: list[str]
    blocked_at: str | None
    candidate: str | None
    new_pin: str | None


class PinMemory:
    """The record of one lock's PIN, for one authorization in it: its key makes the fingerprints."""

    def __init__(self, hass: HomeAssistant, nuki_id: str, key: bytes) -> None:
        """Begin with nothing known; `async_load` reads the file."""
        self._record = PinRecord()
        self._clock = system_clock(hass)
        self.new_pin: str | None = None
        """The PIN that was set last through us, until the config entry is known to hold it."""
        self._key = key
        self._store: LockStore[dict[str, Any]] = lock_store(hass, nuki_id, "pin")
        # That there was a record, in a file that is written once: one that is gone is not to be taken for none.
        self._recorded: LockStore[dict[str, Any]] = lock_store(hass, nuki_id, "pin_recorded")
        self._is_recorded = False

    @property
    def record(self) -> PinRecord:
        """What is known. A time in the future counts as if it had been when it was first seen there."""
        return self._record.dated(self._clock.past)

    @record.setter
    def record(self, record: PinRecord) -> None:
        self._record = record

    async def async_load(self) -> None:
        """Read what was known before Home Assistant was started."""
        recorded = await self._recorded.async_load(lambda stored: flag(stored["recorded"]))
        self._is_recorded = bool(recorded)
        found = await self._store.async_load(self._restored)
        if found is not None:
            self.record, self.new_pin = found
            await self._note_recorded()
        elif self._store.lost or recorded or self._recorded.lost:
            # The lock works without a PIN. What was refused before is not known any more: wait before any is sent.
            self.record, self.new_pin = PinRecord(blocked_at=dt_util.utcnow()), None
            await self.async_try_save()

    def _restored(self, stored: Mapping[str, Any]) -> tuple[PinRecord, str | None]:
        """Return what `async_save` has written. Raises KeyError, TypeError or ValueError for anything else."""
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
            # Nobody could find out any more whether the lock has it.
            record = record.not_taken_on()
        if text(stored["key"]) != key_name(self._key):
            return record.paired_again(), None
        return record, new_pin

    async def async_save(self) -> None:
        """Write down what is known; it is on disk when this returns. Raises NotStoredError."""
        await self._store.async_save(self._to_json())
        await self._note_recorded()

    async def async_try_save(self) -> None:
        """Write down what is known, later if that is not possible now."""
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
        """Return what stands for a PIN in the record."""
        return fingerprint(int(pin), self._key)

    def check(self, pin: str | int, *, refused_before: bool = False) -> None:
        """Raise PinUnavailableError if a PIN may not be sent though the owner has just given it."""
        if not refused_before:
            self.check_not_refused(pin)
        if not self.record.tries_left(dt_util.utcnow()):
            raise PinUnavailableError(PinState.BLOCKED, paused=True)

    def unavailable(self, state: PinState) -> PinUnavailableError:
        """Return why the stored PIN is not sent. Who would enter it again is not told to while no PIN is sent."""
        if state is PinState.UNKNOWN and not self.record.tries_left(dt_util.utcnow()):
            return PinUnavailableError(PinState.BLOCKED, paused=True)
        return PinUnavailableError(state)

    def check_not_refused(self, pin: str | int) -> None:
        """Raise PinUnavailableError if the lock has refused a PIN."""
        if self.fingerprint(pin) in self.record.refused:
            raise PinUnavailableError(PinState.INVALID)

    @asynccontextmanager
    async def trying(self, pin: str | int, *, new_pin: str | None = None) -> AsyncIterator[PinTries]:
        """Write down that a PIN goes out before it does, and what came of it afterwards.

        Yields what counts it. Raises NotStoredError if that cannot be written down: then nothing goes out. With `new_pin` it goes out to prove that the owner may set this one.
        """
        shown = self.fingerprint(pin)
        candidate = None if new_pin is None else self.fingerprint(new_pin)
        doubted = shown in self.record.doubted
        sent_at = dt_util.utcnow()
        tries = PinTries(check=self.check_not_refused, begun_at=sent_at)
        before = self.record, self.new_pin
        self.record = self.record.sending(shown, sent_at, candidate=candidate)
        self.new_pin = new_pin or self.new_pin
        try:
            await self.async_save()
        except NotStoredError:
            self.record, self.new_pin = before
            raise
        heard: PinRecord | None = None
        done = False
        try:
            yield tries
            done = True
        except PinError as error:
            wrong = error.code == ErrorCode.K_BAD_PIN
            heard = self.record.not_taken(shown) if wrong else self.record.blocking(shown, dt_util.utcnow())
            raise
        except LockRefusedError:
            heard = self.record.not_judged(shown, sent_at, doubted=doubted)
            raise
        finally:
            if heard is not None or not tries.sent:
                # The PIN did nothing, so whatever it was to prove was not done either.
                self.record = heard or self.record.not_judged(shown, sent_at, doubted=doubted)
                if candidate is not None:
                    self.record = self.record.not_taken_on()
                    self.new_pin = None
                await self.async_try_save()
            elif tries.answered == tries.sent and (done or candidate is None):
                # Also if something else has failed afterwards. But a PIN to be set is not set before the end.
                self.record = self.record.taken(candidate or shown)
                await self.async_try_save()
