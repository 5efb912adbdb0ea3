"""Carries out the poll policy of one lock with a single timer."""

import asyncio
from collections.abc import Callable

from homeassistant.core import HomeAssistant, callback

from custom_components.smartlock.const import LOGGER
from custom_components.smartlock.link.rules import PollPolicy, PollReason


class Polling:
    """Reads the lock when its policy says so, and reports when the last state may no longer be believed."""

    def __init__(
        self,
        hass: HomeAssistant,
        policy: PollPolicy,
        *,
        read: Callable[[str], None],
        on_doubt: Callable[[], None],
        on_absent: Callable[[], None],
        absent_at: Callable[[], float | None],
    ) -> None:
        """Prepare; nothing is planned until `update`.

        `read` starts a read, for a reason that is only logged. `on_doubt` is called whenever the state may no
        longer be believed. `absent_at` returns when a lock that is out of range stops counting as present, on
        the event loop's clock, and `on_absent` is called then.
        """
        self._hass = hass
        self._policy = policy
        self._read = read
        self._on_doubt = on_doubt
        self._on_absent = on_absent
        self._absent_at = absent_at
        self._timer: asyncio.TimerHandle | None = None
        self._pauses = 0
        self._stopped = False

    @property
    def policy(self) -> PollPolicy:
        """State of the poll policy: the events that decide when to read next."""
        return self._policy

    @callback
    def update(self, policy: PollPolicy) -> None:
        """Set a new policy state, and plan again."""
        self._policy = policy
        self.plan()

    @callback
    def note(self, policy: PollPolicy) -> None:
        """Set a new policy state; the caller is about to plan again."""
        self._policy = policy

    @callback
    def pause(self) -> None:
        """Read nothing until `resume`, as often as there was a pause; what is not read is still doubted in time."""
        self._pauses += 1
        self.plan()

    @callback
    def resume(self) -> None:
        """Plan reads again."""
        self._pauses -= 1
        self.plan()

    @callback
    def stop(self) -> None:
        """Plan nothing any more."""
        self._stopped = True
        self._cancel()

    @callback
    def plan(self) -> None:
        """Set one timer for whatever comes first: the next read, the end of belief, or the lock's absence."""
        self._cancel()
        if self._stopped:
            return
        now = self._hass.loop.time()
        believable = self._policy.believable(now)
        if not believable:
            self._on_doubt()
        due = self._due(now)
        doubtful_at = self._policy.doubtful_at() if believable else None
        times = (None if due is None else due[0], doubtful_at, self._absent_at())
        if planned := [at for at in times if at is not None]:
            self._timer = self._hass.loop.call_at(max(min(planned), now), self._expired)

    @callback
    def _expired(self) -> None:
        self._timer = None
        now = self._hass.loop.time()
        due = self._due(now)
        if due is not None and due[0] <= now:
            LOGGER.debug("Reading because of %s", due[1].value)
            self._read(due[1].value)
        else:
            self._on_absent()
            self.plan()

    def _due(self, now: float) -> tuple[float, PollReason] | None:
        return None if self._pauses else self._policy.due(now)

    @callback
    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
