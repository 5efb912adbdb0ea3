"""What a rule refers to: followed under a new name; held, and its owner told, when it is gone."""

import asyncio
from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.storage import Store
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from tests.auto_unlock.arrivals import TRACKER, Resident, resident, rule_data
from tests.auto_unlock.test_accidents import garage, people, rename
from tests.integration.home import Home
from tests.integration.texts import english
from tests.storage.disks import SimulatedDisk

PERSON = "person.anna"
ALARM = "alarm_control_panel.home"
GRACE = 1000


def repairs(hass: HomeAssistant, kind: str = "auto_unlock_reference_gone") -> list[dict[str, Any]]:
    """Return what is put into the texts of the open repairs of a kind."""
    return [
        dict(issue.translation_placeholders or {})
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN and issue.translation_key == kind and issue.active
    ]


def registered(home: Home, domain: str, name: str, state: str) -> str:
    """Put an entity into the registry."""
    entry = er.async_get(home.hass).async_get_or_create(domain, "test", name, suggested_object_id=name)
    home.hass.states.async_set(entry.entity_id, state)
    return entry.entity_id


async def arrives(anna: Resident) -> None:
    """Leave and come back."""
    await anna.leave()
    await anna.arrive()
    await anna.sleep(30)


# --- The data of a rule -------------------------------------------------------------------------------------


async def test_a_rule_that_was_stored_by_entity_ids_gets_ids_that_last(home: Home) -> None:
    """As the version before wrote it; its own keys stay as they are, so that the way back is open."""
    contact = garage(home)
    await people(home, anna=[TRACKER])
    before = rule_data([home.adapter.source], person=PERSON, entrances=[contact.entity_id])
    async with resident(home, person=PERSON, entrances=[contact.entity_id]) as anna:
        (subentry,) = anna.entry.subentries.values()
        person = er.async_get(home.hass).async_get(PERSON)
        assert person is not None
        assert subentry.data == before | {"references": {PERSON: person.id, contact.entity_id: contact.id}}
        # Nothing to be asked, and on as it was.
        (runner,) = anna.entry.runtime_data.auto_unlock
        assert runner.state.settings.phone_confirmed
        await arrives(anna)
        assert anna.runs == ["UNLOCK"]


async def test_names_are_those_of_now_after_the_next_start(home: Home) -> None:
    contact = garage(home)
    async with resident(home, entrances=[contact.entity_id]) as anna:
        rename(home, contact.entity_id, "binary_sensor.garage_door")
        await home.hass.config_entries.async_reload(anna.entry.entry_id)
        (subentry,) = anna.entry.subentries.values()
        assert subentry.data["entrances"] == ["binary_sensor.garage_door"]
        assert subentry.data["references"] == {"binary_sensor.garage_door": contact.id}


@pytest.mark.parametrize(
    "changes", [{"person": 7}, {"entrances": [None]}, {"entrances": 3}, {"notify": 1}, {"references": 5}]
)
async def test_nonsense_in_a_rule_leaves_the_lock_alone(home: Home, changes: dict[str, Any]) -> None:
    async with resident(home) as anna:
        (subentry,) = anna.entry.subentries.values()
        await home.hass.config_entries.async_unload(anna.entry.entry_id)
        home.hass.config_entries.async_update_subentry(
            anna.entry, subentry, data={**subentry.data, **changes}
        )
        assert await home.hass.config_entries.async_setup(anna.entry.entry_id)
        await home.settled(anna.entry, anna.lock)
        assert list(anna.entry.runtime_data.auto_unlock) == []
        assert home.state() == "locked"


