"""What others make of each state of the lock, seen in their own code; docs/ecosystem.md has the table."""

from collections import defaultdict
from pathlib import Path
from typing import Any

from homeassistant.components import conversation
from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.components.homekit.util import state_needs_accessory_mode
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.setup import async_setup_component

from custom_components.smartlock.protocol.enums import LockState
from simulator.virtual_lock import VirtualLock
from tests.ecosystem import tables
from tests.ecosystem.voices import Alexa, Assist, Google, HomeKit
from tests.integration.home import LOCK_NAME, Home

# In the order of the table. None is out of range.
SHOWN: dict[str, LockState | None] = {
    "locked": LockState.LOCKED,
    "unlocking": LockState.UNLOCKING,
    "unlocked": LockState.UNLOCKED,
    "locking": LockState.LOCKING,
    "opening": LockState.UNLATCHING,
    "open": LockState.UNLATCHED,
    "jammed": LockState.MOTOR_BLOCKED,
    STATE_UNKNOWN: LockState.UNCALIBRATED,
    STATE_UNAVAILABLE: None,
}
BEFORE = {"locked": "secured", "unlocked": "unsecured"}


class Owner:
    """Sees the lock in all ways at once, in each state."""

    def __init__(self, home: Home, lock: VirtualLock) -> None:
        """Take home and lock."""
        self.home = home
        self.lock = lock
        self.fired: list[str] = []
        """The triggers of the lock domain that fired."""
        self.moved: list[str] = []
        """The states to which a plain state trigger fired."""

    async def show(self, state: str) -> None:
        """Let the lock entity show a state."""
        value = SHOWN[state]
        if value is None:
            self.home.go_out_of_range(self.lock)
            await self.home.until(lambda: self.home.state() == state)
        else:
            if self.home.state() == STATE_UNAVAILABLE:
                self.home.come_into_range(self.lock)
                await self.home.heard(self.lock)
            self.lock.show_state(value)
            await self.home.read()
            if state != "jammed":
                # A jam before would be shown instead.
                (entry,) = self.home.hass.config_entries.async_loaded_entries("smartlock")
                await entry.runtime_data.faults.async_repaired()
        assert self.home.state() == state
        await self.home.hass.async_block_till_done()

    async def listen(self, hass: HomeAssistant, entity_id: str) -> None:
        """Have an automation with each trigger that a lock has, and one with plain state triggers."""
        kinds = ("locked", "unlocked", "opened", "jammed")
        of_locks = [
            {"trigger": f"lock.{kind}", "target": {"entity_id": entity_id}, "id": kind} for kind in kinds
        ]
        of_states = [
            {"trigger": "state", "entity_id": entity_id, "to": state, "id": state} for state in SHOWN
        ]
        automations = [
            {
                "alias": event,
                "mode": "queued",
                "triggers": triggers,
                "actions": [{"event": event, "event_data": {"id": "{{ trigger.id }}"}}],
            }
            for event, triggers in (("fired", of_locks), ("moved", of_states))
        ]
        assert await async_setup_component(hass, "automation", {"automation": automations})
        await hass.async_block_till_done()

        @callback
        def heard(event: Event) -> None:
            {"fired": self.fired, "moved": self.moved}[str(event.event_type)].append(event.data["id"])

        for event in ("fired", "moved"):
            hass.bus.async_listen(event, heard)


def in_homekit(seen: dict[str, tuple[str, str]]) -> str:
    """Say in words what HomeKit shows after *locked* and after *unlocked*."""
    if all("no response" in each for each in seen.values()):
        return "no response"
    words = []
    for values in zip(*(seen[before] for before in BEFORE), strict=True):
        words.append("as before" if values == tuple(BEFORE.values()) else values[0])
        assert words[-1] == "as before" or len(set(values)) == 1
    current, target = words
    return f"{current} / {target}" if current != target else current


