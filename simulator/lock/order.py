"""An order to move the bolt: what is wanted, by whom, and under what the log keeps it."""

from dataclasses import dataclass, field

from custom_components.smartlock.protocol.enums import (
    KeypadAction,
    KeypadSource,
    LockAction,
    LockActionFlag,
    LogEntryType,
    Trigger,
)


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
    flags: LockActionFlag = LockActionFlag.NONE
    authorization_id: int = field(default=0, repr=False)
    """Who ordered it, 0 for nobody that has paired."""
    name: str = field(default="", repr=False)
    """Name in the log."""
    keypad: KeypadUse | None = None
    log_type: LogEntryType = LogEntryType.LOCK_ACTION
