"""Encrypted requests: who may ask, with what proof, and what is answered (Nuki Smart Lock API V2.3.0)."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import random
import struct

from nacl import bindings
import pytest

from custom_components.smartlock.protocol.enums import Command, ErrorCode, LockAction, LockState
from simulator.gatt import DisconnectReason
from simulator.lock.journal import Kind
from simulator.virtual_lock import MODELS, Habits, Timing, VirtualLock
from simulator.virtual_time import run
from tests.simulator.hand_client import (
    APP_ID,
    COMPLETE,
    GDIO,
    PIN,
    ULTRA_PIN,
    USDIO,
    HandClient,
    crc,
    new_lock,
    paired,
    seal,
    sealed,
    story,
    unplain,
    unseal,
)
from tests.vectors import vector_bytes

NOON = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC)
ID_2 = b"\x02\x00\x00\x00"


def pin16(number: int = PIN) -> bytes:
    return struct.pack("<H", number)


def pin32(number: int = ULTRA_PIN) -> bytes:
    return struct.pack("<I", number)


def rules(lock: VirtualLock) -> list[str]:
    return [str(entry.facts["rule"]) for entry in lock.journal.broken_rules]


# --- The vendor's printed conversation --------------------------------------------------------------------


def test_the_printed_conversation() -> None:
    """Read the state, fetch a challenge, unlock: with the printed key, times and challenge."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        start = datetime(2016, 3, 7, 8, 15, 30, tzinfo=UTC)
        challenge = vector_bytes("v21-unlock-pdata", "nonce")
        lock = VirtualLock(
            replace(MODELS["gen3"], states_length=15),
            nuki_id=1,
            timing=Timing(processing=0, unlock=12),
            now=lambda: start + timedelta(seconds=loop.time()),
            random=lambda size: challenge if size == 32 else random.randbytes(size),
        )
        lock.settings.values.time_zone_offset = 60
        key = vector_bytes("v21-kdf", "shared_key")
        lock.authorizations.add(key, app_id=0, name="Marc (Test)", authorization_id=2)
        client = await HandClient(lock, app_id=0).connect()
        client.key, client.authorization_id = key, ID_2

        def states_but_battery(payload: bytes) -> bytes:
            # Firmware of 2016 reports no charge, and its last two bytes mean nothing.
            assert len(payload) == 15
            return payload[:12]

        await client.write(USDIO, vector_bytes("v21-request-states-encrypted", "message"))
        answer = await client.answer()
        assert answer.command == Command.KEYTURNER_STATES
        assert states_but_battery(answer.payload) == vector_bytes("states-15-locked", "payload")[:12]

        await asyncio.sleep(15)
        await client.write(USDIO, vector_bytes("v21-request-challenge-encrypted", "message"))
        assert (await client.answer()).payload == challenge

        start = datetime(2016, 3, 7, 8, 24, 32, tzinfo=UTC) - timedelta(seconds=loop.time())
        await client.write(USDIO, seal(key, bytes(24), ID_2, vector_bytes("v21-unlock-pdata", "pdata")))
        heard = [unsealed(key, await client.hear(USDIO, 20)) for _ in range(4)]
        assert heard[0] == vector_bytes("v21-status-accepted-pdata", "pdata")
        assert states_but_battery(heard[1][6:-2]) == vector_bytes("states-15-unlocking", "payload")[:12]
        assert states_but_battery(heard[2][6:-2]) == vector_bytes("states-15-unlocked", "payload")[:12]
        assert heard[3] == vector_bytes("v21-status-complete-pdata", "pdata")
        assert rules(lock) == []

    run(scenario())


def unsealed(key: bytes, frame: bytes) -> bytes:
    """Return the PDATA of a frame as it was sealed."""
    return bindings.crypto_secretbox_open(frame[30:], frame[:24], key)


# --- Reading ----------------------------------------------------------------------------------------------


def test_states_of_a_lock_that_has_just_been_mounted() -> None:
    async def scenario() -> None:
        lock = new_lock(now=lambda: NOON)
        client = await paired(lock)
        expected = "02 01 00 EA07 06 01 0C 00 1E 0000 C8 00 00 00 00 00 02 00 04 00 01 01 00 00 00"
        assert await client.states() == bytes.fromhex(expected)
        lock.clock.offset = timedelta(days=1)
        assert (await client.states())[6] == 2
        lock.clock.set(datetime(1999, 12, 31, 23, 59, 58, tzinfo=UTC))
        assert (await client.states())[3:10] == bytes.fromhex("CF07 0C 1F 17 3B 3A")

    run(scenario())


