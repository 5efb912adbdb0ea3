"""Snapshots: nothing is lost on the way to JSON and back, and what differs is told with how it may be put back."""

from dataclasses import replace
import json
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.smartlock.protocol.enums import (
    AuthorizationIdType,
    BatteryType,
    LockAction,
    MotorSpeed,
    Weekdays,
)
from custom_components.smartlock.protocol.messages import (
    AdvancedConfig,
    AuthorizationEntry,
    Config,
    KeypadCode,
    LogEntryCount,
    TimeControlEntry,
    TimeLimit,
)
from custom_components.smartlock.protocol.wire import Date7, Time2
from custom_components.smartlock.settings.rules import snapshot as s
from custom_components.smartlock.settings.rules.message_json import SnapshotError
from custom_components.smartlock.settings.rules.snapshot import Care, Group, Obstacle, Part, SettingsSnapshot
from tests.lock_of import settings

MORNING = TimeControlEntry(
    entry_id=1, enabled=1, weekdays=Weekdays.MONDAY, time=Time2(7, 30), lock_action=LockAction.UNLOCK
)
EVENING = replace(MORNING, entry_id=2, time=Time2(22, 0), lock_action=LockAction.LOCK)
CLEANER = KeypadCode(
    code_id=3,
    code=345678,
    name="Cleaner",
    enabled=1,
    date_created=Date7(2026, 1, 1),
    date_last_active=Date7(2026, 11, 1),
    lock_count=9,
    time_limited=1,
    limit=TimeLimit(allowed_weekdays=Weekdays.FRIDAY),
)
PHONE = AuthorizationEntry(
    authorization_id=99,
    id_type=AuthorizationIdType.APP,
    name="Phone",
    enabled=1,
    remote_allowed=0,
    date_created=Date7(2026, 1, 1),
    date_last_active=Date7(2026, 11, 1),
    lock_count=77,
    time_limited=0,
)
LOGGING = LogEntryCount(logging_enabled=1, count=0, door_sensor_enabled=1, door_sensor_logging_enabled=0)
FULL = settings(
    has_keypad=1,
    name="T\udcff\0\udc80",
    logging=LOGGING,
    time_control=(MORNING, EVENING),
    authorizations=(s.lasting_authorization(PHONE),),
    keypad_codes=(s.lasting_code(CLEANER),),
)


def through_json(snapshot: SettingsSnapshot) -> SettingsSnapshot:
    """Return a snapshot that went through a file."""
    text = json.dumps(snapshot.to_json(), allow_nan=False)
    text.encode("utf-8")  # A lone surrogate would be refused by Home Assistant's writer.
    return SettingsSnapshot.from_json(json.loads(text))


# --- JSON -------------------------------------------------------------------------------------------------


def test_nothing_is_lost() -> None:
    again = through_json(FULL)
    assert again == FULL
    assert again.config.encode() == FULL.config.encode()
    assert again.advanced_config.encode() == FULL.advanced_config.encode()


@given(st.binary(min_size=71, max_size=79), st.binary(min_size=28, max_size=33))
def test_whatever_a_lock_sends_survives(basic: bytes, advanced: bytes) -> None:
    snapshot = replace(
        settings(),
        config=replace(Config.decode(basic), trailing=b""),
        advanced_config=replace(AdvancedConfig.decode(advanced), trailing=b""),
    )
    again = through_json(snapshot)
    assert again.config.encode() == snapshot.config.encode()
    assert again.advanced_config.encode() == snapshot.advanced_config.encode()


def test_it_says_what_it_lacks() -> None:
    assert settings(has_keypad=1).lacks == tuple(Part)
    assert settings().to_json()["lacks"] == ["logging", "time_control", "authorizations"]
    assert FULL.lacks == ()
    assert FULL.without_codes().lacks == (Part.KEYPAD_CODES,)


def test_no_secret_beyond_what_was_agreed() -> None:
    """No key, no authorization id, no code without consent; names as hex, and nothing in a repr."""
    text = json.dumps(FULL.without_codes().to_json())
    assert "345678" not in text
    assert '"authorization_id": 0' in text
    assert "Phone" not in text
    assert b"Phone".hex() in text
    for secret in ("345678", "Cleaner", "Phone", "T\\udcff"):
        assert secret not in repr(FULL)


def test_older_parts_are_kept_where_newer_ones_lack() -> None:
    later = settings(led_brightness=0)
    merged = FULL.merged(later)
    assert merged.config.led_brightness == 0
    assert merged.time_control == FULL.time_control
    assert merged.keypad_codes == FULL.keypad_codes


