"""What reaches a rule: persons and their trackers, the phone's app, other entities; and what leaves it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
import json
from typing import Any

from homeassistant.core import CoreState, ServiceCall
from homeassistant.helpers.json import ExtendedJSONEncoder
from homeassistant.setup import async_setup_component
import pytest

from custom_components.smartlock.auto_unlock.references import Reference, References
from custom_components.smartlock.auto_unlock.rules import (
    Hold,
    Located,
    LocationLost,
    OnNetwork,
    ReportKind,
    RulePhase,
    RuleReason,
)
from custom_components.smartlock.auto_unlock.whereabouts import Whereabouts
from custom_components.smartlock.diagnostics import async_get_config_entry_diagnostics
from simulator.phone import VirtualPhone
from tests.auto_unlock.arrivals import IRK, TRACKER, resident
from tests.integration.home import Home
from tests.integration.texts import english

NOTIFY = "mobile_app_annas_phone"
PERSON = "person.anna"
ROUTER = "device_tracker.annas_phone_router"
WATCH = "device_tracker.annas_watch"


# --- Where somebody is ------------------------------------------------------------------------------------


class Told(list[Any]):
    """What a rule is told, and a way to forget it."""

    def take(self) -> list[Any]:
        """Return what came since the last time."""
        taken = list(self)
        self.clear()
        return taken


def track(
    home: Home,
    entity_id: str,
    state: str,
    metres: float | None = None,
    accuracy: float | None = 20,
    **more: Any,
) -> None:
    """Let a tracker tell something."""
    attributes: dict[str, Any] = {"source_type": "gps" if metres is not None else "router"} | more
    if metres is not None:
        attributes["latitude"] = home.hass.config.latitude + metres / 111_000
        attributes["longitude"] = home.hass.config.longitude
        if accuracy is not None:
            attributes["gps_accuracy"] = accuracy
    home.hass.states.async_set(entity_id, state, attributes)


def followed(home: Home, told: Told) -> Whereabouts:
    """Follow Anna."""
    anna = Reference(entity_id=PERSON)
    references = References(home.hass, entities=(anna,), notify=None, app_entry=None, scanners=frozenset())
    return Whereabouts(home.hass, anna, references, told.append)


@pytest.fixture
async def person(home: Home) -> AsyncIterator[tuple[Told, Whereabouts]]:
    """A real person of Home Assistant with a phone, which is also seen by the router."""
    track(home, TRACKER, "home", 5)
    track(home, ROUTER, "home")
    people = {"id": "anna", "name": "Anna", "device_trackers": [TRACKER, ROUTER]}
    assert await async_setup_component(home.hass, "person", {"person": [people]})
    await home.hass.async_block_till_done()
    told = Told()
    whereabouts = followed(home, told)
    whereabouts.start()
    yield told, whereabouts
    whereabouts.stop()
    told.clear()
    track(home, TRACKER, "not_home", 5000)
    await home.hass.async_block_till_done()
    assert told == []


async def test_a_person_leaves_and_comes_back(home: Home, person: tuple[Told, Whereabouts]) -> None:
    told, _ = person
    # Where she is at first may be old.
    assert told.take() == [OnNetwork(present=True)]
    track(home, TRACKER, "not_home", 900)
    await home.hass.async_block_till_done()
    # The rule takes it for nothing until the router loses her.
    (fix,) = told.take()
    assert isinstance(fix, Located)
    track(home, ROUTER, "not_home")
    await home.hass.async_block_till_done()
    assert told.take() == [OnNetwork(present=False)]
    assert fix.at_home is False
    assert fix.distance == pytest.approx(900, rel=0.01)
    assert fix.accuracy == 20
    track(home, TRACKER, "not_home", 1500)
    await home.hass.async_block_till_done()
    (fix,) = told.take()
    assert fix.distance == pytest.approx(1500, rel=0.01)

    # The router says that she is in the network, and nothing of where she is.
    track(home, ROUTER, "home")
    await home.hass.async_block_till_done()
    assert told.take() == [OnNetwork(present=True)]


async def test_the_same_place_is_no_news(home: Home, person: tuple[Told, Whereabouts]) -> None:
    told, whereabouts = person
    track(home, ROUTER, "not_home")
    track(home, TRACKER, "not_home", 900)
    await home.hass.async_block_till_done()
    told.clear()
    track(home, TRACKER, "not_home", 900)
    track(home, TRACKER, "not_home", 900, battery_level=50)
    await home.hass.async_block_till_done()
    assert told.take() == []
    # Unless she was asked: then it says that she has not moved. Once.
    whereabouts.asked()
    track(home, TRACKER, "not_home", 900, battery_level=50)
    track(home, TRACKER, "not_home", 900, battery_level=50)
    await home.hass.async_block_till_done()
    (fix,) = told.take()
    assert fix.distance == pytest.approx(900, rel=0.01)
    whereabouts.asked()
    track(home, TRACKER, "not_home", 900, battery_level=49)
    await home.hass.async_block_till_done()
    assert len(told.take()) == 1
    # Another place is told by the person, and not twice.
    whereabouts.asked()
    track(home, TRACKER, "not_home", 1200)
    await home.hass.async_block_till_done()
    (fix,) = told.take()
    assert fix.distance == pytest.approx(1200, rel=0.01)


async def test_an_answer_after_a_minute_is_none(home: Home, person: tuple[Told, Whereabouts]) -> None:
    told, whereabouts = person
    whereabouts.asked()
    told.clear()
    asked_at = home.now
    await home.until(lambda: home.now > asked_at + 61)
    track(home, TRACKER, "home", 5)
    await home.hass.async_block_till_done()
    assert told == []


@pytest.mark.parametrize("state", ["unavailable", "unknown"])
async def test_coming_back_to_life_is_no_news(
    home: Home, person: tuple[Told, Whereabouts], state: str
) -> None:
    """An app that was set up again shows the last place it knew."""
    told, _ = person
    track(home, ROUTER, "not_home")
    track(home, TRACKER, "not_home", 900)
    await home.hass.async_block_till_done()
    told.clear()
    home.hass.states.async_set(TRACKER, state)
    home.hass.states.async_set(ROUTER, state)
    await home.hass.async_block_till_done()
    # A tracker of the network stays one while it says nothing.
    assert OnNetwork(present=None) in told
    assert LocationLost(tracker=TRACKER) in told
    told.clear()
    track(home, ROUTER, "not_home")
    track(home, TRACKER, "not_home", 950)
    await home.hass.async_block_till_done()
    # Also if the person was known meanwhile: by the router, to which the phone's old place came then.
    assert told.take() == [OnNetwork(present=False)]
    track(home, TRACKER, "not_home", 950, battery_level=40)
    await home.hass.async_block_till_done()
    assert told.take() == []
    # The next place is one.
    track(home, TRACKER, "not_home", 1200)
    await home.hass.async_block_till_done()
    (fix,) = told.take()
    assert fix.distance == pytest.approx(1200, rel=0.01)


async def test_nothing_counts_while_home_assistant_starts(
    home: Home, person: tuple[Told, Whereabouts]
) -> None:
    told, _ = person
    told.clear()
    home.hass.set_state(CoreState.starting)
    track(home, ROUTER, "not_home")
    track(home, TRACKER, "not_home", 900)
    await home.hass.async_block_till_done()
    assert not [each for each in told if isinstance(each, Located)]
    home.hass.set_state(CoreState.running)


async def test_trackers_that_come_and_go(home: Home) -> None:
    """A tracker that was never seen may be one of the network; one that was deleted is not."""
    home.hass.states.async_set(PERSON, "home", {"device_trackers": [TRACKER, WATCH]})
    track(home, TRACKER, "home", 5)
    told = Told()
    whereabouts = followed(home, told)
    whereabouts.start()
    # WATCH is unknown to Home Assistant.
    assert told.take() == []
    home.hass.states.async_set(WATCH, "unavailable")
    await home.hass.async_block_till_done()
    assert told.take() == [OnNetwork(present=None)]
    home.hass.states.async_set(WATCH, "not_home", {"source_type": "bluetooth_le"})
    await home.hass.async_block_till_done()
    assert told.take() == [OnNetwork(present=False)]
    # She gets another phone.
    track(home, ROUTER, "home")
    home.hass.states.async_set(PERSON, "home", {"device_trackers": [TRACKER, ROUTER]})
    await home.hass.async_block_till_done()
    assert told.take() == [OnNetwork(present=True)]
    whereabouts.stop()


async def test_in_the_home_network_nobody_is_away(home: Home) -> None:
    async with resident(home) as anna:
        home.hass.states.async_set("device_tracker.other", "home", {"source_type": "router"})
        people = {"id": "anna", "name": "Anna", "device_trackers": [TRACKER, "device_tracker.other"]}
        assert await async_setup_component(home.hass, "person", {"person": [people]})
        (subentry,) = anna.entry.subentries.values()
        home.hass.config_entries.async_update_subentry(
            anna.entry, subentry, data={**subentry.data, "person": PERSON}
        )
        await home.hass.async_block_till_done()
        await anna.leave()
        assert anna.phase == "home"


# --- The phone's app --------------------------------------------------------------------------------------


@pytest.fixture
def notified(home: Home) -> list[ServiceCall]:
    """What was sent to Anna's phone."""
    calls: list[ServiceCall] = []

    async def notify(call: ServiceCall) -> None:
        calls.append(call)

    home.hass.services.async_register("notify", NOTIFY, notify)
    return calls


