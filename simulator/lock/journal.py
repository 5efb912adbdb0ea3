"""The journal: everything that the virtual lock was asked, answered and did, never a secret.

Tests ask it how often the bolt moved, to which commands a PIN was sent, how many connections there were
and which rules of the protocol the client broke.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto
import json

type Fact = str | int | float | bool | None


class Kind(StrEnum):
    """What an entry is about."""

    CONNECTION_OPENED = auto()
    CONNECTION_CLOSED = auto()
    CONNECTION_REFUSED = auto()
    REQUEST = auto()
    ANSWER = auto()
    """A message that the lock sent."""
    ANSWER_LOST = auto()
    """A message that the lock made and nobody received; `why` tells the reason."""
    PIN_SENT = auto()
    BROKEN_RULE = auto()
    MOTOR_STARTED = auto()
    MOTOR_STOPPED = auto()
    POSITIONING_RUN = auto()
    CALIBRATION = auto()
    """A calibration run began."""
    LOGGED = auto()
    """An entry of the lock's own log (`type`, `index`)."""
    SETTINGS_WRITTEN = auto()
    """What a client changed (`command`, and `fields` by name, without their values)."""
    AUTHORIZATION_ADDED = auto()
    AUTHORIZATION_DELETED = auto()
    PAIRING_MODE = auto()
    BY_HAND = auto()
    """Something that a person did to the lock or the door."""
    FAULT = auto()
    """A fault that was switched on took effect."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened."""

    kind: Kind
    loop_time: float
    """Seconds on the clock of the event loop."""
    wall_time: datetime
    """Aware, UTC, of the world around the lock; its own clock may be wrong."""
    facts: Mapping[str, Fact]

    def to_json(self) -> str:
        """Return the entry as one line of JSON."""
        return json.dumps(
            {
                "kind": self.kind,
                "loop_time": round(self.loop_time, 6),
                "wall_time": self.wall_time.isoformat(),
                **self.facts,
            }
        )


class Journal:
    """All entries in the order in which they happened."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Begin an empty journal; `now` returns the aware wall time."""
        self.entries: list[Entry] = []
        self._now = now

    def record(self, kind: Kind, **facts: Fact) -> None:
        """Add an entry with the time of now."""
        self.entries.append(
            Entry(
                kind=kind,
                loop_time=asyncio.get_running_loop().time(),
                wall_time=self._now(),
                facts=facts,
            )
        )

    def of(self, kind: Kind, **facts: Fact) -> list[Entry]:
        """Return the entries of a kind that carry all of these facts."""
        return [
            entry
            for entry in self.entries
            if entry.kind == kind and all(entry.facts.get(name) == value for name, value in facts.items())
        ]

    @property
    def motor_runs(self) -> list[Entry]:
        """Runs of the motor for a lock action (`action`, `trigger`); positioning runs are not among them."""
        return self.of(Kind.MOTOR_STARTED)

    @property
    def pins_sent(self) -> list[Entry]:
        """Every PIN that a client sent (`command`, `needed`, `accepted`)."""
        return self.of(Kind.PIN_SENT)

    @property
    def connections(self) -> list[Entry]:
        """Connections that were opened."""
        return self.of(Kind.CONNECTION_OPENED)

    @property
    def broken_rules(self) -> list[Entry]:
        """Rules that the client broke (`rule`, and `command` where there is one)."""
        return self.of(Kind.BROKEN_RULE)

    def requests(self, command: str) -> list[Entry]:
        """Return the requests with a command of this name."""
        return self.of(Kind.REQUEST, command=command)

    def json_lines(self) -> Iterator[str]:
        """Yield every entry as one line of JSON."""
        return (entry.to_json() for entry in self.entries)
