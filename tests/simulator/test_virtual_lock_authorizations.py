"""The list of authorizations, and what each of its rights allows."""

import asyncio
from datetime import UTC, datetime
import random
import struct

import pytest

from custom_components.smartlock.protocol.enums import AuthorizationIdType, Command, ErrorCode, LockAction
from simulator.lock.journal import Kind
from simulator.virtual_lock import MODELS, Habits, VirtualLock
from simulator.virtual_time import run
from tests.simulator.hand_client import (
    APP_ID,
    COMPLETE,
    GDIO,
    Answer,
    HandClient,
    date7,
    lock_since,
    new_lock,
    paired,
    story,
    unplain,
)

# A Monday, 14:00:30 in Berlin.
NOON = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC)
DONE = (Command.STATUS, COMPLETE)
NO_DATE = bytes(7)
NO_LIMIT = bytes(19)
KEY = bytes(range(32))
MONDAY, TUESDAY, SUNDAY = 64, 32, 1


def limit(
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    days: int = 0,
    hours: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> bytes:
    """Return the limit block; hours are from hour and minute to hour and minute."""
    dates = [NO_DATE if moment is None else date7(moment) for moment in (since, until)]
    return b"".join(dates) + bytes([days, *hours])


def invitation(
    name: bytes = b"Guest", *, kind: int = 0, remote: int = 1, limited: int = 0, limits: bytes = NO_LIMIT
) -> bytes:
    return name.ljust(32, b"\0") + bytes([kind]) + KEY + bytes([remote, limited]) + limits


def update(
    authorization_id: bytes,
    *,
    name: bytes = b"hand",
    enabled: int = 1,
    limited: int = 0,
    limits: bytes = NO_LIMIT,
) -> bytes:
    return authorization_id + name.ljust(32, b"\0") + bytes([enabled, 1, limited]) + limits


async def invite(client: HandClient, fields: bytes) -> Answer:
    answer = await client.order(Command.AUTHORIZATION_DATA_INVITE, fields)
    if answer.error is None:
        assert await client.answer() == DONE
    return answer


async def listed(client: HandClient, offset: int = 0, count: int = 100, kind: bytes = b"") -> list[Answer]:
    fields = struct.pack("<HH", offset, count) + kind
    return await client.collect(Command.REQUEST_AUTHORIZATION_ENTRIES, fields)


def names(answers: list[Answer]) -> list[bytes]:
    """Return the names of the entries behind the count."""
    assert answers[0].command == Command.AUTHORIZATION_ENTRY_COUNT
    assert {answer.command for answer in answers[1:]} <= {Command.AUTHORIZATION_ENTRY}
    return [answer.payload[5:37].rstrip(b"\0") for answer in answers[1:]]


async def guest_of(lock: VirtualLock, client: HandClient, fields: bytes) -> HandClient:
    """Return a client that was invited; it hangs up the one that invited it if only one can be linked."""
    answer = await invite(client, fields)
    guest = HandClient(lock, seed=2)
    guest.key, guest.authorization_id = KEY, answer.payload[:4]
    if lock.model.links == 1:
        client.link.close()
    return await guest.connect()


# --- The list ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", list(MODELS))
def test_an_entry_byte_for_byte(model: str) -> None:
    async def scenario() -> None:
        lock = lock_since(NOON, model)
        client = await paired(lock)
        await client.act(LockAction.UNLOCK)
        count, entry = await listed(client)
        assert count == (Command.AUTHORIZATION_ENTRY_COUNT, b"\x01\x00")
        payload = entry.payload
        assert len(payload) == 75
        assert payload[:39] == client.authorization_id + b"\0" + b"hand".ljust(32, b"\0") + b"\x01\x01"
        created, active = payload[39:46], payload[46:53]
        assert created[:6] == active[:6] == date7(NOON)[:6]
        assert created < active
        assert payload[53:] == b"\x01\0\0" + NO_LIMIT
        assert lock.journal.broken_rules == []

    run(scenario())


def test_the_limit_may_be_left_out() -> None:
    async def scenario() -> None:
        client = await paired(new_lock("ultra", habits=Habits(limit_block_only_if_limited=True)))
        await invite(client, invitation(limited=1, limits=limit(days=MONDAY)))
        _, own, guest = await listed(client)
        assert (len(own.payload), len(guest.payload)) == (56, 75)
        assert guest.payload[55:] == b"\x01" + limit(days=MONDAY)

    run(scenario())


def test_the_callers_own_entry_comes_first_and_pages_cut_the_list() -> None:
    async def scenario() -> None:
        lock = new_lock("gen4")
        owner = await paired(lock)
        for number in range(3):
            await invite(owner, invitation(b"Guest %d" % number))
        guest = await guest_of(lock, owner, invitation(b"Reader"))
        everybody = await listed(guest)
        assert everybody[0].payload == b"\x05\0"
        assert names(everybody) == [b"Reader", b"hand", b"Guest 0", b"Guest 1", b"Guest 2"]
        page = await listed(guest, 1, 2)
        assert (page[0].payload, names(page)) == (b"\x05\0", [b"hand", b"Guest 0"])
        assert names(await listed(guest, 4, 9)) == [b"Guest 2"]
        assert names(await listed(guest, 0, 0)) == names(await listed(guest, 5, 5)) == []

    run(scenario())


def test_only_one_kind() -> None:
    async def scenario() -> None:
        lock = new_lock("gen4")
        client = await paired(lock)
        lock.pair_accessory("fob")
        lock.pair_accessory("keypad-2")
        client.forget()
        assert names(await listed(client, kind=b"\x05")) == [b"Nuki Keypad 2"]
        fobs = await listed(client, kind=b"\x02")
        assert (fobs[0].payload, names(fobs), fobs[1].payload[4]) == (b"\x01\0", [b"Nuki Fob"], 2)
        assert names(await listed(client, kind=b"\x00")) == [b"hand"]
        assert names(await listed(client, kind=b"\x03")) == []
        assert (await listed(client, kind=b"\x66"))[0].error == ErrorCode.K_BAD_PARAMETER

    run(scenario())


# --- Inviting ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", list(MODELS))
def test_an_invitation_works_without_pairing(model: str) -> None:
    async def scenario() -> None:
        lock = lock_since(NOON, model)
        client = await paired(lock)
        guest = await guest_of(lock, client, invitation())
        assert guest.authorization_id == b"\x02\0\0\0"
        assert story(await guest.act(LockAction.UNLOCK))[-1] == "complete"
        assert lock.journal.of(Kind.AUTHORIZATION_ADDED, why="invited", id_type="APP")
        assert lock.journal.broken_rules == []

    run(scenario())


@pytest.mark.parametrize("follows", [True, False])
def test_whether_complete_follows_the_id(follows: bool) -> None:
    async def scenario() -> None:
        lock = new_lock(now=lambda: NOON, habits=Habits(complete_after_id=follows))
        client = await paired(lock)
        answer = await client.order(Command.AUTHORIZATION_DATA_INVITE, invitation())
        assert answer == (Command.AUTHORIZATION_ID_INVITE, b"\x02\0\0\0" + date7(NOON))
        if follows:
            assert await client.answer() == DONE
        assert await client.hears_nothing(seconds=5)

    run(scenario())


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("gen3", invitation(kind=7)),
        ("gen3", invitation(kind=5)),
        ("ultra", invitation(kind=1)),
        ("gen3", invitation(remote=2)),
        ("gen3", invitation(limited=2)),
        ("gen3", invitation(limited=1, limits=limit(days=128))),
        ("gen3", invitation(limited=1, limits=limit(hours=(24, 0, 0, 0)))),
        ("gen3", invitation(limited=1, limits=b"\xea\x07\x0d\x01\0\0\0" + bytes(12))),
        ("gen3", invitation(limited=1, limits=limit(since=NOON, until=NOON.replace(year=2025)))),
    ],
)
def test_an_invitation_that_is_impossible(model: str, fields: bytes) -> None:
    async def scenario() -> None:
        lock = new_lock(model)
        client = await paired(lock)
        assert (await invite(client, fields)).error == ErrorCode.K_BAD_PARAMETER
        assert len(lock.authorizations) == 1

    run(scenario())


