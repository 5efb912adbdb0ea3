"""What the recorder keeps of a lock, and what long-term statistics make of it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder, history
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (  # type: ignore[import-untyped]
    async_wait_recording_done,
    do_adhoc_statistics,
)

from tests.ecosystem.test_states import SHOWN, Owner
from tests.integration.home import Home
from tests.integration.virtual_time import HomeLoop

WINDOW = timedelta(minutes=5)


@contextmanager
def waiting_for_threads() -> Iterator[None]:
    """Let virtual time wait for the recorder, which has a thread of its own."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, HomeLoop)
    with loop.waiting_for_a_thread():
        yield


@pytest.fixture
async def recorder(async_test_recorder: Any, home: Home) -> AsyncIterator[Recorder]:
    """A recorder with a database in memory."""
    with waiting_for_threads():
        context = async_test_recorder(home.hass)
        instance = await context.__aenter__()
    yield instance
    with waiting_for_threads():
        await context.__aexit__(None, None, None)


async def test_history(recorder: Recorder, home: Home) -> None:
    """Each state is kept as it was shown, unknown as unknown."""
    lock = home.add_lock()
    await home.set_up(lock)
    owner = Owner(home, lock)
    begin = dt_util.utcnow()
    for state in SHOWN:
        await owner.show(state)
    await async_wait_recording_done(home.hass)
    entity_id = home.entity_id("lock")
    kept = await recorder.async_add_executor_job(
        history.state_changes_during_period, home.hass, begin, dt_util.utcnow(), entity_id
    )
    words = [state.state for state in kept[entity_id]]
    assert [word for index, word in enumerate(words) if words[index - 1 : index] != [word]] == list(SHOWN)


async def test_statistics(recorder: Recorder, home: Home, freezer: FrozenDateTimeFactory) -> None:
    """A lock that is out of range for a while: the mean goes on with the value before, and a window of silence has none."""
    freezer.move_to(datetime(2027, 3, 1, 11, 59, tzinfo=UTC))
    lock = home.add_lock()
    await home.set_up(lock)
    begin = datetime(2027, 3, 1, 12, tzinfo=UTC)
    battery = home.entity_id("battery")

    async def at(minutes: float, percent: int | None) -> None:
        freezer.move_to(begin + timedelta(minutes=minutes))
        if percent is None:
            home.go_out_of_range(lock)
            await home.until(lambda: home.state("battery") == "unavailable")
        else:
            home.come_into_range(lock)
            await home.heard(lock)
            lock.battery.set(percent)
            await home.read()
            assert home.state("battery") == str(percent)

    await at(0, 80)
    await at(1, 60)
    # Out of range for two of five minutes, then for five, then back.
    await at(3, None)
    await at(10, 40)
    freezer.move_to(begin + 3 * WINDOW)
    await async_wait_recording_done(home.hass)
    for number in range(3):
        do_adhoc_statistics(home.hass, start=begin + number * WINDOW)
    await async_wait_recording_done(home.hass)
    found = await recorder.async_add_executor_job(
        statistics_during_period, home.hass, begin, None, {battery}, "5minute", None, {"mean", "min", "max"}
    )
    means = {datetime.fromtimestamp(row["start"], UTC): row["mean"] for row in found[battery]}
    # A minute with 80 %, four with 60 %, two of which nobody knew anything.
    assert means == {begin: 64.0, begin + 2 * WINDOW: 40.0}
    with_statistics = {
        each.entity_id for each in home.hass.states.async_all() if "state_class" in each.attributes
    }
    assert with_statistics == {battery}
