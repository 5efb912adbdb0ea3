"""A machine that was asleep, and clocks that are only put right."""

from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smartlock.clock.gap import ClockGap


@pytest.mark.parametrize(
    ("wall", "parted"),
    [
        (0, False),
        (29, False),
        (31, True),
        (8 * 3600, True),
        (-29, False),
        (-31, True),
    ],
)
async def test_the_wall_clock_moves_alone(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch, wall: float, parted: bool
) -> None:
    begins, loop = dt_util.utcnow(), hass.loop.time()
    monkeypatch.setattr(hass.loop, "time", lambda: loop)
    monkeypatch.setattr(dt_util, "utcnow", lambda: begins)
    clock = ClockGap(hass)
    monkeypatch.setattr(dt_util, "utcnow", lambda: begins + timedelta(seconds=wall))
    assert clock.look() is parted
    # It is said once.
    assert clock.look() is False


async def test_both_clocks_move(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    begins, loop = dt_util.utcnow(), hass.loop.time()
    clock = ClockGap(hass)
    monkeypatch.setattr(hass.loop, "time", lambda: loop + 3600)
    monkeypatch.setattr(dt_util, "utcnow", lambda: begins + timedelta(hours=1))
    assert clock.look() is False
