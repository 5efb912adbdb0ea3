"""The battery, the connection, and the figures of the radio."""

from dataclasses import replace
from datetime import datetime, timedelta

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.helpers.entity import Entity
from homeassistant.util import dt as dt_util
import pytest

from simulator.virtual_lock import MODELS, Timing, VirtualLock, quick
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


async def test_battery_is_unknown_if_the_first_read_fails(home: Home) -> None:
    lock = home.add_lock()
    lock.faults.silence = True
    await home.hass.config_entries.async_setup(home.entry(lock).entry_id)
    await home.heard(lock)
    assert home.state("battery") == STATE_UNAVAILABLE
    await home.until(lambda: home.state("connection") == "not_answering", within=60)
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


# --- How it stands between us and the lock ----------------------------------------------------------------


async def test_connection(home: Home) -> None:
    """Always available, in particular when nothing else is; each word at its time."""
    lock = home.add_lock(timing=quick(advertising_interval=1))
    home.go_out_of_range(lock)
    entry = home.entry(lock)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    # A lock that is there may take a while to be received.
    assert (home.state("connection"), home.state("battery")) == ("not_read", STATE_UNAVAILABLE)
    await home.until(lambda: home.state("connection") == "not_heard", within=120)
    lock.faults.silence = True
    home.come_into_range(lock)
    await home.heard(lock)
    assert home.state("connection") == "not_read"
    await home.until(lambda: home.state("connection") == "not_answering", within=60)
    assert home.state("battery") == STATE_UNKNOWN
    lock.faults.clear()
    await home.until(lambda: home.state("connection") == "ok", within=120)
    assert home.state("battery") == "100"
    lock.delete_authorization(1)
    await home.read()
    await home.until(lambda: home.state("connection") == "not_authorized", within=60)
    state = home.full_state("connection")
    assert state.attributes["device_class"] == "enum"
    assert set(state.attributes["options"]) == {
        "ok",
        "not_read",
        "not_heard",
        "not_answering",
        "not_authorized",
    }


# --- Figures ----------------------------------------------------------------------------------------------


@pytest.fixture
def every_entity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enable the sensors that their owner would have to enable."""
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", True)


def time_shown(home: Home, key: str) -> datetime:
    """Return the time that a sensor shows."""
    return dt_util.parse_datetime(home.state(key), raise_on_error=True)


@pytest.mark.usefixtures("every_entity")
async def test_figures(home: Home) -> None:
    lock = home.add_lock(timing=Timing())
    home.radio.timing = replace(home.radio.timing, connect=1.0)
    home.come_into_range(lock, rssi=-72)
    await home.set_up(lock)
    assert home.state("signal_strength") == "-72"
    assert (home.state("connections_a_day"), home.state("reads_a_day")) == ("1", "1")
    assert 1 <= float(home.state("connect_time")) < 1.2
    # Nothing was done yet.
    assert {home.state(key) for key in ("challenge_time", "accept_time", "complete_time")} == {STATE_UNKNOWN}

    await home.call("unlock")
    accepted, completed = float(home.state("accept_time")), float(home.state("complete_time"))
    assert 0 < float(home.state("challenge_time")) < 0.2
    assert 1 <= accepted < 1.2
    assert accepted + Timing().unlock <= completed < accepted + Timing().unlock + 0.2
    assert (home.state("connections_a_day"), home.state("reads_a_day")) == ("2", "1")
    # What was seen once is the median as well as the longest.
    assert home.state("accept_time_95") == home.state("accept_time")

    # The second one finds the link open; half a second below the longest lies the median of both.
    await home.call("lock")
    assert float(home.state("accept_time")) < 0.7 < float(home.state("accept_time_95")) < accepted
    assert float(home.state("challenge_time_95")) < 0.2
    assert float(home.state("connect_time_95")) >= float(home.state("connect_time"))
    assert float(home.state("complete_time_95")) >= float(home.state("complete_time"))


@pytest.mark.usefixtures("every_entity")
async def test_units_of_the_figures(home: Home) -> None:
    await home.set_up(home.add_lock())
    units = {
        key: (attributes.get("unit_of_measurement"), attributes.get("state_class"))
        for key in (
            "signal_strength",
            "last_seen",
            "last_read",
            "connect_time",
            "challenge_time",
            "accept_time",
            "complete_time",
            "connect_time_95",
            "challenge_time_95",
            "accept_time_95",
            "complete_time_95",
            "connections_a_day",
            "reads_a_day",
        )
        for attributes in [home.full_state(key).attributes]
    }
    assert units == {
        "signal_strength": ("dBm", "measurement"),
        "last_seen": (None, None),
        "last_read": (None, None),
        "connect_time": ("s", "measurement"),
        "challenge_time": ("s", "measurement"),
        "accept_time": ("s", "measurement"),
        "complete_time": ("s", "measurement"),
        "connect_time_95": ("s", "measurement"),
        "challenge_time_95": ("s", "measurement"),
        "accept_time_95": ("s", "measurement"),
        "complete_time_95": ("s", "measurement"),
        "connections_a_day": (None, "measurement"),
        "reads_a_day": (None, "measurement"),
    }


@pytest.mark.usefixtures("every_entity")
async def test_figures_of_a_lock_that_is_gone(home: Home) -> None:
    """They are about the past, so they stay; only what is about now is unknown."""
    lock = home.add_lock(timing=quick(advertising_interval=1))
    await home.set_up(lock)
    read = time_shown(home, "last_read")
    assert abs(dt_util.utcnow() - read) < timedelta(seconds=10)
    lock.power_off()
    await home.until(lambda: home.state() == STATE_UNAVAILABLE)
    assert home.state("signal_strength") == STATE_UNKNOWN
    assert home.state("connections_a_day") == "1"
    # The time of day stands still here while minutes pass for the loop, so both have become earlier.
    assert time_shown(home, "last_read") <= time_shown(home, "last_seen") < read - timedelta(minutes=3)


@pytest.mark.usefixtures("every_entity")
async def test_figures_before_the_lock_was_heard(home: Home) -> None:
    lock = home.add_lock()
    home.go_out_of_range(lock)
    await home.hass.config_entries.async_setup(home.entry(lock).entry_id)
    for key in ("signal_strength", "last_seen", "last_read", "connect_time", "challenge_time_95"):
        assert home.state(key) == STATE_UNKNOWN, key
    assert (home.state("connections_a_day"), home.state("reads_a_day")) == ("0", "0")
