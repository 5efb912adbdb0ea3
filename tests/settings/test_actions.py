"""Saving and restoring settings by action, and taking them away and back as a file."""

from collections.abc import Mapping
from http import HTTPStatus
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

from homeassistant.const import CONF_PIN
from homeassistant.core import Context
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser  # type: ignore[import-untyped]
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator  # type: ignore[import-untyped]

from custom_components.smartlock.const import DOMAIN
from simulator.virtual_lock import VirtualLock
from tests.integration.home import NUKI_ID, PINS, Home
from tests.integration.secrets_of import found, spellings_of_keys, spellings_of_number
from tests.settings.test_archive import (
    CHANGES,
    archive_of,
    issue,
    lock_with_settings,
    settings_of,
    swapped,
    written,
)


async def called(home: Home, action: str, **fields: Any) -> dict[str, Any]:
    """Call an action of ours and return what it answers."""
    answer = await home.hass.services.async_call(
        DOMAIN,
        action,
        {"entity_id": home.entity_id("lock"), **fields},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    (response,) = answer.values()
    assert isinstance(response, Mapping)
    return dict(response)


# --- Actions ----------------------------------------------------------------------------------------------


async def test_save(home: Home) -> None:
    """What is returned is what is kept, and holds no secret."""
    lock, entry = await lock_with_settings(home)
    lock.settings.change(led_brightness=3)
    response = await called(home, "save_settings")
    assert response["config"]["led_brightness"] == 3
    newest = archive_of(entry).kept.newest
    assert newest is not None
    assert newest.to_json() == response
    text = json.dumps(response)
    session = next(each for each in lock.authorizations if each.name == "Home Assistant").session
    assert found(list(spellings_of_keys(session)), text) == []
    assert found(list(spellings_of_number(PINS["gen3"], 2)), text) == []


async def test_dry_run(home: Home) -> None:
    """Says what would be restored, and writes nothing."""
    lock, _ = await lock_with_settings(home)
    lock.settings.change(led_brightness=3, battery_type=2)
    await home.read()
    response = await called(home, "restore_settings", dry_run=True)
    assert response == {
        "settings": {
            "led_brightness": {
                "name": "LED brightness",
                "was": "1",
                "now": "3",
                "would_be_restored": True,
                "obstacle": None,
            },
            "battery_type": {
                "name": "Battery type",
                "was": "Alkaline",
                "now": "Lithium",
                "would_be_restored": False,
                "obstacle": None,
            },
        }
    }
    assert written(lock) == []
    assert issue(home) is None


async def test_restore(home: Home) -> None:
    lock, _ = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    response = await called(home, "restore_settings", settings=["led_brightness", "time_zone_id"])
    assert response == {"restored": ["clock", "led_brightness", "time_zone_id"], "failed": {}}
    assert sorted(written(lock)) == ["led_brightness", "time_zone_id"]
    assert issue(home) is None


async def test_restore_an_older_snapshot(home: Home) -> None:
    """The undo of a change that was made in the app."""
    lock, entry = await lock_with_settings(home)
    for brightness in (2, 3):
        lock.settings.change(led_brightness=brightness)
        await home.read()
    assert len(archive_of(entry).kept.snapshots) == 3
    response = await called(home, "restore_settings", snapshot=3)
    assert response["restored"] == ["clock", "led_brightness"]
    assert settings_of(lock) == CHANGES
    assert await called(home, "restore_settings", snapshot=1) == {"restored": [], "failed": {}}
    with pytest.raises(ServiceValidationError) as refused:
        await called(home, "restore_settings", snapshot=5)
    assert refused.value.translation_key == "no_such_snapshot"


@pytest.mark.parametrize("wrong", [{}, {"version": 2}, {"version": 1, "config": 5}])
async def test_restore_something_else(home: Home, wrong: dict[str, Any]) -> None:
    lock, _ = await lock_with_settings(home)
    with pytest.raises(ServiceValidationError) as refused:
        await called(home, "restore_settings", snapshot=wrong)
    assert refused.value.translation_key == "not_a_snapshot"
    assert written(lock) == []


async def test_restore_without_a_pin(home: Home) -> None:
    lock, _ = await lock_with_settings(home, pin=False)
    await swapped(home, lock, ["settings"])
    with pytest.raises(HomeAssistantError) as refused:
        await called(home, "restore_settings")
    assert refused.value.translation_key == "pin_needed"
    assert lock.journal.pins_sent == []
    assert issue(home) is not None


async def test_a_restore_that_fails_says_so(home: Home) -> None:
    lock, _ = await lock_with_settings(home)
    await swapped(home, lock, ["settings"])
    lock.faults.forgets_settings = True
    with pytest.raises(HomeAssistantError) as failed:
        await home.call("restore_settings", domain=DOMAIN)
    assert failed.value.translation_key == "not_all_restored"
    assert issue(home) is not None


@pytest.mark.parametrize("action", ["save_settings", "restore_settings"])
async def test_administrators_only(home: Home, hass_read_only_user: MockUser, action: str) -> None:
    """They tell names, and change who may open the door when."""
    await lock_with_settings(home, pin=False)
    with pytest.raises(Unauthorized):
        await home.hass.services.async_call(
            DOMAIN,
            action,
            {"entity_id": home.entity_id("lock")},
            blocking=True,
            context=Context(user_id=hass_read_only_user.id),
        )


# --- Files ------------------------------------------------------------------------------------------------


async def options(home: Home, entry: MockConfigEntry, *steps: str) -> Any:
    """Open a step of the options."""
    flow = await home.hass.config_entries.options.async_init(entry.entry_id)
    for step in steps:
        flow = await home.hass.config_entries.options.async_configure(flow["flow_id"], {"next_step_id": step})
    return flow


async def imported(home: Home, entry: MockConfigEntry, file: Path) -> Any:
    """Bring a file, as if it had been uploaded."""
    flow = await options(home, entry, "backup", "import_settings")
    with patch("custom_components.smartlock.settings.options.process_uploaded_file") as upload:
        upload.return_value.__enter__.return_value = file
        return await home.hass.config_entries.options.async_configure(flow["flow_id"], {"file": "0" * 32})


async def test_export_and_import(
    home: Home,
    hass_client: ClientSessionGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    tmp_path: Path,
) -> None:
    lock, entry = await lock_with_settings(home)
    assert await async_setup_component(home.hass, "config", {})
    owner = await hass_client()
    flows = "/api/config/config_entries/options/flow"
    flow = await (await owner.post(flows, json={"handler": entry.entry_id})).json()
    await owner.post(f"{flows}/{flow['flow_id']}", json={"next_step_id": "backup"})
    answer = await owner.post(f"{flows}/{flow['flow_id']}", json={"next_step_id": "export_settings"})
    flow = await answer.json()
    link = flow["description_placeholders"]["link"]
    assert f"smartlock-{NUKI_ID:08X}.json" in link
    path = link.split('"')[1]
    client = await hass_client_no_auth()
    # Behind the login: the link carries a signature, and nothing is had without it.
    assert (await client.get(path.partition("?")[0])).status == HTTPStatus.UNAUTHORIZED
    response = await client.get(path)
    assert response.status == HTTPStatus.OK
    assert "attachment" in response.headers["Content-Disposition"]
    file = tmp_path / "settings.json"
    file.write_bytes(await response.read())

    result = await imported(home, entry, file)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "nothing_differs")
    lock.settings.change(led_brightness=5)
    await home.read()
    result = await imported(home, entry, file)
    assert result["reason"] == "offered"
    assert issue(home) is not None
    assert written(lock) == []
    response_ = await called(home, "restore_settings")
    assert response_["restored"] == ["clock", "led_brightness"]
    assert issue(home) is None


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "not_a_snapshot"),
        ("{", "not_a_snapshot"),
        ("[]", "not_a_snapshot"),
        ("[" * 100_000, "not_a_snapshot"),
        (" " * 300_000, "not_a_snapshot"),
        ('{"version": 1}', "not_a_snapshot"),
        ("\udcff", "not_a_snapshot"),
    ],
    ids=range(7),
)
async def test_wrong_files(home: Home, tmp_path: Path, text: str, error: str) -> None:
    lock, entry = await lock_with_settings(home, pin=False)
    file = tmp_path / "wrong.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    result = await imported(home, entry, file)
    assert result["errors"] == {"file": error}
    assert written(lock) == []
    assert issue(home) is None


