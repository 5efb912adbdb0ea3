"""What counting the uses of codes needs from the log."""

from collections.abc import Callable
from typing import Protocol

from homeassistant.core import CALLBACK_TYPE

from custom_components.smartlock.access.rules.log_uses import Use
from custom_components.smartlock.protocol.enums import AuthorizationIdType
from custom_components.smartlock.protocol.values import dataclass


@dataclass(frozen=True, kw_only=True)
class NewestUses:
    """The newest log entries."""

    logging: bool | None
    """Whether the lock keeps a log; None if it does not say so."""
    uses: tuple[Use, ...]
    """The oldest first."""
    reported: int | None = None
    """Index of the last entry that listeners were notified of; None if they never were, or that is not known."""

    def await_others(self, counted: int) -> bool:
        """Whether listeners will yet be notified of entries between the last that was counted and these."""
        if not self.uses or self.reported is None:
            return False
        return max(self.reported, counted) < self.uses[0].index - 1


class UseLog(Protocol):
    """The log of one lock, as far as it is about uses of codes."""

    @property
    def keypads(self) -> frozenset[AuthorizationIdType]:
        """The kinds of keypads among those who have a key, as far as they were read."""

    async def newest(self, *, fresh: bool = False) -> NewestUses:
        """Return the newest log entries, read once for each link (`fresh`: again). Raises SmartLockError."""

    def async_subscribe(self, listener: Callable[[Use, bool], None]) -> CALLBACK_TYPE:
        """Call `listener` with each new log entry in order, and whether entries before it were missed."""
