"""Every error of the client has words for the owner."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
import string

import pytest

from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.clock.sync import ClockOutcomeUnknownError, OwnClockError
from custom_components.smartlock.pin.guard import PinUnavailableError
from custom_components.smartlock.pin.rules import PinState
from custom_components.smartlock.problems import (
    REFUSALS,
    RUN_FAILURES,
    TranslatableError,
    problem,
    translated,
)
from custom_components.smartlock.protocol import errors
from custom_components.smartlock.protocol.enums import CompletionStatus, ErrorCode, LockState
from custom_components.smartlock.protocol.errors import LockRefusedError, SmartLockError
from custom_components.smartlock.settings.restores import RestoreInterruptedError
from custom_components.smartlock.storage import NotStoredError

SHIPPED = Path(__file__).parents[2] / "custom_components/smartlock"
TEXTS = json.loads((SHIPPED / "translations/en.json").read_text(encoding="utf-8"))

# What each kind of error is told as, wherever it is not the code of a refusal that decides.
KINDS: dict[str, tuple[SmartLockError, str, dict[str, str]]] = {
    "ProtocolError": (errors.ProtocolError(), "not_understood", {}),
    "DecodeError": (errors.DecodeError(), "not_understood", {}),
    "AuthenticationError": (errors.AuthenticationError(), "not_genuine", {}),
    "IncompleteListError": (errors.IncompleteListError(), "not_understood", {}),
    "StaleError": (errors.StaleError(), "not_genuine", {}),
    "PinNotSetError": (errors.PinNotSetError(), "failed", {}),
    "LinkError": (errors.LinkError(), "connection_lost", {}),
    "UnreachableError": (errors.UnreachableError("why"), "unreachable", {"reason": "why"}),
    "OutOfRangeError": (errors.OutOfRangeError("why"), "unreachable", {"reason": "why"}),
    "NoFreeSlotError": (errors.NoFreeSlotError("why"), "no_free_slot", {"reason": "why"}),
    "NoAnswerError": (errors.NoAnswerError(), "connection_lost", {}),
    "AnswerLostError": (errors.AnswerLostError(), "connection_lost", {}),
    "GaveWayError": (errors.GaveWayError(), "failed", {}),
    "LinkLostError": (errors.LinkLostError(), "connection_lost", {}),
    "NotStartedError": (errors.NotStartedError(), "not_started", {"reason": ""}),
    "ReplacedError": (errors.ReplacedError(), "replaced", {}),
    "OutcomeUnknownError": (
        errors.OutcomeUnknownError("UNLOCK", LockState.LOCKED),
        "outcome_unknown",
        {},
    ),
    "OwnClockError": (OwnClockError(), "own_clock_wrong", {}),
    "ClockOutcomeUnknownError": (ClockOutcomeUnknownError("why"), "clock_not_set", {"reason": "why"}),
    "RestoreInterruptedError": (RestoreInterruptedError(), "restore_interrupted", {}),
    "NotStoredError": (NotStoredError(), "not_stored", {}),
    "AccessError": (AccessError(AccessProblem.NO_KEYPAD), "no_keypad", {}),
    "PinUnavailableError": (PinUnavailableError(PinState.INVALID), "pin_invalid", {}),
    "RunFailedError": (errors.RunFailedError(CompletionStatus(0x51)), "run_failed", {"code": "0x51"}),
    "SettingsNotKeptError": (errors.SettingsNotKeptError(("name",)), "settings_not_kept", {"fields": "name"}),
    "SettingsUnknownError": (
        errors.SettingsUnknownError(("name", "led_brightness")),
        "settings_unknown",
        {"fields": "name, led_brightness"},
    ),
    "BadSettingError": (errors.BadSettingError(("name",)), "bad_setting", {"fields": "name"}),
    "MovingError": (errors.MovingError(), "moving", {}),
}

PIN_TEXTS = {
    PinState.INVALID: "pin_invalid",
    PinState.BLOCKED: "pin_blocked",
    PinState.NOT_SET: "pin_needed",
    PinState.UNKNOWN: "pin_unproved",
}


def kinds(base: type[SmartLockError] = SmartLockError) -> Iterator[type[SmartLockError]]:
    """Yield every class of errors below a class."""
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_every_kind_is_listed_here() -> None:
    """All but refusals, which their code tells apart, and the base of those that bring their own text."""
    others = {kind for kind in kinds() if not issubclass(kind, LockRefusedError)} - {TranslatableError}
    assert {kind.__name__ for kind in others} == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_words(name: str) -> None:
    error, key, placeholders = KINDS[name]
    assert problem(error) == (key, placeholders)
    check_text(key, placeholders)


@pytest.mark.parametrize("code", [*ErrorCode, ErrorCode(0x77)], ids=lambda code: code.name)
def test_every_refusal_has_words(code: ErrorCode) -> None:
    """A code that nobody has words for is at least shown, so that it can be looked up."""
    key, placeholders = problem(errors.refusal(code, None))
    assert placeholders == {"code": f"0x{code:02X}"}
    check_text(key, placeholders)
    assert key == REFUSALS.get(code, "refused")
    if key == "refused":
        assert "{code}" in TEXTS["exceptions"][key]["message"]


@pytest.mark.parametrize(
    ("code", "key"),
    [
        (0x4E, "rejected"),
        (0x4F, "rejected_night_mode"),
        *((code, "door_sensor") for code in range(0x60, 0x70)),
        *((code, "lock_setup") for code in range(0xE0, 0xE4)),
    ],
)
def test_refusals_without_a_run(code: int, key: str) -> None:
    """They are named in words, not taken for a fault of the mechanics."""
    assert problem(errors.refusal(ErrorCode(code), None)) == (key, {"code": f"0x{code:02X}"})
    check_text(key, {"code": ""})


@pytest.mark.parametrize("value", range(0xE0, 0xF0))
def test_a_run_that_was_denied(value: int) -> None:
    assert problem(errors.RunFailedError(CompletionStatus(value)))[0] == "denied"


@pytest.mark.parametrize("status", CompletionStatus, ids=lambda status: status.name)
def test_every_failed_run_has_words(status: CompletionStatus) -> None:
    key, placeholders = problem(errors.RunFailedError(status))
    assert placeholders == {"code": f"0x{status:02X}"}
    check_text(key, placeholders)
    assert (key == "run_failed") == (status not in RUN_FAILURES and not status.denied)


def test_a_lost_connection_is_told_of_the_bolt_only_where_it_was_to_move() -> None:
    error = errors.LinkLostError()
    assert translated(error, moving=True).translation_key == "connection_lost"
    assert translated(error).translation_key == "nothing_changed"
    assert "bolt" in TEXTS["exceptions"]["connection_lost"]["message"]
    assert "bolt" not in TEXTS["exceptions"]["nothing_changed"]["message"]
    check_text("nothing_changed", {})


def check_text(key: str, placeholders: dict[str, str]) -> None:
    """Assert that there is a text, and that everything that it shows is given."""
    text = TEXTS["exceptions"][key]["message"]
    wanted = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    assert wanted <= set(placeholders)


def test_no_words_without_an_error() -> None:
    told = {problem(error)[0] for error, _, _ in KINDS.values()} | {"refused"}
    told |= {str(translated(error).translation_key) for error, _, _ in KINDS.values()}
    told |= {problem(PinUnavailableError(PinState.BLOCKED, paused=True))[0]}
    told |= set(REFUSALS.values()) | set(PIN_TEXTS.values()) | set(RUN_FAILURES.values())
    told |= {"denied", "door_sensor", "clock_not_set"} | {problem.value for problem in AccessProblem}
    # What actions say by themselves.
    for file in SHIPPED.rglob("*.py"):
        source = file.read_text(encoding="utf-8")
        told |= set(re.findall(r'Error\([^)]*?translation_key="(\w+)"', source))
    assert told == set(TEXTS["exceptions"])


def test_home_assistant_gets_key_and_placeholders() -> None:
    error = translated(errors.UnreachableError("too far away"))
    assert (error.translation_domain, error.translation_key) == ("smartlock", "unreachable")
    assert error.translation_placeholders == {"reason": "too far away"}


def test_dropped_action_says_how_things_stand_on_the_radio() -> None:
    """The action waited in vain, so the reason is what is known now; others bring their own."""
    assert translated(errors.NotStartedError(), "no adapter hears it").translation_placeholders == {
        "reason": "no adapter hears it"
    }
    assert translated(errors.UnreachableError("why"), "else").translation_placeholders == {"reason": "why"}
    assert translated(errors.ReplacedError(), "no adapter hears it").translation_placeholders == {}


@pytest.mark.parametrize("state", PinState)
def test_every_reason_to_send_no_pin_has_words(state: PinState) -> None:
    if state is not PinState.VALID:
        assert problem(PinUnavailableError(state)) == (PIN_TEXTS[state], {})
        check_text(PIN_TEXTS[state], {})
