"""The texts: that they are watched, and that everything in Home Assistant that needs one has one."""

from typing import Any

from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
import pytest
import voluptuous as vol

from tests.integration.home import Home
from tests.integration.texts import english, missing_texts


def test_missing_texts_are_noticed() -> None:
    """The watch over the flows is not blind."""
    form = {
        "type": FlowResultType.FORM,
        "step_id": "pair",
        "data_schema": vol.Schema({vol.Required("pin"): str, vol.Optional("colour"): str}),
        "errors": {"base": "not_pairing", "pin": "too_green"},
        "description_placeholders": dict.fromkeys(("digits", "name", "pin_hint"), ""),
    }
    assert missing_texts(form, english()["config"]) == [
        "step.pair.data.colour",
        "step.pair.data_description.colour",
        "error.too_green",
    ]
    progress = {"type": FlowResultType.SHOW_PROGRESS, "step_id": "button", "progress_action": "dance"}
    assert missing_texts(progress, english()["config"]) == ["progress.dance"]
    menu: dict[str, Any] = {
        "type": FlowResultType.MENU,
        "step_id": "init",
        "menu_options": ["radio", "television"],
    }
    assert missing_texts(menu, english()["options"]) == ["step.init.menu_options.television"]
    # The frontend fills nothing into the title of a menu, and shows an error instead of a text with a gap.
    del form["description_placeholders"]
    assert "step.pair.title" in missing_texts(form, english()["config"])
    title = {"step": {"again": {"title": "Pair with {name}", "menu_options": {"radio": "{name}"}}}}
    menu = {
        "type": FlowResultType.MENU,
        "step_id": "again",
        "menu_options": ["radio"],
        "description_placeholders": {"name": ""},
    }
    assert missing_texts(menu, title) == ["step.again.title"]
    assert missing_texts({"type": FlowResultType.ABORT, "reason": "bored"}, english()["config"]) == [
        "abort.bored"
    ]


async def test_every_entity_has_a_name_of_its_own(home: Home) -> None:
    """The lock alone carries the name of the device."""
    entry = await home.set_up(home.add_lock())
    texts = english()["entity"]
    for entity in er.async_entries_for_config_entry(er.async_get(home.hass), entry.entry_id):
        if entity.domain != "lock":
            assert texts[entity.domain][entity.translation_key]["name"] == entity.original_name


@pytest.mark.parametrize("language", ["de"])
async def test_names_in_another_language(home: Home, language: str) -> None:
    home.hass.config.language = language
    await home.set_up(home.add_lock())
    assert home.full_state("clutch_fault").name == "Villa Kunterbunt Kupplungsfehler"
