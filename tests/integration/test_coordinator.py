"""When the lock is read, what is published, and what becomes of the entities when it cannot be read."""

import asyncio
from functools import partial
import logging
import re

from homeassistant.components.lock import LockState as View
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.link.rules import POLL_APP, POLL_QUIET
from custom_components.smartlock.protocol.enums import Command, ErrorCode, LockState
from custom_components.smartlock.protocol.messages import KeyturnerStates
from simulator.radio import RadioTiming
from simulator.virtual_lock import Kind, Timing, VirtualLock, quick
from tests.integration.home import LOCK_NAME, NUKI_ID, PINS, Home, pins_sent

HOUR = 3600.0
# Sensors for those who look into how the radio does; nobody else has to see them.
FIGURES = {
    "signal_strength",
    "last_seen",
    "last_read",
    "connect_time",
    "connect_time_95",
    "challenge_time",
    "challenge_time_95",
    "accept_time",
    "accept_time_95",
    "complete_time",
    "complete_time_95",
    "connections_a_day",
    "reads_a_day",
}
every_kind = pytest.mark.parametrize(
    ("model", "client_type"), [("gen3", "app"), ("gen3", "bridge"), ("ultra", None)]
)


def connections(lock: VirtualLock) -> int:
    """Return how often somebody has connected."""
    return len(lock.journal.connections)


def shows(home: Home, view: View) -> bool:
    """Whether the lock entity has a state."""
    return home.state() == view


def reads(lock: VirtualLock) -> int:
    """Return how often somebody has asked for the state."""
    return sum(
        entry.facts["requested"] == "KEYTURNER_STATES" for entry in lock.journal.requests("REQUEST_DATA")
    )


# --- PollPolicy ----------------------------------------------------------------------------------------------


@every_kind
async def test_first_read(home: Home, model: str, client_type: str | None) -> None:
    """One connection brings states and settings, and verifies the PIN; nothing that the lock objects to."""
    lock = home.add_lock(model)
    entry = home.entry(lock, client_type, pin=str(PINS[model]))
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.until(lambda: home.state() == View.LOCKED)
    await home.until(lambda: not home.connected(lock))
    assert connections(lock) == reads(lock) == len(lock.journal.requests("REQUEST_CONFIG")) == 1
    assert pins_sent(lock) == [("VERIFY_SECURITY_PIN", True)]
    assert lock.journal.broken_rules == []


async def test_lock_that_appears_later_is_read_at_once(home: Home) -> None:
    lock = home.add_lock()
    home.go_out_of_range(lock)
    entry = home.entry(lock)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await asyncio.sleep(20)
    assert home.state() == STATE_UNAVAILABLE
    home.come_into_range(lock)
    await home.until(lambda: home.state() == View.LOCKED, within=2)


@pytest.mark.parametrize(("client_type", "interval"), [("app", POLL_APP), ("bridge", POLL_QUIET)])
async def test_quiet_day_costs_little(home: Home, client_type: str, interval: float) -> None:
    """With nothing to tell the lock is read by the clock alone, with one short connection each time."""
    lock = home.add_lock(timing=quick(advertising_interval=5))
    await home.set_up(lock, client_type)
    began = connections(lock)
    await asyncio.sleep(4 * HOUR)
    assert connections(lock) - began == 4 * HOUR // interval
    assert len(lock.journal.requests("REQUEST_CONFIG")) == 1


async def test_turned_by_hand_as_bridge(home: Home) -> None:
    """The flag in the beacon asks for a read, which clears it again."""
    lock = home.add_lock()
    await home.set_up(lock, "bridge")
    for hand, view in (("unlock", View.UNLOCKED), ("lock", View.LOCKED), ("unlock", View.UNLOCKED)):
        began = connections(lock)
        lock.turn_key(hand)
        assert lock.unread_change
        await home.until(partial(shows, home, view), within=5)
        await asyncio.sleep(60)
        assert connections(lock) - began == 1
        assert not lock.unread_change


