"""These tests run in a Home Assistant of their own, in virtual time."""

from collections.abc import AsyncGenerator
from pathlib import Path
import shutil

from homeassistant.core import HomeAssistant
import pytest

from tests.integration.automations import FOLDER, ROOT, Automation
from tests.integration.fixtures import *  # noqa: F403 - fixtures are found by their names
from tests.integration.home import Home


@pytest.fixture
def folder(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Put the blueprints into a configuration folder of their own."""
    hass.config.config_dir = str(tmp_path)
    return Path(shutil.copytree(ROOT / FOLDER, tmp_path / FOLDER))


@pytest.fixture
async def automation(home: Home, folder: Path) -> AsyncGenerator[Automation]:
    """An automation to be."""
    yield Automation(home)
    await home.hass.services.async_call(
        "automation", "turn_off", {"entity_id": "automation.ours"}, blocking=True
    )
