"""The security PIN: verified once, never sent when it is known to be wrong, and counted across restarts."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from homeassistant.core import CoreState
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from custom_components.smartlock.pin.guard import PinGuard, PinUnavailableError
from custom_components.smartlock.pin.rules import BLOCK_PAUSE, TRIES, TRIES_WINDOW, PinState
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.enums import Command, ErrorCode
from custom_components.smartlock.protocol.errors import LinkError, LinkLostError, LockRefusedError, PinError
from simulator.lock.faults import Once
from simulator.lock.habits import Habits, LostPin
from simulator.virtual_lock import Kind, VirtualLock, quick
from tests.integration.home import NUKI_ID, PINS, Home, pins_sent

FILE = f"smartlock.{NUKI_ID:08X}.pin"
RIGHT, WRONG, OTHER = str(PINS["gen3"]), "1111", "2222"


def sent(lock: VirtualLock) -> list[tuple[Any, Any]]:
    """Return to which commands a PIN was sent, and whether it was right."""
    return pins_sent(lock)


VERIFIED, REFUSED = ("VERIFY_SECURITY_PIN", True), ("VERIFY_SECURITY_PIN", False)
USED, USED_IN_VAIN = ("REQUEST_KEYPAD_CODES", True), ("REQUEST_KEYPAD_CODES", False)


def guard(entry: MockConfigEntry) -> PinGuard:
    """Return the guard of a lock that is set up."""
    found: PinGuard = entry.runtime_data.pin
    return found


async def use(entry: MockConfigEntry) -> None:
    """Do something that needs the PIN."""
    await entry.runtime_data.pin.ask(conversations.read_keypad_codes)


async def restart(home: Home, lock: VirtualLock, entry: MockConfigEntry) -> None:
    """Start again with what is on disk."""
    assert await home.hass.config_entries.async_reload(entry.entry_id)
    await home.settled(entry, lock)


def dialogs(home: Home, lock: VirtualLock) -> int:
    """Return how many repairs ask the owner for the PIN; none says that the lock itself is lost."""
    assert home.flows(lock) == []
    issues = ir.async_get(home.hass)
    return sum(
        issues.async_get_issue(DOMAIN, home.issue_id(key)) is not None for key in ("pin_refused", "pin_lost")
    )


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Move the time of day on, without anything happening meanwhile."""
    utcnow, moved = dt_util.utcnow, timedelta(0)

    def move_on(by: timedelta) -> None:
        nonlocal moved
        moved += by

    monkeypatch.setattr(dt_util, "utcnow", lambda: utcnow() + moved)
    return move_on


# --- What is shown, and what is sent ----------------------------------------------------------------------


@pytest.mark.parametrize("model", ["gen3", "ultra"])
async def test_verified_once(home: Home, model: str) -> None:
    """And remembered, whatever is started again."""
    lock = home.add_lock(model)
    entry = await home.set_up(lock, pin=str(PINS[model]))
    assert home.state("pin_state") == "valid"
    for _ in range(3):
        await home.read()
        await restart(home, lock, entry)
    await use(entry)
    assert sent(lock) == [VERIFIED, USED]
    assert len(lock.journal.connections) == 1 + 3 + 3 + 1
    assert dialogs(home, lock) == 0


async def test_none_given(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock)
    assert home.state("pin_state") == "not_set"
    with pytest.raises(PinUnavailableError) as caught:
        await use(entry)
    assert caught.value.state is PinState.NOT_SET
    assert sent(lock) == []
    assert dialogs(home, lock) == 0


@pytest.mark.parametrize("model", ["gen3", "ultra"])
async def test_wrong_one_is_sent_once(home: Home, model: str) -> None:
    """The owner is asked for another one, and the lock works as ever."""
    lock = home.add_lock(model)
    entry = await home.set_up(lock, pin=WRONG + "11" if model == "ultra" else WRONG)
    for _ in range(2):
        assert home.state("pin_state") == "invalid"
        with pytest.raises(PinUnavailableError) as caught:
            await use(entry)
        assert caught.value.state is PinState.INVALID
        await home.hass.async_block_till_done()
        assert dialogs(home, lock) == 1
        await restart(home, lock, entry)
    assert sent(lock) == [REFUSED]
    await home.call("unlock")
    assert home.state() == "unlocked"


