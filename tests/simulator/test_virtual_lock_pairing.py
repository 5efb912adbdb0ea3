"""Pairing, both flows step by step, with every way in which it fails (Nuki Smart Lock API V2.3.0)."""

import asyncio
import struct

import pytest

from custom_components.smartlock.protocol.enums import Command, ErrorCode
from simulator.lock.journal import Kind
from simulator.virtual_lock import MODELS, Habits, VirtualLock
from simulator.virtual_time import run
from tests.simulator.hand_client import (
    APP_ID,
    GDIO,
    PIN,
    ULTRA_PIN,
    Answer,
    HandClient,
    crc,
    mac,
    new_lock,
    paired,
    plain,
    seal,
    sealed,
    unplain,
    unseal,
)
from tests.vectors import vector_bytes

PAIRING_ID = b"\xff\xff\xff\x7f"


async def beginner(lock: VirtualLock, **options: int) -> HandClient:
    """Return a connected client in front of a lock in pairing mode."""
    lock.enter_pairing_mode()
    return await HandClient(lock, **options).connect()


def rules(lock: VirtualLock) -> list[str]:
    return [str(entry.facts["rule"]) for entry in lock.journal.broken_rules]


# --- The straight way -------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", list(MODELS))
def test_pairing_makes_an_authorization_and_ends_pairing_mode(model: str) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        client = await beginner(lock)
        assert (await client.pair()).error is None
        assert not lock.pairing_mode
        (entry,) = lock.authorizations
        assert entry.session.shared_key == client.key
        assert entry.session.authorization_id.to_bytes(4, "little") == client.authorization_id
        assert (entry.app_id, entry.name) == (APP_ID, "hand")
        assert (await client.states())[0] == 0x02
        assert rules(lock) == []

    run(scenario())


def test_the_last_message_of_generation_3_is_the_printed_one() -> None:
    async def scenario() -> None:
        client = await beginner(new_lock())
        await client.pair()
        assert client.chunks[-1] == (client.pairing_gdio, vector_bytes("plain-status-complete", "message"))

    run(scenario())


@pytest.mark.parametrize(
    ("pin", "vector"),
    [(ULTRA_PIN, "authorization-info-pin-set"), (None, "authorization-info-pin-not-set")],
)
def test_authorization_info_tells_whether_a_pin_is_set(pin: int | None, vector: str) -> None:
    async def scenario() -> None:
        client = await beginner(new_lock("ultra", pin=pin))
        await client.begin_pairing()
        assert client.chunks[-1] == (client.pairing_gdio, vector_bytes(vector, "message"))

    run(scenario())


def test_a_fifth_generation_lock_without_a_pin_takes_none() -> None:
    async def scenario() -> None:
        lock = new_lock("ultra", pin=None)
        client = await beginner(lock)
        await client.begin_pairing()
        _, answer = unseal(client.key, await client.ask_sealed(client.data_with_pin(0)))
        assert answer.error == ErrorCode.K_BAD_PIN
        assert len(lock.authorizations) == 0

    run(scenario())


@pytest.mark.parametrize("authorization_id", [PAIRING_ID, PAIRING_ID[::-1], APP_ID.to_bytes(4, "little")])
def test_the_sealed_step_takes_any_authorization_id(authorization_id: bytes) -> None:
    """Working clients differ in these four bytes; the lock answers with its own."""

    async def scenario() -> None:
        client = await beginner(new_lock("ultra"))
        await client.begin_pairing()
        frame = await client.ask_sealed(client.data_with_pin(), authorization_id=authorization_id)
        in_clear, answer = unseal(client.key, frame)
        assert in_clear == PAIRING_ID
        assert answer.command == Command.AUTHORIZATION_ID
        assert len(answer.payload) == 20

    run(scenario())


def test_keys_and_challenges_are_new_each_time_but_the_uuid_is_not() -> None:
    async def scenario() -> None:
        lock = new_lock()
        seen = set()
        uuids = set()
        for app_id in (1, 2):
            client = await paired(lock, app_id=app_id, seed=app_id)
            seen |= {value for uuid, value in client.chunks if uuid == client.pairing_gdio}
            uuids.add(next(value[38:54] for _, value in client.chunks if value[:2] == b"\x07\x00"))
            client.link.close()
        assert len(seen) == 2 * 4 + 1  # Only the last Status is the same.
        assert len(uuids) == 1

    run(scenario())


