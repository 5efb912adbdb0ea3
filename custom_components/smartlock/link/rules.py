"""When to read the lock, and whether the last state may still be believed: all rules in one place.

Nothing here waits or reads a clock: `now` is an argument, in seconds of a monotonic clock. Each
event returns a new `PollPolicy`; `due` is the time of the next read, `doubtful_at` the time when belief in
the state ends.

A read costs battery, so each reason to read has a bound:

    reason                          at once                      bound
    the beacon's change flag rose   at once                      an edge; a flag that stays set asks nothing
    the lock appeared, or dropped   after a moment               once
      an idle link
    our machine has slept           at once                      once for each sleep
    a state that passes by itself   after 8 s, then doubling     until the slow poll
    a bolt that a read has met in   at once, at rest             once for each run
      motion
    nothing happened                slow poll                    2 to 10 min, as Bridge 30 to 60; up to 4 h for a
                                                                 flag that has proved itself; low battery thrice
    a read failed                   after 15 s, then doubling    up to the slow poll
    a states request stayed         after 15 s                   once, then as a read that failed
      without an answer
    it gave its slot to another     after 15 s                   once in a row
      lock
    the lock does not know us       after 5 s                    three in a row, then each hour, and when it appears
    all together                                                 a budget for each day
"""

from dataclasses import replace
from enum import Enum
from typing import Self

from custom_components.smartlock.protocol.values import dataclass

# A lock paired as Bridge announces changes itself; nuki_hub and the vendor's Bridge poll every 30 min in
# addition.
POLL_BRIDGE = 1800.0
# But owners report flags that rise late or not at all. Each change that the flag has announced doubles the interval,
# up to this; a change found only by a poll resets it.
POLL_TRUSTED = 14400.0
# If nothing has happened for long, little does: the interval grows with that time, for a Bridge up to this.
POLL_QUIET = 3600.0
# For an App the flag stays set, and the fifth generation has none: only the poll finds manual changes.
POLL_APP = 600.0
# After a recent event another one is more likely: the shortest interval for clients that are not notified of
# changes.
POLL_AFTER_CHANGE = 120.0
# Most actions are not followed by another, so keeping their link is wasted; two within a minute suggest a
# third.
LONE_IDLE_TIME = 0.25
SERIES = 60.0
# With a low battery only one read in three is made.
LOW_BATTERY_FACTOR = 3.0
# No delay: a manual turn is over when the flag rises, and a running motor pushes its end.
EDGE_DELAY = 0.0
# A read that is this near answers in a moment whatever is asked now.
SOON = 10.0
# A lock that dropped an idle link may have lost power; this is the time that it needs to restart.
LOST_DELAY = 5.0
PASSING_DELAY = 8.0
RETRY_DELAY = 15.0
# For what was left when the slot went to another lock. Longer than a lock waits for a slot, which is ten seconds.
GAVE_WAY_DELAY = 15.0
# How long evidence against the last state (a known change, failed reads, a flag that was cleared without an
# answer) may stay unresolved before that state is no longer shown.
BELIEF = 60.0
# This many failed reads in a row are evidence against it; one may be bad luck.
FAILURES_FOR_DOUBT = 2
# So is this number of poll intervals without a read, whatever the cause.
INTERVALS_FOR_DOUBT = 2.0
# A single refusal over the radio proves nothing; this many in a row do.
REFUSAL_DELAY = 5.0
REFUSALS_FOR_PROOF = 3
# But refusals are plain text that anyone can forge, so the lock is asked again from time to time.
REFUSED_PAUSE = 3600.0
# Consecutive changes found only by a poll: another client clears the flag, or it does not rise.
MISSED_FOR_DOUBT = 2
# Limits the sum of all reasons. A poll every ten minutes needs 144 reads a day; hass_nuki_bt with an App's
# stuck flag makes thousands. Some may be made in a burst: a busy evening is not a fault.
READS_A_DAY = 240.0
READS_AT_ONCE = 20.0

_FLAG_READS = 2
_DAY = 86400.0
_MAX_DOUBLINGS = 10


class PollReason(Enum):
    """Why the lock will be read."""

    CHANGE_FLAG = "change_flag"
    APPEARED = "appeared"
    LINK_LOST = "link_lost"
    OUTCOME_UNKNOWN = "outcome_unknown"
    ANSWER_LOST = "answer_lost"
    SLEPT = "slept"
    REFUSED = "refused"
    PASSING_STATE = "passing_state"
    AT_REST = "at_rest"
    GAVE_WAY = "gave_way"
    POLL = "poll"


