"""What was promised about rights is done: whatever else fails, is asked for again, or comes in between."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smartlock.access import directory
from custom_components.smartlock.access.codes import CodeChange, NewCode
from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.removals import FIRST_PAUSE, LONGEST_PAUSE, _subject
from custom_components.smartlock.access.rules.changes import RightChange
from custom_components.smartlock.access.rules.notes import Key, Made, Notes, Owner, Removal, Why
from custom_components.smartlock.access.time_control import NewTimed
from custom_components.smartlock.protocol.enums import Command, ErrorCode, Weekdays
from custom_components.smartlock.protocol.errors import LinkLostError, SmartLockError, UnreachableError
from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.wire import Date7
from simulator.lock.keypad import Code
from tests.access.doors import Door
from tests.integration.home import Home
from tests.integration.wall_time import WallTime
from tests.storage.disks import slow_disk


async def refused(coroutine: Any) -> AccessProblem:
    """Return why something was not done."""
    with pytest.raises(AccessError) as caught:
        await coroutine
    return caught.value.problem


def notes(door: Door) -> Notes:
    """Return what is remembered."""
    return door.access._store.notes


def key_of(code: Code) -> Key:
    """Return what identifies a code in the lock."""
    return Key(owner=Owner.CODE, entry_id=code.code_id, created=code.created)


async def promise(door: Door, code: Code, why: Why = Why.REVOKED) -> Removal:
    """Have a removal pending."""
    removal = Removal(key=key_of(code), why=why, since=dt_util.utcnow(), name=code.name)
    await door.access._store.async_keep(notes(door).with_removal(removal))
    return removal


async def work(door: Door) -> None:
    """Do what is due over a link."""
    async with door.runtime.coordinator.client.keep_connected():
        await door.access.removals._work()


async def test_what_the_lock_refuses_holds_up_nothing_else(home: Home) -> None:
    door = await Door.of(home)
    first, second = door.put(345678, "First"), door.put(345679, "Second")
    await promise(door, first)
    await promise(door, second)
    door.lock.faults.refuse_next(ErrorCode.K_BAD_PARAMETER, Command.REMOVE_KEYPAD_CODE)
    with pytest.raises(SmartLockError):
        await work(door)
    assert door.codes == [first]
    await work(door)
    assert door.codes == []


async def test_a_log_that_cannot_be_read_holds_up_no_removal(home: Home) -> None:
    door = await Door.of(home)
    counted, gone = door.put(345678, "Counted"), door.put(345679, "Gone")
    made = Made(key=key_of(counted), made_here=True, uses_left=3)
    await door.access._store.async_keep(notes(door).noting(made))
    await promise(door, gone)
    door.runtime.coordinator.client.keep_connected()
    for _ in range(2):
        door.lock.faults.refuse_next(ErrorCode.K_BAD_PARAMETER, Command.REQUEST_LOG_ENTRIES)
        door.lock.faults.refuse_next(ErrorCode.K_BAD_PARAMETER, Command.REQUEST_LOG_ENTRIES)
    door.access.removals._counted_at = 99
    door.runtime.activity._log._page = None
    with pytest.raises(SmartLockError):
        await work(door)
    assert door.codes == [counted]


async def test_a_promise_that_was_withdrawn_meanwhile_is_not_kept(home: Home) -> None:
    """The owner lets somebody in again while a removal waits for its turn."""
    door = await Door.of(home)
    code = door.put(345678)
    removal = await promise(door, code)
    async with door.access._lists.turn():
        task = asyncio.create_task(door.access.codes.async_carry_out(removal))
        await asyncio.sleep(0)
        await door.access._store.async_keep(notes(door).without_removal(removal.key))
    await task
    assert door.codes == [code]


async def test_a_request_without_a_promise_drops_no_earlier_one(home: Home) -> None:
    door = await Door.of(home)
    code = door.put(345678)
    await door.access.codes.async_list()
    home.go_out_of_range(door.lock)
    assert await refused(door.access.codes.async_delete(code.code_id)) is AccessProblem.NOT_REMOVED_YET
    with pytest.raises(SmartLockError):
        await door.access.codes.async_delete(code.code_id, keep_trying=False)
    assert [each.why for each in notes(door).removals] == [Why.REVOKED]
    pause = door.access.codes.async_update(code.code_id, CodeChange(enabled=False))
    assert await refused(pause) is AccessProblem.NOT_REMOVED_YET
    assert [each.why for each in notes(door).removals] == [Why.REVOKED]
    home.come_into_range(door.lock)
    await home.until(lambda: not door.codes)


async def test_promises_that_are_made_at_the_same_time_are_all_kept(home: Home) -> None:
    """Each is written to disk first, and while one is, the others are made."""
    door = await Door.of(home)
    codes = [door.put(345678 + each, f"Guest {each}") for each in range(3)]
    await door.access.codes.async_list()
    home.go_out_of_range(door.lock)
    with slow_disk():
        deletions = [refused(door.access.codes.async_delete(each.code_id)) for each in codes]
        assert await asyncio.gather(*deletions) == [AccessProblem.NOT_REMOVED_YET] * 3
    assert {each.key for each in notes(door).removals} == {key_of(each) for each in codes}
    await door.access._store.async_load()
    assert {each.key for each in notes(door).removals} == {key_of(each) for each in codes}
    home.come_into_range(door.lock)
    await home.until(lambda: not door.codes)


async def test_a_use_that_is_counted_while_a_promise_is_written_stays_counted(home: Home) -> None:
    door = await Door.of(home)
    code, counted = door.put(345678, "Gone"), door.put(345679, "Counted")
    store = door.access._store
    made = Made(key=key_of(counted), made_here=True, uses_left=3)
    await store.async_keep(notes(door).noting(made))
    with slow_disk():
        deletion = asyncio.create_task(door.access.codes.async_delete(code.code_id))
        await asyncio.sleep(0.1)
        await store.async_keep(notes(door).noting(replace(made, uses_left=2)))
        await deletion
    assert notes(door).made == (replace(made, uses_left=2),)
    await store.async_load()
    assert notes(door).made == (replace(made, uses_left=2),)


@pytest.mark.parametrize(
    ("why", "change", "withdrawn"),
    [
        (Why.PAUSED, CodeChange(enabled=True, guest=True), True),
        (Why.PAUSED, CodeChange(digits="345671"), False),
        (Why.USED_UP, CodeChange(digits="345671"), False),
        (Why.USED_UP, CodeChange(clear_uses=True), True),
        (Why.REVOKED, CodeChange(guest=True), False),
        (Why.REVOKED, CodeChange(digits="345671"), True),
    ],
)
async def test_what_withdraws_a_promise(home: Home, why: Why, change: CodeChange, *, withdrawn: bool) -> None:
    door = await Door.of(home)
    code = door.put(345678)
    await promise(door, code, why)
    await door.access.codes.async_update(code.code_id, change)
    assert (notes(door).removals == ()) == withdrawn


async def test_a_new_promise_does_not_wait_as_long_as_one_that_has_failed_for_hours(home: Home) -> None:
    door = await Door.of(home)
    code = door.put(345678)
    removals = door.access.removals
    removals._pause = LONGEST_PAUSE
    removals._soon()
    with patch.object(directory, "remove_code", side_effect=LinkLostError):
        assert await refused(door.access.codes.async_delete(code.code_id)) is AccessProblem.NOT_REMOVED_YET
    await asyncio.sleep(2 * FIRST_PAUSE)
    assert door.codes == []


async def test_an_expired_code_that_the_app_has_deleted_is_forgotten(home: Home) -> None:
    """Otherwise every link would look for it."""
    door = await Door.of(home)
    past = dt_util.utcnow() - timedelta(days=3)
    key = replace(key_of(door.put(345678)), entry_id=77)
    await door.access._store.async_keep(Notes(made=(Made(key=key, made_here=True, expires=past),)))
    await door.access._store.async_keep(notes(door).expired(dt_util.utcnow()))
    await work(door)
    assert notes(door) == Notes()


async def test_a_counted_code_that_the_app_has_deleted_is_not_counted_any_more(home: Home) -> None:
    door = await Door.of(home)
    key = replace(key_of(door.put(345678)), entry_id=77)
    await door.access._store.async_keep(Notes(made=(Made(key=key, made_here=True, uses_left=3),)))
    await door.access.codes.async_recount()
    assert not notes(door).counting


async def test_each_promise_has_a_repair_of_its_own(home: Home) -> None:
    """Also those that were made in the same second."""
    door = await Door.of(home)
    since = dt_util.utcnow() - timedelta(hours=2)
    removals = tuple(
        Removal(key=key_of(code), why=Why.USED_UP, since=since, name=code.name)
        for code in (door.put(345678, "First"), door.put(345679, "Second"))
    )
    home.go_out_of_range(door.lock)
    await door.access._store.async_keep(Notes(removals=removals))
    shown = [
        (issue.translation_placeholders or {})["who"]
        for issue in ir.async_get(home.hass).issues.values()
        if issue.translation_key == "code_not_removed"
    ]
    assert sorted(shown) == ["First", "Second"]


async def test_a_promise_that_nobody_has_made_by_name_tells_the_name(home: Home) -> None:
    """A code that is used up or expired is to go by itself; the list knows what it is called."""
    door = await Door.of(home)
    code = door.put(345678, "Plumber")
    await door.access.codes.async_list()
    home.go_out_of_range(door.lock)
    removal = Removal(key=key_of(code), why=Why.USED_UP, since=dt_util.utcnow() - timedelta(hours=2))
    await door.access._store.async_keep(Notes(removals=(removal,)))
    issue = ir.async_get(home.hass).issues[
        "smartlock", home.issue_id(f"code_not_removed_{_subject(removal.key)}")
    ]
    assert (issue.translation_placeholders or {})["who"] == "Plumber"


async def test_all_guests_are_paused_though_the_lock_goes_out_of_reach(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = await Door.of(home)
    codes = [door.put(345678, "First"), door.put(345679, "Second")]
    made = tuple(Made(key=key_of(code), guest=True) for code in codes)
    await door.access._store.async_keep(Notes(made=made))
    listed = door.access.codes.async_list

    async def list_and_lose() -> Any:
        found = await listed()
        home.go_out_of_range(door.lock)
        await home.until(lambda: not home.connected(door.lock))
        return found

    monkeypatch.setattr(door.access.codes, "async_list", list_and_lose)
    pause = door.access.codes.async_pause_guests(enabled=False)
    assert await refused(pause) is AccessProblem.NOT_REMOVED_YET
    assert len(notes(door).removals) == len(codes)
    home.come_into_range(door.lock)
    await home.until(lambda: not any(code.enabled for code in codes))


@pytest.mark.parametrize("expired", [False, True])
async def test_a_code_that_is_deleted_in_the_app_meanwhile_keeps_none_of_the_others(
    home: Home, monkeypatch: pytest.MonkeyPatch, *, expired: bool
) -> None:
    door = await Door.of(home)
    over = TimeLimit(allowed_from=Date7(2026, 1, 1), allowed_until=Date7(2026, 1, 2))
    gone, left = (door.put(digits, time_limited=int(expired), limit=over) for digits in (345678, 345679))
    await door.access._store.async_keep(
        Notes(made=tuple(Made(key=key_of(code), guest=True) for code in (gone, left)))
    )
    listed = door.access.codes.async_list

    async def list_and_delete() -> Any:
        found = await listed()
        door.lock.keypad_codes.remove(gone)
        return found

    monkeypatch.setattr(door.access.codes, "async_list", list_and_delete)
    if expired:
        await door.access.codes.async_delete_expired()
        assert door.codes == []
    else:
        await door.access.codes.async_pause_guests(enabled=False)
        assert not left.enabled


async def test_an_accessory_that_is_known_needs_a_confirmation_out_of_reach_too(home: Home) -> None:
    door = await Door.of(home)
    keypad = next(user for user in await door.access.users.async_list() if user.type == "keypad")
    home.go_out_of_range(door.lock)
    delete = door.access.users.async_delete(keypad.user_id)
    assert await refused(delete) is AccessProblem.CONFIRM_NEEDED
    assert notes(door).removals == ()


async def test_a_code_that_is_added_paused_is_paused_in_the_end(home: Home) -> None:
    door = await Door.of(home)
    door.lock.faults.drop_next_answer(Command.STATUS)
    door.lock.faults.refuse_next(ErrorCode.K_BAD_PARAMETER, Command.UPDATE_KEYPAD_CODE)
    with pytest.raises(SmartLockError):
        await door.access.codes.async_add(NewCode(name="Guest", enabled=False))
    await work(door)
    assert [code.enabled for code in door.codes] == [0]
    assert notes(door).removals == ()


async def test_a_code_cut_off_while_it_was_added_paused_is_paused(home: Home) -> None:
    door = await Door.of(home)
    right = RightChange(end=dt_util.utcnow() + timedelta(days=1))
    read = door.access.codes._fetch
    times = 0

    async def fails_once(progress: Any = None) -> Any:
        nonlocal times
        times += 1
        if times == 2:
            raise SmartLockError
        return await read(progress)

    door.access.codes._fetch = fails_once  # type: ignore[method-assign]
    new = NewCode(name="Guest", right=right, enabled=False)
    assert await refused(door.access.codes.async_add(new)) is AccessProblem.NOT_REMOVED_YET
    await work(door)
    assert [code.enabled for code in door.codes] == [0]
    (made,) = notes(door).made
    assert made.made_here


async def test_time_control_that_was_to_be_off_and_may_be_on_is_told(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = await Door.of(home)
    door.lock.faults.refuse_next(ErrorCode.K_BAD_PARAMETER, Command.UPDATE_TIME_CONTROL_ENTRY)
    at = dt_util.parse_time("07:00")
    assert at is not None
    add = door.access.time_control.async_add(NewTimed(time=at, action="lock", enabled=False))
    assert await refused(add) is AccessProblem.OUTCOME_UNKNOWN


async def test_lists_and_log_say_the_same_about_the_clock(home: Home) -> None:
    """By how much the lock's clock is behind ours."""
    door = await Door.of(home)
    clock = door.access._clock
    clock._difference = replace(clock._difference, ahead=timedelta(seconds=-90))
    assert door.access.codes.clock_offset == 90