# --- The table of authorizations --------------------------------------------------------------------------


def test_the_same_app_id_replaces_the_authorization() -> None:
    async def scenario() -> None:
        lock = new_lock()
        first = await paired(lock)
        first.link.close()
        second = await paired(lock, seed=2)
        assert second.authorization_id != first.authorization_id
        assert [entry.session.shared_key for entry in lock.authorizations] == [second.key]
        second.link.close()
        await first.connect()
        await first.send(Command.REQUEST_DATA, b"\x0c\x00")
        assert (await first.refused()).error == ErrorCode.K_NOT_AUTHORIZED

    run(scenario())


def test_a_second_bridge_evicts_the_first_but_no_app() -> None:
    async def scenario() -> None:
        lock = new_lock()
        for app_id, id_type in ((1, 0), (2, 1), (3, 1)):
            client = await paired(lock, app_id=app_id, id_type=id_type, seed=app_id)
            client.link.close()
        assert [entry.app_id for entry in lock.authorizations] == [1, 3]
        assert lock.authorizations.bridge is not None
        assert lock.authorizations.bridge.app_id == 3

    run(scenario())


@pytest.mark.parametrize("model", list(MODELS))
def test_a_full_table(model: str) -> None:
    async def scenario() -> None:
        lock = new_lock(model, habits=Habits(max_authorizations=1))
        first = await paired(lock, app_id=1)
        first.link.close()
        client = await beginner(lock, app_id=2, seed=2)
        if model == "ultra":
            await client.begin_pairing()
            _, answer = unseal(client.key, await client.ask_sealed(client.data_with_pin()))
        else:
            answer = await client.pair()
        assert answer.error == ErrorCode.P_MAX_USER
        client.link.close()
        again = await paired(lock, app_id=1, seed=3)  # In its own place.
        assert [entry.session.shared_key for entry in lock.authorizations] == [again.key]

    run(scenario())


# --- Pairing mode -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", list(MODELS))
def test_outside_pairing_mode(model: str) -> None:
    async def scenario() -> None:
        client = await HandClient(new_lock(model)).connect()
        await client.write(client.pairing_gdio, plain(Command.REQUEST_DATA, b"\x03\x00"))
        assert await client.hear(client.pairing_gdio) == vector_bytes("pairing-error-not-pairing", "message")

    run(scenario())


def test_pairing_mode_ends_by_itself() -> None:
    async def scenario() -> None:
        lock = new_lock()
        seen: list[bool] = []
        for seconds, hold in ((59, True), (59, True), (2, False)):  # Held again, the time begins anew.
            if hold:
                lock.enter_pairing_mode()
            await asyncio.sleep(seconds)
            seen.append(lock.pairing_mode)
        assert seen == [True, True, False]
        client = await HandClient(lock).connect()
        answer = await client.ask_plain(Command.REQUEST_DATA, b"\x03\x00")
        assert answer.error == ErrorCode.P_NOT_PAIRING

    run(scenario())


def test_pairing_mode_that_ends_in_the_middle() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await beginner(lock)
        challenge = (await client.begin_pairing()).payload
        for _ in range(5):  # Stay connected; the lock drops idle links.
            await client.read("00002a00-0000-1000-8000-00805f9b34fb")
            await asyncio.sleep(15)
        answer = await client.ask_plain(Command.AUTHORIZATION_DATA, client.authorization_data(challenge))
        assert answer.error == ErrorCode.P_NOT_PAIRING
        assert len(lock.authorizations) == 0

    run(scenario())


def test_pairing_switched_off_in_the_settings() -> None:
    async def scenario() -> None:
        lock = new_lock()
        lock.settings.change(pairing_enabled=False)
        assert "switched off" in lock.enter_pairing_mode()
        assert not lock.pairing_mode
        client = await HandClient(lock).connect()
        answer = await client.ask_plain(Command.REQUEST_DATA, b"\x03\x00")
        assert answer.error == ErrorCode.P_NOT_PAIRING

    run(scenario())


