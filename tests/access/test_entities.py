"""Codes as switches, the button for guests, the repair for a full lock, and what diagnostics say."""

from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest

from custom_components.smartlock.access.codes import CodeChange, NewCode
from custom_components.smartlock.access.rules.notes import Owner
from custom_components.smartlock.diagnostics import async_get_config_entry_diagnostics
from custom_components.smartlock.protocol.enums import KeypadAction
from tests.access.doors import Door
from tests.access.test_codes import LIMIT
from tests.integration.home import Home


def switches(home: Home) -> list[str]:
    """Return the unique ids of the codes' switches."""
    return sorted(
        entity.unique_id
        for entity in er.async_get(home.hass).entities.values()
        if entity.domain == "switch" and "_code_" in entity.unique_id
    )


async def test_codes_as_switches(home: Home) -> None:
    door = await Door.of(home, codes_as_switches=True)
    code = door.put(345678, "Cleaner", time_limited=1, limit=LIMIT)
    await door.access.codes.async_list()
    await home.hass.async_block_till_done()
    assert switches(home) == ["33C335C5_code_1"]
    entity_id = home.entity_id("code_1")
    assert home.full_state("code_1").name == "Villa Kunterbunt Cleaner"
    assert home.state("code_1") == "on"
    await home.hass.services.async_call("switch", "turn_off", {"entity_id": entity_id}, blocking=True)
    assert (code.enabled, code.limit) == (0, LIMIT)
    assert home.state("code_1") == "off"
    await home.hass.services.async_call("switch", "turn_on", {"entity_id": entity_id}, blocking=True)
    assert (code.enabled, code.limit) == (1, LIMIT)
    await door.access.codes.async_delete(1)
    await home.hass.async_block_till_done()
    assert switches(home) == []
    assert "345678" not in str(home.hass.states.async_all())


async def test_a_switch_is_called_as_its_code_is_now(home: Home) -> None:
    """Renamed in the app; another one with the same number; and hidden, as soon as the owner wants that."""
    door = await Door.of(home, codes_as_switches=True)
    code = door.put(345678, "Cleaner")
    await door.access.codes.async_list()
    await home.hass.async_block_till_done()
    code.name = "Gardener"
    await door.access.codes.async_list()
    assert home.full_state("code_1").name == "Villa Kunterbunt Gardener"
    options = {**door.entry.options, "show_names": False}
    home.hass.config_entries.async_update_entry(door.entry, options=options)
    await home.hass.async_block_till_done()
    assert home.full_state("code_1").name == "Villa Kunterbunt Code 1"


async def test_codes_are_no_switches_unless_the_owner_wants_them(home: Home) -> None:
    door = await Door.of(home)
    door.put(345678)
    await door.access.codes.async_list()
    await home.hass.async_block_till_done()
    assert switches(home) == []


async def test_guests_are_paused_together(home: Home) -> None:
    door = await Door.of(home, codes_as_switches=True)
    await door.access.codes.async_add(NewCode(name="Guest", guest=True))
    await door.access.codes.async_add(NewCode(name="Family"))
    door.put(345678, "From the app")
    button = home.entity_id("pause_guest_codes")
    await home.hass.services.async_call("button", "press", {"entity_id": button}, blocking=True)
    assert [code.enabled for code in door.codes] == [0, 1, 1]
    assert await door.access.codes.async_pause_guests(enabled=True) == 1
    assert [code.enabled for code in door.codes] == [1, 1, 1]
    await door.access.codes.async_update(1, CodeChange(guest=False))
    assert await door.access.codes.async_pause_guests(enabled=False) == 0


