"""Adding, changing and removing a rule, form by form, with every mistake that can be made in it."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time
from typing import Any

from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.core import ServiceCall
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.auto_unlock.calibration import MEASURING_TIME
from custom_components.smartlock.auto_unlock.references import Reference
from custom_components.smartlock.auto_unlock.rule import SUBENTRY_TYPE, QuietTimes, Rule
from custom_components.smartlock.auto_unlock.rules import PhoneEvidence, RuleAction
from simulator.phone import PrivatePhone, VirtualPhone
from tests.auto_unlock.arrivals import IRK, TRACKER
from tests.integration.home import Home

NOTIFY = "mobile_app_annas_phone"
OTHER = "device_tracker.berts_phone"


class Dialog:
    """A flow as the frontend walks through it."""

    def __init__(self, home: Home, entry: MockConfigEntry) -> None:
        self.home = home
        self.entry = entry
        self.shown: Any = None

    @property
    def _flows(self) -> Any:
        return self.home.hass.config_entries.subentries

    async def add(self) -> None:
        """Open the dialog for a new rule."""
        self.shown = await self._flows.async_init(
            (self.entry.entry_id, SUBENTRY_TYPE), context={"source": SOURCE_USER}
        )

    async def change(self, what: str) -> None:
        """Open the dialog for the rule that is there, and choose from its menu."""
        (subentry_id,) = self.entry.subentries
        self.shown = await self._flows.async_init(
            (self.entry.entry_id, SUBENTRY_TYPE),
            context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry_id},
        )
        assert self.shown["type"] is FlowResultType.MENU
        await self.submit(next_step_id=what)

    async def submit(self, **fields: Any) -> None:
        """Submit a form."""
        self.shown = await self._flows.async_configure(self.shown["flow_id"], fields)

    async def wait(self) -> None:
        """Wait until the progress that is shown is over."""
        assert self.shown["type"] is FlowResultType.SHOW_PROGRESS
        flow_id, step = self.shown["flow_id"], self.shown["step_id"]
        await self.home.until(lambda: self._flows.async_get(flow_id)["step_id"] != step)
        self.shown = await self._flows.async_configure(flow_id)

    def close(self) -> None:
        """Close the dialog."""
        self._flows.async_abort(self.shown["flow_id"])

    @property
    def step(self) -> str | None:
        """Which form is shown."""
        return str(self.shown["step_id"]) if self.shown["type"] is FlowResultType.FORM else None

    @property
    def suggested(self) -> dict[str, Any]:
        """What the fields of the form hold when it opens."""
        return {
            str(marker): marker.description["suggested_value"]
            if marker.description and "suggested_value" in marker.description
            else marker.default()
            if callable(marker.default)
            else None
            for marker in self.shown["data_schema"].schema
        }


@pytest.fixture
async def dialog(home: Home) -> Dialog:
    """A lock with no rule yet, and two people."""
    for tracker, name in ((TRACKER, "Anna's phone"), (OTHER, "Bert's phone")):
        home.hass.states.async_set(tracker, "home", {"friendly_name": name, "source_type": "gps"})
    return Dialog(home, await home.set_up(home.add_lock()))


@pytest.fixture
async def phone(home: Home) -> AsyncIterator[VirtualPhone]:
    """Anna's phone, out of reach."""
    async with VirtualPhone(home.radio, PrivatePhone(irk=IRK)) as phone:
        yield phone


@pytest.fixture
def notified(home: Home) -> list[ServiceCall]:
    """What was sent to Anna's phone."""
    calls: list[ServiceCall] = []

    async def notify(call: ServiceCall) -> None:
        calls.append(call)

    home.hass.services.async_register("notify", NOTIFY, notify)
    return calls


CONDITIONS: dict[str, Any] = {"action": "unlock", "confirm": False, "hold_battery_critical": True}
LIMITS = {"arm_distance": 200, "arm_after": 5, "window": 20, "cool_down": 10}


