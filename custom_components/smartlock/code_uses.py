"""How the log reports uses of keypad codes to those who count them."""

from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, callback

from custom_components.smartlock.access.rules.log_uses import Use, use_of
from custom_components.smartlock.access.uses import NewestUses
from custom_components.smartlock.activity.log import LogReader
from custom_components.smartlock.activity.rules.entries import Denial, Happening
from custom_components.smartlock.activity.rules.events import Activity
from custom_components.smartlock.activity.tracker import ActivityTracker
from custom_components.smartlock.protocol.enums import AuthorizationIdType

_NOT_OPENED = (Happening.LOCKED, Happening.FAILED)


class CodeUses:
    """The log of one lock, as far as it is about uses of codes."""

    def __init__(self, log: LogReader, activity: ActivityTracker) -> None:
        """Take who reads the log."""
        self._log = log
        self._activity = activity

    @property
    def keypads(self) -> frozenset[AuthorizationIdType]:
        """The kinds of keypads among those who have a key, as far as they were read."""
        return self._activity.people.keypads

    async def newest(self, *, fresh: bool = False) -> NewestUses:
        """Return what the newest log entries are, read once for each link. Raises what `LogReader.read` raises."""
        page = await self._log.read(fresh=fresh)
        reported = await self._activity.async_history(limit=1, refresh=False)
        return NewestUses(
            logging=None if page.count is None else bool(page.count.logging_enabled),
            uses=tuple(use_of(entry) for entry in reversed(page.entries)),
            reported=reported.newest,
        )

    @callback
    def async_subscribe(self, listener: Callable[[Use, bool], None]) -> CALLBACK_TYPE:
        """Call `listener` with each new log entry in order, and whether entries before it were missed."""

        @callback
        def happened(activity: Activity) -> None:
            record = activity.record
            opened = not isinstance(record.what, Denial) and record.what not in _NOT_OPENED
            listener(Use(record.index, record.code_id, opened=opened), bool(activity.missed))

        return self._activity.async_subscribe(happened)
