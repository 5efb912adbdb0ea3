"""Adding, changing and removing a rule, form by form, with every mistake that can be made in it."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER
from homeassistant.core import ServiceCall
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events  # type: ignore[import-untyped]

from custom_components.smartlock.auto_unlock import phone_radio
from custom_components.smartlock.auto_unlock.calibration import MEASURING_TIME
from custom_components.smartlock.auto_unlock.phones import received_now
from custom_components.smartlock.auto_unlock.references import Reference
from custom_components.smartlock.auto_unlock.rule import SUBENTRY_TYPE, QuietTimes, Rule
from custom_components.smartlock.auto_unlock.rules import PhoneEvidence, RuleAction, RuleSettings
from simulator.local_adapter import LocalAdapter
from simulator.phone import BeaconPhone, PrivatePhone, VirtualPhone
from tests.auto_unlock.arrivals import IRK, TRACKER
from tests.integration.forms import filled_in
from tests.integration.home import Home

NOTIFY = "mobile_app_anna_s_phone"
PHONE = phone_radio.PrivatePhone(irk=IRK)
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

    async def pick(self, option: str) -> None:
        """Choose from a menu."""
        assert option in self.menu
        await self.submit(next_step_id=option)

    async def fetch(self) -> None:
        """Get what is shown now."""
        self.shown = await self._flows.async_configure(self.shown["flow_id"])

    @property
    def menu(self) -> list[str]:
        """What can be chosen from the menu that is shown."""
        assert self.shown["type"] is FlowResultType.MENU
        return list(self.shown["menu_options"])

    @property
    def selectors(self) -> dict[str, Any]:
        """The fields of the form."""
        return {str(marker): selector for marker, selector in self.shown["data_schema"].schema.items()}

    def labels(self, field: str) -> list[str]:
        """What can be chosen in a field."""
        return [option["label"] for option in self.selectors[field].config["options"]]

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


async def finish(dialog: Dialog) -> None:
    """Take note of the risk."""
    assert dialog.step in ("risk", "risk_no_app")
    tries = dialog.step == "risk"
    await dialog.submit(understood=True)
    assert dialog.shown["type"] is FlowResultType.CREATE_ENTRY
    # What it says at the end: a rule that lacks something is off.
    assert dialog.shown["description"] == ("tried" if tries else None)


async def set_by_hand(dialog: Dialog, threshold: int = -68) -> None:
    """Choose the scanner without measuring."""
    assert "by_hand" in dialog.menu
    await dialog.pick("by_hand")
    await dialog.submit(scanners=[dialog.home.adapter.source], threshold=threshold)


async def add_private_phone(dialog: Dialog) -> None:
    """Add a rule without measuring."""
    await dialog.add()
    await dialog.submit(person=TRACKER, phone="private_device", irk=IRK.hex())
    await set_by_hand(dialog)
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
    await dialog.submit(person=TRACKER, phone="private_device", irk="no key")
    assert dialog.shown["errors"] == {"irk": "irk_not_valid"}
    assert "no key" not in str(dialog.suggested)
    await dialog.submit(person=TRACKER, phone="private_device")
    assert dialog.shown["errors"] == {"irk": "irk_missing"}
    await dialog.submit(person=TRACKER, phone="private_device", irk=base64.b64encode(IRK[::-1]).decode())

    assert dialog.shown["step_id"] == "door_silent"
    # Nobody is there yet.
    await dialog.pick("measuring")
    began = home.now
    await dialog.wait()
    assert home.now - began >= MEASURING_TIME
    assert dialog.shown["step_id"] == "not_heard"
    assert dialog.menu == ["measuring", "person", "by_hand"]

    phone.place({home.adapter: -61})
    await dialog.pick("measuring")
    await dialog.wait()
    assert dialog.shown["step_id"] == "measured"
    picture = dialog.shown["description_placeholders"]
    assert picture["at_door"].endswith(") -61 dBm")
    assert (picture["inside"], picture["threshold"]) == ("–", "-65 dBm")

    phone.place({home.adapter: -80})
    await dialog.pick("inside")
    assert dialog.step == "inside"
    await dialog.submit()
    await dialog.wait()
    assert dialog.shown["step_id"] == "measured"
    assert dialog.shown["description_placeholders"]["inside"].endswith(") -80 dBm")
    await dialog.pick("use")
    await finish(dialog)

    assert dialog.shown["title"] == "Anna's phone"
    rule = rule_of(dialog)
    assert rule.phone == PHONE
    assert rule.settings.threshold == -65
    assert rule.settings.door_scanners == {home.adapter.source}
    assert not rule.settings.can_locate


async def test_the_signal_is_shown_while_it_is_measured(dialog: Dialog, phone: VirtualPhone) -> None:
    """As the frontend does it: it fetches the form whenever it is told to."""
    await dialog.add()
    await dialog.submit(person=TRACKER, phone="private_device", irk=IRK.hex())
    phone.place({dialog.home.adapter: -61})
    await dialog.pick("measuring")
    assert dialog.shown["description_placeholders"] == {"live": "–"}
    told = async_capture_events(dialog.home.hass, "data_entry_flow_progressed")
    await dialog.home.until(lambda: len(told) > 1)
    await dialog.fetch()
    assert dialog.shown["type"] is FlowResultType.SHOW_PROGRESS
    assert "**-61 dBm** · " in dialog.shown["description_placeholders"]["live"]
    await dialog.wait()
    # Once a second, and again for each change, but not for each packet.
    assert len(told) <= 2 * MEASURING_TIME + 2


async def test_inside_is_as_strong_as_at_the_door(dialog: Dialog, phone: VirtualPhone) -> None:
    await dialog.add()
    await dialog.submit(person=TRACKER, phone="private_device", irk=IRK.hex())
    phone.place({dialog.home.adapter: -61})
    await dialog.pick("measuring")
    await dialog.wait()
    phone.place({dialog.home.adapter: -64})
    await dialog.pick("inside")
    await dialog.submit()
    await dialog.wait()
    assert dialog.shown["step_id"] == "measured_close"
    await dialog.pick("use")
    assert dialog.step == "risk_no_app"


async def test_a_phone_that_private_ble_device_knows(dialog: Dialog, phone: VirtualPhone) -> None:
    hass = dialog.home.hass
    known = MockConfigEntry(domain="private_ble_device", title="Anna's iPhone", data={"irk": IRK.hex()})
    known.add_to_hass(hass)
    for broken in ({"irk": "12"}, {"irk": "key"}, {"irk": None}, {}):
        MockConfigEntry(domain="private_ble_device", title="Broken", data=broken).add_to_hass(hass)
    home_at = {"latitude": hass.config.latitude, "longitude": hass.config.longitude}
    hass.states.async_set("person.anna", "home", home_at | {"friendly_name": "Anna"})
    hass.states.async_set("person.guest", "unknown")
    await dialog.add()
    # Nothing has to be chosen where there is only one.
    assert dialog.suggested == {"person": "person.anna", "phone": known.entry_id, "irk": None}
    assert dialog.labels("phone")[:1] == ["Anna's iPhone"]
    assert IRK.hex() not in str(dialog.shown)
    dialog.close()

    phone.place({dialog.home.adapter: -57})
    await dialog.home.until(lambda: received_now(hass, PHONE))
    await dialog.add()
    assert dialog.labels("phone")[:1] == ["Anna's iPhone (-57 dBm)"]
    await dialog.submit(person="person.anna", phone=known.entry_id)
    assert dialog.shown["step_id"] == "door"
    assert dialog.shown["description_placeholders"]["level"] == "-57 dBm"
    await dialog.pick("measuring")
    await dialog.wait()
    await dialog.pick("use")
    await finish(dialog)
    assert rule_of(dialog).phone == PHONE
    await hass.async_block_till_done()
    await dialog.change("person")
    assert dialog.suggested["phone"] == known.entry_id


async def test_none_of_several_phones_is_chosen_beforehand(dialog: Dialog) -> None:
    """Otherwise the rule of one person could take the phone of another, who comes home without them."""
    for name, irk in (("Anna's iPhone", IRK), ("Bert's iPhone", bytes(16))):
        MockConfigEntry(domain="private_ble_device", title=name, data={"irk": irk.hex()}).add_to_hass(
            dialog.home.hass
        )
    await dialog.add()
    assert "phone" not in filled_in(dialog.shown["data_schema"])
    await dialog.submit(person=TRACKER)
    assert (dialog.step, dialog.shown["errors"]) == ("person", {"irk": "irk_missing"})
    await dialog.submit(person=TRACKER, irk=IRK.hex())
    assert dialog.shown["step_id"] == "door_silent"


async def test_no_scanner_is_chosen_beforehand(dialog: Dialog) -> None:
    """One beside that at the door would take a phone elsewhere for one at the door."""
    await dialog.add()
    await dialog.submit(person=TRACKER, phone="private_device", irk=IRK.hex())
    await dialog.pick("by_hand")
    untouched = filled_in(dialog.shown["data_schema"])
    assert untouched["scanners"] == []
    await dialog.submit(**untouched)
    assert (dialog.step, dialog.shown["errors"]) == ("by_hand", {"scanners": "no_scanner"})


async def test_a_phone_that_private_ble_device_has_forgotten_meanwhile(dialog: Dialog) -> None:
    """It can no longer be chosen, and its key can be typed."""
    hass = dialog.home.hass
    known = MockConfigEntry(domain="private_ble_device", title="Anna's iPhone", data={"irk": IRK.hex()})
    known.add_to_hass(hass)
    await dialog.add()
    await hass.config_entries.async_remove(known.entry_id)
    await dialog.submit(person=TRACKER, phone=known.entry_id)
    assert (dialog.step, dialog.shown["errors"]) == ("person", {"irk": "irk_missing"})
    assert "Anna's iPhone" not in dialog.labels("phone")
    await dialog.submit(person=TRACKER, phone="private_device", irk=IRK.hex())
    assert dialog.shown["step_id"] == "door_silent"


async def test_a_phone_is_measured_instead_of_an_entity(dialog: Dialog, phone: VirtualPhone) -> None:
    """The rule has no scanners yet; like a new one it takes the best."""
    await dialog.add()
    await dialog.submit(person=TRACKER, phone="entity")
    await dialog.submit(entity="binary_sensor.at_the_door")
    await finish(dialog)
    await dialog.home.hass.async_block_till_done()
    await dialog.change("person")
    await dialog.submit(person=TRACKER, phone="private_device", irk=IRK.hex())
    await dialog.pick("measuring")
    await dialog.wait()
    assert dialog.shown["step_id"] == "not_heard"
    phone.place({dialog.home.adapter: -57})
    await dialog.pick("measuring")
    await dialog.wait()
    await dialog.pick("use")
    assert dialog.shown["reason"] == "reconfigure_successful"
    assert rule_of(dialog).settings.door_scanners == {dialog.home.adapter.source}


@pytest.mark.parametrize("when", ["typed", "measured"])
async def test_a_key_in_the_other_byte_order(dialog: Dialog, phone: VirtualPhone, when: str) -> None:
    """The phone shows which it is: as soon as the key is typed, or at the door."""
    await dialog.add()
    if when == "typed":
        phone.place({dialog.home.adapter: -60})
        await dialog.home.until(lambda: received_now(dialog.home.hass, PHONE))
    await dialog.submit(person=TRACKER, phone="private_device", irk=IRK[::-1].hex())
    assert dialog.shown["step_id"] == ("door" if when == "typed" else "door_silent")
    phone.place({dialog.home.adapter: -60})
    await dialog.pick("measuring")
    await dialog.wait()
    await dialog.pick("use")
    await finish(dialog)
    assert rule_of(dialog).phone == PHONE


async def test_another_phone_is_chosen_at_the_door(dialog: Dialog) -> None:
    """From then on only that one counts."""
    await dialog.add()
    await dialog.submit(person=TRACKER, phone="private_device", irk=IRK.hex())
    await dialog.pick("person")
    assert dialog.suggested == {"person": TRACKER, "phone": "private_device", "irk": None}
    await dialog.submit(person=TRACKER, phone="ibeacon")
    uuid = UUID("2f234454-cf6d-4a0f-adf2-f4911ba9ffa6")
    beacon = BeaconPhone(uuid=uuid, major=1, minor=2)
    async with VirtualPhone(dialog.home.radio, beacon) as tag:
        tag.place({dialog.home.adapter: -62})
        await dialog.submit(uuid=str(uuid), major=1, minor=2)
        await dialog.pick("measuring")
        await dialog.wait()
    assert dialog.shown["step_id"] == "measured"
    await dialog.pick("use")
    await finish(dialog)
    rule = rule_of(dialog)
    assert rule.settings.threshold == -66
    assert isinstance(rule.phone, phone_radio.BeaconPhone)


async def test_the_best_scanner_at_the_door_is_chosen(dialog: Dialog, phone: VirtualPhone) -> None:
    """And in the form to choose it by hand, each shows what it has received."""
    home = dialog.home
    other = LocalAdapter(home.radio, source="00:1A:7D:DA:71:22", rssi=None)
    other.start(home.hass)
    await dialog.add()
    await dialog.submit(person=TRACKER, phone="private_device", irk=IRK.hex())
    phone.place({home.adapter: -75, other: -58})
    await dialog.pick("measuring")
    await dialog.wait()
    assert dialog.shown["description_placeholders"]["threshold"] == "-62 dBm"
    await dialog.pick("by_hand")
    assert dialog.suggested == {"scanners": [other.source], "threshold": -62}
    assert sorted(label.split(": ")[-1] for label in dialog.labels("scanners")) == [
        "-58 dBm",
        "-75 dBm",
        "hci0",
    ]
    await dialog.submit(scanners=[], threshold=-62)
    assert dialog.shown["errors"] == {"scanners": "no_scanner"}
    await dialog.submit(scanners=[home.adapter.source], threshold=-78)
    await finish(dialog)
    assert rule_of(dialog).settings.door_scanners == {home.adapter.source}
    other.stop()


async def test_the_app_of_the_person_is_asked_for_the_location(
    dialog: Dialog, notified: list[ServiceCall]
) -> None:
    hass = dialog.home.hass
    app = MockConfigEntry(domain="mobile_app", title="Anna's phone", data={"device_name": "Anna's phone"})
    app.add_to_hass(hass)
    registry = er.async_get(hass)
    hass.states.async_remove(TRACKER)
    tracker = registry.async_get_or_create(
        "device_tracker", "mobile_app", "anna", suggested_object_id="annas_phone", config_entry=app
    )
    hass.states.async_set("person.anna", "home", {"device_trackers": [tracker.entity_id]})
    await dialog.add()
    await dialog.submit(person="person.anna", phone="private_device", irk=IRK.hex())
    await set_by_hand(dialog)
    assert dialog.step == "risk"
    assert dialog.shown["description_placeholders"]["notify"] == NOTIFY
    await finish(dialog)
    rule = rule_of(dialog)
    assert rule.notify == NOTIFY
    assert rule.app_entry == app.entry_id
    assert rule.settings.can_locate
    assert not rule.settings.confirm
    # Nothing is missing: it begins with a dry run, and is off once its owner has said so.
    await hass.async_block_till_done()
    (mode,) = (state.entity_id for state in hass.states.async_all("select") if "mode" in state.entity_id)
    assert hass.states.is_state(mode, "dry_run")
    assert [state.state for state in hass.states.async_all("sensor") if "reason" in state.entity_id] == [
        "switched_on"
    ]
    await dialog.home.call("select_option", "select", entity_id=mode, option="disabled")
    await hass.config_entries.async_reload(dialog.entry.entry_id)
    assert hass.states.is_state(mode, "disabled")


async def test_the_risk_must_be_understood(dialog: Dialog) -> None:
    await dialog.add()
    await dialog.submit(person=TRACKER, phone="private_device", irk=IRK.hex())
    await set_by_hand(dialog)
    await dialog.submit(understood=False)
    assert dialog.shown["errors"] == {"understood": "not_understood"}
    assert not dialog.entry.subentries
    await dialog.submit(understood=True)
    assert len(dialog.entry.subentries) == 1
    settings = rule_of(dialog).settings
    # As before: everything that was not asked is as safe as it was proposed.
    assert settings == replace(
        RuleSettings(), door_scanners=frozenset({dialog.home.adapter.source}), threshold=-68
    )


async def test_a_new_rule_that_lacks_the_app_is_there_at_once_and_off(dialog: Dialog) -> None:
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
        "auto_unlock_reason": "switched_off",
        "auto_unlock_decision": "unknown",
    }


async def test_an_ibeacon(dialog: Dialog) -> None:
    await dialog.add()
    await dialog.submit(person=TRACKER, phone="ibeacon")
    assert dialog.step == "ibeacon"
    ids = {"major": 100, "minor": 40004}
    await dialog.submit(uuid="2f234454", **ids)
    assert dialog.shown["errors"] == {"uuid": "uuid_not_valid"}
    assert dialog.suggested == {"uuid": "2f234454", **ids}
    await dialog.submit(uuid=" 2F234454CF6D4A0FADF2F4911BA9FFA6 ", **ids)
    await set_by_hand(dialog)
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
    await dialog.submit(person=TRACKER, phone="entity")
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
    assert menu["menu_options"] == ["arrivals", "person", "conditions", "limits"]


async def test_what_keeps_the_door_locked(dialog: Dialog, notified: list[ServiceCall]) -> None:
    await add_private_phone(dialog)
    await dialog.change("conditions")
    # Hours and minutes, in the frontend.
    assert dialog.selectors["quiet_from"].serialize() == {"selector": {"time": {"no_second": True}}}
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


async def test_a_phone_to_ask_is_called_by_its_name(dialog: Dialog, notified: list[ServiceCall]) -> None:
    """And by that of its action if its app is gone."""
    hass = dialog.home.hass
    app = MockConfigEntry(domain="mobile_app", title="Anna's phone", data={"device_name": "Anna's phone"})
    app.add_to_hass(hass)
    hass.services.async_register("notify", "mobile_app_old", notified.append)
    await add_private_phone(dialog)
    await dialog.change("conditions")
    assert dialog.selectors["notify"].config["options"] == [
        {"value": NOTIFY, "label": "Anna's phone"},
        {"value": "mobile_app_old", "label": "mobile_app_old"},
    ]


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
    await dialog.pick("by_hand")
    assert dialog.suggested == {"scanners": [dialog.home.adapter.source], "threshold": -68}
    await dialog.submit(scanners=[dialog.home.adapter.source], threshold=-60)
    assert dialog.shown["reason"] == "reconfigure_successful"
    assert rule_of(dialog).settings.threshold == -60


async def test_measuring_again_for_a_rule_that_is_there(dialog: Dialog, phone: VirtualPhone) -> None:
    """With the scanners that its owner has chosen."""
    await add_private_phone(dialog)
    other = LocalAdapter(dialog.home.radio, source="00:1A:7D:DA:71:22", rssi=None)
    other.start(dialog.home.hass)
    phone.place({dialog.home.adapter: -55, other: -45})
    await dialog.change("door")
    await dialog.pick("measuring")
    await dialog.wait()
    await dialog.pick("use")
    assert dialog.shown["reason"] == "reconfigure_successful"
    settings = rule_of(dialog).settings
    assert settings.threshold == -59
    assert settings.door_scanners == {dialog.home.adapter.source}
    other.stop()


async def test_the_key_is_never_shown_and_kept_if_left_empty(dialog: Dialog) -> None:
    await add_private_phone(dialog)
    await dialog.change("person")
    assert dialog.suggested == {"person": TRACKER, "phone": "private_device", "irk": None}
    assert IRK.hex() not in str(dialog.shown)
    await dialog.submit(person=OTHER, phone="private_device")
    await set_by_hand(dialog, -60)
    (subentry,) = dialog.entry.subentries.values()
    assert subentry.data["irk"] == IRK.hex()
    assert subentry.title == "Bert's phone"


async def test_another_kind_of_evidence_forgets_the_key(dialog: Dialog) -> None:
    await add_private_phone(dialog)
    await dialog.change("person")
    await dialog.submit(person=TRACKER, phone="entity")
    await dialog.submit(entity="binary_sensor.at_the_door")
    (subentry,) = dialog.entry.subentries.values()
    assert not {"irk", "scanners", "threshold"} & subentry.data.keys()


async def test_one_rule_for_each_person(dialog: Dialog) -> None:
    await add_private_phone(dialog)
    await dialog.add()
    await dialog.submit(person=TRACKER, phone="entity")
    assert dialog.shown["errors"] == {"person": "person_taken"}
    await dialog.submit(person=OTHER, phone="entity")
    assert dialog.step == "entity"
    dialog.close()
    # The person of the rule that is changed is not somebody else's.
    await dialog.change("person")
    await dialog.submit(person=TRACKER, phone="private_device")
    assert dialog.shown["step_id"] == "door_silent"


async def test_a_closed_dialog_measures_no_more(dialog: Dialog, phone: VirtualPhone) -> None:
    await dialog.add()
    await dialog.submit(person=TRACKER, phone="private_device", irk=IRK.hex())
    await dialog.pick("measuring")
    assert dialog.shown["type"] is FlowResultType.SHOW_PROGRESS
    dialog.close()
    await dialog.home.hass.async_block_till_done()
    assert not dialog.entry.subentries
    # Nothing waits for its end, which the test harness would notice.


async def test_a_scanner_that_is_away_stays_chosen(dialog: Dialog) -> None:
    await add_private_phone(dialog)
    dialog.home.adapter.stop()
    await dialog.change("door")
    await dialog.pick("by_hand")
    assert dialog.suggested["scanners"] == [dialog.home.adapter.source]
    await dialog.submit(scanners=[dialog.home.adapter.source], threshold=-60)
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
    await dialog.submit(person=TRACKER, phone="private_device")
    await set_by_hand(dialog, -60)
    assert check() == first
    await dialog.change("person")
    await dialog.submit(person=TRACKER, phone="private_device", irk=bytes(16).hex())
    await set_by_hand(dialog, -60)
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
    await dialog.submit(person="device_tracker.renamed", phone="entity")
    assert dialog.shown["errors"] == {"person": "person_taken"}