def test_states_show_pairing_mode_and_the_bridge() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock, id_type=1)
        assert (await client.states())[21] == 0x02
        lock.enter_pairing_mode()
        assert (await client.answer()).payload[0] == 0x01

    run(scenario())


def test_without_door_sensor() -> None:
    async def scenario() -> None:
        lock = new_lock(door_sensor=False)
        client = await paired(lock)
        lock.open_door()
        assert (await client.states())[18] == 0x00
        assert (await client.states())[20] == 0x00

    run(scenario())


@pytest.mark.parametrize(
    ("model", "length", "tail"),
    [("gen3", 77, "03 0B 01 03 00 01 2500 04 01 00"), ("ultra", 79, "05 04 06 05 00 00 2500 05 03 00 01 03")],
)
def test_config(model: str, length: int, tail: str) -> None:
    async def scenario() -> None:
        lock = new_lock(model, name="Tür", now=lambda: NOON)
        client = await paired(lock)
        answer = await client.prove(Command.REQUEST_CONFIG)
        assert answer.command == Command.CONFIG
        config = answer.payload
        assert len(config) == length
        assert config[:44] == bytes.fromhex("C535C333") + "Tür".encode().ljust(32, b"\0") + bytes(8)
        expected = "00 01 01 01 05 EA07 06 01 0C 00 1E 0000 01 00 04 03 02 00 00 00"
        assert config[44:66] == bytes.fromhex(expected)
        assert config[66:] == bytes.fromhex(tail)
        assert not [entry for entry in lock.journal.pins_sent if entry.facts["command"] == "REQUEST_CONFIG"]

    run(scenario())


def test_battery_report_before_and_after_a_run() -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.set_battery(90)
        client = await paired(lock)
        answer = await client.request(Command.BATTERY_REPORT)
        assert answer.command == Command.BATTERY_REPORT
        assert answer.payload == bytes.fromhex("0000 6815 00 00 0000 0000 0000 15 0000 3601")
        await client.act(LockAction.UNLOCK)
        payload = (await client.request(Command.BATTERY_REPORT)).payload
        drain, voltage, critical, action, start, lowest = struct.unpack_from("<HHBBHH", payload)
        assert (voltage, critical, action) == (5480, 0, 1)
        assert drain > 0
        assert lowest < start == voltage

    run(scenario())


@pytest.mark.parametrize("requested", [Command.CONFIG, Command.STATUS, Command.LOG_ENTRY, 0x7777])
def test_what_request_data_cannot_ask_for(requested: int) -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        assert await client.request(requested) == (Command.ERROR_REPORT, b"\x23\x01\x00")
        assert len(rules(lock)) == 1

    run(scenario())


# --- The sender -------------------------------------------------------------------------------------------


async def unread(client: HandClient, frame: bytes) -> bytes:
    """Write a frame and return what the lock says in plain about it."""
    await client.write(USDIO, frame)
    answer = await client.hear(GDIO)
    assert not [uuid for uuid, value in client.chunks[-1:] if uuid == USDIO]
    return answer


def test_an_unknown_sender_is_answered_in_plain() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await HandClient(lock).connect()
        client.key, client.authorization_id = bytes(32), b"\xf0\x03\xbb\xce"
        pdata = vector_bytes("t7912-request-states-pdata", "pdata")
        frame = seal(client.key, bytes(24), client.authorization_id, pdata)
        assert await unread(client, frame) == vector_bytes("gdio-error-not-authorized", "message")

    run(scenario())


def test_a_wrong_key_is_answered_in_plain() -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        frame = sealed(bytes(32), bytes(24), client.authorization_id, Command.REQUEST_DATA, b"\x0c\x00")
        assert await unread(client, frame) == vector_bytes("gdio-error-not-authorized", "message")

    run(scenario())


def test_another_id_inside_than_outside() -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        pdata = vector_bytes("v21-request-states-encrypted", "pdata")
        frame = seal(client.key, bytes(24), client.authorization_id, pdata)
        assert unplain(await unread(client, frame)).error == ErrorCode.K_NOT_AUTHORIZED

    run(scenario())