async def test_before_the_first_read_it_is_unknown(home: Home) -> None:
    lock = home.add_lock()
    home.go_out_of_range(lock)
    entry = home.entry(lock, pin=RIGHT)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.hass.async_block_till_done()
    assert home.state("pin_state") == "unknown"
    with pytest.raises(LinkError):
        await use(entry)
    assert home.state("pin_state") == "unknown"
    home.come_into_range(lock)
    await home.settled(entry, lock)
    assert home.state("pin_state") == "valid"
    assert sent(lock) == [VERIFIED]


async def test_changed_in_the_app(home: Home) -> None:
    """It was right, and is refused in the middle of something."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    lock.set_pin(int(OTHER))
    with pytest.raises(PinError):
        await use(entry)
    with pytest.raises(PinUnavailableError):
        await use(entry)
    await restart(home, lock, entry)
    assert home.state("pin_state") == "invalid"
    assert sent(lock) == [VERIFIED, USED_IN_VAIN]
    assert dialogs(home, lock) == 1
    assert home.state() == "locked"


async def test_two_who_have_it_at_the_same_time(home: Home) -> None:
    """The second one does not send it after the first one was refused."""
    lock = home.add_lock(timing=quick(processing=0.2))
    entry = await home.set_up(lock, pin=RIGHT)
    lock.set_pin(int(OTHER))
    results = await asyncio.gather(*(use(entry) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [PinError, PinUnavailableError, PinUnavailableError]
    assert home.state("pin_state") == "invalid"
    assert sent(lock) == [VERIFIED, USED_IN_VAIN]
    await guard(entry).async_enter(OTHER)
    assert home.state("pin_state") == "valid"


async def test_another_one_in_the_options_starts_afresh(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=WRONG)
    update = home.hass.config_entries.async_update_entry
    update(entry, options={"pin": RIGHT})
    await use(entry)
    assert home.state("pin_state") == "valid"
    # And the wrong one is still known.
    update(entry, options={"pin": WRONG})
    with pytest.raises(PinUnavailableError):
        await use(entry)
    assert sent(lock) == [REFUSED, VERIFIED, USED]


# --- Answers that are lost --------------------------------------------------------------------------------


async def test_unproved_one_whose_answer_was_lost_is_not_sent_again(
    home: Home, later: Any, hass_storage: dict[str, Any]
) -> None:
    """The owner decides."""
    lock = home.add_lock()
    entry = home.entry(lock, pin=RIGHT)
    lock.faults.drop_next_answer(Command.STATUS)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settled(entry, lock)
    for _ in range(3):
        assert home.state("pin_state") == "unknown"
        assert dialogs(home, lock) == 1
        with pytest.raises(PinUnavailableError):
            await use(entry)
        later(TRIES_WINDOW)
        await home.read()
        await restart(home, lock, entry)
    assert sent(lock) == [VERIFIED]
    await guard(entry).async_enter(RIGHT)
    assert home.state("pin_state") == "valid"
    assert sent(lock) == [VERIFIED] * 2
    assert RIGHT not in str(hass_storage[FILE]["data"])


async def test_crash_between_sending_and_hearing(
    home: Home, hass_storage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written down before it was sent is what the next start knows."""
    lock = home.add_lock()
    entry = home.entry(lock, pin=WRONG)
    written: list[Any] = []
    with monkeypatch.context() as context:
        watch(context, lock, Kind.PIN_SENT, lambda: written.append(hass_storage[FILE]))
        assert await home.hass.config_entries.async_setup(entry.entry_id)
        await home.settled(entry, lock)
    assert len(written) == 1
    assert len(written[0]["data"]["doubted"]) == 1
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    hass_storage[FILE] = written[0]
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settled(entry, lock)
    assert home.state("pin_state") == "unknown"
    assert sent(lock) == [REFUSED]


def watch(monkeypatch: pytest.MonkeyPatch, lock: VirtualLock, kind: Kind, call: Callable[[], object]) -> None:
    """Call something at the moment when something happens to a lock."""
    record = lock.journal.record

    def recorded(what: Kind, **facts: Any) -> None:
        if what is kind:
            call()
        record(what, **facts)

    monkeypatch.setattr(lock.journal, "record", recorded)


