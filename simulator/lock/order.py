"""An order to move the bolt: what is wanted, by whom, and under what the log keeps it."""

from dataclasses import dataclass, field

from custom_components.smartlock.protocol.enums import (
    CompletionStatus,
    KeypadAction,
    KeypadSource,
    LockAction,
    LockActionFlag,
    LogEntryType,
    Trigger,
)
from simulator.lock.ledger import How, Result

_NOT_ALLOWED = (CompletionStatus.REJECTED, CompletionStatus.REJECTED_NIGHT_MODE)


@dataclass(frozen=True, kw_only=True)
class KeypadUse:
    """How somebody identified at the keypad, and for what."""

    action: KeypadAction
    source: KeypadSource
    code_id: int
    """0 for a code that is not known."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the bolt or the latch is to do."""

    action: LockAction
    trigger: Trigger
    how: How
    flags: LockActionFlag = LockActionFlag.NONE
    authorization_id: int = field(default=0, repr=False)
    """Who ordered it, 0 for nobody that has paired."""
    name: str = field(default="", repr=False)
    """Name in the log."""
    who: str | None = field(default=None, repr=False)
    """Who it really was; None if nobody knows."""
    presses: int = 0
    """How often a button or a fob was pressed for it."""
    keypad: KeypadUse | None = None
    log_type: LogEntryType = LogEntryType.LOCK_ACTION

    def result(self, completion: CompletionStatus) -> Result:
        """Return what a completion status means for who ordered it."""
        if completion == CompletionStatus.SUCCESS:
            return Result.DONE
        if self.flags & LockActionFlag.AUTO_UNLOCK and completion in (
            *_NOT_ALLOWED,
            CompletionStatus.TOO_RECENT,
        ):
            return Result.AUTO_UNLOCK_REFUSED
        return Result.NOT_ALLOWED if completion in _NOT_ALLOWED else Result.FAILED
