"""Frames survive any chunking, and nothing that comes over the radio raises but the protocol's errors."""

from collections.abc import Iterable
import itertools

from hypothesis import given, strategies as st
import pytest

from custom_components.smartlock.protocol import crypto, frames
from custom_components.smartlock.protocol.channel import PairingChannel, SessionChannel
from custom_components.smartlock.protocol.conversations import Exchange
from custom_components.smartlock.protocol.dialects import GENERATION_5, GENERATIONS_1_TO_4
from custom_components.smartlock.protocol.enums import Command, ErrorCode
from custom_components.smartlock.protocol.errors import AuthenticationError, DecodeError, ProtocolError
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.messages import (
    AuthorizationDataWithPin,
    EncryptedAuthorizationId,
    ErrorReport,
    KeyturnerStates,
    Message,
    RequestConfig,
    Status,
    UnknownMessage,
    VerifySecurityPin,
)

SESSION = Session(authorization_id=0x12345678, shared_key=bytes(range(32)))
STATES = bytes.fromhex("020100e9070b14080f1e3c00c80f000201000200056d00d1ef0303")


def sealed(command: Command, payload: bytes, nonce: bytes = bytes(24)) -> bytes:
    """Return an encrypted frame of the lock."""
    return frames.encode_encrypted(SESSION, nonce, command, payload)


