"""Digits of codes reach no log, state, event, registry, file or repair, at the most talkative level."""

import asyncio
import json
import logging
from typing import Any

from homeassistant.const import MATCH_ALL
from homeassistant.core import Event
from homeassistant.helpers import device_registry as dr, entity_registry as er, issue_registry as ir
import pytest

from custom_components.smartlock.access.codes import CodeChange, NewCode
from custom_components.smartlock.access.errors import AccessError
from custom_components.smartlock.diagnostics import async_get_config_entry_diagnostics
from custom_components.smartlock.protocol.enums import Command
from simulator.lock.faults import Once
from tests.access.doors import Door
from tests.integration.home import PINS, Home
from tests.integration.secrets_of import found, spellings_of_keys, spellings_of_number

DIGITS = (345678, 987654, 483926)


async def test_digits_stay_inside(
    home: Home, hass_storage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    events: list[str] = []

    def note(event: Event) -> None:
        events.append(str(event.as_dict()))

    home.hass.bus.async_listen(MATCH_ALL, note)
    door = await Door.of(home, codes_as_switches=True)
    codes = door.access.codes
    await codes.async_add(NewCode(name="Guest", digits=str(DIGITS[0]), uses=2))
    made = await codes.async_add(NewCode(name="Made here"))
    await codes.async_update(1, CodeChange(digits=str(DIGITS[1])))
    with pytest.raises(AccessError):
        await codes.async_add(NewCode(name="Twice", digits=str(DIGITS[1])))
    door.lock.faults.drop_next_answer(Command.KEYPAD_CODE_ID)
    await codes.async_add(NewCode(name="Answer lost", digits=str(DIGITS[2])))
    door.lock.faults.once(Once.DISCONNECT_AT_INDICATION, occasion=4)
    await codes.async_list()
    assert door.lock.enter_code(DIGITS[1]) == "the code is taken"
    await asyncio.sleep(2)
    await home.read()
    await door.runtime.archive.async_save()
    home.go_out_of_range(door.lock)
    with pytest.raises(AccessError) as pending:
        await codes.async_delete(3)
    await asyncio.sleep(30)
    home.come_into_range(door.lock)
    await home.until(lambda: not door.access.removals.pending)
    places = {
        # The storage of the tests logs what it would write.
        "logs": "\n".join(
            record.getMessage() for record in caplog.records if not record.name.startswith("pytest_")
        ),
        "events": "\n".join(events),
        "states": str([state.as_dict() for state in home.hass.states.async_all()]),
        "entities": str(list(er.async_get(home.hass).entities.values())),
        "devices": str(list(dr.async_get(home.hass).devices)),
        "repairs": str(list(ir.async_get(home.hass).issues.values())),
        "diagnostics": str(await async_get_config_entry_diagnostics(home.hass, door.entry)),
        "files": json.dumps({key: value for key, value in hass_storage.items() if "smartlock" in key}),
        "objects": f"{codes.entries!r} {made!r} {await codes.async_list()!r} {pending.value!r}",
    }
    for number in (*DIGITS, int(made.digits)):
        for place, text in places.items():
            assert found(list(spellings_of_number(number, 4)), text) == [], place
    session = next(each for each in door.lock.authorizations if each.name == "Home Assistant").session
    for place in ("logs", "events", "states", "repairs", "diagnostics"):
        assert found(list(spellings_of_keys(session)), places[place]) == [], place
        assert found([str(PINS["gen3"])], places[place]) == [], place