@pytest.mark.parametrize("silence", [2, 20, 150])
async def test_turned_by_hand_while_nothing_is_received_after_a_link(home: Home, silence: float) -> None:
    """What is received then is the same as before the link, and Home Assistant tells only of what differs."""
    lock = home.add_lock(timing=quick(advertising_interval=2))
    await home.set_up(lock, "bridge")
    lock.turn_key("unlock")
    await home.until(partial(shows, home, View.UNLOCKED), within=5)
    while home.connected(lock):
        await asyncio.sleep(0.1)
    home.go_out_of_range(lock)
    await asyncio.sleep(silence)
    lock.turn_key("lock")
    home.come_into_range(lock)
    began = connections(lock)
    await home.until(lambda: home.state() == View.LOCKED, within=5)
    await asyncio.sleep(60)
    assert connections(lock) - began == 1


async def test_turned_by_hand_as_app(home: Home) -> None:
    """Nobody may clear the flag, so only its rise asks for a read: it does not cost a read every few seconds.

    After a change the poll is quicker for a while, since more may follow that the flag cannot tell.
    """
    lock = home.add_lock()
    await home.set_up(lock, "app")
    began = connections(lock)
    lock.turn_key("unlock")
    await home.until(lambda: home.state() == View.UNLOCKED, within=5)
    await asyncio.sleep(300)
    assert lock.unread_change
    assert connections(lock) - began == 3
    # The next turn cannot be told from the first one; it is found by the clock.
    lock.turn_key("lock")
    await home.until(lambda: home.state() == View.LOCKED, within=POLL_APP)
    assert connections(lock) - began == 4


async def test_ten_idle_minutes_with_a_stuck_flag(home: Home) -> None:
    """Neither many connections nor long ones: the battery pays for both."""
    lock = home.add_lock(timing=Timing())
    home.radio.timing = RadioTiming()
    await home.set_up(lock, "app")
    lock.turn_key("unlock")
    await home.until(lambda: home.state() == View.UNLOCKED, within=5)
    await home.until(lambda: not home.connected(lock), within=10)
    began = len(home.radio.connections)
    await asyncio.sleep(600)
    links = home.radio.connections[began:]
    assert len(links) <= 4
    assert sum((link.ended or home.now) - link.started for link in links) < 3
    assert lock.unread_change


async def test_turned_by_hand_without_flag(home: Home) -> None:
    """The fifth generation has none."""
    lock = home.add_lock("ultra")
    await home.set_up(lock)
    lock.turn_key("unlock")
    await home.until(lambda: home.state() == View.UNLOCKED, within=POLL_APP + 1)


