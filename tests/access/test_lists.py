"""Codes, authorizations and time control, listed and changed in a virtual lock."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.smartlock.access import directory, schedules
from custom_components.smartlock.access.rules.rights import Period, Recurrence, Right
from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.pin.guard import PinSession
from custom_components.smartlock.protocol.enums import AuthorizationIdType, Command, LockAction, Weekdays
from custom_components.smartlock.protocol.errors import IncompleteListError, LockRefusedError
from custom_components.smartlock.protocol.messages import KeypadCode, TimeControlEntry
from custom_components.smartlock.protocol.paging import PAGE
from custom_components.smartlock.protocol.wire import Date7, Time2
from simulator import virtual_time
from simulator.lock.faults import Once
from simulator.lock.habits import Habits
from simulator.lock.rights import ALWAYS
from simulator.lock.time_control import Entry
from tests.client.simulated import World, paired, uncounted

every_model = pytest.mark.parametrize("model", ["gen2", "gen3", "gen4", "ultra"])

type Scenario = Callable[[World, PinSession], Awaitable[None]]


def play(scenario: Scenario, model: str = "gen3") -> None:
    """Run a scenario in a session with the PIN; no rule of the protocol is broken."""

    async def main() -> None:
        async with paired(model) as (world, client):
            await scenario(world, session_of(world, client))
            assert world.lock.journal.broken_rules == []

    virtual_time.run(main())


def session_of(world: World, client: LockClient) -> PinSession:
    """Return a session as `PinGuard` makes it."""
    return PinSession(client=client, pin=world.pin, tries=uncounted())


def fill_codes(world: World, count: int) -> list[int]:
    """Put codes into the lock and return their digits."""
    numbers = [n for n in range(333333, 400000) if "0" not in str(n)][:count]
    for number in numbers:
        world.lock.keypad_codes.add(
            number, name=f"Guest {number}", created=Date7(), time_limited=0, limit=ALWAYS
        )
    return numbers


def fill_people(world: World, count: int) -> None:
    """Let there be so many more authorizations."""
    for number in range(count):
        world.lock.authorizations.add(bytes(32), app_id=number, name=f"Person {number}")


def requests(world: World, name: str) -> int:
    """Return how often the lock was asked for something."""
    return len(world.lock.journal.requests(name))


CODE = KeypadCode(
    code_id=0,
    code=345678,
    name="Cleaner",
    enabled=1,
    date_created=Date7(),
    date_last_active=Date7(),
    lock_count=0,
    time_limited=0,
)
SCHEDULE = TimeControlEntry(
    entry_id=0, enabled=1, weekdays=Weekdays.MONDAY, time=Time2(22, 30), lock_action=LockAction.LOCK
)
NOW = datetime(2026, 12, 7, 15, 30, tzinfo=UTC)


# --- Reading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, PAGE, PAGE + 1, 100, 150, 200])
@every_model
def test_codes_are_read_to_the_end(model: str, count: int) -> None:
    async def scenario(world: World, session: PinSession) -> None:
        numbers = fill_codes(world, count)
        assert [code.code for code in await directory.read_codes(session)] == numbers

    play(scenario, model)


@pytest.mark.parametrize("count", [1, PAGE, 99, 150, 199])
@every_model
def test_authorizations_are_read_to_the_end(model: str, count: int) -> None:
    async def scenario(world: World, session: PinSession) -> None:
        fill_people(world, count)
        found = await directory.read_authorizations(session)
        others = [entry.name for entry in found.others]
        assert others[-count:] == [f"Person {number}" for number in range(count)]
        assert len(others) == len(list(world.lock.authorizations)) - 1
        assert found.own is not None
        assert found.own.authorization_id == session.client.authorization_id
        assert found.own.name == "Test"

    play(scenario, model)


@every_model
def test_our_own_authorization_is_known_by_its_id(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it stands in the list."""

    async def scenario(world: World, session: PinSession) -> None:
        fill_people(world, 3)
        table = world.lock.authorizations
        monkeypatch.setattr(table, "listed", lambda authorization, id_type: list(table)[::-1])
        found = await directory.read_authorizations(session)
        assert found.own is not None
        assert found.own.name == "Test"
        assert "Test" not in [entry.name for entry in found.others]
        assert [entry.name for entry in found.others][:3] == ["Person 2", "Person 1", "Person 0"]

    play(scenario, model)


def test_an_action_does_not_wait_for_a_whole_list() -> None:
    """It waits for one page."""

    async def scenario(world: World, session: PinSession) -> None:
        fill_codes(world, 200)
        asked_before: list[int] = []
        world.lock.journal.entries.clear()

        async def unlock() -> None:
            await session.client.act(LockAction.UNLATCH)
            asked_before.append(requests(world, "REQUEST_KEYPAD_CODES"))

        async with asyncio.TaskGroup() as group:
            reading = group.create_task(directory.read_codes(session))
            group.create_task(unlock())
        assert len(reading.result()) == 200
        assert asked_before[0] <= 2
        assert requests(world, "REQUEST_KEYPAD_CODES") == 8

    play(scenario)


