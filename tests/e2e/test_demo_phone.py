"""The phone of the demo's resident: Home Assistant sees where it is, and its proxy receives it."""

import pytest

from simulator.demo.house import House
from simulator.demo.phone import PLACES, ResidentPhone

NAME = "Pippi"


async def test_it_is_carried_and_found_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.demo.phone.PAUSE", 0.2)
    async with ResidentPhone(house, NAME) as phone:
        await house.api.wait_for_state("person.pippi", "home")
        assert phone.carry("away") == "Pippi carries the phone away, a kilometre from home."
        await house.api.wait_for_state("person.pippi", "not_home")
        # It moves on, as auto-unlock wants to see it.
        await house.api.wait_for(
            "another place",
            lambda: house.api.states["person.pippi"].attributes["latitude"] > PLACES["away"][0][0],
        )
    # The app of a demo that goes on is the one that was installed before.
    await house.home_assistant.restart()
    async with ResidentPhone(house, NAME):
        await house.api.wait_for_state("person.pippi", "home")
    people = (await house.api.command("person/list"))["storage"]
    assert [each["name"] for each in people].count(NAME) == 1
    await house.api.command("person/delete", person_id="pippi")
    for entry in await house.api.entries("mobile_app"):
        await house.api.remove_entry(entry["entry_id"])
