"""Parts of the settings that a lock does not give: the rest is there, and they are asked for again."""

from http import HTTPStatus
from typing import Any

import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator  # type: ignore[import-untyped]

from custom_components.smartlock.protocol.wire import Time2
from custom_components.smartlock.settings.texts import SettingTexts
from simulator.lock.faults import Once
from tests.integration.home import PINS, Home

PIN = str(PINS["gen3"])


@pytest.mark.parametrize("occasion", range(1, 9))
async def test_a_link_that_ends_among_the_parts(home: Home, occasion: int) -> None:
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=PIN)
    archive: Any = entry.runtime_data.archive
    reader = archive._reader
    snapshot = reader.present()
    lock.faults.once(Once.DISCONNECT_AT_REQUEST, occasion=occasion)
    after = await reader.with_parts(snapshot)
    # Without the parts it is the snapshot as it was, and they are due again.
    assert reader.parts_due is (after is snapshot)
    lock.faults.clear()
    assert await reader.with_parts(snapshot) != snapshot
    assert not reader.parts_due


async def test_a_pin_that_was_changed_in_the_app(home: Home) -> None:
    """It is refused once, and not sent again; the settings without a PIN stay as they are."""
    lock = home.add_lock()
    entry = await home.set_up(lock, pin=PIN)
    archive: Any = entry.runtime_data.archive
    reads, reader = archive._reader._reads, archive._reader
    lock.set_pin(int(PIN) + 1)
    snapshot = reader.present()
    found = await reads.everything(codes=False)
    assert (found.signs, found.parts) == (type(found)().signs, type(found)().parts)
    assert home.state("pin_state") == "invalid"
    assert await reads.signs() == type(found)()
    assert await reader.with_parts(snapshot) == snapshot


async def test_values_that_only_a_table_shows(home: Home) -> None:
    await home.set_up(home.add_lock())
    texts = SettingTexts(home.hass)
    assert texts.value("latitude", bytes.fromhex("0000003f")) == "0.50000"
    assert texts.value("night_mode_start_time", Time2(7, 5)) == "07:05"


async def test_a_file_of_a_lock_that_is_not_there(home: Home, hass_client: ClientSessionGenerator) -> None:
    entry = await home.set_up(home.add_lock())
    owner = await hass_client()
    assert (await owner.get("/api/smartlock/settings/none")).status == HTTPStatus.NOT_FOUND
    assert await home.hass.config_entries.async_unload(entry.entry_id)
    assert (await owner.get(f"/api/smartlock/settings/{entry.entry_id}")).status == HTTPStatus.NOT_FOUND
