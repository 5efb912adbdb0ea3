"""By whom the lock came to be as it is: never somebody of before."""

from typing import Any

import pytest

from custom_components.smartlock.activity.rules.entries import Method
from custom_components.smartlock.activity.rules.last import Last, Operation, method_of
from custom_components.smartlock.protocol.enums import LockAction, LockState, Trigger
from custom_components.smartlock.protocol.messages import KeyturnerStates
from tests.lock_of import states

LOCKED = states()
OPENED_BY_CODE = states(lock_state=LockState.UNLOCKED, last_lock_action=LockAction.UNLOCK)
TURNED = states(lock_state=LockState.UNLOCKED, trigger=Trigger.MANUAL, last_lock_action=LockAction.UNLOCK)
LOCKED_BY_HAND = states(trigger=Trigger.MANUAL)


def operation(
    index: int, action: LockAction, user: str | None = None, method: Method = Method.KEYPAD_CODE
) -> Operation:
    """Return something that was done."""
    return Operation(index=index, method=method, action=action, user=user, happened_at=None)


def pippi_came(last: Last) -> Last:
    """Return it after Pippi has come with her code, and her entry has been read."""
    last = last.seen(OPENED_BY_CODE).succeeded(operation(1, LockAction.UNLOCK, "Pippi"), opening=True)
    return last.read(OPENED_BY_CODE)


def user(last: Last) -> str | None:
    """Return who is said to have changed the lock."""
    return None if last.explained is None else last.explained.user


def test_who_came() -> None:
    last = pippi_came(Last())
    assert user(last) == "Pippi"
    assert last.opening == last.operation


def test_nobody_until_the_entry_is_there() -> None:
    last = Last().seen(OPENED_BY_CODE)
    assert last.explained is None
    last = last.read(OPENED_BY_CODE)
    assert last.explained is None


@pytest.mark.parametrize("after", [TURNED, LOCKED_BY_HAND, LOCKED])
def test_never_who_came_before(after: KeyturnerStates) -> None:
    """Somebody turns the key, and its entry is written one visit late."""
    last = pippi_came(Last()).seen(after)
    assert last.explained is None
    last = last.read(after)
    assert last.explained is None
    action = LockAction.UNLOCK if after is TURNED else LockAction.LOCK
    last = last.succeeded(operation(2, action, None, Method.MANUAL), opening=after is TURNED).read(after)
    assert last.explained is not None
    assert (last.explained.user, last.explained.method) == (None, Method.MANUAL)


def test_an_entry_of_before_explains_nothing_that_was_done_by_hand() -> None:
    """Hers comes late, and so does that of the hand."""
    last = Last().seen(TURNED).succeeded(operation(1, LockAction.UNLOCK, "Pippi"), opening=True)
    assert last.read(TURNED).explained is None


def test_an_entry_that_does_not_fit_the_place_explains_nothing() -> None:
    last = Last().seen(LOCKED).succeeded(operation(1, LockAction.UNLOCK, "Pippi"), opening=True)
    assert last.read(LOCKED).explained is None


def test_what_does_not_move_the_bolt_changes_nothing() -> None:
    """A wrong code, the door: nobody has operated the lock since."""
    assert user(pippi_came(Last()).read(OPENED_BY_CODE)) == "Pippi"


def test_a_fault_in_between() -> None:
    last = pippi_came(Last()).seen(states(lock_state=LockState.MOTOR_BLOCKED))
    assert last.explained is None


def test_who_locks_does_not_come_in() -> None:
    last = pippi_came(Last()).seen(LOCKED).succeeded(operation(2, LockAction.LOCK, "Annika"), opening=False)
    last = last.read(LOCKED)
    assert user(last) == "Annika"
    assert last.opening is not None
    assert last.opening.user == "Pippi"


@pytest.mark.parametrize("seen", [OPENED_BY_CODE, TURNED, LOCKED])
def test_after_a_restart(seen: KeyturnerStates) -> None:
    """It is shown again once the log is known to have nothing new, and the lock to look the same."""
    last = Last.from_json(pippi_came(Last()).to_json()).seen(seen)
    assert last.explained is None
    assert user(last.read(seen)) == ("Pippi" if seen is OPENED_BY_CODE else None)
    assert last.opening is not None
    assert last.opening.user == "Pippi"


@pytest.mark.parametrize("action", [LockAction.LOCK_N_GO, LockAction.LOCK_N_GO_WITH_UNLATCH])
@pytest.mark.parametrize("state", [LockState.UNLOCKED_LOCK_N_GO, LockState.LOCKED])
def test_lock_n_go_explains_both_of_its_ends(action: LockAction, state: LockState) -> None:
    shown = states(lock_state=state)
    last = Last().seen(shown).succeeded(operation(1, action, "Pippi"), opening=True).read(shown)
    assert user(last) == "Pippi"