def idle_time(usual: float, *, last_action: float | None, now: float) -> float:
    """Seconds to keep the link after an action; `last_action` is when the previous one was requested."""
    in_a_row = last_action is not None and now - last_action < SERIES
    return usual if in_a_row else min(usual, LONE_IDLE_TIME)


@dataclass(frozen=True, kw_only=True)
class PollPolicy:
    """The events that decide when to read."""

    poll: float
    """Seconds between reads while nothing happens."""
    notified: bool
    """Paired as Bridge: the flag rises with each change, and our read clears it."""
    trusting: bool = True
    """Whether the interval of a notified client grows; not if the owner has chosen the interval."""
    announced: int = 0
    """Consecutive changes that the flag has announced before a poll found them."""
    missed: int = 0
    """Consecutive changes found only by a poll."""
    in_sight: bool = False
    flag: bool = False
    flag_reads: int = 0
    """Reads since the flag was last seen cleared."""
    under_way: bool = False
    """A read is in progress."""
    polling: bool = False
    """It was started because nothing else had triggered one for long."""
    wanted: tuple[float, PollReason] | None = None
    """The time from which a read is wanted."""
    changed_at: float | None = None
    """The lock is known to have changed since it was last read."""
    answer_lost_at: float | None = None
    """Since the last read the state was requested, which clears the flag, and no answer was received."""
    doubted: bool = False
    """An action was sent to it, and the outcome is unknown."""
    read_at: float | None = None
    change_read_at: float | None = None
    """When a read last found something new."""
    passing: int | None = None
    """Consecutive reads of the same transitional state; None if the state is a lasting one."""
    at_rest_wanted: bool = False
    """The bolt was in motion at the last read, so that users that need it at rest had to wait."""
    gave_way: bool = False
    """The last link was released before its users were done, as another lock waited for the slot."""
    failed_at: float | None = None
    failing_since: float | None = None
    """When the first of the consecutive failed reads failed."""
    failures: int = 0
    """Consecutive failed reads; a new sign of life resets the count, so that the next try is soon."""
    unconfirmed: int = 0
    """Consecutive failed reads, whatever was received in between."""
    refusals: int = 0
    """Consecutive refusals because the lock does not know us."""
    refused_at: float | None = None
    low_battery: bool = False
    budget: float = READS_AT_ONCE
    budget_at: float = 0.0

    @classmethod
    def of(cls, *, bridge: bool, poll: float | None, now: float) -> Self:
        """Start as a client of this type; `poll` in seconds is the owner's choice, None for the default."""
        usual = POLL_BRIDGE if bridge else POLL_APP
        chosen = usual if poll is None else poll
        return cls(poll=chosen, notified=bridge, trusting=chosen == usual, budget_at=now)

    def relying_on_flag(self, *, notified: bool) -> Self:
        """The flag has become useless or useful; an interval chosen by the owner stays."""
        poll = self.poll if not self.trusting else POLL_BRIDGE if notified else POLL_APP
        return replace(self, notified=notified, poll=poll)

    def advertised(self, *, flag: bool, now: float) -> Self:
        """An advertisement was received, with or without the change flag."""
        edge = flag and not self.flag
        if self.in_sight and flag == self.flag:
            return self
        state = replace(self, in_sight=True, flag=flag, flag_reads=self.flag_reads if flag else 0)
        if not edge and self.in_sight:
            return state
        # Behind an open link, which was lost since, the lock may have been away for long.
        away = not self.in_sight and self.read_at is not None and now - self.read_at > BELIEF
        # Whatever failed before, the lock is in range now.
        state = replace(state, failed_at=None, failures=0, doubted=self.doubted or away)
        if not edge:
            return state.want(PollReason.APPEARED, now)
        changed_at = now if self.changed_at is None else self.changed_at
        return replace(state, changed_at=changed_at).want(PollReason.CHANGE_FLAG, now + EDGE_DELAY)

    def out_of_sight(self, *, connected: bool) -> Self:
        """The lock has been silent for long. Without an open link nobody notices what it does meanwhile."""
        doubted = self.doubted or (self.read_at is not None and not connected)
        return replace(self, in_sight=False, flag=False, doubted=doubted)

    def link_lost(self, now: float) -> Self:
        """An idle link ended without our doing."""
        return self.want(PollReason.LINK_LOST, now + LOST_DELAY)

    def answer_lost(self, now: float) -> Self:
        """The state was requested, which clears the flag, and the answer was lost."""
        answer_lost_at = now if self.answer_lost_at is None else self.answer_lost_at
        return replace(self, answer_lost_at=answer_lost_at).want(PollReason.ANSWER_LOST, now + RETRY_DELAY)

    def link_shared(self, *, gave_way: bool, now: float) -> Self:
        """The users of the link are done, or gave way to another lock."""
        state = replace(self, gave_way=gave_way)
        return state.want(PollReason.GAVE_WAY, now + GAVE_WAY_DELAY) if gave_way else state

    def outcome_unknown(self, now: float) -> Self:
        """An action was or may have been written, and its result is unknown."""
        return replace(self.want(PollReason.OUTCOME_UNKNOWN, now), doubted=True)

    def slept(self, now: float) -> Self:
        """Our machine has slept, or may have: earlier reads are worth no more than after a restart."""
        state = replace(self, doubted=self.doubted or self.read_at is not None, failed_at=None, failures=0)
        return state.want(PollReason.SLEPT, now)

    def want(self, reason: PollReason, at: float) -> Self:
        """Plan a read, unless an earlier one is planned."""
        if self.locked_out and reason not in (PollReason.APPEARED, PollReason.OUTCOME_UNKNOWN):
            # Not every change is worth another request after so many refusals.
            return self
        if self.wanted is not None and self.wanted[0] <= at:
            return self
        return replace(self, wanted=(at, reason))

    def announced_change(self, *, changed: bool) -> bool | None:
        """Whether the flag has announced a change that a read has just found; None if that is unknown."""
        if not changed or not self.notified or not self.under_way:
            return None
        if self.changed_at is not None:
            return True
        return False if self.wanted is None and self.passing is None else None

    def states_received(
        self,
        *,
        changed: bool,
        passing: bool,
        low_battery: bool,
        now: float,
        door_changed: bool = False,
        may_pass: bool = False,
        again_at_rest: bool = False,
    ) -> Self:
        """The lock reported its state, requested or not.

        `may_pass`: it may be over in a moment, so that it is read again once.
        `again_at_rest`: its bolt moves, though not for our action. A push of its rest then triggers a read.
        """
        fresh = changed or (self.change_read_at is not None and now - self.change_read_at < PASSING_DELAY)
        passing = passing or (may_pass and fresh)
        rests = self.at_rest_wanted and not passing and not self.under_way
        again = passing and not changed and self.passing is not None
        announced, missed = self.announced, self.missed
        if changed or door_changed:
            if self.changed_at is not None:
                announced, missed = announced + 1, 0
            elif self.under_way and self.wanted is None and self.passing is None:
                announced, missed = 0, missed + self.polling
        return replace(
            self,
            # Our read has cleared it; if it is still set, this state was a push, and one more read lets it
            # rise again at the next change. A flag that stays set nevertheless triggers no more reads.
            flag=self.flag and (not self.notified or self.flag_reads >= _FLAG_READS),
            flag_reads=self.flag_reads + 1 if self.flag and self.under_way else self.flag_reads,
            under_way=False,
            polling=False,
            wanted=(now, PollReason.AT_REST) if rests else None,
            at_rest_wanted=passing and (self.at_rest_wanted or again_at_rest),
            changed_at=None,
            answer_lost_at=None,
            doubted=False,
            announced=announced,
            missed=missed,
            read_at=now,
            change_read_at=now if changed else self.change_read_at,
            passing=((self.passing or 0) + 1 if again else 0) if passing else None,
            failed_at=None,
            failing_since=None,
            failures=0,
            unconfirmed=0,
            refusals=0,
            refused_at=None,
            low_battery=low_battery,
        )

    def read_started(self, now: float) -> Self:
        """A read is started, which the budget counts."""
        due = self.due(now)
        polling = due is not None and due[1] is PollReason.POLL and due[0] <= now
        return replace(self, budget=self._budget(now) - 1.0, budget_at=now, under_way=True, polling=polling)

    def read_failed(self, now: float) -> Self:
        """A read has failed."""
        return replace(
            self,
            failed_at=now,
            failing_since=now if self.failing_since is None else self.failing_since,
            failures=min(self.failures + 1, _MAX_DOUBLINGS),
            unconfirmed=self.unconfirmed + 1,
            under_way=False,
            polling=False,
        )

    def read_refused(self, now: float) -> Self:
        """The lock does not know us."""
        again = self.refusals + 1 < REFUSALS_FOR_PROOF
        return replace(
            self,
            wanted=(now + REFUSAL_DELAY, PollReason.REFUSED) if again else None,
            refusals=self.refusals + 1,
            refused_at=now,
            under_way=False,
            polling=False,
        )

    @property
    def locked_out(self) -> bool:
        """Whether it was refused often enough to report: as long as this lasts, only pairing again helps."""
        return self.refusals >= REFUSALS_FOR_PROOF

    @property
    def flag_is_doubtful(self) -> bool:
        """Whether the flag failed to announce several changes in a row; another client may be clearing it."""
        return self.missed >= MISSED_FOR_DOUBT

    def due(self, now: float) -> tuple[float, PollReason] | None:
        """When to read next, and why; None while the lock is out of range, or is being read."""
        if not self.in_sight or self.under_way:
            return None
        candidates = [] if self.wanted is None else [self.wanted]
        if self.locked_out and self.refused_at is not None:
            candidates.append((self.refused_at + REFUSED_PAUSE, PollReason.REFUSED))
            return self._bounded(*min(candidates, key=lambda candidate: candidate[0]), now)
        candidates.append((self._poll_at(now), PollReason.POLL))
        if self.passing is not None and self.read_at is not None:
            delay = PASSING_DELAY * 2 ** min(self.passing, _MAX_DOUBLINGS)
            candidates.append((self.read_at + delay, PollReason.PASSING_STATE))
        return self._bounded(*min(candidates, key=lambda candidate: candidate[0]), now)

    def _bounded(self, at: float, reason: PollReason, now: float) -> tuple[float, PollReason]:
        """Postpone a read as failures and the budget require."""
        if self.failed_at is not None and self.failures:
            pause = min(RETRY_DELAY * 2 ** (self.failures - 1), self.poll)
            at = max(at, self.failed_at + pause)
        return max(at, self._affordable_at(now)), reason

    def reads_soon(self, now: float) -> bool:
        """Whether the lock is being read, or is about to be."""
        due = self.due(now)
        return self.under_way or (due is not None and due[0] <= now + SOON)

    def doubtful_at(self) -> float | None:
        """When belief in the last state ends; None if there is no state."""
        if self.doubted:
            return 0.0
        against = [at for at in (self.changed_at, self.answer_lost_at) if at is not None]
        if self.failing_since is not None and self.unconfirmed >= FAILURES_FOR_DOUBT:
            against.append(self.failing_since)
        ends = [at + BELIEF for at in against]
        if self.read_at is not None:
            ends.append(self.read_at + INTERVALS_FOR_DOUBT * self._interval(self.read_at))
        return min(ends, default=None)

    def believable(self, now: float) -> bool:
        """Whether the state read last may be shown as the state.

        A lock that no longer knows us will not report what happens to its bolt from now on.
        """
        if self.locked_out:
            return False
        at = self.doubtful_at()
        return at is None or now < at

    def _poll_at(self, now: float) -> float:
        if self.read_at is None:
            return now
        return self.read_at + self._interval(self.read_at)

    def _interval(self, read_at: float) -> float:
        """Seconds after a read until the next one if nothing happens."""
        low, high = self._poll_bounds
        # As long again as nothing has happened.
        quiet = high if self.change_read_at is None else read_at - self.change_read_at
        interval = min(high, max(low, quiet))
        return interval * (LOW_BATTERY_FACTOR if self.low_battery else 1.0)

    @property
    def _poll_bounds(self) -> tuple[float, float]:
        """The shortest and the longest poll interval."""
        if not self.notified:
            return min(POLL_AFTER_CHANGE, self.poll), self.poll
        if not self.trusting:
            return self.poll, self.poll
        trusted = min(self.poll * 2 ** min(self.announced, _MAX_DOUBLINGS), POLL_TRUSTED)
        return trusted, max(trusted, POLL_QUIET)

    def _budget(self, now: float) -> float:
        return min(READS_AT_ONCE, self.budget + (now - self.budget_at) * self._reads_a_day / _DAY)

    @property
    def _reads_a_day(self) -> float:
        # An owner who chooses a shorter interval than usual has accepted what it costs.
        return max(READS_A_DAY, 1.5 * _DAY / self.poll)

    def _affordable_at(self, now: float) -> float:
        missing = 1.0 - self._budget(now)
        return now if missing <= 0 else now + missing * _DAY / self._reads_a_day
