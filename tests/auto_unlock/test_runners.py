"""Rules that come, change and go while the lock is set up: nothing else notices."""

from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigSubentry
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.auto_unlock.modes import Mode
from custom_components.smartlock.auto_unlock.rule import SUBENTRY_TYPE
from custom_components.smartlock.auto_unlock.rules import RulePhase, RuleReason
from custom_components.smartlock.const import DOMAIN
from tests.auto_unlock.arrivals import TRACKER, resident, rule_data
from tests.integration.home import Home


class Lines:
    """What the page Activity would show: each change of an entity's state."""

    def __init__(self, home: Home) -> None:
        self.seen: list[tuple[str, str | None]] = []
        home.hass.bus.async_listen(EVENT_STATE_CHANGED, self._changed)

    @callback
    def _changed(self, event: Event[EventStateChangedData]) -> None:
        before, after = event.data["old_state"], event.data["new_state"]
        if before is None or after is None or before.state != after.state:
            self.seen.append((event.data["entity_id"], None if after is None else after.state))

    @property
    def of_the_lock(self) -> list[tuple[str, str | None]]:
        """Those that are not about a rule."""
        return [line for line in self.seen if "auto_unlock" not in line[0]]


def _subentry(home: Home, **changes: Any) -> ConfigSubentry:
    data = rule_data([home.adapter.source], **changes)
    return ConfigSubentry(
        data=MappingProxyType(data), subentry_type=SUBENTRY_TYPE, title="Bert", unique_id=None
    )


def _entities(home: Home, entry: MockConfigEntry, subentry_id: str) -> dict[str, str | None]:
    """Return the states of a rule's entities by their keys."""
    shown: dict[str, str | None] = {}
    for each in er.async_entries_for_config_entry(er.async_get(home.hass), entry.entry_id):
        if each.config_subentry_id == subentry_id:
            state = home.hass.states.get(each.entity_id)
            shown[str(each.translation_key)] = None if state is None else state.state
    return shown


async def test_rules_come_and_go_and_the_lock_does_not_notice(home: Home) -> None:
    """Neither the rule that is there nor the lock is set up again, so a restore would run on as well."""
    async with resident(home) as anna:
        runtime, began = anna.entry.runtime_data, len(anna.lock.journal.connections)
        await anna.leave()
        phase, lines, bert = anna.phase, Lines(home), _subentry(home, irk="00" * 16)
        assert phase != "home"
        entries = home.hass.config_entries
        entries.async_add_subentry(anna.entry, bert)
        await home.hass.async_block_till_done()
        assert _entities(home, anna.entry, bert.subentry_id) == {
            "auto_unlock_mode": "disabled",
            "auto_unlock_state": "disabled",
            "auto_unlock_reason": "switched_off",
            "auto_unlock_decision": "unknown",
        }
        # In place, as Home Assistant does it.
        entries.async_update_subentry(anna.entry, bert, data={**bert.data, "threshold": -60.0})
        await home.hass.async_block_till_done()
        assert {runner.rule.title: runner.rule.settings.threshold for runner in runtime.auto_unlock} == {
            "Anna": -70.0,
            "Bert": -60.0,
        }
        entries.async_remove_subentry(anna.entry, bert.subentry_id)
        await home.hass.async_block_till_done()
        assert _entities(home, anna.entry, bert.subentry_id) == {}
        assert lines.of_the_lock == []
        assert anna.entry.runtime_data is runtime
        assert len(anna.lock.journal.connections) == began
        # She is still away for her rule, and gets in.
        assert anna.phase == phase
        assert [runner.rule.title for runner in runtime.auto_unlock] == ["Anna"]
        await anna.arrive()
        assert anna.runs == ["UNLOCK"]


async def test_two_who_come_home_together_move_the_bolt_once(home: Home) -> None:
    """Both are at the door in the same moment; whichever rule comes second sees that the other one has unlocked."""
    async with resident(home) as anna:
        home.hass.config_entries.async_add_subentry(anna.entry, _subentry(home))
        await home.hass.async_block_till_done()
        runners = tuple(anna.entry.runtime_data.auto_unlock)
        for runner in runners:
            await runner.async_choose(Mode.ENABLED)
        await anna.leave()
        await anna.arrive()
        await anna.sleep(60)
        for runner in runners:
            assert RulePhase.FIRED in {decision.phase for decision in runner.state.record}
        assert {runner.state.reason for runner in runners} == {RuleReason.DONE, RuleReason.NOT_SENT}
        assert anna.orders == 1
        assert anna.runs == ["UNLOCK"]


async def test_a_changed_rule_goes_on_with_its_entities(home: Home) -> None:
    async with resident(home) as anna:
        lines = Lines(home)
        (subentry,) = anna.entry.subentries.values()
        home.hass.config_entries.async_update_subentry(
            anna.entry, subentry, title="Anna B.", data={**subentry.data, "threshold": -65.0}
        )
        await home.hass.async_block_till_done()
        # Its reason says that it has begun again.
        assert [state for _, state in lines.seen] == ["restarted"]
        assert anna.mode == "enabled"
        identifier = (DOMAIN, f"{anna.lock.nuki_id:08X}_{anna.subentry_id}")
        device = dr.async_get(home.hass).async_get_device_by_identifier(identifier, anna.entry.entry_id)
        assert device is not None
        assert "Anna B." in str(device.name)
        await anna.leave()
        await anna.arrive()
        assert anna.runs == ["UNLOCK"]
        assert anna.told[-1][0] == "fired"


async def test_a_change_that_is_none_begins_nothing_again(home: Home) -> None:
    async with resident(home) as anna:
        await anna.leave()
        phase = anna.phase
        await anna.entry.runtime_data.auto_unlock.async_follow()
        assert anna.phase == phase


async def test_choices_for_a_removed_rule_leave_the_disk(home: Home, hass_storage: dict[str, Any]) -> None:
    async with resident(home) as anna:
        stored = hass_storage[f"{DOMAIN}.{anna.lock.nuki_id:08X}.auto_unlock"]
        assert list(stored["data"]) == [anna.subentry_id]
        home.hass.config_entries.async_remove_subentry(anna.entry, anna.subentry_id)
        await home.hass.async_block_till_done()
        assert hass_storage[f"{DOMAIN}.{anna.lock.nuki_id:08X}.auto_unlock"]["data"] == {}


@pytest.mark.parametrize(("changes", "asked"), [({"threshold": -65.0}, True), ({"phone_check": "b"}, False)])
async def test_a_question_about_another_phone_is_withdrawn(
    home: Home, changes: dict[str, Any], asked: bool
) -> None:
    """An answer would be taken for the new phone."""
    async with resident(home, phone_check="a") as anna:
        await anna.leave()
        await anna.come_back()
        questions = ir.async_get(home.hass).issues
        assert any("phone" in key for _, key in questions)
        (subentry,) = anna.entry.subentries.values()
        home.hass.config_entries.async_update_subentry(
            anna.entry, subentry, data={**subentry.data, **changes}
        )
        await home.hass.async_block_till_done()
        assert any("phone" in key for _, key in questions) is asked


async def test_nonsense_that_is_added_leaves_the_rest_alone(home: Home) -> None:
    async with resident(home) as anna:
        runtime = anna.entry.runtime_data
        home.hass.config_entries.async_add_subentry(anna.entry, _subentry(home, action="explode"))
        await home.hass.async_block_till_done()
        assert [runner.rule.title for runner in runtime.auto_unlock] == ["Anna"]
        assert home.hass.states.get(TRACKER) is not None
        await anna.leave()
        await anna.arrive()
        assert anna.runs == ["UNLOCK"]
