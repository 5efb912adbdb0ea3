"""Diagnostics: enough to explain a problem, and nothing that opens a door or names a person."""

from dataclasses import replace
import json
from typing import Any

from homeassistant.const import STATE_ON
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.json import ExtendedJSONEncoder
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry  # type: ignore[import-untyped]
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator  # type: ignore[import-untyped]

from custom_components.smartlock.diagnostics import async_get_config_entry_diagnostics
from custom_components.smartlock.pin.rules import fingerprint, key_name
from custom_components.smartlock.protocol.enums import LockState
from custom_components.smartlock.protocol.messages import KeyturnerStates, TimeLimit
from custom_components.smartlock.protocol.wire import Date7
from simulator.virtual_lock import Jam, Timing
from tests.integration.home import APP_ID, LOCK_NAME, NUKI_ID, PINS, Home
from tests.integration.secrets_of import found, spellings_of_keys, spellings_of_number
from tests.settings.test_archive import swapped

CODE, CLEANER = 748392, "Rosalinde"


async def diagnostics(home: Home, entry: MockConfigEntry) -> dict[str, Any]:
    """Return the diagnostics as they are downloaded."""
    content = await async_get_config_entry_diagnostics(home.hass, entry)
    downloaded: dict[str, Any] = json.loads(json.dumps(content, cls=ExtendedJSONEncoder))
    return downloaded


@pytest.mark.parametrize("model", ["gen3", "ultra"])
async def test_nothing_secret_is_in_it(home: Home, model: str) -> None:
    """Nor in what is told of a lock that was called something, has codes, and lost everything with its batteries."""
    lock = home.add_lock(model)
    pin = PINS[model]
    lock.pair_accessory("keypad")
    lock.keypad_codes.add(CODE, name=CLEANER, created=Date7(2026, 1, 1), time_limited=0, limit=TimeLimit())
    entry = await home.set_up(lock, pin=str(pin), keep_codes=True)
    await swapped(home, lock, ["settings", "clock", "pin"])
    assert (await diagnostics(home, entry))["settings"]["loss"] is not None
    lock.jam(Jam.CLUTCH)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    text = json.dumps(await diagnostics(home, entry))
    ours = list(lock.authorizations)[1]
    spellings = [
        *spellings_of_keys(ours.session),
        *spellings_of_number(pin, 2 if model == "gen3" else 4),
        *spellings_of_number(APP_ID, 4),
        *spellings_of_number(NUKI_ID, 4),
        *(lock.address.replace(":", separator) for separator in (":", "-", "_", "")),
        entry.entry_id,
        entry.title,
        LOCK_NAME,
        "Kunterbunt",
        LOCK_NAME.encode().hex(),
        *(authorization.name for authorization in lock.authorizations),
        *spellings_of_number(CODE, 4),
        CLEANER,
        fingerprint(pin, bytes.fromhex(entry.data["shared_key"])),
        key_name(bytes.fromhex(entry.data["shared_key"])),
    ]
    assert found(spellings, text) == []
    # The search itself works.
    assert found([str(pin)], f'{{"pin": "{pin}"}}')
    assert found(["0A0B"], "0x0a0b0c")


async def test_what_is_in_it(home: Home) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock, "bridge", pin="7391", idle_time=7, unheard_of="Kunterbunt")
    content = await diagnostics(home, entry)
    assert content["entry"] == {
        "generation": "gen1-4",
        "client_type": "bridge",
        "pin": "**REDACTED**",
        "pin_state": "valid",
        "options": {"idle_time": 7},
    }
    assert content["link"] == {
        "reachable": True,
        "connected": False,
        "last_read_succeeded": True,
        "state": "ok",
        "signal_strength": -60,
        "connections_in_a_day": 1,
        "reads_in_a_day": 1,
        "seconds": {
            "connect": {"count": 1, "median": 0.0, "percentile_95": 0.0},
            "accepted": None,
            "challenge": None,
            "completed": None,
        },
    }
    assert content["config"]["firmware_version"] == "3.11.1"
    snapshot = content["snapshot"]
    assert (snapshot["outdated"], content["faults"]["active"]) == (False, [])
    # The state as it came, so that a new firmware can be understood from a report.
    states = KeyturnerStates.decode(bytes.fromhex(snapshot["states"]))
    assert states.lock_state == LockState.LOCKED

    lock.jam(Jam.CLUTCH_POWER)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    # It is shown once it is on disk.
    await home.until(lambda: home.state("clutch_fault") == STATE_ON, within=5)
    content = await diagnostics(home, entry)
    assert [fault["kind"] for fault in content["faults"]["active"]] == ["clutch_power_failure"]
    assert content["link"]["connected"] is True
    # What the lock refused took no time that says anything about the radio.
    assert content["link"]["seconds"]["completed"] is None
    assert content["link"]["connections_in_a_day"] == 2


