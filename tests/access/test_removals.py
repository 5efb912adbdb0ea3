"""Rights that are taken away: at once and read back, or pending and told, and never forgotten."""

import asyncio
from datetime import timedelta
from typing import Any

from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smartlock.access.codes import CodeChange, NewCode
from custom_components.smartlock.access.errors import AccessError, AccessProblem
from custom_components.smartlock.access.rules.changes import RightChange
from custom_components.smartlock.access.users import UserChange
from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.protocol.enums import KeypadAction
from custom_components.smartlock.protocol.messages import TimeLimit
from custom_components.smartlock.protocol.wire import Date7
from simulator.lock.keypad import Code
from tests.access.doors import Door
from tests.integration.home import Home
from tests.integration.wall_time import WallTime
from tests.storage.disks import SimulatedDisk


async def refused(coroutine: Any) -> AccessProblem:
    """Return why something was not done."""
    with pytest.raises(AccessError) as caught:
        await coroutine
    return caught.value.problem


async def reload(door: Door) -> None:
    """Restart what runs for the lock."""
    assert await door.home.hass.config_entries.async_reload(door.entry.entry_id)


def repairs(home: Home) -> list[str]:
    """Return the repairs about rights that were not taken away, as far as they tell anything."""
    return [
        str((issue.translation_placeholders or {}).get("who"))
        for (domain, _), issue in ir.async_get(home.hass).issues.items()
        if domain == DOMAIN and issue.translation_key == "code_not_removed"
    ]


def stored(storage: dict[str, Any]) -> dict[str, Any]:
    """Return what is on disk about codes and users."""
    (data,) = (value["data"] for key, value in storage.items() if key.endswith(".people"))
    return dict(data)


async def use_code(door: Door, code: Code, action: KeypadAction = KeypadAction.UNLOCK) -> None:
    """Have somebody type a code, and wait until the lock is at rest."""
    assert door.lock.enter_code(code.code, action) == "the code is taken"
    await asyncio.sleep(2)


# --- Out of reach -----------------------------------------------------------------------------------------


