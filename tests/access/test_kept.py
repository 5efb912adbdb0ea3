"""A lock that says yes and does otherwise: what it reads back counts, and nothing is claimed or written again."""

from datetime import UTC, datetime, timedelta
from typing import Any

from homeassistant.util import dt as dt_util
import pytest

from custom_components.smartlock.access.codes import NewCode
from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.rules.notes import Made, Removal, Why
from custom_components.smartlock.access.users import UserChange
from custom_components.smartlock.protocol.errors import SettingsNotKeptError
from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.wire import Date7
from simulator.lock.authorizations import Authorization
from simulator.lock.keypad import Code
from tests.access.doors import Door
from tests.access.test_actions import call, failure
from tests.access.test_promises import key_of
from tests.integration.home import Home

NIGHTLY: dict[str, Any] = {"time": "22:00", "action": "lock"}


def ignoring(*_: object) -> None:
    """Do nothing of what the lock says it has done."""


# --- Codes ------------------------------------------------------------------------------------------------


async def test_a_code_that_is_gone_at_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    door = await Door.of(home)
    codes = door.lock.keypad_codes
    add = codes.add

    def forgetting(*given: Any, **named: Any) -> Code:
        code = add(*given, **named)
        codes.remove(code)
        return code

    with monkeypatch.context() as patch:
        patch.setattr(codes, "add", forgetting)
        assert await failure(door, "add_code", name="Guest", code="345678") == "settings_not_kept"
    assert door.written("ADD_KEYPAD_CODE") == 1
    # Nothing is taken for what was to be added: somebody else's code with these digits is not ours.
    door.put(345678, "Guest")
    await home.read()
    (listed,) = await door.access.codes.async_list()
    assert not door.access._store.notes.made
    assert not listed.known.guest