def in_google(answer: dict[str, Any]) -> str:
    """Say in words what Google is answered."""
    if not answer["online"]:
        return "offline"
    if answer.get("isJammed"):
        return "jammed"
    return "locked" if answer["isLocked"] else "unlocked"


async def test_states(home: Home, tmp_path: Path) -> None:
    """The table, from one lock that goes through all of its states."""
    hass = home.hass
    lock = home.add_lock()
    await home.set_up(lock)
    entity_id = home.entity_id("lock")
    hass.states.async_set("lock.other", "locked")
    await home.lock_group("lock.other", entity_id)
    owner = Owner(home, lock)
    await owner.listen(hass, entity_id)
    alone = await HomeKit.start(hass, entity_id, tmp_path, bridged=False)
    bridged = await HomeKit.start(hass, entity_id, tmp_path, bridged=True)
    alexa = await Alexa(hass, entity_id).start()
    google = await Google(hass, entity_id).start()
    assist = await Assist(hass).start(entity_id)

    rows = []
    for state in SHOWN:
        phone: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
        fired: dict[str, list[str]] = {}
        for before in (*BEFORE, STATE_UNKNOWN, STATE_UNAVAILABLE):
            if state == before:
                await owner.show("unlocked" if before == "locked" else "locked")
            await owner.show(before)
            owner.fired.clear()
            owner.moved.clear()
            await owner.show(state)
            if state != before:
                fired[before] = list(owner.fired)
                # Nothing escapes a plain trigger, wherever it comes from.
                assert owner.moved[-1] == state
            if before in BEFORE:
                phone["alone"][before] = alone.shown()
                phone["bridged"][before] = bridged.shown()
        lock_state, connectivity = await alexa.shown()
        group = hass.states.get("lock.doors")
        assert group is not None
        known = {tuple(fired[before]) for before in BEFORE if before in fired}
        assert len(known) == 1
        names = ", ".join(f"`lock.{kind}`" for kind in known.pop())
        if names and not fired[STATE_UNKNOWN] and not fired[STATE_UNAVAILABLE]:
            names += ", but not out of unknown or unavailable"
        with_bridge = in_homekit(phone["bridged"])
        rows.append(
            (
                state,
                in_homekit(phone["alone"]),
                "the same" if with_bridge == in_homekit(phone["alone"]) else with_bridge,
                lock_state + (f", {connectivity}" if connectivity != "OK" else ""),
                in_google(await google.shown()),
                group.state,
                names or "none",
                await assist.say(f"is {LOCK_NAME} locked", "en"),
            )
        )
    head = (
        "Smart Lock",
        "HomeKit, current / target",
        "HomeKit, behind a bridge",
        "Alexa",
        "Google",
        "Group with a lock that is locked",
        "Triggers",
        "Assist: is the door locked?",
    )
    # So that no bridge made in the user interface takes it.
    assert state_needs_accessory_mode(home.full_state())
    tables.check(
        "states", tables.rendered(tables.versions("HAP-python", "home-assistant-intents"), head, rows)
    )


async def test_group_of_which_nothing_is_known(home: Home) -> None:
    """It is unknown; only one member that is known makes it *unlocked*."""
    lock = home.add_lock()
    await home.set_up(lock)
    await home.lock_group(home.entity_id("lock"))
    owner = Owner(home, lock)
    for state in (STATE_UNKNOWN, STATE_UNAVAILABLE):
        await owner.show(state)
        group = home.hass.states.get("lock.doors")
        assert group is not None
        assert group.state == state


async def test_what_assist_is_shown_at_first(home: Home) -> None:
    """The door, but no lock, unless its owner exposes it."""
    lock = home.add_lock()
    await home.set_up(lock)
    assert await async_setup_component(home.hass, "homeassistant", {})
    exposed = {
        key: async_should_expose(home.hass, conversation.DOMAIN, home.entity_id(key))
        for key in ("lock", "door", "battery")
    }
    assert exposed == {"lock": False, "door": True, "battery": False}
