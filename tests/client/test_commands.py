"""Every conversation of the client with the virtual lock, which was written from the reference on its own."""

import asyncio
from collections.abc import Awaitable, Callable
import contextlib
from dataclasses import replace

import pytest

from custom_components.smartlock.client.client import LockClient
from custom_components.smartlock.client.connection import PinTries
from custom_components.smartlock.protocol import conversations as c
from custom_components.smartlock.protocol.enums import (
    AuthorizationIdType,
    ButtonAction,
    Command,
    ErrorCode,
    LockAction,
    LockState,
    LogEntryType,
    MotorSpeed,
    SortOrder,
    Weekdays,
)
from custom_components.smartlock.protocol.errors import (
    LinkLostError,
    LockRefusedError,
    MotorError,
    NoAnswerError,
    PinError,
)
from custom_components.smartlock.protocol.messages import (
    AddKeypadCode,
    AddTimeControlEntry,
    EnableLogging,
    InviteAuthorization,
    InvitedAuthorizationId,
    KeypadCodeId,
    KeyturnerStates,
    LockActionRequest,
    LoggedRun,
    Message,
    MostRecentCommand,
    OpeningsClosingsSummary,
    Proof,
    RemoveAuthorization,
    RemoveKeypadCode,
    RemoveTimeControlEntry,
    SimpleLockAction,
    TimeControlEntryId,
    TimeLimit,
    UpdateAuthorization,
    UpdateKeypadCode,
    UpdateTime,
    UpdateTimeControlEntry,
)
from custom_components.smartlock.protocol.undocumented import (
    AccessoryInfo,
    DailyStatistics,
    DoorSensorConfig,
    GeneralStatistics,
    InternalLogEntry,
    Keypad2Config,
    RequestAccessoryInfo,
    RequestDailyStatistics,
    RequestDoorSensorConfig,
    RequestGeneralStatistics,
    RequestInternalLogEntries,
    RequestKeypad2Config,
)
from custom_components.smartlock.protocol.wire import Date7, Time2
from simulator import virtual_time
from simulator.virtual_lock import Jam
from tests.client.simulated import World, paired, uncounted

MODELS = ["gen2", "gen3", "gen4", "ultra"]
every_model = pytest.mark.parametrize("model", MODELS)

type Scenario = Callable[[World, LockClient], Awaitable[None]]


def play(scenario: Scenario, model: str) -> None:
    """Run a scenario with a paired client that breaks no rule of the protocol."""

    async def main() -> None:
        async with paired(model) as (world, client):
            await scenario(world, client)
            assert world.lock.journal.broken_rules == []

    virtual_time.run(main())


@every_model
def test_config(model: str) -> None:
    """Read, modify, write, verify; nothing but the change differs, and no difference writes nothing."""

    async def scenario(world: World, client: LockClient) -> None:
        before = await client.read(c.read_config)
        after = await client.request(
            c.change_config(lambda config: replace(config, led_brightness=1, single_lock=1), world.pin)
        )
        assert (after.led_brightness, after.single_lock) == (1, 1)
        expected = replace(before, led_brightness=1, single_lock=1, current_time=after.current_time)
        assert after == expected
        await client.request(c.change_config(lambda config: config, world.pin))
        assert len(world.lock.journal.requests("SET_CONFIG")) == 1

    play(scenario, model)


@every_model
def test_advanced_config(model: str) -> None:
    """The same, in the length that this firmware has."""

    async def scenario(world: World, client: LockClient) -> None:
        before = await client.read(c.read_advanced_config)
        after = await client.request(
            c.change_advanced_config(
                world.dialect,
                lambda config: replace(config, single_button_press_action=ButtonAction.LOCK),
                world.pin,
            )
        )
        assert after == replace(before, single_button_press_action=ButtonAction.LOCK)
        assert (after.motor_speed is not None) is (model == "ultra")
        if model == "ultra":
            gentle = await client.request(
                c.change_advanced_config(
                    world.dialect, lambda config: replace(config, motor_speed=MotorSpeed.GENTLE), world.pin
                )
            )
            assert gentle.motor_speed == MotorSpeed.GENTLE

    play(scenario, model)


@every_model
def test_impossible_setting(model: str) -> None:
    """The lock refuses, and keeps what it had."""

    async def scenario(world: World, client: LockClient) -> None:
        with pytest.raises(LockRefusedError) as refused:
            await client.request(c.change_config(lambda config: replace(config, led_brightness=9), world.pin))
        assert refused.value.code == ErrorCode.K_BAD_PARAMETER
        assert (await client.read(c.read_config)).led_brightness != 9

    async def main() -> None:
        async with paired(model) as (world, client):
            await scenario(world, client)

    virtual_time.run(main())


