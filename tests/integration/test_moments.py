"""Times are said as people say them, in Home Assistant's language and zone."""

from datetime import UTC, datetime, timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smartlock.moments import date_text, moment_text
from tests.integration.home import Home


@pytest.mark.parametrize(("language", "said"), [("en", "Sun 29 Nov, 12:06"), ("de", "So, 29. Nov., 12:06")])
async def test_a_time_of_this_year(
    home: Home, monkeypatch: pytest.MonkeyPatch, language: str, said: str
) -> None:
    hass: HomeAssistant = home.hass
    hass.config.language = language
    await hass.config.async_set_time_zone("Europe/Vienna")
    await home.set_up(home.add_lock())
    moment = datetime(2026, 11, 29, 11, 6, tzinfo=UTC)
    monkeypatch.setattr(dt_util, "utcnow", lambda: moment + timedelta(days=1))
    assert moment_text(hass, moment) == said
    assert date_text(hass, moment) == said.removesuffix(", 12:06").split(maxsplit=1)[1]
    assert " 2025, 12:06" in moment_text(hass, moment.replace(year=2025))
    assert date_text(hass, moment.replace(year=2025)).endswith(" 2025")


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland"])
@pytest.mark.parametrize(
    "moment", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)]
)
async def test_a_time_that_the_zone_does_not_have(home: Home, zone: str, moment: datetime) -> None:
    """A lock may report such a date, and a damaged file may hold one: it is shown in UTC."""
    await home.hass.config.async_set_time_zone(zone)
    assert f"{moment.year}" in moment_text(home.hass, moment)
