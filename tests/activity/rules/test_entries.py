"""What an entry of the log is told as: by whom, how, and with what result."""

from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.smartlock.activity.rules.entries import (
    Denial,
    Happening,
    Known,
    Method,
    Record,
    record_of,
)
from custom_components.smartlock.protocol.enums import AuthorizationIdType, LogEntryType
from custom_components.smartlock.protocol.messages import LogEntry
from custom_components.smartlock.protocol.wire import Date7

OWN, PHONE, BRIDGE, FOB, KEYPAD, SENSOR, STRANGER = range(1, 8)
KNOWN = Known(
    own_id=OWN,
    types={
        OWN: AuthorizationIdType.APP,
        PHONE: AuthorizationIdType.APP,
        BRIDGE: AuthorizationIdType.BRIDGE,
        FOB: AuthorizationIdType.FOB,
        KEYPAD: AuthorizationIdType.KEYPAD_2,
        SENSOR: AuthorizationIdType.DOOR_SENSOR,
    },
)
UNLOCK, LOCK, UNLATCH, LOCK_N_GO, LOCK_N_GO_UNLATCH, FULL_LOCK = range(1, 7)
SYSTEM, MANUAL, BUTTON, AUTOMATIC, WEB, APP, AUTO_LOCK, ACCESSORY = range(8)


def entry(kind: int, data: bytes, *, who: int = 0, name: str = "") -> LogEntry:
    """Return an entry."""
    return LogEntry(
        index=4289,
        timestamp=Date7(2027, 1, 1, 12, 0, 0),
        authorization_id=who,
        name=name,
        type=LogEntryType(kind),
        trailing=data,
    )


def run(
    action: int = UNLOCK, trigger: int = SYSTEM, flags: int = 0, completion: int = 0, **who: Any
) -> Record:
    """Return what a run of the motor is told as."""
    return record_of(entry(2, bytes([action, trigger, flags, completion, 0]), **who), KNOWN)


def keypad(
    action: int = UNLOCK, source: int = 1, completion: int = 0, code: int = 7, *, name: str = "Pippi"
) -> Record:
    """Return what a use of the keypad is told as."""
    data = bytes([action, source, completion]) + code.to_bytes(2, "little")
    return record_of(entry(5, data, who=KEYPAD, name=name), KNOWN)


@pytest.mark.parametrize(
    ("action", "what"),
    [
        (UNLOCK, Happening.UNLOCKED),
        (LOCK, Happening.LOCKED),
        (FULL_LOCK, Happening.LOCKED),
        (UNLATCH, Happening.OPENED),
        (LOCK_N_GO, Happening.LOCK_N_GO),
        (LOCK_N_GO_UNLATCH, Happening.LOCK_N_GO),
        (0x42, Happening.OTHER),
    ],
)
def test_what_was_done(action: int, what: Happening) -> None:
    assert run(action, who=PHONE).what is what
    # The keypad's byte is a lock action too, also where it has no number of its own for it.
    assert keypad(action).what is what
    assert run(action).opened is (action in {UNLOCK, UNLATCH, LOCK_N_GO, LOCK_N_GO_UNLATCH})


@pytest.mark.parametrize(
    ("completion", "what", "result"),
    [
        (0x01, Happening.FAILED, "motor_blocked"),
        (0x02, Happening.FAILED, "canceled"),
        (0x03, Happening.FAILED, "too_recent"),
        (0x09, Denial.NOT_ALLOWED, "rejected"),
        (0x0A, Denial.NOT_ALLOWED, "rejected_night_mode"),
        (0x51, Happening.FAILED, "0x51"),
        (0xE0, Denial.WRONG_CODE, "invalid_code"),
        (0xE1, Denial.WRONG_FINGERPRINT, "invalid_fingerprint"),
        (0xE2, Happening.FAILED, "0xE2"),
        (0xFF, Happening.FAILED, "unknown"),
    ],
)
def test_what_did_not_succeed(completion: int, what: Happening | Denial, result: str) -> None:
    for record in (run(completion=completion, who=PHONE), keypad(completion=completion)):
        assert (record.what, record.result, record.moved, record.opened) == (what, result, False, False)


@pytest.mark.parametrize("completion", [0x03, 0x09, 0x0A])
def test_auto_unlock_that_was_refused(completion: int) -> None:
    record = run(flags=1, completion=completion, who=PHONE, name="Pippi")
    assert (record.what, record.name, record.auto_unlock) == (Denial.AUTO_UNLOCK_REFUSED, "Pippi", True)


@pytest.mark.parametrize(
    ("trigger", "flags", "who", "method"),
    [
        # Our own id comes before everything.
        (SYSTEM, 0, OWN, Method.HOME_ASSISTANT),
        (SYSTEM, 1, OWN, Method.HOME_ASSISTANT),
        (AUTO_LOCK, 0, PHONE, Method.AUTO_LOCK),
        (AUTO_LOCK, 0, 0, Method.AUTO_LOCK),
        (SYSTEM, 1, PHONE, Method.AUTO_UNLOCK),
        (SYSTEM, 1, STRANGER, Method.AUTO_UNLOCK),
        (MANUAL, 0, 0, Method.MANUAL),
        (BUTTON, 0, 0, Method.BUTTON),
        (WEB, 0, 0, Method.WEB),
        (APP, 0, 0, Method.APP),
        (ACCESSORY, 0, 0, Method.ACCESSORY),
        (0xAB, 0, 0, Method.HOMEKIT),
        (0xAC, 0, 0, Method.MQTT),
        (SYSTEM, 0, PHONE, Method.APP),
        (SYSTEM, 0, BRIDGE, Method.BRIDGE),
        (SYSTEM, 0, FOB, Method.FOB),
        (AUTOMATIC, 0, FOB, Method.FOB),
        (0xFF, 0, FOB, Method.FOB),
        (0xFF, 0, KEYPAD, Method.KEYPAD),
        (SYSTEM, 0, SENSOR, Method.ACCESSORY),
        # Somebody is behind it, so it is no time control.
        (AUTOMATIC, 0, STRANGER, Method.FOB),
        (AUTOMATIC, 0, 0, Method.TIME_CONTROL),
        (SYSTEM, 0, 0, Method.SYSTEM),
        (SYSTEM, 0, STRANGER, Method.UNKNOWN),
        (0xAD, 0, 0, Method.UNKNOWN),
    ],
)
def test_how(trigger: int, flags: int, who: int, method: Method) -> None:
    record = run(LOCK, trigger, flags, who=who)
    assert record.method is method
    assert record.more.get("trigger") == (f"0x{trigger:02X}" if method is Method.UNKNOWN else None)


