"""Channels: from a step of a conversation to a characteristic value, and from values to messages.

The only place where malformed input is caught: everything above sees messages or one error.
"""

from collections.abc import Callable, Iterable
from dataclasses import field
from typing import Protocol

from . import frames
from .conversations import Exchange
from .crypto import NONCE_SIZE
from .dialects import Dialect
from .enums import Command, ErrorCode
from .errors import AuthenticationError, DecodeError
from .frames import Frame, Session
from .freshness import Freshness
from .messages import ErrorReport, Message, Proof, UnknownMessage, decode
from .values import dataclass

type Random = Callable[[int], bytes]
"""Returns that many random bytes fit for keys."""


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A value to write to a characteristic."""

    characteristic: str
    value: bytes = field(repr=False)


class Channel(Protocol):
    """What the client needs: where to listen, and the two directions."""

    @property
    def answers(self) -> str:
        """UUID of the characteristic that carries the answers; subscribed before anything is asked."""

    @property
    def refusals(self) -> str | None:
        """UUID of the one on which the lock says what it cannot encrypt; None if it is the same one."""

    def encode(self, step: Exchange) -> Outgoing:
        """Return what to write for a step that sends a message."""

    def receive(self, characteristic: str, chunk: bytes) -> list[Message]:
        """Return the messages that this indication completes. Raises ProtocolError."""


def encode_payload(dialect: Dialect, step: Exchange) -> tuple[Command, bytes]:
    """Return command and payload of the message of a step, with the proof that it declares."""
    message = step.send
    if message is None:
        raise ValueError("this step sends nothing")
    payload = message.encode()
    if message.proof is not Proof.NONE:
        if step.challenge is None:
            raise ValueError(f"{type(message).__name__} needs a challenge")
        payload += step.challenge
    if message.proof is Proof.CHALLENGE_AND_PIN:
        if step.pin is None:
            raise ValueError(f"{type(message).__name__} needs the security PIN")
        payload += dialect.pin.pack(step.pin)
    return message.command, payload


def decode_answer(dialect: Dialect, frame: Frame) -> Message:
    """Return the message of a frame from the lock; a command without declaration is kept as it is."""
    kind = dialect.answers.get(frame.command)
    return UnknownMessage.of(frame.command, frame.payload) if kind is None else decode(kind, frame.payload)


class SessionChannel:
    """The channel of a paired client: encrypted on the USDIO; a lock without our key says so on the Keyturner GDIO."""

    def __init__(
        self, dialect: Dialect, session: Session, random: Random, freshness: Freshness | None = None
    ) -> None:
        """Speak a dialect with an authorization. One channel lives as long as one link, `freshness` over all links."""
        self._dialect = dialect
        self._session = session
        self._random = random
        self._encrypted = frames.EncryptedReassembler()
        self._plain = frames.PlainReassembler(dialect.least_answer)
        self._freshness = freshness or Freshness()

    @property
    def answers(self) -> str:
        """The USDIO."""
        return self._dialect.keyturner_usdio

    @property
    def refusals(self) -> str:
        """The Keyturner GDIO: after the authorization was deleted the lock answers there only."""
        return self._dialect.keyturner_gdio

    def encode(self, step: Exchange) -> Outgoing:
        """Return the encrypted frame of a step."""
        frame = frames.encode_encrypted(
            self._session, self._random(NONCE_SIZE), *encode_payload(self._dialect, step)
        )
        return Outgoing(characteristic=self._dialect.keyturner_usdio, value=frame)

    def receive(self, characteristic: str, chunk: bytes) -> list[Message]:
        """Return the messages that this indication completes. Raises ProtocolError."""
        if characteristic == self._dialect.keyturner_gdio:
            decoded = [frames.decode_plain(data) for data in self._plain.receive(chunk)]
            # Anybody could forge a plain message. Only that it does not know us comes from a lock in this form;
            # another refusal would tell of a fault, of a wrong PIN, or of a bolt that has not moved.
            reports = _decode_all(self._dialect, (f for f in decoded if f.command == Command.ERROR_REPORT))
            return [
                report
                for report in reports
                if isinstance(report, ErrorReport) and report.code == ErrorCode.K_NOT_AUTHORIZED
            ]
        messages = []
        for data in self._encrypted.receive(chunk):
            frame = frames.decode_encrypted(self._session, data)
            if frame.authorization_id != self._session.authorization_id:
                raise AuthenticationError("a message for another authorization")
            if not self._freshness.first(data[:NONCE_SIZE]):
                # Answers name no question, so a copy or a recording would answer the next one.
                continue
            messages.append(decode_answer(self._dialect, frame))
        return messages


class PairingChannel:
    """The channel of a client that pairs: plain, and sealed for the last exchange of the fifth generation."""

    def __init__(self, dialect: Dialect, random: Random) -> None:
        """Speak a dialect before there is an authorization."""
        self._dialect = dialect
        self._random = random
        self._plain = frames.PlainReassembler(dialect.least_answer)
        self._sealed: frames.SealedReassembler | None = None
        self._session: Session | None = None

    @property
    def answers(self) -> str:
        """The pairing GDIO of the generation."""
        return self._dialect.pairing_gdio

    @property
    def refusals(self) -> None:
        """Refusals come on the same characteristic."""
        return

    def encode(self, step: Exchange) -> Outgoing:
        """Return the frame of a step: plain, or sealed if the step carries a session."""
        command, payload = encode_payload(self._dialect, step)
        if step.session is None:
            frame = frames.encode_plain(command, payload)
        else:
            self._session = step.session
            self._sealed = frames.SealedReassembler()
            nonce = self._random(NONCE_SIZE)
            frame = frames.encode_encrypted(step.session, nonce, command, payload)
        return Outgoing(characteristic=self._dialect.pairing_gdio, value=frame)

    def receive(self, characteristic: str, chunk: bytes) -> list[Message]:
        """Return the messages that this indication completes. Raises ProtocolError."""
        if characteristic != self._dialect.pairing_gdio:
            raise DecodeError("a message on a characteristic that has no part in pairing")
        if self._sealed is None or self._session is None:
            return _decode_all(self._dialect, map(frames.decode_plain, self._plain.receive(chunk)))
        # The authorization id of the reply is not checked: locks differ, and the key proves enough.
        return _decode_all(
            self._dialect,
            [
                frames.decode_plain(data)
                if len(data) < frames.ENCRYPTED_MINIMUM
                else frames.decode_encrypted(self._session, data)
                for data in self._sealed.receive(chunk)
            ],
        )


def _decode_all(dialect: Dialect, decoded: Iterable[Frame]) -> list[Message]:
    return [decode_answer(dialect, frame) for frame in decoded]
