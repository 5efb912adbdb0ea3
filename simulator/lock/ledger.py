"""The ledger: what was done at the door, as somebody would write it down who stands there and sees everything.

The lock's own log is what the lock makes of it, a client's events are what the client makes of that log. A test
compares the two ends: each deed that was logged has the index of its entry.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, auto
import json

__all__ = ["Deed", "How", "Ledger", "Result"]


class How(StrEnum):
    """By what something was done."""

    HAND = auto()
    """Key, knob, or the door itself."""
    BUTTON = auto()
    APP = auto()
    """A phone, or another client that has paired as one; Home Assistant too, unless it is a Bridge."""
    BRIDGE = auto()
    FOB = auto()
    KEYPAD = auto()
    """Something that goes on after a use of the keypad: locking after lock 'n' go."""
    CODE = auto()
    FINGER = auto()
    ARROW_KEY = auto()
    AUTO_UNLOCK = auto()
    """A phone that comes near."""
    AUTO_LOCK = auto()
    TIME_CONTROL = auto()
    NIGHT_MODE = auto()
    HOMEKIT = auto()
    MQTT = auto()
    MATTER = auto()
    WEB = auto()
    ITSELF = auto()
    """The lock, without being asked: it starts, it has new firmware."""


class Result(StrEnum):
    """What became of it."""

    DONE = auto()
    FAILED = auto()
    WRONG_CODE = auto()
    WRONG_FINGER = auto()
    NOT_ALLOWED = auto()
    """Right code, finger, fob or phone at the wrong time, or of somebody whose right is paused."""
    AUTO_UNLOCK_REFUSED = auto()
    IGNORED = auto()
    """The keypad did not even look, because of too many wrong codes before."""


@dataclass(kw_only=True)
class Deed:
    """One thing that was done, or tried."""

    how: How
    what: str
    """A lock action in lower case, or what else happened, as `open_door`."""
    result: Result
    detail: str
    """Completion status in lower case."""
    time: datetime
    """Aware, UTC, of the world around the lock."""
    lock_time: datetime | None
    """What the lock's own clock showed; None if it could not show a date."""
    who: str | None = field(default=None, repr=False)
    """Name of who did it; None if nobody can know."""
    code_id: int | None = None
    index: int | None = None
    """Index in the lock's log; None if it is not there, or not yet."""
    log_number: int = 0
    """Which log of the lock that was: it counts how often the log began again."""

    def to_json(self) -> str:
        """Return the deed as one line of JSON."""
        return json.dumps(
            {
                "index": self.index,
                "log_number": self.log_number,
                "time": self.time.isoformat(),
                "lock_time": None if self.lock_time is None else self.lock_time.isoformat(),
                "who": self.who,
                "how": self.how,
                "what": self.what,
                "result": self.result,
                "detail": self.detail,
                "code_id": self.code_id,
            }
        )


class Ledger:
    """All deeds in the order in which they were over."""

    def __init__(self, now: Callable[[], datetime], lock_time: Callable[[], datetime | None]) -> None:
        """Begin empty; `now` returns the aware wall time, `lock_time` what the lock's clock shows."""
        self.deeds: list[Deed] = []
        self._now = now
        self._lock_time = lock_time

    def __iter__(self) -> Iterator[Deed]:
        """Iterate over the deeds."""
        return iter(self.deeds)

    def add(
        self,
        how: How,
        what: str,
        *,
        who: str | None = None,
        result: Result = Result.DONE,
        detail: str = "success",
        code_id: int | None = None,
    ) -> Deed:
        """Write down what has just been done."""
        deed = Deed(
            how=how,
            what=what,
            result=result,
            detail=detail,
            time=self._now(),
            lock_time=self._lock_time(),
            who=who,
            code_id=code_id,
        )
        self.deeds.append(deed)
        return deed

    @property
    def logged(self) -> list[Deed]:
        """Deeds that the lock has in its log, or had."""
        return [deed for deed in self.deeds if deed.index is not None]

    def json_lines(self) -> Iterator[str]:
        """Yield every deed as one line of JSON."""
        return (deed.to_json() for deed in self.deeds)
