"""What became of each arrival: pure steps over the decisions of a rule. Times are dates, in any zone."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Self

from custom_components.smartlock.auto_unlock.rules.effects import Hold, RulePhase, RuleReason
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.rules.stored import moment, optional, text

__all__ = ["KEPT", "Arrival", "ArrivalLog"]

# How many arrivals are kept.
KEPT: Final = 10
# Why a rule is not armed for somebody who has been away long enough.
_OBSTACLES = frozenset({RuleReason.NOT_SEEN_LEAVING, RuleReason.PHONE_SILENT})
_RESULTS = frozenset([*RuleReason, *Hold])


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One absence, and how it ended."""

    left_at: datetime
    back_at: datetime | None = None
    """When the phone reported that it is back."""
    door_at: datetime | None = None
    """When it was first received at the door."""
    result: RuleReason | Hold | None = None
    """What became of it; None while it lasts."""
    ended_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it for the storage."""
        return {
            "left_at": self.left_at.isoformat(),
            "back_at": None if self.back_at is None else self.back_at.isoformat(),
            "door_at": None if self.door_at is None else self.door_at.isoformat(),
            "result": self.result,
            "ended_at": None if self.ended_at is None else self.ended_at.isoformat(),
        }

    @classmethod
    def from_json(cls, stored: Any) -> Self:
        """Return a stored one. Raises KeyError, TypeError or ValueError."""
        result = optional(text, stored["result"])
        if result is not None and result not in _RESULTS:
            raise ValueError("no result")
        return cls(
            left_at=moment(stored["left_at"]),
            back_at=optional(moment, stored["back_at"]),
            door_at=optional(moment, stored["door_at"]),
            result=result if result is None else _reason(result),
            ended_at=optional(moment, stored["ended_at"]),
        )


@dataclass(frozen=True, kw_only=True)
class ArrivalLog:
    """The last arrivals of one person, and the absence that lasts."""

    arrivals: tuple[Arrival, ...] = ()
    """The oldest first."""
    current: Arrival | None = None
    armed: bool = False
    """Whether the absence that lasts has armed the rule."""
    obstacle: RuleReason | Hold | None = None
    """Why it has not."""

    def after(
        self, phase: RulePhase, reason: RuleReason | Hold, at: datetime, left_at: datetime
    ) -> ArrivalLog:
        """Return the log after a decision at `at`; somebody who is away left at `left_at`.

        What was no real absence is left out: too short, or a location that was wrong.
        """
        log = self
        match phase:
            case RulePhase.LEAVING | RulePhase.AWAY:
                if log.current is not None and log.current.back_at is not None:
                    # Was back, and is leaving again.
                    log = log.ended(reason, at)
                if log.current is None:
                    log = replace(log, current=Arrival(left_at=left_at), armed=False, obstacle=None)
                if phase is RulePhase.AWAY:
                    return replace(log, armed=True)
                return replace(log, obstacle=reason if reason in _OBSTACLES else log.obstacle)
            case RulePhase.RETURNING if reason is RuleReason.CAME_BACK and log.current is not None:
                return replace(log, current=replace(log.current, back_at=at))
            case RulePhase.NEAR if log.current is not None and log.current.door_at is None:
                return replace(log, current=replace(log.current, door_at=at))
            case RulePhase.COOLING_DOWN:
                return log.ended(reason, at)
            case RulePhase.HOME | RulePhase.DISABLED if log.current is not None:
                if log.armed:
                    return log.ended(reason, at)
                if reason is RuleReason.BACK_TOO_SOON and log.obstacle is not None:
                    return replace(log, current=replace(log.current, back_at=at)).ended(log.obstacle, at)
                return replace(log, current=None)
        return log

    def ended(self, result: RuleReason | Hold, at: datetime) -> ArrivalLog:
        """Return the log with the end of the absence that lasts."""
        if self.current is None:
            return self
        arrival = replace(self.current, result=result, ended_at=at)
        return ArrivalLog(arrivals=(*self.arrivals, arrival)[-KEPT:])

    def to_json(self) -> dict[str, Any]:
        """Return it for the storage: without an absence that has not armed the rule."""
        current = self.current if self.armed else None
        return {
            "arrivals": [arrival.to_json() for arrival in self.arrivals],
            "current": None if current is None else current.to_json(),
        }

    @classmethod
    def from_json(cls, stored: Any, at: datetime) -> ArrivalLog:
        """Return a stored log, read at `at`: a start ends the absence that lasted, as nothing of it is known.

        Raises KeyError, TypeError or ValueError.
        """
        log = cls(
            arrivals=tuple(Arrival.from_json(each) for each in stored["arrivals"])[-KEPT:],
            current=optional(Arrival.from_json, stored["current"]),
        )
        return log.ended(RuleReason.RESTARTED, at)


def _reason(result: str) -> RuleReason | Hold:
    return RuleReason(result) if result in set(RuleReason) else Hold(result)