def questions(notified: list[ServiceCall]) -> list[dict[str, Any]]:
    """Return the questions with buttons."""
    return [call.data for call in notified if "actions" in call.data.get("data", {})]


async def test_the_phone_is_asked_where_it_is(home: Home, notified: list[ServiceCall]) -> None:
    async with resident(home, notify=NOTIFY) as anna:
        anna.phone.go_away(20)
        await anna.sleep(60)
        anna.report(900)
        await anna.sleep(400)
        assert notified
        assert {call.data["message"] for call in notified} == {"request_location_update"}


@pytest.mark.parametrize(("answer", "runs"), [("yes", ["UNLOCK"]), ("no", []), (None, [])])
async def test_a_confirmation(
    home: Home, notified: list[ServiceCall], answer: str | None, runs: list[str]
) -> None:
    async with resident(home, notify=NOTIFY, confirm=True) as anna:
        await anna.leave()
        await anna.arrive()
        assert anna.orders == 0
        (question,) = questions(notified)
        assert question["title"] == "Villa Kunterbunt"
        assert question["message"] == "Unlock Villa Kunterbunt now?"
        yes, no = question["data"]["actions"]
        assert (yes["title"], no["title"]) == ("Yes", "No")
        assert yes["authenticationRequired"]
        # Somebody else's answer is none.
        home.hass.bus.async_fire("mobile_app_notification_action", {"action": "smartlock_0_yes"})
        await anna.sleep(5)
        assert anna.orders == 0
        if answer is not None:
            action = {"yes": yes, "no": no}[answer]["action"]
            for _ in range(2):
                home.hass.bus.async_fire("mobile_app_notification_action", {"action": action})
            await anna.sleep(5)
            assert "clear_notification" not in {call.data["message"] for call in notified}
        else:
            await anna.sleep(120)
            # It is taken off the screen, and an answer that was on its way comes too late.
            assert notified[-1].data["message"] == "clear_notification"
            assert notified[-1].data["data"]["tag"] == question["data"]["tag"]
            home.hass.bus.async_fire("mobile_app_notification_action", {"action": yes["action"]})
            await anna.sleep(5)
        assert anna.runs == runs
        assert anna.told == [("fired", "done") if runs else ("refused", Hold.NOT_CONFIRMED)]


