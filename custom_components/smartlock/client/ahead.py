"""A challenge that is there before anybody calls, so that an action on a held link is one write.

How long a lock takes the answer to its challenge is not published. What a lock does is counted, and one that has refused a
challenge that waited is asked for none ahead for a month. Why a refusal cannot make the bolt move twice:
docs/decisions/0042-the-challenge-is-there-ahead.md.
"""

from collections.abc import Callable

# An older one is not used, in seconds: by then a lock has dropped an idle link anyway.
AHEAD_TIME = 20.0
# Nor is one requested on a link that is held for less, in seconds: nobody acts again so soon.
LEAST_HOLD = 1.0
# For so long none is asked for ahead where one was refused, in seconds: a firmware may change.
REFUSED_PAUSE = 30 * 86400.0


class ChallengeTrust:
    """Whether a lock takes a challenge that has waited; outlives the client with `refused_at`."""

    def __init__(self, on_used: Callable[[bool], None] = lambda taken: None) -> None:
        """`on_used` is called each time such a challenge was used, with whether the lock took it."""
        self.refused_at: float | None = None
        """When the lock last refused one, in seconds since 1970."""
        self._on_used = on_used

    def allows(self, now: float) -> bool:
        """Whether one may be asked for ahead at this time of day, in seconds since 1970."""
        return self.refused_at is None or now >= self.refused_at + REFUSED_PAUSE

    def taken(self) -> None:
        """The lock took one."""
        self._on_used(True)

    def refused(self, now: float) -> None:
        """The lock refused one."""
        self.refused_at = now
        self._on_used(False)
