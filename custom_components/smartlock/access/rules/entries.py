"""Codes, authorizations and time control as people may see them: what forms show and actions answer."""

from dataclasses import field
from datetime import datetime, time, tzinfo
from typing import Any

from custom_components.smartlock.access.rules.rights import EVERY_DAY, Right, same_days
from custom_components.smartlock.protocol.enums import AuthorizationIdType, LockAction, Weekdays
from custom_components.smartlock.protocol.messages import AuthorizationEntry, KeypadCode, TimeControlEntry
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.protocol.wire import shown

DAYS = {
    "mon": Weekdays.MONDAY,
    "tue": Weekdays.TUESDAY,
    "wed": Weekdays.WEDNESDAY,
    "thu": Weekdays.THURSDAY,
    "fri": Weekdays.FRIDAY,
    "sat": Weekdays.SATURDAY,
    "sun": Weekdays.SUNDAY,
}
# What time control can do, as actions name it.
TIMED_ACTIONS = {
    "unlock": LockAction.UNLOCK,
    "lock": LockAction.LOCK,
    "unlatch": LockAction.UNLATCH,
    "lock_n_go": LockAction.LOCK_N_GO,
    "lock_n_go_with_unlatch": LockAction.LOCK_N_GO_WITH_UNLATCH,
    "full_lock": LockAction.FULL_LOCK,
}
# What lets people in while nobody may be there.
DANGEROUS_ACTIONS = frozenset(TIMED_ACTIONS) - {"lock", "full_lock"}
# Accessories without which something at the door stops working.
PROTECTED = frozenset(
    {
        AuthorizationIdType.BRIDGE,
        AuthorizationIdType.KEYPAD,
        AuthorizationIdType.DOOR_SENSOR,
        AuthorizationIdType.KEYPAD_2,
    }
)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What Home Assistant knows of an entry beside the lock."""

    uses_left: int | None = None
    """How often a use-limited code still opens."""
    guest: bool = False
    person: str | None = None
    """Entity id of the person who uses it."""
    removing: bool = False
    """Whether it is to be removed, and still there."""


NOTHING_KNOWN = Known()


@dataclass(frozen=True, kw_only=True)
class Code:
    """A keypad code."""

    code_id: int
    name: str = field(repr=False)
    digits: str = field(repr=False)
    enabled: bool
    right: Right
    created: datetime | None
    last_used: datetime | None
    use_count: int
    active_now: bool
    """By our clock, in the lock's zone."""
    expired: bool
    known: Known = NOTHING_KNOWN

    @classmethod
    def of(cls, entry: KeypadCode, now: datetime, zone: tzinfo, known: Known) -> Code:
        """Return an entry of the lock; impossible dates are none."""
        right = Right.of(entry.time_limited, entry.limit, now)
        return cls(
            code_id=entry.code_id,
            name=shown(entry.name),
            digits=f"{entry.code:06}",
            enabled=bool(entry.enabled),
            right=right,
            created=entry.date_created.moment,
            last_used=entry.date_last_active.moment,
            use_count=entry.lock_count,
            active_now=bool(entry.enabled) and right.allows(now, zone),
            expired=right.expired(now),
            known=known,
        )

    def to_json(self, *, with_digits: bool = False) -> dict[str, Any]:
        """Return what actions answer."""
        answer = {
            "code_id": self.code_id,
            "name": self.name,
            "enabled": self.enabled,
            **right_to_json(self.right),
            "active_now": self.active_now,
            "expired": self.expired,
            "uses_left": self.known.uses_left,
            "use_count": self.use_count,
            "last_used": _iso(self.last_used),
            "created": _iso(self.created),
            "guest": self.known.guest,
            "person": self.known.person,
            "removing": self.known.removing,
            # No source says how they are read without a PIN being counted.
            "fingerprints": None,
        }
        return answer | {"code": self.digits} if with_digits else answer