# --- Gone ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["removed", "disabled"])
@pytest.mark.parametrize("what", ["entrance", "alarm", "evidence", "person"])
async def test_an_entity_that_is_gone(home: Home, what: str, how: str) -> None:
    """At once: the registry knows. The repair names rule and entity, and closes when it is back."""
    entities = {
        "entrance": ("binary_sensor", "garage", "off"),
        "alarm": ("alarm_control_panel", "home", "disarmed"),
        "evidence": ("sensor", "room", "Kitchen"),
        "person": ("device_tracker", "annas_phone", "home"),
    }
    entity_id = registered(home, *entities[what])
    choices: dict[str, dict[str, Any]] = {
        "entrance": {"entrances": [entity_id]},
        "alarm": {"alarm": entity_id},
        "evidence": {"evidence": "entity", "entity": entity_id, "near_state": "Porch", "scanners": []},
        "person": {"person": entity_id},
    }
    registry = er.async_get(home.hass)
    async with resident(home, **choices[what]) as anna:
        await anna.sleep(1)
        if how == "removed":
            registry.async_remove(entity_id)
        else:
            registry.async_update_entity(entity_id, disabled_by=er.RegistryEntryDisabler.USER)
        await anna.sleep(1)
        assert anna.phase == "home"
        assert anna.reason == "reference_gone"
        assert repairs(home.hass) == [{"name": "Villa Kunterbunt", "rule": "Anna", "what": entity_id}]
        if what != "person":
            await arrives(anna)
        assert anna.orders == 0
        if how == "disabled":
            registry.async_update_entity(entity_id, disabled_by=None)
            await anna.sleep(1)
            assert anna.reason == "complete"
            assert repairs(home.hass) == []


async def test_an_alarm_without_an_id_that_is_gone(home: Home) -> None:
    """It may be starting again: held at once, told after a while."""
    home.hass.states.async_set(ALARM, "disarmed")
    async with resident(home, alarm=ALARM) as anna:
        home.hass.states.async_remove(ALARM)
        await anna.sleep(300)
        assert repairs(home.hass) == []
        await arrives(anna)
        assert anna.told == [("refused", "alarm_unknown")]
        await anna.sleep(GRACE)
        assert anna.reason == "reference_gone"
        assert [each["what"] for each in repairs(home.hass)] == [ALARM]
        home.hass.states.async_set(ALARM, "disarmed")
        await anna.sleep(60)
        assert anna.reason == "complete"
        assert repairs(home.hass) == []


async def test_a_scanner_that_does_not_come_back(home: Home) -> None:
    async with resident(home) as anna:
        home.adapter.stop()
        await anna.sleep(60)
        assert repairs(home.hass) == []
        await anna.sleep(GRACE)
        assert [each["what"] for each in repairs(home.hass)] == [home.adapter.source]
        home.adapter.start(home.hass)
        await anna.sleep(60)
        assert repairs(home.hass) == []


async def test_a_phone_whose_action_is_gone(home: Home) -> None:
    async with resident(home, notify="mobile_app_annas_phone") as anna:
        await anna.sleep(GRACE)
        assert anna.reason == "reference_gone"
        assert [each["what"] for each in repairs(home.hass)] == ["notify.mobile_app_annas_phone"]
        home.hass.services.async_register("notify", "mobile_app_annas_phone", lambda _: None)
        await anna.sleep(60)
        assert anna.reason == "complete"


async def test_a_phone_that_gets_another_name(home: Home) -> None:
    """Its app names the action after it."""
    asked: list[str] = []

    async def notify(call: ServiceCall) -> None:
        asked.append(call.service)

    app = MockConfigEntry(domain="mobile_app", data={"device_name": "Annas Phone"})
    app.add_to_hass(home.hass)
    home.hass.services.async_register("notify", "mobile_app_annas_phone", notify)
    async with resident(home, notify="mobile_app_annas_phone") as anna:
        home.hass.services.async_remove("notify", "mobile_app_annas_phone")
        home.hass.services.async_register("notify", "mobile_app_anna_s_new_name", notify)
        home.hass.config_entries.async_update_entry(app, data={"device_name": "Anna's new name"})
        await anna.sleep(60)
        asked.clear()
        await anna.leave()
        assert set(asked) == {"mobile_app_anna_s_new_name"}
        await home.hass.config_entries.async_reload(anna.entry.entry_id)
        (subentry,) = anna.entry.subentries.values()
        assert subentry.data["notify"] == "mobile_app_anna_s_new_name"
        await home.hass.config_entries.async_remove(app.entry_id)
        await anna.sleep(60)
        assert anna.reason == "reference_gone"


