"""How long things take and how often they happen."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.client.statistics import LinkStatistics, Phase, Summary
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.enums import Command, ErrorCode, LockAction
from custom_components.smartlock.protocol.errors import LinkError, MotorError, NotStartedError
from simulator import virtual_time
from tests.client.simulated import World, paired

DAY = 86400.0


@pytest.mark.parametrize(
    ("durations", "expected"),
    [
        ([], None),
        ([0.7], Summary(1, 0.7, 0.7)),
        ([1.0, 2.0], Summary(2, 1.5, 1.95)),
        ([3.0, 1.0, 2.0], Summary(3, 2.0, 2.9)),
        # 5 of 100 are longer.
        ([float(value) for value in range(101)], Summary(101, 50.0, 95.0)),
        # The last 200 count.
        ([1000.0] * 50 + [1.0] * 200, Summary(200, 1.0, 1.0)),
    ],
)
def test_summary(durations: list[float], expected: Summary | None) -> None:
    statistics = LinkStatistics()
    for seconds in durations:
        statistics.took(Phase.CONNECT, seconds)
    summary = statistics.summary(Phase.CONNECT)
    assert (summary is None) is (expected is None)
    if summary is not None and expected is not None:
        assert (summary.count, summary.median) == (expected.count, expected.median)
        assert summary.percentile_95 == pytest.approx(expected.percentile_95)
    assert statistics.summary(Phase.ACCEPTED) is None
    assert statistics.summary(Phase.COMPLETED) is None


def test_counts_of_a_day() -> None:
    """A day that ends now, not a calendar day; connections and reads apart."""
    statistics = LinkStatistics()
    for now in (0.0, 100.0, 200.0):
        statistics.connected(now)
    statistics.read(150.0)
    assert (statistics.connections_in_a_day(200), statistics.reads_in_a_day(200)) == (3, 1)
    assert (statistics.connections_in_a_day(DAY), statistics.reads_in_a_day(DAY)) == (3, 1)
    assert (statistics.connections_in_a_day(DAY + 100.5), statistics.reads_in_a_day(DAY + 100.5)) == (1, 1)
    assert (statistics.connections_in_a_day(3 * DAY), statistics.reads_in_a_day(3 * DAY)) == (0, 0)


def test_only_a_day_is_kept() -> None:
    """Weeks of reading do not fill the memory, whether anybody looks at the figures or not."""
    statistics = LinkStatistics()
    for hour in range(24 * 14):
        statistics.read(hour * 3600.0)
    assert len(statistics._reads) == 25


# --- Of a client ------------------------------------------------------------------------------------------


def play(scenario: Callable[[World, LockClient], Awaitable[None]]) -> None:
    """Run a scenario with a paired client."""

    async def main() -> None:
        async with paired() as (world, client):
            await scenario(world, client)

    virtual_time.run(main())


def median(client: LockClient, phase: Phase) -> float:
    """Return the median of a phase that has been seen."""
    summary = client.statistics.summary(phase)
    assert summary is not None
    return summary.median


def counts(client: LockClient) -> list[int]:
    """Return how often each phase was timed, in the order of an action."""
    summaries = [client.statistics.summary(phase) for phase in Phase]
    return [0 if summary is None else summary.count for summary in summaries]


def test_action_on_a_closed_and_on_an_open_link() -> None:
    async def scenario(world: World, client: LockClient) -> None:
        began = asyncio.get_running_loop().time()
        await client.act(LockAction.UNLOCK)
        passed = asyncio.get_running_loop().time() - began
        connect, accepted = median(client, Phase.CONNECT), median(client, Phase.ACCEPTED)
        assert 0 < connect < accepted < median(client, Phase.COMPLETED) == passed
        # The bolt starts when the action is accepted.
        assert passed - accepted == pytest.approx(world.lock._device.timing.unlock, abs=0.3)
        # One question and its answer.
        assert 0 < median(client, Phase.CHALLENGE) < connect
        assert counts(client) == [1, 1, 1, 1]

        await client.act(LockAction.LOCK)
        assert counts(client) == [1, 2, 2, 2]
        # Nothing to connect: the median of two is half of both, so the second one took less.
        assert median(client, Phase.ACCEPTED) < accepted - connect / 2 + 0.01

    play(scenario)


def test_reads_and_connections() -> None:
    async def scenario(world: World, client: LockClient) -> None:
        await client.read_states()
        await client.read_states()
        await asyncio.sleep(60)
        await client.read_states()
        now = asyncio.get_running_loop().time()
        assert (client.statistics.connections_in_a_day(now), client.statistics.reads_in_a_day(now)) == (2, 3)
        assert counts(client) == [2, 0, 0, 0]

    play(scenario)


def test_what_failed_is_not_timed() -> None:
    """Neither a link that did not come about nor an action that was refused."""

    async def scenario(world: World, client: LockClient) -> None:
        world.radio.set_rssi(world.transport, world.lock.address, None)
        with pytest.raises(LinkError):
            await client.act(LockAction.UNLOCK)
        assert counts(client) == [0, 0, 0, 0]
        world.radio.set_rssi(world.transport, world.lock.address, -60)
        world.lock.faults.refuse_next(ErrorCode.K_MOTOR_BLOCKED, Command.LOCK_ACTION)
        with pytest.raises(MotorError):
            await client.act(LockAction.UNLOCK)
        # The challenge had come.
        assert counts(client) == [1, 1, 0, 0]

    play(scenario)


def test_challenge_of_another_question_is_not_timed() -> None:
    """Reading the settings needs one too, but nobody waits at the door for it."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.read(conversations.read_config)
        assert counts(client) == [1, 0, 0, 0]

    play(scenario)


def test_action_that_waits_in_vain_does_not_disturb_the_one_before() -> None:
    """Its time runs out while the first one is written and not yet accepted."""

    async def scenario(world: World, client: LockClient) -> None:
        acting = asyncio.create_task(client.act(LockAction.UNLOCK))
        while not world.actions_written:
            await asyncio.sleep(0.001)
        assert counts(client) == [1, 1, 0, 0]
        with pytest.raises(NotStartedError):
            await client.act(LockAction.LOCK, deadline=0)
        assert counts(client) == [1, 1, 0, 0]
        await acting
        assert counts(client) == [1, 1, 1, 1]

    play(scenario)
