"""Auto-unlock, from a phone on the radio and its app to the bolt; and the attacks that get nowhere."""

import asyncio
from contextlib import AsyncExitStack
import secrets
from typing import Any

import pytest

from simulator.companion_app import CompanionApp
from simulator.demo.house import House
from simulator.esphome_proxy import VirtualProxy
from simulator.home_assistant import FlowResult
from simulator.home_assistant.connection import WAIT_TIMEOUT
from simulator.phone import PrivatePhone, Recording, VirtualPhone
from tests.e2e.conftest import Mount
from tests.e2e.owned import OwnedLock, add_bridge

# Where Home Assistant's configuration says that the home is, and one and two kilometres north of it.
HOME, AWAY, FURTHER = (47.0700, 15.4400), (47.0790, 15.4400), (47.0880, 15.4400)
# The shortest absence that an owner can choose, in minutes.
ABSENCE = 1
FIX = "/api/repairs/issues/fix"
ENTITIES = {"auto_unlock_state", "auto_unlock_reason", "auto_unlock_decision", "auto_unlock_mode"}


class Resident:
    """Somebody with a phone, an app on it, and a rule at a lock."""

    def __init__(self, owned: OwnedLock, app: CompanionApp, phone: VirtualPhone, rule: str) -> None:
        self.owned = owned
        self.app = app
        self.phone = phone
        self._prefix = f"{owned.lock.nuki_id:08X}_{rule}_"
        self._entities: dict[str, str] = {}

    async def find_entities(self) -> None:
        """Look up the entities of the rule, which appear after its dialog has ended."""
        async with asyncio.timeout(WAIT_TIMEOUT):
            while not self._entities.keys() >= ENTITIES:
                found = await self.owned.api.entity_ids("smartlock")
                self._entities = {
                    unique_id.removeprefix(self._prefix): entity_id
                    for unique_id, entity_id in found.items()
                    if unique_id.startswith(self._prefix) and entity_id in self.owned.api.states
                }

    def state(self, key: str) -> str:
        """Return what an entity of the rule shows."""
        return self.owned.api.states[self._entities[key]].state

    @property
    def reason(self) -> str:
        """Why the rule stands where it stands."""
        return self.state("auto_unlock_reason")

    @property
    def decision(self) -> dict[str, Any]:
        """What the event entity told last."""
        return dict(self.owned.api.states[self._entities["auto_unlock_decision"]].attributes)

    async def phase(self, *phases: str, timeout: float = 30) -> None:
        """Wait until the rule stands there."""
        await self.owned.api.wait_for_state(self._entities["auto_unlock_state"], *phases, timeout=timeout)

    async def switch_on(self) -> None:
        """Allow the rule to unlock."""
        await self.owned.api.call(
            "select.select_option", self._entities["auto_unlock_mode"], option="enabled"
        )
        await self.phase("home")

    async def confirm_phone(self) -> None:
        """Say in the repair that it was this phone that was away."""
        api = self.owned.api
        listed = (await api.command("repairs/list_issues"))["issues"]
        (issue,) = [each["issue_id"] for each in listed if each["translation_key"] == "auto_unlock_phone"]
        menu = await api.request("POST", FIX, {"handler": "smartlock", "issue_id": issue})
        done = await api.request("POST", f"{FIX}/{menu['flow_id']}", {"next_step_id": "with_me"})
        assert done["type"] == "create_entry"

    @property
    def orders(self) -> int:
        """How many lock actions have reached the lock."""
        return len(self.owned.lock.journal.requests("LOCK_ACTION"))


def labels(form: FlowResult, field: str) -> dict[str, str]:
    """Return the values of a choice by what is written beside them."""
    (selector,) = [each["selector"]["select"] for each in form["data_schema"] if each["name"] == field]
    return {option["label"]: option["value"] for option in selector["options"]}


