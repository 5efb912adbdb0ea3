"""What can go wrong with a lock, in four families that say whose fault it is.

The peer broke the rules (`ProtocolError`), the lock refused (`LockRefusedError`), the link failed
(`LinkError`), or the outcome is unknown (`OutcomeUnknownError`). Errors carry data, never secrets.
"""

from typing import override

from .enums import Command, CompletionStatus, ErrorCode, LockState


class SmartLockError(Exception):
    """Base of every error of the protocol and the client."""


class ProtocolError(SmartLockError):
    """The peer, or somebody in between, broke the rules of the protocol."""


class DecodeError(ProtocolError):
    """Bytes that cannot be a message: too short, wrong checksum, wrong length."""


class AuthenticationError(ProtocolError):
    """A message or an authenticator does not come from the lock that holds our key."""


class IncompleteListError(ProtocolError):
    """A list ended before as many entries had come as the lock announced."""


class StaleError(AuthenticationError):
    """States that are older than the ones before, or than the request: a recording, or the lock's clock went back."""


class LockRefusedError(SmartLockError):
    """The lock answered a request with an Error Report."""

    def __init__(self, code: ErrorCode, command: Command | None) -> None:
        """Keep the code and the command that the lock names; None if it names none."""
        super().__init__(code, command)
        self.code = code
        self.command = command

    @override
    def __str__(self) -> str:
        """Name the code and the command in the vendor's words."""
        about = "an unnamed request" if self.command is None else self.command.name
        return f"the lock refused {about}: 0x{self.code:02X} {self.code.name}"


class NotPairingError(LockRefusedError):
    """The lock is not in pairing mode, or pairing over Bluetooth is switched off."""


class NotAuthorizedError(LockRefusedError):
    """The lock does not know our authorization, or cannot decrypt with its key."""


class PinError(LockRefusedError):
    """The security PIN was refused, or is blocked after too many wrong ones. Never repeated automatically."""


class PinNotSetError(SmartLockError):
    """A fifth-generation lock without a security PIN cannot be paired; the owner sets one in the app."""


class MotorError(LockRefusedError):
    """The bolt did not move as ordered: blocked, clutch, motor, voltage or position."""


class LinkError(SmartLockError):
    """The radio link failed; nothing that moves the bolt was sent, or it was a mere read."""


class UnreachableError(LinkError):
    """No connection could be made. `reason` explains it in words where something is known."""

    def __init__(self, reason: str = "") -> None:
        """Keep the reason in words; empty if nothing is known."""
        super().__init__(reason or "the lock cannot be reached")
        self.reason = reason


class OutOfRangeError(UnreachableError):
    """No adapter or proxy hears the lock, so that connecting was not even tried."""


class NoFreeSlotError(UnreachableError):
    """Every connection slot of the adapters and proxies that hear the lock is in use."""


class NoAnswerError(LinkError):
    """The lock is connected but did not answer in time."""


class AnswerLostError(NoAnswerError):
    """The lock has answered a later question, so that the answer to this one is lost and will not come."""


class LinkLostError(LinkError):
    """The link ended in the middle of a conversation."""


class NotStartedError(LinkError):
    """An action could not be written within its deadline. It was dropped; the bolt does not move later."""


class GaveWayError(SmartLockError):
    """A read was cut short, or not begun, because an action came; it may be run again afterwards."""


class ReplacedError(NotStartedError):
    """A newer request for something else came before an action was written. It was dropped."""


class OutcomeUnknownError(SmartLockError):
    """An action was written and its result is not known. It must not be repeated; read the state."""

    def __init__(self, what: str, state: LockState | None) -> None:
        """Keep what was ordered, and the state that was read afterwards; None if it could not be read."""
        super().__init__(f"the outcome of {what} is unknown")
        self.what = what
        self.state = state


class RunFailedError(SmartLockError):
    """The lock called a run complete, but the bolt is not where it should be and the lock says why."""

    def __init__(self, completion: CompletionStatus) -> None:
        """Keep how the lock says that the run has ended."""
        super().__init__(f"the run failed: 0x{completion:02X} {completion.name}")
        self.completion = completion


class SettingsNotKeptError(SmartLockError):
    """New settings were written, but the lock reads back others."""

    def __init__(self, fields: tuple[str, ...], *, taken: bool = True) -> None:
        """Keep the names of the fields that differ, never their values.

        `taken`: the lock has said that it took them; otherwise they may never have arrived.
        """
        super().__init__(f"the lock did not keep {', '.join(fields)}")
        self.fields = fields
        self.taken = taken


class BadSettingError(SmartLockError):
    """Settings that this lock does not have, or values that they cannot have. Nothing was changed."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        """Keep the names of the fields, never their values."""
        super().__init__(f"the lock cannot have these values of {', '.join(fields)}")
        self.fields = fields


class SettingsUnknownError(SmartLockError):
    """Settings were written and their result is not known. They must not be written again; read them."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        """Keep the names of the fields, never their values."""
        super().__init__(f"whether the lock has kept {', '.join(fields)} is unknown")
        self.fields = fields


class MovingError(SmartLockError):
    """The motor runs, so settings were not written."""


_REFUSALS: dict[ErrorCode, type[LockRefusedError]] = {
    ErrorCode.P_NOT_PAIRING: NotPairingError,
    ErrorCode.K_NOT_AUTHORIZED: NotAuthorizedError,
    ErrorCode.K_BAD_PIN: PinError,
    ErrorCode.K_TOO_MANY_PIN_ATTEMPTS: PinError,
    ErrorCode.K_MOTOR_BLOCKED: MotorError,
    ErrorCode.K_CLUTCH_FAILURE: MotorError,
    ErrorCode.K_MOTOR_TIMEOUT: MotorError,
    ErrorCode.K_NOT_CALIBRATED: MotorError,
    ErrorCode.K_MOTOR_POSITION_LIMIT: MotorError,
    ErrorCode.K_MOTOR_LOW_VOLTAGE: MotorError,
    ErrorCode.K_MOTOR_POWER_FAILURE: MotorError,
    ErrorCode.K_CLUTCH_POWER_FAILURE: MotorError,
    ErrorCode.K_VOLTAGE_TOO_LOW: MotorError,
}


def refusal(code: ErrorCode, command: Command | None) -> LockRefusedError:
    """Return the error of the most telling class for an Error Report; codes as in the vendor's document."""
    return _REFUSALS.get(code, LockRefusedError)(code, command)