@pytest.mark.parametrize(
    ("source", "method"),
    [
        (0, Method.KEYPAD_BUTTON),
        (1, Method.KEYPAD_CODE),
        (2, Method.FINGERPRINT),
        (3, Method.KEYPAD),
    ],
)
def test_how_at_the_keypad(source: int, method: Method) -> None:
    """Every code and finger has the authorization of the keypad; only the code tells them apart."""
    record = keypad(source=source)
    assert (record.method, record.code_id) == (method, 7)
    assert record.name == (None if source == 0 else "Pippi")


@pytest.mark.parametrize(("completion", "source"), [(0xE0, 1), (0xE1, 2)])
def test_nobody_is_behind_a_wrong_code(completion: int, source: int) -> None:
    """It is logged under the keypad's own name."""
    record = keypad(0, source, completion, 0, name="Nuki Keypad")
    assert (record.name, record.code_id, record.denied) == (None, None, True)


def test_whose_right_it_was_not() -> None:
    record = keypad(completion=0x09, name="Annika")
    assert (record.what, record.name, record.code_id) == (Denial.NOT_ALLOWED, "Annika", 7)


def test_what_a_keypad_leaves_behind_a_name() -> None:
    record = keypad(source=2, name="Pippi\0R\x02\x7f")
    assert (record.method, record.name, record.code_id) == (Method.FINGERPRINT, "Pippi", 7)


@pytest.mark.parametrize(("action", "trigger", "who"), [(0x50, AUTOMATIC, FOB), (0x5A, BUTTON, 0)])
@pytest.mark.parametrize(("flags", "presses"), [(0, None), (1, 1), (3, 3), (9, 9), (10, None)])
def test_presses_without_effect(action: int, trigger: int, who: int, flags: int, presses: int | None) -> None:
    """The flags may be their number, and so are no sign of an auto unlock."""
    record = run(action, trigger, flags, who=who)
    assert (record.what, record.auto_unlock) == (Happening.BUTTON_PRESSED, False)
    assert record.method is (Method.FOB if who else Method.BUTTON)
    assert record.more.get("presses") == presses


@pytest.mark.parametrize(("trigger", "who"), [(BUTTON, 0), (AUTOMATIC, FOB), (SYSTEM, FOB)])
def test_a_single_press_is_no_auto_unlock(trigger: int, who: int) -> None:
    record = run(UNLOCK, trigger, 1, who=who)
    assert (record.auto_unlock, record.method) == (False, Method.FOB if who else Method.BUTTON)


@pytest.mark.parametrize(
    ("kind", "data", "what", "more"),
    [
        (1, b"\0", Happening.LOGGING_CHANGED, {"what": "activity", "enabled": False}),
        (7, b"\1", Happening.LOGGING_CHANGED, {"what": "door", "enabled": True}),
        (3, b"\0\0\0\0", Happening.CALIBRATED, {}),
        (4, b"\0\0\0\0", Happening.STARTED, {}),
        (6, b"\0", Happening.DOOR_OPENED, {}),
        (6, b"\1", Happening.DOOR_CLOSED, {}),
        (6, b"\2", Happening.DOOR_SENSOR_FAULT, {}),
        (6, b"\3", Happening.DOOR_SENSOR_FAULT, {}),
        (6, b"\4", Happening.OTHER, {"entry_type": "0x06"}),
        (0x0A, b"\3\x0b\1", Happening.FIRMWARE_UPDATED, {"version": "3.11.1"}),
        (0x0B, b"\1\2\3\4", Happening.OTHER, {"entry_type": "0x0B"}),
        # Too short for what it is.
        (2, b"\1", Happening.OTHER, {"entry_type": "0x02"}),
        (5, b"", Happening.OTHER, {"entry_type": "0x05"}),
        (1, b"", Happening.OTHER, {"entry_type": "0x01"}),
    ],
)
def test_what_nobody_did_with_the_bolt(kind: int, data: bytes, what: Happening, more: dict[str, Any]) -> None:
    record = record_of(entry(kind, data), KNOWN)
    assert (record.what, record.moved, record.denied) == (what, False, False)
    assert dict(record.more) == more


def test_all_at_once_that_nobody_knows() -> None:
    """Trigger 0xAD, completion 0x51: unknown, and said so."""
    record = run(UNLOCK, 0xAD, 0, 0x51)
    assert (record.what, record.method, record.result) == (Happening.FAILED, Method.UNKNOWN, "0x51")


@given(kind=st.integers(0, 255), data=st.binary(max_size=9), who=st.integers(0, 9), name=st.text(max_size=9))
def test_nothing_is_raised(kind: int, data: bytes, who: int, name: str) -> None:
    record = record_of(entry(kind, data, who=who, name=name), KNOWN)
    assert record.index == 4289
    assert record.name is None or record.name.isprintable()
