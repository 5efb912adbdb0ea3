"""What an Opener says differently; no bytes of it are published, so the layouts are those of the reference."""

import pytest

from custom_components.smartlock.protocol.channel import decode_answer, encode_payload
from custom_components.smartlock.protocol.conversations import Exchange
from custom_components.smartlock.protocol.dialects import GENERATIONS_1_TO_4, OPENER
from custom_components.smartlock.protocol.enums import Command, NukiState, OpenerAction, OpenerState
from custom_components.smartlock.protocol.frames import Frame
from custom_components.smartlock.protocol.messages import LogEntry, LoggedDoorEvent, Message
from custom_components.smartlock.protocol.opener import (
    LoggedRing,
    OpenerActionRequest,
    OpenerAdvancedConfig,
    OpenerAdvancedConfigLong,
    OpenerConfig,
    OpenerStates,
)
from tests.vectors import vector_bytes


def heard(command: Command, payload: bytes) -> Message:
    """Return what an Opener says."""
    return decode_answer(OPENER, Frame(command=command, payload=payload))


def test_states() -> None:
    """Ring to open for 20 minutes, continuous mode, no percent."""
    payload = bytes.fromhex("0303 00 e9070b14080f1e 0000 01 05 14 04 05 00 00".replace(" ", ""))
    states = heard(Command.KEYTURNER_STATES, payload)
    assert isinstance(states, OpenerStates)
    assert (states.nuki_state, states.opener_state) == (
        NukiState.CONTINUOUS_MODE,
        OpenerState.RING_TO_OPEN_ACTIVE,
    )
    assert (states.ring_to_open_timer, states.battery_critical) == (20, True)
    assert states.last_action == OpenerAction.ACTIVATE_CONTINUOUS_MODE
    assert states.encode() == payload


def test_action() -> None:
    """In the place of a lock action, and written at most once like it."""
    request = OpenerActionRequest(action=OpenerAction.ELECTRIC_STRIKE_ACTUATION, app_id=1)
    assert request.moves_bolt
    step = Exchange(send=request, expect=(), challenge=bytes(32))
    command, payload = encode_payload(OPENER, step)
    assert (command, payload[:6].hex(), len(payload)) == (Command.LOCK_ACTION, "030100000000", 38)


@pytest.mark.parametrize(
    ("size", "kind"),
    [(25, OpenerAdvancedConfig), (26, OpenerAdvancedConfigLong), (27, OpenerAdvancedConfigLong)],
)
def test_advanced_config_by_its_length(size: int, kind: type[Message]) -> None:
    """The sources differ in one byte; the length tells."""
    payload = bytes(range(size))
    config = heard(Command.ADVANCED_CONFIG, payload)
    assert type(config) is kind
    assert config.encode() == payload


def test_config() -> None:
    """72 bytes, 73 with Keypad 2."""
    for size in (72, 73):
        config = heard(Command.CONFIG, bytes(range(size)))
        assert isinstance(config, OpenerConfig)
        assert config.trailing == b""
        assert (config.has_keypad_2 is None) is (size == 72)


def test_ring() -> None:
    """Type 6 of the log is a ring here, and the door sensor in a lock."""
    payload = vector_bytes("log-door-opened", "payload")[:48] + bytes.fromhex("0100000003000500")
    ring = heard(Command.LOG_ENTRY, payload)
    assert isinstance(ring, LogEntry)
    assert isinstance(ring.details, LoggedRing)
    assert (ring.details.mode, ring.details.sound_id, ring.details.code_id) == (1, 3, 5)
    door = decode_answer(GENERATIONS_1_TO_4, Frame(command=Command.LOG_ENTRY, payload=payload))
    assert isinstance(door, LogEntry)
    assert isinstance(door.details, LoggedDoorEvent)
