"""Recorded conversations, replayed to the client with what came from the lock mutated.

Each conversation between our client and the virtual lock is recorded as bytes, with both sides' randomness and
clocks fixed. The replay answers the n-th write with what was recorded after the n-th write, after mutation:
dropped, doubled, cut, bent, reordered or repeated indications. Only a result that was recorded, or a typed error,
may come out.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
import random
from typing import Any, override

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.client.pairing import pair
from custom_components.smartlock.client.transport import Link, Transport
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.dialects import GENERATION_5, GENERATIONS_1_TO_4, Dialect
from custom_components.smartlock.protocol.enums import LockAction
from custom_components.smartlock.protocol.errors import SmartLockError, UnreachableError
from custom_components.smartlock.protocol.frames import Session
from custom_components.smartlock.protocol.messages import KeyturnerStates, LogEntry, LogEntryCount
from simulator import virtual_time
from simulator.virtual_lock import Jam
from tests.client.simulated import PINS, FreeClient, World

DIALECTS = {"gen3": GENERATIONS_1_TO_4, "ultra": GENERATION_5}
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Indication:
    """A value from the lock: how many writes came before it, and how many seconds after the last of them."""

    writes: int
    after: float
    characteristic: str
    value: bytes


@dataclass(frozen=True)
class Recording:
    """One conversation."""

    session: Session | None
    written: tuple[bytes, ...]
    indications: tuple[Indication, ...]
    result: object
    """What the client made of it; None if it failed."""


class Recorder(Transport):
    """Passes everything on and takes it down."""

    def __init__(self, transport: Transport) -> None:
        self.written: list[bytes] = []
        self.indications: list[Indication] = []
        self._transport = transport
        self._last_write = 0.0

    @override
    async def connect(self, *, on_value: Callable[[str, bytes], None], on_lost: Callable[[], None]) -> Link:
        loop = asyncio.get_running_loop()

        def indicated(characteristic: str, value: bytes) -> None:
            after = loop.time() - self._last_write
            self.indications.append(Indication(len(self.written), after, characteristic, value))
            on_value(characteristic, value)

        link = await self._transport.connect(on_value=indicated, on_lost=on_lost)
        write = link.write

        async def written(characteristic: str, value: bytes) -> None:
            self.written.append(value)
            self._last_write = loop.time()
            await write(characteristic, value)

        link.write = written  # type: ignore[method-assign]
        return link


class Replay(Transport):
    """A lock on a tape: one link, on which everything comes as it was recorded, whatever is written."""

    def __init__(self, indications: tuple[Indication, ...]) -> None:
        self.written: list[bytes] = []
        self._indications = indications
        self._connected = False

    @override
    async def connect(self, *, on_value: Callable[[str, bytes], None], on_lost: Callable[[], None]) -> Link:
        if self._connected:
            raise UnreachableError
        self._connected = True
        return _Tape(self.written, self._indications, on_value)


class _Tape(Link):
    def __init__(
        self,
        written: list[bytes],
        indications: tuple[Indication, ...],
        on_value: Callable[[str, bytes], None],
    ) -> None:
        self._written = written
        self._indications = indications
        self._on_value = on_value
        self._due: list[asyncio.TimerHandle] = []

    @property
    @override
    def services(self) -> frozenset[str]:
        return frozenset()

    @override
    async def subscribe(self, characteristic: str) -> None:
        pass

    @override
    async def write(self, characteristic: str, value: bytes) -> None:
        self._written.append(value)
        loop = asyncio.get_running_loop()
        for number, indication in enumerate(self._indications):
            if indication.writes == len(self._written):
                # Two that are due at the same time keep their order.
                self._due.append(
                    loop.call_later(
                        indication.after + number * 1e-6,
                        self._on_value,
                        indication.characteristic,
                        indication.value,
                    )
                )

    @override
    async def forget_services(self) -> None:
        pass

    @override
    async def close(self) -> None:
        for timer in self._due:
            timer.cancel()


# --- The conversations ------------------------------------------------------------------------------------

# Set on both models for the story of the log.
LOG_PIN = 4321

type Work = Callable[[LockClient], Awaitable[object]]


async def read_states(client: LockClient) -> object:
    return await client.read_states()


async def read_config(client: LockClient) -> object:
    return await client.read(conversations.read_config)


async def read_battery(client: LockClient) -> object:
    return await client.read(conversations.read_battery_report)


async def read_log(client: LockClient) -> object:
    return await client.request(conversations.read_log(LOG_PIN, count=5))


async def unlock(client: LockClient) -> object:
    return await client.act(LockAction.UNLOCK)


async def unlatch(client: LockClient) -> object:
    return await client.act(LockAction.UNLATCH)


@dataclass(frozen=True)
class Story:
    """A conversation to record; `work` is None for pairing."""

    name: str
    work: Work | None
    model: str
    jam: Jam | None = None
    pieces: bool = False
    """Indications of 20 bytes."""

    @property
    def title(self) -> str:
        words = (self.name, self.model, self.jam and f"jam-{self.jam}", self.pieces and "in-pieces")
        return "-".join(str(word) for word in words if word)


STORIES = [
    Story(name, work, model, jam, pieces)
    for model in DIALECTS
    for pieces in (False, True)
    for name, work, jam in (
        ("pair", None, None),
        ("states", read_states, None),
        ("config", read_config, None),
        ("battery", read_battery, None),
        ("log", read_log, None),
        ("unlock", unlock, None),
        ("unlock", unlock, Jam.MOTOR),
        ("unlock", unlock, Jam.CLUTCH_POWER),
        ("unlatch", unlatch, None),
        ("unlatch", unlatch, Jam.MOTOR_POWER),
    )
]


async def perform(story: Story, transport: Transport, session: Session | None, heard: list[object]) -> object:
    """Do what the story tells, with the randomness that it always has. Raises SmartLockError."""
    dialect: Dialect = DIALECTS[story.model]
    seeded = random.Random(1).randbytes
    if story.work is None:
        pin = PINS[story.model]
        return await pair(transport, dialect, app_id=42, name="Test", pin=pin, random=seeded)
    assert session is not None
    client = FreeClient(
        transport, dialect=dialect, session=session, app_id=42, on_message=heard.append, random=seeded
    )
    try:
        return await story.work(client)
    finally:
        await client.close()


@cache
def recording(story: Story) -> Recording:
    """Play a story with the virtual lock."""

    async def main() -> Recording:
        loop = asyncio.get_running_loop()
        world = World(
            story.model,
            random=random.Random(2).randbytes,
            now=lambda: START + timedelta(seconds=loop.time()),
        )
        session: Session | None = None
        if story.work is not None:
            await (await world.pair()).close()
            (entry,) = world.lock.authorizations
            session = entry.session
        else:
            world.lock.enter_pairing_mode()
        if story.jam is not None:
            world.lock.jam(story.jam)
        if story.work is read_log:
            world.lock.set_pin(LOG_PIN)
            for _ in range(3):
                world.lock.open_door()
                world.lock.close_door()
        world.lock.faults.twenty_byte_chunks = story.pieces
        recorder = Recorder(world.transport)
        result: object = None
        try:
            result = await perform(story, recorder, session, [])
        except SmartLockError:
            assert story.jam is not None
        await world.radio.stop()
        return Recording(session, tuple(recorder.written), tuple(recorder.indications), result)

    return virtual_time.run(main())


def replay(story: Story, indications: tuple[Indication, ...]) -> tuple[object, Replay, list[object]]:
    """Return the result or the typed error, the tape, and all that the client heard."""
    tape, heard = Replay(indications), list[object]()

    async def main() -> object:
        try:
            return await perform(story, tape, recording(story).session, heard)
        except SmartLockError as error:
            return error

    return virtual_time.run(main()), tape, heard


def check(story: Story, indications: tuple[Indication, ...]) -> None:
    """Replay, and believe only a typed error or the recorded result."""
    original = recording(story)
    result, tape, heard = replay(story, indications)
    if story.work in (unlock, unlatch):
        # Challenge, the action once, and a read of the state; not even a probe repeats the action.
        assert sum(len(value) == len(original.written[1]) for value in tape.written) <= 1
        # Success without a state is success all the same: a failed run must not look like one.
        assert isinstance(result, SmartLockError) or story.jam is None
    if isinstance(result, KeyturnerStates):
        assert isinstance(original.result, KeyturnerStates)
        # A COMPLETE out of its order is followed by states on the way; they are not the end, and nobody says so.
        assert result.lock_state == original.result.lock_state or result.lock_state.in_motion
    elif story.work is read_log and not isinstance(result, SmartLockError):
        # A lost entry leaves a gap; what is told was told by the lock.
        (count, entries), (true_count, true_entries) = pages(result), pages(original.result)
        assert count in (None, true_count)
        assert set(entries) <= set(true_entries)
        assert len(set(entries)) == len(entries)
    elif result is not None:
        assert isinstance(result, SmartLockError) or result == original.result
    # Nothing that the lock has not said.
    assert all(message in heard_unchanged(story) for message in heard)


def pages(result: object) -> tuple[LogEntryCount | None, tuple[LogEntry, ...]]:
    """Return the result of a read of the log."""
    assert isinstance(result, tuple)
    count, entries = result
    return count, entries


@cache
def heard_unchanged(story: Story) -> list[object]:
    """Return what the client hears from the unchanged tape, the error of a jam included."""
    _, _, heard = replay(story, recording(story).indications)
    return heard


every_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.title)


@every_story
def test_unchanged(story: Story) -> None:
    """The tape alone leads to what was recorded, byte for byte."""
    original = recording(story)
    result, tape, _ = replay(story, original.indications)
    if story.jam is None:
        assert result == original.result
    else:
        assert isinstance(result, SmartLockError)
    assert tuple(tape.written[: len(original.written)]) == original.written


# --- Mutations --------------------------------------------------------------------------------------------

type Tape = tuple[Indication, ...]


def drop(tape: Tape, at: int, _by: int) -> Tape:
    return tape[:at] + tape[at + 1 :]


def double(tape: Tape, at: int, _by: int) -> Tape:
    return (*tape[: at + 1], *tape[at:])


def cut(tape: Tape, at: int, by: int) -> Tape:
    value = tape[at].value
    return (*tape[:at], replace(tape[at], value=value[: by % max(1, len(value))]), *tape[at + 1 :])


def bend(tape: Tape, at: int, by: int) -> Tape:
    value = bytearray(tape[at].value or bytes(1))
    value[by // 8 % len(value)] ^= 1 << by % 8
    return (*tape[:at], replace(tape[at], value=bytes(value)), *tape[at + 1 :])


def swap(tape: Tape, at: int, by: int) -> Tape:
    other = (at + 1 + by % max(1, len(tape) - 1)) % len(tape)
    values = list(tape)
    values[at] = replace(tape[at], value=tape[other].value, characteristic=tape[other].characteristic)
    values[other] = replace(tape[other], value=tape[at].value, characteristic=tape[at].characteristic)
    return tuple(values)


def repeat(tape: Tape, at: int, by: int) -> Tape:
    """Send a copy once more at the place of another one, in front of it."""
    place = by % len(tape)
    copy = replace(tape[place], value=tape[at].value, characteristic=tape[at].characteristic)
    return (*tape[:place], copy, *tape[place:])


MUTATIONS = (drop, double, cut, bend, swap, repeat)


@every_story
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_one_mutation(story: Story, mutation: Callable[[Tape, int, int], Tape]) -> None:
    """Each indication in turn, in a few ways; those that come to the same tape once."""
    tape = recording(story).indications
    ways = (0,) if mutation in (drop, double) else (0, 1, 17, 100, 250)
    for mutated in dict.fromkeys(mutation(tape, at, by) for at in range(len(tape)) for by in ways):
        check(story, mutated)


@every_story
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_several_mutations(story: Story, data: st.DataObject) -> None:
    """Any few together."""
    tape = recording(story).indications
    for _ in range(data.draw(st.integers(1, 4))):
        if tape:
            mutation: Any = data.draw(st.sampled_from(MUTATIONS))
            at = data.draw(st.integers(0, len(tape) - 1))
            tape = mutation(tape, at, data.draw(st.integers(0, 2000)))
    check(story, tape)
