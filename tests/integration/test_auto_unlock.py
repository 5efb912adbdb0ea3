"""Auto-unlock in Home Assistant, from the position and the radio to the bolt: it moves once, or not at all."""

from tests.integration.arrivals import resident
from tests.integration.home import Home


async def test_a_genuine_arrival(home: Home) -> None:
    async with resident(home) as anna:
        assert anna.phase == "home"
        await anna.leave()
        assert anna.phase == "away"
        await anna.arrive()
        assert anna.runs == ["UNLOCK"]
        assert anna.orders == 1
        assert home.state() == "unlocked"
        assert anna.told == [("fired", "done")]
        # The link was open and the state read before she was at the door: nothing was left to wait for.
        assert anna.shown == ["home", "leaving", "away", "returning", "fired", "cooling_down"]
