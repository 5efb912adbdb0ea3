"""Orders to the bolt that are not yet written, and which refusals prove that an order was not carried out."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from custom_components.smartlock.client.connection import PinTries
from custom_components.smartlock.protocol.enums import ErrorCode, LockAction, LockState
from custom_components.smartlock.protocol.errors import (
    LinkError,
    LockRefusedError,
    ReplacedError,
    SmartLockError,
)
from custom_components.smartlock.protocol.messages import (
    KeyturnerStates,
    LockActionRequest,
    Message,
    RequestReboot,
)

# Refusals that say nothing about an action that was written. A second copy of an action also gets a refused
# challenge while the first runs; "not authorized" is sent in plain text, so that anyone can forge it.
_DOUBTFUL = (ErrorCode.K_BAD_NONCE, ErrorCode.K_NOT_AUTHORIZED)


@dataclass(eq=False)
class Order:
    """A request that moves the bolt, until its outcome is known."""

    request: Message
    deadline: float
    """Seconds within which it has to be written."""
    pin: int | None = field(default=None, repr=False)
    pin_tries: PinTries | None = field(default=None, repr=False)
    """Counts the PIN, if there is one."""
    idle_time: float | None = None
    """Seconds for which the link stays open afterwards; None: the usual time."""
    wanted: Callable[[], bool] | None = None
    """Whether an automatic order is still wanted; None for an order of a person."""
    joined: list[Order] = field(default_factory=list)
    """Equal orders that wait for this one."""
    on_accepted: Callable[[], None] = lambda: None
    """Called when the lock says that it carries the order out."""
    replaced: bool = False
    written_at: float | None = None
    """When it was written, on the clock of the event loop; None as long as it was not."""
    refused_nonce: LockRefusedError | None = None
    """The lock has refused the nonce that was there ahead, and nothing can have moved: it may be written once more."""
    ran: bool = False
    """The lock has reported that the motor runs for it."""
    completed: bool = False
    """The lock has reported that it is complete."""
    obstacle: LinkError | None = None
    """Why it could not be written so far, if known."""
    outcome: asyncio.Future[KeyturnerStates | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def written(self) -> bool:
        """Whether it was written, so that its outcome is unknown until the lock has reported it."""
        return self.written_at is not None

    @property
    def name(self) -> str:
        """The name of the request, for errors and logs."""
        request = self.request
        return request.action.name if isinstance(request, LockActionRequest) else request.command.name

    @property
    def action(self) -> LockAction | None:
        """The lock action; None for a calibration or a restart."""
        return self.request.action if isinstance(self.request, LockActionRequest) else None

    @property
    def restarts(self) -> bool:
        """Whether the lock restarts for it, and so drops the link."""
        return isinstance(self.request, RequestReboot)

    def reached(self, states: KeyturnerStates) -> bool:
        """Whether the bolt is at the order's target; always true for an order without a target."""
        goal = None if self.action is None else self.action.goal
        return goal is None or states.lock_state.place is goal

    def proved_by(self, states: KeyturnerStates) -> bool:
        """Whether the state alone proves that the order was carried out, although its answers were lost.

        The position does not prove that all turns were made or the latch was pulled, and lock 'n' go may have
        been running before.
        """
        if self.completed:
            return self.reached(states) and not states.lock_state.moving
        return (
            self.action in (LockAction.LOCK, LockAction.UNLOCK)
            and self.reached(states)
            and states.lock_state != LockState.UNLOCKED_LOCK_N_GO
        )

    @contextmanager
    def joined_by(self, order: Order) -> Iterator[None]:
        """Be wanted meanwhile if that one is, too: somebody else may still want it."""
        self.joined.append(order)
        try:
            yield
        finally:
            self.joined.remove(order)

    def check(self) -> None:
        """Raise ReplacedError if a later order differs, or nobody wants the order any more."""
        if self.replaced or not any(order.wanted is None or order.wanted() for order in (self, *self.joined)):
            raise ReplacedError("it is not wanted any more")


def refused(error: SmartLockError) -> bool:
    """Whether the lock has said for certain that it does not carry out an action."""
    return isinstance(error, LockRefusedError) and error.code not in _DOUBTFUL