async def test_all_guests_are_paused_later_if_the_lock_is_out_of_reach(home: Home) -> None:
    """Which codes are guests' is known without the lock, also after a restart."""
    door = await Door.of(home)
    guest, other = door.put(345678, "Guest"), door.put(345679, "Other")
    await door.access._store.async_keep(Notes(made=(Made(key=key_of(guest), guest=True),)))
    home.go_out_of_range(door.lock)
    pause = door.access.codes.async_pause_guests(enabled=False)
    assert await refused(pause) is AccessProblem.NOT_REMOVED_YET
    home.come_into_range(door.lock)
    await home.until(lambda: not guest.enabled)
    assert other.enabled
    home.go_out_of_range(door.lock)
    with pytest.raises(UnreachableError):
        await door.access.codes.async_pause_guests(enabled=True)


async def test_resuming_all_guests_lets_nobody_in_who_is_to_be_deleted(home: Home) -> None:
    door = await Door.of(home)
    leaving, staying = door.put(345678, "Leaving", enabled=0), door.put(345679, "Staying", enabled=0)
    made = tuple(Made(key=key_of(code), guest=True) for code in (leaving, staying))
    await door.access._store.async_keep(Notes(made=made))
    home.go_out_of_range(door.lock)
    assert await refused(door.access.codes.async_delete(1)) is AccessProblem.NOT_REMOVED_YET
    home.come_into_range(door.lock)
    await home.heard(door.lock)
    assert await door.access.codes.async_pause_guests(enabled=True) == 1
    await home.until(lambda: leaving not in door.codes)
    assert not leaving.enabled
    assert staying.enabled


