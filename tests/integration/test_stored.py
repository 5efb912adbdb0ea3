"""What an earlier version has stored is taken over: files of storage, the config entry, the names of entities.

`data/stored.json` was written by the integration of November 2026 (commit 73739f5), for a virtual lock whose batteries
had been swapped and whose clutch had failed.
"""

import json
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from tests.integration.home import LOCK_NAME, NUKI_ID, Home

STORED: dict[str, Any] = json.loads(
    Path(__file__).with_name("data").joinpath("stored.json").read_text("utf-8")
)


@pytest.fixture
async def entry(home: Home, hass_storage: dict[str, Any]) -> MockConfigEntry:
    """Set up the entry of then with the files of then; the lock is out of reach."""
    hass_storage.update(json.loads(json.dumps(STORED["storage"])))
    registry = er.async_get(home.hass)
    stored = STORED["entry"]
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=LOCK_NAME,
        unique_id=stored["data"]["address"],
        data=stored["data"],
        options=stored["options"],
        subentries_data=[
            ConfigSubentryDataWithId(
                data=each["data"],
                subentry_id=each["subentry_id"],
                subentry_type=each["subentry_type"],
                title=each["title"],
                unique_id=each["unique_id"],
            )
            for each in stored["subentries"]
        ],
    )
    entry.add_to_hass(home.hass)
    for domain, unique_id, _ in STORED["entities"]:
        registry.async_get_or_create(domain, DOMAIN, unique_id, config_entry=entry)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.hass.async_block_till_done()
    return entry


async def test_what_was_known_is_known(home: Home, entry: MockConfigEntry) -> None:
    assert home.state("pin_state") == "valid"
    assert home.state("clutch_fault") == STATE_ON
    assert home.state("last_fault") == "clutch_failure"
    issues = {
        each.translation_key for each in ir.async_get(home.hass).issues.values() if each.domain == DOMAIN
    }
    assert {"fault_clutch_failure", "settings_lost"} <= issues
    runtime = entry.runtime_data
    kept = runtime.archive.kept
    assert len(kept.snapshots) == len(
        STORED["storage"][f"smartlock.{NUKI_ID:08X}.settings"]["data"]["snapshots"]
    )
    assert kept.loss is not None
    assert {difference.name for difference in runtime.archive.differences} >= {
        "auto_lock_enabled",
        "single_lock",
    }
    assert kept.changed_at is not None
    wear = STORED["storage"][f"smartlock.{NUKI_ID:08X}.wear"]["data"]["kinds"]
    assert {name: len(kind.runs) for name, kind in runtime.wear.history.kinds.items()} == {
        name: len(kind["runs"]) for name, kind in wear.items()
    }


async def test_rules_stay_as_their_owner_has_left_them(home: Home, entry: MockConfigEntry) -> None:
    (rule,) = entry.runtime_data.auto_unlock
    assert rule.rule.subentry_id == "RULE"
    modes = [
        home.hass.states.get(each.entity_id)
        for each in er.async_get(home.hass).entities.values()
        if each.unique_id.endswith("_RULE_auto_unlock_mode")
    ]
    # It was allowed to unlock, in its dry run.
    assert [state.state for state in modes if state] == ["dry_run"]


async def test_every_entity_is_still_there(hass: HomeAssistant, home: Home, entry: MockConfigEntry) -> None:
    """An entity that has lost its state is one whose unique id nobody makes any more."""
    missing = [
        each.unique_id
        for each in er.async_get(hass).entities.values()
        if each.config_entry_id == entry.entry_id
        and each.disabled_by is None
        and ((state := hass.states.get(each.entity_id)) is None or state.attributes.get("restored"))
    ]
    assert missing == []
