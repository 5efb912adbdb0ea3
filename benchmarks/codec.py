"""What encoding and decoding cost: whole messages with encryption and checksum, as they go over the radio."""

from collections.abc import Callable
from functools import partial
import os
from random import Random
from typing import Any

from benchmarks.peer import PYNUKIBT, nuki, nuki_device
from benchmarks.rows import Row
from benchmarks.sides import APP_ID
from benchmarks.stopwatch import alternately, seconds_per_call
from custom_components.smartlock.protocol import crypto, frames
from custom_components.smartlock.protocol.channel import SessionChannel
from custom_components.smartlock.protocol.conversations import Exchange
from custom_components.smartlock.protocol.dialects import GENERATIONS_1_TO_4
from custom_components.smartlock.protocol.enums import LockAction
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.messages import KeyturnerStates, LockActionRequest

__all__ = ["codec"]

ROUNDS, CALLS = 15, 1000
QUICK_ROUNDS, QUICK_CALLS = 5, 100
MICROSECONDS = 1e6

# Keyturner States of current firmware: locked, 2026-11-20 12:00:00 UTC, 60 min, battery 80 %, closed door.
STATES = bytes.fromhex("0201 00 EA070B140C0000 3C00 A0 05 00 02 00 00 02 00 04 02 01 01 00 00 00")


class Peer:
    """pyNukiBT's encoder and decoder, without a link."""

    def __init__(self, session: Session, private_key: bytes, lock_public_key: bytes) -> None:
        """Make a client that knows the generation and sends nothing."""
        self._device: Any = nuki_device(
            "54:D2:72:00:00:01",
            app_id=APP_ID,
            authorization_id=session.authorization_id,
            lock_public_key=lock_public_key,
            private_key=private_key,
            public_key=crypto.public_key(private_key),
            get_ble_device=lambda address: None,
        )
        self._device._const = nuki.NukiLockConst
        self._device._send_command = self._send_nothing

    @staticmethod
    async def _send_nothing(*args: Any, **kwargs: Any) -> bytes:
        """Stand in the place of the radio; the encoded message is the second argument."""
        encoded: bytes = args[1]
        return encoded

    def decode(self, frame: bytes) -> Any:
        """Return the decoded message of an indication."""
        return self._device._parse_message(frame, True)

    def encode(self, nonce: bytes) -> bytes:
        """Return the encoded lock action; its coroutine ends at once, since nothing waits."""
        const = self._device._const
        payload = {
            "lock_action": const.LockAction.UNLOCK,
            "app_id": APP_ID,
            "flags": 0,
            "name_suffix": None,
            "nonce": nonce,
        }
        try:
            self._device._send_encrypted_command(const.NukiCommand.LOCK_ACTION, payload).send(None)
        except StopIteration as end:
            encoded: bytes = end.value
            return encoded
        raise AssertionError("something waits")


def codec(*, quick: bool) -> list[Row]:
    """Return the rows of this module."""
    rounds, calls = (QUICK_ROUNDS, QUICK_CALLS) if quick else (ROUNDS, CALLS)
    random = Random(0)
    private_key, lock_private_key = random.randbytes(32), random.randbytes(32)
    lock_public_key = crypto.public_key(lock_private_key)
    session = Session(authorization_id=2, shared_key=crypto.shared_key(private_key, lock_public_key))
    channel = SessionChannel(GENERATIONS_1_TO_4, session, os.urandom)
    # Each frame once: a second copy is no answer to our channel, and not decoded.
    sealed = [
        frames.encode_encrypted(session, random.randbytes(24), KeyturnerStates.command, STATES)
        for _ in range((rounds + 1) * calls + 1)
    ]
    nonce = random.randbytes(32)

    def encode() -> bytes:
        request = LockActionRequest(action=LockAction.UNLOCK, app_id=APP_ID)
        return channel.encode(Exchange(send=request, expect=(), challenge=nonce)).value

    our_frames = iter(sealed)

    def decode() -> KeyturnerStates:
        (message,) = channel.receive(channel.answers, next(our_frames))
        assert isinstance(message, KeyturnerStates)
        return message

    states = decode()
    ours: list[Callable[[], object]] = [decode, encode]
    theirs: list[Callable[[], object]] = []
    if nuki is not None:
        peer = Peer(session, private_key, lock_public_key)
        their_frames = iter(sealed)
        assert peer.decode(next(their_frames)).payload.lock_state == states.lock_state.name
        assert len(peer.encode(nonce)) == len(encode())
        theirs = [lambda: peer.decode(next(their_frames)), partial(peer.encode, nonce)]
    rows = []
    for index, name in enumerate(("decode_states", "encode_action")):
        sides = [side[index] for side in (ours, theirs) if side]
        figures = alternately(rounds, [partial(seconds_per_call, side, calls) for side in sides])
        micro = [figure * MICROSECONDS for figure in figures]
        rows.append(
            Row(
                name=name,
                value=micro[0],
                unit="µs",
                against=PYNUKIBT,
                peer=micro[1] if len(micro) > 1 else None,
            )
        )
    return rows