@pytest.mark.parametrize("damage", [{}, {"operation": 3}, {"operation": None, "opening": None, "sign": "x"}])
def test_damaged(damage: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Last.from_json(damage)


@pytest.mark.parametrize(
    ("trigger", "method"),
    [
        (Trigger.MANUAL, Method.MANUAL),
        (Trigger.BUTTON, Method.BUTTON),
        (Trigger.AUTO_LOCK, Method.AUTO_LOCK),
        # A phone, a fob, a keypad, Home Assistant.
        (Trigger.SYSTEM, None),
        # Time control or a fob.
        (Trigger.AUTOMATIC, None),
        (Trigger(0xAD), None),
    ],
)
def test_what_the_states_tell_without_the_log(trigger: Trigger, method: Method | None) -> None:
    assert method_of(states(trigger=trigger)) is method


def test_a_change_while_the_log_is_read() -> None:
    """What was read belongs to the state of before; the next look goes on."""
    last = Last().seen(OPENED_BY_CODE).succeeded(operation(1, LockAction.UNLOCK, "Pippi"), opening=True)
    last = last.seen(LOCKED_BY_HAND).read(OPENED_BY_CODE)
    assert last.explained is None
    last = last.succeeded(operation(2, LockAction.LOCK, None, Method.MANUAL), opening=False)
    assert user(last.read(LOCKED_BY_HAND)) is None
    assert last.read(LOCKED_BY_HAND).explained is not None


UNLOCKING = states(lock_state=LockState.UNLOCKING, trigger=Trigger.MANUAL)


def opener(last: Last, *, log_readable: bool = True) -> str | None:
    """Return who is said to have come in last."""
    opening = last.last_opening(log_readable=log_readable)
    return None if opening is None else opening.user


def test_nobody_came_in_last_while_somebody_has_unlocked_whom_the_log_does_not_name() -> None:
    """The log is waited for, and believed: an entry that is written late is not Pippi's."""
    last = pippi_came(Last()).seen(LOCKED_BY_HAND).read(LOCKED_BY_HAND)
    assert opener(last) == "Pippi"
    last = last.seen(UNLOCKING).seen(TURNED)
    assert opener(last) == "Pippi"
    last = last.read(TURNED)
    assert opener(last) is None
    assert opener(Last.from_json(last.to_json()), log_readable=False) is None
    by_hand = last.succeeded(operation(2, LockAction.UNLOCK, None, Method.MANUAL), opening=True)
    assert by_hand.last_opening(log_readable=True) == by_hand.operation
    # Somebody else has locked again before the entry of a code was written.
    last = last.seen(LOCKED).succeeded(operation(2, LockAction.LOCK, None, Method.MANUAL), opening=False)
    assert opener(last.read(LOCKED)) is None
    assert opener(last.succeeded(operation(3, LockAction.UNLOCK, "Annika"), opening=True)) == "Annika"


def test_without_a_log_nobody_is_named_once_somebody_has_unlocked() -> None:
    last = pippi_came(Last()).seen(LOCKED_BY_HAND)
    assert opener(last, log_readable=False) == "Pippi"
    assert opener(last.seen(TURNED), log_readable=False) is None


def test_somebody_has_unlocked_while_home_assistant_was_off() -> None:
    """Without a log that can be read, nobody knows who it was."""
    last = pippi_came(Last()).seen(LOCKED_BY_HAND)
    assert opener(Last.from_json(last.to_json()).seen(LOCKED_BY_HAND), log_readable=False) == "Pippi"
    last = Last.from_json(last.to_json()).seen(TURNED)
    assert opener(last, log_readable=False) is None
    assert opener(last.read(TURNED)) is None


@pytest.mark.parametrize("between", [LockState.CALIBRATION, LockState.BOOT_RUN, LockState.MOTOR_BLOCKED])
def test_a_bolt_that_finds_its_place_has_let_nobody_in(between: LockState) -> None:
    last = pippi_came(Last()).seen(LOCKED).seen(states(lock_state=between)).seen(TURNED).read(TURNED)
    assert opener(last) == "Pippi"


def test_a_log_that_is_ahead_of_the_states() -> None:
    """Somebody unlocks after the states were read and before the log is."""
    last = Last().seen(LOCKED).succeeded(operation(1, LockAction.UNLOCK, "Pippi"), opening=True).read(LOCKED)
    assert opener(last) == "Pippi"
    for each in (last, Last.from_json(last.to_json())):
        assert opener(each.seen(OPENED_BY_CODE).read(OPENED_BY_CODE)) == "Pippi"
