"""Auto-unlock in Home Assistant, from the position and the radio to the bolt: it moves once, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.core import Event, EventStateChangedData, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.storage import Store
from homeassistant.setup import async_setup_component
from homeassistant.util.file import WriteError
import pytest

from custom_components.smartlock.auto_unlock.rules import Hold, RuleReason
from custom_components.smartlock.protocol.enums import CompletionStatus
from custom_components.smartlock.storage import LockStore, lock_store
from simulator.radio import RadioTiming
from simulator.virtual_lock import Habits, Jam, Moment, quick
from tests.auto_unlock.arrivals import Resident, resident
from tests.integration.home import Home

NOTIFY = "mobile_app_annas_phone"
INDOORS = "00:1A:7D:DA:71:14"
ALARM = "alarm_control_panel.home"


# --- The way it is meant ----------------------------------------------------------------------------------


async def test_a_genuine_arrival(home: Home) -> None:
    async with resident(home) as anna:
        assert anna.phase == "home"
        await anna.leave()
        assert anna.phase == "away"
        await anna.arrive()
        assert anna.runs == ["UNLOCK"]
        assert anna.orders == 1
        assert home.state() == "unlocked"
        assert anna.told == [("fired", "done")]
        # The link was open and the state read before she was at the door: nothing was left to wait for.
        assert anna.shown == ["home", "leaving", "away", "returning", "fired", "cooling_down"]
        evidence = anna.events[0].attributes
        assert evidence["level"] >= -72
        assert evidence["rise"] >= 6
        assert evidence["samples"] >= 5
        assert 0 < evidence["since_return"] < 120
        assert 0 <= evidence["state_age"] <= 20
        # She is inside now: nothing more comes of it, whatever the radio says.
        await home.call("lock")
        await anna.sleep(1200)
        assert anna.orders == 2
        assert anna.phase == "home"


async def test_she_comes_home_every_day(home: Home) -> None:
    async with resident(home) as anna:
        for day in range(3):
            await anna.leave()
            await anna.arrive()
            assert anna.runs.count("UNLOCK") == day + 1
            await home.call("lock")
            anna.phone.place({home.adapter: -75})
            await anna.sleep(1000)
        assert anna.told == [("fired", "done")] * 3


async def test_the_link_is_open_before_she_is_at_the_door(home: Home) -> None:
    """On the way to the door the lock is connected and read, so that only the action is left."""
    async with resident(home) as anna:
        await anna.leave()
        await anna.come_back()
        connections = len(anna.lock.journal.connections)
        anna.phone.walk({home.adapter: -71}, 20)
        await anna.sleep(22)
        assert home.connected(anna.lock)
        assert len(anna.lock.journal.connections) == connections + 1
        assert anna.orders == 0
        anna.phone.walk({home.adapter: -60}, 3)
        await anna.sleep(6)
        assert anna.runs == ["UNLOCK"]
        assert len(anna.lock.journal.connections) == connections + 1
        # It is let go again.
        await home.until(lambda: not home.connected(anna.lock), within=60)


async def test_who_only_passes_by_does_not_hold_the_link(home: Home) -> None:
    async with resident(home) as anna:
        await anna.leave()
        await anna.come_back()
        anna.phone.walk({home.adapter: -74}, 15)
        await anna.sleep(15)
        anna.phone.go_away(10)
        await anna.sleep(60)
        assert not home.connected(anna.lock)
        assert anna.orders == 0
        assert anna.phase == "returning"


@pytest.mark.parametrize(
    ("entrance", "shut", "opens"),
    [
        ("binary_sensor.garage", "off", "on"),
        ("cover.garage", "closed", "opening"),
        ("lock.back", "locked", "unlocked"),
    ],
)
async def test_who_comes_in_by_another_entrance(home: Home, entrance: str, shut: str, opens: str) -> None:
    """The front door stays locked, however near she comes to it inside."""
    async with resident(home, entrances=[entrance]) as anna:
        home.hass.states.async_set(entrance, shut)
        await anna.leave()
        await anna.come_back()
        home.hass.states.async_set(entrance, opens)
        await anna.walk_to_the_door()
        await anna.sleep(30)
        assert anna.orders == 0
        assert anna.phase == "home"
        assert anna.reason == "unlocked"


# --- Off, paused, dry run ---------------------------------------------------------------------------------


async def test_off_until_switched_on(home: Home) -> None:
    async with resident(home, switched_on=False) as anna:
        assert anna.mode == "disabled"
        await anna.leave()
        await anna.arrive()
        assert anna.phase == "disabled"
        assert anna.orders == 0
        assert anna.told == []


async def test_switching_on_does_not_arm(home: Home) -> None:
    """Whoever is away already was not seen leaving."""
    async with resident(home, switched_on=False) as anna:
        anna.phone.go_away()
        anna.report(900)
        await anna.sleep(60)
        await anna.choose("enabled")
        await anna.come_back()
        await anna.walk_to_the_door()
        await anna.sleep(30)
        assert anna.orders == 0


@pytest.mark.parametrize("before", [True, False])
async def test_switching_off_is_at_once(home: Home, before: bool) -> None:
    async with resident(home) as anna:
        await anna.leave()
        if before:
            await anna.choose("disabled")
        await anna.come_back()
        anna.phone.walk({home.adapter: -72}, 20)
        await anna.sleep(20)
        await anna.choose("disabled")
        anna.phone.walk({home.adapter: -55}, 5)
        await anna.sleep(30)
        assert anna.phase == "disabled"
        assert anna.orders == 0


async def test_a_pause_holds_and_leaves_everything_as_it_is(home: Home) -> None:
    async with resident(home) as anna:
        await anna.leave()
        await anna.choose("paused")
        assert anna.phase == "away"
        await anna.arrive()
        assert anna.orders == 0
        assert anna.told == [("refused", "paused")]
        await anna.choose("enabled")
        # Too late for this time: she may be inside by now.
        await anna.sleep(30)
        assert anna.orders == 0


async def test_a_dry_run_only_reports(home: Home) -> None:
    async with resident(home) as anna:
        await anna.choose("dry_run")
        await anna.leave()
        await anna.arrive()
        assert anna.orders == 0
        assert anna.told == [("would_fire", "would_fire")]


async def test_the_mode_lasts(home: Home) -> None:
    async with resident(home) as anna:
        await anna.choose("dry_run")
        await home.hass.config_entries.async_reload(anna.entry.entry_id)
        await home.settled(anna.entry, anna.lock)
        assert anna.mode == "dry_run"
        await anna.choose("disabled")
        # Twice is no mistake.
        await anna.choose("disabled")
        await home.hass.config_entries.async_reload(anna.entry.entry_id)
        await home.settled(anna.entry, anna.lock)
        assert anna.mode == "disabled"


@pytest.mark.parametrize(
    ("enabled", "paused", "dry_run", "mode"),
    [
        (False, False, False, "disabled"),
        (False, True, True, "disabled"),
        (True, False, False, "enabled"),
        (True, True, False, "paused"),
        (True, True, True, "paused"),
        (True, False, True, "dry_run"),
    ],
)
async def test_three_switches_of_before_become_one_mode(
    home: Home, enabled: bool, paused: bool, dry_run: bool, mode: str
) -> None:
    async with resident(home, switched_on=False) as anna:
        await home.hass.config_entries.async_unload(anna.entry.entry_id)
        store: LockStore[Any] = lock_store(home.hass, f"{anna.lock.nuki_id:08X}", "auto_unlock")
        stored = {"enabled": enabled, "paused": paused, "dry_run": dry_run}
        await store.async_save({anna.subentry_id: stored})
        registry = er.async_get(home.hass)
        unique_id = f"{anna.lock.nuki_id:08X}_{anna.subentry_id}_auto_unlock"
        switch = registry.async_get_or_create("switch", "smartlock", unique_id).entity_id
        assert await home.hass.config_entries.async_setup(anna.entry.entry_id)
        assert anna.mode == mode
        assert registry.async_get(switch) is None


@pytest.mark.parametrize("action", ["turn_on", "turn_off", "toggle"])
async def test_a_wide_target_does_not_reach_the_mode(home: Home, action: str) -> None:
    """The lights of the hall, and nothing else."""
    async with resident(home, switched_on=action != "turn_on") as anna:
        before = anna.mode
        assert await async_setup_component(home.hass, "homeassistant", {})
        area = ar.async_get(home.hass).async_create("Hall")
        mode = er.async_get(home.hass).async_get(anna.entity_id("select", "auto_unlock_mode"))
        assert mode is not None
        assert mode.device_id is not None
        dr.async_get(home.hass).async_update_device(mode.device_id, area_id=area.id)
        for target in ({"area_id": area.id}, {"device_id": mode.device_id}):
            await home.hass.services.async_call("homeassistant", action, target=target, blocking=True)
            for select in ("select_first", "select_last", "select_next"):
                await home.hass.services.async_call("select", select, target=target, blocking=True)
            assert anna.mode == before


async def test_the_mode_is_nothing_for_voice_assistants(home: Home) -> None:
    async with resident(home) as anna:
        assert await async_setup_component(home.hass, "homeassistant", {})
        for assistant in ("conversation", "cloud.alexa", "cloud.google_assistant"):
            for entity in er.async_entries_for_config_entry(er.async_get(home.hass), anna.entry.entry_id):
                if entity.config_subentry_id is not None and entity.domain in ("select", "switch"):
                    assert not async_should_expose(home.hass, assistant, entity.entity_id)


@pytest.mark.parametrize(
    ("before", "after", "now"),
    [
        ("enabled", "disabled", "disabled"),
        ("enabled", "paused", "paused"),
        ("disabled", "enabled", "disabled"),
        ("paused", "enabled", "paused"),
    ],
)
async def test_a_mode_that_cannot_be_stored(
    home: Home, monkeypatch: pytest.MonkeyPatch, before: str, after: str, now: str
) -> None:
    """The disk is full: it is said, the rule does no more than before, and less at once."""

    async def full(store: Store[Any], data: dict[str, Any]) -> None:
        raise WriteError("no space left on device")

    async with resident(home) as anna:
        if before != "enabled":
            await anna.choose(before)
        with monkeypatch.context() as disk:
            disk.setattr(Store, "_async_write_data", full)
            for _ in range(2):
                with pytest.raises(HomeAssistantError) as told:
                    await anna.choose(after)
                assert told.value.translation_key == "auto_unlock_not_saved"
        await anna.sleep(1)
        assert anna.mode == now
        if now != "enabled":
            await anna.leave()
            await anna.arrive()
            assert anna.orders == 0


@pytest.mark.parametrize("chosen", [None, "disabled"])
async def test_a_mode_that_cannot_be_stored_while_the_rule_changes(
    home: Home, monkeypatch: pytest.MonkeyPatch, chosen: str | None
) -> None:
    """The disk is slow, and full in the end: the rule does what it shows, and what was chosen last."""
    go_on = asyncio.Event()

    async def full(store: Store[Any], data: dict[str, Any]) -> None:
        await go_on.wait()
        raise WriteError("no space left on device")

    async with resident(home) as anna:
        await anna.choose("dry_run")
        with monkeypatch.context() as disk:
            disk.setattr(Store, "_async_write_data", full)
            choosing = [home.hass.async_create_task(anna.choose("enabled"))]
            await anna.sleep(1)
            (subentry,) = anna.entry.subentries.values()
            home.hass.config_entries.async_update_subentry(
                anna.entry, subentry, data={**subentry.data, "threshold": -69.0}
            )
            if chosen is not None:
                choosing.append(home.hass.async_create_task(anna.choose(chosen)))
                await anna.sleep(1)
            go_on.set()
            told = await asyncio.gather(*choosing, return_exceptions=True)
            assert [type(each) for each in told] == [HomeAssistantError] * len(told)
        await anna.sleep(1)
        assert anna.mode == (chosen or "dry_run")
        await anna.leave()
        await anna.arrive()
        assert anna.orders == 0
        assert [kind for kind, _ in anna.told] == ([] if chosen else ["would_fire"])


async def test_nonsense_in_storage_leaves_the_lock_alone(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    async with resident(home) as anna:
        (subentry,) = anna.entry.subentries.values()
        await home.hass.config_entries.async_unload(anna.entry.entry_id)
        store: LockStore[Any] = lock_store(home.hass, f"{anna.lock.nuki_id:08X}", "auto_unlock")
        for nonsense in ({"enabled": "yes"}, {"mode": "wide open", "phone": None}, {"unheard_of": True}, 7):
            await store.async_save({subentry.subentry_id: nonsense})
            assert await home.hass.config_entries.async_setup(anna.entry.entry_id)
            assert anna.mode == "disabled"
            await home.hass.config_entries.async_unload(anna.entry.entry_id)
        data = {**subentry.data, "irk": "no key"}
        home.hass.config_entries.async_update_subentry(anna.entry, subentry, data=data)
        assert await home.hass.config_entries.async_setup(anna.entry.entry_id)
        await home.settled(anna.entry, anna.lock)
        assert list(anna.entry.runtime_data.auto_unlock) == []
        assert home.state() == "locked"
        assert "An auto-unlock rule cannot be read" in caplog.text
        assert "no key" not in caplog.text


# --- What keeps the door locked ---------------------------------------------------------------------------

type Prepare = Callable[[Resident], Awaitable[None]]


async def _opened_door(anna: Resident) -> None:
    anna.lock.open_door()


async def _nothing(anna: Resident) -> None:
    pass


async def _somebody_unlocks(anna: Resident) -> None:
    anna.lock.turn_key("unlock")
    await anna.sleep(20)
    anna.lock.turn_key("lock")
    await anna.sleep(20)


async def _already_unlocked(anna: Resident) -> None:
    anna.lock.turn_key("unlock")


async def _weak_battery(anna: Resident) -> None:
    anna.lock.set_battery(10)


async def _alarm(anna: Resident, state: str) -> None:
    anna.hass.states.async_set(ALARM, state)


async def _armed(anna: Resident) -> None:
    await _alarm(anna, "armed_away")


async def _alarm_gone(anna: Resident) -> None:
    anna.hass.states.async_remove(ALARM)


async def _lock_out_of_reach(anna: Resident) -> None:
    anna.home.go_out_of_range(anna.lock)


@pytest.mark.parametrize(
    ("prepare", "reasons", "options"),
    [
        (_opened_door, {Hold.DOOR_OPEN}, {}),
        (_already_unlocked, {Hold.NOT_LOCKED, Hold.SOMEBODY_UNLOCKED}, {}),
        (_somebody_unlocks, {Hold.SOMEBODY_UNLOCKED}, {}),
        (_weak_battery, {Hold.BATTERY_CRITICAL}, {}),
        (_armed, {Hold.ALARM_ARMED}, {"alarm": ALARM}),
        (_alarm_gone, {Hold.ALARM_UNKNOWN}, {"alarm": ALARM}),
        (_lock_out_of_reach, {Hold.STATE_NOT_READ}, {}),
        (_nothing, {Hold.QUIET_HOURS}, {"quiet_from": "00:00:00", "quiet_to": "23:59:59"}),
        (_nothing, {Hold.WOULD_UNLATCH}, {"settings": {"auto_unlatch": 1}}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
async def test_holds(home: Home, prepare: Prepare, reasons: set[Hold], options: dict[str, Any]) -> None:
    """Refused, told, and not tried again while she stands there."""
    if "alarm" in options:
        home.hass.states.async_set(ALARM, "disarmed")
    async with resident(home, **options) as anna:
        await anna.leave()
        assert anna.phase == "away"
        await anna.come_back()
        await prepare(anna)
        anna.phone.walk({home.adapter: -55}, 20)
        await anna.sleep(20)
        # She gives up and goes in by key.
        anna.phone.walk({home.adapter: -85}, 10)
        await anna.sleep(400)
        assert anna.orders == 0
        reasons_told = {reason for kind, reason in anna.told if kind == "refused"}
        if reasons & {Hold.SOMEBODY_UNLOCKED, Hold.NOT_LOCKED, Hold.DOOR_OPEN}:
            # Disarmed at once by whoever unlocked or opened, so that there was nothing to refuse.
            assert reasons_told <= reasons
            assert anna.phase == "home"
            assert anna.reason in {*reasons, RuleReason.UNLOCKED}
        else:
            assert reasons_told == reasons
        assert anna.phase in {"home", "returning"}


async def test_holds_do_not_outlast_their_reason(home: Home) -> None:
    """With the alarm disarmed, the battery good and the night over it opens."""
    home.hass.states.async_set(ALARM, "armed_away")
    async with resident(home, alarm=ALARM) as anna:
        await anna.leave()
        home.hass.states.async_set(ALARM, "disarmed")
        await anna.arrive()
        assert anna.runs == ["UNLOCK"]


@pytest.mark.parametrize("jam", [Jam.MOTOR, Jam.CLUTCH])
async def test_a_fault_holds(home: Home, jam: Jam) -> None:
    async with resident(home) as anna:
        anna.lock.jam(jam)
        with pytest.raises(Exception, match=r"lock|clutch"):
            await home.call("unlock")
        orders = anna.orders
        await anna.leave()
        await anna.arrive()
        assert anna.orders == orders
        assert "fired" not in {kind for kind, _ in anna.told}


async def test_a_setting_that_was_just_changed_in_the_app(home: Home) -> None:
    """It is read with the state before anything is sent: an unlock would pull the latch now."""
    async with resident(home, client_type="app") as anna:
        await anna.leave()
        await anna.come_back()
        anna.lock.settings.change(auto_unlatch=1)
        # So quickly that there is no time left to read on the way.
        anna.phone.walk({home.adapter: -50}, 4)
        await anna.sleep(60)
        assert anna.orders == 0
        assert anna.told == [("refused", Hold.WOULD_UNLATCH)]


# --- The lock's own guard ---------------------------------------------------------------------------------


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"auto_unlock_disabled": 1}, CompletionStatus.REJECTED),
    ],
)
async def test_a_refusal_of_the_lock_is_shown_and_not_repeated(
    home: Home, settings: dict[str, int], code: int, complete: bool
) -> None:
    habits = Habits(rejections_complete=complete)
    async with resident(home, settings=settings, lock_options={"habits": habits}) as anna:
        await anna.leave()
        await anna.arrive()
        await anna.sleep(300)
        assert anna.orders == 1
        assert anna.runs == []
        (event,) = anna.events
        assert (event.attributes["event_type"], event.attributes["reason"]) == ("refused", "refused_by_lock")
        assert anna.reason == "refused_by_lock"
        if complete:
            assert event.attributes["code"] == code


async def test_a_lost_outcome_is_told_and_not_repeated(home: Home) -> None:
    async with resident(home) as anna:
        anna.lock.faults.disconnect_at(Moment.ACTION_LOST)
        await anna.leave()
        await anna.arrive()
        await anna.sleep(300)
        assert anna.orders <= 1
        assert anna.runs == []
        assert anna.told == [("refused", "outcome_unknown")]


async def test_a_link_that_breaks_before_the_action_is_told(home: Home) -> None:
    async with resident(home) as anna:
        await anna.leave()
        await anna.come_back()
        anna.phone.walk({home.adapter: -71}, 20)
        await anna.sleep(22)
        home.go_out_of_range(anna.lock)
        anna.phone.walk({home.adapter: -55}, 2)
        await anna.sleep(200)
        assert anna.orders == 0
        assert "fired" not in {kind for kind, _ in anna.told}
        assert anna.told


@pytest.mark.parametrize("meanwhile", ["nothing", "paused", "switched off", "alarm"])
async def test_what_came_up_before_it_could_be_sent(home: Home, meanwhile: str) -> None:
    """The link broke at the door and takes some seconds: what was decided before is judged anew."""
    home.hass.states.async_set(ALARM, "disarmed")
    async with resident(home, alarm=ALARM) as anna:
        await anna.leave()
        await anna.come_back()
        anna.phone.walk({home.adapter: -71}, 20)
        await anna.sleep(22)
        home.go_out_of_range(anna.lock)
        anna.phone.walk({home.adapter: -55}, 2)
        await home.until(lambda: anna.phase == "fired", within=10)
        match meanwhile:
            case "paused":
                await anna.choose("paused")
            case "switched off":
                await anna.choose("disabled")
            case "alarm":
                home.hass.states.async_set(ALARM, "arming")
        home.come_into_range(anna.lock)
        await anna.sleep(200)
        assert anna.runs == (["UNLOCK"] if meanwhile == "nothing" else [])


# --- How quick it is --------------------------------------------------------------------------------------


async def test_the_bolt_moves_as_the_hand_reaches_for_the_door(home: Home) -> None:
    """With the link open and the state read on the way, what is left takes a fraction of a cold unlock."""
    timing = quick(advertising_interval=2.0, processing=0.02)
    async with resident(home, lock_options={"timing": timing}) as anna:
        home.radio.timing = RadioTiming()
        began = home.now
        await home.call("unlock")
        cold = _motor_started(anna) - began
        await home.call("lock")
        await anna.sleep(60)

        await anna.leave()
        await anna.come_back()
        fired_at: list[float] = []

        @callback
        def moved(event: Event[EventStateChangedData]) -> None:
            state = event.data["new_state"]
            if state is not None and state.state == "fired":
                fired_at.append(home.now)

        async_track_state_change_event(home.hass, [anna.entity_id("sensor", "auto_unlock_state")], moved)
        await anna.walk_to_the_door()
        await anna.sleep(15)
        assert anna.runs == ["UNLOCK", "LOCK", "UNLOCK"]
        warm = _motor_started(anna) - fired_at[0]
        assert warm < 0.25 * cold, (warm, cold)


def _motor_started(anna: Resident) -> float:
    """Return when the motor began to run last, on the clock of the loop."""
    return anna.lock.journal.motor_runs[-1].loop_time