async def test_the_question_stays_while_a_hand_covers_the_phone(
    home: Home, notified: list[ServiceCall]
) -> None:
    """Who takes the phone out to answer is received less for some seconds."""
    async with resident(home, notify=NOTIFY, confirm=True) as anna:
        await anna.leave()
        await anna.arrive()
        (question,) = questions(notified)
        await anna.walk_to_the_door(signal=-85, seconds=2)
        await anna.sleep(4)
        assert anna.phase == "returning"
        action = question["data"]["actions"][0]["action"]
        assert "clear_notification" not in {call.data["message"] for call in notified}
        home.hass.bus.async_fire("mobile_app_notification_action", {"action": action})
        await anna.walk_to_the_door(seconds=3)
        await anna.sleep(5)
        assert anna.runs == ["UNLOCK"]
        assert anna.told == [("fired", "done")]


async def test_opening_only_after_a_confirmation(home: Home, notified: list[ServiceCall]) -> None:
    async with resident(home, notify=NOTIFY, action="unlatch") as anna:
        await anna.leave()
        await anna.arrive()
        assert anna.orders == 0
        (question,) = questions(notified)
        assert question["message"] == "Open Villa Kunterbunt now?"
        action = question["data"]["actions"][0]["action"]
        home.hass.bus.async_fire("mobile_app_notification_action", {"action": action})
        await anna.sleep(10)
        assert anna.runs == ["UNLATCH"]


async def test_a_phone_that_cannot_be_asked_opens_nothing(home: Home) -> None:
    """The app was removed: no such action."""
    async with resident(home, notify=NOTIFY, confirm=True) as anna:
        await anna.leave()
        await anna.arrive()
        await anna.sleep(120)
        assert anna.orders == 0
        assert anna.told == [("refused", Hold.NOT_CONFIRMED)]


# --- Another integration as evidence ----------------------------------------------------------------------


