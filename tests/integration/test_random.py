"""The whole integration at random: nothing runs twice, nothing runs late, nothing false is shown, every call ends.

In CI it is short. For a long campaign: scripts/test tests/integration/test_random.py --hypothesis-profile=campaign
"""

import asyncio

from homeassistant.util import dt as dt_util
from hypothesis import settings
import pytest

from custom_components.smartlock.protocol.enums import LockAction
from tests.integration.home import Home
from tests.integration.troubles import PATIENCE, Clocks, Life

CAMPAIGN = settings.get_current_profile_name() == "campaign"
# A life is one Home Assistant and one lock.
LIVES, EPISODES = (520, 10) if CAMPAIGN else (4, 3)
TROUBLES = (6, 20)
# As a bridge, without another instance; the seeds are of the campaign of today.
BRIDGE = 1


@pytest.fixture
async def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    """Give Home Assistant a clock of its own."""
    clocks = Clocks()
    monkeypatch.setattr(dt_util, "utcnow", clocks.ours)
    return clocks


@pytest.mark.parametrize("seed", range(LIVES))
async def test_whatever_happens(home: Home, clocks: Clocks, seed: int) -> None:
    life = Life(home, clocks, seed)
    await life.begin()
    wrong = []
    for _ in range(EPISODES):
        wrong += await life.episode(life.random.randint(*TROUBLES))
    await life.end()
    assert wrong == []


# --- The campaign itself: it notices what it is there for -------------------------------------------------


async def test_a_run_for_nobody_is_noticed(home: Home, clocks: Clocks) -> None:
    life = Life(home, clocks, BRIDGE)
    await life.begin()
    task = asyncio.create_task(_act_later(life))
    wrong = await life.episode(0)
    await task
    await life.end()
    assert any("the motor ran for nobody" in each for each in wrong)


async def _act_later(life: Life) -> None:
    """Act with our keys, and tell nobody."""
    await asyncio.sleep(1)
    action = LockAction.UNLOCK if life.lock.bolt_locked else LockAction.LOCK
    await life.twin.act(action)
    await life.twin.disconnect()


async def test_a_false_state_is_noticed(home: Home, clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(home, clocks, BRIDGE)
    await life.begin()
    shown = "unlocked" if life.lock.bolt_locked else "locked"
    monkeypatch.setattr(home, "state", lambda key="lock": shown)
    await asyncio.sleep(life.limit + 60)
    assert life.wrong == [f"{shown} is shown for {life.limit:g} s, and is not true"]
    monkeypatch.undo()
    await life.end()


async def test_a_call_that_never_ends_is_noticed(home: Home, clocks: Clocks) -> None:
    life = Life(home, clocks, BRIDGE)
    await life.begin()
    order = life._call("lock")
    assert order.task is not None
    await order.task
    order.task = asyncio.create_task(asyncio.sleep(2 * PATIENCE))
    await life._all_ended()
    assert life.wrong == ["a call never ends"]
    await life.end()