@pytest.mark.parametrize("cut", [-1, -20, 45, 29, 27, 1])
def test_a_frame_that_is_cut(cut: int) -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        frame = client.sealed(Command.REQUEST_DATA, b"\x0c\x00")
        assert unplain(await unread(client, frame[:cut])).payload == b"\xfe\x00\x00"
        assert rules(lock) == ["wrong length of an encrypted message"]

    run(scenario())


def test_two_frames_in_one_value_are_not_one_frame() -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        frame = client.sealed(Command.REQUEST_DATA, b"\x0c\x00")
        assert unplain(await unread(client, frame * 2)).error == ErrorCode.BAD_LENGTH

    run(scenario())


def test_a_deleted_authorization() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        lock.delete_authorization(0)
        lock.turn_key("unlock")  # Nothing is pushed to it any more.
        frame = client.sealed(Command.REQUEST_DATA, b"\x0c\x00")
        assert await unread(client, frame) == vector_bytes("gdio-error-not-authorized", "message")
        with pytest.raises(KeyError):
            lock.delete_authorization(0)
        assert lock.journal.of(Kind.AUTHORIZATION_DELETED, authorization=0, why="deleted by the owner")

    run(scenario())


def test_a_disabled_authorization() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        lock.authorizations.at(0).enabled = False
        answer = await client.request(Command.KEYTURNER_STATES)
        assert answer == (Command.ERROR_REPORT, b"\x25\x01\x00")

    run(scenario())


# --- Form -------------------------------------------------------------------------------------------------


def test_a_wrong_checksum_inside() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        pdata = client.authorization_id + b"\x01\x00\x0c\x00"
        frame = seal(client.key, bytes(24), client.authorization_id, pdata + b"\0\0")
        assert crc(pdata) != b"\0\0"
        await client.write(USDIO, frame)
        assert await client.answer() == (Command.ERROR_REPORT, b"\xfd\x01\x00")
        assert rules(lock) == ["wrong checksum"]

    run(scenario())


@pytest.mark.parametrize(
    "command", [Command.STATUS, Command.PUBLIC_KEY, Command.KEYTURNER_STATES, Command(0x0777)]
)
def test_a_command_that_the_lock_does_not_take(command: Command) -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        answer = await client.ask(command, bytes(8))
        assert answer == (Command.ERROR_REPORT, b"\xff" + struct.pack("<H", command))
        assert rules(lock) == ["an unknown command"]

    run(scenario())


# --- Challenges -------------------------------------------------------------------------------------------


def test_a_challenge_is_good_once() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        challenge = await client.challenge()
        assert (await client.ask(Command.REQUEST_CONFIG, challenge)).command == Command.CONFIG
        assert await client.ask(Command.REQUEST_CONFIG, challenge) == (Command.ERROR_REPORT, b"\x22\x14\x00")
        assert rules(lock) == ["a nonce that is not the last challenge"]

    run(scenario())


def test_a_new_challenge_voids_the_one_before() -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        first, _ = await client.challenge(), await client.challenge()
        assert (await client.ask(Command.REQUEST_CONFIG, first)).error == ErrorCode.K_BAD_NONCE

    run(scenario())


@pytest.mark.parametrize("uses", [True, False])
def test_whether_a_refused_request_uses_the_challenge_up(uses: bool) -> None:
    async def scenario() -> None:
        client = await paired(new_lock(habits=Habits(refused_request_uses_challenge=uses)))
        challenge = await client.challenge()
        assert (await client.ask(Command.REQUEST_CONFIG, bytes(32))).error == ErrorCode.K_BAD_NONCE
        answer = await client.ask(Command.REQUEST_CONFIG, challenge)
        assert answer.error == (ErrorCode.K_BAD_NONCE if uses else None)

    run(scenario())


def test_a_challenge_belongs_to_one_authorization() -> None:
    async def scenario() -> None:
        lock = new_lock("ultra")
        one, other = await paired(lock, app_id=1, seed=1), await paired(lock, app_id=2, seed=2)
        challenge = await one.challenge()
        assert (await other.ask(Command.REQUEST_CONFIG, challenge)).error == ErrorCode.K_BAD_NONCE
        assert (await one.ask(Command.REQUEST_CONFIG, challenge)).error is None

    run(scenario())


def test_a_challenge_survives_a_disconnect_but_not_the_power() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        for power_lost, error in ((False, None), (True, ErrorCode.K_BAD_NONCE)):
            challenge = await client.challenge()
            client.link.close()
            if power_lost:
                lock.swap_batteries()
                await asyncio.sleep(20)
            await client.connect()
            assert (await client.ask(Command.REQUEST_CONFIG, challenge)).error == error

    run(scenario())