def cut(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """Return the data in pieces."""
    edges = [0, *sorted(cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


cuts = st.lists(st.integers(min_value=0, max_value=250), max_size=30)


@given(cuts=cuts)
def test_encrypted_frames_in_any_chunks(cuts: list[int]) -> None:
    """Two frames behind each other arrive whole, however they were cut."""
    wanted = [sealed(Command.KEYTURNER_STATES, STATES), sealed(Command.STATUS, b"\0")]
    reassembler = frames.EncryptedReassembler()
    assert [f for c in cut(b"".join(wanted), cuts) for f in reassembler.receive(c)] == wanted


@given(cuts=cuts)
def test_plain_frames_in_any_chunks(cuts: list[int]) -> None:
    """The same for plain frames, which have no length field."""
    wanted = [
        frames.encode_plain(Command.CHALLENGE, bytes(32)),
        frames.encode_plain(Command.STATUS, b"\0"),
        frames.encode_plain(Command.ERROR_REPORT, b"\x10\x01\x00"),
    ]
    reassembler = frames.PlainReassembler(GENERATIONS_1_TO_4.least_answer)
    assert [f for c in cut(b"".join(wanted), cuts) for f in reassembler.receive(c)] == wanted


def sealed_step() -> Exchange:
    """Return the step of the fifth generation's pairing after which answers may be encrypted."""
    message = AuthorizationDataWithPin(app_id=1, name="Test", security_pin=123456)
    return Exchange(send=message, expect=(EncryptedAuthorizationId,), session=SESSION)


@given(cuts=cuts)
def test_answer_to_the_sealed_step_in_any_chunks(cuts: list[int]) -> None:
    """It may be encrypted, or a plain refusal."""
    granted = EncryptedAuthorizationId(authorization_id=7, uuid=bytes(16))
    refused = ErrorReport(code=ErrorCode.K_BAD_PIN, refused=Command.AUTHORIZATION_DATA)
    for message, data in (
        (granted, sealed(granted.command, granted.encode(), nonce=b"\x12" * 24)),
        (refused, sealed(refused.command, refused.encode())),
        (refused, frames.encode_plain(refused.command, refused.encode())),
    ):
        channel = PairingChannel(GENERATION_5, random=bytes)
        channel.encode(sealed_step())
        received = [m for c in cut(data, cuts) for m in channel.receive(GENERATION_5.pairing_gdio, c)]
        assert received == [message]


@given(data=st.binary(max_size=800), cuts=cuts)
def test_arbitrary_bytes_raise_only_protocol_errors(data: bytes, cuts: list[int]) -> None:
    """On every characteristic, in every state of pairing."""
    dialect = GENERATION_5
    in_pairing, after_sealed = PairingChannel(dialect, bytes), PairingChannel(dialect, bytes)
    after_sealed.encode(sealed_step())
    for channel in (in_pairing, after_sealed, SessionChannel(dialect, SESSION, bytes)):
        for characteristic in {channel.answers, channel.refusals or channel.answers}:
            try:
                for chunk in cut(data, cuts):
                    channel.receive(characteristic, chunk)
            except ProtocolError:
                continue


@given(position=st.integers(min_value=0), flip=st.integers(min_value=1, max_value=255))
def test_a_changed_byte_never_becomes_a_message(position: int, flip: int) -> None:
    """Whatever is changed in an encrypted frame, nothing comes out of it but silence or an error."""
    frame = bytearray(sealed(Command.KEYTURNER_STATES, STATES))
    frame[position % len(frame)] ^= flip
    changed_id_only = 24 <= position % len(frame) < 28
    channel = SessionChannel(GENERATIONS_1_TO_4, SESSION, bytes)
    try:
        received = channel.receive(GENERATIONS_1_TO_4.keyturner_usdio, bytes(frame))
    except ProtocolError:
        return
    # The authorization id outside stands there in the clear; the sealed one decides.
    assert received == ([KeyturnerStates.decode(STATES)] if changed_id_only else [])


def test_wrong_checksums() -> None:
    """In a plain message it is an error; inside a sealed one some firmware sends zero."""
    plain = bytearray(frames.encode_plain(Command.STATUS, b"\0"))
    plain[-1] ^= 1
    with pytest.raises(DecodeError):
        frames.decode_plain(bytes(plain))
    pdata = SESSION.authorization_id.to_bytes(4, "little") + b"\x0e\x00" + b"\x01" + bytes(2)
    box = crypto.seal(SESSION.shared_key, bytes(24), pdata)
    data = bytes(24) + SESSION.authorization_id.to_bytes(4, "little") + len(box).to_bytes(2, "little") + box
    frame = frames.decode_encrypted(SESSION, data)
    assert (frame.payload, frame.crc_valid) == (b"\x01", False)


def test_message_for_another_authorization() -> None:
    """Sealed with our key but naming somebody else."""
    other = Session(authorization_id=1, shared_key=SESSION.shared_key)
    channel = SessionChannel(GENERATIONS_1_TO_4, SESSION, bytes)
    with pytest.raises(AuthenticationError):
        channel.receive(
            GENERATIONS_1_TO_4.keyturner_usdio,
            frames.encode_encrypted(other, bytes(24), Command.STATUS, b"\0"),
        )


def test_unknown_command_is_kept() -> None:
    """A message of newer firmware is no error."""
    channel = SessionChannel(GENERATIONS_1_TO_4, SESSION, bytes)
    (message,) = channel.receive(GENERATIONS_1_TO_4.keyturner_usdio, sealed(Command(0x0777), b"new"))
    assert message == UnknownMessage.of(Command(0x0777), b"new")


@pytest.mark.parametrize(
    "step",
    [
        Exchange(send=None, expect=(Status,)),
        Exchange(send=RequestConfig(), expect=(Status,)),
        Exchange(send=VerifySecurityPin(), expect=(Status,), challenge=bytes(32)),
    ],
    ids=["nothing to send", "no challenge", "no PIN"],
)
def test_a_request_without_its_proof_is_not_encoded(step: Exchange) -> None:
    """The declaration says what proof is needed; leaving it out is a fault of ours."""
    with pytest.raises(ValueError, match=r"needs|sends nothing"):
        SessionChannel(GENERATIONS_1_TO_4, SESSION, bytes).encode(step)


def test_secrets_are_not_in_any_repr() -> None:
    """What could be logged by mistake shows no key, id, PIN or payload."""
    step = Exchange(
        send=VerifySecurityPin(), expect=(Status,), challenge=b"\xab" * 32, pin=4711, session=SESSION
    )
    outgoing = SessionChannel(GENERATIONS_1_TO_4, SESSION, bytes).encode(step)
    message: Message = AuthorizationDataWithPin(app_id=1, name="Anna", security_pin=471100)
    text = repr((step, outgoing, SESSION, message, frames.decode_encrypted(SESSION, outgoing.value)))
    for secret in ("4711", "Anna", "abab", "\\xab", str(SESSION.authorization_id), repr(SESSION.shared_key)):
        assert secret not in text
