"""What must not open the door: attacks, mistakes of the radio and the position, restarts, removed rules."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest

from simulator.local_adapter import LocalAdapter
from simulator.phone import BeaconPhone, FixedPhone, PrivatePhone, Recording, VirtualPhone
from tests.auto_unlock.arrivals import TRACKER, Resident, resident
from tests.integration.home import Home

INDOORS = "00:1A:7D:DA:71:14"
# A phone that is at the door after a minute could have opened it.
PATIENCE = 90.0


async def at_the_door(anna: Resident) -> None:
    """Bring her phone to the door as in an arrival that opens, and wait."""
    anna.phone.go_away()
    await anna.sleep(5)
    await anna.walk_to_the_door()
    await anna.sleep(PATIENCE)


# --- The radio --------------------------------------------------------------------------------------------


async def test_somebody_plays_her_packets_while_she_is_away(home: Home) -> None:
    async with resident(home) as anna:
        await anna.leave()
        recording = Recording.of(anna.phone.identity, home.now)
        async with VirtualPhone(home.radio, recording) as attacker:
            attacker.walk({home.adapter: -45}, 20)
            await anna.sleep(PATIENCE)
        assert anna.orders == 0
        assert anna.told == []


async def test_somebody_plays_her_packets_while_she_sleeps(home: Home) -> None:
    async with resident(home) as anna:
        anna.phone.place({home.adapter: -82})
        await anna.sleep(600)
        async with VirtualPhone(home.radio, Recording.of(anna.phone.identity, home.now)) as attacker:
            attacker.walk({home.adapter: -45}, 20)
            await anna.sleep(PATIENCE)
        assert anna.orders == 0


async def test_an_old_recording_is_not_her_phone_even_when_she_comes_home(home: Home) -> None:
    """Her phone has long had other addresses when the position says that she is back."""
    async with resident(home) as anna:
        anna.phone.place({home.adapter: -80})
        await anna.sleep(60)
        recording = Recording.of(anna.phone.identity, home.now)
        await anna.leave(minutes=70)
        await anna.come_back()
        async with VirtualPhone(home.radio, recording) as attacker:
            attacker.walk({home.adapter: -45}, 20)
            await anna.sleep(PATIENCE)
        assert anna.orders == 0


@pytest.mark.parametrize(
    "identity",
    [
        FixedPhone(fixed_address="A4:C1:38:00:00:01"),
        PrivatePhone(irk=bytes(16)),
        # A resolvable address with the hash of another one.
        FixedPhone(fixed_address="70:81:94:0D:FB:AB", random_address=True),
    ],
    ids=["somebody's phone", "another key", "a made-up address"],
)
async def test_another_phone_is_not_hers(home: Home, identity: FixedPhone | PrivatePhone) -> None:
    async with resident(home) as anna:
        await anna.leave()
        await anna.come_back()
        async with VirtualPhone(home.radio, identity) as other:
            other.walk({home.adapter: -45}, 20)
            await anna.sleep(PATIENCE)
        assert anna.orders == 0
        # Hers still is.
        await anna.walk_to_the_door()
        await anna.sleep(15)
        assert anna.runs == ["UNLOCK"]


async def test_loud_indoors_is_not_the_door(home: Home) -> None:
    """Another scanner hears her well: she is at the back of the house."""
    async with AsyncExitStack() as stack:
        indoors = LocalAdapter(home.radio, source=INDOORS, rssi=None)
        indoors.start(home.hass)
        stack.callback(indoors.stop)
        anna = await stack.enter_async_context(resident(home))
        await anna.leave()
        await anna.come_back()
        anna.phone.walk({indoors: -45, home.adapter: -88}, 20)
        await anna.sleep(PATIENCE)
        assert anna.orders == 0


async def test_a_phone_at_the_door_that_never_left(home: Home) -> None:
    async with resident(home) as anna:
        for _ in range(3):
            anna.phone.walk({home.adapter: -85}, 20)
            await anna.sleep(60)
            anna.phone.walk({home.adapter: -50}, 10)
            await anna.sleep(60)
        assert anna.orders == 0
        assert anna.phase == "home"


async def test_a_copied_beacon_opens_nothing_while_she_is_away(home: Home) -> None:
    uuid = UUID("2f234454-cf6d-4a0f-adf2-f4911ba9ffa6")
    beacon = BeaconPhone(uuid=uuid, major=1, minor=2)
    ids: dict[str, Any] = {"evidence": "ibeacon", "uuid": str(uuid), "major": 1, "minor": 2}
    async with resident(home, identity=beacon, **ids) as anna:
        await anna.leave()
        async with VirtualPhone(home.radio, BeaconPhone(uuid=uuid, major=1, minor=2, seed=9)) as copy:
            copy.walk({home.adapter: -45}, 20)
            await anna.sleep(PATIENCE)
        assert anna.orders == 0
        # The real one opens when she comes.
        await anna.leave()
        await anna.arrive()
        assert anna.runs == ["UNLOCK"]


# --- The position -----------------------------------------------------------------------------------------


async def test_a_jump_of_the_position_at_home(home: Home) -> None:
    async with resident(home) as anna:
        for metres in (900, 1500, 60, 2000, 50):
            anna.report(metres)
            await anna.sleep(100)
        await at_the_door(anna)
        assert anna.orders == 0


async def test_an_inexact_position_arms_nothing(home: Home) -> None:
    async with resident(home) as anna:
        anna.phone.go_away()
        for metres in (900, 1400, 1900, 2400, 2900):
            anna.report(metres, accuracy=800)
            await anna.sleep(120)
        await anna.come_back()
        await at_the_door(anna)
        assert anna.orders == 0


async def test_a_position_without_accuracy_arms_nothing(home: Home) -> None:
    async with resident(home) as anna:
        anna.phone.go_away()
        for metres in (900, 1400, 1900, 2400, 2900):
            anna.report(metres, accuracy=None)
            await anna.sleep(120)
        await anna.come_back()
        await at_the_door(anna)
        assert anna.orders == 0


@pytest.mark.parametrize("state", ["unavailable", "unknown", None])
async def test_a_lost_position_disarms(home: Home, state: str | None) -> None:
    async with resident(home) as anna:
        await anna.leave()
        assert anna.phase == "away"
        if state is None:
            home.hass.states.async_remove(TRACKER)
        else:
            home.hass.states.async_set(TRACKER, state)
        await anna.sleep(1)
        assert anna.phase == "home"
        assert anna.reason == "location_lost"
        await anna.come_back()
        await at_the_door(anna)
        assert anna.orders == 0


async def test_a_short_walk_around_the_house(home: Home) -> None:
    """Too near and too short to be an absence."""
    async with resident(home) as anna:
        anna.phone.go_away()
        for metres in (120, 150, 180, 150, 120):
            anna.report(metres, home=False)
            await anna.sleep(90)
        await anna.come_back()
        await at_the_door(anna)
        assert anna.orders == 0


async def test_too_late_after_the_return(home: Home) -> None:
    async with resident(home, window=5) as anna:
        await anna.leave()
        await anna.come_back()
        await anna.sleep(400)
        await at_the_door(anna)
        assert anna.orders == 0


# --- Restarts and changes in every state ------------------------------------------------------------------

type Until = Callable[[Resident], Awaitable[None]]


async def _home(anna: Resident) -> None:
    pass


async def _leaving(anna: Resident) -> None:
    await anna.leave(minutes=2)


async def _away(anna: Resident) -> None:
    await anna.leave()


async def _returning(anna: Resident) -> None:
    await anna.leave()
    await anna.come_back()


async def _connecting(anna: Resident) -> None:
    await anna.leave()
    await anna.come_back()
    anna.phone.walk({anna.home.adapter: -72}, 20)
    await anna.sleep(21)


async def _near(anna: Resident) -> None:
    await anna.leave()
    await anna.come_back()
    # At the door, and the lock cannot be reached.
    anna.home.go_out_of_range(anna.lock)
    await anna.walk_to_the_door()
    await anna.home.until(lambda: anna.phase == "near", within=60)


PHASES = [
    (_home, "home"),
    (_leaving, "leaving"),
    (_away, "away"),
    (_returning, "returning"),
    (_connecting, "returning"),
    (_near, "near"),
]
each_phase = pytest.mark.parametrize(("until", "phase"), PHASES, ids=[until.__name__ for until, _ in PHASES])


@each_phase
async def test_a_restart_disarms(home: Home, until: Until, phase: str) -> None:
    """Reloaded as at a restart of Home Assistant: she comes to the door, and nothing happens."""
    async with resident(home) as anna:
        await until(anna)
        assert anna.phase == phase
        await home.hass.config_entries.async_reload(anna.entry.entry_id)
        home.come_into_range(anna.lock)
        assert anna.phase == "home"
        assert anna.reason == "restarted"
        await anna.come_back()
        await at_the_door(anna)
        assert anna.orders == 0
        assert anna.runs == []


@each_phase
async def test_a_removed_rule_never_fires(home: Home, until: Until, phase: str) -> None:
    async with resident(home) as anna:
        await until(anna)
        assert anna.phase == phase
        home.hass.config_entries.async_remove_subentry(anna.entry, anna.subentry_id)
        home.come_into_range(anna.lock)
        anna.phone.walk({home.adapter: -50}, 5)
        await anna.sleep(PATIENCE)
        anna.report(30)
        await anna.sleep(PATIENCE)
        assert anna.orders == 0
        assert not home.connected(anna.lock)
        assert not [state for state in home.hass.states.async_all() if "auto_unlock" in state.entity_id]


async def test_a_rule_that_is_removed_while_it_fires(home: Home) -> None:
    """The lock takes long to be reached; the rule goes, and with it what was not sent yet."""
    async with resident(home) as anna:
        await _connecting(anna)
        # The link has been let go, and the next one takes long.
        (runner,) = anna.entry.runtime_data.auto_unlock
        anna.lock.faults.silence = True
        await anna.entry.runtime_data.coordinator.client.disconnect()
        anna.phone.walk({home.adapter: -55}, 3)
        await home.until(lambda: runner.state.phase in {"fired", "near"}, within=60)
        home.hass.config_entries.async_remove_subentry(anna.entry, anna.subentry_id)
        anna.lock.faults.clear()
        await anna.sleep(PATIENCE)
        assert anna.runs == []


async def test_a_changed_rule_is_not_armed(home: Home) -> None:
    async with resident(home) as anna:
        await anna.leave()
        (subentry,) = anna.entry.subentries.values()
        home.hass.config_entries.async_update_subentry(
            anna.entry, subentry, data={**subentry.data, "threshold": -65.0}
        )
        await home.hass.async_block_till_done()
        assert anna.phase == "home"
        await anna.come_back()
        await at_the_door(anna)
        assert anna.orders == 0


async def test_an_unlock_by_anybody_disarms(home: Home) -> None:
    async with resident(home) as anna:
        await anna.leave()
        await anna.come_back()
        await home.call("unlock")
        await home.call("lock")
        await anna.sleep(200)
        orders = anna.orders
        await at_the_door(anna)
        assert anna.orders == orders
        assert anna.phase == "home"
