"""The log, with everything switched on: no keys, no PIN, no authorization id; from us no name either."""

from homeassistant.exceptions import HomeAssistantError
import pytest

from simulator.virtual_lock import Jam, Moment
from tests.integration.home import LOCK_NAME, PINS, SOMEBODY, Home
from tests.integration.secrets_of import found, spellings_of_keys, spellings_of_number

# The test package writes what is stored into the log.
NOT_THERE_AT_HOME = "pytest_homeassistant_custom_component"


@pytest.mark.parametrize(("model", "wrong"), [("gen3", 6173), ("ultra", 617384)])
async def test_log(home: Home, caplog: pytest.LogCaptureFixture, model: str, wrong: int) -> None:
    lock = home.add_lock(model)
    right = PINS[model]
    choice = {"client_type": "bridge"} if model == "gen3" else {}
    flow = await home.submit(await home.submit(await home.discovered(lock)), **choice, pin=str(wrong))
    lock.enter_pairing_mode()
    flow = await home.progressed(flow)
    if model == "gen3":
        # It is paired without the PIN.
        assert flow["step_id"] == "pin_missing"
        flow = await home.submit(flow, next_step_id="missing_pin")
    else:
        assert flow["errors"] == {"pin": "wrong_pin"}
    flow = await home.progressed(await home.submit(flow, pin=str(right)))
    entry = flow["result"]
    await home.until(lambda: home.state() == "locked")

    for action in ("unlock", "open", "lock"):
        await home.call(action)
    lock.jam(Jam.MOTOR)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    lock.repair()
    lock.faults.disconnect_at(Moment.ACTION_LOST)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    lock.faults.silence = True
    await home.read()
    lock.faults.clear()
    authorizations = list(lock.authorizations)
    lock.delete_authorization(authorizations[1].index)
    with pytest.raises(HomeAssistantError):
        await home.call("unlock")
    await home.hass.config_entries.async_unload(entry.entry_id)

    size = 2 if model == "gen3" else 4
    secrets = [
        *spellings_of_keys(authorizations[1].session),
        *spellings_of_number(right, size),
        *spellings_of_number(wrong, size),
    ]
    records = [
        record for record in caplog.get_records("call") if not record.name.startswith(NOT_THERE_AT_HOME)
    ]
    format_record = caplog.handler.format
    assert found(secrets, "\n".join(map(format_record, records))) == []
    ours = [record for record in records if record.name.startswith("custom_components.")]
    assert ours
    assert found([LOCK_NAME, SOMEBODY], "\n".join(map(format_record, ours))) == []
