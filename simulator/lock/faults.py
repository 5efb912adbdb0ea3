"""Named faults of the lock's radio and firmware, switched on by tests and by hand; at first there is none.

Each is a small switch of its own, and any of them can be on together. What is broken in the mechanics is
`simulator.lock.motor.Jam`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from custom_components.smartlock.protocol.enums import Command, ErrorCode


class Moment(StrEnum):
    """A point of a conversation at which the link can end."""

    CHALLENGE_SENT = "challenge-sent"
    ACTION_LOST = "action-lost"
    """The lock action was written but the lock never gets it."""
    ACTION_RECEIVED = "action-received"
    """The bolt moves, nobody is notified."""
    ACCEPTED_SENT = "accepted-sent"
    RUN_ENDED = "run-ended"
    """The motor has stopped, the last answer is missing."""
    AUTHORIZATION_STORED = "authorization-stored"
    """The lock has paired, the client does not know."""


class Once(StrEnum):
    """Something that goes wrong once, at the n-th occasion from now."""

    DROP_INDICATION = "drop-indication"
    DUPLICATE_INDICATION = "duplicate-indication"
    REORDER_INDICATIONS = "reorder-indications"
    LATE_INDICATION = "late-indication"
    CORRUPT_INDICATION = "corrupt-indication"
    WRONG_CHARACTERISTIC = "wrong-characteristic"
    NO_ACCEPTED = "no-accepted"
    NO_COMPLETE = "no-complete"
    DISCONNECT_AT_WRITE = "disconnect-at-write"
    DISCONNECT_AT_REQUEST = "disconnect-at-request"
    DISCONNECT_AT_INDICATION = "disconnect-at-indication"


@dataclass(frozen=True)
class _Refusal:
    """A request that is refused once; None stands for whatever comes next."""

    name: str
    command: Command | None
    code: ErrorCode


class Faults:
    """What is wrong with this lock's radio and firmware right now."""

    silence: bool
    """Takes requests and does what they ask, but sends nothing."""
    twenty_byte_chunks: bool
    """Never sends more than 20 bytes at once, as if no MTU had been agreed."""
    zero_crc: bool
    """Puts 0 in the place of the checksum of encrypted messages, as some firmware did."""
    unsolicited_states: bool
    """Sends Keyturner States before every answer."""
    forgets_settings: bool
    """Takes new settings without complaint and keeps none of them."""
    lateness: float
    """How long the late indication is held back, in seconds."""
    corrupted_byte: int
    """Which byte of the corrupted indication is wrong; counted on from its start if it is too short."""

    def __init__(self) -> None:
        """Start without faults."""
        self.clear()

    def clear(self) -> None:
        """Switch all faults off."""
        self.silence = False
        self.twenty_byte_chunks = False
        self.zero_crc = False
        self.unsolicited_states = False
        self.forgets_settings = False
        self.lateness = 0.0
        self.corrupted_byte = 0
        self._once: dict[Once, int] = {}
        self._disconnect_at: Moment | None = None
        self._dropped: list[Command | None] = []
        self._refused: list[_Refusal] = []
        self._stale_nonces = 0

    # --- Switching on -------------------------------------------------------------------------------------

    def once(self, what: Once, *, occasion: int = 1) -> None:
        """Have something go wrong once, at the n-th occasion from now."""
        self._once[what] = occasion

    def be_late(self, seconds: float, *, occasion: int = 1) -> None:
        """Hold the n-th indication from now back, and all behind it."""
        self.lateness = seconds
        self.once(Once.LATE_INDICATION, occasion=occasion)

    def corrupt(self, byte: int, *, occasion: int = 1) -> None:
        """Turn a bit of one byte of the n-th indication from now."""
        self.corrupted_byte = byte
        self.once(Once.CORRUPT_INDICATION, occasion=occasion)

    def drop_next_answer(self, command: Command | None = None) -> None:
        """Lose the next message of the lock, or the next with this command."""
        self._dropped.append(command)

    def refuse_next(self, code: ErrorCode, command: Command | None = None) -> None:
        """Answer the next request, or the next with this command, with an Error Report."""
        self._refused.append(_Refusal("refuse", command, code))

    def be_busy(self, command: Command | None = Command.LOCK_ACTION) -> None:
        """Refuse the next request with this command, or the next of all, as if the motor were running."""
        self._refused.append(_Refusal("busy", command, ErrorCode.K_BUSY))

    def make_next_nonce_stale(self) -> None:
        """Treat the nonce of the next request that carries one as used."""
        self._stale_nonces += 1

    def disconnect_at(self, moment: Moment) -> None:
        """End the link once when a conversation reaches this point."""
        self._disconnect_at = moment

    def switch_on(self, name: str, argument: str | None = None) -> None:
        """Switch a fault on by its name in FAULTS, which tells the argument too.

        Raises:
            ValueError: No such fault, or no such argument.
        """
        if name not in FAULTS:
            raise ValueError(f"no fault is called {name}; there are {', '.join(FAULTS)}")
        FAULTS[name].switch_on(self, argument)

    @property
    def active(self) -> list[str]:
        """Names of the faults that are on."""
        names: dict[str, object] = {
            "silence": self.silence,
            "twenty-byte-chunks": self.twenty_byte_chunks,
            "zero-crc": self.zero_crc,
            "unsolicited-states": self.unsolicited_states,
            "forgets-settings": self.forgets_settings,
            "drop-next-answer": self._dropped,
            **{refusal.name: True for refusal in self._refused},
            "stale-nonce": self._stale_nonces,
            **dict.fromkeys(self._once, True),
            f"disconnect-{self._disconnect_at}": self._disconnect_at,
        }
        return [str(name) for name, on in names.items() if on]

    # --- For the lock -------------------------------------------------------------------------------------

    def strikes(self, what: Once) -> bool:
        """Return whether this is the occasion at which something goes wrong."""
        if what not in self._once:
            return False
        self._once[what] -= 1
        if self._once[what] > 0:
            return False
        del self._once[what]
        return True

    def takes_answer(self, command: Command) -> bool:
        """Return whether this message is lost."""
        if self.silence:
            return True
        for waiting in (command, None):
            if waiting in self._dropped:
                self._dropped.remove(waiting)
                return True
        return False

    def takes_nonce(self) -> bool:
        """Return whether this nonce counts as used."""
        stale = self._stale_nonces > 0
        self._stale_nonces -= stale
        return stale

    def refusal(self, command: Command) -> ErrorCode | None:
        """Return the code to refuse this request with."""
        for waiting in self._refused:
            if waiting.command in (None, command):
                self._refused.remove(waiting)
                return waiting.code
        return None

    def ends_link(self, moment: Moment) -> bool:
        """Return whether the link ends at this point."""
        if self._disconnect_at != moment:
            return False
        self._disconnect_at = None
        return True


