"""What was asked of the bolt and not yet written, and which refusals prove that it was not done."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from custom_components.smartlock.client.connection import PinTries
from custom_components.smartlock.protocol.enums import ErrorCode, LockAction, LockState
from custom_components.smartlock.protocol.errors import (
    LockRefusedError,
    ReplacedError,
    SmartLockError,
    UnreachableError,
)
from custom_components.smartlock.protocol.messages import (
    KeyturnerStates,
    LockActionRequest,
    Message,
    RequestReboot,
)

# Refusals that say nothing about an action that was written. A refused challenge is also what a second copy of
# an action gets whose first one runs; "not authorized" comes in plain text, so that anybody could say it.
_DOUBTFUL = (ErrorCode.K_BAD_NONCE, ErrorCode.K_NOT_AUTHORIZED)


@dataclass(eq=False)
class Order:
    """A request that moves the bolt, until it is written."""

    request: Message
    deadline: float
    """Seconds within which it has to be written."""
    pin: int | None = field(default=None, repr=False)
    pin_tries: PinTries | None = field(default=None, repr=False)
    """Counts the PIN, if there is one."""
    idle_time: float | None = None
    """Seconds for which the link stays open afterwards; None: the ordinary time."""
    wanted: Callable[[], bool] | None = None
    """Whether an order that no person has given is still wanted; None for one of a person."""
    replaced: bool = False
    written: bool = False
    ran: bool = False
    """The lock has said that the motor runs for it."""
    completed: bool = False
    """The lock has said that it is over."""
    obstacle: UnreachableError | None = None
    """Why it could not be written so far, if that is known."""
    outcome: asyncio.Future[KeyturnerStates | None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    @property
    def name(self) -> str:
        """What was asked for, for errors and logs."""
        request = self.request
        return request.action.name if isinstance(request, LockActionRequest) else request.command.name

    @property
    def action(self) -> LockAction | None:
        """The lock action; None for a calibration or a restart."""
        return self.request.action if isinstance(self.request, LockActionRequest) else None

    @property
    def restarts(self) -> bool:
        """Whether the lock starts again for it, and so drops the link."""
        return isinstance(self.request, RequestReboot)

    def reached(self, states: KeyturnerStates) -> bool:
        """Whether the bolt is where it was told to go; always for an order that names no place."""
        goal = None if self.action is None else self.action.goal
        return goal is None or states.lock_state.place is goal

    def proved_by(self, states: KeyturnerStates) -> bool:
        """Whether the state alone tells that the order was carried out, although its answers were lost.

        That every turn was made, or the latch pulled, is not told by where the bolt is; and lock 'n' go may have
        been under way before.
        """
        if self.completed:
            return self.reached(states) and not states.lock_state.moving
        return (
            self.action in (LockAction.LOCK, LockAction.UNLOCK)
            and self.reached(states)
            and states.lock_state != LockState.UNLOCKED_LOCK_N_GO
        )

    def check(self) -> None:
        """Raise ReplacedError if the bolt is wanted elsewhere by now, or nobody wants it moved any more."""
        if self.replaced or (self.wanted is not None and not self.wanted()):
            raise ReplacedError("it is not wanted any more")


def refused(error: SmartLockError) -> bool:
    """Whether the lock said for certain that it does not carry out an action."""
    return isinstance(error, LockRefusedError) and error.code not in _DOUBTFUL
