"""What Home Assistant remembers of codes and users beside the lock: removals, uses, guests, persons. No digits.

An entry is identified by its id and its creation date, because a lock may reuse the id of a deleted entry.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from custom_components.smartlock.access.rules.changes import meaning
from custom_components.smartlock.access.rules.log_uses import Use
from custom_components.smartlock.protocol.messages import AuthorizationEntry, KeypadCode, TimeLimit
from custom_components.smartlock.protocol.wire import Date7, shown
from custom_components.smartlock.rules.stored import byte, flag, integer, listed, moment, obj, optional, text

# A pending removal becomes a repair after this time.
OVERDUE = timedelta(hours=1)
# Expired codes that were made here are deleted this long after their end.
EXPIRED_FOR = timedelta(days=1)


class Owner(StrEnum):
    """Which list an entry belongs to."""

    CODE = "code"
    USER = "user"


class Why(StrEnum):
    """The reason for a removal."""

    REVOKED = "revoked"
    """The owner wants it."""
    PAUSED = "paused"
    """The owner wants the entry disabled; it is not deleted."""
    USED_UP = "used_up"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True, order=True)
class Key:
    """Identifies an entry."""

    owner: Owner
    entry_id: int = field(repr=False)
    created: Date7 | None
    """As the lock sent it; None if it was not known when the entry was named."""

    @classmethod
    def of(cls, entry: KeypadCode | AuthorizationEntry) -> Self:
        """Return the key of an entry of the lock."""
        if isinstance(entry, KeypadCode):
            return cls(owner=Owner.CODE, entry_id=entry.code_id, created=entry.date_created)
        return cls(owner=Owner.USER, entry_id=entry.authorization_id, created=entry.date_created)

    def names(self, entry: KeypadCode | AuthorizationEntry) -> bool:
        """Whether this key identifies an entry."""
        other = Key.of(entry)
        return (self.owner, self.entry_id) == (other.owner, other.entry_id) and self.created in (
            None,
            other.created,
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        created = None if self.created is None else list(self.created)
        return {"owner": self.owner.value, "id": self.entry_id, "created": created}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the key of plain data. Raises KeyError, TypeError or ValueError."""
        return cls(
            owner=Owner(data["owner"]),
            entry_id=integer(data["id"]),
            created=optional(_date, data["created"]),
        )


@dataclass(frozen=True, kw_only=True)
class Removal:
    """A promise to delete or disable an entry. It is kept until the lock no longer has it."""

    key: Key
    why: Why
    since: datetime
    name: str = field(default="", repr=False)
    """For the repair; empty if it was not known."""
    confirmed: bool = False
    """The owner has confirmed the removal of an accessory."""

    def overdue(self, now: datetime) -> bool:
        """Whether the owner should know that the entry still works."""
        return now - self.since >= OVERDUE

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "key": self.key.to_json(),
            "why": self.why.value,
            "since": self.since.isoformat(),
            "name": self.name,
            "confirmed": self.confirmed,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the removal of plain data. Raises KeyError, TypeError or ValueError."""
        return cls(
            key=Key.from_json(data["key"]),
            why=Why(data["why"]),
            since=moment(data["since"]),
            name=text(data["name"]),
            confirmed=flag(data["confirmed"]),
        )


@dataclass(frozen=True, kw_only=True)
class Made:
    """A code that was made here, or is marked here."""

    key: Key
    made_here: bool = False
    guest: bool = False
    expires: datetime | None = None
    """The end that was written for it."""
    uses_left: int | None = None
    """How many times it may still open; None: any number."""
    count_seen: int = 0
    """The lock's own use counter when the remaining uses were last certain."""
    person: str | None = None
    """The person who uses it, by the id that `persons.py` keeps."""

    @property
    def says_nothing(self) -> bool:
        """Whether there is nothing to remember."""
        return self == Made(key=self.key, count_seen=self.count_seen)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "key": self.key.to_json(),
            "made_here": self.made_here,
            "guest": self.guest,
            "expires": None if self.expires is None else self.expires.isoformat(),
            "uses_left": self.uses_left,
            "count_seen": self.count_seen,
            "person": self.person,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the note of plain data. Raises KeyError, TypeError or ValueError."""
        return cls(
            key=Key.from_json(data["key"]),
            made_here=flag(data["made_here"]),
            guest=flag(data["guest"]),
            expires=optional(moment, data["expires"]),
            uses_left=optional(byte, data["uses_left"]),
            count_seen=integer(data["count_seen"]),
            person=optional(text, data["person"]),
        )


@dataclass(frozen=True, kw_only=True)
class Adding:
    """A code that is being added: the lock may have it although the id was never received."""

    before: frozenset[int] = field(repr=False)
    """Ids that the lock had before."""
    name: str = field(repr=False)
    guest: bool
    expires: datetime | None
    uses_left: int | None
    paused: bool = False
    """It is to be disabled at once."""
    limit: TimeLimit | None = None
    """When it is to be good; None if that was not noted. Its digits are on no disk, not even as a hash: they are few."""

    def found(self, entries: Iterable[KeypadCode]) -> tuple[KeypadCode, ...]:
        """Return the entries that can be this code, the likeliest first: it was sent as soon as `before` was read."""
        fitting = [
            each
            for each in entries
            if each.code_id not in self.before
            and each.name == self.name
            and self.limit in (None, meaning(each.time_limited, each.limit))
        ]
        return tuple(sorted(fitting, key=lambda each: (each.date_created, each.code_id)))

    def is_limited(self, entry: KeypadCode) -> bool:
        """Whether an entry can be this code, and may open only a number of times."""
        return self.uses_left is not None and bool(self.found((entry,)))

    def note(self, entry: KeypadCode) -> Made:
        """Return the note about the code."""
        return Made(
            key=Key.of(entry),
            made_here=True,
            guest=self.guest,
            expires=self.expires,
            uses_left=self.uses_left,
            count_seen=entry.lock_count,
        )

    def completed(self, notes: Notes, entry: KeypadCode, now: datetime) -> Notes:
        """Return the notes with what is to be noted about the code, now that the lock has it."""
        notes = notes.noting(self.note(entry))
        if not self.paused:
            return notes
        removal = Removal(key=Key.of(entry), why=Why.PAUSED, since=now, name=shown(entry.name))
        return notes.with_removal(removal)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "before": sorted(self.before),
            # Names may hold bytes that are no text.
            "name": self.name.encode("utf-8", "surrogateescape").hex(),
            "guest": self.guest,
            "expires": None if self.expires is None else self.expires.isoformat(),
            "uses_left": self.uses_left,
            "paused": self.paused,
            "limit": None if self.limit is None else self.limit.pack().hex(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the addition of plain data. Raises KeyError, TypeError or ValueError."""
        return cls(
            before=frozenset(listed(integer, data["before"])),
            name=bytes.fromhex(text(data["name"])).decode("utf-8", "surrogateescape"),
            guest=flag(data["guest"]),
            expires=optional(moment, data["expires"]),
            uses_left=optional(byte, data["uses_left"]),
            paused=flag(data.get("paused", False)),
            limit=optional(_limit, data.get("limit")),
        )


