"""What is known of a lock's security PIN, on disk before a PIN goes out and after its answer came."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypedDict, override

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from custom_components.smartlock.client.connection import PinTries
from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.pin.rules import PinRecord, PinState, fingerprint, key_name
from custom_components.smartlock.problems import TranslatableError
from custom_components.smartlock.protocol.enums import ErrorCode
from custom_components.smartlock.protocol.errors import LockRefusedError, PinError
from custom_components.smartlock.storage import lock_store

# Why no PIN was sent, as the key of a text.
_TEXTS: Mapping[PinState, str] = {
    PinState.INVALID: "pin_invalid",
    PinState.BLOCKED: "pin_blocked",
    PinState.NOT_SET: "pin_needed",
    PinState.UNKNOWN: "pin_unproved",
}


class PinUnavailableError(TranslatableError):
    """No PIN is known to be right, so nothing was sent."""

    def __init__(self, state: PinState) -> None:
        """Keep what is known of the PIN."""
        super().__init__(state)
        self.state = state

    @override
    def __str__(self) -> str:
        """Name the state."""
        return f"no security PIN can be used: {self.state}"

    @override
    def translation(self) -> tuple[str, dict[str, str]]:
        """Tell the owner why."""
        return _TEXTS[self.state], {}


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
        self.record = PinRecord()
        self.new_pin: str | None = None
        """The PIN that was set last through us, until the config entry is known to hold it."""
        self._key = key
        self._store: Store[dict[str, Any]] = lock_store(hass, nuki_id, "pin")

    async def async_load(self) -> None:
        """Read what was known before Home Assistant was started."""
        stored: Any = await self._store.async_load()
        if stored is None:
            return
        try:
            self._take(stored)
        except AttributeError, KeyError, TypeError, ValueError:
            # The lock works without a PIN. What was refused before is not known any more: wait before any is sent.
            LOGGER.warning("What was stored about the security PIN cannot be read and is begun anew")
            self.record, self.new_pin = PinRecord(blocked_at=dt_util.utcnow()), None

    def _take(self, stored: StoredPin) -> None:
        """Take what `async_save` has written. Raises KeyError, TypeError or ValueError."""
        self.record = PinRecord(
            proved=stored["proved"],
            refused=frozenset(stored["refused"]),
            doubted=frozenset(stored["doubted"]),
            tries=tuple(datetime.fromisoformat(at) for at in stored["tries"]),
            blocked_at=None if stored["blocked_at"] is None else datetime.fromisoformat(stored["blocked_at"]),
            candidate=stored["candidate"],
        )
        self.new_pin = stored["new_pin"]
        if stored["key"] != key_name(self._key):
            self.record, self.new_pin = self.record.paired_again(), None

    async def async_save(self) -> None:
        """Write down what is known; it is on disk when this returns."""
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
        await self._store.async_save(dict(stored))

    def fingerprint(self, pin: str | int) -> str:
        """Return what stands for a PIN in the record."""
        return fingerprint(int(pin), self._key)

    def check(self, pin: str | int, *, refused_before: bool = False) -> None:
        """Raise PinUnavailableError if a PIN may not be sent though the owner has just given it."""
        if not refused_before:
            self.check_not_refused(pin)
        if not self.record.tries_left(dt_util.utcnow()):
            raise PinUnavailableError(PinState.BLOCKED)

    def check_not_refused(self, pin: str | int) -> None:
        """Raise PinUnavailableError if the lock has refused a PIN."""
        if self.fingerprint(pin) in self.record.refused:
            raise PinUnavailableError(PinState.INVALID)

    @asynccontextmanager
    async def trying(self, pin: str | int, *, new_pin: str | None = None) -> AsyncIterator[PinTries]:
        """Write down that a PIN goes out before it does, and what came of it afterwards.

        Yields what counts it. With `new_pin` it goes out to prove that the owner may set this one.
        """
        shown = self.fingerprint(pin)
        candidate = None if new_pin is None else self.fingerprint(new_pin)
        doubted = shown in self.record.doubted
        tries = PinTries(check=self.check_not_refused)
        sent_at = dt_util.utcnow()
        self.record = self.record.sending(shown, sent_at, candidate=candidate)
        self.new_pin = new_pin or self.new_pin
        await self.async_save()
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
                await self.async_save()
            elif tries.answered == tries.sent and (done or candidate is None):
                # Also if something else has failed afterwards. But a PIN to be set is not set before the end.
                self.record = self.record.taken(candidate or shown)
                await self.async_save()