async def finish(dialog: Dialog, **conditions: Any) -> None:
    """Go from the conditions to the end."""
    assert dialog.step == "conditions"
    await dialog.submit(**CONDITIONS | conditions)
    assert dialog.step == "limits"
    assert dialog.suggested == LIMITS
    await dialog.submit(**LIMITS)
    assert dialog.step == "risk"
    await dialog.submit(understood=True)
    assert dialog.shown["type"] is FlowResultType.CREATE_ENTRY


async def add_private_phone(dialog: Dialog) -> None:
    """Add a rule without measuring."""
    await dialog.add()
    await dialog.submit(person=TRACKER, evidence="private_device")
    await dialog.submit(irk=IRK.hex())
    await dialog.submit(scanners=[dialog.home.adapter.source], threshold=-68, measure=False)
    await finish(dialog)
    await dialog.home.hass.async_block_till_done()


def rule_of(dialog: Dialog) -> Rule:
    """Return the rule that was added."""
    (subentry,) = dialog.entry.subentries.values()
    return Rule.of(subentry)


async def test_a_phone_with_its_key_measured_at_the_door(dialog: Dialog, phone: VirtualPhone) -> None:
    home = dialog.home
    await dialog.add()
    assert dialog.step == "person"
    await dialog.submit(person=TRACKER, evidence="private_device")
    assert dialog.step == "private_device"
    await dialog.submit(irk="no key")
    assert dialog.shown["errors"] == {"irk": "irk_not_valid"}
    await dialog.submit(irk=base64.b64encode(IRK[::-1]).decode())

    assert dialog.step == "door"
    await dialog.submit(scanners=[], threshold=-70, measure=True)
    assert dialog.shown["errors"] == {"scanners": "no_scanner"}
    # Nobody is there yet.
    await dialog.submit(scanners=[home.adapter.source], threshold=-70, measure=True)
    began = home.now
    await dialog.wait()
    assert home.now - began >= MEASURING_TIME
    assert dialog.step == "not_heard"
    assert dialog.suggested == {"threshold": -70, "again": True}

    phone.place({home.adapter: -61})
    await dialog.submit(threshold=-70, again=True)
    await dialog.wait()
    assert dialog.step == "measured"
    assert "-61 dBm" in dialog.shown["description_placeholders"]["rows"]
    assert dialog.suggested == {"threshold": -65, "again": False}
    await dialog.submit(threshold=-66, again=False)
    await finish(dialog)

    assert dialog.shown["title"] == "Anna's phone"
    rule = rule_of(dialog)
    assert rule.phone is not None
    assert rule.settings.threshold == -66
    assert rule.settings.door_scanners == {home.adapter.source}
    assert not rule.settings.can_locate


async def test_the_risk_must_be_understood(dialog: Dialog) -> None:
    await dialog.add()
    await dialog.submit(person=TRACKER, evidence="private_device")
    await dialog.submit(irk=IRK.hex())
    await dialog.submit(scanners=[dialog.home.adapter.source], threshold=-68, measure=False)
    await dialog.submit(**CONDITIONS)
    await dialog.submit(**LIMITS)
    await dialog.submit(understood=False)
    assert dialog.shown["errors"] == {"understood": "not_understood"}
    assert not dialog.entry.subentries
    await dialog.submit(understood=True)
    assert len(dialog.entry.subentries) == 1


async def test_a_new_rule_is_there_at_once_and_off(dialog: Dialog) -> None:
    await add_private_phone(dialog)
    (subentry_id,) = dialog.entry.subentries
    states = {
        entity.translation_key: dialog.home.hass.states.get(entity.entity_id)
        for entity in er.async_entries_for_config_entry(er.async_get(dialog.home.hass), dialog.entry.entry_id)
        if entity.config_subentry_id == subentry_id
    }
    assert {key: state and state.state for key, state in states.items()} == {
        "auto_unlock_mode": "disabled",
        "auto_unlock_state": "disabled",
        "auto_unlock_reason": "unknown",
        "auto_unlock_decision": "unknown",
    }