async def test_a_code_is_deleted_as_soon_as_the_lock_is_back(
    home: Home, hass_storage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = WallTime(dt_util.utcnow())
    monkeypatch.setattr(dt_util, "utcnow", now)
    door = await Door.of(home)
    door.put(345678, "Plumber")
    await door.access.codes.async_list()
    home.go_out_of_range(door.lock)
    assert await refused(door.access.codes.async_delete(1)) is AccessProblem.NOT_REMOVED_YET
    assert repairs(home) == []
    assert [each["why"] for each in stored(hass_storage)["removals"]] == ["revoked"]
    now.move_on(3700)
    await home.until(lambda: repairs(home))
    assert repairs(home) == ["Plumber"]
    await reload(door)
    assert repairs(home) == ["Plumber"]
    home.come_into_range(door.lock)
    await home.until(lambda: not door.codes)
    await home.until(lambda: not repairs(home))
    await home.until(lambda: stored(hass_storage)["removals"] == [], within=5)
    assert door.written("REMOVE_KEYPAD_CODE") == 1


async def test_a_phone_is_paused_and_deleted_later(home: Home) -> None:
    """A lost phone, while the lock is out of reach."""
    door = await Door.of(home)
    phone = next(
        user
        for user in await door.access.users.async_list()
        if user.type == "app" and not user.is_home_assistant
    )
    home.go_out_of_range(door.lock)
    change = UserChange(enabled=False)
    assert (
        await refused(door.access.users.async_update(phone.user_id, change)) is AccessProblem.NOT_REMOVED_YET
    )
    home.come_into_range(door.lock)
    entry = door.lock.authorizations.find(phone.user_id)
    assert entry is not None
    await home.until(lambda: not entry.enabled)
    await door.access.users.async_delete(phone.user_id)
    assert door.lock.authorizations.find(phone.user_id) is None


async def test_another_code_with_the_same_id_is_not_ours(home: Home) -> None:
    door = await Door.of(home)
    code = door.put(345678)
    await door.access.codes.async_list()
    home.go_out_of_range(door.lock)
    assert await refused(door.access.codes.async_delete(1)) is AccessProblem.NOT_REMOVED_YET
    code.created = code.created._replace(year=2031)
    home.come_into_range(door.lock)
    await home.until(lambda: not door.access.removals._notes.removals)
    assert door.codes == [code]


async def test_a_code_that_is_wanted_again_stays(home: Home) -> None:
    door = await Door.of(home)
    door.put(345678)
    await door.access.codes.async_list()
    home.go_out_of_range(door.lock)
    assert await refused(door.access.codes.async_update(1, CodeChange(enabled=False))) is (
        AccessProblem.NOT_REMOVED_YET
    )
    home.come_into_range(door.lock)
    await home.heard(door.lock)
    await door.access.codes.async_update(1, CodeChange(enabled=True))
    await home.until(lambda: not home.connected(door.lock))
    assert door.codes[0].enabled


async def test_a_phone_that_is_wanted_again_stays(home: Home) -> None:
    """It is enabled while its removal is still promised, which is then withdrawn."""
    door = await Door.of(home)
    user_id = door.lock.authorizations.at(0).session.authorization_id
    (phone,) = [user for user in await door.access.users.async_list() if user.user_id == user_id]
    home.go_out_of_range(door.lock)
    pause = door.access.users.async_update(phone.user_id, UserChange(enabled=False))
    assert await refused(pause) is AccessProblem.NOT_REMOVED_YET
    home.come_into_range(door.lock)
    await home.heard(door.lock)
    await door.access.users.async_update(phone.user_id, UserChange(enabled=True))
    assert not door.access.removals.pending
    await home.until(lambda: not home.connected(door.lock))
    await home.read()
    assert door.lock.authorizations.at(0).enabled


async def test_a_pin_that_was_changed_elsewhere(home: Home) -> None:
    """No PIN is tried again and again; the repair is there at once; the new PIN ends it."""
    door = await Door.of(home)
    door.put(345678)
    await door.access.codes.async_list()
    home.go_out_of_range(door.lock)
    assert await refused(door.access.codes.async_delete(1)) is AccessProblem.NOT_REMOVED_YET
    door.lock.set_pin(4711)
    door.begin()
    home.come_into_range(door.lock)
    await home.until(lambda: repairs(home))
    await home.until(lambda: not home.connected(door.lock))
    refused_pins = len(door.lock.journal.pins_sent)
    assert refused_pins <= 1
    for _ in range(3):
        await home.read()
    assert len(door.lock.journal.pins_sent) == refused_pins
    await door.runtime.pin.async_enter("4711")
    await home.until(lambda: not door.codes)
    await home.until(lambda: not repairs(home))


async def test_a_full_disk_promises_nothing(home: Home) -> None:
    door = await Door.of(home)
    door.put(345678)
    await door.access.codes.async_list()
    disk = SimulatedDisk()
    disk.fail()
    door.begin()
    with pytest.raises(Exception, match="not on disk"):
        await door.access.codes.async_delete(1)
    disk.mend()
    assert door.lock.journal.pins_sent == []
    assert len(door.codes) == 1


# --- Number of uses ---------------------------------------------------------------------------------------


async def test_a_plumber_is_let_in_once(home: Home, hass_storage: dict[str, Any]) -> None:
    door = await Door.of(home)
    made = await door.access.codes.async_add(NewCode(name="Plumber", uses=1))
    (code,) = door.codes
    assert made.known.uses_left == 1
    assert made.right.period is not None
    assert made.right.period.end is not None
    assert timedelta(hours=23) < made.right.period.end - dt_util.utcnow() <= timedelta(hours=24)
    assert f"{code.code}" not in str(stored(hass_storage))
    await use_code(door, code)
    await home.until(lambda: not door.codes)
    assert stored(hass_storage) == {
        "removals": [],
        "made": [],
        "adding": None,
        "log_index": stored(hass_storage)["log_index"],
        "uncertain": False,
    }


async def test_unlocking_and_locking_again_is_one_use(home: Home) -> None:
    door = await Door.of(home)
    await door.access.codes.async_add(NewCode(name="Guest", uses=2))
    (code,) = door.codes
    await use_code(door, code)
    await use_code(door, code, KeypadAction.LOCK)
    await home.read()
    await home.until(lambda: not home.connected(door.lock))
    (shown,) = await door.access.codes.async_list()
    assert shown.known.uses_left == 1
    await use_code(door, code)
    await home.until(lambda: not door.codes)


async def test_what_others_do_does_not_have_the_codes_read(home: Home) -> None:
    """While uses are counted, the lock's own counters matter only after something about a counted code."""
    door = await Door.of(home)
    await door.access.codes.async_add(NewCode(name="Guest", uses=3))
    (code,) = door.codes
    other = door.put(345678, "Other")
    await home.read()
    await home.until(lambda: not home.connected(door.lock))
    door.begin()
    await use_code(door, other)
    await home.read()
    await home.until(lambda: not home.connected(door.lock))
    assert door.written("REQUEST_LOG_ENTRIES") > 0
    assert door.written("REQUEST_KEYPAD_CODES") == 0
    await use_code(door, code, KeypadAction.LOCK)
    await home.read()
    await home.until(lambda: not home.connected(door.lock))
    assert door.written("REQUEST_KEYPAD_CODES") > 0
    (made,) = (each for each in door.access._store.notes.made if each.uses_left)
    assert (made.uses_left, made.count_seen) == (3, code.lock_count)


@pytest.mark.parametrize("uses", [1, 2])
async def test_uses_while_home_assistant_was_off(home: Home, uses: int) -> None:
    door = await Door.of(home)
    await door.access.codes.async_add(NewCode(name="Guest", uses=uses))
    (code,) = door.codes
    await home.hass.config_entries.async_unload(door.entry.entry_id)
    for _ in range(uses):
        await use_code(door, code)
        door.lock.turn_key("lock")
    await home.hass.config_entries.async_setup(door.entry.entry_id)
    await home.until(lambda: not door.codes)


async def test_a_log_that_takes_several_links_misses_no_use(home: Home) -> None:
    """Much has happened while Home Assistant was off. What was not read yet is no reason to call a code used up."""
    door = await Door.of(home)
    await door.access.codes.async_add(NewCode(name="Guest", uses=3))
    (code,) = door.codes
    await home.hass.config_entries.async_unload(door.entry.entry_id)
    await use_code(door, code)
    for turn in (*("lock", "unlock") * 45, "lock"):
        door.lock.turn_key(turn)
        await asyncio.sleep(1)
    await use_code(door, code)
    await home.hass.config_entries.async_setup(door.entry.entry_id)
    for _ in range(3):
        await home.read()
        await home.until(lambda: not home.connected(door.lock))
    (shown,) = await door.access.codes.async_list()
    assert shown.known.uses_left == 1
    door.lock.turn_key("lock")
    await use_code(door, code)
    await home.until(lambda: not door.codes)


async def test_a_log_that_was_switched_off_meanwhile(home: Home) -> None:
    """The lock's own counter decides then: used is used up."""
    door = await Door.of(home)
    await door.access.codes.async_add(NewCode(name="Guest", uses=5))
    (code,) = door.codes
    door.lock.log.enabled = False
    await home.read()
    assert door.codes == [code]
    await use_code(door, code)
    await home.read()
    await home.until(lambda: not door.codes)


async def test_a_log_that_is_off_counts_nothing(home: Home) -> None:
    door = await Door.of(home)
    door.lock.log.enabled = False
    assert await refused(door.access.codes.async_add(NewCode(name="x", uses=1))) is AccessProblem.LOG_IS_OFF
    assert door.codes == []


async def test_uses_need_an_end_that_is_near(home: Home) -> None:
    door = await Door.of(home)
    right = RightChange(end=dt_util.utcnow() + timedelta(days=91))
    door.begin()
    problem = await refused(door.access.codes.async_add(NewCode(name="x", uses=1, right=right)))
    assert problem is AccessProblem.NEEDS_EXPIRY
    assert door.lock.journal.entries == []


@pytest.mark.parametrize(
    "right", [RightChange(clear_period=True), RightChange(end=dt_util.utcnow() + timedelta(days=400))]
)
async def test_a_code_whose_uses_are_counted_keeps_an_end(home: Home, right: RightChange) -> None:
    """Nobody counts while Home Assistant is off. Without the uses it may end when it likes."""
    door = await Door.of(home)
    await door.access.codes.async_add(NewCode(name="Guest", uses=1))
    (code,) = door.codes
    before = code.limit
    change = door.access.codes.async_update(1, CodeChange(right=right))
    assert await refused(change) is AccessProblem.NEEDS_EXPIRY
    assert (code.time_limited, code.limit) == (1, before)
    shown = await door.access.codes.async_update(1, CodeChange(right=right, clear_uses=True))
    assert shown.known.uses_left is None
    assert code.limit != before


async def test_an_end_that_is_switched_off_is_none(home: Home) -> None:
    """The lock keeps the date although the limit is off."""
    door = await Door.of(home)
    soon = Date7.of(dt_util.utcnow() + timedelta(days=3))
    door.put(345678, limit=TimeLimit(allowed_from=Date7(2026, 1, 1), allowed_until=soon))
    change = door.access.codes.async_update(1, CodeChange(uses=1))
    assert await refused(change) is AccessProblem.NEEDS_EXPIRY


async def test_uses_that_are_cleared(home: Home) -> None:
    door = await Door.of(home)
    await door.access.codes.async_add(NewCode(name="Guest", uses=1))
    (code,) = door.codes
    await door.access.codes.async_update(1, CodeChange(clear_uses=True))
    await use_code(door, code)
    await home.read()
    assert door.codes == [code]


# --- Expired ----------------------------------------------------------------------------------------------


async def test_an_expired_code_made_here_goes_a_day_later(home: Home) -> None:
    door = await Door.of(home)
    end = dt_util.utcnow() + timedelta(hours=1)
    await door.access.codes.async_add(NewCode(name="Guest", right=RightChange(end=end)))
    door.put(345678, "Someone else's")
    notes = door.access.removals._notes
    later = notes.expired(end + timedelta(hours=23))
    assert later.removals == ()
    assert [each.why for each in notes.expired(end + timedelta(hours=25)).removals] == ["expired"]


# --- What is kept -----------------------------------------------------------------------------------------


async def test_no_restore_brings_back_what_was_deleted_here(home: Home) -> None:
    """Neither the newest settings that were saved, nor older ones, nor those of an open loss."""
    door = await Door.of(home, keep_codes=True)
    archive = door.runtime.archive
    door.put(345678, "Gone")
    door.put(345679, "Stays")
    await archive.async_save()
    door.lock.settings.change(led_brightness=1)
    await archive.async_save()
    assert len(archive.kept.snapshots) == 2
    await door.access.codes.async_delete(1)
    for snapshot in archive.kept.snapshots:
        assert [code.code for code in snapshot.keypad_codes or ()] == [345679]
    await door.access.codes.async_add(NewCode(name="Once", digits="987654", uses=1))
    await door.access.codes.async_add(NewCode(name="New", digits="987653"))
    await archive.async_save()
    assert archive.kept.newest is not None
    assert [code.code for code in archive.kept.newest.keypad_codes or ()] == [345679, 987653]
    door.lock.keypad_codes.clear()
    loss = await archive.async_compare()
    await archive.async_offer(loss)
    await door.home.until(lambda: archive.kept.loss is not None)
    assert archive.kept.loss is not None
    assert {code.code for code in archive.kept.loss.reference.keypad_codes or ()} == {345679, 987653}


async def test_leaving(home: Home, hass_storage: dict[str, Any]) -> None:
    door = await Door.of(home)
    own = door.runtime.coordinator.client.authorization_id
    await door.access.async_leave()
    assert door.lock.authorizations.find(own) is None
    assert await home.hass.config_entries.async_remove(door.entry.entry_id)
    assert [key for key in hass_storage if "33C335C5" in key] == []


async def test_leaving_without_a_pin(home: Home) -> None:
    door = await Door.of(home, pin=None)
    with pytest.raises(Exception, match="no security PIN"):
        await door.access.async_leave()
    assert len(list(door.lock.authorizations)) == 3