async def test_an_entity_at_the_door(home: Home) -> None:
    room = "sensor.annas_room"
    home.hass.states.async_set(room, "Kitchen")
    evidence: dict[str, Any] = {"evidence": "entity", "entity": room, "near_state": "Porch", "scanners": []}
    async with resident(home, **evidence) as anna:
        home.hass.states.async_set(room, "Porch")
        await anna.sleep(30)
        assert anna.orders == 0
        home.hass.states.async_set(room, "not_home")
        await anna.leave()
        await anna.come_back()
        assert anna.phase == "returning"
        home.hass.states.async_set(room, "unavailable")
        await anna.sleep(30)
        assert anna.orders == 0
        home.hass.states.async_set(room, "Garden")
        home.hass.states.async_set(room, "Porch")
        await anna.sleep(20)
        assert anna.runs == ["UNLOCK"]


async def test_an_entity_that_always_says_near(home: Home) -> None:
    """It has never said anything else: it proves nothing."""
    room = "binary_sensor.at_the_door"
    home.hass.states.async_set(room, "on")
    async with resident(home, evidence="entity", entity=room, scanners=[]) as anna:
        await anna.leave()
        await anna.come_back()
        await anna.sleep(60)
        assert anna.orders == 0


# --- What leaves it ---------------------------------------------------------------------------------------


async def test_diagnostics_tell_what_happened_and_not_to_whom(home: Home) -> None:
    async with AsyncExitStack() as stack:
        anna = await stack.enter_async_context(resident(home))
        await anna.leave()
        await anna.arrive()
        content = await async_get_config_entry_diagnostics(home.hass, anna.entry)
        text = json.dumps(content, cls=ExtendedJSONEncoder)
        (rule,) = json.loads(text)["auto_unlock"]
        assert rule["mode"] == "enabled"
        assert rule["phone_confirmed"] is True
        assert rule["missing"] == 0
        assert rule["phase"] == "cooling_down"
        assert rule["evidence"] == "private_device"
        assert rule["door_scanners"] == 1
        reasons = [decision["reason"] for decision in rule["decisions"]]
        assert reasons[-4:] == ["stayed_away", "came_back", "at_the_door", "fired"] or reasons[-1] == "done"
        assert rule["decisions"][0]["after"] is None
        assert all(decision["after"] >= 0 for decision in rule["decisions"][1:])
        # The clock of this machine is in none of them.
        assert max(decision["after"] or 0 for decision in rule["decisions"]) < 3600
        for secret in ("Anna", "anna", TRACKER, IRK.hex(), home.adapter.source, anna.subentry_id):
            assert secret not in text


async def test_the_record_is_bounded(home: Home) -> None:
    async with resident(home) as anna:
        for _ in range(40):
            await anna.choose("disabled")
            await anna.choose("enabled")
        content = await async_get_config_entry_diagnostics(home.hass, anna.entry)
        assert len(content["auto_unlock"][0]["decisions"]) == 50


async def test_the_log_names_nobody(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    async with resident(home) as anna:
        await anna.leave()
        await anna.arrive()
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("custom_components.")]
    assert any("Auto-unlock" in line for line in ours)
    for secret in ("Anna", "anna", IRK.hex()):
        assert not [line for line in ours if secret in line]


def test_every_word_has_a_text() -> None:
    texts = english()["entity"]
    assert texts["sensor"]["auto_unlock_state"]["state"].keys() == {phase.value for phase in RulePhase}
    reasons = {word.value for words in (RuleReason, Hold) for word in words}
    assert texts["sensor"]["auto_unlock_reason"]["state"].keys() == reasons
    decision = texts["event"]["auto_unlock_decision"]["state_attributes"]
    assert decision["reason"]["state"].keys() == reasons
    assert decision["event_type"]["state"].keys() == {kind.value for kind in ReportKind}


# --- Two people -------------------------------------------------------------------------------------------


async def test_without_a_phone_around_nothing_is_heard(home: Home) -> None:
    """Switched off, the rule does not even listen."""
    async with resident(home, switched_on=False) as anna:
        (runner,) = anna.entry.runtime_data.auto_unlock
        before = runner.state
        await anna.sleep(30)
        assert runner.state.received_at == before.received_at
        await anna.choose("enabled")
        await anna.sleep(5)
        assert runner.state.received_at > before.received_at
        assert isinstance(anna.phone, VirtualPhone)


def test_a_fault_is_not_called_a_clutch_fault() -> None:
    """Any fault but a blocked motor holds like that: not calibrated, a handle, an update."""
    words = english()["entity"]["sensor"]["auto_unlock_reason"]["state"]
    assert "lutch" not in words["faulty"]
