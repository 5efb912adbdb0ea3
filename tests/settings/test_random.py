"""Random changes of settings under random faults of the radio: each written once, and what is told is true."""

import asyncio
from collections.abc import Mapping
import random
from typing import Any

from homeassistant.util import dt as dt_util
import pytest

from custom_components.smartlock.pin.guard import PinUnavailableError
from custom_components.smartlock.protocol.enums import Command, ErrorCode
from custom_components.smartlock.protocol.errors import (
    LinkError,
    LockRefusedError,
    ProtocolError,
    SettingsNotKeptError,
    SettingsUnknownError,
)
from custom_components.smartlock.protocol.messages import AdvancedConfig, Config
from custom_components.smartlock.protocol.settings import KINDS
from simulator.lock.faults import Once
from simulator.virtual_lock import VirtualLock, quick
from tests.integration.home import PINS, Home
from tests.integration.wall_time import WallTime

# Values that any lock can have.
VALUES: Mapping[str, tuple[int, ...]] = {
    "led_brightness": (0, 1, 2, 3, 4, 5),
    "single_lock": (0, 1),
    "button_enabled": (0, 1),
    "time_zone_id": (0, 37, 45),
    "unlatch_duration": (1, 3, 5, 7),
    "lock_n_go_timeout": (5, 20, 60),
    "auto_lock_timeout": (2, 300, 1800),
    "night_mode_enabled": (0, 1),
}
ROUNDS = 25
# From the first request to the last there are some twenty messages each way.
OCCASIONS = 24


def provoke(lock: VirtualLock, dice: random.Random) -> str:
    """Let something go wrong, or nothing, and say what."""
    match dice.randrange(5):
        case 0:
            return "nothing"
        case 1:
            command = dice.choice([Command.SET_CONFIG, Command.SET_ADVANCED_CONFIG, Command.REQUEST_CONFIG])
            code = dice.choice([ErrorCode.K_BUSY, ErrorCode.K_BAD_NONCE, ErrorCode.K_BAD_PARAMETER])
            lock.faults.refuse_next(code, command)
            return f"{code.name} to {command.name}"
        case 2:
            lock.faults.once(Once.NO_COMPLETE)
            return "no answer"
        case _:
            what = dice.choice(
                [
                    Once.DROP_INDICATION,
                    Once.CORRUPT_INDICATION,
                    Once.DISCONNECT_AT_WRITE,
                    Once.DISCONNECT_AT_REQUEST,
                    Once.DISCONNECT_AT_INDICATION,
                ]
            )
            occasion = dice.randrange(1, OCCASIONS)
            lock.faults.once(what, occasion=occasion)
            return f"{what} {occasion}"


def settings_of(lock: VirtualLock) -> dict[str, int]:
    """Return what the lock has."""
    return {name: getattr(lock.settings.values, name) for name in VALUES}


@pytest.mark.parametrize("seed", range(4))
async def test_random_changes(home: Home, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """All changes of a round come together, so the lock must see at most one write of each kind."""
    dice = random.Random(seed)
    model = ("gen2", "gen3", "gen4", "ultra")[seed % 4]
    wall_time = WallTime()
    monkeypatch.setattr(dt_util, "utcnow", wall_time)
    lock = home.add_lock(model, timing=quick(advertising_interval=0.3), now=wall_time)
    entry = await home.set_up(lock, pin=str(PINS[model]))
    coordinator, writer = entry.runtime_data.coordinator, entry.runtime_data.settings
    outcomes: dict[str, int] = {}

    async def change(name: str, value: int) -> None:
        await writer.write(
            *({name: value} if KINDS[name] is kind else None for kind in (Config, AdvancedConfig))
        )

    for number in range(ROUNDS):
        # After three answers in an hour that were lost no PIN is sent for a while.
        wall_time.move_on(3600)
        lock.journal.entries.clear()
        before = settings_of(lock)
        wanted = {
            name: dice.choice(VALUES[name]) for name in dice.sample(sorted(VALUES), dice.randrange(1, 5))
        }
        fault = provoke(lock, dice)
        what = f"round {number} of {seed}: {fault}, {wanted}"
        results = await asyncio.gather(*(change(*item) for item in wanted.items()), return_exceptions=True)
        lock.faults.clear()

        for command in ("SET_CONFIG", "SET_ADVANCED_CONFIG"):
            written = len(lock.journal.requests(command))
            assert written <= 1, what
            assert [pin.facts["command"] for pin in lock.journal.pins_sent].count(command) <= written, what
        after = settings_of(lock)
        assert {name: after[name] for name in VALUES.keys() - wanted.keys()} == {
            name: before[name] for name in VALUES.keys() - wanted.keys()
        }, what
        for (name, value), result in zip(wanted.items(), results, strict=True):
            told = "done" if result is None else type(result).__name__
            outcomes[told] = outcomes.get(told, 0) + 1
            match result:
                case None:
                    assert after[name] == value, what
                    settings: Any = (
                        coordinator.data.config if KINDS[name] is Config else coordinator.data.advanced_config
                    )
                    assert getattr(settings, name) == value, what
                case SettingsUnknownError():
                    assert after[name] in (before[name], value), what
                case SettingsNotKeptError():
                    assert any(after[each] != wanted[each] for each in result.fields), what
                case LinkError() | LockRefusedError() | ProtocolError() | PinUnavailableError():
                    assert after[name] == before[name], what
                case _:
                    # A bad value, as the lock says.
                    assert "BAD_PARAMETER" in fault, what
                    assert after[name] == before[name], what
        await home.until(lambda: not home.connected(lock))
        await home.read()
        shown = coordinator.data
        assert {
            name: getattr(shown.config if KINDS[name] is Config else shown.advanced_config, name)
            for name in VALUES
        } == settings_of(lock), what

    assert outcomes["done"] > ROUNDS / 2, outcomes
    assert len(outcomes) > 2, outcomes
    assert lock.journal.broken_rules == []