def test_a_limit_that_is_not_used_may_be_anything() -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        assert (await invite(client, invitation(limits=b"\xff" * 19))).error is None

    run(scenario())


def test_a_full_table() -> None:
    async def scenario() -> None:
        client = await paired(new_lock(habits=Habits(max_authorizations=2)))
        assert (await invite(client, invitation())).error is None
        assert (await invite(client, invitation())).error == ErrorCode.K_TOO_MANY_ENTRIES

    run(scenario())


def test_an_invited_bridge_takes_the_place_of_the_bridge() -> None:
    async def scenario() -> None:
        lock = new_lock()
        owner = await paired(lock, id_type=1)
        await invite(owner, invitation(b"Bridge", kind=1))
        assert [(entry.name, entry.id_type) for entry in lock.authorizations] == [
            ("Bridge", AuthorizationIdType.BRIDGE)
        ]
        await owner.send(Command.REQUEST_DATA, b"\x0c\x00")
        assert unplain(await owner.hear(GDIO)).error == ErrorCode.K_NOT_AUTHORIZED

    run(scenario())


def test_pairing_with_app_id_0_does_not_overwrite_a_guest() -> None:
    async def scenario() -> None:
        lock = new_lock("ultra")
        owner = await paired(lock)
        await invite(owner, invitation())
        await paired(lock, app_id=0, seed=3)
        assert len(lock.authorizations) == 3

    run(scenario())