def test_the_same_frame_again_is_noticed_and_moves_nothing() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        frame = client.sealed(
            Command.LOCK_ACTION, client.action(LockAction.UNLOCK) + await client.challenge()
        )
        await client.write(USDIO, frame)
        await asyncio.sleep(10)
        await client.write(USDIO, frame)
        await asyncio.sleep(1)
        assert len(lock.journal.motor_runs) == 1
        assert rules(lock) == ["a nonce used twice", "a nonce that is not the last challenge"]
        assert lock.journal.of(Kind.ANSWER, code="K_BAD_NONCE", refused="LOCK_ACTION")

    run(scenario())


# --- PIN --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "right", "wrong"), [("gen3", pin16(), pin16(1)), ("ultra", pin32(), pin32(1))]
)
def test_verify_pin(model: str, right: bytes, wrong: bytes) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        before = len(lock.journal.pins_sent)
        answers = [await client.prove(Command.VERIFY_SECURITY_PIN, pin=pin) for pin in (wrong, right)]
        assert answers == [(Command.ERROR_REPORT, b"\x21\x20\x00"), (Command.STATUS, COMPLETE)]
        assert [
            (entry.facts["command"], entry.facts["needed"], entry.facts["accepted"])
            for entry in lock.journal.pins_sent[before:]
        ] == [("VERIFY_SECURITY_PIN", True, False), ("VERIFY_SECURITY_PIN", True, True)]
        assert rules(lock) == []

    run(scenario())


@pytest.mark.parametrize(
    ("model", "pin", "error"),
    [
        ("gen3", pin16(0), None),
        ("gen3", pin16(), ErrorCode.K_BAD_PIN),
        ("ultra", pin32(0), ErrorCode.K_BAD_PIN),
    ],
)
def test_an_unset_pin(model: str, pin: bytes, error: ErrorCode | None) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        lock.set_pin(None)
        assert (await client.prove(Command.VERIFY_SECURITY_PIN, pin=pin)).error == error

    run(scenario())


def test_five_wrong_pins_block_all_pins_for_a_while() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)

        async def verify(number: int) -> ErrorCode | None:
            return (await client.prove(Command.VERIFY_SECURITY_PIN, pin=pin16(number))).error

        assert [await verify(number) for number in (1, 2, 3, 4, PIN)] == [ErrorCode.K_BAD_PIN] * 4 + [None]
        assert [await verify(number) for number in range(5)] == [ErrorCode.K_BAD_PIN] * 5
        assert await verify(PIN) == ErrorCode.K_TOO_MANY_PIN_ATTEMPTS
        assert (await client.prove(Command.REQUEST_CONFIG)).error is None  # Needs no PIN.
        for _ in range(4):
            await asyncio.sleep(15)
            await client.states()
        assert await verify(PIN) is None

    run(scenario())


@pytest.mark.parametrize("model", list(MODELS))
def test_a_pin_for_a_command_that_needs_none(model: str) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        before = len(lock.journal.pins_sent)
        pin = pin32() if model == "ultra" else pin16()
        answer = await client.prove(Command.LOCK_ACTION, client.action(LockAction.UNLOCK), pin=pin)
        assert answer.error == ErrorCode.BAD_LENGTH
        (sent,) = lock.journal.pins_sent[before:]
        assert (sent.facts["command"], sent.facts["needed"]) == ("LOCK_ACTION", False)
        assert "a PIN for a command that needs none" in rules(lock)
        assert lock.journal.motor_runs == []

    run(scenario())


# --- Named faults -----------------------------------------------------------------------------------------


def test_drop_the_next_answer() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        lock.faults.switch_on("drop-next-answer")
        await client.send(Command.REQUEST_DATA, b"\x0c\x00")
        assert await client.hears_nothing()
        assert lock.journal.of(Kind.ANSWER_LOST, why="fault", command="KEYTURNER_STATES")
        lock.faults.switch_on("drop-next-answer", "challenge")
        await client.states()
        await client.send(Command.REQUEST_DATA, b"\x04\x00")
        assert await client.hears_nothing()
        assert lock.faults.active == []

    run(scenario())