@every_model
def test_security_pin(model: str) -> None:
    """Set once with the current one; then only the new one is right."""

    async def scenario(world: World, client: LockClient) -> None:
        new = world.pin + 1
        await client.request(c.set_pin(world.dialect, new, world.pin))
        await client.request(c.verify_pin(new))
        with pytest.raises(PinError):
            await client.request(c.verify_pin(world.pin))

    play(scenario, model)


@every_model
def test_clock(model: str) -> None:
    """The clock shows what was written."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.request(c.order(UpdateTime(time=Date7(2030, 6, 1, 12, 0, 0)), world.pin))
        states = await client.read_states()
        assert states.current_time[:5] == (2030, 6, 1, 12, 0)

    play(scenario, model)


@every_model
def test_authorizations(model: str) -> None:
    """Invite, list, update, remove; the first one is our own."""

    async def scenario(world: World, client: LockClient) -> None:
        limit = TimeLimit(
            allowed_weekdays=Weekdays.MONDAY | Weekdays.SUNDAY, allowed_until_time=Time2(18, 30)
        )
        invited = await client.request(
            c.prove(
                InviteAuthorization(
                    name="Zoë",
                    id_type=AuthorizationIdType.APP,
                    shared_key=bytes(range(32)),
                    remote_allowed=0,
                    time_limited=1,
                    limit=limit,
                ),
                InvitedAuthorizationId,
                pin=world.pin,
            )
        )
        _, entries = await client.request(c.read_authorizations(world.pin))
        assert entries[0].name == "Test"
        guest = next(e for e in entries if e.authorization_id == invited.authorization_id)
        assert (guest.name, guest.limit, guest.time_limited) == ("Zoë", limit, 1)
        await client.request(
            c.order(
                UpdateAuthorization(
                    authorization_id=guest.authorization_id,
                    name="Zoe",
                    enabled=0,
                    remote_allowed=0,
                    time_limited=0,
                ),
                world.pin,
            )
        )
        _, entries = await client.request(c.read_authorizations(world.pin))
        guest = next(e for e in entries if e.authorization_id == invited.authorization_id)
        assert (guest.name, guest.enabled, guest.time_limited) == ("Zoe", 0, 0)
        remove = RemoveAuthorization(authorization_id=guest.authorization_id)
        await client.request(c.order(remove, world.pin))
        with pytest.raises(LockRefusedError) as refused:
            await client.request(c.order(remove, world.pin))
        assert refused.value.code == ErrorCode.K_INVALID_AUTH_ID

    play(scenario, model)


@every_model
def test_log(model: str) -> None:
    """What happened is there, in pages, newest first and oldest first."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.request(c.order(EnableLogging(enabled=1), world.pin))
        await client.act(LockAction.UNLOCK)
        await client.act(LockAction.LOCK)
        count, newest = await client.request(c.read_log(world.pin, count=2))
        assert count is not None
        assert count.logging_enabled == 1
        runs = [entry.details for entry in newest]
        assert [run.action for run in runs if isinstance(run, LoggedRun)] == [
            LockAction.LOCK,
            LockAction.UNLOCK,
        ]
        assert {entry.type for entry in newest} == {LogEntryType.LOCK_ACTION}
        assert newest[0].name == "Test"
        _, older = await client.request(c.read_log(world.pin, beyond=newest[-1].index, count=5))
        assert all(entry.index < newest[-1].index for entry in older)
        _, oldest = await client.request(c.read_log(world.pin, count=100, newest_first=False))
        assert [entry.index for entry in oldest] == sorted(entry.index for entry in oldest)
        assert len(oldest) == count.count
        only_count, nothing = await client.request(c.read_log(world.pin, count=0))
        assert (only_count, nothing) == (count, ())

    play(scenario, model)


