"""Users are listed and changed in a virtual lock, and nobody locks Home Assistant or an accessory out by mistake."""

import pytest

from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.rules.changes import RightChange
from custom_components.smartlock.access.users import UserChange
from custom_components.smartlock.protocol.enums import Command, Weekdays
from simulator.lock.faults import Once
from tests.access.doors import Door
from tests.access.test_codes import LIMIT
from tests.integration.home import Home


async def test_two_hundred_users_with_a_link_that_ends_in_the_middle(home: Home) -> None:
    door = await Door.of(home)
    door.lock.faults.twenty_byte_chunks = True
    for number in range(197):
        door.lock.authorizations.add(bytes(32), app_id=1000 + number, name=f"Person {number}")
    door.begin()
    door.lock.faults.once(Once.DISCONNECT_AT_INDICATION, occasion=900)
    found = await door.access.users.async_list()
    assert len(found) == 200
    assert [user.name for user in found if user.is_home_assistant] == ["Home Assistant"]
    assert door.connections == 2


async def test_a_phone_keeps_what_is_not_named(home: Home) -> None:
    door = await Door.of(home)
    phone = door.lock.authorizations.at(0)
    phone.time_limited, phone.limit, phone.name = 1, LIMIT, "Phone\0\udcff"
    user_id = phone.session.authorization_id
    for change in (UserChange(enabled=False), UserChange(remote_allowed=False), UserChange(enabled=True)):
        await door.access.users.async_update(user_id, change)
    assert (phone.time_limited, phone.limit, phone.name) == (1, LIMIT, "Phone\0\udcff")
    assert (phone.enabled, phone.remote_allowed) == (1, 0)
    await door.access.users.async_update(user_id, UserChange(right=RightChange(weekdays=Weekdays.SUNDAY)))
    assert phone.limit.allowed_weekdays == Weekdays.SUNDAY
    assert phone.limit.allowed_from == LIMIT.allowed_from


async def test_our_own_access_is_only_renamed(home: Home) -> None:
    door = await Door.of(home)
    own = door.access.users.own_id
    door.begin()
    for change in (
        UserChange(enabled=False),
        UserChange(remote_allowed=False),
        UserChange(name="x", right=RightChange(weekdays=Weekdays.SUNDAY)),
    ):
        with pytest.raises(AccessError) as caught:
            await door.access.users.async_update(own, change)
        assert caught.value.problem is AccessProblem.OWN_AUTHORIZATION
    with pytest.raises(AccessError):
        await door.access.users.async_delete(own, confirmed=True)
    assert door.lock.journal.entries == []
    assert (await door.access.users.async_update(own, UserChange(name="Home"))).name == "Home"


async def test_accessories_stay_without_a_confirmation(home: Home) -> None:
    """Also if the lock is out of reach when somebody wants them gone."""
    door = await Door.of(home)
    keypad = next(user for user in await door.access.users.async_list() if user.protected)
    home.go_out_of_range(door.lock)
    with pytest.raises(AccessError) as caught:
        await door.access.users.async_delete(keypad.user_id)
    assert caught.value.problem in (AccessProblem.NOT_REMOVED_YET, AccessProblem.CONFIRM_NEEDED)
    home.come_into_range(door.lock)
    await home.until(lambda: not door.access.removals.pending)
    assert door.lock.authorizations.find(keypad.user_id) is not None
    await door.access.users.async_delete(keypad.user_id, confirmed=True)
    assert door.lock.authorizations.find(keypad.user_id) is None


async def test_a_deletion_whose_answer_is_lost(home: Home) -> None:
    door = await Door.of(home)
    user_id = door.lock.authorizations.at(0).session.authorization_id
    door.lock.faults.drop_next_answer(Command.STATUS)
    await door.access.users.async_list()
    door.lock.faults.drop_next_answer(Command.STATUS)
    await door.access.users.async_delete(user_id)
    assert door.lock.authorizations.find(user_id) is None
    assert door.written("REMOVE_USER_AUTHORIZATION") <= 1