def _changed(path: str, value: object) -> dict[str, Any]:
    data: Any = FULL.to_json()
    *way, last = path.split(".")
    inner = data
    for key in way:
        inner = inner[int(key)] if key.isdigit() else inner[key]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return dict(data)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", 2),
        ("version", ...),
        ("taken_at", "yesterday"),
        ("taken_at", "2027-01-01T12:00:00"),
        ("taken_at", 5),
        ("reason", "boredom"),
        ("config", []),
        ("config", ...),
        ("config.name", ...),
        ("config.name", 5),
        ("config.name", "xy"),
        ("config.name", "00"),
        ("config.led_brightness", 256),
        ("config.led_brightness", -1),
        ("config.led_brightness", True),
        ("config.led_brightness", "3"),
        ("config.latitude", 1.5),
        ("advanced_config.night_mode_start", [22]),
        ("advanced_config.night_mode_start", [22, 300]),
        ("advanced_config.night_mode_start", ["22", "0"]),
        ("advanced_config.auto_lock_timeout", 70000),
        ("time_control", "none"),
        ("time_control", [5]),
        ("time_control.0.time", None),
        ("keypad_codes.0.limit.allowed_from", [2026, 1]),
        ("keypad_codes.0.code", 2**32),
        ("logging", [1]),
    ],
)
def test_wrong_data_is_refused(path: str, value: object) -> None:
    """With an error that carries no value."""
    with pytest.raises(SnapshotError) as caught:
        SettingsSnapshot.from_json(_changed(path, value))
    assert repr(value) not in str(caught.value) or not isinstance(value, str)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    )
)
def test_arbitrary_data_is_refused(data: object) -> None:
    with pytest.raises(SnapshotError):
        SettingsSnapshot.from_json(data)


# --- Differences ------------------------------------------------------------------------------------------


def found(
    before: SettingsSnapshot, now: SettingsSnapshot
) -> dict[str, tuple[Any, Any, Care, Obstacle | None]]:
    """Return the differences in short."""
    return {d.name: (d.was, d.now, d.care, d.obstacle) for d in s.differences(before, now)}


def test_nothing_differs() -> None:
    assert s.differences(FULL, FULL) == ()
    assert FULL.same_settings(FULL)
    # What no owner sets is none.
    later = replace(
        FULL,
        config=replace(FULL.config, current_time=Date7(2028, 1, 1), has_fob=1, firmware_version=(9, 9, 9)),  # type: ignore[arg-type]
    )
    assert s.differences(FULL, later) == ()


@pytest.mark.parametrize("entry", [*s.CONFIG_SETTINGS, *s.ADVANCED_SETTINGS])
def test_every_setting_is_compared(entry: str) -> None:
    before = settings(motor_speed=MotorSpeed.STANDARD, slow_speed_during_night_mode=0)
    message: Any = before.config if entry in s.CONFIG_SETTINGS else before.advanced_config
    value = getattr(message, entry)
    other: Any = (
        "Other"
        if isinstance(value, str)
        else b"1234"
        if isinstance(value, bytes)
        else Time2(1, 2)
        if isinstance(value, tuple)
        else type(value)(value + 1)
    )
    after = settings(
        **{"motor_speed": MotorSpeed.STANDARD, "slow_speed_during_night_mode": 0} | {entry: other}
    )
    ((name, (was, now, _, obstacle)),) = found(before, after).items()
    assert (name, was, now, obstacle) == (entry, value, other, None)


def test_cares_are_about_settings_that_exist() -> None:
    assert set(s.CARES) <= {*s.CONFIG_SETTINGS, *s.ADVANCED_SETTINGS}
    by_itself = {name for name, care in s.CARES.items() if care is Care.BY_ITSELF}
    # Nothing that moves the bolt or keeps anybody out.
    assert by_itself == {
        "time_zone_offset",
        "time_zone_id",
        "dst_mode",
        "led_enabled",
        "led_brightness",
        "button_enabled",
    }


def test_offsets_need_their_calibration() -> None:
    before = settings(locked_position_offset=-20)
    (same,) = found(before, settings()).values()
    assert same[2:] == (Care.CALIBRATION, None)
    for degrees in (0, 921):
        (other,) = found(before, settings(total_degrees=degrees)).values()
        assert other[2:] == (Care.CALIBRATION, Obstacle.CALIBRATED_ANEW)


