"""Codes are added, changed and deleted in a virtual lock: what is not named stays, nothing is written twice."""

from dataclasses import replace
from datetime import datetime, time, timedelta

from homeassistant.util import dt as dt_util
import pytest

from custom_components.smartlock.access.codes import CodeChange, NewCode
from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.rules.changes import RightChange
from custom_components.smartlock.access.rules.digits import are_possible
from custom_components.smartlock.pin.guard import PinUnavailableError
from custom_components.smartlock.protocol.enums import Command, Weekdays
from custom_components.smartlock.protocol.errors import LinkError
from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.wire import Date7, Time2
from simulator.lock import reports
from simulator.lock.faults import Once
from tests.access.doors import Door
from tests.access.owner import Owner
from tests.integration.home import Home

MONDAYS = RightChange(
    weekdays=Weekdays.MONDAY,
    start_time=time(9),
    end_time=time(12),
)
LIMIT = TimeLimit(
    allowed_from=Date7(2026, 1, 1, 4, 5, 6),
    allowed_until=Date7(2036, 1, 1),
    allowed_weekdays=Weekdays.MONDAY,
    allowed_from_time=Time2(9, 0),
    allowed_until_time=Time2(12, 0),
)


async def refused(coroutine: object) -> AccessProblem:
    """Return why something was not done."""
    with pytest.raises(AccessError) as caught:
        await coroutine  # type: ignore[misc]
    return caught.value.problem


# --- Adding -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["gen2", "gen3", "gen4", "ultra"])
async def test_a_code_for_mondays(home: Home, model: str) -> None:
    door = await Door.of(home, model)
    door.begin()
    made = await door.access.codes.async_add(NewCode(name="Cleaner", right=MONDAYS))
    (code,) = door.codes
    today = dt_util.utcnow()
    assert (code.code_id, code.name, code.time_limited) == (made.code_id, "Cleaner", 1)
    assert f"{code.code}" == made.digits
    assert code.limit == TimeLimit(
        allowed_from=Date7(today.year, today.month, today.day),
        allowed_weekdays=Weekdays.MONDAY,
        allowed_from_time=Time2(9, 0),
        allowed_until_time=Time2(12, 0),
    )
    assert are_possible(made.digits)
    assert door.written("ADD_KEYPAD_CODE") == 1
    assert door.connections == 1
    assert door.lock.journal.broken_rules == []


async def test_two_dates_and_both(home: Home) -> None:
    door = await Door.of(home)
    start = dt_util.utcnow().replace(microsecond=0) + timedelta(days=1)
    right = RightChange(start=start, end=start + timedelta(days=2), weekdays=Weekdays.SATURDAY)
    await door.access.codes.async_add(NewCode(name="Guest", digits="345678", right=right))
    (code,) = door.codes
    assert code.limit.allowed_from == Date7.of(start)
    assert code.limit.allowed_until == Date7.of(start + timedelta(days=2))
    assert code.limit.allowed_weekdays == Weekdays.SATURDAY


@pytest.mark.parametrize(
    "digits", ["120000", "12345", "123456", "11111a", "345078", "1234567", "", "３４５６７８"]
)
async def test_digits_that_no_lock_takes(home: Home, digits: str) -> None:
    door = await Door.of(home)
    door.begin()
    problem = await refused(door.access.codes.async_add(NewCode(name="Guest", digits=digits)))
    assert problem is AccessProblem.BAD_CODE_DIGITS
    assert door.lock.journal.entries == []


@pytest.mark.parametrize(
    ("name", "fits"), [("x" * 20, True), ("ü" * 10, True), ("ü" * 11, False), ("x" * 21, False), (" ", False)]
)
async def test_names(home: Home, name: str, fits: bool) -> None:
    door = await Door.of(home)
    door.begin()
    if fits:
        await door.access.codes.async_add(NewCode(name=name))
        assert [code.name for code in door.codes] == [name]
    else:
        problem = await refused(door.access.codes.async_add(NewCode(name=name)))
        assert problem in (AccessProblem.NAME_TOO_LONG, AccessProblem.NAME_MISSING)
        assert door.lock.journal.entries == []