@pytest.mark.parametrize(
    "what", [Command.KEYPAD_CODE, Command.AUTHORIZATION_ENTRY, Command.TIME_CONTROL_ENTRY]
)
def test_a_list_that_lacks_an_entry_is_none(what: Command) -> None:
    """The message of one entry is lost; nobody notices but for the count."""
    reads = {
        Command.KEYPAD_CODE: directory.read_codes,
        Command.AUTHORIZATION_ENTRY: directory.read_authorizations,
        Command.TIME_CONTROL_ENTRY: schedules.read_schedules,
    }

    async def scenario(world: World, session: PinSession) -> None:
        fill_codes(world, 60)
        fill_people(world, 60)
        for hour in range(3):
            world.lock.time_control.add(
                Entry(weekdays=Weekdays.MONDAY, time=Time2(hour, 0), lock_action=LockAction.LOCK)
            )
        world.lock.faults.drop_next_answer(what)
        with pytest.raises(IncompleteListError):
            await reads[what](session)
        assert await reads[what](session)

    play(scenario)


@pytest.mark.parametrize("occasion", range(1, 7))
def test_an_entry_that_comes_twice_is_one(occasion: int) -> None:
    async def scenario(world: World, session: PinSession) -> None:
        numbers = fill_codes(world, 3)
        await session.client.connect()
        world.lock.faults.once(Once.DUPLICATE_INDICATION, occasion=occasion)
        assert [code.code for code in await directory.read_codes(session)] == numbers

    play(scenario)


# --- Changing ---------------------------------------------------------------------------------------------


@every_model
def test_a_code_is_added_changed_and_removed(model: str) -> None:
    async def scenario(world: World, session: PinSession) -> None:
        code_id = await directory.add_code(session, CODE)
        (added,) = await directory.read_codes(session)
        assert (added.code_id, added.code, added.name, added.enabled) == (code_id, 345678, "Cleaner", 1)
        right = Right(
            period=Period(start=NOW, end=NOW + timedelta(days=7)),
            recurrence=Recurrence(weekdays=Weekdays.MONDAY),
        )
        time_limited, limit = right.limit(NOW)
        await directory.change_code(
            session, replace(added, enabled=0, time_limited=time_limited, limit=limit)
        )
        (changed,) = await directory.read_codes(session)
        assert (changed.code, changed.name, changed.enabled) == (345678, "Cleaner", 0)
        assert Right.of(changed.time_limited, changed.limit, NOW) == right
        await directory.remove_code(session, code_id)
        assert await directory.read_codes(session) == ()

    play(scenario, model)


def test_a_code_without_a_limit_where_the_lock_sends_none() -> None:
    """Some locks leave it out then; written, it is always there."""

    async def main() -> None:
        world = World("gen3", habits=Habits(limit_block_only_if_limited=True))
        client = await world.pair()
        session = session_of(world, client)
        await directory.add_code(session, CODE)
        (code,) = await directory.read_codes(session)
        assert code.limit is None
        await directory.change_code(session, replace(code, name="Gardener"))
        assert (await directory.read_codes(session))[0].name == "Gardener"
        await client.close()
        await world.radio.stop()

    virtual_time.run(main())


def test_digits_that_are_there_are_refused() -> None:
    async def scenario(world: World, session: PinSession) -> None:
        await directory.add_code(session, CODE)
        with pytest.raises(LockRefusedError):
            await directory.add_code(session, CODE)
        assert len(await directory.read_codes(session)) == 1

    play(scenario)


@every_model
def test_somebody_else_is_changed_and_removed(model: str) -> None:
    async def scenario(world: World, session: PinSession) -> None:
        fill_people(world, 1)
        found = await directory.read_authorizations(session)
        guest = next(entry for entry in found.others if entry.name == "Person 0")
        await directory.change_authorization(session, replace(guest, name="Zoë", enabled=0))
        found = await directory.read_authorizations(session)
        (guest,) = [entry for entry in found.others if entry.name == "Zoë"]
        assert (guest.enabled, guest.id_type) == (0, AuthorizationIdType.APP)
        await directory.remove_authorization(session, guest.authorization_id)
        assert guest.name not in [e.name for e in (await directory.read_authorizations(session)).others]

    play(scenario, model)


def test_we_do_not_lock_ourselves_out() -> None:
    """Not a byte is sent; our own name may be changed."""

    async def scenario(world: World, session: PinSession) -> None:
        own = (await directory.read_authorizations(session)).own
        assert own is not None
        world.lock.journal.entries.clear()
        for change in (
            directory.remove_authorization(session, own.authorization_id),
            directory.change_authorization(session, replace(own, enabled=0)),
            directory.change_authorization(session, replace(own, time_limited=1)),
        ):
            with pytest.raises(ValueError, match="lock itself out"):
                await change
        assert world.lock.journal.pins_sent == []
        await directory.change_authorization(session, replace(own, name="Home"))
        own = (await directory.read_authorizations(session)).own
        assert own is not None
        assert own.name == "Home"

    play(scenario)


@every_model
def test_a_schedule_is_added_changed_and_removed(model: str) -> None:
    async def scenario(world: World, session: PinSession) -> None:
        entry_id = await schedules.add_schedule(session, SCHEDULE)
        (added,) = await schedules.read_schedules(session)
        assert added == replace(SCHEDULE, entry_id=entry_id)
        await schedules.change_schedule(session, replace(added, enabled=0, time=Time2(23, 0)))
        (changed,) = await schedules.read_schedules(session)
        assert changed == replace(added, enabled=0, time=Time2(23, 0))
        await schedules.remove_schedule(session, entry_id)
        assert await schedules.read_schedules(session) == ()

    play(scenario, model)