async def test_an_ibeacon(dialog: Dialog) -> None:
    await dialog.add()
    await dialog.submit(person=TRACKER, evidence="ibeacon")
    assert dialog.step == "ibeacon"
    ids = {"major": 100, "minor": 40004}
    await dialog.submit(uuid="2f234454", **ids)
    assert dialog.shown["errors"] == {"uuid": "uuid_not_valid"}
    assert dialog.suggested == {"uuid": "2f234454", **ids}
    await dialog.submit(uuid=" 2F234454CF6D4A0FADF2F4911BA9FFA6 ", **ids)
    await dialog.submit(scanners=[dialog.home.adapter.source], threshold=-68, measure=False)
    await finish(dialog)
    rule = rule_of(dialog)
    assert rule.settings.evidence is PhoneEvidence.IBEACON
    assert str(rule.phone) == (
        "BeaconPhone(uuid=UUID('2f234454-cf6d-4a0f-adf2-f4911ba9ffa6'), major=100, minor=40004)"
    )


@pytest.mark.parametrize(
    ("entity", "choice", "near", "far", "unclear"),
    [
        ("binary_sensor.at_the_door", {}, "on", "off", "unavailable"),
        ("sensor.room", {"near_state": "Porch"}, "Porch", "Kitchen", "unknown"),
        ("sensor.distance", {"near_below": 2.5}, "2.4", "2.5", "far"),
        ("sensor.distance", {"near_below": 2.5}, "0", "1e3", "nan"),
        ("sensor.distance", {"near_below": 2.5}, "-1", "2.6", "-inf"),
    ],
)
async def test_an_entity(
    dialog: Dialog, entity: str, choice: dict[str, Any], *, near: str, far: str, unclear: str
) -> None:
    await dialog.add()
    await dialog.submit(person=TRACKER, evidence="entity")
    assert dialog.step == "entity"
    await dialog.submit(entity=entity, near_state="on", near_below=3)
    assert dialog.shown["errors"] == {"base": "state_or_number"}
    if choice:
        await dialog.submit(entity=entity)
        assert dialog.shown["errors"] == {"base": "state_or_number"}
    await dialog.submit(entity=entity, **choice)
    await finish(dialog)
    rule = rule_of(dialog)
    assert rule.phone is None
    assert rule.entity is not None
    states = dialog.home.hass.states
    for state, meaning in ((near, True), (far, False), (unclear, None)):
        states.async_set(entity, state)
        assert rule.entity.near(states.get(entity)) is meaning
    assert rule.entity.near(None) is None
    # There is no scanner to be chosen for it.
    await dialog.home.hass.async_block_till_done()
    (subentry_id,) = dialog.entry.subentries
    menu = await dialog.home.hass.config_entries.subentries.async_init(
        (dialog.entry.entry_id, SUBENTRY_TYPE),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry_id},
    )
    assert menu["menu_options"] == ["person", "conditions", "limits"]


async def test_what_keeps_the_door_locked(dialog: Dialog, notified: list[ServiceCall]) -> None:
    await add_private_phone(dialog)
    await dialog.change("conditions")
    entrances = ["binary_sensor.garage", "lock.back"]
    changes: dict[str, Any] = {
        "action": "unlatch",
        "quiet_from": "22:30:00",
        "alarm": "alarm_control_panel.home",
    }
    changes |= {"entrances": entrances}
    await dialog.submit(**CONDITIONS | changes)
    assert dialog.shown["errors"] == {"notify": "phone_needed", "quiet_to": "both_times"}
    # The form keeps what was filled in.
    assert {key: dialog.suggested[key] for key in changes} == changes
    await dialog.submit(**CONDITIONS | changes, quiet_to="06:00:00", notify=NOTIFY)
    assert dialog.shown["reason"] == "reconfigure_successful"
    rule = rule_of(dialog)
    assert rule.quiet is not None
    assert rule.alarm == Reference(entity_id="alarm_control_panel.home")
    assert [each.entity_id for each in rule.entrances] == entrances
    assert rule.notify == NOTIFY
    assert rule.settings.action is RuleAction.UNLATCH
    assert rule.settings.unlatching_allowed
    assert rule.settings.can_locate
    assert rule.settings.alarm

    await dialog.change("conditions")
    await dialog.submit(**CONDITIONS | {"confirm": True})
    assert dialog.shown["errors"] == {"notify": "phone_needed"}
    # What is left out of the form is gone.
    await dialog.submit(**CONDITIONS)
    rule = rule_of(dialog)
    assert (rule.quiet, rule.alarm, rule.notify) == (None, None, None)
    assert rule.entrances == ()
    assert not rule.settings.unlatching_allowed