async def test_proved_one_may_be_used_after_a_lost_answer(home: Home) -> None:
    """But not without end: what got no answer may have been refused."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    lock.faults.drop_next_answer(Command.KEYPAD_CODE_COUNT)
    await use_in_vain(entry, lock)
    await use(entry)
    assert home.state("pin_state") == "valid"
    began = len(sent(lock))
    for _ in range(5):
        await use_in_vain(entry, lock)
    assert len(sent(lock)) == began + 3
    assert home.state("pin_state") == "unknown"
    assert dialogs(home, lock) == 0
    await restart(home, lock, entry)
    with pytest.raises(PinUnavailableError):
        await use(entry)
    assert len(sent(lock)) == began + 3


async def use_in_vain(entry: MockConfigEntry, lock: VirtualLock) -> None:
    """Do something that needs the PIN while no answer to it arrives."""
    lock.faults.drop_next_answer(Command.STATUS)
    lock.faults.drop_next_answer(Command.KEYPAD_CODE_COUNT)
    with pytest.raises((LinkError, PinUnavailableError)):
        await use(entry)
    lock.faults.clear()


async def test_what_never_went_out_does_not_count(home: Home) -> None:
    """The link broke before."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    for _ in range(5):
        lock.faults.drop_next_answer(Command.CHALLENGE)
        with pytest.raises(LinkError):
            await use(entry)
    await use(entry)
    assert sent(lock) == [VERIFIED, USED]


