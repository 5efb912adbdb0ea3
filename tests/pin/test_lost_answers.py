"""Answers that were lost: what was seen to be done proves its PIN, and no text asks for what is refused then."""

from typing import Any

from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.pin.guard import PinUnavailableError
from custom_components.smartlock.pin.rules import TRIES, PinState
from custom_components.smartlock.protocol import conversations
from custom_components.smartlock.protocol.errors import SmartLockError
from simulator.lock.faults import Once
from simulator.virtual_lock import Kind, VirtualLock
from tests.integration.home import PINS, Home

RIGHT = str(PINS["gen3"])


def lose_answer(lock: VirtualLock, command: str) -> None:
    """Have the link end when the lock has carried out the next request of a kind."""
    record = lock.journal.record

    def recorded(kind: Kind, **facts: Any) -> None:
        record(kind, **facts)
        if kind is Kind.PIN_SENT and facts["command"] == command:
            lock.journal.record = record  # type: ignore[method-assign]
            lock.faults.once(Once.DISCONNECT_AT_INDICATION)

    lock.journal.record = recorded  # type: ignore[method-assign]


async def test_settings_that_were_read_back_prove_the_pin(home: Home) -> None:
    """Three settings, three lost answers, each told as done: the next one is written."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    for brightness in (1, 2, 3, 4, 5):
        lose_answer(lock, "SET_CONFIG")
        await entry.runtime_data.settings.change(config={"led_brightness": brightness})
        assert lock.settings.values.led_brightness == brightness
        assert home.state("pin_state") == "valid"
    assert len([sent for sent in lock.journal.pins_sent if sent.facts["command"] == "SET_CONFIG"]) == 5


async def test_settings_that_were_not_written_prove_nothing(home: Home) -> None:
    """The request itself may have been lost, or refused: nobody knows what the lock thinks of the PIN."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    for _ in range(TRIES):
        lock.faults.once(Once.DISCONNECT_AT_REQUEST, occasion=5)
        with pytest.raises(SmartLockError):
            await entry.runtime_data.settings.write(config={"led_brightness": 1})
    tries = entry.runtime_data.pin._memory.record.tries
    assert len(tries) <= TRIES
    assert lock.settings.values.led_brightness != 1


async def lose_all(home: Home, entry: MockConfigEntry, lock: VirtualLock) -> None:
    """Use up every try: the answers are lost, and nothing tells what became of them."""
    for _ in range(TRIES):
        lose_answer(lock, "REQUEST_TIME_CONTROL_ENTRIES")
        with pytest.raises(SmartLockError):
            await entry.runtime_data.pin.ask(conversations.read_time_control)


async def test_no_text_asks_for_what_is_refused(home: Home) -> None:
    """It said to enter the PIN again, which was refused then."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=RIGHT)
    await lose_all(home, entry, lock)
    with pytest.raises(HomeAssistantError) as told:
        await entry.runtime_data.settings.change(config={"led_brightness": 1})
    assert told.value.translation_key == "pin_paused"
    assert "hour" in str(told.value)
    with pytest.raises(PinUnavailableError) as refused:
        await entry.runtime_data.pin.async_enter(RIGHT)
    assert refused.value.state is PinState.BLOCKED
    assert refused.value.translation() == ("pin_paused", {})