async def test_the_limits(dialog: Dialog) -> None:
    await add_private_phone(dialog)
    await dialog.change("limits")
    assert dialog.suggested == LIMITS
    await dialog.submit(arm_distance=500, arm_after=10, window=30, cool_down=2)
    settings = rule_of(dialog).settings
    assert (settings.arm_distance, settings.arm_after, settings.window, settings.cool_down) == (
        500,
        600,
        1800,
        120,
    )


async def test_another_scanner_is_chosen_without_measuring(dialog: Dialog) -> None:
    await add_private_phone(dialog)
    await dialog.change("door")
    assert dialog.suggested == {
        "scanners": [dialog.home.adapter.source],
        "threshold": -68,
        "measure": True,
    }
    await dialog.submit(scanners=[dialog.home.adapter.source], threshold=-60, measure=False)
    assert rule_of(dialog).settings.threshold == -60


async def test_measuring_again_for_a_rule_that_is_there(dialog: Dialog, phone: VirtualPhone) -> None:
    await add_private_phone(dialog)
    phone.place({dialog.home.adapter: -55})
    await dialog.change("door")
    await dialog.submit(scanners=[dialog.home.adapter.source], threshold=-60, measure=True)
    await dialog.wait()
    await dialog.submit(threshold=-59, again=False)
    assert dialog.shown["reason"] == "reconfigure_successful"
    assert rule_of(dialog).settings.threshold == -59


async def test_the_key_is_never_shown_and_kept_if_left_empty(dialog: Dialog) -> None:
    await add_private_phone(dialog)
    await dialog.change("person")
    await dialog.submit(person=OTHER, evidence="private_device")
    assert dialog.step == "private_device"
    assert dialog.suggested == {"irk": None}
    assert IRK.hex() not in str(dialog.shown)
    await dialog.submit()
    assert dialog.step == "door"
    await dialog.submit(scanners=[dialog.home.adapter.source], threshold=-60, measure=False)
    (subentry,) = dialog.entry.subentries.values()
    assert subentry.data["irk"] == IRK.hex()
    assert subentry.title == "Bert's phone"


async def test_another_kind_of_evidence_forgets_the_key(dialog: Dialog) -> None:
    await add_private_phone(dialog)
    await dialog.change("person")
    await dialog.submit(person=TRACKER, evidence="entity")
    await dialog.submit(entity="binary_sensor.at_the_door")
    (subentry,) = dialog.entry.subentries.values()
    assert not {"irk", "scanners", "threshold"} & subentry.data.keys()


async def test_one_rule_for_each_person(dialog: Dialog) -> None:
    await add_private_phone(dialog)
    await dialog.add()
    await dialog.submit(person=TRACKER, evidence="entity")
    assert dialog.shown["errors"] == {"person": "person_taken"}
    await dialog.submit(person=OTHER, evidence="entity")
    assert dialog.step == "entity"
    dialog.close()
    # The person of the rule that is changed is not somebody else's.
    await dialog.change("person")
    await dialog.submit(person=TRACKER, evidence="private_device")
    assert dialog.step == "private_device"


async def test_a_closed_dialog_measures_no_more(dialog: Dialog, phone: VirtualPhone) -> None:
    await dialog.add()
    await dialog.submit(person=TRACKER, evidence="private_device")
    await dialog.submit(irk=IRK.hex())
    await dialog.submit(scanners=[dialog.home.adapter.source], threshold=-70, measure=True)
    assert dialog.shown["type"] is FlowResultType.SHOW_PROGRESS
    dialog.close()
    await dialog.home.hass.async_block_till_done()
    assert not dialog.entry.subentries
    # Nothing waits for its end, which the test harness would notice.