# --- Errors of the plain steps ----------------------------------------------------------------------------


def test_wrong_proof_of_the_key() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await beginner(lock)
        await client.ask_plain(Command.REQUEST_DATA, b"\x03\x00")
        await client.ask_plain(Command.PUBLIC_KEY, bytes(range(32)))
        answer = await client.ask_plain(Command.AUTHORIZATION_AUTHENTICATOR, bytes(32))
        assert answer == (Command.ERROR_REPORT, b"\x11\x05\x00")
        # What failed begins anew.
        answer = await client.ask_plain(Command.AUTHORIZATION_AUTHENTICATOR, bytes(32))
        assert answer.error == ErrorCode.UNKNOWN
        assert (await client.pair()).error is None

    run(scenario())


def test_wrong_authenticator_of_the_authorization_data() -> None:
    async def scenario() -> None:
        client = await beginner(new_lock())
        challenge = (await client.begin_pairing()).payload
        data = bytearray(client.authorization_data(challenge))
        data[40] ^= 1  # A letter of the name.
        answer = await client.ask_plain(Command.AUTHORIZATION_DATA, bytes(data))
        assert answer.error == ErrorCode.P_BAD_AUTHENTICATOR

    run(scenario())


@pytest.mark.parametrize("what", ["authenticator", "id"])
def test_wrong_confirmation(what: str) -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await beginner(lock)
        challenge = (await client.begin_pairing()).payload
        answer = await client.ask_plain(Command.AUTHORIZATION_DATA, client.authorization_data(challenge))
        authorization_id, challenge = answer.payload[32:36], answer.payload[52:]
        if what == "id":
            authorization_id = bytes(4)
        proof = mac(client.key, authorization_id, challenge)
        if what == "authenticator":
            proof = bytes(32)
        answer = await client.ask_plain(Command.AUTHORIZATION_ID_CONFIRMATION, proof + authorization_id)
        expected = {"authenticator": ErrorCode.P_BAD_AUTHENTICATOR, "id": ErrorCode.P_BAD_PARAMETER}
        assert answer.error == expected[what]
        assert len(lock.authorizations) == 0

    run(scenario())


@pytest.mark.parametrize(("id_type", "error"), [(2, None), (3, None), (4, 0x12), (0xFF, 0x12)])
def test_id_types(id_type: int, error: int | None) -> None:
    async def scenario() -> None:
        client = await beginner(new_lock())
        assert (await client.pair(id_type=id_type)).error == error

    run(scenario())


def test_a_public_key_of_low_order() -> None:
    async def scenario() -> None:
        client = await beginner(new_lock())
        await client.ask_plain(Command.REQUEST_DATA, b"\x03\x00")
        answer = await client.ask_plain(Command.PUBLIC_KEY, bytes(32))
        assert answer == (Command.ERROR_REPORT, b"\x12\x03\x00")

    run(scenario())


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (vector_bytes("v21-request-public-key", "message")[:-1] + b"\0", b"\xfd\x01\x00"),
        (plain(Command.REQUEST_DATA, b"\x03"), b"\xfe\x01\x00"),
        (plain(Command.REQUEST_DATA, b"\x03\x00\x00"), b"\xfe\x01\x00"),
        (plain(Command.REQUEST_DATA, b"\x0c\x00"), b"\x12\x01\x00"),
        (plain(Command.PUBLIC_KEY, bytes(32)), b"\xff\x03\x00"),
        (plain(Command.AUTHORIZATION_DATA, bytes(101)), b"\xff\x06\x00"),
        (plain(Command.LOCK_ACTION, bytes(38)), b"\xff\x0d\x00"),
        (b"\x01\x00\x03", b"\xfe\x01\x00"),
        (b"\x01", b"\xfe\x00\x00"),
    ],
)
def test_first_messages_that_are_wrong(value: bytes, error: bytes) -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await beginner(lock)
        await client.write(client.pairing_gdio, value)
        assert unplain(await client.hear(client.pairing_gdio)) == (Command.ERROR_REPORT, error)
        assert lock.pairing_mode
        assert (await client.pair()).error is None

    run(scenario())