@dataclass(frozen=True, kw_only=True)
class User:
    """An authorization: a phone, a fob, an accessory, Home Assistant."""

    user_id: int = field(repr=False)
    name: str = field(repr=False)
    type: str
    """In lower case, or `0xNN`."""
    is_home_assistant: bool
    """Whether it is our own."""
    protected: bool
    """Whether something at the door stops working without it."""
    enabled: bool
    remote_allowed: bool
    right: Right
    created: datetime | None
    last_active: datetime | None
    use_count: int
    active_now: bool
    known: Known = NOTHING_KNOWN

    @classmethod
    def of(cls, entry: AuthorizationEntry, own_id: int, now: datetime, zone: tzinfo, known: Known) -> User:
        """Return an entry of the lock; impossible dates are none."""
        right = Right.of(entry.time_limited, entry.limit, now)
        kind = entry.id_type
        return cls(
            user_id=entry.authorization_id,
            name=shown(entry.name),
            type=kind.name.lower() if kind.known else f"0x{kind:02X}",
            is_home_assistant=entry.authorization_id == own_id,
            protected=kind in PROTECTED,
            enabled=bool(entry.enabled),
            remote_allowed=bool(entry.remote_allowed),
            right=right,
            created=entry.date_created.moment,
            last_active=entry.date_last_active.moment,
            use_count=entry.lock_count,
            active_now=bool(entry.enabled) and right.allows(now, zone),
            known=known,
        )

    def to_json(self) -> dict[str, Any]:
        """Return what actions answer."""
        return {
            "user_id": self.user_id,
            "name": self.name,
            "type": self.type,
            "is_home_assistant": self.is_home_assistant,
            "protected": self.protected,
            "enabled": self.enabled,
            "remote_allowed": self.remote_allowed,
            **right_to_json(self.right),
            "active_now": self.active_now,
            "last_active": _iso(self.last_active),
            "use_count": self.use_count,
            "created": _iso(self.created),
            "person": self.known.person,
            "removing": self.known.removing,
        }


@dataclass(frozen=True, kw_only=True)
class Timed:
    """An entry of time control: what the lock does on its own at a time of day, in its local time."""

    entry_id: int
    enabled: bool
    weekdays: Weekdays
    time: time | None
    """None for one that is impossible."""
    action: str
    """One of TIMED_ACTIONS, or `0xNN`."""

    @classmethod
    def of(cls, entry: TimeControlEntry) -> Timed:
        """Return an entry of the lock."""
        names = {action: name for name, action in TIMED_ACTIONS.items()}
        return cls(
            entry_id=entry.entry_id,
            enabled=bool(entry.enabled),
            weekdays=same_days(entry.weekdays),
            time=entry.time.time,
            action=names.get(entry.lock_action, f"0x{entry.lock_action:02X}"),
        )

    def to_json(self) -> dict[str, Any]:
        """Return what actions answer."""
        return {
            "entry_id": self.entry_id,
            "enabled": self.enabled,
            "weekdays": names_of(self.weekdays),
            "time": _hours(self.time),
            "action": self.action,
        }


def names_of(weekdays: Weekdays) -> list[str]:
    """Return weekdays as actions name them, Monday first."""
    return [name for name, day in DAYS.items() if day & weekdays]


def weekdays_of(names: list[str]) -> Weekdays:
    """Return weekdays from their names; none means every day."""
    days = Weekdays.NONE
    for name in names:
        days |= DAYS[name]
    return days or EVERY_DAY


def right_to_json(right: Right) -> dict[str, Any]:
    """Return a right as actions answer it; what does not limit it is None."""
    period, recurrence = right.period, right.recurrence
    return {
        "kind": right.kind.value,
        "start_datetime": None if period is None else _iso(period.start),
        "end_datetime": None if period is None else _iso(period.end),
        "weekdays": None if recurrence is None else names_of(recurrence.weekdays),
        "start_time": None if recurrence is None else _hours(recurrence.start),
        "end_time": None if recurrence is None else _hours(recurrence.end),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _hours(at: time | None) -> str | None:
    return None if at is None else at.strftime("%H:%M")