def test_silence_lasts_and_the_lock_acts_all_the_same() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        challenge = await client.challenge()
        lock.faults.switch_on("silence")
        await client.send(Command.LOCK_ACTION, client.action(LockAction.UNLOCK) + challenge)
        assert await client.hears_nothing()
        assert lock.lock_state == LockState.UNLOCKED
        lock.faults.switch_on("none")
        assert (await client.states())[1] == 0x03

    run(scenario())


def test_a_stale_nonce() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        lock.faults.switch_on("stale-nonce")
        assert (await client.prove(Command.REQUEST_CONFIG)).error == ErrorCode.K_BAD_NONCE
        assert (await client.prove(Command.REQUEST_CONFIG)).error is None
        assert rules(lock) == []  # The client did nothing wrong.

    run(scenario())


def test_refuse_once_with_any_code() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        lock.faults.switch_on("refuse", "0x4D")
        assert (await client.states())[1] == 0x01  # Only a lock action is refused.
        assert story(await client.act(LockAction.UNLOCK)) == ["K_FIRMWARE_UPDATE_NEEDED"]
        assert lock.journal.motor_runs == []
        lock.faults.refuse_next(ErrorCode(0x99))
        assert (await client.request(Command.KEYTURNER_STATES)).payload == b"\x99\x01\x00"
        assert story(await client.act(LockAction.UNLOCK))[-1] == "complete"

    run(scenario())


@pytest.mark.parametrize(
    ("moment", "heard", "runs"),
    [
        ("challenge-sent", ["CHALLENGE"], 0),
        ("action-lost", ["CHALLENGE"], 0),
        ("action-received", ["CHALLENGE"], 1),
        ("accepted-sent", ["CHALLENGE", "STATUS"], 1),
        ("run-ended", ["CHALLENGE", "STATUS", "KEYTURNER_STATES", "KEYTURNER_STATES"], 1),
    ],
)
def test_the_link_ends_at_a_named_point(moment: str, heard: list[str], runs: int) -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        client.chunks.clear()
        lock.faults.switch_on(f"disconnect-{moment}")
        challenge = await client.challenge()
        if not client.disconnects:
            await client.send(Command.LOCK_ACTION, client.action(LockAction.UNLOCK) + challenge)
        await asyncio.sleep(15)
        assert client.disconnects == [DisconnectReason.CONNECTION_TIMEOUT]
        assert [unseal(client.key, value)[1].command.name for _, value in client.chunks] == heard
        assert len(lock.journal.motor_runs) == runs
        assert lock.bolt_locked is (runs == 0)
        assert lock.faults.active == []
        await client.connect()
        assert (await client.states())[1] == (0x03 if runs else 0x01)

    run(scenario())


# --- The journal ------------------------------------------------------------------------------------------


def test_the_journal_tells_the_whole_story() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        start = len(lock.journal.entries)
        await client.act(LockAction.UNLOCK)
        client.link.close()
        told = [
            (entry.kind, entry.facts.get("command") or entry.facts.get("action") or entry.facts.get("why"))
            for entry in lock.journal.entries[start:]
        ]
        assert told == [
            (Kind.REQUEST, "REQUEST_DATA"),
            (Kind.ANSWER, "CHALLENGE"),
            (Kind.REQUEST, "LOCK_ACTION"),
            (Kind.ANSWER, "STATUS"),
            (Kind.MOTOR_STARTED, "UNLOCK"),
            (Kind.ANSWER, "KEYTURNER_STATES"),
            (Kind.MOTOR_STOPPED, "UNLOCK"),
            (Kind.LOGGED, None),
            (Kind.ANSWER, "KEYTURNER_STATES"),
            (Kind.ANSWER, "STATUS"),
            (Kind.CONNECTION_CLOSED, "closed by the client"),
        ]
        run_time = lock.journal.of(Kind.MOTOR_STOPPED)[0].loop_time - lock.journal.motor_runs[0].loop_time
        assert run_time == pytest.approx(2.5)
        assert lock.journal.of(Kind.MOTOR_STOPPED)[0].facts["seconds"] == pytest.approx(2.5)
        assert len(lock.journal.requests("LOCK_ACTION")) == 1
        assert len(lock.journal.connections) == 1

    run(scenario())


def test_another_app_id_is_noted_and_not_refused() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        client.app_id = APP_ID + 1
        assert story(await client.act(LockAction.UNLOCK))[-1] == "complete"
        assert rules(lock) == ["another app id than at pairing"]

    run(scenario())
