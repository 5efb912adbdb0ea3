"""What is known of the security PIN, and when it may be sent.

The lock counts wrong PINs and blocks all of them at some number that its vendor does not publish. So every PIN is
written down before it goes out: one that was refused is never sent again, one whose answer was lost only if it
was right before, and after three without success within an hour none at all. One verification makes a PIN known
to be right, from then on it is remembered.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
import hmac

# A person who mistypes needs more than one; locks of the public simulators and clients take five or more.
TRIES = 3
TRIES_WINDOW = timedelta(hours=1)
# How long a lock stays blocked is not public. Nobody else waits for what needs a PIN.
BLOCK_PAUSE = timedelta(hours=6)
# What counts as the PIN of generations 1 to 4 while none is set.
NO_PIN = 0


class PinState(StrEnum):
    """What we can say of the PIN that the owner gave."""

    VALID = "valid"
    """The lock has taken it."""
    INVALID = "invalid"
    """The lock has refused it. It is not sent again."""
    BLOCKED = "blocked"
    """The lock refuses every PIN for a while."""
    NOT_SET = "not_set"
    """The owner gave none."""
    UNKNOWN = "unknown"
    """It was not tried yet, or its answer was lost."""


def key_name(key: bytes) -> str:
    """Return what tells one key from another."""
    return hmac.digest(key, b"security PIN", "sha256").hex()


def fingerprint(pin: int, key: bytes) -> str:
    """Return what recognizes a PIN and says nothing about it to those who do not have the key."""
    return hmac.digest(key, pin.to_bytes(4, "little"), "sha256").hex()


@dataclass(frozen=True, kw_only=True)
class PinRecord:
    """What must survive a restart; a PIN is named by its fingerprint."""

    proved: str | None = None
    """Taken by the lock, and not refused since."""
    refused: frozenset[str] = frozenset()
    doubted: frozenset[str] = frozenset()
    """Sent without ever having been taken, and no answer was heard."""
    tries: tuple[datetime, ...] = ()
    """When PINs went out that were not taken, since one was taken last (aware)."""
    blocked_at: datetime | None = None
    candidate: str | None = None
    """What the lock was asked to take on as its PIN, while it is not known whether it did."""

    def dated(self, past: Callable[[datetime], datetime]) -> PinRecord:
        """Return it with times that `past` makes of those that are kept: a clock of ours may have been wrong."""
        return replace(
            self,
            tries=tuple(past(at) for at in self.tries),
            blocked_at=None if self.blocked_at is None else past(self.blocked_at),
        )

    def state(self, pin: str | None, now: datetime) -> PinState:
        """Return what to say of the PIN that the owner gave; None if there is none."""
        if pin is None and self.candidate is None:
            return PinState.NOT_SET
        if pin in self.refused and self.candidate is None:
            return PinState.INVALID
        if self.blocked(now):
            return PinState.BLOCKED
        right = pin == self.proved and self.candidate is None and self.tries_left(now) > 0
        return PinState.VALID if right else PinState.UNKNOWN

    def blocked(self, now: datetime) -> bool:
        """Whether the lock said not long ago that it refuses every PIN."""
        return self.blocked_at is not None and now - self.blocked_at < BLOCK_PAUSE

    def tries_left(self, now: datetime) -> int:
        """Return how many PINs may still be sent for now."""
        return max(0, TRIES - sum(now - at < TRIES_WINDOW for at in self.tries))

    def may_try(self, pin: str, now: datetime) -> bool:
        """Whether a PIN may be sent because the owner has just given it."""
        return pin not in self.refused and self.tries_left(now) > 0

    def may_try_unasked(self, pin: str, now: datetime) -> bool:
        """Whether a PIN that is not known to be right may be sent without the owner: once."""
        return self.may_try(pin, now) and pin not in self.doubted and not self.blocked(now)

    def question(self, pin: str | None) -> str | None:
        """Return the PIN that has to be verified before anything else can be said; None if there is none."""
        return self.candidate or (None if pin == self.proved else pin)

    def needs_owner(self, pin: str | None, now: datetime) -> bool:
        """Whether only the owner can get on: it was refused, or an answer was lost that we may not ask for again."""
        if self.state(pin, now) is PinState.INVALID:
            return True
        question = self.question(pin)
        return question is not None and question in self.doubted | self.refused

    # --- What happens to a PIN ----------------------------------------------------------------------------

    def sending(self, pin: str, now: datetime, *, candidate: str | None = None) -> PinRecord:
        """Return what to write down before a PIN goes out: as if no answer came.

        With a candidate it goes out to prove the request that makes the candidate the PIN.
        """
        recent = tuple(at for at in self.tries if now - at < TRIES_WINDOW)
        return replace(
            self,
            tries=(*recent, now),
            doubted=self.doubted if pin == self.proved else self.doubted | {pin},
            candidate=candidate or self.candidate,
        )

    def taken(self, pin: str) -> PinRecord:
        """The lock took it, or took it on: it is the PIN, and the lock counts from the start."""
        return PinRecord(proved=pin, refused=self.refused - {pin})

    def carried_out(self, sent_at: datetime | None) -> PinRecord:
        """What it was sent for at that time is seen to have been done: the lock took it, and counts from there."""
        return replace(self, tries=tuple(at for at in self.tries if sent_at is None or at > sent_at))

    def not_taken(self, pin: str) -> PinRecord:
        """The lock refused it."""
        return replace(
            self,
            proved=None if self.proved == pin else self.proved,
            refused=self.refused | {pin},
            doubted=self.doubted - {pin},
            candidate=None if self.candidate == pin else self.candidate,
        )

    def blocking(self, pin: str, now: datetime) -> PinRecord:
        """The lock refused it without looking at it, as it does with every PIN now."""
        return replace(self, doubted=self.doubted - {pin}, blocked_at=now)

    def not_judged(self, pin: str, sent_at: datetime, *, doubted: bool) -> PinRecord:
        """It did not go out after all, or the request was refused for another reason.

        `doubted` says whether it was in doubt before `sending`.
        """
        tries = list(self.tries)
        if sent_at in tries:
            tries.remove(sent_at)
        return replace(self, tries=tuple(tries), doubted=self.doubted if doubted else self.doubted - {pin})

    def not_taken_on(self) -> PinRecord:
        """The lock has certainly not taken on the candidate."""
        return replace(self, candidate=None)

    def paired_again(self) -> PinRecord:
        """Our key is another one, and with it every fingerprint."""
        return PinRecord(tries=self.tries, blocked_at=self.blocked_at)

    def changed_elsewhere(self, pin: str) -> PinRecord:
        """The owner says that this became the lock's PIN after it was refused: it counts as never sent."""
        return replace(self, refused=self.refused - {pin}, doubted=self.doubted - {pin})
