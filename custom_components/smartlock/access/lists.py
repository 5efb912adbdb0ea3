"""The one reader and writer of a lock's lists: codes, authorizations, time control.

Each change is one turn: a fresh read, a merge, one write, and a read that shows what became of it. Nothing is written
twice; after a lost answer the list tells. What keeps copies of the lists learns of each change in the same step.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from homeassistant.core import callback

from custom_components.smartlock.access import directory, schedules
from custom_components.smartlock.access.directory import Progress
from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.coordinator import SmartLockCoordinator
from custom_components.smartlock.pin.guard import PinGuard, PinSession
from custom_components.smartlock.protocol.errors import (
    IncompleteListError,
    LinkError,
    ProtocolError,
    SmartLockError,
    UnreachableError,
)
from custom_components.smartlock.protocol.messages import AuthorizationEntry, KeypadCode, TimeControlEntry

type Entry = KeypadCode | AuthorizationEntry | TimeControlEntry
type Learn = Callable[[tuple[Any, ...]], Awaitable[None]]
"""Takes a list as it was read back."""


class ListKind(StrEnum):
    """Which list."""

    KEYPAD_CODES = "keypad_codes"
    AUTHORIZATIONS = "authorizations"
    TIME_CONTROL = "time_control"


class InStep(Protocol):
    """Keeps copies of lists in step with a change of ours."""

    def __call__(self, kind: ListKind, gone: Callable[[Any], bool]) -> AbstractAsyncContextManager[Learn]:
        """Before the block forget the entries for which `gone` is true, so that nobody puts them back.

        In the block the list is changed, and what was read back goes to what it yields. Raises NotStoredError if they
        could not be forgotten: then nothing is changed.
        """


class _Reading[E](Protocol):
    async def finish(self, session: PinSession) -> tuple[E, ...]: ...


@dataclass(eq=False)
class InDoubtError(Exception):
    """A change went out, and no answer came."""

    error: SmartLockError
    session: PinSession = field(repr=False)


class LockLists:
    """The lists of one lock."""

    def __init__(self, coordinator: SmartLockCoordinator, pin: PinGuard) -> None:
        """Prepare; nothing is sent yet."""
        self._client = coordinator.client
        self._pin = pin
        self._turn = asyncio.Lock()
        self._in_step: InStep | None = None
        self._archivable: dict[ListKind, Callable[[Any], bool]] = {}

    @callback
    def async_keep_in_step(self, in_step: InStep) -> None:
        """Have `in_step` around each change."""
        self._in_step = in_step

    @callback
    def async_archive_only(self, kind: ListKind, allowed: Callable[[Any], bool]) -> None:
        """Let nobody archive the entries of a list for which `allowed` is false."""
        self._archivable[kind] = allowed

    def archivable[E: Entry](self, kind: ListKind, entries: Iterable[E]) -> tuple[E, ...]:
        """Return the entries of a list that a restore may write again later."""
        allowed = self._archivable.get(kind)
        return tuple(entry for entry in entries if allowed is None or allowed(entry))

    async def forget(self, kind: ListKind, gone: Callable[[Any], bool]) -> None:
        """Have nobody restore the entries for which `gone` is true. Raises NotStoredError."""
        if self._in_step is not None:
            async with self._in_step(kind, gone):
                pass

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for our turn, and keep the link that it opens until the end of the block: one change at a time."""
        async with self._turn, self._client.keep_connected():
            yield

    # --- Reading ------------------------------------------------------------------------------------------

    async def codes(self, progress: Progress | None = None) -> tuple[KeypadCode, ...]:
        """Read all codes. A page that does not come is asked for once more, on a new link.

        Raises what `PinGuard.session` and `PinSession.request` raise, and IncompleteListError.
        """
        return await self._read(lambda: directory.reading_codes(progress))

    async def authorizations(self, progress: Progress | None = None) -> tuple[AuthorizationEntry, ...]:
        """Read all authorizations, our own among them. Raises like `codes`."""
        return await self._read(lambda: directory.reading_authorizations(progress))

    async def time_control(self) -> tuple[TimeControlEntry, ...]:
        """Read all entries of time control. Raises like `codes`."""
        return await self._read(_Schedules)

    async def _read[E](self, begin: Callable[[], _Reading[E]]) -> tuple[E, ...]:
        try:
            return await self._read_on(begin())
        except IncompleteListError:
            # Something was lost on the way, or the list was changed meanwhile.
            return await self._read_on(begin())

    async def _read_on[E](self, reading: _Reading[E]) -> tuple[E, ...]:
        try:
            async with self._pin.session() as session:
                return await reading.finish(session)
        except UnreachableError:
            raise
        except LinkError as error:
            LOGGER.debug("A page of a list is asked for again: %s", type(error).__name__)
        async with self._pin.session() as session:
            return await reading.finish(session)

    # --- Changing -----------------------------------------------------------------------------------------

    async def change[E: Entry, T](
        self,
        kind: ListKind,
        write: Callable[[PinSession], Awaitable[T]],
        read: Callable[[], Awaitable[tuple[E, ...]]],
        *,
        gone: Callable[[E], bool] = lambda entry: False,
        done: Callable[[tuple[E, ...]], bool],
    ) -> tuple[T | None, tuple[E, ...] | None]:
        """Write a change once, inside a `turn`, and return what the lock answered and the list after it.

        `gone` are the entries that are not to be put back by anybody from now on.
        `done` says of a list whether the change is in it: then a lost answer does not matter, and the answer is
        None. A list that could not be read after the lock had answered is None.

        Raises what `PinGuard.session` and `PinSession.request` raise if nothing was changed, NotStoredError if what
        is kept could not be brought in step, and AccessError with `OUTCOME_UNKNOWN`.
        """
        around: AbstractAsyncContextManager[Learn]
        around = nullcontext(_ignore) if self._in_step is None else self._in_step(kind, gone)
        async with around as learn:
            doubt: InDoubtError | None = None
            answer: T | None = None
            try:
                answer = await self._write(write)
            except InDoubtError as error:
                doubt = error
            try:
                after = await read()
            except SmartLockError as error:
                LOGGER.debug("A change was not read back: %s", type(error).__name__)
                if doubt is not None:
                    raise AccessError(AccessProblem.OUTCOME_UNKNOWN) from error
                return answer, None
            await learn(self.archivable(kind, after))
        if doubt is not None:
            if not done(after):
                raise doubt.error
            await self._pin.async_carried_out(doubt.session)
        return answer, after

    async def _write[T](self, write: Callable[[PinSession], Awaitable[T]]) -> T:
        session: PinSession | None = None
        try:
            async with self._pin.session() as session:
                return await write(session)
        except (LinkError, ProtocolError) as error:
            if session is None or not session.tries.sent:
                raise
            raise InDoubtError(error, session) from error


class _Schedules:
    """Time control comes in one piece."""

    async def finish(self, session: PinSession) -> tuple[TimeControlEntry, ...]:
        return await schedules.read_schedules(session)


async def _ignore(entries: tuple[Any, ...]) -> None:
    """Nobody keeps a copy."""
