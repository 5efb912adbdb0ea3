"""What the browser is told at the end of a dialog: no PIN and no key."""

from typing import Any

from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator  # type: ignore[import-untyped]

from tests.auto_unlock.arrivals import IRK
from tests.integration.home import PINS, Home
from tests.integration.secrets_of import found, spellings_of_keys

FLOW = "/api/config/config_entries/flow"


@pytest.mark.parametrize("model", ["gen3", "ultra"])
async def test_a_finished_pairing(home: Home, hass_client: ClientSessionGenerator, model: str) -> None:
    lock = home.add_lock(model)
    pin = str(PINS[model])
    assert await async_setup_component(home.hass, "config", {})
    # What the integration needs adds views, which the web server takes only before it runs.
    flow = await home.submit(await home.discovered(lock))
    client = await hass_client()
    choice = {} if model == "ultra" else {"client_type": "app"}
    flow = await home.submit(flow, pin=pin, **choice)
    lock.enter_pairing_mode()
    manager, flow_id = home.hass.config_entries.flow, flow["flow_id"]
    await home.until(lambda: manager.async_get(flow_id)["step_id"] != flow["step_id"])
    response = await client.post(f"{FLOW}/{flow_id}", json={})
    answer: dict[str, Any] = await response.json()
    assert answer["type"] == "create_entry"
    text = await response.text()
    ours = list(lock.authorizations)[1]
    assert found([pin, *spellings_of_keys(ours.session)], text) == []
    (entry,) = home.hass.config_entries.async_entries("smartlock")
    assert entry.options == {"pin": pin}


def test_the_search_itself() -> None:
    assert found([IRK.hex()], f'{{"irk": "{IRK.hex()}"}}')