@dataclass(frozen=True)
class Fault:
    """A row of FAULTS; the argument is what follows the name, None if nothing does."""

    description: str
    switch_on: Callable[[Faults, str | None], None]


def _switch(attribute: str) -> Callable[[Faults, str | None], None]:
    def switch_on(faults: Faults, _argument: str | None) -> None:
        setattr(faults, attribute, True)

    return switch_on


def _at_occasion(what: Once) -> Callable[[Faults, str | None], None]:
    def switch_on(faults: Faults, argument: str | None) -> None:
        faults.once(what, occasion=_number(argument or "1", least=1))

    return switch_on


def _late(faults: Faults, argument: str | None) -> None:
    faults.be_late(_number(argument or "3"))


def _corrupt(faults: Faults, argument: str | None) -> None:
    faults.corrupt(_number(argument or "0"))


def _drop(faults: Faults, argument: str | None) -> None:
    faults.drop_next_answer(_command(argument) if argument else None)


def _stale_nonce(faults: Faults, _argument: str | None) -> None:
    faults.make_next_nonce_stale()


def _busy(faults: Faults, argument: str | None) -> None:
    faults.be_busy(_command(argument or "lock-action"))


def _refuse(faults: Faults, argument: str | None) -> None:
    code, _, command = (argument or "0x45").partition(":")
    faults.refuse_next(_error_code(code), _command(command or "lock-action"))