async def add_rule(owned: OwnedLock, app: CompanionApp, irk: bytes, **conditions: Any) -> str:
    """Add a rule by way of its forms; return its id."""
    api = owned.api
    form = await api.start_subentry_flow(owned.entry_id, "auto_unlock")
    flow_id = form["flow_id"]
    await api.submit(flow_id, person=app.person, phone="private_device", irk=irk.hex())
    door = await api.submit(flow_id, next_step_id="by_hand")
    (scanner,) = [source for label, source in labels(door, "scanners").items() if "porch" in label.lower()]
    await api.submit(flow_id, scanners=[scanner], threshold=-65)
    result = await api.submit(flow_id, understood=True)
    assert result["type"] == "create_entry", result
    (subentry,) = await api.subentries(owned.entry_id)
    rule = str(subentry["subentry_id"])
    for page, values in (
        ("conditions", {"action": "unlock", "confirm": False, "hold_battery_critical": True} | conditions),
        ("limits", {"arm_distance": 200, "arm_after": ABSENCE, "window": 20, "cool_down": 10}),
    ):
        form = await api.start_subentry_flow(owned.entry_id, "auto_unlock", rule)
        await api.submit(form["flow_id"], next_step_id=page)
        changed = await api.submit(form["flow_id"], **values)
        assert changed["reason"] == "reconfigure_successful", changed
    return rule


async def move_in(stack: AsyncExitStack, owned: OwnedLock, name: str, **conditions: Any) -> Resident:
    """Have somebody with a phone live here."""
    irk = secrets.token_bytes(16)
    app = await CompanionApp.install(owned.api, name)
    await app.tell_position(*HOME)
    rule = await add_rule(owned, app, irk, **conditions)
    identity = PrivatePhone(irk=irk, seed=len(name))
    phone = await stack.enter_async_context(VirtualPhone(owned.house.radio, identity, interval=0.2))
    resident = Resident(owned, app, phone, rule)
    await resident.find_entities()
    await resident.switch_on()
    return resident


async def test_an_arrival_and_what_gets_nowhere(house: House, mount: Mount, porch: VirtualProxy) -> None:
    indoor = house.proxy
    front, back = await asyncio.gather(
        add_bridge(house, mount(name="Front door")), add_bridge(house, mount(name="Back door"))
    )
    async with AsyncExitStack() as stack:
        anna, bert = await asyncio.gather(
            move_in(stack, front, "Anna", notify="mobile_app_annas_phone"), move_in(stack, back, "Bert")
        )
        for resident in (anna, bert):
            stack.push_async_callback(resident.app.uninstall)

        # Anna is at home, upstairs, and her position jumps; then she walks by the door from inside.
        for resident in (anna, bert):
            resident.phone.place({indoor: -55, porch: -80})
        await asyncio.sleep(2)
        await anna.app.tell_position(*AWAY)
        await anna.app.tell_position(*HOME)
        anna.phone.walk({indoor: -60, porch: -50}, 2)
        await asyncio.sleep(4)
        assert anna.state("auto_unlock_state") == "home"
        assert anna.orders == 0

        # Both leave. Anna's phone is asked where it is when a minute is over; Bert's tells it by itself.
        for resident in (anna, bert):
            resident.phone.walk({porch: -55}, 2)
        await asyncio.sleep(2)
        for resident in (anna, bert):
            resident.phone.go_away(2)
        await asyncio.sleep(3)
        for resident in (anna, bert):
            await resident.app.tell_position(*AWAY)
            await resident.phase("leaving")
        anna.app.move(*FURTHER)
        await asyncio.sleep(ABSENCE * 60 + 1)
        await bert.app.tell_position(*FURTHER)
        await bert.phase("away")
        await anna.phase("away")
        assert [each["message"] for each in anna.app.notifications][-1:] == ["request_location_update"]

        # Somebody plays what Bert's phone has sent, right at the door; but Bert has not come back. Anna has.
        recording = Recording.of(bert.phone.identity, asyncio.get_running_loop().time())
        async with VirtualPhone(house.radio, recording, interval=0.1) as attacker:
            attacker.walk({porch: -45}, 4)
            await anna.app.tell_position(*HOME)
            await anna.phase("returning")
            assert anna.orders == 0
            # It is the first time: is it her phone?
            await anna.confirm_phone()
            anna.phone.walk({porch: -52, indoor: -75}, 6)
            await front.shows("lock", "unlocked")
        assert bert.orders == 0
        assert bert.state("auto_unlock_state") == "away"
        await anna.phase("cooling_down")
        assert front.motor_runs == ["UNLOCK"]
        assert anna.decision["event_type"] == "fired"
        assert anna.decision["reason"] == "done"

        # She goes in and locks, her phone lying at the door; an attacker plays its packets beside it.
        await front.call("lock")
        recording = Recording.of(anna.phone.identity, asyncio.get_running_loop().time())
        async with VirtualPhone(house.radio, recording, interval=0.1) as attacker:
            attacker.walk({porch: -40}, 2)
            await asyncio.sleep(4)
        assert front.motor_runs == ["UNLOCK", "LOCK"]

        # Home Assistant restarts while Bert is away: it has not seen him leave.
        await house.home_assistant.restart()
        await bert.app.connect(house.api)
        await anna.app.connect(house.api)
        await bert.phase("home")
        await bert.owned.api.wait_for("the reason", lambda: bert.reason == "restarted")
        await bert.app.tell_position(*HOME)
        bert.phone.walk({porch: -45}, 3)
        await asyncio.sleep(6)
        assert bert.state("auto_unlock_state") == "home"
        assert bert.orders == 0
        assert back.motor_runs == []
        for owned in (front, back):
            assert owned.rules_broken == []
            assert owned.lock.journal.pins_sent == []

        # A rule that is removed is gone with all that it had, and the lock stays.
        (subentry,) = await house.api.subentries(front.entry_id)
        await house.api.remove_subentry(front.entry_id, subentry["subentry_id"])
        await house.api.wait_for(
            "the entities to go",
            lambda: not any("for_anna" in entity_id for entity_id in house.api.states),
        )
        names = {device["name"] for device in await house.api.devices("smartlock")}
        assert names == {"Front door", "Back door", "Back door: auto-unlock for Bert"}
        await front.shows("lock", "locked")


