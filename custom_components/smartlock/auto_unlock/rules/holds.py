"""What may keep the door shut although somebody is in front of it."""

from collections.abc import Iterator
from dataclasses import field, replace
import math
from typing import Self

from custom_components.smartlock.auto_unlock.rules.effects import Hold
from custom_components.smartlock.auto_unlock.rules.events import (
    Alarm,
    Entrances,
    LockReported,
    OnNetwork,
    Paused,
    QuietHours,
    ReferencesChecked,
    Reported,
    RuleInput,
    Scanner,
    Trouble,
    Unlocked,
)
from custom_components.smartlock.auto_unlock.rules.lock_facts import Door, LockFacts
from custom_components.smartlock.auto_unlock.rules.settings import RuleAction, RuleSettings
from custom_components.smartlock.protocol.values import dataclass

__all__ = ["STATE_AGE", "Conditions", "holds", "still_good", "would_unlatch"]

# Seconds for which the lock's report is valid; then it is read again.
STATE_AGE = 20.0
# Reconnecting after the decision may take this much longer.
WRITE_WITHIN = 15.0
# Somebody else was let in this recently: the next person finds them inside.
SOMEBODY = 180.0
# Maximum delay of reporting a return, after somebody was in the house: perhaps by an entrance whose state was
# unknown at that time.
ENTRANCE_BEFORE = 1800.0


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """The latest state of everything except the phone. None is "not known": a hold."""

    facts: LockFacts = field(default_factory=LockFacts)
    was_locked: bool | None = None
    """The last known state of the bolt."""
    unlocked_at: float | None = None
    used_at: float = -math.inf
    """When bolt or door were last seen to change."""
    paused: bool | None = None
    quiet: bool | None = None
    alarm: bool | None = None
    trouble: bool | None = None
    on_network: bool | None = False
    """Stays false if there is no source."""
    reported: bool | None = None
    """The evidence entity's last state."""
    scanner: bool = True
    complete: bool = True
    entrances: bool = True
    entrances_unknown_at: float = -math.inf
    """When the state of one of them was last unknown."""

    def after(self, event: RuleInput, now: float) -> Self:
        """Return the conditions after an event."""
        match event:
            case LockReported(facts):
                locked = self.was_locked if facts.locked is None else facts.locked
                turned = self.was_locked is not None and locked is not self.was_locked
                doors = {self.facts.door, facts.door}
                return replace(
                    self,
                    facts=facts,
                    was_locked=locked,
                    unlocked_at=now if turned and locked is False else self.unlocked_at,
                    used_at=now if turned or doors == {Door.OPEN, Door.CLOSED} else self.used_at,
                )
            case Unlocked():
                return replace(self, unlocked_at=now, used_at=now)
            case Paused(active):
                return replace(self, paused=active)
            case QuietHours(active):
                return replace(self, quiet=active)
            case Alarm(armed):
                return replace(self, alarm=armed)
            case Trouble(present):
                return replace(self, trouble=present)
            case OnNetwork(present):
                return replace(self, on_network=present)
            case Reported(near):
                return replace(self, reported=near)
            case Scanner(present):
                return replace(self, scanner=present)
            case ReferencesChecked(complete):
                return replace(self, complete=complete)
            case Entrances(known):
                unknown = not (known and self.entrances)
                return replace(
                    self,
                    entrances=known,
                    entrances_unknown_at=now if unknown else self.entrances_unknown_at,
                )
        return self

    def opened_since(self, before: Self) -> bool:
        """Whether the door has been opened."""
        return before.facts.door is Door.CLOSED and self.facts.door is Door.OPEN

    def state_is_fresh(self, asked_at: float | None, now: float, age: float = STATE_AGE) -> bool:
        """Whether the lock reported its state recently and after the request."""
        read_at = self.facts.read_at
        return asked_at is not None and read_at is not None and max(asked_at, now - age) <= read_at <= now


def would_unlatch(settings: RuleSettings, facts: LockFacts) -> bool:
    """Whether the door would open, as far as known."""
    return settings.action is RuleAction.UNLATCH or facts.auto_unlatch is not False


def still_good(settings: RuleSettings, conditions: Conditions, now: float) -> bool:
    """Whether there is still no hold since the decision to unlock: the bolt has not moved yet."""
    return not any(holds(settings, conditions, -math.inf, now, age=STATE_AGE + WRITE_WITHIN))


def holds(
    settings: RuleSettings,
    conditions: Conditions,
    asked_at: float | None,
    now: float,
    *,
    age: float = STATE_AGE,
    returned_at: float | None = None,
) -> Iterator[Hold]:
    """Yield every reason that keeps the door shut.

    `asked_at` is when the link was opened for this approach, `returned_at` when the phone reported its
    return.
    """
    if not conditions.complete:
        yield Hold.REFERENCE_GONE
    if not settings.phone_confirmed and not settings.dry_run:
        yield Hold.PHONE_NOT_CONFIRMED
    back = math.inf if returned_at is None else returned_at - ENTRANCE_BEFORE
    if not conditions.entrances or conditions.entrances_unknown_at > back:
        yield Hold.ENTRANCE_UNKNOWN
    if conditions.paused is not False:
        yield Hold.PAUSED
    if conditions.quiet is not False:
        yield Hold.QUIET_HOURS
    if settings.alarm and conditions.alarm is not False:
        yield Hold.ALARM_UNKNOWN if conditions.alarm is None else Hold.ALARM_ARMED
    if conditions.trouble is not False:
        yield Hold.TROUBLE
    if conditions.unlocked_at is not None and now - conditions.unlocked_at < SOMEBODY:
        yield Hold.SOMEBODY_UNLOCKED
    # An old state does not hold somebody back whom a new one may let in.
    if not conditions.state_is_fresh(asked_at, now, age):
        yield Hold.STATE_NOT_READ
    else:
        yield from _holds_of_lock(settings, conditions.facts)


def _holds_of_lock(settings: RuleSettings, facts: LockFacts) -> Iterator[Hold]:
    if facts.moving:
        yield Hold.MOVING
    elif facts.locked is False:
        yield Hold.NOT_LOCKED
    if facts.jammed:
        yield Hold.JAMMED
    if facts.faulty:
        yield Hold.FAULTY
    if settings.hold_battery_critical and facts.battery_critical:
        yield Hold.BATTERY_CRITICAL
    if facts.door is Door.OPEN:
        yield Hold.DOOR_OPEN
    if facts.door is Door.UNKNOWN:
        yield Hold.DOOR_UNKNOWN
    if would_unlatch(settings, facts) and not settings.unlatching_allowed:
        yield Hold.WOULD_UNLATCH
    known = (facts.moving, facts.jammed, facts.faulty, facts.battery_critical)
    if None in known or (facts.locked is None and not facts.moving):
        yield Hold.STATE_UNKNOWN