# --- Changing and removing --------------------------------------------------------------------------------


def test_an_update_replaces_everything() -> None:
    async def scenario() -> None:
        lock = new_lock()
        client = await paired(lock)
        await invite(client, invitation(limited=1, limits=limit(days=MONDAY)))
        fields = update(b"\x02\0\0\0", name="Gäst".encode(), enabled=0)
        assert await client.order(Command.UPDATE_AUTHORIZATION_ENTRY, fields) == DONE
        entry = (await listed(client))[2].payload
        assert entry[5:39] == "Gäst".encode().ljust(32, b"\0") + b"\0\x01"
        assert entry[55:] == b"\0" + NO_LIMIT
        (written,) = lock.journal.of(Kind.SETTINGS_WRITTEN)
        assert written.facts["fields"] == "enabled limit name time_limited"

    run(scenario())


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (update(b"\x09\0\0\0"), ErrorCode.K_INVALID_AUTH_ID),
        (update(b"\x01\0\0\0", enabled=2), ErrorCode.K_BAD_PARAMETER),
        (update(b"\x01\0\0\0", limited=2), ErrorCode.K_BAD_PARAMETER),
        (update(b"\x01\0\0\0", limited=1, limits=b"\xff" * 19), ErrorCode.K_BAD_PARAMETER),
    ],
)
def test_an_update_that_is_refused(fields: bytes, code: ErrorCode) -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        before = await listed(client)
        assert (await client.order(Command.UPDATE_AUTHORIZATION_ENTRY, fields)).error == code
        assert await listed(client) == before

    run(scenario())


def test_a_client_that_is_removed() -> None:
    async def scenario() -> None:
        lock = new_lock("ultra")
        client = await paired(lock)
        guest = await guest_of(lock, client, invitation())
        assert await client.order(Command.REMOVE_AUTHORIZATION_ENTRY, guest.authorization_id) == DONE
        await guest.send(Command.REQUEST_DATA, b"\x0c\x00")
        assert unplain(await guest.hear(GDIO)).error == ErrorCode.K_NOT_AUTHORIZED
        answer = await client.order(Command.REMOVE_AUTHORIZATION_ENTRY, guest.authorization_id)
        assert answer == (Command.ERROR_REPORT, b"\x24\x08\x00")

    run(scenario())


def test_a_client_that_removes_itself_hears_that_it_is_done() -> None:
    async def scenario() -> None:
        client = await paired(new_lock())
        assert await client.order(Command.REMOVE_AUTHORIZATION_ENTRY, client.authorization_id) == DONE
        await client.send(Command.REQUEST_DATA, b"\x0c\x00")
        assert unplain(await client.hear(GDIO)).error == ErrorCode.K_NOT_AUTHORIZED

    run(scenario())


# --- Rights -----------------------------------------------------------------------------------------------


async def right_of(client: HandClient) -> ErrorCode | None:
    return (await client.request(Command.KEYTURNER_STATES)).error


