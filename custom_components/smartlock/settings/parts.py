"""What only the security PIN gives access to: parts of a snapshot, and signs of a restart."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field, replace
from typing import Any

from custom_components.smartlock.access import directory, schedules
from custom_components.smartlock.access.lists import ListKind, LockLists
from custom_components.smartlock.activity.log import LogReader
from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.pin.guard import PinGuard, PinSession, PinUnavailableError
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.enums import LogEntryType
from custom_components.smartlock.protocol.errors import (
    IncompleteListError,
    LockRefusedError,
    NotAuthorizedError,
    PinError,
)
from custom_components.smartlock.protocol.undocumented import GeneralStatistics, RequestGeneralStatistics
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.settings.rules.battery_change import Counters, LogRead
from custom_components.smartlock.settings.rules.snapshot import (
    Part,
    lasting_authorization,
    lasting_code,
    lasting_logging,
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """The results that could be read."""

    signs: tuple[Counters | LogRead, ...] = ()
    """Signs of a restart."""
    parts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Parts of a snapshot by name."""


class PinParts:
    """Reads with a verified PIN, and not at all without one."""

    def __init__(self, pin: PinGuard, log: LogReader, lists: LockLists) -> None:
        """Prepare; nothing is sent yet."""
        self._pin = pin
        self._log = log
        self._lists = lists
        self._refused: set[str] = set()
        """Requests that this lock's firmware does not answer; they are not repeated."""

    @property
    def possible(self) -> bool:
        """Whether there is a PIN that may be sent."""
        return self._pin.state is PinState.VALID

    async def signs(self) -> Found:
        """Read the signs of a restart. Raises LinkError or ProtocolError."""
        try:
            async with self._pin.session() as session:
                return await self._signs(session, fresh=False)
        except PinError, PinUnavailableError:
            return Found()

    async def everything(self, *, codes: bool, fresh: bool = False) -> Found:
        """Read the signs of a restart and all parts of a snapshot; keypad codes only if they may be archived.

        `fresh`: the link is not shared. Raises LinkError or ProtocolError.
        """
        try:
            async with self._pin.session() as session:
                found = await self._signs(session, fresh=fresh)
                return replace(found, parts={**found.parts, **await self._parts(session, codes=codes)})
        except PinError, PinUnavailableError:
            return Found()

    async def _signs(self, session: PinSession, *, fresh: bool) -> Found:
        signs: list[Counters | LogRead] = []
        parts: dict[str, Any] = {}
        log = await self._unless_refused("log", lambda: self._log.read(session, fresh=fresh))
        if log is not None:
            # A boot run is among the newest entries when it is looked for.
            runs = (entry for entry in log.entries if entry.type == LogEntryType.INITIALIZATION_RUN)
            newest = log.entries[0].index if log.entries else 0
            signs.append(LogRead(newest=newest, boot_runs=tuple(entry.index for entry in runs)))
            if log.count is not None:
                parts[Part.LOGGING.value] = lasting_logging(log.count)
        statistics = await self._unless_refused(
            "statistics",
            lambda: session.request(
                lambda pin: conversations.prove(RequestGeneralStatistics(), GeneralStatistics, pin=pin)
            ),
        )
        if statistics is not None:
            signs.append(
                Counters(
                    last_reboot=tuple(statistics.last_reboot),
                    unexpected_reboots=statistics.unexpected_reboot_count,
                    cycle_actions=statistics.battery_cycle_action_count,
                    initial_voltage=statistics.initial_battery_voltage,
                )
            )
        return Found(signs=tuple(signs), parts=parts)

    async def _parts(self, session: PinSession, *, codes: bool) -> dict[str, Any]:
        parts: dict[str, Any] = {}
        entries = await self._list(Part.TIME_CONTROL, lambda: schedules.read_schedules(session))
        if entries is not None:
            parts[Part.TIME_CONTROL.value] = entries
        people = await self._list(Part.AUTHORIZATIONS, lambda: directory.read_authorizations(session))
        if people is not None:
            # Our own is the only one that pairing again restores.
            others = self._lists.archivable(ListKind.AUTHORIZATIONS, people.others)
            parts[Part.AUTHORIZATIONS.value] = tuple(lasting_authorization(each) for each in others)
        if codes:
            found = await self._list(Part.KEYPAD_CODES, lambda: directory.read_codes(session))
            if found is not None:
                found = self._lists.archivable(ListKind.KEYPAD_CODES, found)
                parts[Part.KEYPAD_CODES.value] = tuple(lasting_code(code) for code in found)
        return parts

    async def _list[T](self, part: Part, read: Callable[[], Awaitable[T]]) -> T | None:
        """Read a list; None for an incomplete one, which must not be archived."""
        try:
            return await self._unless_refused(part.value, read)
        except IncompleteListError as error:
            LOGGER.debug("A list was not kept: %s", error)
            return None

    async def _unless_refused[T](self, what: str, read: Callable[[], Awaitable[T]]) -> T | None:
        """Run a read; None if this lock refuses it."""
        if what in self._refused:
            return None
        try:
            return await read()
        except PinError, NotAuthorizedError:
            raise
        except LockRefusedError:
            self._refused.add(what)
            return None
