"""A code to add, a change of a code, and the entry of the lock that results. Pure, but for the clock."""

from dataclasses import field, replace
from datetime import datetime, timedelta

from homeassistant.util import dt as dt_util

from custom_components.smartlock.access.base import check_name, check_right
from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.limits import NAME_OF_CODE
from custom_components.smartlock.access.rules import digits as digits_rules
from custom_components.smartlock.access.rules.changes import NO_CHANGE, RightChange, same_right, with_right
from custom_components.smartlock.access.rules.rights import RightError
from custom_components.smartlock.protocol.messages import KeypadCode
from custom_components.smartlock.protocol.values import dataclass
from custom_components.smartlock.protocol.wire import Date7, shown

# The end of a code for a number of uses, if none is given, and the latest that is taken.
FIRST_USES_WITHIN = timedelta(hours=24)
LONGEST_USES = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class NewCode:
    """A code to add."""

    name: str = field(repr=False)
    digits: str | None = field(default=None, repr=False)
    """None: Home Assistant makes them."""
    right: RightChange = NO_CHANGE
    enabled: bool = True
    uses: int | None = None
    """How many times it may open, 1 to 99, before Home Assistant deletes it; None: any number."""
    guest: bool = False


@dataclass(frozen=True, kw_only=True)
class CodeChange:
    """What to change of a code; None: as it is."""

    name: str | None = field(default=None, repr=False)
    digits: str | None = field(default=None, repr=False)
    enabled: bool | None = None
    right: RightChange = NO_CHANGE
    uses: int | None = None
    """From now on."""
    clear_uses: bool = False
    guest: bool | None = None

    @property
    def gives(self) -> bool:
        """Whether it may let somebody in who could not come in before."""
        return bool(self.right) or self.enabled is True or self.digits is not None

    @property
    def only_pauses(self) -> bool:
        """Whether it disables the code and does nothing else: that can be promised."""
        return self == CodeChange(enabled=False)


def new_entry(new: NewCode) -> KeypadCode:
    """Return what is to be written, without digits that are not chosen yet. Raises AccessError."""
    now = dt_util.utcnow()
    check_change(CodeChange(name=new.name, digits=new.digits, right=new.right, uses=new.uses))
    right = new.right
    if new.uses is not None and right.end is None:
        right = replace(right, end=max(right.start or now, now) + FIRST_USES_WITHIN)
    try:
        time_limited, limit = with_right(0, None, right, now)
    except RightError as error:
        raise AccessError.of(error) from error
    entry = KeypadCode(
        code_id=0,
        code=int(new.digits or 0),
        name=new.name,
        enabled=1,
        date_created=Date7.of(now),
        date_last_active=Date7(),
        lock_count=0,
        time_limited=time_limited,
        limit=limit,
    )
    if new.uses is not None:
        _check_end(entry)
    return entry


def check_change(change: CodeChange) -> None:
    """Raise AccessError for what no code can have, whatever the lock has."""
    if change.name is not None:
        check_name(change.name, NAME_OF_CODE)
    if change.digits is not None and not digits_rules.are_possible(change.digits):
        raise AccessError(AccessProblem.BAD_CODE_DIGITS)
    check_right(change.right)


def end_of(entry: KeypadCode) -> datetime | None:
    """Return when a code ends. What stands in a limit that is off means nothing."""
    return entry.limit.allowed_until.moment if entry.time_limited and entry.limit is not None else None


def check_uses(entry: KeypadCode, change: CodeChange, uses_left: int | None) -> None:
    """Raise AccessError if a change leaves a code for a number of uses without an end that is near.

    `uses_left` is how many times the code could open before the change.
    """
    if change.clear_uses or (change.uses is None and uses_left is None):
        return
    changed = merged(entry, change)
    if change.uses is not None or end_of(changed) != end_of(entry):
        _check_end(changed)


def _check_end(entry: KeypadCode) -> None:
    end = end_of(entry)
    if end is None or end - dt_util.utcnow() > LONGEST_USES:
        raise AccessError(AccessProblem.NEEDS_EXPIRY)


def merged(entry: KeypadCode, change: CodeChange) -> KeypadCode:
    """Return an entry with what is named of a change. Raises AccessError."""
    try:
        time_limited, limit = with_right(entry.time_limited, entry.limit, change.right, dt_util.utcnow())
    except RightError as error:
        raise AccessError.of(error) from error
    return replace(
        entry,
        # A name that reads the same stays as it is, whatever stands behind its end.
        name=entry.name if change.name in (None, shown(entry.name)) else change.name,
        code=entry.code if change.digits is None else int(change.digits),
        enabled=entry.enabled if change.enabled is None else int(change.enabled),
        time_limited=time_limited,
        limit=limit if change.right else entry.limit,
    )


def is_same(one: KeypadCode, other: KeypadCode) -> bool:
    """Whether two entries are the same code: ids may be given again."""
    return one.code_id == other.code_id and one.date_created == other.date_created


def is_added(wanted: KeypadCode, found: KeypadCode) -> bool:
    """Whether an entry is the one that was to be added."""
    return wanted.code == found.code and wanted.name == found.name and same_right(wanted, found)
