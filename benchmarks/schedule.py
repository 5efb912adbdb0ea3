"""The scripted day: a file that both sides live through."""

from dataclasses import dataclass, replace
import json
from pathlib import Path
from typing import Any, Self

__all__ = ["BadRadio", "Day", "Event"]

_FILE = Path(__file__).with_name("day.json")


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happens: `home` asks for an action, the `key` is turned, the `door` moves."""

    at: float
    """Seconds since the day began."""
    who: str
    what: str


@dataclass(frozen=True, kw_only=True)
class BadRadio:
    """When the radio is bad, in seconds since the day began, and how bad, as probabilities."""

    begins: float
    ends: float
    connects_failing: float
    exchanges_lost: float


@dataclass(frozen=True, kw_only=True)
class Day:
    """What happens in a day, in order."""

    seed: int
    length: float
    bad_radio: BadRadio
    events: tuple[Event, ...]

    @classmethod
    def load(cls) -> Self:
        """Return the day in the file."""
        day: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))
        bad = day["bad_radio"]
        return cls(
            seed=day["seed"],
            length=_seconds(day["length"]),
            bad_radio=BadRadio(
                begins=_seconds(bad["from"]),
                ends=_seconds(bad["to"]),
                connects_failing=bad["connects_failing"],
                exchanges_lost=bad["exchanges_lost"],
            ),
            events=tuple(
                Event(at=_seconds(event["at"]), who=event["who"], what=event["what"])
                for event in day["events"]
            ),
        )

    def until(self, end: float) -> Self:
        """Return the same day cut off after so many seconds."""
        return replace(self, length=end, events=tuple(event for event in self.events if event.at < end))


def _seconds(clock: str) -> float:
    hours, minutes, seconds = map(int, clock.split(":"))
    return (hours * 60 + minutes) * 60.0 + seconds
