"""What settings may be: the client's limits against those of the virtual lock, which was written apart from it."""

from dataclasses import replace

import pytest

from custom_components.smartlock.protocol.errors import BadSettingError
from custom_components.smartlock.protocol.messages import (
    AdvancedConfig,
    Config,
    SetAdvancedConfigWithMotor,
    SetConfig,
)
from custom_components.smartlock.protocol.settings import Setting, changed, check_possible
from custom_components.smartlock.protocol.time_zones import NO_TIME_ZONE, TIME_ZONES
from custom_components.smartlock.protocol.wire import Time2
from simulator.lock import time_zones
from simulator.lock.models import MODELS
from simulator.lock.settings import SettingsStore
from tests.vectors import vector_bytes

FIELDS: dict[str, type[Config | AdvancedConfig]] = {
    **{field.name: Config for field in SetConfig.wire_fields},
    **{field.name: AdvancedConfig for field in SetAdvancedConfigWithMotor.wire_fields},
}
NUMBERS = sorted(FIELDS.keys() - {"name", "latitude", "longitude", "night_mode_start", "night_mode_end"})
CONFIG = Config.decode(vector_bytes("config-79-5g", "payload"))
ADVANCED = AdvancedConfig.decode(vector_bytes("advanced-config-31", "payload"))


def possible(name: str, value: Setting) -> bool:
    """Whether the client lets a value of a setting leave."""
    try:
        check_possible(FIELDS[name], {name: value})
    except BadSettingError:
        return False
    return True


@pytest.mark.parametrize("name", NUMBERS)
def test_limits_are_those_of_the_lock(name: str) -> None:
    """Every number within reach of 16 bits, on a lock that has everything."""
    store = SettingsStore("", MODELS["ultra"], lambda: None)
    taken = {
        value
        for value in (*range(-1000, 2000), 0x7FFF, 0x8000, 0xFFFE, 0xFFFF, 0x10000)
        if possible(name, value)
    }
    if name == "auto_lock_timeout":
        taken.remove(0)  # Possible on other firmware.
    taken_by_lock = {
        value
        for value in (*range(-1000, 2000), 0x7FFF, 0x8000, 0xFFFE, 0xFFFF)
        if not store.impossible({name: value}, door_sensor=True)
    }
    assert taken == taken_by_lock
    assert taken


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("x" * 32, True),
        ("x" * 33, False),
        ("ß" * 16, True),
        ("ß" * 16 + "x", False),
        ("\N{HOUSE WITH GARDEN}" * 8, True),
        ("\N{HOUSE WITH GARDEN}" * 8 + "x", False),
        # As read from a lock: bytes that are no UTF-8.
        ("\udcff" * 32, True),
        ("\udcff" * 33, False),
        # No text at all.
        ("\ud800", False),
        ("front\0door", False),
        ("", True),
    ],
)
def test_name_is_refused_and_never_cut(value: str, fits: bool) -> None:
    assert possible("name", value) is fits


@pytest.mark.parametrize(
    ("value", "fits"),
    [(Time2(0, 0), True), (Time2(23, 59), True), (Time2(24, 0), False), (Time2(7, 60), False)],
)
def test_times(value: Time2, fits: bool) -> None:
    assert possible("night_mode_start", value) is fits
    assert possible("night_mode_end", value) is fits


def test_coordinates_are_four_bytes() -> None:
    assert possible("latitude", bytes(4))
    assert not possible("longitude", bytes(5))


@pytest.mark.parametrize(
    ("kind", "name"), [(Config, "nuki_id"), (Config, "unlatch_duration"), (AdvancedConfig, "total_degrees")]
)
def test_what_cannot_be_written(kind: type[Config | AdvancedConfig], name: str) -> None:
    with pytest.raises(BadSettingError):
        check_possible(kind, {name: 1})


def test_every_bad_field_is_named() -> None:
    with pytest.raises(BadSettingError, match="led_brightness, name") as refused:
        check_possible(Config, {"led_brightness": 9, "single_lock": 1, "name": "secret" * 9})
    assert "secret" not in str(refused.value)


def test_time_zones_are_those_of_the_lock() -> None:
    assert TIME_ZONES == time_zones.TIME_ZONES
    assert NO_TIME_ZONE == time_zones.NO_TIME_ZONE
    assert (TIME_ZONES[0], TIME_ZONES[37], TIME_ZONES[45]) == (
        "Africa/Cairo",
        "Europe/Berlin",
        "Pacific/Pago_Pago",
    )


# --- What this lock has -----------------------------------------------------------------------------------


def test_changed() -> None:
    assert changed(CONFIG, {"led_brightness": 1}) == replace(CONFIG, led_brightness=1)
    assert changed(ADVANCED, {}) == ADVANCED


@pytest.mark.parametrize("name", ["motor_speed", "slow_speed_during_night_mode"])
def test_what_this_firmware_does_not_send_cannot_be_changed(name: str) -> None:
    assert getattr(ADVANCED, name) is None
    with pytest.raises(BadSettingError):
        changed(ADVANCED, {name: 1})


def test_immediate_auto_lock_needs_support() -> None:
    without = replace(ADVANCED, immediate_auto_lock_enabled=0xFF)
    with pytest.raises(BadSettingError):
        changed(without, {"immediate_auto_lock_enabled": 1})
    assert changed(without, {"immediate_auto_lock_enabled": 0}).immediate_auto_lock_enabled == 0


def test_auto_lock_is_off_by_its_time_only_where_it_has_no_switch() -> None:
    with pytest.raises(BadSettingError):
        changed(ADVANCED, {"auto_lock_timeout": 0})
    old = AdvancedConfig.decode(ADVANCED.encode()[:28])
    assert changed(old, {"auto_lock_timeout": 0}).auto_lock_timeout == 0
