"""Which lengths of a payload each command takes, by model; any other one is refused with 0xFE."""

from collections.abc import Mapping
import struct

import pytest

from custom_components.smartlock.protocol.enums import Command, ErrorCode
from simulator.lock import requests
from simulator.virtual_lock import MODELS
from simulator.virtual_time import run
from tests.simulator.hand_client import new_lock, paired


def lengths(first: int, fifth: int | None = None) -> Mapping[str, tuple[int, ...]]:
    """Return one length for generations 2 to 4, and one for the fifth if that is another one."""
    return {"gen2": (first,), "gen3": (first,), "gen4": (first,), "ultra": (fifth or first,)}


LENGTHS: Mapping[Command, Mapping[str, tuple[int, ...]]] = {
    # Payload lengths of the vendor's tables, with challenge and PIN.
    Command.REQUEST_DATA: lengths(2),
    Command.LOCK_ACTION: dict.fromkeys(("gen2", "gen3", "gen4", "ultra"), (38, 58)),
    Command.SIMPLE_LOCK_ACTION: dict.fromkeys(("gen2", "gen3", "gen4", "ultra"), (33, 53)),
    Command.KEYPAD_ACTION: lengths(38),
    Command.REQUEST_CALIBRATION: lengths(34, 36),
    Command.REQUEST_REBOOT: lengths(34, 36),
    Command.REQUEST_CONFIG: lengths(32),
    Command.SET_CONFIG: lengths(89, 91),
    Command.REQUEST_ADVANCED_CONFIG: lengths(32),
    Command.SET_ADVANCED_CONFIG: lengths(63, 67),
    Command.UPDATE_TIME: lengths(41, 43),
    Command.VERIFY_SECURITY_PIN: lengths(34, 36),
    Command.SET_SECURITY_PIN: lengths(36, 40),
    Command.ENABLE_LOGGING: lengths(35, 37),
    Command.REQUEST_LOG_ENTRIES: lengths(42, 44),
    Command.REQUEST_AUTHORIZATION_ENTRIES: {**lengths(38), "gen4": (38, 39), "ultra": (40, 41)},
    Command.AUTHORIZATION_DATA_INVITE: lengths(120, 122),
    Command.UPDATE_AUTHORIZATION_ENTRY: lengths(92, 94),
    Command.REMOVE_AUTHORIZATION_ENTRY: lengths(38, 40),
    Command.REQUEST_KEYPAD_CODES: lengths(38, 40),
    Command.ADD_KEYPAD_CODE: lengths(78, 80),
    Command.UPDATE_KEYPAD_CODE: lengths(81, 83),
    Command.REMOVE_KEYPAD_CODE: lengths(36, 38),
    Command.REQUEST_TIME_CONTROL_ENTRIES: lengths(34, 36),
    Command.ADD_TIME_CONTROL_ENTRY: lengths(38, 40),
    Command.UPDATE_TIME_CONTROL_ENTRY: lengths(40, 42),
    Command.REMOVE_TIME_CONTROL_ENTRY: lengths(35, 37),
    # What public clients send.
    Command.REQUEST_DOOR_SENSOR_CONFIG: lengths(32),
    Command.REQUEST_GENERAL_STATISTICS: lengths(34, 36),
    Command.REQUEST_DAILY_STATISTICS: lengths(39, 41),
    Command.REQUEST_KEYPAD_2_CONFIG: lengths(32),
    Command.REQUEST_ACCESSORY_INFO: lengths(35, 37),
    Command.REQUEST_INTERNAL_LOG_ENTRIES: lengths(42, 44),
}


def test_every_command_has_its_length_in_the_table() -> None:
    assert set(LENGTHS) == set(requests.COMMANDS)


@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize("command", LENGTHS)
def test_every_length(model: str, command: Command) -> None:
    """Each length up to 125 bytes is refused as such, or refused or answered for another reason."""

    async def scenario() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        taken = []
        for length in range(126):
            answer = await client.ask(command, bytes(length))
            if answer.error != ErrorCode.BAD_LENGTH:
                taken.append(length)
        if command in lock.model.lacks:
            assert answer.payload == b"\xff" + struct.pack("<H", command)
            assert lock.journal.broken_rules == []  # A client cannot know.
        else:
            assert tuple(taken) == LENGTHS[command][model]

    run(scenario())
