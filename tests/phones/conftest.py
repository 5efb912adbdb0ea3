"""These tests run in a Home Assistant of their own, in virtual time."""

from tests.integration.fixtures import *  # noqa: F403 - fixtures are found by their names
