"""A request whose sender is known, and what a command must look like."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from custom_components.smartlock.protocol.enums import Command, ErrorCode, StatusCode
from custom_components.smartlock.protocol.messages import ErrorReport, Message, Proof, Status
from simulator.lock.authorizations import Authorization
from simulator.lock.device import Device
from simulator.lock.journal import Kind
from simulator.lock.link import LockLink
from simulator.lock.models import Model

CHALLENGE_SIZE = 32


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request whose sender is known."""

    device: Device
    link: LockLink
    authorization: Authorization
    command: Command
    fields: bytes = field(repr=False)
    """Payload without proof."""

    def answer(self, message: Message) -> None:
        """Send a message back."""
        self.device.statistics.command_out()
        self.link.answer(self.authorization, message)

    def complete(self) -> None:
        """Say that it is done."""
        self.answer(Status(status=StatusCode.COMPLETE))

    def answer_list(self, messages: Iterable[Message]) -> None:
        """Send messages one after the other, and say that these were all."""
        for message in messages:
            self.answer(message)
        self.complete()

    def answer_id(self, message: Message) -> None:
        """Tell the id of what was added; whether COMPLETE follows is a habit."""
        self.answer(message)
        if self.device.habits.complete_after_id:
            self.complete()

    def refuse(self, code: ErrorCode) -> None:
        """Say why not."""
        self.answer(ErrorReport(code=code, refused=self.command))

    def broken_rule(self, rule: str) -> None:
        """Note that this request breaks a rule of the protocol."""
        self.link.broken_rule(rule, command=self.command.name, authorization=self.authorization.index)

    def note_written(self, names: Iterable[str]) -> None:
        """Note what a client changed: names without values."""
        self.device.journal.record(
            Kind.SETTINGS_WRITTEN,
            command=self.command.name,
            fields=" ".join(sorted(names)),
            authorization=self.authorization.index,
        )


@dataclass(frozen=True)
class Rule:
    """What a command must look like, and who serves it."""

    lengths: tuple[int, ...] | Callable[[Model], tuple[int, ...]]
    """Allowed sizes of the payload without proof."""
    proof: Proof
    serve: Callable[[Request], None]
    reads: bool = False
    """Whether it changes nothing."""

    def takes(self, length: int, model: Model) -> bool:
        """Return whether a payload without proof may be so long."""
        return length in (self.lengths(model) if callable(self.lengths) else self.lengths)
