"""How long things take through the real Home Assistant and the virtual proxy, with the radio of the benchmarks.

The figures are printed (pytest -s) for docs/performance.md. What is asserted is only what a machine with other
work cannot miss.
"""

import asyncio
from statistics import median

import pytest

from benchmarks.parameters import RADIO
from simulator.demo.house import House
from simulator.demo.owner import DOMAIN, open_pairing_form
from simulator.home_assistant import RequestError
from simulator.virtual_lock import Kind, Timing, VirtualLock
from tests.e2e.conftest import Mount
from tests.e2e.owned import OwnedLock, add_bridge, discovered, owned_lock, pair, tell

# The motor runs long enough for its step to be seen; everything else is that of the benchmarks.
TIMING = Timing(lock=0.8, unlock=0.8)
ROUNDS = 2
IDLE = 15.0


def now() -> float:
    """Return seconds on the clock that the lock's journal uses, too."""
    return asyncio.get_running_loop().time()


def record(what: str, seconds: list[float], goal: str) -> None:
    """Print a figure for the document."""
    tell(f"{what}: {median(seconds):.2f} s (of {len(seconds)}, longest {max(seconds):.2f} s; goal {goal})")


async def timed_action(owned: OwnedLock, action: str, step: str) -> tuple[float, float]:
    """Call an action; return the seconds until the motor started and until the step was shown."""
    runs, began = len(owned.lock.journal.motor_runs), now()
    calling = asyncio.create_task(owned.call(action))
    await owned.shows("lock", step)
    shown = now() - began
    await calling
    return owned.lock.journal.motor_runs[runs].loop_time - began, shown


async def add_app(house: House, lock: VirtualLock) -> OwnedLock:
    """Add a lock as App."""
    flow_id = await discovered(house, lock)
    await open_pairing_form(house.api, flow_id)
    return await owned_lock(house, lock, await pair(house, lock, flow_id, client_type="app"))


async def test_actions(house: House, mount: Mount) -> None:
    """Cold: no link is open. Warm: right after another action."""
    assert house.radio.timing == RADIO
    owned = await add_bridge(house, mount(timing=TIMING))
    cold, warm = [], []
    for _ in range(ROUNDS):
        await owned.disconnect()
        connections = len(owned.lock.journal.connections)
        cold.append(await timed_action(owned, "unlock", "unlocking"))
        warm.append(await timed_action(owned, "lock", "locking"))
        # What makes the difference; by how much says nothing on a machine with other work.
        assert len(owned.lock.journal.connections) == connections + 1
    record("cold call to motor start", [motor for motor, _ in cold], "0.90")
    record("cold call to step shown", [shown for _, shown in cold], "1.21")
    record("warm call to motor start", [motor for motor, _ in warm], "0.13")
    record("warm call to step shown", [shown for _, shown in warm], "0.45")
    assert owned.motor_runs == ["UNLOCK", "LOCK"] * ROUNDS
    assert owned.rules_broken == []


async def test_change_by_hand(house: House, mount: Mount) -> None:
    """As Bridge; nobody is connected."""
    owned = await add_bridge(house, mount(timing=TIMING))
    seconds = []
    for hand in ("unlock", "lock", "unlock"):
        await owned.disconnect()
        # Long enough for its advertisements to be heard again.
        await asyncio.sleep(1)
        began = now()
        owned.lock.turn_key(hand)
        await owned.shows("lock", f"{hand}ed")
        seconds.append(now() - began)
    record("change by hand shown, bridge", seconds, "1.5")
    assert owned.rules_broken == []


async def test_flag_that_is_stuck(house: House, mount: Mount) -> None:
    """An App cannot clear it, and is not to ask every few seconds what it means."""
    app = await add_app(house, mount(timing=TIMING))
    await app.disconnect()
    app.lock.turn_key("unlock")
    await asyncio.sleep(2)
    await app.disconnect()
    assert app.lock.unread_change
    before = len(house.radio.connections)
    await asyncio.sleep(IDLE)
    links = [link for link in house.radio.connections[before:] if link.address == app.lock.address]
    connected = sum((link.ended or now()) - link.started for link in links)
    tell(f"app with its flag stuck, {IDLE:g} s: {len(links)} connections, {connected:.1f} s connected")
    assert len(links) <= 1
    assert connected < 5


@pytest.mark.complaint("Authentication failed", "no longer recognizes Home Assistant")
async def test_deleted_authorization(house: House, mount: Mount) -> None:
    """Three refusals in a row, then the owner is asked to pair again and the lock is left in peace."""
    owned = await add_bridge(house, mount(timing=TIMING))
    await owned.disconnect()
    (authorization,) = owned.lock.authorizations
    owned.lock.delete_authorization(authorization.index)
    before = len(owned.lock.journal.of(Kind.REQUEST))
    refused = len(owned.lock.journal.connections)
    began = now()
    with pytest.raises(RequestError) as failure:
        await owned.call("unlock")
    told = now() - began
    assert failure.value.translation_key == "not_authorized"
    async with asyncio.timeout(180):
        while not any(flow["context"]["source"] == "reauth" for flow in await house.api.discovered(DOMAIN)):
            await asyncio.sleep(0.2)
    record("deleted authorization until the caller knows", [told], "180")
    record("deleted authorization until the owner is asked to pair again", [now() - began], "180")
    connections = len(owned.lock.journal.connections) - refused
    requests = len(owned.lock.journal.of(Kind.REQUEST)) - before
    await asyncio.sleep(3)
    assert len(owned.lock.journal.connections) - refused == connections
    tell(f"deleted authorization: {connections} connections, {requests} requests that the lock took")
    assert connections <= 6
    assert owned.motor_runs == []