@pytest.mark.timeout(300)
async def test_the_contact_of_the_garage_is_renamed_while_she_is_away(
    house: House, mount: Mount, porch: VirtualProxy
) -> None:
    """She comes in by the garage, and passes the front door inside."""
    front = await add_bridge(house, mount(name="Front door"))
    api = house.api
    async with AsyncExitStack() as stack:
        clara = await CompanionApp.install(api, "Clara")
        stack.push_async_callback(clara.uninstall)
        await clara.register_contact("Garage")
        garage = "binary_sensor.claras_phone_garage"
        await api.wait_for("the contact", lambda: garage in api.states)
        anna = await move_in(stack, front, "Anna", entrances=[garage])
        stack.push_async_callback(anna.app.uninstall)
        anna.phone.place({house.proxy: -55, porch: -80})
        await asyncio.sleep(2)
        anna.phone.go_away(2)
        await asyncio.sleep(3)
        await anna.app.tell_position(*AWAY)
        await anna.phase("leaving")
        await asyncio.sleep(ABSENCE * 60 + 1)
        await anna.app.tell_position(*FURTHER)
        await anna.phase("away")

        await api.command(
            "config/entity_registry/update", entity_id=garage, new_entity_id="binary_sensor.garage_door"
        )
        await api.wait_for("its new name", lambda: "binary_sensor.garage_door" in api.states)
        await anna.app.tell_position(*HOME)
        await anna.phase("returning")
        await anna.confirm_phone()
        await clara.tell_contact("Garage", opened=True)
        await anna.phase("home")
        await api.wait_for("the reason", lambda: anna.reason == "unlocked")
        anna.phone.walk({porch: -48, house.proxy: -60}, 4)
        await asyncio.sleep(8)
        assert anna.orders == 0

        # Gone for good: the repair names rule and contact.
        await api.command("config/entity_registry/remove", entity_id="binary_sensor.garage_door")
        await api.wait_for("the rule to hold", lambda: anna.reason == "reference_gone")
        listed = await api.command("repairs/list_issues")
        (issue,) = [
            each for each in listed["issues"] if each["translation_key"] == "auto_unlock_reference_gone"
        ]
        assert issue["translation_placeholders"] == {"name": "Front door", "rule": "Anna", "what": garage}
