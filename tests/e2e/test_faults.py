"""A sample of the lock's named faults through the real Home Assistant and the virtual proxy.

The whole campaign is in `tests/client/test_faults.py`. Two things hold whatever goes wrong: one request moves the
bolt at most once, and after a while without one what is shown is the truth, or that it is not known.
"""

import asyncio

import pytest

from simulator.demo.house import House
from simulator.home_assistant import RequestError
from tests.e2e.conftest import Mount
from tests.e2e.owned import OwnedLock, add_bridge

# Each strikes somewhere else: before the action is written, between writing and the answers, and on the way back.
FAULTS = (
    ("drop-indication", "4"),
    ("duplicate-indication", "2"),
    ("reorder-indications", "3"),
    ("corrupt-indication", "30"),
    ("twenty-byte-chunks", None),
    ("disconnect-action-lost", None),
    ("disconnect-action-received", None),
    ("disconnect-accepted-sent", None),
    ("stale-nonce", None),
    ("busy", None),
)


async def quiet_and_true(owned: OwnedLock) -> None:
    """Wait for the read that follows each action; what is shown then is what the lock says."""
    await asyncio.sleep(1.2)
    async with asyncio.timeout(60):
        while owned.lock.busy or owned.state() != owned.bolt:
            await asyncio.sleep(0.1)


@pytest.mark.complaint("Error fetching", "Fetching")
async def test_sample_of_faults(house: House, mount: Mount) -> None:
    owned = await add_bridge(house, mount())
    failed = []
    for fault, argument in FAULTS:
        action = "lock" if owned.bolt == "unlocked" else "unlock"
        runs = len(owned.motor_runs)
        owned.lock.faults.switch_on(fault, argument)
        try:
            await owned.call(action)
        except RequestError as error:
            failed.append((fault, error.translation_key))
        else:
            assert owned.bolt == f"{action}ed", fault
        owned.lock.faults.clear()
        await quiet_and_true(owned)
        moved = owned.motor_runs[runs:]
        assert moved in ([], [action.upper()]), fault
        # Success is never told of a run that did not happen.
        assert moved or (failed and failed[-1][0] == fault), fault
    # Every failure has words of its own.
    assert all(key is not None for _, key in failed), failed
    assert owned.rules_broken == []
