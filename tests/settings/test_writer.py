"""The one writer of settings: one write for what comes together, each written once, and the truth after a failure."""

import asyncio
from collections.abc import Mapping
from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]

from custom_components.smartlock.protocol.enums import (
    ButtonAction,
    Command,
    ErrorCode,
    FobAction,
    LockState,
    MotorSpeed,
)
from custom_components.smartlock.protocol.errors import (
    BadSettingError,
    LinkError,
    LockRefusedError,
    MovingError,
    SettingsNotKeptError,
    SettingsUnknownError,
)
from custom_components.smartlock.settings.writer import GATHER_TIME, SettingsWriter
from simulator.lock.faults import Once
from simulator.virtual_lock import Kind, VirtualLock, quick
from tests.integration.home import PINS, Home

MODELS = ("gen2", "gen3", "gen4", "ultra")
# Slow enough to get in between.
SLOW = quick(advertising_interval=0.3, processing=0.5)
SETTING_COMMANDS = {"REQUEST_CONFIG", "REQUEST_ADVANCED_CONFIG", "SET_CONFIG", "SET_ADVANCED_CONFIG"}
every_model = pytest.mark.parametrize("model", MODELS)


async def ready(
    home: Home, model: str = "gen3", **options: Any
) -> tuple[VirtualLock, MockConfigEntry, SettingsWriter]:
    """Return a lock that has been read and let go of, and the writer of its settings."""
    lock = home.add_lock(model, **options)
    entry = await home.set_up(lock, pin=str(PINS[model]))
    await home.until(lambda: entry.runtime_data.coordinator.data.advanced_config is not None)
    await home.until(lambda: not home.connected(lock))
    lock.journal.entries.clear()
    return lock, entry, entry.runtime_data.settings


def writes(lock: VirtualLock) -> list[str]:
    """Return the commands that asked the lock to write settings."""
    return [
        str(entry.facts["command"])
        for entry in lock.journal.of(Kind.REQUEST)
        if entry.facts["command"] in {"SET_CONFIG", "SET_ADVANCED_CONFIG"}
    ]


def pins(lock: VirtualLock) -> list[str]:
    """Return the commands about settings that carried a PIN."""
    commands = [str(entry.facts["command"]) for entry in lock.journal.pins_sent]
    return [command for command in commands if command in SETTING_COMMANDS]


@every_model
async def test_change_is_written_once_and_published(home: Home, model: str) -> None:
    lock, entry, writer = await ready(home, model)
    coordinator = entry.runtime_data.coordinator
    seen: list[tuple[Any, Any]] = []
    writer.async_on_written(lambda before, after: seen.append((before, after)))

    await writer.change({"led_brightness": 2})

    assert lock.settings.values.led_brightness == 2
    assert coordinator.data.config.led_brightness == 2
    assert writes(lock) == pins(lock) == ["SET_CONFIG"]
    assert len(lock.journal.connections) == 1
    ((before, after),) = seen
    assert (before.led_brightness, after.led_brightness) == (5, 2)

    # The count of changes that this caused is nobody else's: nothing is read again for it.
    lock.journal.entries.clear()
    await home.read()
    assert lock.journal.requests("REQUEST_CONFIG") == []
    assert lock.journal.broken_rules == []


@every_model
async def test_changes_that_come_together_are_one_write(home: Home, model: str) -> None:
    """Of each kind: what a scene sends at once costs one connection, one PIN and one write each."""
    lock, _, writer = await ready(home, model)

    async def late() -> None:
        await asyncio.sleep(GATHER_TIME / 2)
        await writer.change({"button_enabled": 0})

    await asyncio.gather(
        writer.change({"led_brightness": 2}),
        writer.change({"led_brightness": 3, "single_lock": 1}),
        writer.change(advanced={"unlatch_duration": 7}),
        writer.change({"led_enabled": 0}, {"lock_n_go_timeout": 30}),
        late(),
    )

    values = lock.settings.values
    assert (values.led_brightness, values.single_lock, values.led_enabled, values.button_enabled) == (
        3,
        1,
        0,
        0,
    )
    assert (values.unlatch_duration, values.lock_n_go_timeout) == (7, 30)
    assert writes(lock) == pins(lock) == ["SET_CONFIG", "SET_ADVANCED_CONFIG"]
    assert len(lock.journal.connections) == 1
    assert lock.settings.update_count == 2
    lock.journal.entries.clear()
    await home.read()
    assert lock.journal.requests("REQUEST_CONFIG") == []


