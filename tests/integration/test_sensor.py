"""The battery."""

from dataclasses import replace

from homeassistant.const import STATE_UNKNOWN
import pytest

from simulator.virtual_lock import MODELS, VirtualLock, quick
from tests.integration.home import NUKI_ID, Home


@pytest.mark.parametrize("model", ["gen3", "ultra"])
async def test_battery(home: Home, model: str) -> None:
    lock = home.add_lock(model)
    await home.set_up(lock)
    state = home.full_state("battery")
    assert (state.state, state.attributes["unit_of_measurement"]) == ("100", "%")
    assert (state.attributes["device_class"], state.attributes["state_class"]) == ("battery", "measurement")
    # The lock counts in steps of two.
    for percent, shown in ((78, "78"), (21, "20"), (0, "0")):
        lock.set_battery(percent)
        await home.read()
        assert home.state("battery") == shown


async def test_battery_is_unknown_before_the_first_read(home: Home) -> None:
    lock = home.add_lock()
    lock.faults.silence = True
    await home.hass.config_entries.async_setup(home.entry(lock).entry_id)
    await home.heard(lock)
    assert home.state("battery") == STATE_UNKNOWN


async def test_old_firmware_tells_less(home: Home) -> None:
    """Thirteen bytes with the critical bit alone: a percentage of 0 would be made up."""
    lock = VirtualLock(replace(MODELS["gen3"], states_length=13), nuki_id=NUKI_ID, timing=quick())
    lock.set_battery(0)
    home.mount(lock)
    await home.set_up(lock)
    assert home.state() == "locked"
    assert home.state("battery_critical") == "on"
    for key in ("battery", "battery_charging", "door", "clutch_fault", "motor_blocked"):
        assert home.state(key) == STATE_UNKNOWN, key
