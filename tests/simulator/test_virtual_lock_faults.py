"""What each named fault of the radio makes of the bytes of a lock that is well otherwise."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

from nacl import bindings
import pytest

from custom_components.smartlock.protocol.enums import Command, ErrorCode, LockAction
from simulator.gatt import DisconnectReason, LinkClosedError
from simulator.lock.journal import Kind
from simulator.virtual_lock import VirtualLock
from simulator.virtual_time import run
from tests.simulator.hand_client import (
    GDIO,
    USDIO,
    Answer,
    HandClient,
    crc,
    ends_action,
    new_lock,
    paired,
    story,
    unseal,
)

ASK_FOR_STATES = b"\x0c\x00"

both_generations = pytest.mark.parametrize("model", ["gen3", "ultra"])


def play(scenario: Callable[[VirtualLock, HandClient], Awaitable[None]], model: str = "gen3") -> None:
    async def main() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        client.chunks.clear()
        lock.journal.entries.clear()
        await scenario(lock, client)

    run(main())


def heard(client: HandClient) -> list[Answer]:
    """Return the messages of all whole frames that came on the USDIO, in their order."""
    return [unseal(client.key, value)[1] for uuid, value in client.chunks if uuid == USDIO]


async def act(client: HandClient, action: LockAction = LockAction.UNLOCK) -> list[str]:
    """Order an action, wait long enough, and return the story of all that came after the challenge."""
    challenge = await client.challenge()
    client.chunks.clear()
    await client.send(Command.LOCK_ACTION, client.action(action) + challenge)
    await asyncio.sleep(15)
    return story(heard(client))


def faults_noted(lock: VirtualLock) -> list[object]:
    return [entry.facts["fault"] for entry in lock.journal.of(Kind.FAULT)]


@pytest.mark.parametrize("occasion", [1, 3])
def test_drop_indication(occasion: int) -> None:
    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        lock.faults.switch_on("drop-indication", str(occasion))
        for number in range(1, 5):
            client.chunks.clear()
            await client.send(Command.REQUEST_DATA, ASK_FOR_STATES)
            await asyncio.sleep(1)
            assert len(heard(client)) == (number != occasion)
        assert faults_noted(lock) == ["drop-indication"]

    play(scenario)


def test_drop_one_of_several_indications() -> None:
    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        lock.faults.switch_on("twenty-byte-chunks")
        lock.faults.switch_on("drop-indication", "3")
        await client.send(Command.REQUEST_DATA, ASK_FOR_STATES)
        await asyncio.sleep(1)
        assert [len(value) for _, value in client.chunks] == [20, 20, 20, 1]

    play(scenario)


def test_duplicate_indication() -> None:
    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        lock.faults.switch_on("duplicate-indication")
        first = await client.challenge()
        assert await client.challenge() == first  # The copy.
        assert await client.challenge() != first

    play(scenario)


def test_reorder_indications() -> None:
    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        lock.faults.switch_on("reorder-indications", "2")
        assert await act(client) == ["state 02", "accepted", "state 03", "complete"]

    play(scenario)


def test_late_indications_keep_their_order() -> None:
    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        loop = asyncio.get_running_loop()
        challenge = await client.challenge()
        lock.faults.switch_on("late-indication", "10")
        start = loop.time()
        await client.send(Command.LOCK_ACTION, client.action(LockAction.UNLOCK) + challenge)
        answers = [await client.answer(11)]
        assert loop.time() - start == pytest.approx(10.02)
        while not ends_action(answers[-1]):
            answers.append(await client.answer(0.01))
        assert story(answers) == ["accepted", "state 02", "state 03", "complete"]

    play(scenario)


def test_late_indications_die_with_the_link() -> None:
    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        lock.faults.switch_on("late-indication", "10")
        await client.send(Command.REQUEST_DATA, ASK_FOR_STATES)
        await asyncio.sleep(1)
        client.link.close()
        assert await client.hears_nothing()
        await client.connect()
        assert len(await client.states()) == 27

    play(scenario)


@pytest.mark.parametrize("byte", [0, 40, 80, 81])
def test_corrupt_indication(byte: int) -> None:
    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        states = await client.states()
        lock.faults.switch_on("corrupt-indication", str(byte))
        await client.send(Command.REQUEST_DATA, ASK_FOR_STATES)
        frame = bytearray(await client.hear(USDIO))
        assert len(frame) == 81
        frame[byte % 81] ^= 1
        assert unseal(client.key, bytes(frame))[1].payload == states

    play(scenario)


@both_generations
def test_wrong_characteristic(model: str) -> None:
    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        lock.faults.switch_on("wrong-characteristic")
        await client.send(Command.REQUEST_DATA, ASK_FOR_STATES)
        assert unseal(client.key, await client.hear(GDIO))[1].command == Command.KEYTURNER_STATES
        lock.delete_authorization(0)
        lock.faults.switch_on("wrong-characteristic")
        await client.send(Command.REQUEST_DATA, ASK_FOR_STATES)
        assert await client.hear(USDIO) == bytes.fromhex("12002000 0013D7")

    play(scenario, model)


def test_wrong_characteristic_to_which_nobody_listens() -> None:
    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        await client.listen(GDIO, enabled=False)
        lock.faults.switch_on("wrong-characteristic")
        await client.send(Command.REQUEST_DATA, ASK_FOR_STATES)
        assert await client.hears_nothing(GDIO)
        assert client.chunks == []
        assert lock.journal.broken_rules == []

    play(scenario)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("no-accepted", ["state 02", "state 03", "complete"]),
        ("no-complete", ["accepted", "state 02", "state 03"]),
        (
            "unsolicited-states",
            ["state 01", "accepted", "state 02", "state 03", "state 03", "complete"],
        ),
    ],
)
@both_generations
def test_messages_of_an_action(model: str, name: str, expected: list[str]) -> None:
    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        challenge = await client.challenge()
        lock.faults.switch_on(name)
        await client.send(Command.LOCK_ACTION, client.action(LockAction.UNLOCK) + challenge)
        await asyncio.sleep(15)
        assert story(heard(client)[1:]) == expected
        assert len(lock.journal.motor_runs) == 1

    play(scenario, model)


@both_generations
def test_zero_crc(model: str) -> None:
    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        states = await client.states()
        lock.faults.switch_on("zero-crc")
        await client.send(Command.REQUEST_DATA, ASK_FOR_STATES)
        frame = await client.hear(USDIO)
        pdata = bindings.crypto_secretbox_open(frame[30:], frame[:24], client.key)
        assert pdata == client.authorization_id + b"\x0c\x00" + states + bytes(2)
        assert crc(pdata[:-2]) != bytes(2)

    play(scenario, model)


@pytest.mark.parametrize(
    ("name", "argument", "refused", "code"),
    [
        ("busy", None, Command.LOCK_ACTION, ErrorCode.K_BUSY),
        ("busy", "any", Command.REQUEST_DATA, ErrorCode.K_BUSY),
        ("busy", "request-config", Command.REQUEST_CONFIG, ErrorCode.K_BUSY),
        ("refuse", "0x4D", Command.LOCK_ACTION, ErrorCode.K_FIRMWARE_UPDATE_NEEDED),
        (
            "refuse",
            "0x28:verify-security-pin",
            Command.VERIFY_SECURITY_PIN,
            ErrorCode.K_TOO_MANY_PIN_ATTEMPTS,
        ),
        ("refuse", "0x99:any", Command.REQUEST_DATA, ErrorCode(0x99)),
    ],
)
def test_refusals(name: str, argument: str | None, refused: Command, code: ErrorCode) -> None:
    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        lock.faults.switch_on(name, argument)
        requests: dict[Command, bytes] = {
            Command.LOCK_ACTION: client.action(LockAction.UNLOCK),
            Command.REQUEST_CONFIG: b"",
            Command.VERIFY_SECURITY_PIN: b"",
        }
        answers = {Command.REQUEST_DATA: await client.request(Command.CHALLENGE)}
        for command, fields in requests.items():
            pin = (1234).to_bytes(2, "little") if command == Command.VERIFY_SECURITY_PIN else b""
            answers[command] = await client.prove(command, fields, pin)
            await asyncio.sleep(15)
            client.forget()
        assert [command for command, answer in answers.items() if answer.error is not None] == [refused]
        assert answers[refused].payload == bytes([code]) + refused.to_bytes(2, "little")
        assert lock.faults.active == []

    play(scenario)


# --- The end of the link ----------------------------------------------------------------------------------

# Of an unlock: two writes of the client, five messages of the lock.
WRITES, MESSAGES = 2, 5


@pytest.mark.parametrize("occasion", range(1, WRITES + 1))
def test_disconnect_at_write(occasion: int) -> None:
    """The lock gets what it does not acknowledge."""

    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        lock.faults.switch_on("disconnect-at-write", str(occasion))
        with pytest.raises(LinkClosedError):
            await act(client)
        await asyncio.sleep(15)
        assert client.disconnects == [DisconnectReason.CONNECTION_TIMEOUT]
        assert len(lock.journal.of(Kind.REQUEST)) == occasion
        assert len(lock.journal.motor_runs) == (occasion == WRITES)
        assert len(heard(client)) == 0

    play(scenario)


@pytest.mark.parametrize("occasion", range(1, WRITES + 1))
def test_disconnect_at_request(occasion: int) -> None:
    """The lock acknowledges what it never gets."""

    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        lock.faults.switch_on("disconnect-at-request", str(occasion))
        await client.send(Command.REQUEST_DATA, b"\x04\x00")
        if occasion == WRITES:
            challenge = (await client.answer()).payload
            await client.send(Command.LOCK_ACTION, client.action(LockAction.UNLOCK) + challenge)
        await asyncio.sleep(15)
        assert client.disconnects == [DisconnectReason.CONNECTION_TIMEOUT]
        assert len(lock.journal.of(Kind.REQUEST)) == occasion - 1
        assert lock.journal.motor_runs == []

    play(scenario)


@pytest.mark.parametrize("occasion", range(1, MESSAGES + 1))
def test_disconnect_at_indication(occasion: int) -> None:
    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        lock.faults.switch_on("disconnect-at-indication", str(occasion))
        await client.send(Command.REQUEST_DATA, b"\x04\x00")
        await asyncio.sleep(1)
        if occasion > 1:
            challenge = heard(client)[0].payload
            await client.send(Command.LOCK_ACTION, client.action(LockAction.UNLOCK) + challenge)
        await asyncio.sleep(15)
        assert client.disconnects == [DisconnectReason.CONNECTION_TIMEOUT]
        assert len(heard(client)) == occasion - 1
        assert lock.faults.active == []

    play(scenario)


def test_disconnect_in_the_middle_of_a_message() -> None:
    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        lock.faults.switch_on("twenty-byte-chunks")
        lock.faults.switch_on("disconnect-at-indication", "3")
        await client.send(Command.REQUEST_DATA, ASK_FOR_STATES)
        await asyncio.sleep(1)
        assert [len(value) for _, value in client.chunks] == [20, 20]
        assert client.disconnects == [DisconnectReason.CONNECTION_TIMEOUT]

    play(scenario)


# --- Together ---------------------------------------------------------------------------------------------


def test_faults_strike_together() -> None:
    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        lock.faults.corrupt(5)
        lock.faults.switch_on("duplicate-indication")
        lock.faults.be_late(2)
        await client.send(Command.REQUEST_DATA, ASK_FOR_STATES)
        assert await client.hears_nothing(seconds=1.9)
        await asyncio.sleep(0.2)
        assert len(client.chunks) == 2
        assert all(first == second for first, second in pairwise(client.chunks))
        assert faults_noted(lock) == ["corrupt-indication", "duplicate-indication", "late-indication"]
        assert lock.faults.active == []

    play(scenario)


def test_mended_in_the_middle_of_a_run() -> None:
    """That run fails all the same, and the next one does not."""

    async def scenario(lock: VirtualLock, client: HandClient) -> None:
        lock.jam("motor")
        challenge = await client.challenge()
        await client.send(Command.LOCK_ACTION, client.action(LockAction.UNLOCK) + challenge)
        await asyncio.sleep(0.5)
        lock.repair()
        await asyncio.sleep(15)
        assert story(heard(client)[1:]) == ["accepted", "state 02", "state FE", "K_MOTOR_BLOCKED"]
        client.forget()
        assert (await act(client))[-1] == "complete"

    play(scenario)
