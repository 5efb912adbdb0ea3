"""A PIN that is lost for good: the way over a factory reset, and everything back that can be put back."""

import asyncio
from collections.abc import Mapping
import re
from typing import Any

from homeassistant.components.repairs import DOMAIN as REPAIRS_DOMAIN
from homeassistant.components.repairs.issue_handler import RepairsFlowManager
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.pin.repair import PinLostFlow
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.enums import LockAction, Weekdays
from custom_components.smartlock.protocol.errors import PinError
from custom_components.smartlock.protocol.wire import Date7, Time2
from simulator.lock.rights import ALWAYS
from simulator.lock.time_control import Entry
from simulator.virtual_lock import VirtualLock, quick
from tests.integration.home import NUKI_ID, PINS, Home

WEEKDAYS = Weekdays.MONDAY | Weekdays.FRIDAY
CODE = 445566
CHANGES = {"led_brightness": 1, "auto_lock_enabled": 1, "auto_lock_timeout": 120, "single_lock": 1}


def issue(home: Home, kind: str) -> ir.IssueEntry | None:
    """Return the issue of a kind."""
    return ir.async_get(home.hass).async_get_issue(DOMAIN, kind)


class Repair:
    """An owner before a repair."""

    def __init__(self, home: Home, issue_id: str) -> None:
        """Sit down."""
        self._home = home
        self._issue_id = issue_id
        self._manager: RepairsFlowManager = home.hass.data[REPAIRS_DOMAIN]["flow_manager"]

    async def open(self) -> Mapping[str, Any]:
        """Open the repair."""
        self.flow = await self._manager.async_init(DOMAIN, data={"issue_id": self._issue_id})
        return self.flow

    async def choose(self, option: str) -> Mapping[str, Any]:
        """Choose from the menu, and wait while it works."""
        flow_id = self.flow["flow_id"]
        self.flow = await self._manager.async_configure(flow_id, {"next_step_id": option})
        if self.flow["type"] is FlowResultType.SHOW_PROGRESS:
            step = self.flow["step_id"]
            await self._home.until(lambda: self._manager.async_get(flow_id)["step_id"] != step)
            self.flow = await self._manager.async_configure(flow_id)
        return self.flow

    async def submit(self, **fields: Any) -> Mapping[str, Any]:
        """Submit the form."""
        self.flow = await self._manager.async_configure(self.flow["flow_id"], fields)
        return self.flow


async def lost_lock(
    home: Home, model: str = "gen3", *, keep_codes: bool = False
) -> tuple[VirtualLock, MockConfigEntry, str]:
    """Set up a lock that has lost its PIN for good, and return the id of the issue about it."""
    await async_setup_component(home.hass, REPAIRS_DOMAIN, {})
    lock = home.add_lock(model, timing=quick(advertising_interval=1.0))
    furnish(lock)
    lock.settings.change(**CHANGES)
    pin = str(PINS[model])
    entry = await home.set_up(lock, pin=pin, keep_codes=keep_codes)
    await entry.runtime_data.archive.async_save()
    await home.until(lambda: not home.connected(lock))
    lock.swap_batteries(["pin"])
    guard = entry.runtime_data.pin
    with pytest.raises(PinError):
        await guard.ask(conversations.read_time_control)
    with pytest.raises(PinError):
        await guard.async_set_where_none_is(pin)
    await home.hass.async_block_till_done()
    return lock, entry, home.issue_id("pin_lost")


def furnish(lock: VirtualLock) -> None:
    """Pair the keypad, and let there be a code and a schedule."""
    lock.pair_accessory("keypad")
    lock.keypad_codes.add(
        CODE, name="Postman", created=Date7(2026, 1, 2, 3, 4, 5), time_limited=0, limit=ALWAYS
    )
    lock.time_control.add(Entry(weekdays=WEEKDAYS, time=Time2(22, 30), lock_action=LockAction.LOCK))


@pytest.mark.parametrize(("keep", "codes"), [(True, "1"), (False, "–")])
async def test_what_is_at_stake_is_listed(home: Home, *, keep: bool, codes: str) -> None:
    lock, _, issue_id = await lost_lock(home, keep_codes=keep)
    assert issue(home, issue_id)
    flow = await Repair(home, issue_id).open()
    assert flow["menu_options"] == ["pin_enter", "pair_again"]
    told = flow["description_placeholders"]
    assert re.fullmatch(r"[A-Z][a-z]{2} \d+ [A-Z][a-z]{2}, \d\d:\d\d", told.pop("date"))
    assert told == {"name": "Villa Kunterbunt", "people": "2", "schedules": "1", "codes": codes}
    # The lock works as ever.
    await home.call("unlock")
    assert home.state() == "unlocked"
    assert str(CODE) not in str(flow)
    assert lock.journal.broken_rules == []


