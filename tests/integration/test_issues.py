"""Repair issues: one policy for reloading, disabling and removing a lock, and never a dialog without words."""

from homeassistant.components.repairs import DOMAIN as REPAIRS_DOMAIN
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest

from custom_components.smartlock.const import DOMAIN
from simulator.lock.jams import Jam
from simulator.virtual_lock import VirtualLock
from tests.faults.test_faults import fails
from tests.integration.home import Home
from tests.settings.test_archive import lock_with_settings, swapped

FAULT = "fault_clutch_failure"
LOST = "settings_lost"


def issue(home: Home, issue_id: str) -> ir.IssueEntry | None:
    """Return an issue that is shown, or that the owner has ignored."""
    found = ir.async_get(home.hass).async_get_issue(DOMAIN, home.issue_id(issue_id))
    return found if found is not None and found.active else None


def is_ignored(home: Home, issue_id: str) -> bool:
    """Return whether the owner does not want to see an issue that is there."""
    found = issue(home, issue_id)
    assert found is not None
    return found.dismissed_version is not None


async def jammed(home: Home) -> VirtualLock:
    """Return a lock with a dead clutch whose issue the owner has ignored."""
    lock = home.add_lock()
    await home.set_up(lock)
    lock.jam(Jam.CLUTCH)
    await fails(home)
    ir.async_ignore_issue(home.hass, DOMAIN, home.issue_id(FAULT), ignore=True)
    return lock


async def test_ignored_stays_ignored_over_a_reload(home: Home) -> None:
    lock = await jammed(home)
    (entry,) = home.hass.config_entries.async_loaded_entries(DOMAIN)
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await home.hass.async_block_till_done()
    assert is_ignored(home, FAULT)
    # Until its cause is gone: the next time it is a new one.
    lock.repair()
    await home.call("unlock")
    await home.hass.async_block_till_done()
    assert issue(home, FAULT) is None
    lock.jam(Jam.CLUTCH)
    await fails(home, "lock")
    assert not is_ignored(home, FAULT)


async def test_cause_that_ended_while_the_lock_was_not_loaded(home: Home) -> None:
    """What is stored decides, not what was shown before."""
    await jammed(home)
    (entry,) = home.hass.config_entries.async_loaded_entries(DOMAIN)
    runtime = entry.runtime_data
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    await runtime.faults.async_repaired()
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.hass.async_block_till_done()
    assert issue(home, FAULT) is None


async def test_renamed_lock_is_named_in_its_issues(home: Home) -> None:
    """A repair that names another door than it is about sends somebody to the wrong one."""
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    lock.jam(Jam.CLUTCH)
    await fails(home)
    ir.async_ignore_issue(home.hass, DOMAIN, home.issue_id(FAULT), ignore=True)
    before = issue(home, FAULT)
    home.hass.config_entries.async_update_entry(entry, title="Back door")
    await home.hass.async_block_till_done()
    for issue_id in (FAULT, LOST):
        shown = issue(home, issue_id)
        assert shown is not None
        assert shown.translation_placeholders is not None
        assert shown.translation_placeholders["name"] == "Back door"
    assert is_ignored(home, FAULT)
    after = issue(home, FAULT)
    assert before is not None
    assert after is not None
    assert (after.data, after.severity, after.learn_more_url, after.is_fixable) == (
        before.data,
        before.severity,
        before.learn_more_url,
        before.is_fixable,
    )
    # What is shown later has the new name, too.
    lock.repair()
    await home.call("unlock")
    lock.jam(Jam.MOTOR)
    await fails(home, "lock")
    shown = issue(home, "fault_motor_blocked")
    assert shown is not None
    assert (shown.translation_placeholders or {})["name"] == "Back door"


async def test_disabled_lock_has_no_issues(home: Home) -> None:
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    lock.jam(Jam.CLUTCH)
    await fails(home)
    assert issue(home, LOST)
    assert issue(home, FAULT)
    await home.hass.config_entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    await home.hass.async_block_till_done()
    assert [each for each in ir.async_get(home.hass).issues.values() if each.domain == DOMAIN] == []
    await home.hass.config_entries.async_set_disabled_by(entry.entry_id, None)
    await home.hass.async_block_till_done()
    assert issue(home, LOST)
    assert issue(home, FAULT)


async def test_removed_lock_has_no_issues(home: Home) -> None:
    await jammed(home)
    (entry,) = home.hass.config_entries.async_loaded_entries(DOMAIN)
    await home.hass.config_entries.async_remove(entry.entry_id)
    assert [each for each in ir.async_get(home.hass).issues.values() if each.domain == DOMAIN] == []


@pytest.mark.parametrize("issue_id", [LOST, FAULT])
async def test_repair_of_a_lock_that_is_not_loaded_says_so(home: Home, issue_id: str) -> None:
    """Texts of every step are checked by the fixture `shown_texts`."""
    assert await async_setup_component(home.hass, REPAIRS_DOMAIN, {})
    lock, entry = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    lock.jam(Jam.CLUTCH)
    await fails(home)
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    manager = home.hass.data[REPAIRS_DOMAIN]["flow_manager"]
    flow = await manager.async_init(DOMAIN, data={"issue_id": home.issue_id(issue_id)})
    assert (flow["type"], flow["reason"]) == (FlowResultType.ABORT, "not_loaded")