def test_a_wrong_checksum_is_answered_as_in_the_field() -> None:
    async def scenario() -> None:
        client = await beginner(new_lock())
        await client.write(client.pairing_gdio, b"\x01\x00\x03\x00\x00\x00")
        assert await client.hear(client.pairing_gdio) == vector_bytes("gdio-error-bad-crc", "message")

    run(scenario())


def test_the_confirmation_before_the_authorization_data() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await beginner(lock)
        await client.begin_pairing()
        answer = await client.ask_plain(Command.AUTHORIZATION_ID_CONFIRMATION, bytes(36))
        assert answer.error == ErrorCode.UNKNOWN
        assert rules(lock) == ["pairing out of order"]

    run(scenario())


def test_asking_for_the_public_key_begins_anew_at_any_time() -> None:
    async def scenario() -> None:
        for model in ("gen3", "ultra"):
            client = await beginner(new_lock(model))
            await client.begin_pairing()
            assert (await client.pair()).error is None

    run(scenario())


def test_each_link_pairs_for_itself() -> None:
    async def scenario() -> None:
        lock = new_lock("ultra")
        one = await beginner(lock, app_id=1, seed=1)
        other = await beginner(lock, app_id=2, seed=2)
        await one.begin_pairing()
        answer = await other.ask_plain(Command.AUTHORIZATION_AUTHENTICATOR, bytes(32))
        assert answer.error == ErrorCode.UNKNOWN
        _, answer = unseal(one.key, await one.ask_sealed(one.data_with_pin()))
        assert answer.error is None

    run(scenario())


# --- Errors of the sealed step ----------------------------------------------------------------------------


@pytest.mark.parametrize("is_sealed", [True, False])
def test_a_wrong_pin(is_sealed: bool) -> None:
    """The document does not say whether the error comes sealed; both are to be had."""

    async def scenario() -> None:
        lock = new_lock("ultra", habits=Habits(sealed_pairing_errors=is_sealed))
        client = await beginner(lock)
        await client.begin_pairing()
        frame = await client.ask_sealed(client.data_with_pin(ULTRA_PIN + 1))
        answer = unseal(client.key, frame)[1] if is_sealed else unplain(frame)
        assert answer == (Command.ERROR_REPORT, b"\x21\x06\x00")
        assert len(lock.authorizations) == 0
        assert [entry.facts["accepted"] for entry in lock.journal.pins_sent] == [False]
        assert (await client.pair()).error is None

    run(scenario())


def test_too_many_wrong_pins() -> None:
    async def scenario() -> None:
        lock = new_lock("ultra", habits=Habits(pin_tries=2))
        client = await beginner(lock)
        errors = []
        for pin in (1, 2, ULTRA_PIN):
            await client.begin_pairing()
            _, answer = unseal(client.key, await client.ask_sealed(client.data_with_pin(pin)))
            errors.append(answer.error)
        assert errors == [
            ErrorCode.K_BAD_PIN,
            ErrorCode.K_BAD_PIN,
            ErrorCode.K_TOO_MANY_PIN_ATTEMPTS,
        ]

    run(scenario())


async def ultra_before_the_sealed_step() -> tuple[VirtualLock, HandClient]:
    lock = new_lock("ultra")
    client = await beginner(lock)
    await client.begin_pairing()
    return lock, client


def test_a_sealed_step_with_a_wrong_key_is_refused_in_plain() -> None:
    async def scenario() -> None:
        _, client = await ultra_before_the_sealed_step()
        client.key = bytes(32)
        frame = await client.ask_sealed(client.data_with_pin())
        assert frame == vector_bytes("gdio-error-not-authorized", "message")

    run(scenario())


def test_a_sealed_step_of_a_wrong_length() -> None:
    async def scenario() -> None:
        _, client = await ultra_before_the_sealed_step()
        _, answer = unseal(client.key, await client.ask_sealed(client.data_with_pin()[:-2]))
        assert answer == (Command.ERROR_REPORT, b"\xfe\x06\x00")

    run(scenario())


