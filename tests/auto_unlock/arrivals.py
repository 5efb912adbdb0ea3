"""Somebody with a phone who leaves and comes home, for the tests of auto-unlock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.auto_unlock.rule import (
    CONF_ACTION,
    CONF_ARM_AFTER,
    CONF_ARM_DISTANCE,
    CONF_CONFIRM,
    CONF_COOL_DOWN,
    CONF_EVIDENCE,
    CONF_HOLD_BATTERY,
    CONF_IRK,
    CONF_PERSON,
    CONF_SCANNERS,
    CONF_THRESHOLD,
    CONF_WINDOW,
    SUBENTRY_TYPE,
)
from custom_components.smartlock.const import CLIENT_TYPE_BRIDGE, DOMAIN
from simulator.phone import Identity, PrivatePhone, VirtualPhone
from simulator.virtual_lock import VirtualLock, quick
from tests.integration.home import Home

__all__ = ["IRK", "PERSON", "TRACKER", "Resident", "resident", "rule_data"]

IRK = bytes.fromhex("ec0234a357c8ad05341010a60a397d9b")
TRACKER = "device_tracker.annas_phone"
PERSON = "Anna"
# What a position is away by, in m for one degree of latitude.
_DEGREE = 111_000.0


def rule_data(scanners: list[str], /, **changes: Any) -> dict[str, Any]:
    """Return the data of a subentry as the forms make it, with the proposals in them."""
    return {
        CONF_PERSON: TRACKER,
        CONF_EVIDENCE: "private_device",
        CONF_IRK: IRK.hex(),
        CONF_SCANNERS: scanners,
        CONF_THRESHOLD: -70.0,
        CONF_ACTION: "unlock",
        CONF_CONFIRM: False,
        CONF_HOLD_BATTERY: True,
        CONF_ARM_DISTANCE: 200,
        CONF_ARM_AFTER: 5,
        CONF_WINDOW: 20,
        CONF_COOL_DOWN: 10,
    } | changes


class Resident:
    """Anna: her phone on the radio, her tracker in Home Assistant, and her rule."""

    def __init__(self, home: Home, lock: VirtualLock, entry: MockConfigEntry, phone: VirtualPhone) -> None:
        """Take the parts; use `resident`."""
        self.home = home
        self.lock = lock
        self.entry = entry
        self.phone = phone
        self.events: list[State] = []
        self.shown: list[str] = []
        self._reports = 0

    @property
    def hass(self) -> HomeAssistant:
        """Home Assistant."""
        return self.home.hass

    @property
    def subentry_id(self) -> str:
        """Id of her rule."""
        (subentry_id,) = self.entry.subentries
        return str(subentry_id)

    # --- What she does ------------------------------------------------------------------------------------

    def report(self, metres: float, *, accuracy: float | None = 15, home: bool | None = None) -> None:
        """Let her phone tell Home Assistant where it is; never exactly the same place twice."""
        self._reports += 1
        config = self.hass.config
        at_home = metres < 100 if home is None else home
        attributes: dict[str, Any] = {
            "source_type": "gps",
            "latitude": config.latitude + (metres + self._reports % 7) / _DEGREE,
            "longitude": config.longitude,
        }
        if accuracy is not None:
            attributes["gps_accuracy"] = accuracy
        self.hass.states.async_set(TRACKER, "home" if at_home else "not_home", attributes)

    async def leave(self, minutes: float = 8) -> None:
        """Walk away and stay away; the phone tells it every two minutes, each time from elsewhere."""
        self.phone.go_away(20)
        await self.sleep(60)
        for turn in range(round(minutes / 2)):
            self.report(900 + 250 * turn)
            await self.sleep(120)

    async def come_back(self) -> None:
        """Come into the zone of the home, out of reach of the radio."""
        self.report(60)
        await self.sleep(20)

    async def walk_to_the_door(self, signal: float = -58, seconds: float = 20) -> None:
        """Walk up to the door and stand there."""
        self.phone.walk({self.home.adapter: signal}, seconds)
        await self.sleep(seconds)

    async def arrive(self) -> None:
        """Come back and to the door, and wait there."""
        await self.come_back()
        await self.walk_to_the_door()
        await self.sleep(15)

    async def sleep(self, seconds: float) -> None:
        """Let time pass, in pieces so that nothing else stands still."""
        until = self.home.now + seconds
        await self.home.until(lambda: self.home.now >= until, within=seconds + 60)

    # --- What the rule shows ------------------------------------------------------------------------------

    def entity_id(self, platform: str, key: str) -> str:
        """Return the id of an entity of her rule."""
        unique_id = f"{self.lock.nuki_id:08X}_{self.subentry_id}_{key}"
        entity_id = er.async_get(self.hass).async_get_entity_id(platform, DOMAIN, unique_id)
        assert entity_id is not None, key
        return entity_id

    def full_state(self, platform: str, key: str) -> State:
        """Return the state of an entity of her rule."""
        state = self.hass.states.get(self.entity_id(platform, key))
        assert state is not None
        return state

    @property
    def phase(self) -> str:
        """Where her rule stands."""
        return self.full_state("sensor", "auto_unlock_state").state

    @property
    def reason(self) -> str:
        """Why it stands there."""
        return self.full_state("sensor", "auto_unlock_reason").state

    @property
    def mode(self) -> str:
        """What her rule may do."""
        return self.full_state("select", "auto_unlock_mode").state

    async def choose(self, mode: str) -> None:
        """Let her rule do something else: disabled, dry_run, enabled or paused."""
        target = {"entity_id": self.entity_id("select", "auto_unlock_mode"), "option": mode}
        await self.hass.services.async_call("select", "select_option", target, blocking=True)

    @property
    def runs(self) -> list[str]:
        """The actions for which the motor ran."""
        return [str(entry.facts["action"]) for entry in self.lock.journal.motor_runs]

    @property
    def orders(self) -> int:
        """How many lock actions have reached the lock."""
        return len(self.lock.journal.requests("LOCK_ACTION"))

    @property
    def told(self) -> list[tuple[str, str]]:
        """The kind and the reason of what the event entity told."""
        return [(state.attributes["event_type"], state.attributes["reason"]) for state in self.events]

    @callback
    def watch(self) -> None:
        """Keep what the entities show from now on."""

        @callback
        def told(event: Event[EventStateChangedData]) -> None:
            state = event.data["new_state"]
            if state is not None and state.state not in ("unknown", "unavailable"):
                self.events.append(state)

        @callback
        def moved(event: Event[EventStateChangedData]) -> None:
            state = event.data["new_state"]
            if state is not None and self.shown[-1:] != [state.state]:
                self.shown.append(state.state)

        event, sensor = (
            self.entity_id("event", "auto_unlock_decision"),
            self.entity_id("sensor", "auto_unlock_state"),
        )
        async_track_state_change_event(self.hass, [event], told)
        async_track_state_change_event(self.hass, [sensor], moved)


@asynccontextmanager
async def resident(
    home: Home,
    *,
    identity: Identity | None = None,
    switched_on: bool = True,
    model: str = "gen3",
    lock_options: dict[str, Any] | None = None,
    settings: dict[str, int] | None = None,
    client_type: str = CLIENT_TYPE_BRIDGE,
    **changes: Any,
) -> AsyncIterator[Resident]:
    """Set up a lock with a rule for Anna, who is at home with her phone beside her."""
    # Seldom enough for hours to pass quickly.
    options = {"timing": quick(advertising_interval=4.0)} | (lock_options or {})
    lock = home.add_lock(model, **options)
    lock.settings.change(**(settings or {}))
    entry = home.entry(lock, client_type)
    home.hass.config_entries.async_add_subentry(
        entry,
        ConfigSubentry(
            data=MappingProxyType(rule_data([home.adapter.source], **changes)),
            subentry_type=SUBENTRY_TYPE,
            title=PERSON,
            unique_id=None,
        ),
    )
    async with VirtualPhone(home.radio, identity or PrivatePhone(irk=IRK), interval=0.8) as phone:
        anna = Resident(home, lock, entry, phone)
        anna.report(5)
        phone.place({home.adapter: -75})
        assert await home.hass.config_entries.async_setup(entry.entry_id)
        await home.settled(entry, lock)
        anna.watch()
        if switched_on:
            await anna.choose("enabled")
        yield anna