async def test_turned_by_hand_while_connected(home: Home) -> None:
    """On an open link the lock says so itself."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    async with entry.runtime_data.coordinator.client.keep_connected():
        await home.read()
        assert home.connected(lock)
        began = reads(lock)
        lock.turn_key("unlock")
        await home.until(lambda: home.state() == View.UNLOCKED, within=1)
        assert reads(lock) == began


async def test_link_that_ends_by_itself_is_a_reason_to_read(home: Home) -> None:
    """What the lock would have pushed over it was missed, and it may have lost its power."""
    lock = home.add_lock(timing=quick(battery_change=1))
    await home.set_up(lock)
    await home.call("connect", DOMAIN)
    assert home.connected(lock)
    began = connections(lock)
    lock.swap_batteries()
    assert not home.connected(lock)
    await asyncio.sleep(15)
    assert connections(lock) - began == 1
    assert home.state() == View.LOCKED


async def test_turned_by_hand_while_connected_and_again_later(home: Home) -> None:
    """A push does not clear the flag; left set, it could not rise for what happens next."""
    lock = home.add_lock()
    entry = await home.set_up(lock, "bridge")
    async with entry.runtime_data.coordinator.client.keep_connected():
        await home.read()
        lock.turn_key("unlock")
        await home.until(lambda: home.state() == View.UNLOCKED, within=1)
        assert lock.unread_change
    await home.until(lambda: not lock.unread_change, within=60)
    await asyncio.sleep(60)
    lock.turn_key("lock")
    await home.until(lambda: home.state() == View.LOCKED, within=5)


async def test_settings_are_read_again_when_they_have_changed(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    await home.read()
    assert len(lock.journal.requests("REQUEST_CONFIG")) == 1
    lock.settings.change(single_lock=True)
    await home.read()
    await home.read()
    assert len(lock.journal.requests("REQUEST_CONFIG")) == 2


@pytest.mark.parametrize("state", [LockState.UNLATCHED, LockState.UNLOCKED_LOCK_N_GO, LockState.UNLOCKING])
async def test_state_that_cannot_last_is_followed(home: Home, state: LockState) -> None:
    """After longer and longer pauses, in case it lasts after all."""
    lock = home.add_lock()
    await home.set_up(lock)
    lock.show_state(state)
    await home.read()
    began = reads(lock)
    await asyncio.sleep(8 + 16 + 32 + 1)
    assert reads(lock) - began in (1, 2, 3)
    lock.turn_key("lock")
    await home.until(lambda: home.state() == View.LOCKED, within=65)
    began = reads(lock)
    await asyncio.sleep(300)
    # Only the quicker poll after a change is left.
    assert reads(lock) - began <= 2


async def test_following_ends_with_the_entry(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock)
    lock.show_state(LockState.UNLATCHED)
    await home.read()
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    began = connections(lock)
    await asyncio.sleep(60)
    assert connections(lock) == began


async def test_homekit_frames_in_between_change_nothing(home: Home) -> None:
    """They carry no flag, and so do not make one that is still set rise again."""
    lock = home.add_lock(homekit=True)
    await home.set_up(lock, "app")
    lock.turn_key("unlock")
    await home.until(lambda: home.state() == View.UNLOCKED, within=5)
    began = connections(lock)
    await asyncio.sleep(60)
    assert connections(lock) == began


# --- When it cannot be read -------------------------------------------------------------------------------


async def test_change_that_cannot_be_read_is_unknown(home: Home) -> None:
    """A lock that has changed is not shown as it was before; what does not change with the bolt stays."""
    lock = home.add_lock()
    await home.set_up(lock, "bridge")
    lock.faults.silence = True
    lock.turn_key("unlock")
    await home.until(lambda: home.state() == STATE_UNKNOWN, within=75)
    assert home.state("door") == STATE_UNKNOWN
    assert home.state("battery") == "100"
    lock.faults.clear()
    await home.until(lambda: home.state() == View.UNLOCKED, within=120)
    assert home.state("door") == "off"


async def test_silent_lock_keeps_its_state_while_nothing_says_that_it_changed(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    lock.faults.silence = True
    await home.read()
    assert home.state() == View.LOCKED
    lock.faults.clear()
    await home.read()
    assert home.state() == View.LOCKED


async def test_read_whose_caller_gives_up(home: Home) -> None:
    """It is not the end of all reading."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock)
    coordinator = home.hass.config_entries.async_entries(DOMAIN)[0].runtime_data.coordinator
    task = asyncio.create_task(coordinator.async_refresh())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    await asyncio.sleep(5)  # what was under way has reached the lock
    began = reads(lock)
    await asyncio.sleep(HOUR)
    assert reads(lock) > began


async def test_reads_that_fail_become_rare(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    """And the log hears of it once."""
    lock = home.add_lock(timing=quick(advertising_interval=2))
    await home.set_up(lock)
    lock.faults.silence = True
    await home.read()
    began = connections(lock)
    await asyncio.sleep(HOUR)
    # Pauses of 30, 60, 120, 240, 480 and then 600 s, and two links each time.
    assert connections(lock) - began in (2 * 8, 2 * 9)
    lock.faults.clear()
    await home.until(lambda: "recovered" in caplog.text)
    told = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("custom_components.") and record.levelno >= logging.INFO
    ]
    assert [re.sub(r"data.*", "data", message) for message in told] == [
        "Error fetching smartlock data",
        "Fetching smartlock data",
    ]