@pytest.mark.parametrize(
    ("limits", "allowed"),
    [
        (limit(), True),
        (limit(since=NOON), True),
        (limit(since=NOON.replace(hour=13)), False),
        (limit(until=NOON.replace(hour=13)), True),
        (limit(until=NOON.replace(hour=11)), False),
        (limit(since=NOON.replace(day=1, hour=0), until=NOON.replace(day=2)), True),
        (limit(days=MONDAY), True),
        (limit(days=TUESDAY | SUNDAY), False),
        (limit(days=127), True),
        # Hours are local: it is 14:00 in Berlin.
        (limit(hours=(14, 0, 15, 0)), True),
        (limit(hours=(12, 0, 13, 0)), False),
        (limit(hours=(13, 0, 14, 0)), False),
        (limit(hours=(22, 0, 6, 0)), False),
        (limit(hours=(13, 0, 6, 0)), True),
        (limit(since=NOON, days=MONDAY, hours=(13, 0, 6, 0)), True),
        (limit(since=NOON, days=TUESDAY, hours=(13, 0, 6, 0)), False),
    ],
)
def test_when_a_client_is_allowed(limits: bytes, allowed: bool) -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        guest = await guest_of(lock, client, invitation(limited=1, limits=limits))
        assert await right_of(guest) == (None if allowed else ErrorCode.K_TIME_NOT_ALLOWED)
        answers = await guest.act(LockAction.UNLOCK) if allowed else []
        assert lock.bolt_locked is not allowed
        assert bool(answers) is allowed

    run(scenario())


@pytest.mark.parametrize(("days", "error"), [(MONDAY, ErrorCode.K_TIME_NOT_ALLOWED), (TUESDAY, None)])
def test_days_are_local_ones(days: int, error: ErrorCode | None) -> None:
    async def scenario() -> None:
        lock = lock_since(NOON.replace(hour=23))  # Past midnight in Berlin.
        client = await paired(lock)
        guest = await guest_of(lock, client, invitation(limited=1, limits=limit(days=days)))
        assert await right_of(guest) == error

    run(scenario())


def test_a_date_ends_with_its_second_in_utc() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        until = NOON.replace(minute=10)
        guest = await guest_of(lock, client, invitation(limited=1, limits=limit(until=until)))
        await asyncio.sleep((until - lock.clock.time).total_seconds() - 0.5)
        assert await right_of(guest) is None
        await asyncio.sleep(1)
        assert await right_of(guest) == ErrorCode.K_TIME_NOT_ALLOWED

    run(scenario())


def test_the_right_ends_on_the_locks_own_clock() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON)
        client = await paired(lock)
        guest = await guest_of(lock, client, invitation(limited=1, limits=limit(hours=(14, 0, 15, 0))))
        assert await right_of(guest) is None
        await asyncio.sleep(3600)
        assert await right_of(guest) == ErrorCode.K_TIME_NOT_ALLOWED
        lock.set_clock(NOON)
        assert await right_of(guest) is None
        lock.settings.change(time_zone_id=9)  # America/Los_Angeles: 5 in the morning.
        guest.forget()
        assert await right_of(guest) == ErrorCode.K_TIME_NOT_ALLOWED
        lock.settings.change(time_zone_id=0xFFFF, time_zone_offset=60)  # With summer time 14:00 again.
        guest.forget()
        assert await right_of(guest) is None
        lock.settings.change(dst_mode=0)
        guest.forget()
        assert await right_of(guest) == ErrorCode.K_TIME_NOT_ALLOWED

    run(scenario())


def test_limits_that_count_for_the_bolt_only() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON, habits=Habits(limits_cover_reading=False))
        client = await paired(lock)
        guest = await guest_of(lock, client, invitation(limited=1, limits=limit(days=TUESDAY)))
        assert await right_of(guest) is None
        assert (await guest.prove(Command.REQUEST_CONFIG)).error is None
        assert story(await guest.act(LockAction.UNLOCK)) == ["K_TIME_NOT_ALLOWED"]

    run(scenario())


def test_a_disabled_client_can_do_nothing() -> None:
    async def scenario() -> None:
        lock = new_lock("ultra")
        client = await paired(lock)
        guest = await guest_of(lock, client, invitation())
        fields = update(guest.authorization_id, enabled=0)
        assert await client.order(Command.UPDATE_AUTHORIZATION_ENTRY, fields) == DONE
        assert await right_of(guest) == ErrorCode.K_DISABLED
        assert (
            await guest.ask(Command.LOCK_ACTION, guest.action(1) + bytes(32))
        ).error == ErrorCode.K_DISABLED

    run(scenario())


def test_ids_of_the_invited_do_not_repeat() -> None:
    async def scenario() -> None:
        client = await paired(new_lock(random=random.Random(5).randbytes), app_id=APP_ID)
        first = (await invite(client, invitation())).payload[:4]
        await client.order(Command.REMOVE_AUTHORIZATION_ENTRY, first)
        assert (await invite(client, invitation())).payload[:4] != first

    run(scenario())