async def test_change_joins_until_the_write_is_made_up(home: Home) -> None:
    """Also when the link is open already: up to the moment at which the settings have been read."""
    lock, _, writer = await ready(home, timing=SLOW)
    first = asyncio.create_task(writer.change({"led_brightness": 2}))
    await home.until(lambda: lock.journal.requests("REQUEST_DATA"))
    assert lock.journal.requests("REQUEST_CONFIG") == []
    second = asyncio.create_task(writer.change({"single_lock": 1}, {"unlatch_duration": 5}))
    await asyncio.gather(first, second)
    assert writes(lock) == ["SET_CONFIG", "SET_ADVANCED_CONFIG"]
    assert (lock.settings.values.led_brightness, lock.settings.values.single_lock) == (2, 1)


async def test_change_after_the_write_has_left_is_a_write_of_its_own(home: Home) -> None:
    lock, _, writer = await ready(home, timing=SLOW)
    first = asyncio.create_task(writer.change({"led_brightness": 2}))
    await home.until(lambda: writes(lock))
    await writer.change({"led_brightness": 4})
    await first
    assert writes(lock) == ["SET_CONFIG", "SET_CONFIG"]
    assert lock.settings.values.led_brightness == 4


async def test_what_is_so_already_is_not_written(home: Home) -> None:
    """Not even the PIN is sent."""
    lock, _, writer = await ready(home)
    await writer.change({"led_brightness": 5}, {"unlatch_duration": 3})
    assert writes(lock) == pins(lock) == []


async def test_no_change_does_nothing(home: Home) -> None:
    lock, _, writer = await ready(home)
    await writer.change()
    await writer.change({}, {})
    assert lock.journal.entries == []


async def test_what_somebody_changed_meanwhile_is_kept(home: Home) -> None:
    """The change goes into a fresh read, and the count that moved by more than our write is not taken for ours."""
    lock, entry, writer = await ready(home, timing=SLOW)
    coordinator = entry.runtime_data.coordinator
    change = asyncio.create_task(writer.change({"led_brightness": 1}))
    await asyncio.sleep(GATHER_TIME / 2)
    lock.settings.change(fob_action_1=FobAction.LOCK, name="Front")
    await home.until(lambda: writes(lock))
    lock.settings.change(unlatch_duration=10)
    await change
    assert lock.settings.values.fob_action_1 == FobAction.LOCK
    assert lock.settings.values.name == coordinator.data.config.name == "Front"
    assert coordinator.data.advanced_config.unlatch_duration == 3
    await home.read()
    assert coordinator.data.advanced_config.unlatch_duration == 10


async def test_only_what_is_changed_differs_on_the_wire(home: Home) -> None:
    lock, _, writer = await ready(
        home,
        name="Ärger \N{HOUSE WITH GARDEN}",
    )
    lock.settings.values.latitude = bytes.fromhex("01020304")
    before = dict(vars(lock.settings.values))
    await writer.change({"single_lock": 1}, {"single_button_press_action": ButtonAction.SHOW_STATUS})
    written = {
        entry.facts["command"]: entry.facts["fields"] for entry in lock.journal.of(Kind.SETTINGS_WRITTEN)
    }
    assert written == {"SET_CONFIG": "single_lock", "SET_ADVANCED_CONFIG": "single_button_press_action"}
    changed = {"single_lock": 1, "single_button_press_action": ButtonAction.SHOW_STATUS}
    assert vars(lock.settings.values) == before | changed


# --- Refused before anything is sent ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "advanced"),
    [
        ({"led_brightness": 6}, None),
        ({"name": "ä" * 17}, None),
        ({"time_zone_id": 46}, None),
        ({"total_degrees": 1}, None),
        (None, {"auto_lock_timeout": 1}),
        (None, {"auto_lock_timeout": 0}),
        (None, {"motor_speed": MotorSpeed.GENTLE}),
        (None, {"led_brightness": 1}),
        ({"led_brightness": 1}, {"unlatch_duration": 4}),
    ],
)
async def test_bad_values_never_leave(
    home: Home, config: Mapping[str, Any] | None, advanced: Mapping[str, Any] | None
) -> None:
    lock, _, writer = await ready(home)
    with pytest.raises(ServiceValidationError) as refused:
        await writer.change(config, advanced)
    assert refused.value.translation_key == "bad_setting"
    assert isinstance(refused.value.__cause__, BadSettingError)
    await asyncio.sleep(10)
    assert lock.journal.entries == []


