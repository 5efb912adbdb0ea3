"""Named faults of the virtual lock, switched on by tests and by hand; at first there is none."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from custom_components.smartlock.protocol.enums import Command, ErrorCode


class Moment(StrEnum):
    """A point of a conversation at which the link can end."""

    CHALLENGE_SENT = "challenge-sent"
    ACTION_LOST = "action-lost"
    """The lock action was written but the lock never gets it."""
    ACTION_RECEIVED = "action-received"
    """The bolt moves, nobody is told."""
    ACCEPTED_SENT = "accepted-sent"
    RUN_ENDED = "run-ended"
    """The motor has stopped, the last answer is missing."""
    AUTHORIZATION_STORED = "authorization-stored"
    """The lock has paired, the client does not know."""


@dataclass
class _Once:
    """Commands to which something happens once; None stands for whatever comes next."""

    waiting: list[tuple[Command | None, ErrorCode]] = field(default_factory=list)

    def add(self, command: Command | None, code: ErrorCode = ErrorCode.UNKNOWN) -> None:
        self.waiting.append((command, code))

    def take(self, command: Command) -> ErrorCode | None:
        for entry in self.waiting:
            if entry[0] in (None, command):
                self.waiting.remove(entry)
                return entry[1]
        return None


class Faults:
    """What is wrong with this lock's radio and firmware right now."""

    silence: bool
    """Takes requests and does what they ask, but sends nothing."""
    twenty_byte_chunks: bool
    """Never sends more than 20 bytes at once, as if no MTU had been agreed."""

    def __init__(self) -> None:
        """Start without faults."""
        self.clear()

    def clear(self) -> None:
        """Switch all faults off."""
        self.silence = False
        self.twenty_byte_chunks = False
        self._disconnect_at: Moment | None = None
        self._dropped = _Once()
        self._refused = _Once()
        self._stale_nonces = 0

    def drop_next_answer(self, command: Command | None = None) -> None:
        """Lose the next message of the lock, or the next with this command."""
        self._dropped.add(command)

    def refuse_next(self, code: ErrorCode, command: Command | None = None) -> None:
        """Answer the next request, or the next with this command, with an Error Report."""
        self._refused.add(command, code)

    def make_next_nonce_stale(self) -> None:
        """Treat the nonce of the next request that carries one as used."""
        self._stale_nonces += 1

    def disconnect_at(self, moment: Moment) -> None:
        """End the link once when a conversation reaches this point."""
        self._disconnect_at = moment

    def takes_answer(self, command: Command) -> bool:
        """Return whether this message is lost; for the lock."""
        return self.silence or self._dropped.take(command) is not None

    def takes_nonce(self) -> bool:
        """Return whether this nonce counts as used; for the lock."""
        stale = self._stale_nonces > 0
        self._stale_nonces -= stale
        return stale

    def refusal(self, command: Command) -> ErrorCode | None:
        """Return the code to refuse this request with; for the lock."""
        return self._refused.take(command)

    def ends_link(self, moment: Moment) -> bool:
        """Return whether the link ends at this point; for the lock."""
        if self._disconnect_at != moment:
            return False
        self._disconnect_at = None
        return True

    def switch_on(self, name: str, argument: str | None = None) -> None:
        """Switch a fault on by its name in FAULTS.

        Args:
            name: Name of the fault.
            argument: For `refuse` the error code with which the next lock action is refused (default 0x45),
                for `drop-next-answer` the command of the message to lose (default: the next one).

        Raises:
            ValueError: No such fault, or no such error code or command.
        """
        if name == "refuse":
            self.refuse_next(_error_code(argument or "0x45"), Command.LOCK_ACTION)
        elif name == "drop-next-answer":
            self.drop_next_answer(_command(argument) if argument else None)
        elif name in _SWITCHES:
            _SWITCHES[name](self)
        else:
            raise ValueError(f"no fault is called {name}; there are {', '.join(FAULTS)}")

    @property
    def active(self) -> list[str]:
        """Names of the faults that are on."""
        names = {
            "silence": self.silence,
            "twenty-byte-chunks": self.twenty_byte_chunks,
            "drop-next-answer": self._dropped.waiting,
            "refuse": self._refused.waiting,
            "stale-nonce": self._stale_nonces,
            f"disconnect-{self._disconnect_at}": self._disconnect_at,
        }
        return [name for name, on in names.items() if on]


def _command(name: str) -> Command:
    try:
        return Command[name.upper().replace("-", "_")]
    except KeyError:
        raise ValueError(f"no command is called {name}") from None


def _error_code(number: str) -> ErrorCode:
    try:
        return ErrorCode(int(number, 0))
    except ValueError:
        raise ValueError(f"{number} is not the number of an error code") from None


def _silence(faults: Faults) -> None:
    faults.silence = True


def _twenty_byte_chunks(faults: Faults) -> None:
    faults.twenty_byte_chunks = True


def _disconnect(moment: Moment) -> Callable[[Faults], None]:
    return lambda faults: faults.disconnect_at(moment)


_SWITCHES: dict[str, Callable[[Faults], None]] = {
    "none": Faults.clear,
    "silence": _silence,
    "stale-nonce": Faults.make_next_nonce_stale,
    "twenty-byte-chunks": _twenty_byte_chunks,
    **{f"disconnect-{moment}": _disconnect(moment) for moment in Moment},
}

FAULTS = ("drop-next-answer", "refuse", *_SWITCHES)
"""Every name that `Faults.switch_on` takes."""
