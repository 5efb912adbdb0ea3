"""What is shown of an entry of the log: the attributes of its event, and what its author is called."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from custom_components.smartlock.activity.rules.entries import Denial, Method, Record, word
from custom_components.smartlock.activity.rules.moments import Moment
from custom_components.smartlock.protocol.values import dataclass

_KEYPAD = frozenset({Method.KEYPAD_CODE, Method.FINGERPRINT, Method.KEYPAD_BUTTON})
_NOBODY = frozenset({Denial.WRONG_CODE, Denial.WRONG_FINGERPRINT})


@dataclass(frozen=True, kw_only=True)
class Names:
    """What people and codes are called, and whether anybody may see it."""

    users: Mapping[int, str] = field(default_factory=dict, repr=False)
    """By authorization id."""
    codes: Mapping[int, str] = field(default_factory=dict, repr=False)
    """By id."""
    persons_of_users: Mapping[int, str] = field(default_factory=dict, repr=False)
    """Entity ids of the persons to whom authorizations belong, by authorization id."""
    persons_of_codes: Mapping[int, str] = field(default_factory=dict, repr=False)
    """The same for codes, by id."""
    numbers: Mapping[int, int] = field(default_factory=dict, repr=False)
    """What people go by where no name is shown, by authorization id."""
    shown: bool = True
    code: str = "Code {number}"
    person: str = "Person {number}"

    def of(self, record: Record) -> str | None:
        """Return what the author of an entry is called; None for nobody that is known."""
        if record.what in _NOBODY or record.method is Method.KEYPAD_BUTTON:
            return None
        by_code = record.method in _KEYPAD
        if self.shown or record.method is Method.HOME_ASSISTANT:
            # The entry has the name of its day; it may have been changed since.
            listed = (
                self.codes.get(record.code_id or 0) if by_code else self.users.get(record.authorization_id)
            )
            return record.name or listed or None
        if by_code:
            return self.code.format(number=record.code_id) if record.code_id else None
        number = self.numbers.get(record.authorization_id)
        return None if number is None else self.person.format(number=number)

    def hidden(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is to show instead of names that were shown before they were hidden."""
        user = shown.get("user")
        if self.shown or user is None or shown.get("method") == Method.HOME_ASSISTANT:
            return {}
        if code_id := shown.get("code_id"):
            return {"user": self.code.format(number=code_id), "person": None}
        aliases = {self.person.format(number=number): each for each, number in self.numbers.items()}
        if user not in aliases:
            # Whose name has been changed since is nobody that is known any more.
            bearers = [alias for alias, each in aliases.items() if self.users.get(each) == user]
            user = bearers[0] if len(bearers) == 1 else None
        return {"user": user, "person": None}

    def person_of(self, record: Record) -> str | None:
        """Return the entity id of the person who made an entry; None if nobody is linked, or names are not shown."""
        if not self.shown or record.what in _NOBODY or record.method is Method.KEYPAD_BUTTON:
            return None
        if record.method in _KEYPAD:
            return self.persons_of_codes.get(record.code_id or 0)
        return self.persons_of_users.get(record.authorization_id)


@dataclass(frozen=True, kw_only=True)
class Activity:
    """One entry of the log as it is shown."""

    record: Record
    moment: Moment
    user: str | None = field(repr=False)
    person: str | None = field(default=None, repr=False)
    """Entity id."""
    missed: int = 0
    """How many entries before it could not be read."""

    @property
    def type(self) -> str:
        """The type of its event."""
        return self.record.what.value

    @property
    def denied(self) -> bool:
        """Whether somebody was not let in."""
        return self.record.denied

    def attributes(self) -> dict[str, Any]:
        """Return what is shown of it beside its type."""
        record, at = self.record, self.moment.at
        more = dict(record.more)
        if self.missed:
            more["missed"] = self.missed
        if at is not None and not self.moment.certain:
            more["time_certain"] = False
        return {
            "index": record.index,
            "happened_at": None if at is None else at.isoformat(),
            "late": self.moment.late,
            "user": self.user,
            "person": self.person,
            "method": record.method.value,
            "action": None if record.lock_action is None else word(record.lock_action),
            "result": record.result,
            "code_id": record.code_id,
            "auto_unlock": record.auto_unlock,
            **more,
        }


@dataclass(frozen=True, kw_only=True)
class History:
    """A part of the log."""

    entries: tuple[Activity, ...]
    """The newest first."""
    newest: int | None
    """Index of the newest entry of the log, as far as it is known."""
    more: bool
    """Whether there are older ones."""
    missed: int
    """How many indices between the first and the last that was read have no entry."""