async def test_without_a_snapshot_it_says_so(home: Home, hass_storage: dict[str, Any]) -> None:
    """What was kept is gone, and the lock could not be read since."""
    lock, entry, issue_id = await lost_lock(home)
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    del hass_storage[f"smartlock.{NUKI_ID:08X}.settings"]
    home.go_out_of_range(lock)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    told = (await Repair(home, issue_id).open())["description_placeholders"]
    assert set(told.values()) == {"Villa Kunterbunt", "–"}


async def test_pin_is_found(home: Home) -> None:
    """The repair takes it; then there is nothing to repair. No other one is shown meanwhile."""
    lock, _, issue_id = await lost_lock(home)
    assert home.flows(lock) == []
    assert issue(home, home.issue_id("pin_refused")) is None
    repair = Repair(home, issue_id)
    await repair.open()
    assert (await repair.choose("pin_enter"))["type"] is FlowResultType.FORM
    lock.set_pin(2345)
    assert (await repair.submit(pin="2345"))["type"] is FlowResultType.CREATE_ENTRY
    assert issue(home, issue_id) is None
    assert home.state("pin_state") == "valid"


async def test_pin_is_found_before_the_repair_is_opened(home: Home) -> None:
    """Home Assistant opens what it has shown."""
    lock, entry, _ = await lost_lock(home)
    flow = PinLostFlow(entry, lambda: entry.runtime_data.pin, dict)
    flow.hass = home.hass
    lock.set_pin(2345)
    await entry.runtime_data.pin.async_enter("2345")
    assert (await flow.async_step_init())["type"] is FlowResultType.CREATE_ENTRY


async def test_issue_is_there_after_a_restart(home: Home) -> None:
    lock, entry, issue_id = await lost_lock(home)
    sent = len(lock.journal.pins_sent)
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settled(entry, lock)
    assert issue(home, issue_id)
    assert len(lock.journal.pins_sent) == sent


@pytest.mark.parametrize(("model", "new"), [("gen3", "2345"), ("ultra", "234567")])
async def test_everything_back_after_a_factory_reset(home: Home, model: str, new: str) -> None:
    """The whole way: reset, paired again with a new PIN, and what was kept is offered at once."""
    lock, entry, issue_id = await lost_lock(home, model, keep_codes=True)
    repair = Repair(home, issue_id)
    await repair.open()

    # What the owner does at the door and in the app.
    lock.factory_reset()
    await asyncio.sleep(5)
    lock.set_pin(int(new))
    lock.pair_accessory("keypad")

    assert (await repair.choose("pair_again"))["reason"] == "pairing_dialog"
    await home.hass.async_block_till_done()
    (flow,) = home.flows(lock)
    assert flow["step_id"] == "reauth_confirm"
    flow = await home.hass.config_entries.flow.async_configure(flow["flow_id"], {})
    choice = {} if model == "ultra" else {"client_type": "app"}
    flow = await home.submit(flow, pin=new, **choice)
    lock.enter_pairing_mode()
    flow = await home.progressed(flow)
    assert flow["reason"] == "reauth_successful"
    await home.hass.async_block_till_done()
    await home.settled(entry, lock)
    assert home.state("pin_state") == "valid"
    assert issue(home, issue_id) is None

    lost = home.issue_id("settings_lost")
    await home.until(lambda: issue(home, lost), within=900)
    settings = Repair(home, lost)
    flow_shown = await settings.open()
    assert "restore_all" in flow_shown["menu_options"]
    await settings.choose("restore_all")
    await home.until(lambda: issue(home, lost) is None, within=900)
    assert {name: getattr(lock.settings.values, name) for name in CHANGES} == CHANGES
    assert [(code.code, code.name) for code in lock.keypad_codes] == [(CODE, "Postman")]
    assert [(entry.weekdays, entry.time) for _, entry in lock.time_control] == [(WEEKDAYS, Time2(22, 30))]
    wrong = [sent.facts["command"] for sent in lock.journal.pins_sent if not sent.facts["accepted"]]
    assert len(wrong) == 2
    assert wrong[-1] == "SET_SECURITY_PIN"