async def test_other_refusals_say_nothing_of_the_pin(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    for _ in range(5):
        lock.faults.refuse_next(ErrorCode.K_BUSY, Command.REQUEST_KEYPAD_CODES)
        with pytest.raises(LockRefusedError):
            await use(entry)
    assert home.state("pin_state") == "valid"
    await use(entry)


@pytest.mark.parametrize("years", [1, 64])
async def test_block_of_a_clock_that_was_ahead(home: Home, *, later: Any, years: int) -> None:
    """It lasts as long as any other from when our clock was set right, also over a restart."""
    later(timedelta(days=365 * years))
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    lock.faults.refuse_next(ErrorCode.K_TOO_MANY_PIN_ATTEMPTS, Command.REQUEST_KEYPAD_CODES)
    with pytest.raises(PinError):
        await use(entry)
    later(-timedelta(days=365 * years))
    assert home.state("pin_state") == "blocked"
    await restart(home, lock, entry)
    await asyncio.sleep((BLOCK_PAUSE - timedelta(minutes=10)).total_seconds())
    assert guard(entry).state is PinState.BLOCKED
    await asyncio.sleep(600)
    assert guard(entry).state is not PinState.BLOCKED
    await use(entry)


async def test_tries_of_a_clock_that_was_ahead(home: Home, later: Any) -> None:
    """They count for an hour."""
    later(timedelta(days=400))
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    for _ in range(TRIES):
        await use_in_vain(entry, lock)
    lock.faults.clear()
    later(-timedelta(days=400))
    with pytest.raises(PinUnavailableError):
        await use(entry)
    await asyncio.sleep(TRIES_WINDOW.total_seconds())
    await use(entry)


async def test_blocked_lock_is_left_alone(home: Home, later: Any) -> None:
    """For hours: how long it stays blocked is not public, and trying may make it longer."""
    lock = home.add_lock()
    lock.faults.refuse_next(ErrorCode.K_TOO_MANY_PIN_ATTEMPTS, Command.VERIFY_SECURITY_PIN)
    entry = await home.set_up(lock, pin=RIGHT)
    assert home.state("pin_state") == "blocked"
    for _ in range(2):
        with pytest.raises(PinUnavailableError) as caught:
            await use(entry)
        assert caught.value.state is PinState.BLOCKED
        later(BLOCK_PAUSE / 3)
        await home.read()
        await restart(home, lock, entry)
    assert len(lock.journal.requests("VERIFY_SECURITY_PIN")) == 1
    later(BLOCK_PAUSE / 3)
    await home.read()
    assert home.state("pin_state") == "valid"
    assert dialogs(home, lock) == 0


async def test_owner_gets_three_tries_an_hour(home: Home, later: Any) -> None:
    lock = home.add_lock(habits=Habits(pin_tries=99))
    entry = await home.set_up(lock, pin=WRONG)
    for pin in ("1112", "1113"):
        with pytest.raises(PinError):
            await guard(entry).async_enter(pin)
    await restart(home, lock, entry)
    with pytest.raises(PinUnavailableError) as caught:
        await guard(entry).async_enter("1114")
    assert caught.value.state is PinState.BLOCKED
    assert sent(lock) == [REFUSED] * 3
    later(TRIES_WINDOW)
    with pytest.raises(PinUnavailableError) as caught:
        await guard(entry).async_enter("1113")
    assert caught.value.state is PinState.INVALID
    await guard(entry).async_enter(RIGHT)
    assert home.state("pin_state") == "valid"
    assert entry.options == {"pin": RIGHT}
    await home.hass.async_block_till_done()


async def test_set_to_the_refused_one_in_the_app(home: Home) -> None:
    """Only the owner knows that it is the right one now, and says so."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=WRONG)
    lock.set_pin(int(WRONG))
    with pytest.raises(PinUnavailableError):
        await guard(entry).async_enter(WRONG)
    await guard(entry).async_enter(WRONG, changed_elsewhere=True)
    assert home.state("pin_state") == "valid"
    assert sent(lock) == [REFUSED, VERIFIED]


# --- Setting another one ----------------------------------------------------------------------------------


def settings_of_the_pin(lock: VirtualLock) -> int:
    """Return how often somebody tried to set the PIN."""
    return len(lock.journal.requests("SET_SECURITY_PIN"))


@pytest.mark.parametrize(("model", "new"), [("gen3", OTHER), ("ultra", "012345")])
async def test_another_one_is_set(home: Home, model: str, new: str) -> None:
    lock = home.add_lock(model)
    entry = await home.set_up(lock, pin=str(PINS[model]))
    await guard(entry).async_set(new)
    assert entry.options == {"pin": new}
    assert home.state("pin_state") == "valid"
    await use(entry)
    assert sent(lock) == [VERIFIED, ("SET_SECURITY_PIN", True), USED]


@pytest.mark.parametrize("carried_out", [True, False])
async def test_lost_answer_is_found_out(home: Home, *, carried_out: bool) -> None:
    """With the new PIN, once; the order is never given again."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    await lose_setting(lock, carried_out=carried_out)
    if carried_out:
        await guard(entry).async_set(OTHER)
    else:
        with pytest.raises(LinkError):
            await guard(entry).async_set(OTHER)
    assert settings_of_the_pin(lock) == carried_out
    assert sent(lock)[-1] == (VERIFIED if carried_out else REFUSED)
    assert entry.options == {"pin": OTHER if carried_out else RIGHT}
    assert home.state("pin_state") == "valid"
    await use(entry)


async def lose_setting(lock: VirtualLock, *, carried_out: bool) -> None:
    """Let the next order to set a PIN get lost, or its answer."""
    if carried_out:
        lock.faults.drop_next_answer(Command.STATUS)
    else:
        # The states are read first on this link, then come the challenge and the order.
        lock.faults.once(Once.DISCONNECT_AT_REQUEST, occasion=3)


@pytest.mark.parametrize("carried_out", [True, False])
async def test_lock_gone_after_a_setting(
    home: Home, monkeypatch: pytest.MonkeyPatch, *, carried_out: bool
) -> None:
    """It is found out when the lock is there again, also after a restart. Meanwhile nobody gets a PIN."""
    lock = home.add_lock(timing=quick(battery_change=600))
    entry = await home.set_up(lock, pin=RIGHT)
    await lose_setting(lock, carried_out=carried_out)
    with monkeypatch.context() as context:
        moment = Kind.ANSWER_LOST if carried_out else Kind.FAULT
        watch(context, lock, moment, lambda: home.go_out_of_range(lock))
        with pytest.raises(LinkError):
            await guard(entry).async_set(OTHER)
    assert home.state("pin_state") == "unknown"
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    home.come_into_range(lock)
    await asyncio.sleep(60)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settled(entry, lock)
    await home.until(lambda: home.state("pin_state") == "valid")
    assert entry.options == {"pin": OTHER if carried_out else RIGHT}
    assert settings_of_the_pin(lock) == carried_out
    await use(entry)
    assert dialogs(home, lock) == 0


async def test_first_pin_of_a_lock_that_is_gone_after_it_was_set(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There was none before, and what was set is not forgotten."""
    lock = home.add_lock(pin=None)
    entry = await home.set_up(lock)
    lock.faults.drop_next_answer(Command.STATUS)
    with monkeypatch.context() as context:
        watch(context, lock, Kind.ANSWER_LOST, lambda: home.go_out_of_range(lock))
        with pytest.raises(LinkError):
            await guard(entry).async_set_where_none_is(OTHER)
    assert (entry.options, home.state("pin_state")) == ({}, "unknown")
    home.come_into_range(lock)
    await home.until(lambda: home.state("pin_state") == "valid")
    assert entry.options == {"pin": OTHER}
    assert settings_of_the_pin(lock) == 1
    assert dialogs(home, lock) == 0


async def test_set_through_us_and_changed_in_the_app_before_a_restart(
    home: Home, hass_storage: dict[str, Any]
) -> None:
    """What is kept for a crash does not come back."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    await guard(entry).async_set(OTHER)
    lock.set_pin(3456)
    with pytest.raises(PinError):
        await use(entry)
    await guard(entry).async_enter("3456")
    await restart(home, lock, entry)
    assert entry.options == {"pin": "3456"}
    assert hass_storage[FILE]["data"]["new_pin"] is None
    assert home.state("pin_state") == "valid"
    await home.hass.async_block_till_done()


async def test_refused_setting_changes_nothing(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    lock.faults.refuse_next(ErrorCode.K_BUSY, Command.SET_SECURITY_PIN)
    with pytest.raises(LockRefusedError):
        await guard(entry).async_set(OTHER)
    assert (entry.options, home.state("pin_state")) == ({"pin": RIGHT}, "valid")
    lock.set_pin(int(WRONG))
    with pytest.raises(PinError):
        await guard(entry).async_set(OTHER)
    assert (entry.options, home.state("pin_state")) == ({"pin": RIGHT}, "invalid")
    with pytest.raises(PinUnavailableError):
        await guard(entry).async_set(OTHER)
    assert settings_of_the_pin(lock) == 2


async def test_new_one_survives_a_crash_before_the_entry_is_written(
    home: Home, hass_storage: dict[str, Any]
) -> None:
    """Home Assistant writes entries some seconds late."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    await guard(entry).async_set(OTHER)
    file = hass_storage[FILE]
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    home.hass.config_entries.async_update_entry(entry, options={"pin": RIGHT})
    hass_storage[FILE] = file
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    assert entry.options == {"pin": OTHER}
    await home.settled(entry, lock)
    assert home.state("pin_state") == "valid"
    assert len(sent(lock)) == 2

    # The next start of Home Assistant reads the entry from disk.
    assert hass_storage[FILE]["data"]["new_pin"] == OTHER
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    home.hass.set_state(CoreState.starting)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    home.hass.set_state(CoreState.running)
    assert hass_storage[FILE]["data"]["new_pin"] is None
    assert entry.options == {"pin": OTHER}


# --- Sessions ---------------------------------------------------------------------------------------------


async def test_a_session_is_on_disk_before_its_pin_goes_out(home: Home, hass_storage: dict[str, Any]) -> None:
    """And what the lock answered stands there afterwards, whatever else the block did with it."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    at_sending: list[int] = []

    def conversation(pin: int) -> conversations.Conversation[Any]:
        at_sending.append(len(hass_storage[FILE]["data"]["tries"]))
        return conversations.read_keypad_codes(pin)

    before = len(sent(lock))
    async with guard(entry).session() as session:
        await session.request(conversation)
        lock.faults.refuse_next(ErrorCode.K_BAD_PARAMETER, Command.REQUEST_KEYPAD_CODES)
        with pytest.raises(LockRefusedError):
            await session.request(conversation)
        await session.request(conversation)
        assert RIGHT not in repr(session)
    assert at_sending == [1, 1, 1]
    # The request that was refused went out with the PIN as well; the lock did not come to look at it.
    assert len(sent(lock)) == before + 2
    assert session.tries.sent == session.tries.answered == 3
    assert hass_storage[FILE]["data"]["tries"] == []
    assert guard(entry).state is PinState.VALID


async def test_a_pin_that_was_refused_stops_a_session_that_has_it(home: Home) -> None:
    """Two sessions at once: what one of them is told counts for the other, which then sends nothing more."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    async with guard(entry).session() as session:
        await session.request(conversations.read_keypad_codes)
        await home.until(lambda: not home.connected(lock))
        lock.swap_batteries(["pin"])
        with pytest.raises(PinError):
            await use(entry)
        before = len(sent(lock))
        with pytest.raises(PinUnavailableError):
            await session.request(conversations.read_keypad_codes)
        assert len(sent(lock)) == before
    # What it was answered before the refusal does not make it right again.
    assert guard(entry).state is PinState.INVALID


async def test_a_pin_that_was_replaced_is_not_sent_by_a_session_that_has_it(home: Home) -> None:
    """It would be a wrong one; and what it was answered before does not make it the PIN again."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    async with guard(entry).session() as session:
        await session.request(conversations.read_keypad_codes)
        await guard(entry).async_set(OTHER)
        before = len(sent(lock))
        with pytest.raises(PinUnavailableError):
            await session.request(conversations.read_keypad_codes)
        assert len(sent(lock)) == before
    assert (entry.options["pin"], guard(entry).state) == (OTHER, PinState.VALID)
    assert guard(entry).report["tries"] == []


# --- A lock that has forgotten its PIN --------------------------------------------------------------------


@pytest.mark.parametrize("model", ["gen3", "ultra"])
@pytest.mark.parametrize("habit", list(LostPin))
async def test_lock_has_forgotten_it(home: Home, model: str, habit: LostPin) -> None:
    """With the owner's consent it is set again in one request, which some such locks take."""
    lock = home.add_lock(model, habits=Habits(lost_pin=habit))
    pin = str(PINS[model])
    entry = await home.set_up(lock, pin=pin)
    lock.swap_batteries(["pin"])
    with pytest.raises(PinError):
        await use(entry)
    assert home.state("pin_state") == "invalid"
    if habit is LostPin.REJECTS:
        for error in (PinError, PinUnavailableError):
            with pytest.raises(error):
                await guard(entry).async_set_where_none_is(pin)
        assert home.state("pin_state") == "invalid"
        assert guard(entry).lost
    else:
        await guard(entry).async_set_where_none_is(pin)
        assert home.state("pin_state") == "valid"
        assert not guard(entry).lost
        await use(entry)
    assert settings_of_the_pin(lock) == 1
    assert len([accepted for _, accepted in sent(lock) if not accepted]) == 1 + (habit is LostPin.REJECTS)
    assert home.state() == "locked"


async def test_forgetting_it(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=WRONG, idle_time=3)
    await guard(entry).async_forget()
    assert home.state("pin_state") == "not_set"
    assert entry.options == {"idle_time": 3}
    await restart(home, lock, entry)
    assert sent(lock) == [REFUSED]


@pytest.mark.parametrize("damage", [{"tries": 3}, {"blocked_at": "yesterday"}, {"refused": [[]]}])
async def test_what_is_kept_is_damaged(
    home: Home, hass_storage: dict[str, Any], later: Any, damage: dict[str, Any]
) -> None:
    """The lock works, and a PIN that may have been refused before waits."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=WRONG)
    await home.hass.config_entries.async_unload(entry.entry_id)
    hass_storage[FILE]["data"] |= damage
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    await home.settled(entry, lock)
    await home.read()
    assert home.state() == "locked"
    assert guard(entry).state is PinState.BLOCKED
    assert sent(lock) == [REFUSED]


async def test_accepted_is_not_set_yet(home: Home) -> None:
    """A link that ends between the two answers leaves both PINs possible: the new one is verified, not the old."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    memory = guard(entry)._memory

    async def cut_off() -> None:
        async with memory.trying(RIGHT, new_pin=OTHER) as tries:
            tries.sent = tries.answered = 1
            raise LinkLostError

    with pytest.raises(LinkLostError):
        await cut_off()
    assert guard(entry).setting_open
    assert memory.record.question(memory.fingerprint(RIGHT)) == memory.fingerprint(OTHER)
    assert memory.new_pin == OTHER


# --- Several at the same time -----------------------------------------------------------------------------


async def test_many_who_use_it_at_the_same_time(home: Home) -> None:
    """A PIN that is still to be answered is none without success."""
    lock = home.add_lock(timing=quick(processing=0.2))
    entry = await home.set_up(lock, pin=RIGHT)
    uses = [asyncio.create_task(use(entry)) for _ in range(2 * TRIES)]
    await asyncio.sleep(0.1)
    assert guard(entry).state is PinState.VALID
    await asyncio.gather(*uses)
    assert sent(lock) == [VERIFIED, *[USED] * (2 * TRIES)]
    assert guard(entry).report["tries"] == []


async def test_who_waits_sends_nothing_after_three_without_an_answer(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    async with guard(entry).session() as waiting:
        for _ in range(TRIES):
            await use_in_vain(entry, lock)
        before = len(sent(lock))
        with pytest.raises(PinUnavailableError):
            await waiting.request(conversations.read_keypad_codes)
        assert len(sent(lock)) == before


async def test_somebody_uses_the_old_one_while_another_is_set(home: Home) -> None:
    """The answer to the setting is lost: it stays open which of the two the lock has."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    async with guard(entry).session() as session:
        await session.request(conversations.read_keypad_codes)
        for _ in range(2):
            lock.faults.drop_next_answer(Command.STATUS)
        with pytest.raises(LinkError):
            await guard(entry).async_set(OTHER)
        lock.faults.clear()
        assert guard(entry).setting_open
    assert guard(entry).setting_open
    await guard(entry).async_enter(OTHER)
    assert (entry.options["pin"], home.state("pin_state")) == (OTHER, "valid")