async def test_log_says_once_that_a_lock_is_gone_and_once_that_it_is_back(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing at the start, when it has only not been received yet, and nothing when it is unloaded."""

    def told() -> list[str]:
        return [
            record.getMessage()
            for record in caplog.records
            if record.name.startswith("custom_components.") and record.levelno >= logging.INFO
        ]

    lock = home.add_lock(timing=quick(advertising_interval=2))
    home.go_out_of_range(lock)
    entry = home.entry(lock, "bridge")
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await asyncio.sleep(HOUR)
    assert home.state() == STATE_UNAVAILABLE
    home.come_into_range(lock)
    await home.settled(entry, lock)
    assert told() == []

    for times in (1, 2):
        home.go_out_of_range(lock)
        await home.until(lambda: home.state() == STATE_UNAVAILABLE)
        await asyncio.sleep(HOUR)
        home.come_into_range(lock)
        await home.until(lambda: home.state() == View.LOCKED)
        gone = f"The lock {lock.address} is unavailable: nothing was received from it for minutes"
        assert told() == [gone, f"The lock {lock.address} is available again"] * times
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    assert len(told()) == 4


@pytest.mark.parametrize("client_type", ["app", "bridge"])
@pytest.mark.parametrize("moment", range(0, 300, 60))
async def test_lock_that_is_gone_is_unavailable_soon(home: Home, client_type: str, moment: int) -> None:
    """Whatever the moment: Home Assistant looks every 5 min for what has not been heard for some 3 min."""
    lock = home.add_lock(timing=quick(advertising_interval=1))
    await home.set_up(lock, client_type)
    await asyncio.sleep(moment)
    await home.read()
    lock.power_off()
    began = home.now
    await home.until(lambda: home.state() == STATE_UNAVAILABLE)
    assert home.now - began < 530
    assert home.states() == {STATE_UNAVAILABLE}
    assert home.state("connection") == "not_heard"

    lock.power_on()
    await home.until(lambda: home.state() == View.LOCKED, within=30)
    assert STATE_UNAVAILABLE not in home.states()
    assert home.state("connection") == "ok"


async def test_exchange_counts_as_being_there(home: Home) -> None:
    """Long talks hide the advertisements, but not the lock."""
    lock = home.add_lock()
    await home.set_up(lock)
    # The link is kept open by somebody who asks again and again.
    for _ in range(150):
        await asyncio.sleep(4)
        await home.call("connect", DOMAIN)
        await home.hass.config_entries.async_entries(DOMAIN)[0].runtime_data.coordinator.async_refresh()
        assert home.state() == View.LOCKED
    assert connections(lock) <= 3


# --- Authorization ----------------------------------------------------------------------------------------


def reauth_flows(home: Home) -> list[str]:
    """Return the steps of the flows that ask to pair again."""
    return [
        str(flow["step_id"])
        for flow in home.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == SOURCE_REAUTH
    ]


@every_kind
async def test_deleted_authorization_is_believed_the_third_time(
    home: Home, model: str, client_type: str | None
) -> None:
    lock = home.add_lock(model, timing=quick(advertising_interval=2))
    await home.set_up(lock, client_type)
    began = connections(lock)
    lock.delete_authorization(1)
    await home.read()
    assert connections(lock) - began == 1
    assert reauth_flows(home) == []
    assert home.state() == View.LOCKED
    await home.until(lambda: reauth_flows(home), within=30)
    assert reauth_flows(home) == ["reauth_confirm"]
    # The lock cannot read what it refuses.
    assert len(lock.journal.of(Kind.REQUEST, command=None)) >= 3
    assert connections(lock) - began <= 3
    # Nobody tells any more what the bolt does.
    assert home.state() == STATE_UNKNOWN
    assert home.state("connection") == "not_authorized"
    # And the owner's lock is asked no more than each hour.
    began = connections(lock)
    await asyncio.sleep(5 * HOUR + 60)
    assert connections(lock) - began == 5
    assert len(reauth_flows(home)) == 1


async def test_refusals_in_between_prove_nothing(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock)
    for _ in range(4):
        lock.faults.refuse_next(ErrorCode.K_NOT_AUTHORIZED, Command.REQUEST_DATA)
        lock.faults.refuse_next(ErrorCode.K_NOT_AUTHORIZED, Command.REQUEST_DATA)
        await home.read()
        await asyncio.sleep(20)
        assert lock.faults.active == []
    assert reauth_flows(home) == []
    assert home.state() == View.LOCKED


async def test_change_during_refusals_is_unknown_soon(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock, "bridge")
    lock.delete_authorization(1)
    lock.turn_key("unlock")
    await home.until(lambda: home.state() == STATE_UNKNOWN, within=75)


# --- The device -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "shown", "number", "firmware", "hardware"),
    [("gen3", "Smart Lock 3.0", "4", "3.11.1", "3.0"), ("ultra", "Smart Lock Ultra", "5.3", "5.4.6", "5.0")],
)
async def test_device(
    home: Home, *, model: str, shown: str, number: str, firmware: str, hardware: str
) -> None:
    lock = home.add_lock(model)
    entry = await home.set_up(lock)
    (device,) = dr.async_entries_for_config_entry(dr.async_get(home.hass), entry.entry_id)
    assert device.identifiers == {(DOMAIN, "33C335C5")}
    assert device.connections == {(dr.CONNECTION_BLUETOOTH, lock.address)}
    assert (device.name, device.manufacturer, device.serial_number) == (LOCK_NAME, "Nuki", "33C335C5")
    assert (device.model, device.model_id) == (shown, number)
    assert (device.sw_version, device.hw_version) == (firmware, hardware)

    # A reload knows the model at once only from the registry, and must not lose it.
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    (device,) = dr.async_entries_for_config_entry(dr.async_get(home.hass), entry.entry_id)
    assert (device.model, device.sw_version) == (shown, firmware)
    await home.until(lambda: home.state() == View.LOCKED)


async def test_entities_of_the_contract(home: Home) -> None:
    """Their keys and classes are what automations and other tools hold on to."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    entries = er.async_entries_for_config_entry(er.async_get(home.hass), entry.entry_id)
    described = {
        each.unique_id.removeprefix(f"{NUKI_ID:08X}_"): (each.domain, each.original_device_class)
        for each in entries
    }
    assert (
        described.items()
        >= {
            "lock": ("lock", None),
            "battery": ("sensor", "battery"),
            "door": ("binary_sensor", "door"),
            "clutch_fault": ("binary_sensor", "problem"),
            "motor_blocked": ("binary_sensor", "problem"),
            "battery_critical": ("binary_sensor", "battery"),
            "battery_charging": ("binary_sensor", "battery_charging"),
        }.items()
    )
    for each in entries:
        assert each.translation_key == each.unique_id.removeprefix(f"{NUKI_ID:08X}_")
        assert each.has_entity_name
        assert each.disabled or each.translation_key not in FIGURES
        if each.disabled:
            continue
        named = None if each.domain == "lock" else each.original_name
        assert home.full_state(each.translation_key).name == f"{LOCK_NAME} {named or ''}".strip()
    primary = {each.translation_key for each in entries if each.entity_category is None}
    assert primary >= {"lock", "door"}


async def test_two_locks_do_not_mix(home: Home) -> None:
    first, second = home.add_lock(), home.add_lock("ultra", nuki_id=0x33112233, locked=False)
    await home.set_up(first)
    await home.set_up(second)
    views = {
        nuki_id: home.hass.states.get(home.entity_id("lock", nuki_id)) for nuki_id in (NUKI_ID, 0x33112233)
    }
    assert {nuki_id: state and state.state for nuki_id, state in views.items()} == {
        NUKI_ID: View.LOCKED,
        0x33112233: View.UNLOCKED,
    }


async def test_a_defect_of_one_keeps_nobody_from_the_lock(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged without what it is about, and the read and whoever else uses the link go on."""
    lock = home.add_lock()
    entry = await home.set_up(lock)
    coordinator = entry.runtime_data.coordinator
    seen: list[LockState] = []

    class Broken:
        async def async_use_link(self, states: KeyturnerStates) -> None:
            raise KeyError("secret")

    class Whole:
        async def async_use_link(self, states: KeyturnerStates) -> None:
            seen.append(states.lock_state)

    coordinator.link_users = (Broken(), Whole())
    await home.read()
    assert seen == [LockState.LOCKED]
    assert coordinator.last_update_success
    assert "KeyError" in caplog.text
    assert "secret" not in caplog.text
