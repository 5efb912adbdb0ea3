"""What is known about the security PIN, and when it may be sent.

The lock counts wrong PINs and blocks all of them after a number that its vendor does not publish. So every
PIN is recorded before it goes out: a refused PIN is never sent again, one whose answer was lost only if it
was right before, and after three without success within an hour none at all. One verification is enough for a
PIN to be known as right from then on.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
import hmac

from custom_components.smartlock.protocol.values import dataclass

# Somebody who mistypes needs more than one; the public simulators and clients allow five or more.
TRIES = 3
TRIES_WINDOW = timedelta(hours=1)
# How long a lock stays blocked is not published. During that time only the owner may try again.
BLOCK_PAUSE = timedelta(hours=6)
# What generations 1 to 4 accept as the PIN while none is set.
NO_PIN = 0


class PinState(StrEnum):
    """State of the PIN that the owner entered."""

    VALID = "valid"
    """The lock has accepted it."""
    INVALID = "invalid"
    """The lock has refused it. It is not sent again."""
    BLOCKED = "blocked"
    """The lock refuses every PIN for a while."""
    NOT_SET = "not_set"
    """The owner has entered none."""
    UNKNOWN = "unknown"
    """It has not been tried yet, or its answer was lost."""


def key_name(key: bytes) -> str:
    """Return a fingerprint of a key."""
    return hmac.digest(key, b"security PIN", "sha256").hex()


def fingerprint(pin: int, key: bytes) -> str:
    """Return a fingerprint of a PIN, which reveals nothing to anyone without the key."""
    return hmac.digest(key, pin.to_bytes(4, "little"), "sha256").hex()


@dataclass(frozen=True, kw_only=True)
class PinRecord:
    """What must survive a restart; a PIN is stored as its fingerprint."""

    proved: str | None = None
    """Accepted by the lock, and not refused since."""
    refused: frozenset[str] = frozenset()
    doubted: frozenset[str] = frozenset()
    """Sent without having been accepted before, and no answer was received."""
    tries: tuple[datetime, ...] = ()
    """When PINs without success went out since one was last accepted (aware)."""
    blocked_at: datetime | None = None
    candidate: str | None = None
    """The PIN that the lock was asked to adopt, while it is unknown whether it has."""

    def dated(self, past: Callable[[datetime], datetime]) -> PinRecord:
        """Return the record with its times corrected by `past`: a clock of ours may have been wrong."""
        return replace(
            self,
            tries=tuple(past(at) for at in self.tries),
            blocked_at=None if self.blocked_at is None else past(self.blocked_at),
        )

    def state(self, pin: str | None, now: datetime) -> PinState:
        """Return the state of the PIN that the owner entered; None if there is none."""
        if pin is None and self.candidate is None:
            return PinState.NOT_SET
        if pin in self.refused and self.candidate is None:
            return PinState.INVALID
        if self.blocked(now):
            return PinState.BLOCKED
        right = pin == self.proved and self.candidate is None and self.tries_left(now) > 0
        return PinState.VALID if right else PinState.UNKNOWN

    def blocked(self, now: datetime) -> bool:
        """Whether the lock recently reported that it refuses every PIN."""
        return self.blocked_at is not None and now - self.blocked_at < BLOCK_PAUSE

    def tries_left(self, now: datetime) -> int:
        """Return how many more PINs may be sent for now."""
        return max(0, TRIES - sum(now - at < TRIES_WINDOW for at in self.tries))

    def without_tries(self, times: Collection[datetime]) -> PinRecord:
        """Return the record without the PINs that went out at these times."""
        return replace(self, tries=tuple(at for at in self.tries if at not in times))

    def replaced(self, pin: str, before: PinRecord, candidate: str | None) -> bool:
        """Whether another PIN was adopted, or is being set, since a verified one was recorded as going out.

        `before` is the record of that time; `candidate` is what the PIN itself goes out to set.
        """
        if before.proved != pin:
            return False
        return self.proved != pin or self.candidate not in (before.candidate, candidate)

    def may_try(self, pin: str, now: datetime) -> bool:
        """Whether a PIN may be sent because the owner has just entered it."""
        return pin not in self.refused and self.tries_left(now) > 0

    def may_try_unasked(self, pin: str, now: datetime) -> bool:
        """Whether an unverified PIN may be sent, once, without asking the owner."""
        return self.may_try(pin, now) and pin not in self.doubted and not self.blocked(now)

    def question(self, pin: str | None) -> str | None:
        """Return the PIN that has to be verified before the state is known; None if there is none."""
        return self.candidate or (None if pin == self.proved else pin)

    def needs_owner(self, pin: str | None, now: datetime) -> bool:
        """Whether only the owner can help: it was refused, or not answered and may not be sent again."""
        if self.state(pin, now) is PinState.INVALID:
            return True
        question = self.question(pin)
        return question is not None and question in self.doubted | self.refused

    # --- Events -------------------------------------------------------------------------------------------

    def sending(self, pin: str, now: datetime, *, candidate: str | None = None) -> PinRecord:
        """Return the record to save before a PIN goes out: as if no answer came.

        With a candidate the PIN goes out to authorize making the candidate the PIN.
        """
        recent = tuple(at for at in self.tries if now - at < TRIES_WINDOW)
        return replace(
            self,
            tries=(*recent, now),
            doubted=self.doubted if pin == self.proved else self.doubted | {pin},
            candidate=candidate or self.candidate,
        )

    def taken(self, pin: str) -> PinRecord:
        """The lock accepted or adopted it: it is the PIN, and the lock's counter starts again."""
        return PinRecord(proved=pin, refused=self.refused - {pin})

    def carried_out(self, sent_at: datetime | None) -> PinRecord:
        """The effect of a PIN sent at that time was seen: the lock accepted it and restarted its counter."""
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
        """The lock refused it unchecked, as it now does with every PIN."""
        return replace(self, doubted=self.doubted - {pin}, blocked_at=now)

    def not_judged(self, pin: str, sent_at: datetime, *, doubted: bool) -> PinRecord:
        """It did not go out after all, or the request was refused for a different reason.

        `doubted` says whether it was in doubt before `sending`.
        """
        tries = list(self.tries)
        if sent_at in tries:
            tries.remove(sent_at)
        return replace(self, tries=tuple(tries), doubted=self.doubted if doubted else self.doubted - {pin})

    def not_taken_on(self) -> PinRecord:
        """The lock has certainly not adopted the candidate."""
        return replace(self, candidate=None)

    def paired_again(self) -> PinRecord:
        """Our key is a different one, so all fingerprints are void."""
        return PinRecord(tries=self.tries, blocked_at=self.blocked_at)

    def changed_elsewhere(self, pin: str) -> PinRecord:
        """The owner confirms that it became the lock's PIN after its refusal: it counts as never sent."""
        return replace(self, refused=self.refused - {pin}, doubted=self.doubted - {pin})
