"""Running a lock that has been added: what moves, what shows, and what a fault looks like."""

import pytest

from simulator.demo.house import House
from simulator.home_assistant import RequestError
from simulator.virtual_lock import Jam, Moment
from tests.e2e.conftest import Mount
from tests.e2e.owned import OwnedLock, add_bridge


def assert_obeyed(owned: OwnedLock, *actions: str) -> None:
    """Check that each action moved the bolt exactly once, without a PIN and by the rules."""
    assert owned.motor_runs == list(actions)
    assert owned.lock.journal.pins_sent == []
    assert owned.rules_broken == []


async def test_every_action_moves_the_bolt_once(owned: OwnedLock) -> None:
    mark = len(owned.api.history)

    await owned.call("unlock")
    assert owned.state() == "unlocked"
    assert owned.bolt == "unlocked"
    await owned.call("lock")
    assert owned.state() == "locked"
    assert owned.bolt == "locked"
    await owned.call("open")
    await owned.shows("lock", "unlocked")

    assert owned.shown_since(mark) == [
        "unlocking",
        "unlocked",
        "locking",
        "locked",
        "opening",
        "open",
        "unlocked",
    ]
    assert_obeyed(owned, "UNLOCK", "LOCK", "UNLATCH")


async def test_what_people_do_by_hand_shows_at_once(owned: OwnedLock) -> None:
    owned.lock.turn_key("unlock")
    await owned.shows("lock", "unlocked")
    owned.lock.open_door()
    await owned.shows("door", "on")
    owned.lock.close_door()
    await owned.shows("door", "off")
    owned.lock.turn_key("lock")
    await owned.shows("lock", "locked")

    assert_obeyed(owned)


async def test_what_people_do_shows_when_nobody_is_connected(owned: OwnedLock) -> None:
    await owned.disconnect()
    owned.lock.turn_key("unlock")
    await owned.shows("lock", "unlocked")
    await owned.disconnect()
    owned.lock.turn_key("lock")
    await owned.shows("lock", "locked")

    assert_obeyed(owned)


async def test_a_blocked_motor_is_told_and_shown(owned: OwnedLock) -> None:
    await owned.call("unlock")
    owned.lock.jam(Jam.MOTOR)
    with pytest.raises(RequestError) as failure:
        await owned.call("lock")
    assert failure.value.translation_key == "motor_blocked"
    assert "motor" in failure.value.message
    await owned.shows("motor_blocked", "on")
    await owned.shows("lock", "jammed")
    assert owned.state("clutch_fault") == "off"

    owned.lock.repair()
    await owned.call("lock")
    await owned.shows("lock", "locked")
    await owned.shows("motor_blocked", "off")
    # The run that failed was a run as well; nothing was repeated.
    assert_obeyed(owned, "UNLOCK", "LOCK", "LOCK")


async def test_the_batteries_run_down_are_charged_and_swapped(owned: OwnedLock) -> None:
    assert owned.state("battery_critical") == "off"
    owned.lock.set_battery(12)
    await owned.shows("battery", "12")
    await owned.shows("battery_critical", "on")
    owned.lock.set_charging(charging=True)
    await owned.shows("battery_charging", "on")
    owned.lock.set_charging(charging=False)
    await owned.shows("battery_charging", "off")

    owned.lock.swap_batteries()
    await owned.shows("battery", "100")
    await owned.shows("battery_critical", "off")
    await owned.shows("lock", "locked")
    await owned.call("unlock")
    assert owned.state() == "unlocked"
    assert_obeyed(owned, "UNLOCK")


async def test_an_action_that_got_lost_is_not_repeated(owned: OwnedLock) -> None:
    owned.lock.faults.disconnect_at(Moment.ACTION_LOST)
    with pytest.raises(RequestError) as failure:
        await owned.call("unlock")
    assert failure.value.translation_key == "outcome_unknown"
    await owned.shows("lock", "locked")
    assert_obeyed(owned)


@pytest.mark.parametrize("moment", [Moment.ACTION_RECEIVED, Moment.ACCEPTED_SENT, Moment.RUN_ENDED])
async def test_after_a_lost_answer_the_state_is_read(owned: OwnedLock, moment: Moment) -> None:
    owned.lock.faults.disconnect_at(moment)
    # The state read afterwards proves that the bolt has moved as it was told to.
    await owned.call("unlock")
    assert owned.state() == "unlocked"
    assert owned.bolt == "unlocked"
    assert_obeyed(owned, "UNLOCK")


async def test_an_action_out_of_reach_fails_and_never_happens_later(owned: OwnedLock) -> None:
    radio, proxy = owned.house.radio, owned.house.proxy
    await owned.disconnect()
    radio.set_rssi(proxy, owned.lock.address, None)
    with pytest.raises(RequestError) as failure:
        await owned.call("unlock")
    assert failure.value.translation_key in {"unreachable", "not_started"}

    radio.set_rssi(proxy, owned.lock.address, -60)
    await owned.call("lock")
    assert owned.state() == "locked"
    assert "UNLOCK" not in owned.motor_runs


async def test_each_lock_obeys_for_itself(owned: OwnedLock, house: House, mount: Mount) -> None:
    other = await add_bridge(house, mount(name="Back door"))

    await owned.call("unlock")
    await other.call("open")
    assert owned.state() == "unlocked"

    assert_obeyed(owned, "UNLOCK")
    assert_obeyed(other, "UNLATCH")