async def test_a_code_that_stays(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not said to be gone, and goes as soon as the lock does what it is told."""
    door = await Door.of(home)
    code = door.put(345678)
    with monkeypatch.context() as patch:
        patch.setattr(door.lock.keypad_codes, "remove", ignoring)
        assert await failure(door, "delete_code", code_id=code.code_id) == "not_removed_yet"
        assert door.written("REMOVE_KEYPAD_CODE") == 1
    assert door.codes == [code]
    await home.read()
    await home.until(lambda: not door.access.removals.pending)
    assert door.codes == []


async def test_a_code_that_is_added_disabled(home: Home) -> None:
    """The lock can only add enabled ones; it lets nobody in when the action has ended, and no promise is left."""
    door = await Door.of(home)
    added = await door.access.codes.async_add(NewCode(name="Guest", digits="345678", enabled=False))
    assert not added.enabled
    assert [code.enabled for code in door.codes] == [0]
    assert not door.access._store.notes.removals


async def test_a_code_that_was_prolonged_in_the_app(home: Home) -> None:
    """It is not deleted when it should have ended, and its new end is remembered."""
    door = await Door.of(home, remove_expired=True)
    later = Date7.of(dt_util.utcnow().replace(microsecond=0) + timedelta(days=30))
    code = door.put(
        345678, time_limited=1, limit=TimeLimit(allowed_from=Date7(2026, 1, 1), allowed_until=later)
    )
    key = key_of(code)
    over = datetime(2026, 1, 2, tzinfo=UTC)
    store = door.access._store
    removal = Removal(key=key, why=Why.EXPIRED, since=over, name="Guest")
    await store.async_keep(
        store.notes.noting(Made(key=key, made_here=True, expires=over)).with_removal(removal)
    )
    await door.access.codes.async_carry_out(removal)
    assert door.codes == [code]
    assert [made.expires for made in store.notes.made] == [later.moment]
    assert not store.notes.removals


async def test_a_code_whose_end_was_switched_off_in_the_app(home: Home) -> None:
    """The lock keeps the date, which means nothing any more: it is found out once, and not at each link."""
    door = await Door.of(home, remove_expired=True)
    over = dt_util.utcnow() - timedelta(days=3)
    code = door.put(345678, limit=TimeLimit(allowed_from=Date7(2026, 1, 1), allowed_until=Date7.of(over)))
    store = door.access._store
    await store.async_keep(store.notes.noting(Made(key=key_of(code), made_here=True, expires=over)))
    await home.read()
    await home.until(lambda: not home.connected(door.lock))
    assert [made.expires for made in store.notes.made] == [None]
    door.begin()
    await home.read()
    await home.until(lambda: not home.connected(door.lock))
    assert door.codes == [code]
    assert door.written("REQUEST_KEYPAD_CODES") == 0


async def test_guests_are_paused_out_of_reach(home: Home) -> None:
    """After a restart nothing was read yet: those that are noted are promised, and all are disabled once it is back."""
    door = await Door.of(home)
    for digits in ("345678", "345679"):
        await door.access.codes.async_add(NewCode(name=digits, digits=digits, guest=True))
    other = door.put(345671, "Family")
    home.go_out_of_range(door.lock)
    assert await home.hass.config_entries.async_reload(door.entry.entry_id)
    with pytest.raises(AccessError) as caught:
        await door.access.codes.async_pause_guests(enabled=False)
    assert caught.value.problem is AccessProblem.NOT_REMOVED_YET
    assert len(door.access._store.notes.removals) == 2
    home.come_into_range(door.lock)
    await home.until(lambda: not any(code.enabled for code in door.codes if code is not other))
    assert other.enabled


# --- Users ------------------------------------------------------------------------------------------------


def phone_of(door: Door) -> Authorization:
    """Return a phone in the lock's list."""
    return door.lock.authorizations.at(0)


async def test_a_user_who_stays(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Like a code."""
    door = await Door.of(home)
    user_id = phone_of(door).session.authorization_id
    with monkeypatch.context() as patch:
        patch.setattr(door.lock._device, "delete_authorization", ignoring)
        assert await failure(door, "delete_user", user_id=user_id) == "not_removed_yet"
        assert door.written("REMOVE_AUTHORIZATION_ENTRY") == 1
    await home.read()
    await home.until(lambda: not door.access.removals.pending)
    assert door.lock.authorizations.find(user_id) is None


async def test_a_user_whose_right_stays(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The phone was to lose its remote access, and has not."""
    door = await Door.of(home)
    user_id = phone_of(door).session.authorization_id
    monkeypatch.setattr(Authorization, "remote_allowed", property(lambda _: 1, ignoring), raising=False)
    assert await failure(door, "update_user", user_id=user_id, remote_allowed=False) == "settings_not_kept"
    assert door.written("UPDATE_AUTHORIZATION_ENTRY") == 1


async def test_a_user_who_is_deleted_in_the_app_meanwhile(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = await Door.of(home)
    phone = phone_of(door)
    user_id = phone.session.authorization_id

    def delete(*_: object) -> None:
        door.lock._device.delete_authorization(phone, "deleted by the owner")

    monkeypatch.setattr(Authorization, "remote_allowed", property(lambda _: 1, delete), raising=False)
    with pytest.raises(AccessError) as caught:
        await door.access.users.async_update(user_id, UserChange(remote_allowed=False))
    assert caught.value.problem is AccessProblem.NO_SUCH_USER


# --- Time control -----------------------------------------------------------------------------------------


async def test_time_control(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    door = await Door.of(home)
    entries = door.lock.time_control
    with monkeypatch.context() as patch:
        patch.setattr(entries, "add", lambda _: 7)
        assert await failure(door, "add_time_control", **NIGHTLY) == "settings_not_kept"
    await call(door, "add_time_control", **NIGHTLY)
    with monkeypatch.context() as patch:
        patch.setattr(entries, "replace", ignoring)
        assert await failure(door, "update_time_control", entry_id=1, time="23:15") == "settings_not_kept"
        # It may be there and enabled, which the owner has to know.
        assert await failure(door, "add_time_control", enabled=False, **NIGHTLY) == "outcome_unknown"
    with monkeypatch.context() as patch:
        patch.setattr(entries, "remove", ignoring)
        with pytest.raises(SettingsNotKeptError):
            await door.access.time_control.async_delete(1)
    assert door.written("REMOVE_TIME_CONTROL_ENTRY") == 1