async def test_the_tracker_of_the_phone_that_is_asked_is_the_one_that_counts(home: Home) -> None:
    """A tablet of the same person goes for a drive with somebody else."""
    tablet = "device_tracker.annas_tablet"
    app = MockConfigEntry(domain="mobile_app", data={"device_name": "Annas Phone"})
    app.add_to_hass(home.hass)
    er.async_get(home.hass).async_get_or_create(
        "device_tracker", "mobile_app", "x", suggested_object_id="annas_phone", config_entry=app
    )
    home.hass.services.async_register("notify", "mobile_app_annas_phone", lambda _: None)
    home.hass.states.async_set(tablet, "home", {"source_type": "gps"})
    await people(home, anna=[TRACKER, tablet])
    config = home.hass.config
    async with resident(home, person=PERSON, notify="mobile_app_annas_phone") as anna:
        anna.phone.go_away()
        for metres in (900, 1500, 2100, 2700):
            at = {"latitude": config.latitude + metres / 111_000, "longitude": config.longitude}
            home.hass.states.async_set(tablet, "not_home", {"source_type": "gps", "gps_accuracy": 10, **at})
            await anna.sleep(120)
        assert anna.phase == "home"


async def test_a_tracker_of_a_person_that_is_renamed(home: Home) -> None:
    """The person still names it as before, and sees it no more."""
    phone = registered(home, "device_tracker", "annas_phone", "home")
    assert phone == TRACKER
    await people(home, anna=[TRACKER])
    async with resident(home, person=PERSON) as anna:
        registry = er.async_get(home.hass)
        registry.async_update_entity(TRACKER, new_entity_id="device_tracker.renamed")
        home.hass.states.async_remove(TRACKER)
        config = home.hass.config

        def tell(metres: float) -> None:
            at = {"latitude": config.latitude + metres / 111_000, "longitude": config.longitude}
            state = "home" if metres < 100 else "not_home"
            more = {"source_type": "gps", "gps_accuracy": 10}
            home.hass.states.async_set("device_tracker.renamed", state, more | at)

        tell(5)
        anna.phone.go_away(20)
        await anna.sleep(60)
        for metres in (900, 1500, 2100, 2700):
            tell(metres)
            await anna.sleep(120)
        assert anna.phase == "away"
        tell(50)
        await anna.walk_to_the_door()
        await anna.sleep(15)
        assert anna.runs == ["UNLOCK"]


# --- What becomes of repairs --------------------------------------------------------------------------------


async def test_an_ignored_repair_stays_ignored_over_a_reload(home: Home) -> None:
    entity_id = registered(home, "binary_sensor", "garage", "off")
    async with resident(home, entrances=[entity_id]) as anna:
        er.async_get(home.hass).async_remove(entity_id)
        await anna.sleep(1)
        ((domain, issue_id),) = [
            key for key, issue in ir.async_get(home.hass).issues.items() if issue.domain == DOMAIN
        ]
        ir.async_ignore_issue(home.hass, domain, issue_id, True)
        await home.hass.config_entries.async_reload(anna.entry.entry_id)
        issue = ir.async_get(home.hass).async_get_issue(domain, issue_id)
        assert issue is not None
        assert issue.dismissed_version is not None
        assert issue.active


@pytest.mark.parametrize("how", ["rule removed", "lock removed", "lock disabled"])
async def test_no_repair_outlasts_its_rule(home: Home, how: str) -> None:
    entity_id = registered(home, "binary_sensor", "garage", "off")
    async with resident(home, entrances=[entity_id]) as anna:
        er.async_get(home.hass).async_remove(entity_id)
        await anna.sleep(1)
        assert repairs(home.hass)
        entries = home.hass.config_entries
        match how:
            case "rule removed":
                entries.async_remove_subentry(anna.entry, anna.subentry_id)
            case "lock removed":
                await entries.async_remove(anna.entry.entry_id)
            case "lock disabled":
                from homeassistant.config_entries import ConfigEntryDisabler

                await entries.async_set_disabled_by(anna.entry.entry_id, ConfigEntryDisabler.USER)
        await home.hass.async_block_till_done()
        assert repairs(home.hass) == []


# --- Whose phone it is --------------------------------------------------------------------------------------


async def start_repair(hass: HomeAssistant, kind: str) -> Any:
    """Open the repair of a kind, as the frontend does."""
    assert await async_setup_component(hass, "repairs", {})
    ((domain, issue_id),) = [
        key for key, issue in ir.async_get(hass).issues.items() if issue.translation_key == kind
    ]
    return await hass.data["repairs"]["flow_manager"].async_init(domain, data={"issue_id": issue_id})


