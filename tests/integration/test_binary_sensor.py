"""Door, faults and the states of the battery: each is on, off or not known."""

from homeassistant.components.lock import LockState as View
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNKNOWN
from homeassistant.exceptions import HomeAssistantError
import pytest

from custom_components.smartlock.binary_sensor import BINARY_SENSORS
from simulator.virtual_lock import Jam, Timing
from tests.integration.home import Home

FAULTS = ("clutch_fault", "motor_blocked")


@pytest.mark.parametrize("model", ["gen3", "ultra"])
async def test_door(home: Home, model: str) -> None:
    lock = home.add_lock(model)
    await home.set_up(lock)
    assert home.state("door") == STATE_OFF
    lock.open_door()
    await home.read()
    assert home.state("door") == STATE_ON
    lock.close_door()
    await home.read()
    assert home.state("door") == STATE_OFF


async def test_door_that_is_opened_is_noticed_by_the_flag(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock, "bridge")
    lock.open_door()
    await home.until(lambda: home.state("door") == STATE_ON, within=5)


async def test_lock_without_door_sensor(home: Home) -> None:
    """It does not say that the door is closed, so nobody does."""
    lock = home.add_lock(door_sensor=False)
    await home.set_up(lock)
    lock.open_door()
    await home.read()
    assert home.state("door") == STATE_UNKNOWN


async def test_everything_is_unknown_if_the_first_read_fails(home: Home) -> None:
    lock = home.add_lock()
    lock.faults.silence = True
    entry = home.entry(lock)
    await home.hass.config_entries.async_setup(entry.entry_id)
    await home.heard(lock)
    await home.until(lambda: not entry.runtime_data.coordinator.last_update_success)
    assert {each.key: home.state(each.key) for each in BINARY_SENSORS} == {
        each.key: STATE_UNKNOWN for each in BINARY_SENSORS
    }


async def test_battery_states(home: Home) -> None:
    lock = home.add_lock("ultra")
    await home.set_up(lock)
    assert (home.state("battery_critical"), home.state("battery_charging")) == (STATE_OFF, STATE_OFF)
    lock.set_battery(4)
    await home.read()
    assert (home.state("battery_critical"), home.state("battery_charging")) == (STATE_ON, STATE_OFF)
    lock.set_charging(charging=True)
    await home.read()
    assert (home.state("battery_critical"), home.state("battery_charging")) == (STATE_ON, STATE_ON)
    lock.set_charging(charging=False)
    lock.set_battery(100)
    await home.read()
    assert (home.state("battery_critical"), home.state("battery_charging")) == (STATE_OFF, STATE_OFF)


@pytest.mark.parametrize("model", ["gen3", "ultra"])
@pytest.mark.parametrize(
    ("jam", "error", "faults"),
    [
        (Jam.MOTOR, "motor_blocked", (STATE_OFF, STATE_ON)),
        (Jam.LOW_VOLTAGE, "low_voltage", (STATE_OFF, STATE_ON)),
        (Jam.CLUTCH, "clutch_failure", (STATE_ON, STATE_OFF)),
        (Jam.CLUTCH_POWER, "clutch_power_failure", (STATE_ON, STATE_OFF)),
        (Jam.MOTOR_POWER, "motor_power_failure", (STATE_ON, STATE_OFF)),
    ],
)
async def test_faults_show_until_a_run_succeeds(
    home: Home, *, model: str, jam: Jam, error: str, faults: tuple[str, str]
) -> None:
    lock = home.add_lock(model, timing=Timing())
    await home.set_up(lock)
    assert tuple(map(home.state, FAULTS)) == (STATE_OFF, STATE_OFF)
    lock.jam(jam)
    with pytest.raises(HomeAssistantError) as caught:
        await home.call("unlock")
    assert caught.value.translation_key == error
    assert len(lock.journal.motor_runs) == 1
    # The lock is there, and says itself what is wrong.
    assert home.state() == View.JAMMED
    # It is shown once it is on disk.
    await home.until(lambda: tuple(map(home.state, FAULTS)) == faults, within=5)
    await home.read()
    assert tuple(map(home.state, FAULTS)) == faults

    # That it was repaired the lock notices at its next run.
    lock.repair()
    await home.read()
    assert tuple(map(home.state, FAULTS)) == faults
    await home.call("unlock")
    assert home.state() == View.UNLOCKED
    await home.until(lambda: tuple(map(home.state, FAULTS)) == (STATE_OFF, STATE_OFF), within=5)


async def test_fault_of_a_run_that_somebody_else_started(home: Home) -> None:
    """No error was reported to us; the status of the last run tells it."""
    lock = home.add_lock(timing=Timing())
    await home.set_up(lock, "bridge")
    lock.jam(Jam.CLUTCH_POWER)
    lock.press_button()
    await home.until(lambda: home.state("clutch_fault") == STATE_ON, within=30)
    lock.repair()
    lock.press_button()
    await home.until(lambda: home.state("clutch_fault") == STATE_OFF, within=30)


async def test_fault_is_not_healed_by_what_cannot_be_read(home: Home) -> None:
    lock = home.add_lock()
    await home.set_up(lock, "bridge")
    lock.jam(Jam.CLUTCH)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    # What is asked over the link after the action has been answered.
    await home.until(lambda: not home.connected(lock))
    lock.faults.silence = True
    lock.turn_key("unlock")
    await home.until(lambda: home.state("lock_state") == STATE_UNKNOWN, within=75)
    assert home.state() == View.JAMMED
    assert tuple(map(home.state, FAULTS)) == (STATE_ON, STATE_UNKNOWN)
