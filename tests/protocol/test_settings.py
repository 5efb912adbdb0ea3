"""Settings are read as a whole, changed, written as a whole and verified; lists are read to their end."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from custom_components.smartlock.protocol import conversations as c
from custom_components.smartlock.protocol.channel import encode_payload
from custom_components.smartlock.protocol.dialects import GENERATION_5, GENERATIONS_1_TO_4
from custom_components.smartlock.protocol.enums import MotorSpeed, StatusCode
from custom_components.smartlock.protocol.errors import SettingsNotKeptError
from custom_components.smartlock.protocol.messages import (
    AdvancedConfig,
    Challenge,
    Config,
    LogEntry,
    LogEntryCount,
    LoggedDoorEvent,
    LoggedKeypadAction,
    LoggedRun,
    Message,
    RequestLogEntries,
    SetAdvancedConfigWithMotor,
    SetConfig,
    SetLongSecurityPin,
    SetSecurityPin,
    Status,
)
from custom_components.smartlock.protocol.settings import writable_advanced_config, writable_config
from tests.vectors import vector_bytes

PIN = 1234
NONCE = bytes(range(128, 160))
COMPLETE = Status(status=StatusCode.COMPLETE)
CONFIG = Config.decode(vector_bytes("config-79-5g", "payload"))
ADVANCED = AdvancedConfig.decode(vector_bytes("advanced-config-31", "payload"))


def play(
    conversation: Generator[c.Exchange, Message, Any], *answers: Message
) -> tuple[list[c.Exchange], Any]:
    """Answer every question with a challenge or the next answer; return the steps and the result."""
    left = list(answers)
    steps = [next(conversation)]
    while True:
        answer: Message = Challenge(nonce=NONCE) if Challenge in steps[-1].expect else left.pop(0)
        try:
            steps.append(conversation.send(answer))
        except StopIteration as end:
            assert not left
            return steps, end.value


def sent(steps: list[c.Exchange]) -> list[Message]:
    """Return what was sent, challenges left out."""
    return [step.send for step in steps if step.send is not None and Challenge not in step.expect]


def test_config_is_written_as_a_whole() -> None:
    """Only the changed field differs, and the name goes back byte for byte."""
    damaged = replace(CONFIG, name="T\udcffr\0garbage")
    after = replace(damaged, led_brightness=1)
    steps, result = play(
        c.change_config(lambda config: replace(config, led_brightness=1), PIN), damaged, COMPLETE, after
    )
    _, written, _ = sent(steps)
    assert isinstance(written, SetConfig)
    assert written == replace(writable_config(damaged), led_brightness=1)
    assert written.encode()[:32] == damaged.encode()[4:36]
    assert result == after


def test_no_difference_writes_nothing() -> None:
    """No PIN is sent either."""
    steps, result = play(c.change_config(lambda config: config, PIN), CONFIG)
    assert len(sent(steps)) == 1
    assert all(step.pin is None for step in steps)
    assert result == CONFIG


def test_change_that_does_not_stick() -> None:
    """The lock said COMPLETE and kept the old value."""
    with pytest.raises(SettingsNotKeptError) as error:
        play(c.change_config(lambda config: replace(config, led_brightness=1), PIN), CONFIG, COMPLETE, CONFIG)
    assert error.value.fields == ("led_brightness",)


def test_vendor_lengths() -> None:
    """The published lengths of both writes."""
    step = c.Exchange(send=writable_config(CONFIG), expect=(), challenge=NONCE, pin=PIN)
    assert len(encode_payload(GENERATIONS_1_TO_4, step)[1]) == 89
    step = c.Exchange(
        send=writable_advanced_config(GENERATIONS_1_TO_4, ADVANCED), expect=(), challenge=NONCE, pin=PIN
    )
    assert encode_payload(GENERATIONS_1_TO_4, step)[1] == vector_bytes("set-advanced-config-gen14", "payload")


@pytest.mark.parametrize(("size", "written"), [(28, 26), (29, 27), (31, 29), (33, 29), (40, 29)])
def test_only_what_the_firmware_has(size: int, written: int) -> None:
    """Short settings are written short; motor bytes never go to an older lock."""
    config = AdvancedConfig.decode(bytes(range(size)))
    assert len(writable_advanced_config(GENERATIONS_1_TO_4, config).encode()) == written


def test_motor_of_the_fifth_generation() -> None:
    """It has two settings more."""
    config = AdvancedConfig.decode(ADVANCED.encode() + b"\x02\x01")
    written = writable_advanced_config(GENERATION_5, config)
    assert isinstance(written, SetAdvancedConfigWithMotor)
    assert (written.motor_speed, len(written.encode())) == (MotorSpeed.GENTLE, 31)


def test_immediate_auto_lock_that_is_not_supported() -> None:
    """The vendor wants 0 written where 0xFF was read; that is no change."""
    config = replace(ADVANCED, immediate_auto_lock_enabled=0xFF)
    assert writable_advanced_config(GENERATIONS_1_TO_4, config).immediate_auto_lock_enabled == 0
    steps, _ = play(c.change_advanced_config(GENERATIONS_1_TO_4, lambda settings: settings, PIN), config)
    assert len(sent(steps)) == 1


@pytest.mark.parametrize(
    ("dialect", "kind"), [(GENERATIONS_1_TO_4, SetSecurityPin), (GENERATION_5, SetLongSecurityPin)]
)
def test_set_pin(dialect: Any, kind: type[Message]) -> None:
    """The new PIN in the size of the generation, the current one in the proof."""
    steps, _ = play(c.set_pin(dialect, 4321, PIN), COMPLETE)
    (request,) = sent(steps)
    assert type(request) is kind
    assert steps[-1].pin == PIN


ENTRY = LogEntry.decode(vector_bytes("log-lock-action-blocked", "payload"))
COUNT = LogEntryCount(logging_enabled=1, count=2)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((COUNT, ENTRY, ENTRY, COMPLETE), (COUNT, (ENTRY, ENTRY))),
        ((ENTRY, COMPLETE), (None, (ENTRY,))),
        ((COUNT, COMPLETE), (COUNT, ())),
        ((COMPLETE,), (None, ())),
        ((Status(status=StatusCode.ACCEPTED), COUNT, ENTRY, COMPLETE), (COUNT, (ENTRY,))),
    ],
)
def test_lists(answers: tuple[Message, ...], expected: object) -> None:
    """Count or not, entries or not: the list ends with COMPLETE."""
    steps, result = play(c.read_log(PIN, count=10, beyond=5), *answers)
    assert result == expected
    (request,) = sent(steps)
    assert isinstance(request, RequestLogEntries)
    assert (request.start_index, request.count, request.total_count) == (5, 10, 1)


@pytest.mark.parametrize(
    ("entry_type", "data", "details"),
    [
        (2, "0206000100", LoggedRun.unpack(bytes.fromhex("02060001"))),
        (4, "00000000" + "00000000", LoggedRun.unpack(bytes(4))),
        (5, "0101e00700", LoggedKeypadAction.unpack(bytes.fromhex("0101e00700"))),
        (6, "0100000000", LoggedDoorEvent.unpack(b"\x01")),
        (6, "01", LoggedDoorEvent.unpack(b"\x01")),
        (2, "0206", None),
        (2, "", None),
        (0x4F, "0102", None),
    ],
)
def test_log_details(entry_type: int, data: str, details: object) -> None:
    """Padding differs by generation; what is too short or unknown has no details, and is kept."""
    payload = ENTRY.encode()[:47] + bytes([entry_type]) + bytes.fromhex(data)
    entry = LogEntry.decode(payload)
    assert entry.details == details
    assert entry.encode() == payload