def _disconnect(moment: Moment) -> Callable[[Faults, str | None], None]:
    return lambda faults, _argument: faults.disconnect_at(moment)


def _number(text: str, *, least: int = 0) -> int:
    try:
        number = int(text, 0)
    except ValueError:
        number = -1
    if number < least:
        raise ValueError(f"{text} is not a number from {least} on")
    return number


def _command(name: str) -> Command | None:
    """Return the command of a name like `lock-action`; `any` stands for all of them."""
    if name == "any":
        return None
    try:
        return Command[name.upper().replace("-", "_")]
    except KeyError:
        raise ValueError(f"no command is called {name}") from None


def _error_code(number: str) -> ErrorCode:
    try:
        return ErrorCode(int(number, 0).to_bytes(1)[0])
    except ValueError, OverflowError:
        raise ValueError(f"{number} is not the number of an error code") from None


_OCCASIONS = {
    Once.DROP_INDICATION: "The next indication, or the N-th, is lost.",
    Once.DUPLICATE_INDICATION: "The next indication, or the N-th, comes twice.",
    Once.REORDER_INDICATIONS: "The next indication, or the N-th, comes after the one behind it.",
    Once.WRONG_CHARACTERISTIC: "The next message, or the N-th, comes on another characteristic.",
    Once.NO_ACCEPTED: "The next Status ACCEPTED, or the N-th, is lost.",
    Once.NO_COMPLETE: "The next Status COMPLETE, or the N-th, is lost.",
    Once.DISCONNECT_AT_WRITE: "The link ends at the next write, or the N-th; the lock gets it all the same.",
    Once.DISCONNECT_AT_REQUEST: "The link ends after the next write, or the N-th; the lock never gets it.",
    Once.DISCONNECT_AT_INDICATION: "The link ends in the place of the next indication, or the N-th.",
}

_MOMENTS = {
    Moment.CHALLENGE_SENT: "The link ends after the next challenge.",
    Moment.ACTION_LOST: "The link ends with the next lock action; the lock never gets it.",
    Moment.ACTION_RECEIVED: "The link ends with the next lock action; the bolt moves, nobody is told.",
    Moment.ACCEPTED_SENT: "The link ends when the next lock action has been accepted.",
    Moment.RUN_ENDED: "The link ends when the motor has stopped, before the last answer.",
    Moment.AUTHORIZATION_STORED: "The link ends when the lock has paired, before the client knows.",
}

FAULTS: Mapping[str, Fault] = {
    "none": Fault("All faults are off.", lambda faults, _argument: faults.clear()),
    "silence": Fault("Requests are taken and done, but nothing is sent.", _switch("silence")),
    "twenty-byte-chunks": Fault("No indication is longer than 20 bytes.", _switch("twenty_byte_chunks")),
    "zero-crc": Fault("The checksum inside encrypted messages is 0.", _switch("zero_crc")),
    "unsolicited-states": Fault("Keyturner States come before every answer.", _switch("unsolicited_states")),
    "forgets-settings": Fault("New settings are taken, and none is kept.", _switch("forgets_settings")),
    **{once: Fault(text, _at_occasion(once)) for once, text in _OCCASIONS.items()},
    Once.LATE_INDICATION: Fault("The next indication and all behind it come SECONDS (3) later.", _late),
    Once.CORRUPT_INDICATION: Fault("Byte N (0) of the next indication is wrong.", _corrupt),
    "drop-next-answer": Fault("The next message (any), or the next COMMAND, is lost.", _drop),
    "stale-nonce": Fault("The next challenge that comes back is refused.", _stale_nonce),
    "busy": Fault("The next COMMAND (lock-action; or any) is refused as if the motor ran.", _busy),
    "refuse": Fault(
        "The next COMMAND is refused: CODE (0x45), or CODE:COMMAND (lock-action; or any).", _refuse
    ),
    **{f"disconnect-{moment}": Fault(text, _disconnect(moment)) for moment, text in _MOMENTS.items()},
}
"""Every name that `Faults.switch_on` takes. Arguments are in upper case, what they are without in brackets."""