async def test_resuming_all_guests_takes_back_what_was_only_promised(home: Home) -> None:
    """They were paused out of reach, and are not paused any more."""
    door = await Door.of(home)
    guest = door.put(345678, "Guest")
    await door.access._store.async_keep(Notes(made=(Made(key=key_of(guest), guest=True),)))
    home.go_out_of_range(door.lock)
    pause = door.access.codes.async_pause_guests(enabled=False)
    assert await refused(pause) is AccessProblem.NOT_REMOVED_YET
    home.come_into_range(door.lock)
    await home.heard(door.lock)
    assert await door.access.codes.async_pause_guests(enabled=True) == 1
    assert not notes(door).removals
    await asyncio.sleep(LONGEST_PAUSE)
    assert guest.enabled


async def test_a_removal_that_waits_for_an_hour_makes_rights_unreliable(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall_time = WallTime(dt_util.utcnow())
    monkeypatch.setattr(dt_util, "utcnow", wall_time)
    door = await Door.of(home)
    code = door.put(345678, "Gone")
    await door.access.codes.async_list()
    home.go_out_of_range(door.lock)
    assert await refused(door.access.codes.async_delete(code.code_id)) is AccessProblem.NOT_REMOVED_YET
    assert home.state("rights_unreliable") != "on"
    wall_time.move_on(3700)
    await home.until(lambda: home.state("rights_unreliable") == "on", within=2000)
    assert "removal_pending" in home.full_state("rights_unreliable").attributes["reasons"]
    home.come_into_range(door.lock)
    await home.until(lambda: door.codes == [], within=2000)
    await home.until(lambda: home.state("rights_unreliable") != "on", within=2000)


async def test_a_promise_without_a_list_means_the_code_that_is_noted(home: Home) -> None:
    """Not whatever has its id when the lock is back."""
    door = await Door.of(home)
    code = door.put(345678, "Gone")
    await door.access._store.async_keep(notes(door).noting(Made(key=key_of(code), made_here=True)))
    assert door.access.codes.key_of(code.code_id) == key_of(code)


async def test_the_owner_is_told_of_a_removal_that_is_given_up(home: Home) -> None:
    """An entry whose kind was not known when it was named turns out to be an accessory's."""
    door = await Door.of(home)
    keypad = next(user for user in await door.access.users.async_list() if user.type == "keypad")
    door.access.users._entries = ()
    home.go_out_of_range(door.lock)
    delete = door.access.users.async_delete(keypad.user_id)
    assert await refused(delete) is AccessProblem.NOT_REMOVED_YET
    home.come_into_range(door.lock)
    await home.until(lambda: notes(door).removals == ())
    assert keypad.user_id in {user.user_id for user in await door.access.users.async_list()}

    def told() -> list[dict[str, str]]:
        return [
            dict(issue.translation_placeholders or {})
            for issue in ir.async_get(home.hass).issues.values()
            if issue.translation_key == "removal_given_up"
        ]

    (said,) = told()
    assert said["who"] == keypad.name
    await door.access.users.async_delete(keypad.user_id, confirmed=True)
    assert told() == []


async def cut_off(door: Door, new: NewCode) -> None:
    """Have an addition go out of which nobody hears any more."""
    read, times = door.access.codes._fetch, 0

    async def fails(progress: Any = None) -> Any:
        nonlocal times
        times += 1
        if times > 1:
            raise UnreachableError
        return await read(progress)

    door.lock.faults.drop_next_answer(Command.KEYPAD_CODE_ID)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(door.access.codes, "_fetch", fails)
        assert await refused(door.access.codes.async_add(new)) is AccessProblem.OUTCOME_UNKNOWN
    assert notes(door).adding is not None


@pytest.mark.parametrize("forgotten", [False, True])
async def test_a_code_of_the_same_name_is_not_the_one_that_was_cut_off(
    home: Home, *, forgotten: bool
) -> None:
    """Somebody adds it in the app before Home Assistant can look; after a restart nobody knows the digits."""
    door = await Door.of(home)
    await cut_off(door, NewCode(name="Plumber", digits="987654", uses=1))
    theirs = door.put(345678, "Plumber")
    if forgotten:
        door.access.codes._adding_digits = None
    await work(door)
    ours = next(code for code in door.codes if code.code == 987654)
    assert [made.key for made in notes(door).made] == [key_of(ours)]
    assert theirs in door.codes


@pytest.mark.parametrize("there", [False, True])
async def test_a_code_like_the_one_that_was_cut_off_is_told_by_its_digits(home: Home, *, there: bool) -> None:
    door = await Door.of(home)
    await cut_off(door, NewCode(name="Guest", digits="987654", guest=True))
    (ours,) = door.codes
    if not there:
        door.lock.keypad_codes.remove(ours)
    door.put(345678, "Guest")
    await work(door)
    assert [made.key for made in notes(door).made] == ([key_of(ours)] if there else [])
    assert notes(door).adding is None


async def test_digits_of_a_code_that_was_cut_off_are_on_no_disk(home: Home) -> None:
    door = await Door.of(home)
    await cut_off(door, NewCode(name="Guest", digits="987654", right=RightChange(weekdays=Weekdays.MONDAY)))
    stored = notes(door).to_json()
    assert Notes.from_json(stored) == notes(door)
    assert "987654" not in str(stored)
    stored["adding"]["limit"] = "00"
    with pytest.raises(ValueError, match="not a limit"):
        Notes.from_json(stored)