def test_a_sealed_frame_that_announces_a_wrong_length() -> None:
    async def scenario() -> None:
        _, client = await ultra_before_the_sealed_step()
        frame = sealed(client.key, bytes(24), PAIRING_ID, Command.AUTHORIZATION_DATA, client.data_with_pin())
        await client.write(client.pairing_gdio, frame[:-1])
        assert unplain(await client.hear(client.pairing_gdio)) == (Command.ERROR_REPORT, b"\xfe\x00\x00")

    run(scenario())


def test_a_sealed_step_with_a_wrong_checksum_or_command() -> None:
    async def scenario() -> None:
        body = struct.pack("<IH", 0x7FFFFFFF, Command.AUTHORIZATION_DATA)
        other = struct.pack("<IH", 0x7FFFFFFF, Command.LOCK_ACTION)
        for head, checksum, error in (
            (body, b"\0\0", b"\xfd\x06\x00"),
            (other, None, b"\xff\x0d\x00"),
        ):
            _, client = await ultra_before_the_sealed_step()
            pdata = head + client.data_with_pin()
            frame = seal(client.key, bytes(24), PAIRING_ID, pdata + (checksum or crc(pdata)))
            await client.write(client.pairing_gdio, frame)
            _, answer = unseal(client.key, await client.hear(client.pairing_gdio))
            assert answer == (Command.ERROR_REPORT, error)

    run(scenario())


def test_a_sealed_step_after_pairing_mode() -> None:
    async def scenario() -> None:
        lock, client = await ultra_before_the_sealed_step()
        other = await paired(lock, app_id=5, seed=5)
        other.link.close()
        _, answer = unseal(client.key, await client.ask_sealed(client.data_with_pin()))
        assert answer.error == ErrorCode.P_NOT_PAIRING

    run(scenario())


# --- Faults and the journal -------------------------------------------------------------------------------


@pytest.mark.parametrize("model", list(MODELS))
def test_an_answer_lost_after_the_authorization_was_stored(model: str) -> None:
    """The client has no authorization id then, and the lock has an orphan that the next pairing replaces."""

    async def scenario() -> None:
        lock = new_lock(model)
        lock.faults.switch_on("disconnect-authorization-stored")
        client = await beginner(lock)
        with pytest.raises(TimeoutError):
            await client.pair()
        assert len(client.disconnects) == 1
        assert len(lock.authorizations) == 1
        again = await paired(lock, seed=2)
        assert [entry.session.shared_key for entry in lock.authorizations] == [again.key]

    run(scenario())


@pytest.mark.parametrize("model", list(MODELS))
def test_any_step_can_be_refused_on_demand(model: str) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        lock.faults.refuse_next(ErrorCode.P_MAX_USER, Command.AUTHORIZATION_DATA)
        client = await beginner(lock)
        if model == "ultra":
            await client.begin_pairing()
            _, answer = unseal(client.key, await client.ask_sealed(client.data_with_pin()))
        else:
            answer = await client.pair()
        assert answer.error == ErrorCode.P_MAX_USER
        assert (await client.pair()).error is None

    run(scenario())


@pytest.mark.parametrize(("model", "pin"), [("gen3", PIN), ("ultra", ULTRA_PIN)])
def test_the_journal_of_a_pairing_holds_no_secret(model: str, pin: int) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        assert [entry.facts["command"] for entry in lock.journal.pins_sent] == (
            ["AUTHORIZATION_DATA"] if model == "ultra" else []
        )
        assert [entry.facts["on"] for entry in lock.journal.of(Kind.PAIRING_MODE)] == [True, False]
        text = "\n".join(lock.journal.json_lines())
        secrets = (
            client.key.hex(),
            client.lock_public.hex(),
            client.authorization_id.hex(),
            str(pin),
            "hand",
        )
        assert not [secret for secret in secrets if f'"{secret}"' in text or f": {secret}" in text]

    run(scenario())


def test_answers_are_plain_on_the_pairing_gdio_only() -> None:
    async def scenario() -> None:
        client = await beginner(new_lock())
        answer = await client.pair()
        assert answer == Answer(Command.STATUS, b"\x00")
        assert GDIO not in {uuid for uuid, _ in client.chunks}

    run(scenario())