@pytest.mark.parametrize(
    ("right", "problem"),
    [
        (RightChange(end=datetime.fromisoformat("2020-01-01T00:00+00:00")), AccessProblem.BAD_PERIOD),
        (RightChange(start_time=time(9)), AccessProblem.BAD_HOURS),
        (
            RightChange(start_time=time(22), end_time=time(6)),
            AccessProblem.HOURS_OVER_MIDNIGHT,
        ),
    ],
)
async def test_rights_that_cannot_be_given(home: Home, right: RightChange, problem: AccessProblem) -> None:
    door = await Door.of(home)
    door.begin()
    assert await refused(door.access.codes.async_add(NewCode(name="Guest", right=right))) is problem
    assert door.lock.journal.entries == []


async def test_digits_that_are_there(home: Home) -> None:
    door = await Door.of(home)
    door.put(345678)
    problem = await refused(door.access.codes.async_add(NewCode(name="Guest", digits="345678")))
    assert problem is AccessProblem.CODE_EXISTS
    assert door.written("ADD_KEYPAD_CODE") == 0


async def test_a_full_lock(home: Home) -> None:
    door = await Door.of(home)
    door.lock.keypad_codes._max_entries = 1
    door.put(345678)
    problem = await refused(door.access.codes.async_add(NewCode(name="Guest")))
    assert problem is AccessProblem.TOO_MANY_CODES
    assert len(door.codes) == 1


async def test_no_keypad(home: Home) -> None:
    door = await Door.of(home, keypad=False)
    door.begin()
    assert await refused(door.access.codes.async_list()) is AccessProblem.NO_KEYPAD
    assert await refused(door.access.codes.async_add(NewCode(name="x"))) is AccessProblem.NO_KEYPAD
    assert door.lock.journal.entries == []


