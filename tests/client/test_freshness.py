"""What was said once is never believed again: recordings that were received before, and such as never arrived."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from custom_components.smartlock.client import connection
from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.enums import Command, ErrorCode, LockAction, LockState
from custom_components.smartlock.protocol.errors import (
    AuthenticationError,
    LinkError,
    LockRefusedError,
    OutcomeUnknownError,
    SmartLockError,
)
from custom_components.smartlock.protocol.freshness import QUESTIONS, Freshness
from custom_components.smartlock.protocol.messages import ErrorReport, KeyturnerStates, UpdateTime
from custom_components.smartlock.protocol.wire import Date7
from simulator import virtual_time
from simulator.impostor import Answers, Eavesdropper, Impostor, RecordedLink, Value, replay
from simulator.virtual_lock import Jam, Kind
from tests.client.simulated import World
from tests.client.test_client import both_generations

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)


def virtual_now() -> datetime:
    """Return a time of the world that goes with the loop."""
    return NOON + timedelta(seconds=asyncio.get_running_loop().time())


class Scene:
    """A lock with somebody in reach, and the client that is paired with it."""

    def __init__(
        self, world: World, client: LockClient, freshness: Freshness, listener: Eavesdropper
    ) -> None:
        self.world = world
        self.client = client
        self.freshness = freshness
        self.listener = listener

    @property
    def lock_links(self) -> list[RecordedLink]:
        """What was recorded, link by link."""
        return self.listener.links

    def states(self) -> list[LockState]:
        """Return the states that were taken for true, in order."""
        return [each.lock_state for each in self.world.heard if isinstance(each, KeyturnerStates)]

    async def impostor(self, answers: Answers) -> Impostor:
        """Put an impostor in the place of the lock."""
        await self.client.disconnect()
        await self.world.radio.remove_peripheral(self.world.lock.address)
        impostor = Impostor(self.world.lock, answers)
        self.world.radio.add_peripheral(impostor)
        self.world.heard.clear()
        return impostor

    async def real(self) -> None:
        """Put the lock back."""
        await self.client.disconnect()
        await self.world.radio.remove_peripheral(self.world.lock.address)
        self.world.radio.add_peripheral(self.listener)

    async def restarted(self) -> None:
        """Go on as after a restart of the process."""
        await self.client.close()
        stored = self.freshness.to_json()
        self.freshness = Freshness()
        self.freshness.restore(stored)
        self.client = self.world.client(freshness=self.freshness)


type Play = Callable[[Scene], Awaitable[None]]


def play(scenario: Play, model: str = "gen3", *, locked: bool = True) -> None:
    """Run a scenario in a world whose clocks go together."""

    async def main() -> None:
        world = World(model, locked=locked, now=virtual_now)
        await world.pair()
        await world.radio.remove_peripheral(world.lock.address)
        listener = Eavesdropper(world.lock)
        world.radio.add_peripheral(listener)
        freshness = Freshness()
        scene = Scene(world, world.client(freshness=freshness), freshness, listener)
        try:
            await scenario(scene)
        finally:
            await scene.client.close()
            await world.radio.stop()

    # Our own clock goes with the loop too.
    with patch.object(connection, "time", SimpleNamespace(time=lambda: virtual_now().timestamp())):
        virtual_time.run(main())


async def a_day_of_reads(scene: Scene) -> None:
    """Let time pass, with a read now and then, as the poll makes them."""
    for _ in range(4):
        await asyncio.sleep(1800)
        await scene.client.read_states()
    await asyncio.sleep(600)


restarts = pytest.mark.parametrize("restart", [False, True], ids=["running", "restarted"])


# --- Recordings that were received ------------------------------------------------------------------------


@both_generations
@restarts
@pytest.mark.parametrize("pause", [0.0, 3600.0])
def test_recorded_action(model: str, restart: bool, pause: float) -> None:
    """The bolt never moved; nothing is told as done, and nothing as locked."""

    async def scenario(scene: Scene) -> None:
        await scene.client.act(LockAction.LOCK)
        await scene.client.disconnect()
        recorded = scene.lock_links[-1]
        scene.world.lock.turn_key("unlock")
        await scene.client.read_states()
        await asyncio.sleep(pause)
        if restart:
            await scene.restarted()
        impostor = await scene.impostor(replay(recorded))
        with pytest.raises(SmartLockError):
            await scene.client.act(LockAction.LOCK)
        assert impostor.writes
        assert scene.states() == []
        assert not scene.world.lock.bolt_locked

    play(scenario, model, locked=False)


@both_generations
@restarts
def test_recorded_read(model: str, restart: bool) -> None:
    async def scenario(scene: Scene) -> None:
        await scene.client.read_states()
        recorded = scene.lock_links[-1]
        await asyncio.sleep(60)
        if restart:
            await scene.restarted()
        await scene.impostor(replay(recorded))
        with pytest.raises((AuthenticationError, LinkError)):
            await scene.client.read_states()
        assert scene.world.heard == []
        await scene.real()
        assert (await scene.client.read_states()).lock_state == LockState.LOCKED

    play(scenario, model)


@restarts
def test_recorded_fault(restart: bool) -> None:
    """An Error Report that is played again raises no fault, and is no certain refusal."""

    async def scenario(scene: Scene) -> None:
        scene.world.lock.jam(Jam.CLUTCH)
        with pytest.raises(LockRefusedError):
            await scene.client.act(LockAction.UNLOCK)
        recorded = scene.lock_links[-1]
        scene.world.lock.repair()
        await asyncio.sleep(60)
        if restart:
            await scene.restarted()
        await scene.impostor(replay(recorded))
        with pytest.raises((OutcomeUnknownError, LinkError)):
            await scene.client.act(LockAction.UNLOCK)
        assert not any(isinstance(each, ErrorReport) for each in scene.world.heard)

    play(scenario)


@restarts
@pytest.mark.parametrize("received", [True, False], ids=["received", "never arrived"])
def test_recorded_answer_about_the_pin(restart: bool, received: bool) -> None:
    """A played COMPLETE would make a wrong PIN valid."""

    async def scenario(scene: Scene) -> None:
        await scene.client.read_states()
        await scene.client.request(conversations.verify_pin(scene.world.pin))
        await scene.client.disconnect()
        scene.listener.jams = not received
        if not received:
            with pytest.raises(SmartLockError):
                await scene.client.request(conversations.verify_pin(scene.world.pin))
        recorded = scene.lock_links[-1]
        scene.listener.jams = False
        await asyncio.sleep(60)
        if restart:
            await scene.restarted()
        impostor = await scene.impostor(replay(recorded, *scene.lock_links))
        with pytest.raises(SmartLockError):
            await scene.client.request(conversations.verify_pin(9999))
        # It was not even asked.
        assert len(impostor.writes) <= QUESTIONS + 2

    play(scenario)


# --- Recordings that never arrived ------------------------------------------------------------------------


async def jammed_links(scene: Scene, request: Callable[[], Awaitable[object]]) -> list[RecordedLink]:
    """Let somebody jam what the lock answers, and return what was recorded so."""
    await scene.client.disconnect()
    began = len(scene.lock_links)
    scene.listener.jams = True
    with pytest.raises(SmartLockError):
        await request()
    scene.listener.jams = False
    return scene.lock_links[began:]


async def jammed_after_states(
    scene: Scene, request: Callable[[], conversations.Conversation[object]]
) -> None:
    """Let what is asked on a link arrive nowhere, but for the states before."""
    scene.listener.jams = False
    await scene.client.read_states()
    scene.listener.jams = True
    await scene.client.read(request)


@both_generations
@restarts
def test_states_that_never_arrived(model: str, restart: bool) -> None:
    """They are younger than the last ones that did, but older than the request they would answer."""

    async def scenario(scene: Scene) -> None:
        await a_day_of_reads(scene)
        recorded = await jammed_links(scene, scene.client.read_states)
        scene.world.lock.turn_key("unlock")
        await asyncio.sleep(300)
        if restart:
            await scene.restarted()
        for link in recorded:
            await scene.impostor(replay(link))
            with pytest.raises(SmartLockError):
                await scene.client.read_states()
            assert scene.world.heard == []
        await scene.real()
        assert (await scene.client.read_states()).lock_state == LockState.UNLOCKED

    play(scenario, model)


@pytest.mark.parametrize(
    "request_",
    [
        conversations.read_battery_report,
        conversations.read_config,
        conversations.read_advanced_config,
    ],
)
def test_what_has_no_time_and_never_arrived(
    request_: Callable[[], conversations.Conversation[object]],
) -> None:
    """Battery report, settings: believed on a link on which the lock has shown that it is there."""

    async def scenario(scene: Scene) -> None:
        await a_day_of_reads(scene)

        links = await jammed_links(scene, lambda: jammed_after_states(scene, request_))
        await asyncio.sleep(300)
        play_all = [value for link in links for value in link.values[1:]]
        assert play_all

        def everything(number: int, uuid: str, value: bytes) -> Sequence[Value]:
            return play_all

        await scene.impostor(everything)
        with pytest.raises(SmartLockError):
            await scene.client.read(request_)
        assert scene.world.heard == []

    play(scenario)


def test_action_that_is_answered_by_what_never_arrived() -> None:
    """ACCEPTED and COMPLETE have no time, so that they prove nothing without states that have."""

    async def scenario(scene: Scene) -> None:
        await a_day_of_reads(scene)
        recorded: list[RecordedLink] = []

        async def lock() -> None:
            # The challenge arrives, what comes after it does not.
            await scene.client.connect()
            task = asyncio.create_task(scene.client.act(LockAction.LOCK))
            while not scene.world.actions_written:
                await asyncio.sleep(0.001)
            scene.listener.jams = True
            await task

        await scene.client.disconnect()
        with pytest.raises(OutcomeUnknownError):
            await lock()
        scene.listener.jams = False
        recorded += scene.lock_links
        await scene.client.read_states()
        scene.world.lock.turn_key("unlock")
        await asyncio.sleep(300)
        runs = list(scene.world.runs)
        challenges = await jammed_links(scene, lambda: scene.client.act(LockAction.LOCK))

        def answers(number: int, uuid: str, value: bytes) -> Sequence[Value]:
            link = next(each for each in recorded if len(each.writes) > 1 and len(each.answers[1]) > 2)
            return challenges[-1].answers[0] if number == 0 else link.answers[1]

        impostor = await scene.impostor(answers)
        with pytest.raises(OutcomeUnknownError):
            await scene.client.act(LockAction.LOCK)
        # It has got the action.
        assert len(impostor.writes) > 1
        assert scene.world.heard == []
        assert scene.world.runs == runs

    play(scenario, locked=False)


# --- A lock whose clock says nothing ----------------------------------------------------------------------


def questions_asked(scene: Scene) -> int:
    """Return how often the report of the batteries was asked for, which nothing else here does."""
    return len(scene.world.lock.journal.of(Kind.REQUEST, requested="BATTERY_REPORT"))


@pytest.mark.parametrize(
    "change",
    [
        lambda world: world.lock.clock.lose(),
        lambda world: world.lock.clock.set(virtual_now() - timedelta(hours=1)),
        lambda world: world.lock.clock.set(virtual_now() - timedelta(seconds=40)),
    ],
    ids=["lost", "an hour back", "put right by another client"],
)
@both_generations
def test_clock_that_went_back(model: str, change: Callable[[World], None]) -> None:
    """The lock proves itself by answers that only it can give, once; then its time is the measure again."""

    async def scenario(scene: Scene) -> None:
        await a_day_of_reads(scene)
        assert questions_asked(scene) == 0
        change(scene.world)
        scene.world.lock.turn_key("unlock")
        assert (await scene.client.read_states()).lock_state == LockState.UNLOCKED
        assert scene.states()[-1] == LockState.UNLOCKED
        asked = questions_asked(scene)
        assert 0 < asked < QUESTIONS
        await a_day_of_reads(scene)
        assert questions_asked(scene) == asked

    play(scenario, model)


def test_action_at_a_lock_whose_clock_went_back() -> None:
    """It is not held up by that, moves once and is told as done."""

    async def scenario(scene: Scene) -> None:
        await a_day_of_reads(scene)
        scene.world.lock.clock.lose()
        states = await scene.client.act(LockAction.UNLOCK)
        assert states.lock_state == LockState.UNLOCKED
        assert scene.world.runs == ["UNLOCK"]

    play(scenario)


@pytest.mark.parametrize("seed", range(8))
def test_impostor_that_has_to_guess(seed: int) -> None:
    """With answers that never arrived to both questions, in any order: it fails long before the last one."""

    async def scenario(scene: Scene) -> None:
        await a_day_of_reads(scene)
        states = (await jammed_links(scene, scene.client.read_states))[0].values
        pool: list[Value] = []
        for _ in range(10):
            for ask in (conversations.read_battery_report, conversations.read_config):
                links = await jammed_links(scene, partial(jammed_after_states, scene, ask))
                pool += [value for link in links for answers in link.answers[1:] for value in answers]
        assert len({len(value) for _, value in pool}) > 1
        turn = count(seed)

        def answers(number: int, uuid: str, value: bytes) -> Sequence[Value]:
            return states if number == 0 else [pool[next(turn) % len(pool)]]

        await asyncio.sleep(300)
        await scene.restarted()
        scene.freshness.doubt()
        await scene.impostor(answers)
        with pytest.raises(SmartLockError):
            await scene.client.read_states()
        assert scene.world.heard == []

    play(scenario)


def test_clock_that_we_have_set_back_ourselves() -> None:
    """Nothing has to be proved: we know what time the lock shows."""

    async def scenario(scene: Scene) -> None:
        scene.world.lock.clock.set(virtual_now() + timedelta(hours=1))
        await a_day_of_reads(scene)
        await scene.client.request(
            conversations.order(UpdateTime(time=Date7.of(virtual_now())), scene.world.pin)
        )
        await asyncio.sleep(600)
        await scene.client.read_states()
        assert questions_asked(scene) == 0

    play(scenario)


def test_what_was_known_is_lost() -> None:
    """A damaged file: nothing is believed before the lock has proved itself."""

    async def scenario(scene: Scene) -> None:
        scene.freshness.doubt()
        assert (await scene.client.read_states()).lock_state == LockState.LOCKED
        assert questions_asked(scene) > 0

    play(scenario)


def test_lock_without_a_calendar() -> None:
    """An impossible date, for good: proved once, and then told by nonces alone."""

    async def scenario(scene: Scene) -> None:
        await a_day_of_reads(scene)
        scene.world.lock.damage(["dates"])
        await scene.client.read_states()
        recorded = scene.lock_links[-1]
        asked = questions_asked(scene)
        await a_day_of_reads(scene)
        assert questions_asked(scene) == asked > 0
        await scene.impostor(replay(recorded))
        with pytest.raises(SmartLockError):
            await scene.client.read_states()

    play(scenario)


def test_refusal_on_the_way_proves_nothing_else() -> None:
    """A lock that is busy while it has to prove itself is asked again."""

    async def scenario(scene: Scene) -> None:
        await a_day_of_reads(scene)
        scene.world.lock.clock.lose()
        for _ in range(2):
            scene.world.lock.faults.refuse_next(ErrorCode.K_BUSY, Command.REQUEST_DATA)
            with pytest.raises(LockRefusedError):
                await scene.client.read_states()
        assert (await scene.client.read_states()).lock_state == LockState.LOCKED

    play(scenario)
