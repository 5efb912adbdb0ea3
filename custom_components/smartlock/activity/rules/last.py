"""Who has changed the lock last, and who was the last to come in, as pure steps."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Self

from custom_components.smartlock.activity.rules.entries import TRIGGERS, Method
from custom_components.smartlock.protocol.enums import LockAction, LockState, Place
from custom_components.smartlock.protocol.messages import KeyturnerStates
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.rules.stored import flag, integer, moment, obj, optional, text

type Sign = tuple[int | None, ...]


def sign_of(states: KeyturnerStates) -> Sign:
    """Return what differs as soon as anybody has operated the lock, as far as its states tell."""
    return (
        states.lock_state,
        states.trigger,
        states.last_lock_action,
        states.last_lock_action_trigger,
        states.last_lock_action_completion_status,
    )


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A lock action that succeeded."""

    index: int
    method: Method
    action: LockAction
    user: str | None
    """As it is shown; None for nobody who is known."""
    happened_at: datetime | None
    alias: str | None = None
    """What shows instead of a name that is to be hidden."""

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "index": self.index,
            "method": self.method.value,
            "action": int(self.action),
            "user": self.user,
            "alias": self.alias,
            "happened_at": None if self.happened_at is None else self.happened_at.isoformat(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return what was stored. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            index=integer(data["index"]),
            method=Method(text(data["method"])),
            action=LockAction(integer(data["action"])),
            user=optional(text, data["user"]),
            alias=optional(text, data.get("alias")),
            happened_at=optional(moment, data["happened_at"]),
        )


@dataclass(frozen=True, kw_only=True)
class Last:
    """The last operations, and whether one of them explains what the lock shows."""

    operation: Operation | None = None
    """The last that succeeded."""
    opening: Operation | None = None
    """The last by which somebody unlocked or opened."""
    sign: Sign | None = None
    """What the states showed when the operation was found to explain them; None: it does not."""
    shown: Sign | None = None
    """What the states show now; None before the first."""
    read_since: bool = False
    """The log has been read to its end since they show that."""
    fresh: bool = False
    """The operation has come from the log since it was last read to its end."""
    place: Place | None = None
    """Where the bolt was last seen at rest; None if that is not known."""
    opened_since: bool = False
    """The bolt was seen to be unlocked, and no entry of the log says by whom."""

    @property
    def explained(self) -> Operation | None:
        """What explains the state that is shown; None as long as nothing does."""
        return (
            self.operation if self.read_since and self.sign is not None and self.sign == self.shown else None
        )

    def last_opening(self, *, log_readable: bool) -> Operation | None:
        """Return the last by which somebody unlocked or opened; None if somebody else may have, later.

        An entry that comes with the next reading of the log is waited for: seconds, as a rule.
        """
        return None if self.opened_since and (self.read_since or not log_readable) else self.opening

    def seen(self, states: KeyturnerStates) -> Self:
        """Take what the lock shows: if it is something else than before, nothing explains it yet."""
        shown = sign_of(states)
        if shown == self.shown:
            return self
        place = states.lock_state.place
        unlocked = (self.place, place) == (Place.LOCKED, Place.UNLOCKED) and not self._logged_ahead(states)
        return replace(
            self,
            shown=shown,
            read_since=False,
            # A bolt on its way was where it was; one that loses its place may be anywhere.
            place=self.place if states.lock_state.heading is not None and place is None else place,
            opened_since=self.opened_since or unlocked,
        )

    def _logged_ahead(self, states: KeyturnerStates) -> bool:
        """Whether the log has had an opening before the states show it."""
        operation = self.operation
        return (
            operation is not None
            and operation == self.opening
            and self.sign is None
            and _agree(operation, states)
        )

    def succeeded(self, operation: Operation, *, opening: bool) -> Self:
        """Take an operation from the log."""
        return replace(
            self,
            operation=operation,
            opening=operation if opening else self.opening,
            opened_since=self.opened_since and not opening,
            sign=None,
            fresh=True,
        )

    def read(self, states: KeyturnerStates) -> Self:
        """Take note that the log has been read to its end with the lock in this state.

        If nothing has come since another state was shown, that is not explained yet: its entry is written later.
        """
        if self.shown not in (None, sign_of(states)):
            # It has changed meanwhile, so the end was not the end.
            return self
        last = replace(self.seen(states), read_since=True, fresh=False)
        if self.operation is None or not _agree(self.operation, states):
            return replace(last, sign=None)
        return replace(last, sign=last.shown) if self.fresh else last

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "operation": None if self.operation is None else self.operation.to_json(),
            "opening": None if self.opening is None else self.opening.to_json(),
            "sign": None
            if self.sign is None
            else [None if each is None else int(each) for each in self.sign],
            "opened_since": self.opened_since,
            "place": None if self.place is None else self.place.value,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return what was stored. Raises KeyError, TypeError or ValueError for anything else."""
        sign = stored["sign"]
        return cls(
            operation=optional(lambda each: Operation.from_json(obj(each)), stored["operation"]),
            opening=optional(lambda each: Operation.from_json(obj(each)), stored["opening"]),
            sign=None if sign is None else tuple(optional(integer, each) for each in sign),
            opened_since=flag(stored.get("opened_since", False)),
            place=optional(lambda each: Place(text(each)), stored.get("place")),
        )


def _agree(operation: Operation, states: KeyturnerStates) -> bool:
    """Whether the bolt may be where it is because of an operation."""
    method = method_of(states)
    return states.lock_state.place in operation.action.leaves and method in (None, operation.method)


def method_of(states: KeyturnerStates) -> Method | None:
    """Return how the state came about as far as the states tell by themselves; None for what may be several things."""
    if states.lock_state in (LockState.UNCALIBRATED, LockState.MOTOR_BLOCKED):
        return None
    return TRIGGERS.get(states.trigger)