async def test_what_this_lock_cannot_do_is_refused_even_if_never_read(home: Home) -> None:
    """The fresh read tells; what others want of it is written all the same."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=str(PINS["gen3"]))
    coordinator, writer = entry.runtime_data.coordinator, entry.runtime_data.settings
    object.__setattr__(coordinator.data, "advanced_config", None)
    wrong = asyncio.create_task(writer.write(advanced={"motor_speed": MotorSpeed.GENTLE}))
    right = asyncio.create_task(writer.write({"led_brightness": 1}))
    with pytest.raises(BadSettingError):
        await wrong
    await right
    assert writes(lock) == ["SET_CONFIG"]


async def test_nothing_is_sent_without_a_pin(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock)
    lock.journal.entries.clear()
    with pytest.raises(HomeAssistantError) as refused:
        await entry.runtime_data.settings.change({"led_brightness": 1})
    assert refused.value.translation_key == "pin_needed"
    assert lock.journal.entries == []


async def test_refused_pin_is_sent_once(home: Home) -> None:
    lock, _, writer = await ready(home)
    lock.set_pin(4711)
    for key in ("wrong_pin", "pin_invalid"):
        with pytest.raises(HomeAssistantError) as refused:
            await writer.change({"led_brightness": 1}, {"unlatch_duration": 5})
        assert refused.value.translation_key == key
    assert pins(lock) == ["SET_CONFIG"]
    assert lock.settings.values.led_brightness == 5


@pytest.mark.parametrize("state", [LockState.LOCKING, LockState.BOOT_RUN, LockState.CALIBRATION])
async def test_nothing_is_written_while_the_motor_runs(home: Home, state: LockState) -> None:
    lock, _, writer = await ready(home)
    lock.show_state(state)
    with pytest.raises(HomeAssistantError) as refused:
        await writer.change({"led_brightness": 1}, {"unlatch_duration": 5})
    assert refused.value.translation_key == "moving"
    assert isinstance(refused.value.__cause__, MovingError)
    assert writes(lock) == pins(lock) == []
    lock.show_state(LockState.LOCKED)
    await writer.change({"led_brightness": 1})
    assert lock.settings.values.led_brightness == 1


# --- Failures ---------------------------------------------------------------------------------------------


async def test_out_of_reach(home: Home) -> None:
    lock, _, writer = await ready(home)
    home.go_out_of_range(lock)
    with pytest.raises(HomeAssistantError) as refused:
        await writer.change({"led_brightness": 1}, {"unlatch_duration": 5})
    assert isinstance(refused.value.__cause__, LinkError)
    assert refused.value.translation_key in {"unreachable", "nothing_changed"}
    home.come_into_range(lock)
    await home.read()
    assert writes(lock) == []


@every_model
async def test_after_a_lost_answer_the_settings_are_read(home: Home, model: str) -> None:
    """What was written counts as done, and it is not written again."""
    lock, entry, writer = await ready(home, model)
    lock.faults.once(Once.NO_COMPLETE)
    await writer.change({"led_brightness": 1}, {"unlatch_duration": 5})
    assert (lock.settings.values.led_brightness, lock.settings.values.unlatch_duration) == (1, 5)
    assert entry.runtime_data.coordinator.data.config.led_brightness == 1


async def test_what_never_arrived_is_told(home: Home) -> None:
    lock, entry, writer = await ready(home)
    # The state, a challenge and the settings, a challenge and the write.
    lock.faults.once(Once.DISCONNECT_AT_REQUEST, occasion=5)
    with pytest.raises(SettingsNotKeptError) as failed:
        await writer.write({"led_brightness": 1})
    assert failed.value.fields == ("led_brightness",)
    assert writes(lock) == []
    assert lock.settings.values.led_brightness == 5
    assert entry.runtime_data.coordinator.data.config.led_brightness == 5
    await writer.write({"led_brightness": 1})
    assert lock.settings.values.led_brightness == 1


async def test_unknown_stays_unknown(home: Home) -> None:
    """The lock took the write, and then nobody could read it: neither done nor failed."""
    lock, entry, writer = await ready(home, timing=SLOW)
    change = asyncio.create_task(writer.change({"led_brightness": 1}))
    await home.until(lambda: writes(lock))
    lock.faults.silence = True
    with pytest.raises(HomeAssistantError) as failed:
        await change
    assert failed.value.translation_key == "settings_unknown"
    assert isinstance(failed.value.__cause__, SettingsUnknownError)
    lock.faults.silence = False
    # It is read soon, without anybody asking for it.
    await home.until(lambda: entry.runtime_data.coordinator.data.config.led_brightness == 1, within=120)
    assert entry.runtime_data.coordinator.data.config.led_brightness == 1
    assert writes(lock) == ["SET_CONFIG"]


async def test_value_that_only_the_lock_knows_to_be_bad(home: Home) -> None:
    lock, _, writer = await ready(home)
    lock.faults.refuse_next(ErrorCode.K_BAD_PARAMETER, Command.SET_ADVANCED_CONFIG)
    with pytest.raises(ServiceValidationError) as refused:
        await writer.change(advanced={"immediate_auto_lock_enabled": 1})
    assert refused.value.translation_key == "bad_setting"
    assert writes(lock) == ["SET_ADVANCED_CONFIG"]
    assert lock.settings.values.immediate_auto_lock_enabled == 0


async def test_immediate_auto_lock_without_a_door_sensor(home: Home) -> None:
    """The lock says that it does not support it."""
    lock, _, writer = await ready(home, door_sensor=False)
    with pytest.raises(BadSettingError):
        await writer.write(advanced={"immediate_auto_lock_enabled": 1})
    assert writes(lock) == []


async def test_other_refusals_keep_their_words(home: Home) -> None:
    lock, _, writer = await ready(home)
    lock.faults.refuse_next(ErrorCode.K_BUSY, Command.SET_CONFIG)
    with pytest.raises(HomeAssistantError) as refused:
        await writer.change({"led_brightness": 1})
    assert refused.value.translation_key == "busy"
    assert isinstance(refused.value.__cause__, LockRefusedError)
    assert lock.settings.values.led_brightness == 5


async def test_lock_that_does_not_know_us_any_more(home: Home) -> None:
    """It is read, so that the owner is asked to pair again if it stays so."""
    lock, entry, writer = await ready(home)
    for index, authorization in enumerate(list(lock.authorizations)):
        if authorization.name == "Home Assistant":
            lock.delete_authorization(index)
    with pytest.raises(HomeAssistantError) as refused:
        await writer.change({"led_brightness": 1})
    assert refused.value.translation_key == "not_authorized"
    await home.until(lambda: not entry.runtime_data.coordinator.last_update_success)
    assert pins(lock) == []


async def test_refusal_of_one_is_not_that_of_the_others(home: Home) -> None:
    lock, _, writer = await ready(home)
    lock.faults.refuse_next(ErrorCode.K_BAD_PARAMETER, Command.SET_CONFIG)
    wrong = asyncio.create_task(writer.write({"led_brightness": 1}))
    right = asyncio.create_task(writer.write(advanced={"unlatch_duration": 5}))
    with pytest.raises(BadSettingError):
        await wrong
    await right
    assert lock.settings.values.unlatch_duration == 5
    assert lock.settings.values.led_brightness == 5


async def test_lock_that_keeps_something_else(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has is published, and the names of what is not as wanted are told."""
    lock, entry, writer = await ready(home)
    change = lock.settings.change

    def forget(**values: Any) -> None:
        change(**{name: value for name, value in values.items() if name != "single_lock"})

    monkeypatch.setattr(lock.settings, "change", forget)
    with pytest.raises(HomeAssistantError) as failed:
        await writer.change({"led_brightness": 1, "single_lock": 1})
    assert failed.value.translation_key == "settings_not_kept"
    config = entry.runtime_data.coordinator.data.config
    assert (config.led_brightness, config.single_lock) == (1, 0)
    assert writes(lock) == ["SET_CONFIG"]


async def test_who_gives_up_does_not_take_others_along(home: Home) -> None:
    lock, _, writer = await ready(home)
    impatient = asyncio.create_task(writer.write({"led_brightness": 1}))
    patient = asyncio.create_task(writer.write({"single_lock": 1}))
    await asyncio.sleep(GATHER_TIME / 2)
    impatient.cancel()
    await patient
    assert (lock.settings.values.led_brightness, lock.settings.values.single_lock) == (1, 1)


async def test_unloading_ends_what_waits(home: Home) -> None:
    lock, entry, writer = await ready(home)
    change = asyncio.create_task(writer.change({"led_brightness": 1}))
    await asyncio.sleep(0)
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(HomeAssistantError):
        await change
    assert writes(lock) == []