async def test_a_battery_change_can_be_explained(home: Home) -> None:
    """Which signs were seen, what was found to be lost, and what became of the restore."""
    lock = home.add_lock()
    lock.settings.change(led_brightness=1, night_mode_enabled=1)
    entry = await home.set_up(lock, pin=str(PINS["gen3"]))
    content = (await diagnostics(home, entry))["settings"]
    assert content["battery_signs"] == []
    (saved,) = content["saved"]
    assert (saved["reason"], saved["settings"]["led_brightness"]) == ("set_up", 1)
    assert saved["settings"]["night_mode_start"] == "22:00"
    assert saved["entries"].keys() == {"time_control", "authorizations", "keypad_codes"}

    await swapped(home, lock, ["settings"])
    content = (await diagnostics(home, entry))["settings"]
    seen, verdict = content["battery_signs"][0], content["battery_signs"][-1]
    assert (seen["what"], verdict["what"]) == ("seen", "battery_changed")
    assert seen["at"] <= verdict["at"]
    assert set(content["loss"]["signs"]) == set(verdict["signs"]) > set(seen["signs"])
    assert {"led_brightness", "night_mode_enabled"} <= set(content["loss"]["settings"])
    assert content["battery_changed_at"] is not None

    await entry.runtime_data.archive.async_restore({"led_brightness"})
    content = (await diagnostics(home, entry))["settings"]
    (restored,) = content["restored"]
    assert restored["steps"][-1] == {
        "settings": ["led_brightness"],
        "state": "verified",
        "problem": None,
        "tries": 1,
    }
    assert "led_brightness" in content["restored_at"]


async def test_the_pin_that_was_refused_can_be_explained(home: Home) -> None:
    """How many, and when; none of them."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin="7999")
    report = (await diagnostics(home, entry))["pin"]
    assert (report["state"], report["refused"], len(report["tries"])) == ("invalid", 1, 1)
    assert (report["tries_left"], report["blocked_at"], report["lost"]) == (2, None, False)
    assert not found(["7999", fingerprint(7999, bytes.fromhex(entry.data["shared_key"]))], json.dumps(report))


async def test_figures_of_an_action(home: Home) -> None:
    lock = home.add_lock(timing=Timing())
    entry = await home.set_up(lock)
    home.radio.timing = replace(home.radio.timing, connect=1.0)
    await home.call("unlock")
    seconds = (await diagnostics(home, entry))["link"]["seconds"]
    assert seconds["connect"]["count"] == 2
    assert 1 <= seconds["accepted"]["median"] < 1.2
    run = seconds["accepted"]["median"] + Timing().unlock
    assert run <= seconds["completed"]["median"] == seconds["completed"]["percentile_95"] < run + 0.2


async def test_before_the_first_read(home: Home) -> None:
    lock = home.add_lock()
    home.go_out_of_range(lock)
    entry = home.entry(lock)
    await home.hass.config_entries.async_setup(entry.entry_id)
    content = await diagnostics(home, entry)
    assert content["link"]["reachable"] is False
    assert (content["link"]["state"], content["link"]["signal_strength"]) == ("not_read", None)
    assert content["entry"]["pin"] is None
    assert content["snapshot"] == {"outdated": False, "states": None}
    assert content["config"] is None


async def test_nothing_names_the_lock_while_a_repair_is_open(
    home: Home, hass_client: ClientSessionGenerator
) -> None:
    """The whole download: Home Assistant adds the repairs of the integration by itself."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin="1111")
    lock.jam(Jam.CLUTCH)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    await home.until(lambda: home.state("clutch_fault") == STATE_ON, within=5)
    assert await async_setup_component(home.hass, "diagnostics", {})
    client = await hass_client()
    response = await client.get(f"/api/diagnostics/config_entry/{entry.entry_id}")
    downloaded = await response.json()
    assert [issue for issue in downloaded["issues"] if "clutch_failure" in issue["issue_id"]]
    text = json.dumps(downloaded)
    address = lock.address
    spellings = [LOCK_NAME, "Kunterbunt", *spellings_of_number(NUKI_ID, 4), address, address.replace(":", "")]
    assert found(spellings, text) == []
