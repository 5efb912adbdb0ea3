"""Words that are put together while the integration runs have the punctuation of Home Assistant's language."""

from homeassistant.core import HomeAssistant
import pytest

from custom_components.smartlock.access.rules.notes import Key, Owner
from custom_components.smartlock.access.words import who
from custom_components.smartlock.settings.texts import SettingTexts
from custom_components.smartlock.wording import labelled, quoted, series, word
from tests.access.doors import Door
from tests.access.owner import Owner as Person
from tests.integration.home import Home

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("language", "label", "quotation"),
    [
        ("en", "a: b", "“b”"),
        ("de", "a: b", "„b“"),
        ("fr", f"a{NBSP}: b", f"«{NBSP}b{NBSP}»"),
        ("sv", "a: b", "”b”"),
    ],
)
async def test_punctuation(home: Home, language: str, label: str, quotation: str) -> None:
    home.hass.config.language = language
    await home.set_up(home.add_lock())
    assert labelled(home.hass, "a", "b") == label
    assert quoted(home.hass, "b") == quotation
    assert series(home.hass, ["a", "", "b", "c"]) == "a, b, c"
    assert series(home.hass, ["{a}"]) == "{a}"
    assert series(home.hass, []) == ""


async def test_no_texts_are_loaded(hass: HomeAssistant) -> None:
    """Nothing of what is said gets lost."""
    assert labelled(hass, "a", "b") == "a: b"
    assert quoted(hass, "b") == "“b”"
    assert series(hass, ["a", "b", "c"]) == "a, b, c"


async def test_a_text_that_does_not_exist(home: Home) -> None:
    await home.set_up(home.add_lock())
    assert word(home.hass, "punctuation", "interrobang") == "interrobang"


async def test_settings_in_french(home: Home) -> None:
    home.hass.config.language = "fr"
    await home.set_up(home.add_lock())
    texts = SettingTexts(home.hass)
    assert texts.value("name", "Porte") == f"«{NBSP}Porte{NBSP}»"
    lines = texts.results(["led_enabled"], {"button_enabled": "refused"}).splitlines()
    assert lines[0].startswith(f"- **LED**{NBSP}: ")
    assert lines[1].startswith(f"- **Bouton**{NBSP}: ")


async def test_codes_in_french(home: Home) -> None:
    home.hass.config.language = "fr"
    door = await Door.of(home)
    owner = await Person.at(door, "codes", "code_add")
    await owner.submit(name="Anna", when="always", guest=False)
    await owner.submit()
    assert owner.says["list"] == f"- **Anna**{NBSP}: toujours"


async def test_what_has_no_name_is_named_by_its_number(home: Home) -> None:
    home.hass.config.language = "de"
    await home.set_up(home.add_lock())
    assert who(home.hass, Key(owner=Owner.USER, entry_id=7, created=None), "") == "Benutzer 7"
    assert who(home.hass, Key(owner=Owner.CODE, entry_id=7, created=None), "") == "Code 7"
    assert who(home.hass, Key(owner=Owner.CODE, entry_id=7, created=None), "Anna") == "Anna"
