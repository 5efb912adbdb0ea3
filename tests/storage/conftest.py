"""These tests run in a Home Assistant of their own, in virtual time, with a folder of its own."""

from pathlib import Path

import pytest

from tests.integration.fixtures import *  # noqa: F403 - fixtures are found by their names


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Return an empty folder."""
    return str(tmp_path)


@pytest.fixture(autouse=True)
def buffered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no disk after each write: nobody takes the power away from these tests."""
    monkeypatch.setattr("atomicwrites._proper_fsync", lambda descriptor: None)
