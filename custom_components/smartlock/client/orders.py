"""What was asked of the bolt and not yet written, and which refusals prove that it was not done."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from custom_components.smartlock.protocol.enums import ErrorCode
from custom_components.smartlock.protocol.errors import (
    LockRefusedError,
    ReplacedError,
    SmartLockError,
    UnreachableError,
)
from custom_components.smartlock.protocol.messages import KeyturnerStates, LockActionRequest, Message

# Refusals that say nothing about an action that was written. A refused challenge is also what a second copy of
# an action gets whose first one runs; "not authorized" comes in plain text, so that anybody could say it.
_DOUBTFUL = (ErrorCode.K_BAD_NONCE, ErrorCode.K_NOT_AUTHORIZED)


@dataclass(eq=False)
class Order:
    """A request that moves the bolt, until it is written."""

    request: Message
    wanted: Callable[[], bool] | None = None
    """Whether an order that no person has given is still wanted; None for one of a person."""
    replaced: bool = False
    written: bool = False
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

    def check(self) -> None:
        """Raise ReplacedError if the bolt is wanted elsewhere by now, or nobody wants it moved any more."""
        if self.replaced or (self.wanted is not None and not self.wanted()):
            raise ReplacedError("it is not wanted any more")


def refused(error: SmartLockError) -> bool:
    """Whether the lock said for certain that it does not carry out an action."""
    return isinstance(error, LockRefusedError) and error.code not in _DOUBTFUL