async def test_codes_are_paused_by_their_entities_out_of_reach_too(home: Home) -> None:
    """Home Assistant would drop that without a word, and an automation would believe that nobody comes in."""
    door = await Door.of(home, codes_as_switches=True)
    await door.access.codes.async_add(NewCode(name="Guest", guest=True))
    cleaner = door.put(345678, "Cleaner")
    await door.access.codes.async_list()
    await home.hass.async_block_till_done()
    home.go_out_of_range(door.lock)
    await home.until(lambda: home.state() == "unavailable", within=5000)
    call = home.hass.services.async_call
    for domain, action, key in (("switch", "turn_off", "code_2"), ("button", "press", "pause_guest_codes")):
        with pytest.raises(HomeAssistantError) as caught:
            await call(domain, action, {"entity_id": home.entity_id(key)}, blocking=True)
        assert caught.value.translation_key == "not_removed_yet"
    with pytest.raises(HomeAssistantError) as caught:
        await call("switch", "turn_on", {"entity_id": home.entity_id("code_1")}, blocking=True)
    assert caught.value.translation_key == "unreachable"
    home.come_into_range(door.lock)
    await home.until(lambda: not any(code.enabled for code in door.codes))
    await home.until(lambda: (home.state("code_1"), home.state("code_2")) == ("off", "off"))
    assert cleaner in door.codes


async def test_a_lock_that_is_nearly_full(home: Home) -> None:
    door = await Door.of(home)
    numbers = [n for n in range(333333, 400000) if "0" not in str(n)][:190]
    for number in numbers:
        door.put(number)
    await door.access.codes.async_list()
    issues = ir.async_get(home.hass)
    issue = issues.async_get_issue("smartlock", home.issue_id("codes_full"))
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["count"] == "190"
    assert issue.translation_placeholders["max"] == "200"
    await door.access.codes.async_delete(1)
    assert issues.async_get_issue("smartlock", home.issue_id("codes_full")) is None


async def test_links_to_persons(home: Home) -> None:
    """They stay over a restart, and belong to the code, not to its number."""
    door = await Door.of(home)
    code = door.put(345678)
    await door.access.codes.async_list()
    await door.access.codes.async_link(1, "person.paula")
    assert await home.hass.config_entries.async_reload(door.entry.entry_id)
    (shown,) = await door.access.codes.async_list()
    assert shown.known.person == "person.paula"
    assert door.access.persons_of(Owner.CODE) == {1: "person.paula"}
    code.created = code.created._replace(year=2031)
    (shown,) = await door.access.codes.async_list()
    assert shown.known.person is None
    # Whoever comes in with the new one is not told as the person who had its number.
    assert door.access.persons_of(Owner.CODE) == {}


async def test_a_person_is_followed(home: Home) -> None:
    """A renamed person stays linked; who gets the name of a removed one is somebody else."""
    registry = er.async_get(home.hass)
    paula = registry.async_get_or_create("person", "person", "paula", suggested_object_id="paula")
    door = await Door.of(home)
    code = door.put(345678)
    await door.access.codes.async_list()
    await door.access.codes.async_link(1, paula.entity_id)
    registry.async_update_entity(paula.entity_id, new_entity_id="person.paula_maria")
    assert await home.hass.config_entries.async_reload(door.entry.entry_id)
    (shown,) = await door.access.codes.async_list()
    assert shown.known.person == "person.paula_maria"
    assert door.lock.enter_code(code.code, KeypadAction.UNLOCK) == "the code is taken"
    await home.read()
    await home.until(lambda: home.full_state("activity").attributes.get("code_id") == 1)
    assert home.full_state("activity").attributes["person"] == "person.paula_maria"
    registry.async_remove("person.paula_maria")
    registry.async_get_or_create("person", "person", "other", suggested_object_id="paula_maria")
    (shown,) = await door.access.codes.async_list()
    assert shown.known.person is None
    assert door.access.persons_of(Owner.CODE) == {}


async def test_diagnostics_name_nobody(home: Home) -> None:
    door = await Door.of(home)
    door.put(345678, "Paula's code")
    await door.access.codes.async_list()
    await door.access.users.async_list()
    diagnostics = await async_get_config_entry_diagnostics(home.hass, door.entry)
    assert diagnostics["access"] == {
        "codes": 1,
        "users": {"app": 2, "keypad": 1},
        "time_control": 0,
        "kinds": {"always": 4},
        "pending_removals": 0,
        "oldest_removal_hours": None,
    }
    for secret in ("345678", "Paula", "Somebody"):
        assert secret not in str(diagnostics)