@pytest.mark.parametrize("answer", ["with_me", "not_with_me"])
async def test_it_is_asked_once_whether_it_was_this_phone(home: Home, answer: str) -> None:
    """A new rule unlocks for nobody before that."""
    async with resident(home, phone_check="5eed") as anna:
        assert repairs(home.hass, "auto_unlock_phone") == []
        await arrives(anna)
        assert anna.orders == 0
        assert anna.told == [("refused", "phone_not_confirmed")]
        (question,) = repairs(home.hass, "auto_unlock_phone")
        assert question["rule"] == "Anna"
        # "Sun 29 Nov, 08:00": an absence may have begun on another day.
        assert [question[at].count(", ") for at in ("left", "back")] == [1, 1]
        form = await start_repair(home.hass, "auto_unlock_phone")
        assert form["menu_options"] == ["with_me", "not_with_me"]
        assert not set(form["description_placeholders"].values()) & {"–", None}
        flows = home.hass.data["repairs"]["flow_manager"]
        await flows.async_configure(form["flow_id"], {"next_step_id": answer})
        assert repairs(home.hass, "auto_unlock_phone") == []
        assert anna.mode == ("enabled" if answer == "with_me" else "disabled")
        await home.hass.config_entries.async_reload(anna.entry.entry_id)
        await home.settled(anna.entry, anna.lock)
        anna.phone.place({home.adapter: -80})
        await anna.sleep(60)
        await arrives(anna)
        assert anna.runs == (["UNLOCK"] if answer == "with_me" else [])
        assert repairs(home.hass, "auto_unlock_phone") == []


@pytest.mark.parametrize(("answer", "reason"), [("with_me", "not_stored"), ("not_with_me", "not_saved")])
async def test_an_answer_that_cannot_be_stored_is_asked_for_again(
    home: Home, answer: str, reason: str
) -> None:
    """Trust in a phone is on disk or not there; a rule that is to be off is off."""
    async with resident(home, phone_check="5eed") as anna:
        await arrives(anna)
        (runner,) = anna.entry.runtime_data.auto_unlock
        form = await start_repair(home.hass, "auto_unlock_phone")
        flows = home.hass.data["repairs"]["flow_manager"]
        disk = SimulatedDisk()
        disk.fail()
        try:
            for _ in range(2):
                ended = await flows.async_configure(form["flow_id"], {"next_step_id": answer})
                assert (ended["type"], ended["reason"]) == ("abort", reason)
                assert len(repairs(home.hass, "auto_unlock_phone")) == 1
                form = await start_repair(home.hass, "auto_unlock_phone")
        finally:
            disk.mend()
        assert reason in english()["issues"]["auto_unlock_phone"]["fix_flow"]["abort"]
        assert not runner.state.settings.phone_confirmed
        assert anna.mode == ("enabled" if answer == "with_me" else "disabled")
        await home.hass.config_entries.async_reload(anna.entry.entry_id)
        await home.settled(anna.entry, anna.lock)
        (runner,) = anna.entry.runtime_data.auto_unlock
        assert not runner.state.settings.phone_confirmed


async def test_a_rule_that_is_turned_on_while_the_answer_is_stored_is_on(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is slow: what was answered and what was chosen become true one after the other."""
    go_on, write = asyncio.Event(), Store._async_write_data

    async def slow(store: Store[Any], data: dict[str, Any]) -> None:
        await go_on.wait()
        await write(store, data)

    async with resident(home, phone_check="5eed", switched_on=False) as anna:
        (runner,) = anna.entry.runtime_data.auto_unlock
        with monkeypatch.context() as disk:
            disk.setattr(Store, "_async_write_data", slow)
            answering = home.hass.async_create_task(runner.async_confirm_phone(mine=True))
            await anna.sleep(1)
            choosing = home.hass.async_create_task(anna.choose("enabled"))
            await anna.sleep(1)
            go_on.set()
            await asyncio.gather(answering, choosing)
        assert (anna.mode, anna.phase) == ("enabled", "home")
        await arrives(anna)
        assert anna.runs == ["UNLOCK"]


async def test_a_rule_from_before_is_asked_and_not_held(home: Home) -> None:
    async with resident(home) as anna:
        await arrives(anna)
        assert anna.runs == ["UNLOCK"]
        assert len(repairs(home.hass, "auto_unlock_phone")) == 1


def test_the_texts_of_the_question_are_there() -> None:
    texts = english()["issues"]["auto_unlock_phone"]
    assert texts["fix_flow"]["step"]["init"]["menu_options"].keys() == {"with_me", "not_with_me"}
    assert "switched_off" in texts["fix_flow"]["abort"]