@dataclass(frozen=True, kw_only=True)
class Notes:
    """Everything that is remembered of one lock."""

    removals: tuple[Removal, ...] = ()
    made: tuple[Made, ...] = ()
    adding: Adding | None = None
    log_index: int = 0
    """The newest log entry that was counted."""
    uncertain: bool = False
    """Log entries may have been missed while uses were counted."""

    # --- Looking up ---------------------------------------------------------------------------------------

    def about(self, entry: KeypadCode | AuthorizationEntry) -> Made:
        """Return what is remembered of an entry."""
        return next((made for made in self.made if made.key.names(entry)), Made(key=Key.of(entry)))

    def removal_of(self, entry: KeypadCode | AuthorizationEntry) -> Removal | None:
        """Return the pending removal of an entry."""
        return next((removal for removal in self.removals if removal.key.names(entry)), None)

    def may_be_archived(self, entry: KeypadCode | AuthorizationEntry) -> bool:
        """Whether a restore may ever write an entry again: not if it ends by itself or is about to go."""
        adding = self.adding
        # Nothing is noted about a code that is being added.
        if isinstance(entry, KeypadCode) and adding is not None and adding.is_limited(entry):
            return False
        return self.removal_of(entry) is None and self.about(entry).uses_left is None

    @property
    def counting(self) -> bool:
        """Whether the uses of a code are counted."""
        return any(made.uses_left is not None for made in self.made)

    # --- Changing -----------------------------------------------------------------------------------------

    def with_removal(self, removal: Removal) -> Self:
        """Return the notes with a removal; an earlier one of the same entry is replaced, its date is not.

        A promise to delete is more than one to disable, and stays.
        """
        earlier = next((each for each in self.removals if each.key == removal.key), None)
        if removal.why is Why.PAUSED and earlier is not None and earlier.why in (Why.REVOKED, Why.USED_UP):
            return self
        since = min([removal.since, *(each.since for each in self.removals if each.key == removal.key)])
        return replace(
            self,
            removals=(
                *(each for each in self.removals if each.key != removal.key),
                replace(removal, since=since),
            ),
        )

    def done(self, removal: Removal) -> Self:
        """Return the notes after what was promised is done; more may have been promised meanwhile."""
        return replace(
            self,
            removals=tuple(
                each for each in self.removals if (each.key, each.why) != (removal.key, removal.why)
            ),
        )

    def without_removal(self, key: Key) -> Self:
        """Return the notes after a removal is done or withdrawn."""
        return replace(self, removals=tuple(each for each in self.removals if each.key != key))

    def noting(self, made: Made) -> Self:
        """Return the notes with a note in place of the earlier one about the same entry."""
        others = tuple(each for each in self.made if each.key != made.key)
        return replace(self, made=others if made.says_nothing else (*others, made))

    def gone(self, key: Key) -> Self:
        """Return the notes after an entry is gone."""
        left = self.without_removal(key)
        return replace(left, made=tuple(each for each in left.made if each.key != key))

    def without_former(self, key: Key) -> Self:
        """Return the notes without those about an entry that had the id of this one before."""
        former = [
            each
            for each in self.made
            if (each.key.owner, each.key.entry_id) == (key.owner, key.entry_id) and each.key != key
        ]
        return replace(self, made=tuple(each for each in self.made if each not in former)) if former else self

    def only(self, owner: Owner, keys: frozenset[Key]) -> Self:
        """Return the notes without those about entries that a list no longer has. Removals stay until they are seen to."""
        return replace(
            self, made=tuple(each for each in self.made if each.key.owner != owner or each.key in keys)
        )

    def with_log(
        self, uses: Iterable[Use], now: datetime, *, missed: bool = False, began_again: bool = False
    ) -> Self:
        """Return the notes after log entries, the oldest first; those that were counted before are skipped.

        `missed`: entries before these were not read. `began_again`: the lock has forgotten its log.
        """
        if not self.counting:
            return self
        notes = replace(self, log_index=0) if began_again else self
        uncertain = notes.uncertain or missed or began_again
        for use in uses:
            if use.index <= notes.log_index:
                continue
            uncertain = uncertain or use.index != notes.log_index + 1
            notes = replace(notes, log_index=use.index)
            for made in notes.counted_by(use) if use.opened else ():
                notes = notes.with_uses(made, (made.uses_left or 1) - 1, now)
        return replace(notes, uncertain=uncertain)

    def counted_by(self, use: Use) -> tuple[Made, ...]:
        """Return the notes about the code of a log entry, if its uses are counted."""
        return tuple(
            made
            for made in self.made
            if made.key.owner is Owner.CODE and made.key.entry_id == use.code_id and made.uses_left
        )

    def with_uses(self, made: Made, uses_left: int, now: datetime, *, count_seen: int | None = None) -> Self:
        """Return the notes with the remaining uses of a code; without any, its removal is due."""
        seen = made.count_seen if count_seen is None else count_seen
        notes = self.noting(replace(made, uses_left=uses_left, count_seen=seen))
        if uses_left:
            return notes
        return notes.with_removal(Removal(key=made.key, why=Why.USED_UP, since=now))

    def checked(self, entries: tuple[KeypadCode, ...], now: datetime) -> Self:
        """Return the notes after entries of the log may have been missed: the lock's own counters decide.

        A code that was used since its uses were last certain counts as used up.
        """
        notes = replace(self, uncertain=False)
        for entry in entries:
            made = self.about(entry)
            if made.uses_left is not None and entry.lock_count > made.count_seen:
                notes = notes.with_uses(made, 0, now)
        return notes

    def counted(self, entries: tuple[KeypadCode, ...]) -> Self:
        """Return the notes with the lock's own counters, read when no entry of the log was missed."""
        notes = self
        for entry in entries:
            made = self.about(entry)
            if made.uses_left and made.count_seen != entry.lock_count:
                notes = notes.noting(replace(made, count_seen=entry.lock_count))
        return notes

    def expired(self, now: datetime) -> Self:
        """Return the notes with removals of codes made here that ended some time ago."""
        notes = self
        for made in self.made:
            due = made.made_here and made.expires is not None and now - made.expires >= EXPIRED_FOR
            if due and all(removal.key != made.key for removal in self.removals):
                notes = notes.with_removal(Removal(key=made.key, why=Why.EXPIRED, since=now))
        return notes

    # --- JSON ---------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "removals": [removal.to_json() for removal in self.removals],
            "made": [made.to_json() for made in self.made],
            "adding": None if self.adding is None else self.adding.to_json(),
            "log_index": self.log_index,
            "uncertain": self.uncertain,
        }

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Return the notes of plain data. Raises KeyError, TypeError or ValueError."""
        stored = obj(data)
        return cls(
            removals=listed(lambda each: Removal.from_json(obj(each)), stored["removals"]),
            made=listed(lambda each: Made.from_json(obj(each)), stored["made"]),
            adding=optional(lambda each: Adding.from_json(obj(each)), stored["adding"]),
            log_index=integer(stored["log_index"]),
            uncertain=flag(stored["uncertain"]),
        )


def _limit(value: Any) -> TimeLimit:
    packed = bytes.fromhex(text(value))
    if len(packed) != len(TimeLimit().pack()):
        raise ValueError("not a limit")
    return TimeLimit.unpack(packed)


def _date(value: Any) -> Date7:
    numbers = listed(integer, value)
    if len(numbers) != len(Date7()):
        raise ValueError("not a date")
    return Date7(*numbers)