async def test_file_of_another_lock(home: Home, tmp_path: Path) -> None:
    _, entry = await lock_with_settings(home, pin=False)
    newest = archive_of(entry).kept.newest
    assert newest is not None
    data = newest.to_json()
    data["config"]["nuki_id"] += 1
    file = tmp_path / "other.json"
    file.write_text(json.dumps(data))
    assert (await imported(home, entry, file))["errors"] == {"file": "other_lock"}


async def test_a_lock_out_of_reach(home: Home, tmp_path: Path) -> None:
    lock, entry = await lock_with_settings(home, pin=False)
    newest = archive_of(entry).kept.newest
    assert newest is not None
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(newest.to_json()))
    home.go_out_of_range(lock)
    result = await imported(home, entry, file)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"]["base"]
    with pytest.raises(HomeAssistantError):
        await called(home, "save_settings")


async def test_nothing_saved_yet(home: Home) -> None:
    lock: VirtualLock = home.add_lock()
    home.go_out_of_range(lock)
    entry = home.entry(lock)
    assert await home.hass.config_entries.async_setup(entry.entry_id)
    assert (await options(home, entry, "backup", "export_settings"))["reason"] == "nothing_saved"
    await home.hass.config_entries.async_unload(entry.entry_id)
    for step in ("export_settings", "import_settings"):
        assert (await options(home, entry, "backup", step))["reason"] == "nothing_saved"


async def test_consent(home: Home) -> None:
    """Both off unless the owner says so; the PIN and everything else stays."""
    _, entry = await lock_with_settings(home)
    form = await options(home, entry, "backup", "backup_options")
    assert form["data_schema"]({}) == {"restore_by_itself": False, "keep_codes": False}
    result = await home.hass.config_entries.options.async_configure(
        form["flow_id"], {"restore_by_itself": True, "keep_codes": False}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {
        CONF_PIN: str(PINS["gen3"]),
        "restore_by_itself": True,
        "keep_codes": False,
    }