def test_what_a_lock_cannot_do_was_not_lost() -> None:
    """A value that one firmware does not tell, or that says "not supported"."""
    assert found(settings(immediate_auto_lock_enabled=0xFF), settings(immediate_auto_lock_enabled=1)) == {}
    assert found(settings(immediate_auto_lock_enabled=0), settings(immediate_auto_lock_enabled=0xFF)) == {}
    (lost,) = found(
        settings(immediate_auto_lock_enabled=1), settings(immediate_auto_lock_enabled=0xFF)
    ).values()
    assert lost[3] is Obstacle.NOT_SUPPORTED
    assert found(settings(time_zone_id=37), settings(time_zone_id=None)) == {}
    assert found(settings(battery_type=BatteryType.LITHIUM), settings())["battery_type"][2] is Care.ALONE


def test_lost_entries() -> None:
    """By what they say: the lock gives new ids and dates, and what was added since is the owner's."""
    now = replace(
        FULL,
        time_control=(replace(EVENING, entry_id=1), replace(EVENING, entry_id=7, time=Time2(23, 0))),
        keypad_codes=(replace(CLEANER, code_id=8, lock_count=0, date_created=Date7(2027, 1, 1)),),
        authorizations=(),
        logging=replace(LOGGING, logging_enabled=0, door_sensor_logging_enabled=1),
    )
    assert found(FULL, now) == {
        "time_control": (2, 1, Care.ASK, None),
        "logging_enabled": (1, 0, Care.ASK, None),
        "door_sensor_logging_enabled": (0, 1, Care.ASK, Obstacle.NOT_OVER_BLUETOOTH),
        "authorizations": (1, 0, Care.ASK, Obstacle.NOT_OVER_BLUETOOTH),
    }
    # What was not read now is not known to be lost.
    assert found(FULL, settings(name=FULL.config.name)) == {}


@pytest.mark.parametrize(
    "change",
    [{"code": 345679}, {"enabled": 0}, {"name": "Gardener"}, {"limit": TimeLimit()}, {"time_limited": 0}],
)
def test_a_changed_entry_is_missing(change: dict[str, Any]) -> None:
    assert s.missing([CLEANER], [replace(CLEANER, **change)]) == (CLEANER,)


def test_no_weekday_means_every_day() -> None:
    """Whichever way the lock, the app or we write it."""
    every = Weekdays(0x7F)
    always = replace(MORNING, weekdays=Weekdays.NONE)
    assert s.missing([always], [replace(always, weekdays=every)]) == ()
    assert s.missing([replace(always, weekdays=every)], [always]) == ()
    assert s.missing([always], [MORNING]) == (always,)
    none, all_days = (
        replace(CLEANER, time_limited=1, limit=TimeLimit(allowed_weekdays=days))
        for days in (Weekdays.NONE, every)
    )
    assert s.missing([none], [all_days]) == ()


def test_twins_count_twice() -> None:
    assert s.missing([MORNING, MORNING], [replace(MORNING, entry_id=5)]) == (MORNING,)


def test_order_of_putting_back() -> None:
    now = replace(settings(led_brightness=0, auto_lock_enabled=0), time_control=(), keypad_codes=())
    before = replace(FULL, config=settings().config)
    groups = [d.group for d in s.differences(before, now)]
    assert groups == [Group.CONFIG, Group.ADVANCED_CONFIG, Group.TIME_CONTROL, Group.KEYPAD_CODES]


# --- The owner's changes while a loss is open ---------------------------------------------------------------


def test_changes_of_the_owner_are_wanted() -> None:
    before = settings(led_brightness=3, name="Villa", auto_lock_enabled=1)
    after = settings(led_brightness=5, name="Nuki_33C335C5", auto_lock_enabled=0)
    now = settings(led_brightness=1, name="Nuki_33C335C5", auto_lock_enabled=0, single_lock=1)
    wanted = s.with_owners_changes(before, after, now)
    assert set(found(wanted, now)) == {"name", "auto_lock_enabled"}
    assert wanted.config.led_brightness == 1
    assert wanted.config.single_lock == 1
    assert s.with_owners_changes(before, after, after) is before


def test_entries_that_the_owner_made_again() -> None:
    after = replace(FULL, time_control=())
    now = replace(FULL, time_control=(MORNING,))
    assert s.with_owners_changes(FULL, now, after).time_control == ()
    # One that was added is no loss, so the others are wanted still.
    assert s.with_owners_changes(FULL, after, now).time_control == FULL.time_control