@every_model
def test_end_of_the_log_is_lost(model: str) -> None:
    """What follows at once, or never, is not waited for as long as an answer; the link is let go."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.read_states()
        world.lock.faults.drop_next_answer(Command.STATUS)
        clock = asyncio.get_running_loop().time
        began = clock()
        with pytest.raises(NoAnswerError):
            await client.request(c.read_log(world.pin, count=5))
        assert clock() - began < c.NEXT_ENTRY_TIME + 1
        await asyncio.sleep(0.1)
        assert not world.lock.status()["links"]
        counted, _ = await client.request(c.read_log(world.pin, count=5))
        assert counted is not None

    play(scenario, model)


@every_model
def test_keypad_codes(model: str) -> None:
    """Add, list, update, remove; and the rules for codes."""

    async def scenario(world: World, client: LockClient) -> None:
        added = await client.request(
            c.prove(AddKeypadCode(code=345678, name="Anna", time_limited=0), KeypadCodeId, pin=world.pin)
        )
        _, codes = await client.request(c.read_keypad_codes(world.pin))
        (code,) = codes
        assert (code.code_id, code.code, code.name, code.enabled) == (added.code_id, 345678, "Anna", 1)
        with pytest.raises(LockRefusedError) as refused:
            await client.request(
                c.prove(AddKeypadCode(code=345678, name="Ben", time_limited=0), KeypadCodeId, pin=world.pin)
            )
        assert refused.value.code == ErrorCode.K_CODE_ALREADY_EXISTS
        update = UpdateKeypadCode(code_id=code.code_id, code=456789, name="Ben", enabled=0, time_limited=0)
        await client.request(c.order(update, world.pin))
        _, codes = await client.request(c.read_keypad_codes(world.pin))
        (code,) = codes
        assert (code.code, code.name, code.enabled) == (456789, "Ben", 0)
        await client.request(c.order(RemoveKeypadCode(code_id=code.code_id), world.pin))
        assert (await client.request(c.read_keypad_codes(world.pin)))[1] == ()

    play(scenario, model)


@every_model
def test_time_control(model: str) -> None:
    """Add, list, update, remove."""

    async def scenario(world: World, client: LockClient) -> None:
        add = AddTimeControlEntry(weekdays=Weekdays.MONDAY, time=Time2(22, 15), lock_action=LockAction.LOCK)
        added = await client.request(c.prove(add, TimeControlEntryId, pin=world.pin))
        _, entries = await client.request(c.read_time_control(world.pin))
        (entry,) = entries
        assert (entry.entry_id, entry.weekdays, entry.time, entry.lock_action) == (
            added.entry_id,
            Weekdays.MONDAY,
            Time2(22, 15),
            LockAction.LOCK,
        )
        update = UpdateTimeControlEntry(
            entry_id=entry.entry_id,
            enabled=0,
            weekdays=Weekdays.SUNDAY,
            time=Time2(7, 0),
            lock_action=LockAction.UNLOCK,
        )
        await client.request(c.order(update, world.pin))
        _, entries = await client.request(c.read_time_control(world.pin))
        (entry,) = entries
        assert (entry.enabled, entry.weekdays) == (0, Weekdays.SUNDAY)
        await client.request(c.order(RemoveTimeControlEntry(entry_id=entry.entry_id), world.pin))
        assert (await client.request(c.read_time_control(world.pin)))[1] == ()

    play(scenario, model)


@every_model
def test_calibration(model: str) -> None:
    """The bolt moves, is seen to move, and comes to rest; written once."""

    async def scenario(world: World, client: LockClient) -> None:
        states = await client.calibrate(world.pin, pin_tries=uncounted())
        assert states is not None
        assert not states.lock_state.moving
        assert len(world.lock.journal.requests("REQUEST_CALIBRATION")) == 1
        seen = [message.lock_state for message in world.heard if isinstance(message, KeyturnerStates)]
        assert LockState.CALIBRATION in seen

    play(scenario, model)


def test_calibration_with_a_dead_clutch() -> None:
    """The owners' 4B: told live, and written once."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.jam(Jam.CLUTCH_POWER)
        with pytest.raises(MotorError) as error:
            await client.calibrate(world.pin, pin_tries=uncounted())
        assert error.value.code == ErrorCode.K_CLUTCH_POWER_FAILURE
        assert len(world.lock.journal.requests("REQUEST_CALIBRATION")) == 1

    play(scenario, "gen3")


@every_model
def test_reboot(model: str) -> None:
    """Written once; the lock goes away, comes back and can be read."""

    async def scenario(world: World, client: LockClient) -> None:
        try:
            await client.reboot(world.pin, pin_tries=uncounted())
        finally:
            assert len(world.lock.journal.requests("REQUEST_REBOOT")) == 1
        await asyncio.sleep(30)
        assert not (await client.read_states()).lock_state.moving
        assert len(world.lock.journal.requests("REQUEST_REBOOT")) == 1

    play(scenario, model)


