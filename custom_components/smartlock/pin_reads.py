"""What only the security PIN opens, read over an open link: parts of a snapshot, and evidence of a restart."""

from collections.abc import Callable
from typing import Any

from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.features.battery_change import Counters, LogRead
from custom_components.smartlock.features.pin import PinState
from custom_components.smartlock.features.settings_snapshot import (
    Part,
    lasting_authorization,
    lasting_code,
    lasting_logging,
)
from custom_components.smartlock.pin_guard import PinGuard, PinUnavailableError
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.conversations import Conversation
from custom_components.smartlock.protocol.enums import LogEntryType
from custom_components.smartlock.protocol.errors import LockRefusedError, NotAuthorizedError, PinError
from custom_components.smartlock.protocol.undocumented import GeneralStatistics, RequestGeneralStatistics

# A boot run is among the newest entries when it is looked for.
_LOG_ENTRIES = 8


class PinReads:
    """Reads with a PIN that is known to be right, once each, and nothing at all without one."""

    def __init__(self, client: LockClient, pin: PinGuard) -> None:
        """Prepare; nothing is sent yet."""
        self._client = client
        self._pin = pin
        self._refused: set[str] = set()
        """What this lock's firmware does not answer: not asked again."""

    @property
    def possible(self) -> bool:
        """Whether there is a PIN that may be sent."""
        return self._pin.state is PinState.VALID

    async def parts(self, *, codes: bool) -> dict[str, Any]:
        """Return the parts of a snapshot that could be read; keypad codes only if they are to be kept.

        Raises LinkError or ProtocolError.
        """
        parts: dict[str, Any] = {}
        if (entries := await self._ask("time_control", conversations.read_time_control)) is not None:
            parts[Part.TIME_CONTROL.value] = entries[1]
        if (people := await self._ask("authorizations", conversations.read_authorizations)) is not None:
            # Our own comes first and is the one thing that a new pairing brings back.
            parts[Part.AUTHORIZATIONS.value] = tuple(lasting_authorization(entry) for entry in people[1][1:])
        if codes and (entries_ := await self._ask("codes", conversations.read_keypad_codes)) is not None:
            parts[Part.KEYPAD_CODES.value] = tuple(lasting_code(entry) for entry in entries_[1])
        return parts

    async def evidence(self) -> tuple[list[Counters | LogRead], dict[str, Any]]:
        """Return what tells of a restart, and what is logged as a part of a snapshot.

        Raises LinkError or ProtocolError.
        """
        found: list[Counters | LogRead] = []
        parts: dict[str, Any] = {}
        log = await self._ask("log", lambda pin: conversations.read_log(pin, count=_LOG_ENTRIES))
        if log is not None:
            count, entries = log
            boots = tuple(entry.index for entry in entries if entry.type == LogEntryType.INITIALIZATION_RUN)
            found.append(LogRead(newest=max((entry.index for entry in entries), default=0), boot_runs=boots))
            if count is not None:
                parts[Part.LOGGING.value] = lasting_logging(count)
        statistics = await self._ask(
            "statistics",
            lambda pin: conversations.prove(RequestGeneralStatistics(), GeneralStatistics, pin=pin),
        )
        if statistics is not None:
            found.append(
                Counters(
                    last_reboot=tuple(statistics.last_reboot),
                    unexpected_reboots=statistics.unexpected_reboot_count,
                    cycle_actions=statistics.battery_cycle_action_count,
                    initial_voltage=statistics.initial_battery_voltage,
                )
            )
        return found, parts

    async def _ask[T](self, what: str, conversation: Callable[[int], Conversation[T]]) -> T | None:
        """Hold one conversation; None without a PIN, or for what this lock refuses."""
        if what in self._refused:
            return None
        try:
            async with self._pin.lent() as pin:
                return await self._client.hold(conversation(pin))
        except PinError, PinUnavailableError:
            return None
        except NotAuthorizedError:
            raise
        except LockRefusedError:
            self._refused.add(what)
            return None
