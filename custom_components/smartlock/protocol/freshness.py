"""Whether a message is fresh or a recording: anyone can receive the link and answer on it.

Answers do not refer to requests, so nothing in a frame ties it to ours. Three properties together do:

    each frame has a nonce of its own       what was received once is never accepted again
    Keyturner States carry the lock's time  a recording that never arrived is older than the request it answers
    requests are sealed                     only the lock knows which of two similar ones was sent
    (`questions`)

The last one is for a lock whose time proves nothing: its clock was lost or set back, or is unknown. Messages
other than states carry no time; they are believed once states on the same link were. Nothing here waits or
reads a clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

# How much older than expected states may be, in seconds: the lock reports whole ones, and an answer takes a
# while.
SLACK = 3.0
# And how much slower than ours its clock may run; a minute and a half a day is far more than a quartz does.
DRIFT = 0.001
# Over so many seconds it shows whether the lock's clock and one of ours run alike.
_COMPARED = 60.0
# A day or two of an ordinary lock; older recordings are recognized by their time. Bounds memory, and what is
# stored.
NONCES_KEPT = 512
# As much of a nonce as is kept: the lock chooses them at random, and nobody else can seal a frame with one.
_NONCE_KEPT = 8
# An impostor has to guess each question: once in a million.
QUESTIONS = 20


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment on our clocks, in seconds each."""

    monotonic: float | None
    """Since the machine was started; None for a moment before a restart. It may stand still while it sleeps."""
    wall: float
    """Since 1970; it may be set."""


class Freshness:
    """What of one lock's messages was received before; over links, and restarts with `to_json`."""

    def __init__(self) -> None:
        """Know nothing: the first states are believed, since their key is new too."""
        self._nonces: dict[bytes, None] = {}
        self._time: datetime | None = None
        self._at: Moment | None = None
        # Whether our clocks were seen to run like the lock's; only such a one tells how late it must be there.
        self._monotonic_runs = self._wall_runs = False
        self._timeless = False
        self._doubtful = False

    def first(self, nonce: bytes) -> bool:
        """Whether a frame with this nonce has not been received before; it has from now on."""
        kept = nonce[:_NONCE_KEPT]
        if kept in self._nonces:
            return False
        self._nonces[kept] = None
        if len(self._nonces) > NONCES_KEPT:
            del self._nonces[next(iter(self._nonces))]
        return True

    def believable(self, time: datetime | None, asked: Moment) -> bool:
        """Whether states with this time of the lock can be younger than what was asked; None is an impossible time."""
        if self._doubtful:
            return False
        if time is None:
            return self._timeless or self._time is None
        if self._time is None:
            return True
        elapsed = self._elapsed(asked)
        return (time - self._time).total_seconds() >= elapsed - SLACK - DRIFT * elapsed

    def believed(self, time: datetime | None, now: Moment) -> None:
        """Take states that were believed: no older ones will be."""
        self._timeless = time is None
        if time is None:
            self._time = self._at = None
            return
        if self._time is not None and self._at is not None:
            passed = (time - self._time).total_seconds()
            if passed < 0:
                # Within the slack. Going back by it again and again would lead anywhere.
                return
            since = self._at
            if since.monotonic is not None and now.monotonic is not None:
                self._monotonic_runs = _alike(passed, now.monotonic - since.monotonic, self._monotonic_runs)
            self._wall_runs = _alike(passed, now.wall - since.wall, self._wall_runs)
        self._time, self._at = time, now

    def clock_set(self, time: datetime | None, now: Moment) -> None:
        """We tell the lock what time it is: if it takes it, its states may be as old as that."""
        if self._time is None or self._at is None or time is None:
            return
        if time < self._time:
            self._time, self._at = time, now
        self._monotonic_runs = self._wall_runs = False

    def proved(self) -> None:
        """The lock has answered questions that only it can: whatever its clock shows next is its time."""
        self._time = self._at = None
        self._timeless = self._doubtful = False

    def doubt(self) -> None:
        """What was known of the lock is lost: nothing is believed before it has answered questions."""
        self._doubtful = True

    def _elapsed(self, now: Moment) -> float:
        """At least so many seconds have passed for the lock since its last states."""
        since = self._at
        if since is None:
            return 0.0
        passed = [0.0]
        if self._monotonic_runs and since.monotonic is not None and now.monotonic is not None:
            passed.append(now.monotonic - since.monotonic)
        if self._wall_runs:
            passed.append(now.wall - since.wall)
        return max(passed)

    def to_json(self) -> dict[str, Any]:
        """Return plain data that survives a restart."""
        return {
            "nonces": b"".join(self._nonces).hex(),
            "time": None if self._time is None else self._time.isoformat(),
            "wall": None if self._at is None else self._at.wall,
            "wall_runs": self._wall_runs,
            "timeless": self._timeless,
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Go on from what was stored. Raises KeyError, TypeError or ValueError for anything else."""
        nonces, time, wall = bytes.fromhex(data["nonces"]), data["time"], data["wall"]
        moment = None if time is None else datetime.fromisoformat(time)
        if moment is not None and moment.tzinfo is None:
            raise ValueError("a time without a zone")
        at = None if wall is None else Moment(None, float(wall))
        if (moment is None) is not (at is None) or len(nonces) % _NONCE_KEPT:
            raise ValueError("half of what belongs together")
        kept = [nonces[start : start + _NONCE_KEPT] for start in range(0, len(nonces), _NONCE_KEPT)]
        self._nonces = dict.fromkeys([*kept, *self._nonces])
        self._time, self._at = moment, at
        self._wall_runs, self._timeless = data["wall_runs"] is True, data["timeless"] is True


def _alike(theirs: float, ours: float, before: bool) -> bool:
    """Whether two clocks have gone on alike; as before if too little time has passed to tell."""
    longest = max(theirs, abs(ours))
    return before if longest < _COMPARED else abs(theirs - ours) <= SLACK + DRIFT * longest


def questions(random: bytes) -> Sequence[bool]:
    """Return which of two questions to ask each time, from at least 3 random bytes."""
    number = int.from_bytes(random)
    return [bool(number >> bit & 1) for bit in range(QUESTIONS)]