@every_model
def test_no_pin_goes_out_that_nobody_counts(model: str) -> None:
    """The lock counts wrong ones, so whoever sends one has to say what counts it."""

    async def scenario(world: World, client: LockClient) -> None:
        pins_before = len(world.lock.journal.pins_sent)
        with pytest.raises(ValueError, match="nobody counts"):
            await LockClient.request(client, c.read_time_control(world.pin))
        assert len(world.lock.journal.pins_sent) == pins_before
        # The link is not used any more: the challenge that was fetched for it is still valid.
        assert (await client.request(c.read_time_control(world.pin)))[1] == ()

    play(scenario, model)


@every_model
def test_pins_are_counted_where_they_go_out_and_where_the_answer_comes(model: str) -> None:
    async def scenario(world: World, client: LockClient) -> None:
        asked: list[int] = []
        tries = PinTries(check=asked.append)
        await client.request(c.read_states(), pin_tries=tries)
        assert (tries.sent, tries.answered, asked) == (0, 0, [])
        await client.request(c.verify_pin(world.pin), pin_tries=tries)
        assert (tries.sent, tries.answered, asked) == (1, 1, [world.pin])
        with pytest.raises(PinError):
            await client.request(c.verify_pin(world.pin - 1), pin_tries=tries)
        assert (tries.sent, tries.answered) == (2, 2)
        world.lock.journal.entries.clear()

        def refuse(pin: int) -> None:
            raise LinkLostError

        refused = PinTries(check=refuse)
        with pytest.raises(LinkLostError):
            await client.calibrate(world.pin, pin_tries=refused)
        assert (refused.sent, refused.answered) == (0, 0)
        assert world.lock.journal.pins_sent == []
        assert world.runs == []
        await client.calibrate(world.pin, pin_tries=tries)
        assert (tries.sent, tries.answered) == (3, 3)

    play(scenario, model)


@every_model
@pytest.mark.parametrize(
    "message",
    [
        SimpleLockAction(action=LockAction.UNLOCK),
        LockActionRequest(action=LockAction.UNLOCK, app_id=42),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_moves_the_bolt_is_not_sent_in_passing(model: str, message: Message) -> None:
    """Only `act` and its like may: there is no way around its promise."""

    async def scenario(world: World, client: LockClient) -> None:
        with pytest.raises(ValueError, match="in passing"):
            await client.request(c.act(message))
        assert world.runs == []

    play(scenario, model)


@pytest.mark.parametrize(
    ("request_message", "answer"),
    [
        (RequestDoorSensorConfig(), DoorSensorConfig),
        (RequestKeypad2Config(), Keypad2Config),
        (RequestGeneralStatistics(), GeneralStatistics),
        (RequestAccessoryInfo(accessory_type=1), AccessoryInfo),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
@pytest.mark.parametrize("model", ["gen3", "gen4", "ultra"])
def test_undocumented_reads(model: str, request_message: Message, answer: type[Message]) -> None:
    """Answered, or refused with a code: never silence, never anything else."""

    async def scenario(world: World, client: LockClient) -> None:
        pin = world.pin if request_message.proof is Proof.CHALLENGE_AND_PIN else None
        conversation = c.prove(request_message, answer, pin=pin)
        if answer in (Keypad2Config, AccessoryInfo):
            # There is no accessory that could tell anything.
            with contextlib.suppress(LockRefusedError):
                await client.request(conversation)
            return
        assert type(await client.request(conversation)) is answer

    play(scenario, model)


@pytest.mark.parametrize("model", ["gen3", "gen4", "ultra"])
def test_undocumented_lists(model: str) -> None:
    """Daily statistics and the internal log."""

    async def scenario(world: World, client: LockClient) -> None:
        await client.act(LockAction.UNLOCK)
        _, days = await client.request(
            c.read_entries(RequestDailyStatistics(), DailyStatistics, DailyStatistics, world.pin)
        )
        log = RequestInternalLogEntries(
            start_index=0, count=5, sort_order=SortOrder.DESCENDING, total_count=0
        )
        _, entries = await client.request(c.read_entries(log, InternalLogEntry, InternalLogEntry, world.pin))
        assert all(isinstance(entry, InternalLogEntry) for entry in entries)
        assert all(isinstance(day, DailyStatistics) for day in days)

    play(scenario, model)


def test_summaries() -> None:
    """Old firmware has them."""

    async def scenario(world: World, client: LockClient) -> None:
        world.lock.open_door()
        world.lock.close_door()
        summary = await client.read(lambda: c.read(OpeningsClosingsSummary))
        assert (summary.openings_total, summary.closings_total) == (1, 1)
        await client.act(LockAction.UNLOCK)
        recent = await client.read(lambda: c.read(MostRecentCommand))
        assert recent.most_recent == Command.LOCK_ACTION

    play(scenario, "gen2")