async def test_a_scanner_that_is_away_stays_chosen(dialog: Dialog) -> None:
    await add_private_phone(dialog)
    dialog.home.adapter.stop()
    await dialog.change("door")
    assert dialog.suggested["scanners"] == [dialog.home.adapter.source]
    await dialog.submit(scanners=[dialog.home.adapter.source], threshold=-60, measure=False)
    assert dialog.shown["reason"] == "reconfigure_successful"
    dialog.home.adapter.start(dialog.home.hass)


@pytest.mark.parametrize(
    ("begin", "end", "quiet", "not_quiet"),
    [(8, 20, (8, 19), (7, 20)), (22, 6, (22, 5), (6, 21)), (0, 0, (0, 23), ()), (12, 12, (11, 12), ())],
)
def test_quiet_hours(begin: int, end: int, quiet: tuple[int, ...], not_quiet: tuple[int, ...]) -> None:
    """Hours that end where they begin are the whole day: the door stays locked."""
    hours = QuietTimes(begin=time(begin), end=time(end))
    for hour in (*quiet, *not_quiet):
        assert hours.active(datetime(2026, 11, 20, hour, tzinfo=UTC)) is (hour in quiet)


async def test_another_phone_is_asked_about_again(dialog: Dialog) -> None:
    """Whether it is the one that was away: after adding a rule, and after its phone was changed; else not."""
    await add_private_phone(dialog)

    def check() -> str:
        (subentry,) = dialog.entry.subentries.values()
        return str(subentry.data["phone_check"])

    first = check()
    await dialog.change("limits")
    await dialog.submit(**LIMITS)
    assert check() == first
    await dialog.change("person")
    await dialog.submit(person=TRACKER, evidence="private_device")
    await dialog.submit()
    await dialog.submit(scanners=[dialog.home.adapter.source], threshold=-60, measure=False)
    assert check() == first
    await dialog.change("person")
    await dialog.submit(person=TRACKER, evidence="private_device")
    await dialog.submit(irk=bytes(16).hex())
    await dialog.submit(scanners=[dialog.home.adapter.source], threshold=-60, measure=False)
    assert check() != first


async def test_what_is_chosen_is_what_has_that_name_now(dialog: Dialog) -> None:
    """The contact of before is called otherwise; the owner chooses the one that has its name."""
    registry = er.async_get(dialog.home.hass)
    old = registry.async_get_or_create("binary_sensor", "zha", "old", suggested_object_id="garage")
    await add_private_phone(dialog)
    await dialog.change("conditions")
    await dialog.submit(**CONDITIONS, entrances=[old.entity_id])
    await dialog.home.hass.async_block_till_done()
    registry.async_update_entity(old.entity_id, new_entity_id="binary_sensor.shed")
    new = registry.async_get_or_create("binary_sensor", "zha", "new", suggested_object_id="garage")
    assert new.entity_id == old.entity_id
    await dialog.change("conditions")
    assert dialog.suggested["entrances"] == ["binary_sensor.shed"]
    await dialog.submit(**CONDITIONS, entrances=[new.entity_id])
    (subentry,) = dialog.entry.subentries.values()
    assert subentry.data["references"] == {new.entity_id: new.id}


async def test_a_person_who_was_renamed_is_taken_still(dialog: Dialog) -> None:
    registry = er.async_get(dialog.home.hass)
    dialog.home.hass.states.async_remove(TRACKER)
    tracker = registry.async_get_or_create(
        "device_tracker", "mobile_app", "anna", suggested_object_id="annas_phone"
    )
    assert tracker.entity_id == TRACKER
    await add_private_phone(dialog)
    registry.async_update_entity(TRACKER, new_entity_id="device_tracker.renamed")
    await dialog.add()
    await dialog.submit(person="device_tracker.renamed", evidence="entity")
    assert dialog.shown["errors"] == {"person": "person_taken"}
