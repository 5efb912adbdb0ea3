"""Every setting that can be written has an entity, or a reason why it has none; and each entity its words."""

from collections.abc import Iterable
import json
from pathlib import Path

from homeassistant.helpers.entity import EntityDescription
import pytest

from custom_components.smartlock.protocol.dialects import GENERATION_5
from custom_components.smartlock.protocol.messages import AdvancedConfig, Config
from custom_components.smartlock.protocol.settings import (
    KINDS,
    LIMITS,
    check_possible,
    has_setting,
    writable_advanced_config,
    writable_config,
)
from custom_components.smartlock.settings.descriptions import (
    CAUTIONS,
    NUMBERS,
    SELECTS,
    SWITCHES,
    TEXTS,
    TIMES,
)
from tests.vectors import vector_bytes

INTEGRATION = Path(__file__).parents[2] / "custom_components" / "smartlock"
ENTITIES: dict[str, Iterable[EntityDescription]] = {
    "number": NUMBERS,
    "select": SELECTS,
    "switch": SWITCHES,
    "text": TEXTS,
    "time": TIMES,
}
KEYS = [description.key for descriptions in ENTITIES.values() for description in descriptions]

# See docs/decisions/0018-settings-left-out.md.
LEFT_OUT = {
    "latitude": "where the owner lives, for auto unlock of the vendor's app",
    "longitude": "where the owner lives, for auto unlock of the vendor's app",
    "unlocked_position_offset": "a wrong one keeps the door shut or open",
    "locked_position_offset": "a wrong one keeps the door shut or open",
    "single_locked_position_offset": "a wrong one keeps the door shut or open",
    "unlocked_to_locked_transition_offset": "a wrong one keeps the door shut or open",
}
CONFIG = Config.decode(vector_bytes("config-79-5g", "payload"))
ADVANCED = AdvancedConfig.decode(vector_bytes("advanced-config-31", "payload") + b"\x02\x01")


def test_everything_that_can_be_written_has_an_entity_or_a_reason() -> None:
    """Seen from the messages themselves, so that a new field is noticed."""
    fields = {
        field.name
        for message in (writable_config(CONFIG), writable_advanced_config(GENERATION_5, ADVANCED))
        for field in message.wire_fields
    }
    assert set(KINDS) == fields
    assert len(KEYS) == len(set(KEYS))
    assert fields == set(KEYS) | LEFT_OUT.keys()
    assert not set(KEYS) & LEFT_OUT.keys()


def test_none_is_enabled_at_first() -> None:
    assert not any(
        description.entity_registry_enabled_default
        for descriptions in ENTITIES.values()
        for description in descriptions
    )
    assert CAUTIONS.keys() == {"auto_unlatch", "pairing_enabled"}


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("platform", ENTITIES)
def test_words_and_icons(platform: str, language: str) -> None:
    """A name and an icon each, a word for every option, and the danger where there is one."""
    texts = json.loads((INTEGRATION / "translations" / f"{language}.json").read_text(encoding="utf-8"))
    icons = json.loads((INTEGRATION / "icons.json").read_text(encoding="utf-8"))
    for description in ENTITIES[platform]:
        key = description.key
        words = texts["entity"][platform][key]
        assert words["name"]
        assert icons["entity"][platform][key]["default"]
        if key in CAUTIONS:
            assert words["state_attributes"]["caution"]["name"]
            assert words["state_attributes"]["caution"]["state"].keys() == {CAUTIONS[key]}
    names = [
        texts["entity"][platform][description.key]["name"]
        for platform, descriptions in ENTITIES.items()
        for description in descriptions
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("description", SELECTS, ids=lambda description: description.key)
def test_options_have_words(description: object, language: str) -> None:
    """All but time zones, whose names are the same everywhere."""
    assert isinstance(description, type(SELECTS[0]))
    texts = json.loads((INTEGRATION / "translations" / f"{language}.json").read_text(encoding="utf-8"))
    words = set(texts["entity"]["select"][description.key]["state"])
    zones = {option for option in description.values if "/" in option}
    assert words | zones == description.values.keys()
    assert bool(zones) == (description.key == "time_zone_id")


@pytest.mark.parametrize("description", SELECTS, ids=lambda description: description.key)
def test_options_are_what_the_lock_takes(description: object) -> None:
    assert isinstance(description, type(SELECTS[0]))
    key, limits = description.key, LIMITS[description.key]
    assert all(value in limits for value in description.values.values())
    assert len(set(description.values.values())) == len(description.values) == len(limits)
    check_possible(KINDS[key], {key: next(iter(description.values.values()))})


@pytest.mark.parametrize("description", NUMBERS, ids=lambda description: description.key)
def test_numbers_are_what_the_lock_takes(description: object) -> None:
    assert isinstance(description, type(NUMBERS[0]))
    least, most = description.native_min_value, description.native_max_value
    assert least is not None
    assert most is not None
    assert all(number in LIMITS[description.key] for number in range(int(least), int(most) + 1))
    assert least - 1 not in LIMITS[description.key]


@pytest.mark.parametrize("key", [description.key for description in SWITCHES])
def test_switches_are_flags(key: str) -> None:
    assert key not in LIMITS or set(LIMITS[key]) == {0, 1}


# --- What a lock has --------------------------------------------------------------------------------------


def missing(config: Config = CONFIG, advanced: AdvancedConfig = ADVANCED) -> set[str]:
    """Return the settings that a lock lacks."""
    return {key for key in KEYS if not has_setting(config, advanced, key)}


def test_settings_of_a_lock_that_has_everything() -> None:
    """But an offset of its own, since it has a time zone."""
    full = Config.decode(CONFIG.encode()[:59] + b"\x01" + CONFIG.encode()[60:])
    assert missing(full) == {"time_zone_offset"}
    assert missing(Config.decode(full.encode()[:59] + b"\x00" + full.encode()[60:])) == {
        "time_zone_offset",
        "fob_action_1",
        "fob_action_2",
        "fob_action_3",
    }


def test_settings_of_old_firmware() -> None:
    full = Config.decode(CONFIG.encode()[:59] + b"\x01" + CONFIG.encode()[60:])
    assert missing(Config.decode(full.encode()[:72])) == {"time_zone_id"}
    motor = {"motor_speed", "slow_speed_during_night_mode"}
    assert missing(full, AdvancedConfig.decode(ADVANCED.encode()[:31])) == motor | {"time_zone_offset"}
    assert missing(full, AdvancedConfig.decode(ADVANCED.encode()[:28])) == motor | {
        "time_zone_offset",
        "auto_lock_enabled",
        "immediate_auto_lock_enabled",
        "auto_update_enabled",
    }


def test_immediate_auto_lock_that_is_not_supported() -> None:
    without = AdvancedConfig.decode(ADVANCED.encode()[:29] + b"\xff" + ADVANCED.encode()[30:])
    assert "immediate_auto_lock_enabled" in missing(CONFIG, without)
    assert "immediate_auto_lock_enabled" not in missing()
