"""What was done at the door: who it was, what the lock's log makes of it, and what is not in it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
import json

import pytest

from custom_components.smartlock.protocol.enums import (
    KeypadAction,
    LockAction,
    LogEntryType,
    SortOrder,
    Trigger,
    Weekdays,
)
from custom_components.smartlock.protocol.messages import LoggedKeypadAction, LoggedRun, TimeLimit
from custom_components.smartlock.protocol.wire import Date7, Time2
from simulator.lock.habits import OverMidnight
from simulator.lock.ledger import Deed, How, Result
from simulator.lock.log import LogRecord
from simulator.virtual_lock import Habits, VirtualLock
from simulator.virtual_time import run
from tests.simulator.hand_client import lock_since, paired
from tests.simulator.test_virtual_lock_log import ASCENDING, DESCENDING, entries, indices, move_door

# A Monday.
NOON = datetime(2026, 6, 1, 12, 0, 30, tzinfo=UTC)
CODE, OTHER, STRANGE = 345678, 456789, 999999
YESTERDAY = TimeLimit(allowed_until=Date7.of(NOON - timedelta(days=1)))


def furnished(**options: object) -> VirtualLock:
    """Return a lock with a fob, a Keypad 2, two codes, a finger and a phone."""
    lock = lock_since(NOON, **options)  # type: ignore[arg-type]
    for accessory in ("fob", "keypad-2"):
        lock.pair_accessory(accessory)
    lock.add_code(CODE, "Anna")
    lock.add_code(OTHER, "Bert", YESTERDAY)
    lock.enrol_finger(1)
    lock.invite_phone("Carla")
    return lock


def essence(deed: Deed) -> tuple[object, ...]:
    return (deed.how, deed.what, deed.who, deed.result, deed.code_id)


def records(lock: VirtualLock) -> list[LogRecord]:
    return lock.log.beyond(0, SortOrder.ASCENDING)


def run_of(record: LogRecord) -> LoggedRun | LoggedKeypadAction:
    kind = LoggedKeypadAction if record.type == LogEntryType.KEYPAD_ACTION else LoggedRun
    return kind.unpack(record.data)


@pytest.mark.parametrize(
    ("what", "deed", "trigger", "name"),
    [
        (lambda lock: lock.turn_key("unlock"), (How.HAND, "unlock", None), Trigger.MANUAL, ""),
        (lambda lock: lock.press_button(), (How.BUTTON, "unlock", None), Trigger.BUTTON, ""),
        (lambda lock: lock.press_fob(), (How.FOB, "unlock", "Nuki Fob"), Trigger.AUTOMATIC, "Nuki Fob"),
        (lambda lock: lock.use_phone("Carla"), (How.APP, "unlock", "Carla"), Trigger.SYSTEM, "Carla"),
        (
            lambda lock: lock.use_phone("Carla", auto_unlock=True),
            (How.AUTO_UNLOCK, "unlock", "Carla"),
            Trigger.SYSTEM,
            "Carla",
        ),
        (lambda lock: lock.act_from_afar("homekit"), (How.HOMEKIT, "unlock", None), Trigger.HOMEKIT, ""),
        (lambda lock: lock.act_from_afar("mqtt"), (How.MQTT, "unlock", None), Trigger.MQTT, ""),
        (lambda lock: lock.act_from_afar("matter"), (How.MATTER, "unlock", None), Trigger(0xAD), ""),
        (lambda lock: lock.act_from_afar("web"), (How.WEB, "unlock", None), Trigger.WEB, ""),
    ],
)
def test_who_moves_the_bolt(
    what: Callable[[VirtualLock], object], deed: tuple[object, ...], trigger: Trigger, name: str
) -> None:
    async def scenario() -> None:
        lock = furnished()
        what(lock)
        await asyncio.sleep(5)
        (found,) = lock.ledger
        (record,) = records(lock)
        assert essence(found) == (*deed, Result.DONE, None)
        assert (found.index, found.detail) == (1, "success")
        run = run_of(record)
        assert isinstance(run, LoggedRun)
        assert (run.action, run.trigger) == (LockAction.UNLOCK, trigger)
        assert record.name == name
        assert not lock.bolt_locked

    run(scenario())


@pytest.mark.parametrize(
    ("what", "deed", "data", "name"),
    [
        (
            lambda lock: lock.enter_code(CODE),
            (How.CODE, "unlock", "Anna", Result.DONE, 1),
            "010100 0100",
            "Anna",
        ),
        (
            lambda lock: lock.use_finger(1),
            (How.FINGER, "unlock", "Anna", Result.DONE, 1),
            "010200 0100",
            "Anna",
        ),
        (
            lambda lock: lock.enter_code(CODE, KeypadAction.UNLATCH),
            (How.CODE, "unlatch", "Anna", Result.DONE, 1),
            "030100 0100",
            "Anna",
        ),
        (
            lambda lock: lock.enter_code(OTHER),
            (How.CODE, "intelligent", "Bert", Result.NOT_ALLOWED, 2),
            "000109 0200",
            "Bert",
        ),
        (
            lambda lock: (lock.pause_code(1), lock.use_finger(1)),
            (How.FINGER, "intelligent", "Anna", Result.NOT_ALLOWED, 1),
            "000209 0100",
            "Anna",
        ),
        (
            lambda lock: lock.enter_code(STRANGE),
            (How.CODE, "intelligent", None, Result.WRONG_CODE, None),
            "0001e0 0000",
            "Nuki Keypad 2",
        ),
        (
            lambda lock: lock.use_finger(7),
            (How.FINGER, "intelligent", None, Result.WRONG_FINGER, None),
            "0002e1 0000",
            "Nuki Keypad 2",
        ),
        (
            lambda lock: lock.press_arrow_key(),
            (How.ARROW_KEY, "lock", None, Result.DONE, None),
            "020000 0000",
            "Nuki Keypad 2",
        ),
    ],
)
def test_who_is_at_the_keypad(
    what: Callable[[VirtualLock], object], deed: tuple[object, ...], data: str, name: str
) -> None:
    """Every code and finger has the authorization of the keypad; name and code tell who it was."""

    async def scenario() -> None:
        lock = furnished(locked=deed[0] is not How.ARROW_KEY)
        what(lock)
        await asyncio.sleep(10)
        (found,) = lock.ledger
        (record,) = records(lock)
        assert essence(found) == deed
        assert record.data == bytes.fromhex(data)
        assert record.name.partition("\0")[0] == name
        keypad = next(entry for entry in lock.authorizations if entry.name == "Nuki Keypad 2")
        assert record.authorization_id == keypad.session.authorization_id
        assert (deed[3] is Result.DONE) == bool(lock.journal.motor_runs)

    run(scenario())


def test_what_the_lock_does_by_itself() -> None:
    async def scenario() -> None:
        lock = furnished(locked=False)
        lock.settings.change(auto_lock_enabled=1, auto_lock_timeout=10)
        await asyncio.sleep(20)
        lock.swap_batteries()
        await asyncio.sleep(20)
        lock.update_firmware()
        await asyncio.sleep(20)
        lock.log_unknown()
        assert [essence(deed)[:2] for deed in lock.ledger] == [
            (How.AUTO_LOCK, "lock"),
            (How.ITSELF, "start"),
            (How.ITSELF, "update_firmware"),
            (How.ITSELF, "start"),
            (How.ITSELF, "0x0B"),
        ]
        assert [deed.index for deed in lock.ledger] == [1, 2, 3, 4, 5]

    run(scenario())


def test_lock_n_go_at_the_keypad_goes_on_without_the_code() -> None:
    async def scenario() -> None:
        lock = furnished()
        lock.enter_code(CODE, KeypadAction.LOCK_N_GO)
        await asyncio.sleep(60)
        assert [essence(deed) for deed in lock.ledger] == [
            (How.CODE, "lock_n_go", "Anna", Result.DONE, 1),
            (How.KEYPAD, "lock", "Anna", Result.DONE, None),
        ]

    run(scenario())


def test_what_fails_is_in_the_ledger_as_such() -> None:
    async def scenario() -> None:
        lock = furnished()
        lock.jam("motor")
        lock.enter_code(CODE)
        await asyncio.sleep(5)
        lock.repair()
        lock.turn_key("unlock")
        lock.settings.change(auto_unlock_disabled=1)
        lock.use_phone("Carla", auto_unlock=True)
        failed, _, refused = lock.ledger
        assert (failed.result, failed.detail) == (Result.FAILED, "motor_blocked")
        assert (refused.result, refused.detail) == (Result.AUTO_UNLOCK_REFUSED, "rejected")

    run(scenario())


@pytest.mark.parametrize("logged", [False, True])
def test_attempts_during_a_pause(logged: bool) -> None:
    async def scenario() -> None:
        lock = furnished(habits=Habits(paused_attempts_logged=logged))
        for _ in range(5):
            assert "K_CODE_INVALID" in lock.enter_code(STRANGE)
        assert "TIMEOUT_1" in lock.enter_code(CODE)
        assert "TIMEOUT_1" in lock.use_finger(1)
        deeds = list(lock.ledger)
        assert [deed.result for deed in deeds] == [Result.WRONG_CODE] * 5 + [Result.IGNORED] * 2
        assert [deed.index is None for deed in deeds[5:]] == [not logged] * 2
        await asyncio.sleep(30)
        assert lock.use_finger(1) == "the finger is taken"

    run(scenario())


@pytest.mark.parametrize("logged", [False, True])
def test_a_phone_and_a_fob_that_may_not(logged: bool) -> None:
    async def scenario() -> None:
        lock = furnished(habits=Habits(denied_clients_logged=logged))
        lock.allow("Carla", enabled=False)
        lock.allow("Nuki Fob", limit=YESTERDAY)
        assert "not allowed" in lock.use_phone("Carla")
        assert "not allowed" in lock.press_fob()
        assert [essence(deed)[2:4] for deed in lock.ledger] == [
            ("Carla", Result.NOT_ALLOWED),
            ("Nuki Fob", Result.NOT_ALLOWED),
        ]
        assert len(records(lock)) == (2 if logged else 0)
        assert lock.journal.motor_runs == []

    run(scenario())


def test_what_is_not_in_the_log() -> None:
    """Without the log, without power and without door logging it was done all the same."""

    async def scenario() -> None:
        lock = furnished()
        lock.set_door_logging(enabled=False)
        lock.open_door()
        lock.set_logging(enabled=False)
        lock.set_logging(enabled=False)
        lock.turn_key("unlock")
        lock.set_logging(enabled=True)
        lock.power_off()
        lock.turn_key("lock")
        assert [(deed.what, deed.index) for deed in lock.ledger] == [
            ("switch_door_log", 1),
            ("open_door", None),
            ("switch_log", 2),
            ("unlock", None),
            ("switch_log", 3),
            ("lock", None),
        ]
        assert lock.ledger.logged == [deed for deed in lock.ledger if deed.index]

    run(scenario())


def test_the_flag_after_a_refusal() -> None:
    async def scenario() -> None:
        for raises in (False, True):
            lock = furnished(habits=Habits(denied_raises_flag=raises))
            client = await paired(lock, id_type=1)
            await client.states()
            lock.enter_code(STRANGE)
            assert lock.unread_change is raises

    run(scenario())


def test_presses_may_stand_in_the_flags() -> None:
    async def scenario() -> None:
        lock = furnished(habits=Habits(presses_in_flags=True))
        lock.press_fob(1)
        await asyncio.sleep(5)
        lock.press_button(double=True)
        await asyncio.sleep(60)
        assert [record.data[2] for record in records(lock)][:2] == [1, 2]

    run(scenario())


def test_the_clock_of_the_world_and_that_of_the_lock() -> None:
    async def scenario() -> None:
        lock = furnished()
        lock.clock.lose()
        lock.turn_key("unlock")
        lock.damage(["dates"])
        lock.turn_key("lock")
        first, second = lock.ledger
        assert (first.time, first.lock_time) == (NOON, datetime(2000, 1, 1, tzinfo=UTC))
        assert second.lock_time is None

    run(scenario())


# --- The log as it is read --------------------------------------------------------------------------------


def test_an_entry_that_is_written_late() -> None:
    async def scenario() -> None:
        lock = furnished(habits=Habits(log_delay=4.0))
        lock.turn_key("unlock")
        await asyncio.sleep(3.9)
        (deed,) = lock.ledger
        assert (deed.index, len(lock.log)) == (None, 0)
        await asyncio.sleep(0.2)
        assert deed.index == 1
        assert records(lock)[0].timestamp == Date7.of(NOON)

    run(scenario())


def test_ascending_may_be_ignored() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON, habits=Habits(ascending_ignored=True))
        client = await paired(lock)
        move_door(lock, 6)
        client.forget()
        assert indices(await entries(client, 0, 4, ASCENDING)) == [6, 5, 4, 3]
        assert indices(await entries(client, 4, 4, ASCENDING)) == [3, 2, 1]

    run(scenario())


def test_a_page_in_disorder() -> None:
    async def scenario() -> None:
        lock = lock_since(NOON, habits=Habits(list_in_disorder=True))
        client = await paired(lock)
        move_door(lock, 30)
        client.forget()
        page = indices(await entries(client, 0, 20, DESCENDING))
        assert page != sorted(page, reverse=True)
        assert sorted(page) == list(range(11, 31))

    run(scenario())


def test_a_log_that_begins_anew() -> None:
    async def scenario() -> None:
        lock = furnished()
        move_door(lock, 4)
        lock.forget_log()
        move_door(lock, 2)
        assert [(deed.log_number, deed.index) for deed in lock.ledger][-3:] == [(0, 4), (1, 1), (1, 2)]

    run(scenario())


# --- Rights -----------------------------------------------------------------------------------------------


def hours(start: Time2, end: Time2, **more: object) -> TimeLimit:
    return TimeLimit(allowed_from_time=start, allowed_until_time=end, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("habits", "limit", "lets_in"),
    [
        # It is Monday, 14:00:30 in Berlin.
        ({}, hours(Time2(9, 0), Time2(14, 1)), True),
        ({}, hours(Time2(9, 0), Time2(14, 0)), False),
        ({"until_inclusive": True}, hours(Time2(9, 0), Time2(14, 0)), True),
        ({}, hours(Time2(22, 0), Time2(15, 0)), True),
        ({"over_midnight": OverMidnight.NEVER}, hours(Time2(22, 0), Time2(15, 0)), False),
        ({}, hours(Time2(0, 0), Time2(0, 0), allowed_weekdays=Weekdays.MONDAY), True),
        ({}, hours(Time2(0, 0), Time2(0, 0), allowed_weekdays=Weekdays.SUNDAY), False),
        ({}, YESTERDAY, False),
        ({"start_needed": True}, YESTERDAY, True),
    ],
)
def test_when_a_code_is_good(habits: dict[str, object], limit: TimeLimit, lets_in: bool) -> None:
    async def scenario() -> None:
        lock = lock_since(NOON, habits=Habits(**habits))  # type: ignore[arg-type]
        lock.pair_accessory("keypad")
        lock.add_code(CODE, "Anna", limit)
        assert (lock.enter_code(CODE) == "the code is taken") is lets_in

    run(scenario())


def test_an_expired_code_without_a_start_opens_when_the_clock_is_lost() -> None:
    async def scenario() -> None:
        lock = furnished()
        lock.add_code(567891, "Dora", TimeLimit(allowed_from=Date7.of(NOON), allowed_until=Date7.of(NOON)))
        await asyncio.sleep(1)
        lock.clock.lose()
        assert "K_TIME_NOT_ALLOWED" in lock.enter_code(567891)
        assert lock.enter_code(OTHER) == "the code is taken"

    run(scenario())


def test_what_the_app_cannot_write() -> None:
    async def scenario() -> None:
        lock = furnished(habits=Habits(over_midnight=OverMidnight.REFUSED, mask_zero_becomes_127=True))
        with pytest.raises(ValueError, match="no lock takes such a limit"):
            lock.add_code(567891, "Dora", hours(Time2(22, 0), Time2(6, 0)))
        with pytest.raises(ValueError, match="K_CODE_ALREADY_EXISTS"):
            lock.add_code(CODE, "Dora")
        with pytest.raises(ValueError, match="there is no code 9"):
            lock.delete_code(9)
        with pytest.raises(ValueError, match="no code 9"):
            lock.enrol_finger(9)
        with pytest.raises(ValueError, match="nobody called Dora"):
            lock.allow("Dora")
        with pytest.raises(ValueError, match="no phone called Dora"):
            lock.use_phone("Dora")
        code = lock.keypad_codes.get(lock.add_code(567891, "Dora", hours(Time2(9, 0), Time2(12, 0))))
        assert code is not None
        assert code.limit.allowed_weekdays == 127

    run(scenario())


def test_fingers_go_with_their_code() -> None:
    async def scenario() -> None:
        lock = furnished()
        assert [lock.enrol_finger(1) for _ in range(19)] == list(range(2, 21))
        with pytest.raises(ValueError, match="20 fingers at most"):
            lock.enrol_finger(2)
        assert len(lock.keypad_codes.fingers(1)) == 20
        lock.delete_code(1)
        assert "K_CODE_INVALID" in lock.use_finger(1)
        assert lock.enrol_finger(2) == 1

    run(scenario())


@pytest.mark.parametrize("reused", [False, True])
def test_whether_ids_come_back(reused: bool) -> None:
    async def scenario() -> None:
        lock = lock_since(NOON, habits=Habits(ids_reused=reused))
        first, second = lock.add_code(CODE, "Anna"), lock.add_code(OTHER, "Bert")
        lock.delete_code(first)
        assert (lock.add_code(CODE, "Anna") == first) is reused
        assert second == 2

    run(scenario())


@pytest.mark.parametrize(("model", "codes"), [("gen2", 100), ("gen3", 200), ("gen4", 200), ("ultra", 200)])
def test_how_many_codes_a_model_has_room_for(model: str, codes: int) -> None:
    async def scenario() -> None:
        lock = lock_since(NOON, model)
        for number in range(codes):
            lock.add_code(int("3" + _digits(number)), f"{number}")
        with pytest.raises(ValueError, match="K_TOO_MANY_ENTRIES"):
            lock.add_code(999999, "one too many")

    run(scenario())


def _digits(number: int) -> str:
    """Return five digits without a zero, different for each number."""
    digits = []
    for _ in range(5):
        number, rest = divmod(number, 9)
        digits.append(str(rest + 1))
    return "".join(digits)


# --- For people -------------------------------------------------------------------------------------------


def test_what_the_app_shows() -> None:
    async def scenario() -> None:
        lock = furnished()
        lock.enter_code(CODE)
        await asyncio.sleep(5)
        anna, bert = (json.loads(line) for line in lock.code_lines())
        assert (anna["code_id"], anna["code"], anna["uses"], anna["fingers"]) == (1, CODE, 1, [1])
        assert (bert["limited"], bert["until"]) == (True, "2026-05-31T12:00:30+00:00")
        (entry,) = (json.loads(line) for line in lock.log_lines(5))
        assert (entry["index"], entry["name"], entry["type"]) == (1, "Anna", "KEYPAD_ACTION")
        (deed,) = (json.loads(line) for line in lock.ledger.json_lines())
        assert (deed["index"], deed["who"], deed["how"], deed["what"]) == (1, "Anna", "code", "unlock")
        assert str(CODE) not in "".join((*lock.journal.json_lines(), *lock.ledger.json_lines()))

    run(scenario())