async def test_a_keypad_that_the_settings_deny(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The flag in the settings of a lock is said to be wrong sometimes; its authorizations are not."""
    config = reports.config
    monkeypatch.setattr(reports, "config", lambda device: replace(config(device), has_keypad=0))
    door = await Door.of(home)
    await home.until(lambda: door.runtime.activity.has_keypad)
    assert door.runtime.coordinator.data.config is not None
    assert not door.runtime.coordinator.data.config.has_keypad
    assert await door.access.codes.async_keypad() == "keypad"
    await door.access.codes.async_add(NewCode(name="Guest"))
    assert len(door.codes) == 1
    assert "codes" in (await Owner.at(door)).choices


async def test_no_pin(home: Home) -> None:
    door = await Door.of(home, pin=None)
    door.begin()
    with pytest.raises(PinUnavailableError):
        await door.access.codes.async_add(NewCode(name="x"))
    assert door.lock.journal.pins_sent == []


# --- Lost answers -----------------------------------------------------------------------------------------


async def test_a_code_whose_answer_is_lost_is_there_once(home: Home) -> None:
    door = await Door.of(home)
    door.lock.faults.drop_next_answer(Command.KEYPAD_CODE_ID)
    made = await door.access.codes.async_add(NewCode(name="Guest", digits="345678"))
    assert [(code.code_id, code.code) for code in door.codes] == [(made.code_id, 345678)]
    assert door.written("ADD_KEYPAD_CODE") == 1


async def test_a_link_that_ends_at_any_exchange_of_an_addition(home: Home) -> None:
    """Whatever is told, the lock has the code at most once, and has it if that was told."""
    door = await Door.of(home)
    told, digits = set(), [n for n in range(345111, 345999) if "0" not in str(n)]
    for occasion in range(1, 24):
        door.begin()
        number = digits[occasion]
        door.lock.faults.once(Once.DISCONNECT_AT_INDICATION, occasion=occasion)
        try:
            made = await door.access.codes.async_add(NewCode(name="Guest", digits=f"{number}"))
        except LinkError:
            there = False
            told.add("not")
        else:
            there = True
            told.add("done")
            assert made.digits == f"{number}"
        assert [code.code for code in door.codes].count(number) == there
        assert door.written("ADD_KEYPAD_CODE") <= 1
        door.lock.faults.clear()
        door.lock.keypad_codes.clear()
    assert told == {"done", "not"}


# --- Changing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [CodeChange(name="Gärtner"), CodeChange(enabled=False), CodeChange(digits="987654"), CodeChange()],
)
async def test_what_is_not_named_stays_byte_for_byte(home: Home, change: CodeChange) -> None:
    """A start to the second, and garbage behind the end of the name."""
    door = await Door.of(home)
    code = door.put(345678, "Guest\0\udcff\udcfe", time_limited=1, limit=LIMIT)
    await door.access.codes.async_update(code.code_id, change)
    assert code.limit == LIMIT
    assert code.time_limited == 1
    assert code.name == (change.name or "Guest\0\udcff\udcfe")
    assert code.enabled == (change.enabled is not False)
    assert code.code == int(change.digits or 345678)
    assert door.written("UPDATE_KEYPAD_CODE") == (change != CodeChange())


async def test_pause_and_resume(home: Home) -> None:
    door = await Door.of(home)
    code = door.put(345678, time_limited=1, limit=LIMIT)
    await door.access.codes.async_update(code.code_id, CodeChange(enabled=False))
    assert not code.enabled
    shown = await door.access.codes.async_update(code.code_id, CodeChange(enabled=True))
    assert shown.enabled
    assert (code.enabled, code.limit) == (1, LIMIT)


async def test_a_stay_is_made_longer(home: Home) -> None:
    """Only the end changes; the digits, the id and the hours stay."""
    door = await Door.of(home)
    code = door.put(345678, time_limited=1, limit=LIMIT)
    end = datetime.fromisoformat("2037-02-03T04:05:06+00:00")
    await door.access.codes.async_update(code.code_id, CodeChange(right=RightChange(end=end)))
    assert code.limit.allowed_until == Date7(2037, 2, 3, 4, 5, 6)
    assert code.limit.allowed_from == LIMIT.allowed_from
    assert code.limit.allowed_weekdays == LIMIT.allowed_weekdays
    assert code.limit.allowed_from_time == LIMIT.allowed_from_time


async def test_an_id_that_was_given_again_is_another_code(home: Home) -> None:
    door = await Door.of(home)
    code = door.put(345678)
    await door.access.codes.async_list()
    code.created = Date7(2030, 1, 1)
    problem = await refused(door.access.codes.async_update(code.code_id, CodeChange(enabled=False)))
    assert problem is AccessProblem.NO_SUCH_CODE
    assert door.written("UPDATE_KEYPAD_CODE") == 0


async def test_a_code_that_was_deleted_in_the_app(home: Home) -> None:
    door = await Door.of(home)
    code = door.put(345678)
    await door.access.codes.async_list()
    door.lock.keypad_codes.remove(code)
    problem = await refused(door.access.codes.async_update(code.code_id, CodeChange(enabled=False)))
    assert problem is AccessProblem.NO_SUCH_CODE


# --- Reading ----------------------------------------------------------------------------------------------


async def test_two_hundred_codes_with_a_link_that_ends_in_the_middle(home: Home) -> None:
    door = await Door.of(home)
    door.lock.faults.twenty_byte_chunks = True
    numbers = [n for n in range(333333, 400000) if "0" not in str(n)][:200]
    for number in numbers:
        door.put(number)
    door.begin()
    door.lock.faults.once(Once.DISCONNECT_AT_INDICATION, occasion=900)
    seen: list[tuple[int, int | None]] = []
    found = await door.access.codes.async_list(lambda *each: seen.append(each))
    assert [int(code.digits) for code in found] == numbers
    assert door.connections == 2
    assert seen[0] == (25, 200)
    assert len(seen) == 7
    assert door.written("REQUEST_KEYPAD_CODES") == 9
    door.begin()
    assert len(await door.access.codes.async_list(refresh=False)) == 200
    assert (door.connections, door.written("REQUEST_KEYPAD_CODES")) == (0, 0)
